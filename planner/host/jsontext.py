"""JSON text to a document: strict where Python is lax, and with places when something has to be pointed at."""

import json
from functools import partial
from itertools import islice
from typing import Any

from planner.host.findings import AGAIN, QUOTED, legible, quoted
from planner.host.parsed import Parsed, line_and_column, nowhere, refused
from planner.problem import Problem, Where

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
    from planner.host.jsonplaces import places

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
    from planner.host.jsonplaces import repeated_keys

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
    from planner.host.jsonplaces import bare_words

    return tuple(
        Problem(
            "capture-invalid",
            f"{word if len(word) <= QUOTED else f'a number of {len(word)} digits'} is not a number that JSON has",
            AGAIN,
            where=(Where(source, "", *line_and_column(text, index)),),
        )
        for word, index in islice(bare_words(text, r"NaN|-?Infinity|-?[0-9]{600,}"), LISTED)
    )
