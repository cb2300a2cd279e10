"""Captures by the dozen: files, folders, patterns for names and archives, one after the other."""

import os
from collections.abc import Iterator
from typing import NamedTuple

from planner.cli.archives import is_archive, members
from planner.cli.inputs import LARGEST_FILE, read_file
from planner.files import Unreadable, content_of
from planner.host.decoding import SOSREPORT
from planner.problem import Problem, Where

MAGIC = "*?["
HINT = "give captures, folders, archives of them, or patterns in quotes, like 'captures/*.json'"


class Captured(NamedTuple):
    """A capture by the name of its file (``hosts.tar.gz/rack1/a.json`` in an archive), and its bytes or why not."""

    source: str
    content: bytes | Problem


def captures_in(paths: list[str]) -> Iterator[Captured]:
    """Every capture that the paths lead to, each path in its turn; what cannot be had comes as a problem."""
    for path in paths:
        if not os.path.lexists(path) and any(sign in path for sign in MAGIC):
            yield from _matching(path)
        elif os.path.isdir(path) and not _is_sosreport(path):
            yield from _in_folder(path)
        else:
            yield from _file(path, read_file(path, "capture"))


def _matching(pattern: str) -> Iterator[Captured]:
    from glob import glob

    found = sorted(glob(pattern, recursive=True))
    if not found:
        yield Captured(pattern, Problem("no-captures", f"nothing is called like {pattern!r}", HINT))
    yield from captures_in(found)


def _in_folder(folder: str) -> Iterator[Captured]:
    """Each file in the folder and below; a folder that is an unpacked sosreport is one capture."""
    seen = False
    for at, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in [name for name in folders if _is_sosreport(os.path.join(at, name))]:
            folders.remove(name)
            seen = True
            yield Captured(os.path.join(at, name), read_file(os.path.join(at, name), "capture"))
        for name in sorted(name for name in names if not name.startswith(".")):
            seen = True
            path = os.path.join(at, name)
            content = content_of(path, LARGEST_FILE, pipes=False)  # nobody named a pipe that lies in a folder
            yield from _file(path, _unreadable(path, content) if isinstance(content, Unreadable) else content)
    if not seen:
        yield Captured(folder, Problem("no-captures", f"there is no file in {folder!r}", HINT, where=(Where(folder),)))


def _is_sosreport(folder: str) -> bool:
    return os.path.isfile(os.path.join(folder, SOSREPORT))


def _file(path: str, content: bytes | Problem) -> Iterator[Captured]:
    """The capture in a file, or those in an archive."""
    if isinstance(content, Problem) or not is_archive(content):
        yield Captured("standard input" if path == "-" else path, content)
        return
    found = members(content, _wanted)
    if isinstance(found, Unreadable):
        yield Captured(path, _unreadable(path, found))
        return
    seen = False
    for member in found:
        seen = True
        source = f"{path}/{member.path}"
        held = member.content
        yield Captured(source, _unreadable(source, held) if isinstance(held, Unreadable) else held)
    if not seen:
        yield Captured(path, Problem("no-captures", "there is no file in the archive", HINT, where=(Where(path),)))


def _wanted(paths: list[str]) -> list[str]:
    """The captures among the files of an archive: of a sosreport its one, else what is not hidden."""
    reported = [path for path in paths if path.endswith(SOSREPORT)]
    return reported or [path for path in paths if "/." not in f"/{path.removeprefix('./')}"]


def _unreadable(source: str, content: Unreadable) -> Problem:
    message = f"cannot read the capture {source!r}: {content.reason}"
    return Problem("file-unreadable", message, HINT, where=(Where(source),))
