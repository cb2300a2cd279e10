"""Host and definition as flat facts, each with the path it was read from.

The relations that every rule would have to join (what stands on what, how many, what VDSM would call it)
are computed here once, so that rules stay short. Kinds and fields: `planner.facts.vocabulary`.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from planner.definition import Definition
from planner.facts.vocabulary import Fact, Scalar
from planner.host import graph
from planner.host.graph import heir_of
from planner.host.model import NO_IP, Address, Device, Host, Ip, Network, origin

# A host seen from one question: which addresses are wanted, and what stands on what.


class View:
    """Host, definition and wanted addresses, with each relation worked out when it is first asked for."""

    def __init__(self, host: Host, definition: Definition, wanted: tuple[str, ...]) -> None:
        """See ``host``, to be made as ``definition`` says, for the addresses ``wanted``."""
        self.host = host
        self.definition = definition
        self.wanted = wanted
        self._ips: dict[str, Ip] = {}
        self._carried: dict[tuple[str, int], Address | None] = {}

    @cached_property
    def bond_of(self) -> dict[str, str]:
        """Member to bond."""
        return graph.bond_of(self.host)

    @cached_property
    def bridge_of(self) -> dict[str, str]:
        """Port to bridge."""
        return graph.bridge_of(self.host)

    @cached_property
    def vlans_over(self) -> dict[str, tuple[str, ...]]:
        """Base to the vlans on it."""
        return graph.vlans_over(self.host)

    @cached_property
    def owned_bridges(self) -> frozenset[str]:
        """The bridges that belong to a network of VDSM's."""
        return frozenset(graph.owned_bridges(self.host))

    @cached_property
    def network_on(self) -> dict[str, Network]:
        """Device to the VDSM network whose address it holds; the management network first."""
        return graph.network_on(self.host, self.definition.network)

    @property
    def own_network(self) -> Network | None:
        """The management network, if VDSM has made it."""
        return self.host.networks.get(self.definition.network)

    @cached_property
    def devices(self) -> dict[str, Device]:
        """Every device by name; of two with one name the lower one, as the kernel could only mean that."""
        host = self.host
        return {**host.bridges, **host.vlans, **host.bonds, **host.nics}

    def ip_of(self, device: str) -> Ip:
        """How ``device`` got its addresses, and all it has: as its network reports it, else as the device does."""
        if device not in self._ips:
            network = self.network_on.get(device)
            own = self.devices[device].ip if device in self.devices else NO_IP
            self._ips[device] = graph.merged_ip(own, network.ip) if network is not None else own
        return self._ips[device]

    def addresses_of(self, device: str) -> tuple[Address, ...]:
        """All addresses of ``device``."""
        return self.ip_of(device).addresses

    def carried(self, device: str, family: int) -> Address | None:
        """The address of ``family`` that a static configuration of ``device`` carries over.

        The wanted one first, then VDSM's primary one, then any; a floating one last.
        """
        key = device, family
        if key not in self._carried:
            ip = self.ip_of(device)
            addresses = [address for address in ip.addresses if address.family == family]
            asked = [address for text in self.wanted for address in addresses if address.text == text]
            primary = [address for address in addresses if address.text == ip.primary4]
            singles = singles_of(ip)
            own = [address for address in (*primary, *addresses) if singles.get(address.text) != "floating"]
            self._carried[key] = next(iter((*asked, *own, *addresses)), None)
        return self._carried[key]

    @cached_property
    def addressed(self) -> tuple[str, ...]:
        """The names of the devices that have addresses or a gateway, in the order of the capture."""
        devices = (name for name, device in self.devices.items() if device.ip is not NO_IP)
        networks = (network.device for network in self.host.networks.values() if network.ip is not NO_IP)
        return tuple(name for name in dict.fromkeys((*devices, *networks)) if self.ip_of(name) != NO_IP)


# Facts about addresses: which a device has, how it got them, and which one would be carried over.


SINGLE = {4: 32, 6: 128}  # the prefix length of an address that has no subnet


