"""A rollout under way on one machine: failures, pause and stop, a `start` that is killed, two rollouts at once."""

import signal
import subprocess
from pathlib import Path

import pytest
from fleet_on_stage import fleet
from rollouts import ONCE, Stage, wait_until
from standins import BARE, MGMTNET, PATIENCE

SLOW = "setupNetworks:slow=100:2"  # five seconds at the stand-ins' speed


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/fleet.sqlite"


def begun(stage: Stage, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*MGMTNET, *arguments],
        env=BARE | stage.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_failure_beyond_the_budget_ends_it_and_resume_tries_again(database: str) -> None:
    with fleet(4, faults={0: ["setupNetworks:crash:1"]}) as hosts:
        stage = Stage(hosts, database)
        failed = stage.start("one", "--waves", "1,rest")
        assert failed.status == 1
        assert stage.status("one")["state"] == "failed"
        assert stage.states("one") == {"host0": "before", "host1": "waiting", "host2": "waiting", "host3": "waiting"}
        assert "mgmtnet rollout resume one" in failed.out

        done = stage.command("rollout", "resume", "one")
        assert done.status == 0, done
        assert set(stage.states("one").values()) == {"saved"}
        assert hosts.sent("host0")["setupNetworks"] == 3, "once in vain"
        assert [host["attempt"] for host in stage.status("one")["hosts"]] == [2, 1, 1, 1]


def test_hosts_that_may_fail_do_not_stop_the_others(database: str) -> None:
    with fleet(4, faults={1: ["setupNetworks:crash:1"]}) as hosts:
        stage = Stage(hosts, database)
        done = stage.start("one", "--waves", "2,rest", "--max-failures", "1")
        assert (done.status, stage.status("one")["state"]) == (1, "done")
        assert stage.states("one") == {"host0": "saved", "host1": "before", "host2": "saved", "host3": "saved"}


def test_paused_nothing_begins_and_what_is_under_way_ends(database: str) -> None:
    with fleet(3, faults={0: [SLOW], 1: [SLOW]}) as hosts:
        stage = Stage(hosts, database)
        start = begun(stage, *stage.starting("one", "--waves", "rest", "--concurrency", "1"))
        wait_until(lambda: "setupNetworks" in hosts.sent("host0"))
        assert stage.command("rollout", "pause", "one").status == 0
        wait_until(lambda: stage.is_state("one", "paused"))
        assert stage.states("one") == {"host0": "saved", "host1": "waiting", "host2": "waiting"}
        assert stage.command("rollout", "resume", "one", "--detach").status == 0
        wait_until(lambda: hosts.sent("host1"))
        assert stage.command("rollout", "stop", "one").status == 0
        _, told = start.communicate(timeout=PATIENCE)
        assert (start.returncode, stage.status("one")["state"]) == (1, "stopped"), told
        assert stage.states("one") == {"host0": "saved", "host1": "saved", "host2": "waiting"}


def test_a_start_that_is_killed_is_gone_on_with(database: str) -> None:
    """Its host's process goes on by itself; whoever resumes waits for it and takes its report."""
    with fleet(3, faults={0: [SLOW]}) as hosts:
        stage = Stage(hosts, database)
        start = begun(stage, *stage.starting("one", "--waves", "1,rest"))
        wait_until(lambda: hosts.sent("host0")["setupNetworks"] == 2)
        start.send_signal(signal.SIGKILL)
        start.communicate(timeout=PATIENCE)
        done = stage.command("rollout", "resume", "one")
        assert done.status == 0, done
        assert {name: hosts.sent(name) for name in hosts.hosts} == dict.fromkeys(hosts.hosts, ONCE)
        assert [host["attempt"] for host in stage.status("one")["hosts"]] == [1, 1, 1]


def test_two_rollouts_do_not_work_on_a_host_at_once(database: str) -> None:
    with fleet(2, faults={0: [SLOW]}) as hosts, Stage(hosts, database).worker(hosts.folder / "w"):
        stage = Stage(hosts, database)
        for name in ("one", "two"):
            assert stage.start(name, "--waves", "rest", "--detach").status == 0
        wait_until(lambda: all(stage.is_state(name, "done") for name in ("one", "two")))
        for name in ("one", "two"):
            assert set(stage.states(name).values()) == {"saved"}
        assert {name: hosts.sent(name) for name in hosts.hosts} == dict.fromkeys(hosts.hosts, ONCE)
