"""Any text that holds getVdsCaps to a `Host`: the format is recognised, not asked for.

Recognised: the answer of getVdsCaps or Host.getCapabilities bare, in its JSON-RPC envelope, with its status, as
`vdsm-client` prints it, as an XML-RPC methodResponse, as a Python repr, and as `vdsClient` text; each also among
other lines of a terminal, a log or a mail, and as Ansible registers it. Of a whole log one answer is read (`Which`).
"""

import re
from collections.abc import Collection
from typing import Any, NamedTuple

from planner.host.caps import SECTIONS, is_caps, opened, read_caps
from planner.host.fields import Findings, Locate, Places
from planner.host.formats.jsontext import WANTED, Parsed, line_and_column, nowhere, refused
from planner.host.model import Host
from planner.problem import Problem, Where, errors, required
from planner.yamltext import decode as decode_utf8


class Which(NamedTuple):
    """Which answer of a log is meant: the ``call``-th, or the last one at or before a time (``2026-11-27 14:05``).

    Where neither is said it is the last. ``host``: of which host, by its UUID or an address of its.
    """

    call: int = 0
    at: str = ""
    host: str = ""


LAST = Which()


class Reading(NamedTuple):
    """The host, or None if an error is among the problems; ``document`` is getVdsCaps as the host was read from it."""

    host: Host | None
    problems: tuple[Problem, ...]
    document: dict[str, Any] | None = None

    def required(self) -> Host:
        """Return the host; where there is none, raise an `InputError` with the problems."""
        return required(self.host, self.problems)


