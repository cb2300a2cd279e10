"""``mgmtnet golden new`` makes a golden that tells of nobody; ``golden update --interactive`` tells why, and asks."""

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from junit_form import faults, read

from planner.cli.main import main

ROOT = Path(__file__).parents[2]
SEED = ROOT / "golden" / "seed-vlan-over-bond"
SITE = 'ruleset: site\nversion: "1"\nsummary: s\nextends: ovirtmgmt@1.0\n'
RULE = """\
rule: small
since: "1"
summary: Our MTU
why: Because.
overrides: [nameservers-from-dhcp]
when:
  - management: {}
then:
  set: {nameservers: ""}
"""


@pytest.fixture
def captured(tmp_path: Path) -> list[str]:
    """The worked example, as a customer has it."""
    text = (SEED / "capture.json").read_text().replace("192.0.2.", "172.20.30.")
    document = json.loads(text)
    document["hostname"] = "acme-host-1"
    (tmp_path / "capture.json").write_text(json.dumps(document))
    definition = "network: acme-mgmt\nvlan: 3000\nmtu: 9000\nnameservers: [172.20.30.53]\ngateway: [172.20.30.1]\n"
    (tmp_path / "definition.yaml").write_text(definition)
    arguments = ["--network", str(tmp_path / "definition.yaml"), "--address", "172.20.30.10"]
    return ["golden", "new", str(tmp_path / "capture.json"), *arguments]


