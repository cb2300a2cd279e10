"""A golden's files and the plan of now: the same, only moved lines, or something else."""

import copy
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.authoring.golden import KEPT_PLAN, KEPT_WHY, in_lines, kept_of, read_plan, standing, try_out
from planner.cli.cases import read_golden
from planner.problem import Problem
from planner.rules.shelf import compiled_rules

GOLDEN = Path(__file__).parents[2] / "golden"
LINE = re.compile(r"(\.yaml):\d+")


def planned(name):
    rules, _ = compiled_rules()
    case, _ = read_golden(str(GOLDEN / name))
    return try_out(case, rules).plan


PLANS = {name: planned(name) for name in ("seed-vlan-over-bond", "vlan-other-tag", "ovirtmgmt-as-defined")}
KEPT = {name: kept_of(plan) for name, plan in PLANS.items()}


def stands(kept, name="seed-vlan-over-bond"):
    return standing(kept, KEPT[name], PLANS[name])


def edited(change, name="seed-vlan-over-bond"):
    document = json.loads(KEPT[name][KEPT_PLAN])
    change(document)
    return {**KEPT[name], KEPT_PLAN: json.dumps(document)}


@pytest.mark.parametrize("name", KEPT)
def test_what_is_as_it_would_be_written_is_the_same(name):
    assert stands(KEPT[name], name) == ("same", (), None, ())


@pytest.mark.parametrize("name", KEPT)
@given(line=st.integers(1, 10**12))
def test_any_other_line_is_only_moved(name, line):
    kept = {file: LINE.sub(rf"\1:{line}", text) for file, text in KEPT[name].items()}
    found = stands(kept, name)
    assert found.state == ("moved" if kept != KEPT[name] else "same")
    assert not found.differences


def test_a_why_that_is_folded_otherwise_for_a_longer_number_is_moved_too():
    from planner.explain.summary import summary, why_all

    document = json.loads(LINE.sub(rf"\1:{10**70}", KEPT["seed-vlan-over-bond"][KEPT_PLAN]))
    why = summary(document) + "\n" + why_all(document)
    assert len(why.splitlines()) > len(KEPT["seed-vlan-over-bond"][KEPT_WHY].splitlines())
    assert stands({KEPT_PLAN: json.dumps(document), KEPT_WHY: why}).state == "moved"


@pytest.mark.parametrize(
    "change",
    [
        lambda plan: plan["attachment"].update(mtu=1),
        lambda plan: plan["trace"].pop(),
        lambda plan: plan["trace"][0].update(at="ovirtmgmt/1.0/locate/found-by-lease.yaml:13"),
        lambda plan: plan["problems"][0].update(event="VLAN"),
        lambda plan: plan["problems"][0]["where"].reverse(),
        lambda plan: plan["rules"].update(version="1.1"),
        lambda plan: plan["inputs"].update(capture="sha256:0"),
        lambda plan: plan.update(more=1),
    ],
)
def test_anything_else_differs(change):
    assert stands(edited(change)).state == "differs"


def test_a_place_in_a_capture_is_no_line_of_a_rule():
    assert stands(edited(lambda plan: plan["problems"][0]["where"].__setitem__(0, "nics.eth0:1"))).state == "differs"


def test_another_why_differs():
    name = "seed-vlan-over-bond"
    assert stands({**KEPT[name], KEPT_WHY: KEPT[name][KEPT_WHY] + "by hand\n"}).state == "differs"
    assert stands({**KEPT[name], KEPT_WHY: None}).state == "differs"


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "[",
        "{}",
        "[]",
        "[" * 10**5,
        '{"format": "mgmtnet/plan@2"}',
        '{"format": "mgmtnet/plan@2", "trace": 1}',
    ],
)
def test_a_plan_that_cannot_be_read_differs(text):
    found = stands({**KEPT["seed-vlan-over-bond"], KEPT_PLAN: text})
    assert (found.state, found.before, found.differences) == ("differs", None, ())


@given(at=st.lists(st.sampled_from(["outcome", "management", "attachment", "steps", "problems", "trace", "rules"])))
def test_a_plan_with_something_missing_or_odd_is_no_fault(at):
    document = copy.deepcopy(json.loads(KEPT["seed-vlan-over-bond"][KEPT_PLAN]))
    for odd, part in enumerate(at):
        document[part] = [None, 1, "x", [1], {"x": 1}][odd % 5]
    found = stands({**KEPT["seed-vlan-over-bond"], KEPT_PLAN: json.dumps(document)})
    assert found.state == ("differs" if at else "moved")


def test_why_there_is_no_plan_is_told_with_what_to_do():
    for text in (None, "[", "{}"):
        problem = read_plan(text)
        assert isinstance(problem, Problem)
        assert "mgmtnet golden update" in problem.hint


def test_lines_that_have_only_moved_are_not_shown():
    kept, wanted = KEPT["seed-vlan-over-bond"][KEPT_PLAN], KEPT["seed-vlan-over-bond"][KEPT_PLAN]
    moved = LINE.sub(r"\1:99", kept)
    assert not list(in_lines(KEPT_PLAN, moved, wanted))
    shown = list(in_lines(KEPT_PLAN, moved.replace('"mtu": 9000', '"mtu": 1500'), wanted))
    assert '-    "mtu": 1500,' in shown
    assert not [line for line in shown if line[:1] in "+-" and "yaml" in line]


def test_an_edited_copy_of_the_rules_keeps_the_same():
    plan = PLANS["seed-vlan-over-bond"]
    assert kept_of(plan._replace(rules=plan.rules._replace(edited=True))) == KEPT["seed-vlan-over-bond"]
