"""A picture as SVG: one file without anything outside it, nics at the bottom, addresses on top.

Each node is a group, named by its key, whose first element is the box that all its text stays inside; widths are
worked out for the widest common typeface. Colours are told apart by people who do not see all of them, and never alone:
a state also has a badge and a line of its own.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from planner.explain.drawing.layout import Box, Grid, Placed, Wire, lay_out
from planner.explain.drawing.scene import Kind, Node, Picture, State, Trait, packed, sum_words
from planner.printing import html_text

# The strokes of an SVG drawing: elements, text, and lines with rounded corners.


Point = tuple[int, int]
ROUNDING = 7  # pixels from a corner to where its curve begins


def element(name: str, content: str = "", /, **attributes: str | float) -> str:
    """``<name …>content</name>``; attributes are named with ``_`` for ``-``, and left out when empty."""
    stated = "".join(
        f' {key.replace("_", "-")}="{html_text(value) if isinstance(value, str) else number(value)}"'
        for key, value in attributes.items()
        if value != ""
    )
    return f"<{name}{stated}>{content}</{name}>" if content else f"<{name}{stated}/>"


def text(x: float, y: float, words: str, size: float, fill: str, **attributes: str | float) -> str:
    """One line of text from ``x`` on, standing on ``y``."""
    return element("text", html_text(words), x=x, y=y, font_size=size, fill=fill, **attributes)


def number(value: float) -> str:
    """A number without needless zeroes."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def curve(points: Sequence[Point]) -> str:
    """The way through ``points``, which are right above or beside each other, with rounded corners."""
    triples = zip(points, points[1:], points[2:], strict=False)
    way = [points[0], *(point for before, point, after in triples if _turns(before, point, after)), points[-1]]
    drawn = [f"M{way[0][0]} {way[0][1]}"]
    for before, point, after in zip(way, way[1:], way[2:], strict=False):
        enter, leave = _towards(point, before), _towards(point, after)
        drawn.append(f"L{enter}Q{point[0]} {point[1]} {leave}")
    return "".join([*drawn, f"L{way[-1][0]} {way[-1][1]}"])


def _turns(before: Point, point: Point, after: Point) -> bool:
    return (before[0] == point[0]) != (point[0] == after[0])


def _towards(point: Point, other: Point) -> str:
    """The spot where the curve around the corner ``point`` meets the line to ``other``."""
    across, up = other[0] - point[0], other[1] - point[1]
    length = abs(across) + abs(up)
    share = min(ROUNDING, length / 2) / length
    return f"{number(point[0] + across * share)} {number(point[1] + up * share)}"


# How wide text gets at most, whatever sans-serif face a viewer has: the advances of the widest common one.


FAMILY = "Inter, 'Segoe UI', 'Helvetica Neue', Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"

# Tenths of the size, rounded up from DejaVu Sans (as wide as Verdana) and its bold.
REGULAR = {
    3: "'IJijl|",
    4: " (),-./:;[\\]ft·",
    5: '!"*_`r',
    6: "?FLcksvxyz",
    7: "$0123456789ABCEKPRSTVXYZabdeghnopqu{}",
    8: "&DGHNOQU",
    9: "#+<=>M^w~→",
}
BOLD_FACE = {
    4: " ',./:;IJ\\ijl|·",
    5: "!()-[]_`frt",
    6: '"*?csz',
    7: "$0123456789EFLTaekovxy",
    8: "ABCKPRSVXYZbdghnpqu{}",
    9: "#&+<=>DGHNOQU^~→",
    10: "@Mw",
    11: "%m",
    12: "W",
}
OTHER = 11  # any other letter; what is wider than a column was spelt out before
_ADVANCES = tuple(
    {letter: tenths for tenths, letters in face.items() for letter in letters} for face in (REGULAR, BOLD_FACE)
)


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """The most that ``text`` can take at ``size``, in the same unit."""
    advances = _ADVANCES[bold]
    return sum(advances.get(letter, OTHER) for letter in text) * size / 10


def broken(text: str, width: float, size: float) -> list[str]:
    """``text`` in lines that are no wider than ``width``; broken at blanks, or inside a word that is too long."""
    lines = [""]
    for word in text.split():
        left = word
        if lines[-1] and width_of(f"{lines[-1]} {left}", size) > width:
            lines.append("")
        while width_of(left, size) > width:
            fitting = next(n for n in range(len(left), 0, -1) if n == 1 or width_of(left[:n], size) <= width)
            lines[-1:] = [left[:fitting], ""]
            left = left[fitting:]
        lines[-1] += f" {left}" if lines[-1] else left
    return lines


