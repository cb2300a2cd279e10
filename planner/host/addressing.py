"""The IP configuration of one device, as VDSM of any age reports it."""

from functools import lru_cache
from typing import Any, NamedTuple

from planner.host.findings import Findings, quoted
from planner.host.model import NO_IP, Address, Ip
from planner.host.scalars import NOTHING, flag, names, table, text


class Parsed(NamedTuple):
    """An address as it is told apart: canonical text, family, prefix length (-1: none), whether link-local."""

    text: str
    family: int
    prefix: int
    link_local: bool


@lru_cache(maxsize=65536)
def parse(written: str) -> Parsed | None:
    """``address``, ``address/prefix`` or ``address/netmask``; None if it is none. A zone is dropped."""
    import ipaddress

    address, slash, length = written.strip().partition("/")
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
        prefix = ipaddress.ip_interface(f"{address.partition('%')[0]}/{length}").network.prefixlen if slash else -1
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return Parsed(str(found.ipv4_mapped), 4, prefix - 96 if prefix >= 96 else -1, link_local=False)
    return Parsed(str(found), found.version, prefix, found.version == 6 and found.is_link_local)


def read_ip(record: dict[str, Any], path: str, findings: Findings) -> Ip:
    """The IP configuration in ``record``; `NO_IP`, shared, for the many devices without one."""
    if _plainly_none(record):
        return NO_IP
    cfg = table(record, "cfg", path, findings)
    primary = _address_text(record, "addr", path, findings)
    addresses = _addresses(record, primary, path, findings)
    dhcpv4 = _dhcpv4(record, cfg, path, findings)
    gateway4 = _address_text(record, "gateway", path, findings)
    if not gateway4 and not dhcpv4 and "gateway" not in record:
        gateway4 = _address_text(cfg, "GATEWAY", f"{path}.cfg", findings)
    ip = Ip(
        addresses=addresses,
        primary4=primary,
        gateway4=gateway4,
        gateway6=_address_text(record, "ipv6gateway", path, findings),
        dhcpv4=dhcpv4,
        dhcpv6=bool(flag(record, "dhcpv6", path, findings)),
        autoconf=bool(flag(record, "ipv6autoconf", path, findings)),
        default_route4=flag(record, "ipv4defaultroute", path, findings),
    )
    empty = not (addresses or ip.gateway4 or ip.gateway6 or ip.dhcpv4 or ip.dhcpv6 or ip.autoconf or ip.default_route4)
    return NO_IP if empty else ip


def _plainly_none(record: dict[str, Any]) -> bool:
    """A device of a current VDSM without any configuration: the common case, told without parsing anything."""
    return (
        record.get("addr") == ""
        and record.get("ipv4addrs") == []
        and record.get("ipv6addrs") == []
        and record.get("gateway") == ""
        and record.get("ipv6gateway") == "::"
        and record.get("dhcpv4") is False
        and record.get("dhcpv6") is False
        and record.get("ipv6autoconf") is False
        and record.get("ipv4defaultroute") is False
    )


def _addresses(record: dict[str, Any], primary: str, path: str, findings: Findings) -> tuple[Address, ...]:
    found: dict[str, Address] = {}
    for key, family in (("ipv4addrs", 4), ("ipv6addrs", 6)):
        for index, written in enumerate(names(record, key, path, findings)):
            parsed = parse(written)
            place = f"{path}.{key}[{index}]"
            if parsed is None:
                findings.odd(place, f"{quoted(written)} is not an address", "it is left out")
            elif not parsed.link_local:
                found.setdefault(parsed.text, Address(parsed.text, parsed.family, parsed.prefix, place))
        if family == 4 and primary and primary not in found:
            found[primary] = Address(primary, 4, _prefix(record, path, findings), f"{path}.addr")
    return tuple(found.values())


def _prefix(record: dict[str, Any], path: str, findings: Findings) -> int:
    netmask = text(record, "netmask", path, findings)
    if not netmask:
        return -1
    parsed = parse(f"0.0.0.0/{netmask}")
    if parsed is None:
        findings.odd(f"{path}.netmask", f"{quoted(netmask)} is not a netmask", "the prefix length counts as unknown")
    return parsed.prefix if parsed is not None else -1


def _address_text(record: dict[str, Any], key: str, path: str, findings: Findings) -> str:
    value = record.get(key)
    if value.__class__ is str and value in NOTHING:
        return ""
    written = text(record, key, path, findings)
    parsed = parse(written) if written else None
    if written and parsed is None:
        findings.odd(f"{path}.{key}", f"{quoted(written)} is not an address", "it is left out")
    return parsed.text if parsed is not None else ""


def _dhcpv4(record: dict[str, Any], cfg: dict[str, Any], path: str, findings: Findings) -> bool:
    """From 4.17 a flag, in 4.16 a word on networks, before that the ifcfg file."""
    stated = flag(record, "dhcpv4", path, findings)
    if stated is not None:
        return stated
    word = text(record, "bootproto4", path, findings) or text(cfg, "BOOTPROTO", f"{path}.cfg", findings)
    return word.lower() == "dhcp"
