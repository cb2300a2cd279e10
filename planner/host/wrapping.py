"""What stands around a capture in a file: a banner, a prompt, a fence, Ansible's header, a log line, marks of a mail.

It is blanked rather than cut off, so that a place in what is left is a place in the file; what is left is
then read as strictly as if it were alone.
"""

import re
from typing import NamedTuple

from planner.host.envelope import SECTIONS

COLOUR = re.compile(r'("[^"\\\n]*(?:\\.[^"\\\n]*)*")|\x1b\[[0-9;]*m')  # one inside a text is the text's
QUOTE = re.compile(r"^(?:>[ \t]?)+", re.MULTILINE)
QUOTED_DOCUMENT = re.compile(r"^(?:>[ \t]?)+[ \t]*(?:[{<\"']|\w+ += )", re.MULTILINE)
# Where a document begins: on a line of its own, or behind what a log, or Ansible, writes before one.
BEGINNING = re.compile(
    r"^[ \t]*(?=<\?xml\s|<methodResponse>)"
    r"|^[ \t]*(?=\{\s*[\"'uU}])"
    r"|^[^\n{]*(?:=>|\b(?:getCapabilities|getVdsCaps|network_caps)\b[^\n{]{0,80})[ \t]*(?=\{\s*[\"'uU])",
    re.MULTILINE,
)
ASSIGNMENTS = re.compile(rf"^[ \t]*(?:{'|'.join(SECTIONS)})[ \t]+=\s", re.MULTILINE)
ASSIGNMENT = re.compile(r"^[ \t]*[A-Za-z_]\w*[ \t]+=\s", re.MULTILINE)
PROMPT = re.compile(r"\[?[\w.-]+@[^\n]*[#$]|```|~~~")
# What stands before a value inside a document that begins earlier and was cut; "Hello," and "wrote:" do not.
INSIDE = re.compile(r"""(?:["'][ \t]*:|["'\])}0-9][ \t]*,|[\[({])\Z""")
DECLARATION = re.compile(r"<\?xml[^>]*\?>")
# A string that nothing closes reaches to the end: then the document is cut, and no brace in it counts.
TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|\'[^\'\\]*(?:\\.[^\'\\]*)*(?:\'|\\?\Z)|[{}]', re.DOTALL)
LOOKED_BACK = 200  # characters: an indentation is shorter; more would cost its square where braces abound


class Unwrapped(NamedTuple):
    """The text with all but the first document in it blanked; ``again`` is where a second one begins, or -1."""

    text: str
    again: int = -1


def unwrapped(text: str) -> Unwrapped | None:
    """The document that ``text`` holds among other lines; None if no whole line or log line begins one."""
    text = _plain(text)
    start, line = _start(text)
    if start < 0:
        return None
    if text[start] == "<":
        declared = DECLARATION.match(text, start)  # one may only begin a file
        return Unwrapped(_blanked(text, declared.end() if declared else start))
    if text[start] != "{":
        last = text.rstrip().rfind("\n") + 1
        return Unwrapped(_blanked(text[: last if PROMPT.match(text, last) else len(text)], start))
    end = _end(text, start)
    # What stands behind the document on its last line is a log's, or else a fault of the document.
    rest = end if text[line:start].strip() else (text + "\n").index("\n", end)
    again, _ = _start(text[end:])
    return Unwrapped(_blanked(text[:rest], start), end + again if again >= 0 else -1)


def _plain(text: str) -> str:
    """``text`` without a terminal's colours, and without the marks of a quoted mail."""
    if "\x1b[" in text:
        text = COLOUR.sub(lambda found: found.group(1) or " " * len(found.group()), text)
    return QUOTE.sub(lambda found: " " * len(found.group()), text) if QUOTED_DOCUMENT.search(text) else text


def _start(text: str) -> tuple[int, int]:
    """Where the first document begins, and its line; -1 where there is none."""
    for found in BEGINNING.finditer(text):
        if not INSIDE.search(text[max(0, found.start() - LOOKED_BACK) : found.start()].rstrip()):
            return found.end(), found.start()
    if ASSIGNMENTS.search(text):
        first = ASSIGNMENT.search(text)
        return (first.start(), first.start()) if first else (-1, -1)
    return -1, -1


def _end(text: str, start: int) -> int:
    """Where the document that begins at ``start`` ends: the end of the text if nothing closes it."""
    depth = 0
    for token in TOKEN.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(token.group(), 0)
        if depth == 0:
            return token.end()
    return len(text)


def _blanked(text: str, start: int) -> str:
    """``text`` with nothing but blanks, on as many lines, before ``start``."""
    return re.sub(r"[^\n]", " ", text[:start]) + text[start:]
