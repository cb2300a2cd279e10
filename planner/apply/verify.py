"""Whether a host stands as a request wants it, or as it stood before: differences, each in one line. Pure.

The request, not the attachment, is the measure: the way back is a request, too, and both are what the host was sent.
What VDSM does not report is held against nobody, and told as unseen. A lease comes at its own time, but it must come: a
network without an address of the method that was asked for is not as it was wanted.
"""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network, ip_address, ip_interface
from typing import Any, NamedTuple

from planner.host.graph import tells_routes
from planner.host.model import MODES, Bond, Device, Host, Ip, Network

TRUE = (True, 1, "true", "yes", "True")


class Difference(NamedTuple):
    """A field of the network or its bond that is not as the request wants it; both values as text."""

    field: str
    wanted: str
    found: str

    def __str__(self) -> str:
        return f"{self.field} is {self.found}, not {self.wanted}"


class Measured(NamedTuple):
    """A host held against a request: where it differs, and the fields of which its VDSM tells nothing."""

    differences: tuple[Difference, ...]
    unseen: tuple[str, ...]


class _Statement(NamedTuple):
    """A field as it is wanted and as it was found; None: the host does not tell."""

    field: str
    wanted: object
    found: object | None

    @property
    def difference(self) -> Difference:
        return Difference(self.field, _text(self.wanted), _text(self.found))


def measure(request: Mapping[str, Any], host: Host, *, family: int = 0, routes: bool | None = None) -> Measured:
    """``host`` held against ``request`` ({"networks", "bondings", "options"}), statement by statement.

    ``family``: of the management address (0: unknown), which must be there; the management network is the first of a
    call, those that are drawn into it follow. ``routes``: whether this host is known to
    report its routes; None: if it reports any now. A gateway that is missing is a difference only on such a host.
    """
    told = tells_routes(host) if routes is None else routes
    found: list[_Statement] = []
    for place, (name, wanted) in enumerate(request["networks"].items()):
        network = host.networks.get(name)
        if network is None:
            found.append(_Statement("network", f"{name} as VDSM's own", "not there"))
        else:
            found += [*_attachment(wanted, network, host), *_ip(wanted, network.ip, host, routes=told)]
            found += [] if place else _awaited(wanted, network.ip, family)
    for bond, asked in request.get("bondings", {}).items():
        found += _bond(bond, asked, host.bonds.get(bond))
    unequal = (one.difference for one in found if one.found is not None and one.found != one.wanted)
    return Measured(tuple(unequal), tuple(one.field for one in found if one.found is None))


def differences(
    request: Mapping[str, Any], host: Host, *, family: int = 0, routes: bool | None = None
) -> tuple[Difference, ...]:
    """Where ``host`` is not as ``request`` wants it; see `measure`."""
    return measure(request, host, family=family, routes=routes).differences


def kept_macs(foreseen: Iterable[Mapping[str, Any]], host: Host) -> Measured:
    """``host`` held against the MAC addresses that VDSM pins, as a plan's ``foreseen`` effects tell them.

    No VDSM tells that of a bridge: it need not be said each time.
    """
    macs = {device.name: device.hwaddr for device in host_devices(host)}
    found = [
        _Statement(f"MAC address of {effect['device']}", effect["to"], macs.get(effect["device"]) or None)
        for effect in foreseen
        if effect["effect"] == "mac-kept" and (macs.get(effect["device"]) or effect["device"] not in host.bridges)
    ]
    unequal = (one.difference for one in found if one.found is not None and one.found != one.wanted)
    return Measured(tuple(unequal), tuple(one.field for one in found if one.found is None))


def stands_as_before(before: Host, now: Host) -> bool:
    """Whether the devices, networks and addresses are those of ``before``; leases and name servers come and go."""
    return before.digest == now.digest or _shape(before) == _shape(now)


def cut_short(adopted: Mapping[str, Any], host: Host) -> bool:
    """Whether the host lost its power inside the change from ``adopted``, before VDSM had recorded it.

    NetworkManager brings the new bridge up by itself, with the address; VDSM still tells of the network without a
    bridge, on a device that holds no address any more, and does not know the bridge of its name.
    """
    return all(
        name in host.networks
        and not host.networks[name].bridged
        and not host.networks[name].ip.addresses
        and name in host.bridges
        and host.networks[name].southbound in host.bridges[name].ports
        for name in adopted["networks"]
    )


def host_devices(host: Host) -> list[Device]:
    """Every device of the host, nics first."""
    return [*host.nics.values(), *host.bonds.values(), *host.vlans.values(), *host.bridges.values()]


def _attachment(wanted: Mapping[str, Any], network: Network, host: Host) -> Iterator[_Statement]:
    vlan = host.vlans.get(network.southbound)
    bridged = wanted.get("bridged", True) in TRUE
    base = vlan.base if vlan else network.southbound
    yield _Statement("base device", wanted.get("bonding") or wanted.get("nic"), base)
    yield _Statement("VLAN tag", _tag(wanted.get("vlan")), vlan.tag if vlan else max(network.tag, 0))
    yield _Statement("bridge", bridged, network.bridged)
    if "mtu" in wanted:
        yield _Statement("MTU", int(wanted["mtu"]), network.mtu if network.mtu >= 0 else None)
    if bridged and "stp" in wanted:
        yield _Statement("STP", wanted["stp"] in TRUE, network.stp)
    if "switch" in wanted:
        yield _Statement("switch", wanted["switch"], network.switch or None)


