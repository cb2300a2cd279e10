"""Hosts worked through by several processes: in their order, as one process does, and told where one is killed."""

import os
import signal

import pytest

from planner.cli import rules_diff, workers
from planner.cli.main import main
from planner.cli.workers import BATCH, WorkerLostError, spread


@pytest.fixture(autouse=True)
def two_processors(monkeypatch):
    monkeypatch.setattr(workers, "_processors", lambda: 2)


def test_results_come_in_the_order_of_the_items():
    items = range(3 * BATCH + 1)
    pids = {pid for _, pid in spread(lambda item: (item, os.getpid()), items, "counted")}
    assert os.getpid() not in pids
    assert list(spread(lambda item: item * 2, items, "doubled")) == [item * 2 for item in items]


def test_few_are_done_here():
    assert set(spread(lambda _: os.getpid(), range(10), "counted")) == {os.getpid()}


def test_a_fault_of_the_work_is_a_fault_here():
    with pytest.raises(ZeroDivisionError):
        list(spread(lambda item: 1 // item, range(BATCH * 2), "divided"))


def test_a_process_that_is_killed():
    with pytest.raises(WorkerLostError):
        list(spread(lambda _: os.kill(os.getpid(), signal.SIGKILL), range(BATCH * 2), "killed"))


def test_the_command_tells_of_it(monkeypatch, capsys):
    monkeypatch.setattr(rules_diff, "case_at", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    assert main(["rules", "diff", "ovirtmgmt", "ovirtmgmt@1.0", "--hosts", "golden"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "error[worker-lost]" in told.err


def test_one_process_and_two_find_the_same(monkeypatch, capsys):
    command = ["rules", "diff", "ovirtmgmt", "rules/examples/site", "--hosts", "golden", "-o", "json"]
    told = []
    for processors in (1, 2):
        monkeypatch.setattr(workers, "_processors", lambda: processors)  # noqa: B023  called before the next
        assert main(command) == 4
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
