"""Two plans of one host: what counts as a difference, how grave it is, and which rules are behind it."""

import copy
import json
from pathlib import Path

import pytest

from planner.authoring.differences import KINDS, differences, gravest

GOLDEN = Path(__file__).parents[2] / "golden"
SEED = json.loads((GOLDEN / "seed-vlan-over-bond" / "plan.json").read_text())
REFUSED = json.loads((GOLDEN / "vlan-other-tag" / "plan.json").read_text())


def edited(**attachment):
    plan = copy.deepcopy(SEED)
    plan["attachment"] |= attachment
    return plan


def without_foresight():
    plan = copy.deepcopy(SEED)
    for step in plan["steps"]:
        step["foreseen"] = []
    return plan


def reworded(code):
    plan = copy.deepcopy(REFUSED)
    (problem,) = (problem for problem in plan["problems"] if problem["code"] == code)
    problem["message"] = "said otherwise"
    return plan


def by_another_rule():
    plan = copy.deepcopy(SEED)
    for reason in plan["trace"]:
        if reason["field"] == "mtu":
            reason["rule"] = "by-hand"
    return plan


def elsewhere():
    plan = copy.deepcopy(SEED)
    for reason in plan["trace"]:
        reason["at"] = "another/2.0/devise/file.yaml:1"
    plan["rules"]["version"] = "2.0"
    return plan


@pytest.mark.parametrize(
    ("before", "after", "kind", "told"),
    [
        (SEED, REFUSED, "refused", "outcome: change -> refused (vlan-tag-mismatch/other)"),
        (REFUSED, SEED, "no longer refused", "outcome: refused -> change (vlan-tag-mismatch/other)"),
        (SEED, edited(vlan=3001), "attachment", "vlan: 3000 -> 3001 (vlan-over-bond)"),
        (SEED, edited(mtu=1500), "value", "mtu: 9000 -> 1500 (as-defined)"),
        (SEED, edited(ipv4={"method": "none"}), "value", "ipv4.method: dhcp -> none (ipv4-dhcp)"),
        (REFUSED, reworded("vlan-tag-mismatch"), "warning", "error vlan-tag-mismatch: "),
        (REFUSED, reworded("vdsm-version-unknown"), "note", "note vdsm-version-unknown: "),
        (SEED, without_foresight(), "note", "foreseen: "),
        (SEED, by_another_rule(), "reason", "rule of mtu: as-defined -> by-hand (as-defined, by-hand)"),
    ],
)
def test_each_kind_of_difference(before, after, kind, told):
    found = differences(before, after)
    assert gravest(found) == kind
    assert str(found[0]).startswith(told)


def test_where_a_rule_stands_is_no_difference():
    assert differences(SEED, elsewhere()) == ()


def test_the_gravest_comes_first():
    after = edited(mtu=1500, iface="bond5")
    assert [difference.kind for difference in differences(SEED, after)] == ["attachment", "value"]
    assert next(iter(KINDS)) == "refused"