def test_a_golden_of_a_capture(captured: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "golden"
    assert main([*captured, "--name", "ours", "--about", "As our hosts are", str(folder)]) == 0
    assert capsys.readouterr().out == f"{folder / 'ours'}\n"
    assert sorted(path.name for path in folder.rglob("*")) == [
        *("about.yaml", "capture.json", "definition.yaml", "ours", "plan.json", "why.txt"),
    ]
    for path in (folder / "ours").iterdir():
        assert "172.20.30." not in path.read_text()
        assert "acme" not in path.read_text()
    about, definition = (
        yaml.safe_load((folder / "ours" / f"{name}.yaml").read_text()) for name in ("about", "definition")
    )
    plan = json.loads((folder / "ours" / "plan.json").read_text())
    assert about["about"] == "As our hosts are"
    assert plan["outcome"] == "change"
    assert [plan["management"]["address"]] == about["address"]
    assert plan["network"] == definition["network"] != "ovirtmgmt"
    assert plan["attachment"]["nameservers"] == definition["nameservers"] != ["172.20.30.53"]
    assert main(["golden", "check", str(folder)]) == 0


def test_a_name_is_kept_and_ovirtmgmt_stays(captured: list[str], tmp_path: Path) -> None:
    assert main([*captured, "--name", "ours", "--keep", "acme-mgmt", str(tmp_path / "golden")]) == 0
    assert "acme-mgmt" in (tmp_path / "golden" / "ours" / "definition.yaml").read_text()
    (tmp_path / "definition.yaml").write_text("vlan: 3000\n")
    assert main([*captured, "--name", "other", str(tmp_path / "golden")]) == 0
    definition = yaml.safe_load((tmp_path / "golden" / "other" / "definition.yaml").read_text())
    assert definition == {"network": "ovirtmgmt", "vlan": 3000}
    about = yaml.safe_load((tmp_path / "golden" / "other" / "about.yaml").read_text())["about"]
    assert about == "The management address is on a vlan; change"


def test_scrubbing_that_makes_another_case_is_told(
    captured: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path / "site"
    (site / "devise").mkdir(parents=True)
    (site / "ruleset.yaml").write_text(SITE)
    (site / "devise" / "small.yaml").write_text(RULE.replace("management: {}", "bond: {name: bondage}"))
    capture = tmp_path / "capture.json"
    capture.write_text(capture.read_text().replace("bond4", "bondage"))
    arguments = [*captured, "--policy", str(site), str(tmp_path / "golden")]
    assert main([*arguments, "--name", "renamed"]) == 0
    told = capsys.readouterr().err
    assert "warning[scrubbed-away]: renamed, the host is another case: small (fired, now not applicable)" in told
    assert main([*arguments, "--name", "kept", "--keep", "bondage"]) == 0
    assert "warning" not in capsys.readouterr().err


def test_each_golden_is_renamed_by_a_key_of_its_own(captured: list[str], tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert main([*captured, "--name", name, str(tmp_path / "golden")]) == 0
    made = [(tmp_path / "golden" / name / "capture.json").read_text() for name in ("one", "two")]
    assert made[0] != made[1]


def test_nothing_is_overwritten(captured: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "golden" / "ours"
    folder.mkdir(parents=True)
    assert main([*captured, "--name", "ours", str(tmp_path / "golden")]) == 1
    assert "error[golden-exists]: there is a golden ours" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--name", "../ours"], "bad-name"),
        (["--name", "ours", "--network", "nowhere.yaml"], "file-unreadable"),
        (["--name", "ours", "--address", "1.2.3.4/5"], "address-invalid"),
        (["--name", "ours", "--rules", "nothing"], "unknown-ruleset"),
    ],
)
def test_bad_input(
    arguments: list[str], code: str, captured: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*captured, *arguments, str(tmp_path / "golden")]) == 1
    assert f"error[{code}]" in capsys.readouterr().err
    assert not (tmp_path / "golden").exists()


def test_a_capture_that_is_none(captured: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "capture.json").write_text("{}")
    assert main([*captured, "--name", "ours", str(tmp_path / "golden")]) == 1
    assert "error[" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def goldens(tmp_path: Path) -> tuple[Path, list[str]]:
    """Two goldens with DHCP, and a site that changes both."""
    folder, site = tmp_path / "golden", tmp_path / "site"
    for name in ("one", "two"):
        shutil.copytree(SEED, folder / name)
    (site / "devise").mkdir(parents=True)
    (site / "ruleset.yaml").write_text(SITE)
    (site / "devise" / "small.yaml").write_text(RULE)
    return folder, ["golden", "update", "--interactive", "--policy", str(site), str(folder)]


def asked(arguments: list[str], answers: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("sys.stdin", Terminal(answers))
    return main(arguments)


def test_each_change_is_shown_with_its_why(
    goldens: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, arguments = goldens
    before = (folder / "one" / "plan.json").read_text()
    assert asked(arguments, "what?\nno\ny\n", monkeypatch) == 1
    told = capsys.readouterr()
    assert '-      "rule": "nameservers-from-dhcp",' in told.out
    assert "  nameservers-from-dhcp no longer speaks (blocked): small overrides it" in told.out
    assert "  small fires now (Our MTU): nameservers = []" in told.out
    assert told.err.count("Take this?") == 3
    assert told.err.endswith("2 goldens, 1 rewritten, 1 left as they were\n")
    assert (folder / "one" / "plan.json").read_text() == before
    assert '"small"' in (folder / "two" / "plan.json").read_text()


@pytest.mark.parametrize(
    ("answers", "rewritten", "status"), [("a\n", 2, 0), ("q\n", 0, 1), ("", 0, 1), ("y\nq\n", 1, 1)]
)
def test_all_and_quit(
    answers: str,
    rewritten: int,
    status: int,
    goldens: tuple[Path, list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert asked(goldens[1], answers, monkeypatch) == status
    assert f"2 goldens, {rewritten} rewritten" in capsys.readouterr().err


def test_a_rule_that_is_gone_or_no_longer_matches(
    goldens: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, arguments = goldens
    plan = json.loads((folder / "one" / "plan.json").read_text())
    for reason in plan["trace"]:
        if reason["field"] == "vlan":
            reason["rule"] = "vlan-over-nic"
        if reason["field"] == "mtu":
            reason["rule"] = "of-old"
        if reason["field"] == "stp":
            reason["value"] = True
    (folder / "one" / "plan.json").write_text(json.dumps(plan))
    (folder / "two" / "plan.json").write_text("[")
    asked(arguments, "n\nn\n", monkeypatch)
    told = capsys.readouterr().out
    assert "vlan-over-nic no longer fires (not applicable, devise/vlan-over-nic.yaml:" in told
    assert "no nic has name bond4 ($vlan.base)" in told
    assert "vlan-over-bond says besides vlan = 3000" in told
    assert "of-old is no longer there" in told
    assert "stp-as-defined said stp = True; now it says stp = False" in told
    assert "it has no plan yet that can be read" in told


def test_without_a_terminal_nobody_is_asked(
    goldens: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("a\n"))
    assert main(goldens[1]) == 2
    assert "error[no-terminal]" in capsys.readouterr().err


def test_an_update_asks_nobody(goldens: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [argument for argument in goldens[1] if argument != "--interactive"]
    assert main(arguments) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "2 goldens, 2 rewritten\n"
    arguments[1] = "check"
    assert main(arguments) == 0


class TestByMeaning:
    """`golden check` and `update --moved` with an edited copy of the shipped rules."""

    @pytest.fixture
    def place(self, tmp_path: Path, shipped_copy: Callable[[Path], Path]) -> Path:
        """Some goldens, and a copy of the rules in which a comment stands above a rule."""
        for name in ("nic-static", "seed-vlan-over-bond", "vlan-other-tag", "address-unknown"):
            shutil.copytree(ROOT / "golden" / name, tmp_path / "golden" / name)
        shipped_copy(tmp_path / "rules")
        self.edit(tmp_path, "\nwhen:", "\n# a comment\nwhen:")
        return tmp_path

    def edit(self, place: Path, old: str, new: str) -> None:
        rule = place / "rules" / "devise" / "as-defined.yaml"
        assert old in rule.read_text()
        rule.write_text(rule.read_text().replace(old, new))

    def golden(self, place: Path, action: str, *more: str) -> int:
        return main(["golden", action, str(place / "golden"), "--rules", str(place / "rules"), *more])

    def kept(self, place: Path) -> dict[str, str]:
        return {str(path): path.read_text() for path in (place / "golden").rglob("*") if path.is_file()}

    def test_a_comment_in_a_rule_is_told_in_a_line(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.golden(place, "check") == 1
        told = capsys.readouterr()
        assert told.out == ""
        command = f"mgmtnet golden update --moved {place / 'golden'} --rules {place / 'rules'}"
        assert told.err.splitlines() == [
            "4 goldens, 0 differ",
            f"3 goldens have only moved lines; {command} rewrites those",
        ]

    def test_those_are_rewritten_and_the_others_are_left(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        before = self.kept(place)
        (place / "golden" / "nic-static" / "definition.yaml").write_text("mtu: 1400\n")
        assert self.golden(place, "check") == 1
        assert f"{place / 'golden' / 'nic-static'}: a value changes (as-defined" in capsys.readouterr().out
        assert self.golden(place, "update", "--moved") == 1
        assert capsys.readouterr().err == "4 goldens, 2 rewritten, 1 left as they were\n"
        changed = {
            Path(path).relative_to(place / "golden") for path, text in self.kept(place).items() if before[path] != text
        }
        assert {str(path) for path in changed} == {
            "nic-static/definition.yaml",
            "seed-vlan-over-bond/plan.json",
            "seed-vlan-over-bond/why.txt",
            "vlan-other-tag/plan.json",
            "vlan-other-tag/why.txt",
        }
        shutil.rmtree(place / "golden" / "nic-static")
        assert self.golden(place, "check") == 0
        assert self.golden(place, "update", "--moved") == 0

    def test_a_change_is_told_in_words_and_not_in_lines(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.edit(place, "mtu: $definition.mtu", "mtu: 1400")
        assert self.golden(place, "check") == 1
        told = capsys.readouterr()
        assert "  mtu: 1500 -> 1400 (as-defined)\n" in told.out
        assert "\n-" not in told.out
        assert "yaml:" not in told.out
        assert told.err.startswith("4 goldens, 3 differ\n")

    def test_where_words_say_nothing_the_lines_do(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        why = place / "golden" / "address-unknown" / "why.txt"
        why.write_text(why.read_text() + "by hand\n")
        (place / "golden" / "vlan-other-tag" / "plan.json").write_text("[")
        assert self.golden(place, "check") == 1
        told = capsys.readouterr().out
        assert f"{place / 'golden' / 'address-unknown'}: the same plan, written otherwise\n--- {why}\n" in told
        assert "\n-by hand\n" in told
        assert f"{place / 'golden' / 'vlan-other-tag'}: it has no plan that can be read\n" in told

    def test_nobody_is_asked_about_moved_lines(
        self, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = self.kept(place)
        arguments = ["golden", "update", "--interactive", str(place / "golden"), "--rules", str(place / "rules")]
        assert asked(arguments, "", monkeypatch) == 1
        told = capsys.readouterr()
        assert told.out == ""
        assert "Take this?" not in told.err
        assert "3 goldens have only moved lines" in told.err
        assert self.kept(place) == before

    def test_one_that_has_moved_is_told_as_one(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["golden", "check", str(place / "golden" / "nic-static"), "--rules", str(place / "rules")]) == 1
        told = capsys.readouterr().err
        assert "1 golden has only moved lines; mgmtnet golden update --moved " in told
        assert told.endswith(" rewrites it\n")

    def test_a_program_reads_it(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (place / "golden" / "vlan-other-tag" / "definition.yaml").write_text("vlan: many\n")
        (place / "golden" / "seed-vlan-over-bond" / "definition.yaml").write_text("vlan: 3000\nmtu: 1500\n")
        assert self.golden(place, "check", "-o", "json") == 1
        told = capsys.readouterr()
        document = json.loads(told.out)
        assert {name: document[name] for name in ("goldens", "same", "moved", "differs", "unreadable")} == {
            "goldens": 4,
            "same": 1,
            "moved": 1,
            "differs": 1,
            "unreadable": 1,
        }
        states = {one["golden"]: (one["state"], one["kind"]) for one in document["results"]}
        assert states == {
            "address-unknown": ("same", ""),
            "nic-static": ("moved", ""),
            "seed-vlan-over-bond": ("differs", "value"),
            "vlan-other-tag": ("unreadable", ""),
        }
        problems = {one["golden"]: [each["code"] for each in one["problems"]] for one in document["results"]}
        assert problems["vlan-other-tag"] == ["vlan-invalid"]
        assert "4 goldens, 1 differ, 1 cannot be read\n" in told.err
        assert self.golden(place, "check", "-o", "junit") == 1
        (suite,) = read(capsys.readouterr().out)
        found = {name: (fault.tag, fault.get("type")) for name, fault in faults(suite).items()}
        assert found == {
            "nic-static": ("failure", "moved"),
            "seed-vlan-over-bond": ("failure", "differs"),
            "vlan-other-tag": ("error", "unreadable"),
        }

    def test_asking_and_not_asking_are_two_things(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        arguments = ["golden", "update", "--interactive", "--moved", str(place / "golden")]
        assert asked(arguments, "y\n", monkeypatch) == 2


def test_quitting_ends_at_once(
    goldens: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, arguments = goldens
    shutil.copytree(SEED, folder / "three")
    assert asked(arguments, "y\nq\n", monkeypatch) == 1
    told = capsys.readouterr()
    assert told.err.endswith("3 goldens, 1 rewritten, 1 left as they were, 1 not looked at\n")
    assert "\ntwo:\n" not in told.out
    assert '"small"' in (folder / "one" / "plan.json").read_text()
    assert '"small"' not in (folder / "three" / "plan.json").read_text()


@pytest.mark.parametrize("command", [["golden", "check"], ["rules", "test"]])
def test_a_report_of_nothing_is_no_success(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*command, "-o", "junit"]) == 1
    (suite,) = read(capsys.readouterr().out)
    ((name, fault),) = faults(suite).items()
    assert (name, fault.tag) == ("rules and goldens", "error")
    assert "no-golden" in (fault.text or "")
    assert main([*command, "-o", "json"]) == 1
    assert [one["code"] for one in json.loads(capsys.readouterr().out)["problems"]] == ["no-golden"]
    (tmp_path / "rules").mkdir()
    rules = ["--rules", "rules"] if command[0] == "golden" else ["rules"]
    assert main([*command, *rules, "-o", "junit"]) == 1
    (suite,) = read(capsys.readouterr().out)
    assert "no-manifest" in (faults(suite)["rules and goldens"].text or "")
