"""The way back: the request that restores what a plan changes, as far as setupNetworks can.

VDSM cannot give a device back as it found it: removing the network removes its vlan and leaves the host
without an address. So the way back from a first ovirtmgmt is a bridgeless one on the same device, with the
address, MTU and routes that the device had.
"""

from planner.host.model import Host, Ip, Network
from planner.plans.attachment import Attachment, IpPlan
from planner.plans.foresight import present_ip


def way_back(host: Host, network: str, attachment: Attachment, holder: str) -> Attachment:
    """The attachment that stands for the host as it is now."""
    own = host.networks.get(network)
    if own is not None:
        return _as_reported(host, own)
    ip = present_ip(host, holder)
    device = host.vlans.get(holder) or host.bonds.get(holder) or host.nics.get(holder)
    known = device is not None and device.mtu >= 0
    return attachment._replace(
        bridged=False,
        stp=False,
        mtu=device.mtu if device is not None and known else attachment.mtu,
        ipv4=_present_gateway(attachment.ipv4, ip.gateway4),
        ipv6=_present_gateway(attachment.ipv6, ip.gateway6),
        default_route=_had_default_route(ip),
        nameservers=host.nameservers if _had_default_route(ip) and attachment.ipv4.method != "dhcp" else (),
    )


def _present_gateway(planned: IpPlan, gateway: str) -> IpPlan:
    return planned._replace(gateway=gateway) if planned.method == "static" else planned


def _had_default_route(ip: Ip) -> bool:
    return bool(ip.gateway4 or ip.gateway6) if ip.default_route4 is None else ip.default_route4 or bool(ip.gateway6)


def _as_reported(host: Host, own: Network) -> Attachment:
    vlan = host.vlans.get(own.southbound)
    base = vlan.base if vlan is not None else own.southbound
    default_route = _had_default_route(own.ip)
    static4 = [address for address in own.ip.addresses if address.family == 4]
    static6 = [address for address in own.ip.addresses if address.family == 6]
    first4 = next((address for address in static4 if address.text == own.ip.primary4), static4[0] if static4 else None)
    v4 = IpPlan("dhcp") if own.ip.dhcpv4 else IpPlan()
    if first4 is not None and not own.ip.dhcpv4:
        v4 = IpPlan("static", first4.text, first4.prefix, own.ip.gateway4)
    v6 = _router_advertised(own.ip)
    if v6.method == "none" and static6:
        v6 = IpPlan("static", static6[0].text, static6[0].prefix, own.ip.gateway6 if default_route else "")
    return Attachment(
        iface=base,
        tag=own.tag,
        bridged=own.bridged,
        mtu=own.mtu if own.mtu >= 0 else 1500,
        stp=bool(own.stp),
        bond=host.bonds.get(base),
        ipv4=v4,
        ipv6=v6,
        default_route=default_route,
        nameservers=host.nameservers if default_route and v4.method == "static" else (),
        switch=own.switch or "legacy",
    )


def _router_advertised(ip: Ip) -> IpPlan:
    if ip.autoconf:
        return IpPlan("auto+dhcp")
    return IpPlan("dhcp") if ip.dhcpv6 else IpPlan()