def address_facts(view: View) -> Iterator[Fact]:
    """One ``address`` fact for each address of each device."""
    for device in view.addressed:
        ip = view.ip_of(device)
        singles = singles_of(ip)
        carried = {chosen.text for family in (4, 6) if (chosen := view.carried(device, family)) is not None}
        for address in ip.addresses:
            fields: dict[str, Scalar] = {
                "device": device,
                "address": address.text,
                "family": address.family,
                "prefix": address.prefix,
                "carried": int(address.text in carried),
                "origin": "" if address.family == 4 else origin(address, ip),
                "single": singles.get(address.text, ""),
            }
            yield Fact("address", fields, address.path)


def ip_facts(view: View) -> Iterator[Fact]:
    """One ``ip`` fact a family for each device that has, or is asked for, an IP configuration."""
    asked = (view.host.last_client_iface,) if view.host.last_client_iface in view.devices else ()
    for device in dict.fromkeys((*view.addressed, *asked)):
        path = view.devices[device].path if device in view.devices else view.network_on[device].path
        yield Fact("ip", _ip4(view, device), path)
        yield Fact("ip", _ip6(view, device), path)


def _ip4(view: View, device: str) -> dict[str, Scalar]:
    ip, address = view.ip_of(device), view.carried(device, 4)
    method = "dhcp" if ip.dhcpv4 else "static" if address is not None else "none"
    return {
        "device": device,
        "family": 4,
        "method": method,
        "planned": view.definition.ipv4 or method,
        "address": address.text if address is not None else "",
        "prefix": address.prefix if address is not None else -1,
        "gateway": ip.gateway4,
        "addresses": sum(one.family == 4 for one in ip.addresses),
        "default_route": int(has_default_route4(ip)),
        "address_by_hand": 0,
        "by_hand": 0,
    }


def _ip6(view: View, device: str) -> dict[str, Scalar]:
    ip, address = view.ip_of(device), view.carried(device, 6)
    method, by_hand = ipv6_method(ip, address), _by_hand(ip)
    return {
        "device": device,
        "family": 6,
        "method": method,
        "planned": method,
        "address": address.text if address is not None else "",
        "prefix": address.prefix if address is not None else -1,
        "gateway": ip.gateway6,
        "addresses": sum(one.family == 6 for one in ip.addresses),
        "default_route": int(bool(ip.gateway6)),
        "address_by_hand": int(address in by_hand),
        "by_hand": int(bool(by_hand)),
    }


def route_facts(view: View) -> Iterator[Fact]:
    """One ``route`` fact for each gateway that a device reports."""
    for device in view.addressed:
        ip = view.ip_of(device)
        path = view.devices[device].path if device in view.devices else view.network_on[device].path
        if ip.gateway4 or ip.default_route4:
            default = int(has_default_route4(ip))
            fields: dict[str, Scalar] = {"device": device, "family": 4, "gateway": ip.gateway4, "default": default}
            yield Fact("route", fields, f"{path}.gateway")
        if ip.gateway6:
            yield Fact(
                "route",
                {"device": device, "family": 6, "gateway": ip.gateway6, "default": 1},
                f"{path}.ipv6gateway",
            )


def has_default_route4(ip: Ip) -> bool:
    """Whether the IPv4 default route leads over the device; before 4.19 VDSM tells it only by a gateway."""
    return bool(ip.gateway4) if ip.default_route4 is None else ip.default_route4


def ipv6_method(ip: Ip, address: Address | None) -> str:
    """How IPv6 is configured; router advertisements win over an address, as the engine reads it."""
    if ip.autoconf:
        return "auto+dhcp" if ip.dhcpv6 else "auto"
    if ip.dhcpv6:
        return "dhcp"
    return "static" if address is not None else "none"


