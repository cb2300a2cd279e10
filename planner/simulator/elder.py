"""VDSM of 2012 (4.9 to 4.13): its reading of a setupNetworks call, and the caps that it reports (vdsm.md 4.2, 5.1).

The machine below is the same as for a VDSM of today, so a call becomes today's canonical form, and caps are
translated both ways.
"""

import copy
import ipaddress
from collections import Counter
from collections.abc import Iterator

from planner.simulator.ages import Age
from planner.simulator.answers import (
    BAD_ADDRESS,
    BAD_BONDING,
    BAD_BRIDGE,
    BAD_NIC,
    BAD_PARAMS,
    BAD_VLAN,
    USED_BRIDGE,
    USED_NIC,
    Refusal,
)
from planner.simulator.bonding_options import KNOWN, parsed
from planner.simulator.canonical import Call, base_of, truth
from planner.simulator.devices import SECTIONS, blank_ip
from planner.simulator.kernel import Config, Record
from planner.simulator.validation import LARGEST_TAG, NUMBERED_BOND, bad_bridge_name

NEW_BOND = "mode=802.3ad miimon=150"
IPV6_SINCE = (4, 12)


def judge(networks: dict[str, Record], bondings: dict[str, Record], netinfo: Record, running: Config) -> Call | Refusal:
    """The call in today's canonical form, or why VDSM of 2012 refuses it."""
    wanted = {name: _network(attributes) for name, attributes in networks.items()}
    bonds = {name: _bond(name, attributes, netinfo) for name, attributes in bondings.items()}
    for network in wanted.values():
        name = network.get("bonding", "")
        if name in netinfo["bondings"] and name not in bonds:
            bonds[name] = _bond(name, {}, netinfo)
    call = Call(wanted, bonds)
    return next(_complaints(call, networks, netinfo, running), call)


def _network(attributes: Record) -> Record:
    if truth(attributes.get("remove")):
        return {**attributes, "remove": True}
    mtu, bridged = int(attributes.get("mtu") or 1500), truth(attributes.get("bridged", True))
    network: Record = {"bridged": bridged, "mtu": mtu, "switch": "legacy", "dhcpv6": False, "ipv6autoconf": False}
    network |= {
        key: attributes[key] for key in ("nic", "bonding", "ipaddr", "netmask", "gateway") if attributes.get(key)
    }
    if attributes.get("prefix"):
        network["netmask"] = str(ipaddress.IPv4Network(f"0.0.0.0/{attributes['prefix']}").netmask)
    if str(attributes.get("vlan", "")) != "":
        network["vlan"] = int(attributes["vlan"])
    network["bootproto"] = "dhcp" if attributes.get("bootproto") == "dhcp" else "none"
    # There was no defaultRoute: a gateway, stated or leased, was always the host's.
    network["defaultRoute"] = bool(attributes.get("gateway")) or network["bootproto"] == "dhcp"
    if bridged:
        network["stp"] = str(attributes.get("stp", attributes.get("STP", "no"))).lower() in ("yes", "on", "true")
    return {**network, "nameservers": []}


def _bond(name: str, attributes: Record, netinfo: Record) -> Record:
    if truth(attributes.get("remove")):
        return {**attributes, "remove": True}
    present = netinfo["bondings"].get(name)
    nics = attributes.get("nics") or (present["slaves"] if present else [])
    opts = " ".join(f"{key}={value}" for key, value in sorted(present["opts"].items())) if present else NEW_BOND
    return {"nics": sorted(nics), "options": attributes.get("options") or opts, "switch": "legacy"}


def _complaints(call: Call, asked: dict[str, Record], netinfo: Record, running: Config) -> Iterator[Refusal]:
    after = {name: network for name, network in running.networks.items() if name not in call.networks}
    after |= {name: network for name, network in call.networks.items() if not network.get("remove")}
    for name, network in call.networks.items():
        if not network.get("remove"):
            if network["bridged"] and name in netinfo["bridges"] and name not in running.networks:
                yield Refusal(USED_BRIDGE, "Bridge already exists")
            yield from _network_complaints(name, network, netinfo, call)
            yield from _address_complaints(network, asked[name])
        elif network.keys() - {"remove"}:
            yield Refusal(BAD_PARAMS, "Cannot specify any attribute when removing")
        elif name not in running.networks:
            yield Refusal(BAD_BRIDGE, f"Cannot delete network {name}: It doesn't exist in the system")
    for name, bond in call.bondings.items():
        if not bond.get("remove"):
            yield from _bond_complaints(name, bond, netinfo, call)
    yield from _crowded(after)


def _address_complaints(network: Record, asked: Record) -> Iterator[Refusal]:
    if network.get("ipaddr"):
        for key in ("ipaddr", "netmask", "gateway"):
            if key == "gateway" and not network.get(key):
                continue
            try:
                ipaddress.IPv4Address(network.get(key, ""))
            except ValueError:
                yield Refusal(BAD_ADDRESS, f"Bad {key}: {network.get(key, '')!r}")
    elif asked.get("netmask") or asked.get("gateway"):
        yield Refusal(BAD_ADDRESS, "gateway or netmask were given without ip address")


def _network_complaints(name: str, network: Record, netinfo: Record, call: Call) -> Iterator[Refusal]:
    if network["bridged"] and bad_bridge_name(name):
        yield Refusal(BAD_BRIDGE, f"Bridge name isn't valid: {name!r}")
    if "vlan" in network and not base_of(network):
        yield Refusal(BAD_VLAN, "vlan requires a nic or a bonding")
    if not 0 <= network.get("vlan", 0) <= LARGEST_TAG:
        yield Refusal(BAD_VLAN, f"vlan id out of range: {network['vlan']}, must be 0..{LARGEST_TAG}")
    nic, bonding = network.get("nic"), network.get("bonding")
    if nic and nic not in netinfo["nics"]:
        yield Refusal(BAD_NIC, f"unknown nic: {nic}")
    if nic and any(nic in bond["slaves"] for bond in netinfo["bondings"].values()):
        yield Refusal(USED_NIC, f"nic {nic} already enslaved")
    if bonding and not call.bondings.get(bonding, {}).get("nics"):
        yield Refusal(BAD_BONDING, f"bonding {bonding} has no nics")


