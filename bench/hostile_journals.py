"""Journals that somebody has damaged, locked, filled up, written in or made up; asked by status, resume and apply."""

import base64
import json
import os
import pickle
import resource
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

from attacking import Family, FellError, golden, spoken
from hostile_captures import rules
from hosts_on_stage import stage
from mutations import bytes_of, changed, changed_bytes, odd, with_raw

import planner
from planner.apply import journal
from planner.apply.contact import Sight
from planner.apply.execute import order_for
from planner.apply.journal import WRITTEN, journal_url
from planner.apply.order import Access, Limits
from planner.apply.run import Step

UUID = "4c4c4544-0000-1000-8000-b4c04f000001"
HOST = "seed-vlan-over-bond"
NOWHERE = "127.0.0.1:9"  # refuses at once
AT_ONCE = Limits(vdsm=1, change=1, settle=1, late=1, reboot=1, confirm=0.5)
# Three runs: one that ended well, one that ended in doubt, and one that was killed before it had sent anything.
WELL, DOUBT, KILLED = "20260101-000000-0001", "20260101-000000-0002", "20260101-000000-0003"
COMMANDS = (
    *(("status",), ("status", "-o", "json"), ("status", WELL), ("status", DOUBT), ("status", KILLED), ("resume",)),
    *(("resume", DOUBT), ("resume", KILLED), ("resume", KILLED, "-o", "json"), ("apply",)),
)
TABLES = ("workflow_status", "operation_outputs", "workflow_input", "workflow_output")
SCHEMAS = (
    *(f"DROP TABLE {table}" for table in (*TABLES, "dbos_migrations", "queues")),
    *(f"ALTER TABLE workflow_status RENAME COLUMN {column} TO x" for column in ("serialization", "status", "name")),
    *("DELETE FROM dbos_migrations", "UPDATE dbos_migrations SET version = 999", "DELETE FROM workflow_input"),
    *("ALTER TABLE operation_outputs RENAME TO other", "DROP TABLE workflow_status; CREATE TABLE workflow_status (a)"),
    *(
        "DROP TABLE workflow_status; CREATE VIEW workflow_status AS SELECT 1 AS serialization",
        "PRAGMA user_version = 77",
    ),
    """CREATE TABLE "a'b""; DROP TABLE x; --" (serialization); CREATE TABLE "workflow_status " (name, serialization)""",
    "CREATE TABLE t (serialization AS (zeroblob(100000000))); INSERT INTO t DEFAULT VALUES",
    "CREATE TRIGGER t BEFORE UPDATE ON workflow_status BEGIN SELECT RAISE(ABORT, 'no \x1b[31m'); END",
    "CREATE TRIGGER t AFTER INSERT ON operation_outputs BEGIN DELETE FROM operation_outputs; END",
    "PRAGMA writable_schema = 1; UPDATE sqlite_master SET sql = 'CREATE TABLE x (' WHERE name = 'workflow_status'",
    "PRAGMA encoding = 'UTF-16'; PRAGMA journal_mode = WAL",
)
LOCKS = ("EXCLUSIVE", "IMMEDIATE")
NEWER = ("mgmtnet-apply-2", "mgmtnet-apply-\x1b[31m", "other", "")


class Pickle:
    """Unpickled, it makes a folder."""

    def __init__(self, path: str) -> None:
        """``path`` is the folder's."""
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.path,)


@cache
def template() -> Path:
    """A state folder whose journal has the three runs; written by processes of their own, which leave no thread."""
    folder = Path(tempfile.mkdtemp(prefix="mgmtnet-journal-"))
    rules()
    for run, standing in ((WELL, "as before"), (DOUBT, "unknown"), (KILLED, "")):
        pid = os.fork()
        if not pid:
            try:
                _write(folder, run, standing)
            finally:
                os._exit(1)
        os.waitpid(pid, 0)
    return folder


def _write(folder: Path, run: str, standing: str) -> None:
    capture = {"uuid": UUID, **json.loads((golden(HOST) / "capture.json").read_text())}
    host = planner.read_capture(capture).host
    definition = planner.read_definition((golden(HOST) / "definition.yaml").read_text()).definition
    assert host is not None
    assert definition is not None
    plan = planner.plan(host, definition, rules(), ["192.0.2.10"]).document()
    order = order_for(Access(NOWHERE, "jsonrpc"), Sight(host, capture, NOWHERE), plan, limits=AT_ONCE).document()

    def perform(name: str, *_: object) -> Step:
        if name == "look":
            return Step("look", "the host is as it was planned for", "announce-adopt")
        if not standing:
            os._exit(0)
        return Step(name, "told", "", standing)

    journal.keep(journal_url(str(folder)), run, order | {"run": run}, perform)


def prepare(chance: Random, number: int, folder: Path) -> None:
    """A journal, what is done to it, and by which command it is asked."""
    shutil.copytree(template(), folder / "state", dirs_exist_ok=True)
    written = folder / "state" / "journal.sqlite"  # of a host that no other try holds
    written.write_bytes(written.read_bytes().replace(UUID.encode(), str(uuid4()).encode()))
    held = HARM[number % len(HARM)](chance, folder / "state" / "journal.sqlite") or ""
    (folder / "case.json").write_text(json.dumps({"command": chance.choice(COMMANDS), "held": held}))


