"""The stand-in machine: devices in memory, changed as VDSM and nmstate change a real one.

Source: docs/vdsm.md, Carrying out.
"""

import copy
import ipaddress
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from planner.standin.canonical import base_of, port_of
from planner.standin.caps import TODAY, Age
from planner.standin.devices import DEFAULT_MTU, Devices, blank_ip
from planner.standin.kernel import Config, Fault, Record
from planner.standin.validation import kept_gateways, objection, touched

# What is around a stand-in host: the switch's VLANs, the path's MTU, DHCP servers and routers.


LARGEST_MTU = 9216


class Lease(NamedTuple):
    """What a DHCP server hands out: ``address`` with prefix, gateway ("" if none), name servers."""

    address: str
    gateway: str = ""
    nameservers: tuple[str, ...] = ()


class Router(NamedTuple):
    """What a router advertises: ``prefix`` (a /64) and its own link-local address."""

    prefix: str
    gateway: str


class Surroundings(NamedTuple):
    """The network around the host; what is not stated is learned from the capture.

    ``tags``: the VLANs that the switch carries to the host (0: untagged), None: all. ``mtu``: the largest packet that
    the path carries; a host that sends larger ones is not heard. ``segments``: the VLAN (tag) on which a subnet
    lives. ``leases``: by MAC address and tag; ``pools``: by tag, the first lease for a MAC that has none of its own.
    ``leases6``, ``pools6``: the same for DHCPv6, addresses with their prefix. ``client_ids``: the host's own profiles
    ask DHCP by an identifier other than the MAC address, which nmstate's do not carry on; DHCPv6 is always asked so.
    ``routers``: by tag. ``routed``: the client is behind the gateway, so that without a default route no answer
    reaches it. ``silent``: what cannot reach the host waits in vain, as behind a real switch, instead of being
    refused at once.
    """

    tags: frozenset[int] | None = None
    mtu: int = LARGEST_MTU
    segments: Mapping[str, int] = {}
    leases: Mapping[tuple[str, int], Lease] = {}
    pools: Mapping[int, Lease] = {}
    leases6: Mapping[tuple[str, int], str] = {}
    pools6: Mapping[int, str] = {}
    client_ids: bool = False
    routers: Mapping[int, Router] = {}
    routed: bool = False
    silent: bool = False


def carries(surroundings: Surroundings, address: str, tag: int, mtu: int) -> bool:
    """Whether a host that has ``address`` on VLAN ``tag`` and sends packets of up to ``mtu`` bytes is heard."""
    if mtu > surroundings.mtu or (surroundings.tags is not None and tag not in surroundings.tags):
        return False
    parsed = ipaddress.ip_address(address)
    homes = [home for subnet, home in surroundings.segments.items() if parsed in ipaddress.ip_network(subnet)]
    return not homes or tag in homes


def lease_for(surroundings: Surroundings, known: Mapping[tuple[str, int], Lease], mac: str, tag: int) -> Lease | None:
    """What a DHCP server on VLAN ``tag`` gives to ``mac``, when ``known`` leases are out; None: nobody answers.

    A MAC that the server does not know gets an address next to those that are given away.
    """
    if surroundings.tags is not None and tag not in surroundings.tags:
        return None
    everybody = {**surroundings.leases, **known}
    own = everybody.get((mac.lower(), tag))
    if own is not None:
        return own
    there = [lease for (_, where), lease in everybody.items() if where == tag]
    model = surroundings.pools.get(tag) or (there[0] if there else None)
    if model is None:
        return None
    taken = {lease.address.partition("/")[0] for lease in there} | {model.gateway}
    return model._replace(address=_next_to(model.address, taken))


def lease6_for(surroundings: Surroundings, known: Mapping[tuple[str, int], str], mac: str, tag: int) -> str:
    """The same for DHCPv6: an address with its prefix; ``""``: nobody answers."""
    if surroundings.tags is not None and tag not in surroundings.tags:
        return ""
    everybody = {**surroundings.leases6, **known}
    there = [address for (_, where), address in everybody.items() if where == tag]
    model = surroundings.pools6.get(tag) or next(iter(there), "")
    own = everybody.get((mac.lower(), tag))
    return own or (_next_to(model, {address.partition("/")[0] for address in there}) if model else "")


def _next_to(address: str, taken: Collection[str]) -> str:
    """The first address from ``address`` on that is not ``taken``, with its prefix."""
    subnet = ipaddress.ip_interface(address)
    candidate = subnet.ip
    while str(candidate) in taken:
        candidate += 1
    return f"{candidate}/{subnet.network.prefixlen}"


