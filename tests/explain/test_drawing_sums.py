"""What is drawn as a sum says so when it changes, and a drawing that is kept by itself says what it is of."""

import copy
import re
from typing import Any

import pytest
from explained_hosts import FOREIGN, FOREIGN_PLAN, SEED, SEED_PLAN, bond, host, ip, nic, vlan

from planner.explain.drawing import mermaid, svg, text
from planner.explain.drawing.scene import labelled, merged, pictures

MEMBERS = tuple(f"eth{number}" for number in range(9))
MANY = host(
    *(nic(name) for name in MEMBERS),
    bond("bond4", MEMBERS),
    vlan("bond4", 3000, ip=ip("192.0.2.10/24", dhcp=True)),
    client="bond4.3000",
)


def plan_for_many() -> dict[str, Any]:
    plan = copy.deepcopy(SEED_PLAN)
    plan["attachment"]["bonding"] = {"bond4": {"nics": list(MEMBERS), "options": {}}}
    return plan


@pytest.mark.parametrize(
    ("render", "said"),
    [(text.render, r"~ \d more nics"), (svg.render, "4 more nics"), (mermaid.render, r"4 more nics \(changed\)")],
)
def test_a_sum_of_what_changes_is_marked_with_what_changes(render: Any, said: str) -> None:
    before, after = pictures(MANY, plan_for_many())
    assert after is not None
    (sum_of,) = [node for node in after.nodes if node.many]
    assert (sum_of.state, [str(trait) for trait in sum_of.traits]) == ("changed", ["MTU 1500 → 9000"])
    assert re.search(said, render(before, after))


def test_a_sum_of_what_stays_is_not_marked() -> None:
    plan = plan_for_many()
    plan["attachment"]["mtu"] = 1500
    _, after = pictures(MANY, plan)
    assert after is not None
    assert {node.state for node in after.nodes if node.many} == {"same"}


def test_boxes_that_are_merged_to_fit_keep_what_is_common_to_them() -> None:
    _, after = pictures(SEED, SEED_PLAN)
    assert after is not None
    nics = [node.key for node in after.nodes if node.kind == "nic" and not node.beside]
    (one,) = [node for node in merged(after, nics).nodes if node.key.startswith("more:")]
    assert (one.state, [str(trait) for trait in one.traits]) == ("changed", ["MTU 1500 → 9000"])


def test_a_drawing_by_itself_names_host_and_rules() -> None:
    plan = SEED_PLAN | {"rules": {"ruleset": "ovirtmgmt", "version": "1.0"}}
    before, after = labelled(pictures(SEED, plan), plan)
    assert before.title == "Before: 192.0.2.10"
    assert after.title == "After, by the rules ovirtmgmt 1.0"


def test_a_refused_one_has_the_hint() -> None:
    rules = {"rules": {"ruleset": "ovirtmgmt", "version": "1.0"}}
    plan = copy.deepcopy(FOREIGN_PLAN) | rules
    plan["problems"][0]["hint"] = "take it away"
    (only,) = labelled(pictures(FOREIGN, plan), plan)
    assert only.title.startswith("As it is: refused, by the rules ovirtmgmt 1.0: ")
    assert only.notes[0].endswith("(hint: take it away)")
    assert all(note in only.notes for note in pictures(FOREIGN, plan)[0].notes[1:])
