"""Captures are called by where they lie, and hosts by their names, whatever they lie in."""

import io
import json
import sys
import tarfile
from pathlib import Path

import pytest

from planner.fleet.captures import Captured, captures_in, host_of
from planner.host.capture import SOSREPORT
from planner.problem import Problem


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("a.json", "a"),
        ("rack/node1.example.com.json", "rack/node1.example.com"),
        ("rack/node1.example.com", "rack/node1.example.com"),
        ("node.log", "node"),
        (f"sosreport-node1-2026-11-27-abcdefg/{SOSREPORT}", "node1"),
        (f"x/sosreport-node1-label-2026-11-27-abcdefg/{SOSREPORT}", "x/node1-label"),
        (f"x/sosreport-node1-2026-11-27-ab.tar.xz/sosreport-node1-2026-11-27-ab/{SOSREPORT}", "x/node1"),
        ("sosreport-node1-2026-11-27-abcdefg", "node1"),
        (f"other/{SOSREPORT}", "other"),
    ],
)
def test_how_a_host_is_called(path: str, host: str) -> None:
    assert host_of(path) == host


def test_names_are_ends_of_the_path_with_and_without_endings() -> None:
    captured = Captured("racks/a/node1.json", "a/node1")
    assert captured.names == (
        *("racks/a/node1.json", "a/node1.json", "node1.json"),
        *("racks/a/node1", "a/node1", "node1"),
    )


def test_one_path_gives_short_names_and_several_give_whole_ones() -> None:
    for folder in ("one", "two"):
        Path(folder).mkdir()
        Path(folder, "a.json").write_text("{}")
    assert [one.host for one in captures_in(["one/"])] == ["a"]
    assert [one.host for one in captures_in(["one/a.json"])] == ["a"]
    assert [one.host for one in captures_in(["one", "two"])] == ["one/a", "two/a"]
    assert [one.host for one in captures_in([f"{Path.cwd()}/*/*.json"])] == ["one/a", "two/a"]
    with tarfile.open("one/all.tar", "w") as archive:
        archive.add("two")
    assert [one.host for one in captures_in(["one"])] == ["a", "all.tar/two/a"]
    assert [one.host for one in captures_in(["one/all.tar"])] == ["two/a"]


def test_a_file_is_read_when_it_is_asked_for() -> None:
    Path("a.json").write_text("{}")
    (captured,) = captures_in(["a.json"])
    Path("a.json").write_text("later")
    assert captured.content() == b"later"
    Path("a.json").unlink()
    assert isinstance(captured.content(), Problem)


def test_a_stream_is_read_line_by_line() -> None:
    """Of an endless one a few captures are had."""

    class Endless(io.RawIOBase):
        def readline(self, _size: int | None = -1) -> bytes:
            return b'{"nics": {}}\n'

    class Standard:
        buffer = Endless()

    before = sys.stdin
    sys.stdin = Standard()  # type: ignore[assignment]
    try:
        found = captures_in(["-"])
        assert [next(found).source for _ in range(3)] == [f"standard input:{number}" for number in (1, 2, 3)]
    finally:
        sys.stdin = before


def test_a_line_that_is_too_long_ends_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.fleet.captures.LARGEST_MEMBER", 100)
    Path("all.ndjson").write_text(json.dumps({"nics": {}}) + "\n" + "x" * 200 + "\n{}\n")
    first, second = captures_in(["all.ndjson"])
    assert isinstance(first.content(), bytes)
    assert "larger than" in second.content().message  # type: ignore[union-attr]


def test_a_stream_with_nothing_in_it() -> None:
    Path("all.ndjson").write_text("\n\n")
    (captured,) = captures_in(["all.ndjson"])
    assert "there is no line in it" in captured.content().message  # type: ignore[union-attr]
