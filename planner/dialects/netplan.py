"""netplan's YAML: the devices of the network, for systemd-networkd."""

from collections.abc import Iterator
from typing import Any

from planner.dialects.wording import Made, beside_vdsm, lost_by_hand, lost_past_vdsm
from planner.host.formats.machine import NUMBERED
from planner.host.model import MODES, Bond, Device
from planner.plan.attachment import IpPlan
from planner.plan.effects import has_dhcpv6_lease
from planner.yamltext import dump_yaml

Record = dict[str, Any]
SECTIONS = {"nic": "ethernets", "bond": "bonds", "vlan": "vlans", "bridge": "bridges"}
# The kernel's options as netplan calls them; num_unsol_na is num_grat_arp by another name.
PARAMETERS = {
    "lacp_rate": "lacp-rate",
    "miimon": "mii-monitor-interval",
    "min_links": "min-links",
    "xmit_hash_policy": "transmit-hash-policy",
    "ad_select": "ad-select",
    "arp_interval": "arp-interval",
    "arp_ip_target": "arp-ip-targets",
    "arp_validate": "arp-validate",
    "arp_all_targets": "arp-all-targets",
    "updelay": "up-delay",
    "downdelay": "down-delay",
    "fail_over_mac": "fail-over-mac-policy",
    "num_grat_arp": "gratuitous-arp",
    "num_unsol_na": "gratuitous-arp",
    "primary": "primary",
    "primary_reselect": "primary-reselect-policy",
    "resend_igmp": "resend-igmp",
    "lp_interval": "learn-packet-interval",
}
LISTS = ("arp_ip_target",)
UNKNOWN = ("vlan+srcmac", "filter", "filter_active", "filter_backup")  # of the kernel's words


def lost(made: Made) -> Iterator[str]:
    """What netplan has no key for, or networkd does otherwise."""
    attachment = made.attachment
    yield from lost_past_vdsm(made)
    yield from lost_by_hand(made)
    for name, value in _options(attachment.bond):
        if name not in PARAMETERS or value in UNKNOWN:
            yield f"netplan has no key for the bond's {name}={value}"
    if attachment.ipv6.method == "dhcp":
        yield "networkd asks for a DHCPv6 lease only when a router tells it to, and then takes its addresses, too"
    if has_dhcpv6_lease(attachment, made.held):
        yield "networkd makes its DUID of the machine's id and VDSM of the MAC address: another DHCPv6 lease"
    if attachment.nameservers and "auto" in attachment.ipv6.method:
        yield f"beside {', '.join(attachment.nameservers)} the name servers that routers tell would be taken, too"
    if attachment.bridged and not made.hwaddr():
        yield f"the capture does not tell the MAC address of {attachment.port}: networkd would make one up"


def words(made: Made) -> str:
    """The file's text."""
    network: dict[str, Any] = {"version": 2}
    for device in made.stack():
        network.setdefault(SECTIONS[device.kind], {})[device.name] = _device(made, device)
    if made.attachment.bridged:
        network["bridges"] = {made.network: _bridge(made)}
    return dump_yaml({"network": network})


def beside(made: Made) -> Iterator[str]:
    """Where it goes, and what VDSM makes of it."""
    yield f"  put it into /etc/netplan/90-{made.network}.yaml, take what others there say of these devices out, and run"
    yield "  `netplan try` at a console: where a bond or bridge is made it does not take everything back"
    yield beside_vdsm(made)


def _device(made: Made, device: Device) -> Record:
    attachment = made.attachment
    record: Record = {"mtu": device.mtu} if device.mtu >= 0 else {}
    if device.kind == "bond" and attachment.bond is not None:
        record = _bond(attachment.bond, pin_mac=attachment.pin_mac) | record
    if device.kind == "vlan":
        record = {"id": attachment.tag, "link": attachment.iface} | record
    if device.name == made.top:
        return record | _addressing(made)
    keeps_its_own = device.kind == "nic" and bool(device.ip.addresses)  # the base of a VLAN
    none: Record = {"dhcp4": False, "dhcp6": False, "accept-ra": False, "link-local": []}
    return record if keeps_its_own else record | none


def _bond(bond: Bond, *, pin_mac: bool) -> Record:
    parameters: Record = {"mode": MODES[bond.mode]}
    for name, value in _options(bond):
        word: Any = value.split(",") if name in LISTS else int(value) if value.isdecimal() else value
        parameters[PARAMETERS[name]] = word
    pinned = {"macaddress": bond.hwaddr} if pin_mac and bond.hwaddr else {}
    return {"interfaces": sorted(bond.members), "parameters": parameters, **pinned}


def _options(bond: Bond | None) -> Iterator[tuple[str, str]]:
    """The options with the kernel's words for numbers that netplan does not know."""
    for name, value in bond.options if bond is not None else ():
        words_of = NUMBERED.get(name, ())
        if name != "mode":
            numbered = value.isdecimal() and int(value) < len(words_of)
            yield name, words_of[int(value)] if numbered else value


def _bridge(made: Made) -> Record:
    attachment = made.attachment
    return {
        "interfaces": [attachment.port],
        "parameters": {"stp": attachment.stp},
        "macaddress": made.hwaddr(),
        "mtu": attachment.mtu,
        **_addressing(made),
    }


def _addressing(made: Made) -> Record:
    attachment = made.attachment
    v4, v6 = attachment.ipv4, attachment.ipv6
    record: Record = {"dhcp4": v4.method == "dhcp", "dhcp6": v6.method == "auto+dhcp", "accept-ra": "auto" in v6.method}
    if v4.method == "dhcp":
        record["dhcp-identifier"] = "mac"
        if attachment.nameservers:
            record["dhcp4-overrides"] = {"use-dns": False}
    if "auto" in v6.method:
        record["ipv6-address-generation"] = "eui64"
    if v6.method == "none":
        record["link-local"] = []
    static = [ip for ip in (v4, v6) if ip.method == "static"]
    if static:
        record["addresses"] = [f"{ip.address}/{ip.prefix}" for ip in static]
    if routes := [_route(ip) for ip in static if ip.gateway and attachment.default_route]:
        record["routes"] = routes
    if attachment.nameservers:
        record["nameservers"] = {"addresses": list(attachment.nameservers)}
    return record


def _route(ip: IpPlan) -> Record:
    """The default route; a gateway outside of the subnet is said to be on the link."""
    import ipaddress

    gateway = ipaddress.ip_address(ip.gateway)
    inside = gateway in ipaddress.ip_interface(f"{ip.address}/{ip.prefix}").network or gateway.is_link_local
    return {"to": "default", "via": ip.gateway, **({} if inside else {"on-link": True})}
