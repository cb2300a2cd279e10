"""`apply --check`, `--confirm-within`, `confirm`, `undo`, and SIGTERM, as processes against a stand-in."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import time
from pathlib import Path

import jsonschema
import pytest
from standins import BARE, GOLDEN, MGMTNET, PATIENCE, Machine, machine

import planner.apply
from planner.apply.library import HEARD_WITHIN

OWNED = "ovirtmgmt-other-mtu"
REPORT = json.loads((GOLDEN.parent / "schemas" / "report.schema.json").read_text())


def begun(host: Machine, *arguments: str) -> subprocess.Popen[str]:
    """`apply` that asks whether the change is to be kept, and has come so far."""
    return asking(host.begin("--yes", "--log", "json", *arguments))


def asking(process: subprocess.Popen[str]) -> subprocess.Popen[str]:
    """The process, come so far as to ask."""
    assert process.stderr is not None
    for line in process.stderr:
        told = json.loads(line)
        if (told["kind"], told.get("step")) == ("begin", "keep"):
            return process
    raise AssertionError(process.communicate())


def run_of(host: Machine) -> str:
    return str(host.mgmtnet("status", "-o", "json").document[0]["run"])


def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(tmp_path: Path) -> None:
    with machine(tmp_path, OWNED) as host:
        checked = host.apply("--check")
        assert checked.status == 4, checked
        assert "networks.ovirtmgmt" in checked.out
        assert "mtu" in checked.out
        as_json = host.apply("--check", "--yes", "-o", "json")
        assert (as_json.status, as_json.document["outcome"]) == (4, "change")
        assert host.changed() == []
        assert host.mgmtnet("status").out == "no runs yet\n"
        done = host.apply("--yes", "-v")
        assert done.status == 0, done
        for verb in ("ping", "getCapabilities", "setupNetworks", "confirmConnectivity", "setSafeNetworkConfig"):
            assert re.search(rf"127\.0\.0\.\S+: {verb}: done \(\d+\.\d s\)", done.err), verb
        assert "networks.ovirtmgmt" in done.err, "the plan is shown with --yes, too"
        assert host.apply("--check").status == 0
        unmade = host.mgmtnet("undo", done.run, "--check")
        assert unmade.status == 4, unmade
        assert "MTU" in unmade.out
        undone = host.mgmtnet("undo", done.run, "--yes", "--run", "back")
        assert undone.status == 0, undone
        assert f"stands as before the run {done.run}, and that is saved" in undone.out
        assert host.changed() == ["setupNetworks", "setSafeNetworkConfig"] * 2
        again = host.mgmtnet("undo", done.run, "--yes", "-o", "json")
        assert (again.status, again.document["undoes"]) == (0, done.run)
        jsonschema.validate(again.document, REPORT)
        assert f"(undoes {done.run})" in host.mgmtnet("status").out
        assert host.mgmtnet("undo", "nobody").status == 1
        assert "error[not-agreed]" in host.mgmtnet("undo", "back").err


def test_a_change_that_is_confirmed_in_time_is_kept(tmp_path: Path) -> None:
    with machine(tmp_path, OWNED) as host:
        process = begun(host, "--confirm-within", "600")
        run = run_of(host)
        assert f"after verify; `mgmtnet confirm {run}` keeps its change\n" in host.mgmtnet("status").out
        refused = host.mgmtnet("undo", run)
        assert (refused.status, "error[run-unfinished]" in refused.err) == (3, True), refused
        kept = host.mgmtnet("confirm", run)
        assert (kept.status, kept.out) == (0, f"the run {run} keeps its change, and saves it\n"), kept
        out, _ = process.communicate(timeout=PATIENCE)
        assert (process.returncode, "as planned and saved" in out) == (0, True)
        assert "keeps its change" not in host.mgmtnet("status").out
        late = host.mgmtnet("confirm", run, "-o", "json")
        assert (late.status, late.document["problems"][0]["code"]) == (1, "not-asked")
        assert host.mgmtnet("confirm", "nobody").status == 1


def test_what_is_being_taken_back_is_not_taken_back_by_another_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host stands as before meanwhile, and may not in the end."""
    with machine(tmp_path, OWNED) as host:
        done = host.apply("--yes").run
        undo = ["undo", done, "--yes"]
        command = [*MGMTNET, *undo, "--run", "back", "--timeout", "2400", "--confirm-within", "600", "--log", "json"]
        process = asking(subprocess.Popen(command, env=BARE | host.environ, stderr=subprocess.PIPE, text=True))
        held = host.mgmtnet(*undo)
        assert (held.status, "error[host-held]" in held.err) == (1, True), held
        for name, value in host.environ.items():
            monkeypatch.setenv(name, value)
        assert [problem.code for problem in planner.apply.undo(done).problems] == ["host-held"]
        process.kill()
        process.communicate(timeout=PATIENCE)
        unfinished = host.mgmtnet(*undo)
        assert (unfinished.status, "mgmtnet resume back" in unfinished.err) == (1, True), unfinished
        assert [problem.code for problem in planner.apply.undo(done).problems] == ["run-unfinished"]


