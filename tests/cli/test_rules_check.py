"""``mgmtnet rules check`` as authors, pre-commit and CI use it."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from planner.authoring.check import analyse
from planner.cli.main import main
from planner.rules.ruleset import assemble
from planner.rules.shelf import load_rules

ROOT = Path(__file__).parents[2]
SITE = {
    "ruleset.yaml": 'ruleset: site\nversion: "1"\nsummary: Ours\nextends: ovirtmgmt@1.0\n',
    "devise/small.yaml": """\
rule: small
since: "1"
summary: Small packets on vlans
why: Our switches are old.
when:
  - management: {}
  - vlan: {name: $management.device, tag: {ge: 2000}}
then:
  set: {mtu: 1400}
examples: {fires: [seed-vlan-over-bond]}
""",
}
GIVES_UP = "site@1: `mgmtnet rules prove` tells which of the 44 invariants of its base it gives up, with a host\n"
RULES = 1 + len(load_rules("ovirtmgmt@1.0")[0].rules)  # the shipped ones, and this one
# What code hosts need of SARIF 2.1.0, with the names and types of the OASIS schema.
POSITION = {"type": "integer", "minimum": 1}
REGION = {
    "type": "object",
    "required": ["startLine", "startColumn"],
    "properties": dict.fromkeys(("startLine", "startColumn", "endLine", "endColumn"), POSITION),
    "additionalProperties": False,
}
URI = {"type": "object", "required": ["uri"], "properties": {"uri": {"type": "string", "pattern": r"^[^\s\\]+$"}}}
LOCATION = {
    "type": "object",
    "required": ["physicalLocation"],
    "properties": {
        "physicalLocation": {
            "type": "object",
            "required": ["artifactLocation"],
            "properties": {"artifactLocation": URI, "region": REGION},
            "additionalProperties": False,
        }
    },
}
MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
REPLACEMENT = {"type": "object", "required": ["deletedRegion"], "properties": {"deletedRegion": REGION}}
CHANGE = {
    "type": "object",
    "required": ["artifactLocation", "replacements"],
    "properties": {"artifactLocation": URI, "replacements": {"type": "array", "minItems": 1, "items": REPLACEMENT}},
}
RESULT = {
    "type": "object",
    "required": ["ruleId", "level", "message", "locations"],
    "properties": {
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": MESSAGE,
        "locations": {"type": "array", "items": LOCATION},
        "relatedLocations": {"type": "array", "items": LOCATION},
        "fixes": {"type": "array", "items": {"type": "object", "required": ["artifactChanges"]}},
    },
}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "$schema": {"type": "string", "format": "uri"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {"driver": {"type": "object", "required": ["name"]}},
                    },
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {"type": "array", "items": RESULT},
                },
            },
        },
    },
}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    for path, text in SITE.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def edit(site, path, old, new):
    text = (site / path).read_text()
    assert old in text
    (site / path).write_text(text.replace(old, new, 1))


def test_what_is_undecided_fails_where_the_check_is_strict(site, capsys, monkeypatch):
    monkeypatch.setattr("planner.proof.anomalies.EFFORT", 0)
    assert main(["rules", "check", "--strict", str(site)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert re.search(r"site@1: not decided: whether .*small.* mtu different values\n", told.err), told.err
    assert re.search(r"nothing to say; 0 questions decided, [1-9]\d* undecided\n$", told.err)


def test_a_conflict_is_shown_by_a_host_that_can_be_planned(site, tmp_path, capsys):
    assert main(["rules", "check", str(site), "--witness", str(tmp_path / "hosts")]) == 1
    told = capsys.readouterr()
    assert "small.yaml:9:3: error[possible-conflict]: two rules set mtu to different values" in told.out
    assert re.search(r"\n  host: a .+\n", told.out)
    assert re.search(r"\n    vlan \S+: tag=2000\n", told.out)
    assert re.fullmatch(GIVES_UP + rf"site@1: {RULES} rules; 1 error; \d+ questions decided, 0 undecided\n", told.err)
    (kept,) = (tmp_path / "hosts").iterdir()
    (address,) = yaml.safe_load((kept / "about.yaml").read_text())["address"]
    host = [str(kept / "capture.json"), "--network", str(kept / "definition.yaml"), "--address", address]
    assert main(["plan", *host, "--policy", str(site)]) == 3
    shown = " ".join(capsys.readouterr().out.split())
    assert re.search(r"two rules set mtu to different values: as-defined says \d+ and small says 1400", shown)


def test_without_a_solver_only_hosts_given_are_tried(site, monkeypatch, capsys):
    monkeypatch.setattr("planner.authoring.check.has_solver", lambda: False)
    assert main(["rules", "check", str(site)]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    asked = "not decided: whether rules conflict, are dead or leave hosts out"
    install = f"{sys.executable} -m pip install -e '{ROOT}[author]'"
    assert told.err == (
        f"{GIVES_UP}site@1: {asked}; that needs the Python module z3 (`{install}`)\n"
        f"site@1: {RULES} rules; nothing to say; 0 questions decided, 1 undecided\n"
    )
    assert main(["rules", "check", "--strict", str(site)]) == 1
    capsys.readouterr()
    edit(site, "devise/small.yaml", "tag: {ge: 2000}", "tag: 3000")
    assert main(["rules", "check", str(site), "--hosts", str(ROOT / "golden" / "seed-vlan-over-bond")]) == 1
    assert "error[possible-conflict]" in capsys.readouterr().out
    edit(site, "devise/small.yaml", "vlan:", "vlna:")
    assert main(["rules", "check", str(site)]) == 1


def test_quick_tries_no_host(site, capsys):
    assert main(["rules", "check", "--quick", str(site)]) == 0
    assert capsys.readouterr() == ("", f"{GIVES_UP}site@1: {RULES} rules; nothing to say\n")


def test_a_host_given_shows_a_conflict(site, tmp_path, capsys):
    edit(site, "devise/small.yaml", "tag: {ge: 2000}", "tag: 3000")
    (tmp_path / "captures").mkdir()
    capture = ROOT / "golden" / "seed-vlan-over-bond" / "capture.json"
    (tmp_path / "captures" / "host7.json").write_text(capture.read_text())
    assert main(["rules", "check", str(site), "--hosts", str(tmp_path / "captures")]) == 1
    assert "different values on host7.json: small says 1400" in capsys.readouterr().out


def test_warnings_fail_when_asked(site, capsys):
    edit(site, "devise/small.yaml", "why: Our switches are old.\n", "overrides: [as-defined]\n")
    assert main(["rules", "check", "--quick", str(site)]) == 0
    assert main(["rules", "check", "--quick", "--strict", str(site)]) == 1
    assert "warning[no-reason]" in capsys.readouterr().out


def test_json(site, capsys):
    assert main(["rules", "check", str(site), "-o", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["format"], document["rulesets"]) == ("mgmtnet/findings@1", ["site@1"])
    assert document["counts"] == {"errors": 1, "warnings": 0, "notes": 0}
    (finding,) = document["findings"]
    assert finding["places"][0] == {"file": f"{site}/devise/small.yaml", "line": 9, "column": 3}
    assert (
        max(int(vlan["vlanid"]) for vlan in finding["witness"]["capture"]["vlans"].values()) >= 2000
    )  # VDSM's ages differ in type
    assert finding["witness"]["addresses"]
    assert document["questions"]["decided"] > 0
    assert document["questions"]["undecided"] == []
    edit(site, "devise/small.yaml", "vlan:", "vlna:")
    assert main(["rules", "check", str(site), "-o", "json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["fixes"] == [{"line": 7, "column": 5, "old": "vlna", "new": "vlan"}]


def test_sarif_of_a_folder_whose_name_is_no_text(site, capsys):
    edit(site, "devise/small.yaml", "vlan: {name", "vlan: {nmae")
    odd = os.path.join(os.fsencode(site.parent), b"caf\xe9")
    os.rename(os.fsencode(site), odd)
    assert main(["rules", "check", os.fsdecode(odd), "--quick", "-o", "sarif"]) == 1
    (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == f"file://{site.parent}/caf%E9/devise/small.yaml"


def test_sarif(site, capsys):
    edit(site, "devise/small.yaml", "vlan: {name", "vlan: {nmae")
    edit(site, "ruleset.yaml", '"1"', "1")
    for spec in (str(site), str(ROOT / "rules" / "ovirtmgmt" / "1.0")):
        main(["rules", "check", spec, "--quick", "-o", "sarif"])
        log = json.loads(capsys.readouterr().out)
        jsonschema.validate(log, SARIF)
    assert log["runs"][0]["results"] == []
    main(["rules", "check", str(site), "-o", "sarif"])
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    results = {result["ruleId"]: result for result in run["results"]}
    assert rules == sorted(results) == ["unknown-field", "wrong-type"]
    result = results["unknown-field"]
    assert result["level"] == "error"
    assert result["message"]["text"] == 'vlan has no field "nmae"\nhint: did you mean name?'
    physical = result["locations"][0]["physicalLocation"]
    assert physical["region"] == {"startLine": 7, "startColumn": 12}
    assert physical["artifactLocation"]["uri"] == f"file://{site}/devise/small.yaml"
    (fix,) = result["fixes"]
    jsonschema.validate(fix["artifactChanges"][0], CHANGE)
    (replacement,) = fix["artifactChanges"][0]["replacements"]
    assert replacement == {
        "deletedRegion": {"startLine": 7, "startColumn": 12, "endLine": 7, "endColumn": 16},
        "insertedContent": {"text": "name"},
    }


def test_sarif_names_files_as_the_repository_does(site, monkeypatch, capsys):
    edit(site, "devise/small.yaml", "vlan: {name", "vlan: {nmae")
    monkeypatch.chdir(site.parent)
    main(["rules", "check", "site", "-o", "sarif"])
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    location = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": "site/devise/small.yaml"}


def test_fixing_in_place(site, capsys):
    path = site / "devise" / "small.yaml"
    text = SITE["devise/small.yaml"].replace("vlan: {name", "vlna: {name").replace("old.", "old.  # very")
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    path.chmod(0o640)
    edit(site, "ruleset.yaml", '"1"', "1")
    assert main(["rules", "check", "--quick", "--fix", str(site)]) == 0
    told = capsys.readouterr()
    assert f"fixed {path}:7:5: vlna -> vlan [unknown-kind]\n" in told.err
    assert f'fixed {site}/ruleset.yaml:2:10: 1 -> "1" [wrong-type]\n' in told.err
    assert told.err.endswith(f"site@1: {RULES} rules; nothing to say; 2 fixed\n")
    assert path.read_bytes() == b"\xef\xbb\xbf" + text.replace("vlna", "vlan").replace("\n", "\r\n").encode()
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(path.parent)) == ["small.yaml"]


def test_fixing_through_a_link(site):
    edit(site, "devise/small.yaml", "vlan: {name", "vlna: {name")
    real = site / "elsewhere.yaml.txt"
    (site / "devise" / "small.yaml").rename(real)
    (site / "devise" / "small.yaml").symlink_to(real)
    assert main(["rules", "check", "--quick", "--fix", str(site)]) == 0
    assert (site / "devise" / "small.yaml").is_symlink()
    assert "vlan: {name" in real.read_text()


def test_what_cannot_be_written_is_told(site, monkeypatch, capsys):
    edit(site, "devise/small.yaml", "vlan: {name", "vlna: {name")

    def refused(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refused)
    assert main(["rules", "check", "--quick", "--fix", str(site)]) == 1
    told = capsys.readouterr()
    assert f"{site}/devise/small.yaml: error[file-unwritable]: cannot be written: Permission denied" in told.out
    assert "fixed" not in told.err
    assert sorted(os.listdir(site / "devise")) == ["small.yaml"]


def test_hosts_that_cannot_be_kept(site, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["rules", "check", str(site), "--witness", str(tmp_path / "file")]) == 1
    assert "error[file-unwritable]" in capsys.readouterr().out


def test_fixing_leaves_what_wants_judgement(site, capsys):
    edit(site, "devise/small.yaml", "tag:", "mtx:")
    before = (site / "devise" / "small.yaml").read_bytes()
    assert main(["rules", "check", "--quick", "--fix", str(site)]) == 1
    assert (site / "devise" / "small.yaml").read_bytes() == before
    assert capsys.readouterr().err == f"{site}; 1 error\n"


def test_the_line_that_names_the_schema(site, capsys):
    assert main(["rules", "check", "--quick", str(site)]) == 0
    assert "no-schema-line" not in capsys.readouterr().out
    (site.parent / "schemas").mkdir()
    for name in ("rule", "ruleset"):
        (site.parent / "schemas" / f"{name}.schema.json").write_text("{}")
    assert main(["rules", "check", "--quick", str(site)]) == 0
    assert "note[no-schema-line]" in capsys.readouterr().out
    assert main(["rules", "check", "--quick", "--fix", "--strict", str(site)]) == 0
    first = (site / "devise" / "small.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=../../schemas/rule.schema.json"
    assert (site / "ruleset.yaml").read_text().startswith("# yaml-language-server: $schema=../schemas/ruleset.schema")


def test_colours_on_a_terminal_only(site, monkeypatch, capsys):
    edit(site, "devise/small.yaml", "vlan:", "vlna:")
    main(["rules", "check", "--quick", str(site)])
    assert "\033" not in capsys.readouterr().out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    main(["rules", "check", "--quick", str(site)])
    assert "\033[1;31merror[unknown-kind]\033[0m" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    main(["rules", "check", "--quick", str(site)])
    assert "\033" not in capsys.readouterr().out


def test_a_file_stands_for_its_ruleset_and_several_are_checked_once(site, capsys):
    files = [str(site / "ruleset.yaml"), str(site / "devise" / "small.yaml"), str(site)]
    assert main(["rules", "check", "--quick", *files]) == 0
    assert capsys.readouterr().err == f"{GIVES_UP}site@1: {RULES} rules; nothing to say\n"


def test_what_is_no_ruleset(tmp_path, capsys):
    assert main(["rules", "check", str(tmp_path)]) == 1
    assert "error[no-manifest]" in capsys.readouterr().out
    assert main(["rules", "check", "nothing@9", "-o", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["findings"][0]["code"] == "unknown-ruleset"


def hooks():
    return yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())


def test_the_hook_s_definition():
    allowed = {"id", "name", "description", "entry", "language", "files", "require_serial"}
    for hook in hooks():
        assert {"id", "name", "entry", "language"} <= hook.keys() <= allowed
        assert hook["language"] == "python"
        files = re.compile(hook["files"])
        for path in ("site/guard/ours.yaml", "ruleset.yaml", "a/b/devise/x.yml", "locate/x.yaml"):
            assert files.search(path), path
        for path in ("golden/x/definition.yaml", "guard.yaml", "site/guard/x.json", "site/guard/deep/x.yaml"):
            assert not files.search(path), path


@pytest.mark.parametrize("hook", hooks(), ids=lambda hook: hook["id"])
def test_the_hook_runs_on_the_files_that_are_committed(hook, site):
    edit(site, "devise/small.yaml", "vlan: {name", "vlan: {nmae")
    edit(site, "devise/small.yaml", "why:", "overrides: [as-defined]\nwhy:")
    files = ["site/ruleset.yaml", "site/devise/small.yaml"]
    program, *arguments = shlex.split(hook["entry"])
    assert program == "mgmtnet"
    command = [sys.executable, "-m", "planner", *arguments, *files]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, cwd=site.parent, env=environment, capture_output=True, text=True, check=False)
    fixing = "--fix" in arguments
    assert ran.returncode == (0 if fixing else 1), ran.stdout + ran.stderr
    assert ("site/devise/small.yaml:8:12" in ran.stdout) is not fixing
    assert ("nmae" in (site / "devise" / "small.yaml").read_text()) is not fixing


def test_an_example_that_is_no_golden_beside_the_rules_is_pointed_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "policy"
    assert main(["rules", "init", str(folder)]) == 0
    path = folder / "guard" / "bond-without-lacp.yaml"
    text = path.read_text().replace("fires: [bond-of-mode-1]", "fires: [bond-of-mode1]")
    path.write_text(text.replace("silent: [bond-of-mode-4, ", "silent: [no-such-golden, "))
    capsys.readouterr()
    assert main(["rules", "check", "--quick", str(folder)]) == 1
    told = capsys.readouterr().out
    line = text.splitlines().index("  fires: [bond-of-mode1]") + 1
    assert f'{path}:{line}:11: error[unknown-golden]: no golden "bond-of-mode1" lies with the rules' in told
    assert "  hint: did you mean bond-of-mode-1?" in told
    assert f"{path}:{line + 1}:12: error[unknown-golden]" in told
    assert "known: bond-of-mode-1, bond-of-mode-1-beside, bond-of-mode-4" in told
    shutil.rmtree(folder / "golden")
    assert main(["rules", "check", "--quick", str(folder)]) == 0, "where no goldens lie with the rules, nobody knows"


def test_an_example_of_a_row_is_pointed_out_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "policy"
    assert main(["rules", "init", str(folder)]) == 0
    path = folder / "guard" / "speed.yaml"
    path.write_text(
        'rule: speed\nsince: "1"\nsummary: s\nwhen:\n  - management: {}\nthen:\n  note: {code: speed, message: m,'
        " hint: h}\ntable:\n  columns: [management.kind, examples.fires]\n  rows:\n    nic: [nic, bond-of-mode-1]\n"
        "    bond: [bond, gone]\nexamples:\n  silent: [lost]\n"
    )
    capsys.readouterr()
    assert main(["rules", "check", "--quick", str(folder), "-o", "json"]) == 1
    found = json.loads(capsys.readouterr().out)["findings"]
    places = [
        (one["places"][0]["line"], one["places"][0]["column"]) for one in found if one["code"] == "unknown-golden"
    ]
    assert sorted(places) == [(12, 18), (14, 12)]


def test_a_rule_in_place_of_one_of_the_base_may_give_up_invariants_until_the_manifest_says_so(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "devise" / "small.yaml").unlink()
    (site / "guard").mkdir()
    theirs = (ROOT / "rules/ovirtmgmt/1.0/guard/bond-mode-unfit-for-bridge.yaml").read_text()
    ours = theirs.replace("\nwhen:", "\noverrides: [bond-mode-unfit-for-bridge]\nwhen:", 1).replace(
        "[0, 5, 6]", "[0, 5]"
    )
    (site / "guard" / "bond-mode-unfit-for-bridge.yaml").write_text(ours)
    assert main(["rules", "check", "--quick", str(site)]) == 0
    assert GIVES_UP in capsys.readouterr().err
    manifest = site / "ruleset.yaml"
    meant = "give_up:\n  - invariant: no-bridge-on-a-balancing-bond\n    reason: ours are of mode 6\n"
    manifest.write_text(manifest.read_text() + meant)
    assert main(["rules", "check", "--quick", str(site)]) == 0
    assert GIVES_UP.replace("44", "43") in capsys.readouterr().err


def test_rules_of_a_base_that_were_kept_apart_by_one_that_is_disabled_are_found_in_conflict() -> None:
    head = 'since: "1"\nsummary: s\nwhy: w\n'
    when = "when:\n  - definition: {}\nthen:\n  set: {mtu: "
    sources = {
        "base/1.0/ruleset.yaml": 'ruleset: base\nversion: "1.0"\nsummary: s\n',
        "base/1.0/devise/always.yaml": f"rule: always\n{head}overrides: [one, other]\n{when}1400}}\n",
        "base/1.0/devise/one.yaml": f"rule: one\n{head}{when}1500}}\n",
        "base/1.0/devise/other.yaml": f"rule: other\n{head}{when}1600}}\n",
        "site/ruleset.yaml": 'ruleset: site\nversion: "1"\nsummary: s\nextends: base@1.0\n'
        "disable:\n  - {rule: always, reason: we do without}\n",
    }
    ruleset, problems = assemble(sources, "site")
    assert ruleset is not None, problems
    found = [finding.problem for finding in analyse(ruleset, "site", sources, ()).findings]
    (conflict,) = [problem for problem in found if problem.code == "possible-conflict"]
    assert "one says 1500 and other says 1600" in conflict.message