def autoconfigured(router: Router, mac: str) -> str:
    """The address that a host with ``mac`` gives itself from a router's advertisement (EUI-64)."""
    octets = bytes.fromhex(mac.replace(":", ""))
    identifier = bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:]
    network = ipaddress.IPv6Network(router.prefix)
    return f"{network.network_address + int.from_bytes(identifier, 'big')}/{network.prefixlen}"


LONGEST_NAME = 15  # IFNAMSIZ, without the closing zero
SMALLEST_MTU = 68


class Picture:
    """A machine (`planner.standin.kernel.Kernel`, Restorable) that exists as a document only."""

    def __init__(self, netinfo: Record, surroundings: Surroundings | None = None, age: Age = TODAY) -> None:
        """The machine that ``netinfo`` describes; what ``surroundings`` leave open is learned from it.

        ``age``: of the VDSM that sets it up.
        """
        self._age = age
        self._devices = Devices(netinfo)
        owned = {
            str(network.get("iface") or network.get("interface")) for network in netinfo.get("networks", {}).values()
        }
        self.surroundings = _learned(surroundings or Surroundings(), self._devices, owned)
        self._leases: dict[tuple[str, int], Lease] = {}
        self._leases6: dict[tuple[str, int], str] = {}

    def netinfo(self) -> Record:
        """The devices, as VDSM reports them."""
        return self._devices.document()

    def configure(self, before: Config, after: Config) -> Fault | None:
        """Become what ``after`` wants; see `planner.standin.kernel.Kernel.configure`."""
        devices = copy.deepcopy(self._devices)
        existed = {name for name, _ in devices.all()}
        _dismantle(devices, before, after)
        declared = {
            name: bond
            for name, bond in after.bonds.items()
            if bond != before.bonds.get(name) or name not in devices.bonds
        }
        members = Counter(nic for bond in declared.values() for nic in bond["nics"])
        for nic in (nic for nic, count in members.items() if count > 1):
            return Fault(f"port {nic} is listed more than once")
        if self._age.nmstate and (
            fault := objection(before, after, _gateways(devices, touched(before, after)), self._age)
        ):
            return fault
        for name, bond in after.bonds.items():
            if name in declared:
                devices.declare_bond(name, bond)
            if name not in before.bonds:
                devices.clear(name)
        for name, network in after.networks.items():
            if fault := _attach(devices, name, network, existed):
                return fault
        _set_mtus(devices, before, after, {} if self._age.nmstate else _held(self._devices, before, after))
        _resolve(devices, before, after)
        for name, network in after.networks.items():
            self._address(devices, name, network, before.networks.get(name, {}))
        self._devices = devices
        return None

    def reboot(self) -> None:
        """Restart: nothing but the DHCP leases changes, and those come from a server that remembers."""

    def local_addresses(self) -> dict[str, str]:
        """Every address and its device."""
        return {address: holders[0] for address, holders in self._devices.addresses().items()}

    def reachable(self, address: str) -> bool:
        """Whether somebody outside is heard and answered at ``address``."""
        holders = self._devices.addresses().get(address, ())
        if not any(self._is_heard(address, holder) for holder in holders):
            return False
        return not self.surroundings.routed or self._answers_beyond(address)

    def _is_heard(self, address: str, holder: str) -> bool:
        tag = self._devices.tag_of(holder)
        mtu = int((self._devices.find(holder) or {})["mtu"])
        return tag is not None and carries(self.surroundings, address, tag, mtu)

    def checkpoint(self) -> object:
        """The machine as it is."""
        return copy.deepcopy(self._devices)

    def restore(self, checkpoint: object) -> None:
        """The machine as it was."""
        if isinstance(checkpoint, Devices):
            self._devices = copy.deepcopy(checkpoint)

    def _answers_beyond(self, address: str) -> bool:
        records = [record for _, record in self._devices.all()]
        if ":" in address:
            return any(record["ipv6gateway"] not in ("", "::") for record in records)
        return any(record["gateway"] and record["ipv4defaultroute"] for record in records)

    def _address(self, devices: Devices, name: str, network: Record, past: Record) -> None:
        top = name if network["bridged"] else port_of(network)
        record = devices.find(top)
        if record is None:
            return
        mac, tag = devices.mac_of(top), devices.tag_of(top)
        default = bool(network.get("defaultRoute"))
        kept = kept_gateways(past, network) if self._age.nmstate else {}
        record.update(blank_ip())
        if network["bootproto"] == "dhcp":
            lease = None if tag is None else lease_for(self.surroundings, self._leases, mac, tag)
            record["dhcpv4"] = True
            if lease is not None and tag is not None:
                self._leases[mac.lower(), tag] = lease
                _hold(record, lease.address, lease.gateway, default=default)
                if default and lease.nameservers and not network.get("nameservers"):
                    devices.nameservers = list(lease.nameservers)
        elif network.get("ipaddr"):
            interface = ipaddress.IPv4Interface(f"{network['ipaddr']}/{network['netmask']}")
            _hold(record, str(interface), network.get("gateway") or kept.get("gateway") or "", default=default)
        by_hand = bool(network.get("ipv6addr"))  # which wins over both
        record["dhcpv6"] = bool(network["dhcpv6"]) and not by_hand
        record["ipv6autoconf"] = bool(network["ipv6autoconf"]) and not by_hand
        record["ipv6addrs"] = [network["ipv6addr"]] if by_hand else []
        router = None if tag is None else self.surroundings.routers.get(tag)
        if record["dhcpv6"] and tag is not None:
            lease6 = lease6_for(self.surroundings, self._leases6, mac, tag)
            self._leases6[mac.lower(), tag] = lease6
            record["ipv6addrs"] = [lease6] if lease6 else []
        if record["ipv6autoconf"] and router is not None:
            record["ipv6addrs"] = [*record["ipv6addrs"], autoconfigured(router, mac)]
            record["ipv6gateway"] = router.gateway
        if by_hand and (network.get("ipv6gateway") or kept.get("ipv6gateway")):
            record["ipv6gateway"] = network.get("ipv6gateway") or kept["ipv6gateway"]


