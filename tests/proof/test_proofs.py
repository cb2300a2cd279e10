"""Invariants of the shipped rules hold on every host; what breaks one is shown on a host that the planner confirms."""

import json
from pathlib import Path

import pytest
from random_hosts import Builder

import planner
from planner.cli.main import main
from planner.engine.decide import decide
from planner.facts.compute import READERS
from planner.facts.vocabulary import Fact
from planner.proof.ask import World
from planner.proof.axioms import axioms
from planner.proof.invariants import prove
from planner.proof.witness import witness_of
from planner.rules.compiled import Compiled, compile_ruleset
from planner.rules.model import Invariant, Rule, Ruleset

GOLDEN = Path(__file__).parents[2] / "golden"
# Those that are proved within a second; `make prove` asks all of them.
QUICK = {
    "bond-travels",
    "mtu-for-ipv6",
    "no-bridge-on-infiniband",
    "nothing-to-change-stays",
    "on-the-management-device",
}
QUICK |= {"others-left-alone", "one-switch-type", "slaac-address-stays", "gateway-of-a-static-default-route"}


def invariants(ruleset: Ruleset) -> dict[str, Invariant]:
    return {one.name: one for one in ruleset.invariants}


def without(rules: Compiled, *names: str) -> Compiled:
    return compile_ruleset(rules.ruleset._replace(rules=tuple(r for r in rules.ruleset.rules if r.name not in names)))


def test_invariants_hold_on_every_host(rules: Compiled) -> None:
    quick = [one for one in rules.ruleset.invariants if one.name in QUICK]
    assert {proof.invariant.name: proof.verdict for proof in prove(rules, quick)} == dict.fromkeys(QUICK, "proved")


BREAKING = [
    ("vlan-tag-missing", "tag-kept"),
    ("mtu-too-small-for-ipv6", "mtu-for-ipv6"),
    ("name-taken-by-device", "name-of-its-own"),
]


@pytest.mark.no_cover  # the solver's answers are judged in a loop that measuring makes four times as slow
@pytest.mark.parametrize(("rule", "name"), BREAKING)
def test_a_rule_that_is_taken_out_lets_a_host_through(rule: str, name: str, rules: Compiled) -> None:
    broken = without(rules, rule)
    (proof,) = prove(broken, [invariants(rules.ruleset)[name]])
    assert proof.verdict == "refuted"
    assert proof.witness is not None
    read = proof.witness.read()
    assert read is not None
    assert planner.plan(*read, broken, proof.witness.addresses).outcome == "change"
    whole = planner.plan(*read, rules, proof.witness.addresses)
    assert whole.outcome == "refused"
    assert rule in {problem.rule for problem in whole.problems}


def known(rules: Compiled, golden: Path) -> tuple[list[Fact], set[str], set[str], str] | None:
    """The facts of a golden with all that is concluded, which rules speak, which are overridden, what the plan is."""
    host = planner.read_capture(next(golden.glob("capture.*")).read_bytes()).host
    definition = planner.read_definition((golden / "definition.yaml").read_text()).definition
    if host is None or definition is None:
        return None
    judgements = planner.consider(host, definition, rules._replace(kinds=frozenset(READERS)))
    decision = decide(judgements)
    if len([fact for fact in judgements[-1].facts if fact.kind == "management"]) > 1:
        return None  # a contradiction among rules, of which the encoding does not speak
    fired = {name for name, outcome in decision.outcomes.items() if outcome == "fired"}
    overridden = {name for judgement in judgements for name in judgement.overridden}
    return list(judgements[-1].facts), fired, overridden, decision.outcome


@pytest.mark.no_cover  # the solver's answers are judged in a loop that measuring makes four times as slow
@pytest.mark.parametrize("part", range(4))
def test_the_encoding_reads_rules_as_the_engines_do(part: int, rules: Compiled, soak: int) -> None:
    """A few goldens in each part; with ``make prove-long`` all of them."""
    compared = 0
    chosen = slice(part * 33, None, 131) if soak < 1000 else slice(part, None, 4)
    for golden in sorted(GOLDEN.iterdir())[chosen]:
        found = known(rules, golden)
        if found is not None:
            facts, fired, overridden, outcome = found
            world = World(rules.ruleset.rules, others=[told(facts)])
            for name in world.rules:
                world.fires(name)
            world.close(facts)
            answer = world.ask()
            assert answer.verdict == "refuted", golden
            assert set(answer.fired) - overridden == fired - overridden, golden
            assert {fact.fields["is"] for fact in answer.facts if fact.kind == "outcome"} == {outcome}, golden
            compared += 1
    assert compared >= 2


def told(facts: list[Fact]) -> Rule:
    """A rule that names every text of the facts, so that the encoding knows them."""
    from planner.rules.model import Pattern, Test

    texts = tuple(sorted({value for fact in facts for value in fact.fields.values() if isinstance(value, str)}))
    return Rule(
        "told", "guard", "", when=(Pattern("host", "host", False, (Test("addresses", "in", texts, 1, 1),), 1, 1),)
    )


