"""The service as a process of its own, as a user starts it, and what it is asked."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import requests

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))
from standins import BARE, GOLDEN, MGMTNET, PATIENCE

SEED = "seed-vlan-over-bond"


class Served(NamedTuple):
    """A service: its process, its URL, and a session that asks it."""

    process: subprocess.Popen[str]
    url: str
    session: requests.Session

    def get(self, path: str, **how: Any) -> requests.Response:
        return self.session.get(self.url + path, timeout=PATIENCE, **how)

    def post(self, path: str, document: Any = None, **how: Any) -> requests.Response:
        return self.session.post(self.url + path, json=document, timeout=PATIENCE, **how)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def children(self) -> list[int]:
        """The processes that it has started."""
        pid = self.process.pid
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def workers(self, kind: str = "plan") -> list[int]:
        """Those that answer."""
        return [one for one in self.children() if f"workers\0{kind}" in Path(f"/proc/{one}/cmdline").read_text()]


@contextmanager
def serving(
    *options: str,
    token: str = "",
    environ: dict[str, str] | None = None,
    command: Sequence[str] = MGMTNET,
    measured: bool = False,
) -> Iterator[Served]:
    """`mgmtnet serve` until the test is done; ``measured``: what it covers counts, which makes it half as fast."""
    own = {name: value for name, value in BARE.items() if measured or not name.startswith("COVERAGE_")}
    process = subprocess.Popen(
        [*command, "serve", *(("--listen", "127.0.0.1:0") if "--listen" not in options else ()), *options],
        env=own | (environ or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("listening on "), line
        session = requests.Session()
        session.trust_env = False
        if token:
            session.headers["Authorization"] = f"Bearer {token}"
        yield Served(process, line.split()[2], session)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


def request_of(golden: str = SEED) -> dict[str, Any]:
    """A golden as a request has it."""
    from standins import addresses

    return {
        "capture": json.loads((GOLDEN / golden / "capture.json").read_text()),
        "definition": (GOLDEN / golden / "definition.yaml").read_text(),
        "addresses": addresses(golden),
    }


def made_token(folder: Path, scopes: str, name: str = "engine") -> str:
    """A new token in the file ``tokens`` of a folder."""
    command = [*MGMTNET, "serve", "--new-token", f"{name}:{scopes}", "--tokens", str(folder / "tokens")]
    return subprocess.run(command, env=BARE, capture_output=True, text=True, check=True).stdout.strip()


__all__ = ["GOLDEN", "SEED", "Served", "made_token", "request_of", "serving"]
