"""A host that no edited rule fires on keeps its plan: the short way and planning everything twice say the same."""

from pathlib import Path

import pytest

from planner.authoring.compare import Both, comparison, edit_between
from planner.authoring.differences import differences
from planner.authoring.golden import try_out
from planner.cli.cases import golden_folders, read_golden
from planner.rules.compiled import compile_ruleset

GOLDENS = Path(__file__).parents[2] / "golden"


@pytest.fixture(scope="module")
def cases():
    return [read_golden(folder)[0] for folder in golden_folders(str(GOLDENS))]


@pytest.fixture(scope="module")
def before(rules, cases):
    return {case.name: try_out(case, rules).plan.document() for case in cases}


def edited(rules, name, **how):
    changed = tuple(rule._replace(**how) if rule.name == name else rule for rule in rules.ruleset.rules)
    return compile_ruleset(rules.ruleset._replace(rules=changed))


def rule_of(rules, name):
    return rules.by_name[name]


EDITS = {
    "said otherwise": lambda rules: edited(
        rules,
        "mtu-raised",
        verdicts=tuple(one._replace(message="otherwise") for one in rule_of(rules, "mtu-raised").verdicts),
    ),
    "a term lost": lambda rules: edited(
        rules,
        "vlan-over-bond",
        when=tuple(pattern._replace(tests=()) for pattern in rule_of(rules, "vlan-over-bond").when),
    ),
    "an override lost": lambda rules: edited(rules, "vlan-tag-zero", overrides=()),
    "a rule gone": lambda rules: compile_ruleset(
        rules.ruleset._replace(rules=tuple(one for one in rules.ruleset.rules if one.name != "name-taken"))
    ),
    "a rule disabled": lambda rules: compile_ruleset(
        rules.ruleset._replace(disabled=(("ipv4-static", "to see what becomes of it"),))
    ),
    "a shadow": lambda rules: edited(rules, "on-nic", shadow=True),
}


@pytest.mark.no_cover  # other tests cover the same lines
@pytest.mark.parametrize("edit", EDITS)
def test_the_short_way_finds_what_planning_twice_finds(edit, rules, cases, before):
    after = EDITS[edit](rules)
    both = Both(rules, after)
    compared = comparison(both.compare(case) for case in cases)
    wanted = {
        case.name: found
        for case in cases
        if (found := differences(before[case.name], try_out(case, after).plan.document()))
    }
    assert {one.name: one.differences for one in compared.changed} == wanted
    assert wanted


def test_where_rules_stand_is_no_edit(rules, cases):
    moved = tuple(rule._replace(line=9, file="x", source="y", since="9", why="new") for rule in rules.ruleset.rules)
    edit = edit_between(rules, compile_ruleset(rules.ruleset._replace(rules=moved)))
    assert edit is not None
    assert edit.gone == frozenset()
    assert not any(edit.touches(try_out(case, rules)) for case in cases[:5])
