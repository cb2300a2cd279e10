"""The goldens: every plan is as it was reviewed, fits its schema, and every rule has its hosts."""

import json
from pathlib import Path

import jsonschema
import pytest

import planner
from planner.cli.golden import plan_golden
from planner.cli.main import main
from planner.host.capture import read_capture
from planner.plan.plan import Plan
from planner.rules.compiled import Compiled

ROOT = Path(__file__).parents[2]
GOLDENS = sorted(path.parent for path in (ROOT / "golden").glob("*/definition.yaml"))
SCHEMA = json.loads((ROOT / "schemas" / "plan.schema.json").read_text())


@pytest.fixture(scope="module")
def plans(rules: Compiled) -> dict[str, Plan]:
    planned = {folder.name: plan_golden(str(folder), rules)[0] for folder in GOLDENS}
    return {name: plan for name, plan in planned.items() if plan is not None}


def test_every_golden_is_as_it_was_reviewed(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["golden", "check", str(ROOT / "golden")])
    assert status == 0, capsys.readouterr().out


def test_there_are_goldens_enough(plans: dict[str, Plan]) -> None:
    assert len(plans) == len(GOLDENS) >= 45
    assert {plan.outcome for plan in plans.values()} == {"change", "no-change", "refused"}


@pytest.mark.parametrize("folder", GOLDENS, ids=lambda folder: folder.name)
def test_a_plan_fits_its_schema(folder: Path, plans: dict[str, Plan]) -> None:
    plan = plans[folder.name]
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert [error.message for error in validator.iter_errors(json.loads(plan.json()))] == []
    for problem in plan.problems:
        assert problem.hint, problem
        assert "{" not in problem.message + problem.hint
    traced = {reason.field.partition(".")[0] for reason in plan.trace}
    if plan.outcome == "change":
        assert plan.attachment is not None
        missing = set(plan.attachment.document()) - traced - (set() if plan.attachment.bond else {"bonding"})
        assert not missing, f"no rule says why: {missing}"


def test_every_rule_fires_on_a_golden_and_is_silent_on_another(rules: Compiled, plans: dict[str, Plan]) -> None:
    for rule in rules.ruleset.rules:
        outcomes = [plan.outcomes[rule.name] for plan in plans.values()]
        assert "fired" in outcomes, f"{rule.name} fires on no golden"
        assert set(outcomes) - {"fired"}, f"{rule.name} is silent on none"


def test_examples_hold(rules: Compiled, plans: dict[str, Plan]) -> None:
    for rule in rules.ruleset.rules:
        assert rule.fires, f"{rule.name} names no golden on which it fires"
        assert rule.silent, f"{rule.name} names no golden on which it is silent"
        for name in rule.fires:
            assert plans[name].outcomes[rule.name] == "fired", (rule.name, name)
        for name in rule.silent:
            assert plans[name].outcomes[rule.name] != "fired", (rule.name, name)


def test_a_refusal_has_a_hint_and_every_rule_its_why(rules: Compiled) -> None:
    for rule in rules.ruleset.rules:
        assert rule.summary
        assert rule.why
        for verdict in rule.verdicts:
            assert verdict.hint, rule.name


def test_the_worked_example(plans: dict[str, Plan]) -> None:
    """As VDSM's own validator accepts it (verdict `seed`), with the engine's time-out."""
    plan = plans["seed-vlan-over-bond"]
    verdict = json.loads((ROOT / "tests" / "data" / "verdicts" / "seed.json").read_text())
    request = plan.document()["steps"][-1]["request"]
    asked = request["networks"]["ovirtmgmt"]
    assert {key: asked[key] for key in verdict["networks"]["ovirtmgmt"]} == verdict["networks"]["ovirtmgmt"]
    bond = request["bondings"]["bond4"]
    assert {key: bond[key] for key in verdict["bondings"]["bond4"]} == verdict["bondings"]["bond4"]
    assert request["options"]["connectivityTimeout"] == 120


def test_plans_are_pure(rules: Compiled) -> None:
    """The same inputs make the same bytes, in whatever order the capture tells things."""
    folder = ROOT / "golden" / "seed-vlan-over-bond"
    document = json.loads((folder / "capture.json").read_text())
    turned = {
        key: dict(reversed(value.items())) if isinstance(value, dict) else value for key, value in document.items()
    }
    definition = planner.read_definition((folder / "definition.yaml").read_text()).definition
    assert definition is not None
    texts = set()
    for capture in (document, turned, document):
        host = read_capture(capture).host
        assert host is not None
        texts.add(planner.plan(host, definition, rules, ("192.0.2.10",)).json())
    assert len(texts) == 1
