"""A rollout under virtual time: who decides and works is real, what they work on is a model.

Real: `planner.fleet.worker.Worker` but for starting a command (signs, takeover, decisions, tasks, patience, what a
command would be given and what follows from its answer), `planner.fleet.waves`, and `planner.fleet.ledger.Ledger` over
SQLite where it is asked for. Models: the ledger's tables (a test holds them against the real ones), DBOS's queue, the
commands with journal and exclusion, hosts, machines, the way to the database, and the clock.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import Any, NamedTuple
from unittest.mock import patch

from greenlet import GreenletExit
from virtual_command import SAVED, TARGET, TRUE, Command, Host, Pace, Run, Scene, drawn_host, report
from virtual_ledger import TableLedger, Tables
from virtual_process import FOREVER, Database, Machine, Process, Speed, SqlLedger, Trap, Unneeded, current
from virtual_queue import Served, Tasks
from virtual_time import Box, Time

from planner.apply.journal import Record
from planner.fleet import worker as working
from planner.fleet.ledger import OVER, AwayError, Ledger, Row
from planner.fleet.queue import Task
from planner.fleet.rollout import Member, Power, Rollout, in_waves, wave_sizes
from planner.fleet.waves import PACE
from planner.fleet.worker import Hands, Worker
from planner.problem import Problem

EPOCH = 1.8e9  # the second that a simulation begins at, since 1970
GONE = 120.0  # seconds until the database gives back what a machine held that does not answer (`planner.apply.journal`)
LOOKS = 5.0  # seconds between two looks of whoever watches
NAME, DIGEST = "r", "rules"


class Site(NamedTuple):
    """What is simulated: a rollout, who works on it, and how fast things are.

    ``jobs``: hosts at once of a worker. ``proxies``: how many hosts fence others; 0: nothing is rebooted.
    """

    hosts: int
    workers: int = 3
    machines: int = 2
    cores: int = 2
    jobs: int = 10
    concurrency: int = 20
    waves: str = "1,5%,25%,rest"
    failures: int = 60
    engine: str = ""
    proxies: int = 0
    pace: Pace = Pace()
    speed: Speed = Speed()


class Mishap(NamedTuple):
    """What goes wrong when: a method of `Fleet` by its name, and for how many seconds."""

    at: float
    what: str
    seconds: float


class Played(NamedTuple):
    """How a rollout went: seconds, how it ended, how many hosts in which state, what was wrong how often.

    ``in_flight``: hosts worked on, look by look. ``asked``: what the database was asked, by kind.
    """

    seconds: float
    ended: str
    states: Counter[str]
    wrong: Counter[str]
    in_flight: list[int]
    asked: Counter[str]


class Fleet:
    """A site and a seed; it can be played once."""

    def __init__(self, site: Site, seed: int, sql: str = "") -> None:
        """``sql``: the URL of an SQLite database, for the real ledger."""
        self.site, self._sql = site, sql
        self.chance = random.Random(seed)
        self.time = Time(lambda: None)
        self.database = Database(self.time, self.chance, site.speed, self.say)
        self.rollout = rollout_of(site)
        self.hosts = [drawn_host(number, site.pace, self.chance) for number in range(site.hosts)]
        self.runs: dict[str, Run] = {}
        self.scene = Scene(self.hosts, self.runs, self.database, self.chance, site.pace, self.come, self.sent)
        self.tasks, self._tables = Tasks(), Tables()
        self.machines = [Machine(f"m{number}", [0.0] * site.cores) for number in range(site.machines)]
        self.workers: dict[Process, Worker] = {}
        self.commands: set[Process] = set()
        self.working: dict[Process, Host] = {}
        self.wrong: Counter[str] = Counter()
        self.events: list[tuple[float, str]] = []
        self._names = self._ended_at = 0.0
        self._in_flight: list[int] = []
        self._wave = 0
        self._of_wave: list[list[Host]] = [[] for _ in self.rollout.waves]
        for host, member in zip(self.hosts, self.rollout.members, strict=True):
            self._of_wave[member.wave].append(host)

    def say(self, text: str) -> None:
        """For whoever reads what happened, or compares it."""
        self.events.append((round(self.time.now(), 3), text))

    # What must never be, looked for whenever somebody comes to a host.

    def come(self, host: Host, process: Process) -> None:
        """A command holds the host from now on."""
        member = self.rollout.members[host.number]
        self.working = {one: its for one, its in self.working.items() if one.alive} | {process: host}
        if any(one.alive for one in host.at_work):
            self._violated(f"{member.name}: a host is worked on twice at once")
        if len(self.working) > self.site.concurrency:
            self._violated("more hosts are worked on than may be")
        for lane in self.rollout.lanes(member):
            through = (self.rollout.lanes(self.rollout.members[one.number]) for one in self.working.values())
            if sum(lane in lanes for lanes in through) > PACE[lane[0]]:
                self._violated(f"more hosts are worked on through one {lane[0]} than its pace")
        while self._wave < member.wave and all(one.over and not one.at_work for one in self._of_wave[self._wave]):
            unsaved = sum(one.truth != "saved" for wave in self._of_wave[: self._wave + 1] for one in wave)
            if unsaved > self.site.failures:
                self._violated("a wave begins although more have failed than may")
            self._wave += 1
        if self._wave < member.wave:
            self._violated("a wave begins before the one before has ended")
        if not host.begun:
            self.say(f"{member.name} begins")

    def sent(self, host: Host) -> None:
        """A host is sent its change."""
        if host.sent:
            self._violated("a host is sent its change twice")

    def _violated(self, what: str) -> None:
        self.wrong[what.rpartition(": ")[2]] += 1
        self.say(what)

    def _judge(self, rows: Mapping[int, Row], ended: str) -> None:
        """Whether every host has ended, as it stands in truth."""
        if ended != "done":
            self._violated(f"the rollout ended {ended or 'never'}")
            return
        for host in self.hosts:
            row = rows.get(host.number)
            if row is None or row.stage != OVER:
                self._violated("the rollout is over, and a host has not ended")
            elif host.truth not in TRUE[row.state]:
                self._violated(f"a host is called {row.state} and stands {host.truth}")

    # Who works.

    def start_worker(self, machine: Machine) -> None:
        """A worker on a machine, as systemd would start it."""
        self._names += 1
        process = Process(self.time, machine)
        self.say(f"w{self._names:.0f} starts on {machine.name}")
        process.begin(partial(self._work, process, f"w{self._names:.0f}"))

    def _work(self, process: Process, name: str) -> None:
        ledger: Any = SqlLedger(self._sql, self.database) if self._sql else TableLedger(self._tables, self.database)
        worker = _Worker(ledger, Hands("", DIGEST, at_once=self.site.jobs, name=name, machine=process.machine.name))
        self.workers[process] = worker
        prepared = False
        while not prepared:
            with suppress(AwayError):
                ledger.prepare()
                prepared = True
        worker.run()

    def command(self, arguments: Sequence[str]) -> dict[str, Any]:
        """What a command prints that the current process starts and waits for; nothing if it is killed."""
        waiting = current()
        process = Process(self.time, waiting.machine)
        command = Command(self.scene, process, arguments)

        def printed() -> dict[str, Any]:
            try:
                return command()
            except GreenletExit:
                return {}

        self.commands.add(process)
        document = Box(self.time, [printed], process.adopt).answer(FOREVER)
        self.commands.discard(process)
        waiting.pause(0)  # for as long as it is stopped
        return document

    # What goes wrong. Who and where is drawn.

    def kill_worker(self, seconds: float) -> None:
        """A worker is killed, and another started later."""
        if process := self._one_worker():
            self.say(f"a worker on {process.machine.name} is killed")
            process.kill()
            self.time.at(self.time.now() + seconds, partial(self.start_worker, process.machine))

    def stop_worker(self, seconds: float) -> None:
        """A worker is stopped for a while."""
        if process := self._one_worker():
            self.say(f"a worker on {process.machine.name} is stopped for {seconds:.0f} s")
            process.stopped = self.time.now() + seconds

    def _one_worker(self) -> Process | None:
        living = [process for process in self.workers if process.alive]
        return self.chance.choice(living) if living else None

    def power_off(self, seconds: float) -> None:
        """A machine loses its power, and is started again later: to the others it is a new one."""
        number = self.chance.randrange(len(self.machines))
        machine = self.machines[number]
        self.say(f"{machine.name} has no power")
        lost = [one for one in self.workers if one.machine is machine and one.alive]
        for one in (*lost, *(one for one in self.commands if one.machine is machine)):
            one.kill()
        self.machines[number] = Machine(f"{machine.name}'", [self.time.now() + seconds] * self.site.cores)
        for _ in lost:
            self.time.at(self.time.now() + seconds, partial(self.start_worker, self.machines[number]))

    def cut_off(self, seconds: float) -> None:
        """A machine does not reach the database for a while, which then gives back what it held."""
        machine = self.chance.choice(self.machines)
        self.say(f"{machine.name} is cut off for {seconds:.0f} s")
        machine.cut = True

        def forgotten() -> None:
            claims = self.database.claims
            for number in [number for number, one in claims.items() if one.machine is machine and machine.cut]:
                del claims[number]

        self.time.at(self.time.now() + GONE, forgotten)
        self.time.at(self.time.now() + seconds, machine.mended)

    def database_away(self, seconds: float) -> None:
        """The database is away for a while."""
        self.database.go(seconds)

    # The play.

    def play(self, mishaps: Sequence[Mishap] = (), trap: Trap | None = None, within: float = 60 * 86400.0) -> Played:
        """Let the rollout go to its end, or for ``within`` seconds."""
        observer: Any = Ledger(self._sql) if self._sql else TableLedger(self._tables)
        observer.prepare()
        observer.add(self.rollout)
        self.database.trap = trap
        with virtual(self):
            for number in range(self.site.workers):
                self.start_worker(self.machines[number % len(self.machines)])
            for mishap in mishaps:
                self.time.at(mishap.at, partial(getattr(self, mishap.what), mishap.seconds))
            self.time.at(1.0, partial(self._look, observer, within))
            self.time.run()
        rows = {row.host: row for row in observer.rows(NAME)}
        ended = observer.standing(NAME).ended
        observer.close()
        self._judge(rows, ended)
        states = Counter(rows[host.number].state if host.number in rows else "waiting" for host in self.hosts)
        return Played(self._ended_at, ended, states, self.wrong, self._in_flight, self.database.asked)

    def _look(self, observer: Any, within: float) -> None:
        """See whether the rollout has ended; then the workers are told to, and killed at last."""
        now = self.time.now()
        self._in_flight.append(sum(one.alive for one in self.working))
        if not self._ended_at and observer.standing(NAME).ended:
            self._ended_at = now
            within = now + 600
            for worker in self.workers.values():
                worker.end()
        if now < within:
            self.time.at(now + LOOKS, partial(self._look, observer, within))
            return
        for process in (*self.workers, *self.commands):
            process.kill()


class _Worker(Worker):
    """The real worker; its commands are the world's."""

    world: Fleet

    def _child(self, arguments: Sequence[str], text: str) -> dict[str, Any]:
        del text
        return self.world.command(arguments)


