"""Rules that never speak: whenever one matches, another one matches too and overrides it."""

from collections.abc import Iterator, Mapping

from planner.authoring.deduction import ALWAYS, Facts
from planner.authoring.impossible import certain
from planner.problem import Problem, Where
from planner.rules.model import Pattern, Rule


def shadowed_rules(rules: tuple[Rule, ...]) -> Iterator[Problem]:
    """A problem for each rule that is silenced wherever it could speak."""
    speaking = [rule for rule in rules if not rule.shadow]
    for rule in speaking:
        for other in speaking:
            overriding = rule.name in other.overrides and other.stage == rule.stage and other.name != rule.name
            if overriding and not _silenced(other, speaking) and implies(rule, other):
                yield _problem(rule, other)
                break


def implies(rule: Rule, other: Rule) -> bool:
    """Whether ``other`` certainly matches on every host on which ``rule`` does."""
    facts = Facts()
    bound = facts.assume(rule)
    for kind in ALWAYS:
        if kind not in facts.kinds:
            facts.add(Pattern(kind, kind, negated=False, tests=(), line=0, column=0), rule.name, {})
    if facts.impossible():
        return False  # told already: it never fires
    positive = tuple(pattern for pattern in other.when if not pattern.negated)
    return any(
        all(_excluded_too(facts, pattern, found, rule, bound) for pattern in other.when if pattern.negated)
        for found in _matches(facts, positive, {})
    )


def _matches(facts: Facts, patterns: tuple[Pattern, ...], found: dict[str, int]) -> Iterator[dict[str, int]]:
    """Each way to satisfy the patterns by facts that are certain to be there."""
    if not patterns:
        yield found
        return
    pattern, *rest = patterns
    for number, kind in enumerate(facts.kinds):
        if kind == pattern.kind and number not in found.values() and certain(facts, pattern, number, found):
            yield from _matches(facts, tuple(rest), {**found, pattern.alias: number})


def _excluded_too(
    facts: Facts, pattern: Pattern, found: Mapping[str, int], rule: Rule, bound: Mapping[str, int]
) -> bool:
    """Whether a fact that would block the other rule blocks ``rule``, too, or cannot be."""
    assumed = facts.copy()
    number = assumed.add(pattern, "", found)
    if assumed.impossible():
        return True
    return any(own.negated and own.kind == pattern.kind and certain(assumed, own, number, bound) for own in rule.when)


def _silenced(rule: Rule, rules: list[Rule]) -> bool:
    """Whether some rule overrides ``rule``, which then overrides nothing."""
    return any(rule.name in other.overrides for other in rules)


def _problem(rule: Rule, other: Rule) -> Problem:
    places = (Where(rule.source, line=rule.line, column=1), Where(other.source, line=other.line, column=1))
    message = f"{rule.name} never speaks: wherever it matches, {other.name} matches too and overrides it"
    hint = f"narrow the `when` of {other.name}, or take {rule.name} out"
    return Problem("always-overridden", message, hint, "warning", rule=rule.name, where=places)
