"""How old a host's VDSM is, and what follows from that (vdsm.md 4.2, 5.1, 8.1)."""

from typing import NamedTuple

from planner.simulator.kernel import Record

DEFAULT_ROUTE_SINCE = (4, 14)  # oVirt 3.4: defaultRoute; before, a gateway was always the host's
STOMP_SINCE = (4, 16)  # oVirt 3.5
NO_CFG_SINCE = (4, 19)  # oVirt 4.1
NO_XMLRPC_SINCE = (4, 20)  # oVirt 4.2
NMSTATE_SINCE = (4, 40)  # oVirt 4.4
NEWEST = (4, 50)


class Age(NamedTuple):
    """VDSM's ``version`` as (major, minor), and what it can."""

    version: tuple[int, ...]

    @property
    def elder(self) -> bool:
        """Whether requests and caps are those of 2012."""
        return self.version < DEFAULT_ROUTE_SINCE

    @property
    def has_cfg(self) -> bool:
        """Whether its caps hold ifcfg files, and part of the truth only there."""
        return self.version < NO_CFG_SINCE

    @property
    def backups(self) -> bool:
        """Whether rollback and boot put back ifcfg files, and with them what the host had before VDSM."""
        return self.version < NMSTATE_SINCE

    @property
    def nmstate(self) -> bool:
        """Whether nmstate sets the machine up; before, ifcfg files did."""
        return self.version >= NMSTATE_SINCE

    @property
    def legacy(self) -> bool:
        """Whether only ``bond`` with a number names a bond, and only the bonds of a call are judged, not the host's."""
        return self.version < NMSTATE_SINCE

    @property
    def stomp(self) -> bool:
        """Whether it speaks JSON-RPC over STOMP."""
        return self.version >= STOMP_SINCE

    @property
    def xmlrpc(self) -> bool:
        """Whether it speaks XML-RPC."""
        return self.version < NO_XMLRPC_SINCE

    @property
    def xmlrpc_only(self) -> bool:
        """Whether it speaks nothing else; there any request confirms connectivity."""
        return not self.stomp


def age_of(caps: Record) -> Age:
    """The age of the VDSM that reports ``caps``; without a version by the keys that only old ones had."""
    parts = str(caps.get("software_version", "")).split(".")[:2]
    digits = [part.partition("-")[0] for part in parts]
    if len(digits) == 2 and all(part.isascii() and part.isdigit() for part in digits):
        return Age(tuple(int(part) for part in digits))
    nics = [nic for nic in caps.get("nics", {}).values() if isinstance(nic, dict)]
    old = bool(nics) and all("cfg" in nic and "ipv6addrs" not in nic for nic in nics)
    return Age((4, 10) if old else NEWEST)
