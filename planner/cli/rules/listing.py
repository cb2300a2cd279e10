"""``mgmtnet rules list``: every rule, a line each."""

import argparse
import sys
from collections.abc import Iterator

from planner.cli.rules.reading import ruleset_of
from planner.language import Ruleset


def run(options: argparse.Namespace) -> int:
    """Print them by stage; the exit status."""
    ruleset = ruleset_of(options.ruleset)
    if ruleset is None:
        return 1
    sys.stdout.write("".join(f"{line}\n" for line in _lines(ruleset)))
    return 0


def _lines(ruleset: Ruleset) -> Iterator[str]:
    """A rule's stage, name and summary; of several rulesets also whose it is, and what was taken out."""
    rows: list[tuple[str, str, str, str]] = [
        (rule.stage, rule.origin, rule.name, "(shadow) " * rule.shadow + rule.summary) for rule in ruleset.rules
    ]
    rows += [("-", "", name, f"(disabled) {reason}") for name, reason in ruleset.disabled]
    origins = {rule.origin for rule in ruleset.rules}
    widest = max(map(len, origins), default=0) + 2 if len(origins) > 1 else 0
    width = max((len(name) for _, _, name, _ in rows), default=0)
    for stage, origin, name, told in rows:
        yield f"{stage:<7} {origin[:widest]:<{widest}}{name:<{width}}  {told}"
