"""A call is refused if the host would lose its management network by it, and only then."""

import copy
import json
from functools import cache
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import planner
from planner.apply.judge import LOSSES, SetupCall, judge_call, read_call
from planner.plan.plan import Management, step_document
from planner.standin import StandIn, VirtualClock
from planner.standin.canonical import canonical_call
from planner.standin.caps import adopted

ROOT = Path(__file__).parents[2]
GOLDENS = ROOT / "golden"
VERDICTS = sorted((ROOT / "tests" / "data" / "verdicts").glob("*.json"))
UNCHECKED = {"connectivityCheck": False}
NAME = "ovirtmgmt"
ADDRESS = "192.0.2.10"
# What VDSM's own code takes, and nmstate or the kernel below it does not.
REFUSED_BELOW = {"arbitrary-vlan-name", "dns-given-static", "ipv6-auto", "ipv6-only-static", "mtu-10"}


def capture_of(golden):
    return json.loads((GOLDENS / golden / "capture.json").read_text())


@cache
def made():
    return planner.Planner(planner.load_rules().required())


def judged(capture, call, address=ADDRESS, allowed=()):
    host = planner.read_capture(copy.deepcopy(capture)).required()
    management = made().plan(host, planner.read_definition({}).required(), [address]).management
    assert management is not None, "the host of the test has no such address"
    asked = SetupCall(call.get("networks", {}), call.get("bondings", {}), call.get("options", {}))
    return judge_call(capture, host, management, NAME, asked, allowed)


def codes(judgement, severity):
    return [problem.code for problem in judgement.problems if problem.severity == severity]


BOND = {"nics": ["eth2", "eth3"], "options": "mode=4 miimon=100"}
OWN = {
    "bonding": "bond4",
    "vlan": 3000,
    "bridged": True,
    "mtu": 1500,
    "ipaddr": ADDRESS,
    "netmask": "255.255.255.0",
    "gateway": "192.0.2.1",
    "defaultRoute": True,
    "bootproto": "none",
}


def own(**other):
    """The management network as it is, but for what is named; None: left out."""
    return {key: value for key, value in {**OWN, **other}.items() if value is not None}


def ip(*addresses, **other):
    blank = {"addr": "", "netmask": "", "gateway": "", "ipv4addrs": [], "ipv6addrs": [], "ipv6gateway": "::"}
    flags = {"ipv6autoconf": False, "ipv4defaultroute": False, "dhcpv4": False, "dhcpv6": False, "mtu": "1500"}
    first = {"addr": addresses[0], "netmask": "255.255.255.0"} if addresses else {}
    return {**blank, **flags, **first, "ipv4addrs": [f"{one}/24" for one in addresses], **other}


def bare():
    """A host that VDSM knows nothing of: its address on bond4.3000, and two nics to spare."""
    nics = {f"eth{number}": {"hwaddr": f"52:54:00:00:00:0{number}", "speed": 1000, **ip()} for number in (2, 3, 8, 9)}
    bond = {"hwaddr": "52:54:00:00:00:02", "slaves": ["eth2", "eth3"], "opts": {"mode": "4", "miimon": "100"}}
    vlan = {"iface": "bond4", "vlanid": 3000, **ip(ADDRESS, gateway="192.0.2.1", ipv4defaultroute=True)}
    devices = {"bondings": {"bond4": {**bond, "switch": "legacy", **ip()}}, "vlans": {"bond4.3000": vlan}}
    return {"nics": nics, **devices, "bridges": {}, "networks": {}, "nameservers": [], "software_version": "4.50.7"}


@pytest.fixture(scope="module")
def owned():
    """The same host once VDSM has ovirtmgmt on it, with a virtual machine on its bridge."""
    stand_in = StandIn(bare(), clock=VirtualClock())
    asked = {"networks": {NAME: own()}, "bondings": {"bond4": BOND}, "options": UNCHECKED}
    assert stand_in.call("setupNetworks", asked).value == {"code": 0, "message": "Done"}
    capture = stand_in.caps()
    for section in ("networks", "bridges"):
        capture[section][NAME]["ports"].append("vnet0")
    return capture


