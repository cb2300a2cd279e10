"""The HTTP side: who asks is looked at, bodies are read within limits, and workers answer."""

import asyncio
import json
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from planner.printing import json_text, printable
from planner.problem import Problem
from planner.service.access import ANYBODY, NOBODY, Caller, Rate, Tokens
from planner.service.answers import problem_document
from planner.service.contract import EVENTS, JSON, LINES, PROBLEM, openapi
from planner.service.decisions import ID, Decision, Decisions
from planner.service.metrics import Metrics
from planner.service.runs import MOST_REHEARSALS, Event, Runs, rehearsed, run_name
from planner.service.workers import PATIENCE_OF_PROOFS, Frame, Pool, WorkerFailed

# Bytes of a request. The largest host known reports 2 MB: less turns hosts away, more fills the memory of workers.
LARGEST_BODY = 32 << 20
# Seconds between two parts of a body, and for all of one that is no stream: slower ones hold a connection for nothing.
PART_WITHIN, BODY_WITHIN = 20.0, 60.0
# Lines of a stream that one worker answers in one go: fewer, and the wire costs as much as planning; more, and the
# first answer comes late.
LINES_AT_ONCE, BYTES_AT_ONCE = 32, 1 << 20
# Bytes of answers that wait for a client: in memory, and then on the disk; 100,000 hosts are 400 MB. Less, and a client
# that sends them all before it reads waits for ever; more, and one that never reads fills the disk.
MOST_IN_MEMORY, MOST_KEPT = 16 << 20, 2 << 30
# Open streams of events, each a connection and a task.
MOST_STREAMS = 256
# Seconds between two looks at the journal while somebody follows a run; VDSM's steps take seconds.
LOOK = 1.0
# Seconds until a run that has begun is looked for again in the journal.
WRITTEN_WITHIN = 0.1
UNREAD: Mapping[str, Any] = {"steps": (), "state": "unread"}
OPEN = ("/healthz", "/readyz", "/openapi.json", "/")
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; font-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
FAILED = {
    "lost": (
        503,
        "worker-lost",
        "the process that answered has died",
        "try again; if it dies again, report the request",
    ),
    "late": (504, "too-late", "the answer took too long, and was given up", "ask for less at once"),
    "busy": (503, "service-busy", "every worker is at work", "try again in some seconds"),
}


@dataclass
class Service:
    """What the service is given, and what it holds while it runs."""

    names: frozenset[str]
    planners: Pool
    authors: Pool
    tokens: Tokens | None = None
    anybody: Caller = ANYBODY
    rate: Rate = field(default_factory=lambda: Rate(1000.0))
    decisions: Decisions | None = None
    runs: Runs | None = None
    journal: Pool | None = None
    audit: Callable[[Mapping[str, Any]], None] = lambda _: None
    metrics: Metrics = field(default_factory=Metrics)
    streams: int = 0
    rehearsals: int = 0


class Refused(Exception):  # noqa: N818  an answer, and no fault
    """A request is answered by a problem document."""

    def __init__(self, status: int, code: str, message: str, hint: str = "", **headers: str) -> None:
        """The status, and what the document says."""
        super().__init__(message)
        self.status, self.headers = status, {name.replace("_", "-"): value for name, value in headers.items()}
        self.body = problem_document(status, [Problem(code, message, hint)])

    def response(self) -> Response:
        """As it is sent."""
        return Response(self.body, self.status, self.headers, PROBLEM)


