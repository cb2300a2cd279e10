"""A bond's mode and options, from VDSM's `opts` or from the BONDING_OPTS of an ifcfg file."""

from typing import Any

from planner.host.findings import Findings, quoted
from planner.host.scalars import table, text

MODES = ("balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb")


def read_options(record: dict[str, Any], path: str, findings: Findings) -> tuple[int, tuple[tuple[str, str], ...]]:
    """The mode's number (-1: not told), and every option with the mode first."""
    told = record.get("opts") is not None
    options = _from_opts(table(record, "opts", path, findings), f"{path}.opts", findings)
    if not told:
        cfg = table(record, "cfg", path, findings)
        options = dict(_words(text(cfg, "BONDING_OPTS", f"{path}.cfg", findings)))
    mode = _mode(options.pop("mode", "0" if told or options else ""), path, findings)
    named = [("mode", str(mode))] if mode >= 0 else []
    return mode, (*named, *sorted(options.items()))


def _from_opts(opts: dict[str, Any], path: str, findings: Findings) -> dict[str, str]:
    options = {}
    for key, stated in opts.items():
        # VDSM of 4.10 to 4.14 gives name and number of an option as a list.
        value = stated[-1] if isinstance(stated, list) and stated else stated
        if isinstance(value, str | int) and isinstance(key, str):
            options[key] = str(value)
        else:
            findings.wrong(f"{path}.{key}", f"{quoted(value)} is not the value of an option")
    return options


def _words(written: str) -> list[tuple[str, str]]:
    pairs = [word.partition("=") for word in written.strip("'\"").split()]
    return [(key, value) for key, equals, value in pairs if key and equals]


def _mode(written: str, path: str, findings: Findings) -> int:
    if not written:
        return -1
    if written in MODES:
        return MODES.index(written)
    if written.isascii() and written.isdigit() and len(written) == 1 and int(written) < len(MODES):
        return int(written)
    findings.odd(f"{path}.opts.mode", f"{quoted(written)} is not a bonding mode", "the mode counts as unknown")
    return -1
