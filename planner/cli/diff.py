"""``mgmtnet diff``: what the plan changes on the host, line by line."""

import argparse

import planner
from planner.cli.inputs import Inputs, on_host
from planner.cli.output import say
from planner.explain.changes import changes, text


@on_host
def run(options: argparse.Namespace, inputs: Inputs) -> int:
    """Print the changes; the exit status."""
    plan = planner.plan(inputs.host, inputs.definition, inputs.rules, inputs.addresses)
    say(text(changes(inputs.host, plan.document())).rstrip("\n"))
    return 3 if plan.outcome == "refused" else 0