def _gateways(devices: Devices, taken: Collection[str]) -> set[int]:
    """The families in which a device that is not among ``taken`` has a gateway by hand."""
    records = [record for name, record in devices.all() if name not in taken]
    found = {4 for record in records if record["gateway"] and not record["dhcpv4"]}
    automatic = ("ipv6autoconf", "dhcpv6")
    by_hand = [record for record in records if not any(record[key] for key in automatic)]
    return found | {6 for record in by_hand if record["ipv6gateway"] not in ("", "::")}


def _hold(record: Record, address: str, gateway: str, *, default: bool) -> None:
    interface = ipaddress.IPv4Interface(address)
    record.update({"addr": str(interface.ip), "netmask": str(interface.netmask), "ipv4addrs": [address]})
    # A gateway without the default route serves the device's own routing table; caps show it all the same.
    record.update({"gateway": gateway, "ipv4defaultroute": default and bool(gateway)})


def _dismantle(devices: Devices, before: Config, after: Config) -> None:
    """Take away what only ``before`` wanted, or what stood elsewhere than ``after`` wants it."""
    ports = {port_of(network) for network in after.networks.values()}
    for name, old in before.networks.items():
        new = after.networks.get(name)
        if new is not None and (port_of(new), new["bridged"]) == (port_of(old), old["bridged"]):
            continue
        port = port_of(old)
        if old["bridged"] and (new is None or not new["bridged"]):
            devices.remove_bridge(name)
        if port and port not in ports:
            if "vlan" in old:
                devices.remove_vlan(port)
            elif new is None:  # a network that moves away leaves its addresses behind
                devices.clear(port)
        base = devices.find(base_of(old))
        if base is not None:
            base.pop("qos", None)
    for name in before.bonds.keys() - after.bonds.keys():
        devices.remove_bond(name)


def _attach(devices: Devices, name: str, network: Record, existed: set[str]) -> Fault | None:
    """Make the links of one network: vlan over base, bridge over port."""
    base, port = base_of(network), port_of(network)
    if network["mtu"] < SMALLEST_MTU:
        return Fault(f"{port or name}: mtu {network['mtu']} is too small")
    if "vlan" in network:
        same = (vlan["iface"] == base and int(vlan["vlanid"]) == network["vlan"] for vlan in devices.vlans.values())
        if port not in devices.vlans and (any(same) or len(port) > LONGEST_NAME):
            # The kernel's own limits, which VDSM does not check: one vlan device for a tag, 15 characters.
            return Fault(f"Activate profile uuid: vlan {port} could not be made")
        devices.add_vlan(port, base, network["vlan"])
    if network["bridged"]:
        pinned = devices.mac_of(port) if port in existed else ""
        devices.add_bridge(name, port, stp=bool(network.get("stp")), pinned=pinned)
        devices.clear(port)
    else:
        devices.release(port)
    record = devices.find(base)
    if record is not None and network.get("hostQos"):
        out = {kind: {"m1": 0, "d": 0, **curve} for kind, curve in network["hostQos"]["out"].items()}
        others = [entry for entry in record.get("qos", ()) if entry["vlan"] != network.get("vlan", -1)]
        record["qos"] = [*others, {"hostQos": {"out": out}, "vlan": network.get("vlan", -1)}]
    return None


