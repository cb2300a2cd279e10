"""Rollouts and their hosts in the database, beside the runs: what was asked, how each host is doing, who works.

Every change raises one number. Whoever has seen a higher one than the database has now looks at its past: a replica
took over that had not been told everything, or a backup was put back.
"""

import json
import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from planner.apply.journal import CONNECT_WITHIN, POSTGRESQL, load
from planner.fleet.rollout import ORDER, Asked, Rollout, State, read_rollout
from planner.fleet.waves import Course, Ending
from planner.problem import Problem

# How far a host's attempt has come. What has ended stays so, whoever comes late with what was before.
WAITS_AGAIN, QUEUED, AT_WORK, OVER = 0, 1, 2, 3
ENDED = -1  # signs that a worker has given
# By how much the number is raised when a database whose past was put back is to be used: beyond what anybody has seen.
ACCEPTED = 2**32


class StaleError(Exception):
    """The database is at an earlier time than was seen of it."""


class AwayError(Exception):
    """The database does not answer, or its connection was lost; what was asked may have been done."""


class Row(NamedTuple):
    """A host of a rollout: its number, which attempt, how that is doing, who works, what is told, when changed."""

    host: int
    attempt: int
    state: State
    stage: int
    worker: str
    told: Mapping[str, Any]
    changed: int


class Standing(NamedTuple):
    """What was asked of a rollout, how it has ended, and with which rules."""

    name: str
    digest: str
    asked: Asked
    ended: Ending


class Beat(NamedTuple):
    """A worker: with which rules and on which machine it works, how often it has told so.

    Below zero: it takes no more hosts; ``ENDED``: it has none any more.
    """

    worker: str
    digest: str
    machine: str
    beats: int


