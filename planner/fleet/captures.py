"""Captures by the dozen: files, folders, patterns for names and archives, one after the other."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from planner.files import LARGEST_FILE, Unreadable, content_of, read_file, too_large
from planner.host.capture import SOSREPORT
from planner.problem import Problem, Where

# Files in an archive (tar, also packed by gzip, bzip2 or xz, and zip), read member by member.
# Nothing is unpacked to a disk, and what a member, and all together, may unpack to is limited.


LARGEST_MEMBER = 64 << 20  # bytes; the largest capture known has 2 MB
LARGEST_WHOLE = 1 << 30  # bytes, unpacked: a sosreport of a busy host has half of it
MOST_MEMBERS = 100_000  # a sosreport has 20,000
# What a damaged archive ends in, by Python's own readers.
DAMAGED = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(OSError, EOFError, ValueError, RuntimeError),  # RuntimeError: a way of packing that this Python does not know
)


class Member(NamedTuple):
    """A file in an archive: its path there, and what it holds, or why that cannot be had."""

    path: str
    content: bytes | Unreadable


def is_archive(content: bytes) -> bool:
    """Whether these are the bytes of an archive; a single file that is packed does not count."""
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return True
    try:
        with tarfile.open(fileobj=_Counted(_unpacked(content)), mode="r|") as archive:
            return archive.next() is not None
    except (*DAMAGED, _Whole):
        return False


def members(content: bytes, wanted: Callable[[list[str]], list[str]]) -> Iterator[Member] | Unreadable:
    """The regular files in an archive that ``wanted`` picks of all their paths; or why it cannot be read at all."""
    try:
        reader = _zip if content.startswith(b"PK") else _tar
        every = [path for path, _ in reader(content, None)]
        if len(every) > MOST_MEMBERS:
            return Unreadable(f"it has more than {MOST_MEMBERS:,} files")
        chosen = frozenset(wanted(every))
    except _Whole:
        return too_large(LARGEST_WHOLE)
    except DAMAGED as failure:
        return Unreadable(f"it is damaged: {failure}")
    return _chosen(reader(content, chosen))


class _Whole(Exception):  # noqa: N818  a limit, and no fault of this program
    """An archive unpacks to more than there is room for."""


def _chosen(found: Iterator[tuple[str, bytes | Unreadable]]) -> Iterator[Member]:
    """Each member; where the archive is damaged further on, that comes last."""
    path = ""
    try:
        for path, content in found:
            yield Member(path, content)
    except _Whole:
        yield Member(path, too_large(LARGEST_WHOLE))
    except DAMAGED as failure:
        yield Member(path, Unreadable(f"the archive is damaged after it: {failure}"))


def _zip(content: bytes, chosen: frozenset[str] | None) -> Iterator[tuple[str, bytes | Unreadable]]:
    """The regular files of a zip archive, those ``chosen`` with what they hold (None: all, and their paths alone)."""
    left = LARGEST_WHOLE
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for entry in archive.infolist():
            kind = entry.external_attr >> 16 & 0o170000  # as Unix has it; 0 where it was packed on another system
            if entry.is_dir() or kind not in (0, 0o100000):
                continue
            if chosen is None or entry.filename not in chosen:
                if chosen is None:
                    yield entry.filename, b""
                continue
            if entry.flag_bits & 1:
                yield entry.filename, Unreadable("it is locked by a password")
                continue
            with archive.open(entry) as stream:
                held = stream.read(LARGEST_MEMBER + 1)  # what the entry says of its size need not be so
            left -= len(held)
            if left < 0:
                raise _Whole
            yield entry.filename, held if len(held) <= LARGEST_MEMBER else too_large(LARGEST_MEMBER)


def _tar(content: bytes, chosen: frozenset[str] | None) -> Iterator[tuple[str, bytes | Unreadable]]:
    """The same of a tar archive."""
    with tarfile.open(fileobj=_Counted(_unpacked(content)), mode="r|") as archive:
        for entry in archive:
            if not entry.isreg() or (chosen is not None and entry.name not in chosen):
                continue
            if chosen is None:
                yield entry.name, b""
            elif entry.size > LARGEST_MEMBER:
                yield entry.name, too_large(LARGEST_MEMBER)
            else:
                stream = archive.extractfile(entry)
                yield entry.name, stream.read() if stream is not None else Unreadable("it is no file")


def _unpacked(content: bytes) -> io.BufferedIOBase:
    """The bytes of a tar archive as they come out of what packs it."""
    packed = io.BytesIO(content)
    if content.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=packed)
    if content.startswith(b"BZh"):
        return bz2.BZ2File(packed)
    return lzma.LZMAFile(packed) if content.startswith(b"\xfd7zXZ") else packed


class _Counted(io.RawIOBase):
    """A stream out of which no more than `LARGEST_WHOLE` bytes come."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self.stream, self.left = stream, LARGEST_WHOLE

    def read(self, size: int = -1) -> bytes:
        """As a stream has it."""
        held = self.stream.read(min(size, self.left + 1) if size >= 0 else self.left + 1)
        self.left -= len(held)
        if self.left < 0:
            raise _Whole
        return held


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
