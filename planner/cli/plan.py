"""``mgmtnet plan``: make the plan and print it in the shape asked for."""

import argparse
import json
import sys

import planner
from planner.cli.console import complain
from planner.cli.inputs import Inputs, on_host
from planner.plans.dialects import vdsm3, vdsm4
from planner.plans.model import Plan

STATUS = {"change": 0, "no-change": 0, "refused": 3}
CHANGE = 4


@on_host
def run(options: argparse.Namespace, inputs: Inputs) -> int:
    """Plan the host; the exit status."""
    plan = planner.plan(inputs.host, inputs.definition, inputs.rules, inputs.addresses)
    if options.output not in ("text", "json", "yaml"):
        return _request(plan, options)
    sys.stdout.write(_document(plan, options.output))
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
    """Print what setupNetworks takes; nothing when there is nothing to send, so that a pipe sends nothing."""
    complain(plan.problems)
    if plan.wanted is None:
        print(f"{plan.outcome}: there is nothing to send", file=sys.stderr)
        return _status(plan, options)
    request = vdsm3.request(plan.wanted) if options.output == "vdsm3" else vdsm4.request(plan.wanted)
    print(json.dumps(request, indent=2, ensure_ascii=False))
    return _status(plan, options)


def _status(plan: Plan, options: argparse.Namespace) -> int:
    return CHANGE if options.exit_code and plan.outcome == "change" else STATUS[plan.outcome]
