"""What every spelling of a capture is parsed to."""

from collections.abc import Collection
from typing import Any, NamedTuple

from planner.host.findings import AGAIN, Locate, Places
from planner.problem import Problem, Where

WANTED = "capture the host with `vdsm-client Host getCapabilities > caps.json`"


def nowhere(paths: Collection[str]) -> Places:  # noqa: ARG001  a spelling without lines
    """No place for any path."""
    return {}


class Parsed(NamedTuple):
    """A document, the name of its format, what is wrong with its form, and how to find a path in its text."""

    document: Any = None
    form: str = ""
    problems: tuple[Problem, ...] = ()
    locate: Locate = nowhere


def refused(source: str, code: str, message: str, hint: str = AGAIN, place: tuple[int, int] = (0, 0)) -> Parsed:
    """No document, but a problem."""
    return Parsed(problems=(Problem(code, message, hint, where=(Where(source, "", *place),)),))


def line_and_column(text: str, index: int) -> tuple[int, int]:
    """Where the character at ``index`` stands, both from 1."""
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)
