"""What apply knows of DBOS: each step's answer is written down before the next step begins.

A run is a workflow that only asks which step is next; what a step answered tells it. So a newer mgmtnet follows the
recorded answers of an older one, whatever it would have done itself, and goes on from the last of them. A process
recovers no run but its own: each run is an executor to DBOS.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from queue import Empty, Queue
from threading import Lock, Thread
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from planner.apply.order import read_order
from planner.apply.run import SENT, Step
from planner.problem import Problem

# Where the journal is kept: a file of the user's, or a PostgreSQL database that several machines share.


SQLITE, MAGIC = "sqlite:///", b"SQLite format 3\0"
POSTGRESQL = "postgresql://"
# How every row is written. DBOS does what a row says of itself, and one that calls itself py_pickle it would execute.
WRITTEN = "mgmtnet-json"
# The form of what is recorded, not the version of mgmtnet: raised only if old runs could not be read any more.
FORM = "mgmtnet-apply-1"
# Seconds between two looks of DBOS for messages, which no run waits for in that way (`confirmed` reads the one that
# there may be). The end of a run waits for such a look: longer, and each apply takes longer; shorter, and a run of
# minutes asks the database for nothing hundreds of times.
LISTENS = 0.2
# Connections to PostgreSQL that DBOS may have for one run, beside those by which it listens and the host is held. A run
# writes one thing after the other; with DBOS' own 20 it takes five, and a hundred hosts at once need a larger server.
CONNECTIONS = 3
# Shorter takes a database beyond a slow line for one that is not there; longer leaves whoever mistyped it waiting.
CONNECT_WITHIN = 10


def state_folder() -> str:
    """Where runs are remembered, made if it is not there: it tells where hosts are and how to reach them."""
    home = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    folder = os.environ.get("MGMTNET_STATE") or os.path.join(home, "mgmtnet")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    return folder


def journal_url(folder: str, database: str = "") -> str:
    """Where the journal is: ``database`` or MGMTNET_JOURNAL (a PostgreSQL or SQLite URL), else a file in ``folder``."""
    return database or os.environ.get("MGMTNET_JOURNAL") or file_url(os.path.join(folder, "journal.sqlite"))


def file_url(path: str) -> str:
    """The URL of a journal in a file, as SQLAlchemy (2.1 and later) writes it: whatever is in the path's name."""
    return SQLITE + quote(path, safe=" +/")


def unusable(url: str) -> Problem | None:
    """Why there can be no journal at ``url``, or why it must not be read; a file is made nobody else's."""
    if url.startswith(POSTGRESQL):
        return _unreachable(url)
    if not url.startswith(SQLITE):
        return Problem(
            "journal-unknown", "MGMTNET_JOURNAL, or --database, is no sqlite:/// or postgresql:// URL", "leave it out"
        )
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
        if not os.path.exists(path) or not os.path.getsize(path):
            return False
        with closing(sqlite3.connect(path, timeout=CONNECT_WITHIN)) as file:
            return bool(file.execute("SELECT 1 FROM sqlite_master WHERE name = 'workflow_status'").fetchone())
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


# Seconds after which PostgreSQL takes a machine that does not answer for gone, and gives back what it held: 120 in all.
# Its own 2 hours leave a host held by nobody; much shorter, and a network that is mended meanwhile loses its claims.
GONE = {"tcp_keepalives_idle": 60, "tcp_keepalives_interval": 10, "tcp_keepalives_count": 6}


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
        for setting, value in GONE.items():
            database.execute(f"SET {setting} = {value}")
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


Perform = Callable[[str, dict[str, Any], list[Step]], Step]

# Seconds that the journal's database may be silent before a run goes on without it. PostgreSQL takes up to a minute to
# restart or to fail over: shorter, and runs are written down half; longer, and a changed host is unsaved that long.
AWAY = 90.0

GONE_ON_WITH = "_dbos_internal_queue"  # where a run waits for a moment when it is taken up
GOING = ["PENDING", "ENQUEUED", "DELAYED"]
ENDED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")


class Record(NamedTuple):
    """A run as the journal has it: ``state`` running or ended; `version_of` it.

    ``began``, ``told``: when it began and when its last step was written down, in seconds since 1970.
    """

    run: str
    state: str
    order: dict[str, Any]
    steps: tuple[Step, ...]
    began: float
    fault: str = ""
    version: str = ""
    told: float = 0.0

    @property
    def asks(self) -> bool:
        """Whether it waits for somebody to say that its change is to be kept."""
        return self.state == "running" and bool(self.steps) and self.steps[-1].next == "keep"


