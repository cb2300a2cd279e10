"""What is said to a person: problems as advice, on standard error."""

import sys
from collections.abc import Iterable, Sequence

from planner.policy.wording import printable
from planner.problem import Problem

LISTED_PROBLEMS = 100  # fewer may hide the one that matters; a hostile capture can cause hundreds of thousands


def complain(problems: Sequence[Problem]) -> None:
    """Print each problem with its place and hint."""
    for problem in problems[:LISTED_PROBLEMS]:
        print("\n".join(_lines(problem)), file=sys.stderr)
    if len(problems) > LISTED_PROBLEMS:
        print(f"... and {len(problems) - LISTED_PROBLEMS} more", file=sys.stderr)


def _lines(problem: Problem) -> Iterable[str]:
    place = str(problem.where[0]) if problem.where else ""
    label = f"{problem.severity}[{problem.code}]"
    yield printable(f"{place}: {label}: {problem.message}" if place else f"{label}: {problem.message}")
    if problem.hint:
        yield f"  hint: {printable(problem.hint)}"


def problems_document(problems: Sequence[Problem]) -> str:
    """The problems as JSON, for a program that asked for JSON and cannot have a plan."""
    import json

    document = {"format": "mgmtnet/problems@1", "problems": [problem.document() for problem in problems]}
    return json.dumps(document, indent=2, ensure_ascii=False)
