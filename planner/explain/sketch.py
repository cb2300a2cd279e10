"""The collecting of a picture: the management stack first, then what is beside it, then the rest as a sum."""

from collections.abc import Iterable

from planner.explain import parts
from planner.explain.lettering import counted, listing
from planner.explain.picture import Edge, Node, Picture, Trait
from planner.host import graph
from planner.host.model import Bond, Bridge, Device, Host, Network, Vlan

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
        self.summed: set[str] = set()
        self.vlans_over = graph.vlans_over(host)
        self.bridge_of = graph.bridge_of(host)
        self.bond_of = graph.bond_of(host)
        for name in focus:
            self.stack(name)
        self._beside()
        self._rest()

    def has(self, name: str) -> bool:
        """Tell whether the device ``name`` has a node of its own."""
        return parts.device_key(name) in self.nodes

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
                node = parts.network_node(network)
                self.nodes.setdefault(node.key, node)
                self._edge(key, node.key)
                key = node.key
        for name in seen:
            self._addresses(name, key if name == top else parts.device_key(name))

    def _lower(self, upper: str, seen: dict[str, bool]) -> list[str]:
        """Draw what is right under ``upper``; the answer: what was not seen yet."""
        every = lower_names(graph.device(self.host, upper))
        kept = every if len(every) <= MOST_MEMBERS else every[: MOST_MEMBERS - 1]
        fresh = [name for name in dict.fromkeys(kept) if name and name not in seen]
        for name in fresh:
            self._edge(self._device(name), parts.device_key(upper))
        seen.update(dict.fromkeys(fresh, True))
        hidden = every[len(kept) :]
        if hidden:
            self.summed.update(hidden)
            node = Node(f"more-under:{upper}", graph.kind_of(self.host, hidden[0]), "", many=len(hidden))
            self.nodes[node.key] = node
            self._edge(node.key, parts.device_key(upper))
        return fresh

    def _device(self, name: str, *, beside: bool = False) -> str:
        key = parts.device_key(name)
        if key not in self.nodes:
            device = graph.device(self.host, name)
            carried = tuple(network for network in self.host.networks.values() if beside and _carries(network, name))
            self.nodes[key] = (
                parts.unlisted_node(name) if device is None else parts.device_node(device, carried, beside=beside)
            )
        return key

    def _addresses(self, name: str, key: str) -> None:
        for node in parts.address_nodes(name, graph.ip_of(self.host, name), self.notable, MOST_ADDRESSES):
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
                if (
                    network.device == lower
                    and parts.network_key(network.name) not in self.nodes
                    and not network.bridged
                ):
                    node = parts.network_node(network, beside=True)
                    self.nodes[node.key] = node
                    self._edge(key, node.key, beside=True)
            hidden = uppers[len(shown) :]
            if hidden:
                self.summed.update(hidden)
                node = Node(f"more-on:{lower}", graph.kind_of(self.host, hidden[0]), "", beside=True, many=len(hidden))
                self.nodes[node.key] = node
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
        return name in self.summed or self.has(name)


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
