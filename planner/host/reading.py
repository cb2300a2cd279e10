"""Any text that holds getVdsCaps to a `Host`: the format is recognised, not asked for.

Recognised: the answer of getVdsCaps or Host.getCapabilities bare, in its JSON-RPC envelope, with its status, as
`vdsm-client` prints it, as an XML-RPC methodResponse, as a Python repr, and as `vdsClient` text; each also among
other lines of a terminal, a log or a mail, and as Ansible registers it.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

from planner.host.caps import read_caps
from planner.host.envelope import SECTIONS, is_caps, opened
from planner.host.findings import Findings, Locate, Places
from planner.host.model import Host
from planner.host.parsed import WANTED, Parsed, line_and_column, nowhere, refused
from planner.problem import Problem, errors


class Reading(NamedTuple):
    """The host, or None if an error is among the problems; ``document`` is getVdsCaps as the host was read from it."""

    host: Host | None
    problems: tuple[Problem, ...]
    document: dict[str, Any] | None = None


def read_capture(content: str | bytes | dict[str, Any], source: str = "capture") -> Reading:
    """The host that ``content`` describes; ``source`` is how problems call it."""
    parsed = _capture(Parsed(content, "vdsm-json") if isinstance(content, dict) else _parsed(content, source), source)
    if errors(parsed.problems):
        return Reading(None, parsed.problems)
    findings = Findings()
    host = read_caps(parsed.document, parsed.form, findings)
    problems = parsed.problems + findings.problems(source, parsed.locate)
    return Reading(None, problems) if errors(problems) else Reading(host, problems, parsed.document)


def _capture(parsed: Parsed, source: str) -> Parsed:
    """The answer of getVdsCaps out of whatever stands around it in ``parsed``."""
    if errors(parsed.problems):
        return parsed
    envelope = opened(parsed.document)
    if envelope.failure:
        return refused(source, "capture-failed", envelope.failure, envelope.hint)
    answer = envelope.answer
    form = "vdsm-jsonrpc" if envelope.jsonrpc and parsed.form == "vdsm-json" else parsed.form
    if is_caps(answer) and (answer.get("nics") or not _is_foreign(answer)):
        return Parsed(answer, form, parsed.problems, _locator(parsed.locate, envelope.keys))
    return _rarely(parsed._replace(document=answer, form=form), envelope.keys, source)


def _rarely(parsed: Parsed, keys: tuple[str, ...], source: str) -> Parsed:
    """The answer out of what has no section of it at the top: Ansible's result of a command, a piece."""
    from planner.host.ansible import registered
    from planner.host.excerpt import named, piece_warning
    from planner.host.foreign import looks_like

    answer = parsed.document
    printed = None if is_caps(answer) else registered(answer)
    if printed is not None and isinstance(printed.content, str) and "{" in printed.content:
        return _capture(_parsed(printed.content, source)._replace(locate=nowhere), source)
    if printed is not None and is_caps(printed.content):
        return Parsed(printed.content, parsed.form, parsed.problems, _locator(parsed.locate, (*keys, *printed.keys)))
    piece = None if is_caps(answer) else named(answer)
    if piece is None:
        return refused(source, "unknown-format", f"not getVdsCaps: {looks_like(answer)}", WANTED)
    problems = parsed.problems or (piece_warning(source),)
    return Parsed(piece.document, parsed.form, problems, _locator(parsed.locate, keys, piece.invented))


def _is_foreign(answer: dict[str, Any]) -> bool:
    """Whether a document with a section of VDSM's name is another program's."""
    from planner.host.foreign import is_other_networks

    sections = [key for key in SECTIONS if key in answer]
    return "ethernets" in answer or (sections == ["networks"] and is_other_networks(answer["networks"]))


def _locator(locate: Locate, keys: tuple[str, ...], invented: str = "") -> Locate:
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
    if not text.strip():
        return refused(source, "capture-empty", "there is nothing in it", WANTED)
    plain = _spelled(text, source)
    if plain is not None and not any(problem.code == "capture-syntax" for problem in plain.problems):
        return plain
    return _wrapped(text, plain, source)


def _spelled(text: str, source: str) -> Parsed | None:
    """The document that ``text`` is; None if it begins like none of the spellings."""
    beginning = text.lstrip()[:64]
    following = beginning[1:].lstrip()[:2]
    if beginning[0] == "<":
        from planner.host.xmlrpc import parse_xmlrpc

        return parse_xmlrpc(text.lstrip() if beginning.startswith("<?xml") else text, source)
    if beginning[0] == "{" or (beginning[0] == "[" and not following[:1].isalpha()):
        if following.lstrip("uUbB")[:1] != "'":
            from planner.host.jsontext import parse_json

            return parse_json(text, source)
    elif beginning[0] != "(":
        from planner.host.pytext import is_assignments, parse_assignments

        return parse_assignments(text, source) if is_assignments(text) else None
    from planner.host.pytext import parse_literal

    return parse_literal(text, source)


def _wrapped(text: str, plain: Parsed | None, source: str) -> Parsed:
    """The document among other lines in ``text``, or a piece of one; ``plain`` is what it is as it stands."""
    from planner.host.excerpt import parse_excerpt
    from planner.host.foreign import is_java, text_looks_like
    from planner.host.wrapping import unwrapped

    wrapped = unwrapped(text)
    if wrapped is not None and wrapped.again >= 0:
        message = "another document begins here: which of the two is the host?"
        hint = "keep one of them in the file (of a log: the last such line)"
        return refused(source, "capture-twice", message, hint, line_and_column(text, wrapped.again))
    found = _spelled(wrapped.text, source) if wrapped is not None and wrapped.text != text else None
    found = found or (None if is_java(text) else plain or parse_excerpt(text, source))
    return found or refused(source, "unknown-format", f"not getVdsCaps: {text_looks_like(text)}", WANTED)
