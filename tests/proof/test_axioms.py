"""What proofs take for granted is true of every capture there is, and of any host that a kernel can have."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from random_hosts import Builder

import planner
from planner.definition import Definition
from planner.engine.matcher import Memory, match
from planner.facts.compute import facts_of
from planner.host.model import Host
from planner.proof.axioms import axioms
from planner.proof.rows import KEYS
from planner.rules.model import Rule
from planner.rules.steps import steps_of

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
CAPTURES = [
    *sorted(ROOT.glob("golden/*/capture.*")),
    *sorted((ROOT / "tests" / "data" / "hosts").glob("*/caps.json")),
    *sorted(path for path in SHARED.glob("captures/public/**/*") if path.is_file()),
    *sorted(SHARED.glob("field/cases/*/capture.*")),
]
STAGE = steps_of([Rule(axiom.name, "guard", "", when=axiom.when) for axiom in axioms()])


def violated(host: Host, definition: Definition, addresses: tuple[str, ...]) -> set[str]:
    """The axioms that are not true of a host's facts."""
    facts = facts_of(host, definition, addresses)
    found = {firing.rule for firing in match(STAGE, Memory(facts), range(len(STAGE.rules))).firings}
    for kind, key in KEYS.items():
        keyed = [tuple(fact.fields[name] for name in key) for fact in facts if fact.kind == kind]
        found |= {f"one {kind}"} if len(keyed) > len(set(keyed)) else set()
    return found


def questions(host: Host) -> Iterator[tuple[str, ...]]:
    """No address given, and each of the first ones."""
    yield ()
    devices = [*host.bridges.values(), *host.vlans.values(), *host.bonds.values(), *host.nics.values()]
    addresses = dict.fromkeys(address.text for device in devices for address in device.ip.addresses)
    yield from ((address,) for address in list(addresses)[:3])


@pytest.mark.no_cover  # as below
@pytest.mark.parametrize("vm_network", [True, False])
def test_of_every_capture(*, vm_network: bool) -> None:
    definition = planner.read_definition({"network": "ovirtmgmt", "vm_network": vm_network, "vlan": 100}).definition
    assert definition is not None
    asked = 0
    for path in CAPTURES:
        host = planner.read_capture(path.read_bytes()).host
        for addresses in questions(host) if host is not None else ():
            assert violated(host, definition, addresses) == set(), (path, addresses)
            asked += 1
    assert asked > 1000


@pytest.mark.no_cover  # facts of 2,000 hosts; others of the suite cover the same lines
def test_of_hosts_that_a_kernel_can_have(soak: int) -> None:
    for seed in range(4 * soak):
        capture, wanted, addresses = Builder(seed).build()
        host = planner.read_capture(capture).host
        definition = planner.read_definition(wanted).definition
        if host is not None and definition is not None:
            assert violated(host, definition, addresses) == set(), json.dumps([seed, capture, wanted, addresses])


def test_the_hosts_are_of_many_kinds() -> None:
    outcomes = set()
    rules, _ = planner.load_rules("ovirtmgmt@1.0")
    for seed in range(300):
        capture, wanted, addresses = Builder(seed).build()
        host, definition = planner.read_capture(capture).host, planner.read_definition(wanted).definition
        if host is not None and definition is not None and rules is not None:
            outcomes.add(planner.plan(host, definition, rules, addresses).outcome)
    assert outcomes == {"change", "no-change", "refused"}
