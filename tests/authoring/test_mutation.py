"""Mutants of rules: which there are, which of them hosts of a line each notice, and that the goldens notice enough."""

import itertools
import sys
from pathlib import Path

import pytest

from planner import Planner
from planner.authoring.differences import differences
from planner.authoring.golden import Case, try_out
from planner.authoring.mutation import (
    EQUIVALENT,
    EXAMPLE,
    NO_REASON,
    NOBODY,
    PLAN,
    UNFIT,
    mutants_of,
    mutate,
    page,
    place,
    with_equivalents,
)
from planner.cli.cases import golden_folders, read_golden
from planner.cli.main import main
from planner.definition import read_definition
from planner.engine.matcher import Memory, match, reach
from planner.host.capture import read_capture
from planner.printing import markdown_code
from planner.rules import model
from planner.rules.compiled import compile_ruleset
from planner.rules.model import Pattern, Reference, Rule, Ruleset, Verdict
from planner.rules.steps import steps_of

ROOT = Path(__file__).parents[2]
DEFINITION = read_definition({"network": "ovirtmgmt"}).definition
MTU_DROPPED = "device {mtu: {gt: 1500}} dropped"


def rule(name, *when, message="said", **more):
    verdict = Verdict("note", name, message, "done", "", 9)
    return Rule(name, "locate", f"locate/{name}.yaml", when=when, verdicts=(verdict,), **more)


def pattern(kind, alias="", *, negated=False, **tests):
    pairs = {
        field: ("is", value) if isinstance(value, str | int | Reference) else value for field, value in tests.items()
    }
    told = tuple(model.Test(field, op, value, 5, 7) for field, (op, value) in pairs.items())
    return Pattern(kind, alias or kind, negated, told, 5, 3)


def what(one):
    return [mutant.what for mutant in mutants_of(one)]


def fates(one, *hosts, beside=()):
    """What becomes of each mutant of a rule on hosts that are nics with their MTUs."""
    planner = Planner(Ruleset("small", "1", "", (one, *beside)))
    trials = []
    for number, nics in enumerate(hosts):
        host = read_capture({"nics": {name: {"mtu": str(mtu)} for name, mtu in nics.items()}, "networks": {}}).host
        trials.append(try_out(Case(f"host{number}", host, DEFINITION), planner))
    return {fate.mutant.what: fate for fate in mutate([one], planner, trials).fates}


def test_each_term_is_dropped_and_turned():
    nic = pattern("device", mtu=("gt", 1500), name=("in", ("eth0", "eth1")))
    assert what(rule("jumbo", nic, message="{device.name}")) == [
        "device {mtu: {gt: 1500}} dropped",
        "device {mtu: {gt: 1500}} turned to {mtu: {le: 1500}}",
        "device {name: {in: [eth0, eth1]}} dropped",
        "device {name: {in: [eth0, eth1]}} turned to {name: {not-in: [eth0, eth1]}}",
    ]


@pytest.mark.parametrize(("op", "opposite"), [("not", "mtu: 9"), ("lt", "mtu: {ge: 9}"), ("ge", "mtu: {lt: 9}")])
def test_operators_and_their_opposites(op, opposite):
    assert what(rule("one", pattern("device", mtu=(op, 9)), message="{device.mtu}"))[-1].endswith(f"to {{{opposite}}}")


def test_an_expression_has_no_opposite():
    named = rule("named", pattern("device", name=("matches", "eth.*")), message="{device.name}")
    assert what(named) == ["device {name: {matches: eth.*}} dropped"]


def test_a_pattern_that_something_refers_to_is_not_dropped():
    bond = pattern("bond", name=Reference("device", "bond"))
    told = what(rule("member", pattern("host"), pattern("device"), bond))
    assert "pattern host {} dropped" in told
    assert "pattern bond {name: $device.bond} dropped" in told
    assert "pattern nic {} dropped" not in told


def test_a_no_pattern_is_dropped_and_required():
    told = what(rule("lonely", pattern("device"), pattern("bond", negated=True), message="{device.name}"))
    assert told == ["pattern no bond {} dropped", "pattern no bond {} required"]


