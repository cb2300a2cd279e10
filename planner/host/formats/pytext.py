"""Python's own spelling: a dict's repr, as logs have it, and the `key = value` text of vdsClient.

Both are rewritten as JSON of the same lines and, as far as that goes, the same columns, and then read as JSON
is: nothing is evaluated, a bomb stays as small as it was written, and a place in the one is a place in the other.
"""

import json
import re

from planner.host.formats.jsontext import Parsed, parse_json

STRING = r"""[uUbB]?(?:'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*")"""
TOKEN = re.compile(
    rf"(?P<strings>{STRING}(?:\s+{STRING})*)"  # pprint writes a long text as several, one after the other
    r"|(?P<open>[uUbB]?(?:'[^'\\]*(?:\\.[^'\\]*)*|\"[^\"\\]*(?:\\.[^\"\\]*)*)\\?\Z)"
    r"|(?P<word>\b(?:True|False|None)\b)"
    r"|(?P<bracket>[()])"
    r"|(?P<comma>,)(?=\s*[)\]}])"  # after the last value: Python's, not JSON's
    r"|(?P<key>(?<=[{,\s])-?\d+)(?=\s*:)"
    r"|(?P<long>(?<=\d)L\b)",
    re.DOTALL,
)
ONE_STRING = re.compile(STRING, re.DOTALL)
ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|.)|\"", re.DOTALL)
IN_JSON = {"True": "true", "False": "false", "None": "null", "(": "[", ")": "]", ",": " ", "L": " "}
LETTERS = {"\n": "", "a": r"\u0007", "v": r"\u000b", "'": "'", '"': r"\"", "\\": r"\\"}

ASSIGNMENT = re.compile(r"^([ \t]*)([A-Za-z_]\w*)[ \t]+=(?=\s)", re.MULTILINE)
# Everything else is text that vdsClient prints without quotes: a version of 4.10 is no number.
LITERAL = re.compile(r"""[\[({'"]|[uUbB]['"]""")


def is_assignments(text: str) -> bool:
    """Whether ``text`` begins as what vdsClient prints: `key = value`, with blanks around the sign."""
    found = ASSIGNMENT.search(text)
    return found is not None and not text[: found.start()].strip()


def parse_literal(text: str, source: str) -> Parsed:
    """The document in the repr of a dict."""
    return parse_json(_as_json(text), source, "vdsm-repr", "a Python literal")


def parse_assignments(text: str, source: str) -> Parsed:
    """The document in lines of ``key = value``, a value going on over the lines that follow."""
    return parse_json(_as_json(_as_literal(text)), source, "vdsm-text", "vdsClient text")


def _as_literal(text: str) -> str:
    """The assignments as one dict: `key = ` becomes `"key":`, which is as long."""
    entries = list(ASSIGNMENT.finditer(text))
    ends = [entry.start() for entry in entries[1:]] + [len(text)]
    written = [text[: entries[0].start()], "{"]
    for entry, end in zip(entries, ends, strict=True):
        value = text[entry.end() : end]
        content = value.strip()
        before, _, after = value.partition(content) if content else ("", "", value)
        before = before.removeprefix(" ")  # the blank that the second quote takes the place of
        if not LITERAL.match(content):
            content = json.dumps(content)
        # The brace that opens the dict stands in for the first indentation.
        indent = entry.group(1) if len(written) > 2 else entry.group(1)[1:]
        # What was cut off stays open, and is told as cut off.
        is_cut = content[0] in "{[(" and content[-1] not in "}])"
        closing = "," if end < len(text) else "" if is_cut else "}"
        written += [indent, f'"{entry.group(2)}":', before, content, closing, after]
    return "".join(written)


def _as_json(text: str) -> str:
    return TOKEN.sub(_token, text)


def _token(found: re.Match[str]) -> str:
    word = found.group()
    match found.lastgroup:
        case "key":
            return f'"{word}"'
        case "open":  # left open in JSON, too, which then tells that the text was cut off
            return '"'.ljust(len(word), "x")
        case "strings":
            return _strings(word)
        case _:
            return IN_JSON[word]


def _strings(word: str) -> str:
    if word[0] == "'" and word.count("'") == len("''") and "\\" not in word and '"' not in word:
        return f'"{word[1:-1]}"'
    strings = [_body(string.group()) for string in ONE_STRING.finditer(word)]
    rest = len(word) - sum(map(len, strings)) - len('""')
    return f'"{"".join(strings)}"' + "\n" * word.count("\n") + " " * (0 if "\n" in word else rest)


def _body(string: str) -> str:
    """What is between the quotes of a Python string, escaped as JSON has it."""
    body = string[string.index(string[-1]) + 1 : -1]
    return ESCAPE.sub(_escape, body) if "\\" in body or '"' in body else body


def _escape(found: re.Match[str]) -> str:
    written = found.group()
    kind = written[1:2]
    if written == '"':
        return r"\""
    if kind in "xU" and len(written) > len(r"\x"):
        code = int(written.removeprefix("\\")[1:], 16)
        return json.dumps(chr(code))[1:-1] if code < 0x110000 else r"\ufffd"
    if kind in "01234567":
        return f"\\u{int(written[1:], 8):04x}"
    if kind in "nrtbf" or (kind == "u" and len(written) > len(r"\u")):
        return written
    return LETTERS.get(kind, rf"\\{kind}")
