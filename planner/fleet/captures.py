"""Captures by the thousand: files, folders, patterns, archives, streams and logs of several hosts, one after the other.

Nothing is read before it is needed, and nothing is kept: a fleet takes no more memory than its largest host.
"""

import bz2
import gzip
import io
import lzma
import os
import re
import stat
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import IO, Any, BinaryIO, NamedTuple, cast

from planner.files import CHECKSUMS, HEADED, LARGEST_FILE, Unreadable, content_of, headed, read_file, too_large
from planner.fleet.folder import is_fleet
from planner.host.capture import COLLECTED, DESCRIBED, SOSREPORT, is_answer
from planner.problem import Problem, Where

# Files in an archive (tar, also packed by gzip, bzip2 or xz, and zip), read member by member.
# Nothing is unpacked to a disk, and what a member, and all together, may unpack to is limited.


LARGEST_MEMBER = 64 << 20  # bytes; the largest capture known has 2 MB
LARGEST_WHOLE = 32 << 30  # bytes, unpacked: 100,000 hosts have 20 GB; more takes minutes, and is a bomb
DEEPEST = 3  # archives in each other: a host's sosreport in what the log collector packed, in what somebody sends
MOST_MEMBERS = 1_000_000  # a sosreport has 20,000, and a large fleet 100,000
# What a damaged archive ends in, by Python's own readers.
DAMAGED = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(OSError, EOFError, ValueError, RuntimeError),  # RuntimeError: a way of packing that this Python does not know
)
PACKED: dict[bytes, Callable[[BinaryIO], Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
NESTED = re.compile(r"[^/]*sosreport[^/]*\.(?:tar(?:\.\w+)?|t[gx]z|tbz2?)")  # a sosreport in an archive
HEAD = 512  # bytes of a file by which it is known: a tar archive's first block
Opened = Callable[[], BinaryIO]


class Member(NamedTuple):
    """A file in an archive: its path there, and what it holds, or why that cannot be had."""

    path: str
    content: bytes | Unreadable


def is_archive(opened: Opened) -> bool:
    """Whether what is opened is an archive; a single file that is packed does not count."""
    try:
        with opened() as file:
            head = file.read(HEAD)
        if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return True
        if not head.startswith(tuple(PACKED)) and b"\0" not in head:
            return False  # text, as captures are: nothing more is looked at
        with opened() as file, tarfile.open(fileobj=_Counted(_unpacked(file), _Budget()), mode="r|") as archive:
            return archive.next() is not None
    except (*DAMAGED, _Whole):
        return False


def members(opened: Opened, wanted: Callable[[str], bool]) -> Iterator[Member]:
    """The regular files in an archive whose paths are ``wanted``; where it is damaged or ends, that comes last."""
    path = ""
    try:
        for path, content in _every(opened, wanted):
            if content is not None:
                yield Member(path, content)
    except _Whole as whole:
        yield Member(path, whole.args[0])
    except DAMAGED as failure:
        where = "the archive is damaged after it" if path else "it is damaged"
        yield Member(path, Unreadable(f"{where}: {failure}", damaged=True))


def has_member(opened: Opened, part: str) -> bool:
    """Whether the path of some file of an archive has this in it; of one that is damaged, as far as it can be read."""
    try:
        return any(part in path for path, _ in _every(opened, lambda _: False))
    except (*DAMAGED, _Whole):
        return False


class _Whole(Exception):  # noqa: N818  a limit, and no fault of this program
    """An archive has more than there is time for; the argument is an `Unreadable`."""


Found = tuple[str, bytes | Unreadable | None]


def _every(opened: Opened, wanted: Callable[[str], bool]) -> Iterator[Found]:
    """Each regular file of an archive, and of the sosreports in it; None where it is not wanted."""
    with opened() as file:
        packed = file.read(2) == b"PK"
        file.seek(0)
        budget = _Budget()
        for number, found in enumerate(_zip(file, wanted, budget) if packed else _tar(file, wanted, budget, 1)):
            if number == MOST_MEMBERS:
                raise _Whole(Unreadable(f"it has more than {MOST_MEMBERS:,} files"))
            yield found


class _Budget:
    """What all that is unpacked of one archive may have, whatever it is nested in."""

    def __init__(self) -> None:
        self.left = LARGEST_WHOLE

    def spend(self, size: int) -> None:
        """Take some of it; `_Whole` where there is no more."""
        self.left -= size
        if self.left < 0:
            raise _Whole(too_large(LARGEST_WHOLE))


def _zip(file: BinaryIO, wanted: Callable[[str], bool], budget: _Budget) -> Iterator[Found]:
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            kind = entry.external_attr >> 16 & 0o170000  # as Unix has it; 0 where it was packed on another system
            if entry.is_dir() or kind not in (0, 0o100000):
                continue
            locked = entry.flag_bits & 1
            if _is_nested(entry.filename, 1) and not locked:
                with archive.open(entry) as stream:
                    yield from _inner(entry.filename, stream, wanted, budget, 2)
            elif not wanted(entry.filename):
                yield entry.filename, None
            elif locked:
                yield entry.filename, Unreadable("it is locked by a password")
            else:
                with archive.open(entry) as stream:
                    held = stream.read(LARGEST_MEMBER + 1)  # what the entry says of its size need not be so
                budget.spend(len(held))
                yield entry.filename, held if len(held) <= LARGEST_MEMBER else too_large(LARGEST_MEMBER)


def _tar(file: IO[bytes], wanted: Callable[[str], bool], budget: _Budget, depth: int) -> Iterator[Found]:
    with tarfile.open(fileobj=_Counted(_unpacked(file), budget), mode="r|") as archive:
        for entry in archive:
            archive.members = []  # type: ignore[attr-defined]  # tarfile keeps them all
            if not entry.isreg():
                continue
            stream = archive.extractfile(entry) if _is_nested(entry.name, depth) or wanted(entry.name) else None
            if stream is None:
                yield entry.name, None
            elif _is_nested(entry.name, depth):
                yield from _inner(entry.name, stream, wanted, budget, depth + 1)
            elif entry.size > LARGEST_MEMBER:
                yield entry.name, too_large(LARGEST_MEMBER)
            else:
                yield entry.name, stream.read()


def _is_nested(path: str, depth: int) -> bool:
    return depth < DEEPEST and NESTED.fullmatch(os.path.basename(path)) is not None


def _inner(path: str, stream: IO[bytes], wanted: Callable[[str], bool], budget: _Budget, depth: int) -> Iterator[Found]:
    """The files of an archive in an archive; one that is damaged is told, and no matter to what stands beside it."""
    try:
        for name, held in _tar(stream, wanted, budget, depth):
            yield f"{path}/{name}", held
    except DAMAGED as failure:
        yield path, Unreadable(f"it is damaged: {failure}", damaged=True)


def _unpacked(file: IO[bytes]) -> IO[bytes]:
    """The bytes of a tar archive as they come out of what packs it."""
    buffered = io.BufferedReader(cast("Any", file))  # it asks for no more than what any of these streams has
    head = buffered.peek(HEAD)
    packer = next((packer for mark, packer in PACKED.items() if head.startswith(mark)), None)
    return packer(buffered) if packer is not None else buffered


class _Counted(io.RawIOBase):
    """A stream out of which no more than a budget comes."""

    def __init__(self, stream: IO[bytes], budget: _Budget) -> None:
        self.stream, self.budget = stream, budget

    def read(self, size: int = -1) -> bytes:
        """As a stream has it."""
        most = self.budget.left + 1
        held = self.stream.read(min(size, most) if size >= 0 else most)
        self.budget.spend(len(held))
        return held


# From paths to captures.


MAGIC = "*?["
TOO_LARGE = too_large(LARGEST_FILE)
AGAIN = "it has not come whole: fetch it again, and hold it against its checksum, which sos puts beside it"
HINT = "give captures, folders, archives of them, or patterns in quotes, like 'captures/*.json'"
STREAMS = (".ndjson", ".jsonl")
LOG = re.compile(r"\.log[^/]*$|^standard input$")  # engine.log, engine.log-20261127
WHOLE = re.compile(r"(?!)")  # no log is to be taken apart
SOS = "sos_commands"  # the folder that every sosreport has
REPORTED = (re.escape(file).replace(r"\*", "[^/]*") for file in (SOSREPORT, *DESCRIBED))
TELLING = re.compile(f"(?:^|/)(?:{'|'.join(REPORTED)})$")
VDSM_LOG = "var/log/vdsm/vdsm.log"
# What the names of captures end in, which is not part of the host's.
ENDINGS = (".json", ".txt", ".xml", ".log", ".caps")
PACKAGES = (".gz", ".bz2", ".xz")
# A report's folder is called after its host, a label that may be there, the day, and letters of no meaning.
REPORT = re.compile(r"sosreport-(.+?)(?:-\d{4}-\d{2}-\d{2}-[a-z]+)?")
# The log collector puts each host's into a folder that is called as the engine calls the host.
BY_COLLECTOR = re.compile(rf"(.*?\b{COLLECTED}/(?![^/]*sosreport)[^/]+)/")


class Captured(NamedTuple):
    """A capture by where it comes from (``hosts.tar.gz/rack1/a.json`` in an archive).

    ``host``: how its host is called: the path from what was named, without the file's ending. ``held``: its bytes, or
    why they cannot be had, or None for a file that is still to be read.
    """

    source: str
    host: str
    held: bytes | Problem | None = None

    def content(self) -> bytes | Problem:
        """The bytes of the capture, or why they cannot be had."""
        return read_file(self.source, "capture") if self.held is None else self.held

    @property
    def names(self) -> tuple[str, ...]:
        """What a table may call it, the most exact first: its path, each end of that, and the same without endings."""
        own = host_of(os.path.basename(self.report))  # as the host calls itself
        paths = (self.source, self.report, host_of(self.source), self.host, own)
        return tuple(dict.fromkeys(end for path in paths for end in _ends(path)))

    @property
    def is_report(self) -> bool:
        """Whether it is of a sosreport: VDSM's answer in it, or the files of its host."""
        return f"/{SOS}/" in self.source or (isinstance(self.held, bytes) and self.held.startswith(HEADED))

    @property
    def report(self) -> str:
        """The folder of the sosreport that it is of, or of no sosreport where it comes from."""
        return self.source.partition(f"/{SOS}/")[0]


def _ends(path: str) -> Iterator[str]:
    yield path
    while (at := path.find("/")) >= 0:
        path = path[at + 1 :]
        yield path


def captures_in(paths: Sequence[str]) -> Iterator[Captured]:
    """Every capture that the paths lead to, each path in its turn; what cannot be had comes as a problem.

    A stream (``.ndjson``, ``.jsonl``, standard input) has a capture a line. Hosts are called by their paths from the
    one that was named; where there are several, by their whole paths, so that no two are called the same.
    """
    for path in paths:
        alone = path.rstrip("/") if len(paths) == 1 else ""
        if path == "-":
            yield from _standard_input()
        elif not os.path.lexists(path) and any(sign in path for sign in MAGIC):
            yield from _matching(path, alone)
        else:
            yield from _at(path, alone)


def captures_in_bytes(content: bytes, source: str) -> Iterator[Captured]:
    """The capture that ``content`` is, or those in the archive that it is; at least one. A log is one, whoever's."""
    yield from _in_file(partial(io.BytesIO, content), _named(source, source, content), source, logs=WHOLE)


def host_of(path: str) -> str:
    """How the host of a capture is called that lies at ``path``: without the file's ending, by a report's folder."""
    collected = BY_COLLECTOR.match(path)
    if collected is not None:
        return collected[1]
    folder, _, _ = path.partition(f"/{SOS}/")
    if folder != path or os.path.basename(path).startswith("sosreport-"):
        above, name = os.path.split(folder)
        if "sosreport" in os.path.basename(above):  # the archive that the report came in
            above = os.path.dirname(above)
        named = REPORT.fullmatch(name)
        return os.path.join(above, named[1] if named is not None else name)
    for endings in (PACKAGES, ENDINGS):
        path = next((path.removesuffix(ending) for ending in endings if path.endswith(ending)), path)
    return path


def _named(source: str, base: str, held: bytes | Problem | None = None) -> Captured:
    """The capture at ``source``; ``base`` is the path that was named, "" where there are several."""
    within = source.removeprefix(f"{base}/") if base else source
    collected = BY_COLLECTOR.match(source)
    if base and collected is not None:
        return Captured(source, os.path.basename(collected[1]), held)
    return Captured(source, host_of(os.path.basename(source) if base and within == source else within), held)


def _matching(pattern: str, alone: str) -> Iterator[Captured]:
    """What is called like the pattern; where it is alone, hosts are called from the folder on that it begins with."""
    from glob import iglob

    base = re.split(r"[*?\[]", alone, maxsplit=1)[0].rpartition("/")[0]
    found = sorted(iglob(pattern, recursive=True))
    if not found:
        yield Captured(pattern, pattern, Problem("no-captures", f"nothing is called like {pattern!r}", HINT))
    for path in found:
        yield from _at(path, base)


def _at(path: str, base: str) -> Iterator[Captured]:
    if os.path.isdir(path) and not _is_sosreport(path):
        yield from _in_folder(_collection(path) or path, base)
    else:
        yield from _file(path, base, named=True)


def _in_folder(folder: str, base: str) -> Iterator[Captured]:
    """Each file in the folder and below; an unpacked sosreport is one capture, and a fleet's folder of plans none."""
    seen = False
    for at, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] != "." and not is_fleet(os.path.join(at, name)))
        for name in list(folders):
            path = os.path.join(at, name)
            if collection := _collection(path):
                yield from _in_folder(collection, base)
            elif _is_sosreport(path):
                yield _named(path, base)
            else:
                continue
            folders.remove(name)
            seen = True
        for name in sorted(filter(_is_of_a_host if COLLECTED in at.split(os.sep) else _is_shown, names)):
            seen = True
            yield from _file(os.path.join(at, name), base, named=False)
    if not seen:
        problem = Problem("no-captures", f"there is no file in {folder!r}", HINT, where=(Where(folder),))
        yield Captured(folder, folder, problem)