class Guard:
    """What is asked of every request before anything else: its host, its origin, its caller, how often it asks."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        """Stand before ``app``."""
        self.app, self.service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, statuses = time.perf_counter(), list[int]()

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
                added = [(name.lower().encode(), value.encode()) for name, value in SECURITY.items()]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        try:
            scope["caller"] = self._caller(scope, Headers(scope=scope))
            await self.app(scope, receive, guarded)
        except Refused as refused:
            await refused.response()(scope, receive, guarded)
        finally:
            route = scope.get("route")
            path = route.path if isinstance(route, Route) else "other"
            self.service.metrics.request(path, statuses[0] if statuses else 499, time.perf_counter() - began)

    def _caller(self, scope: Scope, headers: Headers) -> Caller:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self.service.names:
            raise Refused(421, "host-unknown", "this service is not called so", "serve --host-name NAME adds a name")
        origin = headers.get("origin")
        if origin is not None and origin != f"{scope['scheme']}://{hosts[0].lower()}":
            raise Refused(
                403, "origin-foreign", "a page of another site may not ask here", "open the service's own page"
            )
        caller = self._known(scope, headers.getlist("authorization"))
        wait = self.service.rate.wait(caller.name)
        if wait:
            raise Refused(
                429, "too-many-requests", "too many requests", "Retry-After says when", Retry_After=str(int(wait) + 1)
            )
        return caller

    def _known(self, scope: Scope, stated: list[str]) -> Caller:
        tokens, peer = self.service.tokens, scope.get("state", {}).get("peer", "")
        if tokens is None:
            return self.service.anybody._replace(name=peer) if peer else self.service.anybody
        if (not stated and scope["path"] in OPEN) or scope["path"].startswith("/page/"):
            return NOBODY
        if not stated and peer in tokens.holders:
            return tokens.holders[peer]
        scheme, _, token = (stated[0] if len(stated) == 1 else "").partition(" ")
        caller = tokens.caller(token.strip()) if scheme.lower() == "bearer" else None
        if caller is None:
            raise Refused(
                *(401, "token-needed", "a token is needed", "send it as `Authorization: Bearer TOKEN`"),
                WWW_Authenticate="Bearer",
            )
        return caller


def application(service: Service) -> ASGIApp:
    """The whole application."""

    @asynccontextmanager
    async def alive(_: Starlette) -> AsyncIterator[None]:
        pools = [pool for pool in (service.planners, service.authors, service.journal) if pool is not None]
        await asyncio.gather(*(pool.start() for pool in pools))
        going_on = asyncio.create_task(_go_on(service))
        try:
            yield
        finally:
            going_on.cancel()
            await asyncio.gather(*(pool.stop() for pool in pools))

    return Guard(Starlette(routes=list(_routes(service)), lifespan=alive, exception_handlers=_handlers()), service)


def _handlers() -> dict[Any, Any]:
    async def refused(_: Request, failure: Refused) -> Response:
        return failure.response()

    async def absent(request: Request, _: Exception) -> Response:
        told = f"there is no {printable(request.url.path)[:100]}"
        return Refused(404, "not-found", told, "GET /openapi.json lists the calls").response()

    async def unmeant(_: Request, failure: Exception) -> Response:
        allowed = getattr(failure, "headers", None) or {}
        return Refused(405, "method-unmeant", "that method means nothing here", "", **allowed).response()

    async def failed(_: Request, failure: WorkerFailed) -> Response:
        return Refused(*FAILED[failure.kind], Retry_After="2").response()

    return {Refused: refused, 404: absent, 405: unmeant, WorkerFailed: failed}


def _routes(service: Service) -> Iterator[Route]:
    answering = Answering(service)
    for call in ("plan", "why", "why-not", "facts", "diff", "draw", "advise"):
        yield Route(f"/v1/{call}", answering.about_a_host(call.replace("-", "_")), methods=["POST"])
    for call in ("check", "test", "prove"):
        yield Route(f"/v1/rules/{call}", answering.about_rules(f"rules_{call}"), methods=["POST"])
    yield Route("/v1/rulesets", answering.look("rulesets"))
    yield Route("/v1/rules", answering.look("rules"))
    yield Route("/v1/rules/{id}", answering.look("rule", id="rule"))
    yield Route("/v1/invariants", answering.look("invariants"))
    yield Route("/v1/schemas/{name}", answering.look("schema", name="name"))
    yield Route("/v1/goldens", answering.look("goldens"))
    yield Route("/v1/goldens/{name}", answering.look("golden", name="golden"))
    yield Route("/v1/decisions/{id}", answering.decision)
    yield Route("/v1/rehearse", answering.rehearse, methods=["POST"])
    yield Route("/v1/runs", answering.runs, methods=["GET", "POST"])
    yield Route("/v1/runs/{id}", answering.run)
    yield Route("/v1/runs/{id}/events", answering.follow)
    yield Route("/", page)
    yield Route("/page/{name}", page)
    yield Route("/healthz", answering.health)
    yield Route("/readyz", answering.ready)
    yield Route("/metrics", answering.metrics)
    yield Route("/openapi.json", answering.openapi)


async def _go_on(service: Service) -> None:
    """Go on with the runs that this service began, and that were interrupted with it."""
    if service.runs is None or service.journal is None:
        return
    with suppress(WorkerFailed):
        found = json.loads((await service.journal.ask({"call": "runs"})).body)
        running = (run["run"] for run in found.get("runs", ()) if run["state"] == "running")
        for run in service.runs.interrupted(running):
            service.runs.go_on(run)


class Answering:
    """The calls."""

    def __init__(self, service: Service) -> None:
        """Answer for ``service``."""
        self.service = service
        self.document = json_text(openapi()).encode() + b"\n"

    # What is planned, and said of plans.

    def about_a_host(self, call: str) -> Callable[[Request], Awaitable[Response]]:
        """A call about a captured host."""

        async def answer(request: Request) -> Response:
            _allowed(request, "plan")
            if call == "plan" and _media(request) == LINES:
                return _Lines(self._lines(request))
            body = await _json_body(request)
            head = {"call": call, "accept": request.headers.get("accept", "")}
            return await self._told(await self.service.planners.ask(head, body), body if call == "plan" else b"")

        return answer

    async def _told(self, frame: Frame, request: bytes = b"") -> Response:
        head = frame.head
        self.service.metrics.told(head.get("told", {}))
        headers = {"Mgmtnet-Decision": head["decision"]} if head.get("decision") else {}
        if head.get("etag"):
            headers |= {"ETag": head["etag"], "Cache-Control": "no-cache"}
        kept = self.service.decisions
        if request and kept is not None and head.get("decision"):
            with suppress(Exception):  # the plan is answered, whether it can be kept or not
                await asyncio.to_thread(kept.keep, head["decision"], Decision(request, frame.body))
        return Response(frame.body, head["status"], headers, head["media"])

    async def _lines(self, request: Request) -> AsyncIterator[bytes]:
        """The answers of a stream, in the order of its lines."""
        spool = Spool()
        answering = asyncio.create_task(self._answer_lines(request, spool))
        try:
            async for part in spool.parts():
                yield part
        finally:
            answering.cancel()

    async def _answer_lines(self, request: Request, spool: "Spool") -> None:
        """Answer the lines of a stream as they come; each worker has a part of it."""
        asked = deque[asyncio.Task[Frame]]()
        try:
            async for lines in _line_parts(request):
                asked.append(asyncio.create_task(self.service.planners.ask({"call": "lines"}, b"\n".join(lines))))
                while len(asked) > self.service.planners.count * 2:
                    await spool.write(await self._answered(asked.popleft()))
            while asked:
                await spool.write(await self._answered(asked.popleft()))
        except Refused as refused:
            while asked:
                await spool.write(await self._answered(asked.popleft()))
            await spool.write(_one_line(refused.body))
        finally:
            for task in asked:
                task.cancel()
            spool.end()

    async def _answered(self, task: "asyncio.Task[Frame]") -> bytes:
        try:
            frame = await task
        except WorkerFailed as failed:
            return _one_line(Refused(*FAILED[failed.kind]).body)
        for outcome, number in frame.head["outcomes"].items():
            self.service.metrics.plans.labels(outcome).inc(number)
        return frame.body

    def about_rules(self, call: str) -> Callable[[Request], Awaitable[Response]]:
        """A call about an author's rules, in a process that serves once."""

        async def answer(request: Request) -> Response:
            _allowed(request, "plan")
            proofs = call == "rules_check" and request.query_params.get("proofs") == "true"
            named = "rules_check_proofs" if proofs else call
            patience = PATIENCE_OF_PROOFS if proofs or call == "rules_prove" else 0.0
            asked = self.service.authors.ask({"call": named}, await _json_body(request), patience)
            return await self._told(await _unless_gone(request, asked))

        return answer

    # What is installed.

    def look(self, call: str, **places: str) -> Callable[[Request], Awaitable[Response]]:
        """A look at what is installed: its parts are those of the path, and the ruleset of the query."""

        async def answer(request: Request) -> Response:
            _allowed(request, "plan")
            document = {name: request.path_params[place] for place, name in places.items()}
            if "ruleset" in request.query_params:
                document["ruleset"] = request.query_params["ruleset"]
            head = {"call": call, "etag": request.headers.get("if-none-match", "")}
            return await self._told(await self.service.planners.ask(head, json.dumps(document).encode()))

        return answer

    async def decision(self, request: Request) -> Response:
        """A decision that was kept, as it was answered; with ?scrub=true as a renamed host gets it."""
        _allowed(request, "plan")
        kept, id_ = self.service.decisions, request.path_params["id"]
        if kept is None:
            raise Refused(501, "decisions-unkept", "decisions are not kept here", "serve --decisions DIR keeps them")
        found = await asyncio.to_thread(kept.find, id_) if ID.fullmatch(id_) else None
        if found is None:
            raise Refused(404, "decision-unknown", "there is no such decision", "the header Mgmtnet-Decision names one")
        if request.query_params.get("scrub", "false") != "true":
            return Response(found.answer, 200, {"Mgmtnet-Decision": id_}, JSON)
        return await self._told(await self.service.planners.ask({"call": "scrubbed"}, found.request))

    # What changes hosts, or plays it.

    async def rehearse(self, request: Request) -> Response:
        """The events of a rehearsal, as they come."""
        _allowed(request, "rehearse")
        document = await self._valid(request, "rehearse")
        _want_room(self.service.rehearsals, MOST_REHEARSALS, "rehearsals")

        async def played() -> AsyncIterator[Event]:
            self.service.rehearsals += 1
            try:
                async for event in rehearsed(document):
                    yield event
            finally:
                self.service.rehearsals -= 1

        return self._streamed(played())

    async def runs(self, request: Request) -> Response:
        """Every run; or begin one."""
        caller = _allowed(request, "apply")
        runs, journal = self._enabled()
        if request.method == "POST":
            return await self._begun(request, caller, runs)
        return await self._told(await journal.ask({"call": "runs"}))

    async def _begun(self, request: Request, caller: Caller, runs: Runs) -> Response:
        """A run that is begun, once for each Idempotency-Key."""
        key = request.headers.get("idempotency-key", "")
        if not 8 <= len(key) <= 200 or not key.isascii() or not key.isprintable() or " " in key:
            hint = "8 to 200 characters that are new for each change: with the same key nothing is begun twice"
            raise Refused(400, "key-needed", "a run needs an Idempotency-Key", hint)
        document = await self._valid(request, "runs")
        asked = sha256(json_text(document, None).encode()).hexdigest()
        run = run_name(key, caller.name)
        known = runs.known(run, asked)
        if known is not None:
            raise Refused(409, known.code, known.message, known.hint)
        found = await self._run(run)
        if found.head["status"] == 404:
            answer = await runs.begin(run, document, asked)
            status = answer.status if answer is not None else 202
            self._audit(caller, "begin", run, document["host"], status)
            if answer is not None:
                return Response(answer.body, answer.status, media_type=answer.media)
            found = await self._run(run)
        if found.head["status"] != 200:
            return await self._told(found)
        status = 202 if json.loads(found.body)["state"] == "running" else 200
        return Response(found.body, status, {"Location": f"/v1/runs/{run}"}, JSON)

    def _audit(self, caller: Caller, what: str, run: str, host: str, status: int) -> None:
        told = {"time": round(time.time(), 3), "caller": caller.name, "what": what, "run": run, "host": host}
        self.service.audit(told | {"status": status})

    async def run(self, request: Request) -> Response:
        """One run."""
        _allowed(request, "apply")
        self._enabled()
        return await self._told(await self._run(request.path_params["id"]))

    async def follow(self, request: Request) -> Response:
        """The steps of a run as they are done; Last-Event-ID takes them up where a stream broke off."""
        _allowed(request, "apply")
        self._enabled()
        first = await self._run(request.path_params["id"])
        if first.head["status"] != 200:
            return await self._told(first)
        last = request.headers.get("last-event-id", "0")
        return self._streamed(self._steps(request.path_params["id"], int(last) if last.isdecimal() else 0))

    async def _steps(self, run: str, seen: int) -> AsyncIterator[Event]:
        while True:
            with suppress(WorkerFailed):
                frame = await self._run(run)
                found = json.loads(frame.body) if frame.head["status"] == 200 else UNREAD  # another look may read it
                for number, step in enumerate(found["steps"][seen:], seen + 1):
                    yield Event(str(number), "step", step)
                seen = max(seen, len(found["steps"]))
                if found["state"] == "ended":
                    yield Event("", "ended", {name: found[name] for name in ("run", "host", "standing")})
                    return
            await asyncio.sleep(LOOK)

    async def _run(self, run: str) -> Frame:
        """What the journal has of a run; of one that was just begun it has something in a moment."""
        runs, journal = self._enabled()
        while True:
            found = await journal.ask({"call": "run"}, run.encode())
            if found.head["status"] != 404 or not runs.under_way(run):
                return found
            await asyncio.sleep(WRITTEN_WITHIN)

    def _enabled(self) -> tuple[Runs, Pool]:
        if self.service.runs is None or self.service.journal is None:
            raise Refused(501, "runs-disabled", "runs on real hosts are not enabled here", "serve --runs enables them")
        return self.service.runs, self.service.journal

    async def _valid(self, request: Request, call: str) -> dict[str, Any]:
        """The document of a request that no worker answers, held against its schema."""
        frame = await self.service.planners.ask({"call": "validate", "of": call}, await _json_body(request))
        if frame.head["status"] != 200:
            failed = Refused(frame.head["status"], "request-invalid", "")
            failed.body = frame.body
            raise failed
        document: dict[str, Any] = json.loads(frame.body)
        return document

    def _streamed(self, events: AsyncIterator[Event]) -> Response:
        _want_room(self.service.streams, MOST_STREAMS, "streams")

        async def stream() -> AsyncIterator[bytes]:
            self.service.streams += 1
            try:
                async for event in events:
                    yield event.sent()
            finally:
                self.service.streams -= 1

        return StreamingResponse(stream(), media_type=EVENTS, headers={"Cache-Control": "no-store"})

    # How the service itself is.

    async def health(self, _: Request) -> Response:
        """It lives."""
        return self._health(200)

    async def ready(self, _: Request) -> Response:
        """Whether a worker is warm."""
        return self._health(200 if self.service.planners.warm else 503)

    def _health(self, status: int) -> Response:
        warm = self.service.planners.warm
        document = {"format": "mgmtnet/health@1", "ready": warm > 0, "workers": warm}
        return Response(json_text(document) + "\n", status, media_type=JSON)

    async def metrics(self, request: Request) -> Response:
        """The counters."""
        _allowed(request, "plan")
        pools = (self.service.planners, self.service.journal)  # an author's process is replaced each time
        replaced: dict[str, int] = {pool.kind: pool.replaced for pool in pools if pool is not None}
        body, media = self.service.metrics.exposition(replaced)
        return Response(body, headers={"Content-Type": media})

    async def openapi(self, _: Request) -> Response:
        """The document of this interface."""
        return Response(self.document, media_type=JSON)