def test_a_run_that_is_told_to_end_says_how_to_go_on_and_what_is_confirmed_meanwhile_counts(tmp_path: Path) -> None:
    with machine(tmp_path, OWNED) as host:
        process = begun(host, "--confirm-within", "600")
        run = run_of(host)
        process.send_signal(signal.SIGHUP)  # its terminal is gone: nobody is told any more, and it goes on
        time.sleep(0.5)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 128 + signal.SIGTERM
        began = time.monotonic()
        unheard = host.mgmtnet("confirm", run)
        assert time.monotonic() - began < HEARD_WITHIN, "nobody is waited for"
        assert (unheard.status, f"mgmtnet resume {run}" in unheard.err) == (5, True), unheard
        resumed = host.mgmtnet("resume", run)
        assert (resumed.status, "as planned and saved" in resumed.out) == (0, True), resumed


def test_sigterm_says_how_to_go_on(tmp_path: Path) -> None:
    with machine(tmp_path, OWNED) as host:
        process = begun(host, "--confirm-within", "2", "--run", "told")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 128 + signal.SIGTERM
        told = [json.loads(line) for line in err.splitlines()]
        assert told[-1]["said"] == "interrupted: `mgmtnet resume told` goes on, or undoes"
        resumed = host.mgmtnet("resume", "told")
        assert (resumed.status, "error" in resumed.err) == (1, False), resumed
        assert "as before" in resumed.out
        assert "nobody has kept it" in resumed.out


@pytest.mark.parametrize(("typed", "status"), [("\nyes\n", 0), ("no\n", 1)])
def test_the_terminal_is_asked(typed: str, status: int, tmp_path: Path) -> None:
    with machine(tmp_path, OWNED) as host:
        ours, theirs = pty.openpty()
        command = [
            *MGMTNET,
            "apply",
            host.target,
            *host.definition,
            "--yes",
            "--confirm-within",
            "600",
            "--log",
            "plain",
        ]
        process = subprocess.Popen(command, env=BARE | host.environ, stdin=theirs, stdout=theirs, stderr=theirs)
        screen = b""
        end = time.monotonic() + PATIENCE
        while process.poll() is None:
            assert time.monotonic() < end, screen
            if select.select([ours], [], [], 0.05)[0]:
                screen += os.read(ours, 65536)
            if typed and b"keep: keep it?" in screen:
                os.write(ours, typed.encode())
                typed = ""
        assert process.returncode == status, screen
        os.close(ours)
        os.close(theirs)


def test_everything_is_a_document_that_is_told_with_log_json(tmp_path: Path) -> None:
    with machine(tmp_path, OWNED) as host:
        asked = host.apply("--log", "json", MGMTNET_NETWROK="slip")
        assert asked.status == 2
        told = [json.loads(line) for line in asked.err.splitlines()]
        assert {one["kind"] for one in told} >= {"plan", "problem", "begin", "end"}
        assert [one["code"] for one in told if one["kind"] == "problem"] == ["unknown-variable", "not-agreed"]
