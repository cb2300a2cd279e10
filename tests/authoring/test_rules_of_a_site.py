"""The bench on a site's rules: what is the site's own, what it inherits, and what it took out."""

import shutil
import subprocess
from pathlib import Path

import pytest

from planner.cli.main import main

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "golden"
SITE = ROOT / "rules" / "examples" / "site"
GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@example.com")
CHANGED = 4


def committed(repository: Path) -> None:
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "as it was"]):
        subprocess.run([*GIT, *command], cwd=repository, check=True)


@pytest.mark.parametrize("folder", [".", "policies/site", "rules/examples/site"])
def test_a_revision_of_a_site_extends_what_is_there_or_else_installed(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repository = tmp_path / "repository"
    if folder == "rules/examples/site":
        shutil.copytree(ROOT / "rules", repository / "rules")
    else:
        shutil.copytree(SITE, repository / folder, dirs_exist_ok=True)
    committed(repository)
    monkeypatch.chdir(repository)
    arguments = ["rules", "diff", f"HEAD:{folder}", folder, "--hosts", str(Path(folder) / "golden")]
    assert main(arguments) == 0
    assert capsys.readouterr().out.startswith("0 of ")
    rule = repository / folder / "guard" / "bond-mode-1.yaml"
    rule.write_text(rule.read_text().replace("mode: 1}", "mode: 4}"))
    assert main(arguments) == CHANGED
    assert "bond-of-mode-1: a refusal becomes a plan (bond-mode-1)" in capsys.readouterr().out


def test_coverage_is_about_the_site_s_own_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "coverage", str(SITE)]) == 0
    told = capsys.readouterr().out
    assert "9 of 9 rules fire on " in told
    assert "ovirtmgmt/1.0" not in told


def test_a_rule_that_was_taken_out_is_shown_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "show", "rival-default-route", str(SITE)]) == 1
    assert "example-site disables rival-default-route: every host here has" in capsys.readouterr().err


def test_a_shadow_that_would_override_blocks_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(SITE, tmp_path / "site")
    rule = tmp_path / "site" / "guard" / "adopt-tag.yaml"
    rule.write_text(rule.read_text().replace("\nwhen:", "\nshadow: true\nwhen:"))
    golden = SITE / "golden" / "tag-adopted-over-nic"
    host = [
        str(golden / "capture.json"),
        "--network",
        str(golden / "definition.yaml"),
        "--policy",
        str(rule.parents[1]),
    ]
    assert main(["why-not", *host, "vlan-tag-mismatch/other"]) == 0
    assert capsys.readouterr().out.endswith("\nit fired\n")
    assert main(["plan", *host]) == 3


def test_a_member_of_a_bond_is_known_by_its_own_mac_address(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["facts", str(SITE / "golden" / "bond-over-storage-adapter" / "capture.json")]) == 0
    told = capsys.readouterr().out
    assert "nic: name=ens1f1 hwaddr=00:00:5e:00:53:82 permanent_hwaddr=00:00:5e:00:53:1b" in told
    assert main(["facts", str(SITE / "golden" / "address-on-storage-adapter" / "capture.json")]) == 0
    assert "hwaddr=00:00:5e:00:53:1a permanent_hwaddr=00:00:5e:00:53:1a" in capsys.readouterr().out


def test_without_a_name_the_rules_are_those_of_the_folder_or_of_the_policy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(SITE)
    assert main(["rules", "check", "--quick"]) == 0
    assert "example-site@" in capsys.readouterr().err
    assert main(["rules", "test"]) == 0
    assert " 0 broken" in capsys.readouterr().err
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MGMTNET_POLICY", str(SITE))
    assert main(["rules", "check", "--quick"]) == 0
    assert "example-site@" in capsys.readouterr().err
    monkeypatch.delenv("MGMTNET_POLICY")
    assert main(["rules", "check", "--quick"]) == 0
    assert "ovirtmgmt@1.0: 193 rules" in capsys.readouterr().err


def test_a_table_is_no_rule_and_its_rows_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "show", "gateway"]) == 1
    err = capsys.readouterr().err
    assert "gateway is a table of ovirtmgmt@1.0, and each row a rule" in err
    assert "name one of its rows: gateway/" in err


def test_an_invariant_that_is_misspelt(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "prove", "--invariant", "tag-kep"]) == 1
    err = capsys.readouterr().err
    assert "error[unknown-invariant]: ovirtmgmt@1.0 has no invariant 'tag-kep'" in err
    assert "did you mean tag-kept?" in err


def test_rules_that_differ_on_no_host_at_hand_are_to_be_proved_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ruleset.yaml").write_text(
        'ruleset: mine\nversion: "1"\nsummary: One rule less\nextends: ovirtmgmt@1.0\n'
        "disable:\n  - rule: vlan-name-too-long\n    reason: a test\n"
    )
    host = str(GOLDEN / "nic-static")
    assert main(["rules", "diff", "ovirtmgmt", "ovirtmgmt", "--hosts", host]) == 0
    assert "--prove" not in capsys.readouterr().err
    assert main(["rules", "diff", "ovirtmgmt", str(tmp_path), "--hosts", host]) == 0
    assert "the rules differ all the same: --prove tells of every host there can be" in capsys.readouterr().err


def test_a_golden_made_by_a_policy_is_looked_at_by_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    golden = GOLDEN / "nic-static"
    made = [
        "golden",
        "new",
        str(golden / "capture.json"),
        "--network",
        str(golden / "definition.yaml"),
        "--name",
        "one",
    ]
    assert main([*made, "--into", str(tmp_path), "--policy", str(SITE)]) == 0
    assert f"mgmtnet golden check {tmp_path}/one --policy {SITE};" in capsys.readouterr().err
