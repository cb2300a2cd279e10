"""Where the journal is kept: a file of the user's, or a PostgreSQL database that several machines share."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from typing import Any
from urllib.parse import quote, unquote

from planner.problem import Problem

SQLITE, MAGIC = "sqlite:///", b"SQLite format 3\0"
POSTGRESQL = "postgresql://"
# How every row is written. DBOS does what a row says of itself, and one that calls itself py_pickle it would execute.
WRITTEN = "mgmtnet-json"
# The form of what is recorded, not the version of mgmtnet: raised only if old runs could not be read any more.
FORM = "mgmtnet-apply-1"
# Shorter takes a database beyond a slow line for one that is not there; longer leaves whoever mistyped it waiting.
CONNECT_WITHIN = 10


def state_folder() -> str:
    """Where runs are remembered, made if it is not there: it tells where hosts are and how to reach them."""
    home = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    folder = os.environ.get("MGMTNET_STATE") or os.path.join(home, "mgmtnet")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    return folder


def journal_url(folder: str) -> str:
    """Where the journal is: MGMTNET_JOURNAL (a PostgreSQL or SQLite URL), else a file in the user's state folder."""
    return os.environ.get("MGMTNET_JOURNAL") or file_url(os.path.join(folder, "journal.sqlite"))


def file_url(path: str) -> str:
    """The URL of a journal in a file, as SQLAlchemy (2.1 and later) writes it: whatever is in the path's name."""
    return SQLITE + quote(path, safe=" +/")


def unusable(url: str) -> Problem | None:
    """Why there can be no journal at ``url``, or why it must not be read; a file is made nobody else's."""
    if url.startswith(POSTGRESQL):
        return _unreachable(url)
    if not url.startswith(SQLITE):
        return Problem("journal-unknown", "MGMTNET_JOURNAL is no sqlite:/// or postgresql:// URL", "leave it unset")
    path = _path(url)
    if os.path.exists(path) and not os.path.isfile(path):  # from a pipe nothing would ever come
        return _broken(path, "is no file")
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "rb") as stream:
        begin = stream.read(len(MAGIC))
    if begin not in (b"", MAGIC):
        return _broken(path, "is no journal")
    try:
        with closing(sqlite3.connect(path, timeout=CONNECT_WITHIN)) as database:
            return _of_others(database, _IN_SQLITE)
    except sqlite3.Error as failure:
        return _broken(path, f"cannot be read as a journal: {failure}")


def begun(url: str) -> bool:
    """Whether any run was ever written down there."""
    if url.startswith(SQLITE):
        path = _path(url)
        return os.path.exists(path) and os.path.getsize(path) > 0
    with _connected(url) as database:
        return bool(database.execute("SELECT to_regclass('dbos.workflow_status')").fetchone()[0])


def _path(url: str) -> str:
    return unquote(url.removeprefix(SQLITE).partition("?")[0])


_IN_SQLITE = """
SELECT '"' || replace(tables.name, '"', '""') || '"', columns.name FROM sqlite_master AS tables
JOIN pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'
"""
_IN_POSTGRESQL = """
SELECT format('%I.%I', table_schema, table_name), column_name FROM information_schema.columns
WHERE table_schema = 'dbos'
"""


def _of_others(database: Any, schema: str) -> Problem | None:
    """Why the rows that are there must not be read: they are not written as ours are, or by a later mgmtnet."""
    columns = database.execute(schema).fetchall()
    for table in (table for table, column in columns if column == "serialization"):
        if database.execute(f"SELECT 1 FROM {table} WHERE serialization <> '{WRITTEN}' LIMIT 1").fetchone():  # noqa: S608 quoted by the database
            return Problem(
                "journal-foreign",
                f"a row of the journal's table {table} was not written by mgmtnet; reading it may execute it",
                "find out who writes there; a journal of one's own: MGMTNET_STATE, MGMTNET_JOURNAL",
            )
    for table in (table for table, _ in columns if table.strip('"').endswith("workflow_status")):
        runs = f"SELECT 1 FROM {table} WHERE name LIKE 'mgmtnet-apply-%%' AND name <> '{FORM}' LIMIT 1"  # noqa: S608 as above
        if database.execute(runs).fetchone():
            return Problem(
                "journal-newer",
                "the journal holds runs of a later mgmtnet, which this one cannot read",
                "use that version here; for hosts that no such run has, MGMTNET_STATE names another folder",
            )
    return None


def unwritable(told: str) -> Problem:
    """The journal fails while a run is under way, as the database tells it."""
    full = "full" in told or "disk i/o" in told.lower()
    return Problem(
        "journal-full" if full else "journal-broken",
        f"the run could not be written down: {told}",
        "the run went on without; `mgmtnet status` knows of it only what was written before"
        + ("; make room on the disk" if full else ""),
    )


def unreadable(url: str, told: str) -> Problem:
    """What is written down there is not what mgmtnet writes, as somebody ``told``."""
    return _broken(_path(url) if url.startswith(SQLITE) else "the journal's database", told)


def _broken(path: str, told: str) -> Problem:
    return Problem("journal-broken", f"{path} {told}", "move it away; the runs that it held must be looked after")


@contextmanager
def claimed(url: str, host: str) -> Iterator[bool]:
    """Hold ``host`` for this process among all that share the database, killed ones excluded; whether it is held.

    A file needs no such claim: only the machine it lies on uses it.
    """
    if not url.startswith(POSTGRESQL):
        yield True
        return
    key = int.from_bytes(sha256(host.encode()).digest()[:8], "big", signed=True)
    with _connected(url) as database:
        yield bool(database.execute("SELECT pg_try_advisory_lock(%s)", [key]).fetchone()[0])


def _unreachable(url: str) -> Problem | None:
    import psycopg

    try:
        with _connected(url) as database:
            return _of_others(database, _IN_POSTGRESQL)
    except psycopg.Error as failure:
        reason = str(failure).strip().splitlines()[-1]  # names host, user and database, never a password
        hint = "is the server up, has it that database, and is the password right (~/.pgpass, PGPASSWORD)?"
        return Problem("journal-unreachable", f"the journal's database cannot be used: {reason}", hint)


def _connected(url: str) -> Any:
    import psycopg

    return psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_WITHIN)
