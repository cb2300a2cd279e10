"""The bytes of a capture to text: UTF-8, or UTF-16 as PowerShell's `>` writes it."""

from planner.documents.decoding import decode as decode_utf8
from planner.host.parsed import WANTED
from planner.problem import Problem, Where

MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def decode(content: bytes, source: str) -> str | Problem:
    """The text, without a byte order mark; or what is wrong."""
    encoding = MARKS.get(content[:2], "")
    # Without a mark: the first character of every spelling is an ASCII one, and half of it zero.
    if not encoding and 0 in content[:2] and any(content[:2]):
        encoding = "utf-16-be" if content[0] == 0 else "utf-16-le"
    if not encoding:
        return decode_utf8(content, source)
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError:
        return Problem("not-text", "it is neither UTF-8 nor UTF-16 text", WANTED, where=(Where(source),))
