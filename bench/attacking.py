"""A try of an attack: a process of its own, so that what it breaks dies with it, under a limit of time and of memory.

A family prepares a try in a folder and runs it from that folder alone: the folder of one that failed reproduces it.
"""

import io
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from random import Random
from types import FrameType
from typing import NamedTuple

from hosts_on_stage import ROOT

from planner.cli.main import main

# Bytes of data for a try. To plan a host with 4,094 VLANs takes 40 MB, to speak with one 60, and what a host may answer
# is 16 MB, of which there are some copies at once; what needs more grows where it is read.
MEMORY = 512 << 20
GRACE = 10  # seconds in which a try that is late may tell where it is
KEPT = 3  # tries of each kind of failure whose folder is kept
SHRINKING = 30  # seconds: a smaller input is a kindness
PROGRESS = 10  # seconds between two lines about a family
INPUT = "input"  # the file of a try that can be shrunk, if it has one
FAULT = "fault"  # the file in which a try tells how it failed

# What a terminal obeys, or nothing can encode: C0 but tab and newline, delete, C1, marks and overrides of direction,
# surrogates.
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# 0 to 6 are the statuses that docs and schemas name.
STATUSES = range(7)
SHIELDED = {name: value for name, value in os.environ.items() if not name.startswith("MGMTNET_")}
NOTHING: Mapping[str, str] = {}


class Family(NamedTuple):
    """One kind of attack: ``tries`` times, each within so many seconds of ``processor`` and of the clock.

    ``prepare`` is given a generator, the number of the try and its folder, ``run`` the folder alone. ``warm`` is called
    once, before.
    """

    name: str
    told: str
    tries: int
    prepare: Callable[[Random, int, Path], None]
    run: Callable[[Path], None]
    processor: int
    patience: int
    jobs: int = 2
    warm: Callable[[], object] = bool


class Fallen(NamedTuple):
    """A try that failed; ``folder`` is "" when enough of its kind are kept."""

    number: int
    kind: str
    folder: str


class Ended(NamedTuple):
    """A command that has ended."""

    status: int
    out: str
    err: str


class FellError(Exception):
    """What no try may end in."""


class LateError(BaseException):
    """The time of a try is over; no handler of `Exception` keeps it from telling so."""


class _Trying(NamedTuple):
    number: int
    folder: Path
    until: float


def attack(family: Family, seed: int, tries: int, jobs: int, kept: Path) -> list[Fallen]:
    """Carry out ``tries`` of a family; those that failed, some of them with their folders in ``kept``."""
    family.warm()
    fallen: list[Fallen] = []
    trying: dict[int, _Trying] = {}
    began = told = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mgmtnet-attack-") as beneath:
        try:
            for number in range(tries):
                folder = Path(beneath, str(number))
                folder.mkdir()
                chance = Random(f"{seed} {family.name} {number}")
                pid = _begin(family, folder, partial(family.prepare, chance, number, folder))
                trying[pid] = _Trying(number, folder, time.monotonic() + family.patience + GRACE)
                while len(trying) == jobs or (trying and number == tries - 1):
                    for one, status in _ended(trying):
                        if status:
                            fallen.append(_keep(family, one, status, fallen, kept))
                        shutil.rmtree(one.folder, ignore_errors=True)
                if time.monotonic() - told > PROGRESS:
                    told = time.monotonic()
                    print(f"{family.name}: {number + 1:,} of {tries:,}, {len(fallen)} failed", flush=True)
        finally:
            for pid in trying:
                os.killpg(pid, signal.SIGKILL)
    took = time.monotonic() - began
    print(f"{family.name}: {tries:,} tries, {tries - len(fallen):,} survived, {len(fallen):,} failed, {took:.0f} s")
    for kind, count in Counter(one.kind for one in fallen).most_common():
        folders = [f"    {one.folder}" for one in fallen if one.kind == kind and one.folder]
        print(f"  {count} x {kind}", *folders, sep="\n", flush=True)
    return fallen