def test_each_override_is_dropped():
    told = what(rule("loud", pattern("device"), message="{device.name}", overrides=("quiet", "silent")))
    assert told == ["overrides quiet dropped", "overrides silent dropped"]


def test_a_term_is_noticed_by_a_host_that_fails_it():
    jumbo = rule("jumbo", pattern("device", mtu=("gt", 1500)), message="{device.name}")
    assert fates(jumbo, {"eth0": 9000})[MTU_DROPPED].by == NOBODY
    noticed = fates(jumbo, {"eth0": 9000}, {"eth0": 9000, "eth1": 1500})[MTU_DROPPED]
    assert (noticed.by, noticed.golden) == (PLAN, "host1")


def test_what_no_plan_shows_an_example_may_notice():
    quiet = rule("quiet", pattern("device", mtu=("gt", 1500)), silent=("host0",))._replace(verdicts=())
    assert fates(quiet, {"eth0": 1500})[MTU_DROPPED].by == EXAMPLE
    assert fates(quiet._replace(silent=()), {"eth0": 1500})[MTU_DROPPED].by == NOBODY


def test_an_override_is_noticed_where_both_rules_fire():
    loud = rule("loud", pattern("device"), message="{device.name}", overrides=("quiet",))
    quiet = rule("quiet", pattern("device", mtu=9000))
    assert fates(loud, {"eth0": 9000}, beside=(quiet,))["overrides quiet dropped"].by == PLAN
    assert fates(loud, {"eth0": 1500}, beside=(quiet,))["overrides quiet dropped"].by == NOBODY


def test_what_the_linter_refuses_need_not_be_noticed():
    first = rule("first", pattern("host"), pattern("bond", negated=True))
    assert fates(first, {"eth0": 1500})["pattern host {} dropped"].by == UNFIT


def test_a_survivor_without_a_reason_is_told():
    jumbo = rule("jumbo", pattern("device", mtu=("gt", 1500)), message="{device.name}")
    score = mutate([jumbo], Planner(Ruleset("small", "1", "", (jumbo,))), [])
    assert (score.percent, len(score.survivors)) == (0.0, 2)
    told = page(score, {f"jumbo: {MTU_DROPPED}": "nobody minds"})
    assert "nobody minds\n\n- locate/jumbo.yaml:5:7: `device {mtu: {gt: 1500}} dropped`" in told
    assert "**no reason is given**" in told


@pytest.mark.parametrize("name", ["vlan-tag-missing", "found-by-address", "own-network-on-bond"])
def test_the_short_way_finds_what_planning_everything_anew_finds(rules, name):
    folders = itertools.islice(golden_folders(str(ROOT / "golden")), 0, None, 12)
    planner = Planner(rules)
    trials = [try_out(case, planner) for folder in folders if (case := read_golden(folder)[0]) is not None]
    one = rules.by_name[name]
    for fate in mutate([one._replace(fires=(), silent=())], planner, trials).of(PLAN, NOBODY):
        others = [fate.mutant.wrong if other.name == name else other for other in rules.ruleset.rules]
        wrong = compile_ruleset(rules.ruleset._replace(rules=tuple(others)))
        noticing = [
            trial.case.name
            for trial in trials
            if differences(trial.plan.document(), try_out(trial.case, wrong).plan.document())
        ]
        assert fate.golden == (noticing[0] if noticing else ""), fate.mutant.what


def test_what_is_proved_equivalent_does_not_count():
    one = rule("jumbo", pattern("device", mtu=("gt", 1500)), message="{device.name}")
    compiled = compile_ruleset(Ruleset("small", "1", "", (one,)))
    host = read_capture({"nics": {"eth0": {"mtu": "9000"}}, "networks": {}}).host
    score = mutate([one], Planner(compiled), [try_out(Case("host", host, DEFINITION), compiled)])
    (survivor,) = score.survivors
    proved = with_equivalents(score, lambda mutant: mutant is survivor.mutant)
    assert [fate.mutant for fate in proved.of(EQUIVALENT)] == [survivor.mutant]
    assert score.percent < proved.percent == 100.0
    assert not proved.survivors
    told = page(proved, {})
    assert "| locate | 2 | 0 | 1 | 0 | 1 | 0 |" in told
    assert f"## Proved equivalent\n\n- locate/jumbo.yaml:5:7: `{MTU_DROPPED}`\n" in told


