"""Any text that holds getVdsCaps to a `Host`: the format is recognised, not asked for.

Recognised: the answer of getVdsCaps or Host.getCapabilities bare, in its JSON-RPC envelope, with its status, as
`vdsm-client` prints it, as an XML-RPC methodResponse, as a Python repr, and as `vdsClient` text.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

from planner.host.caps import read_caps
from planner.host.envelope import SECTIONS, is_caps, opened
from planner.host.findings import Findings, Locate, Places
from planner.host.model import Host
from planner.host.parsed import WANTED, Parsed, refused
from planner.problem import Problem, errors


class Reading(NamedTuple):
    """The host, or None if an error is among the problems."""

    host: Host | None
    problems: tuple[Problem, ...]


def read_capture(content: str | bytes | dict[str, Any], source: str = "capture") -> Reading:
    """The host that ``content`` describes; ``source`` is how problems call it."""
    parsed = Parsed(content, "vdsm-json") if isinstance(content, dict) else _parsed(content, source)
    if errors(parsed.problems):
        return Reading(None, parsed.problems)
    envelope = opened(parsed.document)
    if envelope.failure:
        return Reading(None, refused(source, "capture-failed", envelope.failure, envelope.hint).problems)
    answer, lead, problems = envelope.answer, "", parsed.problems
    if not is_caps(answer) or (not answer.get("nics") and _is_foreign(answer)):
        from planner.host.excerpt import named, piece_warning
        from planner.host.foreign import looks_like

        piece = None if is_caps(answer) else named(answer)
        if piece is None:
            return Reading(
                None, refused(source, "unknown-format", f"not getVdsCaps: {looks_like(answer)}", WANTED).problems
            )
        answer, lead = piece
        problems = problems or (piece_warning(source),)
    form = "vdsm-jsonrpc" if envelope.jsonrpc and parsed.form == "vdsm-json" else parsed.form
    findings = Findings()
    host = read_caps(answer, form, findings)
    problems += findings.problems(source, _locator(parsed.locate, envelope.keys, lead))
    return Reading(None if errors(problems) else host, problems)


def _is_foreign(answer: dict[str, Any]) -> bool:
    """Whether a document with a section of VDSM's name is another program's."""
    from planner.host.foreign import is_other_networks

    sections = [key for key in SECTIONS if key in answer]
    return "ethernets" in answer or (sections == ["networks"] and is_other_networks(answer["networks"]))


def _locator(locate: Locate, keys: tuple[str, ...], invented: str) -> Locate:
    """``locate`` for paths of getVdsCaps in a document with ``keys`` around it, or no ``invented`` beginning."""
    if not keys and not invented:
        return locate
    around = "".join(f"{key}." for key in keys)

    def within(paths: Collection[str]) -> Places:
        inner = {path: around + path.removeprefix(invented).removeprefix(".") for path in paths}
        found = locate(set(inner.values()))
        return {path: found[inner[path]] for path in paths if inner[path] in found}

    return within


def _parsed(content: str | bytes, source: str) -> Parsed:
    """The document in ``content``, by whichever spelling it is."""
    from planner.host.decoding import decode

    text = content if isinstance(content, str) else decode(content, source)
    if isinstance(text, Problem):
        return Parsed(problems=(text,))
    text = text.removeprefix("\ufeff")
    beginning = text.lstrip()[:64]
    if not beginning:
        return refused(source, "capture-empty", "there is nothing in it", WANTED)
    if beginning[0] == "<":
        from planner.host.xmlrpc import parse_xmlrpc

        return parse_xmlrpc(text.lstrip() if beginning.startswith("<?xml") else text, source)
    if beginning[0] in "{[" and beginning[1:].lstrip()[:2].lstrip("uUbB")[:1] != "'":
        from planner.host.jsontext import parse_json

        return parse_json(text, source)
    return _parsed_otherwise(text, beginning, source)


def _parsed_otherwise(text: str, beginning: str, source: str) -> Parsed:
    """What is neither JSON nor XML: Python's spelling, or a piece of JSON."""
    from planner.host.excerpt import parse_excerpt
    from planner.host.foreign import text_looks_like
    from planner.host.pytext import is_assignments, parse_assignments, parse_literal

    if beginning[0] in "{[(":
        return parse_literal(text, source)
    if is_assignments(text):
        return parse_assignments(text, source)
    return parse_excerpt(text, source) or refused(
        source, "unknown-format", f"not getVdsCaps: {text_looks_like(text)}", WANTED
    )
