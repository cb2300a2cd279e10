"""What VDSM would do to the host beyond what the request says, predicted from the capture.

Source: VDSM's generator of nmstate's desired state (4.40 and later) and its ifcfg configurator before.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from planner.facts.vocabulary import Fact
from planner.host import graph
from planner.host.model import Address, Device, Host, Ip, Network, eui64, maker_of, origin
from planner.plan.attachment import Attachment, IpPlan

# What becomes of a device's addresses: which stay, and which advertised ones nmstate makes anew.


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
    """Return those addresses of ``ip`` that the network keeps; ``wanted`` is the management address."""
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
    """Tell whether the network will ask for a DHCPv6 lease that matters.

    Beside router advertisements that is so only if the device has a lease today.
    """
    leased = any(address.family == 6 and origin(address, ip) == "lease" for address in ip.addresses)
    return attachment.ipv6.method == "dhcp" or (attachment.ipv6.method == "auto+dhcp" and leased)


def readdressed(host: Host, attachment: Attachment, ip: Ip) -> dict[str, Anew]:
    """Return the automatic IPv6 addresses of ``ip`` that change, and what becomes of each.

    nmstate makes them of the MAC address (EUI-64), so those that are made of it already stay.

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


# Which default route of a host wins once the network has one.


# NetworkManager's, by the kind of device, where no profile says otherwise; a lower one wins, of two equal ones the
# one that is there already. VDSM asks for none.
METRICS = {"nic": 100, "bond": 300, "vlan": 400, "bridge": 425}


class Winner(NamedTuple):
    """A device whose default route over ``gateway`` is preferred to the network's."""

    device: str
    gateway: str
    because: str


def winners(host: Host, network: str, attachment: Attachment, holder: str) -> Iterator[Winner]:
    """Return the default routes of other devices that will be preferred to the one that ``network`` gets."""
    own = host.networks.get(network)
    if not attachment.default_route or (own is not None and own.bridged == attachment.bridged and _defaults(own.ip)):
        return
    kind = _top_kind(host, attachment)
    ours = METRICS[kind]
    families = [family for family, ip in ((4, attachment.ipv4), (6, attachment.ipv6)) if _has_gateway(ip)]
    taken = {holder, attachment.iface, attachment.port, network, *(attachment.bond.members if attachment.bond else ())}
    # A network of VDSM's that has the default route is drawn into the call and loses it.
    taken |= {owned.device for owned in host.networks.values()}
    devices: list[Device] = [*host.nics.values(), *host.bonds.values(), *host.vlans.values(), *host.bridges.values()]
    for device in devices:
        gateways = _defaults(device.ip) if device.name not in taken and METRICS[device.kind] <= ours else {}
        for family in families:
            if family in gateways:
                because = (
                    f"NetworkManager prefers the default route over a {device.kind} (metric {METRICS[device.kind]}) "
                    f"to one over a {kind} (metric {ours}), unless route-metric says otherwise"
                )
                yield Winner(device.name, gateways[family], because)


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


NMSTATE_SINCE = (4, 40)  # from here on bare vlans count for the base's MTU, and a bridge's MAC is pinned


class Effect(NamedTuple):
    """One effect on one device, of ``address`` if it is about one; ``""`` where there is nothing to compare."""

    effect: str
    device: str
    before: str
    after: str
    because: str
    address: str = ""

    def document(self) -> dict[str, Any]:
        """As it stands in a plan (schemas/plan.schema.json, ``foreseen``)."""
        return {
            "effect": self.effect,
            "device": self.device,
            "address": self.address or None,
            "from": self.before or None,
            "to": self.after or None,
            "because": self.because,
        }


def foresee(host: Host, network: str, attachment: Attachment, holder: str, wanted: str) -> tuple[Effect, ...]:
    """Foresee what VDSM does to each device when ``network`` is attached as ``attachment`` says.

    ``holder``: the device that has the management address today; ``wanted``: that address. Both may be ``""``.
    """
    return (
        *_mtu(host, network, attachment),
        *_bridge(host, network, attachment),
        *_bond(host, attachment),
        *_address(host, network, attachment, holder, wanted),
        *_lease(host, network, attachment, holder),
        *_default_routes(host, network, attachment, holder),
    )


