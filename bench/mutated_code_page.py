"""The mutation test of the code as a page: the score by module, and every survivor with its reason."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from code_mutants import Mutant

from planner.printing import markdown_code, markdown_text

GOLDEN, TEST, TIME, NOBODY = "golden", "test", "time", ""
INTRODUCTION = """\
Written by `make mutate-code`. The code that plans (facts, deciding, plans) and that tells how a host stands is made
wrong by the operators of mutmut: a comparison turned, a number or a text another one, an argument dropped or None, a
branch always taken, a value None. A mutant is *noticed* when a golden gets another plan or another why, when a test
fails, or when it goes round in circles: when it needs more than three times the processor's time of its tests and 5
seconds besides. Only goldens and tests that execute the statement are asked, goldens first, and no test that takes
longer than half a second."""
NO_REASON = "**no reason is given**"


class Score(NamedTuple):
    """The fates of so many of ``every`` mutant of the modules in ``paths``, chosen by ``seed`` if not all."""

    every: int
    seed: int
    fates: tuple[tuple[Mutant, str], ...]
    paths: Sequence[str]

    @property
    def survivors(self) -> list[Mutant]:
        """Those that nobody noticed."""
        return [mutant for mutant, fate in self.fates if fate == NOBODY]

    @property
    def percent(self) -> float:
        """How many were noticed."""
        return 100.0 * (1 - len(self.survivors) / len(self.fates)) if self.fates else 100.0


def page(score: Score, reasons: Mapping[str, re.Pattern[str]]) -> str:
    """The whole page, as Markdown."""
    tried = len(score.fates)
    of = f"all {tried} mutants" if tried == score.every else f"{tried} mutants"
    drawn = f" They are a sample of {score.every}, by seed {score.seed}: tests that its survivors led to flatter it."
    sampled = "" if tried == score.every else drawn
    by_path = {path: [fate for mutant, fate in score.fates if mutant.path == path] for path in score.paths}
    lines = [
        "# The mutation test of the code",
        "",
        INTRODUCTION,
        "",
        f"**{score.percent:.1f} % of {of} are noticed.**{sampled}",
        "",
        "| module | mutants | noticed by a golden | by a test | by time | survivors | noticed |",
        "|---|---|---|---|---|---|---|",
        *(_row(path, fates) for path, fates in by_path.items() if fates),
        _row("all", [fate for _, fate in score.fates]),
        "",
        "## Survivors",
        "",
        *_survivors(score, reasons),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _row(name: str, fates: Sequence[str]) -> str:
    counts = [fates.count(fate) for fate in (GOLDEN, TEST, TIME, NOBODY)]
    percent = 100.0 * (1 - counts[-1] / len(fates))
    return f"| {name} | {len(fates)} | {' | '.join(map(str, counts))} | {percent:.1f} % |"


def _survivors(score: Score, reasons: Mapping[str, re.Pattern[str]]) -> Iterator[str]:
    """The survivors under the reason that they share."""
    by_reason: dict[str, list[Mutant]] = {}
    for mutant in sorted(score.survivors, key=lambda mutant: (mutant.path, mutant.lines.start, mutant.name)):
        reason = next((reason for reason, names in reasons.items() if names.fullmatch(mutant.name)), NO_REASON)
        by_reason.setdefault(reason, []).append(mutant)
    for reason in sorted(by_reason, key=[NO_REASON, *reasons].index):
        yield from (reason if reason == NO_REASON else markdown_text(reason), "")
        yield from (f"- {markdown_code(mutant.name)}" for mutant in by_reason[reason])
        yield ""
    if not by_reason:
        yield "None."
