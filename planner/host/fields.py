"""Collecting what is wrong with a capture, each with its path in the document and, where there are lines, its line."""

import json
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Any, NamedTuple

from planner.host.model import NO_IP, Address, Ip
from planner.problem import Problem, Severity, Where

# Fewer would hide other faults of a document that has a few; a hostile one can have hundreds of thousands.
MOST_PROBLEMS = 100
QUOTED = 60  # characters of a value in a message: enough to recognise it, on one line
AGAIN = "take the capture again"
LONGEST_PATH = 160  # characters: a section, two names and a key, each as long as anybody writes them

Places = dict[str, tuple[int, int]]
Locate = Callable[[Collection[str]], Places]


class Finding(NamedTuple):
    """One thing noted at ``path``: dotted, with brackets for the place in a list."""

    path: str
    message: str
    hint: str
    code: str
    severity: Severity


class Findings:
    """The findings of one capture."""

    def __init__(self) -> None:
        """Begin with none."""
        self.noted: list[Finding] = []
        self.left_out = 0

    def wrong(self, path: str, message: str, hint: str = AGAIN, code: str = "capture-invalid") -> None:
        """Note what makes the document none of getVdsCaps."""
        self._note(Finding(path, message, hint, code, "error"))

    def odd(self, path: str, message: str, hint: str = "", code: str = "capture-odd") -> None:
        """Note what is left out of, or strange in, an otherwise readable document."""
        self._note(Finding(path, message, hint, code, "warning"))

    def _note(self, finding: Finding) -> None:
        # An error outranks the warnings before it: the limit must not hide why there is no host.
        if len(self.noted) < MOST_PROBLEMS or (finding.severity == "error" and not self.failed):
            self.noted.append(finding)
        else:
            self.left_out += 1

    @property
    def failed(self) -> bool:
        """Whether an error is among them."""
        return any(finding.severity == "error" for finding in self.noted)

    def problems(self, source: str, locate: Locate) -> tuple[Problem, ...]:
        """Every finding as a problem, with the line and column that ``locate`` knows for its path."""
        if not self.noted:
            return ()
        places = locate({finding.path for finding in self.noted})
        problems = [
            Problem(code, message, hint, severity, where=(Where(source, legible(path), *places.get(path, (0, 0))),))
            for path, message, hint, code, severity in self.noted
        ]
        if self.left_out:
            severity: Severity = "error" if self.failed else "warning"
            message = f"{self.left_out} more problems of these kinds"
            problems.append(
                Problem(self.noted[-1].code, message, "mend the first ones", severity, where=(Where(source),))
            )
        return tuple(problems)


def quoted(value: Any) -> str:
    """A value as a message shows it: on one line, without control characters, cut short."""
    if isinstance(value, str):
        text = value if len(value) <= QUOTED else value[: QUOTED - 3] + "..."
        return f'"{text}"' if text.isprintable() else json.dumps(text)
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None or isinstance(value, bool | float):
        return json.dumps(value)
    if isinstance(value, int):
        return str(value) if abs(value) < 2**63 else "a very large number"  # Python refuses to print really large ones
    return f"a {type(value).__name__}"


def legible(path: str) -> str:
    """A path as it may be printed: control characters spelt out, cut short."""
    text = path if len(path) <= LONGEST_PATH else path[: LONGEST_PATH - 3] + "..."
    return text if text.isprintable() else json.dumps(text)[1:-1]


# Scalars in every spelling that VDSM had for them; one that cannot be read is a finding, and counts as absent.


Record = dict[str, Any]

WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
NOTHING = frozenset({"", "None", "0.0.0.0", "::", "::0", "00:00:00:00:00:00"})
LARGEST = 2**31 - 1  # the kernel's own limit of an MTU; a larger number is a fault of whoever wrote it
LARGEST_TAG = 4095  # IEEE 802.1Q has 12 bits for it
LONGEST_NAME = 255  # characters: kernel and VDSM stop at 15; longer than this was not made to be a name


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
    """A number that only people look at; -1 for whatever is no number, such as the speed of a nic without a link."""
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
    return len(name) <= LONGEST_NAME and name.isprintable()


def unprintable(name: str) -> str:
    """Why ``name`` is not printable, as the end of a sentence."""
    return "holds control characters" if len(name) <= LONGEST_NAME else f"is too long: {len(name)} characters"


def within(path: str, key: str) -> str:
    """The path of ``key`` in the record at ``path``."""
    return f"{path}.{key}" if path else key


# The IP configuration of one device, as VDSM of any age reports it.


IPV4_BITS = 32
MAPPED_BITS = 96  # ::ffff:0:0/96, the IPv6 addresses that stand for IPv4 ones
LONGEST_ADDRESS = 80  # characters: an IPv6 address with zone and prefix has at most 59
# Addresses of a few hundred hosts: a fleet repeats its gateways, name servers and masks, and little else.
REMEMBERED = 4096


class Parsed(NamedTuple):
    """An address as it is told apart: canonical text, family, prefix length (-1: none), whether link-local."""

    text: str
    family: int
    prefix: int
    link_local: bool


def parse(written: str) -> Parsed | None:
    """``address``, ``address/prefix`` or ``address/netmask``; None if it is no address. A zone is dropped."""
    return _parsed(written) if len(written) <= LONGEST_ADDRESS else None


