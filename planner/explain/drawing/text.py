"""A picture as text: boxes of Unicode lines, at most 100 columns wide."""

from dataclasses import replace
from typing import NamedTuple

from planner.explain.drawing.layout import Box, Grid, Placed, Wire, lay_out
from planner.explain.drawing.scene import Node, Picture, heights, merged, packed, rest_words, sum_words, without
from planner.printing import folded

WIDTH = 100
ARROW = "  ══▶  "
GRID = Grid(beside=2, between=1, track=1, port=2)
WIDE = {"nic": 13, "unlisted": 16}  # nics stand side by side, so their lines are kept short
WIDE_OTHERWISE = 27


class Style(NamedTuple):
    """The lines of a box: corners ``┌┐└┘``, across, upright, and where an edge leaves upwards and downwards."""

    corners: str
    across: str
    upright: str
    up: str
    down: str
    sign: str
    meaning: str


STYLES = {
    "same": Style("┌┐└┘", "─", "│", "┴", "┬", "", ""),
    "new": Style("┏┓┗┛", "━", "┃", "┷", "┯", "+ ", "┏━┓ + new"),
    "changed": Style("┌┐└┘", "─", "│", "┴", "┬", "~ ", "~ changed"),
    "removed": Style("┌┐└┘", "╌", "╎", "┴", "┬", "- ", "┌╌┐ - removed"),
    "refused": Style("╔╗╚╝", "═", "║", "╧", "╤", "✗ ", "╔═╗ ✗ refused because of this"),
    "beside": Style("╭╮╰╯", "┄", "┆", "┴", "┬", "", "╭┄╮ not part of the management stack"),
}
NORTH, EAST, SOUTH, WEST = 1, 2, 4, 8
JOINTS = {
    0b0101: "│", 0b1010: "─", 0b0011: "└", 0b1001: "┘", 0b0110: "┌", 0b1100: "┐", 0b0111: "├", 0b1101: "┤",
    0b1110: "┬", 0b1011: "┴", 0b1111: "┼", 0b0001: "│", 0b0100: "│", 0b0010: "─", 0b1000: "─",
}  # fmt: skip


def render(before: Picture, after: Picture | None = None, width: int = WIDTH) -> str:
    """Draw ``before``, and ``after`` beside it if both fit into ``width`` columns, else under it."""
    pictures = [picture for picture in (before, after) if picture is not None]
    drawn = [_without_rest(picture) for picture in pictures]
    placed = lay_out(drawn, _size, GRID)
    if len(drawn) > 1 and sum(map(_full_width, placed, drawn)) + len(ARROW) <= width:
        sheets = [_abreast(placed, drawn)]
    else:
        drawn = [_narrowed(picture, width) for picture in drawn]
        sheets = ["\n".join(_sheet(lay_out([picture], _size, GRID)[0], picture)) for picture in drawn]
    return "\n\n".join(section for section in (*sheets, _notes(drawn, width), _legend(drawn)) if section) + "\n"


def _without_rest(picture: Picture) -> Picture:
    """Say in a note what has nothing to do with the stack: lines are short where a box would be wide."""
    rest = [node for node in picture.nodes if node.key.startswith("rest:")]
    nodes = tuple(node for node in picture.nodes if node not in rest)
    return replace(picture, nodes=nodes, aside=tuple(rest_words(node) for node in rest))


def _notes(pictures: list[Picture], width: int) -> str:
    lines = [
        line
        for picture in pictures
        for note in picture.notes
        for line in folded(note, width, first="✗ " if picture.refused else "")
    ]
    asides = {f" ({picture.title.lower()})": ", ".join(picture.aside) for picture in pictures}
    if len({*asides.values()}) == 1:
        asides = {"": asides.popitem()[1]}
    for where, aside in asides.items():
        lines += folded(f"Not drawn{where}: {aside}", width) if aside else []
    return "\n".join(lines)


