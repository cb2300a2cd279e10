"""JSON as text: strict where Python is lax, and with positions when something has to be pointed at."""

import json
import re
from typing import Any

from planner.host.findings import quoted
from planner.problem import Problem, Where

LEXEME = r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+'


class _ConstantError(ValueError):
    """What `json` lets through: a constant that is no JSON."""


def parse_json(text: str, source: str) -> tuple[Any, str, tuple[Problem, ...]]:
    """The document, the format's name, and what is wrong."""
    twice: list[str] = []

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        record = dict(pairs)
        if len(record) != len(pairs):
            seen: set[str] = set()
            twice.extend(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        return record

    try:
        document = json.loads(text, object_pairs_hook=mapping, parse_constant=_no_constant)
    except json.JSONDecodeError as failure:
        return None, "", (_syntax(failure, text, source),)
    except _ConstantError as failure:
        problem = Problem("capture-invalid", f"{failure} is not JSON", "it must be a number", where=(Where(source),))
        return None, "", (_placed(problem, text, str(failure), source),)
    except RecursionError:
        return None, "", (Problem("too-deep", "nested too deeply to be getVdsCaps", where=(Where(source),)),)
    except ValueError as failure:  # a number of more digits than Python converts
        return None, "", (Problem("capture-invalid", f"not readable: {failure}", where=(Where(source),)),)
    if twice:
        return None, "", tuple(_duplicate(key, text, source) for key in dict.fromkeys(twice[:20]))
    return document, "vdsm-json", ()


def _no_constant(word: str) -> Any:  # noqa: ANN401  it only raises
    raise _ConstantError(word)


def _syntax(failure: json.JSONDecodeError, text: str, source: str) -> Problem:
    where = (Where(source, line=failure.lineno, column=failure.colno),)
    if failure.pos >= len(text.rstrip()) or failure.msg.startswith("Unterminated string"):
        hint = "the file ends in the middle: take the capture again"
        return Problem("capture-truncated", "the JSON text ends before it is complete", hint, where=where)
    hint = "a capture is never edited by hand: take it again"
    return Problem("capture-syntax", f"not JSON: {failure.msg}", hint, where=where)


def _placed(problem: Problem, text: str, word: str, source: str) -> Problem:
    found = re.search(rf"(?<![\w\"]){re.escape(word)}(?![\w\"])", text)
    if found is None:
        return problem
    line, column = _line(text, found.start())
    return Problem(problem.code, problem.message, problem.hint, where=(Where(source, line=line, column=column),))


def _duplicate(key: str, text: str, source: str) -> Problem:
    places = [found.start() for found in re.finditer(rf"{re.escape(json.dumps(key))}\s*:", text)]
    line, column = _line(text, places[-1]) if places else (0, 0)
    message = f"the key {quoted(key)} stands twice in one map"
    hint = "only one of them can be meant; take the capture again"
    return Problem("duplicate-key", message, hint, where=(Where(source, line=line, column=column),))


def positions(text: str, paths: set[str]) -> dict[str, tuple[int, int]]:
    """Line and column of the values at ``paths``, found by walking over the tokens of valid JSON."""
    found: dict[str, tuple[int, int]] = {}
    trail: list[tuple[str, int]] = []  # the path of each open map or list, and the next index (-1: a map)
    key = ""
    expecting_key = False
    for token in re.finditer(LEXEME, text):
        word = token.group()
        if word == ",":
            if trail and trail[-1][1] >= 0:
                trail[-1] = (trail[-1][0], trail[-1][1] + 1)
            expecting_key = bool(trail) and trail[-1][1] < 0
        elif word in "}]":
            trail.pop()
        elif expecting_key and word[0] == '"':
            key, expecting_key = json.loads(word), False
        elif word != ":":
            path = _path(trail, key)
            if path in paths:
                found[path] = _line(text, token.start())
            if word in "{[":
                trail.append((path, -1 if word == "{" else 0))
                expecting_key = word == "{"
    return found


def _path(trail: list[tuple[str, int]], key: str) -> str:
    if not trail:
        return ""
    outer, index = trail[-1]
    if index >= 0:
        return f"{outer}[{index}]"
    # The answer's envelopes are not part of a path.
    return f"{outer}.{key}" if outer else "" if key in ("result", "info") and len(trail) < 3 else key


def _line(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)
