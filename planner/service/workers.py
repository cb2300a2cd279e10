"""Warm processes that answer requests: one that dies or hangs costs one request, and is replaced.

A worker reads frames from its standard input and writes frames to its standard output: a head in JSON and a body, each
after its length. ``python -m planner.service.workers KIND`` is one.
"""

import asyncio
import ctypes
import gc
import json
import os
import resource
import signal
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, BinaryIO, Literal, NamedTuple

Kind = Literal["plan", "author", "journal"]
LENGTHS = struct.Struct("!II")
# Seconds for one answer, where nothing else is said. A plan takes milliseconds, the largest host, an advice and the
# goldens by other rules some seconds: shorter fails those, longer keeps a caller waiting for a process that hangs.
PATIENCE: dict[Kind, float] = {"plan": 30.0, "author": 60.0, "journal": 30.0}
# For what the solver is asked of a whole ruleset, which takes a minute for the shipped rules.
PATIENCE_OF_PROOFS = 300.0
# Seconds to wait for a free worker; longer, and a caller that has given up is still answered.
FREE_WITHIN = 10.0
# Seconds for a process to be ready; z3 and DBOS take one of an idle machine.
READY_WITHIN = 60.0
# Seconds after which a process that could not be started is tried anew.
AGAIN_AFTER = 2.0
# Seconds for an idle process to end by itself; one that is at work is killed then.
END_WITHIN = 2.0
# What rules of a request may use: the solver needs 0.6 GB for the shipped rules.
MOST_MEMORY = 3 << 30  # bytes of address space
MOST_SECONDS = 300  # of processor
DEATH_OF_PARENT = 1  # PR_SET_PDEATHSIG


class WorkerFailed(Exception):  # noqa: N818  what happened to a request, not whose fault it is
    """A request was not answered: the process died ("lost"), was stopped ("late"), or none was free ("busy")."""

    def __init__(self, kind: Literal["lost", "late", "busy"]) -> None:
        """Say which."""
        super().__init__(kind)
        self.kind = kind


class Frame(NamedTuple):
    """What goes between the service and a worker."""

    head: Mapping[str, Any]
    body: bytes


def packed(frame: Frame) -> bytes:
    """The bytes of a frame."""
    head = json.dumps(frame.head).encode()
    return LENGTHS.pack(len(head), len(frame.body)) + head + frame.body


def piped(
    process: asyncio.subprocess.Process,
) -> tuple[asyncio.StreamWriter, asyncio.StreamReader, asyncio.StreamReader | None]:
    """The pipes to and from a process that was started with them; the last is that of its standard error."""
    if process.stdin is None or process.stdout is None:
        msg = "a process was started without pipes"
        raise RuntimeError(msg)
    return process.stdin, process.stdout, process.stderr


class Worker:
    """One process."""

    def __init__(
        self, process: asyncio.subprocess.Process, requests: asyncio.StreamWriter, answers: asyncio.StreamReader
    ) -> None:
        """Take over a process that was started, and its pipes."""
        self.process, self._requests, self._answers = process, requests, answers
        self.killed = False

    @classmethod
    async def started(cls, kind: Kind) -> "Worker":
        """Start a process, and wait until it is warm."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", __name__, kind),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 20,
        )
        worker = cls(process, *piped(process)[:2])
        await worker._within(READY_WITHIN, worker._read())
        return worker

    async def ask(self, frame: Frame, patience: float) -> Frame:
        """Its answer; WorkerFailed where it does not come, and then the process is gone."""
        return await self._within(patience, self._exchange(frame))

    async def _within(self, patience: float, work: Any) -> Frame:
        try:
            async with asyncio.timeout(patience):
                answer: Frame = await work
                return answer
        except TimeoutError:
            self.kill()
            raise WorkerFailed("late") from None  # noqa: EM101  its kind, no message
        except (asyncio.IncompleteReadError, OSError):
            self.kill()
            raise WorkerFailed("lost") from None  # noqa: EM101  its kind, no message
        except BaseException:  # the caller has gone: what is half read serves nobody
            self.kill()
            raise

    async def _exchange(self, frame: Frame) -> Frame:
        self._requests.write(packed(frame))
        await self._requests.drain()
        return await self._read()

    async def _read(self) -> Frame:
        head, body = LENGTHS.unpack(await self._answers.readexactly(LENGTHS.size))
        told = await self._answers.readexactly(head)
        return Frame(json.loads(told), await self._answers.readexactly(body))

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self.process.returncode is None and not self.killed

    async def end(self) -> None:
        """Tell it that nobody asks any more; kill it where it does not hear."""
        self._requests.close()
        try:
            async with asyncio.timeout(END_WITHIN):
                await self.process.wait()
        except TimeoutError:
            self.kill()
            await self.process.wait()

    def kill(self) -> None:
        """End it."""
        self.killed = True
        with suppress(ProcessLookupError):
            self.process.kill()


class Pool:
    """So many warm workers of a kind; those of an ``author`` serve once: nothing of a stranger's rules stays."""

    def __init__(self, kind: Kind, count: int, patience: float = 0.0) -> None:
        """Begin without any."""
        self.kind, self.count, self.patience = kind, count, patience or PATIENCE[kind]
        self.free: asyncio.Queue[Worker] = asyncio.Queue()
        self.replaced = 0
        self._starting = set[asyncio.Task[None]]()
        self._all = set[Worker]()

    async def start(self) -> None:
        """Start every worker at once; those of an author only when somebody asks for the first time."""
        if self.kind != "author":
            await asyncio.gather(*(self._add() for _ in range(self.count)))

    async def ask(self, head: Mapping[str, Any], body: bytes = b"", patience: float = 0.0) -> Frame:
        """Have some worker answer; WorkerFailed where none does."""
        worker = await self._next()
        served = asyncio.create_task(self._served(worker, Frame(head, body), patience or self.patience))
        if self.kind == "author":  # it ends with who asked
            return await served
        served.add_done_callback(lambda task: task.cancelled() or task.exception())  # perhaps nobody asks any more
        return await asyncio.shield(served)

    async def _served(self, worker: Worker, frame: Frame, patience: float) -> Frame:
        try:
            return await worker.ask(frame, patience)
        finally:
            if self.kind == "author" or not worker.alive:
                self._replace(worker)
            else:
                self.free.put_nowait(worker)

    async def _next(self) -> Worker:
        if not self._all and not self._starting:
            for _ in range(self.count):
                self._start_another()
        try:
            async with asyncio.timeout(FREE_WITHIN if self._all else READY_WITHIN):
                while True:
                    worker = await self.free.get()
                    if worker.alive:
                        return worker
                    self._replace(worker)
        except TimeoutError:
            raise WorkerFailed("busy") from None  # noqa: EM101  its kind, no message

    def _replace(self, worker: Worker) -> None:
        worker.kill()
        self._all.discard(worker)
        self.replaced += self.kind != "author"
        self._start_another()

    def _start_another(self) -> None:
        task = asyncio.create_task(self._again())
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _again(self) -> None:
        """Start another one; what stands in the way may go (a machine without memory), so this does not give up."""
        while True:
            try:
                return await self._add()
            except (WorkerFailed, OSError):
                await asyncio.sleep(AGAIN_AFTER)

    async def _add(self) -> None:
        worker = await Worker.started(self.kind)
        self._all.add(worker)
        self.free.put_nowait(worker)

    @property
    def warm(self) -> int:
        """How many there are to ask, those at work among them."""
        return sum(worker.alive for worker in self._all)

    async def stop(self) -> None:
        """End every worker."""
        for task in self._starting:
            task.cancel()
        await asyncio.gather(*(worker.end() for worker in self._all))


