"""Hosts that the rules cannot tell apart fire the same; what rules compare tells hosts apart."""

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_rules import fact, pattern, rules

from planner.engine.firing import Engines
from planner.engine.likeness import asked_by, likeness
from planner.engine.matcher import Memory, match
from planner.rules.compiled import compile_ruleset

sys.path.insert(0, str(Path(__file__).parent))
from rulesets_at_random import TEXTS, case

JOINED = [pattern("vlan"), pattern("nic", name="$vlan.base", state="plain")]
ORDERED = [pattern("vlan"), pattern("nic", name=("lt", "$vlan.base"))]
MATCHED = [pattern("nic", name=("matches", "eth.*")), pattern("vlan", base="$nic.name")]


def host(base, name, state="plain"):
    return [fact("vlan", base=base), fact("nic", name=name, state=state)]


@pytest.mark.parametrize(
    ("when", "other", "alike"),
    [
        (JOINED, host("eth7", "eth7"), True),
        (JOINED, host("eth7", "eth8"), False),
        (JOINED, host("eth0", "eth0", "odd"), False),
        (JOINED, host("plain", "plain"), False),  # a text that a rule names is that text
        (JOINED, host(0, 0), False),
        (JOINED, [*host("eth0", "eth0"), fact("bond", name="eth0")], False),
        (ORDERED, host("eth7", "eth7"), False),
        (MATCHED, host("bond7", "bond7"), False),
    ],
)
def test_what_rules_compare_tells_hosts_apart(when, other, alike):
    asked = asked_by(rules(when).stages["locate"])
    assert (likeness(asked, host("eth0", "eth0")) == likeness(asked, other)) is alike


def test_what_fired_on_one_host_is_known_on_the_next_that_is_alike():
    engines = Engines(rules(JOINED))
    assert engines.fire("locate", host("eth9", "eth9")).firings
    first = engines.fire("locate", host("eth0", "eth0"))
    assert first.firings
    assert engines.fire("locate", host("eth7", "eth7")) is first
    assert engines.fire("locate", host("eth7", "eth8")).firings == ()


def renaming():
    """Texts for texts, at times the same for two."""
    onto = st.permutations(TEXTS).map(lambda drawn: dict(zip(TEXTS, drawn, strict=True)))
    into = st.fixed_dictionaries({text: st.sampled_from([*TEXTS, "new", "newer"]) for text in TEXTS})
    return st.one_of(onto, into)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(case(), renaming())
def test_hosts_that_are_alike_fire_alike(drawn, renamed):
    ruleset, facts = drawn
    stage = compile_ruleset(ruleset).stages["locate"]
    other = [
        one._replace(fields={name: renamed.get(value, value) for name, value in one.fields.items()}) for one in facts
    ]
    asked, every = asked_by(stage), range(len(stage.rules))
    if likeness(asked, facts) == likeness(asked, other):
        assert match(stage, Memory(facts), every) == match(stage, Memory(other), every)
