"""The plain matcher: every combination of facts that satisfies a rule, by backtracking over hash indexes.

It is the oracle that checks durable_rules, the explainer of near misses, and the only engine where
durable_rules is not built. One fact does not satisfy two patterns of one rule; text and numbers never
compare; text is ordered by code points.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from planner.language import Fact, Pattern, Reference, Rule, Scalar
from planner.policy.regex import matches

Wanted = Scalar | tuple[Scalar, ...]
Condition = tuple[str, str, Wanted]  # field, operator, what it is compared with


class Firing(NamedTuple):
    """A rule, and for each positive pattern's alias the index of the fact that it stands for."""

    rule: str
    bindings: tuple[tuple[str, int], ...]


class Part(NamedTuple):
    """A pattern made ready: its constant tests, and its joins as field, operator, alias, the alias's field."""

    kind: str
    alias: str
    negated: bool
    constants: tuple[Condition, ...]
    joins: tuple[tuple[str, str, str, str], ...]


class Parted(NamedTuple):
    """A rule as its parts; ``needed`` are those positive ones that ask for nothing but constants."""

    name: str
    parts: tuple[Part, ...]
    needed: tuple[Part, ...]
    negations: bool


class Memory:
    """Facts by kind and condition; whatever was looked up once is known from then on."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        """Remember ``facts``; their indexes are what bindings refer to."""
        self.facts = facts
        self._kinds: dict[str, list[int]] = {}
        for index, fact in enumerate(facts):
            self._kinds.setdefault(fact.kind, []).append(index)
        self._indexes: dict[tuple[str, str], dict[Scalar, list[int]]] = {}
        self._found: dict[tuple[str, tuple[Condition, ...]], list[int]] = {}

    def of_kind(self, kind: str) -> list[int]:
        """Every fact of a kind."""
        return self._kinds.get(kind, [])

    def where(self, kind: str, field: str, value: Scalar) -> list[int]:
        """The facts of a kind whose ``field`` has ``value``."""
        index = self._indexes.get((kind, field))
        if index is None:
            index = self._indexes[kind, field] = {}
            for position in self.of_kind(kind):
                index.setdefault(self.facts[position].fields[field], []).append(position)
        return index.get(value, [])

    def find(self, kind: str, conditions: tuple[Condition, ...]) -> list[int]:
        """The facts of a kind that meet all ``conditions``."""
        key = (kind, conditions)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._search(kind, conditions)
        return found

    def _search(self, kind: str, conditions: tuple[Condition, ...]) -> list[int]:
        for name, operator, value in conditions:
            if operator == "is" and not isinstance(value, tuple):
                pool = self.where(kind, name, value)
                break
        else:
            pool = self.of_kind(kind)
        if not conditions:
            return pool
        facts = self.facts
        return [
            index
            for index in pool
            if all(holds(operator, facts[index].fields[name], value) for name, operator, value in conditions)
        ]


def part(rule: Rule) -> Parted:
    """The rule as its parts."""
    parts = tuple(_part(pattern) for pattern in rule.when)
    needed = tuple(part for part in parts if not part.negated and not part.joins)
    return Parted(rule.name, parts, needed, any(part.negated for part in parts))


def _part(pattern: Pattern) -> Part:
    constants: list[Condition] = []
    joins = []
    for test in pattern.tests:
        if isinstance(test.value, Reference):
            joins.append((test.field, test.op, test.value.alias, test.value.field))
        else:
            constants.append((test.field, test.op, test.value))
    return Part(pattern.kind, pattern.alias, pattern.negated, tuple(constants), tuple(joins))


def possible(rule: Parted, memory: Memory) -> bool:
    """Whether each pattern that asks for constants alone finds a fact: most rules end here."""
    return all(memory.find(part.kind, part.constants) for part in rule.needed)


def match(rules: Iterable[Parted], memory: Memory) -> list[Firing]:
    """Every firing of ``rules``, sorted, each once."""
    return sorted({Firing(rule.name, bound) for rule in rules for bound in combinations(rule.parts, memory)})


def combinations(
    parts: tuple[Part, ...], memory: Memory, *, negations: bool = True
) -> Iterator[tuple[tuple[str, int], ...]]:
    """Every way to satisfy ``parts``; without ``negations`` those that a ``no`` pattern blocks, too."""

    def extend(position: int, bound: dict[str, int]) -> Iterator[tuple[tuple[str, int], ...]]:
        if position == len(parts):
            yield tuple(bound.items())
            return
        part = parts[position]
        if part.negated:
            if not negations or not candidates(part, bound, memory):
                yield from extend(position + 1, bound)
            return
        for index in candidates(part, bound, memory):
            if index not in bound.values():
                yield from extend(position + 1, {**bound, part.alias: index})

    return extend(0, {})


def candidates(part: Part, bound: dict[str, int], memory: Memory) -> list[int]:
    """The facts that satisfy ``part`` under the bindings so far."""
    return memory.find(part.kind, conditions(part, bound, memory))


def conditions(part: Part, bound: dict[str, int], memory: Memory) -> tuple[Condition, ...]:
    """What the part asks for under the bindings so far: equalities first, as they have an index."""
    if not part.joins:
        return part.constants
    facts = memory.facts
    joined = tuple((name, op, facts[bound[alias]].fields[of]) for name, op, alias, of in part.joins)
    return joined + part.constants


def holds(operator: str, value: Scalar, other: Wanted) -> bool:
    """Whether ``value`` passes the test."""
    if isinstance(other, tuple):
        return (value in other) == (operator == "in")
    if operator == "matches":
        return isinstance(value, str) and matches(str(other), value)
    if isinstance(value, str) != isinstance(other, str):
        return False
    if operator in ("is", "not"):
        return (value == other) == (operator == "is")
    return _ordered(operator, value, other)


def _ordered(operator: str, value: Scalar, other: Scalar) -> bool:
    if isinstance(value, str) and isinstance(other, str):
        order = (value > other) - (value < other)
    else:
        order = (int(value) > int(other)) - (int(value) < int(other))
    return order in {"lt": (-1,), "le": (-1, 0), "gt": (1,), "ge": (0, 1)}[operator]