def _damaged(chance: Random, path: Path) -> None:
    content = path.read_bytes()
    draw = chance.random()
    if draw < 0.5:
        content = changed_bytes(chance, content)
    elif draw < 0.8:  # a page, or the header, is lost
        start = chance.choice((0, 16, 100, 4096 * chance.randrange(len(content) // 4096)))
        content = content[:start] + chance.choice((b"\0", b"\xff", b"\r")) * 4096 + content[start + 4096 :]
    else:
        content = content[: chance.randrange(len(content))]
    path.write_bytes(content)


def _of_another_schema(chance: Random, path: Path) -> None:
    with _opened(path) as database, suppress(sqlite3.Error):
        database.executescript(chance.choice(SCHEMAS))


def _with_other_values(chance: Random, path: Path) -> None:
    """Values of another kind or shape, in one place or some."""
    with _opened(path) as database:
        for _ in range(chance.randint(1, 3)):
            table = chance.choice(TABLES)
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            column = chance.choice([*columns, *[one for one in columns if one in ("inputs", "output", "error")] * 8])
            rowid, value = chance.choice(database.execute(f"SELECT rowid, {column} FROM {table}").fetchall())
            with suppress(sqlite3.Error):
                marker = "CAST(? AS TEXT)" if chance.random() < 0.9 else "?"
                given = [_other(chance, value), rowid]
                database.execute(f"UPDATE {table} SET {column} = {marker} WHERE rowid = ?", given)


def _other(chance: Random, value: Any) -> bytes | None:
    with suppress(TypeError, ValueError):
        if chance.random() < 0.85:
            return bytes_of(with_raw(json.dumps(changed(chance, json.loads(value)))))
    other = odd(chance)
    return None if other is None else bytes_of(with_raw(str(other)))


def _pickled(chance: Random, path: Path) -> None:
    """A pickle in a column, whose row says so, or does not."""
    made = pickle.dumps(Pickle(str(path.parent.parent / "made")))
    with _opened(path) as database:
        table = chance.choice(TABLES)
        columns = {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
        column = chance.choice(sorted({"inputs", "output", "error"} & columns))
        value = chance.choice((base64.b64encode(made).decode(), made))
        database.execute(f"UPDATE {table} SET {column} = ?", [value])
        kind = chance.choice((WRITTEN, "py_pickle", "pickle", "portable_json", None))
        for named in ("workflow_status", "operation_outputs"):
            database.execute(f"UPDATE {named} SET serialization = ?", [kind])


def _newer(chance: Random, path: Path) -> None:
    column = chance.choice(("name", "application_version", "status"))
    with _opened(path) as database:
        database.execute(f"UPDATE workflow_status SET {column} = ?", [chance.choice(NEWER)])


def _something_else(chance: Random, path: Path) -> str:
    """A folder, a link, a pipe or nothing in its place; something of SQLite's beside it."""
    draw = chance.randrange(8)
    if draw < 2:
        beside = path.with_name(path.name + ("-wal", "-journal")[draw])
        beside.write_bytes(chance.randbytes(5000) if chance.random() < 0.5 else path.read_bytes()[:5000])
        return ""
    path.unlink()
    if draw == 2:
        path.mkdir()
    elif draw == 3:
        path.symlink_to("/dev/zero")
    elif draw == 4:
        return "pipe"  # which no copy of the folder holds
    elif draw == 5:
        path.symlink_to(path)
    elif draw == 6:
        shutil.rmtree(path.parent)
        path.parent.write_text("")
    else:
        path.write_bytes(chance.choice((b"", b"SQLite format 3\0", b"\0" * 5000, b"{}")))
    return ""


def _locked(chance: Random, _: Path) -> str:
    return chance.choice(LOCKS)


def _full(_chance: Random, _: Path) -> str:
    return "full"


def _of_others(chance: Random, path: Path) -> None:
    """Not to be written, where that counts (not for root); or the folder of locks is something else."""
    if chance.random() < 0.5:
        path.chmod(0o400)
        path.parent.chmod(0o500)
    else:
        (path.parent / "locks").symlink_to(chance.choice(("/dev/null", "/nonexistent/x", "locks")))


HARM: tuple[Callable[[Random, Path], str | None], ...] = (
    *(_damaged, _with_other_values, _of_another_schema, _damaged, _with_other_values, _pickled),
    *(_newer, _something_else, _with_other_values, _of_others, _full, _locked),
)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        yield database


def run(folder: Path) -> None:
    """One command, with the journal held or the disk full where that is the case."""
    case = json.loads((folder / "case.json").read_text())
    path = folder / "state" / "journal.sqlite"
    lock = case["held"] in LOCKS
    journal.AWAY = 15.0  # for SQLite's own wait; 90 s for each that DBOS would ask without end would be hours
    with _opened(path if lock else Path(":memory:")) as database:
        database.execute(f"BEGIN {case['held'] if lock else ''}")
        if case["held"] == "pipe":
            os.mkfifo(path)
        if case["held"] == "full":  # not even a page more
            resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, path.stat().st_size))
        _asked(case["command"])
    if (folder / "made").exists():
        told = "what stands in a journal was executed"
        raise FellError(told)


def _asked(command: list[str]) -> None:
    if command != ["apply"]:
        spoken(*command)
        return
    with stage(HOST, "jsonrpc", fenced=False) as scene:
        access = scene.order.access
        (scene.folder / "routes.json").write_text(json.dumps(access.routes))
        files = ["--ca", access.ca, "--cert", access.certificate, "--key", access.key]
        wanted = ["--network", str(golden(HOST) / "definition.yaml"), "--address", scene.stand_in.address]
        routes = ["--routes", str(scene.folder / "routes.json")]
        spoken("apply", access.target, "--yes", "--timeout", "10", "--wait", "5", *wanted, *files, *routes)


# A change takes 3 s of the clock, and SQLite waits 10 s for a lock; some of these follow each other.
FAMILY = Family(
    "hostile journals",
    "damaged, locked, full, of another schema or form, with other values, with pickles; status, resume, apply",
    400,
    prepare,
    run,
    processor=20,
    patience=120,
    jobs=4,
    warm=template,
)
