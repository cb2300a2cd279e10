"""`mgmtnet apply` and `mgmtnet resume` as a model: a host, a run in the journal, exclusion, and what is printed.

What a run does to a host step by step is explored elsewhere, with the real steps (`make explore`); here a run is six
steps that take their time, and may be killed, lose the journal, and be gone on with by another process.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from virtual_process import FOREVER, Database, Process

from planner.apply.journal import AWAY
from planner.fleet.ledger import AwayError

STEPS = ("look", "announce", "set-up", "verify", "commit", "prove")
SAVED = "as planned and saved"
TARGET = "h"  # and its number: how a host is addressed
UNREACHED = 120.0  # seconds, after which nobody looks for a host any more (`planner.apply.order.Limits.vdsm`)
ROLLS_BACK = 115.0  # the longest that a host takes to be changed: VDSM waits for 120 seconds


class Pace(NamedTuple):
    """How long things take, in seconds: medians but for ``boot``, of processor until a command asks a question."""

    boot: float = 1.5
    setup: float = 12.0
    reboot: float = 300.0


@dataclass(eq=False)
class Host:
    """A host: what becomes of it, how long it takes to be changed, how it stands in truth, and what was done to it.

    ``sent``: the runs that have changed it. ``begun``, ``over``: whether a command has come to it, and has ended.
    """

    number: int
    fate: str
    setup: float
    truth: str = "before"
    sent: list[str] = field(default_factory=list)
    busy: bool = False
    begun: bool = False
    over: bool = False
    at_work: set[Process] = field(default_factory=set)


@dataclass
class Run:
    """A run in the journal: of which host, its steps, and how the host stood when it ended."""

    host: int
    steps: list[str] = field(default_factory=list)
    standing: str = ""


class Scene(NamedTuple):
    """What commands find: hosts by number, runs by name, the database, and who sees what they do."""

    hosts: Sequence[Host]
    runs: dict[str, Run]
    database: Database
    chance: random.Random
    pace: Pace
    come: Callable[[Host, Process], None]
    sent: Callable[[Host], None]


class _Ended(Exception):  # noqa: N818  the usual way out
    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__()
        self.document = document


class Command:
    """One command, in a process of its own."""

    def __init__(self, scene: Scene, process: Process, arguments: Sequence[str]) -> None:
        """As a worker starts it."""
        self._scene, self._process, self._arguments = scene, process, arguments
        self._database, self._chance = scene.database, scene.chance
        self._visited: list[Host] = []

    def __call__(self) -> dict[str, Any]:
        """What it prints."""
        try:
            self._process.compute(self._scene.pace.boot)
            return self._applied() if self._arguments[0] == "apply" else self._resumed()
        except _Ended as ended:
            return ended.document
        finally:
            self._leave()

    def _applied(self) -> dict[str, Any]:
        name = next(one for one in self._arguments if one.startswith("--run=")).removeprefix("--run=")
        host = self._scene.hosts[int(self._arguments[-1].removeprefix(TARGET))]
        self._asked(lambda: None)
        self._pause(1.0)
        if host.truth == "lost" or host.fate == "dead":
            self._pause(UNREACHED)
            return _over(host, problem("host-unreachable"))
        if host.fate == "refused":
            return _over(host, {**problem("no-uplink"), "format": "mgmtnet/plan@1"})
        self._hold(host)
        going = self._asked(lambda: self._in_the_way(name))
        if going or host.truth == "saved":
            return (
                problem(going) if going == "run-exists" else _over(host, problem(going) if going else report("", SAVED))
            )
        run = Run(host.number)
        if not self._kept(lambda: self._scene.runs.setdefault(name, run)):
            return _over(host, report(name, "as before", lost=True))
        return self._carried_out(name, run, host, [])

    def _in_the_way(self, name: str) -> str:
        if name in self._scene.runs:
            return "run-exists"
        rollout = name.rpartition("-")[0]
        others = (self._scene.runs.get(f"{rollout}-{attempt}") for attempt in range(1, 9))
        going = any(run is not None and not run.standing for run in others)
        return "run-unfinished" if going else ""

    def _resumed(self) -> dict[str, Any]:
        name = self._arguments[-1]
        again = self._arguments[self._arguments.index("--as") + 1] if "--as" in self._arguments else name
        run = self._asked(lambda: self._scene.runs.get(name))
        if run is None or (run.standing and again == name):
            return problem("run-unknown" if run is None else "run-ended")
        host = self._scene.hosts[run.host]
        self._hold(host)
        steps = list(run.steps)
        if again != name:
            run = Run(host.number, steps)
            if not self._kept(partial(self._scene.runs.setdefault, again, run)):
                return _over(host, report(again, _given_up(steps), lost=True))
        return self._carried_out(again, run, host, steps)

    # The database, which may be away.

    def _asked(self, work: Callable[[], Any]) -> Any:
        try:
            return self._database.ask("run", work)
        except AwayError:
            raise _Ended(problem("journal-unreachable")) from None

    def _kept(self, write: Callable[[], object]) -> bool:
        """Whether something is written down, before the journal has been silent for too long."""
        try:
            self._database.insist("run", write, self._process.time.now() + AWAY)
        except AwayError:
            return False
        return True

    # The host, which only one may be at work on.

    def _hold(self, host: Host) -> None:
        """Hold the host: in the kernel, then in the database; or end."""
        locks = self._process.machine.locks
        if locks.setdefault(host.number, self._process) is not self._process:
            raise _Ended(problem("host-held"))
        claims = self._database.claims
        if self._asked(lambda: claims.setdefault(host.number, self._process)) is not self._process:
            raise _Ended(problem("host-held"))
        self._visited.append(host)
        self._scene.come(host, self._process)
        host.at_work.add(self._process)
        host.begun = True

    def _leave(self) -> None:
        """Give back what is held, as the kernel does for who was killed."""
        for held in (self._process.machine.locks, self._database.claims):
            for number in [number for number, process in held.items() if process is self._process]:
                del held[number]
        for host in self._visited:
            host.at_work.discard(self._process)
        self._process.alive = False

    # A run.

    def _carried_out(self, name: str, run: Run, host: Host, steps: list[str]) -> dict[str, Any]:
        """The steps that are left, each written down before the next; without a journal once that was silent."""
        journal, carried = True, len(steps)
        while True:
            following = STEPS[len(steps)] if len(steps) < len(STEPS) else ""
            standing = self._step(following, host, fresh=len(steps) > carried) if following else SAVED
            steps = [*steps, following] if following else steps
            journal = journal and self._kept(partial(_write, run, steps, standing))
            if standing:
                return _over(host, report(name, standing, lost=not journal))

    def _step(self, step: str, host: Host, *, fresh: bool) -> str:
        """Do a step; the standing if the run ends by it. ``fresh``: this process has begun before it."""
        if host.fate == "killed" and step == STEPS[host.number % len(STEPS)]:
            self._killed(step, host)
        if step == "set-up":
            return self._set_up(host, fresh=fresh)
        if step == "verify" and host.truth == "lost":
            self._pause(UNREACHED)
            return "unknown"
        self._pause(self._chance.uniform(0.5, 2))
        if step == "commit":
            host.truth = "saved"
            if any(one.startswith("--reboot=") for one in self._arguments):
                self._pause(self._scene.pace.reboot * self._chance.uniform(0.7, 1.4))
        return ""

    def _set_up(self, host: Host, *, fresh: bool) -> str:
        if not fresh:  # it may have been sent: look, once nothing is under way there
            self._await(host)
            self._pause(2.0)
        if host.truth == "before" and not host.sent:
            self._send(host)
        self._await(host)
        return "as before" if host.truth == "before" else ""

    def _send(self, host: Host) -> None:
        self._scene.sent(host)
        host.sent.append(self._arguments[1])
        host.busy = True
        self._process.time.at(self._process.time.now() + host.setup, partial(_changed, host))

    def _await(self, host: Host) -> None:
        while host.busy:
            self._pause(1.0)

    def _killed(self, step: str, host: Host) -> None:
        """As when memory runs out, once: somewhere in a step."""
        host.fate = ""
        self._pause(self._chance.uniform(0, 1))
        if step == "set-up" and host.truth == "before" and not host.sent:
            self._send(host)
        self._process.kill()
        self._pause(FOREVER)

    def _pause(self, seconds: float) -> None:
        self._process.pause(seconds)


def _changed(host: Host) -> None:
    """VDSM has done what it was sent; with nobody there to tell it that the host is reached it rolls back."""
    host.busy = False
    confirmed = any(one.alive for one in host.at_work)
    host.truth = "lost" if host.fate == "lost" else "planned" if confirmed and host.fate != "before" else "before"


def _over(host: Host, document: dict[str, Any]) -> dict[str, Any]:
    host.over = True
    return document


def _write(run: Run, steps: list[str], standing: str) -> None:
    run.steps, run.standing = steps, standing


def _given_up(steps: Sequence[str]) -> str:
    return "unknown" if "set-up" in steps or "announce" in steps else "as before"


def report(run: str, standing: str, *, lost: bool = False) -> dict[str, Any]:
    """What a run ends with."""
    trouble = {"code": "journal-broken", "message": ""} if lost else None
    succeeded = standing == SAVED and not lost
    return {"format": "mgmtnet/report@1", "run": run, "standing": standing, "succeeded": succeeded, "problem": trouble}


def problem(code: str) -> dict[str, Any]:
    """What a command ends with that has begun no run."""
    told = {"severity": "error", "code": code, "message": code}
    return {"format": "mgmtnet/problems@1", "problems": [told]}


# What becomes of how many of a hundred hosts, where nobody disturbs anything.
FATES = {"refused": 0.3, "dead": 0.3, "before": 1.0, "lost": 0.4, "killed": 0.7, "slow": 0.3}
# How a host may stand in truth of which a rollout says so. Unknown may be anything, failed is not changed.
TRUE = {
    "saved": ("saved",),
    "unproven": ("saved",),
    "before": ("before",),
    "unknown": ("lost", "planned", "saved", "before"),
    "failed": ("before", "lost"),
    "refused": ("before",),
}


def drawn_host(number: int, pace: Pace, chance: random.Random) -> Host:
    """A host of the stated shares, by chance."""
    shares = {**FATES, "": 100 - sum(FATES.values())}
    fate = chance.choices(list(shares), list(shares.values()))[0]
    setup = pace.setup * chance.lognormvariate(0, 0.4) * (8 if fate == "slow" else 1)
    return Host(number, fate, min(setup, ROLLS_BACK))
