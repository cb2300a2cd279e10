"""The queue, with DBOS in a file: a task is done, also when the answer that gives it to a worker is lost."""

import io
import sys
import threading
from pathlib import Path

import pytest
from dbos._sys_db import SystemDatabase
from rollouts import wait_until
from sqlalchemy.exc import OperationalError

from planner.fleet.queue import Task, serving


def test_a_task_whose_giving_was_not_heard_of_is_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take = SystemDatabase.start_queued_workflows
    lost = threading.Event()

    def taken_unheard(*arguments: object, **named: object) -> object:
        taken = take(*arguments, **named)  # type: ignore[arg-type]
        if taken[0] and not lost.is_set():
            lost.set()
            unheard = OperationalError("", None, Exception("the connection was lost"))
            raise unheard
        return taken

    monkeypatch.setattr(SystemDatabase, "start_queued_workflows", taken_unheard)
    done: list[Task] = []
    task = Task("r", 1, 1)
    with serving(f"sqlite:///{tmp_path}/journal.sqlite", "w", "digest", 1, done.append) as queue:
        assert queue.put(task, "one")
        assert lost.wait(30)
        assert queue.begun("w") == [task.id]
        assert not done
        queue.put_back("w", task.id)
        wait_until(lambda: done == [task])
        wait_until(lambda: not queue.begun("w"))


def test_standard_error_may_be_another_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "other"):
        with io.StringIO() as stream, monkeypatch.context() as changed:
            changed.setattr(sys, "stderr", stream)
            with serving(f"sqlite:///{tmp_path}/{name}.sqlite", "w", "digest", 1, lambda _: None) as queue:
                assert queue.begun("w") == []
