"""The bench on a site's rules: what is the site's own, what it inherits, and what it took out."""

import shutil
import subprocess
from pathlib import Path

import pytest

from planner.cli.main import main

ROOT = Path(__file__).parents[2]
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
