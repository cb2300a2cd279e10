"""A fleet's folder: a plan for each host, and an index with a line for each, by which a later run goes on.

While a run is under way its lines go into ``index.ndjson.part``, so that one that is interrupted loses nothing but the
host it was at; at its end they are the index.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from typing import Any, BinaryIO

from planner.plan.plan import FORMAT
from planner.problem import Problem

INDEX, PART = "index.ndjson", "index.ndjson.part"
PLANS = "plans"
LOCK = ".lock"
HINT = "name a folder of yours"


class Lines:
    """The lines of files by what they say under ``key``; of two that say the same the later counts.

    Only where each stands is kept: that is 0.1 kB a host, where the lines themselves are a kilobyte.
    """

    def __init__(self, key: str, *paths: str) -> None:
        """Look through the files that are there."""
        self.key = key
        self._places: dict[int, tuple[BinaryIO, int]] = {}
        for path in paths:
            if os.path.exists(path):
                self._look_through(open(path, "rb"))  # noqa: SIM115  lines are read as long as this is kept

    def _look_through(self, file: BinaryIO) -> None:
        at = 0
        for line in file:
            said = self._said(line)
            if said is not None:
                self._places[hash(said)] = (file, at)
            at += len(line)

    def _said(self, line: bytes) -> str | None:
        """What a line says; None where it was not written to its end."""
        try:
            document = json.loads(line) if line.endswith(b"\n") else None
        except (ValueError, RecursionError):
            return None
        return str(document[self.key]) if isinstance(document, dict) and self.key in document else None

    def of(self, said: str) -> str:
        """The line that says so; "" for none."""
        found = self._places.get(hash(said))
        if found is None:
            return ""
        file, at = found
        file.seek(at)
        line = file.readline()
        return line.decode("utf-8", "replace").rstrip("\n") if self._said(line) == said else ""


class Folder:
    """A folder that a run writes into, alone."""

    def __init__(self, path: str, part: BinaryIO, lock: BinaryIO) -> None:
        """Of `opened`."""
        self.path, self._lock = path, lock
        # Of the index, and behind it of what an interrupted run has left.
        self._lines = Lines("source", os.path.join(path, INDEX), os.path.join(path, PART))
        self._part = part
        self._begin = part.seek(0, os.SEEK_END)
        if self._begin and not _ends_line(part):
            self._begin += part.write(b"\n")  # a line that was not written to its end stands by itself

    def before(self, source: str) -> str:
        """The line that a run before had for a capture; "" for none."""
        return self._lines.of(source)

    def add(self, line: str) -> None:
        """Put a line into the index."""
        self._part.write(line.encode() + b"\n")
        self._part.flush()

    def finish(self) -> None:
        """Make the lines of this run the index, and leave the folder to others."""
        self._part.seek(self._begin)
        new = os.path.join(self.path, f"{INDEX}.new")
        with open(new, "wb") as index:
            while block := self._part.read(1 << 20):
                index.write(block)
        os.replace(new, os.path.join(self.path, INDEX))
        os.unlink(os.path.join(self.path, PART))
        self._part.close()
        self._lock.close()


def _ends_line(part: BinaryIO) -> bool:
    part.seek(-1, os.SEEK_END)
    return part.read() == b"\n"


def opened(path: str) -> Folder | Problem:
    """The folder at ``path``, made if it is not there; or why it cannot be had."""
    try:
        os.makedirs(os.path.join(path, PLANS), exist_ok=True)
        lock = open(os.path.join(path, LOCK), "ab")  # noqa: SIM115  it is held as long as the run lasts
        part = open(os.path.join(path, PART), "ab+")  # noqa: SIM115  and this is written
    except OSError as failure:
        return Problem("file-unwritable", f"cannot write into {path!r}: {failure.strerror or failure}", HINT)
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # unlike flock's, no process that we fork has this lock, too
    except OSError:
        hint = "wait for it, or name another folder"
        return Problem("folder-in-use", f"another run writes into {path!r}", hint)
    return Folder(path, part, lock)


def is_planned(path: str) -> bool:
    """Whether a folder is one that a run has written, to its end."""
    return os.path.isfile(os.path.join(path, INDEX))


def is_fleet(path: str) -> bool:
    """Whether a run has written into a folder, or is at it."""
    return any(os.path.isfile(os.path.join(path, name)) for name in (INDEX, PART))


def lines_in(path: str) -> Iterator[str]:
    """The lines of the index."""
    with open(os.path.join(path, INDEX), encoding="utf-8", errors="replace") as index:
        yield from index


def write_plan(folder: str, source: str, text: str) -> str | Problem:
    """Write the plan of the capture at ``source``; its path in the folder."""
    parts = [{"..": "__"}.get(part, part) for part in source.split("/") if part not in ("", ".")]
    file = "/".join([PLANS, *parts])
    file = file if file.endswith(".json") else f"{file}.plan.json"
    path = os.path.join(folder, file)
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
    except (OSError, ValueError) as failure:  # ValueError: a name with a zero, or of bytes that are no text
        reason = getattr(failure, "strerror", None) or str(failure)
        return Problem("file-unwritable", f"cannot write {path!r}: {reason}", HINT)
    return file


def read_plan(folder: str, file: str) -> dict[str, Any] | None:
    """The plan in a folder's file; None where it is none, or not there."""
    try:
        with open(os.path.join(folder, file), encoding="utf-8") as stream:
            document = json.load(stream)
    except (OSError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and document.get("format") == FORMAT else None