def _set_mtus(devices: Devices, before: Config, after: Config, held: Mapping[str, int]) -> None:
    """A device gets the largest MTU of what is asked for on it now and of every vlan that it carries.

    So a base with a vlan is lowered to it, whatever else stands there, unless its present MTU is ``held`` against that;
    one that lost its only network starts anew.
    """
    asked = [network for name, network in after.networks.items() if network != before.networks.get(name)]
    wanted: dict[str, list[int]] = {base: [] for base in sorted(_left(before, after))}
    for name, network in after.networks.items():
        if network["bridged"]:
            devices.set_mtu(name, network["mtu"])
        if "vlan" in network:
            devices.set_mtu(port_of(network), network["mtu"])
    for network in asked:
        wanted.setdefault(base_of(network), []).append(network["mtu"])
    for vlan in devices.vlans.values():
        wanted.setdefault(vlan["iface"], []).append(int(vlan["mtu"]))
    for device, mtus in wanted.items():
        mtu = max([*mtus, *([held[device]] if device in held else [])], default=int(DEFAULT_MTU))
        if (devices.find(device) or {}).get("mtu", str(mtu)) != str(mtu):
            devices.set_mtu(device, mtu)
    for name in after.bonds:
        devices.set_mtu(name, int(devices.bonds[name]["mtu"]))


def _held(present: Devices, before: Config, after: Config) -> dict[str, int]:
    """The MTUs below which no device goes: before nmstate, those of whatever carried a vlan or a bridge already.

    What VDSM itself had put there does not count: it took it away first.
    """
    changed = {name: old for name, old in before.networks.items() if after.networks.get(name) != old}
    freed = {base_of(old) for old in changed.values()}
    users = [vlan["iface"] for vlan in present.vlans.values()]
    users += [port for bridge in present.bridges.values() for port in bridge["ports"]]
    return {name: int((present.find(name) or {"mtu": 0})["mtu"]) for name in users if name not in freed}


def _left(before: Config, after: Config) -> set[str]:
    """The devices whose only network is gone, or stands elsewhere."""
    stood = Counter(base_of(network) for network in before.networks.values())
    left = {
        base_of(old) for name, old in before.networks.items() if base_of(after.networks.get(name, {})) != base_of(old)
    }
    return {base for base in left if base and stood[base] == 1}


def _resolve(devices: Devices, before: Config, after: Config) -> None:
    """The name servers are those of the network with the default route, or its lease's; they go with it."""
    owner = next((network for network in after.networks.values() if network.get("defaultRoute")), None)
    if owner is not None and not (_advertised(owner) and owner["nameservers"] == []):
        devices.nameservers = list(owner["nameservers"] or ())
    elif owner is None and any(network.get("defaultRoute") for network in before.networks.values()):
        devices.nameservers = []


def _advertised(network: Record) -> bool:
    """Whether its name servers come from a router or a DHCPv6 server, which goes on telling them."""
    return bool(network["bootproto"] != "dhcp" and (network["dhcpv6"] or network["ipv6autoconf"]))


def _learned(stated: Surroundings, devices: Devices, owned: Collection[str]) -> Surroundings:
    """``stated``, and what the addresses on the host tell: where subnets live, who has which lease, which routers.

    A DHCP server knows the devices that VDSM ``owned`` by their MAC addresses; those of the host's own profiles it may
    know by another identifier, and then has another lease for what nmstate makes of them.
    """
    segments: dict[str, int] = {}
    leases: dict[tuple[str, int], Lease] = {}
    leases6: dict[tuple[str, int], str] = {}
    routers: dict[int, Router] = {}
    for name, tag, record in _outward(devices):
        mac = devices.mac_of(name).lower()
        for address in (*record["ipv4addrs"], *record["ipv6addrs"]):
            segments.setdefault(str(ipaddress.ip_interface(address).network), tag)
        if record["dhcpv4"] and record["ipv4addrs"]:
            by_mac = name in owned or not stated.client_ids
            lease = Lease(record["ipv4addrs"][0], record["gateway"], tuple(devices.nameservers))
            leases[mac if by_mac else f"the profile of {name}", tag] = lease
        if record["dhcpv6"] and record["ipv6addrs"]:
            leases6[mac if name in owned else f"the profile of {name}", tag] = record["ipv6addrs"][0]
        advertised = [text for text in record["ipv6addrs"] if text.endswith("/64")]
        if record["ipv6autoconf"] and advertised:
            routers[tag] = Router(str(ipaddress.IPv6Interface(advertised[0]).network), record["ipv6gateway"])
    return stated._replace(
        segments=stated.segments or segments,
        leases={**leases, **stated.leases},
        leases6={**leases6, **stated.leases6},
        routers={**routers, **stated.routers},
    )


def _outward(devices: Devices) -> Iterator[tuple[str, int, Record]]:
    for name, record in devices.all():
        tag = devices.tag_of(name)
        if tag is not None:
            yield name, tag, record
