"""How old a host's VDSM is, and what follows from that (vdsm.md 4.2, 5.1, 8.1)."""

from typing import NamedTuple

from planner.simulator.kernel import Record

DEFAULT_ROUTE_SINCE = (4, 14)  # oVirt 3.4: defaultRoute; before, a gateway was always the host's
STOMP_SINCE = (4, 16)  # oVirt 3.5
NO_CFG_SINCE = (4, 19)  # oVirt 4.1
NO_XMLRPC_SINCE = (4, 20)  # oVirt 4.2
NAME_SERVERS_SINCE = (4, 18, 12)  # of oVirt 4.0; before, setupNetworks did not know the word
ANY_BOND_NAME_SINCE = (4, 30, 1)  # oVirt 4.3; before, `bond` and a number
NMSTATE_SINCE = (4, 40)  # oVirt 4.4
ALL_BONDS_JUDGED_SINCE = (4, 40, 21)  # of oVirt 4.4; before, those of the call
NEWEST = (4, 50, 7)
UNTOLD = 999  # the patch of a version without one: the last release of that version
# nmstate's own: name servers of a family without a gateway go to NetworkManager's global configuration.
GLOBAL_DNS_SINCE, GLOBAL_DNS_ON_EL8 = (2, 2, 5), (1, 4, 2)


class Age(NamedTuple):
    """VDSM's ``version`` as (major, minor, patch), and what it can; ``nmstate``: that one's version, () if untold."""

    version: tuple[int, ...]
    nmstate_version: tuple[int, ...] = ()

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
    def global_dns(self) -> bool:
        """Whether its nmstate takes name servers of a family in which the network has no gateway."""
        nmstate = self.nmstate_version
        return nmstate >= GLOBAL_DNS_SINCE or GLOBAL_DNS_ON_EL8 <= nmstate < (2,)

    @property
    def name_servers(self) -> bool:
        """Whether setupNetworks knows name servers; before, it let them be."""
        return self.version >= NAME_SERVERS_SINCE

    @property
    def any_bond_name(self) -> bool:
        """Whether more than ``bond`` with a number names a bond."""
        return self.version >= ANY_BOND_NAME_SINCE

    @property
    def judges_all_bonds(self) -> bool:
        """Whether the members of every bond of the host are judged at each call, not only those that it names."""
        return self.version >= ALL_BONDS_JUDGED_SINCE

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


TODAY = Age(NEWEST)


def age_of(caps: Record) -> Age:
    """The age of the VDSM that reports ``caps``; without a version by the keys that only old ones had."""
    packages = caps.get("packages2") or {}
    packaged, nmstate = (_numbers(packages.get(name, {}).get("version")) for name in ("vdsm", "nmstate"))
    version = _numbers(caps.get("software_version"))
    if packaged[: len(version)] == version:  # which may tell the patch besides
        version = packaged
    if version:
        return Age(version if len(version) > 2 else (*version, UNTOLD), nmstate)
    nics = [nic for nic in caps.get("nics", {}).values() if isinstance(nic, dict)]
    old = bool(nics) and all("cfg" in nic and "ipv6addrs" not in nic for nic in nics)
    return Age((4, 10, UNTOLD)) if old else TODAY._replace(nmstate_version=nmstate)


def _numbers(written: object) -> tuple[int, ...]:
    """``(4, 40, 60)`` of 4.40.60.7, ``(4, 10)`` of 4.10-0.141; ``()`` for what is no version."""
    parts = str(written or "").partition("-")[0].split(".")[:3]
    told = len(parts) > 1 and all(part.isascii() and part.isdigit() for part in parts)
    return tuple(int(part) for part in parts) if told else ()
