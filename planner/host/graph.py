"""What stands on what in a host: pure look-ups over the model, safe with cycles and names that lead nowhere."""

from typing import Literal

from planner.host.model import NO_IP, Bond, Bridge, Device, Host, Ip, Kind, Network, Nic, Vlan


def device(host: Host, name: str) -> Device | None:
    """The device called ``name``; of two with one name the lower one, as the kernel could only mean that."""
    return host.nics.get(name) or host.bonds.get(name) or host.vlans.get(name) or host.bridges.get(name)


def devices(host: Host) -> tuple[Device, ...]:
    """Every device, nics first."""
    return (*host.nics.values(), *host.bonds.values(), *host.vlans.values(), *host.bridges.values())


def tells_routes(host: Host) -> bool:
    """Whether the host reports any route at all; VDSM on EL9 before 4.50.7 reports none."""
    return any(ip.gateway4 or ip.gateway6 or ip.default_route4 for ip in (found.ip for found in devices(host)))


def kind_of(host: Host, name: str) -> Kind | Literal["unlisted"]:
    """One of ``nic bond vlan bridge``, or ``unlisted`` for a name that the capture does not describe."""
    found = device(host, name)
    return found.kind if found is not None else "unlisted"


def bond_of(host: Host) -> dict[str, str]:
    """Each member's bond."""
    return {member: bond.name for bond in host.bonds.values() for member in bond.members}


def bridge_of(host: Host) -> dict[str, str]:
    """Each port's bridge."""
    return {port: bridge.name for bridge in host.bridges.values() for port in bridge.ports}


def vlans_over(host: Host) -> dict[str, tuple[str, ...]]:
    """The vlans over each base, in the order of the capture."""
    standing: dict[str, list[str]] = {}
    for vlan in host.vlans.values():
        standing.setdefault(vlan.base, []).append(vlan.name)
    return {base: tuple(names) for base, names in standing.items()}


def owned_bridges(host: Host) -> set[str]:
    """The bridges that belong to VDSM's networks."""
    return {network.device for network in host.networks.values() if network.bridged}


def network_on(host: Host, first: str = "") -> dict[str, Network]:
    """Device to the VDSM network whose address it holds; of several the one called ``first``, else the first."""
    networks = {network.device: network for network in reversed(tuple(host.networks.values()))}
    preferred = host.networks.get(first)
    return networks if preferred is None else networks | {preferred.device: preferred}


def ip_of(host: Host, name: str, first: str = "") -> Ip:
    """How the device ``name`` got its addresses, and all it has (`merged_ip`); ``first`` as for `network_on`."""
    own, network = device(host, name), network_on(host, first).get(name)
    return merged_ip(own.ip if own is not None else NO_IP, network.ip if network is not None else NO_IP)


def merged_ip(own: Ip, told: Ip) -> Ip:
    """What a device tells itself with what VDSM's network on it does, which goes first; some captures have but one."""
    if not told.addresses:
        return own if own.addresses or told is NO_IP else told
    known = {address.text for address in told.addresses}
    further = tuple(address for address in own.addresses if address.text not in known)
    return told._replace(addresses=told.addresses + further) if further else told


def below(host: Host, name: str) -> tuple[str, ...]:
    """What the device ``name`` stands on directly."""
    match device(host, name):
        case Bridge(ports=ports):
            return tuple(sorted(ports))
        case Vlan(base=base):
            return (base,)
        case Bond(members=members):
            return tuple(sorted(members))
        case _:
            return ()


def stack(host: Host, name: str) -> tuple[str, ...]:
    """``name`` and all that it stands on, from the top down, each once."""
    found: dict[str, None] = {}
    layer: tuple[str, ...] = (name,)
    while layer:
        found.update(dict.fromkeys(layer))
        lower = (under for upper in layer for under in below(host, upper))
        layer = tuple(dict.fromkeys(under for under in lower if under not in found))
    return tuple(found)


def loops(host: Host) -> tuple[tuple[Device, ...], ...]:
    """Each circle of devices that stand on each other, from its first device by name; no kernel makes one."""
    layered = (vlan.name for vlan in host.vlans.values() if vlan.base in host.vlans or vlan.base in host.bridges)
    done: set[str] = set()
    found: list[tuple[Device, ...]] = []
    for start in (*host.bonds, *host.bridges, *layered):
        path: dict[str, None] = {}
        open_ends = [iter((start,))]
        while open_ends:
            name = next(open_ends[-1], None)
            if name is None:
                open_ends.pop()
                if path:
                    done.add(path.popitem()[0])
            elif name in path:
                found.append(_circle(host, list(path), name))
            elif name not in done:
                path[name] = None
                open_ends.append(iter(below(host, name)))
    return tuple(found)


def _circle(host: Host, path: list[str], name: str) -> tuple[Device, ...]:
    circle = path[path.index(name) :]
    first = circle.index(min(circle))
    devices = (device(host, name) for name in circle[first:] + circle[:first])
    return tuple(found for found in devices if found is not None)


# A host as it would stand without one of its bridges: the address on the one device that was under it.


def heir_of(host: Host, bridge: Bridge) -> str:
    """The only port that is a nic, bond or vlan, not a virtual machine's; ``""`` for none or several."""
    listed = [port for port in sorted(set(bridge.ports)) if kind_of(host, port) in ("nic", "bond", "vlan")]
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
    match device(host, heir):
        case Nic() as nic:
            return freed._replace(nics={**host.nics, heir: nic._replace(ip=merged_ip(nic.ip, bridge.ip))})
        case Bond() as bond:
            return freed._replace(bonds={**host.bonds, heir: bond._replace(ip=merged_ip(bond.ip, bridge.ip))})
        case Vlan() as vlan:
            return freed._replace(vlans={**vlans, heir: vlan._replace(ip=merged_ip(vlan.ip, bridge.ip))})
        case _:
            return host


def _moved(vlan: Vlan, heir: str) -> Vlan:
    called = f"{heir}.{vlan.tag}" if vlan.name == f"{vlan.base}.{vlan.tag}" else vlan.name
    return vlan._replace(base=heir, name=called)
