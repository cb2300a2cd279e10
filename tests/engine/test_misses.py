"""Why a rule did not fire."""

import pytest
from small_rules import fact, pattern

from planner.engine import misses
from planner.engine.misses import Miss, explain
from planner.facts.vocabulary import Fact
from planner.rules.model import Rule

STACK = [pattern("management"), pattern("vlan", name="$management.device"), pattern("bond", name="$vlan.base")]
MANAGEMENT, VLAN = fact("management", device="bond4.30"), Fact("vlan", {"name": "bond4.30", "base": "bond4"}, "vlans.x")


def told(when, facts):
    miss = explain(Rule("r", "locate", "r.yaml", when=tuple(when)), facts)
    return miss and (miss.matched, list(miss.lines))


def test_a_rule_that_fires_has_nothing_to_explain():
    assert told(STACK, [MANAGEMENT, VLAN, fact("bond", name="bond4")]) is None


def test_the_first_pattern():
    matched, lines = told(STACK, [VLAN])
    assert matched == 0
    assert lines == ["pattern 1 of 3 failed", "no management in the facts of this stage"]


def test_the_failed_pattern_and_the_nearest_fact():
    when = [*STACK[:2], pattern("bond", name="$vlan.base", mode=("not", 4), members=("ge", 2))]
    bonds = [fact("bond", name="bond1", mode=4, members=1), fact("bond", name="bond4", mode=4, members=2)]
    matched, lines = told(when, [MANAGEMENT, VLAN, *bonds])
    assert matched == 2
    assert lines[0] == "patterns 1-2 of 3 matched; pattern 3 failed"
    assert lines[2] == "  vlan: vlan bond4.30 (vlans.x)"
    assert lines[3] == "no bond has name bond4 ($vlan.base) and mode not 4 and members at least 2"
    assert lines[4] == "nearest: bond bond4; its mode is 4"


def test_the_way_that_gets_furthest_is_told():
    when = [pattern("nic"), pattern("member", nic="$nic.name"), pattern("bond", name="$member.bond")]
    facts = [fact("nic", name="eth0"), fact("nic", name="eth1"), fact("member", nic="eth1", bond="bond0")]
    matched, lines = told(when, facts)
    assert (matched, lines[1:3]) == (2, ["  nic: nic eth1", "  member: member eth1"])


def test_what_blocks():
    when = [*STACK[:2], pattern("port", no=True, device="$vlan.name")]
    matched, lines = told(when, [MANAGEMENT, VLAN, fact("port", device="bond4.30", bridge="br0")])
    assert matched == 2
    assert lines[-1] == "blocked by `no port`: there is port bond4.30"


def test_a_name_cannot_steer_the_terminal():
    _, lines = told(STACK[:2], [fact("management", device="\x1b[31mred")])
    assert "\x1b" not in "".join(lines)


def test_it_ends_on_a_host_of_many_vlans():
    when = [pattern("vlan", "a"), pattern("vlan", "b"), pattern("vlan", "c"), pattern("bond", name="$c.name")]
    matched, lines = told(when, [fact("vlan", name=f"v{number}") for number in range(4094)])
    assert matched == 3
    assert "more ways" in lines[-1], "not all 4,094 to the power of three were tried"


@pytest.mark.parametrize(("op", "value"), [("not", 9000), ("ge", 1400), ("in", (1500, 9000)), ("not-in", (9000,))])
def test_a_test_for_other_than_one_value_is_passed_by_other_facts(op, value):
    assert told([pattern("nic", mtu=(op, value))], [fact("nic", name="eth0", mtu=1500)]) is None


def test_an_empty_text_is_nothing():
    _, lines = told([pattern("nic", bond=("not", ""))], [fact("nic", name="eth0", bond="")])
    assert lines[-2:] == ["no nic has bond not nothing", "nearest: nic eth0; its bond is nothing"]


def test_a_field_that_is_not_there_is_a_miss():
    assert told([pattern("nic"), pattern("vlan", base="$nic.name")], [fact("nic"), fact("vlan")])[0] == 1


