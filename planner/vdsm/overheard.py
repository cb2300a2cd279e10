"""A way to speak with a host by which somebody hears of each call: whom it asked, what came of it, how long it took."""

import time
from collections.abc import Callable
from typing import TypeVar

from planner.vdsm.client import Document, Done, Failure, FenceAction, FenceAgent, Power, Speaker

T = TypeVar("T")


class Overheard:
    """A speaker whose calls ``hear`` is told of, a line each; nothing of what is in them, but for what went wrong."""

    def __init__(self, speaker: Speaker, address: str, hear: Callable[[str], None]) -> None:
        """Listen to ``speaker``, which speaks with ``address``."""
        self._speaker, self._address, self._hear = speaker, address, hear

    def ping(self, *, timeout: float) -> Done | Failure:
        """As the speaker."""
        return self._told("ping", lambda: self._speaker.ping(timeout=timeout))

    def capabilities(self, *, timeout: float) -> Document | Failure:
        """As the speaker."""
        return self._told("getCapabilities", lambda: self._speaker.capabilities(timeout=timeout))

    def set_up(self, request: Document, *, timeout: float) -> Done | Failure:
        """As the speaker."""
        return self._told("setupNetworks", lambda: self._speaker.set_up(request, timeout=timeout))

    def confirm(self, *, timeout: float) -> Done | Failure:
        """As the speaker."""
        return self._told("confirmConnectivity", lambda: self._speaker.confirm(timeout=timeout))

    def commit(self, *, timeout: float) -> Done | Failure:
        """As the speaker."""
        return self._told("setSafeNetworkConfig", lambda: self._speaker.commit(timeout=timeout))

    def fence(self, agent: FenceAgent, action: FenceAction, *, timeout: float) -> Power | Failure:
        """As the speaker."""
        return self._told(f"fenceNode {action}", lambda: self._speaker.fence(agent, action, timeout=timeout))

    def at(self, address: str) -> "Overheard":
        """As the speaker, listened to."""
        return Overheard(self._speaker.at(address), address, self._hear)

    def _told(self, verb: str, call: Callable[[], T]) -> T:
        began = time.monotonic()
        answer = call()
        outcome = f"{answer.kind}: {answer.message}" if isinstance(answer, Failure) else "done"
        self._hear(f"{self._address}: {verb}: {outcome} ({time.monotonic() - began:.1f} s)")
        return answer
