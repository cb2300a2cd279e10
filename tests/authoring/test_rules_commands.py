"""`mgmtnet rules show|test|coverage|diff` as an author runs them."""

import json
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from junit_form import faults, read

from planner.cli.main import main

ROOT = Path(__file__).parents[2]
RULES, GOLDENS = ROOT / "rules" / "ovirtmgmt" / "1.0", ROOT / "golden"
FEW = ("nic-static", "seed-vlan-over-bond", "vlan-other-tag", "ovirtmgmt-as-defined")
CHANGED = 4


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """Some goldens, so that a test takes no longer than it must."""
    for name in FEW:
        shutil.copytree(GOLDENS / name, tmp_path / "golden" / name)
    return tmp_path / "golden"


@pytest.fixture
def edited(tmp_path: Path, shipped_copy: Callable[[Path], Path]) -> Path:
    """The shipped rules with an MTU of 1400 for everybody."""
    folder = shipped_copy(tmp_path / "edited")
    rule = folder / "devise" / "as-defined.yaml"
    rule.write_text(rule.read_text().replace("mtu: $definition.mtu", "mtu: 1400"))
    return folder


def test_the_rules_are_listed_by_stage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:4] == ["locate", "address-ambiguous", "1.0", "ovirtmgmt@1.0"]
    assert main(["rules", "list", "-o", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert len(document["rules"]) == len(lines)
    assert document["rules"][0]["source"] == "ovirtmgmt/1.0/locate/address-ambiguous.yaml"


def test_a_rule_is_shown(capsys: pytest.CaptureFixture[str], few: Path) -> None:
    assert main(["rules", "show", "vlan-tag-mismatch/other", "--goldens", str(few)]) == 0
    told = capsys.readouterr().out
    assert "guard, since 1.0, ovirtmgmt/1.0/guard/vlan-tag-mismatch.yaml:" in told
    assert "definition: {vlan: {not: $vlan.tag}, vlan: {ge: 0}}" in told
    assert "overridden by  own-network-tag-mismatch" in told
    assert "fires on       vlan-other-tag\n" in told


def test_a_rule_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "show", "vlan-tag-missings"]) == 1
    assert "did you mean vlan-tag-missing?" in capsys.readouterr().err


def test_the_shipped_rules_pass_their_test(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "test"]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "0 broken" in told.err
    assert "0 otherwise" in told.err


def test_an_edit_that_changes_a_plan_is_told_with_its_why(
    capsys: pytest.CaptureFixture[str], few: Path, edited: Path
) -> None:
    assert main(["rules", "test", str(edited), "--goldens", str(few)]) == 1
    told = capsys.readouterr().out
    assert f"FAIL  golden {few}/nic-static: a value changes\n  mtu: 1500 -> 1400 (as-defined)\n" in told
    assert "  because\n    as-defined said mtu = 1500; now it says mtu = 1400\n" in told


def test_an_example_that_is_broken_is_told_with_the_pattern_that_failed(
    capsys: pytest.CaptureFixture[str], few: Path, edited: Path
) -> None:
    rule = edited / "devise" / "on-nic.yaml"
    rule.write_text(rule.read_text().replace("fires: [", "fires: [seed-vlan-over-bond, no-such-golden, "))
    main(["rules", "test", str(edited), "--goldens", str(few)])
    told = capsys.readouterr().out
    assert f"FAIL  example {rule}: seed-vlan-over-bond: is to fire, and is not applicable\n  pattern" in told
    assert f"FAIL  example {rule}: no-such-golden: there is no such golden\n" in told


