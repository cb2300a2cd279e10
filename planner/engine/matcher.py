"""The plain matcher: every match of every rule, step by step over hash indexes.

It is the oracle that checks durable_rules, and the only engine where durable_rules is not built.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from planner.facts.vocabulary import Fact, Scalar
from planner.rules.comparison import holds
from planner.rules.steps import Constant, Firing, Join, Sieve, StageRules, Step

# The facts of one stage, by kind, and by the value of a field once somebody asks for it.


class Memory:
    """Facts, each named by its index in ``facts``.

    The index over a field is made when it is first asked for, so 4,094 vlans that no rule joins cost nothing.
    """

    __slots__ = ("_by_value", "_kinds", "_passing", "facts")

    def __init__(self, facts: Sequence[Fact]) -> None:
        """Remember ``facts``; their indexes are what bindings refer to."""
        self.facts = facts
        self._kinds: dict[str, list[int]] = {}
        self._by_value: dict[tuple[str, str], dict[Scalar | None, list[int]]] = {}
        self._passing: dict[int, list[int]] = {}
        for index, fact in enumerate(facts):
            self._kinds.setdefault(fact.kind, []).append(index)

    def of_kind(self, kind: str) -> list[int]:
        """Every fact of a kind."""
        return self._kinds.get(kind, [])

    def passing(self, sieve: int, kind: str, constants: tuple[Constant, ...]) -> list[int]:
        """The facts of a kind that pass constant tests, worked out once for each ``sieve`` of the stage."""
        every = self._kinds.get(kind, [])
        if not constants or not every:
            return every
        found = self._passing.get(sieve)
        if found is None:
            facts = self.facts
            found = every
            for field, op, value in constants:
                if op == "is":  # by far the most frequent, and no value equals one of another type
                    found = [index for index in found if facts[index].fields.get(field) == value]
                else:
                    found = [index for index in found if holds(op, facts[index].fields.get(field), value)]
                if not found:
                    break
            self._passing[sieve] = found
        return found

    def by_value(self, kind: str, field: str) -> dict[Scalar | None, list[int]]:
        """The facts of a kind by the value of ``field``; those without it are not among them: None finds none."""
        found = self._by_value.get((kind, field))
        if found is None:
            found = self._by_value[kind, field] = {}
            for index in self.of_kind(kind):
                value = self.facts[index].fields.get(field)
                if value is not None:
                    found.setdefault(value, []).append(index)
        return found


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
        fitting = _fitting(step, candidates, match, memory.facts)
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
    found = memory.by_value(step.kind, field).get(memory.facts[match[source]].fields.get(other), ())
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


# Which rules can match a host at all, and which facts can take part: only these reach durable_rules.
#
# A sieve holds the facts that pass a pattern's tests when a reference may mean any fact that passed the sieve it
# refers to. That is never too little: the fact of a real match passes, and so does one that blocks. Each sieve is
# filled once, in time linear in the facts of its kind.


class Reach(NamedTuple):
    """The numbers of the rules that can match, and the indexes of the facts that can match or block in them."""

    alive: tuple[int, ...]
    positive: set[int]
    blocking: set[int]


def reach(stage: StageRules, memory: Memory) -> Reach:
    """Fill the sieves of every rule up to the first that stays empty; a rule with such a one cannot match."""
    sifted: dict[int, list[int]] = {}
    alive: list[int] = []
    positive: set[int] = set()
    blocking: set[int] = set()
    for number, rule in enumerate(stage.rules):
        needed = len(rule.aliases)
        for position, sieve in enumerate(rule.sieves):
            found = sifted.get(sieve)
            if found is None:
                found = sifted[sieve] = _sift(sieve, stage.sieves[sieve], memory, sifted)
            if not found and position < needed:
                break
        else:
            alive.append(number)
            positive.update(*(sifted[sieve] for sieve in rule.sieves[:needed]))
            blocking.update(*(sifted[sieve] for sieve in rule.sieves[needed:]))
    return Reach(tuple(alive), positive, blocking)


def _sift(number: int, sieve: Sieve, memory: Memory, sifted: dict[int, list[int]]) -> list[int]:
    """The facts that pass ``sieve``; those it refers to are sifted already."""
    kind, constants, joins = sieve
    passing = memory.passing(number, kind, constants)
    for position, join in enumerate(joins):
        if not passing:
            break
        whole = kind if position == 0 and not constants else ""
        passing = _joined(join, passing, memory, sifted[join.source], whole)
    return passing


def _joined(join: Join, passing: list[int], memory: Memory, sources: list[int], whole: str) -> list[int]:
    """Those of ``passing`` that satisfy the join with some source; ``whole`` is their kind if they are all of it."""
    values = {value for index in sources if (value := memory.facts[index].fields.get(join.other)) is not None}
    if join.op == "is":
        if whole and len(values) < len(passing):
            by_value = memory.by_value(whole, join.field)
            return [index for value in values for index in by_value.get(value, ())]
        return [index for index in passing if memory.facts[index].fields.get(join.field) in values]
    deciding = tuple(_deciding(join.op, values))
    return [
        index
        for index in passing
        if any(holds(join.op, memory.facts[index].fields.get(join.field), value) for value in deciding)
    ]


def _deciding(op: str, values: Iterable[Scalar]) -> Iterator[Scalar]:
    """Those of ``values``, at most four, with one of which a comparison holds if it holds with any."""
    numbers = [value for value in values if isinstance(value, int)]
    texts = [value for value in values if isinstance(value, str)]
    if op == "not":  # nothing equals two values
        yield from numbers[:2]
        yield from texts[:2]
        return
    extreme = max if op in ("lt", "le") else min
    if numbers:
        yield extreme(numbers)
    if texts:
        yield extreme(texts)
