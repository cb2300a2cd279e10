"""Any text that holds getVdsCaps to a `Host`: the format is recognised, not asked for.

Recognised: the answer of getVdsCaps or Host.getCapabilities bare, in its JSON-RPC envelope, with its status, as
`vdsm-client` prints it, as an XML-RPC methodResponse, as a Python repr, and as `vdsClient` text; each also among
other lines of a terminal, a log or a mail, and as Ansible registers it.
"""

import json
import re
from collections.abc import Collection
from typing import Any, NamedTuple

from planner.host.caps import SECTIONS, is_caps, opened, read_caps
from planner.host.fields import AGAIN, Findings, Locate, Places
from planner.host.formats.jsontext import WANTED, Parsed, line_and_column, nowhere, refused
from planner.host.model import Host
from planner.problem import Problem, Where, errors, required
from planner.yamltext import decode as decode_utf8


class Reading(NamedTuple):
    """The host, or None if an error is among the problems; ``document`` is getVdsCaps as the host was read from it."""

    host: Host | None
    problems: tuple[Problem, ...]
    document: dict[str, Any] | None = None

    def required(self) -> Host:
        """Return the host; where there is none, raise an `InputError` with the problems."""
        return required(self.host, self.problems)


def read_capture(content: str | bytes | dict[str, Any], source: str = "capture") -> Reading:
    """Read the host from a capture, whatever its format.

    Args:
        content: the text or its bytes, or the document if it was parsed already.
        source: what problems call it, such as the file's name.

    Returns:
        The host, or None if an error is among the problems; and getVdsCaps as it was found.

    Raises:
        TypeError: ``content`` is of another type, such as a path.

    >>> reading = read_capture("no capture at all", "caps.json")
    >>> reading.host, [problem.code for problem in reading.problems]
    (None, ['unknown-format'])
    """
    if not isinstance(content, str | bytes | dict):
        message = f"content is a {type(content).__name__}: give a capture's text, its bytes, or its document, a dict"
        raise TypeError(message)
    parsed = _capture(Parsed(content, "vdsm-json") if isinstance(content, dict) else _parsed(content, source), source)
    if errors(parsed.problems):
        return Reading(None, parsed.problems)
    findings = Findings()
    host = read_caps(parsed.document, parsed.form, findings)
    problems = parsed.problems + findings.problems(source, parsed.locate)
    return Reading(None, problems) if errors(problems) else Reading(host, problems, parsed.document)


def _capture(parsed: Parsed, source: str) -> Parsed:
    """The answer of getVdsCaps out of whatever stands around it in ``parsed``."""
    if errors(parsed.problems):
        return parsed
    envelope = opened(parsed.document)
    if envelope.failure:
        return refused(source, "capture-failed", envelope.failure, envelope.hint)
    answer = envelope.answer
    form = "vdsm-jsonrpc" if envelope.jsonrpc and parsed.form == "vdsm-json" else parsed.form
    if is_caps(answer) and (answer.get("nics") or not _is_foreign(answer)):
        return Parsed(answer, form, parsed.problems, _locator(parsed.locate, envelope.keys))
    return _rarely(parsed._replace(document=answer, form=form), envelope.keys, source)


def _rarely(parsed: Parsed, keys: tuple[str, ...], source: str) -> Parsed:
    """The answer out of what has no section of it at the top: Ansible's result of a command, a piece."""
    from planner.host.foreign import looks_like
    from planner.host.formats.ansible import registered

    answer = parsed.document
    printed = None if is_caps(answer) else registered(answer)
    if printed is not None and isinstance(printed.content, str) and "{" in printed.content:
        return _capture(_parsed(printed.content, source)._replace(locate=nowhere), source)
    if printed is not None and is_caps(printed.content):
        return Parsed(printed.content, parsed.form, parsed.problems, _locator(parsed.locate, (*keys, *printed.keys)))
    piece = None if is_caps(answer) else named(answer)
    if piece is None:
        return refused(source, "unknown-format", f"not getVdsCaps: {looks_like(answer)}", WANTED)
    problems = parsed.problems or (piece_warning(source),)
    return Parsed(piece.document, parsed.form, problems, _locator(parsed.locate, keys, piece.invented))


def _is_foreign(answer: dict[str, Any]) -> bool:
    """Whether a document with a section of VDSM's name is another program's."""
    from planner.host.foreign import is_other_networks

    sections = [key for key in SECTIONS if key in answer]
    return "ethernets" in answer or (sections == ["networks"] and is_other_networks(answer["networks"]))


def _locator(locate: Locate, keys: tuple[str, ...], invented: str = "") -> Locate:
    """``locate`` for paths of getVdsCaps in a document with ``keys`` around it, or no ``invented`` beginning."""
    if not keys and not invented:
        return locate
    around = "".join(f"{key}." for key in keys)

    def within(paths: Collection[str]) -> Places:
        inner = {path: around + path.removeprefix(invented).removeprefix(".") for path in paths}
        found = locate(set(inner.values()))
        return {path: found[inner[path]] for path in paths if inner[path] in found}

    return within


