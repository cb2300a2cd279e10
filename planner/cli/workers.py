"""Many hosts worked through by processes, one for each processor, with a bar on a terminal."""

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from planner.cli.progress import can_draw
from planner.problem import Problem

T = TypeVar("T")
R = TypeVar("R")
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


def spread(work: Callable[[T], R], items: Sequence[T], what: str) -> Iterator[R]:
    """``work`` done of each of ``items``, the results in their order.

    ``work`` is carried along into the processes as it is; results are pickled. Raises `WorkerLostError`.
    """
    if len(items) < FEW:
        return map(work, items)
    gc.enable()  # which a command that plans one host can do without
    results = _in_processes(work, items) if _processors() > 1 else map(work, items)
    return _with_bar(results, len(items), what) if can_draw() else results


def _processors() -> int:
    return len(os.sched_getaffinity(0))


def _in_processes(work: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    # By fork, a process has the rules that are compiled already, and what is alike of hosts each finds out for itself.
    with ProcessPoolExecutor(_processors(), get_context("fork"), initializer=_begin, initargs=(work,)) as pool:
        try:
            yield from pool.map(_work, items, chunksize=BATCH)
        except BrokenProcessPool as failure:
            raise WorkerLostError from failure


_of_this_process: list[Callable[[Any], Any]] = []


def _begin(work: Callable[[Any], Any]) -> None:
    _of_this_process[:] = [work]


def _work(item: Any) -> Any:
    return _of_this_process[0](item)


def _with_bar(results: Iterator[R], total: int, what: str) -> Iterator[R]:
    from rich.console import Console
    from rich.progress import track

    yield from track(results, total=total, description=what, console=Console(stderr=True), transient=True)
