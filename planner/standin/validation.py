"""VDSM's verdict on a canonical call, in its order: link, IP, switch (docs/vdsm.md, Verdict)."""

import ipaddress
import re
from collections.abc import Collection, Iterator, Mapping
from itertools import chain
from typing import Any

from planner.standin.canonical import Call, base_of, port_of
from planner.standin.caps import TODAY, Age, reported_networks
from planner.standin.devices import KNOWN, mode_number, parsed, takes_mac
from planner.standin.kernel import (
    BAD_ADDRESS,
    BAD_BONDING,
    BAD_BRIDGE,
    BAD_NIC,
    BAD_PARAMS,
    BAD_VLAN,
    USED_BOND,
    USED_NIC,
    Config,
    Fault,
    Record,
    Refusal,
    crash,
)

# Linux bridge ("legacy") or Open vSwitch: a call is for one of them, and changes a host as a whole or not at all.


BOTH = {"legacy", "ovs"}


def switches(call: Call, running: Config) -> Iterator[Refusal]:
    """What VDSM has against the switch types of ``call``, before it looks at its devices."""
    pairs = ((call.networks, running.networks), (call.bondings, running.bonds))
    asked = {_switch_of(record, has.get(name)) for table, has in pairs for name, record in table.items()}
    if asked >= BOTH:
        yield Refusal(BAD_PARAMS, "Mixing of legacy and OVS networks is not supported inside one setupNetworks() call.")


def change_of_switch(call: Call, running: Config) -> Iterator[Refusal]:
    """What VDSM has against going over to another switch type, the last thing that it looks at."""
    present, wanted = _first(running.networks, running.bonds), _first(call.networks, call.bondings)
    if not present or not wanted or present == wanted:
        return
    if any("remove" in record for table in call for record in table.values()):
        yield Refusal(BAD_PARAMS, "Switch type change request cannot contain removals")
    if call.networks.keys() != running.networks.keys():
        yield Refusal(BAD_PARAMS, "All networks must be reconfigured on switch type change")
    if call.bondings.keys() != running.bonds.keys():
        yield Refusal(BAD_PARAMS, "All bondings must be reconfigured on switch type change")


def _switch_of(record: Record, present: Record | None) -> object:
    """What goes is of the type that it has; one that VDSM does not know is taken to be legacy."""
    if not record.get("remove"):
        return record["switch"]
    return (present or {"switch": "legacy"}).get("switch")


def _first(networks: dict[str, Record], bonds: dict[str, Record]) -> object:
    records = chain(networks.values(), bonds.values())
    return next((record["switch"] for record in records if "remove" not in record), None)


LARGEST_TAG = 4094
LONGEST_NAME = 15
BOND_NAME = re.compile(r"^bond\w+$")
NUMBERED_BOND = re.compile(r"^bond[0-9]+$")
SHARED = (
    "multiple networks/similar vlans cannot be defined on a single underlying device. "
    "kernel networks: {}, requested networks: {}"
)


def verdict(call: Call, netinfo: Record, running: Config, age: Age = TODAY) -> Refusal | None:
    """Why a VDSM of ``age`` refuses ``call`` on a host with ``netinfo`` and ``running``; None if it takes it."""
    bond_name = BOND_NAME if age.any_bond_name else NUMBERED_BOND
    stages = (
        _link(call, bond_name),
        _ip(call),
        switches(call, running),
        _devices(call, netinfo, running, all_bonds=age.judges_all_bonds),
        change_of_switch(call, running),
        _unspeakable(call),
    )
    return next((refusal for stage in stages for refusal in stage), None)


def _link(call: Call, bond_name: re.Pattern[str]) -> Iterator[Refusal]:
    named = {*call.bondings, *(network["bonding"] for network in call.networks.values() if "bonding" in network)}
    bad = sorted(name for name in named if not bond_name.match(name))
    if bad:
        yield Refusal(BAD_BONDING, f"bad bond name(s): {', '.join(bad)}")
    for name, bond in call.bondings.items():
        if not bond.get("remove") and not bond.get("nics"):
            yield Refusal(BAD_PARAMS, f"{name}: Must specify nics for bonding")
    for name, network in call.networks.items():
        if not network.get("remove") and "vlan" in network and not network.keys() & {"nic", "bonding"}:
            yield Refusal(BAD_VLAN, f"{name}: vlan device requires southbound device")


