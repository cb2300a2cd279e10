"""From a host, and a plan for it, to pictures: the management stack from its nics up to the management address.

What shares a base with the stack is drawn beside it, the first few by name and the others as one sum.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from planner.explain.words import (
    LONGEST,
    _method6,
    address_text,
    errors_of,
    marked_devices,
    method_words,
    mode_words,
    refusals,
    speed_words,
)
from planner.host import graph
from planner.host.model import Address, Bond, Bridge, Device, Host, Ip, Network, Nic, Vlan
from planner.plan.after import address_of, future, holder_of, top_of
from planner.printing import counted, legible, listing

# What a drawing shows, before any ink: nodes with their traits and states, and what stands on what.


State = Literal["same", "new", "changed", "removed"]
Kind = Literal["nic", "bond", "vlan", "bridge", "network", "address", "unlisted"]

LEVELS: dict[Kind, int] = {"nic": 0, "unlisted": 0, "bond": 1, "vlan": 2, "bridge": 3, "network": 3, "address": 4}


class Trait(NamedTuple):
    """One line of a node: ``MTU 9000``. ``was`` is the value before, None: it did not change."""

    label: str
    value: str
    was: str | None = None

    def __str__(self) -> str:
        """``MTU 1500 → 9000``."""
        value = self.value if self.was is None else f"{self.was} → {self.value}"
        return f"{self.label} {value}" if self.label else value


@dataclass(frozen=True, slots=True)
class Node:
    """A device, network or address; or, with ``many``, the sum of that many which are not drawn one by one.

    ``beside``: it is no part of the management stack. ``refused``: the code of the refusal that it caused.
    """

    key: str
    kind: Kind
    name: str
    traits: tuple[Trait, ...] = ()
    state: State = "same"
    beside: bool = False
    refused: str = ""
    many: int = 0

    @property
    def loose(self) -> bool:
        """Not what holds the drawing upright."""
        return self.beside or self.state == "removed"


class Edge(NamedTuple):
    """``upper`` stands on ``lower`` (keys of nodes)."""

    lower: str
    upper: str
    state: State = "same"
    beside: bool = False

    @property
    def loose(self) -> bool:
        """Not what holds the drawing upright."""
        return self.beside or self.state == "removed"


@dataclass(frozen=True, slots=True)
class Picture:
    """One host at one time.

    ``notes`` are sentences to be written under it, of a refusal its reasons; ``aside`` names what was left out.
    """

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    notes: tuple[str, ...] = ()
    refused: bool = False
    aside: tuple[str, ...] = ()


def heights(pictures: Iterable[Picture]) -> dict[str, int]:
    """The row of each node, from 0 at the bottom: above all it stands on, and the same for a kind where possible."""
    below: dict[str, list[str]] = {}
    level: dict[str, int] = {}
    for picture in pictures:
        level |= {node.key: LEVELS[node.kind] for node in picture.nodes}
        for edge in picture.edges:
            below.setdefault(edge.upper, []).append(edge.lower)
    found: dict[str, int] = {}

    def height(key: str, above: frozenset[str]) -> int:
        if key not in found:
            lower = [height(other, above | {key}) for other in below.get(key, ()) if other not in above | {key}]
            found[key] = max([level[key], *(other + 1 for other in lower)])
        return found[key]

    for key in level:
        height(key, frozenset())
    used = {height: row for row, height in enumerate(sorted(set(found.values())))}
    return {key: used[height] for key, height in found.items()}


def merged(picture: Picture, keys: Iterable[str]) -> Picture:
    """``picture`` with the nodes ``keys``, all of one kind, drawn as one sum."""
    gone = set(keys)
    members = [node for node in picture.nodes if node.key in gone]
    number = sum(node.many or 1 for node in members)
    states = {node.state for node in members}
    state: State = states.pop() if len(states) == 1 else "changed"
    traits = tuple(trait for trait in members[0].traits if all(trait in node.traits for node in members) and trait.was)
    one = replace(
        members[-1], key=f"more:{members[-1].key}", name="", many=number, traits=traits, state=state, refused=""
    )
    renamed = dict.fromkeys(gone, one.key)
    edges = dict.fromkeys(
        edge._replace(lower=renamed.get(edge.lower, edge.lower), upper=renamed.get(edge.upper, edge.upper))
        for edge in picture.edges
    )
    nodes = [one if node.key == members[-1].key else node for node in picture.nodes]
    return replace(picture, nodes=tuple(node for node in nodes if node.key not in gone), edges=tuple(edges))


def without(picture: Picture, node: Node) -> Picture:
    """Leave ``node`` out of ``picture`` and say so."""
    return replace(
        picture,
        nodes=tuple(other for other in picture.nodes if other is not node),
        edges=tuple(edge for edge in picture.edges if node.key not in (edge.lower, edge.upper)),
        aside=(
            *picture.aside,
            f"{node.kind} {node.name}" if not node.many else f"{node.many} more of kind {node.kind}",
        ),
    )


# The node of each sort of thing: which facts about a nic, bond, vlan, bridge, network or address are worth showing.


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


def sum_words(node: Node) -> str:
    """What is written on a node that stands for many: ``+ 998 more vlans``, ``5 other nics``."""
    if node.key.startswith("rest:"):
        return f"{node.many} other {counted(node.many, node.kind).partition(' ')[2]}"
    noun = "unlisted device" if node.kind == "unlisted" else node.kind
    words = f"{node.many} more {counted(node.many, noun).partition(' ')[2]}"
    return f"+ {words}" if node.state == "same" else words  # else it has a sign of its own


def rest_words(node: Node) -> str:
    """The same as a sentence: ``2 other nics (eth0, eth1), 1 bond``."""
    names, *others = (trait.value for trait in node.traits)
    return ", ".join((f"{sum_words(node)} ({names})", *others))


# The collecting of a picture: the management stack first, then what is beside it, then the rest as a sum.


MOST_BESIDE = 2  # neighbours on one device that are drawn: more would hide the stack itself
MOST_MEMBERS = 6  # of a bond or bridge: as many as fit into a line of text
MOST_ADDRESSES = 4
DEEPEST = 12  # devices under each other; the kernel nests 8, only a corrupt capture has more


class Sketch:
    """The nodes and edges of one host, collected from the stack outwards."""

    def __init__(self, host: Host, focus: Iterable[str], notable: frozenset[str]) -> None:
        """Look at ``host`` from the devices ``focus``; the ``notable`` names and addresses are drawn before others."""
        self.host = host
        self.notable = notable
        self.nodes: dict[str, Node] = {}
        self.edges: dict[tuple[str, str], Edge] = {}
        self.hidden: dict[str, list[str]] = {}  # the devices that a node stands for which are not drawn one by one
        self.vlans_over = graph.vlans_over(host)
        self.bridge_of = graph.bridge_of(host)
        self.bond_of = graph.bond_of(host)
        for name in focus:
            self.stack(name)
        self._beside()
        self._rest()

    def has(self, name: str) -> bool:
        """Tell whether the device ``name`` has a node of its own."""
        return device_key(name) in self.nodes

    def picture(self, title: str) -> Picture:
        """Close the collection."""
        return Picture(title, tuple(self.nodes.values()), tuple(self.edges.values()))

    def stack(self, top: str) -> None:
        """Draw ``top``, what holds it up, and what it holds up itself: its network and addresses."""
        key = self._device(top)
        level = [top]
        seen = {top: True}  # in the order in which they are seen: a set's order is another in each process
        for _ in range(DEEPEST):
            level = [lower for upper in level for lower in self._lower(upper, seen)]
            if not level:
                break
        for network in self.host.networks.values():
            if network.device == top and not network.bridged:
                node = network_node(network)
                self.nodes.setdefault(node.key, node)
                self._edge(key, node.key)
                key = node.key
        for name in seen:
            self._addresses(name, key if name == top else device_key(name))

    def _lower(self, upper: str, seen: dict[str, bool]) -> list[str]:
        """Draw what is right under ``upper``; the answer: what was not seen yet."""
        every = lower_names(graph.device(self.host, upper))
        kept = every if len(every) <= MOST_MEMBERS else every[: MOST_MEMBERS - 1]
        fresh = [name for name in dict.fromkeys(kept) if name and name not in seen]
        for name in fresh:
            self._edge(self._device(name), device_key(upper))
        seen.update(dict.fromkeys(fresh, True))
        hidden = every[len(kept) :]
        if hidden:
            node = Node(f"more-under:{upper}", graph.kind_of(self.host, hidden[0]), "", many=len(hidden))
            self.nodes[node.key], self.hidden[node.key] = node, list(hidden)
            self._edge(node.key, device_key(upper))
        return fresh

    def _device(self, name: str, *, beside: bool = False) -> str:
        key = device_key(name)
        if key not in self.nodes:
            device = graph.device(self.host, name)
            carried = tuple(network for network in self.host.networks.values() if beside and _carries(network, name))
            self.nodes[key] = unlisted_node(name) if device is None else device_node(device, carried, beside=beside)
        return key

    def _addresses(self, name: str, key: str) -> None:
        for node in address_nodes(name, graph.ip_of(self.host, name), self.notable, MOST_ADDRESSES):
            self.nodes.setdefault(node.key, node)
            self._edge(key, node.key)

    def _edge(self, lower: str, upper: str, *, beside: bool = False) -> None:
        self.edges.setdefault((lower, upper), Edge(lower, upper, beside=beside))

    def _beside(self) -> None:
        """Draw what stands on the stack's devices without being part of it."""
        for key in [key for key in self.nodes if key.startswith("device:")]:
            lower = key.removeprefix("device:")
            uppers = [name for name in self._uppers(lower) if not self.has(name)]
            uppers.sort(key=lambda name: name not in self.notable)
            shown = uppers if len(uppers) <= MOST_BESIDE else uppers[: MOST_BESIDE - 1]
            for name in shown:
                self._edge(key, self._device(name, beside=True), beside=True)
            for network in self.host.networks.values():
                if network.device == lower and network_key(network.name) not in self.nodes and not network.bridged:
                    node = network_node(network, beside=True)
                    self.nodes[node.key] = node
                    self._edge(key, node.key, beside=True)
            hidden = uppers[len(shown) :]
            if hidden:
                node = Node(f"more-on:{lower}", graph.kind_of(self.host, hidden[0]), "", beside=True, many=len(hidden))
                self.nodes[node.key], self.hidden[node.key] = node, list(hidden)
                self._edge(key, node.key, beside=True)

    def _uppers(self, lower: str) -> list[str]:
        others = (self.bond_of.get(lower, ""), self.bridge_of.get(lower, ""))
        return [name for name in dict.fromkeys((*self.vlans_over.get(lower, ()), *others)) if name]

    def _rest(self) -> None:
        """One node for the nics that have nothing to do with all this, and what else there is."""
        host = self.host
        nics = [name for name in host.nics if not self._drawn(name)]
        others = [
            counted(number, noun)
            for noun, kind in (("bond", host.bonds), ("vlan", host.vlans), ("bridge", host.bridges))
            if (number := sum(not self._drawn(name) for name in kind))
        ]
        if nics:
            traits = [Trait("", listing(nics, 4)), *([Trait("and", ", ".join(others))] if others else [])]
            self.nodes["rest:nics"] = Node("rest:nics", "nic", "", tuple(traits), beside=True, many=len(nics))

    def _drawn(self, name: str) -> bool:
        return self.has(name) or any(name in names for names in self.hidden.values())


