"""Which hosts of a rollout may begin now. Nothing here asks a clock, a database or a host.

A wave begins once every host of the one before is proven saved, but for the failures that the rollout may have.
"""

import time
from collections import Counter, OrderedDict
from itertools import islice
from typing import Literal, NamedTuple

from planner.fleet.rollout import FAILED, IN_FLIGHT, WAITS, Asked, Lane, Rollout, State
from planner.problem import Problem

# Hosts at work at once through one of a kind. An engine sets up networks one after the other for a host, and shares its
# threads among all: more of them, and its own users wait; fewer, and a rollout of a thousand takes days. A proxy that
# fences serves machines as well.
PACE = {"engine": 8, "proxy": 2}
DAY = 24 * 60  # minutes

Ending = Literal["", "done", "failed", "stopped"]


class Decision(NamedTuple):
    """The numbers of the members that begin now; how the rollout has ended, or ""; and why no more begin."""

    begin: tuple[int, ...]
    ended: Ending
    said: str


class Course:
    """How the hosts of a rollout are doing, and what follows from them all; one more state costs the same for any."""

    def __init__(self, rollout: Rollout) -> None:
        """Every host waits, or is held."""
        self.states: list[State] = ["held" if member.held else "waiting" for member in rollout.members]
        self.count: Counter[State] = Counter(self.states)
        self.busy: Counter[Lane] = Counter()
        self.failures = self.in_flight = 0
        self._rollout = rollout
        self._first = 0
        self._left = [0 for _ in rollout.waves]
        self._waiting: list[dict[tuple[Lane, ...], OrderedDict[int, None]]] = [{} for _ in rollout.waves]
        for number, member in enumerate(rollout.members):
            if not member.held:
                self._left[member.wave] += 1
                self._queue(number)[number] = None

    def enter(self, number: int, state: State) -> None:
        """The member of that number is in ``state`` now."""
        before = self.states[number]
        if before == state:
            return
        wave, lanes = self._rollout.members[number].wave, self._rollout.lanes(self._rollout.members[number])
        self.states[number] = state
        self.count[before] -= 1
        self.count[state] += 1
        moved = (state in IN_FLIGHT) - (before in IN_FLIGHT)
        self.in_flight += moved
        for lane in lanes:
            self.busy[lane] += moved
        self.failures += (state in FAILED) - (before in FAILED)
        self._left[wave] += _unended(state) - _unended(before)
        if _unended(state):
            self._first = min(self._first, wave)
        if state == "waiting":
            self._queue(number)[number] = None
        else:
            self._queue(number).pop(number, None)

    @property
    def wave(self) -> int:
        """The first wave with a host that has not ended; as many as there are when there is none."""
        while self._first < len(self._left) and not self._left[self._first]:
            self._first += 1
        return self._first

    def next(self, wave: int, room: int) -> tuple[int, ...]:
        """At most ``room`` of the wave's waiting hosts, no more at once through anything than its pace."""
        begin: list[int] = []
        taken: Counter[Lane] = Counter()
        for lanes, hosts in self._waiting[wave].items():
            fit = min((PACE[lane[0]] - self.busy[lane] - taken[lane] for lane in lanes), default=room)
            chosen = list(islice(hosts, max(0, min(fit, room - len(begin)))))
            begin += chosen
            for lane in lanes:
                taken[lane] += len(chosen)
        return tuple(begin)

    def _queue(self, number: int) -> OrderedDict[int, None]:
        """Where the member waits: with those of its wave that go through the same."""
        member = self._rollout.members[number]
        return self._waiting[member.wave].setdefault(self._rollout.lanes(member), OrderedDict())


def _unended(state: State) -> bool:
    return state in WAITS or state in IN_FLIGHT


def decide(rollout: Rollout, course: Course, asked: Asked, now: float) -> Decision:
    """What begins now: ``now`` in seconds since 1970, ``asked`` what the user wants of the rollout.

    Takes as long for any number of hosts: as many steps as hosts begin, and as engines and proxies there are.
    """
    wave = course.wave
    at_work = f"{course.in_flight} at work" if course.in_flight else "nobody is at work"
    if course.failures > rollout.max_failures and asked != "stop":
        told = f"{course.failures} failed, and {rollout.max_failures} may"
        return Decision((), "" if course.in_flight else "failed", f"{told}: {at_work}")
    if wave == len(rollout.waves):
        return Decision((), "done", "every host has ended")
    if asked != "go":
        ended: Ending = "stopped" if asked == "stop" and not course.in_flight else ""
        return Decision((), ended, f"{'stopped' if asked == 'stop' else 'paused'}: {at_work}")
    window = read_window(rollout.window)
    if isinstance(window, Window) and not window.opened(now):
        return Decision((), "", f"outside of the window {rollout.window}: {at_work}")
    begin = course.next(wave, rollout.concurrency - course.in_flight)
    told = f"{course.in_flight + len(begin)} at work"
    return Decision(begin, "", f"wave {wave + 1} of {len(rollout.waves)}: {told}")


class Window(NamedTuple):
    """When hosts may begin: from minute to minute of the day, over midnight where it ends before it begins.

    ``zone`` is a time zone's name, or "" for that of the machine that decides.
    """

    begin: int
    end: int
    zone: str = ""

    def opened(self, now: float) -> bool:
        """Whether it is open ``now``, in seconds since 1970."""
        minute = _minute(now, self.zone)
        return (minute - self.begin) % DAY < (self.end - self.begin) % DAY


def read_window(text: str) -> Window | Problem | None:
    """The window that ``22:00-04:00`` or ``22:00-04:00 Europe/Prague`` means; None where there is none."""
    if not text:
        return None
    times, _, zone = text.strip().partition(" ")
    begin, _, end = times.partition("-")
    found = [_of_day(part) for part in (begin, end)]
    if None in found or found[0] == found[1] or not _known(zone.strip()):
        hint = "write it like 22:00-04:00, or 22:00-04:00 Europe/Prague"
        return Problem("window-malformed", f"{text!r} is no window", hint)
    return Window(found[0] or 0, found[1] or 0, zone.strip())


def _of_day(text: str) -> int | None:
    hour, colon, minute = text.partition(":")
    stated = colon and hour.isascii() and minute.isascii() and hour.isdecimal() and minute.isdecimal()
    if not stated or len(text) > 5 or int(hour) > 23 or int(minute) > 59:
        return None
    return int(hour) * 60 + int(minute)


def _known(zone: str) -> bool:
    if not zone:
        return True
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(zone)
    except (OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError
        return False
    except KeyError:
        return False
    return True


def _minute(now: float, zone: str) -> int:
    if not zone:
        there = time.localtime(now)
        return there.tm_hour * 60 + there.tm_min
    from datetime import datetime
    from zoneinfo import ZoneInfo

    moment = datetime.fromtimestamp(now, ZoneInfo(zone))
    return moment.hour * 60 + moment.minute
