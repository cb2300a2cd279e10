"""A PostgreSQL server of the tests' own, in a folder that goes with it."""

import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

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


class Server:
    """A PostgreSQL server with a database of its own, which can be stopped, begun again, and put back in time."""

    def __init__(self, home: str, options: Sequence[str] = ()) -> None:
        """In the folder ``home``; PostgreSQL does not run as root, so somebody else does it for root."""
        self._folder, self._home = programs(), home
        self._as: dict[str, Any] = {"stdout": subprocess.DEVNULL, "cwd": home}
        if os.getuid() == 0:
            self._as["user"] = "nobody"
            shutil.chown(home, "nobody")
        self._data, self._options = os.path.join(home, "data"), options
        command = [f"{self._folder}/initdb", "-D", self._data, "-U", "mgmtnet", "-A", "trust", "--no-sync"]
        subprocess.run(command, check=True, **self._as)
        self._port = _free_port()
        self.url = f"postgresql://mgmtnet@127.0.0.1:{self._port}/postgres"
        self.process = self._begun()

    def _begun(self) -> subprocess.Popen[bytes]:
        command = [f"{self._folder}/postgres", "-D", self._data, "-k", self._home, "-p", str(self._port)]
        command += ["-c", "listen_addresses=127.0.0.1", *(part for one in self._options for part in ("-c", one))]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, **self._as)
        _await(self._port)
        return process

    def stop(self) -> None:
        """Stop it; whoever is connected loses the connection."""
        self.process.send_signal(signal.SIGINT)  # SIGTERM would wait for clients
        self.process.wait(PATIENCE)

    def start(self) -> None:
        """Begin it again, at the same port."""
        self.process = self._begun()

    def keep(self) -> None:
        """Remember what is in it now, as a replica has it that is told nothing more."""
        self.stop()
        subprocess.run(["cp", "-a", self._data, f"{self._data}.kept"], check=True, **self._as)
        self.start()

    def put_back(self) -> None:
        """Have the one take over that was told nothing since `keep`."""
        self.stop()
        shutil.rmtree(self._data)
        os.rename(f"{self._data}.kept", self._data)
        self.start()


@contextmanager
def controlled(*options: str) -> Iterator[Server]:
    """A server to be stopped and begun again; ``options``: settings like ``max_connections=300``."""
    with tempfile.TemporaryDirectory(prefix="mgmtnet-pg-") as home:
        one = Server(home, options)
        try:
            yield one
        finally:
            one.stop()


@contextmanager
def server() -> Iterator[str]:
    """The URL of a new database."""
    with controlled() as one:
        yield one.url


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
