"""Whatever a capture holds: a host or problems, never an exception, within seconds."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import planner
from planner.definition import Definition
from planner.host.reading import Reading, read_capture
from planner.policy.compiled import Compiled

CAPTURES = [path.read_text() for path in sorted((Path(__file__).parents[2] / "golden").glob("*/capture.json"))]
ODD = ["", None, True, -1, 0, 99999999999999999999, 1.5, "jumbo", "eth0", "eth1", "\x1b[2J\n", "::", "0.0.0.0", [], {}]
ODD += [["eth0", "eth0"], {"eth0": {}}, [[]], "x" * 5000, "fe80::1/64", "10.0.0.1/99", "bond4", "é", "\ud800"]


def codes(reading: Reading) -> list[str]:
    return [problem.code for problem in reading.problems]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "capture-empty"),
        ('{"nics": {"eth0": {"mtu": "15', "capture-truncated"),
        ('{"nics": {]}', "capture-syntax"),
        ('{"nics": {"eth0": {"mtu": NaN}}}', "capture-invalid"),
        ('{"nics": {"eth0": {}, "eth0": {}}}', "duplicate-key"),
        ('{"nics": ' + "[" * 100_000, "too-deep"),
        ("{'nics': " + "[" * 100_000, "too-deep"),
        ('{"nics": {"eth0": {"mtu": ' + "9" * 5000 + "}}}", "capture-invalid"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><methodResponse/>", "capture-invalid"),
        ("<methodResponse><params>", "capture-syntax"),
        ("<html></html>", "unknown-format"),
        ("{'nics': open('x')}", "capture-syntax"),
        ("hello", "unknown-format"),
        ('{"interfaces": []}', "unknown-format"),
        ('[{"ifname": "eth0"}]', "unknown-format"),
        ('{"error": {"code": 99, "message": "Recovering"}}', "capture-failed"),
        ('{"status": {"code": 40, "message": "busy"}, "info": {}}', "capture-failed"),
        ("7", "unknown-format"),
    ],
)
def test_a_document_that_is_none(text: str, code: str) -> None:
    reading = read_capture(text, "x")
    assert reading.host is None
    assert code in codes(reading)
    assert all(problem.message for problem in reading.problems)


def test_bytes_that_are_no_text() -> None:
    assert codes(read_capture(b"\xff\xfe\x00")) == ["not-text"]
    assert codes(read_capture(b'{"nics": "\xff"}')) == ["not-utf8"]


def test_all_problems_come_at_once_with_path_and_line() -> None:
    text = json.dumps(
        {
            "nics": {"eth2": {"mtu": "jumbo"}, "eth3": 7},
            "bondings": {"bond4": {"slaves": "eth2", "opts": []}},
            "vlans": {"bond4.3000": {"vlanid": "abc"}},
        },
        indent=1,
    )
    reading = read_capture(text, "caps.json")
    assert reading.host is None
    found = {str(problem.where[0]): problem.message for problem in reading.problems}
    assert found == {
        "caps.json:4:11: nics.eth2.mtu": 'nics.eth2.mtu: "jumbo" is not an MTU',
        "caps.json:6:11: nics.eth3": "nics.eth3: 7 is not the description of a device",
        "caps.json:11:12: bondings.bond4.opts": "bondings.bond4.opts: [] is not a map of names",
        "caps.json:16:14: vlans.bond4.3000.vlanid": 'vlans.bond4.3000.vlanid: "abc" is not a VLAN id',
    }


def test_names_never_steer_a_terminal() -> None:
    reading = read_capture({"nics": {"eth\x1b[2J": {"mtu": "\x1b[31m"}}})
    assert "\x1b" not in reading.problems[0].message.replace("eth\x1b[2J", "")


def test_a_host_that_contradicts_itself_is_planned_or_refused(rules: Compiled) -> None:
    ip = {"addr": "192.0.2.10", "netmask": "255.255.255.0", "mtu": "1500"}
    hosts: list[dict[str, Any]] = [
        {"vlans": {"a.1": {"iface": "b.1", "vlanid": 1, **ip}, "b.1": {"iface": "a.1", "vlanid": 1}}},
        {"bondings": {"bond0": {"slaves": ["bond0"], **ip}}},
        {"bridges": {"br0": {"ports": ["br0"], **ip}}},
        {"nics": {"eth0": ip}, "bridges": {"eth0": {"ports": ["eth0"], **ip}}},
        {"networks": {"ovirtmgmt": {"iface": "ovirtmgmt", "bridged": True, "ports": [], **ip}}},
    ]
    for document in hosts:
        host = read_capture(document).host
        assert host is not None
        plan = planner.plan(host, Definition(), rules, ("192.0.2.10",))
        assert plan.outcome == "refused"
        assert all(problem.code != "engines-disagree" for problem in plan.problems)


def mutate(document: Any, chance: random.Random) -> Any:
    """A copy of ``document`` with some values replaced or removed."""
    if isinstance(document, dict):
        kept = [(key, value) for key, value in document.items() if chance.random() > 0.02]
        return {key: mutate(value, chance) for key, value in kept}
    if isinstance(document, list):
        return [mutate(value, chance) for value in document if chance.random() > 0.02]
    return chance.choice(ODD) if chance.random() < 0.04 else document


@settings(max_examples=300)
@given(st.sampled_from(CAPTURES), st.integers(0, 2**32), st.sampled_from([(), ("192.0.2.10",)]))
def test_mutated_captures_never_raise(rules: Compiled, text: str, number: int, addresses: tuple[str, ...]) -> None:
    reading = read_capture(mutate(json.loads(text), random.Random(number)))
    assert (reading.host is None) == any(problem.severity == "error" for problem in reading.problems)
    if reading.host is not None:
        plan = planner.plan(reading.host, Definition(), rules, addresses)
        assert plan.json()
        assert not {problem.code for problem in plan.problems} & {"engines-disagree", "engine-failed", "rule-conflict"}


@settings(max_examples=200)
@given(st.sampled_from(CAPTURES), st.integers(0, 10**6), st.binary(max_size=4))
def test_damaged_text_never_raises(text: str, place: int, damage: bytes) -> None:
    content = text.encode()
    place %= len(content)
    assert read_capture(content[:place]).host is None
    read_capture(content[:place] + damage + content[place + 1 :])


@given(st.text() | st.binary())
def test_any_text_at_all(content: str | bytes) -> None:
    assert read_capture(content).host is None or "nics" in str(content)


def test_a_hundred_thousand_vlans(rules: Compiled) -> None:
    vlans = {f"eth0.{tag}": {"iface": "eth0", "vlanid": tag % 4094, "mtu": "1500"} for tag in range(100_000)}
    host = read_capture(json.dumps({"nics": {"eth0": {"addr": "192.0.2.10", "mtu": "1500"}}, "vlans": vlans})).host
    assert host is not None
    assert planner.plan(host, Definition(), rules, ("192.0.2.10",)).outcome == "refused"
