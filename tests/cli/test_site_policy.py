"""A site's own rules: added, overriding, disabled, shadowed, and in conflict."""

import json
from pathlib import Path

import pytest

from planner.cli.main import main

ROOT = Path(__file__).parents[2]
SEED = ROOT / "golden" / "seed-vlan-over-bond"
HOST = [str(SEED / "capture.json"), "--network", str(SEED / "definition.yaml"), "--address", "192.0.2.10"]
MANIFEST = 'ruleset: site\nversion: "1"\nsummary: Ours\nextends: ovirtmgmt@1.0\n'
RULE = """\
rule: {name}
since: "1"
summary: Ours
why: Because we say so.
{more}when:
  - management: {{}}
  - vlan: {{name: $management.device}}
then:
  {then}
"""


def site(tmp_path: Path, rules: dict[str, str], manifest: str = MANIFEST) -> list[str]:
    folder = tmp_path / "site"
    for path, text in {"ruleset.yaml": manifest, **rules}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return ["plan", *HOST, "--policy", str(folder), "-o", "json"]


def planned(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> dict:
    main(arguments)
    return json.loads(capsys.readouterr().out)


def test_a_rule_is_added(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    then = 'refuse: {code: ours, message: "no {vlan.name} here", hint: "ask us"}'
    rule = RULE.format(name="no-vlans", more="", then=then)
    plan = planned(site(tmp_path, {"guard/no-vlans.yaml": rule}), capsys)
    assert plan["outcome"] == "refused"
    assert (plan["problems"][0]["code"], plan["problems"][0]["message"]) == ("ours", "no bond4.3000 here")
    assert "site/1/guard/no-vlans.yaml:" in plan["problems"][0]["where"][-1]
    assert (plan["rules"]["ruleset"], plan["rules"]["version"]) == ("site", "1")


def test_a_rule_is_overridden_by_another_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    then = "set: {bridged: false, mtu: 1400, default_route: true, switch: legacy}"
    rule = RULE.format(name="small", more="overrides: [as-defined]\n", then=then)
    plan = planned(site(tmp_path, {"devise/small.yaml": rule}), capsys)
    assert plan["outcome"] == "change"
    assert plan["attachment"]["mtu"] == 1400
    mtu = next(reason for reason in plan["trace"] if reason["field"] == "mtu")
    assert (mtu["rule"], mtu["at"].rpartition(":")[0]) == ("small", "site/1/devise/small.yaml")


def test_two_rules_in_conflict_are_both_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = RULE.format(name="small", more="", then="set: {mtu: 1400}")
    plan = planned(site(tmp_path, {"devise/small.yaml": rule}), capsys)
    assert plan["outcome"] == "refused"
    conflict = next(problem for problem in plan["problems"] if problem["code"] == "rule-conflict")
    assert "as-defined says 9000 and small says 1400" in conflict["message"]
    assert [place.rpartition(":")[0] for place in conflict["where"]] == [
        "ovirtmgmt/1.0/devise/as-defined.yaml",
        "site/1/devise/small.yaml",
    ]


def test_a_shadow_reports_and_does_not_act(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = RULE.format(name="small", more="shadow: true\n", then="set: {mtu: 1400}")
    plan = planned(site(tmp_path, {"devise/small.yaml": rule}), capsys)
    assert plan["attachment"]["mtu"] == 9000
    assert "shadow-rule" in {problem["code"] for problem in plan["problems"]}


def test_a_rule_is_disabled_with_a_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = MANIFEST + "disable:\n  - rule: vlan-over-bond\n    reason: we have none\n"
    plan = planned(site(tmp_path, {}, manifest), capsys)
    assert plan["outcome"] == "refused"
    assert [problem["code"] for problem in plan["problems"] if problem["severity"] == "error"] == ["nothing-devised"]
    arguments = ["why-not", *HOST, "--policy", str(tmp_path / "site"), "vlan-over-bond"]
    assert main(arguments) == 1
    assert "we have none" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("manifest", "code"),
    [
        (MANIFEST.replace("ovirtmgmt@1.0", "site@1"), "extends-itself"),
        (MANIFEST.replace("ovirtmgmt@1.0", "ovirtmgmt@7"), "unknown-ruleset"),
        (MANIFEST + "disable: [{rule: on-nic}]\n", "missing-key"),
        (MANIFEST + "digest: sha256:" + "0" * 64 + "\n", "digest-mismatch"),
    ],
)
def test_manifests_that_cannot_be(manifest: str, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(site(tmp_path, {}, manifest)) == 1
    assert f"error[{code}]" in capsys.readouterr().err


def test_a_rule_that_explodes_is_refused_in_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = RULE.format(name="slow", more="", then='note: {code: x, message: "x", hint: "y"}')
    rule = rule.replace("{name: $management.device}", "{name: {matches: '(a+)+b'}}")
    assert main(site(tmp_path, {"guard/slow.yaml": rule})) == 1
    assert "slow.yaml:7:28: error[bad-regex]" in capsys.readouterr().err
