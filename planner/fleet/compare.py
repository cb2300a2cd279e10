"""One fleet planned twice: hosts captured at two times, or judged as of two ages of VDSM; whose plans change, and why.

Both sides are folders that a run has written, so a fleet is compared host by host and never held whole.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from planner.authoring.compare import Changed, Undecided
from planner.authoring.differences import Difference, differences
from planner.fleet.folder import INDEX, Lines, lines_in, read_plan
from planner.fleet.planning import UNPLANNED, Planned, read_line
from planner.fleet.processes import LOST, spread
from planner.problem import Problem

Document = Mapping[str, Any]
GONE = Problem("plan-gone", "its plan is not where the index says it is, or is none", "plan the fleet again")


class Pair(NamedTuple):
    """A host as it was planned before, and after; None where it is not among the hosts."""

    host: str
    before: Planned | None
    after: Planned | None


class Compared(NamedTuple):
    """A host by name: what was found of it, whether it has come or gone; both False: it is on both sides."""

    host: str
    found: tuple[Changed | Undecided, ...] = ()
    come: bool = False
    gone: bool = False


def compare(before: str, after: str) -> Iterator[Compared]:
    """Each host of the planned folders, those of ``after`` first, then those that are no longer there."""
    work = _Compare(before, after)
    yield from spread(work, _pairs(before, after), _lost)


def _pairs(before: str, after: str) -> Iterator[Pair]:
    old, new = Lines("host", f"{before}/{INDEX}"), Lines("host", f"{after}/{INDEX}")
    for line in lines_in(after):
        planned = read_line(line)
        if planned is not None:
            yield Pair(planned.host, read_line(old.of(planned.host)), planned)
    for line in lines_in(before):
        planned = read_line(line)
        if planned is not None and not new.of(planned.host):
            yield Pair(planned.host, planned, None)


def _lost(pair: Pair) -> Compared:
    return Compared(pair.host, (Undecided(pair.host, (LOST,)),))


class _Compare:
    """Compares the plans of a host."""

    def __init__(self, before: str, after: str) -> None:
        self.folders = (before, after)

    def __call__(self, pair: Pair) -> Compared:
        host, before, after = pair
        if before is None or after is None:
            return Compared(host, come=before is None, gone=after is None)
        sides = {"before": before, "after": after}
        unplanned = {side: one for side, one in sides.items() if one.outcome == UNPLANNED}
        if unplanned:
            told = (problem for one in unplanned.values() for problem in one.problems)
            problems = tuple(Problem(one["code"], one["message"], one["hint"]) for one in told)
            return Compared(host, (Undecided(host, problems, tuple(unplanned)),))
        was, now = (read_plan(folder, one.plan) for folder, one in zip(self.folders, sides.values(), strict=True))
        if was is None or now is None:
            return Compared(host, (Undecided(host, (GONE,)),))
        found = differences(was, now)
        if not found:
            return Compared(host)
        outcomes = (str(was["outcome"]), str(now["outcome"]))
        return Compared(host, (Changed(host, after.source, outcomes, found, tuple(_behind(was, now, found))),))


def _behind(was: Document, now: Document, found: Sequence[Difference]) -> Iterator[str]:
    """The rules of the differences, and then those that speak in one of the plans only."""
    named = dict.fromkeys(rule for difference in found for rule in difference.rules)
    yield from named
    before, after = speaking(was), speaking(now)
    yield from (rule for rule in (*before, *after) if rule not in named and (rule in before) != (rule in after))


def speaking(plan: Document) -> dict[str, None]:
    """The rules that fire on the host and say something, in the order of the plan."""
    said = [reason["rule"] for reason in plan["trace"]] + [problem["rule"] for problem in plan["problems"]]
    return dict.fromkeys(str(rule) for rule in said if rule)
