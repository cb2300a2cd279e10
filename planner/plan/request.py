"""setupNetworks calls: a request, and its wording for each age of VDSM."""

from collections.abc import Collection
from typing import Any, NamedTuple

from planner.plan.attachment import UNPINNED, Attachment, IpPlan
from planner.problem import Problem

# Shorter than the engine's 120 s and a slow switch port or a DHCP server loses a good change to the
# rollback; longer and a lost host stays lost for longer.
CONNECTIVITY_TIMEOUT = 120

Request = dict[str, Any]


def unsent(untold: Collection[str]) -> Problem:
    """Why a plan is not sent anywhere whose capture leaves ``untold`` open."""
    message = f"the capture does not tell {', '.join(untold)}: a plan from it cannot be sent to a host"
    hint = (
        "plan from VDSM's whole answer (`vdsm-client Host getCapabilities`); -o text shows what this one would come to"
    )
    return Problem("capture-incomplete", message, hint)


class NetworkRequest(NamedTuple):
    """One network of a call; ``qos`` and ``custom`` are those of a network that VDSM has already, kept."""

    network: str
    attachment: Attachment
    qos: object = None
    custom: object = None


class SetupRequest(NamedTuple):
    """A setupNetworks call before it is put into the words of VDSM's age.

    ``version`` is VDSM's, ``()`` unknown. ``checked``: VDSM takes the change back unless somebody confirms that the
    host is reached, and saves nothing. Otherwise it does not look, and saves at once: what keeps or restores an address
    must not be taken back, nor be forgotten at a reboot.
    """

    networks: tuple[NetworkRequest, ...]
    version: tuple[int, ...] = ()
    checked: bool = True


def bond_options(attachment: Attachment) -> str:
    """Return the bond's options as VDSM takes them (``mode=4 miimon=100``); ``""`` where they are unknown."""
    if attachment.bond is None:
        return ""
    options = dict(attachment.bond.options)
    if attachment.bond.mode >= 0:
        options = {"mode": str(attachment.bond.mode), **options}
    return " ".join(f"{key}={options[key]}" for key in sorted(options, key=lambda key: (key != "mode", key)))


def static_ipv4(ip: IpPlan) -> dict[str, Any]:
    """Word a static IPv4 address as VDSM of every age takes it: with a netmask, and a gateway if there is one."""
    netmask = (0xFFFFFFFF << (32 - ip.prefix)) & 0xFFFFFFFF
    dotted = ".".join(str(netmask >> shift & 0xFF) for shift in (24, 16, 8, 0))
    gateway = {"gateway": ip.gateway} if ip.gateway else {}
    return {"ipaddr": ip.address, "netmask": dotted, **gateway}


# setupNetworks of VDSM 4.9 to 4.17 (oVirt 3): XML-RPC, numbers and booleans as text, no IPv6.
#
# VDSM of 2012 writes every key that it does not know into the ifcfg file: send nothing that it need not have.


DEFAULT_ROUTE_SINCE = (4, 14)  # oVirt 3.4; before, a gateway always became the host's


def vdsm3(setup: SetupRequest) -> Request:
    """Word the call for VDSM 4.9 to 4.17; the result as of `speak`.

    Such a VDSM cannot save within the call: the caller sends setSafeNetworkConfig afterwards.
    """
    checked = {"connectivityCheck": "true", "connectivityTimeout": CONNECTIVITY_TIMEOUT}
    routed = setup.version == () or setup.version >= DEFAULT_ROUTE_SINCE
    return {
        "networks": {asked.network: _vdsm3_network(asked, knows_default_route=routed) for asked in setup.networks},
        "bondings": {
            name: bond for asked in setup.networks for name, bond in _vdsm3_bondings(asked.attachment).items()
        },
        "options": checked if setup.checked else {"connectivityCheck": "false"},
    }


