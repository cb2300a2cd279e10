"""What stands below VDSM: the machine with its devices. The daemon (`planner.standin.daemon`) knows only this.

Two machines exist: `planner.standin.machine`, a document in memory, and the lab's agent over real iproute2.
"""

from typing import Any, NamedTuple, Protocol, runtime_checkable

Record = dict[str, Any]


class Config(NamedTuple):
    """Networks and bonds by name, as VDSM's `netconf` stores them (docs/vdsm.md, Canonical form)."""

    networks: dict[str, Record]
    bonds: dict[str, Record]

    def document(self) -> Record:
        """As a file: ``{"networks": {...}, "bonds": {...}}``."""
        return {"networks": self.networks, "bonds": self.bonds}


EMPTY = Config({}, {})


class Fault(NamedTuple):
    """The machine would not take a configuration; ``reason`` ends up in VDSM's answer."""

    reason: str


class Kernel(Protocol):
    """The machine below VDSM."""

    def netinfo(self) -> Record:
        """The devices as getVdsCaps of VDSM 4.50 spells them.

        Sections ``nics``, ``bondings``, ``vlans``, ``bridges`` (name to record), and ``nameservers`` (list). Each
        record has the IP keys: addr, netmask, gateway ("" if none), ipv4addrs, ipv6addrs (lists of address/prefix),
        ipv6gateway ("::" if none), ipv4defaultroute, ipv6autoconf, dhcpv4, dhcpv6 (bool), mtu (text). A nic has
        hwaddr, speed and, as a slave, permhwaddr; a bond hwaddr, slaves, active_slave, opts, switch; a vlan iface and
        vlanid (int); a bridge ports, stp ("on"/"off") and opts. Any device may have ``qos`` (host QoS: a list of
        ``{"hostQos": ..., "vlan": tag or -1}``). ``networks`` is not among them: VDSM adds it itself.
        """
        ...

    def configure(self, before: Config, after: Config) -> Fault | None:
        """Make the machine look as ``after`` wants, coming from ``before``; on a fault leave it as it was.

        Everything in ``after`` is made so, whether or not it is in ``before`` (docs/vdsm.md, Carrying out):

        - a bond: its ``nics`` enslaved (their addresses go), ``options`` set, ``hwaddr`` if given; a bond that is not
          in ``before`` loses its own addresses. Slaves follow its MTU. A bond only in ``before`` is deleted.
        - a network stands on its ``nic``, else its ``bonding``: the base; with ``vlan`` (0 included) its port is
          ``<base>.<vlan>``, made if missing, else the base. ``bridged``: a bridge called as the network over the port,
          its MAC that of the port if the port existed before; the port's addresses go, and so do those of a base that
          is the port. The base of a vlan keeps its addresses. Not ``bridged``: the port itself is the top.
        - the top device gets exactly the addresses asked for: ``ipaddr`` with ``netmask``, ``bootproto`` "dhcp" (the
          lease follows the MAC), ``ipv6addr``, ``ipv6autoconf`` with ``dhcpv6``; or none. ``gateway``: a default route
          in the main table only with a true ``defaultRoute``, else in a table of the device's own. ``ipv6gateway``: the
          IPv6 default route. ``nameservers`` count on the network with ``defaultRoute``; a lease may bring its own.
        - MTU: the vlan and the bridge have the network's ``mtu``; a base has the largest of its untagged network and
          all vlans on it, VDSM's or not, whatever it had before. (VDSM since 4.40.5 forgets an untagged network that
          is not part of the change, and so lowers its device to the vlans there.)
        - a network only in ``before``: its bridge and its vlan are deleted, its bond is not; a base that was the port
          ends without addresses; a base without anything on it returns to MTU 1500.
        - ``ipv6autoconf`` without ``dhcpv6`` is a fault (nmstate 1.4).
        """
        ...

    def reboot(self) -> None:
        """Restart the machine: the devices come up as they are configured, DHCP asks anew."""
        ...

    def local_addresses(self) -> dict[str, str]:
        """Every address that the machine answers to, without prefix, and the device that holds it.

        An address on several devices is the nic's first, then the bond's, the vlan's, the bridge's, as a probe saw it.
        """
        ...

    def reachable(self, address: str) -> bool:
        """Whether a packet from outside to ``address`` would be answered now."""
        ...


@runtime_checkable
class Restorable(Protocol):
    """A machine that can be put back: VDSM before 4.40 kept backups of ifcfg files and restored them.

    Since nmstate VDSM has none: its rollback only removes what it made, so a host taken over for the first time is
    left without an address (docs/vdsm.md, Rollback).
    """

    def checkpoint(self) -> object:
        """What `restore` needs to bring the machine back to how it is now."""
        ...

    def restore(self, checkpoint: object) -> None:
        """Bring the machine back."""
        ...


# What VDSM says to a call: done, or a code with a message (docs/vdsm.md, Codes).


LOST_CONNECTION = 10
UNEXPECTED = 16
BAD_PARAMS = 21
BAD_ADDRESS = 22
BAD_NIC = 23
USED_NIC = 24
BAD_BONDING = 25
BAD_VLAN = 26
BAD_BRIDGE = 27
USED_BRIDGE = 28
USED_BOND = 31
BUSY = 40
NO_FENCE_AGENT = 43
RECOVERING = 99
INTERNAL = -32603  # JSON-RPC's internal error: what a client sees of a crash


class Refusal(NamedTuple):
    """An error answer: VDSM's ``code`` (`INTERNAL` for a crash without one) and its text."""

    code: int
    message: str


def crash(text: str) -> Refusal:
    """What a client sees of an exception that has no code of its own: ``text``, without its type."""
    return Refusal(INTERNAL, f"Internal JSON-RPC error: {{'reason': {text!r}}}")
