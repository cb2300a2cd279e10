"""What a run has of the world outside, handed in to its steps: time, work beside, probes, and ways to speak with hosts.

Under a world of its own every order of events can be had: nothing in the steps asks for time or threads elsewhere.
"""

import time
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from threading import Thread
from typing import Protocol, TypeVar

from planner.apply.access import speaker_of
from planner.apply.order import Access
from planner.apply.probing import ask
from planner.vdsm.failure import Failure
from planner.vdsm.speaker import Speaker

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Beside(Protocol[T_co]):
    """Work that goes on beside."""

    def answer(self, within: float) -> T_co:
        """The next of its answers in the order in which they come, or a `queue.Empty`; what it raises is raised."""


class World(Protocol):
    """The world as a run has it."""

    def now(self) -> float:
        """Seconds since some moment; never backwards."""

    def sleep(self, seconds: float) -> None:
        """Come back after ``seconds``."""

    def beside(self, *works: Callable[[], T]) -> Beside[T]:
        """Do all ``works`` beside each other and whoever asks; nobody waits for them at the end."""

    def ask(self, probes: Iterable[str], here: str = "") -> dict[str, bool]:
        """Which of ``probes`` pass now; see `planner.apply.probing.ask`."""

    def speaker(self, access: Access) -> Speaker | Failure:
        """A way to speak with a host."""


class Outside:
    """The world itself."""

    now = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)
    ask = staticmethod(ask)
    speaker = staticmethod(speaker_of)

    def beside(self, *works: Callable[[], T]) -> Beside[T]:
        """Each of ``works`` in a thread."""
        return _Threads(works)


class _Threads(Beside[T]):
    def __init__(self, works: Iterable[Callable[[], T]]) -> None:
        self._answers: SimpleQueue[tuple[T, None] | tuple[None, BaseException]] = SimpleQueue()
        for work in works:
            Thread(target=self._do, args=(work,), daemon=True).start()

    def _do(self, work: Callable[[], T]) -> None:
        try:
            self._answers.put((work(), None))
        except BaseException as fault:  # noqa: BLE001 it is raised where somebody waits for the answer
            self._answers.put((None, fault))

    def answer(self, within: float) -> T:
        answer, fault = self._answers.get(timeout=within)
        if fault is not None:
            raise fault
        return answer  # type: ignore[return-value]  # an answer or a fault


OUTSIDE = Outside()
