"""Machines, processes that are killed and stopped, and the one database that they ask, under virtual time."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from heapq import heapreplace
from typing import Any, NamedTuple, TypeVar

from greenlet import GreenletExit, getcurrent, greenlet
from virtual_time import Time

from planner.fleet.ledger import AwayError, Ledger

T = TypeVar("T")
FOREVER = 1e12


@dataclass(eq=False)
class Machine:
    """A machine: its name since it was started, when its processors are free, and what its kernel holds locked."""

    name: str
    free: list[float]
    locks: "dict[int, Process]" = field(default_factory=dict)
    cut: bool = False

    def mended(self) -> None:
        """It is not cut off any more."""
        self.cut = False


class Process:
    """What can be killed and stopped; its threads are greenlets."""

    def __init__(self, time: Time, machine: Machine) -> None:
        """On a machine, with no thread yet."""
        self.time, self.machine = time, machine
        self.alive, self.stopped = True, 0.0
        self._threads: set[greenlet] = set()

    def begin(self, work: Callable[[], object]) -> None:
        """Have a thread do ``work``."""
        self.adopt(self.time.spawn(work))

    def adopt(self, thread: greenlet) -> None:
        """The thread is one of ours."""
        thread.process = self
        self._threads = {one for one in self._threads if not one.dead} | {thread}

    def pause(self, seconds: float) -> None:
        """Sleep, and for longer while we are stopped."""
        self.time.sleep(seconds)
        while self.stopped > self.time.now():
            self.time.sleep(self.stopped - self.time.now())

    def compute(self, seconds: float) -> None:
        """Need a processor for that long, after those who came first."""
        free, now = self.machine.free, self.time.now()
        end = max(free[0], now) + seconds
        heapreplace(free, end)
        self.pause(end - now)

    def kill(self) -> None:
        """As by kill -9."""
        self.alive = False
        for one in self._threads:
            self.time.end(one)


def current() -> Process:
    """The process of whoever asks."""
    process: Process = getcurrent().process  # type: ignore[attr-defined]  # `Process` gives it to its greenlets
    return process


class Speed(NamedTuple):
    """Of a database, in seconds: of a question, and for how long a change keeps all others waiting."""

    question: float = 0.001
    change: float = 0.008


class Trap(NamedTuple):
    """The database goes away for ``seconds`` while it answers the question of that kind and number."""

    kind: str
    number: int
    seconds: float


class Database:
    """Away at times, slow always, and one change of the ledger after the other: each raises the same row's number."""

    def __init__(self, time: Time, chance: random.Random, speed: Speed, tell: Callable[[str], None]) -> None:
        """There for everybody; ``tell`` is told when it is not."""
        self._time, self._chance, self._speed, self._tell = time, chance, speed, tell
        self.away = False
        self.trap: Trap | None = None
        self.claims: dict[int, Process] = {}  # advisory locks, each of a connection
        self.asked: Counter[str] = Counter()
        self.waited = self.longest = 0.0  # for changes
        self._free = 0.0

    def ask(self, kind: str, work: Callable[[], T]) -> T:
        """Have ``work`` done in a transaction, or not: `AwayError` does not tell which."""
        lost = self.before(kind)
        answer = work()
        if lost:
            raise AwayError
        return answer

    def before(self, kind: str) -> bool:
        """Wait for the turn of a question; True: it is answered, and the answer will be lost."""
        process = current()
        if not process.alive:  # who is killed says nothing more, whatever it would do at last
            raise GreenletExit
        if not self._reached(process):
            process.pause(10.0 if process.machine.cut else self._speed.question)
            raise AwayError
        self.asked[kind] += 1
        trapped = self.trap is not None and self.trap[:2] == (kind, self.asked[kind])
        process.pause(self._turn() if kind == "change" else self._speed.question)
        if trapped and self.trap is not None:
            self.go(self.trap.seconds)
        if self._reached(process):
            return False
        if self._chance.random() < 0.5:
            return True
        raise AwayError

    def _turn(self) -> float:
        now = self._time.now()
        self._free = max(self._free, now + self._speed.question) + self._speed.change
        self.waited += self._free - now
        self.longest = max(self.longest, self._free - now)
        return self._free - now

    def _reached(self, process: Process) -> bool:
        return not (self.away or process.machine.cut)

    def insist(self, kind: str, work: Callable[[], T], until: float = FOREVER) -> T:
        """As DBOS asks: again and again, after 1, 2, 4, up to 60 seconds, more or less."""
        process, backoff = current(), 1.0
        while True:
            try:
                return self.ask(kind, work)
            except AwayError:
                wait = backoff * (0.5 + self._chance.random())
                process.pause(min(wait, max(0.0, until - self._time.now())))
                if self._time.now() >= until:
                    raise
                backoff = min(backoff * 2, 60.0)

    def go(self, seconds: float) -> None:
        """Be away for a while; who was connected is not any more."""
        self._tell(f"the database is away for {seconds:.0f} s")
        self.away = True
        self.claims.clear()
        self._time.at(self._time.now() + seconds, self._back)

    def _back(self) -> None:
        self.away = False


class SqlLedger(Ledger):
    """The real one, over a network that the database may not be reached by; its tables are in SQLite."""

    def __init__(self, url: str, database: Database) -> None:
        """Asked as ``database`` is."""
        super().__init__(url)
        self._database, self._kind = database, "read"
        self._writing: Any = Unneeded()

    @contextmanager
    def _change(self) -> Iterator[tuple[Any, int]]:
        self._kind = "change"
        with super()._change() as found:
            yield found

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        kind, self._kind = self._kind, "read"
        lost = self._database.before(kind)
        with super()._transaction() as found:
            yield found
        if lost:
            raise AwayError


class Unneeded:
    """A lock among threads that give way to each other nowhere inside of it."""

    def __enter__(self) -> None:
        """Locked."""

    def __exit__(self, *_: object) -> None:
        """Free."""