def singles_of(ip: Ip) -> dict[str, str]:
    """The addresses without a subnet that were set by hand: ``floating``, a service's, in that of another, or alone."""
    singles = [address for address in ip.addresses if address.prefix == SINGLE[address.family]]
    singles = [address for address in singles if address.family == 4 or origin(address, ip) == "hand"]
    others = [address for address in ip.addresses if 0 <= address.prefix < SINGLE[address.family]]
    if not singles:
        return {}
    import ipaddress

    def subnet(address: str, prefix: int) -> object:
        return ipaddress.ip_network((address, prefix), strict=False)

    subnets = {subnet(address.text, address.prefix) for address in others}
    lengths = {(address.family, address.prefix) for address in others}

    def floats(single: Address) -> bool:
        return any(subnet(single.text, prefix) in subnets for family, prefix in lengths if family == single.family)

    found = {single.text: "floating" if floats(single) else "alone" for single in singles}
    # An IPv4 address that stands alone may be the lease.
    leased = {single.text for single in singles if single.family == 4 and ip.dhcpv4}
    return {text: standing for text, standing in found.items() if standing == "floating" or text not in leased}


def _by_hand(ip: Ip) -> list[Address]:
    """The IPv6 addresses that were set by hand beside others that come by themselves."""
    automatic = ip.autoconf or ip.dhcpv6
    return [address for address in ip.addresses if automatic and address.family == 6 and origin(address, ip) == "hand"]


# Facts about where the management address may be: by the address itself, lastClientIface, the default route.


def client_facts(view: View) -> Iterator[Fact]:
    """The ``client`` fact, if the host told over which device it was asked."""
    device = view.host.last_client_iface
    if device:
        listed = device in view.devices or device in view.network_on
        yield Fact("client", {"device": device, "listed": int(listed)}, "lastClientIface")


def candidate_facts(view: View) -> Iterator[Fact]:
    """One ``candidate`` fact for each device and each way by which it was found."""
    for device, address in _by_address(view):
        yield _candidate(view, device, "address", address)
    client = view.host.last_client_iface
    if client in view.devices or client in view.network_on:
        yield _candidate(view, client, "lastClientIface", _management_address(view, client))
    for device in _by_default_route(view):
        yield _candidate(view, device, "default-route", _management_address(view, device))


def contenders(view: View) -> Iterator[tuple[str, str]]:
    """Each device that may be meant, with its address: those that hold what was given, else the default routes'."""
    if view.wanted:
        yield from ((device, address.text) for device, address in _by_address(view))
        return
    for device in _by_default_route(view):
        address = _management_address(view, device)
        yield device, address.text if address is not None else ""


def _apart(view: View, device: str) -> int:
    """How many other devices hold a given address, those left out that ``device`` belongs to or consists of."""
    upper = (view.bond_of.get(device), view.bridge_of.get(device))
    others = [other for other, _ in _by_address(view) if other not in (device, *upper)]
    return sum(device not in (view.bond_of.get(other), view.bridge_of.get(other)) for other in others)


def _by_address(view: View) -> Iterator[tuple[str, Address]]:
    for device in view.addressed:
        held = {address.text: address for address in view.addresses_of(device)}
        matching = [held[text] for text in view.wanted if text in held]
        if matching:
            yield device, min(matching, key=lambda address: address.family)


def _by_default_route(view: View) -> list[str]:
    """The devices with a default route, of IPv4 if there is one at all."""
    over4 = [device for device in view.addressed if has_default_route4(view.ip_of(device))]
    return over4 or [device for device in view.addressed if view.ip_of(device).gateway6]


def _management_address(view: View, device: str) -> Address | None:
    return view.carried(device, 4) or view.carried(device, 6)


def _candidate(view: View, device: str, found_by: str, address: Address | None) -> Fact:
    family = address.family if address is not None else -1
    own = view.own_network
    known = view.devices.get(device)
    fields: dict[str, Scalar] = {
        "device": device,
        "kind": known.kind if known is not None else "bridge",
        "found_by": found_by,
        "address": address.text if address is not None else "",
        "family": family,
        "rivals": max(0, sum(other.family == family for other in view.addresses_of(device)) - 1),
        "apart": _apart(view, device) if found_by == "address" else 0,
        "owned": int(own is not None and own.device == device),
    }
    path = "lastClientIface" if found_by == "lastClientIface" else address.path if address is not None else ""
    return Fact("candidate", fields, path or (known.path if known is not None else ""))


