"""What nmstate refuses of what VDSM asks it for; the machine below is not asked then."""

from collections.abc import Collection, Mapping
from typing import Any

from planner.simulator.ages import TODAY, Age
from planner.simulator.bonding_options import parsed, takes_mac
from planner.simulator.canonical import port_of
from planner.simulator.kernel import Config, Fault

NO_PLACE_FOR_DNS = (
    "nmstate only support saving DNS to interface with static gateway or auto interface with auto-dns:false"
)
NO_MAC = "MAC address cannot be specified in bond interface along with fail_over_mac active on active backup mode"


def objection(before: Config, after: Config, elsewhere: Collection[int], age: Age = TODAY) -> Fault | None:
    """Why nmstate refuses to make ``after`` of ``before``; None if it does not.

    ``elsewhere``: the families (4, 6) in which a device that is not touched (see `touched`) has a gateway by hand;
    nmstate can write name servers into that one's profile.
    """
    declared = {name: bond for name, bond in after.bonds.items() if bond != before.bonds.get(name)}
    for bond in declared.values():
        if bond.get("hwaddr") and not takes_mac(parsed(bond.get("options") or "") or {}):
            return Fault(NO_MAC)
    for name, network in after.networks.items():
        if network["ipv6autoconf"] and not network["dhcpv6"]:
            return Fault("Autoconf without DHCP is not supported yet")
        for server in network["nameservers"] or () if network.get("defaultRoute") and not age.global_dns else ():
            family = 6 if ":" in server else 4
            stated = {**kept_gateways(before.networks.get(name, {}), network), **network}
            if family not in elsewhere and not _resolves_by(stated, family):
                said = f"Failed to find suitable interface for saving DNS name servers: {server}, {NO_PLACE_FOR_DNS}"
                return Fault(said)
    return None


def touched(before: Config, after: Config) -> set[str]:
    """The bridges and ports of the networks that are not in ``after`` as they are in ``before``."""
    changed = {name: network for name, network in after.networks.items() if network != before.networks.get(name)}
    return {*changed, *(port_of(network) for network in changed.values())}


def kept_gateways(past: Mapping[str, Any], network: Mapping[str, Any]) -> dict[str, str]:
    """The gateways of ``past`` that ``network``, the same one, has although it does not name them.

    VDSM takes a default route back only with the role, or from a family that goes over to DHCP.
    """
    if not (past.get("defaultRoute") and network.get("defaultRoute")):
        return {}
    if (port_of(dict(past)), past["bridged"]) != (port_of(dict(network)), network["bridged"]):
        return {}
    by_hand = {"gateway": network["bootproto"] != "dhcp", "ipv6gateway": not network["dhcpv6"]}
    return {key: past[key] for key, kept in by_hand.items() if kept and past.get(key) and not network.get(key)}


def _resolves_by(network: Mapping[str, Any], family: int) -> bool:
    """Whether nmstate can write a name server of ``family`` into the network's profile."""
    if family == 4:
        return bool(network.get("gateway")) or network["bootproto"] == "dhcp"
    return bool(network.get("ipv6gateway") or network["dhcpv6"] or network["ipv6autoconf"])
