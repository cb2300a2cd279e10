"""A stand-in host: a VDSM with its machine, its power, its faults, and a log of what it was asked."""

import contextlib
import copy
import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import count
from typing import Any, NamedTuple, Protocol

from planner.standin import vdsm2012
from planner.standin.caps import Age, adopted, age_of
from planner.standin.clock import Clock, WallClock
from planner.standin.daemon import Daemon, DaemonDiedError, PowerLostError, judge
from planner.standin.faults import EVERY, VERBS, Mishap
from planner.standin.kernel import (
    BUSY,
    EMPTY,
    INTERNAL,
    NO_FENCE_AGENT,
    RECOVERING,
    Config,
    Kernel,
    Record,
    Refusal,
    crash,
)
from planner.standin.machine import Picture, Surroundings

# Baseboard controllers that a host reaches with fenceNode (docs/vdsm.md, Fencing).


AGENTS = ("ipmilan", "ilo4", "ilo5", "drac5", "drac7", "apc", "rsa", "redfish")
ACTIONS = ("status", "on", "off", "reboot")


class Powered(Protocol):
    """A host that can be switched off and on."""

    @property
    def powered(self) -> bool:
        """Whether it has power."""
        ...

    def power(self, *, on: bool) -> None:
        """Switch it on (it boots) or off (it is gone at once)."""
        ...


class Controllers:
    """The controllers of a site, by address; one table serves all its hosts."""

    def __init__(self) -> None:
        """None yet."""
        self._hosts: dict[str, Powered] = {}

    def register(self, address: str, host: Powered) -> None:
        """Put ``host``'s controller at ``address``."""
        self._hosts[address] = host

    def addresses_of(self, host: Powered) -> tuple[str, ...]:
        """Where the controllers of ``host`` are."""
        return tuple(address for address, other in self._hosts.items() if other is host)

    def act(self, address: str, agent: str, action: str) -> Record | Refusal:
        """What VDSM answers to fenceNode: the power for ``status``, otherwise what became of the order."""
        if action not in ACTIONS:
            return crash(f"illegal action {action}")
        if agent not in AGENTS:
            return Refusal(NO_FENCE_AGENT, f"fence_{agent}: agent not found")
        host = self._hosts.get(address)
        if host is None:
            return Refusal(1, f"Connection timed out to {address}")
        if action == "status":
            return {"power": "on" if host.powered else "off"}
        if action in ("off", "reboot"):
            host.power(on=False)
        if action in ("on", "reboot"):
            host.power(on=True)
        return {"power": "unknown", "operationStatus": "initiated"}


OF_THE_MACHINE = (
    "nics",
    "bondings",
    "vlans",
    "bridges",
    "nameservers",
    "networks",
    "netConfigDirty",
    "lastClientIface",
)
CONFIRMING = ("confirmConnectivity", "ping")
NOT_CARRIED_OUT = {
    "half-open": Refusal(INTERNAL, "gone silent"),
    "busy": Refusal(BUSY, "Resource unavailable"),
    "recovering": Refusal(RECOVERING, "Recovering from crash or Initializing"),
    "crash": crash("made to crash"),
    "error-frame": Refusal(INTERNAL, "made to fail"),
    "checkpoint": crash("a checkpoint of NetworkManager's exists already"),
    "late": Refusal(INTERNAL, "lost on the way"),
}


class Outcome(NamedTuple):
    """What became of one call: ``value``, or why not; ``mishap``: what the wire shall do to the answer."""

    value: Any
    mishap: Mishap | None = None


