"""VDSM's daemon over a machine: running and persistent configuration, the network verbs, their lock, the check.

Source: docs/vdsm.md, Saving. The daemon is called from several threads: a confirm comes in while a setup waits for it.
"""

import copy
import threading
from collections.abc import Callable

from planner.standin.canonical import Call, canonical_call, truth
from planner.standin.caps import TODAY, Age, reported_networks
from planner.standin.clock import Clock
from planner.standin.faults import Mishap, interrupted, spoilt
from planner.standin.kernel import (
    BUSY,
    EMPTY,
    LOST_CONNECTION,
    RECOVERING,
    Config,
    Kernel,
    Record,
    Refusal,
    Restorable,
    crash,
)
from planner.standin.validation import verdict

CHECK_SECONDS = 4  # connectivityTimeout, when the call does not state it
Judge = Callable[[dict[str, Record], dict[str, Record], Record, Config], Call | Refusal]


class DaemonDiedError(Exception):
    """The daemon, or the machine with it, is gone in the middle of a verb; nobody gets an answer."""


class PowerLostError(Exception):
    """The machine is gone in the middle of a verb, changed, and the daemon has not recorded that."""


def judge(
    networks: dict[str, Record],
    bondings: dict[str, Record],
    netinfo: Record,
    running: Config,
    age: Age = TODAY,
) -> Call | Refusal:
    """The call in canonical form, or why a VDSM of ``age`` refuses it."""
    if not age.name_servers:
        networks = {name: _without_name_servers(network) for name, network in networks.items()}
    call = canonical_call(networks, bondings, netinfo, running)
    return call if isinstance(call, Refusal) else verdict(call, netinfo, running, age) or call


def _without_name_servers(network: Record) -> Record:
    return {key: value for key, value in network.items() if key != "nameservers"}


