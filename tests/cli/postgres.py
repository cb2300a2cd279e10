"""A PostgreSQL server of the tests' own, in a folder that goes with it."""

import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

REQUIRED = os.environ.get("POSTGRES_REQUIRED") == "1"
# A first start takes 2 s. Shorter, and a slow machine fails; longer only delays the report of a server that is broken.
PATIENCE = 60.0


def programs() -> str:
    """The folder of PostgreSQL's programs; without one the test is skipped, or fails if POSTGRES_REQUIRED=1."""
    found = shutil.which("initdb")
    folders = [os.path.dirname(found)] if found else sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    if folders:
        return folders[-1]
    reason = "no PostgreSQL here: install the package postgresql"
    if REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def server() -> Iterator[str]:
    """The URL of a new database; PostgreSQL does not run as root, so somebody else does it for root."""
    folder, run_as = programs(), {"user": "nobody"} if os.getuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="mgmtnet-pg-") as home:
        if run_as:
            shutil.chown(home, "nobody")
        data, quiet = os.path.join(home, "data"), {"stdout": subprocess.DEVNULL, "cwd": home, **run_as}
        command = [f"{folder}/initdb", "-D", data, "-U", "mgmtnet", "-A", "trust", "--no-sync"]
        subprocess.run(command, check=True, **quiet)
        port = _free_port()
        command = [f"{folder}/postgres", "-D", data, "-k", home, "-c", "listen_addresses=127.0.0.1", "-p", str(port)]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, **quiet)
        try:
            _await(port)
            yield f"postgresql://mgmtnet@127.0.0.1:{port}/postgres"
        finally:
            process.send_signal(signal.SIGINT)  # SIGTERM would wait for clients
            process.wait(PATIENCE)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _await(port: int) -> None:
    from planner.apply.journal import unusable

    end = time.monotonic() + PATIENCE
    while unusable(f"postgresql://mgmtnet@127.0.0.1:{port}/postgres") is not None:
        assert time.monotonic() < end, "PostgreSQL does not come up"
        time.sleep(0.1)
