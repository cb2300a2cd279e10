"""A host for exploring: the stand-in's daemon and machine, with everything remembered that was computed once.

Runs by the hundred thousand meet the same few dozen states, so a state has a number, and what follows from it (what
the machine becomes, what VDSM tells, what it means) is found by that.
"""

import json
from collections.abc import Callable, Mapping
from itertools import count
from threading import Lock
from typing import Any, NamedTuple

from virtual_time import Due, Time

from planner.host.capture import read_capture
from planner.host.model import Host
from planner.standin.canonical import Call
from planner.standin.caps import Age, age_of
from planner.standin.daemon import Daemon, DaemonDiedError, PowerLostError
from planner.standin.devices import Devices
from planner.standin.faults import Mishap
from planner.standin.host import Outcome, StandIn
from planner.standin.kernel import INTERNAL, Config, Fault, Record, Refusal
from planner.standin.machine import Picture
from planner.standin.vdsm2012 import modernised

MARK = "explored"  # the number of a state, in the captures that are told in it
MARKS = count()
SETUP_SECONDS, RECOVERY, BOOT_SECONDS = 1.0, 1.0, 2.0


class Machine(Picture):
    """The stand-in's machine; what it becomes is computed once, and its devices are never changed in place."""

    def __init__(self, netinfo: dict[str, Any], age: Age) -> None:
        """As the picture of ``netinfo``, with a VDSM of ``age``."""
        super().__init__(netinfo, age=age)
        self._outcomes: dict[tuple[int, str, str], tuple[Devices, Fault | None]] = {}
        self._texts: dict[int, str] = {}
        self._reported: dict[int, dict[str, Any]] = {}
        self._heard: dict[tuple[int, str], bool] = {}
        self._kept: list[Devices] = []

    @property
    def devices(self) -> Devices:
        """What there is now."""
        return self._devices

    def text(self, devices: Devices) -> str:
        """The devices in words, to tell whether two are the same."""
        if id(devices) not in self._texts:
            self._kept.append(devices)  # so that its id stays its own
            self._texts[id(devices)] = json.dumps([devices.sections, devices.nameservers], sort_keys=True)
        return self._texts[id(devices)]

    def configure(self, before: Config, after: Config) -> Fault | None:
        """As the picture does."""
        self.text(self._devices)
        key = id(self._devices), text_of(before), text_of(after)
        if key not in self._outcomes:
            fault = super().configure(before, after)
            self.text(self._devices)
            self._outcomes[key] = self._devices, fault
        self._devices, fault = self._outcomes[key]
        return fault

    def netinfo(self) -> dict[str, Any]:
        """The devices, as VDSM reports them; whoever asks leaves them alone."""
        self.text(self._devices)
        if id(self._devices) not in self._reported:
            self._reported[id(self._devices)] = super().netinfo()
        return self._reported[id(self._devices)]

    def checkpoint(self) -> object:
        """The machine as it is."""
        return self._devices

    def restore(self, checkpoint: object) -> None:
        """The machine as it was."""
        if isinstance(checkpoint, Devices):
            self._devices = checkpoint

    def reachable(self, address: str) -> bool:
        """As the picture says."""
        self.text(self._devices)
        key = id(self._devices), address
        if key not in self._heard:
            self._heard[key] = super().reachable(address)
        return self._heard[key]


class _Clock:
    """The clock of a stand-in that outlives many runs, each with a time of its own."""

    time: Time

    def now(self) -> float:
        return self.time.now() if hasattr(self, "time") else 0.0

    def sleep(self, seconds: float) -> None:
        self.time.sleep(seconds, "vdsm")

    def at(self, moment: float, action: Callable[[], object]) -> Due:
        return self.time.at(moment, action, "vdsm")


class Parts(NamedTuple):
    """What a state consists of."""

    devices: Devices
    running: Config
    persistent: Config
    dirty: bool
    safe: object


