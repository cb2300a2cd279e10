"""The node of each sort of thing: which facts about a nic, bond, vlan, bridge, network or address are worth showing."""

from collections.abc import Iterable

from planner.explain.lettering import counted, legible
from planner.explain.picture import Node, Trait
from planner.host.model import Address, Bond, Bridge, Device, Ip, Network, Nic, Vlan

BOND_MODES = ("balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb")
LONGEST = 44  # an IPv6 address with its prefix; kernel names are at most 15 long
MBIT = 1000


def packed(traits: Iterable[Trait], width: int) -> list[list[Trait]]:
    """The traits in lines of at most ``width`` characters, ` · ` between them; a changed one has a line of its own."""
    lines: list[list[Trait]] = []
    room = 0
    for trait in traits:
        needed = len(str(trait)) + len(" · ")
        if trait.was is None and needed <= room:
            lines[-1].append(trait)
            room -= needed
        else:
            lines.append([trait])
            room = width - len(str(trait)) if trait.was is None else 0
    return lines


def device_key(name: str) -> str:
    """The key of a device's node."""
    return f"device:{name}"


def network_key(name: str) -> str:
    """The key of a network's node."""
    return f"network:{name}"


def device_node(device: Device, carried: tuple[Network, ...] = (), *, beside: bool = False) -> Node:
    """The node of a nic, bond, vlan or bridge; ``carried``: the networks right on it, told where they are not drawn."""
    kind = device.kind
    traits = tuple(trait for trait in _traits(device) if trait.value)
    carries = tuple(Trait("carries", legible(network.name, LONGEST)) for network in carried[:1])
    return Node(
        device_key(device.name),
        kind if kind in ("nic", "bond", "vlan", "bridge") else "unlisted",
        legible(device.name, LONGEST),
        (*traits, *carries),
        beside=beside,
    )


def unlisted_node(name: str) -> Node:
    """The node of a device that something stands on and the capture does not describe."""
    return Node(device_key(name), "unlisted", legible(name, LONGEST), (Trait("", "not in the capture"),))


def network_node(network: Network, *, beside: bool = False) -> Node:
    """The node of a bridgeless network."""
    traits = (Trait("", "bridgeless"), _mtu(network.mtu))
    return Node(
        network_key(network.name),
        "network",
        legible(network.name, LONGEST),
        tuple(trait for trait in traits if trait.value),
        beside=beside,
    )


def _traits(device: Device) -> tuple[Trait, ...]:
    mtu = _mtu(device.mtu)
    match device:
        case Nic():
            return mtu, Trait("", speed_words(device.speed))
        case Bond():
            return Trait("", mode_words(device.mode)), mtu
        case Vlan():
            return Trait("tag", str(device.tag) if device.tag >= 0 else ""), mtu
        case Bridge():
            return mtu, Trait("STP", "on" if device.stp else "")
        case _:
            return (mtu,)


def _mtu(mtu: int) -> Trait:
    return Trait("MTU", str(mtu) if mtu >= 0 else "")


def mode_words(mode: int) -> str:
    """A bond's mode as name and number: ``802.3ad (mode 4)``."""
    if 0 <= mode < len(BOND_MODES):
        return f"{BOND_MODES[mode]} (mode {mode})"
    return f"mode {mode}" if mode >= 0 else ""


def speed_words(speed: int) -> str:
    """A speed, reported in Mbit/s, as one says it; 0 and less: no link, nothing to say."""
    if speed <= 0:
        return ""
    return f"{speed // MBIT} Gbit/s" if speed % MBIT == 0 else f"{speed} Mbit/s"


def address_text(address: Address) -> str:
    """``192.0.2.10/24``."""
    return legible(f"{address.text}/{address.prefix}" if address.prefix >= 0 else address.text, LONGEST)


def address_nodes(device: str, ip: Ip, notable: frozenset[str], most: int) -> list[Node]:
    """One node an address, the ``notable`` first, at most ``most``; a lease that is still to come has a node too."""
    ordered = sorted(ip.addresses, key=lambda address: (address.text not in notable, address.family))
    shown = ordered if len(ordered) <= most else ordered[: most - 1]
    nodes = [_address_node(address, ip, first=_is_first(address, ordered)) for address in shown]
    for family, method in ((4, "DHCP" if ip.dhcpv4 else ""), (6, _method6(ip))):
        if method not in ("", "static") and all(address.family != family for address in ordered):
            nodes.append(Node(f"lease:{device}:{family}", "address", f"IPv{family} by {method}"))
    if len(shown) < len(ordered):
        nodes.append(Node(f"more-addresses:{device}", "address", "", many=len(ordered) - len(shown)))
    return nodes


def _is_first(address: Address, ordered: list[Address]) -> bool:
    return address is next(other for other in ordered if other.family == address.family)


def _address_node(address: Address, ip: Ip, *, first: bool) -> Node:
    gateway = (ip.gateway4 if address.family == 4 else ip.gateway6) if first else ""
    traits = (
        Trait("", method_words(address, ip)),
        Trait("gateway", "" if gateway == "::" else legible(gateway, LONGEST)),
    )
    return Node(address_key(address), "address", address_text(address), tuple(trait for trait in traits if trait.value))


def address_key(address: Address) -> str:
    """The key of an address's node: the same wherever it stands, so that one sees it move."""
    return f"address:{address.text}"


def method_words(address: Address, ip: Ip) -> str:
    """How an address came to be, as far as a capture tells."""
    if address.family == 4:
        if not ip.dhcpv4:
            return "static"
        alone = sum(other.family == 4 for other in ip.addresses) == 1
        return "DHCP" if alone or address.text == ip.primary4 else "DHCP or static"
    return _method6(ip)


def _method6(ip: Ip) -> str:
    if ip.autoconf:
        return "auto and DHCPv6" if ip.dhcpv6 else "auto"
    return "DHCPv6" if ip.dhcpv6 else "static" if any(address.family == 6 for address in ip.addresses) else ""


def sum_words(node: Node) -> str:
    """What is written on a node that stands for many: ``+ 998 more vlans``, ``5 other nics``."""
    if node.key.startswith("rest:"):
        return f"{node.many} other {counted(node.many, node.kind).partition(' ')[2]}"
    noun = "unlisted device" if node.kind == "unlisted" else node.kind
    return f"+ {node.many} more {counted(node.many, noun).partition(' ')[2]}"


def rest_words(node: Node) -> str:
    """The same as a sentence: ``2 other nics (eth0, eth1), 1 bond``."""
    names, *others = (trait.value for trait in node.traits)
    return ", ".join((f"{sum_words(node)} ({names})", *others))
