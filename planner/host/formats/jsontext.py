"""What every spelling of a capture is parsed to."""

import json
import re
from collections.abc import Collection, Iterator
from functools import partial
from itertools import accumulate, islice
from typing import Any, NamedTuple

from planner.host.fields import AGAIN, QUOTED, Locate, Places, legible, quoted
from planner.problem import Problem, Where

WANTED = (
    "capture the host with `vdsm-client Host getCapabilities > caps.json`; "
    "before VDSM runs, with `(ip -j -d addr; ip -j route; ip -6 -j route) > host.json`"
)


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


# JSON text to a document: strict where Python is lax, and with places when something has to be pointed at.


LISTED = 20  # of one sort of fault in the form: fewer might hide one that is of another kind
SHOWN = 20  # characters of the text where it goes wrong
CUT_OFF = 6  # characters: a word or an escape that the end of the text may have cut in two


def parse_json(text: str, source: str, form: str = "vdsm-json", spelling: str = "JSON") -> Parsed:
    """The document in ``text``; ``form`` and ``spelling`` are what the format is called, there and to a person."""
    faults: list[
        Any
    ] = []  # what Python lets through; where it stands is looked up once the whole text is known to parse

    def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        record = dict(pairs)
        if len(record) != len(pairs):
            faults.append(record)
        return record

    try:
        document = json.loads(text, object_pairs_hook=distinct, parse_constant=faults.append)
    except json.JSONDecodeError as failure:
        return _syntax(failure, text, source, form, spelling)
    except RecursionError:
        return refused(source, "too-deep", "it nests too deeply to be getVdsCaps")
    except ValueError:  # more digits than Python converts
        return Parsed(problems=_numbers(text, source))
    if faults:
        return Parsed(problems=_twice(text, source) + _numbers(text, source))
    return Parsed(document, form, (), partial(_places, text))


def _places(text: str, paths: Any) -> Any:

    return places(text, paths)


def _syntax(failure: json.JSONDecodeError, text: str, source: str, form: str, spelling: str) -> Parsed:
    stripped = text.rstrip()
    at_end = failure.pos >= len(stripped) or failure.msg.startswith("Unterminated string")
    is_cut = stripped[-1] not in "}]" and failure.pos >= len(stripped) - CUT_OFF and failure.msg != "Extra data"
    if at_end or is_cut:
        message = f"{spelling} that ends before it is complete"
        hint = f"the file was cut off here: {AGAIN}"
        return refused(source, "capture-truncated", message, hint, line_and_column(text, len(stripped)))
    place = (failure.lineno, failure.colno)
    if text[failure.pos] in "\r\n" and failure.msg.startswith("Invalid control character"):
        joined = parse_json(text.replace("\r", "").replace("\n", ""), source, form, spelling)
        if joined.document is not None:
            message = "a line ends inside a text: the lines were wrapped, and have been joined"
            where = (Where(source, "", *place),)
            warning = Problem("capture-odd", message, AGAIN, "warning", where=where)
            return joined._replace(problems=(warning,), locate=nowhere)
    # Of a text that was rewritten as JSON, the words at that place are not the file's.
    found = (
        f", at {quoted(text[failure.pos : failure.pos + SHOWN].partition(chr(10))[0])}" if spelling == "JSON" else ""
    )
    expected = failure.msg[0].lower() + failure.msg[1:]
    return refused(source, "capture-syntax", f"not {spelling}: {expected}{found}", AGAIN, place)


def _twice(text: str, source: str) -> tuple[Problem, ...]:

    return tuple(
        Problem(
            "duplicate-key",
            f"the key {quoted(key)} stands twice in one map",
            f"only one of them can be meant: {AGAIN}",
            where=(Where(source, legible(path), *line_and_column(text, index)),),
        )
        for path, key, index in islice(repeated_keys(text), LISTED)
    )


