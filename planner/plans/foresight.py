"""What VDSM would do to the host beyond what the request says, predicted from the capture.

Source: VDSM's generator of nmstate's desired state (4.40 and later) and its ifcfg configurator before.
"""

from typing import Any, NamedTuple

from planner.host.autoconf import origin
from planner.host.model import Device, Host, Ip, Network, Vlan
from planner.language import Fact
from planner.plans.attachment import Attachment
from planner.plans.default_routes import winners
from planner.plans.readdressing import readdressed

NMSTATE_SINCE = (4, 40)  # from here on bare vlans count for the base's MTU, and a bridge's MAC is pinned


class Effect(NamedTuple):
    """One effect on one device; ``before`` and ``after`` are text, ``""`` where there is nothing to compare."""

    effect: str
    device: str
    before: str
    after: str
    because: str

    def document(self) -> dict[str, Any]:
        """As it stands in a plan (schemas/plan.schema.json, ``foreseen``)."""
        return {
            "effect": self.effect,
            "device": self.device,
            "from": self.before or None,
            "to": self.after or None,
            "because": self.because,
        }


def foresee(host: Host, network: str, attachment: Attachment, holder: str) -> tuple[Effect, ...]:
    """The effects of attaching ``network`` as ``attachment`` says; ``holder`` has the management address today."""
    return (
        *_mtu(host, network, attachment),
        *_bridge(host, network, attachment),
        *_bond(host, attachment),
        *_address(host, network, attachment, holder),
        *_lease(host, network, attachment, holder),
        *_readdressing(host, network, attachment, holder),
        *_default_routes(host, network, attachment, holder),
    )


def foreseen_facts(effects: tuple[Effect, ...]) -> list[Fact]:
    """The ``foreseen`` facts for the guard stage."""
    return [
        Fact(
            "foreseen",
            {
                "effect": effect.effect,
                "device": effect.device,
                "from": effect.before,
                "to": effect.after,
                "from_number": int(effect.before) if effect.effect == "mtu" else -1,
                "to_number": int(effect.after) if effect.effect == "mtu" else -1,
            },
            "",
        )
        for effect in effects
    ]


def base_mtu(host: Host, network: str, attachment: Attachment) -> int:
    """The MTU that the base will have: the largest of what stands on it, whatever it has today."""
    if _by_nmstate(host):
        return max(attachment.mtu, _largest(host, attachment.iface, (attachment.port, _port(host, network))))
    others = (other for other in host.networks.values() if other.name != network)
    standing = [other.mtu for other in others if attachment.iface in (other.southbound, _base(host, other))]
    return max([attachment.mtu, *standing])


def _by_nmstate(host: Host) -> bool:
    return host.version == () or host.version >= NMSTATE_SINCE


def _largest(host: Host, base: str, but: tuple[str, ...] = ()) -> int:
    """The largest MTU of the vlans on ``base``, whoever made them; -1 without any. An untagged network is not asked."""
    return max((vlan.mtu for vlan in host.vlans.values() if vlan.base == base and vlan.name not in but), default=-1)


def _base(host: Host, network: Network) -> str:
    vlan = host.vlans.get(network.southbound)
    return vlan.base if vlan is not None else network.southbound


def _port(host: Host, network: str) -> str:
    own = host.networks.get(network)
    return own.southbound if own is not None else ""


def _mtu(host: Host, network: str, attachment: Attachment) -> list[Effect]:
    wanted = {attachment.iface: base_mtu(host, network, attachment)}
    reasons = {attachment.iface: "a base device gets the largest MTU of the networks and vlans on it"}
    if _by_nmstate(host):
        for base in sorted({vlan.base for vlan in host.vlans.values()} - {attachment.iface}):
            wanted[base] = _largest(host, base, (_port(host, network),))
            reasons[base] = "VDSM gives every device with vlans the largest MTU of those, at any change"
    devices: dict[str, Device] = {**host.bridges, **host.vlans, **host.bonds, **host.nics}
    for bond in [host.bonds[name] for name in wanted if name in host.bonds]:
        if bond.name == attachment.iface or bond.mtu != wanted[bond.name]:
            wanted |= dict.fromkeys(sorted(bond.members), wanted[bond.name])
            reasons |= dict.fromkeys(bond.members, f"the members of {bond.name} follow it")
    if attachment.tag >= 0:
        wanted[attachment.port] = attachment.mtu
        reasons[attachment.port] = "the vlan gets the network's MTU"
    if attachment.bridged and network in host.bridges:
        wanted[network] = attachment.mtu
        reasons[network] = "the bridge gets the network's MTU"
    return [
        Effect("mtu", name, str(devices[name].mtu), str(mtu), reasons[name])
        for name, mtu in wanted.items()
        if name in devices and mtu >= 0 and devices[name].mtu not in (-1, mtu)
    ]


