"""Hosts of every shape that the planner is for: what stands on what, how it got its addresses, what is wanted of it.

They are captures as VDSM reports them, small and whole, so that whoever is shown one can plan it with the command.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from planner.authoring.golden import Case
from planner.definition import read_definition
from planner.host.capture import read_capture

TAG = 100
ADDRESS4, ADDRESS6, BY_ROUTER = "192.0.2.10", "2001:db8:1::10", "2001:db8:1:0:5054:ff:fe00:1"
WAYS: dict[str, dict[str, Any]] = {
    "static": {"v4": "static"},
    "DHCP": {"v4": "dhcp"},
    "static IPv6": {"v6": "static"},
    "IPv6 by router": {"v6": "auto"},
    "static of both families": {"v4": "static", "v6": "static"},
}
TOPOLOGIES: dict[str, dict[str, Any]] = {
    "a nic": {"on": "eth0"},
    "a bond": {"on": "bond0"},
    "a vlan over a nic": {"on": "eth0", "tag": TAG},
    "a vlan over a bond": {"on": "bond0", "tag": TAG},
    "a bridge that is not VDSM's": {"on": "eth0", "bridge": "br0"},
    "VDSM's own network on a nic": {"on": "eth0", "own": True},
    "VDSM's own network on a bond": {"on": "bond0", "own": True},
    "VDSM's own network on a vlan over a nic": {"on": "eth0", "tag": TAG, "own": True},
    "VDSM's own network on a vlan over a bond": {"on": "bond0", "tag": TAG, "own": True},
}


class Shape(NamedTuple):
    """A host in words, its capture, what is wanted of it, and its management address (empty: not told)."""

    topology: str
    way: str
    bridged: bool
    document: dict[str, Any]
    definition: dict[str, Any]
    address: str

    @property
    def title(self) -> str:
        """The shape in a phrase."""
        kind = "VM network" if self.bridged else "network without a bridge"
        return f"{self.topology}, {self.way}, {kind}"

    def case(self) -> Case | None:
        """The host as rules are tried on it; None if there can be no such capture."""
        reading = read_capture(deepcopy(self.document), "capture.json")
        definition = read_definition(self.definition, "definition.yaml").definition
        if reading.host is None or definition is None:
            return None
        return Case(self.title, reading.host, definition, (self.address,) if self.address else ())


def shapes() -> Iterator[Shape]:
    """Every topology with every way of addressing, with a bridge and without."""
    for topology, parts in TOPOLOGIES.items():
        for way, families in WAYS.items():
            for bridged in (True, False):
                yield _shape(topology, way, bridged=bridged, parts=parts, families=families)


def _shape(topology: str, way: str, *, bridged: bool, parts: Mapping[str, Any], families: Mapping[str, str]) -> Shape:
    base, tag = parts["on"], parts.get("tag")
    port = f"{base}.{tag}" if tag else base
    ip = _ip(**families)
    own = "ovirtmgmt" if bridged and parts.get("own") else ""
    bridge = parts.get("bridge", own)
    holder = bridge or port
    document: dict[str, Any] = {"networks": {}, "bondings": {}, "bridges": {}, "vlans": {}, "nics": {}}
    for place, name in enumerate(("eth0", "eth1", "eth2")):
        document["nics"][name] = {**_ip(), "hwaddr": f"52:54:00:00:00:0{place}", "mtu": "1500", "speed": 10000}
    if base == "bond0":
        document["bondings"][base] = {**_ip(), "slaves": ["eth1", "eth2"], "opts": {"mode": "4"}, "mtu": "1500"}
    if tag:
        document["vlans"][port] = {**_ip(), "iface": base, "vlanid": tag, "mtu": "1500"}
    if bridge:
        document["bridges"][bridge] = {"ports": [port], "stp": "off", "mtu": "1500"}
    section = next(name for name in ("bridges", "vlans", "bondings", "nics") if holder in document[name])
    document[section][holder].update(ip)
    if parts.get("own"):
        below = {"ports": [port], "stp": "off"} if bridged else {}
        device = {"iface": holder, "bridged": bridged, "southbound": port, "mtu": "1500", "switch": "legacy"}
        document["networks"]["ovirtmgmt"] = {**ip, **below, **device, **({"vlanid": tag} if tag else {})}
    further = {"nameservers": ["192.0.2.53"], "netConfigDirty": "False", "lastClientIface": holder}
    document |= {**further, "software_version": "4.50.5"}
    mtu = 9000 if parts.get("own") else 1500  # an own network that is as defined would be left alone
    definition = {"network": "ovirtmgmt", "vm_network": bridged, "mtu": mtu, **({"vlan": tag} if tag else {})}
    address = next(text.partition("/")[0] for text in (*ip["ipv4addrs"], *ip["ipv6addrs"]))
    return Shape(topology, way, bridged, document, definition, address)


def _ip(v4: str = "", v6: str = "") -> dict[str, Any]:
    """The keys of an IP configuration, each family ``static``, ``dhcp``, ``auto`` or none."""
    return {
        "addr": ADDRESS4 if v4 else "",
        "netmask": "255.255.255.0" if v4 else "",
        "ipv4addrs": [f"{ADDRESS4}/24"] if v4 else [],
        "gateway": "192.0.2.1" if v4 else "",
        "ipv4defaultroute": bool(v4),
        "dhcpv4": v4 == "dhcp",
        "ipv6addrs": [f"{BY_ROUTER if v6 == 'auto' else ADDRESS6}/64"] if v6 else [],
        "ipv6gateway": "2001:db8:1::1" if v6 else "::",
        "ipv6autoconf": v6 == "auto",
        "dhcpv6": v6 == "auto",
    }
