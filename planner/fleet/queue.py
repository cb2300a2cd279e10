"""The one module of the fleet that knows DBOS: a host's task is a workflow in a queue that all workers share.

A worker takes tasks whose rules it has, whichever version of mgmtnet it is. What a task does is written down by what it
does, so a task that is taken over from a worker that died begins again and finds that.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from planner.apply.journal import json_serializer, tame

QUEUE = "mgmtnet-hosts"
# Apart from the runs' own: no process that carries a run out looks into this queue.
APPLICATION = "mgmtnet-fleet"
# The form of a task: raised only if tasks of before could not be done any more.
FORM = "mgmtnet-fleet-1"
# Seconds between two looks into the queue: longer, and a host that may begin waits; shorter, and a hundred workers ask
# the database for nothing hundreds of times a second.
POLLS = 0.5


class Task(NamedTuple):
    """A host of a rollout, by its number, and which attempt it is."""

    rollout: str
    host: int
    attempt: int

    @property
    def id(self) -> str:
        """What it is called in the queue: to put it there twice is to put it there once."""
        return f"{self.rollout}/{self.host}/{self.attempt}"


class Queue:
    """The queue, for a worker that serves it."""

    def __init__(self, version: str) -> None:
        """``version``: what a worker must be to take the tasks that are put."""
        self._version = version

    def put(self, task: Task, key: str) -> bool:
        """Put a task; False: a host of that key is in the queue, or at work, by another rollout."""
        from dbos import DBOS
        from dbos._error import DBOSQueueDeduplicatedError

        options: Any = {
            "workflow_name": FORM,
            "queue_name": QUEUE,
            "workflow_id": task.id,
            "app_version": self._version,
            "deduplication_id": key,
        }
        try:
            DBOS.enqueue_workflow_with_options(options, list(task))
        except DBOSQueueDeduplicatedError:
            return False
        return True

    def take_over(self, worker: str) -> int:
        """Put back what a worker has left that will not go on with it; how much that was."""
        from dbos import DBOS

        return len(DBOS._recover_pending_workflows([worker]))  # noqa: SLF001 what its own recovery service calls

    def begun(self, worker: str) -> list[str]:
        """The tasks that the queue has given to a worker, and that are not over."""
        return [one.workflow_id for one in _database().get_pending_workflows(worker, self._version)]

    def put_back(self, worker: str, task: str) -> None:
        """Put back one of them."""
        _database().reenqueue_for_recovery(task, [worker], QUEUE)


def _database() -> Any:
    from dbos._dbos import _get_dbos_instance

    return _get_dbos_instance()._sys_db  # noqa: SLF001 what its own recovery asks


def version_of(digest: str) -> str:
    """What workers of one ruleset have in common."""
    return f"{FORM}-{digest}"


@contextmanager
def serving(url: str, worker: str, digest: str, at_once: int, work: Callable[[Task], None]) -> Iterator[Queue]:
    """Have ``work`` called in threads with tasks from the queue, at most ``at_once``, while the block lasts."""
    tame()
    from dbos import DBOS

    version = version_of(digest)
    DBOS(
        config={
            "name": APPLICATION,
            "system_database_url": url,
            "application_version": version,
            "executor_id": worker,
            "serializer": json_serializer(),
            "log_level": "CRITICAL",
        }
    )

    @DBOS.workflow(name=FORM, max_recovery_attempts=None)
    def task(document: list[Any]) -> None:
        rollout, host, attempt = document
        work(Task(str(rollout), int(host), int(attempt)))

    try:
        DBOS.launch()
        DBOS.register_queue(QUEUE, worker_concurrency=at_once, polling_interval_sec=POLLS, on_conflict="always_update")
        yield Queue(version)
    finally:
        DBOS.destroy(workflow_completion_timeout_sec=0)
