"""The ``networks`` of getVdsCaps, from VDSM's running configuration; and the configuration that a capture tells of."""

import copy
from typing import NamedTuple

from planner.standin.canonical import base_of, port_of
from planner.standin.devices import blank_ip, takes_mac
from planner.standin.kernel import EMPTY, Config, Record

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


# How old a host's VDSM is, and what follows from that (docs/vdsm.md, Through the ages).


DEFAULT_ROUTE_SINCE = (4, 14)  # oVirt 3.4: defaultRoute; before, a gateway was always the host's
STOMP_SINCE = (4, 16)  # oVirt 3.5
NO_CFG_SINCE = (4, 19)  # oVirt 4.1
NO_XMLRPC_SINCE = (4, 20)  # oVirt 4.2
NAME_SERVERS_SINCE = (4, 18, 12)  # of oVirt 4.0; before, setupNetworks did not know the word
ANY_BOND_NAME_SINCE = (4, 30, 1)  # oVirt 4.3; before, `bond` and a number
NMSTATE_SINCE = (4, 40)  # oVirt 4.4
ALL_BONDS_JUDGED_SINCE = (4, 40, 21)  # of oVirt 4.4; before, those of the call
NEWEST = (4, 50, 7)
UNTOLD = 999  # the patch of a version without one: the last release of that version
# nmstate's own: name servers of a family without a gateway go to NetworkManager's global configuration.
GLOBAL_DNS_SINCE, GLOBAL_DNS_ON_EL8 = (2, 2, 5), (1, 4, 2)


class Age(NamedTuple):
    """VDSM's ``version`` as (major, minor, patch), and what it can; ``nmstate``: that one's version, () if untold."""

    version: tuple[int, ...]
    nmstate_version: tuple[int, ...] = ()

    @property
    def elder(self) -> bool:
        """Whether requests and caps are those of 2012."""
        return self.version < DEFAULT_ROUTE_SINCE

    @property
    def has_cfg(self) -> bool:
        """Whether its caps hold ifcfg files, and part of the truth only there."""
        return self.version < NO_CFG_SINCE

    @property
    def backups(self) -> bool:
        """Whether rollback and boot put back ifcfg files, and with them what the host had before VDSM."""
        return self.version < NMSTATE_SINCE

    @property
    def nmstate(self) -> bool:
        """Whether nmstate sets the machine up; before, ifcfg files did."""
        return self.version >= NMSTATE_SINCE

    @property
    def global_dns(self) -> bool:
        """Whether its nmstate takes name servers of a family in which the network has no gateway."""
        nmstate = self.nmstate_version
        return nmstate >= GLOBAL_DNS_SINCE or GLOBAL_DNS_ON_EL8 <= nmstate < (2,)

    @property
    def name_servers(self) -> bool:
        """Whether setupNetworks knows name servers; before, it let them be."""
        return self.version >= NAME_SERVERS_SINCE

    @property
    def any_bond_name(self) -> bool:
        """Whether more than ``bond`` with a number names a bond."""
        return self.version >= ANY_BOND_NAME_SINCE

    @property
    def judges_all_bonds(self) -> bool:
        """Whether the members of every bond of the host are judged at each call, not only those that it names."""
        return self.version >= ALL_BONDS_JUDGED_SINCE

    @property
    def stomp(self) -> bool:
        """Whether it speaks JSON-RPC over STOMP."""
        return self.version >= STOMP_SINCE

    @property
    def xmlrpc(self) -> bool:
        """Whether it speaks XML-RPC."""
        return self.version < NO_XMLRPC_SINCE

    @property
    def xmlrpc_only(self) -> bool:
        """Whether it speaks nothing else; there any request confirms connectivity."""
        return not self.stomp


TODAY = Age(NEWEST)


def age_of(caps: Record) -> Age:
    """The age of the VDSM that reports ``caps``; without a version by the keys that only old ones had."""
    packages = caps.get("packages2") or {}
    packaged, nmstate = (_numbers(packages.get(name, {}).get("version")) for name in ("vdsm", "nmstate"))
    version = _numbers(caps.get("software_version"))
    if packaged[: len(version)] == version:  # which may tell the patch besides
        version = packaged
    if version:
        return Age(version if len(version) > 2 else (*version, UNTOLD), nmstate)
    nics = [nic for nic in caps.get("nics", {}).values() if isinstance(nic, dict)]
    old = bool(nics) and all("cfg" in nic and "ipv6addrs" not in nic for nic in nics)
    return Age((4, 10, UNTOLD)) if old else TODAY._replace(nmstate_version=nmstate)


def _numbers(written: object) -> tuple[int, ...]:
    """``(4, 40, 60)`` of 4.40.60.7, ``(4, 10)`` of 4.10-0.141; ``()`` for what is no version."""
    parts = str(written or "").partition("-")[0].split(".")[:3]
    told = len(parts) > 1 and all(part.isascii() and part.isdigit() for part in parts)
    return tuple(int(part) for part in parts) if told else ()
