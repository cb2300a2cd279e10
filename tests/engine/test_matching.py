"""What rules mean, on both engines."""

import pytest
from small_rules import fact, fired, matches, pattern, rules

from planner.engine import matcher
from planner.engine.firing import Engines
from planner.problem import Problem


def test_one_fact_plays_one_part():
    when = [pattern("vlan", "a"), pattern("vlan", "b", base="$a.base")]
    one, two = fact("vlan", base="bond4"), fact("vlan", base="bond4")
    assert matches(when, [one]) == []
    assert matches(when, [one, two]) == [(0, 1), (1, 0)]


def test_equal_facts_are_two_facts():
    assert matches([pattern("nic")], [fact("nic", name="eth0"), fact("nic", name="eth0")]) == [(0,), (1,)]


def test_no_means_no_fact_at_all_the_matched_ones_included():
    when = [pattern("bond"), pattern("bond", "x", no=True, mode=4)]
    assert matches(when, [fact("bond", mode=4)]) == []
    assert matches(when, [fact("bond", mode=1)]) == [(0,)]


def test_no_holds_wherever_it_stands_among_the_patterns():
    first = [pattern("nic"), pattern("bond", no=True, name="$nic.bond"), pattern("vlan", base="$nic.name")]
    last = [first[0], first[2], first[1]]
    free = [fact("nic", name="eth0", bond=""), fact("vlan", base="eth0"), fact("bond", name="bond0")]
    held = [fact("nic", name="eth0", bond="bond0"), *free[1:]]
    assert matches(first, free) == matches(last, free) == [(0, 1)]
    assert matches(first, held) == matches(last, held) == []


@pytest.mark.parametrize(
    ("test", "passing"),
    [
        ({"name": "b"}, ["b"]),
        ({"name": ("not", "b")}, ["", "a b", "a", "a!", "a\U0001f600", "a\uffff", "é"]),
        ({"name": ("lt", "a b")}, ["", "a"]),
        ({"name": ("le", "a!")}, ["", "a b", "a", "a!"]),
        ({"name": ("gt", "a\uffff")}, ["a\U0001f600", "b", "é"]),
        ({"name": ("ge", "b")}, ["b", "é"]),
        ({"name": ("in", ["b", "a", 5])}, ["a", "b"]),
        ({"name": ("not-in", ["b", "a"])}, ["", "a b", "a!", "a\U0001f600", "a\uffff", "é"]),
        ({"name": ("not-in", [])}, ["", "a b", "a", "a!", "a\U0001f600", "a\uffff", "b", "é"]),
        ({"name": ("matches", "a.?")}, ["a", "a!", "a\U0001f600", "a\uffff"]),
    ],
)
def test_text(test, passing):
    texts = ["", "a b", "a", "a!", "a\U0001f600", "a\uffff", "b", "é"]
    found = matches([pattern("nic", **test)], [fact("nic", name=text) for text in texts])
    assert [texts[index] for (index,) in found] == passing


@pytest.mark.parametrize("op", ["lt", "le", "gt", "ge", "not", "is"])
def test_text_joined_by_order_is_ordered_by_code_points(op):
    texts = ["", "a", "a b", "a!", "a\U0001f600", "a\uffff", 'a"', "a\\", "b", "é"]
    when = [pattern("nic"), pattern("vlan", name=(op, "$nic.name"))]
    compare = {
        "lt": str.__lt__, "le": str.__le__, "gt": str.__gt__, "ge": str.__ge__, "not": str.__ne__, "is": str.__eq__
    }[op]  # fmt: skip
    facts = [*(fact("nic", name=text) for text in texts), *(fact("vlan", name=text) for text in texts)]
    wanted = [(i, 10 + j) for i, left in enumerate(texts) for j, right in enumerate(texts) if compare(right, left)]
    assert matches(when, facts) == wanted