def test_every_tenth_rule_fares_as_the_page_says(rules):
    """All of them take minutes: `make mutate-rules` writes the page, and fails below 95 %."""
    files = sorted({rule.file for rule in rules.ruleset.rules})[::10]
    tenth = [rule for rule in rules.ruleset.rules if rule.file in files]  # the page tells no rows of a table apart
    planner = Planner(rules)
    read = (read_golden(str(folder))[0] for folder in golden_folders(str(ROOT / "golden")))
    score = mutate(tenth, planner, [try_out(case, planner) for case in read if case is not None])
    told = (ROOT / "docs" / "mutation.md").read_text()
    listed = {line for line in told.splitlines() if line.startswith(tuple(f"- {rule.file}:" for rule in tenth))}
    assert {f"- {place(fate)}: {markdown_code(fate.mutant.what)}" for fate in score.survivors} == listed
    assert score.rules == len(tenth)
    assert score.percent > 90  # those that are proved equivalent count here
    assert NO_REASON not in told


def idle_examples(rules, trials):
    """The goldens under ``silent`` on which not even a slip would make the rule fire: they assert nothing of it."""
    for rule in rules:
        fit = [mutant.wrong for mutant in mutants_of(rule) if not mutant.unfit]
        stage = steps_of([rule, *(wrong._replace(name=f"mutant {number}") for number, wrong in enumerate(fit))])
        for golden in rule.silent:
            memory = Memory(next(seen.facts for seen in trials[golden].judgements if seen.stage == rule.stage))
            if not match(stage, memory, reach(stage, memory).alive).firings:
                yield f"{rule.name}: {golden}"


def test_each_silent_example_is_a_slip_away_from_firing(rules):
    named = {golden for one in rules.ruleset.rules for golden in one.silent}
    read = (read_golden(str(ROOT / "golden" / golden))[0] for golden in sorted(named))
    trials = {case.name: try_out(case, rules) for case in read if case is not None}
    assert list(idle_examples(rules.ruleset.rules, trials)) == []


def test_a_score_below_the_threshold_is_a_failure(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    few = str(ROOT / "golden" / "nic-dhcp")
    assert main(["rules", "mutate", "--goldens", few]) == 1
    told = capsys.readouterr().err
    assert "wanted 95 %" in told
    assert "survivors are equivalent is asked only where they are 150 at most" in told


def test_without_the_solver_it_is_told_what_is_not_decided(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setitem(sys.modules, "z3", None)
    monkeypatch.setattr("planner.cli.rules_try.MOST_PROVED", 10_000)
    few = str(ROOT / "golden" / "nic-dhcp")
    assert main(["rules", "mutate", "--goldens", few]) == 1
    assert "which survivors are equivalent is not decided: that needs the Python module z3" in capsys.readouterr().err


SITE = ROOT / "rules" / "examples" / "site"


def test_a_site_s_rules_are_tried_on_its_goldens(tmp_path, capsys, monkeypatch):
    proved = itertools.chain([True], itertools.repeat(False))  # that costs a second for each
    monkeypatch.setattr("planner.proof.equivalence.same", lambda *_: next(proved))
    reasons, written = tmp_path / "reasons.yaml", tmp_path / "page.md"
    reasons.write_text("- reason: gone\n  mutants: [none of them]\n")
    main(["rules", "mutate", str(SITE), "--reasons", str(reasons), "--page", str(written)])
    told = capsys.readouterr()
    survivors = [line for line in told.out.splitlines() if "yaml:" in line and "proved equivalent" not in line]
    assert told.out.count("proved equivalent, so that no host") == 1
    assert told.out.splitlines()[-1].endswith("% are noticed")
    assert told.err.count("unexplained-survivor") == len(survivors)
    assert "none of them" in told.err
    assert written.read_text().startswith("# The mutation test of the rules")


def test_reasons_that_are_none_are_said(tmp_path, capsys):
    wrong = tmp_path / "reasons.yaml"
    wrong.write_text("mutants: []\n")
    assert main(["rules", "mutate", "--reasons", str(wrong)]) == 1
    assert "is no list of reasons" in capsys.readouterr().err