MEDIA = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
}


async def page(request: Request) -> Response:
    """A file of the workbench, which `make page` bundles; it says nothing that is not in the wheel."""
    name = request.path_params.get("name", "index.html")
    files = pages()
    if name not in files:
        raise Refused(404, "not-found", f"there is no {printable(name)[:100]}", "the workbench is at /")
    content, tag = files[name]
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=MEDIA[os.path.splitext(name)[1]])


@cache
def pages() -> dict[str, tuple[bytes, str]]:
    """The workbench's files by name, each with its ETag."""
    place = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page")
    found = dict[str, tuple[bytes, str]]()
    for name in sorted(os.listdir(place)) if os.path.isdir(place) else ():
        if os.path.splitext(name)[1] in MEDIA:
            with open(os.path.join(place, name), "rb") as stream:
                content = stream.read()
            found[name] = content, f'"{sha256(content).hexdigest()[:32]}"'
    return found


class Spool:
    """Answers that wait for a client which sends all of its hosts before it reads one; many of them on the disk."""

    def __init__(self) -> None:
        """Begin with none."""
        self._file = SpooledTemporaryFile(MOST_IN_MEMORY)  # noqa: SIM115  it goes with this object
        self._written = self._read = 0
        self._over = False
        self._changed = asyncio.Event()

    async def write(self, part: bytes) -> None:
        """Add a part; as long as too much waits, so does this."""
        while self._written - self._read > MOST_KEPT:
            await self._change()
        self._file.seek(self._written)
        self._file.write(part)
        self._written += len(part)
        self._changed.set()

    def end(self) -> None:
        """Nothing more comes."""
        self._over = True
        self._changed.set()

    async def parts(self) -> AsyncIterator[bytes]:
        """What was written, as it is there."""
        while True:
            if self._read < self._written:
                self._file.seek(self._read)
                part = self._file.read(min(self._written - self._read, BYTES_AT_ONCE))
                self._read += len(part)
                self._changed.set()
                yield part
            elif self._over:
                return
            else:
                await self._change()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()


