"""The world of a run, every instant of it in somebody's hand: a host, the way to it, speakers, and what goes wrong.

A schedule says what goes wrong at which point. Points are numbered as they come: whenever time has moved, whenever a
call that changes the host is sent, and whenever a step has ended, before and after it is written down. The same
schedule leads through the same points each time, so a schedule is all there is to a trace.
"""

import sys
from bisect import bisect
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any, NamedTuple

from greenlet import getcurrent, greenlet
from virtual_host import MARK, Parts, Reader, VirtualHost
from virtual_time import Box, Time

from planner.apply import execute
from planner.apply.contact import Sight
from planner.apply.order import Access, Order
from planner.apply.run import Event, Run, Step
from planner.apply.steps import STAGES
from planner.apply.verify import differences
from planner.host.model import Host
from planner.standin.daemon import DaemonDiedError
from planner.standin.faults import Mishap
from planner.standin.kernel import Refusal
from planner.vdsm.client import Document, Done, Failure, FenceAction, FenceAgent, Power, Speaker, vdsm_failure

NOBODY_ANSWERS = 1.0  # seconds until a connection to nobody fails: the router says so
FENCED = 0.5  # seconds that power management takes
SIGN_EVERY = 1.0  # the engine's own signs
STEPS = 80  # a run that has not ended by then goes round in circles
NOT_THERE = Failure("unreachable", "nobody answers", "")
TIMED_OUT = Failure("timeout", "no answer in time", "", sent=True)
RESET = Failure("unreachable", "the connection was reset", "", sent=True)
LOST_HOST = Failure("unreachable", "Network error during communication with the Host", "", sent=True)
NOT_DEFINED = Failure("refused", "the engine builds only what is defined", "")


class Fault(NamedTuple):
    """What goes wrong: ``kind``, and how long or how much."""

    kind: str
    amount: float = 0.0

    def __str__(self) -> str:
        return WORDS[self.kind].format(self.amount)


WORDS = {
    "cut": "the link is cut for {:g} s",
    "reboot": "the host reboots",
    "dies": "VDSM dies",
    "saves": "somebody else saves the configuration",
    "changes": "somebody else sets another network up, and saves",
    "mtu": "somebody else changes the network's MTU, and saves",
    "kill": "the executor is killed, and started again after {:g} s",
    "late": "this request arrives only {:g} s after the caller has given it up",
    "lost": "the reply to this request is lost",
    "reset": "this request is carried out, its connection is reset",
    "twice": "this request is carried out again {:g} s after its answer",
    "dies-within": "VDSM dies at step {:g} of this request",
    "power-cut": "the power fails before VDSM has recorded this request",
}
CUTS = tuple(Fault("cut", seconds) for seconds in (2, 8, 60))
KILLS = tuple(Fault("kill", seconds) for seconds in (1, 16))
FATES = (
    *(Fault("late", seconds) for seconds in (1, 5, 13)),
    *(Fault("lost"), Fault("reset")),
    *(Fault("twice", seconds) for seconds in (0, 1)),
)
IN_SETUP = (*(Fault("dies-within", step) for step in (1, 9)), Fault("power-cut"))
Choice = tuple[int, Fault]
Schedule = tuple[Choice, ...]


class Rest(NamedTuple):
    """A moment between two steps in which nothing else is under way; from there a run needs no past."""

    now: float
    points: int
    chosen: int
    host: Parts
    journal: tuple[Step, ...]
    performed: frozenset[str]
    read: int
    touched: bool
    disturbed: bool


class Stop(Exception):  # noqa: N818  nothing is wrong
    """Enough of this run was seen."""


class Scenario(NamedTuple):
    """A host, a plan for it, and how it is spoken to; ``word``: what is said of keeping the change, None: nothing."""

    name: str
    order: Order
    host: VirtualHost
    before: Host
    reader: Reader
    any_confirms: bool
    word: bool | None = True

    @property
    def transport(self) -> str:
        """How the host is spoken to."""
        return self.order.access.transport

    def run(self, steps: list[Step]) -> Run:
        """The run of these steps, to judge by."""
        nobody: Any = None  # judging neither contacts nor fences
        return Run(self.order, nobody, self.before, steps, frozenset(), nobody, lambda _: None)


