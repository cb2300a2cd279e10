"""What comes over HTTP, read within limits; and what is refused, told as a problem document."""

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from planner.problem import Problem
from planner.service.access import ANYBODY, Caller
from planner.service.answers import problem_document
from planner.service.contract import JSON, PROBLEM

# Bytes of a request. The largest host known reports 2 MB: less turns hosts away, more fills the memory of workers.
LARGEST_BODY = 32 << 20
# Seconds between two parts of a body, and for all of one that is no stream: slower ones hold a connection for nothing.
PART_WITHIN, BODY_WITHIN = 20.0, 60.0
# Lines of a stream that one worker answers in one go: fewer, and the wire costs as much as planning; more, and the
# first answer comes late.
LINES_AT_ONCE, BYTES_AT_ONCE = 32, 1 << 20


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


def allowed(request: Request, scope: str) -> Caller:
    """Who asks, if they may do what the scope covers."""
    caller: Caller = request.scope["caller"]
    if scope not in caller.scopes:
        who = "whoever asks without a token" if caller == ANYBODY else caller.name
        told = f"this needs the scope {scope}, which {who} does not have"
        made = f"`mgmtnet serve --new-token NAME:{scope} --tokens FILE` makes a token that has it"
        added = "start the service with --tokens FILE" if caller == ANYBODY else f"or add it to the line of {who} there"
        raise Refused(403, "scope-missing", told, f"{made}; {added}")
    return caller


def media(request: Request) -> str:
    """The media type of a request, which is not compressed."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused(415, "encoding-unmeant", "requests are not to be compressed", "send them as they are")
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def json_body(request: Request) -> bytes:
    """The whole body, within limits of size and time; what is not called JSON may come from another site's form."""
    if media(request) != JSON:
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


async def line_parts(request: Request) -> AsyncIterator[list[bytes]]:
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


def want_room(taken: int, most: int, what: str) -> None:
    """Refuse one more than ``most`` at once."""
    if taken >= most:
        told = f"there are {most} {what} at once, and may be no more"
        raise Refused(503, "service-busy", told, "try again when one has ended", Retry_After="10")


def _large() -> Refused:
    hint = f"at most {LARGEST_BODY >> 20} MB; a host with every VLAN reports 2"
    return Refused(413, "request-too-large", "the request is too large", hint, Connection="close")


def _slow() -> Refused:
    return Refused(408, "request-too-slow", "the request did not come in time", "send it at once", Connection="close")
