"""Runs, rollouts and rehearsals: processes of the command itself, whose events and reports are passed on.

A run is `mgmtnet apply`, a rollout `mgmtnet rollout start`, so what they have done stands in the same database, and the
command goes on with what was begun here, as the other way round. What is kept here of a request is only under which
name it was begun (``requests`` in the state folder), and a lock that its process holds for as long as it lives.
"""

import asyncio
import fcntl
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any, NamedTuple

from planner.printing import json_text
from planner.problem import Problem
from planner.service.answers import Answer, problem_answer
from planner.service.contract import JSON
from planner.service.workers import piped

COMMAND = (sys.executable, "-m", "planner")
LONGEST_LINE = 1 << 24
# What a command tells first of a run or a rollout that it has begun, or goes on with; or it tells its name.
FIRST = ("run", "look", "rollout")
# What is told of something that cannot be begun now.
HELD = (
    *("host-held", "run-unfinished", "run-exists", "rollout-exists", "rollout-rules"),
    *("not-asked", "not-kept", "nothing-to-undo", "undo-overtaken"),
)
# Rehearsals at once, each with processes and clocks of its own; more would have each other's clocks run late.
MOST_REHEARSALS = 4


class Event(NamedTuple):
    """Something that happened, as server-sent events have it: its number, or empty; its kind; what it says."""

    id: str
    kind: str
    data: Mapping[str, Any]

    def sent(self) -> bytes:
        """As it goes over the wire."""
        head = f"id: {self.id}\n" if self.id else ""
        return f"{head}event: {self.kind}\ndata: {json_text(self.data, None)}\n\n".encode()


class Command(NamedTuple):
    """A command: its arguments; what it reads of standard input; and of a file that ``--hosts`` names, if anything."""

    arguments: tuple[str, ...]
    stdin: bytes = b""
    hosts: bytes = b""


def run_name(key: str, caller: str) -> str:
    """What is begun by an idempotency key of a caller has one name, whoever asks again."""
    return f"http-{sha256(json.dumps([key, caller]).encode()).hexdigest()[:24]}"


