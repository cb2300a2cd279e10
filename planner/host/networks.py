"""VDSM's own networks, as each age describes them."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from planner.host.addressing import read_ip
from planner.host.findings import Findings
from planner.host.model import NO_IP, Bridge, Device, Ip, Network, Vlan
from planner.host.scalars import LARGEST_TAG, Record, flag, kept, names, number, text

NOT_SOUTHBOUND = ("vnet", "tap", "veth", ";")  # how the ports of virtual machines and VDSM's dummy bridge are called


class Below(NamedTuple):
    """The devices that networks stand on, by name; ``real`` are nics and bonds."""

    real: Mapping[str, Device]
    vlans: Mapping[str, Vlan]
    bridges: Mapping[str, Bridge]

    def lists(self, name: str) -> bool:
        """Whether ``name`` is a nic, bond or vlan that the capture describes."""
        return name in self.real or name in self.vlans


def read_networks(
    records: Iterable[tuple[str, Record]], below: Below, findings: Findings
) -> tuple[dict[str, Network], dict[str, Bridge]]:
    """The networks, and the bridges that only they tell of, as in a partial capture."""
    networks = {name: _network(name, record, below, findings) for name, record in records}
    made = {
        network.device: Bridge(network.device, network.path, network.mtu, "", network.ip, network.ports, network.stp)
        for network in networks.values()
        if network.bridged and network.device not in below.bridges
    }
    return networks, made


def _network(name: str, record: Record, below: Below, findings: Findings) -> Network:
    path = f"networks.{name}"
    stated = text(record, "iface", path, findings)
    bridged = _is_bridged(name, stated, record, below, findings)
    device = stated or name if bridged else text(record, "interface", path, findings) or stated
    bridge = below.bridges.get(device) if bridged else None
    under = bridge or below.real.get(device) or below.vlans.get(device)
    ports = names(record, "ports", path, findings) or (bridge.ports if bridge is not None else ())
    switch = text(record, "switch", path, findings)
    stood = _southbound(ports, below) if bridged else device
    named = text(record, "southbound", path, findings) or stood
    # VDSM works it out of the ports, or takes the device. Where it is neither, the two were read at different
    # times; every rule has to be told the same. Open vSwitch keeps its ports to itself.
    possible = ports if bridged else (device,)
    contradicted = bool(possible) and switch != "ovs" and named not in possible
    southbound = stood if contradicted else named
    tag = number(record, "vlanid", "a VLAN id", path, findings, LARGEST_TAG)
    vlan = below.vlans.get(southbound)
    stp = flag(record, "stp", path, findings)
    mtu = number(record, "mtu", "an MTU", path, findings)
    return Network(
        name=name,
        path=path,
        device=device,
        bridged=bridged,
        ports=ports,
        southbound=southbound,
        contradicted=named if contradicted else "",
        tag=vlan.tag if tag < 0 and vlan is not None else tag,
        mtu=under.mtu if mtu < 0 and under is not None else mtu,
        stp=None if not bridged else bridge.stp if stp is None and bridge is not None else stp,
        switch=switch,
        ip=_completed(read_ip(record, path, findings), record, under.ip if under is not None else NO_IP),
        qos=kept(record, ("hostQos", "qos"), path, findings),
        custom=kept(record, ("custom",), path, findings),
    )


def _is_bridged(name: str, device: str, record: Record, below: Below, findings: Findings) -> bool:
    """As the network says; else by what only one sort has; else by whether its device is another one than a bridge."""
    stated = flag(record, "bridged", f"networks.{name}", findings)
    if stated is not None:
        return stated
    if "ports" in record or device in below.bridges:
        return True
    return "interface" not in record and not below.lists(device)


def _southbound(ports: tuple[str, ...], below: Below) -> str:
    """The device under the bridge; before 4.30 only the ports tell it, among those of virtual machines."""
    listed = [port for port in ports if below.lists(port)]
    others = [port for port in ports if not port.startswith(NOT_SOUTHBOUND)]
    return min(listed or others, default="")


def _completed(ip: Ip, record: Record, under: Ip) -> Ip:
    """``ip`` with what the network's entry leaves out, from the device that holds its address."""
    if under is NO_IP:
        return ip
    if not ip.addresses:
        return under
    return ip._replace(
        gateway4=ip.gateway4 if "gateway" in record else under.gateway4,
        gateway6=ip.gateway6 if "ipv6gateway" in record else under.gateway6,
        dhcpv4=ip.dhcpv4 if {"dhcpv4", "bootproto4", "cfg"} & record.keys() else under.dhcpv4,
        dhcpv6=ip.dhcpv6 if "dhcpv6" in record else under.dhcpv6,
        autoconf=ip.autoconf if "ipv6autoconf" in record else under.autoconf,
        default_route4=under.default_route4 if ip.default_route4 is None else ip.default_route4,
    )
