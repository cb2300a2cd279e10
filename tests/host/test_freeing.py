"""A host without one of its bridges."""

from typing import Any

import planner
from planner.definition import read_definition
from planner.host.capture import read_capture
from planner.host.graph import without_bridge
from planner.host.model import Host
from planner.rules.compiled import Compiled

IDLE: dict[str, Any] = {"addr": "", "netmask": "", "mtu": "1500"}
HELD = {"addr": "192.0.2.10", "netmask": "255.255.255.0", "gateway": "192.0.2.1", "mtu": "1500"}


def host_of(ports: list[str], **others: Any) -> Host:
    """A host with the address on br0 over ``ports``."""
    document = {
        "nics": {"eth0": IDLE, "eth1": IDLE},
        "bridges": {"br0": HELD | {"ports": ports, "stp": "off"}},
        "vlans": {},
        "lastClientIface": "br0",
    }
    host = read_capture(document | others).host
    assert host is not None
    return host


def vlan(base: str, tag: int) -> dict[str, Any]:
    return IDLE | {"iface": base, "vlanid": tag}


def test_the_address_goes_to_the_device_under_the_bridge() -> None:
    freed = without_bridge(host_of(["eth1", "vnet0"]), "br0")
    assert [address.text for address in freed.nics["eth1"].ip.addresses] == ["192.0.2.10"]
    assert freed.nics["eth1"].ip.gateway4 == "192.0.2.1"
    assert (dict(freed.bridges), freed.last_client_iface) == ({}, "eth1")


def test_the_address_goes_to_a_bond_or_a_vlan_as_well() -> None:
    bond = IDLE | {"slaves": ["eth0", "eth1"], "opts": {"mode": "1"}}
    freed = without_bridge(host_of(["bond0"], bondings={"bond0": bond}), "br0")
    assert freed.bonds["bond0"].ip.addresses
    freed = without_bridge(host_of(["eth0.7"], vlans={"eth0.7": vlan("eth0", 7)}), "br0")
    assert freed.vlans["eth0.7"].ip.addresses


def test_a_bridge_over_nothing_or_several_leaves_no_heir() -> None:
    for ports in ([], ["vnet0"], ["eth0", "eth1"]):
        host = host_of(ports)
        assert without_bridge(host, "br0") is host
    assert without_bridge(host, "br7") is host


def test_vlans_go_with_it_and_are_called_as_before_or_after_the_heir() -> None:
    vlans = {"br0.7": vlan("br0", 7), "mgmt": vlan("br0", 8), "eth1.9": vlan("eth1", 9)}
    freed = without_bridge(host_of(["eth0"], vlans=vlans), "br0")
    assert {name: found.base for name, found in freed.vlans.items()} == {
        "eth0.7": "eth0",
        "mgmt": "eth0",
        "eth1.9": "eth1",
    }


def test_a_vlan_whose_name_is_taken_stays_where_it_is() -> None:
    host = host_of(["eth0"], vlans={"br0.7": vlan("br0", 7), "eth0.7": vlan("eth0", 7)})
    assert without_bridge(host, "br0") is host


def test_what_is_refused_behind_a_bridge_is_told_once(rules: Compiled) -> None:
    bond = IDLE | {"slaves": ["eth0"], "opts": {"mode": "6"}}
    networks = {"data": IDLE | {"iface": "data", "bridged": True, "ports": ["eth1"], "southbound": "eth1"}}
    host = host_of(["bond0"], bondings={"bond0": bond}, networks=networks)
    definition = read_definition({"network": "ovirtmgmt", "vlan": 7}).definition
    assert definition is not None
    plan = planner.plan(host, definition, rules, ["192.0.2.10"])
    told = [(problem.code, problem.message.startswith("once br0 is gone: ")) for problem in plan.problems]
    assert told[:4] == [
        ("address-on-foreign-bridge", False),
        ("bond-mode-unfit-for-bridge", True),
        ("bond-too-few-members", True),
        ("vlan-tag-mismatch", True),
    ]
    assert plan.steps == ()