MINE = {"bond4": BOND}
CALLS = {
    "nothing": ({}, {}, [], []),
    "another network": ({"blue": {"nic": "eth8", "bridged": True}}, {}, [], []),
    "a tagged network on the same bond": ({"blue": {"bonding": "bond4", "vlan": 7}}, {}, [], []),
    "the same again": ({NAME: own()}, MINE, [], []),
    "the gateway not named: VDSM keeps it": ({NAME: own(gateway=None)}, {}, [], []),
    "removed": ({NAME: {"remove": True}}, {}, ["loses-bridge", "loses-address"], []),
    "another address": ({NAME: own(ipaddr="192.0.2.99")}, {}, ["loses-address"], []),
    "DHCP": (
        {NAME: own(bootproto="dhcp", ipaddr=None, netmask=None, gateway=None)},
        {},
        ["loses-address"],
        [],
    ),
    "no address": ({NAME: own(ipaddr=None, netmask=None, gateway=None)}, {}, ["loses-address"], []),
    "untagged": ({NAME: own(vlan=None)}, {}, ["loses-tag"], []),
    "another tag": ({NAME: own(vlan=3001)}, {}, ["loses-tag"], []),
    "another nic": ({NAME: own(bonding=None, nic="eth8")}, {}, ["loses-nics"], []),
    "the bond of other nics": ({}, {"bond4": {**BOND, "nics": ["eth8", "eth9"]}}, ["loses-nics"], []),
    "one nic of the bond": (
        {NAME: own(bonding=None, nic="eth2")},
        {"bond4": {"remove": True}},
        ["loses-bond"],
        [],
    ),
    "a member taken": ({}, {"bond4": {**BOND, "nics": ["eth2"]}}, [], ["loses-bond-member"]),
    "a member more": ({}, {"bond4": {**BOND, "nics": ["eth2", "eth3", "eth8"]}}, [], []),
    "a bond without its options": ({}, {"bond4": {"nics": ["eth2", "eth3"]}}, ["loses-bond-mode"], []),
    "no default route": ({NAME: own(defaultRoute=False)}, {}, ["loses-default-route"], []),
    "no bridge": ({NAME: own(bridged=False)}, {}, ["loses-bridge"], []),
    "the default route to another": (
        {
            "blue": {
                "nic": "eth8",
                "ipaddr": "198.51.100.8",
                "netmask": "255.255.255.0",
                "gateway": "198.51.100.1",
                "defaultRoute": True,
            }
        },
        {},
        [],
        ["moves-default-route"],
    ),
    "another name": (
        {NAME: {"remove": True}, "mgmt": own()},
        {},
        ["loses-bridge", "loses-network"],
        [],
    ),
    "smaller frames": ({NAME: own(mtu=1400)}, {}, [], ["lowers-mtu"]),
    "larger frames": ({NAME: own(mtu=9000)}, {}, [], ["raises-mtu"]),
    "a member as a network's nic": ({"blue": {"nic": "eth2"}}, {}, ["vdsm-refuses"], []),
    "the bond removed": ({}, {"bond4": {"remove": True}}, ["vdsm-refuses"], []),
    "nonsense": ({NAME: {"vlan": {"a": 1}, "bridged": []}}, {}, ["vdsm-refuses"], []),
}


@pytest.mark.parametrize("name", CALLS)
def test_what_a_call_takes_from_a_host_with_the_network(owned, name):
    networks, bondings, refused, warned = CALLS[name]
    judgement = judged(owned, {"networks": networks, "bondings": bondings})
    assert (codes(judgement, "error"), codes(judgement, "warning")) == (refused, warned), judgement.problems
    assert judgement.verdict == ("refused" if refused else "accepted")
    assert judgement.network == NAME
    assert all(problem.hint for problem in judgement.problems)


FIRST = {
    "as it stands": ({NAME: own()}, MINE, [], []),
    "as it stands, the bond not named": ({NAME: own()}, {}, [], []),
    "untagged, with the same address": ({NAME: own(vlan=None)}, MINE, ["address-twice", "loses-tag"], []),
    "untagged, by DHCP": ({NAME: {"bonding": "bond4", "bootproto": "dhcp"}}, MINE, [], ["leaves-address"]),
    "the page's literal call": (
        {NAME: {"iface": "bond4", "bonding": "bond4", "vlan": 3000, "bridged": True}},
        MINE,
        ["loses-address"],
        [],
    ),
    "the gateway left out": ({NAME: own(gateway=None)}, MINE, ["loses-default-route"], []),
    "on a nic to spare": ({NAME: own(bonding=None, nic="eth8", vlan=None)}, {}, None, []),
}