# Facts about the question and the host as a whole: definition, wanted addresses, VDSM, name servers.


UNKNOWN_VERSION = 9999
LISTED_ADDRESSES = 24  # fewer would hide the likely typo; many more would bury the message on a large host


def definition_facts(view: View) -> Iterator[Fact]:
    """The ``definition`` fact."""
    definition = view.definition
    fields: dict[str, Scalar] = {
        "network": definition.network,
        "vm_network": int(definition.vm_network),
        "vlan": -1 if definition.vlan is None else definition.vlan,
        "mtu": definition.mtu,
        "stp": int(definition.stp),
        "default_route": int(definition.default_route),
        "default_route_stated": int(definition.default_route_stated),
        "nameservers": ",".join(definition.nameservers or ()),
        "nameservers_stated": int(bool(definition.nameservers)),
        "ipv4": definition.ipv4,
    }
    yield Fact("definition", fields, "definition")


def defined_facts(view: View) -> Iterator[Fact]:
    """The two ``defined`` facts, one a family."""
    for family, gateway in ((4, view.definition.gateway4), (6, view.definition.gateway6)):
        yield Fact("defined", {"family": family, "gateway": gateway}, "definition")


def wanted_facts(view: View) -> Iterator[Fact]:
    """One ``wanted`` fact for each management address that was given."""
    for address in view.wanted:
        fields: dict[str, Scalar] = {
            "address": address,
            "family": 6 if ":" in address else 4,
            "loopback": int(address.startswith("127.") or address == "::1"),
        }
        yield Fact("wanted", fields, "address")


def vdsm_facts(view: View) -> Iterator[Fact]:
    """The ``vdsm`` fact; an unknown version counts as the newest."""
    version = view.host.version
    fields: dict[str, Scalar] = {
        "version": version[0] * 100 + version[1] if len(version) > 1 else UNKNOWN_VERSION,
        "patch": version[2] if len(version) > 2 else -1,
        "nmstate": _joined(view.host.nmstate),
        "known": int(len(version) > 1),
        "dirty": -1 if view.host.dirty is None else int(view.host.dirty),
    }
    yield Fact("vdsm", fields, "software_version" if version else "")


def _joined(version: tuple[int, ...]) -> int:
    major, minor, patch = (*version, 0, 0, 0)[:3]
    return 10000 * major + 100 * minor + patch if version else -1


def host_facts(view: View) -> Iterator[Fact]:
    """The ``host`` fact: what a message wants to list."""
    addresses = [f"{address.text} on {device}" for device in view.addressed for address in view.addresses_of(device)]
    fields: dict[str, Scalar] = {
        "addresses": _listing(addresses),
        "nameservers": ",".join(view.host.nameservers),
        "gateways": sum(bool(ip.gateway4) + bool(ip.gateway6) for ip in map(view.ip_of, view.addressed)),
        "contenders": _listing([f"{text or 'no address'} on {name}" for name, text in contenders(view)]),
        "enterprise_linux": view.host.enterprise_linux,
        "lacking": ", ".join(view.host.lacks),
        "default_route_devices": ", ".join(name for name in view.addressed if has_default_route4(view.ip_of(name))),
    }
    yield Fact("host", fields, "")


def _listing(things: list[str]) -> str:
    further = len(things) - LISTED_ADDRESSES
    return ", ".join(things[:LISTED_ADDRESSES] + ([f"{further} more"] if further > 0 else []))


def nameserver_facts(view: View) -> Iterator[Fact]:
    """One ``nameserver`` fact for each name server that the host reports."""
    for index, address in enumerate(view.host.nameservers):
        fields: dict[str, Scalar] = {"address": address, "family": 6 if ":" in address else 4, "index": index}
        yield Fact("nameserver", fields, f"nameservers[{index}]")


# Facts about what a host is made of: nics, bonds, vlans, bridges, and VDSM's networks on them.