def _begin(family: Family, folder: Path, prepare: Callable[[], object] = bool) -> int:
    """A process that prepares and runs a try; it ends with 1 and tells in the folder how it failed."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    os.setsid()
    status = 1
    try:
        told = os.open(folder / "said", os.O_WRONLY | os.O_CREAT)
        os.dup2(told, 1)
        os.dup2(told, 2)
        os.environ.clear()
        os.environ.update(SHIELDED, MGMTNET_STATE=f"{folder}/state")
        os.environ["MGMTNET_DEBUG"] = "1"  # an internal fault tells where it is
        signal.signal(signal.SIGXCPU, _late)
        signal.signal(signal.SIGALRM, _late)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (family.processor, family.processor + GRACE))
        signal.setitimer(signal.ITIMER_REAL, family.patience)
        beside: list[BaseException | None] = []
        threading.excepthook = lambda fell: beside.append(fell.exc_value)
        prepare()
        family.run(folder)
        _look_at(beside)
        status = 0
    except BaseException as fault:  # noqa: BLE001  whatever it is, it is told
        (folder / FAULT).write_text(_told(fault), errors="backslashreplace")
    finally:
        os._exit(status)
    raise AssertionError


def _look_at(beside: list[BaseException | None]) -> None:
    """What fell in another thread has fallen, too."""
    for fault in beside:
        raise fault or FellError("a thread fell")


def _late(number: int, _: FrameType | None) -> None:
    raise LateError("of processor" if number == signal.SIGXCPU else "of the clock")


def _told(fault: BaseException) -> str:
    """On the first line what kind of failure it is: the same at the same place, whatever the input was."""
    frames = traceback.extract_tb(fault.__traceback__)
    own = [frame for frame in frames if "/planner/" in frame.filename]
    place = f" at {own[-1].filename.rpartition('/planner/')[2]}:{own[-1].lineno}" if own else ""
    kind = str(fault) if isinstance(fault, FellError) else type(fault).__name__
    kind = f"too late by its seconds {fault}" if isinstance(fault, LateError) else kind
    return f"{kind.splitlines()[0]}{place}\n\n" + "".join(traceback.format_exception(fault))


def _ended(trying: dict[int, _Trying]) -> Iterator[tuple[_Trying, int]]:
    """The tries that have ended, with the status; those that tell nothing any more are killed."""
    pid, status = os.waitpid(-1, os.WNOHANG)
    if pid in trying:
        yield trying.pop(pid), status
        return
    for late in [pid for pid, one in trying.items() if time.monotonic() > one.until]:
        os.killpg(late, signal.SIGKILL)
    time.sleep(0.001)


def _kind(folder: Path, status: int) -> str:
    fault = folder / FAULT
    if fault.exists():
        return fault.read_text().partition("\n")[0]
    return f"ended by signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else "ended without a word"


def _keep(family: Family, one: _Trying, status: int, fallen: list[Fallen], kept: Path) -> Fallen:
    kind = _kind(one.folder, status)
    alike = sum(other.kind == kind for other in fallen)
    if alike >= KEPT:
        return Fallen(one.number, kind, "")
    place = kept / f"{family.name.replace(' ', '-')}-{one.number}"
    shutil.copytree(one.folder, place, symlinks=True, ignore=shutil.ignore_patterns("said"))
    if not alike and (place / INPUT).exists():
        _shrink(family, place, kind)
    return Fallen(one.number, kind, str(place))


def _shrink(family: Family, place: Path, kind: str) -> None:
    """Cut from the input whatever the failure does not need: halves first, then less and less."""
    until = time.monotonic() + SHRINKING
    content = (place / INPUT).read_bytes()
    length = len(content) // 2
    while length:
        start = 0
        while start < len(content):
            if time.monotonic() > until:
                return
            fewer = content[:start] + content[start + length :]
            with tempfile.TemporaryDirectory() as beneath:
                trial = shutil.copytree(place, Path(beneath, "trial"), ignore=shutil.ignore_patterns(FAULT))
                (trial / INPUT).write_bytes(fewer)
                if replay(family, trial) == kind:
                    content = fewer
                    (place / INPUT).write_bytes(content)
                else:
                    start += length
        length //= 2


def replay(family: Family, folder: Path) -> str:
    """Run what is prepared in ``folder``; the kind of failure it ends in, or ""."""
    family.warm()
    (folder / FAULT).unlink(missing_ok=True)
    pid = _begin(family, folder)
    _, status = os.waitpid(pid, 0)
    return _kind(folder, status) if status else ""


def spoken(*arguments: str, stdin: bytes = b"", environ: Mapping[str, str] = NOTHING) -> Ended:
    """A command, in this process, its output as strictly encoded as on a terminal; it must end as commands do."""
    os.environ.update(environ)
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", how) for how in ("strict", "backslashreplace"))
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin), "utf-8")
    with redirect_stdout(out), redirect_stderr(err):
        status = main(arguments)
    ended = Ended(status, *(_written(stream) for stream in (out, err)))
    if status not in STATUSES:
        told = f"{arguments[0]} ends with {status}"
        raise FellError(told)
    if "internal fault" in ended.err or "Traceback" in ended.err:
        told = f"{arguments[0]} tells of an internal fault\n{ended.err}"
        raise FellError(told)
    harmless(ended.out, f"what {arguments[0]} prints")
    harmless(ended.err, f"what {arguments[0]} complains of")
    return ended


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode()


def harmless(text: str, what: str) -> None:
    """Nothing in what is printed steers a terminal."""
    found = STEERING.search(text)
    if found is not None:
        around = text[max(found.start() - 60, 0) : found.end() + 60]
        told = f"{what} holds a raw {_class_of(found[0])}\nU+{ord(found[0]):04X} in {around!a}"
        raise FellError(told)


def _class_of(character: str) -> str:
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:
        return "surrogate"
    return "C0" if code < 0x20 else "delete" if code == 0x7F else "C1" if code < 0xA0 else "direction"


def unsealed(folder: Path) -> None:
    """Take the seal out of the ruleset in ``folder``, which is to be edited."""
    manifest = folder / "ruleset.yaml"
    manifest.write_text(re.sub(r"^digest: .*\n", "", manifest.read_text(), flags=re.MULTILINE))


def golden(name: str) -> Path:
    """The folder of a golden."""
    return ROOT / "golden" / name
