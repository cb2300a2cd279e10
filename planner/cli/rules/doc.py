"""``mgmtnet rules doc``: the rules as a page to read."""

import argparse

from planner.cli.output import say
from planner.cli.rules.reading import ruleset_of


def run(options: argparse.Namespace) -> int:
    """Write the page to standard output; the exit status."""
    ruleset = ruleset_of(options.ruleset)
    if ruleset is None:
        return 1
    from planner.explain.handbook import handbook

    say(handbook(ruleset))
    return 0
