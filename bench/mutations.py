"""What the attacks change: documents anywhere in their structure, texts anywhere in their bytes; and nasty strings."""

import copy
import gzip
import json
import re
from collections.abc import Iterator
from random import Random
from typing import Any

# What steers a terminal, hides, reads backwards, ends other languages' strings, or is nobody's character.
NASTY = (
    *("\x1b[2J\x1b[31mred", "\x1b]0;title\x07", "\x9b31m", "\x85", "\x00", "\x7f", "\r", "\x08", "eth0\n", "\t"),
    *("\u202eeth0", "\u2066a\u2069", "\u200b", "\u2028", "\ufeff", "\ud800", "\udc80\udcff", "\ufffe", "\U000e0041"),
    *("شبكة", "中文接口", "e\u0301", "\U0001f600", "ﬀ", "İ", "a\u0300" * 40),
    *("", " ", ".", "..", "/", "-", "--", "a/b", "../../etc/passwd", "a" * 300, "x" * (1 << 20)),
    *("<b>&\"'", "]]>", "&#27;", "`x`", "$(id)", "%s%n", "{0}", "{a.b}", "#", "?", "%41", "\\", '"', "'", "end\n  x"),
    *(
        "bond0",
        "ovirtmgmt",
        "eth0.4095",
        "null",
        "true",
        "NaN",
        "1e999",
        "0x10",
        "١٢",
        "192.0.2.10",
        "::1",
        "fe80::1%e",
    ),
)
NUMBERS = (0, -1, 1, 4095, 2**31, 2**63, 2**64, -(2**70), 10**30, 1500.5, 1e308, True)
# What hosts might have, if not together.
NAMES = (
    "eth0",
    "eth1",
    "bond0",
    "bond4",
    "bond4.3000",
    "ovirtmgmt",
    "br0",
    "lo",
    "a",
    "ethernet-15-long",
    ";vdsmdummy;",
)
ADDRESSES = (
    *("", "192.0.2.10", "192.0.2.11/24", "255.255.255.0", "0.0.0.0", "127.0.0.1", "169.254.1.1", "::", "fe80::1"),
    *("2001:db8::10/64", "224.0.0.1", "255.255.255.255", "10.0.0.1/31", "192.0.2.10/32", "::ffff:192.0.2.10"),
)
SIZES = (0, 1, 68, 1280, 1499, 1500, 9000, 65535, 65536, 4094, 3000, 2**31 - 1)
# JSON that no document holds: it takes the place of a marker when the text is there.
RAW = {
    "nan": "NaN",
    "inf": "-Infinity",
    "exp": "1e999",
    "digits": "9" * 5000,
    "deep": "[" * 50_000 + "]" * 50_000,
    "open": '{"a":' * 20_000,
    "some": "[" * 400 + "1" + "]" * 400,
    "twice": '{"a": 1, "a": 2}',
    "half": '"\\ud800"',
    "octal": "0777",
    "set": "{1, 2}",
}
MARKER = re.compile(r"""["']@(\w+)@["']""")
STRAY = (
    *(
        b"\x00",
        b"\xff",
        b"\xfe\xff",
        b"\x1b[31m",
        b"\xc2\x9b",
        b"\xe2\x80\xae",
        b"\xed\xa0\x80",
        b"{",
        b"[",
        b'"',
        b"'",
    ),
    *(b"<", b"&", b"\n", b"\r", b"NaN", b"\xef\xbb\xbf", b"-", b": ", b"9" * 400, b"\\u0000", b"\\ud800"),
)


def nasty(chance: Random) -> str:
    """A nasty string; now and then two of them, one around the other."""
    one = chance.choice(NASTY)
    return one if chance.random() < 0.8 else one + chance.choice(NASTY[:-1]) + "0"


def odd(chance: Random) -> Any:
    """A value that nobody expects."""
    draw = chance.random()
    if draw < 0.4:
        return nasty(chance)
    if draw < 0.6:
        return chance.choice(NUMBERS)
    if draw < 0.75:
        return f"@{chance.choice(sorted(RAW))}@"
    return copy.deepcopy(chance.choice(([], {}, None, [[]], [None], {"": {}}, {"a": [1, "b"]}, [nasty(chance)])))