class VirtualWorld:
    """One run of a scenario under a schedule; `planner.apply.world.World` to the steps."""

    def __init__(
        self,
        scenario: Scenario,
        schedule: Schedule,
        seen: "Callable[[VirtualWorld, str], None]" = lambda _, __: None,
        rest: Rest | None = None,
    ) -> None:
        """``seen`` is called at each point behind the schedule, and may raise `Stop`; ``rest``: where to go on from."""
        self.scenario, self.schedule, self._seen = scenario, schedule, seen
        self.host, self.daemon = scenario.host, scenario.host.daemon
        self.time = Time(partial(self.point, "tick"))
        self.rest = rest
        self.host.begin(self.time, None if rest is None else rest.host)
        self.points, self.chosen = (0, 0) if rest is None else (rest.points, rest.chosen)
        self.cut = False
        self.sent: dict[int, str] = {}  # requests that are held on the way
        self.fate: Fault | None = None
        self.serving: dict[greenlet, Call] = {}
        self.executor: set[greenlet] = set()
        self.alive = False
        self.performed: frozenset[str] = frozenset()
        self.journal: list[Step] = []
        self.ended = False
        self.disturbed = False  # whether the host was changed by others since the executor read it last
        self.read = -1  # the mark of the capture that this process read last
        self.step = ""
        self.touched = False  # whether anything that was sent may have been carried out
        self.wrong: list[str] = []
        self.trace: list[str] = []
        self.tracing = False

    # --- the run

    def play(self) -> bool:
        """Carry the order out and see the world come to rest; False if it was stopped."""
        if self.rest is None:
            self._start()
        else:
            self._go_on(self.rest)
        try:
            self.time.run()
        except Stop:
            return False
        finally:
            for one in (*self.executor, *self.serving):
                one.throw()
        return True

    def _start(self) -> None:
        self.alive, self.performed, self.read = True, frozenset(), -1
        self._began(self.time.spawn(self._execute))

    def _go_on(self, rest: Rest) -> None:
        """From where another run has been, under the same schedule so far."""
        self.alive, self.performed, self.read = True, rest.performed, rest.read
        self.touched, self.disturbed, self.journal = rest.touched, rest.disturbed, list(rest.journal)
        self.time.set(rest.now)
        self._began(self.time.spawn(partial(self._execute, rested=True)))

    def _rest(self, first: str) -> None:
        """Remember this moment, if nothing is under way but the run itself."""
        if self._quiet and first == self.scenario.order.access.target:
            self.rest = Rest(
                self.time.now(),
                self.points,
                self.chosen,
                self.host.parts,
                tuple(self.journal),
                self.performed,
                self.read,
                self.touched,
                self.disturbed,
            )

    @property
    def _quiet(self) -> bool:
        """Whether nothing is under way but the run itself."""
        held = self.serving or self.sent or self.cut
        return not held and self.daemon.recovering() is None and self.host.powered and self.time.idle()

    def _began(self, one: greenlet) -> None:
        self.executor.add(one)

    def _execute(self, *, rested: bool = False) -> None:
        order = self.scenario.order
        shared = execute._share(order, self)
        assert not isinstance(shared, Failure)
        contact, fencing = shared.contact, partial(execute._fencing, order.reboot, self)
        following = self.journal[-1].next if self.journal else "look"
        if rested:
            self.point("step is written")
        while following:
            steps = list(self.journal)
            try:
                step = STAGES[following](
                    Run(order, contact, self.scenario.before, steps, self.performed, fencing, self._told, self._word)
                )
            except Exception as fault:  # noqa: BLE001  no fault of the world's may end a run so
                self.wrong.append(f"{following} raised {fault!r}")
                break
            self.say(f"    {step.name}: {step.said}" + (f" -> {step.next}" if step.next else f": {step.standing}"))
            self.point("step ends")
            self.journal.append(step)
            self.performed |= {step.name}
            following = step.next
            if len(self.journal) > STEPS:
                self.wrong.append("the run goes round in circles")
                break
            if following:
                self._rest(contact.addresses[0])
                self.point("step is written")
        self.ended, self.alive = True, False
        self.in_reach = self.host.up(self.host.address) and not self.cut and self.daemon.recovering() is None

    def _word(self) -> bool | None:
        return self.scenario.word

    def _told(self, event: Event) -> None:
        self.step = event.step

    def say(self, text: str) -> None:
        """For whoever reads the trace."""
        if self.tracing:
            self.trace.append(f"{self.time.now():6.1f}  {text}")

    # --- what goes wrong

    def point(self, place: str) -> None:
        """Somewhere that something can go wrong."""
        if self.ended:
            return
        self.points += 1
        if self.chosen == len(self.schedule):
            within = getcurrent()
            if within is self.time._hub:
                self._seen(self, place)
                return
            try:
                self._seen(self, place)
            except Stop as stop:
                self.time._hub.throw(stop)
            return
        while self.chosen < len(self.schedule) and self.schedule[self.chosen][0] == self.points:
            fault = self.schedule[self.chosen][1]
            self.chosen += 1
            self.say(f"*** {fault}")
            self._inflict(fault)

    def _inflict(self, fault: Fault) -> None:
        if fault in FATES or fault in IN_SETUP:
            self.fate = fault
        elif getcurrent() is self.time._hub:
            self._happen(fault)
        else:  # greenlets are ended from the hub alone
            self.time.at(self.time.now(), partial(self._happen, fault))
            self.time.sleep(0)

    def _happen(self, fault: Fault) -> None:
        if fault.kind == "kill":
            self.alive = False
            self.touched |= bool(self.journal) and self.journal[-1].name in _ANNOUNCED  # for all that is written
            for one in self.executor:
                one.throw()
            self.executor.clear()
            self.time.at(self.time.now() + fault.amount, self._start, "resumed")
            return
        self.disturbed = True
        if fault.kind == "cut":
            self.cut = True
            self.time.at(self.time.now() + fault.amount, self._mended, "mended")
        elif fault.kind == "reboot":
            self._end_serving()
            self.host.reboot()
        elif fault.kind == "dies":
            self._end_serving()
            self.host._restart_daemon()
        elif fault.kind == "saves":
            self.daemon.set_safe()
        else:
            networks = (
                {"stranger": {"nic": self._nic, "vlan": 77, "bridged": False}}
                if fault.kind == "changes"
                else {self._network: {**self.daemon.running.networks[self._network], "mtu": 1400}}
            )
            self.time.spawn(partial(self._strangely, networks), label="stranger")

    def _strangely(self, networks: dict[str, Any]) -> None:
        with suppress(DaemonDiedError):
            self.daemon.setup_networks(networks, {}, {"connectivityCheck": False, "commitOnSuccess": True})
        self.disturbed = True

    @property
    def _network(self) -> str:
        return str(self.scenario.order.plan["network"])

    @property
    def _nic(self) -> str:
        return next(iter(self.scenario.before.nics))

    def _mended(self) -> None:
        self.cut = False
        self.say("the link is back")

    def _end_serving(self) -> None:
        """Nothing that was being carried out is any more, and its callers learn of it."""
        ended, self.serving = self.serving, {}
        for one, call in ended.items():
            self.time.end(one)
            call.reset()

    def menu(self, place: str, faults: int, kills: int) -> list[Fault]:  # noqa: C901  kind by kind
        """What can go wrong here, with so many faults and kills left."""
        found: list[Fault] = []
        if kills and self.alive:
            found += KILLS[:1] if self._quiet else KILLS  # where nothing goes on meanwhile, how long is all one
        if not faults:
            return found
        if not self.cut:
            found += CUTS
        if self.time.now() >= self.host._down_until:
            found.append(Fault("reboot"))
            if self.serving or place.startswith("send"):
                found.append(Fault("dies"))
            if not self.daemon._verb.locked() and self.daemon.recovering() is None:
                if self.daemon.dirty:
                    found.append(Fault("saves"))
                if "stranger" not in self.daemon.running.networks and not self.scenario.host.age.elder:
                    found.append(Fault("changes"))
                if self.daemon.running.networks.get(self._network, {}).get("mtu", 1400) != 1400:
                    found.append(Fault("mtu"))
        if place.startswith("send"):
            found += FATES
        if place == "send setupNetworks":
            found += IN_SETUP
        return found

    # --- planner.apply.world.World

    def now(self) -> float:
        """Seconds."""
        return self.time.now()

    def sleep(self, seconds: float) -> None:
        """Virtually."""
        self.time.sleep(seconds, "sleep")

    def beside(self, *works: Callable[[], Any]) -> Box[Any]:
        """In greenlets."""
        return Box(self.time, works, self._began)

    def ask(self, probes: Iterable[str], here: str = "") -> dict[str, bool]:
        """The host's own ports answer if it does; everything else always."""
        return {probe: "{host}" not in probe or self.reached(here) for probe in probes}

    def speaker(self, access: Access) -> Speaker | Failure:
        """By the scenario's transport."""
        kind = ThroughEngine if access.transport == "engine" else Direct
        return kind(self, access.target)

    # --- the way to the host

    def reached(self, address: str) -> bool:
        """Whether a packet sent to ``address`` now is answered."""
        return not self.cut and self.host.up(address)

    def connect(self, address: str, timeout: float) -> Failure | None:
        """Try to."""
        if self.reached(address):
            return None
        self.time.sleep(min(timeout, NOBODY_ANSWERS), "connect")
        return NOT_THERE

    def instantly(self, verb: str, address: str, timeout: float) -> Done | Failure:
        """A call that takes no time."""
        failure = self.connect(address, timeout)
        if failure is not None:
            return failure
        if verb == "confirm" or self.scenario.any_confirms:
            self.daemon.confirm()
        recovering = self.daemon.recovering()
        return Done() if recovering is None else vdsm_failure(verb, *recovering)

    def capture(self, address: str, *, dirty: bool = True) -> dict[str, Any]:
        """What the host tells, as read by the executor."""
        told = self.host.told(address, dirty=dirty)
        self.read, self.disturbed = told[MARK], self.cut
        return told

    def sight(self, address: str) -> Sight:
        """The host as it is."""
        told = self.host.told(address, dirty=self.scenario.transport != "engine")
        return Sight(self.scenario.reader.host(told, address), told, address)

    def long(self, verb: str, parameters: Mapping[str, Any], address: str, timeout: float) -> Done | Failure:
        """A call that VDSM takes its time for, and that can have a fate of its own."""
        failure = self.connect(address, timeout)
        if failure is not None:
            return failure
        if verb == "setupNetworks":
            self._reasoned(parameters, address)
        self.say(f"{verb} is sent" + _briefly(parameters))
        self.point(f"send {verb}")
        fate, self.fate = self.fate, None
        call = Call(self, verb, parameters, address, fate)
        return call.made(timeout)

    def _reasoned(self, request: Mapping[str, Any], address: str) -> None:
        """A request that was sent must have had a reason in what this process read last."""
        if self.step == "undo" and not self.touched:
            self.wrong.append("the way back was sent though VDSM had taken nothing up")
        if self.read < 0:
            self.wrong.append("setupNetworks was sent by a process that had not read the host")
        elif not self.disturbed and self.reached(address):
            sight = self.sight(address)
            if sight.capture[MARK] == self.read and not differences(request, sight.host):
                self.wrong.append("setupNetworks was sent though the host was seen to stand so")

    def fence(self, action: FenceAction) -> Power:
        """The host's power management does as it is told."""
        self.say(f"fenceNode {action}")
        self.time.sleep(FENCED, "fence")
        if action == "status":
            return "on" if self.host.powered else "off"
        if action == "off":
            self._end_serving()
        self.host.power(on=action == "on")
        return "unknown"

    # --- where everything stands

    def fingerprint(self, place: str) -> object:
        """Two runs that agree in this go on alike."""
        now = self.time.now()
        return (
            place,
            self.host.state,
            self.cut,
            self.alive,
            self.disturbed,
            self.read,
            self.touched,
            self.performed & _ANNOUNCED,
            self.performed <= _ANNOUNCED,
            bool(self.serving) and now - self.daemon._confirmed < 3.0,
            max(0.0, self.daemon._ready - now),
            max(0.0, self.host._down_until - now),
            _remembered(self.journal),
            tuple(sorted((_class(seconds), label) for seconds, label in self.time.pending())),
            tuple(sorted(self.sent.values())),
            frozenset(_position(one, now) for one in self.executor if not one.dead),
            frozenset((call.label, _position(one, now)) for one, call in self.serving.items() if not one.dead),
        )


