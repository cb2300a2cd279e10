"""Workers that share a PostgreSQL: killed, stopped, cut off, the database restarted and put back in time."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from fleet_on_stage import ROOT, fleet
from postgres import Server, controlled
from psycopg import sql
from rollouts import ONCE, Stage, Worker, children_of, wait_until

SLOW = "setupNetworks:slow=160:2"  # eight seconds at the stand-ins' speed
MARK = "nobody-writes-this-down"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    with controlled("max_connections=200") as server:
        yield server


def at_work(stage: Stage, name: str) -> set[str]:
    """The workers that are at work on a host now."""
    return {host["worker"] for host in stage.status(name)["hosts"] if host["state"] == "at work"}


def test_workers_killed_and_stopped_and_the_database_restarted(postgres: Server, tmp_path: Path) -> None:
    """Every host is saved, and none was sent anything twice."""
    with fleet(9, faults={number: [SLOW] for number in range(1, 7)}) as hosts, ExitStack() as ending:
        stage = Stage(hosts, postgres.url)
        assert stage.start("one", "--waves", "1,6,rest", "--detach").status == 0
        secret = {"MGMTNET_FENCE_PASSWORD": MARK, "MGMTNET_ENGINE_PASSWORD": MARK}
        workers: list[Worker] = [
            ending.enter_context(stage.worker(tmp_path / f"w{number}", "--jobs", "2", **secret)) for number in range(3)
        ]
        names = {worker.name: worker for worker in workers}
        wait_until(lambda: len(at_work(stage, "one")) == 3)
        killed, stopped, _ = (names[name] for name in sorted(at_work(stage, "one")))
        going_on = children_of(killed.process.pid)
        killed.signalled(signal.SIGKILL)
        stopped.signalled(signal.SIGSTOP)
        assert going_on
        assert all(os.path.exists(f"/proc/{child}") for child in going_on), "the hosts' processes go on"
        postgres.stop()
        postgres.start()
        wait_until(lambda: stage.is_state("one", "done", "failed"))
        account = stage.status("one")
        assert account["counts"] == {"saved": 9}, account
        assert {name: hosts.sent(name) for name in hosts.hosts} == dict.fromkeys(hosts.hosts, ONCE)
        stopped.signalled(signal.SIGCONT)
        stopped.signalled(signal.SIGTERM)
        assert stopped.process.wait(60) == 0, stopped.said
        assert stage.status("one")["hosts"] == account["hosts"], "who comes late changes nothing"

        dumped = everything(postgres.url)
        assert b"host7" in dumped
        assert MARK.encode() not in dumped
        key = Path(hosts.environ["MGMTNET_KEY"]).read_text()
        assert not any(line.encode() in dumped for line in key.splitlines()[1:-1])


def everything(url: str) -> bytes:
    """What stands in any table of the database."""
    found = []
    with psycopg.connect(url) as database:
        for schema, name in database.execute("SELECT schemaname, relname FROM pg_stat_user_tables").fetchall():
            query = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(schema, name))
            with database.cursor().copy(query) as rows:
                found += [bytes(row) for row in rows]
    return b"".join(found)


def test_rules_that_a_worker_does_not_have_are_not_worked_by(
    postgres: Server, tmp_path: Path, shipped_copy: Callable[[Path], Path]
) -> None:
    other = shipped_copy(tmp_path / "rules")
    rule = next((other / "devise").glob("*.yaml"))
    rule.write_text(rule.read_text() + "\n# a comment\n")
    manifest = other / "ruleset.yaml"
    manifest.write_text(manifest.read_text() + "\n")
    with fleet(1) as hosts:
        stage = Stage(hosts, postgres.url)
        assert stage.start("rules", "--detach", "--rules", str(other)).status == 0
        with stage.worker(tmp_path / "shipped") as worker:
            assert worker.name
            assert "nobody works who has its rules" in stage.command("rollout", "status", "rules").out
            assert "error[rollout-rules]" in stage.command("rollout", "resume", "rules").err
            with stage.worker(tmp_path / "other", "--rules", str(other)):
                wait_until(lambda: stage.is_state("rules", "done"))
            assert stage.states("rules") == {"host0": "saved"}
            assert "rules" not in worker.said.split("SIGTERM")[1]


def test_workers_of_two_versions_share_a_rollout(postgres: Server, tmp_path: Path) -> None:
    """Each begins hosts, which processes of its own version carry out."""
    for name in ("planner", "rules"):
        shutil.copytree(ROOT / name, tmp_path / "later" / name, ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "later" / "planner" / "__init__.py").open("a") as code:
        code.write('\n__version__ = "99.0"\n')
    later = {"PYTHONPATH": str(tmp_path / "later"), "PYTHONSAFEPATH": "1"}
    with fleet(6) as hosts:
        stage = Stage(hosts, postgres.url)
        assert stage.start("versions", "--detach", "--waves", "2,rest").status == 0
        with ExitStack() as stack:
            ours = stack.enter_context(stage.worker(tmp_path / "ours", "--jobs", "1")).name
            theirs = stack.enter_context(stage.worker(tmp_path / "theirs", "--jobs", "1", **later)).name
            wait_until(lambda: stage.is_state("versions", "done"))
        account = stage.status("versions")
        assert {host["worker"] for host in account["hosts"]} == {ours, theirs}
        assert account["counts"] == {"saved": 6}
        assert b"99.0" in everything(postgres.url), "an order tells which version made it"
    assert {name: hosts.sent(name) for name in hosts.hosts} == dict.fromkeys(hosts.hosts, ONCE)
