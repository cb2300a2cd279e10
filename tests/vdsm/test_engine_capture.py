"""The engine's documents of a host as getVdsCaps."""

import copy

import pytest

from planner.vdsm.client import Failure
from planner.vdsm.engine_translate import Told, capture_of

HOST = {
    "id": "h1",
    "version": {"major": "4", "minor": "50", "build": "5", "full_version": "vdsm-4.50.5.1-1.el9"},
    "hardware_information": {"uuid": "4c4c4544-0000"},
}
NICS = (
    {
        "id": "e0",
        "name": "eth0",
        "mac": {"address": "52:54:00:00:00:00"},
        "mtu": "1500",
        "speed": "10000000000",
        "boot_protocol": "none",
        "ip": {"version": "v4"},
    },
    {"id": "e2", "name": "eth2", "mtu": 9000, "ad_aggregator_id": "1"},
    {"id": "e3", "name": "eth3", "mtu": 9000},
    {
        "id": "b4",
        "name": "bond4",
        "mtu": 9000,
        "bonding": {
            "slaves": {"host_nic": [{"id": "e2"}, {"id": "e3"}]},
            "options": {
                "option": [{"name": "mode", "value": "4", "type": "802.3ad"}, {"name": "miimon", "value": "100"}]
            },
            "active_slave": {"id": "e2"},
            "ad_partner_mac": {"address": "00:00:00:00:00:00"},
        },
    },
    {
        "id": "v",
        "name": "bond4.3000",
        "base_interface": "bond4",
        "vlan": {"id": "3000"},
        "mtu": "9000",
        "bridged": "true",
        "network": {"id": "n1"},
        "boot_protocol": "dhcp",
        "ip": {"address": "192.0.2.10", "netmask": "255.255.255.0", "gateway": "192.0.2.1", "version": "v4"},
        "ipv6_boot_protocol": "poly_dhcp_autoconf",
        "ipv6": {"address": "2001:db8::10", "netmask": "64", "gateway": "fe80::1", "version": "v6"},
    },
    {"id": "v7", "name": "eth0.7", "vlan": {"id": 7}, "bridged": False, "network": {"name": "strange"}},
)
ATTACHMENTS = (
    {
        "id": "a1",
        "network": {"id": "n1"},
        "properties": {"property": [{"name": "bridge_opts", "value": "ageing_time=0"}]},
        "reported_configurations": {
            "reported_configuration": [
                {"name": "default_route", "expected_value": "true", "actual_value": "true"},
                {"name": "switchType", "expected_value": "LEGACY", "actual_value": "LEGACY"},
                {"name": "dns_configuration", "actual_value": "192.0.2.53,2001:db8::53"},
                {"name": "outAverageRealTime"},
            ]
        },
    },
)
NETWORKS = ({"id": "n1", "name": "the management network", "vdsm_name": "on0123456789abc"},)
TOLD = Told(HOST, NICS, ATTACHMENTS, NETWORKS)


def test_the_whole():
    caps = capture_of(TOLD)
    network = caps["networks"]["on0123456789abc"]
    assert network == {
        "iface": "on0123456789abc",
        "bridged": True,
        "ports": ["bond4.3000"],
        "southbound": "bond4.3000",
        "vlanid": 3000,
        "switch": "legacy",
        "mtu": "9000",
        "addr": "192.0.2.10",
        "netmask": "255.255.255.0",
        "ipv4addrs": ["192.0.2.10/24"],
        "gateway": "192.0.2.1",
        "ipv4defaultroute": True,
        "dhcpv4": True,
        "ipv6addrs": ["2001:db8::10/64"],
        "ipv6gateway": "fe80::1",
        "dhcpv6": True,
        "ipv6autoconf": True,
        "custom": {"bridge_opts": "ageing_time=0"},
    }
    assert caps["bridges"]["on0123456789abc"]["addr"] == "192.0.2.10"
    vlan = caps["vlans"]["bond4.3000"]
    assert (vlan["iface"], vlan["addr"], vlan["dhcpv4"], "ipv4defaultroute" in vlan) == ("bond4", "", False, False)
    assert caps["bondings"]["bond4"]["opts"] == {"mode": "4", "miimon": "100"}
    assert caps["bondings"]["bond4"]["slaves"] == ["eth2", "eth3"]
    assert caps["bondings"]["bond4"]["active_slave"] == "eth2"
    assert caps["bondings"]["bond4"]["ad_partner_mac"] == "00:00:00:00:00:00"
    assert (caps["nics"]["eth0"]["hwaddr"], caps["nics"]["eth0"]["speed"]) == ("52:54:00:00:00:00", 10000)
    assert "speed" not in caps["nics"]["eth2"]
    assert caps["nameservers"] == ["192.0.2.53", "2001:db8::53"]
    assert (caps["software_version"], caps["uuid"]) == ("4.50.5.1", "4c4c4544-0000")
    assert not {"netConfigDirty", "lastClientIface"} & caps.keys()


def test_a_bridgeless_network_that_the_cluster_does_not_know():
    network = capture_of(TOLD)["networks"]["strange"]
    assert (network["bridged"], network["iface"], network["interface"], network["vlanid"]) == (
        False,
        "eth0.7",
        "eth0.7",
        7,
    )
    assert capture_of(TOLD)["vlans"]["eth0.7"]["iface"] == "eth0"
    assert "ipv4defaultroute" not in network


def test_an_engine_that_tells_little():
    caps = capture_of(Told({"version": {"major": 4, "minor": 18}}, ({"name": "eth0"},), (), ()))
    assert caps["software_version"] == "4.18"
    assert caps["nics"]["eth0"]["addr"] == ""
    assert not {"mtu", "hwaddr", "speed"} & caps["nics"]["eth0"].keys()
    assert not {"nameservers", "uuid"} & caps.keys()


def test_name_servers_that_were_asked_for_stand_in_for_those_that_are_there():
    given = {"network": {"id": "n1"}, "dns_resolver_configuration": {"name_servers": {"name_server": ["192.0.2.54"]}}}
    assert capture_of(TOLD._replace(attachments=(given,)))["nameservers"] == ["192.0.2.54"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("mtu", "many"),
        ("vlan", {"id": None}),
        ("ip", {"address": "192.0.2.10", "netmask": "255.0.255.0"}),
        ("ip", "192.0.2.10"),
        ("bonding", {"slaves": {"host_nic": [{"id": "unlisted"}]}}),
        ("network", ["n1"]),
    ],
)
def test_odd_shapes(key, value):
    nics = copy.deepcopy(NICS)
    nics[0][key] = value
    failure = capture_of(TOLD._replace(nics=nics))
    assert isinstance(failure, Failure)
    assert failure.kind == "protocol"