def standing(record: Record) -> str:
    """How a run stands: what it ended in, or after which step it was interrupted."""
    if record.state == "ended":
        return (record.steps[-1].standing if record.steps else "") or "unknown"
    return f"interrupted or at work, after {record.steps[-1].name}" if record.steps else "interrupted or at work"


def document_of(record: Record) -> dict[str, object]:
    """The run for a program, as `mgmtnet status -o json` and the service give it."""
    order = read_order(record.order)
    return {
        "run": record.run,
        "host": order.access.target,
        "network": order.plan["network"],
        "began": record.began,
        "state": record.state,
        "standing": standing(record),
        "undoes": order.undoes or None,
        "confirm_by": record.told + order.limits.keep if record.asks else None,
        "made_by": order.made_by,
        "steps": [step.document() for step in record.steps],
    }


def prepare() -> None:
    """Load DBOS beside whatever is done next: it takes half a second, in which a host is waited for.

    Where it is not installed that is told now, and not once somebody has agreed to a change.
    """
    if find_spec("dbos") is None:
        message = "No module named 'dbos'"
        raise ModuleNotFoundError(message, name="dbos")
    Thread(target=load, daemon=True).start()


def load() -> None:
    """Import DBOS, which takes half a second."""
    with suppress(ImportError):  # what it needs itself; told by whoever needs it
        import_module("dbos")


class Kept(NamedTuple):
    """The steps of a run that has ended; ``lost``: why what came last could not be written down, or empty."""

    steps: list[Step]
    lost: dict[str, str]


def keep(url: str, run: str, order: dict[str, Any], perform: Perform, carried: Sequence[Step] = ()) -> Kept:
    """Carry a new run out. ``carried``: what a run before this one found, its last step tells the first."""

    def begun(workflow: Any) -> Any:
        from dbos import DBOS, SetWorkflowID

        with SetWorkflowID(run):
            return DBOS.start_workflow(workflow, order, [step.document() for step in carried])

    return _carried_out(
        url, run, version_of(run), _Memory(order, perform, list(carried), taken_up=bool(carried)), begun
    )


def go_on(url: str, record: Record, perform: Perform) -> Kept:
    """Carry on a run that was interrupted, from the last step that was written down."""

    def begun(_: Any) -> Any:
        from dbos import DBOS

        return DBOS.retrieve_workflow(record.run)

    memory = _Memory(record.order, perform, list(record.steps), taken_up=True)
    return _carried_out(url, record.run, record.version, memory, begun)


class _Memory:
    """What a run has done, written down or not: a journal that fails must not leave a host midway."""

    def __init__(self, order: dict[str, Any], perform: Perform, steps: list[Step], *, taken_up: bool) -> None:
        self._order, self._perform, self._steps = order, perform, steps
        self._alone = self.acted = False
        self._at_work = Lock()
        self._since = time.monotonic()
        self._taken_up = taken_up
        self.fault: Exception | None = None

    @property
    def idle(self) -> float:
        """How many seconds ago the journal last had a step done; 0 while one is being done."""
        return 0.0 if self._at_work.locked() else time.monotonic() - self._since

    def perform(self, name: str, order: dict[str, Any], steps: list[Step]) -> Step:
        """As the journal asks for it, until it is not to be asked any more."""
        with self._at_work:
            if self._alone:
                msg = "the journal has failed"
                raise RuntimeError(msg)
            try:
                step = self._perform(name, order, steps)
            except Exception as fault:
                self.fault = fault  # the journal passes it on as a text
                raise
            self._steps, self.acted, self._since = [*steps, step], True, time.monotonic()
            return step

    def to_the_end(self) -> list[Step]:
        """Go on without a journal; but not from what another process did, nor from nothing."""
        with self._at_work:
            self._alone = True
            steps = list(self._steps)
            if not self.acted:
                return self._given_up("it cannot be written, so nothing was done")
            while steps[-1].next:
                steps.append(self._perform(steps[-1].next, self._order, steps))
            return steps

    def broken_off(self, fault: Exception) -> Kept:
        """The end of a run by a fault of ours, or by what was written down; before anything was sent, that fault."""
        fault = self.fault or fault
        if not self._taken_up and not any(step.name in SENT for step in self._steps):
            raise fault
        told = f"{type(fault).__name__}: {fault}"
        hint = "`mgmtnet resume` reads the host again; MGMTNET_DEBUG=1 shows where it happened: please report it"
        lost = {"code": "run-broken-off", "message": f"the run cannot be gone on with: {told}", "hint": hint}
        return Kept(self._given_up("it was broken off"), lost)

    def _given_up(self, said: str) -> list[Step]:
        sent = any(step.name in SENT for step in self._steps)
        return [*self._steps, Step("journal", said, "", "unknown" if sent else "as before")]