def _is_shown(name: str) -> bool:
    return not name.startswith(".") and not name.endswith(CHECKSUMS)


def _is_of_a_host(name: str) -> bool:
    """Whether it is a host's report among what the log collector has put together, and not the database's."""
    return NESTED.fullmatch(name) is not None and not name.startswith("postgresql")


def _is_sosreport(folder: str) -> bool:
    return os.path.isdir(os.path.join(folder, SOS)) and not _collection(folder)


def _collection(folder: str) -> str:
    """Where the log collector has put the hosts' reports in the engine's own; "" where there are none."""
    path = os.path.join(folder, COLLECTED)
    return path if os.path.isdir(path) else ""


def _file(path: str, base: str, *, named: bool) -> Iterator[Captured]:
    """The capture in a file, or those in an archive or a stream; nobody ``named`` a pipe that lies in a folder."""
    if _is_regular(path):
        if path.endswith(STREAMS):
            with open(path, "rb") as stream:
                yield from _stream(_lines(stream), path, base)
        else:
            yield from _in_file(lambda: open(path, "rb"), _named(path, base), base)  # noqa: SIM115  who reads it closes it
    elif named:
        yield from _piped(path, base, read_file(path, "capture"))
    else:
        held = content_of(path, LARGEST_FILE, pipes=False)
        yield _named(path, base, _unreadable(path, held) if isinstance(held, Unreadable) else held)


