"""The real machine in the place of the stand-in's: `planner.simulator.kernel.Kernel` (and Restorable) over iproute2."""

from collections.abc import Callable

from lab.agent.becoming import become
from lab.agent.configuring import configured
from lab.agent.iproute import KernelRefusedError, Record
from lab.agent.looking import kind_of, look
from lab.agent.machine import Machine, machine_of
from lab.agent.reading import reading
from planner.simulator.kernel import Config, Fault

SHOWN_FIRST = ("nic", "bond", "vlan", "bridge", "")


class Host:
    """The machine that this process runs on, in its network namespace."""

    def __init__(self, restart: Callable[[], None] | None = None) -> None:
        """``restart`` reboots the machine; without it a reboot is played: the host is again as it is now."""
        self._restart = restart
        self._cold = machine_of(look())

    def netinfo(self) -> Record:
        """The devices, as getVdsCaps tells them."""
        return reading(look())

    def configure(self, before: Config, after: Config) -> Fault | None:
        """Be what ``after`` wants, coming from ``before``; or be as now, and say why."""
        present = machine_of(look())
        wanted = configured(present, before, after)
        if isinstance(wanted, Fault):
            return wanted
        try:
            become(wanted)
        except KernelRefusedError as refused:
            become(present)
            return Fault(str(refused))
        return None

    def reboot(self) -> None:
        """Restart; what the agent did and nobody stored is gone."""
        if self._restart is not None:
            self._restart()
            return
        become(self._cold)

    def local_addresses(self) -> dict[str, str]:
        """Every address and its device; of several devices the lowest counts."""
        rows = sorted(look().links.values(), key=lambda row: SHOWN_FIRST.index(kind_of(row)))
        found: dict[str, str] = {}
        for row in rows:
            for entry in row.get("addr_info", ()):
                if "local" in entry:
                    found.setdefault(entry["local"], row["ifname"])
        return found

    def reachable(self, _address: str) -> bool:
        """Whether packets come through is the real network's business."""
        return True

    def checkpoint(self) -> object:
        """The machine as it is."""
        return machine_of(look())

    def restore(self, checkpoint: object) -> None:
        """The machine as it was."""
        if isinstance(checkpoint, Machine):
            become(checkpoint)