class StandIn:
    """A host that behaves as the one in a capture; `call` may be called from any number of threads."""

    def __init__(  # noqa: PLR0913 each is a dial of its own, and all but the first have a setting that fits
        self,
        capture: Record,
        *,
        address: str = "",
        surroundings: Surroundings | None = None,
        faults: Iterable[Mishap] = (),
        clock: Clock | None = None,
        recovery: float = 0.0,
        boot_seconds: float = 0.0,
        setup_seconds: float = 0.0,
        backups: bool | None = None,
        kernel: Kernel | None = None,
        controllers: Controllers | None = None,
        persistent: Config | None = None,
    ) -> None:
        """From the getVdsCaps document ``capture``.

        ``address``: the management address, where the capture does not tell it: its device has several. ``clock``:
        real time if not given; the following are its seconds. ``recovery``: how long VDSM answers 99 after
        a start; ``boot_seconds``: how long a reboot takes; ``setup_seconds``: how long the machine takes to change
        (15 to 50 in the lab). ``backups``: whether rollback and boot restore what the host had before VDSM; None: as
        its age did. ``kernel``: another machine than the picture of the capture. ``persistent``: what VDSM has
        stored; None: all it runs, or nothing when the capture says netConfigDirty.
        """
        self.age: Age = age_of(capture)
        modern = vdsm2012.modernised(capture) if self.age.has_cfg else capture
        self._told = {key: copy.deepcopy(value) for key, value in capture.items() if key not in OF_THE_MACHINE}
        self._keys = vdsm2012.keys_of(capture)
        self.clock: Clock = clock or WallClock()
        self.kernel: Kernel = kernel or Picture(modern, surroundings, self.age)
        self.controllers = controllers or Controllers()
        self.silent = (surroundings or Surroundings()).silent
        self._daemon = Daemon(
            self.kernel,
            self.clock,
            adopted(modern),
            judged_by=vdsm2012.judge if self.age.elder else partial(judge, age=self.age),
            setup_seconds=setup_seconds,
            backups=self.age.backups if backups is None else backups,
            changed=self._moved,
        )
        dirty = str(capture.get("netConfigDirty")) == "True"
        self._daemon.dirty = dirty
        if persistent is not None or dirty:
            self._daemon.persistent = persistent or EMPTY
        self._inward = address or self._asked_at(str(capture.get("lastClientIface") or ""))
        self._recovery, self._boot_seconds = recovery, boot_seconds
        self._daemon.start(recovery)
        self._down_until = -math.inf
        self.trouble(faults)
        # `generation` counts what may have moved the host, `epoch` what cut off every client.
        self.generation = self.epoch = 0
        self.log: list[tuple[str, Any]] = []
        self.fired: list[Mishap] = []

    def _asked_at(self, device: str) -> str:
        """The address at which whoever took the capture reached the host: that of ``device``, IPv4 first."""
        held = [address for address, holder in self.kernel.local_addresses().items() if holder == device]
        return str(self._told.get("management_ip") or next(iter(held), ""))

    @property
    def running(self) -> Config:
        """VDSM's running configuration."""
        return self._daemon.running

    @property
    def persistent(self) -> Config:
        """What VDSM has stored, and will restore at a reboot."""
        return self._daemon.persistent

    @property
    def powered(self) -> bool:
        """Whether the host has power."""
        return self._down_until < math.inf

    @property
    def address(self) -> str:
        """The management address: the one that the capture was asked for at, or where the host is now; ``""``: none.

        A host that has moved is at the network with the default route, else at any network of VDSM's.
        """
        held = self.kernel.local_addresses()
        heard = [address for address in held if self.kernel.reachable(address)]
        if self._inward in heard:
            return self._inward
        networks = self.running.networks
        ours = [address for address in heard if held[address] in networks]
        routed = [address for address in ours if networks[held[address]].get("defaultRoute")]
        return (routed or ours or heard or [""])[0]

    def addresses(self) -> tuple[str, ...]:
        """The addresses at which the host answers now."""
        if self.clock.now() < self._down_until:
            return ()
        return tuple(address for address in self.kernel.local_addresses() if self.kernel.reachable(address))

    def caps(self, local: str = "") -> Record:
        """What getVdsCaps tells a client that is connected to the host's address ``local``."""
        netinfo = self._daemon.netinfo()
        holder = self.kernel.local_addresses().get(local or self.address, "")
        caps = {**self._told, **netinfo, "netConfigDirty": str(self._daemon.dirty), "lastClientIface": holder}
        return self._as_of_its_age(caps)

    def _as_of_its_age(self, caps: Record) -> Record:
        return caps if self.age.nmstate else vdsm2012.rendered(caps, self.age, self._keys)

    def _stats(self) -> Record:
        """What getStats tells of a host without virtual machines; nothing is counted on its nics."""
        nics = self.kernel.netinfo()["nics"]
        idle = {"state": "up", "rxErrors": "0", "txErrors": "0", "rxDropped": "0", "txDropped": "0"}
        network = {name: {"name": name, "speed": str(nic.get("speed", 0)), **idle} for name, nic in nics.items()}
        return {"network": network, "vmCount": 0, "vmActive": 0, "netConfigDirty": str(self._daemon.dirty)}

    def trouble(self, faults: Iterable[Mishap]) -> None:
        """From now on these go wrong and no others; calls are counted anew."""
        self._faults = tuple(faults)
        # A counter each, since `next` is one step for all threads and `+= 1` is not.
        self._turns = {verb: count(1) for verb in VERBS}

    def mishap(self, verb: str) -> Mishap | None:
        """Count a call of ``verb``, and say which fault it meets."""
        turns = (EVERY, next(self._turns[verb]))
        met = next((fault for fault in self._faults if fault.verb == verb and fault.occurrence in turns), None)
        if met is not None:
            self.fired.append(met)
        return met

    def call(self, verb: str, parameters: Mapping[str, Any], local: str = "") -> Outcome:
        """Carry out one call that came in at the address ``local``; the value of its `Outcome` may be a `Refusal`."""
        hidden = {"password": "***"} if "password" in parameters else {}
        self.log.append((verb, copy.deepcopy({**parameters, **hidden})))
        mishap = self.mishap(verb)
        refusal = NOT_CARRIED_OUT.get(mishap.kind) if mishap is not None else None
        if mishap is not None and mishap.kind == "late":
            afterwards = partial(self._carry_out_late, verb, parameters, local, self.epoch)
            self.clock.at(self.clock.now() + mishap.amount, afterwards)
        if refusal is not None:
            return Outcome(refusal, mishap)
        epoch = self.epoch
        try:
            value = self._carry_out(verb, parameters, local, mishap)
        except DaemonDiedError:
            if self.epoch == epoch:  # otherwise it went with the machine, which has seen to it
                self._restart_daemon()
            return Outcome(Refusal(INTERNAL, "VDSM died"), mishap)
        except PowerLostError:
            self._boot()
            return Outcome(Refusal(INTERNAL, "the power is gone"), mishap)
        except Exception as failure:  # noqa: BLE001 a stand-in that is sent nonsense answers as VDSM does when it crashes
            value = crash(str(failure))
        if mishap is not None and mishap.kind == "slow":
            self.clock.sleep(mishap.amount)
        return Outcome(value, mishap)

    def _carry_out_late(self, verb: str, parameters: Mapping[str, Any], local: str, epoch: int) -> None:
        """Carry out a call that nobody waits for any more, unless a restart has swept it away."""
        if self.epoch == epoch:
            with contextlib.suppress(DaemonDiedError):
                self._carry_out(verb, parameters, local, None)

    def _carry_out(self, verb: str, given: Mapping[str, Any], local: str, mishap: Mishap | None) -> Any:
        # What was under way to an address that is cut off by now would not have arrived on a real wire.
        if (verb in CONFIRMING or self.age.xmlrpc_only) and (not local or self.kernel.reachable(local)):
            self._daemon.confirm()
        recovering = self._daemon.recovering()
        if recovering is not None:
            return recovering
        if verb == "setupNetworks":
            networks, bondings, options = (given.get(key) or {} for key in ("networks", "bondings", "options"))
            done = {"code": 0, "message": "Done"}
            return self._daemon.setup_networks(networks, bondings, options, mishap) or done
        if verb == "fenceNode":
            return self.controllers.act(str(given["addr"]), str(given["agent"]), str(given["action"]))
        answers: dict[str, Callable[[], Any]] = {
            "setSafeNetworkConfig": lambda: self._daemon.set_safe() or True,
            "getCapabilities": lambda: self.caps(local),
            "getNetworkCapabilities": lambda: self._as_of_its_age(self._daemon.netinfo()),
            "getStats": self._stats,
            "getVMList": list,
        }
        return answers.get(verb, lambda: True)()

    def power(self, *, on: bool) -> None:
        """Switch the host off, at once, or on: it boots."""
        if not on:
            self._down_until = math.inf
            self._daemon.stop()
            self._gone()
        elif not self.powered:
            self._boot()

    def reboot(self) -> None:
        """Restart the host: every connection goes, and what was not stored is lost."""
        self._boot()

    def _boot(self) -> None:
        mishap = self.mishap("reboot")
        if mishap is not None and mishap.kind == "never-ends":
            self._down_until = math.inf
            self._daemon.stop()
        else:
            self._down_until = self.clock.now() + self._boot_seconds
            self._daemon.boot(self._recovery + self._boot_seconds)
        self._gone()

    def _restart_daemon(self) -> None:
        self._daemon.start(self._recovery)
        self._gone()

    def _gone(self) -> None:
        self.epoch += 1
        self._moved()

    def _moved(self) -> None:
        self.generation += 1