def _is_regular(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode) and os.access(path, os.R_OK)
    except (OSError, ValueError):
        return False


def _piped(source: str, base: str, content: bytes | Problem) -> Iterator[Captured]:
    """What came out of a pipe: a capture, or an archive of them."""
    captured = _named(source, base, content)
    if isinstance(content, bytes):
        yield from _in_file(partial(io.BytesIO, content), captured, base)
    else:
        yield captured


def _in_file(opened: Opened, captured: Captured, base: str, logs: re.Pattern[str] = LOG) -> Iterator[Captured]:
    """The one capture, or those in an archive: of each sosreport its one, else every file that is not hidden."""
    if not is_archive(opened):
        is_packed = isinstance(captured.held, bytes) and captured.held.startswith(tuple(PACKED))
        if is_packed or captured.source.endswith(PACKAGES):
            captured = _unpacked_alone(opened, captured)
        yield from _in_log(captured) if logs.search(captured.source) else [captured]
        return
    path = captured.source
    if has_member(opened, f"{SOS}/"):
        yield from _reports(opened, captured, base)
        return
    seen = False
    for member in members(opened, lambda member: "/." not in f"/{member.removeprefix('./')}"):
        seen = True
        source = f"{path}/{member.path}" if member.path else path
        held = member.content
        within = _named(source, base, _unreadable(source, held) if isinstance(held, Unreadable) else held)
        yield from _in_log(within) if logs.search(source) else [within]
    if not seen:
        problem = Problem("no-captures", "there is no file in the archive", HINT, where=(Where(path),))
        yield Captured(path, captured.host, problem)


