"""Hosts described in a line, as VDSM of any age would report them.

    nic eth0 192.0.2.10/24 via 192.0.2.1; bond bond0 eth2+eth3 mode=4; vlan eth0.100; vlan mgmt 100@eth0
    bridge br0 eth0 dhcp 192.0.2.10/24; net ovirtmgmt eth0.100 mtu=9000; flat ovirtmgmt eth0; client eth0

`net` is a network that VDSM made, with its bridge; `flat` one without. `via` and `via6` are gateways, `table`
keeps that of IPv4 out of the main table. `dhcp`, `dhcp6` and `auto` say how the addresses came about. What is
only named (a base, a member, a port) is made, unless `hidden` names it. `mgmt` and `mgmt6` stand for the
management address with its gateway.
"""

from collections.abc import Callable
from typing import Any

Record = dict[str, Any]
FLAGS = ("dhcp", "dhcp6", "auto", "table", "stp", "ovs")
AGES = ("4.10", "4.14", "4.16", "4.17", "4.19", "4.30", "4.40", "4.50")
SHORT = {"mgmt": "192.0.2.10/24 via 192.0.2.1", "mgmt6": "2001:db8::10/64 via6 2001:db8::1"}
DYNAMIC = ("dhcpv4", "dhcpv6", "ipv6autoconf", "ipv4defaultroute")
ABSENT = {"addr": "", "netmask": "", "ipv4addrs": [], "ipv6addrs": [], "gateway": "", "ipv6gateway": "::"}


def capabilities(described: str, age: str = "4.50") -> Record:
    """The getVdsCaps document of the host that ``described`` tells, as VDSM of ``age`` reports it; ``""``: unknown."""
    document: Record = {section: {} for section in ("nics", "bondings", "vlans", "bridges", "networks")}
    document |= {"nameservers": [], "netConfigDirty": "False", "lastClientIface": "", "named": []}
    statements = [_words(statement) for statement in described.split(";") if statement.strip()]
    for word, *rest in statements:
        DEVICES[word](document, rest)
    hidden = {name for word, *names in statements if word == "hidden" for name in names}
    for name in document.pop("named"):
        _make(document, name, hidden)
    for word, *rest in statements:
        if word in NETWORKS:
            NETWORKS[word](document, rest)
    if age:
        document["software_version"] = age + ".1"
        _age(document, tuple(map(int, age.split("."))))
    return document


def _words(statement: str) -> list[str]:
    return " ".join(SHORT.get(word, word) for word in statement.split()).split()


def _ip(words: list[str]) -> Record:
    """The IP keys of a device, its MTU and flags, from what stands behind its name."""
    found: Record = {**ABSENT, "mtu": "1500", "ipv4addrs": [], "ipv6addrs": []}
    given = iter(words)
    flags = set()
    for word in given:
        if word in ("via", "via6"):
            found["gateway" if word == "via" else "ipv6gateway"] = next(given)
        elif word in FLAGS:
            flags.add(word)
        elif "=" in word:
            key, _, value = word.partition("=")
            found[key] = value
        else:
            found["ipv6addrs" if ":" in word else "ipv4addrs"].append(word)
    if found["ipv4addrs"]:
        address, _, prefix = found["ipv4addrs"][0].partition("/")
        found |= {"addr": address, "netmask": {"24": "255.255.255.0", "32": "255.255.255.255", "": ""}[prefix]}
    found |= {"dhcpv4": "dhcp" in flags, "dhcpv6": "dhcp6" in flags, "ipv6autoconf": "auto" in flags}
    found["ipv4defaultroute"] = bool(found["gateway"]) and "table" not in flags
    found |= {"stp": "on" if "stp" in flags else "off", "switch": "ovs" if "ovs" in flags else "legacy"}
    return found


def _nic(document: Record, words: list[str]) -> None:
    document["nics"][words[0]] = {"hwaddr": "52:54:00:00:00:01", "speed": 10000, **_ip(words[1:])}


def _bond(document: Record, words: list[str]) -> None:
    name, members, *rest = words
    found = _ip(rest)
    options = {"miimon": "100", "mode": found.pop("mode", "1")}
    slaves = [member for member in members.split("+") if member != "-"]
    document["bondings"][name] = {"hwaddr": "52:54:00:00:00:02", "slaves": slaves, "opts": options, **found}
    document["named"] += slaves


def _vlan(document: Record, words: list[str]) -> None:
    name, *rest = words
    tag, _, base = rest.pop(0).partition("@") if rest and "@" in rest[0] else reversed(name.rpartition("."))
    document["vlans"][name] = {"iface": base, "vlanid": int(tag), **_ip(rest)}
    document["named"].append(base)


