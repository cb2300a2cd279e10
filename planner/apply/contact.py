"""Contact with one host over every address at which it may be: reading it, and telling it that it is still reached."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from threading import Event
from typing import Any, NamedTuple

from planner.apply.order import Limits
from planner.apply.world import OUTSIDE, World
from planner.host.capture import read_capture
from planner.host.model import Host
from planner.vdsm.client import CRASHED, Done, Failure, Speaker, parse_target

# A host with 4,094 VLANs takes some seconds to describe itself; a dead one must not hold a run up for minutes.
READ_WITHIN = 30.0
# Whether anybody is there at all shows sooner: an address that the host has left swallows what is sent to it.
GREET_WITHIN = 5.0
# VDSM looks for signs once a second. A sign that takes longer comes too late anyway.
CONFIRM_WITHIN = 2.5
# Between two readings: often enough for a person who watches, seldom enough for a host that is busy.
LOOK_EVERY = 1.0

NOBODY: Mapping[str, Speaker] = {}

INCURABLE = ("vdsm", "tls", "credentials", "refused")  # failures that waiting does not cure


class Sight(NamedTuple):
    """The host as it described itself, at which address; ``aside``: not one at which it is managed."""

    host: Host
    capture: Mapping[str, Any]
    address: str
    aside: bool = False

    @property
    def here(self) -> str:
        """The address without a port."""
        target = parse_target(self.address)
        return self.address if isinstance(target, Failure) else target.host


class Contact:
    """The speakers of one host by address, the one that answered last first; ``uuid`` is the host's, "" if unknown."""

    def __init__(
        self,
        speakers: Mapping[str, Speaker],
        limits: Limits,
        uuid: str = "",
        guard: str = "",
        aside: Mapping[str, Speaker] = NOBODY,
        world: World = OUTSIDE,
    ) -> None:
        """Speak by ``speakers``, tried in their order; tell VDSM that it is reached only while ``guard`` passes.

        ``aside``: addresses of the host's other networks, see `elsewhere`.
        """
        self._speakers = dict(speakers)
        self._aside = dict(aside)
        self._served = next(iter(self._speakers.values()))
        self._limits = limits
        self._uuid = uuid
        self._guard = guard
        self.world = world

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where the host may be."""
        return tuple(self._speakers)

    def speaker(self) -> Speaker:
        """The way to speak that served last."""
        return self._served

    def look(self) -> Sight | Failure:
        """Read the host once, at the first address where it answers; all are greeted at once."""
        seen = self._first(self._speakers)
        if isinstance(seen, Sight):
            self._speakers = {seen.address: self._speakers.pop(seen.address), **self._speakers}
        return seen

    def elsewhere(self, failure: Failure) -> Sight | Failure:
        """Read the host over its other networks, or else the ``failure`` to read it where it is managed.

        Only when VDSM waits for no sign any more: to be asked for it there, it would take for one. And only a host
        that can be told by its uuid: an address like 192.168.122.1 is everybody's.
        """
        seen = self._first(self._aside) if self._aside and self._uuid else failure
        known = isinstance(seen, Sight) and str(seen.capture.get("uuid") or "") == self._uuid
        return seen._replace(aside=True) if isinstance(seen, Sight) and known else failure

    def also_at(self, addresses: Iterable[str]) -> None:
        """Look for the host at further ``addresses``, too."""
        self._speakers |= {one: self._served.at(one) for one in addresses if one not in self._speakers}

    def until(self, within: float, enough: Callable[[Sight | Failure], bool]) -> Sight | Failure:
        """Read the host until it is ``enough`` or ``within`` seconds are over, once at least; the last reading."""
        end = self.world.now() + within
        while True:
            seen = self.look()
            if enough(seen) or self.world.now() + LOOK_EVERY > end:
                return seen
            self.world.sleep(LOOK_EVERY)

    def await_sight(self, within: float, not_yet: Callable[[str], None] = lambda _: None) -> Sight | Failure:
        """The first sight in ``within`` seconds; else the last failure. What waiting cannot cure ends it at once.

        ``not_yet``: is told each reason for which the host cannot be read yet, once.
        """
        reasons: set[str] = set()

        def enough(seen: Sight | Failure) -> bool:
            if isinstance(seen, Sight) or _incurable(seen):
                return True
            if seen.message not in reasons:
                reasons.add(seen.message)
                not_yet(seen.message)
            return False

        return self.until(within, enough)

    def insist(self, call: Callable[[Speaker], Done | Failure], within: float) -> Done | Failure:
        """Make a call that may be made twice, until it is answered or ``within`` seconds are over."""
        end = self.world.now() + within
        while True:
            answer = call(self.speaker())
            if isinstance(answer, Done) or answer.kind in INCURABLE:
                return answer
            if self.world.now() + LOOK_EVERY > end:
                return answer
            self.world.sleep(LOOK_EVERY)
            self.look()  # the host may answer at another address by now

    @contextmanager
    def confirming(self) -> Iterator[None]:
        """Meanwhile, tell the host at each address, on fresh connections, that it is reached."""
        over = Event()
        self.world.beside(*(partial(self._confirm, speaker, over) for speaker in self._speakers.values()))
        try:
            yield
        finally:
            over.set()  # a sign that is under way does no harm any more

    def _confirm(self, speaker: Speaker, over: Event) -> None:
        while not over.is_set():
            began = self.world.now()
            if not self._guard or self.world.ask([self._guard])[self._guard]:
                speaker.confirm(timeout=CONFIRM_WITHIN)  # whether it failed shows in what VDSM decides
            self.world.sleep(max(0.0, self._limits.confirm - (self.world.now() - began)))

    def _first(self, speakers: Mapping[str, Speaker]) -> Sight | Failure:
        greeted = self.world.beside(*(partial(_greet, *one) for one in speakers.items()))
        failures: dict[str, Failure] = {}
        for address, answer in (greeted.answer(2 * GREET_WITHIN) for _ in speakers):
            seen = answer if isinstance(answer, Failure) else self._read(address, speakers[address])
            if isinstance(seen, Sight):
                self._served = speakers[address]
                return seen
            failures[address] = seen
        return failures[next(iter(speakers))]

    def _read(self, address: str, speaker: Speaker) -> Sight | Failure:
        answer = speaker.capabilities(timeout=READ_WITHIN)
        if isinstance(answer, Failure):
            return answer
        uuid = str(answer.get("uuid") or "")
        if self._uuid and uuid and uuid != self._uuid:
            return Failure("protocol", f"at {address} another host answers ({uuid})", "who has this address?")
        reading = read_capture(dict(answer), address)
        if reading.host is None:
            first = reading.problems[0]
            return Failure("protocol", f"the host describes itself as nobody can read: {first.message}", first.hint)
        return Sight(reading.host, answer, address)


def _incurable(failure: Failure) -> bool:
    """Whether waiting cures no reading: VDSM crashes over a device that a rollback takes away while it reads."""
    return failure.kind in INCURABLE and failure.code not in CRASHED


def _greet(address: str, speaker: Speaker) -> tuple[str, Done | Failure]:
    return address, speaker.ping(timeout=GREET_WITHIN)


def contact_at(  # noqa: PLR0913 all that a contact is, each with its name
    speaker: Speaker,
    target: str,
    addresses: Sequence[str],
    limits: Limits,
    uuid: str = "",
    *,
    guard: str = "",
    aside: Sequence[str] = (),
    world: World = OUTSIDE,
) -> Contact:
    """Contact over the target itself and over further addresses of the host, those of its other networks ``aside``."""
    others = {address: speaker.at(address) for address in addresses if address != target}
    beside = {address: speaker.at(address) for address in aside if address not in (target, *others)}
    return Contact({target: speaker, **others}, limits, uuid, guard, beside, world)
