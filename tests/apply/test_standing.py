"""Whether a host stands as a request wants it: each field noticed, what VDSM does not report held against nobody."""

import copy
import json
from pathlib import Path

import pytest

import planner
from planner.apply.standing import differences, stands_as_before
from planner.host.model import Host
from planner.simulator import StandIn

ROOT = Path(__file__).parent.parent.parent
CHANGES = sorted(
    path.parent.name
    for path in (ROOT / "golden").glob("*/plan.json")
    if json.loads(path.read_text())["outcome"] == "change"
)


def host_of(caps: dict) -> Host:
    host = planner.read_capture(caps).host
    assert host is not None
    return host


def taken_over(golden: str) -> tuple[dict, StandIn, Host]:
    """The plan of a golden, its host after the plan's request, and the host before."""
    folder = ROOT / "golden" / golden
    plan = json.loads((folder / "plan.json").read_text())
    capture = json.loads((folder / "capture.json").read_text())
    stand_in = StandIn(capture)
    before = host_of(capture)
    request = copy.deepcopy(plan["request"])
    request["options"]["connectivityCheck"] = False
    answer = stand_in.call("setupNetworks", request)
    assert answer.value == {"code": 0, "message": "Done"}, answer
    return plan, stand_in, before


@pytest.mark.parametrize("golden", CHANGES)
def test_a_host_that_took_the_request_stands_as_planned_and_no_more_as_before(golden: str) -> None:
    plan, stand_in, before = taken_over(golden)
    after = host_of(stand_in.caps())
    assert differences(plan["request"], after) == ()
    assert differences(plan["request"], before) != ()
    assert not stands_as_before(before, after)


SEED = {
    "bonding": ("bond7", "base device"),
    "vlan": (3001, "VLAN tag"),
    "mtu": (1500, "MTU"),
    "bridged": (False, "bridge"),
    "stp": (True, "STP"),
    "switch": ("ovs", "switch"),
    "bootproto": ("none", "DHCPv4"),
    "dhcpv6": (True, "DHCPv6"),
    "ipv6autoconf": (True, "IPv6 autoconf"),
}


@pytest.mark.parametrize("key", SEED)
def test_each_field_of_the_request_is_held_against_the_host(key: str) -> None:
    plan, stand_in, _ = taken_over("seed-vlan-over-bond")
    value, told = SEED[key]
    request = copy.deepcopy(plan["request"])
    request["networks"]["ovirtmgmt"][key] = value
    assert told in {difference.field for difference in differences(request, host_of(stand_in.caps()))}


def test_members_and_options_of_the_bond_are_held_against_the_host() -> None:
    plan, stand_in, _ = taken_over("seed-vlan-over-bond")
    request = copy.deepcopy(plan["request"])
    request["bondings"]["bond4"] = {"nics": ["eth2"], "options": "mode=1 miimon=50", "switch": "legacy"}
    found = {str(difference) for difference in differences(request, host_of(stand_in.caps()))}
    assert found == {
        "members of bond4 is eth2, eth3, not eth2",
        "mode of bond4 is 802.3ad, not active-backup",
        "miimon of bond4 is 100, not 50",
    }


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("ipaddr", "192.0.2.11", "IPv4 address"),
        ("netmask", "255.255.0.0", "IPv4 address"),
        ("gateway", "192.0.2.254", "IPv4 gateway"),
        ("ipv6addr", "2001:db8::7/64", "IPv6 address"),
    ],
)
def test_static_addresses_are_held_against_the_host(key: str, value: str, told: str) -> None:
    plan, stand_in, _ = taken_over("nic-static")
    request = copy.deepcopy(plan["request"])
    request["networks"]["ovirtmgmt"][key] = value
    assert [difference.field for difference in differences(request, host_of(stand_in.caps()))] == [told]


def test_a_host_that_hides_its_routes_is_not_accused_of_having_none() -> None:
    plan, stand_in, _ = taken_over("nic-static")
    caps = copy.deepcopy(stand_in.caps())
    for table in ("networks", "bridges", "nics"):
        for device in caps[table].values():
            device.update(gateway="", ipv4defaultroute=False)
    assert differences(plan["request"], host_of(caps)) == ()


def test_another_lease_is_as_before_and_another_address_by_hand_is_not() -> None:
    leased = json.loads((ROOT / "golden/nic-dhcp/capture.json").read_text())
    static = json.loads((ROOT / "golden/nic-static/capture.json").read_text())
    for capture, same in ((leased, True), (static, False)):
        other = copy.deepcopy(capture)
        other["nics"]["eth0"].update(addr="192.0.2.77", ipv4addrs=["192.0.2.77/24"])
        assert stands_as_before(host_of(capture), host_of(other)) is same
