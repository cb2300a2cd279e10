"""The stand-in engine by itself: its account, what it refuses, its faults, what it sends to VDSM."""

import json
from pathlib import Path

import pytest
from standin_engine.documents import Logical, identity
from standin_engine.engine import StandInEngine
from standin_engine.server import Account, serve_engine

from planner.standin.clock import VirtualClock
from planner.standin.faults import parse_mishap
from planner.standin.host import Controllers, StandIn
from planner.vdsm.client import Done, Failure, FenceAgent
from planner.vdsm.connect import speaker
from planner.vdsm.credentials import Credentials, EngineAccount

GOLDEN = Path(__file__).parents[2] / "golden"
MANAGEMENT = Logical(management=True, default_route=True)
STATIC = {"ipaddr": "192.0.2.10", "netmask": "255.255.255.0", "gateway": "192.0.2.1"}
STATIC_AS_SENT = {"ipaddr": "192.0.2.10", "prefix": "24", "gateway": "192.0.2.1"}
UNCHECKED = {"connectivityCheck": False}
AGENT = FenceAgent("192.0.2.200", "ipmilan", "admin", "s3cr3t")
V4 = {
    "assignment_method": "static",
    "ip": {"version": "v4", "address": "192.0.2.10", "netmask": "24", "gateway": "192.0.2.1"},
}


@pytest.fixture
def folder(tmp_path_factory):
    return tmp_path_factory.getbasetemp() / "engine-credentials"


def capture(golden="nic-static"):
    return json.loads((GOLDEN / golden / "capture.json").read_text())


def speak(engine, *, password="", host="host1"):
    account = EngineAccount(engine.url, engine.user, password or engine.password)
    return speaker(host, "engine", Credentials(ca=str(engine.ca), engine=account))


def put(engine, action):
    """What the engine answers to that set-up: the status, and what it says."""
    answer = engine.answer("POST", f"hosts/{identity('host', 'host1')}/setupnetworks", {}, action)
    return answer.status, answer.document.get("fault", {}).get("detail", "")


def attach(network, device, *, mend=False, assignments=(V4,)):
    one = {"network": {"name": network}, "host_nic": {"name": device}, "id": identity("attachment", network)}
    one["ip_address_assignments"] = {"ip_address_assignment": list(assignments)}
    action = {"modified_network_attachments": {"network_attachment": [one]}, "check_connectivity": "false"}
    if mend:
        action["synchronized_network_attachments"] = {"network_attachment": [{"id": one["id"]}]}
    return action


def bond(name, *slaves, mode="1"):
    nic = {"name": name, "bonding": {"slaves": {"host_nic": [{"name": slave} for slave in slaves]}}}
    nic["bonding"]["options"] = {"option": [{"name": "mode", "value": mode}]}
    return {"modified_bonds": {"host_nic": [nic]}, "check_connectivity": "false"}


def test_an_account_with_and_without_tokens(folder):
    for account in (Account(), Account(tokens=False)):
        with serve_engine(StandIn(capture()), folder, account=account) as engine:
            assert speak(engine).ping(timeout=5) == Done("up")
            assert speak(engine, host="192.0.2.10").ping(timeout=5) == Done("up")
            assert speak(engine, password="wrong").ping(timeout=5).kind == "credentials"  # noqa: S106
            assert "no host" in speak(engine, host="host2").ping(timeout=5).message


def test_what_is_sent_to_vdsm():
    networks = (
        MANAGEMENT._replace(mtu=9000, stp=True, nameservers=("192.0.2.53",)),
        Logical("a long name", vm=False, vlan=7, mtu=9000),
    )
    host = StandIn(capture())
    engine = StandInEngine(host, networks)
    assert put(engine, {**bond("bond1", "eth0", "eth1"), **attach("ovirtmgmt", "bond1")}) == (200, "")
    assert put(engine, attach("a long name", "bond1", assignments=()))[0] == 200
    (_, first), (_, second) = (call for call in host.log if call[0] == "setupNetworks")
    assert first == {
        "networks": {
            "ovirtmgmt": {
                "bonding": "bond1",
                "mtu": 9000,
                "bridged": "true",
                "stp": "yes",
                **STATIC_AS_SENT,
                "dhcpv6": False,
                "ipv6autoconf": False,
                "defaultRoute": True,
                "nameservers": ["192.0.2.53"],
                "switch": "legacy",
            }
        },
        "bondings": {"bond1": {"nics": ["eth0", "eth1"], "options": "mode=1", "switch": "legacy"}},
        "options": {"connectivityCheck": "false", "commitOnSuccess": False},
    }
    ((name, network),) = second["networks"].items()
    assert (name[:2], len(name), network["bridged"], network["vlan"]) == ("on", 15, "false", "7")
    assert host.running.networks[name]["vlan"] == 7


