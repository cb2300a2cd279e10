"""``mgmtnet draw``: the stack from the nics up to the management address, before and after."""

import argparse
from importlib import import_module

import planner
from planner.cli.inputs import Inputs, on_host
from planner.cli.output import say
from planner.explain.topology import pictures


@on_host
def run(options: argparse.Namespace, inputs: Inputs) -> int:
    """Print the drawing; the exit status."""
    plan = planner.plan(inputs.host, inputs.definition, inputs.rules, inputs.addresses)
    render = import_module(f"planner.explain.drawing_{options.output}").render
    say(render(*pictures(inputs.host, plan.document())).rstrip("\n"))
    return 3 if plan.outcome == "refused" else 0
