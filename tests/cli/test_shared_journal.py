"""Two machines that share a journal in PostgreSQL: one sees the runs of the other, and neither gets in its way."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres import server
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


def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    done = mgmtnet("status", environ=state_of(tmp_path) | {"MGMTNET_JOURNAL": NOWHERE})
    assert done.status == 1
    assert "error[journal-unreachable]" in done.err
    assert "s3cr3t" not in done.err
