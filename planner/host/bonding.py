"""A bond's mode and options, from VDSM's `opts` or from the BONDING_OPTS of an ifcfg file."""

from typing import Any

from planner.host.findings import Findings, quoted
from planner.host.scalars import LONGEST, Record, is_printable, table, text

MODES = ("balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb")

Options = tuple[tuple[str, str], ...]


def read_options(record: Record, path: str, findings: Findings) -> tuple[int, Options]:
    """The mode's number (-1: not told), and every option with the mode first."""
    told = record.get("opts") is not None
    if told:
        options = _from_opts(table(record, "opts", path, findings), f"{path}.opts", findings)
    else:
        cfg = table(record, "cfg", path, findings)
        options = dict(_words(text(cfg, "BONDING_OPTS", f"{path}.cfg", findings)))
    # VDSM 4.16 leaves out a mode of 0, and so does who writes an ifcfg file: it is the module's default.
    mode = _mode(options.pop("mode", "0" if told or options else ""), path, findings)
    named = [("mode", str(mode))] if mode >= 0 else []
    return mode, (*named, *sorted(options.items()))


def _from_opts(opts: Record, path: str, findings: Findings) -> dict[str, str]:
    options = {}
    for key, stated in opts.items():
        # VDSM of 4.10 to 4.14 gives name and number of an option as a list.
        value = stated[-1] if isinstance(stated, list | tuple) and stated else stated
        if value.__class__ is str and key.__class__ is str and is_printable(key) and is_printable(value):
            options[key] = value
        elif _is_number(value) and key.__class__ is str and is_printable(key):
            options[key] = str(int(value))
        else:
            findings.wrong(path, f"{quoted(key)} with {quoted(value)} is not an option and its value")
    return options


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and abs(value) < 2**63


def _words(written: str) -> list[tuple[str, str]]:
    pairs = [word.partition("=") for word in written.strip("'\"").split()]
    return [(key, value) for key, equals, value in pairs if key and equals]


def _mode(written: str, path: str, findings: Findings) -> int:
    """The number of a mode given as number, as name, or, as sysfs has it, as both."""
    if not written:
        return -1
    known = written.strip()[:LONGEST].split()[0] if written.strip() else ""
    if known in MODES:
        return MODES.index(known)
    if known in "0123456" and len(known) == 1:
        return int(known)
    findings.odd(f"{path}.opts.mode", f"{quoted(written)} is not a bonding mode", "the mode counts as unknown")
    return -1
