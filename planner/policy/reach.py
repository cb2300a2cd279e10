"""Which facts can take part in a rule: only they are asserted into durable_rules.

A semi-join in the order of the patterns: a fact stays if it passes the constant tests and, for each equality
with an earlier alias, some fact that stayed there has the value. A rule of which a pattern finds nothing
cannot fire. Nothing that takes part in a match, or blocks one, is dropped.
"""

from collections.abc import Iterable

from planner.language import Scalar
from planner.policy.matcher import Memory, Part, Parted


def reachable(rules: Iterable[Parted], memory: Memory) -> tuple[list[int], list[int]]:
    """The facts that positive patterns can match, and those that ``no`` patterns can, by index."""
    positive: set[int] = set()
    negative: set[int] = set()
    for rule in rules:
        matched = _matched(rule, memory)
        if matched is not None:
            positive |= matched[0]
            negative |= matched[1]
    return sorted(positive), sorted(negative)


def _matched(rule: Parted, memory: Memory) -> tuple[set[int], set[int]] | None:
    stayed: dict[str, list[int]] = {}
    blockers: set[int] = set()
    for part in rule.parts:
        found = _candidates(part, stayed, memory)
        if part.negated:
            blockers.update(found)
        elif found:
            stayed[part.alias] = found
        else:
            return None
    return {index for found in stayed.values() for index in found}, blockers


def _candidates(part: Part, stayed: dict[str, list[int]], memory: Memory) -> list[int]:
    equalities = [(name, alias, of) for name, operator, alias, of in part.joins if operator == "is"]
    if not equalities:
        return memory.find(part.kind, part.constants)
    facts = memory.facts
    allowed: list[tuple[str, set[Scalar]]] = [
        (name, {facts[index].fields[of] for index in stayed[alias]}) for name, alias, of in equalities
    ]
    first, values = min(allowed, key=lambda pair: len(pair[1]))
    pool = (index for value in values for index in memory.find(part.kind, ((first, "is", value), *part.constants)))
    if len(allowed) == 1:
        return list(pool)
    return [index for index in pool if all(facts[index].fields[name] in values for name, values in allowed)]
