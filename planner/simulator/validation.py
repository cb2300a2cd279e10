"""VDSM's verdict on a canonical call, in its order: link, IP, switch (vdsm.md 5.4)."""

import ipaddress
import re
from collections import Counter
from collections.abc import Iterator

from planner.simulator.answers import (
    BAD_ADDRESS,
    BAD_BONDING,
    BAD_BRIDGE,
    BAD_NIC,
    BAD_PARAMS,
    BAD_VLAN,
    USED_BOND,
    USED_NIC,
    Refusal,
    crash,
)
from planner.simulator.bonding_options import KNOWN, mode_number, parsed
from planner.simulator.canonical import Call, base_of
from planner.simulator.kernel import Config, Record

LARGEST_TAG = 4094
LONGEST_NAME = 15
BOND_NAME = re.compile(r"^bond\w+$")
NUMBERED_BOND = re.compile(r"^bond[0-9]+$")
SHARED = (
    "multiple networks/similar vlans cannot be defined on a single underlying device. "
    "kernel networks: {}, requested networks: {}"
)


def verdict(call: Call, netinfo: Record, running: Config, *, strict_bonds: bool = False) -> Refusal | None:
    """Why VDSM refuses ``call`` on a host with ``netinfo`` and ``running``; None if it takes it.

    ``strict_bonds``: the names of bonds are those that VDSM before 4.40 took.
    """
    bond_name = NUMBERED_BOND if strict_bonds else BOND_NAME
    wanted = {name: network for name, network in call.networks.items() if not network.get("remove")}
    return next(
        (
            refusal
            for stage in (_link(call, wanted, bond_name), _ip(wanted), _switch(call, netinfo, running))
            for refusal in stage
        ),
        None,
    )


def _link(call: Call, wanted: dict[str, Record], bond_name: re.Pattern[str]) -> Iterator[Refusal]:
    named = {*call.bondings, *(network["bonding"] for network in wanted.values() if network.get("bonding"))}
    bad = sorted(name for name in named if not bond_name.match(name))
    if bad:
        yield Refusal(BAD_BONDING, f"bad bond name(s): {', '.join(bad)}")
    for name, bond in call.bondings.items():
        if not bond.get("remove") and not bond.get("nics"):
            yield Refusal(BAD_PARAMS, f"{name}: Must specify nics for bonding")
    for name, network in wanted.items():
        if "vlan" in network and not base_of(network):
            yield Refusal(BAD_VLAN, f"{name}: vlan device requires southbound device")


def _ip(wanted: dict[str, Record]) -> Iterator[Refusal]:
    for network in wanted.values():
        address, netmask, gateway = (str(network.get(key) or "") for key in ("ipaddr", "netmask", "gateway"))
        if address:
            if network["bootproto"] == "dhcp":
                yield Refusal(BAD_ADDRESS, "mixing static ip configuration with dhcp is not allowed")
            if not netmask or not _is(ipaddress.IPv4Interface, f"{address}/{netmask}"):
                said = f"'{address}/{netmask}' does not appear to be an IPv4 or IPv6 interface"
                yield Refusal(BAD_ADDRESS, said)
            if gateway and not _is(ipaddress.IPv4Address, gateway):
                yield Refusal(BAD_ADDRESS, f"'{gateway}' does not appear to be an IPv4 or IPv6 interface")
        elif gateway or netmask:
            yield Refusal(BAD_ADDRESS, "gateway or netmask were given without ip address")
        if network["nameservers"] and not network["defaultRoute"]:
            yield Refusal(BAD_PARAMS, "Name servers may only be defined on the default host network")
        for server in network["nameservers"]:
            if not _is(ipaddress.ip_address, str(server).partition("%")[0]):
                yield Refusal(BAD_ADDRESS, f"'{server}' does not appear to be an IPv4 or IPv6 interface")


def _is(kind: object, text: str) -> bool:
    try:
        kind(text)  # type: ignore[operator]
    except ValueError:
        return False
    return True


