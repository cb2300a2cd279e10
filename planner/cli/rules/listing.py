"""``mgmtnet rules list``: every rule, a line each: stage, name, since when, whose it is, summary."""

import argparse
from collections.abc import Iterator

from planner.cli.output import say_json, say_lines
from planner.cli.rules.reading import ruleset_of
from planner.language import STAGES, Rule, Ruleset


def run(options: argparse.Namespace) -> int:
    """Print them by stage; the exit status."""
    ruleset = ruleset_of(options.ruleset)
    if ruleset is None:
        return 1
    if options.output == "json":
        say_json(_document(ruleset))
    else:
        say_lines(_lines(ruleset))
    return 0


def _ordered(ruleset: Ruleset) -> list[Rule]:
    return sorted(ruleset.rules, key=lambda rule: (STAGES.index(rule.stage), rule.name))


def _lines(ruleset: Ruleset) -> Iterator[str]:
    """Each rule, and what was taken out, in columns."""
    rows: list[tuple[str, str, str, str, str]] = [
        (rule.stage, rule.name, rule.since, rule.origin, "(shadow) " * rule.shadow + rule.summary)
        for rule in _ordered(ruleset)
    ]
    rows += [("-", name, "", "", f"(disabled) {reason}") for name, reason in ruleset.disabled]
    widths = [max(map(len, column)) for column in list(zip(*rows, strict=True))[:-1]]
    for *cells, told in rows:
        yield "  ".join([*(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)), told])


def _document(ruleset: Ruleset) -> dict[str, object]:
    return {
        "format": "mgmtnet/rules@1",
        "ruleset": ruleset.name,
        "version": ruleset.version,
        "digest": ruleset.digest,
        "rules": [
            {
                "rule": rule.name,
                "stage": rule.stage,
                "summary": rule.summary,
                "since": rule.since,
                "origin": rule.origin,
                "source": rule.source,
                "shadow": rule.shadow,
                "overrides": list(rule.overrides),
            }
            for rule in _ordered(ruleset)
        ],
        "disabled": [{"rule": name, "reason": reason} for name, reason in ruleset.disabled],
    }