GRID = Grid(beside=20, between=40, track=14, port=18)
MARGIN, PANEL, HEADING, ARROW = 24, 24, 56, 72
BAND, LEFT, RIGHT, BOTTOM = 4, 18, 14, 13
KIND_SIZE, NAME_SIZE, TRAIT_SIZE, LINE = 10, 15, 12, 18
NOTE_SIZE, LEGEND_SIZE, BADGE_SIZE = 13, 11, 9
SPACING = 0.8
BADGE_HEIGHT = 16
TRAITS_WIDE = {"nic": 13}
TRAITS_WIDE_OTHERWISE = 30
NARROWEST_NOTE = 480  # pixels: notes under a single small picture are not folded narrower than this

BOLD, STRUCK = "700", "line-through"
SPACED: dict[str, str | float] = {"font_weight": BOLD, "letter_spacing": SPACING}

INK, FAINT, LINE_INK, PAGE, PAPER, RULE = "#1c2733", "#5d6b7a", "#8593a3", "#eef1f5", "#ffffff", "#d5dce4"


class Look(NamedTuple):
    """How a state shows: colour of border and badge, fill, width and dashes of the border, word of the badge."""

    colour: str
    fill: str
    width: float
    dashes: str
    badge: str
    meaning: str


LOOKS = {
    "same": Look("#97a4b2", "#ffffff", 1.25, "", "", ""),
    "new": Look("#00795a", "#eefaf5", 2.5, "", "NEW", "made by the plan"),
    "changed": Look("#0063b0", "#eff6fd", 2.0, "", "CHANGED", "stays, but changes or moves"),
    "removed": Look("#b8430a", "#ffffff", 2.0, "7 4", "REMOVED", "will be gone"),
    "refused": Look("#b8430a", "#fdf0ea", 3.0, "", "REFUSED", "the reason for the refusal"),
    "beside": Look("#c3ccd6", "#f7f9fb", 1.25, "3 3", "", "not part of the management stack"),
}
KINDS: dict[Kind, str] = {
    "address": "#1c2733",
    "network": "#c98500",
    "bridge": "#c98500",
    "vlan": "#9a5ba5",
    "bond": "#2f7fc1",
    "nic": "#7b8794",
    "unlisted": "#b0b8c1",
}
WORDS: dict[Kind, str] = {"nic": "NIC", "vlan": "VLAN", "unlisted": "UNKNOWN DEVICE", "address": "IP ADDRESS"}
WIRES: dict[State, tuple[str, float, str]] = {
    "same": (LINE_INK, 1.75, ""),
    "changed": (LINE_INK, 1.75, ""),
    "new": (LOOKS["new"].colour, 2.5, ""),
    "removed": (LOOKS["removed"].colour, 1.75, "6 4"),
}
BESIDE_WIRE = ("#b9c3ce", 1.25, "3 3")
# The bands' bright colours are too light for small letters.
DARKER = {"#c98500": "#8a5b00", "#7b8794": FAINT, "#b0b8c1": FAINT, "#2f7fc1": "#1f66a3", "#9a5ba5": "#83458e"}


def render(before: Picture, after: Picture | None = None) -> str:
    """Draw ``before``, and ``after`` to the right of it."""
    pictures = [picture for picture in (before, after) if picture is not None]
    placed = lay_out(pictures, _size, GRID)
    narrowest = NARROWEST_NOTE if len(pictures) == 1 else 0
    widths = [max(narrowest, _panel_width(one, picture)) for one, picture in zip(placed, pictures, strict=True)]
    inner = sum(widths) + ARROW * (len(pictures) - 1)
    height = HEADING + max(one.height for one in placed) + PANEL
    body: list[str] = []
    x = MARGIN
    for one, picture, width in zip(placed, pictures, widths, strict=True):
        if x > MARGIN:
            body.append(_arrow(x - ARROW / 2, MARGIN + height / 2))
        body += _panel(one, picture, x, width, height)
        x += width + ARROW
    y = MARGIN + height + 6
    for line, colour in _footer(pictures, inner):
        y += NOTE_SIZE + 8
        body.append(text(MARGIN, y, line, NOTE_SIZE, colour))
    legend, legend_height = _legend(pictures, MARGIN, y + 16, inner)
    body += legend
    return _document(inner + 2 * MARGIN, y + legend_height + MARGIN, pictures, body)


