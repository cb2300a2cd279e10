"""Pairs of rules that may set one field to different values, for all that their patterns say."""

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from planner.authoring.deduction import KEYS, Cell, Facts
from planner.authoring.impossible import excluded
from planner.facts.vocabulary import ATTACHMENT, absent
from planner.rules.model import Assignment, Reference, Rule

# A plan has one management device; locate rules that find two are a conflict of their own.
ONE_DEVICE = {**KEYS, "management": ()}
DEVICE = "management.device"


class Rivals(NamedTuple):
    """Two rules that may set some field each to a value of its own."""

    first: Rule
    second: Rule

    @property
    def names(self) -> frozenset[str]:
        """The two rules."""
        return frozenset((self.first.name, self.second.name))


def rivals(rules: tuple[Rule, ...]) -> Iterator[Rivals]:
    """Each pair that nothing keeps apart: no override, no contradiction between their patterns, no equal values."""
    setting = [rule for rule in rules if assignments(rule) and not rule.shadow]
    for first, second in combinations(setting, 2):
        if first.stage != second.stage or first.name in second.overrides or second.name in first.overrides:
            continue
        ours, theirs = assignments(first), assignments(second)
        shared = [field for field in ours if field in theirs and not _plainly_equal(ours[field], theirs[field])]
        if shared and _may_differ(first, second, shared):
            yield Rivals(first, second)


def assignments(rule: Rule) -> dict[str, Assignment]:
    """What a rule sets, by field; the management device counts as one."""
    found = {assignment.field: assignment for assignment in rule.sets}
    for conclusion in rule.concludes:
        if conclusion.kind == "management":
            found |= {f"management.{given.field}": given for given in conclusion.fields if given.field == "device"}
    return found


def _plainly_equal(ours: Assignment, theirs: Assignment) -> bool:
    return ours.value == theirs.value and not isinstance(ours.value, Reference)


def _may_differ(first: Rule, second: Rule, shared: list[str]) -> bool:
    """Whether both rules may match one host, and then want different values of one of the fields."""
    facts = Facts()
    bound = {rule.name: facts.assume(rule) for rule in (first, second)}
    if facts.impossible(ONE_DEVICE):
        return False
    for rule in (first, second):
        if any(excluded(facts, pattern, bound[rule.name]) is not None for pattern in rule.when if pattern.negated):
            return False
    ours, theirs = assignments(first), assignments(second)
    return not all(_equal(facts, ours[field], bound[first.name], theirs[field], bound[second.name]) for field in shared)


def _equal(facts: Facts, ours: Assignment, our: dict[str, int], theirs: Assignment, their: dict[str, int]) -> bool:
    one, two = _cell(ours, our), _cell(theirs, their)
    if one is not None and two is not None:
        return facts.holds(one, "is", two)
    cell, other = (one, theirs) if one is not None else (two, ours)
    if cell is None:
        return ours.value == theirs.value
    declared = ATTACHMENT.get(other.field)
    value = other.value if other.value is not None or declared is None else absent(declared)
    return value is not None and not isinstance(value, Reference) and facts.holds(cell, "is", value)


def _cell(assignment: Assignment, bound: dict[str, int]) -> Cell | None:
    """The fact's field that an assignment takes its value from; a bond taken whole counts as its name."""
    if isinstance(assignment.value, Reference):
        return Cell(bound[assignment.value.alias], assignment.value.field or "name")
    return None
