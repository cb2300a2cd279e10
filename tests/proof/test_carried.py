"""Every refusal is needed for an invariant, or says why it is not; what an invariant rests on is shown by a host."""

from functools import partial
from pathlib import Path

import pytest
from small_ruleset import write_small

import planner
from planner.cli.main import main
from planner.proof.ask import World
from planner.proof.axioms import axioms
from planner.proof.invariants import carried
from planner.rules.compiled import Compiled
from planner.rules.shelf import installed


@pytest.mark.parametrize("title", installed())
def test_every_refusal_carries_an_invariant_or_is_advisory(title: str) -> None:
    ruleset, _ = planner.load_rules(title)
    assert ruleset is not None
    carrying = {name for one in ruleset.invariants for name in one.rests_on}
    refusing = {rule.name for rule in ruleset.rules if rule.refuses}
    advisory = {rule.name for rule in ruleset.rules if rule.advisory}
    assert carrying | advisory == refusing
    assert carrying & advisory == set()


def test_what_an_invariant_rests_on_is_shown_by_a_host(rules: Compiled) -> None:
    (invariant,) = (one for one in rules.ruleset.invariants if one.name == "one-mtu-under-tagged-networks")
    needed, idle = carried(rules, invariant, ["mtu-conflict-with-tagged", "base-in-use"])
    assert (idle.bearing, idle.witness) == ("not needed", None)
    assert needed.bearing == "carried"
    assert needed.witness is not None
    read = needed.witness.read()
    assert read is not None
    plan = planner.plan(*read, rules, needed.witness.addresses)
    assert plan.outcome == "refused"
    assert {problem.rule for problem in plan.problems if problem.severity == "error"} == {"mtu-conflict-with-tagged"}


def test_devices_and_their_kinds_do_not_ask_for_each_other_without_end(rules: Compiled) -> None:
    (invariant,) = (one for one in rules.ruleset.invariants if one.name == "others-left-alone")
    world = World(rules.ruleset.enabled, axioms(), [invariant])
    question = world.claim(invariant).fires, world.fires("device-carries-network")
    answer = world.ask(*question, without="device-carries-network")
    assert answer.verdict == "refuted"
    assert answer.rounds < 60


def test_what_a_question_takes_is_counted_and_depends_on_nothing_before(rules: Compiled) -> None:
    (invariant,) = (one for one in rules.ruleset.invariants if one.name == "others-left-alone")
    worlds = [World(rules.ruleset.enabled, axioms(), [invariant]) for _ in range(3)]
    first, again, hurried = (partial(world.ask, world.claim(invariant).fires) for world in worlds)
    assert first() == again()
    assert first().verdict == "proved"
    assert hurried(effort=100).verdict == "undecided"


INVARIANT = """\
invariant: ours
since: "1"
summary: Nothing odd
why: It would be.
never:
  - outcome: {is: change}
  - attachment: {mtu: {lt: 1280}}
  - addressing: {family: 6, method: {not: none}}
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "invariants").mkdir()
    (tmp_path / "ruleset.yaml").write_text('ruleset: site\nversion: "1"\nsummary: Ours.\nextends: ovirtmgmt@1.0\n')
    return tmp_path


def test_a_rule_that_is_not_needed_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_small(tmp_path)
    (tmp_path / "invariants").mkdir()
    (tmp_path / "invariants" / "ours.yaml").write_text(
        INVARIANT.replace("1280", "1000").replace("  - addressing: {family: 6, method: {not: none}}\n", "")
        + "rests_on: [small, bonded]\n"
    )
    assert main(["rules", "prove", str(tmp_path), "--carried"]) == 1
    told = capsys.readouterr()
    assert told.err.splitlines() == [
        "small@1: invariants: 1 proved",
        "ours is said to rest on bonded, and without it: not needed",
        "rules that carry an invariant: 1, shown by a host: 1",
    ]
    assert "it rests on the refusals of small (shown by a host)" in told.out


@pytest.mark.parametrize(
    ("named", "told"),
    [
        (
            "vlan-over-membre",
            "error[unknown-rule]: ours is said to rest on the rule vlan-over-membre, and there is none",
        ),
        ("vlan-over-bond", "error[rests-on-no-refusal]: ours is said to rest on vlan-over-bond, which refuses nothing"),
    ],
)
def test_what_nothing_can_rest_on(named: str, told: str, site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (site / "invariants" / "ours.yaml").write_text(INVARIANT + f"rests_on: [{named}]\n")
    assert main(["rules", "check", str(site)]) == 1
    err = "".join(capsys.readouterr())
    assert f"ours.yaml:9:12: {told}" in err


def test_only_what_refuses_is_advisory(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (site / "guard").mkdir()
    (site / "guard" / "ours.yaml").write_text(
        'rule: ours\nsince: "1"\nsummary: Ours\nwhy: Ours.\nadvisory: No need.\nwhen:\n  - vdsm: {known: 0}\n'
        "then:\n  note: {code: ours, message: ours}\n"
    )
    assert main(["rules", "check", str(site)]) == 1
    assert "ours.yaml:5:1: error[idle-advisory]" in "".join(capsys.readouterr())
