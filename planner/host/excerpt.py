"""A capture among other lines of a terminal, a log or a mail; and pieces of one.

Read only where a text is no capture as it stands (`planner.host.capture`).
"""

import json
import re
from typing import Any, NamedTuple

from planner.host.caps import SECTIONS, is_caps
from planner.host.fields import AGAIN
from planner.host.formats.jsontext import Parsed, line_and_column
from planner.problem import Problem, Where

# What stands around a capture in a file: a banner, a prompt, a fence, Ansible's header, a log line, marks of a mail.
#
# It is blanked rather than cut off, so that a place in what is left is a place in the file; what is left is
# then read as strictly as if it were alone.


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
    """Find the document among other lines of ``text``; None if no line begins one."""
    text = unmarked(text)
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


def alone(text: str, start: int) -> str:
    """``text`` with nothing but the document that begins at ``start``."""
    return _blanked(text[: _end(text, start)], start)


def unmarked(text: str) -> str:
    """``text`` without a terminal's colours, and without the marks of a quoted mail."""
    if "\x1b[" in text:
        text = COLOUR.sub(lambda found: found.group(1) or " " * len(found.group()), text)
    return QUOTE.sub(lambda found: " " * len(found.group()), text) if QUOTED_DOCUMENT.search(text) else text


def _start(text: str) -> tuple[int, int]:
    """Where the first document begins, and its line; -1 where no document is found."""
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
    line = text.rfind("\n", 0, start) + 1
    return "\n" * text.count("\n", 0, line) + " " * (start - line) + text[start:]


# Pieces of getVdsCaps: a few members cut out of JSON, a section without its name, one record alone.
#
# Mails, logs and bug reports show captures so. They read, with a warning; what was cut off counts as not reported, and
# the host tells which sections it lacks.


MEMBERS = (*SECTIONS, "nameservers", "lastClientIface", "netConfigDirty", "software_version", "packages2")
MEMBER = re.compile(rf'"({"|".join(MEMBERS)})"\s*:\s*')
# What tells a record's section, the surest sign first.
SIGNS = (
    ("slaves", "bondings"),
    ("bridged", "networks"),
    ("southbound", "networks"),
    ("vlanid", "vlans"),
    ("ports", "bridges"),
    ("hwaddr", "nics"),
)


class Named(NamedTuple):
    """A piece as part of getVdsCaps; ``invented`` is the path that the piece itself does not have."""

    document: dict[str, Any]
    invented: str


def parse_excerpt(text: str, source: str) -> Parsed | None:
    """Read the whole members of a text that begins in the middle of JSON; None if none of them is of getVdsCaps.

    A section that begins and does not end is an error: planned without it, every rule about it would be blind.
    """
    joined = text.replace("\r", "").replace("\n", "")
    document: dict[str, Any] = {}
    broken: dict[str, Problem] = {}
    index = 0
    while found := MEMBER.search(joined, index):
        key, index = found.group(1), found.end()
        if key in document or key in broken:
            continue
        value, index = _value(joined, index)
        if value is not None:
            document[key] = value
        elif key in SECTIONS:
            broken[key] = _broken(key, text, source)
    if broken:
        return Parsed(problems=tuple(broken.values()))
    if not is_caps(document):
        document = _value("{" + joined.strip(), 0)[0] or {}
    if not is_caps(document) and (not isinstance(document, dict) or named(document) is None):
        return None
    return Parsed(document, "vdsm-json", (_warning(source, "this is cut out of a longer capture"),))


def _value(text: str, index: int) -> tuple[Any, int]:
    """The value at ``index`` and where it ends; None where none is whole."""
    try:
        return json.JSONDecoder().raw_decode(text, index)
    except (ValueError, RecursionError):
        return None, index


def _broken(key: str, text: str, source: str) -> Problem:
    found = re.search(rf'"{key}"\s*:', text)
    place = line_and_column(text, found.start()) if found else (0, 0)
    message = f'the section "{key}" begins here and is not whole'
    return Problem("capture-truncated", message, AGAIN, where=(Where(source, key, *place),))


def named(document: Any) -> Named | None:
    """Put a section without its name, or a record without its section, where it belongs; None if it is neither."""
    if not isinstance(document, dict):
        return None
    section = _section(document)
    if section is not None:
        name = document.get("iface") if section == "networks" else None
        return Named({section: {name: document}}, f"{section}.{name}") if isinstance(name, str) and name else None
    sections = {_section(record) for record in document.values()}
    section = sections.pop() if len(sections) == 1 else None
    return Named({section: document}, section) if section is not None else None


def _section(record: Any) -> str | None:
    """The section that ``record`` must be of, if it is the record of a device or network."""
    if not isinstance(record, dict) or not {"mtu", "addr", "iface"} & set(record):
        return None
    return next((section for key, section in SIGNS if key in record), None)


def piece_warning(source: str) -> Problem:
    """Return the warning that a document is only a piece of getVdsCaps."""
    return _warning(source, "this is a piece of getVdsCaps")


def _warning(source: str, what: str) -> Problem:
    return Problem("capture-excerpt", what, "plan from a whole capture", "warning", where=(Where(source),))