def test_axioms_have_names_of_their_own_and_reasons() -> None:
    names = [axiom.name for axiom in axioms()]
    assert len(names) == len(set(names)) > 100
    assert all(axiom.why for axiom in axioms())


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "prove", "--invariant", "tag-kept", "-o", "json"]) == 0
    told = capsys.readouterr()
    assert told.err == "ovirtmgmt@1.0: invariants: 1 proved\n"
    (proof,) = json.loads(told.out)["proofs"]
    assert (proof["verdict"], proof["host"]) == ("proved", None)
    assert proof["axioms"]
    assert main(["rules", "prove", "--invariant", "nonsense"]) == 1
    assert "has no invariant 'nonsense'" in capsys.readouterr().err


def test_a_policy_is_told_what_it_gives_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ruleset.yaml").write_text(
        'ruleset: site\nversion: "1"\nsummary: Ours.\nextends: ovirtmgmt@1.0\n'
        "disable:\n  - rule: mtu-too-small-for-ipv6\n    reason: Nobody has IPv6 here.\n"
    )
    assert main(["rules", "prove", str(tmp_path), "--invariant", "mtu-for-ipv6"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("gives up mtu-for-ipv6 of ovirtmgmt@1.0: ")
    assert "192.0.2." in out
    assert main(["rules", "prove", str(tmp_path), "--invariant", "mtu-for-ipv6", "-o", "sarif"]) == 1
    (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    assert result["ruleId"] == "invariant-refuted"
    assert result["properties"]["witness"]["capture"]["nics"]


def test_what_a_policy_says_that_it_gives_up_does_not_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ruleset.yaml").write_text(
        'ruleset: site\nversion: "1"\nsummary: Ours.\nextends: ovirtmgmt@1.0\n'
        "disable:\n  - rule: mtu-too-small-for-ipv6\n    reason: Nobody has IPv6 here.\n"
        "give_up:\n  - invariant: mtu-for-ipv6\n    reason: Nobody has IPv6 here.\n"
        "  - invariant: tag-kept\n    reason: To see what is said.\n"
    )
    meant = ["rules", "prove", str(tmp_path), "--invariant", "mtu-for-ipv6"]
    assert main(meant) == 0
    told = capsys.readouterr()
    assert told.out.startswith("gives up mtu-for-ipv6 of ovirtmgmt@1.0: ")
    assert "  the manifest gives it up: Nobody has IPv6 here.\n" in told.out
    assert told.err == "site@1: invariants: 1 given up\n"
    assert main([*meant, "-o", "json"]) == 0
    (proof,) = json.loads(capsys.readouterr().out)["proofs"]
    assert (proof["verdict"], proof["given_up"]) == ("refuted", "Nobody has IPv6 here.")
    assert main([*meant, "-o", "sarif"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["results"] == []
    assert main(["rules", "prove", str(tmp_path), "--invariant", "tag-kept"]) == 1
    assert "tag-kept is given up in the manifest, and kept on every host: take it out" in capsys.readouterr().err


@pytest.mark.no_cover  # as above
def test_random_hosts_are_read_as_the_engines_do(rules: Compiled) -> None:
    for seed in range(6):
        capture, wanted, addresses = Builder(seed).build()
        host, definition = planner.read_capture(capture).host, planner.read_definition(wanted).definition
        if host is None or definition is None:
            continue
        judgements = planner.consider(host, definition, rules._replace(kinds=frozenset(READERS)), addresses)
        facts = list(judgements[-1].facts)
        if len([fact for fact in facts if fact.kind == "management"]) < 2:
            world = World(rules.ruleset.rules, others=[told(facts)])
            world.close(facts)
            (outcome,) = {fact.fields["is"] for fact in world.ask().facts if fact.kind == "outcome"}
            assert outcome == decide(judgements).outcome, seed


def test_the_page_tells_every_invariant(rules: Compiled) -> None:
    page = (GOLDEN.parent / "docs" / "invariants.md").read_text()
    for one in rules.ruleset.invariants:
        assert f"| {one.name} | {one.summary} | " in page, "run `make docs`"


@pytest.mark.parametrize(
    "golden",
    [
        "seed-vlan-over-bond",
        "own-bridgeless-retag",
        "foreign-bridge",
        "fail-over-mac",
        "infiniband-bond-bridgeless",
        "ovirtmgmt-should-be-bridged",
        "ovs-vlan-over-bond",
        "by-ipv6-beside-gateway",
    ],
)
def test_facts_of_a_host_are_written_as_a_capture_that_is_judged_alike(golden: str, rules: Compiled) -> None:
    found = known(rules, GOLDEN / golden)
    assert found is not None
    facts, _, _, outcome = found
    read = witness_of(facts).read()
    assert read is not None
    assert planner.plan(*read, rules, witness_of(facts).addresses).outcome == outcome
