"""Bad input: a clear problem each, at its place, within seconds; odd hosts that are none of it."""

import json
import time

import pytest
from captured_hosts import FORMS, lab, spelled

from planner.host.capture import Reading, read_capture
from planner.problem import Problem

SEED = lab("seed-vlan-bond-dhcp")


def problems_of(content: object) -> tuple[Problem, ...]:
    reading = read_capture(content, "caps")  # type: ignore[arg-type]
    assert reading.host is None
    return reading.problems


def places(reading: Reading) -> list[str]:
    return [str(problem.where[0]) for problem in reading.problems]


@pytest.mark.parametrize(
    ("content", "code", "place"),
    [
        ("", "capture-empty", "caps"),
        (" \n\ufeff ", "unknown-format", "caps"),
        (b"\xff\xfe\x00", "not-text", "caps"),
        (b'{"nics": {"\xc3\x28": {}}}', "not-utf8", "caps:1:12"),
        (b"\x7fELF\x02\x01", "unknown-format", "caps"),
        ("{}", "unknown-format", "caps"),
        ("[]", "unknown-format", "caps"),
        ("null", "unknown-format", "caps"),
        ('{"result": null}', "unknown-format", "caps"),
        ("interfaces:\n- name: eth0\n", "unknown-format", "caps"),
        ('{"networks": {"lxdbr0": {"addresses": [{"family": "inet"}]}}}', "unknown-format", "caps"),
        ("<host_nics/>", "unknown-format", "caps:1:1"),
        ('{"jsonrpc": "2.0", "method": "Host.getCapabilities", "id": 1}', "unknown-format", "caps"),
        ("vdsm-client: Connection to localhost:54321 failed", "unknown-format", "caps"),
        ('{"nics": {"eth0": {"mtu": "15', "capture-truncated", "caps:1:30"),
        ('{"nics": {\n "eth0": {},\n', "capture-truncated", "caps:2:13"),
        ('{"nics": {"eth0": tru', "capture-truncated", "caps:1:22"),
        ("{'nics': {'eth0': {'mtu': '15", "capture-truncated", "caps:1:30"),
        ("nics = {'eth0':\n {'mtu'", "capture-truncated", "caps:2:8"),
        ("<methodResponse><params>\n<param><value>", "capture-truncated", "caps:2:15"),
        ('{"nics": {"eth0": {"mtu" "1500"}}}', "capture-syntax", "caps:1:26"),
        ('{"nics": {}} $', "capture-syntax", "caps:1:14"),
        ("{'nics': set(['eth0'])}", "capture-syntax", "caps:1:10"),
        ("<methodResponse>\n<a></b></methodResponse>", "capture-syntax", "caps:2:6"),
        ('{"nics": {"eth0": {"mtu": NaN}}}', "capture-invalid", "caps:1:27"),
        ('{"nics": {"eth0": {"mtu":\n -Infinity}}}', "capture-invalid", "caps:2:2"),
        ('{"nics": {"eth0": {"mtu": ' + "9" * 5000 + "}}}", "capture-invalid", "caps:1:27"),
        ('{"nics": {"eth0": {"mtu": 1e999}}}', "capture-invalid", "caps:1:27: nics.eth0.mtu"),
        ('{"nics": {},\n "vlans": {}, "nics": {}}', "duplicate-key", "caps:2:15: nics"),
        ('{"nics": {"a": {"x": [{}, {"y": 1, "y": 2}]}}}', "duplicate-key", "caps:1:36: nics.a.x[1].y"),
        ("lastClientIface = \nnics = {'eth0': 5}", "capture-invalid", "caps:2:17: nics.eth0"),
        ("[" * 100000, "too-deep", "caps"),
        ('{"nics":' * 100000, "too-deep", "caps"),
        ("{'nics':" * 100000, "too-deep", "caps"),
        ("<methodResponse>" + "<value><array><data>" * 1000, "too-deep", "caps:1:1224"),
        ('<!DOCTYPE a [<!ENTITY b "b">]><methodResponse>&b;</methodResponse>', "capture-invalid", "caps:1:13"),
        ("<methodResponse>&lol;</methodResponse>", "capture-syntax", "caps:1:17"),
        ('{"error": {"code": 99, "message": "Recovering from crash or Initializing"}}', "capture-failed", "caps"),
        ('{"status": {"code": 16, "message": "Unexpected exception"}}', "capture-failed", "caps"),
    ],
)
def test_what_is_no_capture(content: str | bytes, code: str, place: str) -> None:
    problem = problems_of(content)[0]
    assert problem.code == code, problem
    assert str(problem.where[0]) == place
    assert problem.hint


