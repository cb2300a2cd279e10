"""``mgmtnet why``: which rule set a value, from which facts, at which line."""

import argparse

import planner
from planner.cli.inputs import Inputs, on_host
from planner.cli.output import complain, say
from planner.explain.reasons import why, why_all
from planner.problem import Problem


@on_host
def run(options: argparse.Namespace, inputs: Inputs) -> int:
    """Print the reasons; the exit status."""
    document = planner.plan(inputs.host, inputs.definition, inputs.rules, inputs.addresses).document()
    answer = why_all(document) if options.field == "all" else why(document, options.field)
    if isinstance(answer, Problem):
        complain([answer])
        return 1
    say(answer.rstrip("\n"))
    return 3 if document["outcome"] == "refused" else 0