# The other side: the process itself.


def serve(kind: Kind) -> None:
    """Answer frames until there is nobody who sends any."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # whatever else is printed must not stand among the answers
    _end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if kind == "author":
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    _warm(kind)
    _send(answers, Frame({"ready": True}, b""))
    while (frame := _received(requests)) is not None:
        _send(answers, _answer(kind, frame))


def _end_with_parent() -> None:
    """Have the kernel end this process with the one that asks, however that ends."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(DEATH_OF_PARENT, signal.SIGKILL)


def _warm(kind: Kind) -> None:
    """Import and make what the first request would wait for."""
    if kind == "journal":
        from planner.apply.journal import load

        load()
    else:
        from planner.service.answers import planner_of
        from planner.service.contract import schema

        planner_of("ovirtmgmt")
        schema()
    if kind == "author":
        import planner.authoring.check
        import planner.authoring.compare
        from planner.proof import has_solver

        if has_solver():
            import planner.proof.anomalies  # noqa: F401
    gc.freeze()


def _received(stream: BinaryIO) -> Frame | None:
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    head, body = LENGTHS.unpack(lengths)
    return Frame(json.loads(stream.read(head)), stream.read(body))


def _send(stream: BinaryIO, frame: Frame) -> None:
    stream.write(packed(frame))
    stream.flush()


def _answer(kind: Kind, frame: Frame) -> Frame:
    head = frame.head
    try:
        if head["call"] == "lines":
            from planner.service.answers import answer_lines

            body, outcomes = answer_lines(frame.body.split(b"\n"))
            return Frame({"status": 200, "outcomes": outcomes}, body)
        if kind == "journal":
            from planner.service.journal import answer_of_journal

            found = answer_of_journal(head)
        elif head["call"] == "validate":
            from planner.service.answers import valid

            found = valid(head["of"], frame.body)
        else:
            from planner.service.answers import answer

            found = answer(head["call"], frame.body, accept=head.get("accept", ""), etag=head.get("etag", ""))
    except Exception as fault:  # noqa: BLE001  one request must not cost the next one its worker
        return _fault(fault)
    told = {"status": found.status, "media": found.media, "decision": found.decision, "etag": found.etag}
    return Frame(told | {"told": dict(found.told)}, found.body)


def _fault(fault: Exception) -> Frame:
    from planner.problem import Problem
    from planner.service.answers import problem_document
    from planner.service.contract import PROBLEM

    if isinstance(fault, MemoryError):
        told = Problem("request-too-large", "the request needs more memory than it may have", "ask for less at once")
        return Frame({"status": 413, "media": PROBLEM}, problem_document(413, [told]))
    told = Problem(
        "internal-fault",
        f"{type(fault).__name__}: {fault}",
        "please report it with the request; the service goes on",
    )
    return Frame({"status": 500, "media": PROBLEM}, problem_document(500, [told]))


if __name__ == "__main__":
    serve(sys.argv[1])  # type: ignore[arg-type]  # the service starts it, by a kind