class _Lines(Response):
    """Lines as they are ready, while the request's are still read: Starlette's own takes the rest of a request away."""

    def __init__(self, lines: AsyncIterator[bytes]) -> None:
        self.lines, self.status_code, self.background = lines, 200, None
        self.init_headers({"Content-Type": LINES})

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async for lines in self.lines:
            await send({"type": "http.response.body", "body": lines, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _allowed(request: Request, scope: str) -> Caller:
    caller: Caller = request.scope["caller"]
    if scope not in caller.scopes:
        hint = f"use a token with the scope {scope}"
        raise Refused(403, "scope-missing", f"{caller.name} may not do this", hint)
    return caller


def _media(request: Request) -> str:
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused(415, "encoding-unmeant", "requests are not to be compressed", "send them as they are")
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _unless_gone(request: Request, asking: Awaitable[Frame]) -> Frame:
    """What is asked of a worker; given up with the caller, who has typed on and asks anew, and would wait for it."""
    answer, gone = asyncio.ensure_future(asking), asyncio.create_task(_gone(request))
    try:
        await asyncio.wait((answer, gone), return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            raise Refused(400, "request-cut", "the caller has gone", "")
        return answer.result()
    finally:
        answer.cancel()
        gone.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _json_body(request: Request) -> bytes:
    """The whole body, within limits of size and time; what is not called JSON may come from another site's form."""
    if _media(request) != JSON:
        raise Refused(415, "media-unmeant", "the request is to be JSON", f"Content-Type: {JSON}")
    stated = request.headers.get("content-length", "0")
    if stated.isdecimal() and int(stated) > LARGEST_BODY:
        raise _large()
    parts, size = list[bytes](), 0
    try:
        async with asyncio.timeout(BODY_WITHIN):
            async for part in _parts(request):
                size += len(part)
                if size > LARGEST_BODY:
                    raise _large()
                parts.append(part)
    except TimeoutError:
        raise _slow() from None
    return b"".join(parts)


async def _parts(request: Request) -> AsyncIterator[bytes]:
    stream = request.stream().__aiter__()
    while True:
        try:
            async with asyncio.timeout(PART_WITHIN):
                part = await stream.__anext__()
        except StopAsyncIteration:
            return
        except ClientDisconnect:
            raise Refused(400, "request-cut", "the request was cut off", "") from None
        yield part


async def _line_parts(request: Request) -> AsyncIterator[list[bytes]]:
    """The lines of a stream, some at once."""
    rest, lines, size = b"", list[bytes](), 0
    try:
        async for part in _parts(request):
            *whole, rest = (rest + part).split(b"\n")
            for line in whole:
                if line.strip():
                    lines.append(line)
                    size += len(line)
                if len(lines) >= LINES_AT_ONCE or size >= BYTES_AT_ONCE:
                    yield lines
                    lines, size = [], 0
            if len(rest) > LARGEST_BODY:
                raise _large()
    except TimeoutError:
        raise _slow() from None
    if rest.strip():
        lines.append(rest)
    if lines:
        yield lines


def _one_line(document: bytes) -> bytes:
    return json_text(json.loads(document), None).encode() + b"\n"


def _want_room(taken: int, most: int, what: str) -> None:
    """Refuse one more than ``most`` at once."""
    if taken >= most:
        told = f"there are {most} {what} at once, and may be no more"
        raise Refused(503, "service-busy", told, "try again when one has ended", Retry_After="10")


def _large() -> Refused:
    hint = f"at most {LARGEST_BODY >> 20} MB; a host with every VLAN reports 2"
    return Refused(413, "request-too-large", "the request is too large", hint, Connection="close")


def _slow() -> Refused:
    return Refused(408, "request-too-slow", "the request did not come in time", "send it at once", Connection="close")


def audit_into(path: str) -> Callable[[Mapping[str, Any]], None]:
    """What writes a line for each change that was asked for; who may read it is the owner's business."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(told: Mapping[str, Any]) -> None:
        os.write(handle, json_text(told, None).encode() + b"\n")

    return write
