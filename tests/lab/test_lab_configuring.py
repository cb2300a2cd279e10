"""Networks of every kind, configured and taken away again, on a real kernel."""

import pytest
from surroundings import ENGINE, TAGGED, UNTAGGED, bond4, management, network, static, steady

from lab.agent.looking import look
from lab.agent.machine import machine_of
from planner.standin.kernel import EMPTY, Config

pytestmark = pytest.mark.lab

SHAPES = {
    "nic": (management(network("eth0", **static())), "ovirtmgmt", UNTAGGED),
    "nic-bridgeless": (management(network("eth0", bridged=False, **static())), "eth0", UNTAGGED),
    "nic-dhcp": (management(network("eth0", bootproto="dhcp")), "ovirtmgmt", UNTAGGED),
    "nic-dhcp-bridgeless": (management(network("eth0", bridged=False, bootproto="dhcp")), "eth0", UNTAGGED),
    "vlan-over-nic": (management(network("eth0", vlan=3000, **static(subnet=TAGGED))), "ovirtmgmt", TAGGED),
    "vlan-over-nic-bridgeless": (
        management(network("eth0", vlan=3000, bridged=False, **static(subnet=TAGGED))),
        *("eth0.3000", TAGGED),
    ),
    "bond": (management(network("bond4", **static()), bond4("mode=1 miimon=50")), "ovirtmgmt", UNTAGGED),
    "bond-dhcp-bridgeless": (
        management(network("bond4", bridged=False, bootproto="dhcp"), bond4("mode=1 miimon=50")),
        *("bond4", UNTAGGED),
    ),
    "vlan-over-bond": (
        management(network("bond4", vlan=3000, mtu=9000, **static(subnet=TAGGED)), bond4("mode=1 miimon=50")),
        *("ovirtmgmt", TAGGED),
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_network_of_each_shape_comes_and_goes(world, shape):
    wanted, top, subnet = SHAPES[shape]
    world.build("link set eth0 up")
    before = steady()
    world.configure(wanted)
    address = world.address(top)
    assert address.startswith(subnet)
    assert world.seen_by_engine(address)
    found = machine_of(look())
    assert any(route.destination == "0.0.0.0/0" for route in found.routes) or found.links[top].client
    world.configure(EMPTY, before=wanted)
    after = steady()
    assert after["bridges"] == after["vlans"] == after["bondings"] == {}
    assert after["nics"]["eth0"] == before["nics"]["eth0"]
    assert {nic["mtu"] for nic in after["nics"].values()} == {"1500"}
    assert machine_of(look()).rules == ()


@pytest.mark.parametrize("shape", ["nic", "nic-dhcp-bridgeless", "bond", "vlan-over-nic", "vlan-over-bond"])
def test_a_checkpoint_brings_all_back(world, shape):
    world.build(
        "link set eth0 up",
        "addr add 203.0.113.20/24 dev eth0",
        "addr add 203.0.113.21/24 dev eth0",
        "addr add 2001:db8::20/64 dev eth0 nodad",
        "route add default via 203.0.113.1 dev eth0 metric 50",
        "route add 192.0.2.0/24 via 203.0.113.1 dev eth0",
    )
    before, checkpoint = steady(), world.host.checkpoint()
    world.configure(SHAPES[shape][0])
    world.host.restore(checkpoint)
    assert steady() == before
    assert machine_of(look()) == checkpoint
    assert world.seen_by_engine("203.0.113.20")


def test_the_address_moves_to_the_top_and_the_mac_stays(world):
    world.build("link set eth0 up", "addr add 203.0.113.10/24 dev eth0", "route add default via 203.0.113.1 dev eth0")
    mac = world.host.netinfo()["nics"]["eth0"]["hwaddr"]
    world.configure(management(network("eth0", **static())))
    found = world.host.netinfo()
    assert found["nics"]["eth0"]["ipv4addrs"] == []
    assert found["bridges"]["ovirtmgmt"]["ipv4addrs"] == ["203.0.113.10/24"]
    assert found["bridges"]["ovirtmgmt"]["opts"]["bridge_id"] == "8000." + mac.replace(":", "")
    assert world.seen_by_engine("203.0.113.10")


def test_the_base_of_a_vlan_keeps_its_address(world):
    world.build("link set eth0 up", "addr add 203.0.113.10/24 dev eth0")
    world.configure(management(network("eth0", vlan=3000, **static(subnet=TAGGED))))
    assert world.address("eth0") == "203.0.113.10"
    assert world.seen_by_engine("203.0.113.10")
    assert world.seen_by_engine("198.51.100.10")


def test_the_largest_vlan_decides_a_bases_mtu(world):
    small = network("bond4", vlan=3000, **static(subnet=TAGGED))
    large = network("bond4", vlan=3001, mtu=9000, bridged=False, defaultRoute=False)
    bonds = bond4("mode=1 miimon=50")
    world.configure(both := Config({"ovirtmgmt": small, "storage": large}, bonds))
    found = world.host.netinfo()
    assert (found["bondings"]["bond4"]["mtu"], found["nics"]["eth2"]["mtu"]) == ("9000", "9000")
    assert (found["bridges"]["ovirtmgmt"]["mtu"], found["vlans"]["bond4.3000"]["mtu"]) == ("1500", "1500")
    world.configure(management(small, bonds), before=both)
    found = world.host.netinfo()
    assert (found["bondings"]["bond4"]["mtu"], found["nics"]["eth2"]["mtu"]) == ("1500", "1500")
    assert world.seen_by_engine("198.51.100.10")


def test_without_the_default_route_the_gateway_serves_a_table_of_its_own(world):
    world.configure(management(network("eth0", **static() | {"defaultRoute": False})))
    bridge = world.host.netinfo()["bridges"]["ovirtmgmt"]
    assert (bridge["gateway"], bridge["ipv4defaultroute"]) == (ENGINE[UNTAGGED], False)


def test_other_options_make_the_bond_anew_and_its_vlan_stays_reachable(world):
    wanted = network("bond4", vlan=3000, **static(subnet=TAGGED))
    world.configure(first := management(wanted, bond4("mode=1 miimon=50")))
    world.configure(management(wanted, bond4("mode=2 miimon=50 xmit_hash_policy=1")), before=first)
    assert world.host.netinfo()["bondings"]["bond4"]["opts"] == {"mode": "2", "miimon": "50", "xmit_hash_policy": "1"}
    assert world.seen_by_engine("198.51.100.10")


def test_a_bridge_becomes_bridgeless_and_keeps_its_address(world):
    bridged = management(network("eth0", **static()))
    flat = management(network("eth0", bridged=False, **static()))
    world.configure(bridged)
    world.configure(flat, before=bridged)
    assert world.host.netinfo()["bridges"] == {}
    assert world.seen_by_engine("203.0.113.10")
    world.configure(bridged, before=flat)
    assert world.address("eth0") == ""
    assert world.seen_by_engine("203.0.113.10")


def test_static_ipv6(world):
    ip = static() | {"ipv6addr": "2001:db8::10/64", "ipv6gateway": "2001:db8::1"}
    world.configure(management(network("eth0", **ip)))
    bridge = world.host.netinfo()["bridges"]["ovirtmgmt"]
    assert (bridge["ipv6addrs"], bridge["ipv6gateway"]) == (["2001:db8::10/64"], "2001:db8::1")


def test_what_the_kernel_refuses_leaves_the_host_as_it_was(world):
    world.build(
        "link set eth0 up",
        "addr add 203.0.113.10/24 dev eth0",
        "link add link eth0 name myvlan type vlan id 3000",
        "link set myvlan up",
    )
    before = steady()
    fault = world.host.configure(EMPTY, management(network("eth0", vlan=3000, **static(subnet=TAGGED))))
    assert fault is not None
    assert "eth0.3000" in fault.reason
    assert steady() == before


def test_a_wrong_tag_loses_contact_and_going_back_restores_it(world):
    world.build(
        "link add bond4 type bond mode active-backup miimon 50",
        "link set eth2 master bond4",
        "link set eth3 master bond4",
        "link set bond4 up",
        "addr add 203.0.113.10/24 dev bond4",
        "route add default via 203.0.113.1 dev bond4",
    )
    assert world.seen_by_engine("203.0.113.10")
    before, checkpoint = steady(), world.host.checkpoint()
    wrong = management(network("bond4", vlan=3001, **static()), bond4("mode=1 miimon=50"))
    world.configure(wrong)
    assert world.address("ovirtmgmt") == "203.0.113.10"
    assert not world.seen_by_engine("203.0.113.10", seconds=3)
    world.host.restore(checkpoint)
    assert steady() == before
    assert world.seen_by_engine("203.0.113.10")


def test_a_wrong_mtu_loses_only_large_packets(world):
    world.configure(management(network("eth0", mtu=1500, **static())))
    assert world.seen_by_engine("203.0.113.10")
    assert not world.seen_by_engine("203.0.113.10", size=8972, seconds=2)
