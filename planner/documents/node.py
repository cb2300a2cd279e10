"""A document as a tree in which every value and every key knows its place."""

from typing import Literal, NamedTuple

NodeKind = Literal["map", "list", "text", "int", "bool", "null", "broken"]

NAMES: dict[str, str] = {
    "map": "a map",
    "list": "a list",
    "text": "text",
    "int": "a number",
    "bool": "true or false",
    "null": "empty",
}


class Node(NamedTuple):
    """A value at ``line`` and ``column`` (from 1; 0: unknown).

    ``value`` is a scalar's, ``items`` a list's and ``entries`` a map's, whose keys are distinct text. A
    ``broken`` node has been reported already: whoever meets one says nothing more.
    """

    kind: NodeKind
    value: str | int | bool | None = None
    line: int = 0
    column: int = 0
    items: tuple["Node", ...] = ()
    entries: tuple["Entry", ...] = ()


class Entry(NamedTuple):
    """One key of a map with its value."""

    key: Node
    value: Node

    @property
    def name(self) -> str:
        """The key's text."""
        return str(self.key.value)


def spelled(node: Node) -> str:
    """The value as a message quotes it: as it is written, long ones cut short."""
    if node.kind in ("map", "list", "null"):
        return NAMES[node.kind]
    if node.kind == "bool":
        return "true" if node.value else "false"
    text = str(node.value)
    text = text if len(text) <= 60 else text[:57] + "..."
    return f'"{text}"' if node.kind == "text" else text
