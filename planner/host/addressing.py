"""The IP configuration of one device, as VDSM of any age reports it."""

from functools import lru_cache
from typing import NamedTuple

from planner.host.findings import Findings, quoted
from planner.host.model import NO_IP, Address, Ip
from planner.host.scalars import Record, flag, listed, table, text, within

IPV4_BITS = 32
MAPPED_BITS = 96  # ::ffff:0:0/96, the IPv6 addresses that stand for IPv4 ones
LONGEST = 80  # characters: an IPv6 address with zone and prefix has at most 59
# Addresses of a few hundred hosts: a fleet repeats its gateways, name servers and masks, and little else.
REMEMBERED = 4096


class Parsed(NamedTuple):
    """An address as it is told apart: canonical text, family, prefix length (-1: none), whether link-local."""

    text: str
    family: int
    prefix: int
    link_local: bool


def parse(written: str) -> Parsed | None:
    """``address``, ``address/prefix`` or ``address/netmask``; None if it is none. A zone is dropped."""
    return _parsed(written) if len(written) <= LONGEST else None


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
    """The address or netmask as 32 bits; None if it is none."""
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
    """The prefix length of a netmask; None if it is none, as 255.0.255.0."""
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
    """One address of ``family`` in canonical text; ``""`` for none, and for what is none."""
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
