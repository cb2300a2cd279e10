"""Facts about what a host is made of: nics, bonds, vlans, bridges, and VDSM's networks on them."""

from collections.abc import Iterator

from planner.facts.addressing import has_default_route4
from planner.facts.view import View
from planner.host import graph
from planner.host.freeing import heir_of
from planner.host.model import Ip
from planner.language import Fact, Scalar

LINKS = {len("00:" * 6) - 1: "ethernet", len("00:" * 20) - 1: "infiniband"}  # length of a hardware address, as text


def nic_facts(view: View) -> Iterator[Fact]:
    """One ``nic`` fact for each network interface card."""
    for nic in view.host.nics.values():
        fields: dict[str, Scalar] = {
            "name": nic.name,
            "mtu": nic.mtu,
            "hwaddr": nic.hwaddr,
            "permanent_hwaddr": nic.permanent_hwaddr or nic.hwaddr,
            "link": _link(nic.hwaddr),
            "bond": view.bond_of.get(nic.name, ""),
            "bridge": view.bridge_of.get(nic.name, ""),
            "vlans": len(view.vlans_over.get(nic.name, ())),
            "addresses": len(nic.ip.addresses),
        }
        yield Fact("nic", fields, nic.path)


def bond_facts(view: View) -> Iterator[Fact]:
    """One ``bond`` fact for each bond."""
    for bond in view.host.bonds.values():
        options = dict(bond.options)
        nics = [view.host.nics[name] for name in bond.members if name in view.host.nics]
        fields: dict[str, Scalar] = {
            "name": bond.name,
            "mtu": bond.mtu,
            "hwaddr": bond.hwaddr,
            "link": _link(bond.hwaddr, *(nic.hwaddr for nic in nics)),
            "mode": bond.mode,
            "members": len(bond.members),
            "member_names": ", ".join(sorted(bond.members)),
            "options": " ".join(f"{key}={value}" for key, value in bond.options),
            "fail_over_mac": _option_number(options.get("fail_over_mac", "0")),
            "switch": bond.switch,
            "partner": bond.partner,
            "bridge": view.bridge_of.get(bond.name, ""),
            "vlans": len(view.vlans_over.get(bond.name, ())),
            "addresses": len(bond.ip.addresses),
        }
        yield Fact("bond", fields, bond.path)


def _link(*hwaddrs: str) -> str:
    """The kind of link that the first hardware address belongs to which is told."""
    return next((LINKS.get(len(hwaddr), "") for hwaddr in hwaddrs if hwaddr), "")


def _option_number(value: str) -> int:
    words = {"none": 0, "active": 1, "follow": 2}
    return words.get(value, int(value) if value.isascii() and value.isdigit() and len(value) < len("1000") else -1)


def member_facts(view: View) -> Iterator[Fact]:
    """One ``member`` fact for each nic of each bond."""
    for bond in view.host.bonds.values():
        for name in sorted(set(bond.members)):
            nic = view.host.nics.get(name)
            fields: dict[str, Scalar] = {
                "bond": bond.name,
                "nic": name,
                "listed": int(nic is not None),
                "vlans": len(view.vlans_over.get(name, ())),
                "addresses": len(nic.ip.addresses) if nic is not None else 0,
            }
            yield Fact("member", fields, f"{bond.path}.slaves")


def vlan_facts(view: View) -> Iterator[Fact]:
    """One ``vlan`` fact for each VLAN device, with the name that VDSM would give it."""
    for vlan in view.host.vlans.values():
        vdsm_name = f"{vlan.base}.{vlan.tag}"
        fields: dict[str, Scalar] = {
            "name": vlan.name,
            "base": vlan.base,
            "base_kind": graph.kind_of(view.host, vlan.base),
            "tag": vlan.tag,
            "mtu": vlan.mtu,
            "vdsm_name": vdsm_name,
            "vdsm_name_length": len(vdsm_name),
            "conventional": int(vlan.name == vdsm_name),
            "bridge": view.bridge_of.get(vlan.name, ""),
            "vlans": len(view.vlans_over.get(vlan.name, ())),
            "addresses": len(vlan.ip.addresses),
        }
        yield Fact("vlan", fields, vlan.path)


def bridge_facts(view: View) -> Iterator[Fact]:
    """One ``bridge`` fact for each bridge, VDSM's or anybody's."""
    for bridge in view.host.bridges.values():
        fields: dict[str, Scalar] = {
            "name": bridge.name,
            "mtu": bridge.mtu,
            "owned": int(bridge.name in view.owned_bridges),
            "stp": -1 if bridge.stp is None else int(bridge.stp),
            "ports": len(bridge.ports),
            "port_names": ", ".join(sorted(bridge.ports)),
            "heir": heir_of(view.host, bridge),
            "addresses": len(bridge.ip.addresses),
        }
        yield Fact("bridge", fields, bridge.path)


def port_facts(view: View) -> Iterator[Fact]:
    """One ``port`` fact for each port of each bridge."""
    for bridge in view.host.bridges.values():
        for port in sorted(set(bridge.ports)):
            fields: dict[str, Scalar] = {
                "bridge": bridge.name,
                "device": port,
                "owned": int(bridge.name in view.owned_bridges),
            }
            yield Fact("port", fields, f"{bridge.path}.ports")


def _default_route(ip: Ip) -> int:
    """Whether the default route leads over it: that of IPv4, or of IPv6 where there is no IPv4."""
    if not any(address.family == 4 for address in ip.addresses) and ip.gateway6:
        return 1
    return int(has_default_route4(ip))


def network_facts(view: View) -> Iterator[Fact]:
    """One ``network`` fact for each network of VDSM's running configuration."""
    for network in view.host.networks.values():
        vlan = view.host.vlans.get(network.southbound)
        base = vlan.base if vlan is not None else network.southbound
        fields: dict[str, Scalar] = {
            "name": network.name,
            "device": network.device,
            "bridged": int(network.bridged),
            "port": network.southbound,
            "contradicted": network.contradicted,
            "base": base,
            "base_kind": graph.kind_of(view.host, base),
            "vlan": network.tag if network.tag >= 0 or vlan is None else vlan.tag,
            "mtu": network.mtu,
            "stp": -1 if network.stp is None else int(network.stp),
            "switch": network.switch,
            "portless": int(network.bridged and network.switch != "ovs" and network.southbound not in network.ports),
            "default_route": _default_route(network.ip),
            "gateway4": network.ip.gateway4,
            "gateway6": network.ip.gateway6,
        }
        yield Fact("network", fields, network.path)