def read_capture(content: str | bytes | dict[str, Any], source: str = "capture", which: Which = LAST) -> Reading:
    """Read the host from a capture, whatever its format.

    Args:
        content: the text or its bytes, or the document if it was parsed already.
        source: what problems call it, such as the file's name.
        which: which answer of a log is meant; an error where ``content`` is no log.

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
    if not isinstance(content, dict):
        parsed = _capture(_parsed(content, source, which), source)
    elif which == LAST:
        parsed = _capture(Parsed(content, "vdsm-json"), source)
    else:
        parsed = _no_log(source)
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
    from planner.host.excerpt import named, piece_warning
    from planner.host.foreign import looks_like
    from planner.host.formats.ansible import registered

    answer = parsed.document
    described = _described(answer, source)
    if described is not None:
        return described
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


def _described(answer: Any, source: str) -> Parsed | None:
    """What VDSM would tell of the machine that another program describes; None if ``answer`` is of none of them."""
    from planner.host.formats import ansible_facts, files, iproute, nmstate

    for reader in (files, iproute, nmstate, ansible_facts):
        if reader.recognises(answer):
            findings = Findings()
            document = reader.caps_of(answer, findings)
            return Parsed(document, reader.FORM, findings.problems(source, nowhere))
    return None


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


def _parsed(content: str | bytes, source: str, which: Which = LAST) -> Parsed:
    """The document in ``content``, by whichever spelling it is."""
    text = content if isinstance(content, str) else decode(content, source)
    if isinstance(text, Problem):
        return Parsed(problems=(text,))
    text = text.removeprefix("\ufeff")
    if not text.strip():
        return refused(source, "capture-empty", "there is nothing in it", WANTED)
    if which != LAST:
        return _logged(text, source, which) or _no_log(source)
    plain = _spelled(text, source)
    if plain is not None and not any(problem.code == "capture-syntax" for problem in plain.problems):
        return plain
    return _logged(text, source, which) or _wrapped(text, plain, source)


def _logged(text: str, source: str, which: Which) -> Parsed | None:
    """The answer that is meant out of a log; None if ``text`` is none."""
    from planner.host.excerpt import alone, unmarked
    from planner.host.formats import log

    text = unmarked(text)
    found = log.answers(text)
    if not found:
        return None
    answer = log.chosen(found, *which, source)
    if isinstance(answer, Problem):
        return Parsed(problems=(answer,))
    parsed = _spelled(alone(text[: answer.end], answer.start), source)
    if parsed is None or len(found) == 1:
        return parsed
    return parsed._replace(problems=(*parsed.problems, log.which_was_taken(found, answer, source)))


def _no_log(source: str) -> Parsed:
    message = "there is no answer of getVdsCaps to choose from: this is no log of VDSM or the engine"
    return refused(source, "log-answer-missing", message, "leave --call, --at and --host out")


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
    from planner.host.excerpt import parse_excerpt, unwrapped
    from planner.host.foreign import LOG, is_java, text_looks_like
    from planner.host.formats import log

    if re.match(LOG, text) and not log.holds_answers(text):  # in the ways below a large one takes a minute
        return refused(source, "unknown-format", f"not getVdsCaps: {text_looks_like(text)}", WANTED)
    machine = None if re.search(VDSM, text) else _machine(text, source)
    if machine is not None:
        return machine
    wrapped = unwrapped(text)
    if wrapped is not None and wrapped.again >= 0:
        message = "another document begins here: which of the two is the host?"
        hint = "keep one of them in the file (of a log: the last such line)"
        return refused(source, "capture-twice", message, hint, line_and_column(text, wrapped.again))
    found = _spelled(wrapped.text, source) if wrapped is not None and wrapped.text != text else None
    found = found or (None if is_java(text) else plain or parse_excerpt(text, source))
    return found or refused(source, "unknown-format", f"not getVdsCaps: {text_looks_like(text)}", WANTED)


# What only VDSM's answer has: beside it, whatever else the text tells is not read.
VDSM = r"""(?m)["'](?:bondings|nics)["']\s*:|^[ \t]*(?:bondings|nics)[ \t]+=\s"""


def _machine(text: str, source: str) -> Parsed | None:
    """What a machine's files, `ip` or nmstate tell in a text that is no single JSON document; None if it is none."""
    from planner.host.formats import files, iproute, iptext, nmstate

    listed = files.files_of(text)
    if listed is not None:
        return Parsed(listed, files.FORM)
    answers = iproute.arrays(text)
    if answers is None:
        answers = iptext.answers(text)
    if answers is not None:
        return Parsed(answers, iproute.FORM)
    if not nmstate.is_yaml(text):
        return None
    from planner.yamltext import parse_yaml, plain

    node, problems = parse_yaml(nmstate.requoted(text), source)
    return Parsed(plain(node) if node is not None else None, nmstate.FORM, tuple(problems))


# The bytes of a capture to text: UTF-8, or UTF-16 as PowerShell's `>` writes it.


# How a packed file begins, and what unpacks it.
PACKED = {b"\x1f\x8b": "zcat", b"\xfd7zXZ": "xzcat", b"BZh": "bzcat", b"\x28\xb5\x2f\xfd": "zstdcat"}
ENCRYPTED = b"\x84\x85\x8c"  # how a message of OpenPGP begins: sos encrypts a report where it is told to
ZIP = b"PK\x03\x04"
TAR, TAR_AT = b"ustar", 257  # an unpacked archive's mark, and where it stands
ARCHIVES = (".tar", ".tgz", ".txz", "sosreport")  # in a file's name
UNNAMED = ("capture", "standard input")  # what a source is called that has no file's name
SOSREPORT = "sos_commands/vdsm/vdsm-client_Host_getCapabilities"  # where a sosreport has the capture
COLLECTED = "log-collector-data"  # the folder in the engine's own report where the log collector puts those of hosts
# What describes the host in a sosreport without one, and on the host itself; * is a part of a name.
DESCRIBED = (
    "sos_commands/networking/ip_-d_address",
    "sos_commands/networking/ip_route_show_table_all",
    "sos_commands/networking/ip_-6_route_show_table_all",
    *(
        f"sos_commands/{plugin}/nmcli_{what}"
        for plugin in ("networkmanager", "networking")
        for what in ("con*", "dev*")
    ),
    "etc/sysconfig/network-scripts/ifcfg-*",
    "etc/NetworkManager/system-connections/*",
    "etc/resolv.conf",
    "proc/net/bonding/*",
    "proc/net/vlan/config",
    "installed-rpms",
)
BINARY_WITHIN = 1024  # bytes: what is no text has a zero among so many, and no capture has one
MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def is_packed(content: bytes) -> bool:
    """Whether it is an archive, or a file that is compressed."""
    return content.startswith((*PACKED, ZIP)) or content.startswith(TAR, TAR_AT)


def is_answer(content: bytes) -> bool:
    """Whether a sosreport's `SOSREPORT` is an answer: sos keeps what the command printed, also why VDSM gave none."""
    return content.lstrip().startswith(b"{")


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
        if content[0] in ENCRYPTED:
            message, hint = "it is encrypted, as by gpg", "decrypt it first: gpg --output REPORT.tar.xz --decrypt FILE"
            return Problem("not-text", message, hint, where=(Where(source),))
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
