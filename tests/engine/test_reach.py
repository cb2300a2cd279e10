"""What reaches durable_rules: never too little, and little."""

import sys
from pathlib import Path

from hypothesis import given
from small_rules import fact, pattern, rules

from planner.engine.matcher import Memory, match, reach
from planner.rules.compiled import compile_ruleset

sys.path.insert(0, str(Path(__file__).parent))
from rulesets_at_random import case


@given(case())
def test_no_match_is_out_of_reach(drawn):
    ruleset, host = drawn
    stage = compile_ruleset(ruleset).stages["locate"]
    memory = Memory(host)
    reached = reach(stage, memory)
    answer = match(stage, memory, range(len(stage.rules)))
    alive = {stage.rules[number].name for number in reached.alive}
    assert {firing.rule for firing in answer.firings} | answer.blocked <= alive
    assert {index for firing in answer.firings for _, index in firing.bindings} <= reached.positive


def test_of_many_vlans_only_those_that_are_asked_for_are_reached():
    stack = [pattern("management"), pattern("vlan", name="$management.device"), pattern("bond", name="$vlan.base")]
    other = [*stack, pattern("vlan", "o", base="$bond.name", mtu=("gt", "$vlan.mtu"), tag=("not", "$vlan.tag"))]
    blocked = [*stack, pattern("vlan", "x", no=True, base="$vlan.name")]
    dead = [pattern("vlan"), pattern("bridge", name="$vlan.bridge")]
    stage = rules(stack, other, blocked, dead).stages["locate"]
    vlans = [fact("vlan", name=f"bond4.{tag}", base="bond4", tag=tag, mtu=1500, bridge="") for tag in range(1, 4094)]
    big = fact("vlan", name="bond4.4094", base="bond4", tag=4094, mtu=9000, bridge="")
    facts = [fact("management", device="bond4.30"), fact("bond", name="bond4"), *vlans, big, fact("bridge", name="b")]
    reached = reach(stage, Memory(facts))
    assert [facts[index].fields.get("name", "") for index in sorted(reached.positive)] == [
        "",
        "bond4",
        "bond4.30",
        "bond4.4094",
    ]
    assert reached.blocking == set()
    assert reached.alive == (0, 1, 2)


def test_a_rule_without_a_fact_for_a_pattern_brings_no_facts():
    stage = rules([pattern("nic"), pattern("vlan", base="$nic.name"), pattern("bond", "b", no=True)]).stages["locate"]
    assert reach(stage, Memory([fact("nic", name="a"), fact("vlan", base="b"), fact("bond")])) == ((), set(), set())
