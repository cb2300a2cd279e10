"""What VDSM's own code reported on a real kernel, host by host."""

import json

import jsonschema
import pytest
from captured_hosts import LAB, ROOT, about, lab

from planner.host import graph
from planner.host.capture import read_capture

# Devices that VDSM does not report (INDEX of the captures, surprise 1).
HIDDEN = {"macvlan0", "team0", "lo"}


@pytest.mark.parametrize("slug", LAB)
def test_a_lab_host_reads_and_has_its_management_address(slug: str) -> None:
    reading = read_capture((LAB[slug] / "caps.json").read_bytes(), slug)
    assert reading.problems == ()
    host, told = reading.host, about(slug)
    assert host is not None
    device = graph.device(host, told["management_device"])
    if device is None:
        assert told["management_device"] in HIDDEN
        return
    family = 6 if ":" in told["management_address"] else 4
    assert (told["management_address"], family) in {(address.text, address.family) for address in device.ip.addresses}
    if told["ipv4"] == "dhcp":
        assert device.ip.dhcpv4
    if told["ipv6"] == "slaac":
        assert device.ip.autoconf
    assert host.last_client_iface == (told["lastClientIface"] or "")
    assert host.dirty == (told["netConfigDirty"] == "True")


def test_the_seed_host() -> None:
    host = read_capture(lab("seed-vlan-bond-dhcp")).host
    assert host is not None
    vlan, bond = host.vlans["bond4.3000"], host.bonds["bond4"]
    assert (vlan.base, vlan.tag, vlan.mtu, vlan.path) == ("bond4", 3000, 1500, "vlans.bond4.3000")
    assert (bond.members, bond.mode) == (("eth2", "eth3"), 2)
    assert bond.options == (("mode", "2"), ("miimon", "100"), ("xmit_hash_policy", "2"))
    assert host.nics["eth2"].permanent_hwaddr == "52:54:00:1c:00:02"
    assert host.nics["eth2"].speed == 10000
    (address,) = vlan.ip.addresses
    assert (address.text, address.prefix) == ("198.51.100.177", 24)
    assert address.path == "vlans.bond4.3000.ipv4addrs[0]"
    assert (vlan.ip.gateway4, vlan.ip.dhcpv4, vlan.ip.default_route4) == ("198.51.100.1", True, True)
    assert host.nameservers == ("192.0.2.53",)
    assert host.version == ()


def test_networks_on_one_bond() -> None:
    host = read_capture(lab("ov-plus-vlans-same-bond")).host
    assert host is not None
    told = {
        name: (network.bridged, network.device, network.southbound, network.tag, network.mtu)
        for name, network in host.networks.items()
    }
    assert told == {
        "ovirtmgmt": (True, "ovirtmgmt", "bond4.3000", 3000, 1500),
        "green": (True, "green", "bond4.20", 20, 1500),
        "blue": (True, "blue", "bond4.30", 30, 1500),
        "storage": (False, "bond4.40", "bond4.40", 40, 9000),
    }
    assert graph.owned_bridges(host) == {"ovirtmgmt", "green", "blue"}
    assert graph.stack(host, "ovirtmgmt") == ("ovirtmgmt", "bond4.3000", "bond4", "eth2", "eth3")


def test_a_lost_port_and_host_qos() -> None:
    lost = read_capture(lab("ov-port-lost")).host
    assert lost is not None
    assert lost.networks["ovirtmgmt"].southbound == ""
    assert lost.networks["ovirtmgmt"].ports == ()
    qos = read_capture(lab("ov-hostqos")).host
    assert qos is not None
    assert "out" in qos.networks["ovirtmgmt"].qos


def test_the_schema_fits_every_capture() -> None:
    schema = json.loads((ROOT / "schemas" / "capture.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for slug in LAB:
        validator.validate(lab(slug))
    for wrong in (
        {},
        {"nics": {"eth2": {"mtu": "jumbo"}}},
        {"bondings": {"bond4": {"slaves": "eth2"}}},
        {"vlans": {"eth0.1": {"vlanid": "abc"}}},
        {"nics": [1]},
    ):
        assert not validator.is_valid(wrong)
