"""From a host, and a plan for it, to pictures: the management stack from its nics up to the management address.

What shares a base with the stack is drawn beside it, the first few by name and the others as one sum.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from planner.explain import parts
from planner.explain.future import address_of, future, holder_of, top_of
from planner.explain.lettering import legible
from planner.explain.picture import Edge, Node, Picture, Trait
from planner.explain.refusals import marked_devices, refusals
from planner.explain.sketch import Sketch
from planner.host import graph
from planner.host.model import Host

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
    nodes = [_judged(node, seen, was_on.get(node.key, ""), is_on.get(node.key, "")) for node in picture.nodes]
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


def _judged(node: Node, seen: Sketch, was_on: str, is_on: str) -> Node:
    if node.many:
        return node
    past = seen.nodes.get(node.key) or _past_device(node, seen.host)
    if past is None:
        return replace(node, state="new")
    traits = changed_traits(past.traits, node.traits)
    if node.kind == "address" and was_on != is_on:
        traits = (*traits, Trait("on", legible(is_on, parts.LONGEST), legible(was_on, parts.LONGEST)))
    return replace(node, traits=traits, state="changed" if any(trait.was is not None for trait in traits) else "same")


def _past_device(node: Node, host: Host) -> Node | None:
    device = graph.device(host, node.key.removeprefix("device:")) if node.key.startswith("device:") else None
    return parts.device_node(device) if device is not None else None


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
