"""The steps of a plan: adopt the host as it stands, then change it; each with what it asks for and its way back.

Since 4.40 VDSM's rollback of a host's first network, and a reboot before it is saved, leave the host without its
address: VDSM only removes what it made. So a first network is adopted: made without a bridge on the device, tag,
addresses and MTU that the host has, unchecked and saved at once, by which nothing changes on the wire. From then on a
rollback has something to go back to. VDSM cannot give a device back as it was before that, so adopting is also the way
back.
"""

from typing import Literal, NamedTuple

from planner.facts.compute import has_default_route4, ipv6_method
from planner.host import graph
from planner.host.model import Address, Host, Ip, Network
from planner.plan.after import Holder, after
from planner.plan.attachment import Attachment, IpPlan
from planner.plan.effects import Effect, by_nmstate, foresee
from planner.plan.request import OVIRT_4, NetworkRequest, SetupRequest

StepName = Literal["adopt", "change"]


class PlanStep(NamedTuple):
    """One setupNetworks call: what is asked for, what VDSM does besides, and the call that leads back."""

    step: StepName
    wanted: SetupRequest
    foreseen: tuple[Effect, ...]
    back: SetupRequest


def steps_of(host: Host, network: str, attachment: Attachment, holder: Holder, *, adopts: bool) -> tuple[PlanStep, ...]:
    """Return the steps that make ``network`` on ``host`` as ``attachment`` says.

    ``holder``: the device and address by which it is managed today. ``adopts``: a network that VDSM does not have yet
    is adopted first, in a step of its own.
    """
    own = host.networks.get(network)
    present = _as_owned(host, own, attachment) if own is not None else _as_taken(host, attachment, holder)
    back = _way_back(host, network, present, attachment)
    wanted = SetupRequest((_named(host, network, attachment),), host.version)
    if own is not None or not adopts:
        return (PlanStep("change", wanted, foresee(host, network, attachment, *holder), back),)
    adopt = SetupRequest((_named(host, network, present),), host.version, checked=False)
    adopting = PlanStep("adopt", adopt, foresee(host, network, present, *holder), adopt)
    if present == attachment:
        return (adopting,)
    adopted = after(host, network, present, holder)
    foreseen = foresee(adopted, network, attachment, present.port, holder.address)
    return adopting, PlanStep("change", wanted, foreseen, back)


def step_back(
    before: Host, now: Host, network: str, attachment: Attachment, holder: Holder, address: str
) -> tuple[Attachment, PlanStep]:
    """Return how ``network`` was attached on the host ``before``, and the step that leads back there from ``now``.

    ``attachment``: how it is attached now; ``holder``: by which device and address the host was managed before, and
    ``address``: at which it is now.
    """
    own = before.networks.get(network)
    past = _as_owned(before, own, attachment) if own is not None else _as_taken(before, attachment, holder)
    wanted = _way_back(before, network, past, attachment)._replace(version=now.version, checked=True)
    foreseen = foresee(now, network, past, attachment.top_device(network), address)
    back = SetupRequest((_named(now, network, attachment),), now.version, checked=False)
    return past, PlanStep("change", wanted, foreseen, back)


def _named(host: Host, network: str, attachment: Attachment) -> NetworkRequest:
    own = host.networks.get(network)
    return NetworkRequest(network, attachment, own.qos if own else None, own.custom if own else None)


def _way_back(host: Host, network: str, present: Attachment, attachment: Attachment) -> SetupRequest:
    """Back to ``present``. Of two networks VDSM takes the default route from the one that the call does not name."""
    deprived = [
        other
        for other in host.networks.values()
        if other.name != network and attachment.default_route and has_default_route(other.ip)
    ]
    named = [(network, present)]
    if host.version == () or host.version >= OVIRT_4:
        named += [(other.name, _as_owned(host, other, Attachment(other.device))) for other in deprived]
    return SetupRequest(tuple(_named(host, *each) for each in named), host.version, checked=False)