def lower_names(device: Device | None) -> tuple[str, ...]:
    """The devices right under ``device``."""
    match device:
        case Bridge():
            return device.ports
        case Vlan():
            return (device.base,)
        case Bond():
            return tuple(sorted(device.members))
        case _:
            return ()


def _carries(network: Network, name: str) -> bool:
    return name in (network.southbound, network.device)


MOST_FOCUSES = 3  # devices to start from when none is the management device


def pictures(host: Host, document: Mapping[str, Any]) -> tuple[Picture, Picture | None]:
    """What to draw for a plan: the host as it is and as it will be; None: as it is and stays."""
    if document["outcome"] == "refused":
        return refused(host, document), None
    if document["outcome"] == "no-change":
        note = f"{legible(document['network'])} is as defined: nothing changes"
        return replace(before(host, holder_of(document)), title="As it is", notes=(note,)), None
    notable = address_of(document)
    return before(host, holder_of(document), notable), after(host, document)


def labelled(drawn: tuple[Picture, Picture | None], document: Mapping[str, Any]) -> Iterator[Picture]:
    """The pictures of a plan with what they have to say where they are kept by themselves.

    That is the host, by its management address; the rules that decided; of a refusal the hints.
    """
    first, second = drawn
    address, rules = address_of(document), document["rules"]
    host = f": {legible(address, 60)}" if address else ""
    by = f"by the rules {legible(rules['ruleset'], 40)} {legible(rules['version'], 40)}"
    hints = [legible(problem["hint"]) for problem in errors_of(document)] if first.refused else []
    notes = [f"{note} (hint: {hint})" if hint else note for note, hint in zip(first.notes, hints, strict=False)]
    title = f"{first.title}{host}" if second is not None else f"{first.title}, {by}{host}"
    yield replace(first, title=title, notes=tuple(notes) or first.notes)
    if second is not None:
        yield replace(second, title=f"{second.title}, {by}")


