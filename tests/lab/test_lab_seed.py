"""The worked example on a real kernel: ovirtmgmt over bond4.3000 over eth2 and eth3, DHCP, MTU 9000.

Source: docs/vdsm.md, The worked example.
"""

import pytest
from surroundings import bond4, management, network, steady

from lab.agent import dhcp

pytestmark = pytest.mark.lab
OPTIONS = {"plain": "mode=1 miimon=100", "lacp": "mode=4 lacp_rate=1"}
MODES = {"plain": "active-backup miimon 100", "lacp": "802.3ad lacp_rate fast"}


@pytest.fixture
def seed(world, request):
    """The host as it was installed: bond4.3000 has its address by DHCP."""
    variant = request.node.callspec.params["topology"]
    world.build(
        f"link add bond4 type bond mode {MODES[variant]}",
        "link set eth2 master bond4",
        "link set eth3 master bond4",
        "link set bond4 up",
        "link add link bond4 name bond4.3000 type vlan id 3000",
        "link set bond4.3000 up",
    )
    mac = world.host.netinfo()["bondings"]["bond4"]["hwaddr"]
    dhcp.start("bond4.3000", "main", mac)
    wanted = network("bond4", vlan=3000, mtu=9000, bootproto="dhcp")
    return management(wanted, bond4(OPTIONS[variant], hwaddr=mac))


both = pytest.mark.parametrize("topology", ["plain", "lacp"], indirect=True, scope="session")


@both
def test_the_seed(world, seed):
    address = world.address("bond4.3000")
    assert world.seen_by_engine(address)
    assert not world.seen_by_engine(address, size=8972, seconds=2)
    world.configure(seed)
    found = world.host.netinfo()
    bridge, vlan, bond = found["bridges"]["ovirtmgmt"], found["vlans"]["bond4.3000"], found["bondings"]["bond4"]
    assert bridge["addr"] == address
    assert bridge["dhcpv4"]
    assert bridge["ipv4defaultroute"]
    assert bridge["ports"] == ["bond4.3000"]
    assert (vlan["ipv4addrs"], vlan["dhcpv4"], bond["ipv4addrs"]) == ([], False, [])
    mtus = [record["mtu"] for record in (bridge, vlan, bond, found["nics"]["eth2"], found["nics"]["eth3"])]
    assert mtus == ["9000"] * 5
    assert found["nameservers"] == ["198.51.100.1"]
    assert world.host.local_addresses()[address] == "ovirtmgmt"
    assert world.jumbo(address)
    if bond["opts"]["mode"] == "4":
        assert bond["ad_partner_mac"] != "00:00:00:00:00:00"
        assert found["nics"]["eth2"]["ad_aggregator_id"] == found["nics"]["eth3"]["ad_aggregator_id"]


@both
def test_a_second_time_changes_nothing(world, seed):
    world.configure(seed)
    before, indices = steady(), _indices()
    world.configure(seed, before=seed)
    assert steady() == before
    assert _indices() == indices


@both
def test_there_and_back(world, seed):
    before = steady()
    checkpoint = world.host.checkpoint()
    world.configure(seed)
    world.host.restore(checkpoint)
    assert steady() == before
    assert world.seen_by_engine(before["vlans"]["bond4.3000"]["addr"])


def test_one_nic_is_enough(world):
    wanted = network("bond4", vlan=3000, mtu=9000, bootproto="dhcp")
    world.configure(management(wanted, bond4("mode=1 miimon=50")))
    address = world.address("ovirtmgmt")
    assert world.jumbo(address)
    active = world.host.netinfo()["bondings"]["bond4"]["active_slave"]
    world.build(f"link set {active} down")
    assert world.jumbo(address)


def _indices():
    from lab.agent.looking import look

    return {name: row["ifindex"] for name, row in look().links.items()}
