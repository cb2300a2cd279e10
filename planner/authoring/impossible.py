"""Rules that no host can make fire, for what several of their patterns say together."""

from collections.abc import Iterator, Mapping

from planner.authoring.deduction import ALWAYS, Cell, Facts
from planner.facts.vocabulary import DEVICES, KINDS
from planner.problem import Problem, Where
from planner.rules.model import Pattern, Reference, Rule, Test


def impossible_rules(rules: tuple[Rule, ...]) -> Iterator[Problem]:
    """A problem for each rule that can never fire, at the first pattern with which that is certain."""
    for rule in rules:
        facts = Facts()
        bound: dict[str, int] = {}
        for pattern in rule.when:
            if pattern.negated:
                found = _refuting(facts, pattern, bound)
                if found:
                    yield _problem(rule, pattern, found)
                    break
                continue
            bound[pattern.alias] = facts.add(pattern, rule.name, bound)
            if facts.impossible():
                yield _problem(rule, pattern, _clashing(rule, pattern))
                break


def excluded(facts: Facts, pattern: Pattern, bound: Mapping[str, int]) -> int | None:
    """The fact that a ``no`` pattern certainly excludes although it must be there."""
    for number, kind in enumerate(facts.kinds):
        if kind == pattern.kind and certain(facts, pattern, number, bound):
            return number
    return None


def certain(facts: Facts, pattern: Pattern, number: int, bound: Mapping[str, int]) -> bool:
    """Whether the fact certainly passes every test of ``pattern``."""
    for test in pattern.tests:
        cell = Cell(number, test.field)
        value = test.value
        if isinstance(value, Reference):
            if not facts.holds(cell, test.op, Cell(bound[value.alias], value.field)):
                return False
        elif not facts.holds(cell, test.op, value):
            return False
    return True


def _refuting(facts: Facts, pattern: Pattern, bound: Mapping[str, int]) -> str:
    if excluded(facts, pattern, bound) is not None:
        return f"the patterns above ask for a {pattern.kind} that this `no` excludes"
    if pattern.kind in ALWAYS and not pattern.tests:
        return f"every host has a {pattern.kind}"
    return ""


def _clashing(rule: Rule, pattern: Pattern) -> str:
    """Which one pattern above cannot go with ``pattern``; else that all of them together cannot."""
    for name in dict.fromkeys(test.field for test in pattern.tests):
        alone = Facts()
        tests = tuple(test for test in _constants(pattern) if test.field == name)
        alone.add(pattern._replace(tests=tests), rule.name, {})
        if alone.impossible():
            most = KINDS[pattern.kind].fields[name].most
            return (
                f"{pattern.kind}.{name} is from 0 to {most}, or -1" if most else f"no {pattern.kind} has such a {name}"
            )
    if pattern.kind in DEVICES:
        for name in _names_of(pattern, rule):
            return f"this {pattern.kind} would have the name of a {name}, and no two devices share one"
    before = rule.when[: rule.when.index(pattern)]
    for other in before:
        if other.kind == pattern.kind and not other.negated:
            pair = Facts()
            bound = {other.alias: pair.add(other._replace(tests=_constants(other)), rule.name, {})}
            pair.add(pattern._replace(tests=_known(pattern, bound)), rule.name, bound)
            if pair.impossible():
                return f"this {pattern.kind} and that of line {other.line} would be one"
    return f"no {pattern.kind} goes with the patterns above"


def _names_of(pattern: Pattern, rule: Rule) -> Iterator[str]:
    """The kinds of device above whose name ``pattern`` asks for."""
    kinds = {other.alias: other.kind for other in rule.when if not other.negated}
    for test in pattern.tests:
        value = test.value
        if test.field == "name" and test.op == "is" and isinstance(value, Reference) and value.field == "name":
            yield from (kind for kind in [kinds.get(value.alias)] if kind in DEVICES and kind != pattern.kind)


def _constants(pattern: Pattern) -> tuple[Test, ...]:
    return tuple(test for test in pattern.tests if not isinstance(test.value, Reference))


def _known(pattern: Pattern, bound: Mapping[str, int]) -> tuple[Test, ...]:
    return tuple(test for test in pattern.tests if not isinstance(test.value, Reference) or test.value.alias in bound)


def _problem(rule: Rule, pattern: Pattern, reason: str) -> Problem:
    place = Where(rule.source, line=pattern.line, column=pattern.column)
    hint = "take a test out, or the rule" if not pattern.negated else "test for something more, or take the rule out"
    return Problem("never-fires", f"the rule can never fire: {reason}", hint, rule=rule.name, where=(place,))
