"""Where the journal is kept: a file of the user's, or a PostgreSQL database that several machines share."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from planner.problem import Problem

SQLITE, MAGIC = "sqlite:///", b"SQLite format 3\0"
POSTGRESQL = "postgresql://"
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
    return os.environ.get("MGMTNET_JOURNAL") or f"{SQLITE}{folder}/journal.sqlite"


def unusable(url: str) -> Problem | None:
    """Why there can be no journal at ``url``; a file is made nobody else's."""
    if url.startswith(POSTGRESQL):
        return _unreachable(url)
    if not url.startswith(SQLITE):
        return Problem("journal-unknown", "MGMTNET_JOURNAL is no sqlite:/// or postgresql:// URL", "leave it unset")
    path = url.removeprefix(SQLITE)
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "rb") as stream:
        begin = stream.read(len(MAGIC))
    if begin in (b"", MAGIC):
        return None
    return Problem(
        "journal-broken", f"{path} is no journal", "move it away; the runs that it held must be looked after"
    )


def begun(url: str) -> bool:
    """Whether any run was ever written down there."""
    if url.startswith(SQLITE):
        path = url.removeprefix(SQLITE)
        return os.path.exists(path) and os.path.getsize(path) > 0
    with _connected(url) as database:
        return bool(database.execute("SELECT to_regclass('dbos.workflow_status')").fetchone()[0])


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
        with _connected(url):
            return None
    except psycopg.Error as failure:
        reason = str(failure).strip().splitlines()[-1]  # names host, user and database, never a password
        hint = "is the server up, has it that database, and is the password right (~/.pgpass, PGPASSWORD)?"
        return Problem("journal-unreachable", f"the journal's database cannot be used: {reason}", hint)


def _connected(url: str) -> Any:
    import psycopg

    return psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_WITHIN)