@pytest.mark.parametrize("name", FIRST)
def test_what_a_call_takes_from_a_host_that_vdsm_takes_over(name):
    networks, bondings, refused, warned = FIRST[name]
    judgement = judged(bare(), {"networks": networks, "bondings": bondings})
    if refused is None:
        assert {"address-twice", "loses-tag", "loses-nics"} <= {*codes(judgement, "error")}
        return
    assert (codes(judgement, "error"), codes(judgement, "warning")) == (refused, warned), judgement.problems


def test_a_network_that_is_not_touched_keeps_what_was_added_to_it_by_hand(owned):
    capture = copy.deepcopy(owned)
    for section in ("networks", "bridges"):
        capture[section][NAME]["ipv4addrs"].append("192.0.2.11/24")
    elsewhere = {"networks": {"blue": {"nic": "eth8"}}}
    assert judged(capture, elsewhere, "192.0.2.11").problems == ()
    touched = {"networks": {NAME: own()}}
    assert codes(judged(capture, touched), "warning") == ["loses-further-address"]
    assert codes(judged(capture, touched, "192.0.2.11"), "error") == ["loses-address"]


def test_a_bond_that_vdsm_takes_over_for_another_network_loses_its_own_address():
    capture = bare()
    capture["bondings"]["bond4"] |= ip(ADDRESS, gateway="192.0.2.1", ipv4defaultroute=True)
    capture["vlans"] = {}
    judgement = judged(capture, {"networks": {"blue": {"bonding": "bond4", "vlan": 7}}})
    assert codes(judgement, "error") == ["loses-address"]
    assert judged(capture, {"networks": {"blue": {"nic": "eth8", "vlan": 7}}}).problems == ()


@pytest.mark.parametrize("name", [name for name, (*_, refused, _) in CALLS.items() if refused != ["vdsm-refuses"]])
def test_a_call_is_judged_alike_in_the_canonical_form_that_hooks_are_given(owned, name):
    networks, bondings, refused, warned = CALLS[name]
    made = canonical_call(networks, bondings, owned, adopted(owned))
    judgement = judged(owned, {"networks": made.networks, "bondings": made.bondings})
    assert (codes(judgement, "error"), codes(judgement, "warning")) == (refused, warned), judgement.problems


def managed_hosts():
    for folder in sorted(one.parent for one in GOLDENS.glob("*/about.yaml")):
        about = yaml.safe_load((folder / "about.yaml").read_text())
        reading = planner.read_capture((folder / "capture.json").read_bytes())
        if reading.host is None or reading.host.lacks:
            continue
        definition = planner.read_definition((folder / "definition.yaml").read_bytes()).required()
        plan = made().plan(reading.host, definition, about.get("address", ()))
        if plan.management is not None:
            yield folder.name, reading.host, reading.document, plan.management


def test_asking_for_nothing_loses_nothing_and_removing_the_network_the_host():
    removed = 0
    for name, host, capture, management in managed_hosts():
        nothing = judge_call(capture, host, management, NAME, SetupCall({}, {}, {}))
        assert nothing.problems == (), name
        if nothing.network:
            asked = SetupCall({nothing.network: {"remove": True}}, {}, {})
            assert judge_call(capture, host, management, NAME, asked).verdict == "refused", name
            removed += 1
    assert removed > 80


def test_what_vdsm_would_say_of_several_is_in_one_order(owned):
    """VDSM prints a set there, so its own order changes from run to run."""
    (problem,) = judged(owned, {"networks": {"red": {"nic": "eth3"}, "blue": {"nic": "eth2"}}}).problems
    assert "multiple usages: {'eth2', 'eth3'}" in problem.message


def test_what_is_allowed_is_a_warning(owned):
    judgement = judged(owned, {"networks": {NAME: own(bridged=False)}}, allowed=("loses-bridge",))
    assert (judgement.verdict, codes(judgement, "warning")) == ("accepted", ["loses-bridge"])


def test_ipv6_goes_with_a_small_mtu():
    capture = bare()
    capture["vlans"]["bond4.3000"] = {"iface": "bond4", "vlanid": 3000, **ip(ipv6addrs=["2001:db8::10/64"])}
    asked = {"bonding": "bond4", "vlan": 3000, "ipv6addr": "2001:db8::10/64", "mtu": 1200}
    judgement = judged(capture, {"networks": {NAME: asked}}, "2001:db8::10")
    assert codes(judgement, "error") == ["loses-address"]
    assert "1280" in judgement.problems[0].message
    asked["mtu"] = 1280
    assert codes(judged(capture, {"networks": {NAME: asked}}, "2001:db8::10"), "warning") == ["lowers-mtu"]


