"""The way back: the request that restores what a plan changes, as far as setupNetworks can.

VDSM cannot give a device back as it found it: removing the network removes its vlan and leaves the host
without an address. So the way back from a first ovirtmgmt is a bridgeless one on the same device, with the
address, MTU and routes that the device had.
"""

from planner.host import graph
from planner.host.model import Device, Host, Ip, Network
from planner.plans.attachment import Attachment, IpPlan


def way_back(host: Host, network: str, attachment: Attachment, holder: str) -> Attachment:
    """The attachment that stands for the host as it is now; its addresses are those that the plan carries."""
    own = host.networks.get(network)
    ip = own.ip if own is not None else graph.ip_of(host, holder)
    hidden = not _tells_routes(host)
    told = bool(attachment.ipv4.gateway or attachment.ipv6.gateway) and attachment.default_route
    default_route = _had_default_route(ip) or (hidden and told)
    methods = (attachment.ipv4.method, attachment.ipv6.method)
    static = methods[0] == "static" or methods == ("none", "static")
    back = attachment._replace(
        ipv4=_present_gateway(attachment.ipv4, ip.gateway4, hidden=hidden),
        ipv6=_present_gateway(attachment.ipv6, ip.gateway6 if default_route else "", hidden=hidden and default_route),
        default_route=default_route,
        nameservers=host.nameservers if default_route and static else (),
    )
    return _as_owned(host, own, back) if own is not None else _as_taken(host, holder, back)


def _as_taken(host: Host, holder: str, back: Attachment) -> Attachment:
    """Without a bridge, on the device that has the address today, with its MTU."""
    device = host.vlans.get(holder) or host.bonds.get(holder) or host.nics.get(holder)
    mtu = device.mtu if device is not None and device.mtu >= 0 else back.mtu
    return back._replace(bridged=False, stp=False, mtu=mtu)


def _as_owned(host: Host, own: Network, back: Attachment) -> Attachment:
    """As VDSM's own network stands."""
    vlan = host.vlans.get(own.southbound)
    base = vlan.base if vlan is not None else own.southbound
    return back._replace(
        iface=base,
        tag=own.tag,
        bridged=own.bridged,
        mtu=own.mtu if own.mtu >= 0 else back.mtu,
        stp=bool(own.stp),
        bond=host.bonds.get(base),
        switch=own.switch or back.switch,
    )


def _present_gateway(planned: IpPlan, gateway: str, *, hidden: bool) -> IpPlan:
    """The gateway of today; where the host hides its routes, the one that the definition told."""
    if planned.method != "static":
        return planned
    return planned._replace(gateway=gateway or (planned.gateway if hidden else ""))


def _had_default_route(ip: Ip) -> bool:
    return bool(ip.gateway4 or ip.gateway6) if ip.default_route4 is None else ip.default_route4 or bool(ip.gateway6)


def _tells_routes(host: Host) -> bool:
    """Whether the host reports any route at all; VDSM on EL9 before 4.50.7 reports none."""
    devices: list[Device] = [*host.nics.values(), *host.bonds.values(), *host.vlans.values(), *host.bridges.values()]
    return any(ip.gateway4 or ip.gateway6 or ip.default_route4 for ip in (thing.ip for thing in devices))