def _bridge(document: Record, words: list[str]) -> None:
    name, ports, *rest = words
    document["bridges"][name] = {"ports": [port for port in ports.split("+") if port != "-"], **_ip(rest)}
    document["named"] += [port for port in document["bridges"][name]["ports"] if not port.startswith("vnet")]


def _make(document: Record, name: str, hidden: set[str]) -> None:
    """The device of this name, if nothing has made it: a VLAN by its dot, else a nic."""
    known = any(name in document[section] for section in ("nics", "bondings", "vlans", "bridges"))
    if known or name in hidden:
        return
    if "." not in name:
        _nic(document, [name])
        return
    document["named"] = []
    _vlan(document, [name])
    for base in document.pop("named"):
        _make(document, base, hidden)


def _net(document: Record, words: list[str]) -> None:
    name = words[0]
    bridge = document["bridges"][name]
    port = next((port for port in bridge["ports"] if not port.startswith("vnet")), None)
    _stand(document, name, {**bridge, "iface": name, "bridged": True}, port)


def _flat(document: Record, words: list[str]) -> None:
    name, device, *rest = words
    network = _ip(rest)
    for section in ("nics", "bondings", "vlans"):
        document[section].get(device, {}).update({key: network[key] for key in (*ABSENT, *DYNAMIC, "mtu")})
    del network["stp"]
    _stand(document, name, {**network, "interface": device, "iface": device, "bridged": False}, device)


def _stand(document: Record, name: str, network: Record, southbound: str | None) -> None:
    network["southbound"] = southbound
    if southbound in document["vlans"]:
        network["vlanid"] = document["vlans"][southbound]["vlanid"]
    document["networks"][name] = network


def _nothing(document: Record, words: list[str]) -> None:
    """What is looked at elsewhere."""


DEVICES: dict[str, Callable[[Record, list[str]], None]] = {
    "nic": _nic,
    "bond": _bond,
    "vlan": _vlan,
    "bridge": _bridge,
    "net": _bridge,
    "flat": lambda document, words: document["named"].append(words[1]),
    "hidden": _nothing,
    "client": lambda document, words: document.update(lastClientIface=words[0]),
    "dns": lambda document, words: document.update(nameservers=words),
    "dirty": lambda document, _: document.update(netConfigDirty="True"),
}
NETWORKS: dict[str, Callable[[Record, list[str]], None]] = {"net": _net, "flat": _flat}


def _age(document: Record, age: tuple[int, ...]) -> None:
    """Take out, and say otherwise, what VDSM of ``age`` did not know (facts of VDSM's own sources)."""
    if age < (4, 40):
        for network in document["networks"].values():
            network.pop("southbound")
            network.pop("vlanid", None)
    if age < (4, 18):
        del document["nameservers"]
    for section in ("nics", "bondings", "vlans", "bridges", "networks"):
        for name, record in document[section].items():
            record.update(_aged(record, section, age))
            for key in _unknown(section, age):
                record.pop(key, None)
            if section == "vlans" and age < (4, 14):
                record["iface"] = name.split(".")[0]
    if age < (4, 14):
        document["vlans"] = {name: record for name, record in document["vlans"].items() if "." in name}


def _aged(record: Record, section: str, age: tuple[int, ...]) -> Record:
    told: Record = {}
    if age < (4, 19):
        told["cfg"] = {"BOOTPROTO": "dhcp" if record.get("dhcpv4") else "none"}
        if record["addr"] and not record.get("dhcpv4"):
            told["cfg"]["IPADDR"] = record["addr"]
        if record["gateway"] and not record.get("dhcpv4"):
            told["cfg"]["GATEWAY"] = record["gateway"]
        if "opts" in record:
            told["cfg"]["BONDING_OPTS"] = " ".join(f"{key}={value}" for key, value in record["opts"].items())
    if section == "networks" and age < (4, 17):
        told["gateway"] = record["gateway"] or "0.0.0.0"
        told["bootproto4"] = "dhcp" if record["dhcpv4"] else "none"
    return told


def _unknown(section: str, age: tuple[int, ...]) -> list[str]:
    keys = [] if age >= (4, 19) else ["ipv4defaultroute"]
    keys += [] if age >= (4, 18) else ["ipv6autoconf", "switch"]
    keys += [] if age >= (4, 17) else ["dhcpv4", "dhcpv6"]
    keys += ["gateway", "ipv6gateway"] if age < (4, 17) and section != "networks" else []
    keys += [] if age >= (4, 16) else ["ipv4addrs", "opts", "bootproto4"]
    keys += [] if age >= (4, 14) else ["vlanid"]
    return keys + ([] if age >= (4, 12) else ["ipv6addrs", "ipv6gateway"])
