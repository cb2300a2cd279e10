"""The host as a plan says that it will be, against the host that a stand-in becomes by the plan's requests."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

import planner
from planner.host.model import Host
from planner.plan.after import Holder, address_of, after, future, holder_of
from planner.plan.attachment import Attachment, IpPlan, attachment_of, read_attachment
from planner.standin import StandIn

GOLDEN = Path(__file__).parents[2] / "golden"
PLANS = {path.parent.name: json.loads(path.read_text()) for path in sorted(GOLDEN.glob("*/plan.json"))}
CHANGES = [name for name, plan in PLANS.items() if plan["outcome"] == "change"]
# Of each device a host; others ask for what a plan warns of, or for a lease that the stand-in has for nobody.
TAKEN = [name for name in CHANGES if name.startswith(("seed", "nic-", "vlan-", "bond-", "owned-"))]


def host_of(caps: dict[str, Any]) -> Host:
    host = planner.read_capture(caps).host
    assert host is not None
    return host


def stack(host: Host) -> dict[str, Any]:
    """What VDSM tells of its network and of what it stands on."""
    network = host.networks["ovirtmgmt"]
    vlan = host.vlans.get(network.southbound)
    bridge = host.bridges.get(network.device)
    return {
        "network": (network.device, network.bridged, network.ports, network.southbound, network.mtu),
        "switch": network.switch or "legacy",  # before 4.20 VDSM knows no other and tells none
        "tag": vlan.tag if vlan else -1,
        "vlan": vlan and (vlan.base, vlan.mtu),
        "bridge": bridge and (bridge.mtu, bridge.ports, bridge.stp),
        "ip": (network.ip.dhcpv4, network.ip.dhcpv6, network.ip.autoconf, network.ip.gateway6),
        "bonds": {bond.name: (sorted(bond.members), bond.mode) for bond in host.bonds.values()},
    }


@pytest.mark.parametrize("golden", TAKEN)
def test_the_host_becomes_what_the_plan_says(golden: str) -> None:
    capture = json.loads((GOLDEN / golden / "capture.json").read_text())
    stand_in = StandIn(capture)
    for step in PLANS[golden]["steps"]:
        request = copy.deepcopy(step["request"])
        request["options"]["connectivityCheck"] = False
        assert stand_in.call("setupNetworks", request).value == {"code": 0, "message": "Done"}
    assert stack(future(host_of(capture), PLANS[golden])) == stack(host_of(stand_in.caps()))


@pytest.mark.parametrize("golden", CHANGES)
def test_an_attachment_is_read_as_it_was_written(golden: str) -> None:
    document = PLANS[golden]["attachment"]
    folder = GOLDEN / golden
    host = planner.read_capture(next(folder.glob("capture.*")).read_text()).host
    assert host is not None
    assert read_attachment(document, host.bonds).document() == document


def test_what_a_document_leaves_open_is_what_an_attachment_does_not_say() -> None:
    for plain in (Attachment("eth0"), Attachment("eth0", ipv4=IpPlan("static", "192.0.2.10"), switch="ovs")):
        assert read_attachment(plain.document(), {}) == plain


def test_rules_that_name_only_a_device_get_what_vdsm_takes_for_the_rest() -> None:
    assert attachment_of({"iface": "eth0"}, {}) == Attachment("eth0")
    assert Attachment("eth0").document() == {
        "iface": "eth0",
        "vlan": None,
        "bridged": True,
        "mtu": 1500,
        "stp": False,
        "bonding": {},
        "ipv4": {"method": "none"},
        "ipv6": {"method": "none"},
        "default_route": False,
        "nameservers": [],
        "switch": "legacy",
    }
    assert attachment_of({}, {}) is None
    said = {"iface": "eth0", "ipv4.method": "static", "ipv4.address": "192.0.2.10", "nameservers": "192.0.2.53"}
    told = attachment_of(said, {})
    assert told == Attachment("eth0", ipv4=IpPlan("static", "192.0.2.10"), nameservers=("192.0.2.53",))
    assert attachment_of({"iface": "eth0", "switch": "ovs"}, {}) == Attachment("eth0", switch="ovs")
    assert attachment_of({"iface": "eth0", "ipv4.method": "static"}, {}) == Attachment("eth0", ipv4=IpPlan("static"))


def test_a_tag_and_a_prefix_of_0_are_told() -> None:
    tagged = Attachment("eth0", tag=0, ipv4=IpPlan("static", "192.0.2.10", 0))
    assert (tagged.port, tagged.document()["vlan"], tagged.document()["ipv4"]["prefix"]) == ("eth0.0", 0, 0)
    assert read_attachment(tagged.document(), {}) == tagged


def test_who_holds_the_address_is_read_from_the_plan() -> None:
    found = {"management": {"device": "eth0", "address": "192.0.2.10"}}
    assert (holder_of(found), address_of(found)) == ("eth0", "192.0.2.10")
    assert (holder_of({"management": None}), address_of({"management": None})) == ("", "")


@pytest.mark.parametrize("name", CHANGES[::5])
def test_the_future_is_that_of_the_attachment_and_of_the_holder(name: str) -> None:
    host = host_of(json.loads(next((GOLDEN / name).glob("capture.*")).read_text()))
    plan = PLANS[name]
    holder = Holder(plan["management"]["device"], plan["management"]["address"])
    attachment = read_attachment(plan["attachment"], host.bonds)
    assert future(host, plan) == after(host, plan["network"], attachment, holder)
