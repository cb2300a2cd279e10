"""Why a rule did not fire: how far its patterns got, which one failed, and which fact came nearest."""

from collections.abc import Sequence
from typing import NamedTuple

from planner.language import Fact, Pattern, Reference, Rule, Scalar, Test
from planner.policy.matcher import Memory, Part, candidates, holds
from planner.policy.matcher import part as made_ready
from planner.policy.wording import printable

SIGNS = {"is": "", "not": "not ", "lt": "below ", "le": "at most ", "gt": "above ", "ge": "at least "}


class Miss(NamedTuple):
    """How far a rule got: ``matched`` patterns (0: none), where it failed, and ``lines`` that tell it."""

    rule: str
    matched: int
    line: int
    lines: tuple[str, ...]


def explain(rule: Rule, facts: Sequence[Fact]) -> Miss | None:
    """The longest way that ``rule`` gets on ``facts``; None if it fires."""
    memory = Memory(facts)
    best = _furthest(made_ready(rule).parts, 0, {}, memory)
    if best is None:
        return None
    position, bound = best
    pattern = rule.when[position]
    lines = [_progress(position, len(rule.when))]
    lines += [f"  {alias}: {_named(memory.facts[index])}" for alias, index in bound.items()]
    told = (
        _blocked(made_ready(rule).parts[position], bound, memory)
        if pattern.negated
        else _missing(pattern, bound, memory)
    )
    return Miss(rule.name, position, pattern.line, tuple(printable(line) for line in (*lines, *told)))


def _furthest(
    parts: tuple[Part, ...], position: int, bound: dict[str, int], memory: Memory
) -> tuple[int, dict[str, int]] | None:
    """The first pattern that fails on the best way through, with the bindings up to it; None: all are satisfied."""
    if position == len(parts):
        return None
    part = parts[position]
    found = [index for index in candidates(part, bound, memory) if part.negated or index not in bound.values()]
    if part.negated:
        return (position, bound) if found else _furthest(parts, position + 1, bound, memory)
    best: tuple[int, dict[str, int]] = (position, bound)
    for index in found:
        way = _furthest(parts, position + 1, {**bound, part.alias: index}, memory)
        if way is None:
            return None
        best = max(best, way, key=lambda reached: reached[0])
    return best


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
            pool, key=lambda fact: sum(holds(test.op, fact.fields[test.field], value) for test, value in tests)
        )
        failing = [
            f"its {test.field} is {_shown(nearest.fields[test.field])}"
            for test, value in tests
            if not holds(test.op, nearest.fields[test.field], value)
        ]
        lines.append(f"nearest: {_named(nearest)}" + (f"; {', '.join(failing)}" if failing else ""))
    return lines


def _wanted(test: Test, bound: dict[str, int], memory: Memory) -> Scalar | tuple[Scalar, ...]:
    if isinstance(test.value, Reference):
        return memory.facts[bound[test.value.alias]].fields[test.value.field]
    return test.value


def _blocked(part: Part, bound: dict[str, int], memory: Memory) -> list[str]:
    blocker = memory.facts[candidates(part, bound, memory)[0]]
    return [f"blocked by `no {part.kind}`: there is {_named(blocker)}"]


def _asked(test: Test, value: Scalar | tuple[Scalar, ...]) -> str:
    if isinstance(value, tuple):
        return ("none of " if test.op == "not-in" else "one of ") + ", ".join(_shown(one) for one in value)
    origin = f" (${test.value.alias}.{test.value.field})" if isinstance(test.value, Reference) else ""
    sign = "matching " if test.op == "matches" else SIGNS[test.op]
    return f"{sign}{_shown(value)}{origin}"


def _shown(value: Scalar) -> str:
    return "nothing" if value in ("", -1) else str(value)


def _named(fact: Fact) -> str:
    """The fact as a person would point at it."""
    name = next(
        (fact.fields[key] for key in ("name", "device", "address", "network", "nic", "iface") if key in fact.fields), ""
    )
    place = f" ({fact.path})" if fact.path else ""
    return f"{fact.kind} {name}{place}".replace("  ", " ")
