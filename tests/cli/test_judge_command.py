"""``mgmtnet judge`` as it is typed: what it prints, how it ends, and what it says of what is no call."""

import io
import json
from pathlib import Path

import pytest

from planner.cli.main import main

ROOT = Path(__file__).parents[2]
OWNED = str(ROOT / "tests" / "data" / "hosts" / "ov-bridged-bond-static" / "caps.json")
BARE = str(ROOT / "golden" / "seed-vlan-over-bond" / "capture.json")
REMOVAL = {"networks": {"ovirtmgmt": {"remove": True}}, "bondings": {}, "options": {}}


@pytest.fixture
def removal(tmp_path: Path) -> str:
    path = tmp_path / "call.json"
    path.write_text(json.dumps(REMOVAL))
    return str(path)


def test_a_call_that_loses_the_host_ends_with_3(removal: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["judge", removal, "--capture", OWNED]) == 3
    printed, said = capsys.readouterr()
    assert printed.startswith("refused: the host could lose its management network\n\nManagement address: ")
    assert "on bridge ovirtmgmt" in printed
    assert "error[loses-address]" in printed
    assert "  hint: " in printed
    assert said == ""


def test_it_is_a_document_as_well(removal: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["judge", removal, "--capture", OWNED, "-o", "json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert (document["format"], document["verdict"]) == ("mgmtnet/judgement@1", "refused")
    assert document["management"]["network"] == document["management"]["device"] == "ovirtmgmt"
    assert [problem["code"] for problem in document["problems"]] == ["loses-address"]


def test_what_is_allowed_passes(removal: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["judge", removal, "--capture", OWNED, "--allow", "loses-address"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("accepted: ")
    assert "warning[loses-address]" in printed


def test_the_host_that_asked_itself_has_its_address_on_the_network_of_its_name(
    tmp_path: Path, removal: str, capsys: pytest.CaptureFixture[str]
) -> None:
    caps = json.loads(Path(OWNED).read_text())
    caps["lastClientIface"] = "lo"
    path = tmp_path / "caps.json"
    path.write_text(json.dumps(caps))
    assert main(["judge", removal, "--capture", str(path), "-o", "json"]) == 3
    assert json.loads(capsys.readouterr().out)["management"]["device"] == "ovirtmgmt"
    bare = json.loads(Path(BARE).read_text()) | {"lastClientIface": "lo"}
    path.write_text(json.dumps(bare))
    call = tmp_path / "nothing.json"
    call.write_text('{"networks": {}}')
    assert main(["judge", str(call), "--capture", str(path), "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["management"]["found_by"] == "default-route"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["-", "--capture", "-"], "options-contradict"),
        (["CALL", "--capture", OWNED, "--allow", "loses-adress"], "did you mean loses-address?"),
        (["CALL", "--capture", OWNED, "--address", "203.0.113.9"], "address-not-found"),
        (["CALL", "--capture", str(ROOT / "golden" / "ovirtmgmt-on-ovs" / "capture.json")], "call-unplayable"),
        (["CALL", "--capture", "/nowhere"], "cannot read the capture"),
        (["/nowhere", "--capture", OWNED], "cannot read the request"),
        ([OWNED, "--capture", OWNED], "these belong to --capture"),
        (["CALL", "--capture", str(ROOT / "golden" / "excerpt-without-vlans" / "capture.json")], "capture-incomplete"),
    ],
)
@pytest.mark.parametrize("output", ["text", "json"])
def test_what_cannot_be_judged_ends_with_1(
    removal: str, arguments: list[str], told: str, output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = [removal if one == "CALL" else one for one in arguments]
    status = main(["judge", *typed, "-o", output])
    printed, said = capsys.readouterr()
    assert status == 1
    assert told in said
    assert (printed == "") == (output == "text")


def test_a_call_comes_through_a_pipe(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"networks": ')))
    assert main(["judge", "-", "--capture", OWNED]) == 1
    assert "standard input:1:" in capsys.readouterr().err
