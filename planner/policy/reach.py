"""Which facts can take part in a rule: only they are asserted into durable_rules.

A semi-join in the order of the patterns: a fact stays if it passes the constant tests and, for each equality
with an earlier alias, some fact that stayed there has the value. A rule of which a pattern finds nothing
cannot fire. Nothing that takes part in a match, or blocks one, is dropped.
"""

from collections.abc import Iterable, Iterator

from planner.language import Pattern, Reference, Rule, Scalar
from planner.policy.matcher import Memory, holds


def reachable(rules: Iterable[Rule], memory: Memory) -> tuple[list[int], list[int]]:
    """The facts that positive patterns can match, and those that ``no`` patterns can, by index."""
    positive: set[int] = set()
    negative: set[int] = set()
    for rule in rules:
        matched = _matched(rule, memory)
        if matched is not None:
            positive |= matched[0]
            negative |= matched[1]
    return sorted(positive), sorted(negative)


def _matched(rule: Rule, memory: Memory) -> tuple[set[int], set[int]] | None:
    stayed: dict[str, list[int]] = {}
    blockers: set[int] = set()
    for pattern in rule.when:
        found = list(_candidates(pattern, stayed, memory))
        if pattern.negated:
            blockers.update(found)
        elif found:
            stayed[pattern.alias] = found
        else:
            return None
    return {index for found in stayed.values() for index in found}, blockers


def _candidates(pattern: Pattern, stayed: dict[str, list[int]], memory: Memory) -> Iterator[int]:
    allowed: list[tuple[str, set[Scalar]]] = []
    constants = []
    for test in pattern.tests:
        if not isinstance(test.value, Reference):
            constants.append((test.field, test.op, test.value))
        elif test.op == "is":
            of, name = test.value
            allowed.append((test.field, {memory.facts[index].fields[name] for index in stayed[of]}))
    for index in _pool(pattern, allowed, constants, memory):
        fields = memory.facts[index].fields
        if all(fields[name] in values for name, values in allowed) and all(
            holds(operator, fields[name], value) for name, operator, value in constants
        ):
            yield index


def _pool(
    pattern: Pattern,
    allowed: list[tuple[str, set[Scalar]]],
    constants: list[tuple[str, str, Scalar | tuple[Scalar, ...]]],
    memory: Memory,
) -> list[int]:
    """The facts to look through: by an index where an equality allows it."""
    if allowed:
        name, values = min(allowed, key=lambda pair: len(pair[1]))
        return [index for value in values for index in memory.where(pattern.kind, name, value)]
    for name, operator, value in constants:
        if operator == "is" and not isinstance(value, tuple):
            return memory.where(pattern.kind, name, value)
    return memory.of_kind(pattern.kind)
