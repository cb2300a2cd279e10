"""Which default route of a host wins once the network has one."""

from collections.abc import Iterator
from typing import NamedTuple

from planner.host.model import Device, Host, Ip
from planner.plans.attachment import Attachment, IpPlan

# NetworkManager's, by the kind of device, where no profile says otherwise; a lower one wins, of two equal ones the
# one that is there already. VDSM asks for none.
METRICS = {"nic": 100, "bond": 300, "vlan": 400, "bridge": 425}


class Winner(NamedTuple):
    """A device whose default route over ``gateway`` is preferred: its kind and metric, and the network's metric."""

    device: str
    kind: str
    gateway: str
    metric: int
    ours: int


def winners(host: Host, network: str, attachment: Attachment, holder: str) -> Iterator[Winner]:
    """The other devices' default routes that will be preferred to the one that ``network`` gets."""
    own = host.networks.get(network)
    if not attachment.default_route or (own is not None and own.bridged == attachment.bridged and _defaults(own.ip)):
        return
    ours = METRICS[_top_kind(host, attachment)]
    families = [family for family, ip in ((4, attachment.ipv4), (6, attachment.ipv6)) if _has_gateway(ip)]
    taken = {holder, attachment.iface, attachment.port, network, *(attachment.bond.members if attachment.bond else ())}
    # A network of VDSM's that has the default route is drawn into the call and loses it.
    taken |= {owned.device for owned in host.networks.values()}
    devices: list[Device] = [*host.nics.values(), *host.bonds.values(), *host.vlans.values(), *host.bridges.values()]
    for device in devices:
        gateways = _defaults(device.ip) if device.name not in taken and METRICS[device.kind] <= ours else {}
        for family in families:
            if family in gateways:
                yield Winner(device.name, device.kind, gateways[family], METRICS[device.kind], ours)


def _top_kind(host: Host, attachment: Attachment) -> str:
    if attachment.bridged:
        return "bridge"
    return "vlan" if attachment.tag >= 0 else "bond" if attachment.iface in host.bonds else "nic"


def _has_gateway(ip: IpPlan) -> bool:
    return bool(ip.gateway) if ip.method == "static" else ip.method != "none"


def _defaults(ip: Ip) -> dict[int, str]:
    """The gateways of a device's default routes, by family."""
    found = {4: ip.gateway4 if ip.default_route4 is not False else "", 6: ip.gateway6}
    return {family: gateway for family, gateway in found.items() if gateway}
