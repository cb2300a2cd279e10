"""A service killed with the run that it began, once so many steps of it are written down; and started again.

The host, its credentials and the journal are those of a stage (`hosts_on_stage`); `hurried.py` is the command, with
limits of seconds.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import requests
from hosts_on_stage import ROOT, Stage

COMMAND = (sys.executable, str(ROOT / "bench" / "hurried.py"))
WITHIN = 120  # seconds for each wait: a run that was killed takes 30
LOOK = 0.005  # between two looks at the journal: a step takes a tenth of a second


class Served(NamedTuple):
    """A service: its process, and who asks it."""

    process: subprocess.Popen[str]
    url: str
    session: requests.Session

    def begin(self, request: dict[str, Any]) -> Any:
        """Begin the run, or learn of it."""
        key = {"Idempotency-Key": "matrix-0001"}
        return self.session.post(f"{self.url}/v1/runs", json=request, headers=key, timeout=WITHIN)


def killed_and_started(scene: Stage, golden: str, steps: int) -> Any:
    """The run's report as the journal has it, after both were killed once ``steps`` are written down."""
    access = scene.order.access
    definition = (ROOT / "golden" / golden / "definition.yaml").read_text()
    request = {"host": access.target, "definition": definition, "addresses": [scene.stand_in.address]}
    environ = environment(scene)
    with _service(environ, scene.folder) as served:
        answer = served.begin(request)
        assert answer.status_code == 202, answer.text
        _wait(lambda: _written(scene) >= steps)
        _kill(served.process.pid)
    with _service(environ, scene.folder) as served:
        run = served.begin(request).json()["run"]
        _wait(lambda: served.session.get(f"{served.url}/v1/runs/{run}", timeout=WITHIN).json()["state"] == "ended")
        return served.session.get(f"{served.url}/v1/runs/{run}", timeout=WITHIN).json()


def environment(scene: Stage) -> dict[str, str]:
    """By which the command reaches the host of a stage, and its journal."""
    access = scene.order.access
    routes = scene.folder / "routes.json"
    routes.write_text(json.dumps(access.routes))
    files = {"CA": access.ca, "CERT": access.certificate, "KEY": access.key, "ROUTES": str(routes)}
    own = {"STATE": str(scene.folder / "state"), "JOURNAL": scene.journal}
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    return unmeasured | {f"MGMTNET_{name}": value for name, value in (files | own).items()}


@contextmanager
def _service(environ: dict[str, str], folder: Path) -> Iterator[Served]:
    tokens = str(folder / "tokens")
    made = [*COMMAND, "serve", "--new-token", "matrix:apply", "--tokens", tokens]
    token = subprocess.run(made, env=environ, capture_output=True, text=True, check=True).stdout.strip()
    options = ["--listen", "127.0.0.1:0", "--workers", "1", "--runs", "--tokens", tokens]
    process = subprocess.Popen([*COMMAND, "serve", *options], env=environ, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {token}"
        yield Served(process, process.stdout.readline().split()[-1], session)
    finally:
        process.terminate()
        process.wait(WITHIN)


def _written(scene: Stage) -> int:
    """How many steps the journal has."""
    path = scene.journal.removeprefix("sqlite:///")
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as journal:
        return int(journal.execute("SELECT count(*) FROM operation_outputs").fetchone()[0])
    return 0


def _kill(pid: int) -> None:
    """The service, and the runs that it has begun: each is a session of its own."""
    children = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    os.kill(pid, signal.SIGKILL)
    for child in children:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)


def _wait(seen: Any) -> None:
    end = time.monotonic() + WITHIN
    while not seen():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(LOOK)
