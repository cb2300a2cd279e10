"""A worker: takes hosts of rollouts from the queue, has each carried out by a process of its own, decides who is next.

A host's process is `mgmtnet apply`, or `mgmtnet resume` where the journal has its run: it holds the host, and what it
does stands in the journal. So a worker may be killed, stopped or cut off at any time: its processes go on, and whoever
takes over waits for them and finds what they did.
"""

import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple, TypeVar

from planner.apply import journal
from planner.apply.exclusion import held_here
from planner.apply.order import read_order
from planner.apply.run import report
from planner.fleet.ledger import (
    AT_WORK,
    ENDED,
    OVER,
    QUEUED,
    WAITS_AGAIN,
    AwayError,
    Beat,
    Followed,
    Ledger,
    Row,
    StaleError,
    stale,
)
from planner.fleet.queue import Queue, Task, serving
from planner.fleet.rollout import IN_DOUBT, Ended, Member, Rollout, State
from planner.fleet.waves import Window, decide, read_window
from planner.problem import Problem

T = TypeVar("T")

# Seconds between two looks at what may begin, and between two signs of the worker that decides. Longer, and hosts wait
# for nothing; shorter, and the database is written to for nothing.
BEAT = 1.0
# Looks between two signs of a worker that does not decide. More, and a busy one is taken for dead; fewer, and what a
# hundred workers write fills the one row that all changes write.
QUIET = 3
# Seconds of silence after which a worker on this machine is taken for dead: it was stopped, or killed. The kernel tells
# whether its processes are at work, so nothing is lost when it was only slow. Shorter takes over from a busy machine.
# Whoever decides for all gives way to the next after as long, on whatever machine: hosts wait so long for it.
LAPSE = 10.0
# The same for a worker on another machine, which may be cut off: its processes go on without the journal for as long as
# a run takes, reboot included. Shorter, and two could be at work on a host; longer, and its hosts wait.
CUT_OFF = 1800.0
# Looks between two questions for tasks that were given to us and did not arrive: the answer to a transaction was lost.
# Fewer ask the database more often for nothing; more, and such hosts wait longer.
MISSED = 15
# Seconds before another look at a host that somebody else is at work on, or at a database that is away.
AGAIN = 2.0
ELSEWHERE = 5.0
# Times that a process may end without a word: it was killed, or memory ran out. Then somebody has to look.
SILENT = 5
COMMAND = (sys.executable, "-m", "planner")
# What a process gets of the worker's variables: credentials, and where runs are remembered. The rest says the rollout.
OF_ENGINE = ("ENGINE_USER", "ENGINE_PASSWORD", "ENGINE_PASSWORD_FILE", "ENGINE_CA")
KEPT = ("CA", "CERT", "KEY", *OF_ENGINE, "FENCE_PASSWORD", "FENCE_PASSWORD_FILE", "ROUTES", "STATE", "DEBUG")

STANDINGS: Mapping[str, State] = {
    "as planned and saved": "saved",
    "as planned, not saved": "unsaved",
    "as planned, perhaps not saved": "unsaved",
    "as before": "before",
    "adopted": "adopted",
    "unknown": "unknown",
}
HELD = ("host-held", "run-exists", "run-ended")
AWAY = ("journal-unreachable", "journal-broken", "journal-full")


class News(NamedTuple):
    """What a worker tells: of a rollout, or of itself where that is empty."""

    rollout: str
    said: str


Tell = Callable[[News], None]


def this_machine() -> str:
    """Where locks in the kernel hold: the machine since it was started, and its network namespace."""
    parts = []
    with suppress(OSError):
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
            parts.append(stream.read())
        parts.append(os.readlink("/proc/self/ns/net"))
    return sha256("".join(parts).encode()).hexdigest()[:16]


def run_name(task: Task, member: Member) -> str:
    """The name of the run by which an attempt on a host is made."""
    return f"{task.rollout}-{sha256(member.name.encode()).hexdigest()[:12]}-{task.attempt}"


@dataclass
class Hands:
    """With what a worker works: where the database is, its own credentials by variable, and rules.

    ``rules``: the options that name them.
    """

    url: str
    digest: str
    rules: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    at_once: int = 4
    name: str = ""
    machine: str = field(default_factory=this_machine)