class Ledger:
    """The tables of our own. Every method may raise `AwayError`, and those that write `StaleError`."""

    def __init__(self, url: str, memory: str = "") -> None:
        """``memory``: a file that keeps what was seen of which database."""
        load()  # a thread that imports it may be under way: of two at once one finds SQLAlchemy half made
        import sqlalchemy as sa

        self._memory = memory
        self._known = _remembered(memory)
        self.identity, self.seen = "", 0
        self._writing = threading.Lock()
        shared = url.startswith(POSTGRESQL)
        options: dict[str, Any] = (
            # A network that drops packets without a word must not hold a worker for hours.
            {"connect_timeout": CONNECT_WITHIN, "keepalives_idle": 15, "tcp_user_timeout": 30_000}
            if shared
            else {"timeout": 30}
        )
        address = url.replace(POSTGRESQL, "postgresql+psycopg://", 1)
        self._engine = sa.create_engine(address, connect_args=options, pool_pre_ping=True)
        meta = sa.MetaData(schema="mgmtnet" if shared else None)
        text, number = sa.Text, sa.BigInteger
        prefix = "" if shared else "mgmtnet_"

        def column(name: str, kind: Any, *, key: bool = False) -> Any:
            return sa.Column(name, kind, primary_key=key, nullable=False, autoincrement=False)

        self._pulse = sa.Table(
            f"{prefix}pulse", meta, column("id", number, key=True), column("seq", number), column("identity", text)
        )
        self._rollouts = sa.Table(
            f"{prefix}rollouts",
            meta,
            column("name", text, key=True),
            column("digest", text),
            column("asked", text),
            column("ended", text),
            column("document", text),
        )
        self._hosts = sa.Table(
            f"{prefix}hosts",
            meta,
            column("rollout", text, key=True),
            column("host", number, key=True),
            column("attempt", number),
            column("state", text),
            column("stage", number),
            column("worker", text),
            column("told", text),
            column("changed", number),
        )
        sa.Index(f"{prefix}hosts_changed", self._hosts.c.rollout, self._hosts.c.changed)
        self._workers = sa.Table(
            f"{prefix}workers",
            meta,
            column("worker", text, key=True),
            column("digest", text),
            column("machine", text),
            column("beats", number),
        )
        self._meta, self._shared = meta, shared

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def prepare(self) -> None:
        """Make the tables where they are not there, and see which database it is. Raises `StaleError`."""
        import sqlalchemy as sa

        with self._transaction() as database:
            if self._shared:  # two that make a schema at once would get into each other's way
                database.execute(sa.text("SELECT pg_advisory_xact_lock(7466716)"))
                database.execute(sa.text("CREATE SCHEMA IF NOT EXISTS mgmtnet"))
            self._meta.create_all(database)
            insert = self._insert(self._pulse).values(id=1, seq=0, identity=secrets.token_hex(8))
            database.execute(insert.on_conflict_do_nothing())
            seq, identity = database.execute(sa.select(self._pulse.c.seq, self._pulse.c.identity)).one()
        if self.identity not in ("", identity) or seq < max(self.seen, self._known.get(identity, 0)):
            raise StaleError
        self.identity, self.seen = identity, seq

    def accept(self) -> None:
        """Use the database although its past was put back."""
        import sqlalchemy as sa

        with self._transaction() as database:
            database.execute(sa.update(self._pulse).values(seq=self._pulse.c.seq + ACCEPTED))
        self._known.clear()
        self.seen = 0

    # Rollouts.

    def add(self, rollout: Rollout) -> bool:
        """Write a rollout down; False: one of that name is there."""
        with self._change() as (database, _):
            row = {"name": rollout.name, "digest": rollout.digest, "asked": "go", "ended": ""}
            insert = self._insert(self._rollouts).values(**row, document=json.dumps(rollout.document()))
            return bool(database.execute(insert.on_conflict_do_nothing()).rowcount)

    def rollout(self, name: str) -> Rollout | Problem | None:
        """The rollout of that name."""
        import sqlalchemy as sa

        with self._transaction() as database:
            found = database.execute(
                sa.select(self._rollouts.c.document).where(self._rollouts.c.name == name)
            ).scalar_one_or_none()
        if found is None:
            return None
        try:
            return read_rollout(json.loads(found))
        except (ValueError, AttributeError, RecursionError):
            return read_rollout({"format": ORDER})

    def standings(self, *, going: bool = False) -> list[Standing]:
        """Every rollout, or those ``going`` on, by name."""
        import sqlalchemy as sa

        table = self._rollouts.c
        query = sa.select(table.name, table.digest, table.asked, table.ended).order_by(table.name)
        with self._transaction() as database:
            rows = database.execute(query.where(table.ended == "") if going else query).all()
        return [Standing(*row) for row in rows]

    def standing(self, name: str) -> Standing | None:
        """What was asked of the rollout of that name."""
        import sqlalchemy as sa

        table = self._rollouts.c
        query = sa.select(table.name, table.digest, table.asked, table.ended).where(table.name == name)
        with self._transaction() as database:
            row = database.execute(query).one_or_none()
        return None if row is None else Standing(*row)

    def ask(self, name: str, asked: Asked) -> None:
        """Write down what is asked of a rollout, which goes on then."""
        self._rollout_is(name, {"asked": asked, "ended": ""})

    def end(self, name: str, ended: Ending) -> None:
        """Write down how a rollout has ended."""
        self._rollout_is(name, {"ended": ended})

    def _rollout_is(self, name: str, values: Mapping[str, str]) -> None:
        import sqlalchemy as sa

        with self._change() as (database, _):
            database.execute(sa.update(self._rollouts).where(self._rollouts.c.name == name).values(**values))

    # Hosts.

    def enter(self, rollout: str, row: Row, *, begun: bool = True) -> bool:
        """Write down how a host is doing, unless its attempt is further, or there is a later one; whether it was.

        ``begun`` False: only if no worker has begun the attempt before.
        """
        import sqlalchemy as sa

        table = self._hosts.c
        with self._change() as (database, seq):
            values = {**row._asdict(), "told": json.dumps(row.told), "changed": seq}
            insert = self._insert(self._hosts).values(rollout=rollout, **values)
            new = insert.excluded
            further = sa.or_(
                new.attempt > table.attempt,
                sa.and_(new.attempt == table.attempt, table.stage < OVER, new.stage >= table.stage),
            )
            further = further if begun else sa.and_(new.attempt > table.attempt, table.stage < AT_WORK)
            keys = [table.rollout, table.host]
            return bool(
                database.execute(insert.on_conflict_do_update(index_elements=keys, set_=values, where=further)).rowcount
            )

    def rows(self, rollout: str, since: int = 0) -> list[Row]:
        """The hosts of a rollout that have changed ``since``, in the order in which they did; others wait."""
        import sqlalchemy as sa

        table = self._hosts.c
        columns = [table[name] for name in Row._fields]
        query = sa.select(*columns).where(table.rollout == rollout, table.changed > since).order_by(table.changed)
        with self._transaction() as database:
            return [_row(found) for found in database.execute(query)]

    def row(self, rollout: str, host: int) -> Row | None:
        """One host of a rollout."""
        import sqlalchemy as sa

        table = self._hosts.c
        columns = [table[name] for name in Row._fields]
        with self._transaction() as database:
            found = database.execute(sa.select(*columns).where(table.rollout == rollout, table.host == host))
            return next(map(_row, found), None)

    # Workers.

    def beat(self, beat: Beat) -> None:
        """Tell that a worker is there; what was seen of the database is kept for later."""
        with self._change() as (database, _):
            insert = self._insert(self._workers).values(**beat._asdict())
            database.execute(insert.on_conflict_do_update(index_elements=[self._workers.c.worker], set_=beat._asdict()))
        self._known[self.identity] = self.seen
        _remember(self._memory, self._known)

    def workers(self) -> list[Beat]:
        """Every worker that was not forgotten."""
        import sqlalchemy as sa

        with self._transaction() as database:
            return [Beat(*row) for row in database.execute(sa.select(self._workers))]

    def forget(self, worker: str) -> None:
        """A worker that has ended, and has left nothing behind."""
        import sqlalchemy as sa

        with self._change() as (database, _):
            database.execute(sa.delete(self._workers).where(self._workers.c.worker == worker))

    # How it is written.

    def _insert(self, table: Any) -> Any:
        from sqlalchemy.dialects import postgresql, sqlite

        return postgresql.insert(table) if self._shared else sqlite.insert(table)

    @contextmanager
    def _change(self) -> Iterator[tuple[Any, int]]:
        """A transaction that changes something, and its number; of all there is one at a time."""
        import sqlalchemy as sa

        with self._writing, self._transaction() as database:
            update = sa.update(self._pulse).values(seq=self._pulse.c.seq + 1)
            moved = database.execute(update.returning(self._pulse.c.seq, self._pulse.c.identity)).one_or_none()
            if moved is None or moved.identity != self.identity or moved.seq <= self.seen:
                raise StaleError
            yield database, moved.seq
        self.seen = max(self.seen, moved.seq)

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError

        try:
            with self._engine.begin() as database:
                yield database
        except (OperationalError, InterfaceError) as failure:
            if self.identity and "no such table" in str(failure.orig):  # SQLite's; PostgreSQL's is below
                raise StaleError from failure
            raise AwayError(str(failure.orig).strip().partition("\n")[0]) from failure
        except ProgrammingError as failure:  # a table that was there is gone
            if self.identity:
                raise StaleError from failure
            raise