def test_only_what_is_meant_is_tested(capsys: pytest.CaptureFixture[str], few: Path) -> None:
    options = ["--goldens", str(few)]
    assert main(["rules", "test", *options, "--only", "vlan-tag-mismatch", "--only", "nic-*", "-o", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [one["golden"] for one in document["goldens"]] == ["nic-static"]
    rules = {one["rule"].partition("/")[0] for one in document["examples"] if not one["golden"].startswith("nic-")}
    assert rules == {"vlan-tag-mismatch"} | {name for name in rules if name.startswith("nic-")}
    assert all(one["passed"] for one in document["examples"])
    assert main(["rules", "test", *options, "--only", "vlan-tag-missmatch", "--only", "nic-static"]) == 1
    told = capsys.readouterr().err
    assert "error[nothing-meant]: --only 'vlan-tag-missmatch' is no rule of theirs and no golden" in told
    assert "did you mean vlan-tag-mismatch?" in told


def test_examples_are_tried_on_the_goldens_of_their_rules(capsys: pytest.CaptureFixture[str], few: Path) -> None:
    assert main(["rules", "test", "ovirtmgmt", "--goldens", str(few)]) == 0
    assert "examples, 0 broken; 4 goldens, 0 otherwise" in capsys.readouterr().err


def test_examples_whose_goldens_are_not_at_hand_are_not_tried(
    capsys: pytest.CaptureFixture[str], few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert main(["rules", "test", "ovirtmgmt", "--goldens", str(few)]) == 0
    told = capsys.readouterr().err
    assert " not tried (their goldens are not here); 4 goldens, 0 otherwise" in told
    assert "0 broken" in told


def test_a_program_reads_what_was_tested(capsys: pytest.CaptureFixture[str], few: Path, edited: Path) -> None:
    rule = edited / "devise" / "on-nic.yaml"
    rule.write_text(rule.read_text().replace("fires: [", "fires: [seed-vlan-over-bond, "))
    (few / "vlan-other-tag" / "definition.yaml").write_text("vlan: many\n")
    (few / "ovirtmgmt-as-defined" / "plan.json").write_text('{"format": "mgmtnet/plan@2"}')
    arguments = ["rules", "test", str(edited), "--goldens", str(few), "--only", "on-nic", "--only", "*-*-*"]
    arguments += ["--only", "nic-static"]
    assert main([*arguments, "-o", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    (broken,) = (one for one in document["examples"] if one["rule"] == "on-nic" and not one["passed"])
    assert broken["golden"] == "seed-vlan-over-bond"
    assert (broken["expected"], broken["message"]) == ("fires", "is to fire, and is not applicable")
    assert broken["because"][0].startswith("pattern")
    goldens = {one["golden"]: one for one in document["goldens"]}
    assert goldens["nic-static"]["message"] == "a value changes"
    assert "as-defined said mtu = 1500; now it says mtu = 1400" in goldens["nic-static"]["because"]
    assert goldens["vlan-other-tag"]["message"] == "it cannot be read"
    assert goldens["ovirtmgmt-as-defined"]["message"] == "plan.json is no whole plan"
    assert not any(one["passed"] for one in goldens.values())
    assert main([*arguments, "-o", "junit"]) == 1
    examples, tested = read(capsys.readouterr().out)
    assert (examples.get("name"), tested.get("name")) == ("examples", "goldens")
    assert faults(examples)["fires on seed-vlan-over-bond"].tag == "failure"
    assert {name: fault.tag for name, fault in faults(tested).items()} == {
        "nic-static": "failure",
        "ovirtmgmt-as-defined": "failure",
        "seed-vlan-over-bond": "failure",
        "vlan-other-tag": "error",
    }
    main(arguments)
    told = capsys.readouterr().out
    assert f"FAIL  golden {few}/vlan-other-tag: it cannot be read\n  {few}/vlan-other-tag/definition.yaml:1:7: " in told


def test_a_golden_with_moved_lines_passes(
    capsys: pytest.CaptureFixture[str], few: Path, tmp_path: Path, shipped_copy: Callable[[Path], Path]
) -> None:
    shipped_copy(tmp_path / "moved")
    rule = tmp_path / "moved" / "devise" / "as-defined.yaml"
    rule.write_text(rule.read_text().replace("\nwhen:", "\n# a comment\nwhen:"))
    assert main(["rules", "test", str(tmp_path / "moved"), "--goldens", str(few)]) == 0
    assert capsys.readouterr().out == ""


def test_watching_runs_again_when_a_rule_is_saved(few: Path, edited: Path) -> None:
    command = [sys.executable, "-m", "planner", "rules", "test", str(edited), "--goldens", str(few), "--watch"]
    watching = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        assert watching.stderr is not None
        while not watching.stderr.readline().startswith("waiting"):
            assert watching.poll() is None
        time.sleep(0.1)  # so that the file's time differs
        shutil.copy(RULES / "devise" / "as-defined.yaml", edited / "devise" / "as-defined.yaml")
        assert watching.stderr.readline().startswith("---")
        assert "0 otherwise" in watching.stderr.readline()
    finally:
        watching.kill()
        watching.communicate()


def test_coverage_names_what_is_missing(capsys: pytest.CaptureFixture[str], few: Path) -> None:
    assert main(["rules", "coverage", "--goldens", str(few)]) == 1
    told = capsys.readouterr().out
    assert "ovirtmgmt/1.0/guard/name-taken.yaml:2: name-taken fires on no host" in told
    assert "rules fire on 4 hosts" in told


def test_coverage_of_all_goldens_has_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "coverage", "-o", "json", "--fail-under", "80"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert all(rule["fired_on"] for rule in document["rules"])
    assert document["hosts"] == len(list(GOLDENS.glob("*/definition.yaml")))


def test_coverage_below_the_threshold(capsys: pytest.CaptureFixture[str], few: Path) -> None:
    assert main(["rules", "coverage", "--goldens", str(few), "--fail-under", "99"]) == 1
    assert "wanted 99 %" in capsys.readouterr().err
    assert main(["rules", "coverage", "--fail-under", "101"]) == 2


def test_coverage_counts_further_captures(capsys: pytest.CaptureFixture[str], few: Path, tmp_path: Path) -> None:
    folder = tmp_path / "captures"
    folder.mkdir()
    shutil.copy(GOLDENS / "nic-dhcp" / "capture.json", folder / "one.json")
    (folder / "two.json").write_text("{}")
    main(["rules", "coverage", "--goldens", str(few), "--hosts", str(folder)])
    told = capsys.readouterr()
    assert "rules fire on 5 hosts" in told.out
    assert "two.json" in told.err


@pytest.mark.parametrize("output", ["text", "json", "html"])
def test_a_diff_of_equal_rules(output: str, capsys: pytest.CaptureFixture[str], few: Path) -> None:
    assert main(["rules", "diff", "ovirtmgmt", str(RULES), "--hosts", str(few), "-o", output]) == 0
    assert {"text": "0 of 4 hosts", "json": '"changed": []', "html": "No plan changes"}[
        output
    ] in capsys.readouterr().out


def test_a_diff_tells_host_kind_value_and_rule(capsys: pytest.CaptureFixture[str], few: Path, edited: Path) -> None:
    arguments = ["rules", "diff", "ovirtmgmt@1.0", str(edited), "--hosts", str(few)]
    assert main(arguments) == CHANGED
    told = capsys.readouterr().out
    assert "nic-static: a value changes (as-defined" in told
    assert "  mtu: 1500 -> 1400 (as-defined)\n" in told
    assert main([*arguments, "-o", "json"]) == CHANGED
    document = json.loads(capsys.readouterr().out)
    assert document["summary"] == {"value": len(document["changed"])}
    assert main([*arguments, "-o", "html"]) == CHANGED
    page = capsys.readouterr().out
    assert page.count("<svg") == 2 * len(document["changed"])
    assert "<script" not in page


@pytest.fixture
def rival(tmp_path: Path, shipped_copy: Callable[[Path], Path]) -> Path:
    """The shipped rules and one that contradicts them on a nic."""
    folder = shipped_copy(tmp_path / "rival")
    (folder / "devise" / "small.yaml").write_text(
        'rule: small\nsince: "1.0"\nsummary: s\nwhen:\n'
        "  - management: {kind: nic}\n  - definition: {mtu: {not: 1400}}\nthen:\n  set: {mtu: 1400}\n"
    )
    return folder


def unplanned(
    capsys: pytest.CaptureFixture[str], before: str, after: str, *options: str
) -> list[tuple[str, tuple[str, ...], str]]:
    """The hosts that cannot be planned, by which rules, and the code of the first reason; each output counts them."""
    arguments = ["rules", "diff", before, after, *options]
    assert main([*arguments, "-o", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    found = document["undecided"]
    told = f"{len(document['changed'])} of {document['hosts']} hosts get another plan, {len(found)} cannot be planned"
    assert main(arguments) == 1
    text = capsys.readouterr().out
    assert text.count(": cannot be planned") == len(found)
    assert told in text
    assert main([*arguments, "-o", "html"]) == 1
    page = capsys.readouterr().out
    assert told in page
    assert all(host["problems"][0]["code"] in text and host["problems"][0]["code"] in page for host in found)
    assert "No plan changes" not in page
    return [(host["host"], tuple(host["by"]), host["problems"][0]["code"]) for host in found]


def test_a_diff_counts_captures_of_which_nobody_says_what_is_wanted(
    capsys: pytest.CaptureFixture[str], few: Path
) -> None:
    capture = few / "nic-static.json"
    shutil.copy(few / "nic-static" / "capture.json", capture)
    for hosts in (few, capture):
        found = unplanned(capsys, "ovirtmgmt", str(RULES), "--hosts", str(hosts))
        assert found == [("nic-static.json", (), "no-definition")]
    definition = str(few / "nic-static" / "definition.yaml")
    assert main(["rules", "diff", "ovirtmgmt", str(RULES), "--hosts", str(few), "--network", definition]) == 0
    assert capsys.readouterr().out == "0 of 5 hosts get another plan\n"


def test_a_diff_counts_hosts_that_cannot_be_read(capsys: pytest.CaptureFixture[str], few: Path, edited: Path) -> None:
    (few / "nic-static" / "definition.yaml").write_text("vlan: many\n")
    (few / "vlan-other-tag" / "about.yaml").write_text("address: a\naddress: b\n")
    (few / "seed-vlan-over-bond" / "capture.json").unlink()
    (few / ".hidden").write_text("{}")
    (few / "odd\udce9\x1b.json").write_text("{}")
    (few / "definition").write_text("{}")
    options = ("--hosts", str(few), "--network", str(few / "definition"))
    assert unplanned(capsys, "ovirtmgmt", str(edited), *options) == [
        ("nic-static", (), "vlan-invalid"),
        ("seed-vlan-over-bond", (), "file-unreadable"),
        ("vlan-other-tag", (), "duplicate-key"),
        ("definition", (), "unknown-format"),
        ("odd\udce9\x1b.json", (), "unknown-format"),
    ]


def test_a_diff_counts_hosts_of_which_rules_decide_nothing(
    capsys: pytest.CaptureFixture[str], few: Path, rival: Path
) -> None:
    hosts = ("--hosts", str(few))
    assert unplanned(capsys, "ovirtmgmt", str(rival), *hosts) == [("nic-static", ("after",), "rule-conflict")]
    assert unplanned(capsys, str(rival), "ovirtmgmt", *hosts) == [("nic-static", ("before",), "rule-conflict")]
    assert unplanned(capsys, str(rival), str(rival), *hosts) == [("nic-static", ("before", "after"), "rule-conflict")]
    assert main(["rules", "diff", "ovirtmgmt", str(rival), *hosts]) == 1
    told = capsys.readouterr().out
    assert f"nic-static: cannot be planned by {rival}\n  ovirtmgmt/1.0/devise/as-defined.yaml:" in told
    assert "nic-static: a plan becomes a refusal (small" in told
    assert "1 of 4 hosts get another plan, 1 cannot be planned\n" in told


def test_a_diff_with_a_folder_without_hosts(capsys: pytest.CaptureFixture[str], few: Path, tmp_path: Path) -> None:
    assert main(["rules", "diff", "ovirtmgmt", "ovirtmgmt", "--hosts", str(few), str(tmp_path / "gone")]) == 1
    told = capsys.readouterr()
    assert f"there is no host in {tmp_path / 'gone'}" in told.err
    assert not told.out


def test_a_diff_with_a_git_revision(
    capsys: pytest.CaptureFixture[str], few: Path, tmp_path: Path, shipped_copy: Callable[[Path], Path]
) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    repository = tmp_path / "repository"
    shipped_copy(repository / "rules" / "ovirtmgmt" / "1.0")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "as it was"]):
        subprocess.run([*git, *command], cwd=repository, check=True)
    rule = repository / "rules" / "ovirtmgmt" / "1.0" / "devise" / "as-defined.yaml"
    rule.write_text(rule.read_text().replace("mtu: $definition.mtu", "mtu: 1400"))
    with pytest.MonkeyPatch.context() as there:
        there.chdir(repository)
        for before in ("HEAD", "HEAD:rules/ovirtmgmt/1.0"):
            arguments = ["rules", "diff", before, "rules/ovirtmgmt/1.0", "--hosts", str(few)]
            assert main(arguments) == CHANGED
            assert "mtu: 1500 -> 1400" in capsys.readouterr().out
        assert main(["rules", "diff", "no-such-revision", "ovirtmgmt", "--hosts", str(few)]) == 1
        assert "neither a ruleset nor a git revision" in capsys.readouterr().err


@pytest.mark.parametrize("output", ["text", "json", "html"])
def test_a_diff_takes_every_host_of_an_archive(
    output: str, capsys: pytest.CaptureFixture[str], few: Path, edited: Path, tmp_path: Path
) -> None:
    hosts = tmp_path / "hosts.tar.xz"
    with tarfile.open(hosts, "w:xz") as archive:
        for name in ("nic-static", "nic-dhcp"):
            archive.add(GOLDENS / name / "capture.json", f"rack/{name}.json")
    definition = str(few / "nic-static" / "definition.yaml")
    arguments = ["rules", "diff", "ovirtmgmt@1.0", str(edited), "--hosts", str(hosts)]
    assert main([*arguments, "--network", definition, "-o", output]) == CHANGED
    told = capsys.readouterr().out
    assert "rack/nic-static" in told
    if output == "json":
        document = json.loads(told)
        assert (document["hosts"], [host["host"] for host in document["changed"]]) == (
            2,
            ["rack/nic-dhcp", "rack/nic-static"],
        )
    else:
        assert "2 of 2 hosts get another plan" in told
    assert output != "html" or told.count("<svg") == 4
    assert main([*arguments, "-o", output]) == 1, "nobody says what is wanted of them"
    assert capsys.readouterr().out.count("nobody says what is wanted of this capture") == 2
