"""DBOS's queue as a model: what it asks of the database, what it asks again, and what it does not."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from virtual_process import Database, Process

from planner.fleet.ledger import AwayError
from planner.fleet.queue import POLLS, Task


@dataclass
class Entry:
    """A task in the queue: ``state`` waits, begun or over; by which worker; ``claim``: which of its takings counts."""

    task: Task
    key: str
    state: str = "waits"
    worker: str = ""
    claim: int = 0


class Tasks:
    """What the database knows of the queue."""

    def __init__(self) -> None:
        """Nothing."""
        self.entries: dict[str, Entry] = {}
        self.keys: dict[str, str] = {}
        self.waiting: dict[str, Entry] = {}
        self.begun: dict[str, dict[str, Entry]] = {}
        self.claims = 0

    def put(self, task: Task, key: str) -> bool:
        """Put a task, once; False: there is another of that key."""
        if task.id in self.entries:
            return True
        if key in self.keys:
            return False
        self.entries[task.id] = self.waiting[task.id] = Entry(task, key)
        self.keys[key] = task.id
        return True

    def take(self, worker: str, room: int) -> list[tuple[Entry, int]]:
        """The first that wait."""
        taken = []
        for name in list(self.waiting)[:room]:
            entry = self.waiting.pop(name)
            self.claims += 1
            entry.state, entry.worker, entry.claim = "begun", worker, self.claims
            self.begun.setdefault(worker, {})[name] = entry
            taken.append((entry, self.claims))
        return taken

    def put_back(self, worker: str) -> int:
        """What a worker has begun, others may begin."""
        left = list(self.begun.get(worker, ()))
        for name in left:
            self.put_back_one(worker, name)
        return len(left)

    def put_back_one(self, worker: str, name: str) -> None:
        """Of what a worker has begun, one."""
        entry = self.begun.get(worker, {}).pop(name, None)
        if entry is not None:
            entry.state, entry.claim = "waits", 0
            self.waiting = {name: entry, **self.waiting}  # it was created before those that wait

    def end(self, entry: Entry, claim: int) -> None:
        """A task is over, unless somebody else has taken it meanwhile."""
        if entry.state == "begun" and entry.claim == claim:
            entry.state = "over"
            self.begun.get(entry.worker, {}).pop(entry.task.id, None)
            self.keys.pop(entry.key, None)


class Served:
    """The queue for one worker: `planner.fleet.queue.Queue`, and the thread that asks for tasks."""

    def __init__(
        self,
        tasks: Tasks,
        database: Database,
        process: Process,
        worker: str,
        at_once: int,
        work: Callable[[Task], None],
        jitter: Callable[[], float],
    ) -> None:
        """``jitter``: around 1, by which the time between two looks is multiplied."""
        self._tasks, self._database, self._process = tasks, database, process
        self._worker, self._room, self._work, self._jitter = worker, at_once, work, jitter
        self._open = True
        process.begin(self._serve)

    def put(self, task: Task, key: str) -> bool:
        """As the queue."""
        return self._database.insist("task", lambda: self._tasks.put(task, key))

    def take_over(self, worker: str) -> int:
        """As the queue."""
        return self._database.insist("poll", lambda: self._tasks.put_back(worker))

    def begun(self, worker: str) -> list[str]:
        """As the queue."""
        return self._database.insist("poll", lambda: list(self._tasks.begun.get(worker, ())))

    def put_back(self, worker: str, task: str) -> None:
        """As the queue."""
        self._database.insist("task", lambda: self._tasks.put_back_one(worker, task))

    def close(self) -> None:
        """Take nothing more."""
        self._open = False

    def _serve(self) -> None:
        while True:
            self._process.pause(POLLS * self._jitter())
            if not self._open:
                return
            try:  # not asked again: what was taken in a transaction whose answer is lost, is taken
                taken = self._database.ask("poll", lambda: self._tasks.take(self._worker, self._room))
            except AwayError:
                continue
            self._room -= len(taken)
            for entry, claim in taken:
                self._process.begin(partial(self._do, entry, claim))

    def _do(self, entry: Entry, claim: int) -> None:
        self._work(entry.task)
        self._database.insist("task", lambda: self._tasks.end(entry, claim))
        self._room += 1
