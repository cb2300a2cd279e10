"""setupNetworks of VDSM 4.9 to 4.17 (oVirt 3): XML-RPC, numbers and booleans as text, no IPv6.

VDSM of 2012 writes every key that it does not know into the ifcfg file: send nothing that it need not have.
"""

from typing import Any

from planner.plans.attachment import Attachment, IpPlan
from planner.plans.dialects.request import CONNECTIVITY_TIMEOUT, Request, Wanted, bond_options, static_ipv4

DEFAULT_ROUTE_SINCE = (4, 14)  # oVirt 3.4; before, a gateway always became the host's


def request(wanted: Wanted) -> Request:
    """The three arguments of the call."""
    attachment = wanted.attachment
    return {
        "networks": {wanted.network: _network(wanted)},
        "bondings": _bondings(attachment),
        "options": {"connectivityCheck": "true", "connectivityTimeout": CONNECTIVITY_TIMEOUT},
    }


def _network(wanted: Wanted) -> dict[str, Any]:
    attachment = wanted.attachment
    network: dict[str, Any] = {"bonding" if attachment.bond is not None else "nic": attachment.iface}
    if attachment.tag >= 0:
        network["vlan"] = str(attachment.tag)
    network |= _ipv4(attachment.ipv4)
    if not (attachment.default_route or _knows_default_route(wanted)):
        network.pop("gateway", None)  # it would become the host's
    network |= {"mtu": str(attachment.mtu), "bridged": "true" if attachment.bridged else "false"}
    if attachment.bridged:
        network["stp"] = "yes" if attachment.stp else "no"
    if attachment.default_route and _knows_default_route(wanted):
        network["defaultRoute"] = "true"
    if wanted.qos is not None:
        network["hostQos"] = wanted.qos
    if wanted.custom is not None:
        network["custom"] = wanted.custom
    return network


def _knows_default_route(wanted: Wanted) -> bool:
    return wanted.version == () or wanted.version >= DEFAULT_ROUTE_SINCE


def _ipv4(ip: IpPlan) -> dict[str, Any]:
    if ip.method == "dhcp":
        return {"bootproto": "dhcp"}
    return static_ipv4(ip) if ip.method == "static" else {}


def _bondings(attachment: Attachment) -> dict[str, Any]:
    """The bond with its options; without known options it is left out: VDSM then keeps those it has."""
    options = bond_options(attachment)
    if attachment.bond is None or not options:
        return {}
    return {attachment.bond.name: {"nics": sorted(attachment.bond.members), "options": options}}
