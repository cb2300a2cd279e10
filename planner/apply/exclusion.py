"""One run at a time for a host: locks that last as long as the process lives, kill -9 included.

On this machine it is a name in the kernel, whatever the user and the state folder; beside the journal it is a file,
which containers that share the folder see, too; in a journal that several machines share the database holds one.
"""

import errno
import fcntl
import hashlib
import os
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from planner.apply.journal import Record, claimed
from planner.apply.order import Order, host_key, read_order
from planner.problem import Problem

LONGEST_NAME = 100  # characters of a run's name
# Seconds for which a process that we are starting may have a copy of what we hold, until it begins. Shorter, and on a
# busy machine we would be told that we are at work ourselves; longer, and a thread that is would be told late.
COPIED = 1.0


@contextmanager
def only_run(folder: str, url: str, host: str, run: str) -> Iterator[Problem | None]:
    """Hold ``host`` for ``run`` of the journal at ``url``; a problem instead of None when another process holds it."""
    name = _name(host)
    with socket.socket(socket.AF_UNIX) as hold:
        taken = _taken(hold, name)
        if taken is not None:
            yield _held(host, _told(_holder(name))) if taken.errno == errno.EADDRINUSE else _unlocked(host, taken)
            return
        locks = os.path.join(folder, "locks")
        path = os.path.join(locks, name)
        try:
            os.makedirs(locks, mode=0o700, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as failure:  # a link would have somebody else's file emptied
            yield _unlocked(path, failure)
            return
        with open(handle, "r+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.seek(0)
                yield _held(host, lock.read(LONGEST_NAME).strip())
                return
            lock.seek(0)
            lock.truncate()
            lock.write(run)
            lock.flush()
            with claimed(url, host) as ours:  # given back when file and connection are closed, by us or by the kernel
                yield None if ours else _held(host, "from another machine")
            fcntl.flock(lock, fcntl.LOCK_UN)  # of every copy


def held_here(host: str) -> bool:
    """Whether a process of this machine is at work on ``host`` now; it is not told to whoever would begin meanwhile."""
    name = f"@mgmtnet/{_name(host)}"
    with open("/proc/net/unix", encoding="utf-8", errors="replace") as sockets:  # to connect would fill a queue
        return any(line.rstrip("\n").endswith(name) for line in sockets)


def _name(host: str) -> str:
    return hashlib.sha256(host.encode()).hexdigest()[:32]


def _taken(hold: socket.socket, name: str) -> OSError | None:
    """Take the name; why that cannot be."""
    end = time.monotonic() + COPIED
    while True:
        try:
            hold.bind(f"\0mgmtnet/{name}")
            hold.listen()
        except OSError as failure:
            if failure.errno != errno.EADDRINUSE or _holder(name)[0] != os.getpid() or time.monotonic() > end:
                return failure
        else:
            return None
        time.sleep(0.01)


def _holder(name: str) -> tuple[int, int]:
    """The process and the user who hold the name, as the kernel tells whoever connects; 0, 0 where nobody answers."""
    with socket.socket(socket.AF_UNIX) as asking:
        try:
            asking.connect(f"\0mgmtnet/{name}")
            process, user, _ = struct.unpack("3i", asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        except OSError:  # it has just gone, or has not yet come so far
            return 0, 0
    return process, user


def _told(holder: tuple[int, int]) -> str:
    process, user = holder
    return f"process {process} of user {user}" if process else ""


def _unlocked(what: str, failure: OSError) -> Problem:
    return Problem("state-unwritable", f"{what} cannot be locked: {failure.strerror}", "if it is a link, remove it")


def _held(host: str, holder: str) -> Problem:
    return Problem(
        "host-held",
        f"another run is at work on {host} now{f' ({holder})' if holder else ''}",
        "wait for it; `mgmtnet status` shows how far it is",
    )


def unfinished(records: Iterable[Record], order: Order) -> Problem | None:
    """Why a run cannot begin: there is one of its name, or one on its host that was interrupted."""
    host = host_key(order)
    for record in records:
        if record.run == order.run:
            hint = f"`mgmtnet status {record.run}` shows it"
            return Problem("run-exists", f"there has been a run {record.run}; a name serves once", hint)
        if record.state == "running" and host_key(read_order(record.order)) == host:
            hint = f"mgmtnet resume {record.run}"
            return Problem("run-unfinished", f"the run {record.run} on {host} was interrupted", hint)
    return None
