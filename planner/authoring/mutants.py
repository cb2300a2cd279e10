"""A rule made wrong in every way that is one slip of the pen: a term lost, or turned into its opposite.

If a host of the tests is treated otherwise by such a mutant, the term is tested; if none is, it may say anything.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from planner.authoring.coverage import written
from planner.language import Assignment, Pattern, Reference, Rule, Test
from planner.policy.contradictions import contradiction, refuted
from planner.policy.soundness import unsound
from planner.policy.wording import PLACEHOLDER

# What each operator is mistaken for; `matches` has no opposite that one writes.
OPPOSITE = {
    "is": "not",
    "not": "is",
    "lt": "ge",
    "ge": "lt",
    "le": "gt",
    "gt": "le",
    "in": "not-in",
    "not-in": "in",
}
# Under which a `no` that is turned into what must be there binds its fact: no rule file can give it, or refer to it.
REQUIRED = "no "


class Mutant(NamedTuple):
    """A rule with one slip in it; ``what`` says which, in the words of the file, and line and column where."""

    rule: Rule
    what: str
    line: int
    column: int
    wrong: Rule

    @property
    def name(self) -> str:
        """``on-nic: management {kind: nic} dropped``, by which a survivor's reason finds it."""
        return f"{self.rule.name}: {self.what}"

    @property
    def unfit(self) -> bool:
        """Whether nobody could load it: the linter would refuse it, so no host need notice."""
        positive = [pattern for pattern in self.wrong.when if not pattern.negated]
        return any(unsound([self.wrong])) or any(
            refuted(pattern, positive) if pattern.negated else contradiction(pattern) for pattern in self.wrong.when
        )


def mutants_of(rule: Rule) -> Iterator[Mutant]:
    """Every mutant of ``rule``, in the order of its file."""
    for position, pattern in enumerate(rule.when):
        yield from _of_pattern(rule, position, pattern)
        for number, test in enumerate(pattern.tests):
            yield from _of_test(rule, position, number, test)
    for name in rule.overrides:
        wrong = rule._replace(overrides=tuple(other for other in rule.overrides if other != name))
        yield Mutant(rule, f"overrides {name} dropped", rule.line, 1, wrong)


def _of_pattern(rule: Rule, position: int, pattern: Pattern) -> Iterator[Mutant]:
    """The pattern dropped, if nothing refers to it; a ``no`` besides turned into what must be there."""
    place = (pattern.line, pattern.column)
    others = (*rule.when[:position], *rule.when[position + 1 :])
    if pattern.negated:
        required = pattern._replace(negated=False, alias=f"{REQUIRED}{pattern.alias}")
        yield Mutant(rule, f"pattern {told(pattern)} dropped", *place, rule._replace(when=others))
        yield Mutant(rule, f"pattern {told(pattern)} required", *place, _with(rule, position, required))
    elif pattern.alias not in _referred(rule):
        yield Mutant(rule, f"pattern {told(pattern)} dropped", *place, rule._replace(when=others))


def _of_test(rule: Rule, position: int, number: int, test: Test) -> Iterator[Mutant]:
    pattern = rule.when[position]
    before, after = pattern.tests[:number], pattern.tests[number + 1 :]
    place = (test.line, test.column)
    term = f"{heading(pattern)} {{{written(test)}}}"
    dropped = pattern._replace(tests=(*before, *after))
    yield Mutant(rule, f"{term} dropped", *place, _with(rule, position, dropped))
    if test.op in OPPOSITE:
        opposite = test._replace(op=OPPOSITE[test.op])
        flipped = pattern._replace(tests=(*before, opposite, *after))
        yield Mutant(rule, f"{term} turned to {{{written(opposite)}}}", *place, _with(rule, position, flipped))


def _with(rule: Rule, position: int, pattern: Pattern) -> Rule:
    return rule._replace(when=(*rule.when[:position], pattern, *rule.when[position + 1 :]))


def heading(pattern: Pattern) -> str:
    """The pattern's key: ``no candidate as other``."""
    called = "" if pattern.alias == pattern.kind else f" as {pattern.alias}"
    return f"{'no ' * pattern.negated}{pattern.kind}{called}"


def told(pattern: Pattern) -> str:
    """The pattern as its rule has it: ``no network {name: $definition.network}``."""
    return f"{heading(pattern)} {{{', '.join(map(written, pattern.tests))}}}"


def _referred(rule: Rule) -> set[str]:
    """The aliases that tests, values and words of the rule refer to."""
    values = (
        *(test.value for pattern in rule.when for test in pattern.tests),
        *_values(rule.sets),
        *(value for conclusion in rule.concludes for value in _values(conclusion.fields)),
    )
    words = (text for verdict in rule.verdicts for text in (verdict.message, verdict.hint))
    said = {alias for text in words for alias, _ in re.findall(PLACEHOLDER, text)}
    return said | {value.alias for value in values if isinstance(value, Reference)}


def _values(given: Iterable[Assignment]) -> Iterator[object]:
    return (assignment.value for assignment in given)