class VirtualHost(StandIn):
    """A stand-in that begins anew for each run."""

    def __init__(self, capture: dict[str, Any], address: str) -> None:
        """The host of ``capture``, managed at ``address``."""
        age = age_of(capture)
        super().__init__(
            capture,
            address=address,
            clock=_Clock(),
            recovery=RECOVERY,
            boot_seconds=BOOT_SECONDS,
            setup_seconds=SETUP_SECONDS,
            kernel=Machine(modernised(capture) if age.has_cfg else capture, age),
        )
        self.fate: Mishap | None = None
        self._numbers: dict[object, int] = {}
        self._captures: dict[tuple[int, str, bool], dict[str, Any]] = {}
        self._known: dict[tuple[int, int, int, int, bool], int] = {}
        self._kept: list[object] = []
        judge, judged = self.daemon._judge, dict[str, Call | Refusal]()

        def remembered(networks: Record, bondings: Record, netinfo: Record, running: Config) -> Call | Refusal:
            key = json.dumps([networks, bondings, running]) + self.machine.text(self.machine.devices)
            if key not in judged:
                judged[key] = judge(networks, bondings, netinfo, running)
            return judged[key]

        self.daemon._judge = remembered
        self._initial = self.parts

    @property
    def parts(self) -> Parts:
        """What its state consists of."""
        daemon = self.daemon
        return Parts(self.machine.devices, daemon.running, daemon.persistent, daemon.dirty, daemon._safe)

    @property
    def daemon(self) -> Daemon:
        """VDSM."""
        return self._daemon

    @property
    def machine(self) -> Machine:
        """The machine below."""
        assert isinstance(self.kernel, Machine)
        return self.kernel

    def begin(self, time: Time, parts: Parts | None = None) -> None:
        """Be the host as it was at the beginning, or in another run."""
        assert isinstance(self.clock, _Clock)
        self.clock.time = time
        self.machine._devices, self.daemon.running, self.daemon.persistent, self.daemon.dirty, safe = (
            parts or self._initial
        )
        self.daemon._safe = safe
        self.daemon._confirmed = -1.0
        self.daemon._ready = self._down_until = 0.0
        self.daemon._verb = Lock()
        self.fate = None
        self._known.clear()
        self._kept.clear()

    def mishap(self, verb: str) -> Mishap | None:
        """What was chosen to go wrong with the next setupNetworks."""
        fate, self.fate = (self.fate, None) if verb == "setupNetworks" else (None, self.fate)
        return fate

    def call(self, verb: str, parameters: Mapping[str, Any], local: str = "") -> Outcome:
        """As the stand-in, without a log."""
        mishap, epoch = self.mishap(verb), self.epoch
        try:
            return Outcome(self._carry_out(verb, parameters, local, mishap), mishap)
        except DaemonDiedError:
            if self.epoch == epoch:
                self._restart_daemon()
        except PowerLostError:
            self._boot()
        return Outcome(Refusal(INTERNAL, "gone"), mishap)

    def up(self, address: str) -> bool:
        """Whether the host, powered, answers at ``address``."""
        return self.clock.now() >= self._down_until and self.machine.reachable(address)

    @property
    def state(self) -> int:
        """The number of the state in which machine and daemon are."""
        daemon = self.daemon
        parts = self.machine.devices, daemon.running, daemon.persistent, daemon._safe
        quick = (*map(id, parts), daemon.dirty)
        if quick not in self._known:
            self._kept += parts
            safe = self.machine.text(daemon._safe) if isinstance(daemon._safe, Devices) else ""
            full = (
                self.machine.text(self.machine.devices),
                text_of(daemon.running),
                text_of(daemon.persistent),
                safe,
                daemon.dirty,
            )
            self._known[quick] = self._numbers.setdefault(full, len(self._numbers))
        return self._known[quick]

    def told(self, address: str, *, dirty: bool = True) -> dict[str, Any]:
        """What getVdsCaps tells at ``address``; ``dirty``: also whether something is unsaved."""
        key = self.state, address, dirty
        if key not in self._captures:
            capture = dict(self.caps(address), **{MARK: next(MARKS)})
            if not dirty:
                capture.pop("netConfigDirty")
            self._captures[key] = capture
        return self._captures[key]


class Reader:
    """Reads captures, each once."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._read: dict[tuple[int, str], Any] = {}

    def __call__(self, capture: dict[str, Any], source: str) -> Any:
        """As `planner.host.capture.read_capture`."""
        key = capture.get(MARK, -1), source
        if key not in self._read:
            self._read[key] = read_capture(capture, source)
        return self._read[key]

    def host(self, capture: dict[str, Any], source: str) -> Host:
        """The host of a capture that can be read."""
        host: Host | None = self(capture, source).host
        assert host is not None
        return host


def text_of(config: Config) -> str:
    """A configuration in words."""
    return json.dumps(config, sort_keys=True)
