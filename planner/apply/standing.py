"""Whether a host stands as a request wants it, or as it stood before: differences, each in one line. Pure.

The request, not the attachment, is the measure: the way back is a request, too, and both are what the host was sent.
What VDSM does not report, or reports at its own time (a lease, a gateway hidden on EL9), is not held against the host.
"""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, ip_address, ip_interface
from typing import Any, NamedTuple

from planner.host.model import Bond, Device, Host, Ip, Network

TRUE = (True, 1, "true", "yes", "True")


class Difference(NamedTuple):
    """A field of the network or its bond that is not as the request wants it; both values as text."""

    field: str
    wanted: str
    found: str

    def __str__(self) -> str:
        return f"{self.field} is {self.found}, not {self.wanted}"


def differences(request: Mapping[str, Any], host: Host) -> tuple[Difference, ...]:
    """Where ``host`` is not as ``request`` ({"networks", "bondings", "options"} of one network) wants it."""
    ((name, wanted),) = request["networks"].items()
    network = host.networks.get(name)
    if network is None:
        return (Difference("network", f"{name} as VDSM's own", "not there"),)
    found = [*_attachment(wanted, network, host), *_ip(wanted, network.ip, host)]
    for bond, asked in request.get("bondings", {}).items():
        found += _bond(bond, asked, host.bonds.get(bond))
    return tuple(found)


def stands_as_before(before: Host, now: Host) -> bool:
    """Whether the devices, networks and addresses are those of ``before``; leases and name servers come and go."""
    return before.digest == now.digest or _shape(before) == _shape(now)


def _attachment(wanted: Mapping[str, Any], network: Network, host: Host) -> Iterator[Difference]:
    vlan = host.vlans.get(network.southbound)
    bridged = wanted.get("bridged", True) in TRUE
    yield from _unequal(
        "base device", wanted.get("bonding") or wanted.get("nic"), vlan.base if vlan else network.southbound
    )
    yield from _unequal("VLAN tag", _tag(wanted.get("vlan")), vlan.tag if vlan else max(network.tag, 0))
    yield from _unequal("bridge", bridged, network.bridged)
    if "mtu" in wanted and network.mtu >= 0:
        yield from _unequal("MTU", int(wanted["mtu"]), network.mtu)
    if bridged and "stp" in wanted and network.stp is not None:
        yield from _unequal("STP", wanted["stp"] in TRUE, network.stp)
    if network.switch and "switch" in wanted:
        yield from _unequal("switch", wanted["switch"], network.switch)


def _tag(value: object) -> int:
    return int(str(value)) if value not in (None, "") else 0


def _ip(wanted: Mapping[str, Any], ip: Ip, host: Host) -> Iterator[Difference]:
    dhcp = wanted.get("bootproto") == "dhcp"
    yield from _unequal("DHCPv4", dhcp, ip.dhcpv4)
    if "ipaddr" in wanted:
        yield from _address("IPv4 address", _interface4(wanted), ip)
    if not dhcp and _routes_shown(host):
        yield from _unequal("IPv4 gateway", wanted.get("gateway") or "none", ip.gateway4 or "none")
    if "dhcpv6" in wanted:
        yield from _unequal("DHCPv6", wanted["dhcpv6"] in TRUE, ip.dhcpv6)
        yield from _unequal("IPv6 autoconf", wanted.get("ipv6autoconf") in TRUE, ip.autoconf)
    if wanted.get("ipv6addr"):
        yield from _address("IPv6 address", str(wanted["ipv6addr"]), ip)
    if wanted.get("ipv6gateway") not in (None, "", "::") and _routes_shown(host):
        yield from _unequal("IPv6 gateway", str(ip_address(wanted["ipv6gateway"])), _canonical(ip.gateway6))
    if ip.default_route4 is not None and _routes_shown(host) and (wanted.get("gateway") or ip.gateway4):
        here = wanted.get("defaultRoute") in TRUE
        yield from _unequal(
            "default route", "here" if here else "elsewhere", "here" if ip.default_route4 else "elsewhere"
        )
    if wanted.get("nameservers") and host.nameservers:
        yield from _unequal("name servers", ", ".join(wanted["nameservers"]), ", ".join(host.nameservers))


