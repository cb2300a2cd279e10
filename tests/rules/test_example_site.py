"""The worked site policy: each of its four wishes acts where it is to, and takes nothing from the shipped rules."""

import json
import re
from pathlib import Path

import pytest

import planner
from planner.authoring.golden import Case, try_out
from planner.cli.cases import read_golden
from planner.cli.main import main
from planner.plan.plan import Plan
from planner.rules.compiled import Compiled, compile_ruleset
from planner.rules.shelf import installed, load_rules

ROOT = Path(__file__).parents[2]
SITE = ROOT / "rules" / "examples" / "site"
OWN = sorted(path.parent for path in (SITE / "golden").glob("*/definition.yaml"))
SHIPPED = sorted(path.parent for path in (ROOT / "golden").glob("*/definition.yaml"))
# What the shipped rules say and the site does not: disabled, or told by a refusal of the site's own.
LEFT_OUT = {"rival-device"}
REFUSED_INSTEAD = {"mtu-raised": "jumbo-path", "base-mtu-raised": "jumbo-path"}


@pytest.fixture(scope="module")
def site() -> Compiled:
    ruleset, problems = load_rules(str(SITE))
    assert ruleset is not None, problems
    return compile_ruleset(ruleset)


def case_in(folder: Path) -> Case:
    case, problems = read_golden(str(folder))
    assert case is not None, problems
    return case


def codes(plan: Plan) -> set[str]:
    return {problem.code for problem in plan.problems}


def planned(name: str, site: Compiled) -> Plan:
    return try_out(case_in(SITE / "golden" / name), site).plan


def test_the_linter_has_nothing_to_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "check", str(SITE)]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert re.search(r"rules; nothing to say; \d+ questions decided, 0 undecided\n$", told.err)
    assert told.err.startswith("example-site@1: ")


def test_every_example_and_golden_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "test", str(SITE)]) == 0, capsys.readouterr().out
    assert main(["golden", "check", str(SITE / "golden"), "--policy", str(SITE)]) == 0


def test_every_rule_of_it_fires_on_a_golden_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "coverage", str(SITE), "--fail-under", "95", "-o", "json"]) == 0
    rules = json.loads(capsys.readouterr().out)["rules"]
    assert {rule["file"].startswith(str(SITE)) for rule in rules} == {True}


@pytest.mark.parametrize(
    ("wish", "acts", "silent"),
    [
        ("vlan-tag-adopted", ["tag-adopted-over-nic", "tag-adopted-over-bond"], ["as-the-site-wants", "untagged-host"]),
        ("storage-nic", ["address-on-san-nic", "address-on-storage-adapter"], ["as-the-site-wants"]),
        ("storage-nic", ["bond-over-san-nics", "bond-over-storage-adapter"], ["bond-of-mode-1"]),
        ("bond-mode-1", ["bond-of-mode-1", "vlan-over-bond-of-mode-1"], ["as-the-site-wants"]),
        ("jumbo-path", ["path-of-1500-over-nic", "path-of-1500-over-bond"], ["as-the-site-wants", "path-of-9216"]),
    ],
)
def test_a_wish_acts_on_its_hosts_and_on_no_other(
    wish: str, acts: list[str], silent: list[str], site: Compiled
) -> None:
    for name in acts:
        assert wish in codes(planned(name, site)), name
        assert (planned(name, site).outcome == "change") == (wish == "vlan-tag-adopted"), name
    for name in silent:
        assert wish not in codes(planned(name, site)), name