def before(host: Host, focus: str = "", address: str = "") -> Picture:
    """``host`` as it is, seen from the device ``focus``; ``""``: from where the host was asked, or has addresses."""
    return Sketch(host, (focus,) if focus else default_focus(host), frozenset({address})).picture("Before")


def after(host: Host, document: Mapping[str, Any]) -> Picture:
    """``host`` as the plan ``document``, a change, will leave it; each node says what happened to it."""
    coming = future(host, document)
    notable = frozenset({address_of(document)})
    seen = Sketch(host, (holder_of(document),), notable)
    foreseen = Sketch(coming, (top_of(document),), notable)
    return _compared(seen, foreseen)


def refused(host: Host, document: Mapping[str, Any]) -> Picture:
    """``host`` as it is, with a mark on each device that a refusal is about."""
    marks = marked_devices(host, document)
    focus = tuple(dict.fromkeys(name for name in (holder_of(document), *marks) if name)) or default_focus(host)
    address = address_of(document)
    picture = Sketch(host, focus, frozenset({*marks, address})).picture("As it is: refused")
    nodes = (replace(node, refused=marks.get(node.key.removeprefix("device:"), "")) for node in picture.nodes)
    return replace(picture, nodes=tuple(nodes), notes=refusals(document), refused=True)


def default_focus(host: Host) -> tuple[str, ...]:
    """Where to look when no plan tells: the device the host was asked over, else those that have addresses."""
    if graph.device(host, host.last_client_iface) is not None:
        return (host.last_client_iface,)
    return tuple(name for name in _devices(host) if graph.ip_of(host, name).addresses)[:MOST_FOCUSES]


