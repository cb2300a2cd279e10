"""Where everything of a drawing stands: rows from the nics at the bottom to the addresses on top.

Whole numbers in units of the caller: characters for text, pixels for SVG. Edges run upright from the top of
the lower node to a track in the gap between two rows, along it, and up to the bottom of the upper node. An
edge that passes a row has a place of its own in that row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from planner.explain.drawing.scene import Edge, Node, Picture, heights

TRUNK = 1e6  # weight of the management stack: it stays upright, its neighbours give way
LOOSE = 1e-3  # weight of what nothing holds


class Grid(NamedTuple):
    """Distances: between boxes of a row, rows, tracks of a gap, and edges that leave one box."""

    beside: int
    between: int
    track: int
    port: int


class Box(NamedTuple):
    """A node's place: left upper corner and size."""

    x: int
    y: int
    width: int
    height: int


class Wire(NamedTuple):
    """An edge's way, corner by corner, from the lower node's top to the upper node's bottom."""

    edge: Edge
    points: tuple[tuple[int, int], ...]


class Placed(NamedTuple):
    """A picture laid out."""

    boxes: dict[str, Box]
    wires: tuple[Wire, ...]
    width: int
    height: int


@dataclass(slots=True)
class _Place:
    """A node, or the way of an edge through a row."""

    key: str
    row: int
    width: int
    height: int
    weight: float
    x: float = 0.0
    above: list["_Hop"] = field(default_factory=list)
    below: list["_Hop"] = field(default_factory=list)


@dataclass(slots=True)
class _Hop:
    """The part of an edge between two neighbouring rows, with its ports and track once they are known."""

    lower: _Place
    upper: _Place
    edge: Edge
    start: int = 0
    end: int = 0
    track: int = 0


def lay_out(pictures: Sequence[Picture], size: Callable[[Node], tuple[int, int]], grid: Grid) -> list[Placed]:
    """Lay out ``pictures`` of one host so that like stands at like height."""
    level = heights(pictures)
    rows = max(level.values(), default=-1) + 1
    drafts = [_Draft(picture, level, rows, size, grid) for picture in pictures]
    height = [max(draft.row_height(row) for draft in drafts) for row in range(rows)]
    tracks = [max(draft.tracks[row] for draft in drafts) for row in range(rows)]
    bottom = [0] * rows
    y = 0
    for row in reversed(range(rows)):
        y += height[row]
        bottom[row] = y
        y += (grid.between + grid.track * max(0, tracks[row - 1] - 1)) if row else 0
    return [draft.placed(bottom, y) for draft in drafts]