def _tag(value: object) -> int:
    return int(str(value)) if value not in (None, "") else 0


def _ip(wanted: Mapping[str, Any], ip: Ip, host: Host, *, routes: bool) -> Iterator[_Statement]:
    dhcp = wanted.get("bootproto") == "dhcp"
    yield _Statement("DHCPv4", dhcp, ip.dhcpv4)
    if "ipaddr" in wanted:
        yield _address("IPv4 address", _interface4(wanted), ip)
    if not dhcp:
        yield _Statement("IPv4 gateway", wanted.get("gateway") or "none", (ip.gateway4 or "none") if routes else None)
    if "dhcpv6" in wanted:
        yield _Statement("DHCPv6", wanted["dhcpv6"] in TRUE, ip.dhcpv6)
        yield _Statement("IPv6 autoconf", wanted.get("ipv6autoconf") in TRUE, ip.autoconf)
    if wanted.get("ipv6addr"):
        yield _address("IPv6 address", str(wanted["ipv6addr"]), ip)
    if wanted.get("ipv6gateway") not in (None, "", "::"):
        gateway6 = _canonical(ip.gateway6) if routes else None
        yield _Statement("IPv6 gateway", str(ip_address(wanted["ipv6gateway"])), gateway6)
    if wanted.get("gateway") or ip.gateway4:
        here = None if ip.default_route4 is None or not routes else _whence(ip.default_route4)
        yield _Statement("default route", _whence(wanted.get("defaultRoute") in TRUE), here)
    if wanted.get("nameservers"):
        yield _nameservers(wanted["nameservers"], host)


def _awaited(wanted: Mapping[str, Any], ip: Ip, family: int) -> Iterator[_Statement]:
    """The address that DHCP or a router gives: where the host is managed there must be one."""
    held = {address.family for address in ip.addresses}
    dhcp = wanted.get("bootproto") == "dhcp"
    automatic6 = wanted.get("dhcpv6") in TRUE or wanted.get("ipv6autoconf") in TRUE
    if family == 4 and dhcp:
        yield _Statement("IPv4 address", "a lease", "a lease" if 4 in held else "none")
    elif family == 6 and automatic6:
        yield _Statement("IPv6 address", "an automatic one", "an automatic one" if 6 in held else "none")
    elif not family and (dhcp or automatic6):
        yield _Statement("address", "an automatic one", "an automatic one" if held else "none")


def _whence(here: bool) -> str:  # noqa: FBT001 the one thing it is about
    return "here" if here else "elsewhere"


def _nameservers(wanted: list[str], host: Host) -> _Statement:
    """Further ones, of another device's lease, take nothing away. Only the engine's REST API may tell of none."""
    asked, found = ", ".join(wanted), ", ".join(host.nameservers)
    if not found:
        return _Statement("name servers", asked, None if host.dirty is None else "none")
    return _Statement("name servers", asked, asked if set(wanted) <= set(host.nameservers) else found)


def _address(field: str, wanted: str, ip: Ip) -> _Statement:
    asked = ip_interface(wanted)
    held = {address.text: address.prefix for address in ip.addresses}
    prefix = held.get(str(asked.ip))
    if prefix is None:
        return _Statement(field, str(asked), ", ".join(held) or "none")
    return _Statement(
        field, str(asked), str(asked) if prefix in (-1, asked.network.prefixlen) else f"{asked.ip}/{prefix}"
    )


def _interface4(wanted: Mapping[str, Any]) -> str:
    mask = wanted.get("prefix") or IPv4Network(f"0.0.0.0/{wanted.get('netmask') or 32}").prefixlen
    return f"{wanted['ipaddr']}/{mask}"


def _bond(name: str, asked: Mapping[str, Any], bond: Bond | None) -> Iterator[_Statement]:
    if bond is None:
        yield _Statement(f"bond {name}", "there", "not there")
        return
    yield _Statement(f"members of {name}", ", ".join(sorted(asked["nics"])), ", ".join(sorted(bond.members)))
    options = dict(part.split("=", 1) for part in str(asked.get("options", "")).split() if "=" in part)
    reported = dict(bond.options) | ({"mode": str(bond.mode)} if bond.mode >= 0 else {})
    for option, value in options.items():
        # VDSM reports what differs from a mode's default, and what is asked for is what it reported: one that is
        # missing now has its default, unless the bond's options are not reported at all.
        now = reported.get(option, "its default" if reported else None)
        found = _spelled(option, now) if now is not None else None
        yield _Statement(f"{option} of {name}", _spelled(option, value), found)


def _spelled(option: str, value: str) -> str:
    return MODES[int(value)] if option == "mode" and value.isdecimal() and int(value) < len(MODES) else value


def _canonical(address: str) -> str:
    return str(ip_address(address)) if address else "none"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


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
