"""Rollouts under virtual time: real workers and decisions, whatever goes wrong; `make scale` plays larger ones."""

from pathlib import Path

import pytest
from virtual_fleet import Fleet, Mishap, Site, mishaps_of
from virtual_process import Process, Trap

HOSTS = 200


# Every third seed; three of these have found that a host was worked on from two machines, and one reboots its hosts.
@pytest.mark.parametrize("seed", [0, 3, 72, 216])
def test_nothing_is_lost_or_sent_twice_with_the_database_gone_for_a_while(seed: int) -> None:
    world = Fleet(Site(HOSTS, proxies=20 if seed % 2 else 0), seed)
    end = world.play(*mishaps_of(seed))
    assert any("the database is away" in text for _, text in world.events)
    assert end.wrong == {}, world.events
    assert end.states.total() == HOSTS
    assert not set(end.states) & {"waiting", "queued", "at work"}
    assert all(len(host.sent) <= 1 for host in world.hosts)


@pytest.mark.parametrize("kind", ["poll", "change", "task", "run", "read"])
def test_nothing_is_lost_when_an_answer_of_the_database_is(kind: str) -> None:
    """Which, is drawn; that a task was given to a worker is the one that DBOS does not ask again for."""
    for number in range(1, 60, 12):
        world = Fleet(Site(30), number)
        end = world.play(trap=Trap(kind, number, 5.0))
        assert (end.ended, end.wrong) == ("done", {}), world.events


def test_the_tables_of_the_simulation_are_those_of_the_ledger(tmp_path: Path) -> None:
    """The same seed goes the same way over the real ledger, in SQLite."""
    site = Site(12, waves="3,rest", concurrency=5)
    mishaps = Mishap(9, "kill_worker", 5), Mishap(20, "database_away", 40), Mishap(70, "stop_worker", 30)
    model, real = Fleet(site, 3), Fleet(site, 3, f"sqlite:///{tmp_path}/ledger.sqlite")
    assert model.play(mishaps) == real.play(mishaps)
    assert model.events == real.events


def test_what_must_never_be_is_seen() -> None:
    """Were two commands at a host at once, or more than may be, or one before its wave, the simulation would say so."""
    world = Fleet(Site(30, concurrency=1), 1)
    first = world.rollout.canaries["kind 0"]
    second = next(number for number, member in enumerate(world.rollout.members) if member.wave == 2)
    one, other = (Process(world.time, world.machines[0]) for _ in range(2))
    for process, number in ((one, first), (other, first), (other, second)):
        world.come(world.hosts[number], process)
        world.hosts[number].at_work.add(process)
    world.hosts[first].sent.append("run")
    world.sent(world.hosts[first])
    assert set(world.wrong) == {
        "a host is worked on twice at once",
        "more hosts are worked on than may be",
        "a wave begins before the one before has ended",
        "a host is sent its change twice",
    }