def _address(field: str, wanted: str, ip: Ip) -> Iterator[Difference]:
    asked = ip_interface(wanted)
    held = {address.text: address.prefix for address in ip.addresses}
    prefix = held.get(str(asked.ip))
    if prefix is None:
        yield Difference(field, str(asked), ", ".join(held) or "none")
    elif prefix not in (-1, asked.network.prefixlen):
        yield Difference(field, str(asked), f"{asked.ip}/{prefix}")


def _interface4(wanted: Mapping[str, Any]) -> str:
    mask = wanted.get("prefix") or IPv4Network(f"0.0.0.0/{wanted.get('netmask') or 32}").prefixlen
    return f"{wanted['ipaddr']}/{mask}"


def _bond(name: str, asked: Mapping[str, Any], bond: Bond | None) -> Iterator[Difference]:
    if bond is None:
        yield Difference(f"bond {name}", "there", "not there")
        return
    yield from _unequal(f"members of {name}", ", ".join(sorted(asked["nics"])), ", ".join(sorted(bond.members)))
    options = dict(part.split("=", 1) for part in str(asked.get("options", "")).split() if "=" in part)
    reported = dict(bond.options)
    for option, value in options.items():
        # VDSM reports what differs from a mode's default: an option that it leaves out has its default.
        now = str(bond.mode) if option == "mode" and bond.mode >= 0 else reported.get(option)
        if now is not None:
            yield from _unequal(f"{option} of {name}", _spelled(option, value), _spelled(option, now))


MODES = ("balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb")


def _spelled(option: str, value: str) -> str:
    return MODES[int(value)] if option == "mode" and value.isdecimal() and int(value) < len(MODES) else value


def _canonical(address: str) -> str:
    return str(ip_address(address)) if address else "none"


def _unequal(field: str, wanted: object, found: object) -> Iterator[Difference]:
    if wanted != found:
        yield Difference(field, _text(wanted), _text(found))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _routes_shown(host: Host) -> bool:
    """Whether the host reports any route at all; VDSM on EL9 before 4.50.7 hides them."""
    return any(ip.gateway4 or ip.gateway6 or ip.default_route4 for ip in (device.ip for device in host_devices(host)))


def host_devices(host: Host) -> list[Device]:
    """Every device of the host, nics first."""
    return [*host.nics.values(), *host.bonds.values(), *host.vlans.values(), *host.bridges.values()]


def _shape(host: Host) -> object:
    """What a change by us would change and what the world does not."""
    devices = {device.name: (device.kind, device.mtu, *_configured(device.ip)) for device in host_devices(host)}
    networks = {
        network.name: (network.device, network.southbound, network.bridged, network.mtu, network.stp, network.switch)
        for network in host.networks.values()
    }
    stacks = (
        {bond.name: (sorted(bond.members), bond.mode, bond.options) for bond in host.bonds.values()},
        {vlan.name: (vlan.base, vlan.tag) for vlan in host.vlans.values()},
        {bridge.name: (sorted(bridge.ports), bridge.stp) for bridge in host.bridges.values()},
    )
    static = any(_fixed(device.ip) for device in host_devices(host))
    return devices, networks, stacks, host.nameservers if static else ()


def _configured(ip: Ip) -> tuple[object, ...]:
    gateway4 = "" if ip.dhcpv4 else ip.gateway4
    gateway6 = "" if ip.dhcpv6 or ip.autoconf else ip.gateway6
    return ip.dhcpv4, ip.dhcpv6, ip.autoconf, gateway4, gateway6, ip.default_route4, _fixed(ip)


def _fixed(ip: Ip) -> list[str]:
    """The addresses that nobody hands out: a lease or a router may give another at any time."""
    return sorted(
        address.text for address in ip.addresses if not (ip.dhcpv4 if address.family == 4 else ip.dhcpv6 or ip.autoconf)
    )