NOTHING = {"assignment_method": "none", "ip": {"version": "v4"}}
BARE = {"assignment_method": "static", "ip": {"version": "v4", "address": "192.0.2.10"}}
FULL = {"assignment_method": "dhcp", "ip": {"version": "v4", "address": "192.0.2.10"}}


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (attach("green", "eth0"), "no network green"),
        (attach("ovirtmgmt", "eth9"), "no network interface eth9"),
        (attach("ovirtmgmt", "eth0", assignments=(NOTHING,)), "needs an IP configuration"),
        (attach("ovirtmgmt", "eth0", assignments=(BARE,)), "needs address and netmask"),
        (attach("ovirtmgmt", "eth0", assignments=(FULL,)), "takes no address"),
        (bond("lag0", "eth0", "eth1"), "begin with bond"),
        (bond("bond0", "eth0"), "two slaves"),
        (bond("bond0", "eth0", "eth0"), "twice"),
        ({**bond("bond0", "eth0", "eth1", mode="0"), **attach("ovirtmgmt", "bond0")}, "mode of the bond"),
        ({"removed_network_attachments": {"network_attachment": [{"id": "none"}]}}, "no network attachment"),
    ],
)
def test_what_the_engine_refuses(action, said):
    host = StandIn(capture())
    status, detail = put(StandInEngine(host), action)
    assert status == 409
    assert detail.startswith("[Cannot setup Networks.")
    assert said in detail
    assert host.log == []


def test_what_it_refuses_on_a_host_that_has_the_network():
    host = StandIn(capture())
    assert put(StandInEngine(host), attach("ovirtmgmt", "eth0")) == (200, "")
    engine = StandInEngine(host, (MANAGEMENT._replace(mtu=9000),))
    assert "synchronize it first" in put(engine, attach("ovirtmgmt", "eth0"))[1]
    removed = {"removed_network_attachments": {"network_attachment": [{"id": identity("attachment", "ovirtmgmt")}]}}
    assert "cannot be removed" in put(engine, removed)[1]
    assert "has a network" in put(engine, bond("bond0", "eth0", "eth1"))[1]
    assert put(engine, attach("ovirtmgmt", "eth0", mend=True)) == (200, "")


def test_two_networks_on_one_device():
    blue = Logical("blue", vm=False)
    engine = StandInEngine(StandIn(capture()), (MANAGEMENT, blue, blue._replace(name="big", vlan=7, mtu=9000)))
    assert put(engine, attach("ovirtmgmt", "eth0"))[0] == 200
    assert "one untagged network only" in put(engine, attach("blue", "eth0"))[1]
    assert "different MTUs" in put(engine, attach("big", "eth0"))[1]


def test_it_knows_the_host_as_it_has_read_it_last():
    host = StandIn(capture())
    engine = StandInEngine(host)
    path = f"hosts/{identity('host', 'host1')}"
    host.call("setupNetworks", {"networks": {"ovirtmgmt": {"nic": "eth0", **STATIC}}, "options": UNCHECKED})
    assert engine.answer("GET", f"{path}/networkattachments", {}, {}).document == {}
    assert engine.answer("POST", f"{path}/refresh", {}, {}).status == 200
    assert engine.answer("GET", f"{path}/networkattachments", {}, {}).document["network_attachment"]
    assert engine.answer("GET", "hosts/other/nics", {}, {}).status == 404
    assert engine.answer("POST", f"{path}/install", {}, {}).status == 404


@pytest.mark.parametrize(
    ("fault", "kind", "sent"),
    [
        ("busy", "busy", True),
        ("recovering", "recovering", True),
        ("crash", "vdsm", True),
        ("lost-reply", "timeout", True),
        ("half-open", "timeout", True),
        ("reset", "unreachable", True),
    ],
)
def test_faults_reach_the_client(folder, fault, kind, sent):
    host = StandIn(capture(), faults=[parse_mishap(f"setSafeNetworkConfig:{fault}")])
    with serve_engine(host, folder) as engine:
        failure = speak(engine).commit(timeout=1)
        assert isinstance(failure, Failure)
        assert (failure.kind, failure.sent) == (kind, sent), failure
        assert speak(engine).commit(timeout=5) == Done("complete")


@pytest.mark.parametrize("fault", ["late=30", "power-cut", "dies=0"])
def test_an_engine_that_loses_vdsm_says_so(fault):
    clock = VirtualClock()
    host = StandIn(capture(), clock=clock, faults=[parse_mishap(f"setupNetworks:{fault}")])
    status, said = put(StandInEngine(host), attach("ovirtmgmt", "eth0"))
    assert (status, "Network error during communication" in said) == (400, True)
    assert host.running.networks == {}
    moved = host.generation
    clock.sleep(31)
    assert (host.generation > moved) == (fault == "late=30"), "carried out all the same"


def test_fencing_through_the_engine(folder):
    controllers = Controllers()
    host = StandIn(capture(), controllers=controllers)
    controllers.register(AGENT.address, host)
    with serve_engine(host, folder) as engine:
        spoken = speak(engine)
        assert spoken.fence(AGENT, "status", timeout=5) == "on"
        assert spoken.fence(AGENT, "off", timeout=5) == "unknown"
        assert spoken.fence(AGENT, "status", timeout=5) == "off"
        assert spoken.ping(timeout=5).kind == "unreachable"
        assert spoken.capabilities(timeout=5).kind == "refused"
        assert spoken.fence(AGENT, "on", timeout=5) == "unknown"
        assert spoken.ping(timeout=5) == Done("up")


def test_one_action_at_a_time():
    host = StandIn(capture())
    seen = []

    def meanwhile(_action):
        seen.append(engine.answer("POST", f"hosts/{identity('host', 'host1')}/refresh", {}, {}).status)
        return pytest.MonkeyPatch().context()

    engine = StandInEngine(host, meanwhile=meanwhile)
    assert put(engine, attach("ovirtmgmt", "eth0"))[0] == 200
    assert seen == [409]