class Call:
    """One call that changes the host, from being sent to its answer."""

    def __init__(
        self, world: VirtualWorld, verb: str, parameters: Mapping[str, Any], address: str, fate: Fault | None
    ) -> None:
        """A call of ``verb`` that has such a ``fate``."""
        self.world, self.verb, self.parameters, self.address, self.fate = world, verb, parameters, address, fate
        self.kind = fate.kind if fate is not None else ""
        self._waiting: greenlet | None = None
        self._answer: Done | Failure | None = None
        self.label = f"{verb} {fate}"

    def made(self, timeout: float) -> Done | Failure:
        """Make it, and wait for the answer."""
        world = self.world
        if self.kind == "late":
            world.sent[id(self)] = self.label
        elif world.reached(self.address):
            self.deliver()
            if self.kind == "reset":
                world.touched = True
                return RESET
        self._waiting = getcurrent()
        due = world.time.at(world.time.now() + timeout, self._wake, "timeout")
        try:
            if self._answer is None:
                world.time.wait()
        finally:  # its caller may have been killed
            refused = isinstance(self._answer, Failure) and self._answer.retryable
            world.touched |= self.verb == "setupNetworks" and not refused
            due.off, self._waiting = True, None
            if self.kind == "late" and self.fate is not None:
                world.sent.pop(id(self))
                world.time.at(world.time.now() + self.fate.amount, self.deliver, self.label)
        return self._answer or TIMED_OUT

    def deliver(self) -> None:
        """It reaches the host, if there is a way."""
        world = self.world
        if world.reached(self.address):
            served = world.time.spawn(self._serve, label=self.label)
            world.serving[served] = self
            self.served = served
        else:
            world.say(f"{self.verb} does not arrive any more")

    def reset(self) -> None:
        """The other side is gone."""
        if not self.world.cut:
            self._answered(RESET)

    def _serve(self) -> None:
        world = self.world
        world.say(f"VDSM begins {self.verb}")
        if world.scenario.transport == "engine" and self.verb == "setupNetworks":
            world.time.spawn(self._signs, label="engine")
        if world.scenario.any_confirms:
            world.daemon.confirm()
        if self.kind == "dies-within" and self.fate is not None:
            world.host.fate = Mishap("setupNetworks", "dies", 1, self.fate.amount)
        elif self.kind == "power-cut":
            world.host.fate = Mishap("setupNetworks", "power-cut")
        me = getcurrent()
        outcome = world.host.call(self.verb, self.parameters, self.address)
        world.serving.pop(me, None)
        world.say(f"VDSM ends {self.verb}: {outcome.value}")
        if outcome.mishap is not None:  # VDSM or the host is gone, with every call
            world.disturbed = True
            world._end_serving()
            self.reset()
            return
        if self.kind == "twice" and self.fate is not None:
            world.time.at(world.time.now() + self.fate.amount, self._again().deliver, "again")
        if self.kind not in ("lost", "late") and world.reached(self.address):
            refused = outcome.value if isinstance(outcome.value, Refusal) else None
            self._answered(Done() if refused is None else vdsm_failure(self.verb, *refused))

    def _signs(self) -> None:
        """The engine's own."""
        while self in self.world.serving.values():
            if self.world.reached(self.address):
                self.world.daemon.confirm()
            self.world.time.sleep(SIGN_EVERY, "engine")

    def _again(self) -> "Call":
        return Call(self.world, self.verb, self.parameters, self.address, Fault("lost"))

    def _answered(self, answer: Done | Failure) -> None:
        if self._answer is None:
            self._answer = answer
            if self._waiting is not None:
                self.world.time.at(self.world.time.now(), self._wake, "reply")

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.dead:
            waiting.switch()