def _ip(call: Call) -> Iterator[Refusal]:
    # A network that says `remove`, even that it is false, is not looked at.
    for network in (network for network in call.networks.values() if "remove" not in network):
        if "ipaddr" in network:
            address = f"{network['ipaddr']}/{network.get('netmask', '')}"
            for text in (address, *((network["gateway"],) if "gateway" in network else ())):
                if not _is_interface(text):
                    yield Refusal(BAD_ADDRESS, f"'{text}' does not appear to be an IPv4 or IPv6 interface")
            if network["bootproto"] == "dhcp":
                yield Refusal(BAD_ADDRESS, "mixing static ip configuration with dhcp is not allowed")
        elif "gateway" in network or "netmask" in network:
            yield Refusal(BAD_ADDRESS, "gateway or netmask were given without ip address")
        if network["nameservers"] and not network["defaultRoute"]:
            yield Refusal(BAD_PARAMS, "Name servers may only be defined on the default host network")
        for server in network["nameservers"] or ():
            if not _is_interface(server.split("%", 1)[0]):
                yield Refusal(BAD_ADDRESS, f"'{server}' does not appear to be an IPv4 or IPv6 interface")


def _is_interface(text: object) -> bool:
    try:
        ipaddress.ip_interface(str(text))
    except ValueError:
        return False
    return True


def _devices(call: Call, netinfo: Record, running: Config, *, all_bonds: bool) -> Iterator[Refusal]:
    """What stands on the host already, together with what the call asks for."""
    reported = reported_networks(netinfo, running)
    after = {name: _standing(record, netinfo) for name, record in reported.items() if name not in call.networks}
    after |= {name: _stated(network) for name, network in call.networks.items() if "remove" not in network}
    bonds = {name: bond["slaves"] for name, bond in netinfo["bondings"].items() if name not in call.bondings}
    bonds |= {name: bond["nics"] for name, bond in call.bondings.items() if "remove" not in bond}
    yield from _shared_places(call, after)
    for name, network in call.networks.items():
        if network.get("remove"):
            yield from _removal(name, network, running)
        else:
            yield from _network(name, network, bonds, netinfo)
    for name, bond in call.bondings.items():
        yield from _bond(name, bond, after, netinfo)
    asked = {*call.bondings, *(network.get("bonding") for network in call.networks.values())}
    judged = {name: nics for name, nics in bonds.items() if name in asked or all_bonds}
    yield from _used_twice(after, judged, reported, netinfo)


def _stated(network: Record) -> Record:
    return {key: value for key, value in network.items() if value is not None}


def _standing(reported: Record, netinfo: Record) -> Record:
    """What VDSM makes of a network that it reports: its base and tag."""
    base, place = reported["southbound"], {"bridged": reported["bridged"]}
    if "vlanid" in reported:
        base, place["vlan"] = netinfo["vlans"][base]["iface"], reported["vlanid"]
    if base in netinfo["bondings"]:
        place["bonding"] = base
    elif base in netinfo["nics"]:
        place["nic"] = base
    return place


def _shared_places(call: Call, after: dict[str, Record]) -> Iterator[Refusal]:
    places = []
    for name, network in after.items():
        # Here, and only here, a bond counts before a nic.
        device = next((network[key] for key in ("bonding", "nic") if key in network), None)
        if network.keys() & {"bonding", "nic"}:
            places.append((device, network.get("vlan")))
        elif not network["bridged"]:
            yield Refusal(BAD_PARAMS, f'southbound device not specified for non-bridged network "{name}"')
    if len(set(places)) < len(places):
        yield Refusal(BAD_PARAMS, SHARED.format(after, call.networks))


def _removal(name: str, network: Record, running: Config) -> Iterator[Refusal]:
    if network.keys() - {"remove", "custom"}:
        yield Refusal(BAD_PARAMS, "Cannot specify any attribute when removing (other than custom properties).")
    if name not in running.networks:
        yield Refusal(BAD_BRIDGE, f"Cannot delete network {name}: It doesn't exist in the system")


def _network(name: str, network: Record, bonds: dict[str, list[str]], netinfo: Record) -> Iterator[Refusal]:
    if not 0 <= network.get("vlan", 0) <= LARGEST_TAG:
        yield Refusal(BAD_VLAN, f"VLAN id out of range: {network['vlan']}, must be 0..{LARGEST_TAG}")
    nic, bonding = network.get("nic"), network.get("bonding")
    if nic and nic not in netinfo["nics"]:
        yield Refusal(BAD_NIC, f"Nic {nic} does not exist")
    if bonding and not nic and bonding not in bonds:
        yield Refusal(BAD_BONDING, f"Bond {bonding} does not exist")
    if network["bridged"] and bad_bridge_name(name):
        yield Refusal(BAD_BRIDGE, f"Bridge name isn't valid: {name}")


def bad_bridge_name(name: str) -> bool:
    """Whether ``name`` cannot be a bridge's: empty, too long, with one of ``: . space tab``, beginning with ``-``."""
    return not name or len(name) > LONGEST_NAME or name.startswith("-") or any(sign in name for sign in ":. \t")