def _unpacked_alone(opened: Opened, captured: Captured) -> Captured:
    """The capture that is packed by itself, as logs are that were put away."""
    try:
        with opened() as file:
            content: bytes = _unpacked(file).read(LARGEST_FILE + 1)
    except DAMAGED as failure:
        damaged = Unreadable(f"it is damaged: {failure}", damaged=True)
        return captured._replace(held=_unreadable(captured.source, damaged))
    large = len(content) > LARGEST_FILE
    return captured._replace(held=_unreadable(captured.source, TOO_LARGE) if large else content)


def _in_log(captured: Captured) -> Iterator[Captured]:
    """The last answer of each host in a log of several, such as the engine's; else the log as it is."""
    from planner.host.capture import decode
    from planner.host.formats import log

    held = captured.content()
    text = held if isinstance(held, Problem) else decode(held, captured.source)
    last = log.hosts(log.answers(text)) if isinstance(text, str) else {}
    if isinstance(text, Problem) or len(last) < 2:
        yield captured
        return
    for answer in last.values():
        line = text[text.rfind("\n", 0, answer.start) + 1 : answer.end]
        yield Captured(
            f"{captured.source}:{answer.line}", f"{captured.host}/{answer.host or answer.address}", line.encode()
        )


def _reports(opened: Opened, captured: Captured, base: str) -> Iterator[Captured]:
    """The sosreports in an archive: VDSM's answer of each, else the files that describe its host."""
    path = captured.source
    described: dict[str, bytes] = {}
    answered: set[str] = set()
    silent: dict[str, Captured] = {}  # why VDSM gave no answer
    damaged = False
    for member in members(opened, lambda member: TELLING.search(member) is not None):
        source = f"{path}/{member.path}" if member.path else path
        found = TELLING.search(member.path)
        folder, file = (member.path[: found.start()], member.path[found.start() :].lstrip("/")) if found else ("", "")
        if isinstance(member.content, Unreadable):
            yield _named(source, base, _unreadable(source, member.content))
            damaged = True
            _forget(described, member.path)
        elif file == SOSREPORT and not is_answer(member.content):
            silent[folder] = _named(source, base, member.content)
        elif file == SOSREPORT:
            answered.add(folder)
            described.pop(folder, None)
            yield _named(source, base, member.content)
        elif folder not in answered:
            described[folder] = described.get(folder, b"") + headed(file, member.content)
            if len(described[folder]) > LARGEST_MEMBER:
                yield _named(source, base, _unreadable(source, too_large(LARGEST_MEMBER)))
                described.pop(folder)
                answered.add(folder)
    engines = _engines({*described, *answered, *silent})
    for folder, held in described.items():
        if folder not in engines:
            yield _named(f"{path}/{folder}" if folder else path, base, held)
    yield from (captured for folder, captured in silent.items() if folder not in described)
    if not (answered or described or silent or damaged):
        message = "there is a sosreport in the archive, and nothing in it tells of the host's network"
        hint = out_of(path) if has_member(opened, VDSM_LOG) else HINT
        yield Captured(path, captured.host, Problem("no-captures", message, hint, where=(Where(path),)))