def test_a_definition_in_place_of_a_capture_is_known() -> None:
    for text in ("network: ovirtmgmt\nvlan: 3000\n", "# What the host is\nnetwork: ovirtmgmt  # ours\n"):
        assert "this looks like a definition, which is given by --network" in problems_of(text)[0].message
    assert "netplan" in problems_of("network:\n  version: 2\n")[0].message


def test_ip_in_lines_is_told_as_what_it_is() -> None:
    text = "1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n"
    (problem,) = problems_of(text)
    assert "`ip -o addr`, which does not tell what the devices are" in problem.message


def test_vdsms_own_complaint_is_quoted() -> None:
    (problem,) = problems_of(
        {"jsonrpc": "2.0", "id": 1, "error": {"code": 23, "message": "Nic \x1b eth9 does not exist"}}
    )
    assert problem.message == 'VDSM answered with error 23: "Nic \\u001b eth9 does not exist"'
    fault = "<value><struct><member><name>faultString</name><value>no such method</value></member></struct></value>"
    (problem,) = problems_of(f"<methodResponse><fault>{fault}</fault></methodResponse>")
    assert (problem.code, problem.message) == ("capture-failed", 'VDSM answered with a fault: "no such method"')


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("nics.eth2.mtu", "jumbo", '"jumbo" is not an MTU'),
        ("nics.eth2.mtu", -1, "-1 is not an MTU"),
        ("nics.eth2.mtu", True, "true is not an MTU"),
        ("nics.eth2.mtu", 10**30, "a very large number is not an MTU"),
        ("nics.eth2", [], "a list is not the description of a device"),
        ("nics", "eth2", '"eth2" is not a map'),
        ("nics.eth2.hwaddr", 5, "5 is not text"),
        ("nics.eth2.addr", {"a": 1}, "a map is not text"),
        ("nics.eth2.ipv4addrs", "192.0.2.1/24", '"192.0.2.1/24" is not a list'),
        ("nics.eth2.dhcpv4", "maybe", '"maybe" is neither true nor false'),
        ("bondings.bond4.slaves", "eth2 eth3", '"eth2 eth3" is not a list'),
        ("bondings.bond4.slaves[0]", 7, "7 is not a name"),
        ("bondings.bond4.opts", ["mode=4"], "a list is not a map"),
        ("vlans.bond4.3000.vlanid", "abc", '"abc" is not a VLAN id'),
        ("vlans.bond4.3000.vlanid", 5000, "5000 is not a VLAN id"),
        ("vlans.bond4.3000.iface", "bond4\x1b[2J", '"bond4\\u001b[2J" holds control characters'),
        ("lastClientIface", "\ud800", '"\\ud800" holds control characters'),
        ("netConfigDirty", "perhaps", '"perhaps" is neither true nor false'),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_a_wrong_value_is_named_with_its_path_and_line(form: str, path: str, value: object, message: str) -> None:
    document = lab("seed-vlan-bond-dhcp")
    parts = [part.replace("/", ".") for part in path.replace("bond4.3000", "bond4/3000").split(".")]
    record = document
    for part in parts[:-1]:
        record = record[part]
    if parts[-1].endswith("[0]"):
        record[parts[-1][:-3]][0] = value
    else:
        record[parts[-1]] = value
    if form == "vdsm-xmlrpc" and (value in (10**30, "\ud800") or "\x1b" in str(value)):
        return  # XML cannot say it
    text = spelled(document, form)
    (problem,) = problems_of(text)
    assert (problem.code, problem.message) == ("capture-invalid", message)
    (where,) = problem.where
    assert (where.source, where.path) == ("caps", path)
    line = text.splitlines()[where.line - 1][where.column - 1 :]
    wanted = {"vdsm-repr": repr(value), "vdsm-text": repr(value), "vdsm-xmlrpc": "<value>"}.get(form, json.dumps(value))
    assert line.startswith(wanted[:1] if value.__class__ in (list, dict) else wanted[:5])


def test_all_problems_come_at_once() -> None:
    document = lab("seed-vlan-bond-dhcp")
    document["nics"]["eth2"]["mtu"] = "jumbo"
    document["bondings"]["bond4"]["slaves"] = None
    document["vlans"]["bond4.3000"] |= {"vlanid": "abc", "ipv6addrs": ["2001:db8::g/64"]}
    reading = read_capture(json.dumps(document, indent=1), "caps.json")
    assert reading.host is None
    assert places(reading) == [
        "caps.json:68:11: nics.eth2.mtu",
        "caps.json:96:14: vlans.bond4.3000.vlanid",
        "caps.json:102:5: vlans.bond4.3000.ipv6addrs[0]",
    ]
    assert [problem.severity for problem in reading.problems] == ["error", "error", "warning"]


