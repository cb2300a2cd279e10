"""A host's network as it was reported: one frozen model for every age and spelling.

Absence has one spelling here: ``""`` for text, ``-1`` for numbers, ``()`` for lists and ``None`` for a
yes-or-no that the host did not answer. What a host may legally report is kept even when it contradicts
itself; rules judge it. Units: MTU in bytes, speed in Mbit/s. Source of the keys: VDSM's getVdsCaps.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

Kind = Literal["nic", "bond", "vlan", "bridge"]
NONE: Mapping[str, Any] = MappingProxyType({})


class Address(NamedTuple):
    """An IP address: canonical text, family 4 or 6, prefix length (-1: not reported), its place."""

    text: str
    family: int
    prefix: int
    path: str


class Ip(NamedTuple):
    """The IP configuration of one device; ``primary4`` is VDSM's ``addr``, also among ``addresses``."""

    addresses: tuple[Address, ...] = ()
    primary4: str = ""
    gateway4: str = ""
    gateway6: str = ""
    dhcpv4: bool = False
    dhcpv6: bool = False
    autoconf: bool = False
    default_route4: bool | None = None


NO_IP = Ip()


class Nic(NamedTuple):
    """A network interface card (or what VDSM shows as one)."""

    name: str
    path: str
    mtu: int = -1
    hwaddr: str = ""
    ip: Ip = NO_IP
    permanent_hwaddr: str = ""
    speed: int = -1
    kind: Kind = "nic"


# The modes of bonds, each at its number.
MODES = ("balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb")


class Bond(NamedTuple):
    """A bond; ``options`` are the kernel's option names with their values as text, ``mode`` a number.

    ``partner`` is the LACP partner's MAC address, all zeroes when nobody answers; ``switch`` is ovs or legacy.
    """

    name: str
    path: str
    mtu: int = -1
    hwaddr: str = ""
    ip: Ip = NO_IP
    members: tuple[str, ...] = ()
    mode: int = -1
    options: tuple[tuple[str, str], ...] = ()
    partner: str = ""
    switch: str = ""
    kind: Kind = "bond"


class Vlan(NamedTuple):
    """A VLAN device: ``tag`` over the device named ``base`` (which the report may not list)."""

    name: str
    path: str
    mtu: int = -1
    hwaddr: str = ""
    ip: Ip = NO_IP
    base: str = ""
    tag: int = -1
    kind: Kind = "vlan"


class Bridge(NamedTuple):
    """A Linux bridge, VDSM's or anybody's."""

    name: str
    path: str
    mtu: int = -1
    hwaddr: str = ""
    ip: Ip = NO_IP
    ports: tuple[str, ...] = ()
    stp: bool | None = None
    kind: Kind = "bridge"


# What every device has: name, its path in the capture, MTU, MAC address, IP configuration, kind.
Device = Nic | Bond | Vlan | Bridge


class Network(NamedTuple):
    """A network of VDSM's running configuration.

    ``device`` holds its address (the bridge, or the southbound device of a bridgeless one); ``ports`` are
    the bridge's; ``southbound`` is the device under the bridge, or ``device`` itself when bridgeless, ``""``
    when the port is lost; ``contradicted``: what the capture says is there, against its own ports or device;
    ``tag`` -1: untagged. ``qos`` and ``custom`` are kept as reported.
    """

    name: str
    path: str
    device: str
    bridged: bool
    ports: tuple[str, ...] = ()
    southbound: str = ""
    contradicted: str = ""
    tag: int = -1
    mtu: int = -1
    stp: bool | None = None
    switch: str = ""
    ip: Ip = NO_IP
    qos: object = None
    custom: object = None