class Worker:
    """One worker, in this process."""

    def __init__(self, ledger: Ledger, hands: Hands, tell: Tell = lambda _: None) -> None:
        """``ledger``: made ready; ``tell`` is called with what is new."""
        self._ledger, self._hands, self._tell = ledger, hands, tell
        self._ending = threading.Event()
        self._stale = threading.Event()
        self._rollouts: dict[str, Rollout] = {}
        self._courses: dict[str, _Followed] = {}
        self._watch = _Watch(hands.name, hands.machine)
        self._decides = True
        self._beats = self._looks = 0
        self._away = ""
        self._at_work: list[Task] = []
        self._missed: set[str] = set()
        self._counting = threading.Lock()

    def end(self) -> None:
        """Take nothing more, and end once what is in hand is done."""
        self._ending.set()

    def run(self, until: Callable[[], bool] = lambda: False) -> Problem | None:
        """Work ``until`` that is so, or until told to `end`; a problem where the database must not be used."""
        hands = self._hands
        self._signed()
        with serving(hands.url, hands.name, hands.digest, hands.at_once, self._work) as queue:
            try:
                while not self._stale.is_set():
                    if self._round(queue, until):
                        self._ending.set()
                    if self._ending.is_set() and not self._at_work:
                        return None
                    self._stale.wait(BEAT)
            finally:
                self._gone()
        return stale()

    def _signed(self) -> None:
        """Give the first sign, before anything can be taken, as soon as the database answers."""
        while not self._stale.is_set():
            try:
                self._beat()
            except AwayError:
                time.sleep(AGAIN)
            except StaleError:
                self._stale.set()
            else:
                return

    def _round(self, queue: Queue, until: Callable[[], bool]) -> bool:
        """Give a sign, take over, decide; whether the worker's work is over."""
        self._looks += 1
        try:
            if self._decides or self._away or self._looks % QUIET == 0:
                self._beat()
            if self._away:
                self._tell(News("", "the database is back"))
            self._away = ""
            beats, now = self._ledger.workers(), time.monotonic()
            for lapsed in self._watch.lapsed(beats, now):
                self._taken_over(queue, lapsed)
            self._decides = self._hands.name == self._watch.first(beats, self._hands.digest, now)
            if self._looks % MISSED == 0:
                self._take_back(queue)
            going = [] if self._ending.is_set() else self._ledger.standings(going=True)
            ours = {one.name for one in going if one.digest == self._hands.digest}
            self._courses = {name: followed for name, followed in self._courses.items() if name in ours}
            for name in ours:
                self._decide(queue, name)
            return until()
        except StaleError:
            self._stale.set()
        except AwayError as failure:
            self._watch.blind()
            if not self._away:
                self._tell(News("", f"the database is away: {failure}"))
            self._away = str(failure) or "away"
        return False

    def _beat(self) -> None:
        self._beats += 1
        hands = self._hands
        sign = ENDED - self._beats if self._ending.is_set() else self._beats
        self._ledger.beat(Beat(hands.name, hands.digest, hands.machine, sign))

    def _gone(self) -> None:
        """Tell that nobody works here any more; unless processes go on, whose hosts nobody elsewhere may take yet."""
        hands = self._hands
        if self._at_work:
            return
        with suppress(AwayError, StaleError):
            self._ledger.beat(Beat(hands.name, hands.digest, hands.machine, ENDED))

    def _taken_over(self, queue: Queue, beat: Beat) -> None:
        """Put back what a worker left. One with other rules is followed by its like; an empty one is forgotten.

        On this machine its processes are waited for: who takes a host next may be elsewhere, where only the database
        tells that it is held, and one that was restarted meanwhile does not.
        """
        if beat.digest != self._hands.digest:
            return
        if beat.machine == self._hands.machine and any(map(held_here, self._hosts_of(beat.worker))):
            return
        left = queue.take_over(beat.worker)
        if left:
            self._tell(News("", f"{left} {'host' if left == 1 else 'hosts'} taken over from {beat.worker}"))
        elif beat.beats == ENDED:
            self._ledger.forget(beat.worker)

    def _hosts_of(self, worker: str) -> list[str]:
        """The keys of the hosts that a worker is at work on, as it is known now."""
        for followed in self._courses.values():
            followed.catch_up(self._ledger)
        return [key for followed in self._courses.values() for key in followed.at_work_by(worker)]

    def _take_back(self, queue: Queue) -> None:
        """Put back what the queue has given us and we know nothing of, twice: the answer was lost with a connection."""
        missed = set(queue.begun(self._hands.name)) - {task.id for task in self._at_work}
        for task in missed & self._missed:
            queue.put_back(self._hands.name, task)
        self._missed = missed

    # Who is next.

    def _decide(self, queue: Queue, name: str) -> None:
        followed = self._courses.get(name)
        if followed is None:
            rollout = self._rollout(name)
            if rollout is None:
                return
            followed = self._courses[name] = _Followed(rollout)
        followed.catch_up(self._ledger)
        standing = self._ledger.standing(name)
        if standing is None or standing.ended:
            return
        rollout = followed.rollout
        decision = decide(rollout, followed.course, standing.asked, time.time())
        if decision.said != followed.said:
            followed.said = decision.said
            self._tell(News(name, decision.said))
        if not self._decides:
            return
        if decision.ended:
            self._ledger.end(name, decision.ended)
            return
        for number in decision.begin:
            task = Task(name, number, followed.attempt(number))
            if not queue.put(task, rollout.members[number].key):
                followed.elsewhere(number)
                continue
            row = Row(number, task.attempt, "queued", QUEUED, "", followed.told(number), 0)
            self._ledger.enter(name, row)
            followed.course.enter(number, "queued")

    def _rollout(self, name: str) -> Rollout | None:
        if name not in self._rollouts:
            found = self._ledger.rollout(name)
            if isinstance(found, Problem):
                self._tell(News(name, found.message))
            if not isinstance(found, Rollout):
                return None
            self._rollouts[name] = found
        return self._rollouts[name]

    # One host.

    def _work(self, task: Task) -> None:
        with self._counting:
            self._at_work.append(task)
        try:
            self._carry(task)
        finally:
            with self._counting:
                self._at_work.remove(task)

    def _carry(self, task: Task) -> None:
        """Carry a task out, whatever becomes of the database meanwhile; it is over when that is written down."""
        rollout = self._patiently(lambda: self._rollout(task.rollout))
        if rollout is None:
            return
        before = self._patiently(lambda: self._ledger.row(task.rollout, task.host))
        if before is not None and (before.attempt > task.attempt or before.stage == OVER):
            return
        told = dict(before.told) if before is not None else {}
        hands = self._hands
        at_work = Row(task.host, task.attempt, "at work", AT_WORK, hands.name, told | {"since": time.time()}, 0)
        begun = before is not None and before.stage == AT_WORK
        if begun and self._ending.is_set():
            threading.Event().wait()  # it is taken over when this process has ended
        if not begun and not self._patiently(lambda: self._may_begin(rollout)):
            back = Row(task.host, task.attempt + 1, "waiting", WAITS_AGAIN, "", told, 0)
            self._patiently(lambda: self._ledger.enter(task.rollout, back, begun=False))
            return
        self._written(task, at_work)
        ended = self._done(task, rollout, str(told.get("run", "")), doubt=bool(told.get("doubt")))
        document = ended.document() | {"doubt": ended.state in IN_DOUBT, "since": at_work.told["since"]}
        self._written(task, at_work._replace(state=ended.state, stage=OVER, told=document | {"over": time.time()}))

    def _written(self, task: Task, row: Row) -> None:
        self._patiently(lambda: self._ledger.enter(task.rollout, row))

    def _may_begin(self, rollout: Rollout) -> bool:
        """Whether a host that was queued may still begin: it was paused, hosts failed, the window closed since."""
        standing = self._ledger.standing(rollout.name)
        window = read_window(rollout.window)
        opened = not isinstance(window, Window) or window.opened(time.time())
        asked = standing is not None and standing.asked == "go" and not standing.ended
        followed = self._courses.get(rollout.name)
        spent = followed is not None and followed.course.failures > rollout.max_failures
        return asked and opened and not spent and not self._ending.is_set()

    def _done(self, task: Task, rollout: Rollout, tried: str, *, doubt: bool) -> Ended:
        """Begin the run, or go on with it, or wait for who does, until it has ended.

        ``tried``: the run of the attempt before, which is taken up if it ended in ``doubt``.
        """
        member = rollout.members[task.host]
        run = run_name(task, member)
        silent = 0
        asked: Mapping[str, Any] | None = None
        while True:
            record = self._recorded(run)
            if record is not None and record.state == "ended":
                return _of_report(
                    report(read_order(record.order), record.steps).document() if record.steps else {}, run
                )
            if record is not None:
                arguments, text = ["resume", "-o", "json", "--log", "json", "--", run], ""
            elif tried and doubt:
                arguments, text = ["resume", "-o", "json", "--log", "json", "--as", run, "--", tried], ""
            else:
                arguments, text = self._applying(rollout, member, run, first=not tried)
            document = self._child(arguments, text)
            ended = _of_document(document, run)
            if ended is not None:
                return ended
            if document != asked:
                asked = document
                self._tell(News(rollout.name, f"{member.name}: asked again after {_why(document)}"))
            silent += not document
            if silent > SILENT:
                hint = "its process ended without a word each time"
                return Ended("failed" if record is None else "unknown", run, "run-failed", hint)
            time.sleep(AGAIN)

    def _recorded(self, run: str) -> journal.Record | None:
        """What the journal has of a run, once it can be read."""
        told = ""
        while True:
            found = journal.readable(self._hands.url, run)
            if not isinstance(found, Problem):
                return next((record for record in found if record.run == run), None)
            if found.message != told:
                told = found.message
                self._tell(News("", f"{run}: {told}"))
            time.sleep(AGAIN)

    def _applying(self, rollout: Rollout, member: Member, run: str, *, first: bool) -> tuple[list[str], str]:
        """The command by which a host is applied to, and what it reads of standard input: the definition."""
        options = ["apply", f"--run={run}", "--yes", "-o", "json", "--log", "json", "--network", "-"]
        options += [*self._hands.rules, f"--transport={rollout.transport}"]
        options += [f"--timeout={rollout.timeout:g}", f"--wait={rollout.wait:g}"]
        options += [f"--address={address}" for address in member.addresses]
        options += [f"--probe={probe}" for probe in rollout.probes]
        options += [f"--engine={rollout.engine}"] if rollout.engine else []
        options += [f"--pin={rollout.pin}"] if rollout.pin else []
        options += [f"--shape={member.shape}"] if first else []  # one that was tried before may stand midway
        if rollout.power is not None and member.proxy:
            power = rollout.power
            options += [f"--reboot={member.proxy}", f"--fence-address={member.bmc}", f"--fence-agent={power.agent}"]
            options += [f"--fence-user={power.user}", f"--fence-options={power.options}"]
        return [*options, "--", member.target], rollout.definitions[member.definition]

    def _child(self, arguments: Sequence[str], text: str) -> dict[str, Any]:
        """Run a command to its end; what it printed, or nothing. It outlives us, and needs nobody to read what it says.

        A pipe that nobody empties would stop it in the midst of a change.
        """
        kept = {f"MGMTNET_{name}": os.environ[f"MGMTNET_{name}"] for name in KEPT if f"MGMTNET_{name}" in os.environ}
        others = {name: value for name, value in os.environ.items() if not name.startswith("MGMTNET_")}
        environ = {**others, **kept, **self._hands.environ, "MGMTNET_JOURNAL": self._hands.url}
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
            given.write(text.encode())
            given.seek(0)
            try:
                process = subprocess.Popen(  # noqa: S603  the command itself
                    [*COMMAND, *arguments],
                    env=environ,
                    stdin=given,
                    stdout=said,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            except OSError:  # no process can be started now
                return {}
            process.wait()
            said.seek(0)
            try:
                document = json.loads(said.read())
            except (ValueError, RecursionError):
                return {}
        return document if isinstance(document, dict) else {}

    def _patiently(self, ask: Callable[[], T]) -> T:
        """What is asked of the ledger, once the database answers. Of a stale one nothing is believed any more."""
        while True:
            try:
                return ask()
            except AwayError:
                time.sleep(AGAIN)
            except StaleError:
                self._stale.set()
                threading.Event().wait()  # the process ends, and the task stays where it is
                raise


def _of_document(document: Mapping[str, Any], run: str) -> Ended | None:
    """How a command ended by what it printed; None: it has to be asked again."""
    kind = str(document.get("format", "")).partition("@")[0]
    if kind == "mgmtnet/report":
        return _of_report(document, run)
    problems = [one for one in document.get("problems", ()) if isinstance(one, dict) and one.get("severity") == "error"]
    code, said = (str(problems[0].get(key, "")) for key in ("code", "message")) if problems else ("", "")
    if kind == "mgmtnet/plan":
        return Ended("refused", "", code, said)
    if not problems or code in HELD or code in AWAY:
        return None
    return Ended("held" if code == "shape-differs" else "failed", "", code, said)


def _why(document: Mapping[str, Any]) -> str:
    """Why a host is asked for again, in a few words."""
    codes = [str(one.get("code")) for one in document.get("problems", ()) if isinstance(one, dict)]
    return ", ".join(codes) or "its process ended without a word"


def _of_report(document: Mapping[str, Any], run: str) -> Ended:
    problem = document.get("problem") or {}
    state = STANDINGS.get(str(document.get("standing")), "unknown")
    # That it could not be written down leaves the host itself no less proven.
    if state == "saved" and not document.get("succeeded") and problem.get("code") not in AWAY:
        state = "unproven"
    told = run if document.get("run", run) else ""
    return Ended(state, str(document.get("run") or told), str(problem.get("code", "")), str(problem.get("message", "")))


class _Followed(Followed):
    """A rollout as a worker follows it."""

    def __init__(self, rollout: Rollout) -> None:
        super().__init__(rollout)
        self.said = ""
        self._at_work: dict[int, str] = {}
        self._elsewhere: dict[int, float] = {}

    def catch_up(self, ledger: Ledger) -> list[Row]:
        """See what has changed; a host that another rollout had may wait again."""
        new = super().catch_up(ledger)
        for row in new:
            if row.stage == AT_WORK:
                self._at_work[row.host] = row.worker
            else:
                self._at_work.pop(row.host, None)
        now = time.monotonic()
        for number in [number for number, until in self._elsewhere.items() if until < now]:
            del self._elsewhere[number]
            if self.course.states[number] == "elsewhere":
                self.course.enter(number, "waiting")
        return new

    def attempt(self, number: int) -> int:
        """Which attempt on a host begins now."""
        row = self.rows.get(number)
        return 1 if row is None else row.attempt

    def at_work_by(self, worker: str) -> list[str]:
        """The keys of the hosts that a worker is at work on."""
        return [self.rollout.members[host].key for host, name in self._at_work.items() if name == worker]

    def told(self, number: int) -> Mapping[str, Any]:
        """What is known of a host from the attempt before."""
        row = self.rows.get(number)
        return {} if row is None else row.told

    def elsewhere(self, number: int) -> None:
        """Another rollout has the host: it is asked for again later."""
        self.course.enter(number, "elsewhere")
        self._elsewhere[number] = time.monotonic() + ELSEWHERE


class _Watch:
    """Which workers give no sign any more, by what is seen from here: no two clocks are compared.

    While the database is away nobody can give a sign, so what was seen before counts for nothing.
    """

    def __init__(self, own: str, machine: str) -> None:
        self._own, self._machine = own, machine
        self._since: dict[str, tuple[int, float]] = {}
        self._heard: dict[str, float] = {}

    def blind(self) -> None:
        """The database is away."""
        self._since.clear()
        self._heard.clear()

    def lapsed(self, beats: Sequence[Beat], now: float) -> list[Beat]:
        """Those that have ended, or have given no sign for so long that they will not go on."""
        found = []
        for beat in beats:
            if beat.worker == self._own:
                continue
            seen, since = self._since.get(beat.worker, (beat.beats, now))
            if seen != beat.beats:
                since = self._heard[beat.worker] = now
            self._since[beat.worker] = (beat.beats, since)
            patience = LAPSE if beat.machine == self._machine else CUT_OFF
            if beat.beats == ENDED or now - since > patience:
                found.append(beat)
        return found

    def first(self, beats: Sequence[Beat], digest: str, now: float) -> str:
        """The worker that decides for all of its rules: the first by name that takes hosts and was heard lately.

        Two that see it otherwise for a moment decide the same, and the queue takes a host once.
        """
        able = (beat.worker for beat in beats if beat.digest == digest and beat.beats > ENDED)
        return min((self._own, *(one for one in able if now - self._heard.get(one, -math.inf) <= LAPSE)))
