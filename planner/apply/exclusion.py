"""One run at a time for a host: a lock that lasts as long as the process lives, kill -9 included.

It is a file on this machine, and in a journal that several machines share the database holds one, too.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from planner.apply.database import claimed
from planner.apply.journal import Record
from planner.apply.order import Order, read_order
from planner.apply.preparing import host_key
from planner.problem import Problem


@contextmanager
def only_run(folder: str, url: str, host: str, run: str) -> Iterator[Problem | None]:
    """Hold ``host`` for ``run`` of the journal at ``url``; a problem instead of None when another process holds it."""
    locks = os.path.join(folder, "locks")
    path = os.path.join(locks, hashlib.sha256(host.encode()).hexdigest()[:32])
    try:
        os.makedirs(locks, mode=0o700, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as failure:  # a link would have somebody else's file emptied
        yield Problem("state-unwritable", f"{path} cannot be locked: {failure.strerror}", "remove it if it is a link")
        return
    with open(handle, "r+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            yield _held(host, lock.read().strip())
            return
        lock.seek(0)
        lock.truncate()
        lock.write(run)
        lock.flush()
        with claimed(url, host) as ours:  # given back when file and connection are closed, by us or by the kernel
            yield None if ours else _held(host, "from another machine")


def _held(host: str, run: str) -> Problem:
    return Problem(
        "host-held",
        f"another run is at work on {host} now{f' ({run})' if run else ''}",
        "wait for it; `mgmtnet status` shows how far it is",
    )


def unfinished(records: Iterable[Record], order: Order) -> Problem | None:
    """A run on the same host that was interrupted: it must be gone on with before another begins."""
    host = host_key(order)
    for record in records:
        if record.state == "running" and record.run != order.run and host_key(read_order(record.order)) == host:
            hint = f"mgmtnet resume {record.run}"
            return Problem("run-unfinished", f"the run {record.run} on {host} was interrupted", hint)
    return None
