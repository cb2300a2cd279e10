"""Scalars in every spelling that VDSM had for them.

Each is taken out of a record by its key; what is of no use there is a finding, and counts as absent.
"""

from collections.abc import Collection
from typing import Any

from planner.host.findings import Findings, quoted

Record = dict[str, Any]

WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
NOTHING = frozenset({"", "None", "0.0.0.0", "::", "::0", "00:00:00:00:00:00"})
LARGEST = 2**31 - 1  # the kernel's own limit of an MTU; a larger number is a fault of whoever wrote it
LARGEST_TAG = 4095  # IEEE 802.1Q has 12 bits for it
LONGEST = 255  # characters: kernel and VDSM stop at 15; longer than this was not made to be a name


def text(record: Record, key: str, path: str, findings: Findings) -> str:
    """A text, ``""`` in each spelling of absence."""
    value = record.get(key)
    if value.__class__ is str:
        value = value.strip()
        if value in NOTHING:
            return ""
        if is_printable(value):
            return str(value)
        findings.wrong(within(path, key), f"{quoted(value)} {unprintable(value)}")
    elif value is not None:
        findings.wrong(within(path, key), f"{quoted(value)} is not text")
    return ""


def number(record: Record, key: str, what: str, path: str, findings: Findings, largest: int = LARGEST) -> int:
    """A whole number, given as one or as text; -1 when absent."""
    value = record.get(key)
    if value is None or value == "":
        return -1
    whole = _whole(value)
    if whole is not None and 0 <= whole <= largest:
        return whole
    findings.wrong(
        within(path, key), f"{quoted(value)} is not {what}", f"it must be a whole number from 0 to {largest}"
    )
    return -1


def amount(record: Record, key: str) -> int:
    """A number that only people look at; -1 for whatever is none, such as the speed of a nic without a link."""
    whole = _whole(record.get(key))
    return whole if whole is not None and 0 <= whole <= LARGEST else -1


def _whole(value: Any) -> int | None:
    if value.__class__ is str and len(value) <= len(str(LARGEST)) and value.isascii() and value.isdigit():
        return int(value)
    return int(value) if value.__class__ is int else None


def flag(record: Record, key: str, path: str, findings: Findings) -> bool | None:
    """A yes or no, given as a boolean, a number or a word; None when absent."""
    value = record.get(key)
    if value is None or value.__class__ is bool:
        return value
    word = str(value).strip().lower() if value.__class__ is str or value in (0, 1) else "?"
    if word in ("", "none"):
        return None
    if word in WORDS:
        return WORDS[word]
    findings.wrong(within(path, key), f"{quoted(value)} is neither true nor false")
    return None


def names(record: Record, key: str, path: str, findings: Findings) -> tuple[str, ...]:
    """A list of names, each once."""
    return tuple(dict.fromkeys(name for _, name in listed(record, key, path, findings)))


def listed(record: Record, key: str, path: str, findings: Findings) -> list[tuple[int, str]]:
    """The texts of a list with their places in it."""
    value = record.get(key)
    if not value and (value is None or value == "" or value.__class__ in (list, tuple)):
        return []
    if value.__class__ not in (list, tuple):
        findings.wrong(within(path, key), f"{quoted(value)} is not a list")
        return []
    kept = []
    for place, item in enumerate(value):
        if item.__class__ is not str or not item:
            findings.wrong(f"{within(path, key)}[{place}]", f"{quoted(item)} is not a name")
        elif not is_printable(item):
            findings.wrong(f"{within(path, key)}[{place}]", f"{quoted(item)} {unprintable(item)}")
        else:
            kept.append((place, item))
    return kept


def table(record: Record, key: str, path: str, findings: Findings) -> Record:
    """A map, ``{}`` when absent; VDSM writes an empty text for an empty map here and there."""
    value = record.get(key)
    if value.__class__ is dict:
        return value
    if value is None or (not value and value.__class__ in (str, list)):
        return {}
    findings.wrong(within(path, key), f"{quoted(value)} is not a map")
    return {}


def kept(record: Record, keys: Collection[str], path: str, findings: Findings) -> Any:
    """The first of ``keys`` that has content, as it was reported: it goes back to the host unread."""
    for key in keys:
        value = record.get(key)
        if value:
            if is_plain(value):
                return value
            findings.wrong(within(path, key), "it cannot be sent back to the host as JSON", "it nests too deeply?")
    return None


def is_plain(value: Any) -> bool:
    """Whether ``value`` is made of what JSON has, and not nested so deeply that printing it would fail."""
    layer = [value]
    for _ in range(16):  # VDSM's host QoS nests 3 deep
        for item in layer:
            if not (item is None or isinstance(item, str | bool | dict | list | tuple | int | float)):
                return False
            if isinstance(item, int | float) and not abs(item) < 2**63:
                return False
            if isinstance(item, dict) and not all(isinstance(key, str) for key in item):
                return False
        inner = [
            item.values() if isinstance(item, dict) else item for item in layer if isinstance(item, dict | list | tuple)
        ]
        layer = [item for items in inner for item in items]
        if not layer:
            return True
    return False


def is_printable(name: str) -> bool:
    """Whether ``name`` can stand in a message, a request and a drawing as it is."""
    return len(name) <= LONGEST and name.isprintable()


def unprintable(name: str) -> str:
    """Why ``name`` is not printable, as the end of a sentence."""
    return "holds control characters" if len(name) <= LONGEST else f"is too long: {len(name)} characters"


def within(path: str, key: str) -> str:
    """The path of ``key`` in the record at ``path``."""
    return f"{path}.{key}" if path else key
