"""From what the stages said to a decision, and what is told where rules or engines do not agree."""

import pytest
from small_rules import fact, pattern, rules

from planner.engine import durable, firing
from planner.engine.decide import Judgement, Said, decide, judge, settle
from planner.engine.firing import Engines
from planner.facts.vocabulary import Fact
from planner.problem import Problem
from planner.rules.compiled import compile_ruleset
from planner.rules.model import Assignment, Conclusion, Rule, Ruleset


def said(rule: str, value: object, field: str = "vlan") -> Said:
    return Said(field, value, rule, f"{rule}.yaml:1", ())


def judged(*conclusions, said=(), problems=(), stage="devise"):
    return Judgement(
        stage=stage,
        facts=(),
        conclusions=tuple(conclusions),
        said=tuple(said),
        values=settle(said)[0],
        found=(),
        problems=tuple(problems),
        outcomes={},
        overridden=frozenset(),
        engine="plain matcher",
    )


def test_two_rules_that_want_the_same_are_agreed():
    assert settle([said("a", 5), said("b", 5)]) == ({"vlan": 5}, [])


def test_two_rules_that_want_different_values_are_told_with_both_places():
    values, (problem,) = settle([said("b", 5), said("a", 6)])
    assert values == {}
    assert problem.code == "rule-conflict"
    assert problem.message == "two rules set vlan to different values: a says 6 and b says 5"
    assert problem.hint == "let one of them name the other under `overrides`, or narrow its `when`"
    assert [where.source for where in problem.where] == ["a.yaml:1", "b.yaml:1"]


def test_a_rule_that_wants_two_values_is_told_in_their_order():
    _, (problem,) = settle([said("a", 6), said("a", 5)])
    assert problem.message == "two rules set vlan to different values: a says 5 and a says 6"


def test_where_nothing_is_devised_the_refusal_says_where_the_address_is():
    nowhere = decide([judged()])
    assert (nowhere.outcome, nowhere.problems[0].code, nowhere.management) == ("refused", "nothing-devised", None)
    assert nowhere.problems[0].message.endswith("(the management address is nowhere)")
    found = decide([judged(fact("management", device="eth0"))])
    assert found.problems[0].message.endswith("(the management address is on eth0)")
    assert found.problems[0].hint == (
        "`mgmtnet why-not CAPTURE RULE` tells for a rule of the devise stage which pattern failed"
    )


def test_two_management_devices_are_a_conflict():
    two = [fact("management", device=name) for name in ("eth1", "eth0")]
    decision = decide([judged(*two, said=[said("a", "eth0", "iface")])])
    assert (decision.outcome, decision.management) == ("refused", None)
    assert decision.problems == (
        Problem(
            code="rule-conflict",
            message="the locate rules found more than one management device: eth0, eth1",
            hint="let the locate rules exclude each other, with `no candidate` or `overrides`",
        ),
    )


def test_a_rules_refusal_of_what_stands_as_defined_is_a_warning_and_a_fault_is_not():
    guard = Problem("odd", "m", "h", rule="guard")
    kept = decide([judged(fact("compliant"), problems=[guard])])
    assert (kept.outcome, kept.problems[0].severity) == ("no-change", "warning")
    fault = decide([judged(fact("compliant"), problems=[guard, Problem("fault", "m", "h")])])
    assert (fault.outcome, [problem.severity for problem in fault.problems]) == ("refused", ["error", "warning"])


def test_the_graver_problem_is_told_first_then_by_code():
    told = [
        Problem(code, "m", "h", severity=severity)
        for code, severity in (("z", "note"), ("a", "note"), ("w", "warning"), ("e", "error"))
    ]
    assert [problem.code for problem in decide([judged(problems=told)]).problems] == [
        "e",
        "w",
        "a",
        "z",
    ]


NICS = [fact("nic", name=f"eth{number}") for number in range(3)]