class _Draft:
    """One picture on its way to a layout."""

    def __init__(
        self, picture: Picture, level: dict[str, int], rows: int, size: Callable[[Node], tuple[int, int]], grid: Grid
    ) -> None:
        self.grid = grid
        self.nodes = picture.nodes
        self.rows: list[list[_Place]] = [[] for _ in range(rows)]
        self.hops: list[list[_Hop]] = [[] for _ in range(rows)]
        self.places: dict[str, _Place] = {}
        self.ways: list[tuple[Edge, list[_Hop]]] = []
        for node in picture.nodes:
            place = _Place(node.key, level[node.key], *size(node), 1.0 if node.loose else TRUNK)
            self.places[node.key] = place
            self.rows[place.row].append(place)
        for edge in picture.edges:
            self._route(edge)
        beside = {node.key for node in picture.nodes if node.beside}
        for row in self.rows:
            row.sort(key=lambda place: (place.key in beside, place.key.startswith("rest:")))
        self._set_across()
        self.tracks = [self._set_tracks(hops) for hops in self.hops]

    def row_height(self, row: int) -> int:
        return max((place.height for place in self.rows[row]), default=0)

    def _route(self, edge: Edge) -> None:
        lower, upper = self.places[edge.lower], self.places[edge.upper]
        if lower.row >= upper.row:  # a cycle in the capture: one of its edges has no place
            return
        way = []
        for row in range(lower.row + 1, upper.row + 1):
            following = upper if row == upper.row else self._passage(edge, row)
            way.append(self._hop(lower, following, edge))
            lower = following
        self.ways.append((edge, way))

    def _passage(self, edge: Edge, row: int) -> _Place:
        """Where edges from one node pass a row: they share it, unless some hold the drawing upright and some do not."""
        key = f"{edge.lower} {row} {edge.loose}"
        if key not in self.places:
            self.places[key] = _Place(key, row, 1, 0, 1.0 if edge.loose else TRUNK)
            self.rows[row].append(self.places[key])
        return self.places[key]

    def _hop(self, lower: _Place, upper: _Place, edge: Edge) -> _Hop:
        for hop in lower.above:
            if hop.upper is upper:
                return hop
        hop = _Hop(lower, upper, edge)
        lower.above.append(hop)
        upper.below.append(hop)
        self.hops[lower.row].append(hop)
        return hop

    def _set_across(self) -> None:
        """Upwards, downwards and upwards again: each row as near under or over its neighbours as there is room."""
        for row in self.rows:
            self._spread(row, [0.0] * len(row), [1.0] * len(row))
        for upwards in (True, False, True):
            for row in self.rows if upwards else reversed(self.rows):
                wishes = [_wish(place, upwards=upwards) for place in row]
                self._spread(row, [wish for wish, _ in wishes], [weight for _, weight in wishes])
        left = min((place.x - place.width // 2 for row in self.rows for place in row), default=0)
        for row in self.rows:
            for place in row:
                place.x -= left

    def _spread(self, row: list[_Place], wishes: list[float], weights: list[float]) -> None:
        """Set the row's middles as near to ``wishes`` (least squares) as order and distance allow."""
        offset = 0.0
        offsets = []
        for index, place in enumerate(row):
            if index:
                before = row[index - 1]
                offset += before.width - before.width // 2 + self.grid.beside + place.width // 2
            offsets.append(offset)
        blocks: list[tuple[float, float, int]] = []
        for wish, shift, weight in zip(wishes, offsets, weights, strict=True):
            mean, total, count = wish - shift, weight, 1
            while blocks and blocks[-1][0] >= mean:
                other, mass, number = blocks.pop()
                mean = (mean * total + other * mass) / (total + mass)
                total, count = total + mass, count + number
            blocks.append((mean, total, count))
        means = [mean for mean, _, count in blocks for _ in range(count)]
        for place, mean, shift in zip(row, means, offsets, strict=True):
            place.x = int((mean + shift + 0.5) // 1)

    def _set_tracks(self, hops: list[_Hop]) -> int:
        """Give the hops of one gap their ports and tracks; the answer: how many tracks there are."""
        stars: dict[tuple[bool, int], list[_Hop]] = {}
        for hop in hops:
            hub_below = len(hop.lower.above) > len(hop.upper.below)
            stars.setdefault((hub_below, id(hop.lower if hub_below else hop.upper)), []).append(hop)
        used: dict[tuple[bool, int], int] = {}
        for (hub_below, _), star in stars.items():
            hub = star[0].lower if hub_below else star[0].upper
            shared = self._port(hub, used, above=hub_below)
            for hop in star:
                other = self._port(hop.upper if hub_below else hop.lower, used, above=not hub_below)
                hop.start, hop.end = (shared, other) if hub_below else (other, shared)
        lanes: list[list[tuple[int, int]]] = []
        apart = self.grid.beside
        for star in stars.values():
            ends = [x for hop in star for x in (hop.start, hop.end)]
            low, high = min(ends), max(ends)
            if low == high:
                continue
            lane = next(
                (n for n, taken in enumerate(lanes) if all(high + apart < a or low > b + apart for a, b in taken)),
                len(lanes),
            )
            lanes[lane:] = [[*(lanes[lane] if lane < len(lanes) else ()), (low, high)], *lanes[lane + 1 :]]
            for hop in star:
                hop.track = lane
        return len(lanes)

    def _port(self, place: _Place, used: dict[tuple[bool, int], int], *, above: bool) -> int:
        """Where the next star meets ``place``: in its middle, then alternately right and left of it."""
        number = used.get((above, id(place)), 0)
        used[above, id(place)] = number + 1
        room = max(0, place.width // 2 - 1)
        shift = min((number + 1) // 2 * self.grid.port, room)
        return int(place.x) + (shift if number % 2 else -shift)

    def placed(self, bottom: list[int], height: int) -> Placed:
        boxes = {}
        for node in self.nodes:
            place = self.places[node.key]
            x = int(place.x) - place.width // 2
            boxes[node.key] = Box(x, bottom[place.row] - place.height, place.width, place.height)
        wires = tuple(Wire(edge, self._points(way, boxes, bottom)) for edge, way in self.ways)
        width = max((box.x + box.width for box in boxes.values()), default=0)
        ways = [x + 1 for wire in wires for x, _ in wire.points]
        return Placed(boxes, wires, max([width, *ways]), height)

    def _points(self, way: list[_Hop], boxes: dict[str, Box], bottom: list[int]) -> tuple[tuple[int, int], ...]:
        points = [(way[0].start, boxes[way[0].lower.key].y)]
        for hop in way:
            track = bottom[hop.upper.row] + self.grid.between // 2 + hop.track * self.grid.track
            points += [(hop.start, track), (hop.end, track)]
        points.append((way[-1].end, bottom[way[-1].upper.row]))
        return tuple(dict.fromkeys(points))


def _wish(place: _Place, *, upwards: bool) -> tuple[float, float]:
    """Where ``place`` would like to be for its neighbours' sake, and how much that matters."""
    hops = place.below if upwards else place.above
    others = [hop.lower if upwards else hop.upper for hop in hops]
    weights = [1.0 if hop.edge.loose else TRUNK for hop in hops]
    if not others:
        return place.x, LOOSE
    strongest = max(weights)
    counted = [other.x for other, weight in zip(others, weights, strict=True) if weight == strongest]
    return sum(counted) / len(counted), place.weight
