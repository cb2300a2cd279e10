"""Many hosts worked through by processes, one for each processor, with a bar on a terminal."""

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from planner.cli.progress import can_draw
from planner.problem import Problem

Item = TypeVar("Item")
Result = TypeVar("Result")
FEW = 50  # items of which a bar could not be read, and which are done before other processes have begun
# Items that a process is given at once. With fewer, handing over costs as much as planning; with more, one processor
# works on at the end while the others have nothing left.
BATCH = 32
LOST = Problem(
    "worker-lost",
    "a process that planned hosts was ended from outside, so nothing is known of its hosts",
    "most often memory has run out: see the kernel's log, or give fewer hosts at a time",
)


class WorkerLostError(Exception):
    """A process that worked was killed; ``LOST`` is what the user is told."""


def spread(work: Callable[[Item], Result], items: Sequence[Item], what: str) -> Iterator[Result]:
    """``work`` done of each of ``items``, the results in their order.

    ``work`` is carried along into the processes as it is; results are pickled. Raises `WorkerLostError`.
    """
    results = _in_processes(work, items) if len(items) >= FEW and _processors() > 1 else map(work, items)
    if len(items) < FEW or not can_draw():
        return results
    return _with_bar(results, len(items), what)


def _processors() -> int:
    return len(os.sched_getaffinity(0))


def _in_processes(work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    batches = [items[start : start + BATCH] for start in range(0, len(items), BATCH)]
    # By fork, a process has the rules that are compiled already, and what is alike of hosts each finds out for itself.
    with ProcessPoolExecutor(_processors(), get_context("fork"), initializer=_begin, initargs=(work,)) as pool:
        try:
            for results in pool.map(_work, batches):
                yield from results
        except BrokenProcessPool as failure:
            raise WorkerLostError from failure


_of_this_process: list[Callable[[Any], Any]] = []


def _begin(work: Callable[[Any], Any]) -> None:
    _of_this_process[:] = [work]
    gc.enable()  # which a command that plans one host can do without


def _work(items: Sequence[Any]) -> list[Any]:
    return [_of_this_process[0](item) for item in items]


def _with_bar(results: Iterator[Result], total: int, what: str) -> Iterator[Result]:
    from rich.console import Console
    from rich.progress import track

    yield from track(results, total=total, description=what, console=Console(stderr=True), transient=True)
