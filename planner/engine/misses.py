"""Why a rule did not fire: how far its patterns got, which one failed, and which fact came nearest."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from planner.engine.matcher import Memory
from planner.facts.vocabulary import Fact, Scalar
from planner.printing import printable
from planner.rules.comparison import Wanted, holds
from planner.rules.model import Pattern, Reference, Rule, Test

SIGNS = {"is": "", "not": "not ", "lt": "below ", "le": "at most ", "gt": "above ", "ge": "at least "}

# Ways tried: enough for every real rule; without an end, a rule of three vlans takes hours on a host with 4,094.
MOST_TRIED = 200_000


class Miss(NamedTuple):
    """How far a rule got: ``matched`` patterns (0: none), where it failed, and ``lines`` that tell it."""

    rule: str
    matched: int
    line: int
    lines: tuple[str, ...]


def explain(rule: Rule, facts: Sequence[Fact]) -> Miss | None:
    """The longest way that ``rule`` gets on ``facts``; None if it fires."""
    memory = Memory(facts)
    search = _Search(rule.when, memory)
    if search.walk({}):
        return None
    position, bound = search.position, search.bound
    pattern = rule.when[position]
    lines = [_progress(position, len(rule.when))]
    lines += [f"  {alias}: {_named(memory.facts[index])}" for alias, index in bound.items()]
    if search.left < 0:  # what this way lacks another may have
        lines.append(f"(there are more ways than the {MOST_TRIED:,} that were tried)")
    else:
        lines += _blocked(pattern, bound, memory) if pattern.negated else _missing(pattern, bound, memory)
    return Miss(rule.name, position, pattern.line, tuple(printable(line) for line in lines))


def furthest(rule: Rule, memory: Memory) -> tuple[int, dict[str, int]] | None:
    """The pattern at which the longest way through ``rule`` fails, and the facts up to there; None if it fires."""
    search = _Search(rule.when, memory)
    return None if search.walk({}) else (search.position, search.bound)


class _Search:
    """The way through a rule's patterns that gets furthest: where it fails, and with which facts up to there."""

    def __init__(self, patterns: tuple[Pattern, ...], memory: Memory) -> None:
        self.patterns, self.memory = patterns, memory
        self.position, self.bound = 0, dict[str, int]()
        self.left = MOST_TRIED

    def walk(self, bound: dict[str, int], position: int = 0) -> bool:
        """Whether ``bound`` can be continued from ``position`` to a match."""
        if position == len(self.patterns):
            return True
        if position > self.position:
            self.position, self.bound = position, bound
        pattern = self.patterns[position]
        found = _candidates(pattern, bound, self.memory)
        if pattern.negated:
            return next(found, None) is None and self.walk(bound, position + 1)
        for index in found:
            self.left -= 1
            if self.left < 0:
                return False
            if index not in bound.values() and self.walk({**bound, pattern.alias: index}, position + 1):
                return True
        return False


def _candidates(pattern: Pattern, bound: dict[str, int], memory: Memory) -> Iterator[int]:
    """The facts that satisfy ``pattern`` under the bindings so far."""
    tests = [(test.field, test.op, _wanted(test, bound, memory)) for test in pattern.tests]
    pool: Sequence[int] = memory.of_kind(pattern.kind)
    for name, op, value in tests:
        if op == "is" and not isinstance(value, tuple):
            pool = memory.by_value(pattern.kind, name).get(value, ())
            break
    for index in pool:
        fields = memory.facts[index].fields
        if all(holds(op, fields.get(name), value) for name, op, value in tests):
            yield index


def _wanted(test: Test, bound: dict[str, int], memory: Memory) -> Wanted | None:
    """What the test compares with, a reference looked up."""
    if isinstance(test.value, Reference):
        return memory.facts[bound[test.value.alias]].fields.get(test.value.field)
    return test.value


def _progress(position: int, total: int) -> str:
    if position == 0:
        return f"pattern 1 of {total} failed"
    done = "pattern 1" if position == 1 else f"patterns 1-{position}"
    return f"{done} of {total} matched; pattern {position + 1} failed"


def _missing(pattern: Pattern, bound: dict[str, int], memory: Memory) -> list[str]:
    """What no fact has, and the fact that has most of it."""
    tests = [(test, _wanted(test, bound, memory)) for test in pattern.tests]
    asked = " and ".join(f"{test.field} {_asked(test, value)}" for test, value in tests)
    lines = [f"no {pattern.kind}" + (f" has {asked}" if asked else " in the facts of this stage")]
    pool = [memory.facts[index] for index in memory.of_kind(pattern.kind) if index not in bound.values()]
    if pool:
        nearest = max(
            pool, key=lambda fact: sum(holds(test.op, fact.fields.get(test.field), value) for test, value in tests)
        )
        failing = [
            f"its {test.field} is {_shown(nearest.fields.get(test.field))}"
            for test, value in tests
            if not holds(test.op, nearest.fields.get(test.field), value)
        ]
        lines.append(f"nearest: {_named(nearest)}; {', '.join(failing)}")
    return lines


def _blocked(pattern: Pattern, bound: dict[str, int], memory: Memory) -> list[str]:
    blocker = memory.facts[next(_candidates(pattern, bound, memory))]
    return [f"blocked by `no {pattern.kind}`: there is {_named(blocker)}"]


def _asked(test: Test, value: Wanted | None) -> str:
    if isinstance(value, tuple):
        return ("none of " if test.op == "not-in" else "one of ") + ", ".join(_shown(one) for one in value)
    origin = f" (${test.value.alias}.{test.value.field})" if isinstance(test.value, Reference) else ""
    sign = "matching " if test.op == "matches" else SIGNS[test.op]
    return f"{sign}{_shown(value)}{origin}"


def _shown(value: Scalar | None) -> str:
    return "nothing" if value in ("", -1, None) else str(value)


def _named(fact: Fact) -> str:
    """The fact as a person would point at it."""
    named_by = ("name", "device", "address", "network", "nic", "iface")
    name = next((str(fact.fields[key]) for key in named_by if key in fact.fields), "")
    place = f"({fact.path})" if fact.path else ""
    return " ".join(part for part in (fact.kind, name, place) if part)