class Direct:
    """VDSM, spoken to itself."""

    def __init__(self, world: VirtualWorld, address: str) -> None:
        """At an address."""
        self.world, self.address = world, address

    def ping(self, *, timeout: float) -> Done | Failure:
        """Instantly."""
        return self.world.instantly("ping", self.address, timeout)

    def confirm(self, *, timeout: float) -> Done | Failure:
        """Instantly."""
        return self.world.instantly("confirm", self.address, timeout)

    def capabilities(self, *, timeout: float) -> Document | Failure:
        """What the host is."""
        answer = self.world.instantly("getCapabilities", self.address, timeout)
        return answer if isinstance(answer, Failure) else self.world.capture(self.address)

    def set_up(self, request: Document, *, timeout: float) -> Done | Failure:
        """In its own time."""
        return self.world.long("setupNetworks", request, self.address, timeout)

    def commit(self, *, timeout: float) -> Done | Failure:
        """In its own time."""
        return self.world.long("setSafeNetworkConfig", {}, self.address, timeout)

    def fence(self, agent: FenceAgent, action: FenceAction, *, timeout: float) -> Power | Failure:  # noqa: ARG002  a Speaker
        """As proxy for the host, over a network of its own."""
        return self.world.fence(action)

    def at(self, address: str) -> "Direct":
        """At another address."""
        return type(self)(self.world, address)


