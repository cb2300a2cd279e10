"""``mgmtnet rules fmt``, ``new`` and ``release``: what they write, what they leave alone, what they say."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml
from sites import MANIFEST, RULE, released

from planner.cli.main import main
from planner.rules.compiled import KeptRules
from planner.rules.schema import documents
from planner.rules.shelf import compiled_rules, load_rules

ROOT = Path(__file__).parents[2]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "guard").mkdir(parents=True)
    (folder / "ruleset.yaml").write_text(MANIFEST)
    (folder / "guard" / "ours.yaml").write_text(RULE.format(name="ours", since="1.2", summary="Ours"))
    return folder


def committed(site: Path, message: str) -> None:
    if not (site / ".git").exists():
        subprocess.run(["git", "init", "-q"], cwd=site, check=True)
    for command in (["add", "-A"], ["commit", "-qm", message]):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *command], cwd=site, check=True)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    told = capsys.readouterr()
    return told.out + told.err


class TestFmt:
    def test_a_folder_is_formatted_once(self, site: Path, capsys: pytest.CaptureFixture[str]) -> None:
        rule = site / "guard" / "ours.yaml"
        tame = rule.read_text()
        rule.write_text(tame.replace('since: "1.2"\n', "") + 'since: "1.2"\n')
        (site / "ruleset.yaml").write_text(
            "extends: ovirtmgmt@1.0\n" + MANIFEST.replace("extends: ovirtmgmt@1.0\n", "")
        )
        assert main(["rules", "fmt", "--check", str(site)]) == 1
        assert said(capsys).splitlines() == [str(site / "ruleset.yaml"), str(rule), "2 files, 2 not formatted"]
        assert rule.read_text() != tame
        assert main(["rules", "fmt", str(site)]) == 0
        assert (rule.read_text(), (site / "ruleset.yaml").read_text()) == (tame, MANIFEST)
        capsys.readouterr()
        assert main(["rules", "fmt", "--check", str(site)]) == 0
        assert said(capsys) == "2 files, 0 not formatted\n"
        assert sorted(path.name for path in site.rglob("*")) == ["guard", "ours.yaml", "ruleset.yaml"]

    def test_a_file_by_itself_and_its_mode(self, site: Path) -> None:
        rule = site / "guard" / "ours.yaml"
        rule.write_text(rule.read_text() + "\n\n")
        rule.chmod(0o640)
        assert main(["rules", "fmt", str(rule)]) == 0
        assert rule.read_text().endswith("[address-unknown]\n")
        assert rule.stat().st_mode & 0o777 == 0o640

    def test_a_file_with_an_error_is_left_alone(self, site: Path, capsys: pytest.CaptureFixture[str]) -> None:
        rule = site / "guard" / "ours.yaml"
        wrong = "\n" + rule.read_text().replace("management: {}", "mangement: {}")
        rule.write_text(wrong)
        assert main(["rules", "fmt", str(site)]) == 1
        told = said(capsys)
        assert f'{rule}:8:5: error[unknown-kind]: there is no kind of fact "mangement"' in told
        assert "           ^^^^^^^^^" in told
        assert rule.read_text() == wrong

    @pytest.mark.parametrize(
        ("place", "code"),
        [("empty", "no-rules"), ("nowhere.yaml", "file-unreadable"), ("odd/a.yaml", "misplaced-file")],
    )
    def test_places_without_rules(
        self, place: str, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "empty").mkdir()
        (tmp_path / "odd").mkdir()
        (tmp_path / "odd" / "a.yaml").write_text("rule: a\n")
        assert main(["rules", "fmt", str(tmp_path / place)]) == 1
        assert f"error[{code}]" in said(capsys)

    def test_a_released_ruleset_is_left_as_it_is(self, site: Path, capsys: pytest.CaptureFixture[str]) -> None:
        rule = site / "guard" / "ours.yaml"
        rule.write_text(rule.read_text() + "\n")
        assert released(site) == 0
        before = rule.read_text()
        for place in (site, rule):
            assert main(["rules", "fmt", str(place)]) == 0
            assert f"{site} is released: left as it is" in said(capsys)
        assert rule.read_text() == before

    def test_the_shipped_rules_are_formatted(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["rules", "fmt", "--check", str(ROOT / "rules")]) == 0
        assert said(capsys).endswith(" files, 0 not formatted\n")


class TestNew:
    def test_a_rule_like_another(self, site: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["rules", "new", "our-bond", "--like", "vlan-over-bond", "--into", str(site)]) == 0
        path = site / "devise" / "our-bond.yaml"
        assert capsys.readouterr().out == f"{path}\n"
        assert path.read_text() == (
            "# yaml-language-server: $schema=../schemas/rule.schema.json\n"
            'rule: our-bond\nsince: "1.2"\nsummary: The management IP is on a VLAN over a bond\n'
            "# why: what would happen to a host without this rule, and where that is known from\n"
            "when:\n  - management: {kind: vlan}\n  - vlan: {name: $management.device}\n  - bond: {name: $vlan.base}\n"
            "then:\n  set:\n    iface: $bond.name\n    vlan: $vlan.tag\n    bonding: $bond\n"
            "examples:\n  fires: []\n  silent: []\n"
        )

    def test_a_verdict_is_called_after_the_new_rule(self, site: Path) -> None:
        assert main(["rules", "new", "our-mtu", "--like", "mtu-raised", "--into", str(site)]) == 0
        made = yaml.safe_load((site / "guard" / "our-mtu.yaml").read_text())
        theirs = yaml.safe_load((ROOT / "rules/ovirtmgmt/1.0/guard/mtu-raised.yaml").read_text())
        assert [verdict["code"] for verdict in made["then"].values()] == ["our-mtu"]
        assert made["when"] == theirs["when"]
        assert {**made["then"]["warn"], "code": ""} == {**theirs["then"]["warn"], "code": ""}

    def test_a_copy_of_what_took_a_rule_s_place_takes_no_place(self, site: Path) -> None:
        theirs = (ROOT / "rules/ovirtmgmt/1.0/guard/mtu-raised.yaml").read_text()
        (site / "guard" / "mtu-raised.yaml").write_text(
            theirs.replace("\nwhen:", "\noverrides: [mtu-raised]\nwhen:", 1)
        )
        arguments = ["--like", "mtu-raised", "--rules", str(site), "--into", str(site)]
        assert main(["rules", "new", "our-mtu", *arguments]) == 0
        assert "overrides" not in (site / "guard" / "our-mtu.yaml").read_text()

    def test_the_check_asks_for_the_why_and_a_golden_and_stays_green(
        self, site: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        arguments = ["rules", "new", "our-bond", "--like", "vlan-over-bond", "--into", str(site)]
        assert main(arguments) == 0
        capsys.readouterr()
        assert main(["rules", "check", "--quick", str(site)]) == 0
        told = said(capsys)
        assert "our-bond.yaml:2:1: warning[no-reason]: our-bond does not say why it is there" in told
        assert "our-bond.yaml:2:1: warning[untested-rule]" in told
        assert "warning[no-reason]" in told
        path = site / "devise" / "our-bond.yaml"
        path.write_text(path.read_text().replace("# why: what", "why: what"))
        assert main(["rules", "check", "--quick", str(site)]) == 0
        assert "no-reason" not in said(capsys)

    def test_the_schema_lies_with_the_rules_and_is_found_wherever_they_go(self, site: Path, tmp_path: Path) -> None:
        assert main(["rules", "new", "a", "--like", "on-nic", "--into", str(site), "--stage", "guard"]) == 0
        moved = tmp_path / "elsewhere" / "policy"
        moved.parent.mkdir()
        site.rename(moved)
        first = (moved / "guard" / "a.yaml").read_text().splitlines()[0]
        schema = moved / "guard" / first.partition("$schema=")[2]
        assert json.loads(schema.read_text()) == documents()["rule.schema.json"]

    def test_a_schema_that_is_near_is_named_and_none_is_put(self, tmp_path: Path, site: Path) -> None:
        (tmp_path / "schemas").mkdir()
        (tmp_path / "schemas" / "rule.schema.json").write_text("{}")
        assert main(["rules", "new", "a", "--like", "on-nic", "--into", str(site), "--stage", "guard"]) == 0
        assert (
            (site / "guard" / "a.yaml")
            .read_text()
            .startswith("# yaml-language-server: $schema=../../schemas/rule.schema.json\n")
        )
        assert not (site / "schemas").exists()

    def test_a_place_that_takes_no_schemas(self, site: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (site / "schemas").write_text("")
        assert main(["rules", "new", "a", "--like", "on-nic", "--into", str(site), "--stage", "guard"]) == 1
        assert "error[file-unwritable]: cannot make" in said(capsys)

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["ours", "--like", "on-nic"], "error[file-exists]: there is a rule ours"),
            (["Ours", "--like", "on-nic"], "error[bad-name]: 'Ours' cannot be a rule's name"),
            (["a/../b", "--like", "on-nic"], "error[bad-name]"),
            (["new", "--like", "on-nick"], "did you mean on-nic?"),
            (["new", "--like", "on-nic", "--into", "nowhere"], "`mgmtnet rules init DIR` begins one"),
            (["new", "--like", "on-nic", "--rules", "nothing"], "error[unknown-ruleset]"),
        ],
    )
    def test_refusals(self, arguments: list[str], told: str, site: Path, capsys: pytest.CaptureFixture[str]) -> None:
        before = {path: path.read_bytes() for path in site.rglob("*.yaml")}
        assert main(["rules", "new", "--into", str(site), *arguments]) == 1
        assert told in said(capsys)
        assert {path: path.read_bytes() for path in site.rglob("*.yaml")} == before

    def test_nothing_is_added_to_a_released_version(self, site: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert released(site) == 0
        assert main(["rules", "new", "more", "--like", "on-nic", "--into", str(site)]) == 1
        assert "error[released]: site@1.2 is released" in said(capsys)

    def test_like_a_row_of_a_table(self, site: Path) -> None:
        text = RULE.format(name="ours", since="1.2", summary="Ours").replace("  fires: [nic-static]\n", "")
        columns = "table:\n  columns: [management.kind, examples.fires, note.code]\n"
        table = columns + "  rows:\n    nic: [nic, nic-static, ours-a]\n    bond: [bond, b, ours-b]\n"
        (site / "guard" / "ours.yaml").write_text(
            text.replace("then:", table + "then:").replace("    code: ours\n", "")
        )
        arguments = ["--like", "ours/bond", "--rules", str(site), "--into", str(site), "--stage", "devise"]
        assert main(["rules", "new", "theirs", *arguments]) == 0
        made = (site / "devise" / "theirs.yaml").read_text()
        assert yaml.safe_load(made)["table"]["rows"] == {
            "nic": ["nic", None, "theirs-nic"],
            "bond": ["bond", None, "theirs-bond"],
        }
        assert made.endswith("examples:\n  silent: []\n")


class TestInit:
    """A policy that is begun is green at once."""

    def test_what_is_begun_passes_every_check(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        folder = tmp_path / "our-site"
        assert main(["rules", "init", str(folder)]) == 0
        told = capsys.readouterr()
        assert {Path(line) for line in told.out.splitlines()} == {path for path in folder.rglob("*") if path.is_file()}
        assert f"mgmtnet rules test {folder}" in told.err
        assert main(["rules", "check", "--strict", str(folder)]) == 0
        assert re.search(r"rules; nothing to say; \d+ questions? decided, 0 undecided\n$", said(capsys))
        assert main(["rules", "test", str(folder)]) == 0
        assert said(capsys).startswith("1 rules: 3 examples, 0 broken; 3 goldens, 0 otherwise; ")
        assert main(["golden", "check", str(folder / "golden"), "--policy", str(folder)]) == 0
        assert main(["rules", "fmt", "--check", str(folder)]) == 0
        assert main(["rules", "coverage", str(folder), "--fail-under", "100"]) == 0
        ruleset, _ = load_rules(str(folder))
        assert (ruleset.name, ruleset.version) == ("our-site", "1")

    def test_every_file_names_a_schema_that_it_fits_from_anywhere(self, tmp_path: Path) -> None:
        assert main(["rules", "init", str(tmp_path / "site"), "--extends", "ovirtmgmt@1.0"]) == 0
        moved = tmp_path / "far" / "away"
        moved.parent.mkdir()
        (tmp_path / "site").rename(moved)
        seen = 0
        for path in moved.rglob("*.yaml"):
            if path.name != "about.yaml":
                first = path.read_text().splitlines()[0]
                assert first.startswith("# yaml-language-server: $schema="), path
                schema = json.loads((path.parent / first.partition("$schema=")[2]).read_text())
                jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(path.read_text()))
                seen += 1
        assert seen == 5

    def test_a_rule_is_added_and_it_stays_green(self, tmp_path: Path) -> None:
        folder = str(tmp_path / "site")
        assert main(["rules", "init", folder]) == 0
        assert main(["rules", "new", "mine", "--like", "bond-without-lacp", "--rules", folder, "--into", folder]) == 0
        assert main(["rules", "check", "--quick", folder]) == 0

    def test_an_empty_folder_will_do_and_a_name_that_is_none_is_left(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "Our Site").mkdir()
        monkeypatch.chdir(tmp_path / "Our Site")
        assert main(["rules", "init", "."]) == 0
        assert "ruleset: site\n" in Path("ruleset.yaml").read_text()
        assert main(["rules", "test", "."]) == 0

    def test_a_folder_called_like_an_installed_ruleset_is_that_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert main(["rules", "init", "ovirtmgmt"]) == 0
        assert (
            json.loads((tmp_path / "ovirtmgmt/golden/bond-of-mode-1/plan.json").read_text())["rules"]["version"] == "1"
        )

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["full"], "error[folder-not-empty]"),
            (["file"], "error[folder-unreadable]"),
            (["file/below"], "error[file-unwritable]"),
            (["new", "--extends", "ovirtmgm"], "did you mean ovirtmgmt@1.0?"),
            (["nul\0"], "error["),
        ],
    )
    def test_refusals(
        self,
        arguments: list[str],
        told: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "full").mkdir()
        (tmp_path / "full" / "mine").write_text("mine")
        (tmp_path / "file").write_text("")
        before = {*tmp_path.rglob("*")}
        assert main(["rules", "init", *arguments]) == 1
        assert told in said(capsys)
        assert {*tmp_path.rglob("*")} == before


class TestRelease:
    def test_a_version_is_sealed_once(self, site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (site / "guard" / "older.yaml").write_text(RULE.format(name="older", since="1.1", summary="Old"))
        log = tmp_path / "CHANGES.md"
        log.write_text("# Changes\n\n## Unreleased\n\n- more\n\n## site 1.1\n\n- less\n")
        entry = "## site 1.2\n\n### guard\n\n- `ours`: Ours\n"
        assert released(site, "--changelog", str(log)) == 0
        told = capsys.readouterr()
        assert told.out == entry
        assert log.read_text() == f"# Changes\n\n## Unreleased\n\n- more\n\n{entry}\n## site 1.1\n\n- less\n"
        ruleset, problems = load_rules(str(site))
        assert not problems
        form = (site / "compiled.jsonl").read_text().splitlines()[0]
        made = json.loads(form)["rules"]
        assert (site / "ruleset.yaml").read_text() == MANIFEST.replace(
            "extends", f"digest: {ruleset.digest}\ncompiled: {made}\nextends"
        )
        assert ruleset.digest in told.err
        assert main(["rules", "release", str(site), "--changelog", str(log)]) == 0
        assert said(capsys) == f"site 1.2 is sealed already: {ruleset.digest}\n"

    @pytest.mark.parametrize(
        "base", ['"ovirtmgmt@1.0"', "'ovirtmgmt@1.0'", "ovirtmgmt@1.0  # ours", "   ovirtmgmt@1.0"]
    )
    def test_the_base_may_be_spelled_as_yaml_allows(self, base: str, site: Path) -> None:
        (site / "ruleset.yaml").write_text(MANIFEST.replace("ovirtmgmt@1.0", base))
        assert released(site) == 0
        rules, problems = compiled_rules(str(site))
        assert rules is not None, problems
        assert isinstance(rules.ruleset.rules, KeptRules), "it starts from its compiled form"
        assert main(["rules", "check", "--quick", str(site)]) == 0

    def test_a_manifest_in_braces_is_not_spoilt(self, site: Path, capsys: pytest.CaptureFixture[str]) -> None:
        text = '{ruleset: site, version: "1.2", summary: Ours, extends: ovirtmgmt@1.0}\n'
        (site / "ruleset.yaml").write_text(text)
        assert released(site) == 1
        assert "error[" in said(capsys)
        assert (site / "ruleset.yaml").read_text() == text
        assert not (site / "compiled.jsonl").exists()

    def test_failing_goldens_are_not_sealed_over(self, site: Path, capsys: pytest.CaptureFixture[str]) -> None:
        shutil.copytree(ROOT / "golden" / "nic-static", site / "golden" / "nic-static")
        assert main(["rules", "release", str(site)]) == 1
        told = said(capsys)
        assert "FAIL  golden" in told
        assert "error[untested]" in told
        assert (site / "ruleset.yaml").read_text() == MANIFEST
        assert not (site / "compiled.jsonl").exists()

    def test_no_version_is_sealed_twice(self, site: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert released(site) == 0
        sealed = (site / "ruleset.yaml").read_text()
        unsealed = "".join(line for line in sealed.splitlines(True) if not line.startswith("digest"))
        (site / "ruleset.yaml").write_text(unsealed)
        assert released(site) == 0, "the same files have the same seal"
        assert (site / "ruleset.yaml").read_text() == sealed
        (site / "ruleset.yaml").write_text(unsealed)
        (site / "guard" / "more.yaml").write_text(RULE.format(name="more", since="1.2", summary="More"))
        capsys.readouterr()
        assert released(site) == 1
        assert "error[version-sealed]: site 1.2 was sealed before, with other files: sha256:" in said(capsys)
        assert (site / "ruleset.yaml").read_text() == unsealed

    def test_what_git_remembers_counts_too(self, site: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Who takes digest and compiled form away has still sealed it."""
        committed(site, "begun")
        assert released(site) == 0
        committed(site, "sealed")
        (site / "ruleset.yaml").write_text(MANIFEST)
        (site / "compiled.jsonl").unlink()
        (site / "guard" / "more.yaml").write_text(RULE.format(name="more", since="1.2", summary="More"))
        committed(site, "another 1.2")
        capsys.readouterr()
        assert released(site) == 1
        assert "error[version-sealed]" in said(capsys)
        (site / "ruleset.yaml").write_text(MANIFEST.replace("1.2", "1.3"))
        assert released(site) == 0
        assert capsys.readouterr().out == "## site 1.3\n\n### guard\n\n- `more`: More\n"

    def test_what_is_otherwise_than_in_the_last_seal(self, site: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (site / "guard" / "older.yaml").write_text(RULE.format(name="older", since="1.1", summary="Old"))
        (site / "ruleset.yaml").write_text(MANIFEST + "disable:\n  - rule: on-nic\n    reason: we have none\n")
        assert released(site) == 0
        sealed = (site / "ruleset.yaml").read_text().replace("on-nic", "prefix-unknown").replace('"1.2"', '"1.3"')
        (site / "ruleset.yaml").write_text("".join(line for line in sealed.splitlines(True) if "digest" not in line))
        rule = site / "guard" / "ours.yaml"
        rule.write_text(rule.read_text().replace("management: {}", "management: {kind: nic}"))
        (site / "guard" / "older.yaml").unlink()
        (site / "guard" / "new.yaml").write_text(RULE.format(name="new", since="1.3", summary="New"))
        capsys.readouterr()
        assert released(site) == 0
        assert capsys.readouterr().out == (
            "## site 1.3\n\n### guard\n\n- `new`: New\n\n### changed\n\n- `ours`: Ours\n"
            "\n### removed\n\n- `older`: Old\n\n### disabled\n\n- `prefix-unknown`: we have none\n"
            "\n### enabled again\n\n- `on-nic`: The management address is on a nic\n"
        )

    def test_a_manifest_without_a_last_line_end(self, site: Path) -> None:
        (site / "ruleset.yaml").write_text(MANIFEST.rstrip("\n").replace("\nextends: ovirtmgmt@1.0", ""))
        rule = RULE.format(name="ours", since="1.2", summary="Ours").replace("management: {}", "vlan: {}")
        rule = rule.replace("fires: [nic-static]\n  silent: [address-unknown]", "fires: []\n  silent: [nic-static]")
        (site / "guard" / "ours.yaml").write_text(rule)
        assert released(site) == 0
        assert main(["rules", "check", "--quick", str(site)]) == 0

    def test_an_edit_after_the_release_is_refused(self, site: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert released(site) == 0
        rule = site / "guard" / "ours.yaml"
        rule.write_text(rule.read_text().replace("we say", "they say"))
        manifest = (site / "ruleset.yaml").read_text()
        assert released(site) == 1
        assert "error[digest-mismatch]: the files of site@1.2 are not those that were released" in said(capsys)
        assert (site / "ruleset.yaml").read_text() == manifest

    @pytest.mark.parametrize(
        ("old", "new", "code"),
        [
            ("management: {}", "mangement: {}", "unknown-kind"),
            ("1.2", "1.3", "since-later"),
            ("ours\n", "our\n", "name-"),
        ],
    )
    def test_rules_with_errors_are_not_sealed(
        self, old: str, new: str, code: str, site: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        rule = site / "guard" / "ours.yaml"
        rule.write_text(rule.read_text().replace(old, new, 1))
        assert released(site) == 1
        assert f"error[{code}" in said(capsys)
        assert (site / "ruleset.yaml").read_text() == MANIFEST

    def test_only_a_folder_is_sealed(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["rules", "release", "ovirtmgmt@1.0"]) == 1
        assert "error[no-folder]" in said(capsys)

    def test_what_a_site_disables_is_told(self, site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        given_up = "give_up:\n  - invariant: tag-kept\n    reason: nor tags\n"
        disabled = "disable:\n  - rule: on-nic\n    reason: we have none\n"
        (site / "ruleset.yaml").write_text(MANIFEST + disabled + given_up)
        (site / "guard" / "ours.yaml").unlink()
        assert released(site, "--changelog", str(tmp_path / "new.md")) == 0
        entry = "## site 1.2\n\n### disabled\n\n- `on-nic`: we have none\n\n### given up\n\n- `tag-kept`: nor tags\n"
        assert capsys.readouterr().out == entry
        assert (tmp_path / "new.md").read_text() == f"# Changelog\n\n{entry}"
        for version, given_up, told in (
            ("1.3", "give_up:\n  - invariant: tag-kept\n    reason: nor tags\n", ""),
            ("1.4", "", "\n### kept again\n\n- `tag-kept`\n"),
        ):
            (site / "ruleset.yaml").write_text(MANIFEST.replace("1.2", version) + disabled + given_up)
            assert released(site) == 0
            nothing = "\nNo rule is new, changed, removed or disabled.\n"
            assert capsys.readouterr().out == f"## site {version}\n{told or nothing}"