@pytest.mark.parametrize("op", ["is", "not", "lt", "le", "gt", "ge"])
def test_text_and_number_never_compare_nor_what_is_not_there(op):
    when = [pattern("nic"), pattern("vlan", tag=(op, "$nic.tag"))]
    odd = [{"tag": "5"}, {"other": 1}]
    for left, right in [({"tag": 5}, odd[0]), (odd[0], {"tag": 5}), (odd[1], {"tag": 5}), ({"tag": 5}, odd[1])]:
        assert matches(when, [fact("nic", **left), fact("vlan", **right)]) == []
    assert matches(when, [fact("nic", **odd[1]), fact("vlan", **odd[1])]) == []


def test_outcomes():
    compiled = rules(
        [pattern("nic")],
        [pattern("nic"), pattern("bond", no=True)],
        [pattern("bridge")],
        [pattern("bridge"), pattern("bond", no=True)],
    )
    facts = [fact("nic", name="eth0"), fact("bond", name="bond0")]
    outcomes = ["fired", "blocked", "not applicable", "not applicable"]
    assert list(fired(compiled, facts).outcomes.values()) == outcomes


def test_the_order_of_facts_changes_nothing_but_the_indexes():
    compiled = rules([pattern("nic"), pattern("vlan", base="$nic.name"), pattern("bond", no=True, name="$vlan.name")])
    facts = [fact("nic", name="a"), fact("vlan", base="a", name="v"), fact("bond", name="w"), fact("nic", name="b")]
    there = fired(compiled, facts).firings
    back = fired(compiled, facts[::-1]).firings
    turned = [tuple((alias, 3 - index) for alias, index in firing.bindings) for firing in back]
    assert [firing.bindings for firing in there] == turned


def test_a_rule_that_pairs_everything_with_everything_is_given_up():
    compiled = rules([pattern("vlan", "a"), pattern("vlan", "b"), pattern("vlan", "c")], [pattern("nic")])
    answer = Engines(compiled).fire("locate", [*(fact("vlan", tag=tag) for tag in range(400)), fact("nic")])
    assert [problem.code for problem in answer.problems] == ["too-many-matches"]
    assert "r000" in answer.problems[0].message
    assert answer.outcomes == {"r000": "error", "r001": "fired"}


def test_a_rule_that_looks_for_ever_without_a_match_is_given_up():
    never = pattern("vlan", "c", tag=("gt", "$a.tag"), mtu=("lt", "$a.mtu"), name=("not", "$b.name"))
    compiled = rules([pattern("vlan", "a"), pattern("vlan", "b", tag=("gt", "$a.tag")), never])
    facts = [fact("vlan", tag=tag, mtu=tag, name=str(tag)) for tag in range(300)]
    assert [problem.code for problem in Engines(compiled).fire("locate", facts).problems] == ["too-many-matches"]


@pytest.mark.parametrize(("most", "given_up"), [(3, True), (4, False)])
def test_what_a_stage_looks_at_is_counted(monkeypatch, most, given_up):
    monkeypatch.setattr(matcher, "MOST_WORK", most)
    answer = Engines(rules([pattern("nic")])).fire("locate", [fact("nic", name=name) for name in "abc"])
    assert answer.outcomes == {"r000": "error" if given_up else "fired"}  # three facts, and one for having looked


@pytest.mark.parametrize(("most", "given_up"), [(3, True), (4, False)])
def test_the_matches_of_a_step_are_counted(monkeypatch, most, given_up):
    monkeypatch.setattr(matcher, "MOST_MATCHES", most)
    pairs = rules([pattern("nic", "a"), pattern("nic", "b")])
    answer = Engines(pairs).fire("locate", [fact("nic", name=name) for name in "abc"])
    assert answer.outcomes == {"r000": "error" if given_up else "fired"}  # two for the first, four with the second


def test_rules_that_are_given_up_are_told_with_the_limit_and_what_to_do():
    everything = [pattern("vlan", "a"), pattern("vlan", "b")]
    (problem,) = Engines(rules(everything)).fire("locate", [fact("vlan", tag=tag) for tag in range(230)]).problems
    assert problem == Problem(
        code="too-many-matches",
        message="more than 50,000 combinations of this host's facts match r000",
        hint="join the patterns by a reference, as `base: $vlan.base`, so that not each goes with each",
    )