class ThroughEngine(Direct):
    """The engine's way: it confirms by itself, builds only what is defined, and does not tell what is unsaved."""

    def confirm(self, *, timeout: float) -> Done | Failure:  # noqa: ARG002  a Speaker
        """Nothing to do."""
        return Done()

    def capabilities(self, *, timeout: float) -> Document | Failure:
        """Without netConfigDirty."""
        answer = self.world.instantly("getCapabilities", self.address, timeout)
        return answer if isinstance(answer, Failure) else self.world.capture(self.address, dirty=False)

    def set_up(self, request: Document, *, timeout: float) -> Done | Failure:
        """What is defined."""
        wanted = self.world.scenario.order.plan["steps"][-1]["request"]
        if request["networks"] != wanted["networks"]:
            return NOT_DEFINED
        answer = self.world.long("setupNetworks", request, self.address, timeout)
        return LOST_HOST if answer is RESET else answer

    def at(self, address: str) -> "ThroughEngine":  # noqa: ARG002  a Speaker
        """It is the engine that is spoken to."""
        return self


def _briefly(parameters: Mapping[str, Any]) -> str:
    networks = parameters.get("networks", {})
    shape = ", ".join(
        f"{name} {'bridged' if network.get('bridged') in (True, 'true') else 'bridgeless'}"
        for name, network in networks.items()
    )
    return f" ({shape}; {parameters['options']})" if networks else ""


