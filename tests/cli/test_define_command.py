"""A first definition by what the host is: it reads, it is what the host is, and what is open is a comment."""

import io
from pathlib import Path

import pytest
import yaml

import planner
from planner.cli.main import main

ROOT = Path(__file__).parents[2]
HOSTS = ROOT / "tests" / "data" / "hosts"
GOLDENS = sorted((ROOT / "golden").glob("*/capture.json"))


@pytest.mark.parametrize("part", range(4))
def test_a_definition_of_each_golden_reads_and_keeps_the_tag(part: int, capsys: pytest.CaptureFixture[str]) -> None:
    for capture in GOLDENS[part::4]:
        about = yaml.safe_load((capture.parent / "about.yaml").read_text())
        addresses = [word for address in about.get("address", []) for word in ("--address", address)]
        status = main(["define", str(capture), *addresses])
        printed, said = capsys.readouterr()
        if status == 1:
            assert printed == ""
            assert "error[" in said, capture
            continue
        reading = planner.read_definition(printed)
        assert (status, reading.problems) == (0, ()), capture
        assert "tag-mismatch" not in said or "no definition has the tag" in printed, capture


@pytest.mark.parametrize("slug", ["ov-bridged-nic-static", "ov-bridged-bond-static", "ov-bridged-nic-dhcp"])
def test_a_host_that_has_the_network_is_as_defined(slug: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["define", str(HOSTS / slug / "caps.json")]) == 0
    printed, said = capsys.readouterr()
    assert "nothing to change" in said
    assert "# vlan: TAG  # untagged as the host is" in printed, "no tag that somebody could take for the host's"
    reading = planner.read_definition(printed.replace("# vlan: TAG", "vlan: TAG"))
    assert [problem.code for problem in reading.problems] == ["vlan-invalid"], reading.problems


def test_what_the_capture_does_not_tell_is_to_be_decided(capsys: pytest.CaptureFixture[str]) -> None:
    capture = str(ROOT / "tests" / "data" / "ip-text.txt")
    assert main(["define", capture, "--address", "198.51.100.177"]) == 0
    printed, said = capsys.readouterr()
    assert "vlan: 3000  # of bond4.3000 over bond4" in printed
    assert "# Decide: static or dhcp?" in printed
    assert "# ipv4: dhcp" in printed
    assert "a change is planned" in said


def test_a_host_without_a_management_device_gets_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"nics": {}, "bondings": {}}')))
    assert main(["define", "-"]) == 1
    printed, said = capsys.readouterr()
    assert printed == ""
    assert "--address" in said
