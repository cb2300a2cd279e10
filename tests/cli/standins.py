"""What the tests of `apply` and the like need: a stand-in in a process of its own, and commands beside it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from planner.apply.order import Access
from planner.apply.world import speaker_of
from planner.cli.main import main
from planner.vdsm.client import Failure, FenceAgent, Speaker

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "golden"
MGMTNET = (sys.executable, "-c", "from planner.cli.main import command; command()")
# Seconds. A run that was killed is resumed in 10, on a machine that does four other things in 40; longer only delays
# the report of one that hangs.
PATIENCE = 120.0
# Nothing of whoever runs the tests gets into what is tested.
BARE = {name: value for name, value in os.environ.items() if not name.startswith("MGMTNET_")}


class Ended(NamedTuple):
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)

    @property
    def run(self) -> str:
        """The name of the run that it began."""
        return next(line.split()[1] for line in self.err.splitlines() if line.startswith("run "))


class Machine(NamedTuple):
    """A stand-in: where it listens, how it is spoken to, what it says of itself."""

    process: subprocess.Popen[bytes]
    folder: Path
    name: str
    target: str
    environ: dict[str, str]

    @property
    def definition(self) -> list[str]:
        return ["--network", str(GOLDEN / self.name / "definition.yaml")]

    @property
    def said(self) -> str:
        return (self.folder / "said").read_text()

    @property
    def speaker(self) -> Speaker:
        files = (self.environ[f"MGMTNET_{name}"] for name in ("CA", "CERT", "KEY"))
        speaker = speaker_of(Access(self.target, "auto", *files))
        assert not isinstance(speaker, Failure), speaker
        return speaker

    def asked(self) -> list[str]:
        """What it was asked until now. It tells so with a delay, so it is asked one thing more, and awaited with that.

        The one thing is fenceNode to nowhere; nothing that is tested here asks it of this host.
        """
        before = self.said.count("asked: fenceNode")
        self.speaker.fence(FenceAgent("nowhere", "ipmilan", "nobody", "marker"), "status", timeout=PATIENCE)
        wait_until(lambda: self.said.count("asked: fenceNode") > before)
        verbs = [line.removeprefix("asked: ") for line in self.said.splitlines() if line.startswith("asked: ")]
        return [verb for verb in verbs if verb != "fenceNode"]

    def changed(self) -> list[str]:
        """Those of the verbs that change a host."""
        return [verb for verb in self.asked() if verb in ("setupNetworks", "setSafeNetworkConfig")]

    def mgmtnet(self, *arguments: str, **environ: str) -> Ended:
        """Run a command that knows this host, its state in a folder beside it."""
        return mgmtnet(*arguments, environ=self.environ | environ)

    def apply(self, *arguments: str, **environ: str) -> Ended:
        return self.mgmtnet("apply", self.target, *self.definition, *arguments, **environ)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """`apply` as a process that goes on while the test does.

        VDSM waits for a sign for as long as a busy machine needs to start another process: its clock runs fast here.
        """
        return subprocess.Popen(
            [*MGMTNET, "apply", self.target, *self.definition, "--timeout", "2400", *arguments],
            env=BARE | self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def mgmtnet(*arguments: str, environ: dict[str, str] | None = None) -> Ended:
    """Run a command to its end, with nobody to ask."""
    done = subprocess.run(
        [*MGMTNET, *arguments],
        env=BARE | (environ or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def at_once(capsys: pytest.CaptureFixture[str], *arguments: str) -> Ended:
    """Run a command in this process: it needs no host, and ends before it would look for one."""
    status = main(arguments)
    told = capsys.readouterr()
    return Ended(status, told.out, told.err)


def addresses(name: str) -> list[str]:
    """The management addresses of a golden."""
    about = yaml.safe_load((GOLDEN / name / "about.yaml").read_text())
    return [str(address) for address in about.get("address", [])]


def state_of(folder: Path) -> dict[str, str]:
    return {"MGMTNET_STATE": str(folder / "state")}


@contextmanager
def machine(
    folder: Path,
    name: str,
    *,
    faults: Sequence[str] = (),
    port: int = 0,
    beside: Machine | None = None,
    speed: float = 20,
) -> Iterator[Machine]:
    """`mgmtnet simulate` of a golden, listening; its certificates are those of the host that it is ``beside``."""
    folder.mkdir(parents=True, exist_ok=True)
    credentials = folder / "credentials"
    if beside is not None:
        shutil.copytree(beside.folder / "credentials", credentials)
    options = ["--port", str(port), "--speed", str(speed), "--credentials", str(credentials)]
    options += [part for fault in faults for part in ("--fault", fault)]
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            [*MGMTNET, "simulate", str(GOLDEN / name / "capture.json"), *options],
            env=BARE | state_of(folder),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(lambda: "MGMTNET_CA=" in (folder / "said").read_text() or process.poll() is not None)
        first, _, third, *_ = (folder / "said").read_text().splitlines()
        stated = dict(part.split("=", 1) for part in third.split())
        routes = {"MGMTNET_ROUTES": str(credentials / "addresses.json")}
        yield Machine(process, folder, name, first.split()[3], stated | routes | state_of(folder))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)


def wait_until(seen: Any) -> None:
    """Look again and again until ``seen()``."""
    end = time.monotonic() + PATIENCE
    while not seen():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