class Host(NamedTuple):
    """Everything a plan may depend on.

    ``version`` is VDSM's (major, minor, patch), (major, minor) where no patch is told, ``()`` when unknown.

    ``nmstate`` is its version as the package list has it, ``()`` unknown; ``enterprise_linux`` the system's major
    version, -1 for another system and where none is told. ``dirty``: the running configuration is not saved.
    ``last_client_iface``: ``""`` when not reported. ``lacks``: the sections that an excerpt does not have, and the keys
    of getVdsCaps that another format (`ip -j`) cannot tell.
    ``digest`` names what a plan depends on; who asked, what is saved, and what changes by itself stay out.
    """

    format: str
    digest: str
    nics: Mapping[str, Nic] = NONE
    bonds: Mapping[str, Bond] = NONE
    vlans: Mapping[str, Vlan] = NONE
    bridges: Mapping[str, Bridge] = NONE
    networks: Mapping[str, Network] = NONE
    nameservers: tuple[str, ...] = ()
    last_client_iface: str = ""
    version: tuple[int, ...] = ()
    dirty: bool | None = None
    nmstate: tuple[int, ...] = ()
    lacks: tuple[str, ...] = ()
    enterprise_linux: int = -1


# IPv6 addresses that come by themselves: which they are, and what EUI-64 makes of a MAC address.
#
# Source: RFC 4862 for router advertisements, RFC 4291 (appendix A) for EUI-64.


Origin = Literal["hand", "router", "lease"]

ADVERTISED_PREFIX = 64  # an advertised address has an interface identifier of as many bits
LEASE_PREFIX = 128  # a DHCPv6 lease is a single address; old clients give it 64 all the same
IDENTIFIER = (1 << 64) - 1
FILLER, FILLER_AT = 0xFFFE, 24  # what EUI-64 puts between the halves of a MAC address
UNIVERSAL = 1 << 57  # the bit that EUI-64 turns over
ETHERNET, INFINIBAND = 12, 40  # hexadecimal digits of a hardware address; InfiniBand's ends in an EUI-64 (RFC 4391)
DIGITS = frozenset("0123456789abcdef")


def origin(address: Address, ip: Ip) -> Origin:
    """How an IPv6 address of a device came about, as far as ``ip``, all that the device has, lets one tell."""
    if not (ip.autoconf or ip.dhcpv6):
        return "hand"
    if address.prefix < 0:
        return "router" if ip.autoconf else "lease"
    if ip.autoconf and address.prefix == ADVERTISED_PREFIX and not _chosen(address.text):
        return "router"
    lone = sum(other.family == 6 for other in ip.addresses) == 1
    return "lease" if ip.dhcpv6 and (lone or address.prefix == LEASE_PREFIX) else "hand"


def eui64(address: str, hwaddr: str) -> str:
    """The address that ``hwaddr`` has in the /64 of ``address``; ``""`` where it is no hardware address."""
    import ipaddress

    digits = hwaddr.replace(":", "")
    if len(digits) not in (ETHERNET, INFINIBAND) or not DIGITS.issuperset(digits):
        return ""
    number = int(digits, 16)
    if len(digits) == INFINIBAND:
        identifier = number & IDENTIFIER | UNIVERSAL
    else:
        identifier = (number >> FILLER_AT << FILLER_AT + 16 | FILLER << FILLER_AT | number & 0xFFFFFF) ^ UNIVERSAL
    return str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(address)) & ~IDENTIFIER | identifier))


def maker_of(address: str) -> str:
    """The MAC address of which EUI-64 makes the interface identifier of ``address``; ``""`` if none does."""
    identifier = _identifier(address) ^ UNIVERSAL
    if identifier >> FILLER_AT & 0xFFFF != FILLER:
        return ""
    mac = identifier >> FILLER_AT + 16 << FILLER_AT | identifier & 0xFFFFFF
    return mac.to_bytes(6, "big").hex(":")


def _chosen(address: str) -> bool:
    """Whether somebody thought of the interface identifier (::10, ::1:2): no MAC address and no hash is so small."""
    return _identifier(address) < 1 << 32


def _identifier(address: str) -> int:
    import ipaddress

    return int(ipaddress.IPv6Address(address)) & IDENTIFIER