class Runs:
    """The runs and rollouts that this service has begun, by name."""

    def __init__(self, state: str) -> None:
        """Keep requests in the folder ``state``."""
        self.folder = os.path.join(state, "requests")
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        self._begun = dict[str, asyncio.Future[Answer]]()  # what is answered to whoever begins the run
        self._at_work = set[asyncio.Task[None]]()

    def known(self, run: str, request: str) -> Problem | None:
        """Whether the name was taken by another request."""
        kept = self._kept(run)
        if kept is not None and kept != request:
            return Problem("key-reused", "this Idempotency-Key came with another request", "take a new key")
        return None

    def _kept(self, run: str) -> str | None:
        try:
            with open(os.path.join(self.folder, f"{run}.json"), encoding="utf-8") as stream:
                return str(json.load(stream)["request"])
        except (OSError, ValueError, LookupError):
            return None

    def interrupted(self, running: Iterator[str]) -> list[str]:
        """Those that are not at their end which a service has begun, and whose process is no more."""
        return [run for run in running if self._kept(run) is not None and not self.at_work(run)]

    async def begin(self, run: str, command: Command, request: str) -> Answer | None:
        """Begin one: None once it is under way, else the answer of one that has nothing to do, or cannot begin."""
        if run not in self._begun:
            self._keep(run, request)
        return await self.go_on(run, command)

    async def go_on(self, run: str, command: Command) -> Answer | None:
        """Go on with one, as `begin` does; who asks twice at once waits for one process."""
        if run not in self._begun:
            self._start(run, command)
        found = await asyncio.shield(self._begun[run])
        return found if found.status != 202 else None

    def at_work(self, run: str) -> bool:
        """Whether a process is at work on it that this service has started, or one before it."""
        claim = self._claimed(run)
        if claim is not None:
            os.close(claim)
        return claim is None

    def _claimed(self, run: str) -> int | None:
        """A lock for whoever has it open: the process that gets it, until its end; None where one has."""
        claim = os.open(os.path.join(self.folder, f"{run}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(claim)
            return None
        return claim

    def under_way(self, run: str) -> bool:
        """Whether a process of this service has begun it, and goes on with it."""
        answer = self._begun.get(run)
        return answer is not None and answer.done() and answer.result().status == 202

    def _keep(self, run: str, request: str) -> None:
        path = os.path.join(self.folder, f"{run}.json")
        with open(f"{path}.new", "w", encoding="utf-8") as stream:
            json.dump({"request": request}, stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(f"{path}.new", path)

    def _start(self, run: str, command: Command) -> None:
        answer = self._begun[run] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._carried_out(run, command, answer))
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)

    async def _carried_out(self, run: str, command: Command, answer: "asyncio.Future[Answer]") -> None:
        """Run the command to its end; it is answered as soon as the work has begun, or that has ended without."""
        try:
            process = await _started(command, self._claimed(run))
            _, said, told = piped(process)
            output = asyncio.create_task(said.read())
            async for event in _events(told):
                if event.get("step") in (*FIRST, run) and not answer.done():
                    answer.set_result(Answer(202, JSON, b""))
            document = await output
            status = await process.wait()
            if not answer.done():
                answer.set_result(_ended(status, document))
        except OSError as failure:  # no process can be started
            answer.set_result(_ended(failure.errno or 1, b""))
        finally:
            del self._begun[run]


TELLING = ("-o", "json", "--log", "json")


def applying(run: str, document: Mapping[str, Any]) -> Command:
    """The command of a run, by the document of its request."""
    options = [*_options(document), "--run", run, "--yes", *TELLING, "--network", "-"]
    return Command(("apply", *options, "--", document["host"]), _definition(document))


def undoing(run: str, document: Mapping[str, Any]) -> Command:
    """The command of a run that takes another one back, by the document of its request."""
    return Command(("undo", *_options(document), "--run", run, "--yes", *TELLING, "--", document["undoes"]))


def confirming(run: str) -> Command:
    """The command by which the change of a run is kept."""
    return Command(("confirm", "-o", "json", "--", run))


def resuming(run: str) -> Command:
    """The command that goes on with an interrupted run."""
    return Command(("resume", *TELLING, "--", run))


def rolling_out(name: str, document: Mapping[str, Any]) -> Command:
    """The command of a rollout, by the document of its request."""
    options = [*_options(document), "--name", name, "--yes", *TELLING, "--network", "-"]
    # Hosts by name are an inventory, too: in a list of lines an address in brackets would be a group.
    named = {host: {"mgmtnet_target": host} for host in document.get("hosts", ())}
    text = document.get("inventory") or json.dumps({"all": {"hosts": named}})
    return Command(("rollout", "start", *options), _definition(document), text.encode())


def resuming_rollout(name: str, rules: str) -> Command:
    """The command that goes on with a rollout that was planned by ``rules``."""
    return Command(("rollout", "resume", f"--rules={rules}", *TELLING, "--", name))


def _definition(document: Mapping[str, Any]) -> bytes:
    wanted = document["definition"]
    return (wanted if isinstance(wanted, str) else json.dumps(wanted)).encode()


# What a request calls otherwise than the command its option; and what is no option, or no member of every request.
RENAMED = {"addresses": "address", "ruleset": "rules", "faults": "fault", "probes": "probe"}
NO_OPTION = frozenset(("capture", "definition", "host", "hosts", "inventory", "undoes"))


def _options(document: Mapping[str, Any]) -> list[str]:
    """The members of a request as the options of the same name that the command has."""
    options = list[str]()
    for member in sorted(document.keys() - NO_OPTION):
        option, value = f"--{RENAMED.get(member, member).replace('_', '-')}", document[member]
        if isinstance(value, bool):
            options += [option] if value else []
        else:
            stated = value if isinstance(value, list) else [value]
            options += [f"{option}={_plain(one)}" for one in stated]
    return options


def _plain(value: Any) -> str:
    """As the command reads it: to JSON 10.0 is an integer, too."""
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


async def _started(command: Command, claim: int | None = None) -> asyncio.subprocess.Process:
    """A process of the command, in a session of its own: it goes on when the service ends. It gets the ``claim``."""
    with TemporaryFile() as hosts:
        hosts.write(command.hosts)
        hosts.flush()
        try:
            process = await asyncio.create_subprocess_exec(
                *(*COMMAND, *command.arguments, *((f"--hosts=/dev/fd/{hosts.fileno()}",) if command.hosts else ())),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=LONGEST_LINE,
                start_new_session=True,
                pass_fds=[hosts.fileno(), *(() if claim is None else (claim,))],
            )
        finally:
            if claim is not None:
                os.close(claim)
    writer = piped(process)[0]
    with suppress(OSError):  # it has ended without reading
        writer.write(command.stdin)
        await writer.drain()
    writer.close()
    return process


async def answered(command: Command) -> Answer:
    """What a command answers that is soon at its end."""
    try:
        process = await _started(command)
        document, _ = await process.communicate()
    except OSError as failure:  # no process can be started
        return _ended(failure.errno or 1, b"")
    return _ended(process.returncode or 0, document)


async def _events(stream: asyncio.StreamReader | None) -> AsyncIterator[dict[str, Any]]:
    """The lines of JSON that a command tells of itself."""
    if stream is None:
        return
    async for line in stream:
        with suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict):
                yield found


def _ended(status: int, said: bytes) -> Answer:
    """The answer of a command that ended before it began a run: a plan that refuses, a report, or problems."""
    try:
        document = json.loads(said)
    except ValueError:
        told = Problem("run-failed", f"the command ended with the status {status}", "see the service's own log")
        return problem_answer(500, [told])
    if document.get("format") == "mgmtnet/problems@1":
        problems = [Problem(one["code"], one["message"], one["hint"], one["severity"]) for one in document["problems"]]
        held = any(one.code in HELD for one in problems)
        return problem_answer(409 if held else 422, problems)
    return Answer(200, JSON, json_text(document).encode() + b"\n")


# Rehearsals.


@contextmanager
def _written(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The capture and the definition as files, for as long as a rehearsal takes."""
    with TemporaryDirectory(prefix="mgmtnet-") as folder:
        paths = []
        for name in ("capture", "definition"):
            value = document.get(name, {})
            path = os.path.join(folder, name)
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(value if isinstance(value, str) else json.dumps(value))
            paths.append(path)
        yield paths[0], paths[1]


async def rehearsed(document: Mapping[str, Any]) -> AsyncIterator[Event]:
    """The events of a rehearsal as they come, the report last."""
    with _written(document) as (capture, definition):
        played = {"speed": 20} | {name: value for name, value in document.items() if name != "reboot"}
        options = [*_options(played), *TELLING, *(() if document.get("reboot", True) else ("--reboot=none",))]
        process = await _started(Command(("rehearse", *options, "--network", definition, "--", capture)))
        _, said, told = piped(process)
        output = asyncio.create_task(said.read())
        number = 0
        try:
            async for event in _events(told):
                number += 1
                yield Event(str(number), str(event.get("kind", "said")), event)
            with suppress(ValueError):
                found = json.loads(await output)
                kind = str(found.get("format", "report")).partition("/")[2].partition("@")[0] or "report"
                yield Event(str(number + 1), kind, found)
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