def _bridge(host: Host, network: str, attachment: Attachment) -> list[Effect]:
    own = host.networks.get(network)
    if attachment.bridged and network not in host.bridges:
        return [
            Effect(
                "bridge-made", network, "", attachment.port, f"{network} is a VM network; its port is {attachment.port}"
            )
        ]
    if not attachment.bridged and own is not None and own.bridged:
        return [Effect("bridge-removed", network, attachment.port, "", f"{network} is no VM network any more")]
    return []


def _bond(host: Host, attachment: Attachment) -> list[Effect]:
    bond = attachment.bond
    if bond is None or any(_base(host, other) == bond.name for other in host.networks.values()):
        return []
    options = " ".join(f"{key}={value}" for key, value in bond.options)
    effects = [
        Effect(
            "bond-redeclared",
            bond.name,
            "",
            options,
            "VDSM takes the bond over; the request names its members and options so that none is lost",
        )
    ]
    if bond.ip.addresses and attachment.port != bond.name:
        texts = ", ".join(address.text for address in bond.ip.addresses)
        effects.append(
            Effect("address-removed", bond.name, texts, "", "VDSM clears the addresses of a bond that it takes over")
        )
    return effects


def _address(host: Host, network: str, attachment: Attachment, holder: str) -> list[Effect]:
    top = attachment.top_device(network)
    if holder in ("", top):
        return []
    moving = ", ".join(address.text for address in present_ip(host, holder).addresses)
    because = f"the top device of {network} holds its addresses; {holder} loses all it has"
    return [Effect("address-moves", moving or "the IP configuration", holder, top, because)]


def _lease(host: Host, network: str, attachment: Attachment, holder: str) -> list[Effect]:
    if not attachment.bridged or network in host.bridges:
        return []
    port: Vlan | None = host.vlans.get(attachment.port)
    hwaddr = (port.hwaddr if port is not None else "") or _hwaddr(host, attachment.iface)
    pinned = host.version == () or host.version >= NMSTATE_SINCE
    because = (
        f"VDSM pins the bridge to the MAC address of {attachment.port}"
        if pinned
        else f"a bridge takes the MAC address of its port, {attachment.port}"
    )
    effects = [Effect("mac-kept", network, "", hwaddr, because)] if hwaddr else []
    if holder and attachment.ipv4.method == "dhcp":
        said = (
            "a server that knows the host by its MAC address gives the same lease"
            if pinned
            else "a DHCP client on the bridge identifies itself anew and may get another lease"
        )
        effects.append(Effect("lease", network, holder, network, said))
    if holder and _leased6(attachment, present_ip(host, holder)):
        said = (
            "DUID and IAID are made anew of the MAC address; a server that knows the host by others gives another lease"
            if pinned
            else "a DHCPv6 client on the bridge identifies itself anew and may get another lease"
        )
        effects.append(Effect("lease", network, holder, network, said))
    return effects


def _leased6(attachment: Attachment, ip: Ip) -> bool:
    """Whether a DHCPv6 lease is at stake: beside router advertisements a client may have got none."""
    leased = any(address.family == 6 and origin(address, ip) == "lease" for address in ip.addresses)
    return attachment.ipv6.method == "dhcp" or (attachment.ipv6.method == "auto+dhcp" and leased)


def _readdressing(host: Host, network: str, attachment: Attachment, holder: str) -> list[Effect]:
    """Automatic IPv6 addresses: nmstate makes each EUI-64, whatever NetworkManager's profile said."""
    if not _by_nmstate(host) or network in host.networks:
        return []
    because = "nmstate makes each address that a router advertises of the MAC address (EUI-64)"
    return [
        Effect("address-changes" if sure else "address-may-change", holder, before, after, because)
        for before, after, sure in readdressed(host, attachment, present_ip(host, holder))
    ]


def _default_routes(host: Host, network: str, attachment: Attachment, holder: str) -> list[Effect]:
    """The default routes of other devices that NetworkManager will prefer to the network's."""
    if not _by_nmstate(host):
        return []
    top = attachment.top_device(network)
    return [
        Effect(
            "default-route-loses",
            winner.device,
            winner.gateway,
            top,
            f"NetworkManager prefers the default route over a {winner.kind} (metric {winner.metric}) to one over "
            f"{top} (metric {winner.ours}), unless route-metric says otherwise",
        )
        for winner in winners(host, network, attachment, holder)
    ]


def _hwaddr(host: Host, name: str) -> str:
    device = host.bonds.get(name) or host.nics.get(name)
    return device.hwaddr if device is not None else ""


def present_ip(host: Host, device: str) -> Ip:
    """The IP configuration that ``device`` has today."""
    found = host.bridges.get(device) or host.vlans.get(device) or host.bonds.get(device) or host.nics.get(device)
    return found.ip if found is not None else Ip()