def _document(width: float, height: float, pictures: list[Picture], body: list[str]) -> str:
    head = [
        element("title", html_text(_title(pictures)), id="drawing-title"),
        element("desc", html_text(" ".join(_sentences(pictures))), id="drawing-desc"),
        element("rect", width=width, height=height, fill=PAGE),
    ]
    return (
        element(
            "svg",
            "\n".join(["", *head, *body, ""]),
            xmlns="http://www.w3.org/2000/svg",
            width=width,
            height=height,
            viewBox=f"0 0 {number(width)} {number(height)}",
            role="img",
            aria_labelledby="drawing-title drawing-desc",
            font_family=FAMILY,
        )
        + "\n"
    )


def _title(pictures: list[Picture]) -> str:
    return "Management network: " + " and ".join(picture.title.lower() for picture in pictures)


def _sentences(pictures: list[Picture]) -> Iterator[str]:
    """Tell the drawing in words, for who does not see it."""
    for picture in pictures:
        named = {node.key: sum_words(node) if node.many else f"{node.kind} {node.name}" for node in picture.nodes}
        parts = [f"{named[edge.upper]} on {named[edge.lower]}" for edge in picture.edges]
        yield f"{picture.title}: {'; '.join(parts) or '; '.join(named.values()) or 'no device'}."
        yield from picture.notes


def _panel_width(placed: Placed, picture: Picture) -> int:
    return max(placed.width, round(width_of(picture.title, NAME_SIZE, bold=True))) + 2 * PANEL


def _panel(placed: Placed, picture: Picture, x: float, width: float, height: float) -> Iterator[str]:
    yield element("rect", x=x, y=MARGIN, width=width, height=height, rx=10, fill=PAPER, stroke=RULE)
    yield text(x + PANEL, MARGIN + 29, picture.title, NAME_SIZE, INK, font_weight=BOLD)
    left = x + (width - placed.width) // 2
    top = MARGIN + height - PANEL - placed.height
    if not picture.nodes:
        yield text(x + PANEL, top, "the capture lists no device", TRAIT_SIZE, FAINT)
        return
    wires = [_wire(wire) for wire in sorted(placed.wires, key=lambda wire: wire.edge.state != "same")]
    nodes = [line for node in picture.nodes for line in _node(placed.boxes[node.key], node)]
    yield element("g", "\n".join(["", *wires, *nodes, ""]), transform=f"translate({number(left)} {number(top)})")


def _wire(wire: Wire) -> str:
    colour, width, dashes = BESIDE_WIRE if wire.edge.beside else WIRES[wire.edge.state]
    return element(
        "path", d=curve(wire.points), fill="none", stroke=colour, stroke_width=width, stroke_dasharray=dashes
    )


def _look(node: Node) -> Look:
    if node.refused:
        return LOOKS["refused"]
    return LOOKS["beside" if node.beside and node.state == "same" else node.state]


