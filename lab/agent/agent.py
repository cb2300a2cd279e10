"""VDSM's place on a real kernel: the stand-in's daemon over `lab.agent.host.Host`, and a disk for what is stored."""

import threading
from collections.abc import Mapping
from typing import Any

from lab.agent.host import Host
from lab.agent.iproute import Record
from lab.agent.storing import store, stored
from planner.standin.host import Outcome, StandIn

ABOUT = {  # what caps tell besides the network
    "software_version": "4.50.7",
    "software_revision": "1",
    "clusterLevels": ["4.6", "4.7"],
    "supportedENGINEs": ["4.4", "4.5"],
    "supportsIPv6": True,
    "ovnConfigured": False,
}
CHANGING = ("setupNetworks", "setSafeNetworkConfig")


class Agent(StandIn):
    """One host. ``folder`` is its disk; at the start, which stands for the boot, VDSM restores what is stored there.

    What the machine is at the start, NetworkManager's profiles made of it. ``folder`` has the persistent configuration,
    ``folder.running`` the running one, which is on the disk before anybody has confirmed it.
    """

    def __init__(self, host: Host, folder: str, *, recovery: float = 0.0) -> None:
        """Restore what ``folder`` tells, and be ready after ``recovery`` seconds."""
        self._places = (folder, f"{folder}.running")
        self._disk = threading.Lock()
        self._changing = 0
        stored_configs = persistent, running = stored(folder), stored(f"{folder}.running")
        self._on_disk = stored_configs
        host.write_profiles()
        document: Record = {**ABOUT, **host.netinfo(), "networks": {}}
        super().__init__(document, kernel=host, persistent=persistent, backups=False, recovery=recovery)
        self._daemon.running = running
        self._daemon.restore_nets()
        self._write()

    @property
    def busy(self) -> bool:
        """Whether a call that changes something is being carried out."""
        return self._changing > 0

    def call(self, verb: str, parameters: Mapping[str, Any], local: str = "") -> Outcome:
        """Carry out a call; what it committed is on the disk before the answer is out."""
        if verb not in CHANGING:
            return super().call(verb, parameters, local)
        with self._disk:
            self._changing += 1
        try:
            return super().call(verb, parameters, local)
        finally:
            self._write()
            with self._disk:
                self._changing -= 1

    def _moved(self) -> None:
        super()._moved()
        self._write()

    def _write(self) -> None:
        with self._disk:
            configs = (self.persistent, self.running)
            for place, config, known in zip(self._places, configs, self._on_disk, strict=True):
                if config != known:
                    store(place, config)
            self._on_disk = configs
