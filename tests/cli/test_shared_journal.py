"""Two machines that share a journal in PostgreSQL: one sees the runs of the other, and neither gets in its way."""

import json
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres import programs, server
from standins import PATIENCE, machine, mgmtnet, state_of, wait_until

NOWHERE = "postgresql://mgmtnet:s3cr3t@127.0.0.1:1/postgres"


@pytest.fixture(scope="module")
def journal() -> Iterator[str]:
    with server() as url:
        yield url


def test_a_journal_in_which_nothing_was_written_yet(journal: str, tmp_path: Path) -> None:
    done = mgmtnet("status", environ=state_of(tmp_path) | {"MGMTNET_JOURNAL": journal})
    assert (done.status, done.out) == (0, "no runs yet\n")


def test_a_run_that_was_killed_on_one_machine_is_resumed_on_another(journal: str, tmp_path: Path) -> None:
    with machine(tmp_path, "nic-static", faults=["setupNetworks:slow=600"]) as host:
        here = host._replace(environ=host.environ | {"MGMTNET_JOURNAL": journal})
        there = here._replace(environ=here.environ | state_of(tmp_path / "there"))
        killed = here.begin("--yes")
        wait_until(lambda: "asked: setupNetworks" in host.said)

        for command in (there.apply("--yes"), there.mgmtnet("resume")):
            assert command.status == 1, command
            assert "another run is at work" in command.err
        assert there.mgmtnet("status").out.endswith("interrupted or at work, after announce-adopt\n")

        killed.send_signal(signal.SIGKILL)
        killed.communicate(timeout=PATIENCE)
        resumed = there.mgmtnet("resume")
        assert resumed.status == 0, resumed
        assert "as planned and saved" in resumed.out
        assert here.mgmtnet("status").out.endswith("as planned and saved\n")
        assert host.changed() == ["setupNetworks", "setupNetworks", "setSafeNetworkConfig"]


def test_a_change_is_kept_from_another_machine(journal: str, tmp_path: Path) -> None:
    with machine(tmp_path, "ovirtmgmt-other-mtu") as host:
        here = host._replace(environ=host.environ | {"MGMTNET_JOURNAL": journal})
        there = here._replace(environ=here.environ | state_of(tmp_path / "there"))
        asking = here.begin("--yes", "--confirm-within", "600", "--run", "kept-from-there")
        wait_until(lambda: "after verify" in there.mgmtnet("status", "kept-from-there").out)
        kept = there.mgmtnet("confirm", "kept-from-there")
        assert (kept.status, "keeps its change" in kept.out) == (0, True), kept
        out, err = asking.communicate(timeout=PATIENCE)
        assert (asking.returncode, "as planned and saved" in out) == (0, True), err


def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    done = mgmtnet("status", environ=state_of(tmp_path) | {"MGMTNET_JOURNAL": NOWHERE})
    assert done.status == 1
    assert "error[journal-unreachable]" in done.err
    assert "s3cr3t" not in done.err


AWAY = """
    import contextlib, json, os, signal, sys, time
    sys.path.insert(0, sys.argv[3])
    from postgres import programs, server
    from planner.apply import journal
    from planner.apply.run import Step
    journal.AWAY = 12.0
    kind, begin = sys.argv[1:3]
    performed = []

    def children(process):
        with open(f"/proc/{process}/task/{process}/children") as stream:
            return [int(one) for one in stream.read().split()]

    with server() as url:
        master = children(os.getpid())[0]

        def signalled(number):
            for process in [master, *children(master)]:
                with contextlib.suppress(ProcessLookupError):  # the server ends the others when one of them was killed
                    os.kill(process, number)

        def perform(name, order, steps):
            performed.append(name)
            if len(steps) == int(begin):
                signalled(signal.SIGSTOP if kind == "stopped" else signal.SIGKILL)
            return Step(name, "x", "" if len(steps) == 6 else "next", "as planned and saved")

        began = time.monotonic()
        kept = journal.keep(url, "one", {"run": "one"}, perform)
        took = time.monotonic() - began
        if kind == "stopped":
            signalled(signal.SIGKILL)
        told = {"performed": performed, "steps": len(kept.steps), "lost": kept.lost, "took": took}
        print(json.dumps(told), flush=True)
        os._exit(0)
"""


@pytest.mark.parametrize(("kind", "begin"), [("stopped", 3), ("killed", 0)])
def test_a_database_that_goes_away_is_not_waited_for_without_end(kind: str, begin: int) -> None:
    programs()
    command = [sys.executable, "-c", textwrap.dedent(AWAY), kind, str(begin), str(Path(__file__).parent)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told["performed"] == ["look", *["next"] * 6]
    assert told["steps"] == 7
    assert told["lost"]["code"] == "journal-broken"
    assert told["took"] < 80, "DBOS alone would wait for ever"