class Followed:
    """A rollout as far as its hosts were seen: catching up takes as long as what has changed since."""

    def __init__(self, rollout: Rollout) -> None:
        """None was seen yet."""
        self.rollout, self.course, self.rows, self.changed = rollout, Course(rollout), dict[int, Row](), 0

    def catch_up(self, ledger: Ledger) -> list[Row]:
        """See what has changed, and which hosts that were."""
        new = ledger.rows(self.rollout.name, self.changed)
        for row in new:
            self.rows[row.host] = row
            self.course.enter(row.host, row.state)
            self.changed = row.changed
        return new


def _row(found: Any) -> Row:
    told = json.loads(found.told)
    return Row(*found)._replace(told=told if isinstance(told, dict) else {})


def _remembered(path: str) -> dict[str, int]:
    try:
        with open(path, encoding="utf-8") as stream:
            found = json.load(stream)
        return {str(key): int(value) for key, value in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _remember(path: str, known: Mapping[str, int]) -> None:
    if not path:
        return
    beside = f"{path}.{os.getpid()}.new"
    with suppress(OSError):  # a full disk: the worker has it in mind as long as it lives
        with open(beside, "w", encoding="utf-8") as stream:
            json.dump(known, stream)
        os.replace(beside, path)


def asked_for(ledger: Ledger, name: str, asked: Asked) -> Problem | None:
    """Ask a rollout that has not ended to pause or to stop; or why that means nothing."""
    standing = ledger.standing(name)
    if standing is None:
        return unknown(name)
    if standing.ended:
        hint = f"`mgmtnet rollout status {name}` shows it"
        return Problem("rollout-ended", f"the rollout {name} has ended: {standing.ended}", hint)
    ledger.ask(name, asked)
    return None


def unknown(name: str) -> Problem:
    """There is no rollout of that name."""
    return Problem("rollout-unknown", f"there is no rollout {name!r}", "`mgmtnet rollout status` lists them")


def away(failure: AwayError) -> Problem:
    """The database does not answer."""
    return Problem("journal-unreachable", f"the database cannot be used: {failure}", "is the server up?")


def stale() -> Problem:
    """The database is at an earlier time than was seen of it."""
    return Problem(
        "rollout-database-stale",
        "the database has less in it than was seen before: its past was put back, or a replica took over that lags",
        "point at the right one; to use this one: mgmtnet rollout resume NAME --restored, which reads hosts anew",
    )