def _trouble(problem: Problem) -> dict[str, str]:
    return {"code": problem.code, "message": problem.message, "hint": problem.hint}


def version_of(run: str) -> str:
    """The application's version that a run has to DBOS: its own, so that no process but its own goes on with it.

    DBOS puts a run that is taken up into a queue first, from which every process of its version takes.
    """
    return f"{FORM}-{run}"


def _carried_out(url: str, run: str, version: str, memory: _Memory, begun: Callable[[Any], Any]) -> Kept:
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with _launched(url, run, version, memory.perform) as workflow:
            return Kept(_steps(_result(begun(workflow), memory)), {})
    except SQLAlchemyError as failure:
        return Kept(memory.to_the_end(), _trouble(unwritable(str(getattr(failure, "orig", failure)))))
    except _Silent:
        told = f"the database has not answered for {AWAY:.0f} s"
        return Kept(memory.to_the_end(), _trouble(unwritable(told)))
    except Exception as fault:
        if memory.fault is None and memory.acted and _forgotten(url, run):
            return Kept(memory.to_the_end(), _trouble(unwritable("the database does not have the run any more")))
        if os.environ.get("MGMTNET_DEBUG"):
            raise
        return memory.broken_off(fault)


def _forgotten(url: str, run: str) -> bool:
    """Whether the journal is at an earlier time than the run: a replica took over, or a backup was put back.

    Then nobody can have gone on with it, and it goes on as it does without a journal.
    """
    found = readable(url, run)
    return not isinstance(found, Problem) and all(record.run != run for record in found)


class _Silent(Exception):  # noqa: N818  what happened to the journal; never leaves this module
    pass


def _result(handle: Any, memory: _Memory) -> Any:
    """What the workflow ends with. DBOS asks a database that is away again and again, without end."""
    answers: Queue[tuple[Any, Exception | None]] = Queue()

    def wait() -> None:
        try:
            answers.put((handle.get_result(), None))
        except Exception as failure:  # noqa: BLE001  it is raised again, where somebody waits for it
            answers.put((None, failure))

    Thread(target=wait, daemon=True).start()
    while memory.idle < AWAY:
        with suppress(Empty):
            answer, failure = answers.get(timeout=1.0)
            if failure is not None:
                raise failure
            return answer
    raise _Silent


# What whoever keeps a change writes down beside its run: a message of DBOS', which lasts as long as the run.


KEPT = "keep"


def confirm(url: str, run: str) -> Problem | None:
    """Write down that the change of ``run``, which the journal has, is to be kept; or why that cannot be done."""
    tame()
    from dbos import DBOSClient
    from sqlalchemy.exc import SQLAlchemyError

    client = DBOSClient(system_database_url=url, serializer=json_serializer())
    try:
        client.send(run, True, KEPT)  # noqa: FBT003  it is the message
    except SQLAlchemyError as failure:
        return unwritable(str(getattr(failure, "orig", failure)))
    finally:
        client.destroy()
    return None


def confirmed(url: str, run: str) -> bool:
    """Whether somebody has written down that the change of ``run`` is to be kept; False where nobody can tell."""
    asked = "SELECT 1 FROM {} WHERE destination_uuid = {} AND topic = {} LIMIT 1"
    with suppress(Exception):  # a journal that fails says nothing, and the run goes on without
        if url.startswith(SQLITE):
            with closing(sqlite3.connect(_path(url), timeout=CONNECT_WITHIN)) as file:
                return bool(file.execute(asked.format("notifications", "?", "?"), [run, KEPT]).fetchone())
        with _connected(url) as database:
            return bool(database.execute(asked.format("dbos.notifications", "%s", "%s"), [run, KEPT]).fetchone())
    return False


def readable(url: str, run: str | None = None, newest: int | None = None) -> list[Record] | Problem:
    """`records`, or what is wrong with them: anybody may have written there, or a disk may have lost a part."""
    try:
        found = records(url, run, newest)
        for record in found:
            _check(record)
    except Exception as fault:  # noqa: BLE001  whatever stands there, it is no fault of ours
        told = str(getattr(fault, "orig", "")) or f"{type(fault).__name__}: {fault}"
        return unreadable(url, f"holds what cannot be read as a run: {told}")
    return found


def _check(record: Record) -> None:
    """Raise a TypeError (or whatever reading raises) unless the record is of the form in which ours are."""
    order = read_order(record.order)
    texts = [order.run, order.access.target, order.plan["network"]]
    texts += (part for step in record.steps for part in (step.name, step.said, step.next, step.standing))
    maps = [order.plan, order.before, *(part for step in record.steps for part in (step.problem, step.found))]
    if not all(isinstance(text, str) for text in texts) or not all(isinstance(one, dict) for one in maps):
        msg = f"the run {record.run} is not written as ours are"
        raise TypeError(msg)


