"""Two rulesets over many hosts: whose plan changes, and how."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from planner.authoring.comparing import KINDS, Difference, differences, gravest, gravity
from planner.authoring.edits import Edit, edit_between
from planner.authoring.trial import Case, try_out
from planner.plans.model import Plan
from planner.policy.compiled import Compiled

SAYING = Plan._fields.index("trace")  # what stands before it is what a plan says, and behind it why


class Changed(NamedTuple):
    """A host whose plan changes: both plans, and the differences, the gravest first."""

    case: Case
    before: Plan
    after: Plan
    differences: tuple[Difference, ...]
    rules: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The kind of the gravest difference."""
        return gravest(self.differences)


class Comparison(NamedTuple):
    """Over so many hosts, those whose plan changes, the gravest first."""

    hosts: int
    changed: tuple[Changed, ...]

    @property
    def summary(self) -> dict[str, int]:
        """How many hosts change in each way, the gravest first; ways in which none does are left out."""
        counts = {kind: sum(one.kind == kind for one in self.changed) for kind in KINDS}
        return {kind: count for kind, count in counts.items() if count}


def compare(before: Compiled, after: Compiled, cases: Iterable[Case]) -> Comparison:
    """Plan each case by both, if the edit touches it; a case is looked at once and kept only if its plan changes."""
    edit = edit_between(before, after)
    hosts = 0
    changed: list[Changed] = []
    for case in cases:
        hosts += 1
        one = _changed(case, before, after, edit)
        if one is not None:
            changed.append(one)
    return Comparison(hosts, tuple(sorted(changed, key=lambda one: (gravity(one.kind), one.case.name))))


def _changed(case: Case, before: Compiled, after: Compiled, edit: Edit | None) -> Changed | None:
    trial = try_out(case, before)
    if edit is not None and not edit.touches(trial):
        return None
    was, now = trial.plan, try_out(case, after).plan
    if _alike(was, now):
        return None
    found = differences(was.document(), now.document())
    return Changed(case, was, now, found, tuple(_behind(was, now, found))) if found else None


def _alike(was: Plan, now: Plan) -> bool:
    """Whether the plans say the same, whichever rules there are: by far the most do, and documents cost time."""
    return was[:SAYING] == now[:SAYING] and _setters(was) == _setters(now)


def _setters(plan: Plan) -> list[tuple[str, str]]:
    return [(reason.field, reason.rule) for reason in plan.trace]


def _behind(was: Plan, now: Plan, found: Sequence[Difference]) -> Iterator[str]:
    """The rules of the differences, and then those that fire on this host by one ruleset only."""
    named = dict.fromkeys(rule for difference in found for rule in difference.rules)
    yield from named
    for rule in dict.fromkeys((*was.outcomes, *now.outcomes)):
        fired = [plan.outcomes.get(rule) == "fired" for plan in (was, now)]
        if rule not in named and fired[0] != fired[1]:
            yield rule
