"""What a golden keeps of its plan, and how that stands to the plan that its host gets now.

Compared by meaning: what changes for the host is told in words, and a golden in which nothing changed but the lines on
which rules stand (somebody put a comment above them) is told apart from one whose plan is another.
"""

import json
import re
from collections.abc import Iterator, Mapping
from difflib import unified_diff
from typing import Any, Literal, NamedTuple

from planner.authoring.comparing import Difference, Document, differences
from planner.plans.model import FORMAT, Plan
from planner.problem import Problem

KEPT_PLAN, KEPT_WHY = "plan.json", "why.txt"
State = Literal["same", "moved", "differs"]
# The place of a rule, as plans spell it (`planner.policy.judging.place_of`); the path of a fact has no stage in it.
PLACE = re.compile(r"(/(?:locate|devise|guard)/[^/:\s]+\.ya?ml)(?::\d+)+")
# What reading a plan ends in that somebody has edited, so that it is no whole plan any more.
UNSHAPED = (LookupError, TypeError, ValueError, AttributeError)
AROUND = 2  # lines of a file that are shown beside a changed one


class Standing(NamedTuple):
    """How a golden's files stand to what the rules make of it now.

    ``stale`` are the files that are not as they would be written; ``before`` is the kept plan, None if there is none
    that can be read; ``differences`` is what changes for the host, which may be nothing where something is worded anew.
    """

    state: State
    stale: tuple[str, ...]
    before: Document | None
    differences: tuple[Difference, ...]


def kept_of(plan: Plan) -> dict[str, str]:
    """The files of a golden that come out of its plan, by name.

    The digest of the rules, that they are an edited copy, and the engine's name are left out of them: these would
    change in every golden.
    """
    plan = plan._replace(rules=plan.rules._replace(digest="sha256:-", engine="-", edited=False))
    return {KEPT_PLAN: plan.json(), KEPT_WHY: _why(plan.document())}


def standing(kept: Mapping[str, str | None], wanted: Mapping[str, str], plan: Plan) -> Standing:
    """How the ``kept`` texts (None: no such file) stand to the ``wanted`` ones, which `kept_of` makes of ``plan``."""
    stale = tuple(name for name, text in wanted.items() if kept.get(name) != text)
    before = read_plan(kept.get(KEPT_PLAN)) if stale else None
    if before is None or isinstance(before, Problem):
        return Standing("differs" if stale else "same", stale, None, ())
    try:
        found = differences(before, plan.document())
        moved = not found and _only_moved(before, kept, wanted)
    except UNSHAPED:
        return Standing("differs", stale, None, ())
    return Standing("moved" if moved else "differs", stale, before, found)


def read_plan(text: str | None) -> Document | Problem:
    """The plan that a golden has kept, or why there is none."""
    hint = "`mgmtnet golden update` writes it anew"
    if text is None:
        return Problem("golden-invalid", f"there is no {KEPT_PLAN}", "`mgmtnet golden update` writes it")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as failure:
        return Problem("golden-invalid", f"{KEPT_PLAN} is no JSON: {failure}", hint)
    if isinstance(document, dict) and document.get("format") == FORMAT:
        return document
    return Problem("golden-invalid", f"{KEPT_PLAN} is no plan", hint)


def in_lines(name: str, kept: str | None, wanted: str) -> Iterator[str]:
    """From the file as it is to what the rules make of it now, without the lines of rules, which tell nothing here."""
    old, new = (PLACE.sub(r"\1", text or "").splitlines() for text in (kept, wanted))
    yield from unified_diff(old, new, name, "by these rules", n=AROUND, lineterm="")


def _only_moved(before: Document, kept: Mapping[str, str | None], wanted: Mapping[str, str]) -> bool:
    """Whether nothing but lines of rules is otherwise, also in the why, which then is that of the kept plan.

    Of that rather than only of the new one: a place with a longer number may be folded into the next line.
    """
    if _without_lines(before) != _without_lines(json.loads(wanted[KEPT_PLAN])):
        return False
    why = PLACE.sub(r"\1", kept.get(KEPT_WHY) or "")
    return any(why == PLACE.sub(r"\1", text) for text in (wanted[KEPT_WHY], _why(before)))


def _without_lines(document: Document) -> dict[str, Any]:
    trace = [{**reason, "at": PLACE.sub(r"\1", reason["at"])} for reason in document["trace"]]
    problems = [
        {**problem, "where": [PLACE.sub(r"\1", place) for place in problem["where"]]}
        for problem in document["problems"]
    ]
    return {**document, "trace": trace, "problems": problems}


def _why(document: Document) -> str:
    from planner.explain.reasons import why_all
    from planner.explain.summary import summary

    return summary(document) + "\n" + why_all(document)
