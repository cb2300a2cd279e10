"""Hosts that contradict themselves, mutated hosts, enormous hosts: planned or refused, never an exception."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import planner
from planner.definition import Definition
from planner.dialects import DIALECTS
from planner.dialects.wording import word
from planner.host.capture import read_capture
from planner.rules.compiled import Compiled

CAPTURES = [path.read_text() for path in sorted((Path(__file__).parents[2] / "golden").glob("*/capture.json"))]
ODD = ["", None, True, -1, 0, 99999999999999999999, 1.5, "jumbo", "eth0", "eth1", "\x1b[2J\n", "::", "0.0.0.0", [], {}]
ODD += [["eth0", "eth0"], {"eth0": {}}, [[]], "x" * 5000, "fe80::1/64", "10.0.0.1/99", "bond4", "é", "\ud800"]


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
        for dialect in DIALECTS if plan.steps else ():
            assert word(dialect, plan, reading.host)


@pytest.mark.no_cover  # measured, it takes three times as long
def test_a_hundred_thousand_vlans(rules: Compiled) -> None:
    vlans = {f"eth0.{tag}": {"iface": "eth0", "vlanid": tag % 4094, "mtu": "1500"} for tag in range(100_000)}
    host = read_capture(json.dumps({"nics": {"eth0": {"addr": "192.0.2.10", "mtu": "1500"}}, "vlans": vlans})).host
    assert host is not None
    assert planner.plan(host, Definition(), rules, ("192.0.2.10",)).outcome == "refused"