def _numbers(text: str, source: str) -> tuple[Problem, ...]:
    """Numbers that are none: not finite, or of more digits than anything a host reports."""
    return tuple(
        Problem(
            "capture-invalid",
            f"{word if len(word) <= QUOTED else f'a number of {len(word)} digits'} is not a number that JSON has",
            AGAIN,
            where=(Where(source, "", *line_and_column(text, index)),),
        )
        for word, index in islice(bare_words(text, r"NaN|-?Infinity|-?[0-9]{600,}"), LISTED)
    )


# Line and column of a path, of a repeated key, of a bare word in JSON text; only for documents with a problem.


STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
BLANK = re.compile(r"[ \t\r\n]*")
DECODE = json.JSONDecoder(strict=False).raw_decode  # also the fastest way past a value


def places(text: str, paths: Collection[str]) -> Places:
    """Line and column of the values at ``paths`` in ``text``, which is valid JSON."""
    found: Places = {}
    _walk(text, 0, "", frozenset(paths), _ancestors(paths), found)
    return found


def _ancestors(paths: Collection[str]) -> frozenset[str]:
    """Every path that may lead to one of ``paths``; a name may hold dots itself, so these are more than needed."""
    parts = (re.split(r"(?=[.\[])", path) for path in paths)
    return frozenset(prefix for part in parts for prefix in list(accumulate(part))[:-1]) | {""}


def _walk(text: str, index: int, path: str, wanted: frozenset[str], ancestors: frozenset[str], found: Places) -> int:
    """Note the places in the value at ``index``, whose path is ``path``; the answer: where the value ends.

    It goes as deep as a wanted path has parts, and past everything else at the decoder's speed.
    """
    index = _past_blank(text, index)
    if path in wanted:
        found.setdefault(path, line_and_column(text, index))
    opening = text[index]
    if path not in ancestors or opening not in "{[":
        return DECODE(text, index)[1]
    place = 0
    index = _past_blank(text, index + 1)
    while text[index] not in "}]":
        if opening == "{":
            key, index = DECODE(text, index)
            inner = f"{path}.{key}" if path else key
            index = _past_blank(text, index) + len(":")
        else:
            inner = f"{path}[{place}]"
            place += 1
        index = _past_blank(text, _walk(text, index, inner, wanted, ancestors, found))
        if text[index] == ",":
            index = _past_blank(text, index + 1)
    return index + 1


def _past_blank(text: str, index: int) -> int:
    found = BLANK.match(text, index)
    return found.end() if found else index


def repeated_keys(text: str) -> Iterator[tuple[str, str, int]]:
    """Each key that its map has already: its path, the key, and where it stands for the second time."""
    trail: list[tuple[str, set[str] | None]] = []  # each open map or list: its path, and a map's keys so far
    places: list[int] = []  # how many values each has had
    key = ""
    for token in re.finditer(rf"({STRING})(\s*:)?|[{{}}\[\],]", text):
        word = token.group()
        if word in "{[":
            trail.append((_inner(trail, places, key), set() if word == "{" else None))
            places.append(0)
        elif word in "}]":
            trail.pop()
            places.pop()
        elif word == ",":
            places[-1] += 1
        elif token.group(2):
            key = json.loads(token.group(1), strict=False)
            path, keys = trail[-1]
            if keys is not None and key in keys:
                yield (f"{path}.{key}" if path else key), key, token.start()
            elif keys is not None:
                keys.add(key)


def _inner(trail: list[tuple[str, set[str] | None]], places: list[int], key: str) -> str:
    if not trail:
        return ""
    path, keys = trail[-1]
    if keys is None:
        return f"{path}[{places[-1]}]"
    return f"{path}.{key}" if path else key


def bare_words(text: str, pattern: str) -> Iterator[tuple[str, int]]:
    """Each match of ``pattern`` outside strings, and where it stands."""
    for token in re.finditer(rf"{STRING}|({pattern})", text):
        if token.group(1):
            yield token.group(1), token.start()
