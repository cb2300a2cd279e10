"""Many things worked through by several processes: in their order, in little memory, and on if one is killed."""

import os
import signal
from itertools import count, islice

import pytest

from planner.cli import rules_diff
from planner.cli.main import main
from planner.fleet import processes
from planner.fleet.processes import BATCH, spread

MANY = range(3 * BATCH + 1)


@pytest.fixture(autouse=True)
def two_processors(monkeypatch):
    monkeypatch.setattr(processes, "processors", lambda: 2)


def lost(thing):
    return ("lost", thing)


def test_results_come_in_the_order_of_the_things():
    pids = {pid for _, pid in spread(lambda thing: (thing, os.getpid()), MANY, lost)}
    assert len(pids) == 2
    assert os.getpid() not in pids
    assert list(spread(lambda thing: thing * 2, MANY, lost)) == [thing * 2 for thing in MANY]


def test_few_are_done_here():
    assert set(spread(lambda _: os.getpid(), range(10), lost)) == {os.getpid()}
    assert os.getpid() not in set(spread(lambda _: os.getpid(), range(10), lost, few=0))


def test_a_fault_of_the_work_is_a_fault_here():
    with pytest.raises(ZeroDivisionError):
        list(spread(lambda thing: 1 // thing, range(BATCH * 2), lost))


def test_no_more_is_taken_than_is_needed_for_a_while():
    """Of an endless fleet a few results are had, and what waits is bounded."""
    taken = count()

    def endless():
        while True:
            yield next(taken)

    assert list(islice(spread(abs, endless(), lost), 1000)) == list(range(1000))
    assert next(taken) < 1000 + BATCH * processes.AHEAD * 4


def test_heavy_things_go_in_small_batches():
    """A batch is full of bytes, too: each thing of this weight is handed over by itself."""
    pids = set(spread(lambda _: os.getpid(), range(4), lost, few=0, weight=lambda _: 5 << 20))
    assert len(pids) == 2


def test_what_kills_its_process_is_told_and_stops_nothing_else():
    def work(thing):
        if thing in (7, 40):
            os.kill(os.getpid(), signal.SIGKILL)
        return thing

    found = list(spread(work, MANY, lost))
    assert found == [lost(thing) if thing in (7, 40) else thing for thing in MANY]


def test_a_process_that_is_killed_by_somebody_else_costs_no_host(tmp_path):
    """The first time that host 50 is worked on, its process is killed; then somebody works on it again."""
    mark = tmp_path / "killed"

    def work(thing):
        if thing == 50 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return thing

    assert list(spread(work, MANY, lost)) == list(MANY)


def test_a_process_that_is_stopped_is_given_up(monkeypatch):
    monkeypatch.setattr(processes, "PATIENCE", 2.0)

    def work(thing):
        if thing == 3:
            os.kill(os.getpid(), signal.SIGSTOP)
        return thing

    assert list(spread(work, MANY, lost)) == [lost(thing) if thing == 3 else thing for thing in MANY]


def test_when_nobody_wants_more_the_processes_end():
    found = spread(lambda _: os.getpid(), MANY, lost)
    pid = next(found)
    found.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_command_tells_of_a_host_that_kills(monkeypatch, capsys):
    case_at = rules_diff.case_at

    def deadly(path, definition):
        if path.endswith("nic-static"):
            os.kill(os.getpid(), signal.SIGKILL)
        return case_at(path, definition)

    monkeypatch.setattr(rules_diff, "case_at", deadly)
    assert main(["rules", "diff", "ovirtmgmt", "ovirtmgmt@1.0", "--hosts", "golden"]) == 1
    told = capsys.readouterr().out
    assert "nic-static: cannot be planned\n  error[worker-lost]" in told
    assert told.count("worker-lost") == 1


def test_one_process_and_two_find_the_same(monkeypatch, capsys):
    command = ["rules", "diff", "ovirtmgmt", "rules/examples/site", "--hosts", "golden", "-o", "json"]
    told = []
    for processors in (1, 2):
        monkeypatch.setattr(processes, "processors", lambda: processors)  # noqa: B023  called before the next
        assert main(command) == 4
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
