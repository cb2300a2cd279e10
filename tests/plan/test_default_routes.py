"""Which default route of a host wins once the network has one, by NetworkManager's metrics."""

import pytest

from planner.host.model import Address, Bond, Host, Ip, Nic
from planner.plan.attachment import Attachment, IpPlan
from planner.plan.effects import winners

ROUTED = Ip((Address("198.51.100.7", 4, 24, ""),), "198.51.100.7", "198.51.100.1")
STATIC = IpPlan("static", "192.0.2.10", 24, "192.0.2.1")
BOND = Bond("bond0", "", members=("eth1", "eth2"))
NICS = {"eth0": Nic("eth0", ""), "eth1": Nic("eth1", ""), "eth2": Nic("eth2", "")}
HOST = Host("caps", "sha256:0", nics=NICS, bonds={"bond0": BOND}, version=(4, 50))


def winning(host: Host, attachment: Attachment) -> list[str]:
    return [winner.device for winner in winners(host, "ovirtmgmt", attachment, "")]


def test_a_member_of_the_networks_own_bond_has_no_route_of_its_own() -> None:
    attachment = Attachment("bond0", bond=BOND, ipv4=STATIC, default_route=True)
    stale = HOST._replace(nics={**NICS, "eth1": Nic("eth1", "", ip=ROUTED), "eth0": Nic("eth0", "", ip=ROUTED)})
    assert winning(stale, attachment) == ["eth0"]


@pytest.mark.parametrize(
    ("attachment", "loses"),
    [
        (Attachment("eth0", bridged=False), False),
        (Attachment("eth0", tag=0, bridged=False), True),
        (Attachment("eth0", tag=30, bridged=False), True),
        (Attachment("eth0"), True),
    ],
    ids=["nic", "tag-0", "vlan", "bridge"],
)
def test_a_bond_s_default_route_is_preferred_to_one_over_a_vlan_or_a_bridge(
    attachment: Attachment, *, loses: bool
) -> None:
    host = HOST._replace(bonds={"bond0": BOND._replace(ip=ROUTED)})
    assert winning(host, attachment._replace(ipv4=STATIC, default_route=True)) == (["bond0"] if loses else [])
