"""`mgmtnet rehearse`: the drawings are of the address that was given, at each moment of the run."""

import json
from pathlib import Path

import pytest
from standins import GOLDEN, at_once

TWO = GOLDEN / "found-by-default-route"  # eth0 with 192.0.2.10, eth1 with 198.51.100.5


def test_the_host_is_drawn_from_the_address_that_was_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture = json.loads((TWO / "capture.json").read_text()) | {"lastClientIface": "eth1"}
    (tmp_path / "capture.json").write_text(json.dumps(capture))
    arguments = [str(tmp_path / "capture.json"), "--network", str(TWO / "definition.yaml"), "--address", "192.0.2.10"]
    done = at_once(capsys, "rehearse", *arguments, "--reboot", "none", "--speed", "20")
    assert done.status == 0, done
    moments = ("As it was captured", "Adopted", "After setupNetworks")
    pictures = done.out.split("127.0.0.2:")[0].split("Not drawn: 1 other nic (eth1)")
    assert [moment in picture for moment, picture in zip(moments, pictures, strict=False)] == [True] * 3
    assert all("192.0.2.10/24" in picture and "198.51.100.5" not in picture for picture in pictures[:3])
    assert "network ovirtmgmt" in pictures[1]
    assert "bridge ovirtmgmt" in pictures[2]
