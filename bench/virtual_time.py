"""Time that passes only when everybody waits: work in greenlets, resumed one by one, always in the same order."""

from collections.abc import Callable, Iterable
from functools import partial
from heapq import heappop, heappush
from itertools import count
from queue import Empty
from typing import Any, Generic, TypeVar

from greenlet import getcurrent, greenlet

T = TypeVar("T")


class Due:
    """Something that will be done at a moment, unless it is called ``off``."""

    __slots__ = ("action", "label", "off")

    def __init__(self, action: Callable[[], object], label: str) -> None:
        """Of a ``label`` that tells it from others."""
        self.action, self.label, self.off = action, label, False


class Time:
    """A clock and what is due. `run` is the hub: every other greenlet gives control back to it when it waits."""

    def __init__(self, instant: Callable[[], None]) -> None:
        """At second zero; ``instant`` is called whenever time has moved, before anything is done in it."""
        self._now = 0.0
        self._order = count()
        self._due: list[tuple[float, int, Due]] = []
        self._instant = instant
        self._hub = getcurrent()

    def now(self) -> float:
        """The second it is."""
        return self._now

    def set(self, now: float) -> None:
        """Begin at another second."""
        self._now = now

    def idle(self) -> bool:
        """Whether nothing is due but somebody's sleep."""
        return all(due.off or due.label == "sleep" for _, _, due in self._due)

    def at(self, moment: float, action: Callable[[], object], label: str = "") -> Due:
        """Have ``action`` done at ``moment``."""
        due = Due(action, label)
        heappush(self._due, (moment, next(self._order), due))
        return due

    def sleep(self, seconds: float, label: str = "") -> None:
        """Give way for ``seconds``."""
        due = self.at(self._now + max(0.0, seconds), getcurrent().switch, label)
        try:
            self._hub.switch()
        finally:
            due.off = True  # whoever is killed does not wake up again

    def wait(self) -> None:
        """Give way until somebody switches back."""
        self._hub.switch()

    def spawn(self, work: Callable[[], object], delay: float = 0.0, label: str = "") -> greenlet:
        """Begin ``work`` beside everything else."""
        made = greenlet(work, parent=self._hub)
        self.at(self._now + delay, partial(_begin, made), label)
        return made

    def end(self, one: greenlet) -> None:
        """End ``one`` now: by the hub, where control goes then."""
        if getcurrent() is self._hub:
            one.throw()
        else:
            self.at(self._now, one.throw, "ended")

    def run(self) -> None:
        """Until nothing is due any more."""
        while self._due:
            moment, _, due = heappop(self._due)
            if due.off:
                continue
            if moment > self._now:
                self._now = moment
                heappush(self._due, (moment, -1, due))  # it may be called off by what happens first
                self._instant()
                continue
            due.action()

    def pending(self) -> tuple[tuple[float, str], ...]:
        """What is due and in how many seconds."""
        return tuple(sorted((round(moment - self._now, 2), due.label) for moment, _, due in self._due if not due.off))


class Box(Generic[T]):
    """The answers of work that goes on beside, see `planner.apply.world.Beside`."""

    def __init__(self, time: Time, works: Iterable[Callable[[], T]], began: Callable[[greenlet], None]) -> None:
        """Begin ``works``; ``began`` is told of the greenlet of each."""
        self._time = time
        self._answers: list[tuple[Any, BaseException | None]] = []
        self._waiting: greenlet | None = None
        for work in works:
            began(time.spawn(partial(self._do, work), label="work"))

    def _do(self, work: Callable[[], T]) -> None:
        try:
            self._answers.append((work(), None))
        except Exception as fault:  # noqa: BLE001  raised where somebody waits for the answer
            self._answers.append((None, fault))
        if self._waiting is not None:
            self._time.at(self._time.now(), self._wake, "answered")

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.dead:
            waiting.switch()

    def answer(self, within: float) -> T:
        """The next answer within so many seconds, or a `queue.Empty`."""
        if not self._answers:
            self._waiting = getcurrent()
            due = self._time.at(self._time.now() + within, self._wake, "impatient")
            try:
                self._time.wait()
            finally:
                due.off, self._waiting = True, None
        if not self._answers:
            raise Empty
        answer, fault = self._answers.pop(0)
        if fault is not None:
            raise fault
        return answer


def _begin(made: greenlet) -> None:
    if not made.dead:
        made.switch()