@lru_cache(maxsize=REMEMBERED)
def _parsed(written: str) -> Parsed | None:
    address, slash, length = written.strip().partition("/")
    prefix = _prefix_length(length, IPV4_BITS if ":" not in address else 128) if slash else -1
    if prefix is None:
        return None
    if ":" not in address:
        number = ipv4_number(address)
        return Parsed(address, 4, prefix, link_local=False) if number is not None else None
    import ipaddress  # 3 ms: a host without IPv6 does not wait for it

    try:
        found = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return None
    if found.ipv4_mapped is not None:
        return Parsed(str(found.ipv4_mapped), 4, max(prefix - MAPPED_BITS, -1), link_local=False)
    return Parsed(str(found), 6, prefix, found.is_link_local)


def ipv4_number(written: str) -> int | None:
    """The address or netmask as 32 bits; None if it is neither."""
    parts = written.split(".")
    if len(parts) != 4 or not written.isascii():
        return None
    number = 0
    for part in parts:
        # No leading zeros: some read them as octal.
        if not part.isdigit() or len(part) > 3 or (part[0] == "0" and part != "0") or int(part) > 255:
            return None
        number = number << 8 | int(part)
    return number


def netmask_length(written: str) -> int | None:
    """The prefix length of a netmask; None if it is no netmask, as 255.0.255.0."""
    number = ipv4_number(written)
    if number is None:
        return None
    hosts = number ^ 0xFFFFFFFF
    return IPV4_BITS - hosts.bit_length() if hosts & (hosts + 1) == 0 else None


def _prefix_length(written: str, bits: int) -> int | None:
    if "." in written and bits == IPV4_BITS:
        return netmask_length(written)
    is_number = written.isascii() and written.isdigit() and len(written) <= len(str(bits))
    return int(written) if is_number and int(written) <= bits else None


def read_ip(record: Record, path: str, findings: Findings) -> Ip:
    """The IP configuration in ``record``; `NO_IP`, shared, for the many devices without one."""
    if _plainly_none(record):
        return NO_IP
    primary = read_address(record, "addr", 4, path, findings)
    addresses = _addresses(record, primary, path, findings)
    # An ifcfg file says what was meant: it speaks only for a device that has got an address.
    cfg = table(record, "cfg", path, findings) if primary else {}
    dhcpv4 = _dhcpv4(record, cfg, path, findings)
    gateway4 = read_address(record, "gateway", 4, path, findings)
    if not gateway4 and not dhcpv4 and "gateway" not in record:
        gateway4 = read_address(cfg, "GATEWAY", 4, f"{path}.cfg", findings)
    ip = Ip(
        addresses=addresses,
        primary4=primary,
        gateway4=gateway4,
        gateway6=read_address(record, "ipv6gateway", 6, path, findings),
        dhcpv4=dhcpv4,
        dhcpv6=bool(flag(record, "dhcpv6", path, findings)),
        autoconf=bool(flag(record, "ipv6autoconf", path, findings)),
        default_route4=flag(record, "ipv4defaultroute", path, findings),
    )
    empty = not (addresses or ip.gateway4 or ip.gateway6 or ip.dhcpv4 or ip.dhcpv6 or ip.autoconf or ip.default_route4)
    return NO_IP if empty else ip


def _plainly_none(record: Record) -> bool:
    """A device without any configuration: the common case, told without parsing anything."""
    get = record.get
    return not (
        get("addr")
        or get("ipv4addrs")
        or get("ipv6addrs")
        or get("dhcpv4")
        or get("dhcpv6")
        or get("ipv6autoconf")
        or get("ipv4defaultroute")
        or get("bootproto4")
        or get("gateway", "") not in ("", None)
        or get("ipv6gateway", "::") not in ("::", "", None)
    )


def _addresses(record: Record, primary: str, path: str, findings: Findings) -> tuple[Address, ...]:
    found: dict[str, Address] = {}
    for key in ("ipv4addrs", "ipv6addrs"):
        for place, written in listed(record, key, path, findings):
            parsed = parse(written)
            where = f"{path}.{key}[{place}]"
            if parsed is None:
                findings.odd(where, f"{quoted(written)} is not an address", "it is left out", "address-malformed")
            elif not parsed.link_local:
                found.setdefault(parsed.text, Address(parsed.text, parsed.family, parsed.prefix, where))
        if key == "ipv4addrs" and primary and primary not in found:
            # Before 4.16 it is the only one; later it may contradict the list, and is kept beside it.
            found[primary] = Address(primary, 4, _prefix(record, path, findings), f"{path}.addr")
    return tuple(found.values())


def _prefix(record: Record, path: str, findings: Findings) -> int:
    netmask = record.get("netmask")
    if netmask is None or netmask == "":
        return -1
    length = netmask_length(netmask.strip()) if netmask.__class__ is str else None
    if length is None:
        hint = "the prefix length counts as unknown"
        findings.odd(f"{path}.netmask", f"{quoted(netmask)} is not a netmask", hint, "netmask-malformed")
    return -1 if length is None else length


def read_address(record: Record, key: str, family: int, path: str, findings: Findings) -> str:
    """One address of ``family`` in canonical text; ``""`` where it is absent, or no address."""
    written = text(record, key, path, findings)
    if not written:
        return ""
    parsed = parse(written)
    if parsed is None or parsed.family != family:
        message = f"{quoted(written)} is not an IPv{family} address"
        findings.odd(within(path, key), message, "it is left out", "address-malformed")
        return ""
    return parsed.text


def _dhcpv4(record: Record, cfg: Record, path: str, findings: Findings) -> bool:
    """From 4.17 a flag, in 4.16 a word on networks, before that the ifcfg file."""
    stated = flag(record, "dhcpv4", path, findings)
    if stated is not None:
        return stated
    word = text(record, "bootproto4", path, findings) or text(cfg, "BOOTPROTO", f"{path}.cfg", findings)
    return word.lower() == "dhcp"
