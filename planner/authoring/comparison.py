"""Two rulesets over many hosts: whose plan changes, and how; and which of them cannot be planned."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from planner.authoring.comparing import KINDS, Difference, differences, gravest, gravity
from planner.authoring.edits import Edit, edit_between
from planner.authoring.trial import Case, try_out
from planner.plans.model import Plan
from planner.policy.compiled import Compiled
from planner.problem import Problem, errors

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


class Undecided(NamedTuple):
    """A host by name that cannot be planned, and why.

    ``by``: the rulesets, before or after, that decide nothing; none where there is no case to plan.
    """

    name: str
    problems: tuple[Problem, ...]
    by: tuple[str, ...] = ()


class Comparison(NamedTuple):
    """Over so many hosts, those whose plan changes, the gravest first, and those that cannot be planned.

    A host that has a plan by one ruleset, and by the other none, is among both.
    """

    hosts: int
    changed: tuple[Changed, ...]
    undecided: tuple[Undecided, ...] = ()

    @property
    def headline(self) -> str:
        """``3 of 12 hosts get another plan, 1 cannot be planned``."""
        unplanned = f", {len(self.undecided)} cannot be planned" if self.undecided else ""
        return f"{len(self.changed)} of {self.hosts} hosts get another plan{unplanned}"

    @property
    def summary(self) -> dict[str, int]:
        """How many hosts change in each way, the gravest first; ways in which none does are left out."""
        counts = {kind: sum(one.kind == kind for one in self.changed) for kind in KINDS}
        return {kind: count for kind, count in counts.items() if count}


def compare(before: Compiled, after: Compiled, cases: Iterable[Case | Undecided]) -> Comparison:
    """Plan each case by both, if the edit touches it; a case is looked at once and kept only if its plan changes.

    What is undecided from the start is passed on.
    """
    edit = edit_between(before, after)
    hosts = 0
    changed: list[Changed] = []
    undecided: list[Undecided] = []
    for case in cases:
        hosts += 1
        if isinstance(case, Undecided):
            undecided.append(case)
            continue
        was, now = _plans(case, before, after, edit)
        if _faults(was) or _faults(now):
            undecided.append(_undecided(case, was, now))
        if now is not was and not _alike(was, now) and (found := differences(was.document(), now.document())):
            changed.append(Changed(case, was, now, found, tuple(_behind(was, now, found))))
    changed.sort(key=lambda one: (gravity(one.kind), one.case.name))
    return Comparison(hosts, tuple(changed), tuple(undecided))


def _plans(case: Case, before: Compiled, after: Compiled, edit: Edit | None) -> tuple[Plan, Plan]:
    """The plan by each ruleset: one and the same where the edit does not touch the host."""
    trial = try_out(case, before)
    touched = edit is None or edit.touches(trial)
    return trial.plan, try_out(case, after).plan if touched else trial.plan


def _undecided(case: Case, was: Plan, now: Plan) -> Undecided:
    by = {"before": _faults(was), "after": _faults(now)}
    problems = dict.fromkeys(problem for faults in by.values() for problem in faults)
    return Undecided(case.name, tuple(problems), tuple(side for side, faults in by.items() if faults))


def _faults(plan: Plan) -> list[Problem]:
    """Why nothing was decided: a refusal is said by a rule, and what no rule says is that they failed on the host."""
    return [problem for problem in errors(plan.problems) if not problem.rule]


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
