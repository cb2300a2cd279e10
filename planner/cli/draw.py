"""``mgmtnet draw``: the stack from the nics up to the management address, before and after."""

import argparse
import sys
from importlib import import_module

import planner
from planner.cli.console import complain
from planner.cli.inputs import read_inputs
from planner.explain.topology import pictures


def run(options: argparse.Namespace) -> int:
    """Print the drawing; the exit status."""
    inputs = read_inputs(options)
    if isinstance(inputs, list):
        complain(inputs)
        return 1
    complain(inputs.problems)
    plan = planner.plan(inputs.host, inputs.definition, inputs.rules, inputs.addresses)
    render = import_module(f"planner.explain.drawing_{options.output}").render
    sys.stdout.write(render(*pictures(inputs.host, plan.document())).rstrip("\n") + "\n")
    return 3 if plan.outcome == "refused" else 0
