"""Facts about addresses: which a device has, how it got them, and which one would be carried over."""

from collections.abc import Iterator

from planner.facts.view import View
from planner.host.model import Address, Ip
from planner.language import Fact, Scalar

SLAAC_PREFIX = 64  # RFC 4862: an autoconfigured address has a 64 bit interface identifier
LEASE_PREFIX = 128  # a DHCPv6 lease is reported as a single address


def address_facts(view: View) -> Iterator[Fact]:
    """One ``address`` fact for each address of each device."""
    for device in view.addressed:
        addresses = view.addresses_of(device)
        carried = {chosen.text for family in (4, 6) if (chosen := carried_address(view, device, family)) is not None}
        for address in addresses:
            fields: dict[str, Scalar] = {
                "device": device,
                "address": address.text,
                "family": address.family,
                "prefix": address.prefix,
                "carried": int(address.text in carried),
            }
            yield Fact("address", fields, address.path)


def ip_facts(view: View) -> Iterator[Fact]:
    """One ``ip`` fact for each device that has, or is asked for, an IP configuration."""
    asked = (view.host.last_client_iface,) if view.host.last_client_iface in view.devices else ()
    for device in dict.fromkeys((*view.addressed, *asked)):
        ip = view.ip_of(device)
        addresses = view.addresses_of(device)
        v4, v6 = carried_address(view, device, 4), carried_address(view, device, 6)
        method4 = "dhcp" if ip.dhcpv4 else "static" if v4 is not None else "none"
        fields: dict[str, Scalar] = {
            "device": device,
            "ipv4_method": method4,
            "ipv4_planned": view.definition.ipv4 or method4,
            "ipv4_address": v4.text if v4 is not None else "",
            "ipv4_prefix": v4.prefix if v4 is not None else -1,
            "ipv4_gateway": ip.gateway4,
            "ipv4_addresses": sum(address.family == 4 for address in addresses),
            "ipv4_default_route": int(has_default_route4(ip)),
            "ipv6_method": ipv6_method(ip, v6),
            "ipv6_address": v6.text if v6 is not None else "",
            "ipv6_prefix": v6.prefix if v6 is not None else -1,
            "ipv6_gateway": ip.gateway6,
            "ipv6_addresses": sum(address.family == 6 for address in addresses),
            "ipv6_address_by_hand": int(v6 is not None and _by_hand(v6, ip, addresses)),
            "ipv6_by_hand": int(any(_by_hand(address, ip, addresses) for address in addresses)),
        }
        yield Fact("ip", fields, view.devices[device].path if device in view.devices else view.network_on[device].path)


def route_facts(view: View) -> Iterator[Fact]:
    """One ``route`` fact for each gateway that a device reports."""
    for device in view.addressed:
        ip = view.ip_of(device)
        path = view.devices[device].path if device in view.devices else view.network_on[device].path
        if ip.gateway4 or ip.default_route4:
            default = int(has_default_route4(ip))
            fields: dict[str, Scalar] = {"device": device, "family": 4, "gateway": ip.gateway4, "default": default}
            yield Fact("route", fields, f"{path}.gateway")
        if ip.gateway6:
            yield Fact(
                "route",
                {"device": device, "family": 6, "gateway": ip.gateway6, "default": 1},
                f"{path}.ipv6gateway",
            )


def carried_address(view: View, device: str, family: int) -> Address | None:
    """The address of ``family`` that a static configuration of ``device`` carries over: the wanted one first."""
    addresses = [address for address in view.addresses_of(device) if address.family == family]
    preferred = (*view.wanted, view.ip_of(device).primary4)
    for text in preferred:
        for address in addresses:
            if address.text == text:
                return address
    return addresses[0] if addresses else None


def has_default_route4(ip: Ip) -> bool:
    """Whether the IPv4 default route leads over the device; before 4.19 VDSM tells it only by a gateway."""
    return bool(ip.gateway4) if ip.default_route4 is None else ip.default_route4


def ipv6_method(ip: Ip, address: Address | None) -> str:
    """How IPv6 is configured; router advertisements win over an address, as the engine reads it."""
    if ip.autoconf:
        return "auto+dhcp" if ip.dhcpv6 else "auto"
    if ip.dhcpv6:
        return "dhcp"
    return "static" if address is not None else "none"


def _by_hand(address: Address, ip: Ip, beside: tuple[Address, ...]) -> bool:
    """Whether neither router advertisement nor DHCPv6 would have made this address; each makes some."""
    if address.family != 6 or address.prefix < 0 or (ip.dhcpv6 and address.prefix == LEASE_PREFIX):
        return False
    if not ip.autoconf:
        # A lone address is the lease, though old DHCP clients gave it a prefix length of 64.
        return ip.dhcpv6 and sum(other.family == 6 for other in beside) > 1
    import ipaddress

    identifier = int(ipaddress.IPv6Address(address.text.partition("%")[0])) & ((1 << 64) - 1)
    # An interface identifier below 2**32 (::10, ::1:2) is nobody's MAC address and no random number.
    return address.prefix != SLAAC_PREFIX or identifier < 1 << 32
