"""``mgmtnet rules list``: every rule, a line each."""

import argparse

from planner.cli.rules.reading import ruleset_of


def run(options: argparse.Namespace) -> int:
    """Print them by stage; the exit status."""
    ruleset = ruleset_of(options.ruleset)
    if ruleset is None:
        return 1
    width = max((len(rule.name) for rule in ruleset.rules), default=0)
    for rule in ruleset.rules:
        print(f"{rule.stage:<7} {rule.name:<{width}}  {rule.summary}")
    return 0
