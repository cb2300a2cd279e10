"""A definition is read whole, and what is wrong with it is told at once."""

import json

import pytest

from planner.definition import Definition, read_definition, written


def told(content, source="net.yaml"):
    reading = read_definition(content, source)
    assert (reading.definition is None) == bool(reading.problems)
    return [f"{problem.where[0]}: {problem.message}" for problem in reading.problems]


SEED = Definition(vlan=3000, mtu=9000)


@pytest.mark.parametrize(
    "content",
    [
        "network: ovirtmgmt\nvlan: 3000\nmtu: 9000\n",
        b"\xef\xbb\xbfvlan: 3000\r\nmtu: 9000\r\n",
        '{"vlan": 3000, "mtu": 9000}',
        '{\n\t"vlan": "3000",\n\t"mtu": "9000"\n}',
        "{vlan: 3000, mtu: 9000}",
        {"vlan": 3000, "mtu": 9000},
        {"vlan": "3000", "mtu": "9000", "vm_network": "true", "stp": None, "nameservers": None},
    ],
)
def test_every_spelling_means_the_same(content):
    definition, problems = read_definition(content)
    assert not problems
    assert definition.digest.startswith("sha256:")
    assert definition == read_definition({"vlan": 3000, "mtu": 9000}).definition
    assert (definition.vlan, definition.mtu, definition.network) == (SEED.vlan, SEED.mtu, SEED.network)


@pytest.mark.parametrize("key", ["bond", "bonding", "bondings", "bonds"])
def test_a_bond_is_not_made(key):
    content = f"network: ovirtmgmt\n{key}:\n  name: bond0\n  members: [eth0, eth1]\n  mode: 1\nmut: 9000\n"
    first, second = read_definition(content, "net.yaml").problems
    assert (first.code, str(first.where[0])) == ("bond-not-made", f"net.yaml:2:1: {key}")
    assert "never made" in first.message
    assert "make the bond on the host first" in first.hint
    assert second.code == "unknown-key"


def test_defaults():
    definition = read_definition("{}").definition
    assert (definition.network, definition.vm_network) == ("ovirtmgmt", True)
    assert (definition.vlan, definition.mtu) == (None, 1500)
    assert (definition.stp, definition.default_route, definition.default_route_stated) == (False, True, False)
    assert (definition.nameservers, definition.gateway4, definition.gateway6, definition.ipv4) == (None, "", "", "")


def test_what_is_stated_is_told_from_what_is_assumed():
    assert read_definition("default_route: true").definition.default_route_stated
    assert not read_definition("default_route: null").definition.default_route_stated
    assert read_definition("nameservers: []").definition.nameservers == ()


@pytest.mark.parametrize(
    ("gateway", "expected"),
    [
        ("192.0.2.1", ("192.0.2.1", "")),
        ("2001:DB8:0::1", ("", "2001:db8::1")),
        ("none", ("none", "none")),
        (["2001:db8::1", "192.0.2.1"], ("192.0.2.1", "2001:db8::1")),
    ],
)
def test_a_gateway_speaks_for_its_family(gateway, expected):
    definition = read_definition({"gateway": gateway}).definition
    assert (definition.gateway4, definition.gateway6) == expected


def test_the_engine_s_zeroes():
    definition = read_definition({"vlan": 0, "mtu": 0}).definition
    assert (definition.vlan, definition.mtu) == (None, 1500)


def test_name_servers_are_canonical_and_may_have_a_zone():
    definition = read_definition({"nameservers": ["FE80::1%eth0", "192.0.2.53", "192.0.2.53"]}).definition
    assert definition.nameservers == ("fe80::1%eth0", "192.0.2.53")


