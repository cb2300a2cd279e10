"""Files and pipes that somebody names, read with a limit of size and of time.

What has no end (/dev/zero), is no file (a folder, a disk), or is a pipe into which nobody writes is told, not read.
"""

import os
import select
import stat
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

from planner.host.capture import COLLECTED, DESCRIBED, SOSREPORT, is_answer, is_packed
from planner.printing import printable
from planner.problem import Problem, Where

# A pipe is the output of another program: VDSM on a busy host with thousands of devices takes up to two minutes to
# describe it. Shorter would lose such a host; longer keeps a job waiting whose other end is dead.
SILENT = 150.0  # seconds without a byte
NAMED = 20.0  # the same of a pipe with a name (mkfifo), which may wait for a program that nobody has started
WHOLE = 600.0  # seconds; the largest capture passes in one, over a slow line in minutes
CHUNK = 1 << 20


class Unreadable(NamedTuple):
    """Why a file cannot be had, in a few words: ``no such file``."""

    reason: str
    denied: bool = False
    damaged: bool = False  # it has not come whole


def content_of(path: str, largest: int, *, pipes: bool = True) -> bytes | Unreadable:
    """The content of ``path``, at most ``largest`` bytes; ``pipes`` False: only a regular file will do."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe without a writer is not waited for
    except (OSError, ValueError) as failure:
        return _why(failure)
    try:
        # Where the shell's <(...) and /dev/stdin lead.
        named = pipes and not os.path.realpath(path).startswith("/proc/")
        return _content(handle, largest, NAMED if named else SILENT, pipes=pipes)
    finally:
        os.close(handle)


def content_of_stream(handle: int, largest: int) -> bytes | Unreadable:
    """The same of an open file: standard input."""
    return _content(handle, largest, SILENT, pipes=True)


def _content(handle: int, largest: int, silent: float, *, pipes: bool) -> bytes | Unreadable:
    try:
        status = os.fstat(handle)
        if stat.S_ISREG(status.st_mode):
            return _regular(handle, status.st_size, largest)
        if pipes and (stat.S_ISFIFO(status.st_mode) or stat.S_ISSOCK(status.st_mode) or os.isatty(handle)):
            return _piped(handle, largest, silent)
        if pipes and os.path.samestat(status, os.stat(os.devnull)):
            return b""
    except OSError as failure:
        return _why(failure)
    return Unreadable("it is a folder" if stat.S_ISDIR(status.st_mode) else "it is no file")


def _regular(handle: int, size: int, largest: int) -> bytes | Unreadable:
    """A file that grows while it is read (a log) is read as far as it was when it was opened."""
    if size > largest:
        return too_large(largest)
    parts: list[bytes] = []
    left = size or largest  # files of /proc say that they are empty
    while left and (part := os.read(handle, min(left, CHUNK))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _piped(handle: int, largest: int, silent: float) -> bytes | Unreadable:
    began = heard = time.monotonic()
    parts: list[bytes] = []
    size = 0
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    while size <= largest:
        now = time.monotonic()
        if now - heard > silent:
            return Unreadable(f"nothing came for {silent:.0f} s")
        if now - began > WHOLE:
            return Unreadable(f"it has not ended after {WHOLE:.0f} s")
        if not poll.poll(1000):
            continue
        part = os.read(handle, CHUNK)
        if not part:
            return b"".join(parts)
        heard = now
        parts.append(part)
        size += len(part)
    return too_large(largest)


def too_large(largest: int) -> Unreadable:
    """What is told of more than ``largest`` bytes."""
    size = f"{largest >> 20} MiB" if largest >= 1 << 20 else f"{largest >> 10} KiB"
    return Unreadable(f"it is larger than {size}")


def _why(failure: OSError | ValueError) -> Unreadable:
    if isinstance(failure, OSError):
        return Unreadable(failure.strerror or str(failure), isinstance(failure, PermissionError))
    return Unreadable(str(failure))


# Files that a command is given.


# A host with 4,094 VLANs and 128 nics reports 2 MB. Smaller and a host with everything turned on is turned
# away; larger and a wrong file (a disk image) fills the memory before it is refused.
LARGEST_FILE = 256 * 1024 * 1024
HINT = "give the path of a YAML or JSON file"
HINTS = {
    "capture": "give the path of a file, or - for standard input",
    "definition": f"{HINT}; `mgmtnet define CAPTURE > definition.yaml` writes a first one",
}
A_DEFINITION = "a definition is YAML or JSON, and says what is wanted of a host"
CAPTURES_GO = "a capture, packed or not, goes before it: mgmtnet plan CAPTURE --network DEFINITION"
CHECKSUMS = (".md5", ".sha256")  # which sos puts beside a report
LISTED = 5


def read_file(path: str, source: str) -> bytes | Problem:
    """The content of ``path`` (``-``: standard input), or why it cannot be had."""
    if source == "capture" and os.path.isdir(path):
        return _in_folder(path)
    content = _standard_input() if path == "-" else content_of(path, LARGEST_FILE)
    if isinstance(content, Unreadable):
        return _unreadable(path, source, content.reason, HINTS.get(source, HINT))
    if source == "definition" and is_packed(content):
        return Problem("not-a-definition", f"this is an archive; {A_DEFINITION}", CAPTURES_GO, where=(Where(path),))
    return content


def _unreadable(path: str, source: str, reason: str, hint: str) -> Problem:
    return Problem("file-unreadable", f"cannot read the {source} {path!r}: {reason}", hint, where=(Where(path),))


def _in_folder(folder: str) -> bytes | Problem:
    """What an unpacked sosreport tells: VDSM's answer, or else the files that describe its host."""
    path = os.path.join(folder, SOSREPORT)
    answer = content_of(path, LARGEST_FILE)
    if isinstance(answer, bytes) and is_answer(answer):
        return answer
    if isinstance(answer, Unreadable) and os.path.lexists(path):
        return _unreadable(path, "capture", answer.reason, "see who may read it")
    if os.path.isdir(os.path.join(folder, COLLECTED)) or os.path.basename(os.path.abspath(folder)) == COLLECTED:
        hint = f"each is in a folder below {COLLECTED}: give one; `mgmtnet fleet plan` takes them all"
        return _unreadable(folder, "capture", "it is what the log collector has put together, of several hosts", hint)
    described = described_in(folder)
    if described:
        return described
    if isinstance(answer, bytes):
        return answer  # which tells why VDSM gave none
    reports = sorted(name for name in os.listdir(folder) if "sosreport" in name and not name.endswith(CHECKSUMS))
    told = f"in it are {', '.join(map(printable, reports[:LISTED]))}: give one; `mgmtnet fleet plan` takes the folder"
    hint = told if reports else "give a file, or of an unpacked sosreport the folder that has sos_commands in it"
    return _unreadable(folder, "capture", f"it is a folder with neither {SOSREPORT} nor {DESCRIBED[0]}", hint)


def described_in(folder: str, files: Sequence[str] = DESCRIBED) -> bytes | Problem:
    """What files below a folder tell of a host, each under its name; empty where there are none."""
    from glob import escape, glob

    told = b""
    paths = [path for file in files for path in sorted(glob(os.path.join(escape(folder), file)))]
    for path in filter(os.path.isfile, paths):
        content = content_of(path, max(LARGEST_FILE - len(told), 0), pipes=False)
        if isinstance(content, Unreadable):
            return _unreadable(path, "capture", content.reason, "see who may read it")
        told += headed(os.path.relpath(path, folder), content)
    return told


HEADED = b"==> "  # how what `headed` makes begins


def headed(name: str, content: bytes) -> bytes:
    """A file under its name, as `tail -n +1` prints several."""
    return f"==> {printable(name)} <==\n".encode() + content + b"\n"


def _standard_input() -> bytes | Unreadable:
    if sys.stdin is None:
        return Unreadable("standard input is closed")
    try:
        handle = sys.stdin.fileno()
    except (OSError, ValueError):  # it was replaced by something that is no file
        return sys.stdin.buffer.read(LARGEST_FILE)
    return content_of_stream(handle, LARGEST_FILE)