def _compared(seen: Sketch, coming: Sketch) -> Picture:
    """The coming picture, each node marked with what happened to it, and what vanished drawn as removed."""
    picture = coming.picture("After")
    was_on, is_on = _holders(seen.edges.values()), _holders(picture.edges)
    nodes = [
        _summed_up(node, coming.hidden.get(node.key, ()), seen.host, coming.host)
        if node.many
        else _judged(node, seen, was_on.get(node.key, ""), is_on.get(node.key, ""))
        for node in picture.nodes
    ]
    known = {node.key for node in nodes}
    gone = [
        replace(node, state="removed")
        for node in seen.nodes.values()
        if node.key not in known and _is_gone(node, seen.host, coming.host)
    ]
    drawn = known | {node.key for node in gone}
    lost = [
        edge._replace(state="removed")
        for edge in seen.edges.values()
        if {edge.lower, edge.upper} <= drawn and not {edge.lower, edge.upper} <= known
    ]
    edges = [edge if (edge.lower, edge.upper) in seen.edges else edge._replace(state="new") for edge in picture.edges]
    return replace(picture, nodes=(*nodes, *gone), edges=(*edges, *lost))


def _holders(edges: Iterable[Edge]) -> dict[str, str]:
    """Address to the device that holds it: under a bridgeless network that is the network's device."""
    under = {edge.upper: edge.lower for edge in edges}
    on = {upper: under.get(lower, lower) if lower.startswith("network:") else lower for upper, lower in under.items()}
    return {upper: lower.partition(":")[2] for upper, lower in on.items()}


