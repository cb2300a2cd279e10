"""What every dialect starts from, and what it ends in."""

from typing import Any, NamedTuple

from planner.plans.attachment import Attachment, IpPlan

# Shorter than the engine's 120 s and a slow switch port or a DHCP server loses a good change to the
# rollback; longer and a lost host stays lost for longer.
CONNECTIVITY_TIMEOUT = 120

Request = dict[str, Any]


class NetworkRequest(NamedTuple):
    """One network of a call; ``qos`` and ``custom`` are those of a network that VDSM has already, kept."""

    network: str
    attachment: Attachment
    qos: object = None
    custom: object = None


class SetupRequest(NamedTuple):
    """A setupNetworks call before it is put into the words of VDSM's age.

    ``version`` is VDSM's, ``()`` unknown. ``checked``: VDSM takes the change back unless somebody confirms that the
    host is reached, and saves nothing. Otherwise it does not look, and saves at once: what keeps or restores an address
    must not be taken back, nor be forgotten at a reboot.
    """

    networks: tuple[NetworkRequest, ...]
    version: tuple[int, ...] = ()
    checked: bool = True


def bond_options(attachment: Attachment) -> str:
    """The bond's options as VDSM takes them, the mode first; ``""`` when the capture does not tell them."""
    if attachment.bond is None:
        return ""
    options = dict(attachment.bond.options)
    if attachment.bond.mode >= 0:
        options = {"mode": str(attachment.bond.mode), **options}
    return " ".join(f"{key}={options[key]}" for key in sorted(options, key=lambda key: (key != "mode", key)))


def static_ipv4(ip: IpPlan) -> dict[str, Any]:
    """A static IPv4 address as VDSM of every age takes it: with a netmask, and a gateway if there is one."""
    netmask = (0xFFFFFFFF << (32 - ip.prefix)) & 0xFFFFFFFF
    dotted = ".".join(str(netmask >> shift & 0xFF) for shift in (24, 16, 8, 0))
    gateway = {"gateway": ip.gateway} if ip.gateway else {}
    return {"ipaddr": ip.address, "netmask": dotted, **gateway}
