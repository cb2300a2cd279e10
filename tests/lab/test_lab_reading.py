"""The real kernel, read as caps."""

import pytest
from surroundings import steady

from lab.agent import dhcp

pytestmark = pytest.mark.lab


def test_a_bare_host_has_four_nics(world):
    found = world.host.netinfo()
    assert sorted(found["nics"]) == ["eth0", "eth1", "eth2", "eth3"]
    assert found["bondings"] == found["vlans"] == found["bridges"] == {}
    assert found["nics"]["eth2"]["hwaddr"] == "02:00:00:00:30:02"


def test_bond_vlan_and_bridge(world):
    world.build(
        "link add bond4 type bond mode active-backup miimon 50 primary_reselect better",
        "link set eth2 master bond4",
        "link set eth3 master bond4",
        "link set bond4 mtu 9000 up",
        "link add link bond4 name bond4.3000 type vlan id 3000",
        "link add br0 type bridge stp_state 0",
        "link set bond4.3000 master br0",
        "link set bond4.3000 up",
        "link set br0 up",
        "addr add 198.51.100.10/24 dev br0",
        "addr add 2001:db8::10/64 dev br0",
        "route add default via 198.51.100.1 dev br0",
    )
    found = steady()
    assert found["bondings"]["bond4"] | {"hwaddr": ""} == {
        "hwaddr": "",
        "slaves": ["eth2", "eth3"],
        "switch": "legacy",
        "speed": 10000,
        "mtu": "9000",
        "opts": {"mode": "1", "miimon": "50", "primary_reselect": "1"},
        "addr": "",
        "netmask": "",
        "gateway": "",
        "ipv4addrs": [],
        "ipv6addrs": [],
        "ipv6gateway": "::",
        "ipv4defaultroute": False,
        "ipv6autoconf": False,
        "dhcpv4": False,
        "dhcpv6": False,
    }
    assert found["nics"]["eth3"]["permhwaddr"] == "02:00:00:00:30:03"
    assert found["vlans"]["bond4.3000"]["iface"] == "bond4"
    assert found["vlans"]["bond4.3000"]["vlanid"] == 3000
    bridge = found["bridges"]["br0"]
    assert (bridge["ports"], bridge["stp"], bridge["addr"]) == (["bond4.3000"], "off", "198.51.100.10")
    assert (bridge["gateway"], bridge["ipv4defaultroute"]) == ("198.51.100.1", True)
    assert bridge["ipv6addrs"] == ["2001:db8::10/64"]


def test_a_bridge_has_the_options_that_vdsm_reports(world, recordings):
    world.build("link add br0 type bridge stp_state 1", "link set br0 up")
    bridge = world.host.netinfo()["bridges"]["br0"]
    assert bridge["stp"] == "on"
    assert bridge["opts"].keys() == recordings["br0-nic"]["caps"]["bridges"]["br0"]["opts"].keys()


def test_a_gateway_in_a_table_of_its_own(world):
    world.build(
        "link set eth0 up", "addr add 203.0.113.10/24 dev eth0", "route add default via 203.0.113.1 dev eth0 table 77"
    )
    nic = world.host.netinfo()["nics"]["eth0"]
    assert (nic["gateway"], nic["ipv4defaultroute"]) == ("203.0.113.1", False)


def test_a_lease_is_told_as_dhcp(world):
    world.build("link set eth0 up")
    dhcp.start("eth0", "main", "02:00:00:00:30:00")
    nic = world.host.netinfo()["nics"]["eth0"]
    assert nic["dhcpv4"]
    assert nic["addr"].startswith("203.0.113.")
    assert (nic["gateway"], nic["ipv4defaultroute"]) == ("203.0.113.1", True)
    assert dhcp.clients()["eth0"].nameservers == ["203.0.113.1"]
    assert world.seen_by_engine(nic["addr"])