def _vdsm3_network(asked: NetworkRequest, *, knows_default_route: bool) -> dict[str, Any]:
    attachment = asked.attachment
    network: dict[str, Any] = {"bonding" if attachment.bond is not None else "nic": attachment.iface}
    if attachment.tag >= 0:
        network["vlan"] = str(attachment.tag)
    network |= _vdsm3_ipv4(attachment.ipv4)
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


def _vdsm3_ipv4(ip: IpPlan) -> dict[str, Any]:
    if ip.method == "dhcp":
        return {"bootproto": "dhcp"}
    return static_ipv4(ip) if ip.method == "static" else {}


def _vdsm3_bondings(attachment: Attachment) -> dict[str, Any]:
    """The bond with its options; without known options it is left out: VDSM then keeps those it has."""
    options = bond_options(attachment)
    if attachment.bond is None or not options:
        return {}
    return {attachment.bond.name: {"nics": sorted(attachment.bond.members), "options": options}}


# setupNetworks of VDSM 4.18 and later (oVirt 4): JSON-RPC with real booleans and numbers.
#
# VDSM converts neither `defaultRoute` nor `dhcpv6` nor `ipv6autoconf`: the text "false" would be true there.


NAMESERVERS_SINCE = (4, 18, 12)  # before, VDSM knows no such key, and none is worth sending


def vdsm4(setup: SetupRequest) -> Request:
    """Word the call for VDSM 4.18 and later; the result as of `speak`.

    A checked call saves nothing: the caller sends setSafeNetworkConfig once the host is verified.
    """
    checked = {"connectivityCheck": True, "connectivityTimeout": CONNECTIVITY_TIMEOUT, "commitOnSuccess": False}
    return {
        "networks": {asked.network: _vdsm4_network(asked, setup.version) for asked in setup.networks},
        "bondings": {
            name: bond for asked in setup.networks for name, bond in _vdsm4_bondings(asked.attachment).items()
        },
        "options": checked if setup.checked else {"connectivityCheck": False, "commitOnSuccess": True},
    }


def _vdsm4_network(asked: NetworkRequest, version: tuple[int, ...]) -> dict[str, Any]:
    attachment = asked.attachment
    network: dict[str, Any] = {"bonding" if attachment.bond is not None else "nic": attachment.iface}
    if attachment.tag >= 0:
        network["vlan"] = attachment.tag
    network |= {"mtu": attachment.mtu, "bridged": attachment.bridged}
    if attachment.bridged:
        network["stp"] = attachment.stp
    network |= _vdsm4_ipv4(attachment.ipv4) | _ipv6(attachment.ipv6)
    network["defaultRoute"] = attachment.default_route
    if attachment.default_route:
        network |= _nameservers(attachment, version)
    network["switch"] = attachment.switch
    if asked.qos is not None:
        network["hostQos"] = asked.qos
    if asked.custom is not None:
        network["custom"] = asked.custom
    return network


def _vdsm4_ipv4(ip: IpPlan) -> dict[str, Any]:
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


def _vdsm4_bondings(attachment: Attachment) -> dict[str, Any]:
    """The bond with its options; without known options it is left out, which keeps those it has."""
    options = bond_options(attachment)
    if attachment.bond is None or not options:
        return {}
    bond = {"nics": sorted(attachment.bond.members), "options": options, "switch": attachment.switch}
    return {attachment.bond.name: bond if attachment.pin_mac else bond | UNPINNED}


# The dialects of setupNetworks, by the age of VDSM.


OVIRT_4 = (4, 18)  # VDSM of oVirt 4.0: JSON-RPC only, IPv6, name servers


def speak(setup: SetupRequest) -> Request:
    """Word the request as its VDSM takes it, one of unknown age as the newest.

    Returns ``{"networks", "bondings", "options"}``, the arguments of setupNetworks.
    """
    old = () < setup.version < OVIRT_4
    return vdsm3(setup) if old else vdsm4(setup)