class _Event:
    """`threading.Event`: whoever waits sees that it is set when its patience ends."""

    def __init__(self) -> None:
        self._set = False

    def set(self) -> None:
        self._set = True

    def is_set(self) -> bool:
        return self._set

    def wait(self, timeout: float = FOREVER) -> bool:
        current().pause(timeout)
        return self._set


@contextmanager
def virtual(world: Fleet) -> Iterator[None]:
    """Meanwhile the worker's clock, threads, queue, journal and commands are the world's."""

    class Clock:
        sleep = staticmethod(lambda seconds: current().pause(seconds))
        monotonic = staticmethod(world.time.now)
        time = staticmethod(lambda: EPOCH + world.time.now())

    class Threads:
        Event, Lock = _Event, Unneeded

    class Journal:
        Record = Record

        @staticmethod
        def readable(_: str, name: str) -> list[Record] | Problem:
            try:
                run = world.database.ask("run", lambda: world.runs.get(name))
            except AwayError:
                return Problem("journal-broken", "the database is away", "")
            if run is None:
                return []
            told: Any = report(name, run.standing or SAVED)
            return [Record(name, "ended" if run.standing else "running", told, told, 0.0)]

    class Reported(NamedTuple):
        told: dict[str, Any]

        def document(self) -> dict[str, Any]:
            return self.told

    @contextmanager
    def serving(_: str, name: str, __: str, at_once: int, work: Callable[[Task], None]) -> Iterator[Served]:
        jitter = partial(world.chance.uniform, 0.95, 1.05)
        served = Served(world.tasks, world.database, current(), name, at_once, work, jitter)
        try:
            yield served
        finally:
            served.close()

    with ExitStack() as replaced:
        for place, name, value in (
            (working, "time", Clock),
            (working, "threading", Threads),
            (working, "journal", Journal),
            (working, "serving", serving),
            (working, "held_here", lambda key: int(key) in current().machine.locks),
            (working, "read_order", lambda order: order),
            (working, "report", lambda order, _: Reported(order)),
        ):
            replaced.enter_context(patch.object(place, name, value))
        replaced.enter_context(patch.object(_Worker, "world", world, create=True))
        yield


