"""What a drawing shows, before any ink: nodes with their traits and states, and what stands on what."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

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
    one = replace(members[-1], key=f"more:{members[-1].key}", name="", many=number, traits=(), state="same", refused="")
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