@pytest.mark.parametrize(
    ("version", "lost"), [("4.50.6", True), ("4.50", True), ("4.50.7", False), ("4.40.100", False), (None, True)]
)
def test_a_gateway_that_vdsm_hides_is_missed_by_its_age(version, lost):
    capture = bare()
    capture["vlans"]["bond4.3000"] |= {"gateway": "", "ipv4defaultroute": False}
    capture["software_version"] = version
    judgement = judged(capture, {"networks": {NAME: own(gateway=None)}, "bondings": MINE})
    assert codes(judgement, "error") == ["loses-unseen-gateway"] * lost
    assert judged(capture, {"networks": {NAME: own()}, "bondings": MINE}).verdict == "accepted"


def lose(definition, problems):
    """The codes for which a plan's call may be refused: its definition, or a warning of the plan, says so."""
    gateways = {"loses-default-route", "loses-unseen-gateway"}
    return {
        *(gateways if not definition.default_route or definition.gateway4 == "none" else ()),
        *(gateways if "none" in (definition.gateway4, definition.gateway6) else ()),
        *(["loses-address"] if definition.ipv4 == "dhcp" else ()),
        *(["vdsm-refuses"] if {"nameservers-need-gateway", "address-becomes-lease"} & problems else ()),
    }


@pytest.mark.parametrize("part", range(4))
def test_the_calls_of_our_own_plans_are_accepted(part):
    seen = 0
    for folder in sorted(one.parent for one in GOLDENS.glob("*/about.yaml"))[part::4]:
        about = yaml.safe_load((folder / "about.yaml").read_text())
        reading = planner.read_capture((folder / "capture.json").read_bytes())
        host, capture = reading.host, reading.document
        definition = planner.read_definition((folder / "definition.yaml").read_bytes()).required()
        if host is None or capture is None or host.lacks:
            continue
        plan = made().plan(host, definition, about.get("address", ()))
        said = {problem.code for problem in plan.problems}
        stand_in = StandIn(capture, clock=VirtualClock())
        for step in plan.steps:
            request = step_document(step)["request"]
            host = planner.read_capture(capture).required()
            management = made().plan(host, definition, about.get("address", ())).management
            if management is None:  # another lease, which the plan warned of
                assert said & {"dhcp-address-may-change", "dhcpv6-address-may-change", "slaac-address-may-change"} or (
                    "beside" in folder.name
                )
                continue
            asked = SetupCall(request["networks"], request["bondings"], request["options"])
            judgement = judge_call(capture, host, management, definition.network, asked)
            assert {*codes(judgement, "error")} <= lose(definition, said), (folder.name, judgement.problems)
            stand_in.call("setupNetworks", {**request, "options": UNCHECKED})
            capture = stand_in.caps()
            seen += 1
    assert seen > 60