def rollout_of(site: Site) -> Rollout:
    """The rollout over a site's hosts, of three kinds."""
    members, canaries = in_waves((_member(number, site) for number in range(site.hosts)), _sizes(site))
    counts = Counter(member.wave for member in members)
    return Rollout(
        NAME,
        "rules@1",
        DIGEST,
        ("{}",),
        members,
        tuple(counts[wave] for wave in range(len(counts))),
        max_failures=site.failures,
        concurrency=site.concurrency,
        canaries=canaries,
        transport="engine" if site.engine else "auto",
        engine=site.engine,
        power=Power("ipmilan", "admin") if site.proxies else None,
    )


def _sizes(site: Site) -> tuple[int, ...]:
    sizes = wave_sizes(site.waves, site.hosts)
    assert not isinstance(sizes, Problem)
    return sizes


def _member(number: int, site: Site) -> Member:
    proxy, bmc = (f"p{number % site.proxies}", f"b{number}") if site.proxies else ("", "")
    name = f"{TARGET}{number}"
    return Member(name, name, str(number), kind=f"kind {number % 3}", shape="s", proxy=proxy, bmc=bmc)


def mishaps_of(seed: int, within: float = 300.0) -> tuple[tuple[Mishap, ...], Trap | None]:
    """What goes wrong with a seed: workers killed and stopped, a machine without power or cut off, all by chance.

    In every third seed the database is away for a while, at some time; in the one after while it answers a question.
    """
    chance = random.Random(seed)
    away = chance.choice((5.0, 40.0, 80.0, 200.0))
    many = {"kill_worker": chance.randrange(3), "stop_worker": chance.randrange(3)}
    many |= {"power_off": seed % 4 == 1, "cut_off": seed % 4 == 2, "database_away": seed % 3 == 0}
    lasting = {
        "kill_worker": lambda: chance.choice((5.0, 60.0)),
        "stop_worker": lambda: chance.uniform(5, 90),
        "power_off": lambda: 100.0,
        "cut_off": lambda: chance.choice((20.0, 200.0, 2400.0)),
        "database_away": lambda: away,
    }
    found = [
        Mishap(chance.uniform(5, within), what, lasting[what]()) for what, times in many.items() for _ in range(times)
    ]
    kind = chance.choice(("poll", "change", "task", "run", "read"))
    return tuple(found), Trap(kind, chance.randrange(1, 1000), away) if seed % 3 == 1 else None
