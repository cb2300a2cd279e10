"""setupNetworks of VDSM 4.18 and later (oVirt 4): JSON-RPC with real booleans and numbers.

VDSM converts neither `defaultRoute` nor `dhcpv6` nor `ipv6autoconf`: the text "false" would be true there.
"""

from typing import Any

from planner.plans.attachment import UNPINNED, Attachment, IpPlan
from planner.plans.dialects.request import (
    CONNECTIVITY_TIMEOUT,
    NetworkRequest,
    Request,
    SetupRequest,
    bond_options,
    static_ipv4,
)

NAMESERVERS_SINCE = (4, 18, 12)  # before, VDSM knows no such key, and none is worth sending


def request(setup: SetupRequest) -> Request:
    """The three arguments of the call. What is checked is saved by a verb of its own, after it was verified."""
    checked = {"connectivityCheck": True, "connectivityTimeout": CONNECTIVITY_TIMEOUT, "commitOnSuccess": False}
    return {
        "networks": {asked.network: _network(asked, setup.version) for asked in setup.networks},
        "bondings": {name: bond for asked in setup.networks for name, bond in _bondings(asked.attachment).items()},
        "options": checked if setup.checked else {"connectivityCheck": False, "commitOnSuccess": True},
    }


def _network(asked: NetworkRequest, version: tuple[int, ...]) -> dict[str, Any]:
    attachment = asked.attachment
    network: dict[str, Any] = {"bonding" if attachment.bond is not None else "nic": attachment.iface}
    if attachment.tag >= 0:
        network["vlan"] = attachment.tag
    network |= {"mtu": attachment.mtu, "bridged": attachment.bridged}
    if attachment.bridged:
        network["stp"] = attachment.stp
    network |= _ipv4(attachment.ipv4) | _ipv6(attachment.ipv6)
    network["defaultRoute"] = attachment.default_route
    if attachment.default_route:
        network |= _nameservers(attachment, version)
    network["switch"] = attachment.switch
    if asked.qos is not None:
        network["hostQos"] = asked.qos
    if asked.custom is not None:
        network["custom"] = asked.custom
    return network


def _ipv4(ip: IpPlan) -> dict[str, Any]:
    if ip.method == "dhcp":
        return {"bootproto": "dhcp"}
    return {"bootproto": "none", **(static_ipv4(ip) if ip.method == "static" else {})}


def _ipv6(ip: IpPlan) -> dict[str, Any]:
    flags = {"dhcpv6": "dhcp" in ip.method, "ipv6autoconf": "auto" in ip.method}
    if ip.method != "static":
        return flags
    gateway = {"ipv6gateway": ip.gateway} if ip.gateway else {}
    return {"ipv6addr": f"{ip.address}/{ip.prefix}", **gateway, **flags}


def _nameservers(attachment: Attachment, version: tuple[int, ...]) -> dict[str, Any]:
    """The name servers; an empty list where they come from a router, as VDSM would freeze those of resolv.conf."""
    advertised = attachment.ipv4.method == "none" and attachment.ipv6.method in ("dhcp", "auto", "auto+dhcp")
    knows = version == () or version >= NAMESERVERS_SINCE
    named = attachment.nameservers or (advertised and knows)
    return {"nameservers": list(attachment.nameservers)} if named else {}


def _bondings(attachment: Attachment) -> dict[str, Any]:
    """The bond with its options; without known options it is left out, which keeps those it has."""
    options = bond_options(attachment)
    if attachment.bond is None or not options:
        return {}
    bond = {"nics": sorted(attachment.bond.members), "options": options, "switch": attachment.switch}
    return {attachment.bond.name: bond if attachment.pin_mac else bond | UNPINNED}
