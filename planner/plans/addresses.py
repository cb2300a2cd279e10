"""What becomes of a device's addresses: which stay, and which advertised ones nmstate makes anew."""

from typing import NamedTuple

from planner.host import graph
from planner.host.autoconf import eui64, maker_of, origin
from planner.host.model import Address, Host, Ip
from planner.plans.attachment import Attachment, IpPlan

ADVERTISED = "nmstate makes each address that a router advertises of the MAC address (EUI-64)"
IDENTIFIED = (
    "DUID and IAID are made anew of the MAC address; a server that knows the host by others gives another lease"
)


class Anew(NamedTuple):
    """What nmstate does to an address, the one that takes its place (``""``: nothing tells it), and why."""

    effect: str
    after: str
    because: str


def kept(attachment: Attachment, ip: Ip, wanted: str) -> tuple[Address, ...]:
    """Which of the present addresses the network has afterwards; ``wanted`` is the management address."""
    families = ((4, attachment.ipv4), (6, attachment.ipv6))
    return tuple(address for family, planned in families for address in _kept(planned, ip, family, wanted))


def _kept(planned: IpPlan, ip: Ip, family: int, wanted: str) -> list[Address]:
    """Those of one family; a lease, and what routers advertise, are taken to stay."""
    held = [address for address in ip.addresses if address.family == family]
    if planned.method == "static":
        return [address for address in held if address.text == planned.address]
    if planned.method == "none":
        return []
    leased = sorted(held, key=lambda address: (address.text != wanted, address.text != ip.primary4))
    return held if "auto" in planned.method else leased[:1]


def has_dhcpv6_lease(attachment: Attachment, ip: Ip) -> bool:
    """Whether a DHCPv6 lease is at stake: beside router advertisements a client may have got none."""
    leased = any(address.family == 6 and origin(address, ip) == "lease" for address in ip.addresses)
    return attachment.ipv6.method == "dhcp" or (attachment.ipv6.method == "auto+dhcp" and leased)


def readdressed(host: Host, attachment: Attachment, ip: Ip) -> dict[str, Anew]:
    """The automatic addresses of ``ip``, but for those that are the EUI-64 of the MAC address of the network.

    A capture tells no MAC address of a VLAN: it is the base's, unless the VLAN was given one of its own.
    """
    if attachment.ipv6.method in ("none", "static"):
        return {}
    port, base = graph.device(host, attachment.port), graph.device(host, attachment.iface)
    told = port.hwaddr if port is not None else ""
    likely = told or (base.hwaddr if base is not None else "")
    found = {}
    for address in (address for address in ip.addresses if address.family == 6):
        made_by = origin(address, ip)
        after = eui64(address.text, likely)
        if made_by == "lease":
            found[address.text] = Anew("lease-may-change", "", IDENTIFIED)
        elif made_by == "router" and after != address.text:
            certain = bool(after and told)
            effect = "address-changes" if certain or not maker_of(address.text) else "address-may-change"
            found[address.text] = Anew(effect, after if certain else "", ADVERTISED)
    return found