def changed(chance: Random, document: Any, times: int = 4) -> Any:
    """A copy of the document with up to so many changes: in a half of the copies only such as a reader may take."""
    document = copy.deepcopy(document)
    change = chance.choice((_change, _exchange))
    for _ in range(chance.randint(1, times)):
        places = list(_places(document))
        if not places:
            return odd(chance)
        change(chance, places)
    return document


def _exchange(chance: Random, places: list[tuple[Any, Any]]) -> None:
    """A value of its own kind from elsewhere, another number or address, a value lost: loops and contradictions."""
    holder, key = chance.choice(places)
    value = holder[key]
    alike = [other[place] for other, place in places if type(other[place]) is type(value)]
    if chance.random() < 0.6:
        holder[key] = copy.deepcopy(chance.choice(alike))
    elif isinstance(holder, dict) and isinstance(value, dict | list) and chance.random() < 0.5:
        names = [name for other, name in places if isinstance(name, str)]
        holder[chance.choice((*names, *NAMES))] = copy.deepcopy(value)
    elif isinstance(value, str):
        holder[key] = chance.choice((*ADDRESSES, *NAMES, str(chance.choice(SIZES))))
    elif isinstance(value, bool) or not isinstance(value, int):
        del holder[key]
    else:
        holder[key] = chance.choice(SIZES)


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Each value as what holds it and under which key."""
    keys = list(document) if isinstance(document, dict) else range(len(document)) if isinstance(document, list) else ()
    for key in keys:
        yield document, key
        yield from _places(document[key])


def _change(chance: Random, places: list[tuple[Any, Any]]) -> None:
    holder, key = chance.choice(places)
    other, elsewhere = chance.choice(places)
    draw = chance.random()
    if draw < 0.35:
        holder[key] = odd(chance)
    elif draw < 0.5:
        del holder[key]
    elif draw < 0.65 and isinstance(holder, dict):  # under a name that stands somewhere else, or nowhere
        value = other[elsewhere]
        name = value if isinstance(value, str) and chance.random() < 0.5 else nasty(chance)
        holder[name] = holder.pop(key) if chance.random() < 0.5 else copy.deepcopy(holder[key])
    elif draw < 0.85:  # names that lead in circles are among these
        holder[key] = copy.deepcopy(other[elsewhere])
    elif draw < 0.95:
        holder[key] = [holder[key]] if chance.random() < 0.5 else {nasty(chance): holder[key]}
    else:
        holder[key] = str(holder[key])


def with_raw(text: str) -> str:
    """The text of a document with what only a text can hold, where it was marked."""
    return MARKER.sub(lambda found: RAW.get(found[1], found[0]), text)


def bytes_of(text: str) -> bytes:
    """The text's bytes, halves of characters included."""
    return text.encode("utf-8", "surrogatepass")


def changed_bytes(chance: Random, content: bytes) -> bytes:
    """The content with bytes lost, doubled, flipped, put in; or all of it in another encoding."""
    changing = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(changing) + 1)
        length = chance.choice((0, 1, 2, 8, 100, 1000))
        draw = chance.random()
        if draw < 0.3:
            changing[start : start + length] = chance.choice(STRAY)
        elif draw < 0.5 and changing:
            changing[min(start, len(changing) - 1)] ^= 1 << chance.randrange(8)
        elif draw < 0.6:
            changing[start:start] = changing[start : start + length] * chance.randint(1, 3)
        elif draw < 0.7:
            changing[start : start + length] = chance.randbytes(length)
        elif draw < 0.8:
            del changing[start : start + length]
        elif draw < 0.9:
            del changing[start:]
        else:
            return _encoded(chance, bytes(changing))
    return bytes(changing)


def _encoded(chance: Random, content: bytes) -> bytes:
    text = content.decode("utf-8", "replace")
    ways = (
        lambda: b"\xef\xbb\xbf" * chance.randint(1, 3) + content,
        lambda: text.encode("utf-16"),
        lambda: text.encode("utf-16-le"),
        lambda: text.encode("utf-32"),
        lambda: text.encode("latin-1", "replace"),
        lambda: content.replace(b"\n", chance.choice((b"\r\n", b"\r", b"\x0b", b"\xe2\x80\xa8"))),
        lambda: gzip.compress(content),
        lambda: gzip.compress(b" " * (64 << 20)),  # 64 kB that are 64 MB
        lambda: content.replace(b'"', b"'"),
        lambda: json.dumps(text).encode(),
        lambda: content * chance.randint(2, 20),
    )
    return chance.choice(ways)()
