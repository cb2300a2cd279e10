"""IPv6 addresses that come by themselves: which they are, and what EUI-64 makes of a MAC address.

Source: RFC 4862 for router advertisements, RFC 4291 (appendix A) for EUI-64.
"""

from typing import Literal

from planner.host.model import Address, Ip

Origin = Literal["hand", "router", "lease"]

ADVERTISED_PREFIX = 64  # an advertised address has an interface identifier of as many bits
LEASE_PREFIX = 128  # a DHCPv6 lease is a single address; old clients give it 64 all the same
IDENTIFIER = (1 << 64) - 1
FILLER, FILLER_AT = 0xFFFE, 24  # what EUI-64 puts between the halves of a MAC address
UNIVERSAL = 1 << 57  # the bit that EUI-64 turns over
ETHERNET = 12  # hexadecimal digits; InfiniBand's hardware addresses have 40, and an EUI-64 of their own
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
    """The address that ``hwaddr`` has in the /64 of ``address``; ``""`` where it is no Ethernet MAC address."""
    import ipaddress

    digits = hwaddr.replace(":", "")
    if len(digits) != ETHERNET or not DIGITS.issuperset(digits):
        return ""
    mac = int(digits, 16)
    identifier = (mac >> FILLER_AT << FILLER_AT + 16 | FILLER << FILLER_AT | mac & 0xFFFFFF) ^ UNIVERSAL
    return str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(address)) & ~IDENTIFIER | identifier))


def maker_of(address: str) -> str:
    """The MAC address of which EUI-64 makes the interface identifier of ``address``; ``""`` if it is none's."""
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
