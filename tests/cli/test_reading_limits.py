"""What a command is given to read: files and pipes that end, with limits of size and of time; else advice."""

import io
import os
import socket
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from planner import files
from planner.cli.main import main
from planner.files import Unreadable, content_of, content_of_stream

ROOT = Path(__file__).parents[2]
HOST = ROOT / "golden" / "nic-static" / "capture.json"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SILENT", 1.5)
    monkeypatch.setattr(files, "NAMED", 1.5)


def reason(content: bytes | Unreadable) -> str:
    assert isinstance(content, Unreadable)
    return content.reason


def written(path: Path | int, *parts: bytes, pause: float = 0.3) -> None:
    """Have a thread write into a pipe."""

    def write() -> None:
        time.sleep(pause)
        with suppress(BrokenPipeError), open(path, "wb", buffering=0) as stream:
            for part in parts:
                stream.write(part)
                time.sleep(pause)

    threading.Thread(target=write).start()


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 3_000_000)
    assert content_of(str(path), 3_000_000) == b"x" * 3_000_000
    assert reason(content_of(str(path), 2 << 20)) == "it is larger than 2 MiB"
    assert reason(content_of(str(path), 2 << 10)) == "it is larger than 2 KiB"
    assert b"Name" in bytes(content_of("/proc/self/status", 1 << 16)), "which says that it is empty"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/dev/zero", "it is no file"),
        ("/", "it is a folder"),
        ("/nowhere", "No such file or directory"),
        ("a\0b", "embedded null byte"),
    ],
)
def test_what_is_no_file(path: str, told: str) -> None:
    assert reason(content_of(path, 1 << 20)) == told


def test_what_may_not_be_read(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("link")
    assert not content_of(str(link), 10).denied  # type: ignore[union-attr]  it cannot be had
    assert content_of("/dev/null", 10) == b""
    assert reason(content_of("/dev/null", 10, pipes=False)) == "it is no file"


def test_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    written(path, b"one", b"two")
    assert content_of(str(path), 100) == b"onetwo"
    written(path, b"x" * 200)
    assert reason(content_of(str(path), 100)) == "it is larger than 0 KiB"
    time.sleep(1.0)  # until the writer has gone
    assert reason(content_of(str(path), 100)) == "nothing came for 2 s"
    assert reason(content_of(str(path), 100, pipes=False)) == "it is no file"


def test_a_pipe_that_drips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "WHOLE", 2.0)
    path = tmp_path / "pipe"
    os.mkfifo(path)
    written(path, *[b"x"] * 12)
    assert reason(content_of(str(path), 100)) == "it has not ended after 2 s"


def test_a_socket_for_standard_input() -> None:
    ours, theirs = socket.socketpair()
    ours.sendall(b"told")
    ours.close()
    assert content_of_stream(theirs.fileno(), 100) == b"told"
    theirs.close()


def test_standard_input_that_is_none(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(HOST.read_bytes())))
    assert main(["plan", "-"]) == 0
    assert "ovirtmgmt" in capsys.readouterr().out


OPTIONS: tuple[Callable[[str], list[str]], ...] = (
    lambda path: ["plan", path],
    lambda path: ["plan", str(HOST), "--network", path],
    lambda path: ["capture", path],
    lambda path: ["capture", str(HOST), "--scrub", "--scrub-key", path],
    lambda path: ["apply", "192.0.2.1", "--plan", path],
    lambda path: ["apply", "192.0.2.1", "--network", path],
    lambda path: ["apply", "192.0.2.1", "--routes", path],
    lambda path: ["apply", "192.0.2.1", "--ca", path],
    lambda path: ["capture", "192.0.2.1", "--cert", path],
    lambda path: ["golden", "new", path, "--network", path, "--name", "it"],
    lambda path: ["rules", "fmt", path],
    lambda path: ["rules", "mutate", "--reasons", path, "--goldens", str(HOST.parent)],
)


@pytest.mark.parametrize("number", range(len(OPTIONS)))
def test_every_option_that_names_a_file(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MGMTNET_STATE", str(tmp_path / "state"))
    for name in ("CA", "CERT", "KEY"):
        monkeypatch.delenv(f"MGMTNET_{name}", raising=False)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in ("/dev/zero", str(pipe)):
        began = time.monotonic()
        assert main(OPTIONS[number](path)) in (1, 2)
        assert time.monotonic() - began < 10
        told = capsys.readouterr().err
        assert "internal fault" not in told
        assert "error[" in told


def test_a_silent_pipe_ends_a_process() -> None:
    """As a whole process: its standard input is open, and nobody writes."""
    program = (
        "import sys; from planner import files; files.SILENT = 1.0\n"
        "from planner.cli.main import main; sys.exit(main(['plan', '-']))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as ran:
        assert ran.stderr is not None
        assert "nothing came for 1 s" in ran.stderr.readline()
        assert ran.wait(20) == 1


@pytest.mark.parametrize("kind", ["gz", "xz", "bz2", ""])
@pytest.mark.parametrize(
    "command", [["plan", "CAPTURE"], ["fleet", "plan", "CAPTURE"], ["apply", "192.0.2.1", "--yes"]]
)
def test_an_archive_that_is_given_as_a_definition_is_told_as_one(
    command: list[str], kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / f"hosts.tar.{kind}")
    with tarfile.open(path, f"w:{kind}") as archive:
        archive.add(HOST, "capture.json")
    arguments = [str(HOST) if word == "CAPTURE" else word for word in command]
    assert main([*arguments, "--network", path]) == 1
    told = capsys.readouterr().err
    assert f"{path}: error[not-a-definition]: this is an archive; a definition is YAML or JSON" in told
    assert "mgmtnet plan CAPTURE --network DEFINITION" in told
    assert main([*arguments, "--network", str(HOST)]) == 1
    told = capsys.readouterr().err
    assert "error[not-a-definition]: this is a capture" in told
    assert told.count("error[") == 1, told


def test_a_plan_that_is_given_as_a_definition_is_told_as_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", str(HOST), "-o", "json"]) == 0
    (tmp_path / "plan.json").write_text(capsys.readouterr().out)
    assert main(["apply", "192.0.2.1", "--yes", "--network", str(tmp_path / "plan.json")]) == 1
    told = capsys.readouterr().err
    assert "error[not-a-definition]: this is a plan" in told
    assert "mgmtnet apply [HOST] --plan PLAN" in told
    assert told.count("error[") == 1, told
