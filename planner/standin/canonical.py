"""A setupNetworks call in canonical form, as VDSM 4.40 and later makes it first (docs/vdsm.md, Canonical form)."""

import copy
import ipaddress
from typing import NamedTuple

from planner.standin.kernel import BAD_ADDRESS, BAD_PARAMS, Config, Record, Refusal, crash

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
    call = Call(copy.deepcopy(networks), copy.deepcopy(bondings))
    try:
        return _made_canonical(call, netinfo, running) or call
    except (AttributeError, KeyError, TypeError, ValueError) as failure:
        # VDSM, too, finds out about a value of another type by running into it.
        return crash(str(failure))


def truth(value: object) -> bool:
    """VDSM's reading of ``bridged`` and ``remove``: true are True, the text "true", and the text of a number but 0.

    So "yes" is false, and "1" is true, but 1 is false.
    """
    if not isinstance(value, str):
        return value is True
    try:
        return value.lower() == "true" or bool(int(value))
    except ValueError:
        return False


def base_of(network: Record) -> str:
    """The device that a canonical network stands on: a nic wins over a bond; ``""`` for none."""
    return str(network.get("nic") or network.get("bonding") or "")


def port_of(network: Record) -> str:
    """The device below the bridge, or the network's own if it has none: ``base.vlan`` or the base."""
    base = base_of(network)
    return f"{base}.{network['vlan']}" if base and "vlan" in network else base


def _made_canonical(call: Call, netinfo: Record, running: Config) -> Refusal | None:
    refusal = _one_default_route(call.networks, running)
    if refusal is not None:
        return refusal
    for network in call.networks.values():
        if not _goes(network):
            refusal = _network(network, netinfo)
            if refusal is not None:
                return refusal
    _bondings(call, netinfo, running)
    return None


def _goes(record: Record) -> bool:
    """Whether the call takes ``record`` away; its ``remove`` is a boolean from then on."""
    if "remove" in record:
        record["remove"] = truth(record["remove"])
    return bool(record.get("remove"))


def _one_default_route(networks: dict[str, Record], running: Config) -> Refusal | None:
    """Two networks of the call cannot have it; the one that has it now gives way."""
    owners = []
    for name, network in networks.items():
        if _goes(network):
            continue
        network.setdefault("defaultRoute", False)
        alias = (network.get("custom") or {}).get("default_route")
        if alias is not None:
            network["defaultRoute"] = truth(alias)
        if network["defaultRoute"]:
            owners.append(name)
    if len(owners) > 1:
        return Refusal(BAD_PARAMS, "Only a single default route network is allowed.")
    present = next((name for name, network in running.networks.items() if network.get("defaultRoute")), None)
    if owners and present is not None and present not in networks:
        drawn_in = {key: value for key, value in running.networks[present].items() if key != "nameservers"}
        networks[present] = {**copy.deepcopy(drawn_in), "defaultRoute": False}
    return None


def _network(network: Record, netinfo: Record) -> Refusal | None:
    network["mtu"] = int(network.get("mtu", DEFAULT_MTU))
    if network.get("vlan", "") in ("", None):
        network.pop("vlan", None)
    else:
        network["vlan"] = int(network["vlan"])
    network["bridged"] = truth(network.get("bridged", True))
    _bridge_options(network)
    refusal = _stp(network)
    network.setdefault("bootproto", "none")
    refusal = refusal or _netmask(network)
    if refusal is not None:
        return refusal
    network.setdefault("dhcpv6", False)
    network.setdefault("ipv6autoconf", False)
    if network.get("ipv6addr"):
        try:
            network["ipv6addr"] = str(ipaddress.ip_interface(str(network["ipv6addr"])))
        except ValueError as failure:
            return crash(str(failure))
    if "nameservers" not in network:
        own = network["defaultRoute"] and network["bootproto"] != "dhcp"
        network["nameservers"] = list(netinfo.get("nameservers", ())) if own else []
    if truth((network.get("custom") or {}).get("ovs")):
        network["switch"] = "ovs"
    network.setdefault("switch", "legacy")
    return None


def _bridge_options(network: Record) -> None:
    custom = network.get("custom", {})
    if custom.get("bridge_opts"):
        options = dict(word.split("=", 1) for word in custom["bridge_opts"].split())
        custom["bridge_opts"] = " ".join(sorted(f"{key}={value}" for key, value in options.items()))


def _stp(network: Record) -> Refusal | None:
    """``stp`` wins over ``STP``; a network without a bridge keeps what was said about it, whatever it is."""
    if not network["bridged"]:
        return None
    stated = network["stp"] if "stp" in network else network.pop("STP", None)
    stp = bool(stated) if stated is None or isinstance(stated, bool) else STP_WORDS.get(stated.lower())
    if stp is None:
        return Refusal(BAD_PARAMS, f'"{stated}" is not a valid bridge STP value.')
    network["stp"] = stp
    return None


def _netmask(network: Record) -> Refusal | None:
    prefix = network.pop("prefix", None)
    if not prefix:
        return None
    if "netmask" in network:
        return Refusal(BAD_PARAMS, "Both PREFIX and NETMASK supplied")
    try:
        network["netmask"] = str(ipaddress.IPv4Network(f"0.0.0.0/{int(prefix)}").netmask)
    except ValueError:
        said = f"Bad prefix: {prefix} is not a valid prefix value. It must be between 0 and 32"
        return Refusal(BAD_ADDRESS, said)
    return None


def _bondings(call: Call, netinfo: Record, running: Config) -> None:
    present: dict[str, Record] = netinfo.get("bondings", {})
    for network in call.networks.values():
        name = "" if "remove" in network else network.get("bonding") or ""
        if name not in call.bondings and name in present:
            # A bond that the call does not name is declared anew as it is, so that it becomes VDSM's.
            options = sorted(present[name].get("opts", {}).items())
            text = " ".join(f"{option}={value}" for option, value in options)
            call.bondings[name] = {"nics": list(present[name]["slaves"]), "options": text, "switch": network["switch"]}
    for name, bond in call.bondings.items():
        if _goes(bond):
            continue
        if "nics" in bond:
            bond["nics"].sort()
        bond.setdefault("switch", "legacy")
        if name in present and (name not in running.bonds or running.bonds[name].get("hwaddr")):
            bond.setdefault("hwaddr", present[name].get("hwaddr", ""))
