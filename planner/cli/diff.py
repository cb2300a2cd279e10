"""``mgmtnet diff``: what the plan changes on the host, line by line."""

import argparse

import planner
from planner.cli.console import complain
from planner.cli.inputs import read_inputs
from planner.explain.changes import changes, text


def run(options: argparse.Namespace) -> int:
    """Print the changes; the exit status."""
    inputs = read_inputs(options)
    if isinstance(inputs, list):
        complain(inputs)
        return 1
    complain(inputs.problems)
    plan = planner.plan(inputs.host, inputs.definition, inputs.rules, inputs.addresses)
    print(text(changes(inputs.host, plan.document())).rstrip("\n"))
    return 3 if plan.outcome == "refused" else 0