def _parsed(content: str | bytes, source: str) -> Parsed:
    """The document in ``content``, by whichever spelling it is."""
    text = content if isinstance(content, str) else decode(content, source)
    if isinstance(text, Problem):
        return Parsed(problems=(text,))
    text = text.removeprefix("\ufeff")
    if not text.strip():
        return refused(source, "capture-empty", "there is nothing in it", WANTED)
    plain = _spelled(text, source)
    if plain is not None and not any(problem.code == "capture-syntax" for problem in plain.problems):
        return plain
    return _wrapped(text, plain, source)


def _spelled(text: str, source: str) -> Parsed | None:
    """The document that ``text`` is; None if it begins like none of the spellings."""
    beginning = text.lstrip()[:64]
    following = beginning[1:].lstrip()[:2]
    if beginning[0] == "<":
        from planner.host.formats.xmlrpc import parse_xmlrpc

        return parse_xmlrpc(text.lstrip() if beginning.startswith("<?xml") else text, source)
    if beginning[0] == "{" or (beginning[0] == "[" and not following[:1].isalpha()):
        if following.lstrip("uUbB")[:1] != "'":
            from planner.host.formats.jsontext import parse_json

            return parse_json(text, source)
    elif beginning[0] != "(":
        from planner.host.formats.pytext import is_assignments, parse_assignments

        return parse_assignments(text, source) if is_assignments(text) else None
    from planner.host.formats.pytext import parse_literal

    return parse_literal(text, source)


def _wrapped(text: str, plain: Parsed | None, source: str) -> Parsed:
    """The document among other lines in ``text``, or a piece of one; ``plain`` is what it is as it stands."""
    from planner.host.foreign import is_java, text_looks_like

    wrapped = unwrapped(text)
    if wrapped is not None and wrapped.again >= 0:
        message = "another document begins here: which of the two is the host?"
        hint = "keep one of them in the file (of a log: the last such line)"
        return refused(source, "capture-twice", message, hint, line_and_column(text, wrapped.again))
    found = _spelled(wrapped.text, source) if wrapped is not None and wrapped.text != text else None
    found = found or (None if is_java(text) else plain or parse_excerpt(text, source))
    return found or refused(source, "unknown-format", f"not getVdsCaps: {text_looks_like(text)}", WANTED)


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
    return re.sub(r"[^\n]", " ", text[:start]) + text[start:]


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


# The bytes of a capture to text: UTF-8, or UTF-16 as PowerShell's `>` writes it.


# How a packed file begins, and what unpacks it.
PACKED = {b"\x1f\x8b": "zcat", b"\xfd7zXZ": "xzcat", b"BZh": "bzcat", b"\x28\xb5\x2f\xfd": "zstdcat"}
TAR, TAR_AT = b"ustar", 257  # an unpacked archive's mark, and where it stands
ARCHIVES = (".tar", ".tgz", ".txz", "sosreport")  # in a file's name
UNNAMED = ("capture", "standard input")  # what a source is called that has no file's name
SOSREPORT = "sos_commands/vdsm/vdsm-client_Host_getCapabilities"  # where a sosreport has the capture
BINARY_WITHIN = 1024  # bytes: what is no text has a zero among so many, and no capture has one
MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def decode(content: bytes, source: str) -> str | Problem:
    """Decode UTF-8 or UTF-16, without the byte order mark; or tell what is wrong, as that it is compressed."""
    unpack = next((command for mark, command in PACKED.items() if content.startswith(mark)), "")
    if unpack or content.startswith(TAR, TAR_AT):
        return _packed(unpack, source)
    encoding = MARKS.get(content[:2], "")
    # Without a mark: the first character of every spelling is an ASCII one, and half of it zero.
    if not encoding and 0 in content[:2] and any(content[:2]):
        encoding = "utf-16-be" if content[0] == 0 else "utf-16-le"
    if not encoding and b"\0" not in content[:BINARY_WITHIN]:
        return decode_utf8(content, source)
    try:
        return content.decode(encoding or "utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        return Problem("not-text", "it is neither UTF-8 nor UTF-16 text", WANTED, where=(Where(source),))


def _packed(unpack: str, source: str) -> Problem:
    """That the capture is still in its package, with the command that takes it out."""
    from shlex import quote

    file = "FILE" if source in UNNAMED or not source.isprintable() else quote(source)
    if not unpack or any(sign in source for sign in ARCHIVES):
        message = "this is an archive; a sosreport has the capture among its files"
        command = f"tar -xOf {file} --wildcards '*/{SOSREPORT}'"
    else:
        message = f"this is compressed, and {unpack} reads it"
        command = f"{unpack} {file}"
    return Problem("capture-packed", message, f"{command} | mgmtnet plan -", where=(Where(source),))
