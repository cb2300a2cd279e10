"""What nmstate refuses of what VDSM asks it for; the machine below is not asked then."""

from collections.abc import Collection, Mapping

from planner.simulator.ages import TODAY, Age
from planner.simulator.bonding_options import parsed, takes_mac
from planner.simulator.kernel import Config, Fault, Record

NO_PLACE_FOR_DNS = (
    "nmstate only support saving DNS to interface with static gateway or auto interface with auto-dns:false"
)
NO_MAC = "MAC address cannot be specified in bond interface along with fail_over_mac active on active backup mode"


def objection(
    declared: Mapping[str, Record], after: Config, elsewhere: Collection[int], age: Age = TODAY
) -> Fault | None:
    """Why nmstate refuses ``after``, with the bonds ``declared`` in it anew; None if it does not.

    ``elsewhere``: the families (4, 6) in which a device that is none of VDSM's has a gateway by hand; nmstate can write
    name servers into that one's profile.
    """
    for bond in declared.values():
        if bond.get("hwaddr") and not takes_mac(parsed(bond.get("options") or "") or {}):
            return Fault(NO_MAC)
    for network in after.networks.values():
        if network["ipv6autoconf"] and not network["dhcpv6"]:
            return Fault("Autoconf without DHCP is not supported yet")
        for server in network["nameservers"] or () if network.get("defaultRoute") and not age.global_dns else ():
            family = 6 if ":" in server else 4
            if family not in elsewhere and not _resolves_by(network, family):
                said = f"Failed to find suitable interface for saving DNS name servers: {server}, {NO_PLACE_FOR_DNS}"
                return Fault(said)
    return None


def _resolves_by(network: Record, family: int) -> bool:
    """Whether nmstate can write a name server of ``family`` into the network's profile."""
    if family == 4:
        return bool(network.get("gateway")) or network["bootproto"] == "dhcp"
    return bool(network.get("ipv6gateway") or network["dhcpv6"] or network["ipv6autoconf"])
