"""A host as it would stand without one of its bridges: the address on the one device that was under it."""

from planner.host import graph
from planner.host.model import Bond, Bridge, Host, Nic, Vlan


def heir_of(host: Host, bridge: Bridge) -> str:
    """The only port that is a nic, bond or vlan, not a virtual machine's; ``""`` for none or several."""
    listed = [port for port in sorted(set(bridge.ports)) if graph.kind_of(host, port) in ("nic", "bond", "vlan")]
    return listed[0] if len(listed) == 1 else ""


def without_bridge(host: Host, name: str) -> Host:
    """``host`` with the address and the vlans of the bridge ``name`` on its heir; the same host if it has none.

    A vlan that was called after the bridge is called after the heir, as whoever moves it would do.
    """
    bridge = host.bridges.get(name)
    heir = heir_of(host, bridge) if bridge is not None else ""
    if bridge is None or not heir:
        return host
    moved = [_moved(vlan, heir) if vlan.base == name else vlan for vlan in host.vlans.values()]
    vlans = {vlan.name: vlan for vlan in moved}
    if len(vlans) < len(moved):
        return host
    freed = host._replace(
        bridges={other: kept for other, kept in host.bridges.items() if other != name},
        vlans=vlans,
        last_client_iface=heir if host.last_client_iface == name else host.last_client_iface,
    )
    match graph.device(host, heir):
        case Nic() as nic:
            return freed._replace(nics={**host.nics, heir: nic._replace(ip=graph.merged_ip(nic.ip, bridge.ip))})
        case Bond() as bond:
            return freed._replace(bonds={**host.bonds, heir: bond._replace(ip=graph.merged_ip(bond.ip, bridge.ip))})
        case Vlan() as vlan:
            return freed._replace(vlans={**vlans, heir: vlan._replace(ip=graph.merged_ip(vlan.ip, bridge.ip))})
        case _:
            return host


def _moved(vlan: Vlan, heir: str) -> Vlan:
    called = f"{heir}.{vlan.tag}" if vlan.name == f"{vlan.base}.{vlan.tag}" else vlan.name
    return vlan._replace(base=heir, name=called)