@pytest.mark.skipif(not durable.available(), reason="durable_rules is not built")
class TestTheEngine:
    def test_it_is_spared_what_would_cost_more_than_the_plan(self, monkeypatch):
        monkeypatch.setattr(firing, "MOST_FACTS", 2)
        answer = Engines(rules([pattern("nic")])).fire("locate", NICS)
        assert (answer.engine, answer.outcomes) == ("plain matcher", {"r000": "fired"})
        (problem,) = answer.problems
        assert (problem.code, problem.severity) == ("engine-spared", "note")
        assert problem.message == (
            "the locate rules reach 3 facts; durable_rules is given 2 at most, so the plain matcher decided alone"
        )
        assert problem.hint == "narrow the rules that look at every fact of a kind"
        monkeypatch.setattr(firing, "MOST_FACTS", 3)
        assert Engines(rules([pattern("nic")])).fire("locate", NICS).problems == ()

    @pytest.mark.parametrize(
        ("count", "listed"),
        [(1, "r000"), (5, "r000, r001, r002, r003, r004"), (6, "r000, r001, r002, r003, r004 and 1 more")],
    )
    def test_where_it_disagrees_nothing_is_decided(self, monkeypatch, count, listed):
        monkeypatch.setattr(durable, "run", lambda *_: set())
        answer = Engines(rules(*([pattern("nic", name="eth0")] for _ in range(count)))).fire("locate", NICS)
        assert set(answer.outcomes.values()) == {"error"}
        (problem,) = answer.problems
        assert problem.code == "engines-disagree"
        assert problem.message == f"durable_rules and the plain matcher disagree on {listed} (locate)"
        assert problem.hint == "please report this with the capture and the rules; nothing was decided"

    def test_facts_that_block_are_counted_too(self, monkeypatch):
        monkeypatch.setattr(firing, "MOST_FACTS", 3)
        when = [pattern("nic"), pattern("port", no=True, device="$nic.name")]
        ports = [fact("port", device=f"eth{number}") for number in range(2)]
        (problem,) = Engines(rules(when)).fire("locate", [*NICS, *ports]).problems
        assert problem.message.startswith("the locate rules reach 5 facts")

    def test_where_it_fails_nothing_is_decided(self, monkeypatch):
        def fails(*_):
            msg = "it broke"
            raise durable.EngineError(msg)

        monkeypatch.setattr(durable, "run", fails)
        answer = Engines(rules([pattern("nic")], [pattern("bond")])).fire("locate", NICS)
        assert answer.outcomes == {"r000": "error", "r001": "error"}
        (problem,) = answer.problems
        assert (problem.code, problem.message) == (
            "engine-failed",
            "durable_rules failed on the locate rules: it broke",
        )


def judged_by(*made: Rule) -> Judgement:
    return judge(Engines(compile_ruleset(Ruleset("small", "1", "", made))), "locate", NICS)


def rule(name: str, **more) -> Rule:
    return Rule(name, "locate", f"locate/{name}.yaml", when=(pattern("nic", name="eth0"),), **more)


def test_a_rule_that_is_overridden_is_blocked_and_overrides_nothing():
    judgement = judged_by(rule("a", overrides=("b",)), rule("b", overrides=("c",)), rule("c"), rule("d"))
    assert judgement.overridden == {"b"}
    assert judgement.outcomes == {"a": "fired", "b": "blocked", "c": "fired", "d": "fired"}


def test_a_circle_of_overrides_ends():
    assert len(judged_by(rule("a", overrides=("b",)), rule("b", overrides=("a",))).overridden) == 1


def test_a_shadow_rule_acts_on_nothing_and_is_told_of():
    judgement = judged_by(rule("a", overrides=("b",), shadow=True, summary="what it says", line=3), rule("b"))
    assert (judgement.overridden, judgement.outcomes["b"]) == (frozenset(), "fired")
    (note,) = judgement.problems
    assert (note.code, note.severity, note.rule) == ("shadow-rule", "note", "a")
    assert note.message == "the shadow rule a would have fired: what it says"
    assert note.hint == "take `shadow: true` out of it to let it act"
    assert [where.source for where in note.where] == ["small/1/locate/a.yaml:3"]


def test_the_engine_that_fired_is_told():
    judgement = judged_by(rule("a"))
    assert judgement.engine == (f"durable_rules {durable.VERSION}" if durable.available() else "plain matcher")
    assert decide([judgement]).engine == judgement.engine


def concluding(kind: str, **fields: object) -> Conclusion:
    return Conclusion(kind, tuple(Assignment(name, value, 1) for name, value in fields.items()), 4)


NOWHERE = {"device": "", "kind": "", "address": "", "family": -1, "found_by": ""}


def test_a_fact_that_is_concluded_has_every_field_and_what_is_not_given_is_absent():
    """Of nothing but a nic without a place: neither the device nor a place is made up."""
    for given, told in (({}, ""), ({"device": None, "family": None}, ""), ({"device": "eth0"}, "eth0")):
        judgement = judged_by(rule("a", concludes=(concluding("management", **given),)))
        assert judgement.conclusions == (Fact("management", NOWHERE | {"device": told}, ""),)
        assert judgement.found == (Said("management", told, "a", "small/1/locate/a.yaml:4", ()),)


def test_conclusions_are_the_same_whichever_rule_fires_first_even_where_one_gives_text_for_a_number():
    made = [rule(name, concludes=(concluding("management", family=family),)) for name, family in (("a", 4), ("b", "x"))]
    told = [judged_by(*order).conclusions for order in (made, made[::-1])]
    assert told[0] == told[1]
    assert {fact.fields["family"] for fact in told[0]} == {4, "x"}
