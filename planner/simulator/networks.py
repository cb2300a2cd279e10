"""The ``networks`` of getVdsCaps, from VDSM's running configuration; and the configuration that a capture tells of."""

import copy

from planner.simulator.bonding_options import takes_mac
from planner.simulator.canonical import base_of, port_of
from planner.simulator.devices import blank_ip
from planner.simulator.kernel import EMPTY, Config, Record

IP_KEYS = ("mtu", *blank_ip())


def reported_networks(netinfo: Record, running: Config) -> dict[str, Record]:
    """The networks that VDSM reports: those of its running configuration whose device is there."""
    found = {name: _reported(name, network, netinfo) for name, network in running.networks.items()}
    return {name: record for name, record in found.items() if record}


def _reported(name: str, network: Record, netinfo: Record) -> Record:
    devices = {**netinfo["nics"], **netinfo["bondings"], **netinfo["vlans"]}
    if network["bridged"]:
        bridge = netinfo["bridges"].get(name)
        if bridge is None:
            return {}
        southbound = next((port for port in bridge["ports"] if port in devices), None)
        shown = {"ports": list(bridge["ports"]), "stp": bridge["stp"], "iface": name}
        record = {**shown, **{key: copy.copy(bridge[key]) for key in IP_KEYS}}
    else:
        southbound = port_of(network)
        if southbound not in devices:
            return {}
        record = {key: copy.copy(devices[southbound][key]) for key in IP_KEYS}
        record |= {"interface": southbound, "iface": southbound}
    record |= {"bridged": network["bridged"], "switch": network.get("switch", "legacy"), "southbound": southbound}
    if southbound in netinfo["vlans"]:
        record["vlanid"] = netinfo["vlans"][southbound]["vlanid"]
    for entry in devices.get(base_of(network), {}).get("qos", ()):
        if entry["vlan"] == network.get("vlan", -1):
            record["hostQos"] = entry["hostQos"]
    return record


def adopted(caps: Record) -> Config:
    """The running configuration of a VDSM that reports ``caps``: as good as caps can tell."""
    networks = {name: _configured(name, record, caps) for name, record in caps.get("networks", {}).items()}
    if not networks:
        return EMPTY
    bonds = {}
    for network in networks.values():
        bond = caps.get("bondings", {}).get(network.get("bonding", ""))
        if bond is not None:
            options = " ".join(f"{key}={value}" for key, value in sorted(bond.get("opts", {}).items()))
            made = {"nics": sorted(bond["slaves"]), "options": options, "switch": bond.get("switch", "legacy")}
            pinned = {"hwaddr": bond.get("hwaddr", "")} if takes_mac(bond.get("opts", {})) else {}
            bonds[network["bonding"]] = {**made, **pinned}
    return Config(networks, bonds)


def _configured(name: str, record: Record, caps: Record) -> Record:
    bridged = bool(record.get("bridged", True))
    ports = record.get("ports") or caps.get("bridges", {}).get(name, {}).get("ports") or ()
    devices = {**caps.get("nics", {}), **caps.get("bondings", {}), **caps.get("vlans", {})}
    southbound = record.get("southbound") or record.get("interface") or next((p for p in ports if p in devices), "")
    vlan = caps.get("vlans", {}).get(southbound)
    base = vlan["iface"] if vlan else southbound
    network: Record = {"bridged": bridged, "mtu": int(record.get("mtu", 1500))}
    network["switch"] = record.get("switch", "legacy")
    if base:
        network["bonding" if base in caps.get("bondings", {}) else "nic"] = base
    if vlan and "vlanid" in vlan:
        network["vlan"] = int(vlan["vlanid"])
    if bridged:
        network["stp"] = record.get("stp") in ("on", True)
    dhcp = bool(record.get("dhcpv4"))
    network["bootproto"] = "dhcp" if dhcp else "none"
    network["defaultRoute"] = bool(record.get("ipv4defaultroute"))
    if record.get("addr") and not dhcp:
        network |= {"ipaddr": record["addr"], "netmask": record["netmask"]}
        network |= {"gateway": record["gateway"]} if record.get("gateway") else {}
    network |= {"dhcpv6": bool(record.get("dhcpv6")), "ipv6autoconf": bool(record.get("ipv6autoconf"))}
    if record.get("ipv6addrs") and not network["dhcpv6"] and not network["ipv6autoconf"]:
        network["ipv6addr"] = record["ipv6addrs"][0]
        if record.get("ipv6gateway", "::") not in ("", "::"):
            network["ipv6gateway"] = record["ipv6gateway"]
    if record.get("hostQos"):
        network["hostQos"] = record["hostQos"]
    own = network["defaultRoute"] and not dhcp
    network["nameservers"] = list(caps.get("nameservers", ())) if own else []
    return network
