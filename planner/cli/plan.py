"""``mgmtnet plan``: make the plan and print it in the shape asked for."""

import argparse
from collections.abc import Iterator

import planner
from planner.cli.inputs import Inputs, on_host
from planner.cli.output import complain, say, say_json, tell
from planner.plans.dialects import vdsm3, vdsm4
from planner.plans.dialects.request import CONNECTIVITY_TIMEOUT
from planner.plans.model import Plan
from planner.problem import Problem

STATUS = {"change": 0, "no-change": 0, "refused": 3}
CHANGE = 4


@on_host
def run(options: argparse.Namespace, inputs: Inputs) -> int:
    """Plan the host; the exit status."""
    plan = planner.plan(inputs.host, inputs.definition, inputs.rules, inputs.addresses)
    if options.output not in ("text", "json", "yaml"):
        return _request(plan, options) if not inputs.host.lacks else _unsent(plan)
    say(_document(plan, options.output))
    return _status(plan, options)


def _document(plan: Plan, output: str) -> str:
    if output == "json":
        return plan.json()
    if output == "yaml":
        from planner.documents.sources import dump_yaml

        return dump_yaml(plan.document())
    from planner.explain.summary import summary

    return summary(plan.document())


def _request(plan: Plan, options: argparse.Namespace) -> int:
    """Print what one setupNetworks takes; nothing when there is nothing to send, so that a pipe sends nothing."""
    complain(plan.problems)
    if not plan.steps:
        tell(f"{plan.outcome}: there is nothing to send")
        return _status(plan, options)
    names = [step.step for step in plan.steps]
    place = names.index(options.step) if options.step in names else 0
    if options.step not in ("", *names):
        hint = f"this plan has the step {' and '.join(names)}; without --step its first is printed"
        complain([Problem("step-unknown", f"there is no step {options.step} on this host", hint)])
        return 1
    speak = vdsm3.request if options.output == "vdsm3" else vdsm4.request
    for line in _beside(plan, place):
        tell(line)
    say_json(speak(plan.steps[place].wanted))
    return _status(plan, options)


def _unsent(plan: Plan) -> int:
    """Say why a plan from an excerpt is not to be sent; the exit status of bad input."""
    hint = "plan from a whole capture; -o text shows what this one would come to"
    complain([*plan.problems, Problem("capture-incomplete", "an excerpt's plan cannot be sent to a host", hint)])
    return 1


def _beside(plan: Plan, place: int) -> Iterator[str]:
    """What has to be done beside a call that is sent by hand."""
    step, network = plan.steps[place], plan.network
    if len(plan.steps) > 1:
        yield f"step {place + 1} of {len(plan.steps)}, {step.step}"
    if step.step == "adopt":
        yield f"  it makes {network} as the host stands and saves that; nobody has to confirm"
        if place + 1 < len(plan.steps):
            yield "  capture and plan the host again afterwards: the change is the next call"
        return
    if place:
        yield "  the first step (--step adopt) has to be done before it"
    yield f"  somebody has to call Host.confirmConnectivity, or VDSM takes it back after {CONNECTIVITY_TIMEOUT} s"
    yield "  nothing is saved: call Host.setSafeNetworkConfig once the host is seen to be as planned"


def _status(plan: Plan, options: argparse.Namespace) -> int:
    return CHANGE if options.exit_code and plan.outcome == "change" else STATUS[plan.outcome]
