"""Many things worked through by processes, one for each processor, in their order; one that dies is replaced.

What a process had when it died is tried once more, one by one, in processes of their own: what kills again is told, and
stops nothing else. Whatever is handed over and not yet taken back is bounded, so memory does not grow with the number
of things.
"""

import gc
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice
from multiprocessing import connection, get_context
from time import monotonic
from typing import Any, NamedTuple, TypeVar

from planner.problem import Problem

T = TypeVar("T")
R = TypeVar("R")
FEW = 50  # things that are done before other processes have begun
# Things that a process is given at once. With fewer, handing over costs as much as planning; with more, one processor
# works on at the end while the others have nothing left.
BATCH = 32
LARGEST_BATCH = 4 << 20  # bytes handed over at once
# Batches for each process that may wait for one before them: with fewer, all wait for the slowest host of a fleet; more
# is only memory.
AHEAD = 8
# Seconds for one batch. Shorter, and a process on a machine that is short of memory is given up while it works; longer
# only lets all others wait for one that somebody has stopped.
PATIENCE = 600.0
ENDS_WITHIN = 2.0  # seconds: a process that has nothing to do takes none; one that was stopped is not waited for
LOST = Problem(
    "worker-lost",
    "the process that worked on it was ended from outside, twice, so nothing is known of it",
    "most often memory has run out: see the kernel's log; is it the capture of a host?",
)


def spread(
    work: Callable[[T], R],
    things: Iterable[T],
    lost: Callable[[T], R],
    *,
    few: int = FEW,
    weight: Callable[[T], int] = lambda _: 0,
) -> Iterator[R]:
    """``work`` done of each of ``things``, the results in their order; ``lost`` says what stands for one that kills.

    So ``few`` are done in this process. ``work`` is carried along into the processes as it is, what is done and what
    comes of it is pickled; ``weight`` is how many bytes that takes. What work raises is raised here.
    """
    left = iter(things)
    first = list(islice(left, few))
    if len(first) < few or (few and processors() == 1):
        yield from map(work, chain(first, left))
        return
    gc.enable()  # which a command that plans one host can do without
    pool = _Pool(work, lost)
    try:
        yield from pool.results(_batches(chain(first, left), weight))
    finally:
        pool.close()


def processors() -> int:
    """How many there are for this process."""
    return len(os.sched_getaffinity(0))


def _batches(things: Iterable[T], weight: Callable[[T], int]) -> Iterator[list[T]]:
    batch: list[T] = []
    heavy = 0
    for thing in things:
        batch.append(thing)
        heavy += weight(thing)
        if len(batch) == BATCH or heavy >= LARGEST_BATCH:
            yield batch
            batch, heavy = [], 0
    if batch:
        yield batch


class _Made(NamedTuple):
    """What came of one thing: a result, or the fault that work raised."""

    result: Any
    fault: Exception | None = None


class _Worker:
    """A process, our end of its pipe, and the batch that it has, with its place and since when."""

    def __init__(self, work: Callable[[Any], Any], others: Iterable["_Worker"]) -> None:
        """Begin; by fork, it has what is compiled already, and what is alike of hosts each finds out for itself."""
        context = get_context("fork")
        self.pipe, its = context.Pipe()
        ours = [self.pipe, *(other.pipe for other in others)]
        self.process = context.Process(target=_serve, args=(work, its, ours), daemon=True)
        self.process.start()
        its.close()
        self.place, self.batch, self.since = -1, list[Any](), 0.0

    def give(self, place: int, batch: list[Any]) -> None:
        """Have it work on ``batch``; that it is dead already shows when it is asked."""
        self.place, self.batch, self.since = place, batch, monotonic()
        with suppress(OSError):
            self.pipe.send(batch)

    def made(self) -> list[_Made] | None:
        """What it has made of its batch; None if it has died, or has not answered for too long."""
        try:
            if not self.pipe.poll(max(0.0, self.since + PATIENCE - monotonic())):
                return None
            return self.pipe.recv()  # type: ignore[no-any-return]
        except (EOFError, OSError):
            return None

    def end(self) -> None:
        """Have it end, if it has nothing to do; else, and if that takes long, kill it."""
        self.pipe.close()
        if self.place < 0:
            self.process.join(ENDS_WITHIN)
        self.process.kill()
        self.process.join()


def _serve(work: Callable[[Any], Any], pipe: Any, ours: Iterable[Any]) -> None:
    """Work, in a process of its own, until whoever asks has gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asks is told, too, and ends us
    for other in ours:
        other.close()  # else nobody would see the pipe's other end closed
    with suppress(EOFError, OSError):
        while True:
            pipe.send([_made(work, thing) for thing in pipe.recv()])


def _made(work: Callable[[Any], Any], thing: Any) -> _Made:
    try:
        return _Made(work(thing))
    except Exception as fault:  # noqa: BLE001  it is raised again where the result is asked for
        return _Made(None, fault)


class _Pool:
    """The processes, and what is done but waits for something before it."""

    def __init__(self, work: Callable[[Any], Any], lost: Callable[[Any], Any]) -> None:
        self.work, self.lost = work, lost
        self.workers: list[_Worker] = []
        self.done: dict[int, list[_Made]] = {}

    def results(self, batches: Iterator[list[Any]]) -> Iterator[Any]:
        """The results of every thing, in order."""
        self.workers += (self._begun() for _ in range(processors()))
        given, told = 0, 0
        coming = next(batches, None)  # made ready before somebody is free for it
        while coming is not None or told < given:
            for worker in (worker for worker in self.workers if worker.place < 0):
                if coming is not None and given < told + AHEAD * len(self.workers):
                    worker.give(given, coming)
                    given += 1
                    coming = next(batches, None)
            if told in self.done:
                self._collect(0)
                yield from map(_result, self.done.pop(told))
                told += 1
            else:
                self._collect(PATIENCE)

    def _collect(self, patience: float) -> None:
        """Take from whoever has answered, died, or is waited for in vain; wait for the first of them."""
        busy: dict[Any, _Worker] = {worker.pipe: worker for worker in self.workers if worker.place >= 0}
        ready = connection.wait(list(busy), patience)
        for worker in [busy[pipe] for pipe in ready] if ready or not patience else list(busy.values()):
            place, made = worker.place, worker.made()
            if made is None:
                self._replace(worker)
                made = self._one_by_one(worker.batch)
            worker.place = -1
            self.done[place] = made

    def _one_by_one(self, batch: list[Any]) -> list[_Made]:
        """What was with a process that died, each by itself; all others wait, and the culprit is found at once."""
        made = []
        worker = self._begun()
        for thing in batch:
            worker.give(0, [thing])
            answer = worker.made()
            if answer is None:
                worker.end()
                worker = self._begun()
            made += answer or [_Made(self.lost(thing))]
        worker.place = -1
        worker.end()
        return made

    def _begun(self) -> _Worker:
        return _Worker(self.work, self.workers)

    def _replace(self, worker: _Worker) -> None:
        worker.end()
        self.workers.remove(worker)
        self.workers.append(self._begun())

    def close(self) -> None:
        """End every process."""
        for worker in self.workers:
            worker.end()


def _result(made: _Made) -> Any:
    if made.fault is not None:
        raise made.fault
    return made.result