def _forget(described: dict[str, bytes], damaged: str) -> None:
    """Leave out the host that was being read where an archive is damaged: nobody knows what is missing of it."""
    for folder in list(described):
        if damaged.startswith(folder) or folder.startswith(damaged):
            described.pop(folder)


def _engines(folders: Collection[str]) -> set[str]:
    """Those of the reports in which the log collector has put others: they are the engine's own, and of no host."""
    parted = (folder.partition(f"{COLLECTED}/") for folder in folders)
    return {report.rstrip("/") for report, within, _ in parted if within}


def out_of(archive: str) -> str:
    """How an answer is taken out of the logs in a sosreport, which are not looked into."""
    from shlex import quote

    take = f"tar -xOf {quote(archive)} --wildcards '*/{VDSM_LOG}'"
    return f"its vdsm.log may have an answer, also of --at TIME: {take} | mgmtnet COMMAND -"


def _standard_input() -> Iterator[Captured]:
    """Standard input: a capture, an archive, or a stream, whose first line is a whole document."""
    source, stream = "standard input", getattr(sys.stdin, "buffer", None)
    try:
        line = b"" if stream is None else stream.readline(LARGEST_MEMBER)
        if stream is not None and _is_document(line):
            yield from _stream(chain([line], _lines(stream)), source, "")
            return
        content = line + (b"" if stream is None else stream.read(LARGEST_FILE + 1 - len(line)))
    except (OSError, ValueError) as failure:  # ValueError: closed since
        yield Captured(source, source, _unreadable(source, Unreadable(str(failure))))
        return
    yield from _piped(source, "", content if len(content) <= LARGEST_FILE else _unreadable(source, TOO_LARGE))


def _is_document(line: bytes) -> bool:
    import json

    try:
        return line.rstrip().endswith(b"}") and isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    while line := stream.readline(LARGEST_MEMBER + 1):
        yield line


def _stream(lines: Iterable[bytes], path: str, base: str) -> Iterator[Captured]:
    """Each line that is not blank."""
    seen = False
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        seen = True
        source = f"{path}:{number}"
        if len(line) > LARGEST_MEMBER:
            yield _named(source, base, _unreadable(source, too_large(LARGEST_MEMBER)))
            return  # where the next line begins, nobody knows
        yield _named(source, base, line)
    if not seen:
        yield Captured(path, path, Problem("no-captures", "there is no line in it", HINT, where=(Where(path),)))


def _unreadable(source: str, content: Unreadable) -> Problem:
    message = f"cannot read the capture {source!r}: {content.reason}"
    return Problem("file-unreadable", message, AGAIN if content.damaged else HINT, where=(Where(source),))
