"""The strokes of an SVG drawing: elements, text, and lines with rounded corners."""

from collections.abc import Sequence

from planner.printing import html_text

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
