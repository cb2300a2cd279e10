"""Workers that share a PostgreSQL: killed, stopped, cut off, the database restarted and put back in time."""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from fleet_on_stage import fleet
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


@contextmanager
def wire(url: str) -> Iterator[tuple[str, threading.Event]]:
    """Another way to the database, which is cut while its event is set: connections end, and new ones, too."""
    cut = threading.Event()
    parts = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        live: list[socket.socket] = []

        def pump(source: socket.socket, sink: socket.socket) -> None:
            with suppress(OSError):
                while data := source.recv(65536):
                    sink.sendall(data)
            for one in (source, sink):
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listening.accept()
                    if cut.is_set():
                        client.close()
                        continue
                    server = socket.create_connection((parts.hostname or "", parts.port or 0))
                    live.extend((client, server))
                    for pair in ((client, server), (server, client)):
                        threading.Thread(target=pump, args=pair, daemon=True).start()

        def watch() -> None:
            while cut.wait():
                for one in live:
                    with suppress(OSError):
                        one.shutdown(socket.SHUT_RDWR)
                threading.Event().wait(0.05)

        for work in (accept, watch):
            threading.Thread(target=work, daemon=True).start()
        yield url.replace(f":{parts.port}", f":{listening.getsockname()[1]}"), cut


def test_a_worker_that_is_cut_off_is_waited_for_and_comes_back(postgres: Server, tmp_path: Path) -> None:
    """Its host's process holds the host; who takes over waits until that has ended."""
    with fleet(2, faults={0: ["setupNetworks:slow=500:2"]}) as hosts, wire(postgres.url) as (way, cut):
        stage = Stage(hosts, postgres.url)
        assert stage.start("cut", "--waves", "1,rest", "--detach").status == 0
        with stage.worker(tmp_path / "far", MGMTNET_JOURNAL=way) as far:
            wait_until(lambda: hosts.sent("host0")["setupNetworks"] == 2)
            with stage.worker(tmp_path / "near") as near:
                assert near.name
                cut.set()
                wait_until(lambda: "the database is away" in far.said)
                wait_until(lambda: "1 host taken over" in near.said)
                cut.clear()
                wait_until(lambda: stage.is_state("cut", "done", "failed"))
                wait_until(lambda: "the database is back" in far.said)
        assert set(stage.states("cut").values()) == {"saved"}
        assert {name: hosts.sent(name) for name in hosts.hosts} == dict.fromkeys(hosts.hosts, ONCE)


def test_a_replica_that_was_not_told_everything_is_refused(tmp_path: Path) -> None:
    with controlled() as postgres, fleet(3, faults={1: [SLOW]}) as hosts:
        stage = Stage(hosts, postgres.url)
        assert stage.start("past", "--waves", "1,rest", "--concurrency", "1", "--detach").status == 0
        with stage.worker(tmp_path / "w") as worker:
            wait_until(lambda: stage.states("past")["host0"] == "saved")
            postgres.keep()
            wait_until(lambda: hosts.sent("host1")["setupNetworks"] == 2)
            postgres.put_back()
            worker.process.wait(60)
            assert "error[rollout-database-stale]" in worker.said
        own = {"MGMTNET_STATE": str(tmp_path / "w" / "state")}
        assert "error[rollout-database-stale]" in stage.command("worker", **own).err, "it is remembered"

        done = stage.command("rollout", "resume", "past", "--restored", **own)
        assert done.status == 0, done
        assert set(stage.states("past").values()) == {"saved"}
        assert {name: hosts.sent(name)["setupNetworks"] for name in hosts.hosts} == dict.fromkeys(hosts.hosts, 2)
