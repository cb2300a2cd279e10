"""Where things stand in JSON text: the line and column of a path, of a key that stands twice, of a bare word.

Only a document with something wrong is looked at, so none of this costs the others anything.
"""

import json
import re
from collections.abc import Collection, Iterator
from itertools import accumulate

from planner.host.findings import Places
from planner.host.parsed import line_and_column

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
