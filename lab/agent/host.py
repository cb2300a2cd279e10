"""The real machine in the place of the stand-in's: `planner.standin.kernel.Kernel` (and Restorable) over iproute2."""

from lab.agent.becoming import become
from lab.agent.configuring import configured
from lab.agent.iproute import KernelRefusedError, Record
from lab.agent.looking import kind_of, look
from lab.agent.machine import Link, Machine, machine_of
from lab.agent.reading import reading
from lab.agent.storing import store_machine, stored_machine
from planner.standin.kernel import Config, Fault

SHOWN_FIRST = ("nic", "bond", "vlan", "bridge", "")


class Host:
    """The machine that this process runs on, in its network namespace, with NetworkManager's profiles.

    A profile is what a device will be after a reboot. Whatever nmstate does to a device it writes into the device's
    profile at once, so that the host's own configuration is gone with VDSM's first network.
    """

    def __init__(self, profiles: str = "") -> None:
        """``profiles``: the file that outlives a reboot; a machine that has just started becomes what it tells.

        "": they are kept in memory, and reboots are played.
        """
        self._file = profiles
        self._profiles = stored_machine(profiles) if profiles else None
        if self._profiles is not None:
            become(self._profiles)
        else:
            self.write_profiles()

    def write_profiles(self) -> None:
        """Have the machine come up after a reboot as it is now."""
        self._profiles = machine_of(look())
        if self._file:
            store_machine(self._file, self._profiles)

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
        self.write_profiles()
        return None

    def reboot(self) -> None:
        """Play a restart: nothing but the nics is left, then the profiles come up."""
        nics = {name: link for name, link in machine_of(look()).links.items() if link.kind == "nic"}
        become(Machine({name: Link("nic", link.mtu, up=False, mac=link.mac) for name, link in nics.items()}))
        if self._profiles is not None:
            become(self._profiles)

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
