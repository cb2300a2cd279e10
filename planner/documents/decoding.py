"""Bytes to text."""

from planner.problem import Problem, Where

BOM = b"\xef\xbb\xbf"


def decode(content: bytes, source: str) -> str | Problem:
    """The UTF-8 text, without a byte order mark; or what is wrong at which place."""
    content = content.removeprefix(BOM)
    try:
        return content.decode()
    except UnicodeDecodeError as failure:
        before = content[: failure.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        return Problem(
            "not-utf8",
            f"byte 0x{content[failure.start]:02x} is not UTF-8 text",
            "save the file as UTF-8",
            where=(Where(source, line=line, column=column),),
        )