@pytest.mark.parametrize(
    ("name", "tag", "base"), [("tag-adopted-over-nic", 100, "eth0"), ("tag-adopted-over-bond", 3000, "bond0")]
)
def test_an_adopted_tag_stands_in_the_whole_plan_as_if_it_were_defined(
    name: str, tag: int, base: str, site: Compiled, rules: Compiled
) -> None:
    case = case_in(SITE / "golden" / name)
    plan = try_out(case, site).plan
    defined = planner.plan(case.host, case.definition._replace(vlan=tag), rules, case.addresses)
    assert plan.attachment is not None
    assert (plan.attachment.tag, plan.attachment.iface) == (tag, base)
    found, wanted = plan.document(), defined.document()
    assert [step["request"]["networks"]["ovirtmgmt"]["vlan"] for step in found["steps"]] == [tag, tag]
    for part in ("outcome", "management", "attachment", "steps"):
        assert found[part] == wanted[part], part
    (warning,) = [problem for problem in plan.problems if problem.severity == "warning"]
    assert (warning.code, warning.severity) == ("vlan-tag-adopted", "warning")
    assert f"define ovirtmgmt with vlan {tag} in the data centre" in warning.hint


@pytest.mark.parametrize("name", ["tag-of-own-network", "tag-zero", "untagged-host"])
def test_a_tag_that_cannot_be_adopted_is_refused_as_before(name: str, site: Compiled, rules: Compiled) -> None:
    case = case_in(SITE / "golden" / name)
    assert "vlan-tag-mismatch" in codes(try_out(case, site).plan)
    assert codes(try_out(case, site).plan) == codes(try_out(case, rules).plan)


def test_an_adopted_tag_whose_path_is_not_jumbo_is_refused_for_that(site: Compiled) -> None:
    case = case_in(SITE / "golden" / "path-of-1500-over-bond")
    plan = planner.plan(case.host, case.definition._replace(vlan=200), site, case.addresses)
    told = {"first-network", "jumbo-path", "static-routes-not-carried", "vlan-tag-adopted"}
    assert (plan.outcome, codes(plan)) == ("refused", told)


def test_a_host_that_is_as_defined_is_left_alone(site: Compiled) -> None:
    plan = planned("as-defined-over-mode-1", site)
    assert plan.outcome == "no-change"
    assert {problem.code: problem.severity for problem in plan.problems}["bond-mode-1"] == "warning"


def test_a_shadow_only_tells(site: Compiled) -> None:
    plan = planned("defined-with-1500", site)
    assert (plan.outcome, codes(plan)) == ("change", {"first-network", "shadow-rule", "static-routes-not-carried"})


def test_what_is_disabled_is_silent(site: Compiled, rules: Compiled) -> None:
    case = case_in(SITE / "golden" / "as-the-site-wants")
    assert "rival-device" in codes(try_out(case, rules).plan)
    assert "rival-device" not in codes(try_out(case, site).plan)


def test_nothing_else_of_the_shipped_rules_is_weakened(site: Compiled, rules: Compiled) -> None:
    """On every shipped golden: whatever is not said any more gave way to something that the site says."""
    adopted = set()
    for folder in SHIPPED:
        case = case_in(folder)
        shipped, plan = try_out(case, rules).plan, try_out(case, site).plan
        gone = codes(shipped) - codes(plan) - LEFT_OUT
        if "vlan-tag-mismatch" in gone:
            assert "vlan-tag-adopted" in codes(plan), folder.name
            adopted.add(folder.name)
            gone.discard("vlan-tag-mismatch")
        assert {REFUSED_INSTEAD.get(code) for code in gone} <= codes(plan), (folder.name, gone)
        if shipped.outcome == "refused":
            assert plan.outcome == "refused" or folder.name in adopted, folder.name
    assert adopted == {"tag-of-hosted-engine", "vlan-other-tag", "vlan-untagged-wanted"}


def test_examples_are_no_installed_ruleset_and_are_found_by_their_path(capsys: pytest.CaptureFixture[str]) -> None:
    assert not [name for name in installed() if name.startswith("examples")]
    for spec in ("examples", "examples@site", "examples/site"):
        assert main(["rules", "list", spec]) == 1
        assert str(SITE) in capsys.readouterr().err
    assert main(["rules", "list", str(SITE)]) == 0
    told = capsys.readouterr().out
    (adopting,) = (line.split() for line in told.splitlines() if "  adopt-tag " in line)
    assert adopting[:4] == ["guard", "adopt-tag", "1", "example-site@1"]
    assert "(shadow) The network is not defined for jumbo frames" in told
    assert "(disabled) every host here has its default route on the tenants' network" in told