def _class(seconds: float) -> int:
    """How far away: what is far away by much is as far as what is far away by little more."""
    return bisect(_CLASSES, seconds)


_CLASSES = (-4.0, -1.0, 0.01, 1.01, 2.01, 4.01, 8.01)


def _remembered(journal: list[Step]) -> object:
    """What later steps ask of a journal: the last step of each name, how often the request was sent and saved."""
    last = {step.name: (step.next, step.problem.get("code"), *step.found) for step in journal}
    times = tuple(sum(step.name == name for step in journal) for name in _COUNTED)
    problem = next((step.problem["code"] for step in reversed(journal) if step.problem), "")
    adopted = any(step.name == "verify-adopt" and step.next == "announce" for step in journal)
    return journal[-1].name if journal else "", frozenset(last.items()), times, problem, adopted


_ANNOUNCED = frozenset({"announce", "announce-adopt"})
_COUNTED = ("set-up", "commit")
_APPLY = "planner/apply"
_DEADLINES = ("end", "since", "began")


def _position(one: greenlet, now: float) -> tuple[Any, ...]:
    """Where a greenlet waits, and what it has found so far."""
    found: list[Any] = []
    frame: FrameType | None = sys._getframe() if one is getcurrent() else one.gr_frame
    while frame is not None:
        code = frame.f_code
        found += (code.co_name, frame.f_lasti)
        if _APPLY in code.co_filename or code.co_name == "_check":
            for name, value in frame.f_locals.items():
                if isinstance(value, float):
                    found.append(_class(value - now) if name in _DEADLINES else value)
                elif isinstance(value, Sight):
                    found.append(value.capture[MARK])
                elif isinstance(value, Failure):
                    found += (value.kind, value.code, value.sent)
                elif isinstance(value, Done | bool | str):
                    found.append(str(value))
                elif name == "over":
                    found.append(value.is_set())
        frame = frame.f_back
    return tuple(found)
