"""Real time, faster if wanted."""

import threading
import time
from collections.abc import Callable


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
