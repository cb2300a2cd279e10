"""Scalars in every spelling that VDSM had for them."""

from typing import Any

from planner.host.findings import Findings, quoted

WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
NOTHING = frozenset({None, "", "None", "0.0.0.0", "::", "::0", "00:00:00:00:00:00"})
LARGEST = 2**31  # of a number: MTU, tag, speed; a larger one is a fault of whoever wrote it


def text(record: dict[str, Any], key: str, path: str, findings: Findings) -> str:
    """A text, ``""`` in each spelling of absence."""
    value = record.get(key)
    if value.__class__ is str:
        return "" if value in NOTHING else value.strip()
    if value is None:
        return ""
    findings.wrong(f"{path}.{key}", f"{quoted(value)} is not text")
    return ""


def number(record: dict[str, Any], key: str, what: str, path: str, findings: Findings, largest: int = LARGEST) -> int:
    """A whole number, given as one or as text; -1 when absent."""
    value = record.get(key)
    if value is None or value == "":
        return -1
    if value.__class__ is str and value.isascii() and value.strip().isdigit() and len(value) <= len(str(LARGEST)):
        value = int(value)
    if value.__class__ is int and 0 <= value <= largest:
        return int(value)
    findings.wrong(f"{path}.{key}", f"{quoted(value)} is not {what}", f"it must be a whole number from 0 to {largest}")
    return -1


def flag(record: dict[str, Any], key: str, path: str, findings: Findings) -> bool | None:
    """A yes or no, given as a boolean, a number or a word; None when absent."""
    value = record.get(key)
    if value is None or value.__class__ is bool:
        return value
    word = str(value).lower() if value.__class__ in (str, int) else None
    if word == "":
        return None
    if word in WORDS:
        return WORDS[word]
    findings.wrong(f"{path}.{key}", f"{quoted(value)} is neither true nor false")
    return None


def names(record: dict[str, Any], key: str, path: str, findings: Findings) -> tuple[str, ...]:
    """A list of names; a single text is a list of one, as some hooks write it."""
    value = record.get(key)
    if value is None or value == "":
        return ()
    if value.__class__ is str:
        return (value,)
    if not isinstance(value, list | tuple):
        findings.wrong(f"{path}.{key}", f"{quoted(value)} is not a list of names")
        return ()
    for index, name in enumerate(value):
        if name.__class__ is not str or not name:
            findings.wrong(f"{path}.{key}[{index}]", f"{quoted(name)} is not a name")
    return tuple(dict.fromkeys(name for name in value if name.__class__ is str and name))


def hwaddr(record: dict[str, Any], key: str, path: str, findings: Findings) -> str:
    """A MAC address in lower case; ``""`` for none and for all zeroes."""
    return text(record, key, path, findings).lower()


def table(record: dict[str, Any], key: str, path: str, findings: Findings) -> dict[str, Any]:
    """A map, ``{}`` when absent; VDSM writes an empty text for an empty map here and there."""
    value = record.get(key)
    if value is None or value == "":
        return {}
    if isinstance(value, dict):
        return value
    findings.wrong(f"{path}.{key}".lstrip("."), f"{quoted(value)} is not a map of names")
    return {}