@pytest.mark.parametrize(
    ("test", "asked"),
    [
        (1500, "mtu 1500"),
        (("not", 9000), "mtu not 9000"),
        (("lt", 1500), "mtu below 1500"),
        (("le", 1500), "mtu at most 1500"),
        (("gt", 9000), "mtu above 9000"),
        (("ge", 9001), "mtu at least 9001"),
        (("in", [1, 2]), "mtu one of 1, 2"),
        (("not-in", [1, 9000]), "mtu none of 1, 9000"),
        (("matches", "9.*"), "mtu matching 9.*"),
        (-1, "mtu nothing"),
    ],
)
def test_a_test_as_a_person_says_it(test, asked):
    _, lines = told([pattern("nic", mtu=test)], [fact("nic", name="eth0", mtu=9000)])
    assert lines == ["pattern 1 of 1 failed", f"no nic has {asked}", "nearest: nic eth0; its mtu is 9000"]


@pytest.mark.parametrize("name", ["name", "device", "address", "network", "nic", "iface"])
def test_a_fact_is_called_by_what_names_it(name):
    assert (
        told([pattern("thing", x=1)], [fact("thing", **{name: "it"})])[1][-1] == "nearest: thing it; its x is nothing"
    )


def test_a_pattern_after_one_that_must_not_match_is_tried_with_what_was_bound():
    when = [pattern("nic"), pattern("port", no=True, device="$nic.name"), pattern("member", nic="$nic.name")]
    assert told(when, [fact("nic", name="eth0"), fact("member", nic="eth0")]) is None
    assert told(when, [fact("nic", name="eth0"), fact("member", nic="eth1")])[0] == 2


def test_a_fact_without_a_name_is_called_by_its_kind():
    assert told([pattern("host", x=1)], [fact("host", x=2)])[1][-1] == "nearest: host; its x is 2"


def test_a_miss_is_of_its_rule_and_of_the_line_of_the_pattern_that_failed():
    when = (pattern("nic"), pattern("vlan", base="$nic.name")._replace(line=7))
    assert explain(Rule("r", "locate", "r.yaml", when=when), [fact("nic", name="eth0")]) == Miss(
        rule="r",
        matched=1,
        line=7,
        lines=(
            "pattern 1 of 2 matched; pattern 2 failed",
            "  nic: nic eth0",
            "no vlan has base eth0 ($nic.name)",
        ),
    )


def test_of_several_ways_that_get_as_far_the_first_is_told():
    when = [pattern("nic"), pattern("vlan", base="$nic.name")]
    _, lines = told(when, [fact("nic", name=name) for name in ("eth0", "eth1")])
    assert lines[1:] == ["  nic: nic eth0", "no vlan has base eth0 ($nic.name)"]


def test_all_that_the_nearest_fact_lacks_is_told_a_field_that_it_has_not_too():
    when = [pattern("nic", mtu=9000, speed=1000, name="eth0")]
    _, lines = told(when, [Fact("nic", {"name": "eth0", "mtu": 1500}, "nics.eth0")])
    assert lines[-1] == "nearest: nic eth0 (nics.eth0); its mtu is 1500, its speed is nothing"


def test_a_fact_that_lacks_nothing_but_plays_another_part_is_nearest_to_none():
    when = [pattern("nic", "a"), pattern("nic", "b"), pattern("nic", "c")]
    _, lines = told(when, [fact("nic", name="eth0"), fact("nic", name="eth1")])
    assert lines == [
        "patterns 1-2 of 3 matched; pattern 3 failed",
        "  a: nic eth0",
        "  b: nic eth1",
        "no nic in the facts of this stage",
    ]


@pytest.mark.parametrize(
    ("most", "matched", "last"),
    [
        (6, 2, "no bond in the facts of this stage"),  # tried: each of two, and after each both
        (5, 2, "(there are more ways than the 5 that were tried)"),
        (1, 1, "(there are more ways than the 1 that were tried)"),
    ],
)
def test_where_not_every_way_was_tried_that_is_told_and_nothing_is_said_to_be_missing(monkeypatch, most, matched, last):
    monkeypatch.setattr(misses, "MOST_TRIED", most)
    got, lines = told([pattern("vlan", "a"), pattern("vlan", "b"), pattern("bond")], [fact("vlan"), fact("vlan")])
    assert (got, lines[1 + matched :]) == (matched, [last])


def test_200_000_ways_are_tried_at_most():
    when = [pattern("vlan", "a"), pattern("vlan", "b"), pattern("bond")]
    _, lines = told(when, [fact("vlan", tag=tag) for tag in range(500)])
    assert lines[-1] == "(there are more ways than the 200,000 that were tried)"
