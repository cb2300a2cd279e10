"""Hosts as Ansible's facts describe them: VLANs by their names alone, and nobody knows who set an address."""

import json

import pytest
from captured_hosts import Document, public_files
from hypothesis import given, settings
from hypothesis import strategies as st
from test_reading_mutated import check, mutated_in

import planner
from planner.host.capture import read_capture

MAC = "52:54:00:1c:00:02"


def card(name: str) -> Document:
    return {"device": name, "type": "ether", "macaddress": MAC, "mtu": 1500, "module": "bnx2", "active": True}


def facts() -> Document:
    """The seed host's: VLAN 3000 over a bond of two nics; and a guest's device."""
    address = {"address": "192.0.2.10", "netmask": "255.255.255.0", "network": "192.0.2.0"}
    return {
        "ansible_interfaces": ["lo", "eth2", "eth3", "bond4", "bond4.3000", "vnet0"],
        "ansible_all_ipv4_addresses": ["192.0.2.10"],
        "ansible_default_ipv4": {"interface": "bond4.3000", "gateway": "192.0.2.1", "address": "192.0.2.10"},
        "ansible_default_ipv6": {},
        "ansible_dns": {"nameservers": ["192.0.2.53"]},
        "ansible_distribution": "Rocky",
        "ansible_distribution_major_version": "9",
        "ansible_lo": {"device": "lo", "type": "loopback", "mtu": 65536, "ipv4": {"address": "127.0.0.1"}},
        "ansible_eth2": card("eth2"),
        "ansible_eth3": card("eth3"),
        "ansible_bond4": {
            "device": "bond4",
            "type": "bonding",
            "macaddress": MAC,
            "mtu": 1500,
            "slaves": ["eth2", "eth3"],
            "mode": "802.3ad",
            "miimon": "100",
            "lacp_rate": "fast",
        },
        "ansible_bond4_3000": {
            "device": "bond4.3000",
            "type": "ether",
            "macaddress": MAC,
            "mtu": 1500,
            "ipv4": address,
        },
        "ansible_vnet0": {"device": "vnet0", "type": "ether", "macaddress": MAC, "mtu": 1500},
    }


def test_however_they_are_stored_they_are_the_same_host() -> None:
    host = read_capture(facts()).required()
    assert (list(host.nics), host.bonds["bond4"].members) == (["eth2", "eth3"], ("eth2", "eth3"))
    assert dict(host.bonds["bond4"].options) == {"mode": "4", "lacp_rate": "1"}
    vlan = host.vlans["bond4.3000"]
    assert (vlan.base, vlan.tag, vlan.ip.primary4, vlan.ip.gateway4) == ("bond4", 3000, "192.0.2.10", "192.0.2.1")
    assert (host.nameservers, host.enterprise_linux, host.format) == (("192.0.2.53",), 9, "ansible-facts")
    assert {"networks", "lastClientIface", "opts", "vlanid", "dhcpv4"} <= set(host.lacks)
    bare = {key.removeprefix("ansible_"): value for key, value in facts().items()}
    gathered = json.dumps({"ansible_facts": facts(), "changed": False}, indent=4)
    for text in (
        gathered,
        f"host1 | SUCCESS => {gathered}\n",
        json.dumps(facts()),
        json.dumps({"ansible_facts": bare}),
    ):
        reading = read_capture(text, "host.json")
        assert (reading.host, reading.problems) == (host, ())


def test_a_plan_from_them_says_what_is_not_known() -> None:
    rules, _ = planner.load_rules("ovirtmgmt@1.0")
    definition = planner.read_definition({"vlan": 3000}).required()
    assert rules is not None
    plan = planner.plan(read_capture(facts()).required(), definition, rules, ["192.0.2.10"])
    assert {"capture-incomplete", "lease-untold"} <= {problem.code for problem in plan.problems}
    assert plan.outcome == "change"


def test_a_device_that_facts_do_not_tell_is_named() -> None:
    document = facts()
    document["ansible_storage"] = document.pop("ansible_bond4_3000") | {"device": "storage"}
    reading = read_capture(document)
    assert [problem.code for problem in reading.problems] == ["capture-odd"]
    assert "storage" in str(reading.problems[0].where[0])
    assert "storage" not in reading.required().vlans


@pytest.mark.parametrize("kept", [("ansible_all_ipv4_addresses",), ("ansible_interfaces", "ansible_default_ipv4")])
def test_facts_without_devices_are_refused(kept: tuple[str, ...]) -> None:
    (problem,) = read_capture({"ansible_facts": {key: facts()[key] for key in kept}}).problems
    assert "-m setup" in problem.hint


def test_hosts_that_nobody_here_made() -> None:
    for name, content in {**public_files("real"), **public_files("synthetic")}.items():
        if "ansible-facts" not in name:
            continue
        reading = read_capture(content, name)
        if "no-interfaces-key" in name:
            assert reading.host is None
            continue
        host = reading.required()
        if "bond0" in name:
            assert host.bonds["bond0"].members == ("eth0", "eth1")
        if name.startswith("elan-kvmhost"):
            assert {"eth0", "eth1", "vnet0"} <= set(host.bridges["br0"].ports)
            assert "vnet0" not in host.nics


@settings(max_examples=300)
@given(st.data())
def test_changed_facts(data: st.DataObject) -> None:
    document = facts()
    mutated_in(document, data.draw)
    check(document)
    check(json.dumps({"ansible_facts": document}))