@pytest.mark.parametrize("path", VERDICTS, ids=lambda path: path.stem)
def test_what_vdsm_refuses_is_refused(path):
    case = json.loads(path.read_text())
    host = planner.read_capture(copy.deepcopy(case["netinfo"])).required()
    management = Management(ADDRESS, "eth0", "nic", "address")
    asked = SetupCall(case["networks"], case["bondings"], case["options"])
    judgement = judge_call(case["netinfo"], host, management, NAME, asked)
    refused = [problem for problem in judgement.problems if problem.code == "vdsm-refuses"]
    assert bool(refused) == (case["verdict"] != "accept" or path.stem in REFUSED_BELOW)
    if case["verdict"] == "reject":
        assert f"with {case['code']}: " in refused[0].message


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=6)
    | st.sampled_from(["bond4", "eth2", "dhcp", ADDRESS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
WORDS = st.sampled_from([*OWN, "remove", "nic", "ipv6addr", "dhcpv6", "nameservers", "custom", "switch", "hostQos"])
TABLES = st.dictionaries(
    st.sampled_from([NAME, "bond4", "blue", "eth2"]),
    st.dictionaries(WORDS | st.sampled_from(["nics", "options"]), ANYTHING, max_size=5),
    max_size=2,
)


@given(TABLES, TABLES)
def test_whatever_is_asked_is_judged(owned, networks, bondings):
    judgement = judged(owned, {"networks": networks, "bondings": bondings})
    assert {problem.code for problem in judgement.problems} <= {*LOSSES}
    json.dumps(judgement.document())


CALL = {"networks": {NAME: {"remove": True}}, "bondings": {}, "options": {"_inRollback": True}}


@pytest.mark.parametrize(
    "document",
    [
        CALL,
        {"request": CALL},
        {"jsonrpc": "2.0", "method": "Host.setupNetworks", "params": CALL, "id": "1"},
        {"networks": CALL["networks"], "options": CALL["options"], "bondings": None},
    ],
)
def test_a_call_is_read_in_each_of_its_forms(document):
    assert read_call(json.dumps(document).encode()).required() == SetupCall(**CALL)


PYTHON = {part: repr(CALL[part]) for part in CALL}
ARGUMENTS = f"{PYTHON['networks']}, {PYTHON['bondings']}, {PYTHON['options']}"
LINES = {
    "vdsm.log": "2026-11-27 01:00:00,001+0100 INFO  (jsonrpc/4) [api.network] START setupNetworks(networks="
    f"{PYTHON['networks']}, bondings={PYTHON['bondings']}, options={PYTHON['options']}) from=::1,47182 (api:48)\n",
    "supervdsm.log": "MainProcess|jsonrpc/4::DEBUG::2026-11-27 01:00:00,009::supervdsm_server::95::"
    f"SuperVdsm.ServerCallback::(wrapper) call setupNetworks with ({ARGUMENTS}) {{}}\n",
    "XML-RPC": "Thread-9::DEBUG::2013-11-27 01:00:00,001::BindingXMLRPC::910::vds::(wrapper) client [192.0.2.1]::"
    f"call setupNetworks with ({ARGUMENTS}) {{}} flowID [4a]\n",
    "JSON-RPC": "2016-11-27 01:00:00,001 DEBUG (jsonrpc/0) [jsonrpc.JsonRpcServer] "
    f"Calling 'Host.setupNetworks' in bridge with {CALL!r} (__init__:555)\n",
}


@pytest.mark.parametrize("kind", LINES)
def test_a_call_is_read_as_vdsm_logs_it(kind):
    line = LINES[kind]
    assert read_call(line.encode()) == read_call(line.replace("{'", "{u'").encode()) == (SetupCall(**CALL), ())
    call, problems = read_call(f"{line.replace('ovirtmgmt', 'storage')}\n{line}".encode(), kind)
    assert call == SetupCall(**CALL)
    assert [(problem.code, problem.severity, problem.where[0].line) for problem in problems] == [
        ("call-taken", "note", 3)
    ]


def test_a_logged_call_that_is_cut_is_none():
    call, problems = read_call(LINES["vdsm.log"][: LINES["vdsm.log"].index("options=") + 12].encode())
    assert call is None
    assert [problem.code for problem in problems] == ["capture-truncated"]


def test_the_words_of_the_engine_are_told_as_such():
    line = b"2026-11-27 01:00:00,001+01 INFO  [org.ovirt] (x) [] START, HostSetupNetworksVDSCommand(HostName = h, ...\n"
    call, (problem,) = read_call(line)
    assert (call, problem.code) == (None, "call-malformed")
    assert "vdsm.log" in problem.hint


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"networks": ', "no JSON"),
        ("[]", "neither networks nor bondings"),
        ('{"format": "mgmtnet/plan@2", "steps": []}', "it is a plan"),
        ('{"networks": []}', ""),
        ('{"networks": [1]}', "networks is no map"),
        ('{"networks": {"a": 1}}', "a is no map"),
        ('{"networks": {}, "networks": {}}', "stands twice"),
        ("[" * 100_000, "too deeply"),
        ('{"networks": {"a": {"mtu": ' + "9" * 5000 + "}}}", "more digits"),
    ],
)
def test_what_is_no_call_is_told(text, told):
    call, problems = read_call(text.encode(), "call.json")
    if not told:
        assert call is not None
        return
    assert call is None
    assert [problem.code for problem in problems] == ["call-malformed"]
    assert told in problems[0].message
    assert problems[0].hint
    assert problems[0].where[0].source == "call.json"


@given(st.binary(max_size=200) | ANYTHING.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_call_or_a_problem(content):
    call, problems = read_call(content)
    assert (call is None) == bool(problems)


@given(st.sampled_from([*LINES.values()]), st.data())
def test_changed_log_lines_are_a_call_or_a_problem(line, data):
    at = data.draw(st.integers(0, len(line)))
    piece = data.draw(st.sampled_from(["", "{", "}", "'", "(", ",", "\n", "\x00", "call setupNetworks with ({"]))
    call, problems = read_call((line[:at] + piece + line[at + data.draw(st.integers(0, 9)) :]).encode())
    assert (call is None) == any(problem.severity == "error" for problem in problems)
