"""Pieces of getVdsCaps: a few members cut out of JSON, a section without its name, one record alone.

Mails, logs and bug reports show captures so. They read, with a warning; what was cut off counts as not reported, and
the host tells which sections it lacks.
"""

import json
import re
from typing import Any, NamedTuple

from planner.host.envelope import SECTIONS, is_caps
from planner.host.findings import AGAIN
from planner.host.parsed import Parsed, line_and_column
from planner.problem import Problem, Where

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
    """The members that are whole in a text that begins in the middle of JSON; None if nothing is of getVdsCaps.

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
    """A section that lost its name, or a record that lost its section, put where it belongs; None if it is neither."""
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
    """That a document was only a piece."""
    return _warning(source, "this is a piece of getVdsCaps")


def _warning(source: str, what: str) -> Problem:
    return Problem("capture-excerpt", what, "plan from a whole capture", "warning", where=(Where(source),))
