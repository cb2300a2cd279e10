"""The database of a rollout goes: a worker is cut off from it, and a replica takes over that lags behind."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from fleet_on_stage import fleet
from postgres import controlled
from rollouts import ONCE, Stage, wait_until

from planner.fleet.worker import LAPSE

SLOW = "setupNetworks:slow=160:2"  # eight seconds at the stand-ins' speed


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


def test_a_worker_that_is_cut_off_is_waited_for_and_comes_back(tmp_path: Path) -> None:
    """As long as its host's process holds the host nobody takes over; it goes on once the database is back."""
    slow = {0: ["setupNetworks:slow=500:2"]}
    with controlled() as postgres, fleet(2, faults=slow) as hosts, wire(postgres.url) as (way, cut):
        stage = Stage(hosts, postgres.url)
        assert stage.start("cut", "--waves", "1,rest", "--detach").status == 0
        with stage.worker(tmp_path / "far", MGMTNET_JOURNAL=way) as far:
            wait_until(lambda: hosts.sent("host0")["setupNetworks"] == 2)
            with stage.worker(tmp_path / "near") as near:
                assert near.name
                cut.set()
                wait_until(lambda: "the database is away" in far.said)
                time.sleep(LAPSE + 2)  # it has given no sign for long enough
                assert "taken over" not in near.said
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