def _bond_complaints(name: str, bond: Record, netinfo: Record, call: Call) -> Iterator[Refusal]:
    if not NUMBERED_BOND.match(name):
        yield Refusal(BAD_BONDING, f"{name!r} is not a valid bonding device name")
    if not bond["nics"]:
        yield Refusal(BAD_PARAMS, "Missing required nics for bonding device")
    options = parsed(bond["options"])
    if options is None or options.keys() - KNOWN:
        yield Refusal(BAD_BONDING, f"Error parsing bonding options: {bond['options']!r}")
    for nic in bond["nics"]:
        if nic not in netinfo["nics"]:
            yield Refusal(BAD_NIC, f"Unknown nic: {nic}")
        others = (
            other for other in netinfo["bondings"] if other != name and not call.bondings.get(other, {}).get("remove")
        )
        if any(nic in netinfo["bondings"][other]["slaves"] for other in others):
            yield Refusal(USED_NIC, f"nic {nic} already enslaved")


def _crowded(after: dict[str, Record]) -> Iterator[Refusal]:
    """A base carries one untagged bridged network, or vlans and at most one untagged bridgeless network."""
    bases: Counter[str] = Counter(base_of(network) for network in after.values() if base_of(network))
    untagged = Counter(base_of(network) for network in after.values() if "vlan" not in network)
    bridged = {base_of(network) for network in after.values() if "vlan" not in network and network["bridged"]}
    for base, count in bases.items():
        if untagged[base] > 1 or (base in bridged and count > 1):
            yield Refusal(BAD_PARAMS, f"interface {base!r} is already used by another network")


def modernised(caps: Record) -> Record:
    """Caps of 2012 as today's VDSM would report them: gateway, DHCP and bond options come from ``cfg``."""
    modern = {key: copy.deepcopy(value) for key, value in caps.items()}
    for section in SECTIONS:
        records = {}
        for name, old in caps.get(section, {}).items():
            cfg = {str(key).upper(): str(value).strip("'\"") for key, value in (old.get("cfg") or {}).items()}
            records[name] = {**blank_ip(), **copy.deepcopy(old), **_addresses(old, cfg)}
            _links(section, name, records[name], cfg)
        modern[section] = records
    modern["bondings"] = {name: bond for name, bond in modern["bondings"].items() if bond["slaves"]}
    for name, network in modern.get("networks", {}).items():
        network |= {key: modern["bridges"][name][key] for key in blank_ip() if name in modern["bridges"]}
    return modern


def _addresses(old: Record, cfg: dict[str, str]) -> Record:
    gateway = cfg.get("GATEWAY") or old.get("gateway") or ""
    gateway = "" if gateway == "0.0.0.0" else gateway
    found: Record = {"gateway": gateway, "ipv4defaultroute": bool(gateway)}
    found["dhcpv4"] = cfg.get("BOOTPROTO", "").lower() == "dhcp"
    if old.get("addr"):
        found["ipv4addrs"] = [str(ipaddress.IPv4Interface(f"{old['addr']}/{old.get('netmask') or 32}"))]
    return found


def _links(section: str, name: str, record: Record, cfg: dict[str, str]) -> None:
    if section == "vlans" and "vlanid" not in record:
        base, _, tag = name.rpartition(".")
        record |= {"iface": base or record.get("iface", ""), "vlanid": int(tag) if tag.isdigit() else 0}
    if section == "bondings":
        words = cfg.get("BONDING_OPTS", "").split()
        record.setdefault("opts", {"mode": "0"} | dict(word.split("=", 1) for word in words if "=" in word))
        record.setdefault("active_slave", "")
    if section == "bridges":
        record.setdefault("stp", "off")


def rendered(caps: Record, age: Age) -> Record:
    """Today's ``caps`` as a VDSM of ``age`` reports them: texts, ``cfg``, no gateway but a network's."""
    old = copy.deepcopy(caps)
    old.pop("nameservers", None)
    for section in (*SECTIONS, "networks"):
        for name, record in old[section].items():
            _age_record(section, name, record, age)
    return old


def _age_record(section: str, name: str, record: Record, age: Age) -> None:
    dhcp, gateway, opts = record["dhcpv4"], record["gateway"], record.pop("opts", {})
    for key in ("ipv4addrs", "ipv4defaultroute", "dhcpv4", "dhcpv6", "ipv6autoconf", "southbound", "switch", "vlanid"):
        record.pop(key, None)
    if age.version < IPV6_SINCE:
        record.pop("ipv6addrs", None)
        record.pop("ipv6gateway", None)
    record.pop("gateway", None)
    if section == "networks":
        record["gateway"] = gateway or "0.0.0.0"
    cfg = {"DEVICE": name, "ONBOOT": "yes"}
    if dhcp:
        cfg["BOOTPROTO"] = "dhcp"
    elif record["addr"]:
        cfg |= {"IPADDR": record["addr"], "NETMASK": record["netmask"]}
        cfg |= {"GATEWAY": gateway} if gateway else {}
    if section == "bondings":
        if opts != {"mode": "0"}:  # what the kernel does when nobody says anything
            cfg["BONDING_OPTS"] = " ".join(f"{key}={value}" for key, value in sorted(opts.items()))
        record.pop("active_slave", None)
    record["cfg"] = cfg
