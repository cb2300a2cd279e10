"""Changing hosts over HTTP: runs and rollouts, each begun once for an Idempotency-Key and followed; and rehearsals."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from planner.printing import json_text, printable
from planner.service.access import Caller
from planner.service.contract import EVENTS, JSON, MOST_LISTED
from planner.service.request import Refused, allowed, json_body, want_room
from planner.service.runs import (
    MOST_REHEARSALS,
    Command,
    Event,
    Runs,
    answered,
    applying,
    confirming,
    rehearsed,
    resuming,
    resuming_rollout,
    rolling_out,
    run_name,
    undoing,
)
from planner.service.workers import Frame, Pool, WorkerFailed

# Open streams of events, each a connection and a task.
MOST_STREAMS = 256
# Seconds between two looks at the journal while somebody follows a run; VDSM's steps take seconds.
LOOK = 1.0
# Seconds until what has begun is looked for again in the journal.
WRITTEN_WITHIN = 0.1
Audit = Callable[[Mapping[str, Any]], None]


class Kind(NamedTuple):
    """A run or a rollout: what one and all are called, and the states it ends in.

    ``call``: by which one is begun; ``command``: that of the process which it is then.
    """

    one: str
    many: str
    call: str
    command: Callable[[str, Mapping[str, Any]], Command]
    ended: tuple[str, ...]


RUN = Kind("run", "runs", "runs", applying, ("ended",))
UNDOING = RUN._replace(call="undo", command=undoing)
ROLLOUT = Kind("rollout", "rollouts", "rollouts", rolling_out, ("done", "failed", "stopped"))


class Changing:
    """The calls that change hosts, or play it."""

    def __init__(self, planners: Pool, runs: Runs | None, journal: Pool | None, audit: Audit) -> None:
        """``runs``, ``journal``: None where changing hosts is turned off."""
        self._planners, self._runs, self._journal, self._audit = planners, runs, journal, audit
        self._streams = self._rehearsals = 0

    def routes(self) -> Iterator[Route]:
        """Where they are called."""
        yield Route("/v1/rehearse", self.rehearse, methods=["POST"])
        for kind, events in ((RUN, self._steps), (ROLLOUT, self._news)):
            yield Route(f"/v1/{kind.many}", self._every(kind), methods=["GET", "POST"])
            yield Route(f"/v1/{kind.many}/{{id}}", self._one(kind))
            yield Route(f"/v1/{kind.many}/{{id}}/events", self._follow(kind, events))
        yield Route("/v1/runs/{id}/confirm", self.confirm, methods=["POST"])
        yield Route("/v1/runs/{id}/undo", self.undo, methods=["POST"])
        for asked in ("pause", "stop"):
            yield Route(f"/v1/rollouts/{{id}}/{asked}", self._ask(asked), methods=["POST"])
        yield Route("/v1/rollouts/{id}/resume", self.resume, methods=["POST"])
        yield Route("/v1/rollouts/{id}/hosts/{host:path}", self.host)

    async def go_on(self) -> None:
        """Go on with what this service began, and what was interrupted with it."""
        if self._runs is None:
            return
        with suppress(WorkerFailed, Refused):
            found = json.loads((await self._asked("runs")).body)
            running = (run["run"] for run in found.get("runs", ()) if run["state"] == "running")
            commands = [(run, resuming(run)) for run in self._runs.interrupted(running)]
            found = json.loads((await self._asked("rollouts")).body)
            going = (one["name"] for one in found.get("rollouts", ()) if one["asked"] == "go" and not one["ended"])
            for name in self._runs.interrupted(going):
                document = json.loads((await self._asked("rollout", name=name)).body)
                commands.append((name, resuming_rollout(name, document["rules"]["name"])))
            await asyncio.gather(*(self._runs.go_on(*command) for command in commands))

    # Rehearsals.

    async def rehearse(self, request: Request) -> Response:
        """The events of a rehearsal, as they come."""
        allowed(request, "rehearse")
        document = await self._valid(request, "rehearse")
        want_room(self._rehearsals, MOST_REHEARSALS, "rehearsals")

        async def played() -> AsyncIterator[Event]:
            self._rehearsals += 1
            try:
                async for event in rehearsed(document):
                    yield event
            finally:
                self._rehearsals -= 1

        return self._streamed(played())

    # What runs and rollouts have in common.

    def _every(self, kind: Kind) -> Callable[[Request], Any]:
        """Every one; or begin one."""

        async def every(request: Request) -> Response:
            caller, runs = self._may(request)
            if request.method == "POST":
                return await self._begun(kind, request, caller, runs)
            return _sent(await self._asked(kind.many, **_newest(request)))

        return every

    async def _begun(self, kind: Kind, request: Request, caller: Caller, runs: Runs, **about: str) -> Response:
        """One that is begun, once for each Idempotency-Key; ``about``: what of the request its path says."""
        key = request.headers.get("idempotency-key", "")
        if not 8 <= len(key) <= 200 or not key.isascii() or not key.isprintable() or " " in key:
            hint = "8 to 200 characters, no blank, new for each change: with the same key nothing is begun twice"
            told = "this is no Idempotency-Key" if key else f"a {kind.one} needs an Idempotency-Key"
            raise Refused(400, "key-needed", told, hint)
        document = await self._valid(request, kind.call) | about
        asked = sha256(json_text(document, None).encode()).hexdigest()
        name = run_name(key, caller.name)
        known = runs.known(name, asked)
        if known is not None:
            raise Refused(409, known.code, known.message, known.hint)
        found = await self._found(kind, name)
        if found.head["status"] == 404:
            answer = await runs.begin(name, kind.command(name, document), asked)
            about |= {"host": document["host"]} if "host" in document else {}
            self._noted(
                caller,
                "undo" if kind is UNDOING else "begin",
                answer.status if answer is not None else 202,
                {kind.one: name, **about},
            )
            if answer is not None:
                return Response(answer.body, answer.status, media_type=answer.media)
            found = await self._found(kind, name)
        return _standing(kind, name, found)

    def _one(self, kind: Kind) -> Callable[[Request], Any]:
        async def one(request: Request) -> Response:
            self._may(request)
            return _sent(await self._found(kind, request.path_params["id"]))

        return one

    def _follow(self, kind: Kind, events: Callable[[str, int], AsyncIterator[Event]]) -> Callable[[Request], Any]:
        """Events as they come; Last-Event-ID takes them up where a stream broke off."""

        async def follow(request: Request) -> Response:
            self._may(request)
            name, last = request.path_params["id"], request.headers.get("last-event-id", "0")
            first = await self._found(kind, name)
            if first.head["status"] != 200:
                return _sent(first)
            return self._streamed(events(name, int(last[:18]) if last.isascii() and last.isdecimal() else 0))

        return follow

    async def _steps(self, run: str, seen: int) -> AsyncIterator[Event]:
        """The steps of a run, each by its number."""
        async for found in self._looks("run", run):
            for number, step in enumerate(found["steps"][seen:], seen + 1):
                yield Event(str(number), "step", step)
            seen = max(seen, len(found["steps"]))
            if found["state"] == "ended":
                yield Event("", "ended", {name: found[name] for name in ("run", "host", "standing")})
                return

    async def _news(self, name: str, seen: int) -> AsyncIterator[Event]:
        """The hosts of a rollout as they change, each by the number of the change; and how all stand, if that does."""
        told: Mapping[str, Any] = {}
        since = [seen]
        async for found in self._looks("rollout_news", name, since):
            for change in found["changes"]:
                since[0] = change["changed"]
                yield Event(str(since[0]), "host", change["host"])
            if found["summary"] != told:
                told = found["summary"]
                yield Event("", "rollout", told)
            if told["state"] in ROLLOUT.ended:
                yield Event("", "ended", {"rollout": name, "state": told["state"]})
                return

    async def _looks(self, call: str, name: str, since: list[int] | None = None) -> AsyncIterator[dict[str, Any]]:
        """What is found, again and again; what cannot be read, another look may read."""
        while True:
            with suppress(WorkerFailed):
                frame = await self._asked(call, name=name, **({"since": since[0]} if since is not None else {}))
                if frame.head["status"] == 200:
                    yield json.loads(frame.body)
            await asyncio.sleep(LOOK)

    # What is asked of a run alone.

    async def confirm(self, request: Request) -> Response:
        """Keep the change of a run that asks for it."""
        caller, _ = self._may(request)
        run = request.path_params["id"]
        found = await self._found(RUN, run)
        if found.head["status"] != 200:
            return _sent(found)
        answer = await answered(confirming(run))
        self._noted(caller, "confirm", answer.status, {"run": run})
        if answer.status != 200:
            return Response(answer.body, answer.status, media_type=answer.media)
        return _sent(await self._found(RUN, run))

    async def undo(self, request: Request) -> Response:
        """Take back what a run has changed, by a run of its own."""
        caller, runs = self._may(request)
        undone = request.path_params["id"]
        found = await self._found(RUN, undone)
        if found.head["status"] != 200:
            return _sent(found)
        return await self._begun(UNDOING, request, caller, runs, undoes=undone)

    # What is asked of a rollout alone.

    def _ask(self, asked: str) -> Callable[[Request], Any]:
        async def ask(request: Request) -> Response:
            caller, _ = self._may(request)
            return await self._told(request, caller, asked)

        return ask

    async def resume(self, request: Request) -> Response:
        """Go on with a rollout: by the process that is at work on it, else by a new one."""
        caller, runs = self._may(request)
        name = request.path_params["id"]
        found = await self._found(ROLLOUT, name)
        if found.head["status"] != 200:
            return _sent(found)
        if runs.at_work(name) and json.loads(found.body)["state"] not in ROLLOUT.ended:
            return await self._told(request, caller, "go")
        answer = await runs.go_on(name, resuming_rollout(name, json.loads(found.body)["rules"]["name"]))
        refused = answer is not None and answer.media != JSON  # one that had nothing left to do tells how it ended
        self._noted(caller, "resume", answer.status if answer is not None and refused else 202, {"rollout": name})
        if answer is not None and refused:
            return Response(answer.body, answer.status, media_type=answer.media)
        return _standing(ROLLOUT, name, await self._found(ROLLOUT, name))

    async def _told(self, request: Request, caller: Caller, asked: str) -> Response:
        name = request.path_params["id"]
        found = await self._asked("rollout_ask", name=name, asked=asked)
        self._noted(caller, "resume" if asked == "go" else asked, found.head["status"], {"rollout": name})
        return _sent(found)

    async def host(self, request: Request) -> Response:
        """One host of a rollout: how it stands, its run and report; or its drawing."""
        self._may(request)
        about = {"name": request.path_params["id"], "host": request.path_params["host"]}
        return _sent(await self._asked("rollout_host", accept=request.headers.get("accept", ""), **about))

    # How they are asked.

    def _may(self, request: Request) -> tuple[Caller, Runs]:
        caller = allowed(request, "apply")
        if self._runs is None:
            raise Refused(501, "runs-disabled", "runs on real hosts are not enabled here", "serve --runs enables them")
        return caller, self._runs

    async def _asked(self, call: str, **about: Any) -> Frame:
        assert self._journal is not None, "runs have a journal"  # noqa: S101
        return await self._journal.ask({"call": call, **about})

    async def _found(self, kind: Kind, name: str) -> Frame:
        """What the journal has of one; of one that was just begun it has something in a moment."""
        while True:
            found = await self._asked(kind.one, name=name)
            if found.head["status"] != 404 or self._runs is None or not self._runs.under_way(name):
                return found
            await asyncio.sleep(WRITTEN_WITHIN)

    async def _valid(self, request: Request, call: str) -> dict[str, Any]:
        """The document of a request that no worker answers, held against its schema."""
        frame = await self._planners.ask({"call": "validate", "of": call}, await json_body(request))
        if frame.head["status"] != 200:
            failed = Refused(frame.head["status"], "request-invalid", "")
            failed.body = frame.body
            raise failed
        document: dict[str, Any] = json.loads(frame.body)
        return document

    def _noted(self, caller: Caller, what: str, status: int, about: Mapping[str, str]) -> None:
        self._audit({"time": round(time.time(), 3), "caller": caller.name, "what": what, **about, "status": status})

    def _streamed(self, events: AsyncIterator[Event]) -> Response:
        want_room(self._streams, MOST_STREAMS, "streams")

        async def stream() -> AsyncIterator[bytes]:
            self._streams += 1
            try:
                async for event in events:
                    yield event.sent()
            finally:
                self._streams -= 1

        return StreamingResponse(stream(), media_type=EVENTS, headers={"Cache-Control": "no-store"})


def _newest(request: Request) -> dict[str, int]:
    """How many are asked for."""
    stated = request.query_params.get("newest")
    if stated is None:
        return {}
    if not (stated.isascii() and stated.isdecimal() and 1 <= int(stated[:9]) <= MOST_LISTED):
        hint = f"1 to {MOST_LISTED}; without it every one is answered"
        raise Refused(422, "request-invalid", f"newest={printable(stated[:80])} is no number of runs", hint)
    return {"newest": int(stated)}


def _sent(frame: Frame) -> Response:
    return Response(frame.body, frame.head["status"], media_type=frame.head["media"])


def _standing(kind: Kind, name: str, found: Frame) -> Response:
    """How one stands that was to be begun or gone on with, and whether that is its end."""
    if found.head["status"] != 200:
        return _sent(found)
    status = 200 if json.loads(found.body)["state"] in kind.ended else 202
    return Response(found.body, status, {"Location": f"/v1/{kind.many}/{name}"}, JSON)


def audit_into(path: str) -> Audit:
    """What writes a line for each change that was asked for; who may read it is the owner's business."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(told: Mapping[str, Any]) -> None:
        os.write(handle, json_text(told, None).encode() + b"\n")

    return write
