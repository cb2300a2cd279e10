"""The plain matcher: every combination of facts that satisfies a rule, by backtracking over hash indexes.

It is the oracle that checks durable_rules, the explainer of near misses, and the only engine where
durable_rules is not built. One fact does not satisfy two patterns of one rule; text and numbers never
compare; text is ordered by code points.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from planner.language import Fact, Pattern, Reference, Rule, Scalar, Test
from planner.policy.regex import matches

Wanted = Scalar | tuple[Scalar, ...]


class Firing(NamedTuple):
    """A rule, and for each positive pattern's alias the index of the fact that it stands for."""

    rule: str
    bindings: tuple[tuple[str, int], ...]


class Memory:
    """Facts by kind and by the value of a field; an index is built when it is first asked for."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        """Remember ``facts``; their indexes are what bindings refer to."""
        self.facts = facts
        self._kinds: dict[str, list[int]] = {}
        for index, fact in enumerate(facts):
            self._kinds.setdefault(fact.kind, []).append(index)
        self._indexes: dict[tuple[str, str], dict[Scalar, list[int]]] = {}

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


def match(rules: Iterable[Rule], memory: Memory) -> list[Firing]:
    """Every firing of ``rules``, sorted, each once."""
    return sorted({Firing(rule.name, bound) for rule in rules for bound in combinations(rule.when, memory)})


def combinations(
    patterns: tuple[Pattern, ...], memory: Memory, *, negations: bool = True
) -> Iterator[tuple[tuple[str, int], ...]]:
    """Every way to satisfy ``patterns``; without ``negations`` those that a ``no`` pattern blocks, too."""

    def extend(position: int, bound: dict[str, int]) -> Iterator[tuple[tuple[str, int], ...]]:
        if position == len(patterns):
            yield tuple(bound.items())
            return
        pattern = patterns[position]
        if pattern.negated:
            if not negations or next(candidates(pattern, bound, memory), None) is None:
                yield from extend(position + 1, bound)
            return
        for index in candidates(pattern, bound, memory):
            if index not in bound.values():
                yield from extend(position + 1, {**bound, pattern.alias: index})

    return extend(0, {})


def candidates(pattern: Pattern, bound: dict[str, int], memory: Memory) -> Iterator[int]:
    """The facts that satisfy ``pattern`` under the bindings so far."""
    tests = [(test.field, test.op, wanted(test, bound, memory)) for test in pattern.tests]
    for name, operator, value in tests:
        if operator == "is" and not isinstance(value, tuple):
            pool = memory.where(pattern.kind, name, value)
            break
    else:
        pool = memory.of_kind(pattern.kind)
    for index in pool:
        fields = memory.facts[index].fields
        if all(holds(operator, fields[name], value) for name, operator, value in tests):
            yield index


def wanted(test: Test, bound: dict[str, int], memory: Memory) -> Wanted:
    """What the test compares with, a reference looked up."""
    if isinstance(test.value, Reference):
        return memory.facts[bound[test.value.alias]].fields[test.value.field]
    return test.value


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
