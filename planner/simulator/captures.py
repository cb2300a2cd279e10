"""A capture in any spelling that `planner.host` reads, as the document that a stand-in host is made of."""

from typing import NamedTuple

from planner.host.reading import read_capture
from planner.problem import Problem, Where
from planner.simulator.kernel import Record


class Captured(NamedTuple):
    """The getVdsCaps document, or None if an error is among the problems."""

    document: Record | None
    problems: tuple[Problem, ...]


def read_document(content: bytes, source: str) -> Captured:
    """The getVdsCaps document in ``content``; ``source`` is how problems call it. An excerpt makes no host."""
    reading = read_capture(content, source)
    if reading.host is None or not reading.host.lacks:
        return Captured(reading.document, reading.problems)
    message = f"this is an excerpt that lacks {', '.join(reading.host.lacks)}"
    hint = "give the whole answer of getVdsCaps"
    excerpt = Problem("capture-incomplete", message, hint, where=(Where(source),))
    return Captured(None, (*reading.problems, excerpt))