def _summed_up(node: Node, names: Iterable[str], past: Host, coming: Host) -> Node:
    """A sum, changed if one of its devices is; what changes alike on all of them is told."""
    changed = [
        [trait for trait in changed_traits(device_node(was).traits, device_node(comes).traits) if trait.was is not None]
        for name in names
        if (was := graph.device(past, name)) is not None and (comes := graph.device(coming, name)) is not None
    ]
    if not any(changed):
        return node
    alike = tuple(trait for trait in changed[0] if all(trait in traits for traits in changed))
    return replace(node, traits=alike, state="changed")


def _judged(node: Node, seen: Sketch, was_on: str, is_on: str) -> Node:
    past = seen.nodes.get(node.key) or _past_device(node, seen.host)
    if past is None:
        return replace(node, state="new")
    traits = changed_traits(past.traits, node.traits)
    if node.kind == "address" and was_on != is_on:
        traits = (*traits, Trait("on", legible(is_on, LONGEST), legible(was_on, LONGEST)))
    return replace(node, traits=traits, state="changed" if any(trait.was is not None for trait in traits) else "same")


def _past_device(node: Node, host: Host) -> Node | None:
    device = graph.device(host, node.key.removeprefix("device:")) if node.key.startswith("device:") else None
    return device_node(device) if device is not None else None


def _is_gone(node: Node, past: Host, coming: Host) -> bool:
    """Tell whether what ``node`` shows is on no device any more, and not merely drawn within a sum."""
    if node.many or node.beside:
        return False
    kind, _, name = node.key.partition(":")
    match kind:
        case "device":
            return graph.device(past, name) is not None and graph.device(coming, name) is None
        case "network":
            return name not in coming.networks
        case "address":
            return name not in {
                address.text for device in _devices(coming) for address in graph.ip_of(coming, device).addresses
            }
        case _:
            return True


def _devices(host: Host) -> Iterator[str]:
    """Name every device, what is on top first."""
    for kind in (host.bridges, host.vlans, host.bonds, host.nics):
        yield from kind


def changed_traits(past: tuple[Trait, ...], present: tuple[Trait, ...]) -> tuple[Trait, ...]:
    """``present`` with the former value of each trait that differs; what has none said nothing before."""
    had = {trait.label: trait.value for trait in past}
    has = {trait.label for trait in present}
    kept = [
        trait
        if had.get(trait.label) == trait.value
        else trait._replace(was=had.get(trait.label, "off" if trait.label == "STP" else "none"))
        for trait in present
    ]
    lost = [
        Trait(trait.label, "off" if trait.label == "STP" else "none", trait.value)
        for trait in past
        if trait.label and trait.label not in has
    ]
    return (*kept, *lost)