def records(url: str, run: str | None = None, newest: int | None = None) -> list[Record]:
    """Every run, or so many, the newest first; with ``run`` the one of that name, and those that have not ended.

    Of thousands a run that begins needs no more. Empty when there is no journal yet.
    """
    if not begun(url):
        return []
    tame()
    from dbos import DBOSClient

    client = DBOSClient(system_database_url=url, serializer=json_serializer())
    try:
        if run is None:
            found = client.list_workflows(name=FORM, sort_desc=True, limit=newest)
        else:
            named = client.list_workflows(name=FORM, workflow_ids=[run])
            others = client.list_workflows(name=FORM, status=GOING, sort_desc=True)
            found = [*named, *(one for one in others if one.workflow_id != run)]
        return [_record(client, status) for status in found]
    finally:
        client.destroy()


def _record(client: Any, status: Any) -> Record:
    order, carried = status.input["args"]
    rows = client.list_workflow_steps(status.workflow_id)
    recorded = [row["output"] for row in rows if row["output"]]
    faults = [one for one in (status.error, *(row["error"] for row in rows)) if one]
    state = "ended" if status.status in ENDED or faults else "running"  # DBOS would only run into the fault again
    waiting = status.status == "ENQUEUED" and status.queue_name == GONE_ON_WITH
    ours = status.executor_id == status.workflow_id and status.app_version in (FORM, version_of(status.workflow_id))
    if state == "running" and not (ours and (waiting or status.status == "PENDING")):
        msg = f"DBOS would never go on with the run {status.workflow_id}, and wait for it without end"
        raise ValueError(msg)
    fault = str(faults[0]) if faults else ""
    steps, began = tuple(_steps([*carried, *recorded])), status.created_at / 1000
    told = max((row["completed_at_epoch_ms"] or 0 for row in rows), default=0) / 1000
    return Record(status.workflow_id, state, order, steps, began, fault, status.app_version or FORM, told)


def _steps(documents: Sequence[dict[str, Any]]) -> list[Step]:
    return [Step(**{key: document[key] for key in Step._fields if key in document}) for document in documents]


@contextmanager
def _launched(url: str, run: str, version: str, perform: Perform) -> Iterator[Any]:
    """DBOS with this one run as its executor, and the workflow that it runs."""
    tame()
    from dbos import DBOS

    DBOS(
        config={
            "name": "mgmtnet",
            "system_database_url": url,
            "application_version": version,
            "executor_id": run,
            "serializer": json_serializer(),
            "log_level": "CRITICAL",
            "notification_listener_polling_interval_sec": LISTENS,
            **({"sys_db_pool_size": CONNECTIONS} if url.startswith(POSTGRESQL) else {}),
        }
    )

    @DBOS.workflow(name=FORM)
    def workflow(order: dict[str, Any], carried: list[dict[str, Any]]) -> list[dict[str, Any]]:
        steps: list[dict[str, Any]] = list(carried)
        following = steps[-1]["next"] if steps else "look"
        while following:
            answer = DBOS.run_step({"name": following}, _perform, following, order, list(steps))
            steps.append(answer)
            following = answer["next"]
        return steps

    def _perform(name: str, order: dict[str, Any], steps: list[dict[str, Any]]) -> dict[str, Any]:
        return perform(name, order, _steps(steps)).document()

    try:
        DBOS.launch()
        yield workflow
    finally:
        DBOS.destroy(workflow_completion_timeout_sec=0)


def tame() -> None:
    """DBOS speaks to standard error as it likes, and executes a row that calls itself py_pickle: it does neither.

    Such rows are refused before (`planner.apply.journal.unusable`); one may have come since.
    """
    import logging

    from dbos import _serialization

    speaking = logging.getLogger("dbos")
    speaking.setLevel(logging.CRITICAL)
    # Its own would keep the standard error of the first run, which may be closed at the next one of the process.
    speaking.handlers = [logging.NullHandler()]
    setattr(_serialization.DefaultSerializer, "deserialize", _refused)  # noqa: B010 mypy forbids it otherwise


def _refused(_: Any, row: str) -> Any:
    msg = f"a row of the journal was not written by mgmtnet: {len(row)} characters"
    raise ValueError(msg)


def json_serializer() -> Any:
    """JSON in the journal: readable by every version and by hand, and nothing in it is executed when it is read."""
    import json

    from dbos import Serializer

    class Json(Serializer):
        def serialize(self, data: Any) -> str:
            return json.dumps(data, default=str)

        @classmethod
        def deserialize(cls, serialized_data: str) -> Any:
            return json.loads(serialized_data)

        def name(self) -> str:
            return WRITTEN

    return Json()
