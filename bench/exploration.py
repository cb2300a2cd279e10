"""Breadth first over schedules: every state that a run can be in, with what can go wrong left to go wrong.

A run is played from its beginning under a schedule. Behind the last choice of the schedule each point is a state; one
that was seen before with as much left to go wrong goes on as it did then, so the run is stopped. Otherwise everything
that can go wrong there makes a schedule of its own. So the first schedule that shows a violation is a shortest one.
"""

import random
import time
from collections import Counter, deque
from collections.abc import Iterator
from typing import NamedTuple

from virtual_scenarios import remembering, scenario
from virtual_truth import judge
from virtual_world import Fault, Rest, Scenario, Schedule, Stop, VirtualWorld


class Violation(NamedTuple):
    """What was wrong, after the shortest schedule that shows it."""

    scenario: str
    what: str
    schedule: Schedule

    def document(self) -> dict[str, object]:
        """As a test replays it."""
        return {
            "scenario": self.scenario,
            "violation": self.what,
            "schedule": [[point, fault.kind, fault.amount] for point, fault in self.schedule],
        }


class Explored(NamedTuple):
    """What was seen of a scenario: states, transitions (what went wrong in one), runs, and what became of them."""

    scenario: str
    states: int
    transitions: int
    runs: int
    seconds: float
    ends: Counter[str]
    violations: tuple[Violation, ...]
    whole: bool


@remembering()
def explore(name: str, faults: int, kills: int, runs: int = 0) -> Explored:
    """A scenario with at most so many faults and kills; ``runs``: no more than so many, 0: all."""
    chosen = scenario(name)
    began = time.process_time()
    visited: dict[int, tuple[tuple[int, int], ...]] = {}
    queue: deque[tuple[Schedule, Rest | None]] = deque([((), None)])
    violations: dict[str, Violation] = {}
    ends: Counter[str] = Counter()
    played = transitions = 0
    while queue and (not runs or played < runs):
        schedule, rest = queue.popleft()
        killed = sum(fault.kind == "kill" for _, fault in schedule)
        left = faults - (len(schedule) - killed), kills - killed

        own: set[int] = set()  # a run that waits looks the same for a while, and goes on all the same

        def seen(
            world: VirtualWorld,
            place: str,
            schedule: Schedule = schedule,
            left: tuple[int, int] = left,
            own: set[int] = own,
        ) -> None:
            state = hash(world.fingerprint(place))
            if state in own:
                return
            own.add(state)
            before = visited.get(state, ())
            if any(one[0] >= left[0] and one[1] >= left[1] for one in before):
                raise Stop
            visited[state] = (*(one for one in before if one[0] > left[0] or one[1] > left[1]), left)
            queue.extend(((*schedule, (world.points, fault)), world.rest) for fault in world.menu(place, *left))

        world = VirtualWorld(chosen, schedule, seen, rest)
        played += 1
        transitions += bool(schedule)
        if world.play():
            ends[world.journal[-1].standing if world.journal else ""] += 1
            for what in judge(world):
                violations.setdefault(what, Violation(name, what, schedule))
    return Explored(
        name,
        len(visited),
        transitions,
        played,
        time.process_time() - began,
        ends,
        tuple(violations.values()),
        not queue,
    )


@remembering()
def wander(name: str, seed: int, depth: int, runs: int) -> Explored:
    """Random schedules of ``depth`` faults and kills, deeper than all can be had."""
    chosen, chance = scenario(name), random.Random(seed)
    began = time.process_time()
    violations: dict[str, Violation] = {}
    ends: Counter[str] = Counter()
    points = 0
    for _ in range(runs):
        schedule: Schedule = ()
        while len(schedule) < depth:
            longer = _longer(chosen, schedule, chance)
            if longer is None:
                break
            schedule = longer
            points += 1
        world = VirtualWorld(chosen, schedule)
        world.play()
        ends[world.journal[-1].standing if world.journal else ""] += 1
        for what in judge(world):
            if what not in violations or len(schedule) < len(violations[what].schedule):
                violations[what] = Violation(name, what, schedule)
    return Explored(
        name, points, points, runs, time.process_time() - began, ends, tuple(violations.values()), whole=False
    )


def _longer(chosen: Scenario, schedule: Schedule, chance: random.Random) -> Schedule | None:
    """The schedule with one more thing that goes wrong, somewhere behind."""
    found: list[tuple[int, list[Fault]]] = []
    VirtualWorld(chosen, schedule, lambda world, place: found.append((world.points, world.menu(place, 1, 1)))).play()
    open_points = [(point, faults) for point, faults in found if faults]
    if not open_points:
        return None
    point, faults = chance.choice(open_points)
    return (*schedule, (point, chance.choice(faults)))


@remembering()
def replay(name: str, schedule: Schedule) -> tuple[list[str], list[str]]:
    """A run once more: its trace, and what is wrong with it."""
    world = VirtualWorld(scenario(name), schedule)
    world.tracing = True
    world.play()
    return world.trace, judge(world)


def found_in(explored: list[Explored]) -> Iterator[Violation]:
    """All violations, the shortest first."""
    yield from sorted(
        (one for each in explored for one in each.violations), key=lambda one: (len(one.schedule), one.scenario)
    )
