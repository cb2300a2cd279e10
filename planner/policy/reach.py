"""Which rules can match a host at all, and which facts can take part: only these reach durable_rules.

A sieve holds the facts that pass a pattern's tests when a reference may mean any fact that passed the sieve it
refers to. That is never too little: the fact of a real match passes, and so does one that blocks. Each sieve is
filled once, in time linear in the facts of its kind.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from planner.language import Scalar
from planner.policy.comparison import holds
from planner.policy.memory import Memory
from planner.policy.shape import Join, Sieve, StageRules


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
