"""A capture in any spelling that `planner.host` reads, as the document that a stand-in host is made of."""

from typing import NamedTuple

from planner.host.decoding import decode
from planner.host.envelope import is_caps, opened
from planner.host.jsontext import parse_json
from planner.host.parsed import Parsed
from planner.host.pytext import is_assignments, parse_assignments, parse_literal
from planner.host.reading import read_capture
from planner.host.xmlrpc import parse_xmlrpc
from planner.problem import Problem, errors
from planner.simulator.kernel import Record


class Captured(NamedTuple):
    """The getVdsCaps document, or None if an error is among the problems."""

    document: Record | None
    problems: tuple[Problem, ...]


def read_document(content: bytes, source: str) -> Captured:
    """The getVdsCaps document in ``content``; ``source`` is how problems call it."""
    reading = read_capture(content, source)
    text = decode(content, source)
    if reading.host is None or isinstance(text, Problem):
        return Captured(None, reading.problems)
    parsed = _parsed(text.removeprefix("\ufeff").lstrip(), source)
    document = None if errors(parsed.problems) else opened(parsed.document).answer
    if not is_caps(document):
        hint = "give the whole answer of getVdsCaps"
        return Captured(None, (*reading.problems, Problem("capture-incomplete", f"{source} holds a piece", hint)))
    return Captured(document, reading.problems)


def _parsed(text: str, source: str) -> Parsed:
    if text[0] == "<":
        return parse_xmlrpc(text, source)
    if is_assignments(text):
        return parse_assignments(text, source)
    parsed = parse_json(text, source)
    return parse_literal(text, source) if errors(parsed.problems) else parsed
