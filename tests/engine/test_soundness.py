"""Rules that nobody linted, as a program may build them, are refused with a reason."""

import pytest
from small_rules import fact, pattern, rules

from planner.engine.firing import Engines
from planner.rules import model
from planner.rules.compiled import compile_ruleset, from_lines, to_lines
from planner.rules.model import Pattern, Reference, Rule, Ruleset

NIC = pattern("nic")


def asking(op, value):
    return [
        NIC,
        Pattern("vlan", "vlan", negated=False, tests=(model.Test("name", op, value, 7, 3),), line=6, column=1),
    ]


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ([], "does not begin with a fact"),
        ([pattern("nic", no=True)], "does not begin with a fact"),
        ([NIC, NIC], "two patterns are called nic"),
        ([NIC, pattern("vlan", base="$bond.name")], "$bond is not matched before it; known are nic"),
        ([NIC, pattern("vlan", base="$vlan.name")], "$vlan is not matched before it"),
        ([NIC, pattern("vlan", no=True), pattern("bond", name="$vlan.base")], "$vlan is not matched"),
        (asking("is", Reference("nic", "")), "$nic is a whole fact"),
        (asking("in", Reference("nic", "name")), "`in` takes no reference"),
        (asking("matches", Reference("nic", "name")), "`matches` takes no reference"),
        (asking("like", "x"), "like is no operator"),
        (asking("in", "x"), "`in` does not take 'x'"),
        (asking("is", ("x",)), "`is` does not take ('x',)"),
        (asking("matches", 5), "it is not text"),
        (asking("matches", "(a+)+"), "the expression will not do"),
        ([NIC, *(pattern("nic", f"n{number}") for number in range(15))], "16 patterns; 15 are possible"),
        ([pattern("nic", **{f"f{number}": 1 for number in range(101)})], "101 tests; 100 are possible"),
    ],
)
def test_a_rule_that_cannot_be_used(when, reason):
    compiled = rules(when, [NIC])
    answer = Engines(compiled).fire("locate", [fact("nic", name="eth0")])
    assert answer.outcomes == {"r001": "fired", "r000": "error"}
    assert {problem.code for problem in answer.problems} == {"unsound-rule"}
    assert any(reason in problem.message for problem in answer.problems), answer.problems
    assert all(problem.hint and str(problem.where[0]).startswith("r000.yaml:") for problem in answer.problems)
    again = from_lines(to_lines(compiled, ""), compiled.ruleset.digest, "")
    assert again == compiled


def test_two_rules_of_one_name():
    twins = (Rule("same", "locate", "a.yaml", when=(NIC,)), Rule("same", "locate", "b.yaml", when=(NIC,)))
    answer = Engines(compile_ruleset(Ruleset("x", "1", "", twins))).fire("locate", [fact("nic")])
    assert answer.outcomes == {"same": "error"}
    assert [str(place) for place in answer.problems[0].where] == ["a.yaml:1", "b.yaml:1"]


def test_a_disabled_rule_is_in_no_stage():
    own = Rule("own", "locate", "a.yaml", when=(NIC,))
    compiled = compile_ruleset(Ruleset("x", "1", "", (own,), (("own", "not here"),)))
    assert Engines(compiled).fire("locate", [fact("nic")]).outcomes == {}


def test_the_shipped_rules_survive_the_way_through_a_document(rules):
    assert from_lines(to_lines(rules, "it"), rules.ruleset.digest, "it") == rules._replace(
        ruleset=rules.ruleset._replace(invariants=())
    )
