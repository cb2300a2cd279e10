"""A change that is sent by hand (docs/applying.md) and that nobody confirms: the host stands as it was adopted."""

import json
import subprocess
from pathlib import Path

import pytest
from pages import PATIENCE, Page
from places import ROOT, SEED, Place, surroundings

from planner.host.capture import read_capture

PAGE = Page(ROOT / "docs" / "applying.md")
SEEN = "- --network definition.yaml --address 192.0.2.10"
CAPTURE = "vdsm-client Host getCapabilities"
SEND = "vdsm-client --timeout 300 -f - Host setupNetworks"
# VDSM waits for six seconds: long enough for the loop to come round, if it confirmed.
SPEED = 20.0


@pytest.fixture
def place(tmp_path: Path, request: pytest.FixtureRequest):
    with surroundings(tmp_path, speed=SPEED, cut_off=getattr(request, "param", False)) as place:
        yield place


def typed(place: Place, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command],
        cwd=place.folder / "golden" / SEED,
        env=place.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def standing(place: Place):
    """The host as VDSM reports it, and what is planned for it."""
    captured = read_capture(typed(place, CAPTURE).stdout)
    return captured.host, typed(place, f"{CAPTURE} | mgmtnet plan {SEEN} --exit-code").returncode


def as_adopted(host) -> bool:
    own = host.networks["ovirtmgmt"]
    return not own.bridged and [one.text for one in own.ip.addresses] == ["192.0.2.10"]


@pytest.mark.parametrize("place", [True], indirect=True)
def test_the_loop_confirms_nothing_once_the_change_has_cut_the_host_off(place: Place) -> None:
    printed = PAGE.run(place.folder, place.environment)
    said = {
        step.command.split()[-1]: outcome for step, outcome in zip(PAGE.steps, printed, strict=True) if not step.path
    }
    change, _ = said["$!)"]
    *_, last = change.splitlines()
    assert last == "(code=10, message=connectivity check failed)"
    assert last in [line.strip() for block in PAGE.blocks for _, line in block.lines if not block.kind]
    assert said["setSafeNetworkConfig"][1] == 4
    assert place.this.changed() == ["setupNetworks", "setupNetworks"]
    host, planned = standing(place)
    assert as_adopted(host)
    assert planned == 4


def test_a_change_by_a_pipe_is_taken_back(place: Place) -> None:
    assert typed(place, f"{CAPTURE} | mgmtnet plan {SEEN} -o vdsm | {SEND}").returncode == 0
    adopted, _ = standing(place)
    assert as_adopted(adopted)
    sent = typed(place, f"{CAPTURE} | mgmtnet plan {SEEN} -o vdsm | {SEND}")
    assert sent.returncode == 1
    assert sent.stderr.endswith(" failed:\n(code=10, message=connectivity check failed)\n")
    host, planned = standing(place)
    told_dirty = {"digest": adopted.digest, "dirty": adopted.dirty}  # as VDSM is after any call
    assert host._replace(**told_dirty) == adopted
    assert planned == 4


def test_nothing_is_sent_where_there_is_no_such_step_or_no_plan(place: Place) -> None:
    whole = json.loads(typed(place, CAPTURE).stdout)
    assert whole["bridges"] == {}
    assert typed(place, f"{CAPTURE} | mgmtnet plan {SEEN} -o vdsm | {SEND}").returncode == 0
    again = typed(place, f"{CAPTURE} | mgmtnet plan {SEEN} -o vdsm --step adopt | {SEND}")
    assert "step-unknown" in again.stderr
    refused = typed(place, f"{CAPTURE} | mgmtnet plan - --address 192.0.2.10 -o vdsm | {SEND}")
    assert "vlan-tag-mismatch" in refused.stderr
    for one in (again, refused):
        assert (one.stdout, one.returncode) == ("", 2)
        assert one.stderr.endswith("vdsm-client: error: File is empty\n")
    assert place.this.changed() == ["setupNetworks"]