LINKS = {len("00:" * 6) - 1: "ethernet", len("00:" * 20) - 1: "infiniband"}  # length of a hardware address, as text


def device_facts(view: View) -> Iterator[Fact]:
    """One ``device`` fact for each name of a nic, bond, vlan or bridge, or network's device that is not listed."""
    for device in graph.devices(view.host):
        if device is view.devices[device.name]:
            yield _device(view, device.name, device.kind, device.mtu, device.path)
    for name, network in view.network_on.items():
        if name not in view.devices:
            yield _device(view, name, "bridge", -1, network.path)


def _device(view: View, name: str, kind: str, mtu: int, path: str) -> Fact:
    host, own = view.host, view.own_network
    if own is not None and not (own.bridged and own.device == name):
        own = None
    port = own.southbound if own is not None else name
    base, tag = _standing(host, port, own)
    fields: dict[str, Scalar] = {
        "name": name,
        "kind": kind,
        "mtu": own.mtu if own is not None else mtu,
        "link": _link(host, name),
        "bond": view.bond_of.get(name, ""),
        "bridge": view.bridge_of.get(name, ""),
        "vlans": len(view.vlans_over.get(name, ())),
        "addresses": len(view.addresses_of(name)),
        "port": port,
        "base": base,
        "tag": tag,
    }
    return Fact("device", fields, path)


def _standing(host: Host, port: str, network: Network | None = None) -> tuple[str, int]:
    """The device under ``port`` and the tag, as VDSM attaches ``network`` there, or one that is to be made."""
    vlan = host.vlans.get(port)
    base, tag = (vlan.base, vlan.tag) if vlan is not None else (port, -1)
    return base, network.tag if network is not None and network.tag >= 0 else tag


def _link(host: Host, name: str) -> str:
    """The kind of link, by the first hardware address that is told: a nic's, a bond's or its members'."""
    bond = host.bonds.get(name)
    names = (name, *bond.members) if bond is not None else (name,)
    hwaddrs = (bond.hwaddr if bond is not None else "", *(host.nics[one].hwaddr for one in names if one in host.nics))
    return next((LINKS.get(len(hwaddr), "") for hwaddr in hwaddrs if hwaddr), "")


def nic_facts(view: View) -> Iterator[Fact]:
    """One ``nic`` fact for each network interface card."""
    for nic in view.host.nics.values():
        fields: dict[str, Scalar] = {
            "name": nic.name,
            "hwaddr": nic.hwaddr,
            "permanent_hwaddr": nic.permanent_hwaddr or nic.hwaddr,
        }
        yield Fact("nic", fields, nic.path)


def bond_facts(view: View) -> Iterator[Fact]:
    """One ``bond`` fact for each bond."""
    for bond in view.host.bonds.values():
        options = dict(bond.options)
        fields: dict[str, Scalar] = {
            "name": bond.name,
            "hwaddr": bond.hwaddr,
            "mode": bond.mode,
            "members": len(bond.members),
            "member_names": ", ".join(sorted(bond.members)),
            "options": " ".join(f"{key}={value}" for key, value in bond.options),
            "fail_over_mac": _option_number(options.get("fail_over_mac", "0")),
            "switch": bond.switch,
            "partner": bond.partner,
        }
        yield Fact("bond", fields, bond.path)


def _option_number(value: str) -> int:
    words = {"none": 0, "active": 1, "follow": 2}
    return words.get(value, int(value) if value.isascii() and value.isdigit() and len(value) < len("1000") else -1)


def member_facts(view: View) -> Iterator[Fact]:
    """One ``member`` fact for each nic of each bond."""
    for bond in view.host.bonds.values():
        for name in sorted(set(bond.members)):
            nic = view.host.nics.get(name)
            fields: dict[str, Scalar] = {
                "bond": bond.name,
                "nic": name,
                "listed": int(nic is not None),
                "vlans": len(view.vlans_over.get(name, ())),
                "addresses": len(nic.ip.addresses) if nic is not None else 0,
            }
            yield Fact("member", fields, f"{bond.path}.slaves")


