"""Why a rule did not fire."""

from small_rules import fact, pattern

from planner.language import Fact, Rule
from planner.policy.misses import explain

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


def test_a_field_that_is_not_there_is_a_miss():
    assert told([pattern("nic"), pattern("vlan", base="$nic.name")], [fact("nic"), fact("vlan")])[0] == 1
