"""What the tests of rollouts need: commands over a fleet of stand-ins, and workers as processes."""

import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from fleet_on_stage import Fleet
from standins import BARE, MGMTNET, PATIENCE, Ended, mgmtnet

from planner.fleet.account import document
from planner.fleet.ledger import AwayError, Ledger
from planner.fleet.rollout import Rollout

# Twice what each of them needs to be sent once: the call that adopts a host, and the one that changes it.
ONCE = Counter({"setupNetworks": 2, "setSafeNetworkConfig": 1})


class Worker(NamedTuple):
    """A worker as a process, and where it writes what it says."""

    process: subprocess.Popen[bytes]
    told: Path

    @property
    def said(self) -> str:
        return self.told.read_text()

    @property
    def name(self) -> str:
        """As the database has it."""
        wait_until(lambda: " works by " in self.said)
        return self.said.split()[0]

    def signalled(self, number: int) -> None:
        self.process.send_signal(number)


class Stage(NamedTuple):
    """A fleet, and the database of its rollouts."""

    fleet: Fleet
    database: str

    @property
    def environ(self) -> dict[str, str]:
        return self.fleet.environ | {"MGMTNET_JOURNAL": self.database}

    def command(self, *arguments: str, **environ: str) -> Ended:
        return mgmtnet(*arguments, environ=self.environ | environ)

    def start(self, name: str, *options: str, **environ: str) -> Ended:
        return self.command(*self.starting(name, *options), **environ)

    def starting(self, name: str, *options: str) -> list[str]:
        hosts = () if "--hosts" in options else ("--hosts", self.fleet.inventory)
        network = () if "--network" in options else ("--network", self.fleet.definition)
        return ["rollout", "start", *hosts, *network, "--name", name, "--yes", *options]

    def status(self, name: str) -> Any:
        """As `mgmtnet rollout status` has it; asked in this process, for a busy machine's sake."""
        ledger = Ledger(self.database)
        try:
            rollout = ledger.rollout(name)
            assert isinstance(rollout, Rollout), rollout
            return document(ledger, rollout)
        except AwayError:
            time.sleep(0.2)
            return self.status(name)
        finally:
            ledger.close()

    def states(self, name: str) -> dict[str, str]:
        return {host["host"]: host["state"] for host in self.status(name)["hosts"]}

    def is_state(self, name: str, *states: str) -> bool:
        return self.status(name)["state"] in states

    @contextmanager
    def worker(self, folder: Path, *options: str, **environ: str) -> Iterator[Worker]:
        """A worker with a state folder of its own, as on another machine; ended at last."""
        folder.mkdir(parents=True, exist_ok=True)
        told = folder / "said"
        own = {"MGMTNET_STATE": str(folder / "state"), **environ}
        with told.open("wb") as said:
            process = subprocess.Popen(
                [*MGMTNET, "worker", "--log", "plain", *options],
                env=BARE | self.environ | own,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
            )
        try:
            yield Worker(process, told)
        finally:
            for number in (signal.SIGCONT, signal.SIGTERM):
                process.send_signal(number)
            process.wait(PATIENCE)


def wait_until(seen: Callable[[], Any], within: float = PATIENCE) -> None:
    end = time.monotonic() + within
    while not seen():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def children_of(process: int) -> list[int]:
    """The processes that a process has begun and that live."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == process and fields[0] != "Z":
                found.append(int(entry.name))
    return found
