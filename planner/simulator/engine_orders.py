"""From the body of POST /hosts/{id}/setupnetworks to the call that the engine sends VDSM (vdsm.md 2.6, 8.4)."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from planner.simulator.engine_documents import View
from planner.simulator.engine_networks import Logical, identity
from planner.simulator.kernel import Record

PATIENCE = 120  # seconds: NetworkConnectivityCheckTimeoutInSeconds
DEFAULT_OPTIONS = "mode=4 miimon=100 xmit_hash_policy=2"


class Attach(NamedTuple):
    """A network that shall be on a device; ``addresses`` by "v4" and "v6": (method, {address, netmask, gateway})."""

    network: Logical
    device: str
    addresses: Mapping[str, tuple[str, Mapping[str, str]]]
    nameservers: tuple[str, ...]
    properties: Mapping[str, str]
    mend: bool


class Wish(NamedTuple):
    """What the engine is asked for, by the names that the host has. ``bonds``: slaves and options by name."""

    attach: tuple[Attach, ...]
    detach: tuple[str, ...]
    bonds: Mapping[str, tuple[tuple[str, ...], Mapping[str, str]]]
    unbond: tuple[str, ...]
    check: bool
    timeout: int
    commit: bool


class UnknownError(Exception):
    """The request names something that the engine does not have."""

    def __init__(self, link: Mapping[str, Any], kind: str) -> None:
        """``link``: how it is called, by name or id."""
        super().__init__(f"Cannot setup Networks. There is no {kind} {link.get('name') or link.get('id')}.")


def wish(action: Record, view: View) -> Wish:
    """The action with every id looked up; UnknownError when one leads nowhere."""
    mended = {one.get("id") for one in _listed(action, "synchronized_network_attachments", "network_attachment")}
    bonds = dict(_bond(one, view) for one in _listed(action, "modified_bonds", "host_nic"))
    devices = {**dict.fromkeys(bonds), **dict.fromkeys(view.devices)}
    modified = _listed(action, "modified_network_attachments", "network_attachment")
    return Wish(
        tuple(_attach(one, mended, devices, view) for one in modified),
        tuple(_detached(one, view) for one in _listed(action, "removed_network_attachments", "network_attachment")),
        bonds,
        tuple(_named(one, dict.fromkeys(view.devices)) for one in _listed(action, "removed_bonds", "host_nic")),
        _true(action.get("check_connectivity", True)),
        int(action.get("connectivity_timeout", PATIENCE)),
        _true(action.get("commit_on_success", False)),
    )


def call_of(wanted: Wish, view: View) -> Record:
    """The parameters of setupNetworks."""
    networks: dict[str, Record] = {name: {"remove": "true"} for name in wanted.detach}
    bonded = {*wanted.bonds, *view.caps.get("bondings", {})}
    for one in wanted.attach:
        networks[one.network.on_host] = _network(one, bonded=one.device in bonded)
    bondings: dict[str, Record] = {name: {"remove": "true"} for name in wanted.unbond}
    for name, (slaves, stated) in wanted.bonds.items():
        text = " ".join(f"{key}={value}" for key, value in stated.items()) or DEFAULT_OPTIONS
        bondings[name] = {"nics": list(slaves), "options": text, "switch": "legacy"}
    options: Record = {"connectivityCheck": str(wanted.check).lower()}
    if wanted.check:
        options["connectivityTimeout"] = wanted.timeout
    return {"networks": networks, "bondings": bondings, "options": options}


def _network(one: Attach, *, bonded: bool) -> Record:
    network: Record = {
        "bonding" if bonded else "nic": one.device,
        "mtu": one.network.bytes,
        "bridged": str(one.network.vm).lower(),
        "switch": "legacy",
        **_ipv4(*one.addresses.get("v4", ("none", {}))),
        **_ipv6(*one.addresses.get("v6", ("none", {})), routed=one.network.default_route),
    }
    if one.network.vlan is not None:
        network["vlan"] = str(one.network.vlan)
    if one.network.vm:
        network["stp"] = "yes" if one.network.stp else "no"
    if one.network.default_route:
        network["defaultRoute"] = True
        if servers := one.nameservers or one.network.nameservers:
            network["nameservers"] = list(servers)
    if one.properties:
        network["custom"] = dict(one.properties)
    return network


def _ipv4(method: str, ip: Mapping[str, str]) -> Record:
    if method == "dhcp":
        return {"bootproto": "dhcp"}
    if method != "static":
        return {}
    netmask = ip["netmask"]
    stated: Record = {"ipaddr": ip["address"], "prefix" if netmask.isdigit() else "netmask": netmask}
    return stated | ({"gateway": ip["gateway"]} if ip.get("gateway") else {})


def _ipv6(method: str, ip: Mapping[str, str], *, routed: bool) -> Record:
    stated: Record = {
        "dhcpv6": method in ("dhcp", "poly_dhcp_autoconf"),
        "ipv6autoconf": method in ("autoconf", "poly_dhcp_autoconf"),
    }
    if method == "static":
        stated |= {"ipv6addr": f"{ip['address']}/{ip['netmask']}"}
        stated["ipv6gateway"] = (ip.get("gateway") or "::") if routed else "::"
    return stated


def _bond(nic: Record, view: View) -> tuple[str, tuple[tuple[str, ...], Mapping[str, str]]]:
    bonding = nic.get("bonding", {})
    devices = dict.fromkeys(view.devices)
    name = str(nic.get("name") or "") or _named(nic, devices)
    slaves = tuple(_named(slave, devices) for slave in _listed(bonding, "slaves", "host_nic"))
    options = {str(one["name"]): str(one.get("value", "")) for one in _listed(bonding, "options", "option")}
    return name, (slaves, options)


def _attach(one: Record, mended: set[Any], devices: Mapping[str, None], view: View) -> Attach:
    network = _network_of(one.get("network", {}), view)
    assignments = _listed(one, "ip_address_assignments", "ip_address_assignment")
    servers = _listed(one.get("dns_resolver_configuration", {}), "name_servers", "name_server")
    return Attach(
        network,
        _named(one.get("host_nic", {}), devices),
        {
            row.get("ip", {}).get("version", "v4"): (row.get("assignment_method", "none"), row.get("ip", {}))
            for row in assignments
        },
        tuple(servers),
        {row["name"]: str(row.get("value", "")) for row in _listed(one, "properties", "property")},
        one.get("id") in mended,
    )


def _detached(one: Record, view: View) -> str:
    for name in view.caps.get("networks", {}):
        if one.get("id") == identity("attachment", name):
            return str(name)
    raise UnknownError(one, "network attachment")


def _network_of(link: Record, view: View) -> Logical:
    for network in view.networks.values():
        if link.get("id") == network.id or (not link.get("id") and link.get("name") == network.name):
            return network
    raise UnknownError(link, "network")


def _named(link: Record, devices: Mapping[str, None]) -> str:
    """The device of that id or name."""
    for name in devices:
        if link.get("id") == identity("nic", name) or (not link.get("id") and link.get("name") == name):
            return name
    raise UnknownError(link, "network interface")


def _listed(document: Record, key: str, kind: str) -> list[Any]:
    return list(document.get(key, {}).get(kind, ()))


def _true(value: object) -> bool:
    return value.lower() == "true" if isinstance(value, str) else bool(value)
