"""A host's network as it was reported: one frozen model for every age and spelling.

Absence has one spelling here: ``""`` for text, ``-1`` for numbers, ``()`` for lists and ``None`` for a
yes-or-no that the host did not answer. What a host may legally report is kept even when it contradicts
itself; rules judge it. Units: MTU in bytes, speed in Mbit/s. Source of the keys: VDSM's getVdsCaps.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Address:
    """An IP address: canonical text, family 4 or 6, prefix length (-1: not reported), its place."""

    text: str
    family: int
    prefix: int
    path: str


@dataclass(frozen=True, slots=True)
class Ip:
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


@dataclass(frozen=True, slots=True)
class Device:
    """What nics, bonds, vlans and bridges have in common; ``path`` is its place in the capture."""

    name: str
    path: str
    mtu: int = -1
    hwaddr: str = ""
    ip: Ip = NO_IP

    @property
    def kind(self) -> str:
        """One of ``nic bond vlan bridge``."""
        return type(self).__name__.lower()


@dataclass(frozen=True, slots=True)
class Nic(Device):
    """A network interface card (or what VDSM shows as one)."""

    permanent_hwaddr: str = ""
    speed: int = -1


@dataclass(frozen=True, slots=True)
class Bond(Device):
    """A bond; ``options`` are the kernel's option names with their values as text, ``mode`` a number."""

    members: tuple[str, ...] = ()
    mode: int = -1
    options: tuple[tuple[str, str], ...] = ()
    partner: str = ""


@dataclass(frozen=True, slots=True)
class Vlan(Device):
    """A VLAN device: ``tag`` over the device named ``base`` (which the report may not list)."""

    base: str = ""
    tag: int = -1


@dataclass(frozen=True, slots=True)
class Bridge(Device):
    """A Linux bridge, VDSM's or anybody's."""

    ports: tuple[str, ...] = ()
    stp: bool | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """A network of VDSM's running configuration.

    ``device`` holds its address (the bridge, or the southbound device of a bridgeless one); ``ports`` are
    the bridge's; ``southbound`` is the device under the bridge, or ``device`` itself when bridgeless, ``""``
    when the port is lost; ``tag`` -1: untagged. ``qos`` and ``custom`` are kept as reported.
    """

    name: str
    path: str
    device: str
    bridged: bool
    ports: tuple[str, ...] = ()
    southbound: str = ""
    tag: int = -1
    mtu: int = -1
    stp: bool | None = None
    switch: str = ""
    ip: Ip = NO_IP
    qos: object = None
    custom: object = None


@dataclass(frozen=True, slots=True)
class Host:
    """Everything a plan may depend on. ``version`` is VDSM's (major, minor), ``()`` when unknown.

    ``dirty``: the running configuration is not saved. ``last_client_iface``: ``""`` when not reported.
    ``digest`` names the content: equal digests, equal plans.
    """

    format: str
    digest: str
    nics: dict[str, Nic] = field(default_factory=dict)
    bonds: dict[str, Bond] = field(default_factory=dict)
    vlans: dict[str, Vlan] = field(default_factory=dict)
    bridges: dict[str, Bridge] = field(default_factory=dict)
    networks: dict[str, Network] = field(default_factory=dict)
    nameservers: tuple[str, ...] = ()
    last_client_iface: str = ""
    version: tuple[int, ...] = ()
    dirty: bool | None = None