def vlan_facts(view: View) -> Iterator[Fact]:
    """One ``vlan`` fact for each VLAN device, with the name that VDSM would give it."""
    for vlan in view.host.vlans.values():
        vdsm_name = f"{vlan.base}.{vlan.tag}"
        fields: dict[str, Scalar] = {
            "name": vlan.name,
            "base": vlan.base,
            "base_kind": graph.kind_of(view.host, vlan.base),
            "tag": vlan.tag,
            "vdsm_name": vdsm_name,
            "vdsm_name_length": len(vdsm_name),
            "conventional": int(vlan.name == vdsm_name),
        }
        yield Fact("vlan", fields, vlan.path)


def bridge_facts(view: View) -> Iterator[Fact]:
    """One ``bridge`` fact for each bridge, VDSM's or anybody's."""
    for bridge in view.host.bridges.values():
        fields: dict[str, Scalar] = {
            "name": bridge.name,
            "owned": int(bridge.name in view.owned_bridges),
            "stp": -1 if bridge.stp is None else int(bridge.stp),
            "ports": len(bridge.ports),
            "port_names": ", ".join(sorted(bridge.ports)),
            "heir": heir_of(view.host, bridge),
        }
        yield Fact("bridge", fields, bridge.path)


def port_facts(view: View) -> Iterator[Fact]:
    """One ``port`` fact for each port of each bridge."""
    for bridge in view.host.bridges.values():
        for port in sorted(set(bridge.ports)):
            fields: dict[str, Scalar] = {
                "bridge": bridge.name,
                "device": port,
                "owned": int(bridge.name in view.owned_bridges),
            }
            yield Fact("port", fields, f"{bridge.path}.ports")


def _default_route(ip: Ip) -> int:
    """Whether the default route leads over it: that of IPv4, or of IPv6 where there is no IPv4."""
    if not any(address.family == 4 for address in ip.addresses) and ip.gateway6:
        return 1
    return int(has_default_route4(ip))


def network_facts(view: View) -> Iterator[Fact]:
    """One ``network`` fact for each network of VDSM's running configuration."""
    for network in view.host.networks.values():
        base, tag = _standing(view.host, network.southbound, network)
        fields: dict[str, Scalar] = {
            "name": network.name,
            "device": network.device,
            "bridged": int(network.bridged),
            "port": network.southbound,
            "contradicted": network.contradicted,
            "base": base,
            "base_kind": graph.kind_of(view.host, base),
            "vlan": tag,
            "mtu": network.mtu,
            "stp": -1 if network.stp is None else int(network.stp),
            "switch": network.switch,
            "portless": int(network.bridged and network.switch != "ovs" and network.southbound not in network.ports),
            "default_route": _default_route(network.ip),
        }
        yield Fact("network", fields, network.path)


READERS: dict[str, Callable[[View], Iterable[Fact]]] = {
    "definition": definition_facts,
    "defined": defined_facts,
    "wanted": wanted_facts,
    "vdsm": vdsm_facts,
    "host": host_facts,
    "device": device_facts,
    "nic": nic_facts,
    "bond": bond_facts,
    "member": member_facts,
    "vlan": vlan_facts,
    "bridge": bridge_facts,
    "port": port_facts,
    "network": network_facts,
    "address": address_facts,
    "ip": ip_facts,
    "route": route_facts,
    "nameserver": nameserver_facts,
    "client": client_facts,
    "candidate": candidate_facts,
}


def facts_of(
    host: Host,
    definition: Definition,
    addresses: tuple[str, ...] = (),
    kinds: Iterable[str] = tuple(READERS),
) -> list[Fact]:
    """Every fact of the given ``kinds``, in the order of the vocabulary and of the capture.

    ``addresses`` are the management addresses that were asked for, in canonical text; none: the rules fall
    back on lastClientIface and on the default route. A ruleset names the ``kinds`` that it reaches.
    """
    view = View(host, definition, addresses)
    reached = frozenset(kinds)
    return [fact for kind, read in READERS.items() if kind in reached for fact in read(view)]
