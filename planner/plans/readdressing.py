"""Which advertised IPv6 addresses of a device become others when nmstate takes it over."""

from collections.abc import Iterator
from typing import NamedTuple

from planner.host import graph
from planner.host.autoconf import eui64, maker_of, origin
from planner.host.model import Host, Ip
from planner.plans.attachment import Attachment


class Readdressed(NamedTuple):
    """An address and the one that takes its place, ``""`` if the MAC address is not told.

    ``sure`` is False where the address may be that of a MAC address which the capture does not tell.
    """

    before: str
    after: str
    sure: bool


def readdressed(host: Host, attachment: Attachment, ip: Ip) -> Iterator[Readdressed]:
    """The addresses of ``ip`` that are not the EUI-64 of the MAC address that the network will have.

    A capture tells no MAC address of a VLAN: it is the base's, unless the VLAN was given one of its own.
    """
    if "auto" not in attachment.ipv6.method:
        return
    port, base = graph.device(host, attachment.port), graph.device(host, attachment.iface)
    told = port.hwaddr if port is not None else ""
    likely = told or (base.hwaddr if base is not None else "")
    for address in ip.addresses:
        if address.family == 4 or origin(address, ip) != "router":
            continue
        after = eui64(address.text, likely)
        if after != address.text:
            certain = bool(after and told)
            yield Readdressed(address.text, after if certain else "", certain or not maker_of(address.text))