def _size(node: Node) -> tuple[int, int]:
    """Width, even so that the middle is a whole number, and height of a node's box."""
    badge = _badge_word(node)
    kind = width_of(_kind_word(node), KIND_SIZE, bold=True) + len(_kind_word(node)) * SPACING
    heading = kind + (_badge_width(badge) + 12 if badge else 0)
    name = width_of(_name(node), NAME_SIZE, bold=True)
    lines = _lines(node)
    widest = max([heading, name, *(_traits_width(line) for line in lines)])
    width = -(-int(widest + 1) // 2) * 2 + LEFT + RIGHT
    return max(width, 96), 45 + LINE * len(lines) + BOTTOM - (6 if not lines else 0)


def _lines(node: Node) -> list[list[Trait]]:
    return packed(node.traits, TRAITS_WIDE.get(node.kind if not node.many else "", TRAITS_WIDE_OTHERWISE))


def _kind_word(node: Node) -> str:
    return WORDS.get(node.kind, node.kind.upper())


def _name(node: Node) -> str:
    return sum_words(node) if node.many else node.name


def _badge_word(node: Node) -> str:
    moved = any(trait.label == "on" and trait.was is not None for trait in node.traits)
    return "MOVED" if moved and not node.refused else _look(node).badge


def _badge_width(word: str) -> float:
    return round(width_of(word, BADGE_SIZE, bold=True)) + 12


def _pieces(line: list[Trait], colour: str) -> Iterator[tuple[str, dict[str, str | float]]]:
    """Read a line of traits piece by piece, each with its attributes; ``colour`` is for what is new."""
    for index, trait in enumerate(line):
        lead = (" · " if index else "") + (f"{trait.label} " if trait.label else "")
        if lead:
            yield lead, {"fill": FAINT}
        if trait.was is None:
            yield trait.value, {"fill": INK}
        else:
            yield trait.was, {"fill": FAINT, "text_decoration": STRUCK}
            yield " → ", {"fill": FAINT}
            yield trait.value, {"fill": colour, "font_weight": BOLD}


def _traits_width(line: list[Trait]) -> float:
    return sum(width_of(words, TRAIT_SIZE, bold="font_weight" in style) for words, style in _pieces(line, INK))


def _node(box: Box, node: Node) -> Iterator[str]:
    look, band = _look(node), KINDS[node.kind]
    greyed = node.beside and not node.refused
    inside = [
        element("rect", width=box.width, height=box.height, rx=7, **_border(look)),
        element("rect", x=6, y=8, width=BAND, height=box.height - 16, rx=2, fill=band, opacity=0.45 if greyed else ""),
        text(LEFT, 19, _kind_word(node), KIND_SIZE, FAINT if greyed else DARKER.get(band, band), **SPACED),
        *_badge(box.width - RIGHT + 4, _badge_word(node), look.colour),
        text(
            LEFT, 38, _name(node), NAME_SIZE, FAINT if greyed else INK,
            font_weight=BOLD, text_decoration=STRUCK if node.state == "removed" else "",
        ),
    ]  # fmt: skip
    for index, line in enumerate(_lines(node)):
        spans = "".join(element("tspan", html_text(words), **style) for words, style in _pieces(line, look.colour))
        y = 58 + LINE * index
        inside.append(f'<text x="{LEFT}" y="{y}" font-size="{TRAIT_SIZE}" xml:space="preserve">{spans}</text>')
    # By its key a page finds the node of a fact: the drawing itself shows nothing of it.
    key, place = html_text(node.key), f"translate({box.x} {box.y})"
    yield f'<g class="{node.kind} {node.state}" data-key="{key}" transform="{place}">'
    yield from inside
    yield "</g>"


def _border(look: Look) -> dict[str, str | float]:
    return {"fill": look.fill, "stroke": look.colour, "stroke_width": look.width, "stroke_dasharray": look.dashes}


def _badge(right: float, word: str, colour: str) -> list[str]:
    if not word:
        return []
    width = _badge_width(word)
    return [
        element("rect", x=right - width, y=7, width=width, height=BADGE_HEIGHT, rx=8, fill=colour),
        text(right - width / 2, 18.4, word, BADGE_SIZE, PAPER, font_weight=BOLD, text_anchor="middle"),
    ]


def _arrow(x: float, y: float) -> str:
    corners = ((-22, -5), (4, -5), (4, -15), (24, 0), (4, 15), (4, 5), (-22, 5))
    points = " ".join(f"{number(x + across)},{number(y + up)}" for across, up in corners)
    return element("polygon", points=points, fill="#66788a")


def _footer(pictures: list[Picture], width: float) -> Iterator[tuple[str, str]]:
    """Fold the notes under the panels: lines with their colours."""
    for picture in pictures:
        colour = LOOKS["refused"].colour if picture.refused else INK
        for note in picture.notes:
            yield from ((line, colour) for line in broken(note, width, NOTE_SIZE))


def _legend(pictures: list[Picture], x: float, y: float, width: float) -> tuple[list[str], float]:
    """Draw a sample of each state that occurs, in as many lines as it takes; also their height."""
    nodes = [node for picture in pictures for node in picture.nodes]
    looks = [look for look in LOOKS.values() if look.meaning and any(_look(node) is look for node in nodes)]
    drawn: list[str] = []
    across, down = x, y
    for look in looks:
        needed = 34 + width_of(look.meaning, LEGEND_SIZE) + 24
        if across > x and across + needed > x + width:
            across, down = x, down + 22
        drawn.append(element("rect", x=across + 1, y=down, width=24, height=14, rx=4, **_border(look)))
        drawn.append(text(across + 34, down + 11, look.meaning, LEGEND_SIZE, FAINT))
        across += needed
    return drawn, down - y + 30 if looks else 0
