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
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from planner.printing import json_text, printable
from planner.service.access import ANYBODY, NOBODY, Caller, Rate, Tokens
from planner.service.changes import Changing
from planner.service.contract import JSON, LINES, openapi
from planner.service.decisions import ID, Decision, Decisions
from planner.service.metrics import Metrics
from planner.service.request import BYTES_AT_ONCE, Refused, allowed, json_body, line_parts, media
from planner.service.runs import Runs
from planner.service.workers import PATIENCE_OF_PROOFS, Frame, Pool, WorkerFailed

# Bytes of answers that wait for a client: in memory, and then on the disk; 100,000 hosts are 400 MB. Less, and a client
# that sends them all before it reads waits for ever; more, and one that never reads fills the disk.
MOST_IN_MEMORY, MOST_KEPT = 16 << 20, 2 << 30
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
            called = printable(", ".join(hosts))[:100]
            hint = f"if it is to be, start it with --host-name {called if len(hosts) == 1 and called else 'NAME'}"
            raise Refused(421, "host-unknown", f"this service is not called {called or 'by no name'}", hint)
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
            told = "the token is not one of those known here" if stated else "a token is needed"
            raise Refused(
                *(401, "token-needed", told, "send it as `Authorization: Bearer TOKEN`"),
                WWW_Authenticate="Bearer",
            )
        return caller


def application(service: Service) -> ASGIApp:
    """The whole application."""
    changing = Changing(service.planners, service.runs, service.journal, service.audit)

    @asynccontextmanager
    async def alive(_: Starlette) -> AsyncIterator[None]:
        pools = [pool for pool in (service.planners, service.authors, service.journal) if pool is not None]
        await asyncio.gather(*(pool.start() for pool in pools))
        going_on = asyncio.create_task(changing.go_on())
        try:
            yield
        finally:
            going_on.cancel()
            await asyncio.gather(*(pool.stop() for pool in pools))

    return Guard(
        Starlette(routes=[*_routes(service), *changing.routes()], lifespan=alive, exception_handlers=_handlers()),
        service,
    )


def _handlers() -> dict[Any, Any]:
    async def refused(_: Request, failure: Refused) -> Response:
        return failure.response()

    async def absent(request: Request, _: Exception) -> Response:
        told = f"there is no {printable(request.url.path)[:100]}"
        return Refused(404, "not-found", told, "GET /openapi.json lists the calls").response()

    async def unmeant(request: Request, failure: Exception) -> Response:
        meant = (getattr(failure, "headers", None) or {}).get("Allow", "")
        told, hint = f"{request.method} means nothing here", f"send {meant}; GET /openapi.json lists the calls"
        return Refused(405, "method-unmeant", told, hint, Allow=meant).response()

    async def failed(_: Request, failure: WorkerFailed) -> Response:
        return Refused(*FAILED[failure.kind], Retry_After="2").response()

    return {Refused: refused, 404: absent, 405: unmeant, WorkerFailed: failed}


def _routes(service: Service) -> Iterator[Route]:
    answering = Answering(service)
    for call in ("plan", "why", "why-not", "words", "judge", "facts", "diff", "draw", "advise"):
        yield Route(f"/v1/{call}", answering.about_a_host(call.replace("-", "_")), methods=["POST"])
    for call in ("check", "test", "prove"):
        yield Route(f"/v1/rules/{call}", answering.about_rules(f"rules_{call}"), methods=["POST"])
    yield Route("/v1/rulesets", answering.look("rulesets"))
    yield Route("/v1/rules", answering.look("rules"))
    yield Route("/v1/rules/{id:path}", answering.look("rule", id="rule"))
    yield Route("/v1/invariants", answering.look("invariants"))
    yield Route("/v1/schemas/{name}", answering.look("schema", name="name"))
    yield Route("/v1/goldens", answering.look("goldens"))
    yield Route("/v1/goldens/{name}", answering.look("golden", name="golden"))
    yield Route("/v1/decisions/{id}", answering.decision)
    yield Route("/", page)
    yield Route("/page/{name}", page)
    yield Route("/healthz", answering.health)
    yield Route("/readyz", answering.ready)
    yield Route("/metrics", answering.metrics)
    yield Route("/openapi.json", answering.openapi)


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
            allowed(request, "plan")
            if call == "plan" and media(request) == LINES:
                return _Lines(self._lines(request))
            body = await json_body(request)
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
            async for lines in line_parts(request):
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
            allowed(request, "plan")
            proofs = call == "rules_check" and request.query_params.get("proofs") == "true"
            named = "rules_check_proofs" if proofs else call
            patience = PATIENCE_OF_PROOFS if proofs or call == "rules_prove" else 0.0
            asked = self.service.authors.ask({"call": named}, await json_body(request), patience)
            return await self._told(await _unless_gone(request, asked))

        return answer

    # What is installed.

    def look(self, call: str, **places: str) -> Callable[[Request], Awaitable[Response]]:
        """A look at what is installed: its parts are those of the path, and the ruleset of the query."""

        async def answer(request: Request) -> Response:
            allowed(request, "plan")
            document = {name: request.path_params[place] for place, name in places.items()}
            if "ruleset" in request.query_params:
                document["ruleset"] = request.query_params["ruleset"]
            head = {"call": call, "etag": request.headers.get("if-none-match", "")}
            return await self._told(await self.service.planners.ask(head, json.dumps(document).encode()))

        return answer

    async def decision(self, request: Request) -> Response:
        """A decision that was kept, as it was answered; with ?scrub=true as a renamed host gets it."""
        allowed(request, "plan")
        kept, id_ = self.service.decisions, request.path_params["id"]
        if kept is None:
            raise Refused(501, "decisions-unkept", "decisions are not kept here", "serve --decisions DIR keeps them")
        found = await asyncio.to_thread(kept.find, id_) if ID.fullmatch(id_) else None
        if found is None:
            raise Refused(404, "decision-unknown", "there is no such decision", "the header Mgmtnet-Decision names one")
        if request.query_params.get("scrub", "false") != "true":
            return Response(found.answer, 200, {"Mgmtnet-Decision": id_}, JSON)
        return await self._told(await self.service.planners.ask({"call": "scrubbed"}, found.request))

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
        allowed(request, "plan")
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


def _one_line(document: bytes) -> bytes:
    return json_text(json.loads(document), None).encode() + b"\n"