def _abreast(placed: list[Placed], pictures: list[Picture]) -> str:
    left, right = map(_sheet, placed, pictures)
    wide = max(map(len, left))
    middle = max(2, len(left) // 2)
    rows = (
        line.ljust(wide) + (ARROW if index == middle else " " * len(ARROW)) + other
        for index, (line, other) in enumerate(zip(left, right, strict=True))
    )
    return "\n".join(row.rstrip() for row in rows)


def _sheet(placed: Placed, picture: Picture) -> list[str]:
    return [picture.title, "", *(_ink(placed, picture) or ["(the capture lists no device)"])]


def _full_width(placed: Placed, picture: Picture) -> int:
    return max(placed.width, len(picture.title))


def _narrowed(picture: Picture, width: int) -> Picture:
    """Sum up neighbours, and then leave out what is beside the stack, until ``picture`` fits into ``width``."""
    while (placed := lay_out([picture], _size, GRID)[0]).width > width:
        level = heights([picture])
        rows: dict[tuple[int, bool, str], list[str]] = {}
        for node in picture.nodes:
            if not node.refused:
                rows.setdefault((level[node.key], node.beside, node.kind), []).append(node.key)
        alike = [keys for keys in rows.values() if len(keys) > 1]
        beside = [node for node in picture.nodes if node.beside]
        if alike:
            widest = max(alike, key=lambda keys: sum(placed.boxes[key].width for key in keys))
            picture = merged(picture, widest[-2:])
        elif beside:
            picture = without(picture, beside[-1])
        else:
            break
    return picture


def _ink(placed: Placed, picture: Picture) -> list[str]:
    canvas = [[" "] * placed.width for _ in range(placed.height)]
    joints: dict[tuple[int, int], int] = {}
    for wire in placed.wires:
        _trace(wire, joints)
    for (x, y), ends in joints.items():
        canvas[y][x] = JOINTS[ends]
    for node in picture.nodes:
        _draw_box(canvas, placed.boxes[node.key], node, style_of(node), joints)
    return ["".join(row).rstrip() for row in canvas]


def _trace(wire: Wire, joints: dict[tuple[int, int], int]) -> None:
    """Note for each cell of ``wire`` in which directions it leaves the cell; it starts right above the lower box."""
    (x, y), *corners = wire.points
    for corner_x, corner_y in corners:
        while y > corner_y:
            if y < wire.points[0][1]:
                joints[x, y] = joints.get((x, y), 0) | NORTH
            y -= 1
            joints[x, y] = joints.get((x, y), 0) | SOUTH
        step, out, back = (1, EAST, WEST) if corner_x > x else (-1, WEST, EAST)
        while x != corner_x:
            joints[x, y] = joints.get((x, y), 0) | out
            x += step
            joints[x, y] = joints.get((x, y), 0) | back
    joints[x, y] = joints.get((x, y), 0) | NORTH


def _draw_box(canvas: list[list[str]], box: Box, node: Node, style: Style, joints: dict[tuple[int, int], int]) -> None:
    left, right, top, bottom = box.x, box.x + box.width - 1, box.y, box.y + box.height - 1
    for x in range(left, right + 1):
        canvas[top][x] = style.up if joints.get((x, top - 1), 0) & SOUTH else style.across
        canvas[bottom][x] = style.down if joints.get((x, bottom + 1), 0) & NORTH else style.across
    for y, line in enumerate(_lines(node), top + 1):
        canvas[y][left : right + 1] = [style.upright, *f" {line}".ljust(box.width - 2), style.upright]
    for (x, y), corner in zip(((left, top), (right, top), (left, bottom), (right, bottom)), style.corners, strict=True):
        canvas[y][x] = corner


def _size(node: Node) -> tuple[int, int]:
    """Width, always odd so that there is a middle, and height of a node's box."""
    lines = _lines(node)
    return (max(map(len, lines)) + 4) | 1, len(lines) + 2


def _lines(node: Node) -> list[str]:
    if node.many:
        return [f"{style_of(node).sign}{sum_words(node)}", *map(str, node.traits)]
    kind = "" if node.kind in ("address", "unlisted") else f"{node.kind} "
    traits = (" · ".join(map(str, line)) for line in packed(node.traits, WIDE.get(node.kind, WIDE_OTHERWISE)))
    return [f"{style_of(node).sign}{kind}{node.name}", *traits]


def style_of(node: Node) -> Style:
    """The lines for a node: a refusal is shown before a change, a change before being beside the stack."""
    return STYLES[style_name(node)]


def style_name(node: Node) -> str:
    """The name of a node's style: its state, ``refused`` or ``beside``."""
    return "refused" if node.refused else node.state if node.state != "same" else "beside" if node.beside else "same"


def _legend(pictures: list[Picture]) -> str:
    used = {style_name(node) for picture in pictures for node in picture.nodes}
    return "   ".join(style.meaning for name, style in STYLES.items() if name in used and style.meaning)
