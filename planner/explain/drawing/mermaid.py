"""A picture as a Mermaid flowchart: addresses on top, one class for each kind and state."""

from collections.abc import Iterator

from planner.explain.drawing.scene import Edge, Node, Picture, packed, sum_words

LINKS = {"same": "---", "new": "===", "changed": "---", "removed": "-.-"}
WIDE = 30
CLASSES = {
    "address": "fill:#e8edf3,stroke:#1c2733,color:#1c2733",
    "network": "fill:#fdf4e0,stroke:#c98500,color:#1c2733",
    "bridge": "fill:#fdf4e0,stroke:#c98500,color:#1c2733",
    "vlan": "fill:#f6edf7,stroke:#9a5ba5,color:#1c2733",
    "bond": "fill:#e9f2fa,stroke:#2f7fc1,color:#1c2733",
    "nic": "fill:#f1f3f5,stroke:#7b8794,color:#1c2733",
    "unlisted": "fill:#ffffff,stroke:#b0b8c1,color:#5d6b7a",
    "beside": "fill:#f7f9fb,stroke:#c3ccd6,color:#5d6b7a,stroke-dasharray:3 3",
    "new": "stroke:#00795a,stroke-width:3px",
    "changed": "stroke:#0063b0,stroke-width:2px",
    "removed": "stroke:#b8430a,stroke-width:2px,stroke-dasharray:7 4",
    "refused": "fill:#fdf0ea,stroke:#b8430a,stroke-width:3px",
}
# Words, because Mermaid takes a label that begins with a sign for a list.
STATES = {"same": "", "new": " (new)", "changed": " (changed)", "removed": " (removed)"}


def render(before: Picture, after: Picture | None = None) -> str:
    """Draw ``before``, and ``after`` beside it."""
    pictures = [picture for picture in (before, after) if picture is not None]
    lines = ["flowchart LR" if len(pictures) > 1 else "flowchart TB"]
    used: dict[str, list[str]] = {}
    for prefix, picture in zip("ab", pictures, strict=False):
        ids = {node.key: f"{prefix}{index}" for index, node in enumerate(picture.nodes)}
        lines += [f"  subgraph {prefix}[{_quoted(picture.title)}]", "    direction TB", *_inside(picture, ids), "  end"]
        for node in picture.nodes:
            for name in _classes(node):
                used.setdefault(name, []).append(ids[node.key])
        if picture.notes:
            note = f"{prefix}note"
            lines += [f"  {note}[{_quoted('<br/>'.join(map(_escaped, picture.notes)), raw=True)}]"]
            used.setdefault("refused" if picture.refused else "beside", []).append(note)
    if len(pictures) > 1:
        lines.append("  a ==> b")
    for name, style in CLASSES.items():  # in this order, so that a state's line covers a kind's
        if name in used:
            lines += [f"  classDef {name} {style}", f"  class {','.join(used[name])} {name}"]
    return "\n".join(lines) + "\n"


def _inside(picture: Picture, ids: dict[str, str]) -> Iterator[str]:
    for node in picture.nodes:
        yield f"    {ids[node.key]}{_label(node)}"
    for edge in picture.edges:
        yield f"    {ids[edge.upper]} {_link(edge)} {ids[edge.lower]}"


def _label(node: Node) -> str:
    """The node's text in its kind's shape: addresses rounded, sums of many as plain boxes."""
    kind = "" if node.kind == "address" else f"{node.kind} "
    name = (sum_words(node).removeprefix("+ ") if node.many else f"{kind}{node.name}") + STATES[node.state]
    lines = [" · ".join(map(str, line)) for line in packed(node.traits, WIDE)]
    marked = [f"✗ {node.refused}"] if node.refused else []
    text = _quoted("<br/>".join(map(_escaped, [name, *lines, *marked])), raw=True)
    return f"([{text}])" if node.kind == "address" else f"[{text}]"


def _link(edge: Edge) -> str:
    return "-.-" if edge.beside else LINKS[edge.state]


def _classes(node: Node) -> Iterator[str]:
    yield "beside" if node.beside else node.kind
    if node.refused:
        yield "refused"
    elif node.state != "same":
        yield node.state


def _quoted(text: str, *, raw: bool = False) -> str:
    return f'"{text if raw else _escaped(text)}"'


def _escaped(text: str) -> str:
    """``text`` with what Mermaid, Markdown or HTML would take for its own as Mermaid's numbered entities."""
    return "".join(letter if letter.isalnum() or letter in " .,:/+-~→·()…✗" else f"#{ord(letter)};" for letter in text)