def foreseen_facts(effects: tuple[Effect, ...]) -> list[Fact]:
    """Make the ``foreseen`` facts of the guard stage, one for each effect."""
    return [
        Fact(
            "foreseen",
            {
                "effect": effect.effect,
                "device": effect.device,
                "address": effect.address,
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
    """Return the MTU that the base will have: the largest of the networks and VLANs on it.

    VDSM before 4.40 does not lower the present MTU of a base that is in use.
    """
    base = attachment.iface
    if by_nmstate(host):
        return max(attachment.mtu, _largest(host, base, (attachment.port, _port(host, network))))
    return max(attachment.mtu, _elder_floor(host, network, base))


def _elder_floor(host: Host, network: str, base: str) -> int:
    """What VDSM before 4.40 keeps: the present MTU of a base in use, be it by a bare vlan; -1 where it keeps none.

    An owned network is removed first, and the base lowered to the largest of the vlans that are left.
    """
    left = _largest(host, base, (_port(host, network),)) if network in host.networks else -1
    others = any(other.southbound == base for other in host.networks.values() if other.name != network)
    bare = network not in host.networks and any(vlan.base == base for vlan in host.vlans.values())
    device = graph.device(host, base)
    return left if left >= 0 or device is None or not (others or bare) else device.mtu


def by_nmstate(host: Host) -> bool:
    """Tell whether the host's VDSM works through nmstate; one of unknown age is taken for the newest."""
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
    if by_nmstate(host):
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
    if not attachment.pin_mac:
        because = "fail_over_mac gives it the MAC address of its active member, so VDSM is told to pin none to it"
        effects.append(Effect("mac-not-pinned", bond.name, "", "", because))
    if attachment.port != bond.name:
        because = "VDSM clears the addresses of a bond that it takes over"
        effects += [
            Effect("address-dropped", bond.name, bond.name, "", because, address.text) for address in bond.ip.addresses
        ]
    return effects


def _address(host: Host, network: str, attachment: Attachment, holder: str, wanted: str) -> Iterator[Effect]:
    """What becomes of each address of the device that holds the management address."""
    top = attachment.top_device(network)
    ip = graph.ip_of(host, holder, network)
    staying = kept(attachment, ip, wanted)
    anew = readdressed(host, attachment, ip) if by_nmstate(host) and network not in host.networks else {}
    for address in ip.addresses:
        if address not in staying:
            because = f"{network} does not carry it, and its top device has no other addresses"
            yield Effect("address-dropped", holder, holder, "", because, address.text)
        elif address.text in anew:
            effect, after, because = anew[address.text]
            yield Effect(effect, holder, address.text, after, because, address.text)
        elif holder != top:
            because = f"the top device of {network} holds its addresses; {holder} loses all it has"
            yield Effect("address-moves", holder, holder, top, because, address.text)


def _lease(host: Host, network: str, attachment: Attachment, holder: str) -> list[Effect]:
    if not attachment.bridged or network in host.bridges:
        return []
    effects = [_mac(host, network, attachment)]
    if holder and attachment.ipv4.method == "dhcp":
        said = (
            "a server that knows the host by its MAC address gives the same lease"
            if by_nmstate(host)
            else "a DHCP client on the bridge identifies itself anew and may get another lease"
        )
        effects.append(Effect("lease", network, holder, network, said))
    if holder and has_dhcpv6_lease(attachment, graph.ip_of(host, holder, network)) and not by_nmstate(host):
        said = "a DHCPv6 client on the bridge identifies itself anew and may get another lease"
        effects.append(Effect("lease", network, holder, network, said))
    return effects


def _mac(host: Host, network: str, attachment: Attachment) -> Effect:
    """The MAC address of a bridge that is made: its port's, which a capture does not tell of a vlan."""
    port = attachment.port
    device = graph.device(host, port)
    because = (
        f"VDSM pins the bridge to the MAC address of {port}"
        if by_nmstate(host)
        else f"a bridge takes the MAC address of its port, {port}"
    )
    if attachment.tag >= 0:
        because += f", which a capture does not tell: {attachment.iface}'s unless the VLAN was given one of its own"
    elif not attachment.pin_mac:
        because += ", that of its active member at that moment"
    elif device is not None and device.hwaddr:
        return Effect("mac-kept", network, "", device.hwaddr, because)
    return Effect("mac-kept", network, port, "", because)


def _default_routes(host: Host, network: str, attachment: Attachment, holder: str) -> list[Effect]:
    """The default routes of other devices that NetworkManager will prefer to the network's."""
    if not by_nmstate(host):
        return []
    return [
        Effect("default-route-loses", winner.device, winner.gateway, attachment.top_device(network), winner.because)
        for winner in winners(host, network, attachment, holder)
    ]
