"""VDSM's place on a real kernel: the stand-in's daemon over `lab.agent.host.Host`, and a disk for what is stored."""

import threading
from collections.abc import Mapping
from typing import Any

from lab.agent.host import Host
from lab.agent.iproute import Record
from lab.agent.storing import store, stored
from planner.simulator.kernel import EMPTY
from planner.simulator.standin import Outcome, StandIn

ABOUT = {  # what caps tell besides the network
    "software_version": "4.50",
    "software_revision": "7",
    "clusterLevels": ["4.6", "4.7"],
    "supportedENGINEs": ["4.4", "4.5"],
    "supportsIPv6": True,
    "ovnConfigured": False,
}
STORING = ("setupNetworks", "setSafeNetworkConfig")


class NotRestoredError(Exception):
    """The stored configuration could not be restored at the start."""


class Agent(StandIn):
    """One host. ``folder`` is its disk; at the start, which stands for the boot, what is stored there is restored.

    ``backups``: a rollback brings back all that the host had. VDSM's own, since nmstate, brings back only what VDSM
    had configured (vdsm.md 7.3).
    """

    def __init__(self, host: Host, folder: str, *, backups: bool = True, recovery: float = 0.0) -> None:
        """Restore what ``folder`` tells, and be ready after ``recovery`` seconds."""
        config = stored(folder)
        fault = host.configure(EMPTY, config)
        if fault is not None:
            raise NotRestoredError(fault.reason)
        document: Record = {**ABOUT, **host.netinfo(), "networks": {}}
        super().__init__(document, kernel=host, persistent=config, backups=backups, recovery=recovery)
        self._daemon.running = config
        self._folder = folder
        self._disk = threading.Lock()
        self._on_disk = config
        self._changing = 0

    @property
    def busy(self) -> bool:
        """Whether a call that changes something is being carried out."""
        return self._changing > 0

    def call(self, verb: str, parameters: Mapping[str, Any], local: str = "") -> Outcome:
        """Carry out a call; what it committed is on the disk before the answer is out."""
        if verb not in STORING:
            return super().call(verb, parameters, local)
        with self._disk:
            self._changing += 1
        try:
            outcome = super().call(verb, parameters, local)
        finally:
            with self._disk:
                self._changing -= 1
                if self.persistent != self._on_disk:
                    store(self._folder, self.persistent)
                    self._on_disk = self.persistent
        return outcome