def _as_taken(host: Host, attachment: Attachment, holder: Holder) -> Attachment:
    """Without a bridge, on the device that has the address today, with its MTU."""
    device = host.vlans.get(holder.device) or host.bonds.get(holder.device) or host.nics.get(holder.device)
    mtu = device.mtu if device is not None and device.mtu >= 0 else attachment.mtu
    rival = any(has_default_route(other.ip) for other in host.networks.values())
    present = _configured(host, graph.ip_of(host, holder.device), attachment, holder.address)
    return present._replace(bridged=False, stp=False, mtu=mtu, default_route=present.default_route and not rival)


def _as_owned(host: Host, own: Network, attachment: Attachment) -> Attachment:
    """As VDSM's own network stands."""
    vlan = host.vlans.get(own.southbound)
    base = vlan.base if vlan is not None else own.southbound
    return _configured(host, own.ip, attachment, "")._replace(
        iface=base,
        tag=own.tag,
        bridged=own.bridged,
        mtu=own.mtu if own.mtu >= 0 else attachment.mtu,
        stp=bool(own.stp),
        bond=host.bonds.get(base),
        switch=own.switch or attachment.switch,
    )


def _configured(host: Host, ip: Ip, attachment: Attachment, address: str) -> Attachment:
    """``attachment`` with addresses, gateways and name servers as they are today."""
    hidden = not graph.tells_routes(host)
    told = bool(attachment.ipv4.gateway or attachment.ipv6.gateway) and attachment.default_route
    default_route = has_default_route(ip) or (hidden and told)
    ipv4 = _present(_ipv4(ip, attachment.ipv4, address), ip.gateway4, attachment.ipv4, hidden=hidden)
    ipv6 = _ipv6(host, ip, attachment.ipv6, address)
    if default_route:
        ipv6 = _present(ipv6, ip.gateway6, attachment.ipv6, hidden=hidden)
    static = ipv4.method == "static" or (ipv4.method, ipv6.method) == ("none", "static")
    return attachment._replace(
        ipv4=ipv4,
        ipv6=ipv6,
        default_route=default_route,
        nameservers=host.nameservers if default_route and static else (),
    )


def _ipv4(ip: Ip, planned: IpPlan, address: str) -> IpPlan:
    """How IPv4 is today. Where a lease stands beside further addresses, the plan tells which is to be kept."""
    held = [one for one in ip.addresses if one.family == 4]
    if ip.dhcpv4 and not (planned.method == "static" and len(held) > 1):
        return IpPlan("dhcp")
    return _static(_first(held, address, planned.address, ip.primary4))


def _ipv6(host: Host, ip: Ip, planned: IpPlan, address: str) -> IpPlan:
    """How IPv6 is today; an automatic address in the plan's words, since not every VDSM takes each of them."""
    held = _first([one for one in ip.addresses if one.family == 6], address, planned.address)
    method = ipv6_method(ip, held)
    if method in ("none", "static"):
        return _static(held)
    if planned.method not in ("none", "static"):
        return planned
    return IpPlan("auto+dhcp" if method == "auto" and by_nmstate(host) else method)


def _first(held: list[Address], *preferred: str) -> Address | None:
    """The address of ``held`` that comes first among ``preferred``, else the first there is."""
    order = {text: place for place, text in reversed(tuple(enumerate(preferred)))}
    return min(held, key=lambda one: order.get(one.text, len(order)), default=None)


def _static(address: Address | None) -> IpPlan:
    return IpPlan("static", address.text, address.prefix) if address is not None else IpPlan()


def _present(present: IpPlan, gateway: str, planned: IpPlan, *, hidden: bool) -> IpPlan:
    """With the gateway of today; where the host hides its routes, with the one that the definition told."""
    if present.method != "static":
        return present
    return present._replace(gateway=gateway or (planned.gateway if hidden else ""))


def has_default_route(ip: Ip) -> bool:
    """Tell whether a default route of either family leads over a device; an IPv6 gateway always is one."""
    return has_default_route4(ip) or bool(ip.gateway6)
