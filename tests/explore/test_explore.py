"""A bounded part of `make explore`, what it has found before, and that it finds what is known to be wrong."""

import json
from pathlib import Path

import pytest
from exploration import explore, replay, wander
from virtual_scenarios import UNADOPTED, names
from virtual_world import Fault

from planner.apply import steps
from planner.apply.contact import Sight
from planner.apply.run import STANDING, Run, Step
from planner.apply.steps import STAGES
from planner.vdsm.client import Failure

FOUND = sorted((Path(__file__).parent / "found").glob("*.json"))


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize(("faults", "kills"), [(1, 0), (0, 1)])
def test_whatever_goes_wrong_once_the_report_is_true(name: str, faults: int, kills: int) -> None:
    explored = explore(name, faults, kills)
    assert explored.whole
    assert explored.violations == ()
    if name.split(" / ", maxsplit=1)[0].endswith("by nobody"):
        assert explored.ends["adopted" if name.startswith("first") else "as before"]
        assert not explored.ends["as planned and saved"]
    else:
        assert explored.ends["as planned and saved"]


def test_a_part_of_what_can_go_wrong_twice() -> None:
    assert explore("first network / jsonrpc", 1, 1, runs=1500).violations == ()


def test_random_schedules_are_repeated_by_their_seed() -> None:
    once, again = (wander("own network / jsonrpc", seed=7, depth=4, runs=30) for _ in range(2))
    assert once.ends == again.ends
    assert once.violations == again.violations == ()


@pytest.mark.parametrize("found", FOUND, ids=lambda path: path.stem)
def test_what_was_found_stays_mended(found: Path) -> None:
    told = json.loads(found.read_text())
    schedule = tuple((point, Fault(kind, amount)) for point, kind, amount in told["schedule"])
    trace, wrong = replay(told["scenario"], schedule)
    assert wrong == [], "\n".join(trace)


def _hasty(run: Run) -> Step:
    """Settling as it was: no longer than VDSM's own check, though the request may still be on its way."""
    limits = run.order.limits
    with run.contact.confirming():
        sight = run.contact.until(
            limits.change + limits.settle, lambda seen: isinstance(seen, Sight) and run.stance(seen)[0] == "planned"
        )
    sight = run.found_again(sight)
    if isinstance(sight, Failure):
        return steps.out_of_sight(run, "settle", sight)
    stance, found = run.stance(sight)
    if stance == "planned":
        return Step("settle", "the host stands as planned", "verify")
    if stance in STANDING:
        return Step("settle", f"the host stands {STANDING[stance]}", "", STANDING[stance], run.reason)
    return steps.astray(run, "settle", sight, found)


def test_a_settling_that_does_not_wait_for_a_late_request_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{UNADOPTED} / jsonrpc"
    assert explore(name, 1, 0).violations == ()
    monkeypatch.setitem(STAGES, "settle", _hasty)
    (violation,) = explore(name, 1, 0).violations
    assert violation.what == "the report is as before, and the host is lost"
    assert [fault.kind for _, fault in violation.schedule] == ["late"]
