"""The plain matcher: every match of every rule, step by step over hash indexes.

It is the oracle that checks durable_rules, and the only engine where durable_rules is not built.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from planner.language import Fact, Scalar
from planner.policy.comparison import holds
from planner.policy.memory import Memory
from planner.policy.shape import Firing, StageRules, Step

__all__ = ["Answer", "Firing", "match"]

Match = tuple[int, ...]

# Matches of one step, and facts looked at in one stage. Fewer would stop a rule that fires for each of 4,094 vlans of
# several bonds; more, and a rule that pairs every vlan with every other takes minutes and all memory.
MOST_MATCHES = 50_000
MOST_WORK = 2_000_000
# Below this many facts of a kind it is cheaper to look at each than to index them.
FEW = 6


class Answer(NamedTuple):
    """The firings, sorted; the rules that only a ``no`` held back; those given up for too many matches."""

    firings: list[Firing]
    blocked: set[str]
    endless: set[str]


class _EndlessError(Exception):
    """There is no end to the matches of a step."""


class _Budget:
    """How many facts may still be looked at; once it is spent, every later step is given up at once."""

    def __init__(self, left: int) -> None:
        """Begin with so many."""
        self.left = left


def match(stage: StageRules, memory: Memory, alive: Sequence[int]) -> Answer:
    """Match those rules of ``stage`` that are ``alive``, by their numbers: what is out of reach cannot match."""
    found: dict[int, list[Match] | None] = {}
    budget = _Budget(MOST_WORK)
    rules = [stage.rules[number] for number in alive]
    for number in sorted({step for rule in rules for step in rule.path}):
        step = stage.steps[number]
        before: list[Match] | None = [()] if step.parent < 0 else found[step.parent]
        try:
            found[number] = _extend(step, before, memory, budget) if before else before
        except _EndlessError:
            found[number] = None
    answer = Answer([], set(), set())
    for rule in rules:
        matches = found[rule.path[-1]]
        if matches is None:
            answer.endless.add(rule.name)
        elif matches:
            answer.firings.extend(Firing(rule.name, tuple(zip(rule.aliases, match, strict=True))) for match in matches)
        elif found[rule.matched]:
            answer.blocked.add(rule.name)
    answer.firings.sort()
    return answer


def _extend(step: Step, before: list[Match], memory: Memory, budget: _Budget) -> list[Match]:
    """Each match so far with each fact that continues it; after a ``no`` pattern, those that nothing contradicts."""
    after: list[Match] = []
    for match in before:
        candidates = _candidates(step, match, memory)
        budget.left -= len(candidates) + 1
        if budget.left < 0 or len(after) > MOST_MATCHES:
            raise _EndlessError
        fitting = _fitting(step, candidates, match, memory.facts) if step.joins else candidates
        if not step.negated:
            after += [(*match, index) for index in fitting if index not in match]
        elif not fitting:
            after.append(match)
    return after


def _candidates(step: Step, match: Match, memory: Memory) -> Sequence[int]:
    """The facts that pass the constant tests; of many, those that the first equality with the match leaves."""
    if len(memory.of_kind(step.kind)) < FEW or not step.joins or step.joins[0].op != "is":
        return memory.passing(step.sieve, step.kind, step.constants)
    field, _, source, other = step.joins[0]
    value = memory.facts[match[source]].fields.get(other)
    found = () if value is None else memory.by_value(step.kind, field).get(value, ())
    return [index for index in found if _passes(step, memory.facts[index].fields)]


def _passes(step: Step, fields: Mapping[str, Scalar]) -> bool:
    return all(holds(op, fields.get(field), value) for field, op, value in step.constants)


def _fitting(step: Step, candidates: Sequence[int], match: Match, facts: Sequence[Fact]) -> Sequence[int]:
    """Those of ``candidates`` that satisfy every join with the match."""
    fitting = candidates
    for field, op, source, other in step.joins:
        if not fitting:
            break
        value = facts[match[source]].fields.get(other)
        fitting = [index for index in fitting if holds(op, facts[index].fields.get(field), value)]
    return fitting
