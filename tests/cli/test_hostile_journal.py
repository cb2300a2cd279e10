# ruff: noqa: S608 the names are those that the database tells
"""Whoever may write the journal's database executes nothing where it is read: pickles in every column."""

import base64
import os
import pickle
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from postgres import server
from standins import mgmtnet, state_of

from planner.apply import journal
from planner.apply.exclusion import only_run
from planner.apply.order import Access, Order
from planner.apply.run import Step

ORDER = Order("one", Access("host.example.com", "jsonrpc"), {"network": "ovirtmgmt", "steps": []}, {"uuid": "host"})
COMMANDS = (("status",), ("status", "one"), ("status", "-o", "json"), ("resume",), ("resume", "one"))


class Attack:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def text(path: Path) -> str:
    return base64.b64encode(pickle.dumps(Attack(path))).decode()


@pytest.fixture(scope="module")
def shared() -> Iterator[str]:
    with server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A journal with a run that ended."""
    url = str(request.getfixturevalue("shared")) if request.param == "postgresql" else journal.file_url(f"{tmp_path}/j")
    if not journal.records(url):
        journal.keep(url, "one", ORDER.document(), lambda name, *_: Step(name, "seen", standing="as before"))
    return url


@contextmanager
def opened(url: str) -> Iterator[Any]:
    if url.startswith(journal.POSTGRESQL):
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection
    else:
        with closing(sqlite3.connect(journal._path(url), isolation_level=None)) as connection:  # noqa: SLF001
            yield connection


def quoted(name: str) -> str:
    return f'"{name}"'


def columns_of(connection: Any, url: str) -> dict[str, list[str]]:
    schema = journal._IN_POSTGRESQL if url.startswith(journal.POSTGRESQL) else journal._IN_SQLITE  # noqa: SLF001
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(schema).fetchall():
        found.setdefault(table, []).append(column)
    return {table: columns for table, columns in found.items() if "serialization" in columns}


def test_every_table_that_is_decoded_is_looked_at(url: str) -> None:
    with opened(url) as connection:
        assert {table.strip('"').removeprefix("dbos.") for table in columns_of(connection, url)} >= {
            "workflow_status",
            "operation_outputs",
            "notifications",
            "workflow_events",
            "streams",
        }


@pytest.mark.parametrize("table", ["workflow_status", "operation_outputs"])
def test_a_pickle_in_a_row_is_refused_and_not_executed(table: str, url: str, tmp_path: Path) -> None:
    made, environ = tmp_path / "made", state_of(tmp_path) | {"MGMTNET_JOURNAL": url}
    with opened(url) as connection:
        (name, columns) = next(one for one in columns_of(connection, url).items() if table in one[0])
        held = [column for column in ("inputs", "output", "error") if column in columns]
        was = connection.execute(f"SELECT {', '.join(held)}, serialization FROM {name}").fetchone()
        for column in held:
            connection.execute(f"UPDATE {name} SET {column} = '{text(made)}', serialization = 'py_pickle'")
            problem = journal.unusable(url)
            assert problem is not None
            assert problem.code == "journal-foreign"
            for command in COMMANDS:
                done = mgmtnet(*command, environ=environ)
                assert (done.status, "error[journal-foreign]" in done.err) == (1, True), done
            record = journal.Record("one", "running", ORDER.document(), (), 0)
            with suppress(Exception):  # as if it had come only after it was looked for; whatever DBOS makes of it
                journal.records(url)
            with suppress(Exception):
                journal.go_on(url, record, lambda name, *_: Step(name, "seen", standing="as before"))
            assert not made.exists()
            connection.execute(
                f"UPDATE {name} SET {', '.join(f'{one} = NULL' for one in held)}, serialization = '{journal.WRITTEN}'"
            )
            for one, value in zip((*held, "serialization"), was, strict=True):
                if value is not None:
                    marker = "%s" if url.startswith(journal.POSTGRESQL) else "?"
                    connection.execute(f"UPDATE {name} SET {one} = {marker}", [value])
    assert journal.unusable(url) is None


def test_a_pickle_in_any_other_table_is_refused(url: str) -> None:
    """Tables that mgmtnet itself never fills."""
    with opened(url) as connection:
        for name, columns in columns_of(connection, url).items():
            if connection.execute(f"SELECT 1 FROM {name}").fetchone():
                continue
            values = dict.fromkeys(columns, "'0'") | {"serialization": "'py_pickle'"}
            values |= {column: "'one'" for column in columns if column.endswith("_uuid") or column == "workflow_id"}
            connection.execute(
                f"INSERT INTO {name} ({', '.join(map(quoted, values))}) VALUES ({', '.join(values.values())})"
            )
            problem = journal.unusable(url)
            assert problem is not None, name
            assert problem.code == "journal-foreign"
            connection.execute(f"DELETE FROM {name}")
    assert journal.unusable(url) is None


def test_runs_of_a_later_version_are_told(tmp_path: Path) -> None:
    url = journal.file_url(f"{tmp_path}/j")
    journal.keep(url, "one", ORDER.document(), lambda name, *_: Step(name, "seen", standing="as before"))
    with opened(url) as connection:
        connection.execute("UPDATE workflow_status SET name = 'mgmtnet-apply-2'")
    problem = journal.unusable(url)
    assert problem is not None
    assert problem.code == "journal-newer"


@pytest.mark.parametrize("name", ["a?b", "a%41b", "a#b", "a b", "é", "a?mode=ro", "a;b&c=d", "'", '"', "a\\b"])
def test_a_journal_is_where_its_path_says(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    folder.mkdir()
    url = journal.journal_url(str(folder))
    journal.keep(url, "one", ORDER.document(), lambda name, *_: Step(name, "seen", standing="as before"))
    assert (folder / "journal.sqlite").exists()
    assert [one.name for one in tmp_path.iterdir()] == [name]
    assert [record.run for record in journal.records(url)] == ["one"]


def test_a_damaged_journal_is_told(tmp_path: Path) -> None:
    url = journal.file_url(f"{tmp_path}/j")
    journal.keep(url, "one", ORDER.document(), lambda name, *_: Step(name, "seen", standing="as before"))
    path = tmp_path / "j"
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"\xff" * 4000 + content[4100:])
    problem = journal.unusable(url)
    assert problem is not None
    assert problem.code == "journal-broken"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE operation_outputs SET output = '5'",
        "UPDATE operation_outputs SET output = '{\"a\": 1}'",
        'UPDATE operation_outputs SET output = \'{"name": [], "said": "seen"}\'',
        "UPDATE workflow_input SET inputs = '\"x\"'",
        "UPDATE workflow_input SET inputs = NULL",
        "ALTER TABLE workflow_status RENAME COLUMN status TO other",
        "DROP TABLE operation_outputs",
        "UPDATE workflow_status SET status = 'ENQUEUED'",
        "UPDATE workflow_status SET status = 'PENDING', application_version = 'x'",
    ],
)
def test_a_journal_of_another_shape_is_told(change: str, tmp_path: Path) -> None:
    environ = state_of(tmp_path)
    (tmp_path / "state").mkdir()
    url = journal.journal_url(environ["MGMTNET_STATE"])
    journal.keep(url, "one", ORDER.document(), lambda name, *_: Step(name, "seen", standing="as before"))
    with opened(url) as connection:
        connection.execute(change)
    for command in COMMANDS:
        done = mgmtnet(*command, environ=environ)
        assert (done.status, "error[journal-broken]" in done.err) == (1, True), done


def test_a_run_that_ran_into_a_fault_is_not_gone_on_with(tmp_path: Path) -> None:
    environ = state_of(tmp_path)
    (tmp_path / "state").mkdir()
    url = journal.journal_url(environ["MGMTNET_STATE"])
    journal.keep(url, "one", ORDER.document(), lambda name, *_: Step(name, "seen", standing="as before"))
    with opened(url) as connection:
        connection.execute("UPDATE operation_outputs SET error = '\"a fault\"'")
        connection.execute("UPDATE workflow_status SET status = 'PENDING', output = NULL, completed_at = NULL")
    assert [(record.state, record.fault) for record in journal.records(url)] == [("ended", "a fault")]
    for command in COMMANDS:
        done = mgmtnet(*command, environ=environ)
        assert "internal" not in done.err, done
    assert mgmtnet("resume", environ=environ).err == "no run was interrupted\n"


def test_a_journal_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "j")
    problem = journal.unusable(journal.file_url(f"{tmp_path}/j"))
    assert problem is not None
    assert problem.code == "journal-broken"


def test_a_folder_of_locks_that_is_a_link_is_told(tmp_path: Path) -> None:
    (tmp_path / "locks").symlink_to("/dev/null")
    with only_run(str(tmp_path), "", "host", "one") as held:
        assert held is not None
        assert held.code == "state-unwritable"


def test_a_state_folder_whose_name_is_no_text_is_told(tmp_path: Path) -> None:
    done = mgmtnet("status", environ={"MGMTNET_STATE": f"{tmp_path}/caf\udce9"})
    assert (done.status, "error[state-unwritable]" in done.err) == (1, True), done
