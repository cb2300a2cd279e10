"""Which rules fire and which terms matter, over hosts of a line each."""

from planner.authoring.coverage import cover, written
from planner.authoring.golden import Case, Trial, try_out
from planner.definition import read_definition
from planner.host.capture import read_capture
from planner.rules import model
from planner.rules.compiled import compile_ruleset
from planner.rules.model import Pattern, Reference, Rule, Ruleset, Verdict

DEFINITION = read_definition({"network": "ovirtmgmt"}).definition


def rule(name, *when):
    verdict = Verdict("note", name, "said", "done", "", 9)
    return Rule(name, "locate", f"locate/{name}.yaml", when=when, verdicts=(verdict,))


def pattern(kind, alias="", *, negated=False, **tests):
    pairs = {
        field: ("is", value) if isinstance(value, str | int | Reference) else value for field, value in tests.items()
    }
    told = tuple(model.Test(field, op, value, 5, 7) for field, (op, value) in pairs.items())
    return Pattern(kind, alias or kind, negated, told, 5, 3)


def trials(rules, *hosts):
    compiled = compile_ruleset(Ruleset("small", "1", "", rules))
    for number, nics in enumerate(hosts):
        host = read_capture({"nics": {name: {"mtu": str(mtu)} for name, mtu in nics.items()}, "networks": {}}).host
        yield try_out(Case(f"host{number}", host, DEFINITION), compiled)


def covered(one, *hosts):
    (found,) = cover([one], trials((one,), *hosts)).rules
    return found


def test_a_rule_that_fires_and_its_term_that_decides():
    found = covered(rule("jumbo", pattern("device", mtu=("gt", 1500))), {"eth0": 9000}, {"eth0": 1500})
    assert found.fired_on == ("host0",)
    (term,) = found.terms
    assert (term.text, term.false_on, term.decided_on) == ("mtu: {gt: 1500}", "host1", "host1")
    assert (found.never_false, found.never_deciding) == ((), ())


def test_a_term_that_always_holds():
    found = covered(rule("jumbo", pattern("device", mtu=("gt", 1500))), {"eth0": 9000})
    assert [term.text for term in found.never_false] == ["mtu: {gt: 1500}"]


def test_a_term_that_is_false_only_together_with_another_decides_nothing():
    both = rule("both", pattern("device", name="eth0", mtu=9000))
    found = covered(both, {"eth0": 9000, "eth1": 1500})
    assert found.never_false == ()
    assert [term.text for term in found.never_deciding] == ["name: eth0", "mtu: 9000"]
    assert covered(both, {"eth0": 9000, "eth1": 9000}, {"eth0": 1500}).never_deciding == ()


def test_a_term_of_a_no_pattern():
    alone = rule(
        "alone",
        pattern("device"),
        pattern("device", "other", negated=True, mtu=9000, name=("not", Reference("device", "name"))),
    )
    found = covered(alone, {"eth0": 9000, "eth1": 9000}, {"eth0": 9000}, {"eth0": 9000, "eth1": 1500})
    assert (found.fired_on, found.blocked_on) == (("host1", "host2"), ("host0",))
    assert [(term.text, term.decided_on) for term in found.terms] == [
        ("mtu: 9000", "host2"),
        ("name: {not: $device.name}", "host0"),
    ]


def test_the_percentage_counts_rules_and_terms():
    rules = (rule("jumbo", pattern("device", mtu=("gt", 1500))), rule("never", pattern("bond")))
    found = cover(rules, trials(rules, {"eth0": 9000}, {"eth0": 1500}))
    assert [one.rule.name for one in found.unfired] == ["never"]
    assert round(found.percent) == 67
    assert cover((), []).percent == 100


def test_terms_read_as_they_are_written():
    tests = {"tag": ("in", (0, 5)), "name": ("not", ""), "base": Reference("device", "name")}
    told = [written(test) for test in pattern("vlan", **tests).tests]
    assert told == ["tag: {in: [0, 5]}", "name: {not: null}", "base: $device.name"]


def test_a_trial_keeps_what_each_stage_saw():
    (trial,) = trials((rule("jumbo", pattern("device")),), {"eth0": 1500})
    assert isinstance(trial, Trial)
    assert [judgement.stage for judgement in trial.judgements] == ["locate", "devise", "guard"]
    assert trial.outcome("jumbo") == "fired"