def _bond(name: str, bond: Record, after: dict[str, Record], netinfo: Record) -> Iterator[Refusal]:
    if bond.get("remove"):
        users = {network for network, attributes in after.items() if attributes.get("bonding") == name}
        if users:
            yield Refusal(USED_BOND, f"Cannot remove bonding {name}: used by network ({users}).")
        return
    for nic in bond["nics"]:
        if nic not in netinfo["nics"]:
            yield Refusal(BAD_NIC, f"Nic {nic} does not exist")
    options = parsed(bond.get("options") or "")
    if options is None:
        yield Refusal(BAD_BONDING, f"Error parsing bonding options: {bond['options']!r}")
        return
    if mode_number(options.get("mode", "0")) is None:
        yield crash(repr(options["mode"]))
    for option in options.keys() - KNOWN:
        yield Refusal(BAD_BONDING, f"{option!r} is not a valid bonding option")


def _unspeakable(call: Call) -> Iterator[Refusal]:
    """What nobody minds, and no desired state can be made of: a vlan over nothing, a netmask that is a number."""
    for network in (network for network in call.networks.values() if not network.get("remove")):
        if "vlan" in network and not base_of(network):
            yield crash("argument of type 'NoneType' is not iterable")
        if network.get("ipaddr") and not isinstance(network.get("netmask"), str):
            yield crash(f"{type(network.get('netmask')).__name__!r} object has no attribute 'split'")


def _used_twice(
    after: dict[str, Record], bonds: dict[str, list[str]], reported: dict[str, Record], netinfo: Record
) -> Iterator[Refusal]:
    """A member cannot be a network's nic, nor carry a vlan that is not VDSM's. That two bonds have it is no matter."""
    members = {nic for nics in bonds.values() for nic in nics}
    own = {network["southbound"] for network in reported.values()}
    foreign = {vlan["iface"] for name, vlan in netinfo["vlans"].items() if name not in own}
    users = {network["nic"] for network in after.values() if network.get("nic")}
    twice = members & foreign or members & users
    if twice:
        # VDSM prints a set, whose order is another each time: here it is one.
        yield Refusal(USED_NIC, f"Nics with multiple usages: {{{', '.join(map(repr, sorted(twice)))}}}")


# What nmstate refuses of what VDSM asks it for; the machine below is not asked then.


NO_PLACE_FOR_DNS = (
    "nmstate only support saving DNS to interface with static gateway or auto interface with auto-dns:false"
)
NO_MAC = "MAC address cannot be specified in bond interface along with fail_over_mac active on active backup mode"


def objection(before: Config, after: Config, elsewhere: Collection[int], age: Age = TODAY) -> Fault | None:
    """Why nmstate refuses to make ``after`` of ``before``; None if it does not.

    ``elsewhere``: the families (4, 6) in which a device that is not touched (see `touched`) has a gateway by hand;
    nmstate can write name servers into that one's profile.
    """
    declared = {name: bond for name, bond in after.bonds.items() if bond != before.bonds.get(name)}
    for bond in declared.values():
        if bond.get("hwaddr") and not takes_mac(parsed(bond.get("options") or "") or {}):
            return Fault(NO_MAC)
    for name, network in after.networks.items():
        if network["ipv6autoconf"] and not network["dhcpv6"]:
            return Fault("Autoconf without DHCP is not supported yet")
        for server in network["nameservers"] or () if network.get("defaultRoute") and not age.global_dns else ():
            family = 6 if ":" in server else 4
            stated = {**kept_gateways(before.networks.get(name, {}), network), **network}
            if family not in elsewhere and not _resolves_by(stated, family):
                said = f"Failed to find suitable interface for saving DNS name servers: {server}, {NO_PLACE_FOR_DNS}"
                return Fault(said)
    return None


def touched(before: Config, after: Config) -> set[str]:
    """The bridges and ports of the networks that are not in ``after`` as they are in ``before``."""
    changed = {name: network for name, network in after.networks.items() if network != before.networks.get(name)}
    return {*changed, *(port_of(network) for network in changed.values())}


def kept_gateways(past: Mapping[str, Any], network: Mapping[str, Any]) -> dict[str, str]:
    """The gateways of ``past`` that ``network``, the same one, has although it does not name them.

    VDSM takes a default route back only with the role, or from a family that goes over to DHCP.
    """
    if not (past.get("defaultRoute") and network.get("defaultRoute")):
        return {}
    if (port_of(dict(past)), past["bridged"]) != (port_of(dict(network)), network["bridged"]):
        return {}
    by_hand = {"gateway": network["bootproto"] != "dhcp", "ipv6gateway": not network["dhcpv6"]}
    return {key: past[key] for key, kept in by_hand.items() if kept and past.get(key) and not network.get(key)}


def _resolves_by(network: Mapping[str, Any], family: int) -> bool:
    """Whether nmstate can write a name server of ``family`` into the network's profile."""
    if family == 4:
        return bool(network.get("gateway")) or network["bootproto"] == "dhcp"
    return bool(network.get("ipv6gateway") or network["dhcpv6"] or network["ipv6autoconf"])
