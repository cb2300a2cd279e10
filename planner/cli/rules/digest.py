"""``mgmtnet rules digest``: the digest of a ruleset's files, which seals a released version."""

import argparse

from planner.cli.output import say
from planner.cli.rules.reading import ruleset_of


def run(options: argparse.Namespace) -> int:
    """Print the digest; the exit status."""
    ruleset = ruleset_of(options.ruleset)
    if ruleset is None:
        return 1
    say(ruleset.digest)
    return 0
