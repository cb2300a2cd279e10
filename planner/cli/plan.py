"""``mgmtnet plan``, and what a plan can be asked: ``why``, ``why-not``, ``facts``, ``diff``, ``draw``.

What explains is imported where it is used: ``plan -o json`` needs none of it, and drawings alone take 11 ms to import.
"""

import argparse
import sys
from collections.abc import Iterator
from importlib import import_module

import planner
from planner.cli.inputs import Inputs, on_host
from planner.cli.output import complain, in_colour, is_looked_at, say, say_json, say_lines, tell, width_of
from planner.dialects import DIALECTS
from planner.facts.compute import facts_of
from planner.facts.vocabulary import Fact
from planner.host.model import Host
from planner.plan import request
from planner.plan.plan import Plan
from planner.plan.request import CONNECTIVITY_TIMEOUT
from planner.printing import json_text, printable
from planner.problem import Problem

STATUS = {"change": 0, "no-change": 0, "refused": 3}
CHANGE = 4


@on_host
def run_plan(options: argparse.Namespace, inputs: Inputs) -> int:
    """Plan the host; the exit status."""
    plan = planner.plan(inputs.host, inputs.definition, inputs.rules, inputs.addresses)
    if options.output not in ("text", "json", "yaml"):
        return _sent(plan, options, inputs.host)
    say(_document(plan, options.output), painted=options.output == "text")
    if options.output == "text" and plan.outcome == "refused" and is_looked_at(sys.stdout):
        from planner.cli.advise import closing

        say("\n".join(closing(inputs, plan)))
    return _status(plan, options)


def _document(plan: Plan, output: str) -> str:
    if output == "json":
        return plan.json()
    if output == "yaml":
        from planner.yamltext import dump_yaml

        return dump_yaml(plan.document())
    from planner.explain.summary import summary

    return summary(plan.document(), colour=in_colour(sys.stdout), width=width_of(sys.stdout))


def _sent(plan: Plan, options: argparse.Namespace, host: Host) -> int:
    """Print what is sent somewhere; nothing when there is nothing to send, so that a pipe sends nothing."""
    complain(plan.problems)
    if host.lacks:
        complain([request.unsent(host.lacks)])
        return 1
    if not plan.steps:
        tell(f"{plan.outcome}: there is nothing to send")
        return _status(plan, options)
    return _in_other_words(plan, options, host) if options.output in DIALECTS else _request(plan, options)


def _in_other_words(plan: Plan, options: argparse.Namespace, host: Host) -> int:
    """Print what is wanted at last in the words of a dialect, or why it has none for it."""
    from planner.dialects.wording import Wording, word

    if options.step not in ("", plan.steps[-1].step):
        hint = "only -o vdsm and -o vdsm3 have a plan's steps, each by itself"
        complain([Problem("step-unknown", f"-o {options.output} has what is wanted at last, and no steps", hint)])
        return 1
    worded = word(options.output, plan, host)
    if not isinstance(worded, Wording):
        complain(worded)
        return STATUS["refused"]
    for line in worded.beside:
        tell(line)
    say(worded.text)
    return _status(plan, options)


def _request(plan: Plan, options: argparse.Namespace) -> int:
    """Print what one setupNetworks takes."""
    names = [step.step for step in plan.steps]
    place = names.index(options.step) if options.step in names else 0
    if options.step not in ("", *names):
        hint = f"this plan has the step {' and '.join(names)}; without --step its first is printed"
        complain([Problem("step-unknown", f"there is no step {options.step} on this host", hint)])
        return 1
    speak = request.vdsm3 if options.output == "vdsm3" else request.vdsm4
    for line in _beside(plan, place):
        tell(line)
    say_json(speak(plan.steps[place].wanted))
    return _status(plan, options)


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


# ``mgmtnet why``: which rule set a value, from which facts, at which line.


@on_host
def run_why(options: argparse.Namespace, inputs: Inputs) -> int:
    """Print the reasons; the exit status."""
    from planner.explain.summary import why, why_all

    document = planner.plan(inputs.host, inputs.definition, inputs.rules, inputs.addresses).document()
    answer = why_all(document) if options.field == "all" else why(document, options.field)
    if isinstance(answer, Problem):
        complain([answer])
        return 1
    say(answer.rstrip("\n"))
    return 3 if document["outcome"] == "refused" else 0


# ``mgmtnet why-not``: the pattern on which a rule failed, and the nearest fact.


@on_host
def run_why_not(options: argparse.Namespace, inputs: Inputs) -> int:
    """Print how far the rule got; the exit status."""
    from planner.explain.why_not import why_not

    judgements = planner.consider(inputs.host, inputs.definition, inputs.rules, inputs.addresses)
    answer = why_not(inputs.rules, options.rule, judgements)
    if isinstance(answer, Problem):
        complain([answer])
        return 1
    say_lines(answer)
    return 0


# ``mgmtnet facts``: what the rules see of a host, each fact with the path it was read from.


@on_host
def run_facts(options: argparse.Namespace, inputs: Inputs) -> int:
    """Print the facts; the exit status."""
    facts = facts_of(inputs.host, inputs.definition, inputs.addresses)
    if options.output == "json":
        say_json([{"kind": fact.kind, "path": fact.path, "fields": fact.fields} for fact in facts])
    else:
        say_lines(map(_line, facts))
    return 0


def _line(fact: Fact) -> str:
    fields = " ".join(f"{name}={_shown(value)}" for name, value in fact.fields.items() if value not in ("", -1))
    return printable(f"{fact.kind}: {fields}" + (f"   # {fact.path}" if fact.path else ""))


def _shown(value: str | int) -> str:
    return json_text(value) if isinstance(value, str) and " " in value else str(value)


# ``mgmtnet diff``: what the plan changes on the host, line by line.


@on_host
def run_diff(options: argparse.Namespace, inputs: Inputs) -> int:
    """Print the changes; the exit status."""
    from planner.explain.diff import changes, text

    plan = planner.plan(inputs.host, inputs.definition, inputs.rules, inputs.addresses)
    say(text(changes(inputs.host, plan.document()), width_of(sys.stdout)).rstrip("\n"))
    return 3 if plan.outcome == "refused" else 0


# ``mgmtnet draw``: the stack from the nics up to the management address, before and after.


@on_host
def run_draw(options: argparse.Namespace, inputs: Inputs) -> int:
    """Print the drawing; the exit status."""
    from planner.explain.drawing.scene import labelled, pictures

    plan = planner.plan(inputs.host, inputs.definition, inputs.rules, inputs.addresses)
    render = import_module(f"planner.explain.drawing.{options.output}").render
    wide = {"width": width_of(sys.stdout)} if options.output == "text" else {}
    document = plan.document()
    say(render(*labelled(pictures(inputs.host, document), document), **wide).rstrip("\n"))
    return 3 if plan.outcome == "refused" else 0
