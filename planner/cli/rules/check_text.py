"""What a check has found, for a person: each finding with its line and a caret, and a line that sums it up."""

import sys
from collections.abc import Sequence
from typing import NamedTuple

from planner.authoring.findings import Finding, counts
from planner.authoring.mending import Change
from planner.cli.output import in_colour, say, tell
from planner.policy.carets import render
from planner.printing import printable

LISTED_FACTS = 6  # of a host that shows a finding; more would push the next finding off the screen


class Checked(NamedTuple):
    """One ruleset: how it is called, how many rules it has, its texts, what is wrong with it, what was cured."""

    title: str
    rules: int
    texts: dict[str, str]
    findings: list[Finding]
    changes: tuple[Change, ...] = ()


def show(checked: Sequence[Checked], witness_folder: str | None) -> None:
    """Print findings to standard output and, to standard error, what was changed and the sum."""
    colour = in_colour(sys.stdout)
    for one in checked:
        for change in one.changes:
            tell(f"fixed {change}")
        for finding in one.findings:
            lines = [render(finding.problem, one.texts, colour=colour), *_host(finding, witness_folder)]
            say("\n".join(lines), painted=True)
        tell(_sum(one))


def _host(finding: Finding, folder: str | None) -> list[str]:
    """The host that shows the finding, and where it was kept."""
    witness = finding.witness
    if witness is None:
        return []
    lines = [f"  host: {printable(witness.case.name)}"]
    lines += [f"    {line}" for line in witness.lines[:LISTED_FACTS]]
    if len(witness.lines) > LISTED_FACTS:
        lines.append(f"    ... and {len(witness.lines) - LISTED_FACTS} more")
    if witness.shape is not None and not folder:
        lines.append("    (--witness DIR writes its capture and definition, to be planned and tried)")
    return lines


def _sum(one: Checked) -> str:
    """``site@1: 3 rules; 2 errors, 1 warning; 1 of them can be fixed by --fix``."""
    told = [_counted(number, plural) for plural, number in counts(one.findings).items() if number]
    fixable = sum(bool(finding.problem.fixes) for finding in one.findings)
    parts = [f"{one.title}: {_counted(one.rules, 'rules')}" if one.rules else one.title]
    parts.append(", ".join(told) or "nothing to say")
    if one.changes:
        parts.append(f"{len(one.changes)} fixed")
    if fixable:
        parts.append(f"{fixable} of them may be mended by --fix")
    return "; ".join(parts)


def _counted(number: int, plural: str) -> str:
    return f"{number} {plural if number != 1 else plural[:-1]}"
