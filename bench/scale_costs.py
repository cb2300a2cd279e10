"""What a worker, and a host of a rollout, cost a real PostgreSQL and a processor; hosts are stand-ins, in no time."""

import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

from fleet_on_stage import ROOT, fleet
from virtual_fleet import Site, rollout_of

from planner.fleet.ledger import Ledger, Row

sys.path.append(str(ROOT / "tests" / "cli"))
from postgres import controlled

MGMTNET = [sys.executable, "-m", "planner"]
COUNTERS = (
    "SELECT xact_commit + xact_rollback, tup_inserted, tup_updated FROM pg_stat_database WHERE datname = 'postgres'"
)


class Used(NamedTuple):
    """What was used of a database: seconds, transactions, rows written, bytes of its log and of its tables."""

    seconds: float
    transactions: int
    inserted: int
    updated: int
    log: int
    size: int
    connections: int
    processor: float


class Costs(NamedTuple):
    """An idle worker (a second), a host where one is at work at once and where several are, one change at a time."""

    idle: Used
    hosts: int
    one: Used
    several: Used
    at_once: int
    changes: float
    rows: dict[str, int]
    document: int
    loading: float
    memory: float


class _Watched:
    """A database, and what is used of it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.connections = 0
        self._over = threading.Event()

    def ask(self, query: str) -> list[Any]:
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as database:
            return database.execute(query).fetchall()

    @contextmanager
    def used(self) -> Iterator[list[Used]]:
        found: list[Used] = []
        self._over.clear()
        thread = threading.Thread(target=self._look)
        before, began = self._counted(), time.monotonic()
        busy = _processor()
        thread.start()
        try:
            yield found
        finally:
            self._over.set()
            thread.join()
        seconds = time.monotonic() - began
        time.sleep(1.5)  # PostgreSQL tells what it has counted once a second
        after = self._counted()
        more = [new - old for new, old in zip(after, before, strict=True)]
        # Ours: the looks, of one transaction each.
        found.append(Used(seconds, more[0] - self._looks, *more[1:], self.connections, _processor() - busy))

    def _counted(self) -> list[int]:
        size = "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn, pg_database_size('postgres')"
        return [*map(int, self.ask(COUNTERS)[0]), *map(int, self.ask(size)[0])]

    def _look(self) -> None:
        self.connections = self._looks = 0
        while not self._over.wait(0.1):
            clients = "SELECT count(*) - 1 FROM pg_stat_activity WHERE backend_type = 'client backend'"
            self.connections = max(self.connections, self.ask(clients)[0][0])
            self._looks += 1


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(hosts: int = 12, at_once: int = 6) -> Costs:
    """Measure it all: about two minutes."""
    with controlled() as server:
        watched = _Watched(server.url)
        idle = _idle(watched)
        one, several = _rollout(watched, hosts, 1), _rollout(watched, hosts, at_once)
        rows = _rows(watched, 2 * hosts)
        changes = _changes(server.url)
    return Costs(idle, hosts, one, several, at_once, changes, rows, *_document())


def _idle(watched: _Watched, seconds: float = 15.0) -> Used:
    with tempfile.TemporaryDirectory() as state:
        environ = {"MGMTNET_JOURNAL": watched.url, "MGMTNET_STATE": state, "PATH": "/usr/bin:/bin"}
        process = subprocess.Popen([*MGMTNET, "worker"], env=environ, cwd=ROOT, stderr=subprocess.DEVNULL)
        try:
            _wait(lambda: watched.ask("SELECT to_regclass('mgmtnet.workers')")[0][0])
            _wait(lambda: watched.ask("SELECT count(*) FROM mgmtnet.workers WHERE beats > 3")[0][0])
            with watched.used() as used:
                time.sleep(seconds)
        finally:
            process.terminate()
            process.wait(30)
    return used[0]


def _wait(seen: Any) -> None:
    end = time.monotonic() + 60
    while not seen():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


def _rollout(watched: _Watched, hosts: int, at_once: int) -> Used:
    with fleet(hosts) as stage:
        command = [*MGMTNET, "rollout", "start", "--hosts", stage.inventory, "--network", stage.definition, "--yes"]
        command += ["--waves", "rest", f"--concurrency={at_once}", f"--jobs={at_once}"]
        environ = stage.environ | {"MGMTNET_JOURNAL": watched.url, "PATH": "/usr/bin:/bin"}
        with watched.used() as used:
            subprocess.run(
                command, env=environ, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
    return used[0]


def _rows(watched: _Watched, hosts: int) -> dict[str, int]:
    """Rows of each table for a host, of those that grow with hosts."""
    tables = watched.ask(
        "SELECT schemaname || '.' || relname FROM pg_stat_user_tables WHERE schemaname IN ('dbos', 'mgmtnet')"
    )
    counted = {table: watched.ask(f"SELECT count(*) FROM {table}")[0][0] for (table,) in tables}
    return {table: round(count / hosts) for table, count in sorted(counted.items()) if count >= hosts}


def _changes(url: str, seconds: float = 5.0, writers: int = 8) -> float:
    """Changes of the ledger a second, by several writers at once, each committed to the disk."""
    end = time.monotonic() + seconds

    def write(number: int) -> int:
        ledger = Ledger(url)
        ledger.prepare()
        count = 0
        while time.monotonic() < end:
            ledger.enter("x", Row(number, count, "queued", 1, "", {}, 0))
            count += 1
        ledger.close()
        return count

    with ThreadPoolExecutor(writers) as pool:
        return sum(pool.map(write, range(writers))) / seconds


def _document(hosts: int = 100_000) -> tuple[int, float, float]:
    """Bytes of a rollout of so many hosts, seconds and MiB that a worker needs to read it and follow it."""
    script = (
        "import sys, json, time, resource; from planner.fleet.rollout import read_rollout;"
        "from planner.fleet.waves import Course; text = sys.stdin.read(); begin = time.process_time();"
        "one = read_rollout(json.loads(text)); course = Course(one); end = time.process_time();"
        "print(end - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    made = rollout_of(Site(hosts))
    members = tuple(
        replace(
            member,
            target=f"host{number}.example.org",
            key="564d3c9e-1f0e-4f6b-9a6e-3f1d2c3b4a59",
            addresses=("192.0.2.100",),
            kind="VLAN over bond; VDSM 4.50",
            shape="0123456789abcdef",
        )
        for number, member in enumerate(made.members)
    )
    text = json.dumps(replace(made, members=members).document())
    told = subprocess.run(
        [sys.executable, "-c", script], input=text, cwd=ROOT, capture_output=True, text=True, check=True
    )
    seconds, memory = map(float, told.stdout.split())
    return len(text), seconds, memory


if __name__ == "__main__":
    for key, value in measure()._asdict().items():
        print(key, value)
