"""The rules against the table of what is planned and what is refused, on hosts of its own: tests/data/table.txt."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import jsonschema
import pytest
import yaml
from described_hosts import AGES, capabilities

import planner
from planner.host.capture import read_capture
from planner.plan.plan import Plan
from planner.rules.compiled import Compiled

ROOT = Path(__file__).parents[2]
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "schemas" / "plan.schema.json").read_text()))

SIGNS = {"error": "-", "warning": "+", "note": "~"}
FAULTS = {"engines-disagree", "engine-failed", "rule-conflict", "nothing-devised"}  # ours, never the host's
STEPS: dict[str, list[list[str]]] = {
    "change": [["change"], ["adopt"], ["adopt", "change"]],
    "no-change": [[]],
    "refused": [[]],
}
INVALID = "INVALID_INTERFACE_FOR_MANAGEMENT_NETWORK_CONFIGURATION"
INVALID_BOND = "INVALID_BOND_INTERFACE_FOR_MANAGEMENT_NETWORK_CONFIGURATION"
EVENTS = {
    "address-ambiguous": INVALID,
    "address-not-found": INVALID,
    "address-on-foreign-bridge": INVALID,
    "address-unknown": INVALID,
    "base-in-use": "NETWORK_INTERFACES_NOT_EXCLUSIVELY_USED_BY_UNTAGGED_NETWORK",
    "base-unsupported": INVALID,
    "bond-mode-unfit-for-bridge": "INVALID_BOND_MODE_FOR_BOND_WITH_VM_NETWORK",
    "bond-name-unsupported": "NETWORK_BOND_NAME_BAD_FORMAT",
    "bond-too-few-members": INVALID_BOND,
    "device-carries-network": INVALID,
    "device-in-use": INVALID,
    "infiniband-under-bridge": INVALID,
    "member-in-use": INVALID_BOND,
    "member-unlisted": INVALID_BOND,
    "mtu-conflict": "NETWORK_MTU_DIFFERENCES",
    "name-taken": INVALID,
    "network-elsewhere": INVALID,
    "network-portless": INVALID,
    "no-ip-configuration": INVALID,
    "open-vswitch-unsupported": INVALID,
    "vlan-name-too-long": INVALID,
    "vlan-name-unsupported": INVALID,
    "vlan-tag-mismatch": "VLAN_ID_MISMATCH_FOR_MANAGEMENT_NETWORK_CONFIGURATION",
}
DEFINED = {
    "vlan": ("7", "8", "0"),
    "mtu": ("9000", "1200"),
    "vm_network": ("false",),
    "stp": ("true",),
    "default_route": ("true", "false"),
    "gateway": ("none", "192.0.2.9", "2001:db8::1", "[192.0.2.1, 2001:db8::1]"),
    "ipv4": ("dhcp", "static"),
    "nameservers": ("[192.0.2.54]",),
}
MADE = {
    "nic": ("eth0", "eth1", "eth2", "ovirtmgmt"),
    "bond": ("bond0 eth0+eth1", "bond0 eth1+eth2 mode=4", "bond0 -", "lag0 eth2", "bond0 eth0+team0 mode=0"),
    "vlan": ("eth0.7", "bond0.7", "bond0.0", "mgmt7 7@eth0", "eth0.7.8", "ovirtmgmt.7", "br0.7", "team0.7"),
    "bridge": ("br0 eth0", "br0 bond0.7", "br0 -", "ovirtmgmt eth1", "ovirtmgmt -"),
    "net": ("ovirtmgmt eth0", "ovirtmgmt bond0.7", "ovirtmgmt -", "ovirtmgmt team0.7", "data eth0", "data eth0.8+eth1"),
    "flat": ("ovirtmgmt eth0", "ovirtmgmt bond0.7", "ovirtmgmt eth0.7", "data eth0", "data bond0.7"),
}
SAID = {
    "client": ("eth0", "ovirtmgmt", "bond0.7", "nowhere"),
    "hidden": ("team0",),
    "dns": ("192.0.2.53",),
    "dirty": ("",),
}
HAVING = ("mgmt", "mgmt", "dhcp mgmt", "mgmt6", "mgmt6 auto", "192.0.2.11/24", "2001:db8::9/128 dhcp6", "dhcp", "")
HAVING += ("mtu=9000 mgmt", "mgmt table", "via 192.0.2.1", "mgmt stp", "mgmt ovs", "192.0.2.10/24", "", "", "")


class Case(NamedTuple):
    """One line of the table."""

    row: str
    host: str
    definition: str
    addresses: tuple[str, ...]
    outcome: str
    codes: tuple[str, ...]
    ages: tuple[str, ...]


def cases() -> Iterator[Case]:
    row = ""
    for line in (ROOT / "tests" / "data" / "table.txt").read_text().splitlines():
        if line.startswith("=="):
            row = line.strip("= ")
        elif line and not line.startswith("#"):
            host, definition, addresses, said, *ages = map(str.strip, line.split("|"))
            outcome, _, codes = said.partition(":")
            given = () if addresses == "-" else tuple(addresses.split()) or ("192.0.2.10",)
            yield Case(row, host, definition, given, outcome, tuple(codes.replace(",", " ").split()), _ages(*ages))


def _ages(said: str = "") -> tuple[str, ...]:
    first, _, last = said.partition("-")
    start = AGES.index(first) if first else 0
    end = AGES.index(last) + 1 if last else len(AGES)
    return AGES[start:end] if last else (*AGES[start:], "")


CASES = list(cases())


def planned(host: str, said: str, addresses: tuple[str, ...], age: str, rules: Compiled) -> Plan:
    """The plan for a host, which is sound whatever the host is."""
    reading = read_capture(capabilities(host, age))
    definition = planner.read_definition(yaml.safe_load(f"{{{said}}}")).definition
    assert reading.host is not None, reading.problems
    assert definition is not None
    plan = planner.plan(reading.host, definition, rules, addresses)
    errors = [each for each in plan.problems if each.severity == "error"]
    assert not FAULTS & {each.code for each in plan.problems}, told(plan)
    assert (plan.outcome == "refused") == bool(errors), told(plan)
    assert [step.step for step in plan.steps] in STEPS[plan.outcome]
    assert len({(each.rule, each.message) for each in plan.problems}) == len(plan.problems), told(plan)
    assert all(each.hint and "{" not in each.message + each.hint for each in plan.problems)
    if plan.outcome == "no-change":
        assert "the plan" not in told(plan), told(plan)
    if plan.outcome == "change":
        carried(plan, definition, reading.host)
    return plan


def carried(plan: Plan, definition: planner.Definition, host: planner.Host) -> None:
    """What every change has: bridge, tag and MTU as defined, the bond whole, the management address."""
    attachment, management = plan.attachment, plan.management
    assert attachment is not None
    assert management is not None
    assert (attachment.bridged, attachment.mtu) == (definition.vm_network, definition.mtu)
    assert attachment.tag == (-1 if definition.vlan is None else definition.vlan)
    assert attachment.bond == host.bonds.get(attachment.iface)
    family = attachment.ipv6 if ":" in management.address else attachment.ipv4
    assert family.method != "none"
    assert family.address in ("", management.address)


def told(plan: Plan) -> str:
    return "\n".join(f"{each.severity}: {each.code}: {each.message} ({each.hint})" for each in plan.problems)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.host} | {case.definition}")
def test_the_table_holds(case: Case, rules: Compiled) -> None:
    for age in case.ages:
        plan = planned(case.host, case.definition, case.addresses, age, rules)
        codes = {severity: {each.code for each in plan.problems if each.severity == severity} for severity in SIGNS}
        errors = {code for code in case.codes if code[0] not in "+~!"}
        assert (plan.outcome, codes["error"]) == (case.outcome, errors), f"VDSM {age}: {case.row}\n{told(plan)}"
        for severity, sign in SIGNS.items():
            demanded = {code[1:] for code in case.codes if code[0] == sign}
            assert demanded <= codes[severity], f"VDSM {age}: {case.row}\n{told(plan)}"
        forbidden = {code[1:] for code in case.codes if code[0] == "!"}
        assert not forbidden & set().union(*codes.values()), f"VDSM {age}: {case.row}\n{told(plan)}"


def test_a_code_has_one_event(rules: Compiled) -> None:
    """Administrators search for the engine's words: each refusal that the engine has too carries its event."""
    events: dict[str, set[str]] = {}
    for rule in rules.ruleset.rules:
        for verdict in rule.verdicts:
            if verdict.severity == "error":
                events.setdefault(verdict.code, set()).add(verdict.event)
    assert {code: told for code, told in events.items() if told != {""}} == {code: {EVENTS[code]} for code in EVENTS}


def test_any_host_is_planned_or_refused_by_name(rules: Compiled) -> None:
    """Whatever stands on whatever, also what no kernel would make: no exception, no fault of ours, a sound plan."""
    for number in range(1000):
        chance = random.Random(number)
        statements = "; ".join((_device(chance, "mgmt"), *(_statement(chance) for _ in range(chance.randint(0, 4)))))
        definition = ", ".join(f"{key}: {chance.choice(DEFINED[key])}" for key in DEFINED if chance.random() < 0.2)
        addresses = chance.choice(((), (), ("192.0.2.10",), ("2001:db8::10",), ("192.0.2.10", "2001:db8::10")))
        plan = planned(statements, definition, addresses, chance.choice((*AGES, "")), rules)
        if number % 10 == 0:
            SCHEMA.validate(json.loads(plan.json()))


def _statement(chance: random.Random) -> str:
    word = chance.choice(("device", "device", *SAID))
    return _device(chance, chance.choice(HAVING)) if word == "device" else f"{word} {chance.choice(SAID[word])}"


def _device(chance: random.Random, having: str) -> str:
    word = chance.choice(tuple(MADE))
    return f"{word} {chance.choice(MADE[word])} {having}"
