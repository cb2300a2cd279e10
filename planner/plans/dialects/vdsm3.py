"""setupNetworks of VDSM 4.9 to 4.17 (oVirt 3): XML-RPC, numbers and booleans as text, no IPv6.

VDSM of 2012 writes every key that it does not know into the ifcfg file: send nothing that it need not have.
"""

from typing import Any

from planner.plans.attachment import Attachment, IpPlan
from planner.plans.dialects.request import (
    CONNECTIVITY_TIMEOUT,
    NetworkRequest,
    Request,
    SetupRequest,
    bond_options,
    static_ipv4,
)

DEFAULT_ROUTE_SINCE = (4, 14)  # oVirt 3.4; before, a gateway always became the host's


def request(setup: SetupRequest) -> Request:
    """The three arguments of the call. There is no saving at once: the caller saves by a verb of its own."""
    checked = {"connectivityCheck": "true", "connectivityTimeout": CONNECTIVITY_TIMEOUT}
    routed = setup.version == () or setup.version >= DEFAULT_ROUTE_SINCE
    return {
        "networks": {asked.network: _network(asked, knows_default_route=routed) for asked in setup.networks},
        "bondings": {name: bond for asked in setup.networks for name, bond in _bondings(asked.attachment).items()},
        "options": checked if setup.checked else {"connectivityCheck": "false"},
    }


def _network(asked: NetworkRequest, *, knows_default_route: bool) -> dict[str, Any]:
    attachment = asked.attachment
    network: dict[str, Any] = {"bonding" if attachment.bond is not None else "nic": attachment.iface}
    if attachment.tag >= 0:
        network["vlan"] = str(attachment.tag)
    network |= _ipv4(attachment.ipv4)
    if not (attachment.default_route or knows_default_route):
        network.pop("gateway", None)  # it would become the host's
    network |= {"mtu": str(attachment.mtu), "bridged": "true" if attachment.bridged else "false"}
    if attachment.bridged:
        network["stp"] = "yes" if attachment.stp else "no"
    if attachment.default_route and knows_default_route:
        network["defaultRoute"] = "true"
    if asked.qos is not None:
        network["hostQos"] = asked.qos
    if asked.custom is not None:
        network["custom"] = asked.custom
    return network


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
