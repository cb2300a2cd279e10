"""A setupNetworks call in canonical form, as VDSM 4.40 and later makes it before anything else (vdsm.md 5.3)."""

import ipaddress
from typing import NamedTuple

from planner.simulator.answers import BAD_ADDRESS, BAD_PARAMS, Refusal, crash
from planner.simulator.kernel import Config, Record

DEFAULT_MTU = 1500
STP_WORDS = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}


class Call(NamedTuple):
    """What setupNetworks was asked for: networks and bondings by name, canonical; ``remove`` true takes one away."""

    networks: dict[str, Record]
    bondings: dict[str, Record]


def canonical_call(
    networks: dict[str, Record], bondings: dict[str, Record], netinfo: Record, running: Config
) -> Call | Refusal:
    """The call in canonical form, on a host with the devices ``netinfo`` and the configuration ``running``."""
    wanted: dict[str, Record] = {}
    for name, attributes in networks.items():
        canonical = _network(attributes, netinfo)
        if isinstance(canonical, Refusal):
            return canonical
        wanted[name] = canonical
    owners = [name for name, network in wanted.items() if _wants_default_route(network)]
    if len(owners) > 1:
        return Refusal(BAD_PARAMS, "Only a single default route network is allowed.")
    if owners:
        for name, network in running.networks.items():
            if name not in wanted and _wants_default_route(network):
                # Two networks with a default route: the one asked for now has it.
                wanted[name] = {**network, "defaultRoute": False, "nameservers": []}
    return Call(wanted, _bondings(wanted, bondings, netinfo, running))


def truth(value: object) -> bool:
    """VDSM's reading of ``bridged`` and ``remove``: of texts only "true" is true, so "yes" is not."""
    if isinstance(value, str):
        return value.lower() == "true"
    return isinstance(value, int) and bool(value)


def base_of(network: Record) -> str:
    """The device that a canonical network stands on: a nic wins over a bond; ``""`` for none."""
    return str(network.get("nic") or network.get("bonding") or "")


def port_of(network: Record) -> str:
    """The device below the bridge, or the network's own if it has none: ``base.vlan`` or the base."""
    base = base_of(network)
    return f"{base}.{network['vlan']}" if base and "vlan" in network else base


def _wants_default_route(network: Record) -> bool:
    return not network.get("remove") and bool(network.get("defaultRoute"))


def _network(attributes: Record, netinfo: Record) -> Record | Refusal:
    network = dict(attributes)
    if "remove" in network:
        network["remove"] = truth(network["remove"])
        if network["remove"]:
            return network
        del network["remove"]
    try:
        network["mtu"] = int(network.get("mtu", DEFAULT_MTU))
        _vlan(network)
    except (TypeError, ValueError) as failure:
        return crash("ValueError", str(failure))
    network["bridged"] = truth(network.get("bridged", True))
    refusal = _stp(network) or _addresses(network)
    if refusal is not None:
        return refusal
    network.setdefault("bootproto", "none")
    network.setdefault("dhcpv6", False)
    network.setdefault("ipv6autoconf", False)
    custom = network.get("custom")
    alias = custom.get("default_route") if isinstance(custom, dict) else None
    network.setdefault("defaultRoute", False if alias is None else truth(alias))
    network.setdefault("switch", "legacy")
    if "nameservers" not in network:
        own = network["defaultRoute"] and network["bootproto"] != "dhcp"
        network["nameservers"] = list(netinfo.get("nameservers", ())) if own else []
    return network


def _vlan(network: Record) -> None:
    if network.get("vlan", "") in ("", None):
        network.pop("vlan", None)
    else:
        network["vlan"] = int(network["vlan"])


def _stp(network: Record) -> Refusal | None:
    stated = network.pop("STP", network.pop("stp", None))
    if not network["bridged"]:
        return None
    stp = stated if isinstance(stated, bool) else STP_WORDS.get(str(stated if stated is not None else "no").lower())
    if stp is None:
        return Refusal(BAD_PARAMS, f'"{stated}" is not a valid bridge STP value.')
    network["stp"] = stp
    return None


def _addresses(network: Record) -> Refusal | None:
    prefix = network.pop("prefix", None)
    if prefix is not None:
        if network.get("netmask"):
            return Refusal(BAD_PARAMS, "Both PREFIX and NETMASK supplied")
        try:
            network["netmask"] = str(ipaddress.IPv4Network(f"0.0.0.0/{int(prefix)}").netmask)
        except ValueError:
            said = f"Bad prefix: {prefix} is not a valid prefix value. It must be between 0 and 32"
            return Refusal(BAD_ADDRESS, said)
    if network.get("ipv6addr"):
        try:
            network["ipv6addr"] = str(ipaddress.IPv6Interface(network["ipv6addr"]))
        except ValueError:
            text = f"{network['ipv6addr']!r} does not appear to be an IPv4 or IPv6 interface"
            return crash("IPAddressDataError", text)
    return None


def _bondings(
    networks: dict[str, Record], bondings: dict[str, Record], netinfo: Record, running: Config
) -> dict[str, Record]:
    wanted: dict[str, Record] = {}
    present: dict[str, Record] = netinfo.get("bondings", {})
    for name, attributes in bondings.items():
        bond = dict(attributes)
        if truth(bond.get("remove")):
            wanted[name] = {**bond, "remove": True}
            continue
        bond.pop("remove", None)
        if "nics" in bond:
            bond["nics"] = sorted(bond["nics"] or ())
        bond.setdefault("switch", "legacy")
        wanted[name] = bond
    for network in networks.values():
        name = "" if network.get("remove") else network.get("bonding") or ""
        if name in present and name not in wanted and name not in running.bonds:
            # A bond that VDSM did not make is declared anew as it is, so that it becomes VDSM's.
            options = sorted(present[name].get("opts", {}).items())
            text = " ".join(f"{option}={value}" for option, value in options)
            wanted[name] = {"nics": sorted(present[name]["slaves"]), "options": text, "switch": "legacy"}
    for name, bond in wanted.items():
        if name in present and name not in running.bonds and not bond.get("remove"):
            bond.setdefault("hwaddr", present[name].get("hwaddr", ""))
    return wanted
