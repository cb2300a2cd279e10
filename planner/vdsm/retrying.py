"""Trying again what may be tried again, with growing pauses, until a moment."""

import itertools
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from planner.vdsm.client import Done, Failure, Speaker

Answer = TypeVar("Answer")

STARTING = 120.0  # seconds: as long as the engine waits for VDSM after a deployment
PING = 3.0  # seconds for each try of that, as the engine has it
TEMPORARY = ("unreachable", "timeout", "busy", "recovering")


def growing(first: float = 0.5, longest: float = 10.0) -> Iterable[float]:
    """Pauses in seconds, each half as long again as the one before."""
    return (min(first * 1.5**count, longest) for count in itertools.chain(range(50), itertools.repeat(50)))


def retrying(
    call: Callable[[float], Answer | Failure],
    *,
    until: float,
    pauses: Iterable[float] | None = None,
    again: Callable[[Failure], bool] = lambda failure: failure.retryable,
) -> Answer | Failure:
    """The first answer of `call`, or its last Failure.

    `call` is given the seconds that are left; `until` is a moment of time.monotonic(); it is called at least once. When
    the `pauses` run out it is not called again, nor when a pause would reach beyond `until`.
    """
    waiting = iter(growing() if pauses is None else pauses)
    while True:
        answer = call(until - time.monotonic())
        if not isinstance(answer, Failure) or not again(answer):
            return answer
        pause = next(waiting, None)
        if pause is None or time.monotonic() + pause >= until:
            return answer
        time.sleep(pause)


def wait_for_vdsm(host: Speaker, *, seconds: float = STARTING, each: float = PING) -> Done | Failure:
    """Ping until VDSM answers. A ping changes nothing, so one that may have arrived is sent again too."""
    return retrying(
        lambda left: host.ping(timeout=min(left, each)),
        until=time.monotonic() + seconds,
        again=lambda failure: failure.kind in TEMPORARY,
    )
