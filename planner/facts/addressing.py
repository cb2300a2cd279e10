"""Facts about addresses: which a device has, how it got them, and which one would be carried over."""

from collections.abc import Iterator

from planner.facts.view import View
from planner.host.autoconf import origin
from planner.host.model import Address, Ip
from planner.language import Fact, Scalar

SINGLE = {4: 32, 6: 128}  # the prefix length of an address that has no subnet


def address_facts(view: View) -> Iterator[Fact]:
    """One ``address`` fact for each address of each device."""
    for device in view.addressed:
        ip = view.whole_ip_of(device)
        floats = floating(ip)
        carried = {chosen.text for family in (4, 6) if (chosen := carried_address(view, device, family)) is not None}
        for address in ip.addresses:
            fields: dict[str, Scalar] = {
                "device": device,
                "address": address.text,
                "family": address.family,
                "prefix": address.prefix,
                "carried": int(address.text in carried),
                "origin": "" if address.family == 4 else origin(address, ip),
                "floating": int(address.text in floats),
            }
            yield Fact("address", fields, address.path)


def ip_facts(view: View) -> Iterator[Fact]:
    """One ``ip`` fact for each device that has, or is asked for, an IP configuration."""
    asked = (view.host.last_client_iface,) if view.host.last_client_iface in view.devices else ()
    for device in dict.fromkeys((*view.addressed, *asked)):
        ip = view.whole_ip_of(device)
        v4, v6 = carried_address(view, device, 4), carried_address(view, device, 6)
        by_hand = _by_hand(ip)
        method4 = "dhcp" if ip.dhcpv4 else "static" if v4 is not None else "none"
        fields: dict[str, Scalar] = {
            "device": device,
            "ipv4_method": method4,
            "ipv4_planned": view.definition.ipv4 or method4,
            "ipv4_address": v4.text if v4 is not None else "",
            "ipv4_prefix": v4.prefix if v4 is not None else -1,
            "ipv4_gateway": ip.gateway4,
            "ipv4_addresses": sum(address.family == 4 for address in ip.addresses),
            "ipv4_default_route": int(has_default_route4(ip)),
            "ipv6_method": ipv6_method(ip, v6),
            "ipv6_address": v6.text if v6 is not None else "",
            "ipv6_prefix": v6.prefix if v6 is not None else -1,
            "ipv6_gateway": ip.gateway6,
            "ipv6_addresses": sum(address.family == 6 for address in ip.addresses),
            "ipv6_address_by_hand": int(v6 in by_hand),
            "ipv6_by_hand": int(bool(by_hand)),
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
    """The address of ``family`` that a static configuration of ``device`` carries over.

    The wanted one first, then VDSM's primary one, then any; a floating one last.
    """
    addresses = [address for address in view.addresses_of(device) if address.family == family]
    ip = view.whole_ip_of(device)
    asked = [address for text in view.wanted for address in addresses if address.text == text]
    primary = [address for address in addresses if address.text == ip.primary4]
    floats = floating(ip)
    own = [address for address in (*primary, *addresses) if address.text not in floats]
    return next(iter((*asked, *own, *addresses)), None)


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


def floating(ip: Ip) -> frozenset[str]:
    """The single addresses inside the subnet of another one that the device has: a service's, as a rule."""
    singles = [address for address in ip.addresses if address.prefix == SINGLE[address.family]]
    singles = [address for address in singles if address.family == 4 or origin(address, ip) == "hand"]
    if not singles or len(singles) == len(ip.addresses):
        return frozenset()
    import ipaddress

    def subnet(address: str, prefix: int) -> object:
        return ipaddress.ip_network((address, prefix), strict=False)

    others = [address for address in ip.addresses if 0 <= address.prefix < SINGLE[address.family]]
    subnets = {subnet(address.text, address.prefix) for address in others}
    lengths = {(address.family, address.prefix) for address in others}
    return frozenset(
        single.text
        for single in singles
        if any(subnet(single.text, prefix) in subnets for family, prefix in lengths if family == single.family)
    )


def _by_hand(ip: Ip) -> list[Address]:
    """The IPv6 addresses that were set by hand beside others that come by themselves."""
    automatic = ip.autoconf or ip.dhcpv6
    return [address for address in ip.addresses if automatic and address.family == 6 and origin(address, ip) == "hand"]