def test_names_that_steer_a_terminal_are_refused_and_never_printed() -> None:
    for name in ("eth\x1b[31m0", "eth\n0", "eth\ud800", "\u202eeth0", "x" * 100_000, ""):
        for content in ({"nics": {name: {"mtu": "jumbo"}}}, {"bondings": {"bond0": {"slaves": [name]}}}):
            for problem in problems_of(content):
                written = f"{problem.message} {problem.hint} {problem.where[0]}"
                assert written.isprintable()
                assert len(written) < 300


def test_odd_hosts_read_with_a_warning() -> None:
    odd = {
        "nics": {
            "eth0": {"addr": "192.0.2.300", "gateway": "router", "ipv6addrs": ["2a02:a31a:e13f:7640:baca:3aff/64"]},
            "eth1": {"addr": "192.0.2.10", "netmask": "255.0.255.0"},
        },
        "bondings": {"bond0": {"slaves": ["eth0", "bond0"], "opts": {"mode": "bogus"}}},
        "vlans": {"a": {"iface": "b", "vlanid": 1}, "b": {"iface": "a", "vlanid": 2}},
        "nameservers": ["192.0.2.53", "ns.example.com"],
    }
    reading = read_capture(odd)
    assert reading.host is not None
    assert {(problem.code, problem.where[0].path) for problem in reading.problems} == {
        ("address-malformed", "nics.eth0.addr"),
        ("address-malformed", "nics.eth0.gateway"),
        ("address-malformed", "nics.eth0.ipv6addrs[0]"),
        ("netmask-malformed", "nics.eth1.netmask"),
        ("capture-odd", "bondings.bond0.opts.mode"),
        ("device-loop", "bondings.bond0"),
        ("device-loop", "vlans.a"),
        ("address-malformed", "nameservers[1]"),
    }
    assert {problem.severity for problem in reading.problems} == {"warning"}
    assert reading.host.nameservers == ("192.0.2.53",)
    assert reading.host.nics["eth1"].ip.addresses[0].prefix == -1
    assert "a -> b -> a" in next(problem.message for problem in reading.problems if problem.where[0].path == "vlans.a")


def test_legal_oddities_read_without_a_word() -> None:
    reading = read_capture(
        {
            "nics": {"eth0": {}, "eth0.5": {}, ";vdsmdummy;": {}, "dummy_1": {"mtu": "2147483647"}},
            "vlans": {"team0.7": {"iface": "team0", "vlanid": 7}, "eth0.0": {"iface": "eth0", "vlanid": 0}},
            "bridges": {"eth0.100": {"ports": ["eth0"]}, ";br;": {"ports": []}},
            "networks": {"net": {"iface": "net"}},
            "supportsIPv6": True,
            "hooks": {"x": [{"y": None}]},
        }
    )
    assert reading.problems == ()
    assert reading.host is not None


@pytest.mark.no_cover  # measured, it takes three times as long
def test_a_hundred_thousand_vlans_take_seconds() -> None:
    record = {"iface": "eth0", "vlanid": 1, "mtu": "1500", "addr": "", "ipv4addrs": [], "ipv6addrs": []}
    document = {"nics": {"eth0": {}}, "vlans": {f"v{number}": record for number in range(100_000)}}
    started = time.process_time()
    reading = read_capture(json.dumps(document))
    assert reading.host is not None
    assert len(reading.host.vlans) == 100_000
    document["vlans"] = {name: {**record, "mtu": "jumbo"} for name in document["vlans"]}
    problems = problems_of(json.dumps(document, indent=1))
    assert len(problems) == 101
    assert problems[-1].message == "99900 more problems of these kinds"
    assert time.process_time() - started < 30  # 3 s here; a quadratic step would take hours


def test_what_is_not_json_in_a_read_document_is_refused() -> None:
    looped: dict[str, object] = {}
    looped["result"] = looped
    assert problems_of(looped)[0].code == "unknown-format"
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    for value in (deep, {1: 2}, {"a": object()}, [float("inf")], [2**70]):
        (problem,) = problems_of({"networks": {"net": {"iface": "net", "hostQos": value or [deep]}}})
        assert problem.where[0].path == "networks.net.hostQos"
    assert problems_of({"nics": {5: {}}})[0].message == "5 is not a name"