def _switch(call: Call, netinfo: Record, running: Config) -> Iterator[Refusal]:
    switches = {record["switch"] for table in call for record in table.values() if not record.get("remove")}
    if len(switches) > 1:
        yield Refusal(BAD_PARAMS, "Mixing of legacy and OVS networks is not supported inside one setupNetworks() call.")
    wanted = {name: network for name, network in call.networks.items() if not network.get("remove")}
    for name, network in wanted.items():
        if not network["bridged"] and not base_of(network):
            said = f'southbound device not specified for non-bridged network "{name}"'
            yield Refusal(BAD_PARAMS, said)
    after = {name: network for name, network in running.networks.items() if name not in call.networks} | wanted
    yield from _shared_places(after, running)
    for name, network in call.networks.items():
        yield from _removal(name, network, running) if network.get("remove") else _network(name, network, call, netinfo)
    for name, bond in call.bondings.items():
        yield from _bond(name, bond, after, netinfo)
    yield from _used_twice(call, after, netinfo)


def _shared_places(after: dict[str, Record], running: Config) -> Iterator[Refusal]:
    places = Counter((base_of(network), network.get("vlan")) for network in after.values() if base_of(network))
    if any(count > 1 for count in places.values()):
        yield Refusal(BAD_PARAMS, SHARED.format(running.networks, after))


def _removal(name: str, network: Record, running: Config) -> Iterator[Refusal]:
    if network.keys() - {"remove", "custom"}:
        yield Refusal(BAD_PARAMS, "Cannot specify any attribute when removing (other than custom properties).")
    if name not in running.networks:
        yield Refusal(BAD_BRIDGE, f"Cannot delete network {name}: It doesn't exist in the system")


def _network(name: str, network: Record, call: Call, netinfo: Record) -> Iterator[Refusal]:
    if not 0 <= network.get("vlan", 0) <= LARGEST_TAG:
        yield Refusal(BAD_VLAN, f"VLAN id out of range: {network['vlan']}, must be 0..{LARGEST_TAG}")
    nic, bonding = network.get("nic"), network.get("bonding")
    if nic and nic not in netinfo["nics"]:
        yield Refusal(BAD_NIC, f"Nic {nic} does not exist")
    declared = bonding in call.bondings and not call.bondings[bonding].get("remove")
    if bonding and bonding not in netinfo["bondings"] and not declared:
        yield Refusal(BAD_BONDING, f"Bond {bonding} does not exist")
    if network["bridged"] and bad_bridge_name(name):
        yield Refusal(BAD_BRIDGE, f"Bridge name isn't valid: {name}")


def bad_bridge_name(name: str) -> bool:
    """Whether ``name`` cannot be a bridge's: empty, too long, with one of ``: . space tab``, beginning with ``-``."""
    return not name or len(name) > LONGEST_NAME or name.startswith("-") or any(sign in name for sign in ":. \t\n")


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
        yield crash("KeyError", repr(options["mode"]))
    for option in options.keys() - KNOWN:
        yield Refusal(BAD_BONDING, f"{option!r} is not a valid bonding option")


def _used_twice(call: Call, after: dict[str, Record], netinfo: Record) -> Iterator[Refusal]:
    bonds = {name: bond["slaves"] for name, bond in netinfo["bondings"].items()}
    bonds |= {name: bond.get("nics") or () for name, bond in call.bondings.items()}
    removed = {name for name, bond in call.bondings.items() if bond.get("remove")}
    slaves = Counter(nic for name, nics in bonds.items() if name not in removed for nic in nics)
    users = {network["nic"] for network in after.values() if network.get("nic")}
    users |= {vlan["iface"] for vlan in netinfo["vlans"].values()}
    twice = {nic for nic, count in slaves.items() if count > 1} | (slaves.keys() & users)
    if twice:
        yield Refusal(USED_NIC, f"Nics with multiple usages: {twice}")