def test_everything_that_is_wrong_is_told_at_once():
    text = """\
network: ovirt mgmt
vlan: 5000
mtu: jumbo
gatway: 192.0.2.1
stp: yes
nameservers: [192.0.2, 192.0.2.53]
gateway: [192.0.2.1, 192.0.2.2]
ipv4: bootp
"""
    assert told(text) == [
        "net.yaml:1:10: network: a network cannot be called 'ovirt mgmt': no blanks, slashes or control characters",
        "net.yaml:2:7: vlan: 5000 is not a vlan tag",
        'net.yaml:3:6: mtu: "jumbo" is not an MTU',
        'net.yaml:4:1: the definition has no "gatway"',
        "net.yaml:5:6: yes is a boolean to YAML 1.1 and a word to YAML 1.2",
        'net.yaml:6:15: nameservers: the name server "192.0.2" is no IP address',
        'net.yaml:7:22: gateway: "192.0.2.2" is a second IPv4 gateway',
        'net.yaml:8:7: ipv4: ipv4 is "bootp"',
    ]


def test_json_has_positions_too():
    assert told('{\n  "vlan": 5000\n}') == ["net.yaml:2:11: vlan: 5000 is not a vlan tag"]


def test_json_that_only_json_takes_has_paths():
    assert told('{\n\t"vlan": 5000\n}') == ["net.yaml: vlan: 5000 is not a vlan tag"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "   \n",
        "- 1",
        "42",
        "a: [",
        "\tvlan: 1",
        b"\xff\xfe",
        "vlan: 1\n---\nvlan: 2",
        "a: &x [*x, *x]",
        "vlan: !!int 5",
        "mtu: 10",
        "mtu: 70000",
        "mtu: 9000.0",
        "mtu: 1e999",
        "mtu: -1",
        "mtu: true",
        "mtu: ٩٠٠٠",
        '{"mtu": NaN}',
        "vlan: -1",
        "vlan: 4095",
        'vlan: " 3000"',
        "vlan: 0xbb8",
        "vlan: 1:30",
        "vlan: 0777",
        "vlan: [1]",
        "vlan: 99999999999999999999",
        '{"vlan": 1, "vlan": 2}',
        "network: ''",
        "network: null\nnetwork: x",
        "network: 12",
        "network: a/b",
        'network: "a\\tb"',
        'network: "\\e[31m"',
        '{"network": "\\ud800"}',
        "vm_network: 1",
        "stp: {}",
        "gateway: []",
        "gateway: [none]",
        "gateway: 192.0.2.1/24",
        "gateway: fe80::1%eth0",
        "gateway: 0.0.0.0",
        "gateway: 224.0.0.1",
        "gateway: ::",
        "gateway: 1",
        "nameservers: 192.0.2.53",
        "nameservers: [[]]",
        'nameservers: ["fe80::1%a,b"]',
        'nameservers: ["fe80::1%\\e"]',
        "network: {name: ovirtmgmt}",
        "[" * 100_000,
        '{"a":' * 100_000,
        "a" * 2_000_000,
        {"vlan": 1.5},
        {1: 2},
        {"gateway": [[[]]]},
    ],
    ids=lambda content: repr(content)[:40],
)
def test_bad_definitions_are_refused(content):
    assert told(content)


def test_a_number_that_python_refuses_to_print():
    assert told({"mtu": 10**6000}) == ['net.yaml: mtu: "an enormous number" is not an MTU']


def test_equal_definitions_have_equal_digests():
    digests = {read_definition(json.dumps({"vlan": tag})).definition.digest for tag in (3000, "3000")}
    assert len(digests) == 1
    assert digests != {read_definition({"vlan": 3001}).definition.digest}


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"network": "mgmt", "vm_network": False, "vlan": 7, "mtu": 9000, "stp": False},
        {"stp": True, "default_route": False, "ipv4": "dhcp"},
        {"default_route": True, "nameservers": []},
        {"nameservers": ["192.0.2.53", "2001:db8::53"], "gateway": "192.0.2.1"},
        {"gateway": ["192.0.2.1", "2001:db8::1"]},
        {"gateway": "none"},
    ],
)
def test_what_is_written_is_read_as_it_was(content):
    definition = read_definition(content).definition
    assert definition is not None
    assert read_definition(written(definition)).definition == definition