class Daemon:
    """One VDSM. ``backups``: its rollback and its boot restore the machine, as VDSM did before nmstate."""

    def __init__(
        self,
        kernel: Kernel,
        clock: Clock,
        running: Config = EMPTY,
        *,
        judged_by: Judge = judge,
        backups: bool = False,
        setup_seconds: float = 0.0,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """A daemon that has ``running``, and has stored it; ``changed`` is called when the machine is another one."""
        self._kernel = kernel
        self._clock = clock
        self._judge = judged_by
        self._backups = backups
        self._setup_seconds = setup_seconds
        self._changed = changed
        self._verb = threading.Lock()
        self._life = 0
        self._ready = clock.now()
        self._confirmed = -1.0
        self.running = running
        self.persistent = running
        self.dirty = False
        self._safe = self._checkpoint()

    def start(self, recovery: float) -> None:
        """Be a daemon that has just been started and recovers for ``recovery`` seconds."""
        self.stop()
        self._ready = self._clock.now() + recovery
        self._verb = threading.Lock()

    def stop(self) -> None:
        """Be gone, and with it whatever verb is under way."""
        self._life += 1

    def _wait(self, seconds: float) -> None:
        """Let time pass in the middle of a verb. Raises `DaemonDiedError` if the daemon was stopped meanwhile."""
        life = self._life
        self._clock.sleep(seconds)
        if self._life != life:
            raise DaemonDiedError

    def recovering(self) -> Refusal | None:
        """99, while the daemon has not come up yet."""
        if self._clock.now() >= self._ready:
            return None
        return Refusal(RECOVERING, "Recovering from crash or Initializing")

    def netinfo(self) -> Record:
        """The network part of getVdsCaps."""
        netinfo = self._kernel.netinfo()
        return {"networks": reported_networks(netinfo, self.running), **netinfo}

    def confirm(self) -> None:
        """Somebody outside reached this host just now."""
        self._confirmed = self._clock.now()

    def set_safe(self) -> Refusal | None:
        """Store the running configuration, so that it survives a reboot."""
        if not self._verb.acquire(blocking=False):
            return Refusal(BUSY, "Resource unavailable")
        try:
            self._commit()
        finally:
            self._verb.release()
        return None

    def setup_networks(
        self, networks: dict[str, Record], bondings: dict[str, Record], options: Record, mishap: Mishap | None = None
    ) -> Refusal | None:
        """Carry out a setupNetworks call; None is Done. ``mishap`` is what shall go wrong on the way."""
        lock = self._verb
        if not lock.acquire(blocking=False):
            return Refusal(BUSY, "Resource unavailable")
        try:
            # The lab's VDSM was dirty also after a setup that had failed.
            self.dirty = True
            call = self._judge(networks, bondings, self._kernel.netinfo(), self.running)
            return call if isinstance(call, Refusal) else self._carry_out(call, options, mishap)
        finally:
            lock.release()

    def _carry_out(self, call: Call, options: Record, mishap: Mishap | None) -> Refusal | None:
        before, after = self.running, _applied(self.running, call)
        kind = mishap.kind if mishap is not None else ""
        if mishap is not None and kind == "dies":
            partial = interrupted(before, after, int(mishap.amount))
            self._kernel.configure(before, partial)
            self.running = partial
            self._changed()
            raise DaemonDiedError
        way_back = self._checkpoint()
        self._wait(self._setup_seconds)
        fault = self._kernel.configure(_with_strangers(before, call), spoilt(after, kind))
        if fault is not None:
            return crash(fault.reason)
        if kind == "power-cut":
            raise PowerLostError
        self.running = after
        self._changed()
        if truth(options.get("connectivityCheck", True)) and not options.get("_inRollback"):
            refusal = self._check(int(options.get("connectivityTimeout", CHECK_SECONDS)))
            if refusal is not None:
                self._go_back(after, before, way_back)
                return refusal
        # VDSM does not convert this one: the text "false" counts as true (docs/vdsm.md, Canonical form).
        if options.get("commitOnSuccess"):
            self._commit()
        return None

    def _check(self, timeout: int) -> Refusal | None:
        began = self._clock.now()
        for look in range(timeout + 1):
            if look:
                self._wait(1)
            if self._confirmed > began or (look and self._confirmed == began):
                return None
        return Refusal(LOST_CONNECTION, "connectivity check failed")

    def _go_back(self, after: Config, before: Config, way_back: object) -> None:
        self._kernel.configure(after, before)
        self._restore(way_back)
        self.running = before
        self._changed()

    def boot(self, recovery: float) -> None:
        """Come up after a restart of the machine."""
        self._kernel.reboot()
        self.restore_nets()
        self.start(recovery)
        self._changed()

    def restore_nets(self) -> None:
        """Restore what is stored, where anything else was recorded, over what the machine came up with by itself.

        Networks that were not stored are removed; bonds are not.
        """
        if self.running != self.persistent:
            kept = {name: bond for name, bond in self.running.bonds.items() if name in self.persistent.bonds}
            self._kernel.configure(Config(self.running.networks, kept), self.persistent)
        self._restore(self._safe)
        self.running = self.persistent
        self.dirty = False

    def _commit(self) -> None:
        self.persistent = copy.deepcopy(self.running)
        self.dirty = False
        self._safe = self._checkpoint()

    def _checkpoint(self) -> object:
        return self._kernel.checkpoint() if self._backups and isinstance(self._kernel, Restorable) else None

    def _restore(self, checkpoint: object) -> None:
        if checkpoint is not None and isinstance(self._kernel, Restorable):
            self._kernel.restore(checkpoint)


def _with_strangers(running: Config, call: Call) -> Config:
    """``running``, and the bonds that go although VDSM did not make them."""
    strangers = {name: bond for name, bond in call.bondings.items() if bond.get("remove")}
    return Config(running.networks, {**strangers, **running.bonds})


def _applied(running: Config, call: Call) -> Config:
    networks, bonds = dict(running.networks), dict(running.bonds)
    for kept, asked in ((networks, call.networks), (bonds, call.bondings)):
        for name, record in asked.items():
            if record.get("remove"):
                kept.pop(name, None)
            else:
                kept[name] = copy.deepcopy(record)
    return Config(networks, bonds)
