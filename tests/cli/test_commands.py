"""The command as people and programs use it: outputs, exit statuses, and bad input."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from planner.cli.main import main

ROOT = Path(__file__).parents[2]
SEED = ROOT / "golden" / "seed-vlan-over-bond"
HOST = [str(SEED / "capture.json"), "--network", str(SEED / "definition.yaml"), "--address", "192.0.2.10"]


def golden(name: str) -> list[str]:
    about = yaml.safe_load((ROOT / "golden" / name / "about.yaml").read_text())
    addresses = [part for address in about.get("address", []) for part in ("--address", address)]
    folder = ROOT / "golden" / name
    return [str(folder / "capture.json"), "--network", str(folder / "definition.yaml"), *addresses]


def test_plan_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", *HOST]) == 0
    told = capsys.readouterr()
    for word in ("a change is planned", "tag 3000", "vlan-over-bond", "MTU", "setupNetworks", "durable_rules 2.0.28"):
        assert word in told.out
    assert told.err == ""


@pytest.mark.parametrize("output", ["json", "yaml"])
def test_plan_as_a_document(output: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", *HOST, "-o", output]) == 0
    document = yaml.safe_load(capsys.readouterr().out)
    jsonschema.validate(document, json.loads((ROOT / "schemas" / "plan.schema.json").read_text()))
    assert document["attachment"]["bonding"] == {
        "bond4": {"nics": ["eth2", "eth3"], "options": {"mode": "4", "miimon": "100"}}
    }


def test_plan_as_the_two_dialects(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", *HOST, "-o", "vdsm"]) == 0
    asked = json.loads(capsys.readouterr().out)
    assert asked["networks"]["ovirtmgmt"]["bridged"] is False
    assert asked["options"] == {"connectivityCheck": False, "commitOnSuccess": True}
    assert main(["plan", *HOST, "-o", "vdsm", "--step", "change"]) == 0
    asked = json.loads(capsys.readouterr().out)
    assert asked["networks"]["ovirtmgmt"]["bridged"] is True
    assert asked["networks"]["ovirtmgmt"]["vlan"] == 3000
    assert main(["plan", *HOST, "-o", "vdsm3", "--step", "change"]) == 0
    asked = json.loads(capsys.readouterr().out)
    assert asked["networks"]["ovirtmgmt"] == {
        "bonding": "bond4",
        "vlan": "3000",
        "bootproto": "dhcp",
        "mtu": "9000",
        "bridged": "true",
        "stp": "no",
        "defaultRoute": "true",
    }
    assert asked["bondings"] == {"bond4": {"nics": ["eth2", "eth3"], "options": "mode=4 miimon=100"}}


@pytest.mark.parametrize(
    ("name", "status", "with_exit_code"),
    [("seed-vlan-over-bond", 0, 4), ("ovirtmgmt-as-defined", 0, 0), ("foreign-bridge", 3, 3)],
)
def test_exit_statuses(name: str, status: int, with_exit_code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", *golden(name)]) == status
    assert main(["plan", *golden(name), "--exit-code"]) == with_exit_code
    assert main(["plan", *golden(name), "-o", "json"]) == status
    capsys.readouterr()


@pytest.mark.parametrize("name", ["ovirtmgmt-as-defined", "foreign-bridge"])
def test_nothing_to_send_prints_nothing(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["plan", *golden(name), "-o", "vdsm"])
    told = capsys.readouterr()
    assert told.out == ""
    assert "nothing to send" in told.err


def test_why_and_why_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", *HOST, "vlan"]) == 0
    told = capsys.readouterr().out
    assert "ovirtmgmt/1.0/devise/vlan-over-bond.yaml:" in told
    assert "vlans.bond4.3000" in told
    assert main(["why", *HOST, "all"]) == 0
    assert "stp-as-defined" in capsys.readouterr().out
    assert main(["why", *HOST, "vlna"]) == 1
    assert "did you mean vlan" in capsys.readouterr().err
    assert main(["why-not", *HOST, "vlan-over-nic"]) == 0
    told = capsys.readouterr().out
    assert "patterns 1-2 of 3 matched; pattern 3 failed" in told
    assert "no nic has name bond4 ($vlan.base)" in told
    assert main(["why-not", *golden("vlan-name-too-long"), "vlan-name-unsupported"]) == 0
    assert "vlan-name-too-long fired and overrides it" in capsys.readouterr().out
    assert main(["why-not", *HOST, "vlan-over-nick"]) == 1
    assert "did you mean vlan-over-nic" in capsys.readouterr().err


def test_facts_diff_and_drawings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["facts", HOST[0], "-o", "json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    jsonschema.validate(facts, json.loads((ROOT / "schemas" / "facts.schema.json").read_text()))
    assert {"kind": "vlan", "path": "vlans.bond4.3000"}.items() <= next(f for f in facts if f["kind"] == "vlan").items()
    assert main(["diff", *HOST]) == 0
    told = capsys.readouterr().out
    assert "+ bridge ovirtmgmt" in told
    assert "- address 192.0.2.10/24 on bond4.3000" in told
    for output, sign in (("text", "bond bond4"), ("svg", "<svg"), ("mermaid", "flowchart")):
        assert main(["draw", *HOST, "-o", output]) == 0
        once = capsys.readouterr().out
        assert sign in once
        assert main(["draw", *HOST, "-o", output]) == 0
        assert capsys.readouterr().out == once


def test_standard_input_and_variables() -> None:
    environment = {**os.environ, "MGMTNET_NETWORK": str(SEED / "definition.yaml"), "MGMTNET_ADDRESS": "192.0.2.10"}
    command = [sys.executable, "-m", "planner", "plan", "-", "-o", "json"]
    with (SEED / "capture.json").open() as capture:
        ran = subprocess.run(
            command, stdin=capture, capture_output=True, text=True, env=environment, cwd=ROOT, check=True
        )
    assert json.loads(ran.stdout)["management"]["found_by"] == "address"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["plan", "nowhere.json"], "file-unreadable"),
        (["plan", str(ROOT)], "file-unreadable"),
        (["plan", "a\0b"], "file-unreadable"),
        (["plan", HOST[0], "--address", "192.0.2.999"], "address-invalid"),
        (["plan", HOST[0], "--address", "192.0.2.10/24"], "address-invalid"),
        (["plan", HOST[0], "--address", "no such name"], "address-invalid"),
        (["plan", HOST[0], "--rules", "nothing@9"], "unknown-ruleset"),
        (["plan", HOST[0], "--rules", "ovirtmgmt@0.1"], "unknown-ruleset"),
        (["plan", HOST[0], "--policy", str(ROOT)], "no-manifest"),
    ],
)
def test_bad_arguments(arguments: list[str], code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "-o", "json"]) == 1
    told = capsys.readouterr()
    assert f"error[{code}]" in told.err
    assert "hint: " in told.err
    assert "Traceback" not in told.err
    assert code in {problem["code"] for problem in json.loads(told.out)["problems"]}


@pytest.mark.parametrize(
    ("definition", "place"),
    [
        ("vlan: 5000", ":1:7"),
        ("network: ovirtmgmt\nmtu: jumbo", ":2:6"),
        ("vm_network: yes", ":1:13"),
        ("vlna: 3", ":1:1"),
        ("vlan: 1\nvlan: 2", ":2:1"),
        ("gateway: 192.0.2.999", ":1:10"),
        ("a: &a [1]\nb: [*a, *a]", ":1:4"),
        ("network: [", ":1:1"),
        ("mtu: 10", ":1:6"),
    ],
)
def test_bad_definitions(definition: str, place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "definition.yaml"
    path.write_text(definition)
    assert main(["plan", HOST[0], "--network", str(path)]) == 1
    told = capsys.readouterr()
    assert f"{path}{place}" in told.err, told.err
    assert told.out == ""


def test_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["plan"], ["nonsense"], ["plan", "x", "-o", "tea"], ["plan", "x", "--colour"]):
        assert main(arguments) == 2
        assert "usage: mgmtnet" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_fault() -> None:
    command = f"{sys.executable} -m planner facts {HOST[0]} | head -1"
    ran = subprocess.run(["sh", "-c", command], capture_output=True, text=True, cwd=ROOT, check=False)
    assert "Traceback" not in ran.stderr
    assert "definition:" in ran.stdout


def test_rules_are_listed_checked_and_documented(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "list"]) == 0
    assert "vlan-over-bond" in capsys.readouterr().out
    assert main(["rules", "check", "--quick", str(ROOT / "rules" / "ovirtmgmt" / "1.0")]) == 0
    capsys.readouterr()
    assert main(["rules", "doc"]) == 0
    assert capsys.readouterr().out == (ROOT / "docs" / "rules.md").read_text(), "run make docs"
    assert main(["rules", "digest"]) == 0
    assert capsys.readouterr().out.startswith("sha256:")
