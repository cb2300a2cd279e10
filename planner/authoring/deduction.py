"""What patterns say together: which facts must be one, which fields equal, and whether any host can have them.

Facts are numbered, a field of one is a `Cell`, and cells that must be equal are in one class. Known of every host:
some kinds have one fact, others at most one of a name, and no two devices share a name. What is concluded from that is
certain; what is not concluded may be possible or not.
"""

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import NamedTuple

from planner.facts.vocabulary import DEVICES, KINDS, absent
from planner.rules.lint import satisfiable
from planner.rules.model import Pattern, Reference, Rule, Scalar, Test

# Kinds of which every host has exactly one fact, and what tells facts of other kinds apart.
ALWAYS = ("definition", "vdsm", "host")
KEYS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys((*ALWAYS, "client", "attachment"), ()),
    **dict.fromkeys((*DEVICES, "network"), ("name",)),
    "ip": ("device",),
    "member": ("bond", "nic"),
    "port": ("bridge", "device"),
    "candidate": ("device", "found_by"),
}
OPPOSITES = {"is": "not", "not": "is", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt", "in": "not-in", "not-in": "in"}
MIRRORED = {"not": "not", "lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}
# What holds of two values when a relation between them does.
FOLLOWING = {"lt": ("lt", "le", "not"), "gt": ("gt", "ge", "not"), "le": ("le",), "ge": ("ge",), "not": ("not",)}
IMPOSSIBLE = frozenset({"not", "lt", "gt"})  # between a value and itself


class Cell(NamedTuple):
    """A field of a fact."""

    fact: int
    field: str


class Facts:
    """Facts that must all be there. ``groups`` tells which rule each is for: one rule wants distinct facts."""

    def __init__(self) -> None:
        """Begin with none."""
        self.kinds: list[str] = []
        self.groups: list[str] = []
        self.tests: dict[Cell, list[Test]] = {}
        self.relations: list[tuple[Cell, str, Cell]] = []
        self._equal: dict[Cell, Cell] = {}

    def copy(self) -> "Facts":
        """The same facts, to assume more of."""
        other = Facts()
        other.kinds, other.groups = list(self.kinds), list(self.groups)
        other.tests = {cell: list(tests) for cell, tests in self.tests.items()}
        other.relations = list(self.relations)
        other._equal = dict(self._equal)
        return other

    def add(self, pattern: Pattern, group: str, bound: Mapping[str, int]) -> int:
        """Assume a fact that satisfies ``pattern``, whose references speak of the facts ``bound``; its number."""
        number = len(self.kinds)
        self.kinds.append(pattern.kind)
        self.groups.append(group)
        for test in pattern.tests:
            cell = Cell(number, test.field)
            if not isinstance(test.value, Reference):
                self.tests.setdefault(cell, []).append(test)
                continue
            other = Cell(bound[test.value.alias], test.value.field)
            if test.op == "is":
                self._join(cell, other)
            else:
                self.relations.append((cell, test.op, other))
        return number

    def assume(self, rule: Rule, group: str = "") -> dict[str, int]:
        """Assume that ``rule`` matches; the fact of each of its aliases."""
        bound: dict[str, int] = {}
        for pattern in rule.when:
            if not pattern.negated:
                bound[pattern.alias] = self.add(pattern, group or rule.name, bound)
        return bound

    def impossible(self, keys: Mapping[str, tuple[str, ...]] = KEYS) -> bool:
        """Whether no host has such facts."""
        return self._merge(keys) or self._clash() or any(not satisfiable(tests) for tests in self._classes().values())

    def one(self, cell: Cell) -> Cell:
        """The cell that stands for all that equal ``cell``."""
        while cell in self._equal:
            cell = self._equal[cell]
        return cell

    def holds(self, cell: Cell, op: str, value: Scalar | tuple[Scalar, ...] | Cell) -> bool:
        """Whether the test of ``cell`` certainly holds."""
        if isinstance(value, Cell):
            return self._related(self.one(cell), op, self.one(value))
        tests = self._tests_of(self.one(cell))
        if op == "matches":
            return any(test.op == op and test.value == value for test in tests) or self._all_match(tests, value)
        return not satisfiable([*tests, Test(cell.field, OPPOSITES[op], value, 0, 0)])

    def _all_match(self, tests: list[Test], expression: Scalar | tuple[Scalar, ...]) -> bool:
        fixed = _listed(tests)
        return bool(fixed) and all(
            satisfiable([Test("", "is", value, 0, 0), Test("", "matches", expression, 0, 0)]) for value in fixed
        )

    def _related(self, cell: Cell, op: str, other: Cell) -> bool:
        if op in ("is", "le", "ge") and cell == other:
            return True
        values, others = _listed(self._tests_of(cell)), _listed(self._tests_of(other))
        if values and others:
            compared = (satisfiable(_against(one, op, two)) for one in values for two in others)
            if all(compared):
                return True
        return any(
            op in FOLLOWING[known]
            for left, known, right in self._both_ways()
            if (self.one(left), self.one(right)) == (cell, other)
        )

    def _both_ways(self) -> Iterable[tuple[Cell, str, Cell]]:
        yield from self.relations
        yield from ((right, MIRRORED[op], left) for left, op, right in self.relations)

    def _join(self, cell: Cell, other: Cell) -> None:
        first, second = self.one(cell), self.one(other)
        if first != second:
            self._equal[max(first, second)] = min(first, second)

    def _merge(self, keys: Mapping[str, tuple[str, ...]]) -> bool:
        """Make one of facts whose key is one, until there are none; whether that cannot be."""
        changed = True
        while changed:
            changed = False
            for first, second in combinations(range(len(self.kinds)), 2):
                if not self._same(first, second, keys):
                    continue
                if self.groups[first] == self.groups[second]:
                    return True
                fields = KINDS[self.kinds[first]].fields
                apart = [name for name in fields if self.one(Cell(first, name)) != self.one(Cell(second, name))]
                changed = changed or bool(apart)
                for name in apart:
                    self._join(Cell(first, name), Cell(second, name))
        return False

    def _same(self, first: int, second: int, keys: Mapping[str, tuple[str, ...]]) -> bool:
        kind = self.kinds[first]
        return kind == self.kinds[second] and kind in keys and all(self._equals(first, second, f) for f in keys[kind])

    def _equals(self, first: int, second: int, field: str) -> bool:
        one, two = self.one(Cell(first, field)), self.one(Cell(second, field))
        return one == two or self._related(one, "is", two)

    def _clash(self) -> bool:
        """Whether a relation contradicts the equalities, or two devices share a name."""
        for left, op, right in self.relations:
            first, second = self.one(left), self.one(right)
            if first == second and op in IMPOSSIBLE:
                return True
            if self._related(first, OPPOSITES[op], second):
                return True
        devices = [number for number, kind in enumerate(self.kinds) if kind in DEVICES]
        return any(
            self.kinds[first] != self.kinds[second] and self._equals(first, second, "name")
            for first, second in combinations(devices, 2)
        )

    def _classes(self) -> dict[Cell, list[Test]]:
        """What is asked of each class of equal cells, with what the vocabulary says of their fields."""
        classes: dict[Cell, list[Test]] = {}
        cells = {*self.tests, *self._equal, *self._equal.values()}
        cells.update(cell for left, _, right in self.relations for cell in (left, right))
        for cell in sorted(cells):
            classes.setdefault(self.one(cell), []).extend((*self.tests.get(cell, ()), *self._declared(cell)))
        return classes

    def _tests_of(self, root: Cell) -> list[Test]:
        found = self._classes().get(root)
        return self._declared(root) if found is None else found

    def _declared(self, cell: Cell) -> list[Test]:
        kind = self.kinds[cell.fact]
        field = KINDS[kind].fields[cell.field]
        tests = []
        if field.words:
            tests.append(Test(cell.field, "in", (*field.words, absent(field)), 0, 0))
        elif field.type is int:
            tests.append(Test(cell.field, "ge", -1, 0, 0))
            if field.most is not None:
                tests.append(Test(cell.field, "le", field.most, 0, 0))
        return tests


def _listed(tests: Iterable[Test]) -> list[Scalar]:
    """The values that are left when ``tests`` hold, if they are listed anywhere."""
    known = list(tests)
    listed = next((test.value for test in known if test.op in ("is", "in")), ())
    values = listed if isinstance(listed, tuple) else (listed,)
    return [value for value in values if satisfiable([Test("", "is", value, 0, 0), *known])]


def _against(value: Scalar, op: str, other: Scalar) -> list[Test]:
    return [Test("", "is", value, 0, 0), Test("", op, other, 0, 0)]
