"""Time, as a value that is handed in: VDSM waits for seconds, and tests do not."""

import heapq
import threading
import time
from collections.abc import Callable
from itertools import count
from typing import Protocol


class Clock(Protocol):
    """Seconds of the stand-in's own time."""

    def now(self) -> float:
        """Seconds since some moment; never backwards."""
        ...

    def sleep(self, seconds: float) -> None:
        """Come back after ``seconds``."""
        ...

    def at(self, moment: float, action: Callable[[], object]) -> None:
        """Have ``action`` done when ``moment`` comes."""
        ...


class VirtualClock:
    """A clock that stands still until somebody sleeps; what is due meanwhile is done on the way. For one thread."""

    def __init__(self) -> None:
        """At second zero."""
        self._now = 0.0
        self._order = count()
        self._due: list[tuple[float, int, Callable[[], object]]] = []

    def now(self) -> float:
        """The second it is."""
        return self._now

    def at(self, moment: float, action: Callable[[], object]) -> None:
        """Have ``action`` done when ``moment`` comes."""
        heapq.heappush(self._due, (moment, next(self._order), action))

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass at once."""
        end = self._now + seconds
        while self._due and self._due[0][0] <= end:
            moment, _, action = heapq.heappop(self._due)
            self._now = max(self._now, moment)
            action()
        self._now = max(self._now, end)  # what was due may have taken longer


# Real time, faster if wanted.


class WallClock:
    """A clock that waits; with ``speed`` 10 VDSM's minute takes six seconds."""

    def __init__(self, speed: float = 1.0) -> None:
        """At the present moment."""
        self._speed = speed

    def now(self) -> float:
        """Seconds of the stand-in's time."""
        return time.monotonic() * self._speed

    def sleep(self, seconds: float) -> None:
        """Wait for ``seconds`` of the stand-in's time."""
        time.sleep(max(seconds, 0.0) / self._speed)

    def at(self, moment: float, action: Callable[[], object]) -> None:
        """Have ``action`` done, in a thread of its own, when ``moment`` comes."""
        timer = threading.Timer(max(moment - self.now(), 0.0) / self._speed, action)
        timer.daemon = True
        timer.start()
