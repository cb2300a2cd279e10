"""Hosts that no rule attaches a network to: their plan ends as ``nothing-devised``, which tells an operator little."""

from collections.abc import Iterable, Iterator

from planner.authoring.conflicts import Tried
from planner.authoring.findings import Finding, Witness, excerpt
from planner.authoring.shapes import WAYS
from planner.problem import Problem, Where

NOTHING = "nothing-devised"


def gaps(manifest: Where, tried: Iterable[Tried]) -> Iterator[Finding]:
    """A problem for each topology of which some shape is left over, with the first such host."""
    left: dict[str, list[Tried]] = {}
    for one in tried:
        if one.shape is not None and any(problem.code == NOTHING for problem in one.trial.plan.problems):
            left.setdefault(one.shape.topology, []).append(one)
    for topology, hosts in left.items():
        ways = dict.fromkeys(one.shape.way for one in hosts if one.shape is not None)
        how = "" if len(ways) == len(WAYS) else f" ({', '.join(ways)})"
        message = f"no rule says what to attach the network to when the address is on {topology}{how}"
        hint = "add a devise rule that sets `iface` for it, or a guard rule that refuses it by name"
        problem = Problem("uncovered-topology", message, hint, "warning", where=(manifest,))
        yield Finding(problem, _witness(hosts[0]))


def _witness(one: Tried) -> Witness:
    judgement = next(judgement for judgement in one.trial.judgements if judgement.stage == "devise")
    found = [fact for fact in judgement.facts if fact.kind == "management"]
    return Witness(one.trial.case, one.shape, excerpt(found, ()))
