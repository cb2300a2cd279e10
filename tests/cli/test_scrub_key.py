"""`mgmtnet capture --scrub`: a key that nobody keeps, or that of a file, which is made where it is not there."""

import json
import os
import re
import stat
from pathlib import Path

import pytest
from standins import GOLDEN, Ended, at_once

CAPTURED = GOLDEN / "seed-vlan-over-bond" / "capture.json"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A key that somebody made, as `openssl rand -hex 32` does."""
    path = tmp_path / "key"
    path.write_text("5d" * 32 + "\n")
    path.chmod(0o600)
    return path


def scrubbed(capsys: pytest.CaptureFixture[str], *options: str) -> Ended:
    return at_once(capsys, "capture", str(CAPTURED), "--scrub", *options)


def test_each_run_renames_otherwise(capsys: pytest.CaptureFixture[str]) -> None:
    runs = [scrubbed(capsys) for _ in range(2)]
    assert [done.status for done in runs] == [0, 0]
    assert runs[0].document.keys() == runs[1].document.keys()
    told = [set(re.findall(r"10\.\d+\.\d+\.\d+|02(?::[0-9a-f]{2}){5}", done.out)) for done in runs]
    assert told[0]
    assert not told[0] & told[1]


def test_the_same_key_renames_alike(key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = (scrubbed(capsys, "--scrub-key", str(key)) for _ in range(2))
    assert first.status == 0, first
    assert first == second
    key.write_text("5e" * 32)
    assert scrubbed(capsys, "--scrub-key", str(key)).out != first.out


def test_how_the_file_ends_is_no_part_of_the_key(key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = scrubbed(capsys, "--scrub-key", str(key))
    key.write_text(key.read_text().strip() + "\r\n")
    assert scrubbed(capsys, "--scrub-key", str(key)).out == first.out


def test_a_key_that_is_not_there_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = tmp_path / "key"
    first, second = (scrubbed(capsys, "--scrub-key", str(key)) for _ in range(2))
    assert first.status == 0, first
    assert f"note[scrub-key-made]: {key} is new, with a random key" in first.err
    assert "keep it secret" in first.err
    assert second == first._replace(err="")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert re.fullmatch(r"[0-9a-f]{64}\n", key.read_text())
    assert os.listdir(tmp_path) == ["key"]
    scrubbed(capsys, "--scrub-key", str(tmp_path / "other"))
    assert (tmp_path / "other").read_text() != key.read_text()


def test_no_key_is_made_through_a_link(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    done = scrubbed(capsys, "--scrub-key", str(tmp_path / "link"))
    assert (done.status, done.out) == (1, "")
    assert "error[file-unreadable]: cannot read the key" in done.err
    assert os.listdir(tmp_path) == ["link"]


def test_a_key_that_another_command_makes_meanwhile_counts(
    key: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = scrubbed(capsys, "--scrub-key", str(key))
    monkeypatch.setattr("planner.cli.hosts.os.path.lexists", lambda _: False)
    assert scrubbed(capsys, "--scrub-key", str(key)) == known


def test_a_link_to_a_key_is_followed(key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "link").symlink_to(key)
    assert scrubbed(capsys, "--scrub-key", str(tmp_path / "link")) == scrubbed(capsys, "--scrub-key", str(key))


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "scrub-key-short"), (b"hunter2 \n", "scrub-key-short"), (b"k" * 5000, "file-unreadable")],
)
def test_a_key_that_is_none_is_refused(
    content: bytes, code: str, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key.write_bytes(content)
    done = scrubbed(capsys, "--scrub-key", str(key))
    assert (done.status, done.out) == (1, "")
    assert f"error[{code}]" in done.err
    assert "hint: name a file that is not there" in done.err
    assert key.read_bytes() == content


def test_neither_a_device_nor_a_pipe_is_a_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in ("/dev/zero", str(tmp_path / "pipe")):
        done = scrubbed(capsys, "--scrub-key", path)
        assert (done.status, done.out) == (1, "")
        assert "error[file-unreadable]" in done.err


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_that_others_may_read_is_refused(mode: int, key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key.chmod(mode)
    done = scrubbed(capsys, "--scrub-key", str(key))
    assert (done.status, done.out) == (1, "")
    assert "error[scrub-key-open]" in done.err
    assert f"hint: chmod 600 {key}" in done.err


def test_a_key_that_cannot_be_made_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (tmp_path / "nowhere" / "key", tmp_path):
        done = scrubbed(capsys, "--scrub-key", str(path))
        assert (done.status, done.out) == (1, "")
        assert "error[file-un" in done.err


def test_a_key_without_scrubbing_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = at_once(capsys, "capture", str(CAPTURED), "--scrub-key", str(tmp_path / "key"))
    assert (done.status, done.out) == (2, "")
    assert "error[scrub-key-unused]" in done.err
    assert "hint: add --scrub" in done.err
    monkeypatch.setenv("MGMTNET_SCRUB_KEY", str(tmp_path / "key"))
    assert at_once(capsys, "capture", str(CAPTURED)).status == 2, "whoever set it wants no capture with names"
    assert os.listdir(tmp_path) == []


def test_two_hosts_are_renamed_alike(key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = json.loads(CAPTURED.read_text())
    del other["nics"]["eth0"]
    (tmp_path / "other.json").write_text(json.dumps(other))
    first = scrubbed(capsys, "--scrub-key", str(key)).document
    second = at_once(capsys, "capture", str(tmp_path / "other.json"), "--scrub", "--scrub-key", str(key)).document
    del first["nics"]["eth0"]
    assert second == first
