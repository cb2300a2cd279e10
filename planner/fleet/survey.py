"""Hosts that are to be rolled out to, read and planned for before anything starts."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from planner.apply.execute import plan_for, see
from planner.apply.library import problem_of
from planner.apply.order import Access, Limits
from planner.definition import Definition
from planner.fleet.rollout import Member
from planner.fleet.topology import age, shape, topology
from planner.problem import Problem
from planner.rules.compiled import Compiled
from planner.vdsm.client import Failure

# Hosts that are read at once. One that is not there is waited for: with fewer, some of those hold up all others; with
# more, answers of a megabyte are read by one process all at once. An engine is asked as gently as it is for runs.
READERS, READERS_OF_ENGINE = 32, 8


class Candidate(NamedTuple):
    """A host as it was named: how to reach it, what is wanted of it (``number``: which definition), who reboots it."""

    name: str
    access: Access
    definition: Definition
    number: int
    addresses: tuple[str, ...] = ()
    proxy: str = ""
    bmc: str = ""


class Looked(NamedTuple):
    """What a look at a host found: a member of the rollout, or why it is none; neither: it is as planned and saved."""

    name: str
    member: Member | None = None
    problem: Problem | None = None


def survey(candidates: Sequence[Candidate], rules: Compiled, limits: Limits) -> Iterator[Looked]:
    """Read each host and plan for it; in their order, as far as that is known."""
    through_engine = any(candidate.access.engine for candidate in candidates)
    with ThreadPoolExecutor(READERS_OF_ENGINE if through_engine else READERS) as readers:
        yield from readers.map(lambda candidate: _look(candidate, rules, limits), candidates)


def _look(candidate: Candidate, rules: Compiled, limits: Limits) -> Looked:
    sight = see(candidate.access, limits)
    if isinstance(sight, Failure):
        return Looked(candidate.name, problem=problem_of(sight))
    plan = plan_for(sight, candidate.definition, rules, candidate.addresses)
    document = plan.document()
    if plan.outcome == "refused":
        return Looked(candidate.name, problem=next(one for one in plan.problems if one.severity == "error"))
    if plan.outcome == "no-change" and sight.host.dirty is False:
        return Looked(candidate.name)
    return Looked(
        candidate.name,
        Member(
            name=candidate.name,
            target=candidate.access.target,
            key=str(sight.capture.get("uuid") or candidate.access.target),
            definition=candidate.number,
            addresses=candidate.addresses,
            kind=f"{topology(document)}, VDSM {age(sight.host)}",
            shape=shape(document),
            proxy=candidate.proxy,
            bmc=candidate.bmc,
        ),
    )
