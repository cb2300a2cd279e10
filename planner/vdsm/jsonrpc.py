"""JSON-RPC 2.0 over STOMP over mutual TLS, port 54321: VDSM 4.17 and later.

Request {"jsonrpc": "2.0", "method", "params", "id"}; answer {"jsonrpc": "2.0", "id"} with "result" or "error"
{"code", "message"}, where VDSM's own codes pass through.
"""

import json
import re
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple, NoReturn, cast
from uuid import uuid4

from planner.vdsm import tls
from planner.vdsm.channel import LIMIT, Broken, Channel, Deadline, dial
from planner.vdsm.client import (
    NO_SUCH_METHOD,
    Document,
    Done,
    Failure,
    FenceAction,
    FenceAgent,
    Power,
    Target,
    discreet,
    excerpt,
    vdsm_failure,
)
from planner.vdsm.credentials import Credentials

# STOMP 1.2 frames, without any I/O: bytes from frames, frames from bytes, strictly and within limits
# (https://stomp.github.io/stomp-specification-1.2.html). Newlines between frames are heartbeats.


HEAD_LIMIT = 1 << 14  # bytes of command and headers
SERVER_COMMANDS = (b"CONNECTED", b"MESSAGE", b"RECEIPT", b"ERROR")
END_OF_HEAD = re.compile(rb"\n\r?\n")
LENGTH = re.compile(r"[0-9]{1,18}")
ESCAPES = {"\\": "\\\\", "\r": "\\r", "\n": "\\n", ":": "\\c"}
UNESCAPES = {escaped: plain for plain, escaped in ESCAPES.items()}
HEARTBEAT = b"\n"


class Frame(NamedTuple):
    """One frame."""

    command: str
    headers: Mapping[str, str]
    body: bytes = b""


class MalformedError(Exception):
    """What came is no STOMP, or more than is taken; the text says what. Never leaves planner.vdsm."""


def encode(command: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """The bytes of one frame."""
    written = str if command == "CONNECT" else _escape  # the one frame whose headers are not escaped
    lines = [command, *(f"{written(key)}:{written(value)}" for key, value in headers.items())]
    return "\n".join(lines).encode() + b"\n\n" + body + b"\x00"


def _escape(text: str) -> str:
    return "".join(ESCAPES.get(char, char) for char in text)


def _unescape(text: str) -> str:
    def plain(found: re.Match[str]) -> str:
        if found[0] not in UNESCAPES:
            message = f"an undefined escape {found[0]!r} in a header"
            raise MalformedError(message)
        return UNESCAPES[found[0]]

    return re.sub(r"\\.?", plain, text)


class Parser:
    """Frames from what a server sends, fed as it comes. It holds at most `limit` bytes of body, and a chunk."""

    def __init__(self, limit: int) -> None:
        """With at most `limit` bytes of body in a frame."""
        self.limit = limit
        self._buffer = bytearray()
        self._head: Frame | None = None
        self._length = -1  # of the body; -1: it ends with the first NUL
        self._searched = 0  # up to here the body has no NUL

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes; heartbeats are left out. Raises MalformedError."""
        self._buffer += data
        frames = []
        while (frame := self._next()) is not None:
            frames.append(frame)
        return frames

    def _next(self) -> Frame | None:
        if self._head is None:
            self._head = self._read_head()
        return self._read_body(self._head) if self._head is not None else None

    def _read_head(self) -> Frame | None:
        blank = len(self._buffer) - len(self._buffer.lstrip(b"\r\n"))
        del self._buffer[:blank]
        _check_command(bytes(self._buffer[: max(map(len, SERVER_COMMANDS)) + 2]))
        end = END_OF_HEAD.search(self._buffer, 0, HEAD_LIMIT)
        if end is None:
            if len(self._buffer) >= HEAD_LIMIT:
                message = f"a frame's headers are longer than {HEAD_LIMIT} bytes"
                raise MalformedError(message)
            return None
        head = _parse_head(bytes(self._buffer[: end.start()]))
        del self._buffer[: end.end()]
        self._length, self._searched = self._announced(head), 0
        return head

    def _announced(self, head: Frame) -> int:
        length = head.headers.get("content-length")
        if length is None:
            return -1
        if not LENGTH.fullmatch(length):
            message = "a content-length that is no number"
            raise MalformedError(message)
        self._check_size(int(length))
        return int(length)

    def _check_size(self, size: int) -> None:
        if size > self.limit:
            message = f"a frame of {size} bytes or more, and no more than {self.limit} are taken"
            raise MalformedError(message)

    def _read_body(self, head: Frame) -> Frame | None:
        size = self._length if self._length >= 0 else self._buffer.find(b"\x00", self._searched)
        if size < 0 or len(self._buffer) <= size:
            self._searched = len(self._buffer)
            self._check_size(self._searched - 1)
            return None
        self._check_size(size)
        if self._buffer[size] != 0:
            message = "a frame that goes on after its content-length"
            raise MalformedError(message)
        body = bytes(self._buffer[:size])
        del self._buffer[: size + 1]
        self._head = None
        return head._replace(body=body)


def _check_command(start: bytes) -> None:
    """As early as the first byte that no server's frame begins with."""
    line, newline, _ = start.partition(b"\n")
    line = line.removesuffix(b"\r")
    if not (line in SERVER_COMMANDS if newline else any(command.startswith(line) for command in SERVER_COMMANDS)):
        message = f"no STOMP frame: it begins with {start!r}"
        raise MalformedError(message)


def _parse_head(head: bytes) -> Frame:
    try:
        command, *lines = head.decode().split("\n")
    except UnicodeDecodeError:
        message = "headers that are not UTF-8"
        raise MalformedError(message) from None
    command = command.removesuffix("\r")
    headers: dict[str, str] = {}
    for line in lines:
        key, colon, value = line.removesuffix("\r").partition(":")
        if not colon:
            message = "a header without a colon"
            raise MalformedError(message)
        if command != "CONNECTED":
            key, value = _unescape(key), _unescape(value)
        headers.setdefault(key, value)  # of repeated headers the first one counts
    return Frame(command, headers)


# One request and its answer over STOMP 1.2, on a channel of its own.
#
# Why not stomp.py (tried: 9.0.0)? It reads whatever comes into memory (a frame of 1 GB took 1.1 GB); `connect` waits
# for ever, thread and all, for a peer that never answers or answers garbage; every TLS error becomes one
# ConnectFailedException without its cause; and it cannot verify the CA without the host name, as VDSM's certificates
# need, but through ssl.PROTOCOL_TLS, which is deprecated. Here a call is one thread, one socket, one deadline and one
# limit.


REQUESTS = "jms.topic.vdsm_requests"
SUBSCRIPTION = "answers"
NOT_STOMP = "NOT_STOMP"  # the name of the Failure when the peer is no STOMP server at all: an older VDSM, perhaps
IS_IT_VDSM = "is it VDSM (4.17 or later) that listens there? Older ones speak XML-RPC: --transport xmlrpc"
NEVER = float("inf")
EARLY = 0.6  # of the agreed time, after which we send a heartbeat
LATE = 2.5  # times the agreed time, after which a peer without a heartbeat is gone
GOODBYE = 0.2  # seconds that the peer has for its receipt: without one it would log a broken connection


def exchange(channel: Channel, body: bytes, beat: int) -> Iterator[bytes]:
    """Send `body` as a request and hand out the messages that come back, until the deadline; raises Broken.

    `beat`: milliseconds between heartbeats, both ways; 0 for none, as the engine does it while the management network
    moves: then a silence is no sign of death.
    """
    session = _Session(channel, beat)
    session.connect()
    own = str(uuid4())
    session.send("SUBSCRIBE", {"destination": own, "id": SUBSCRIPTION, "ack": "auto"})
    headers = {"destination": REQUESTS, "reply-to": own, "content-type": "application/json"}
    channel.sent = True
    session.send("SEND", headers | {"content-length": str(len(body))}, body)
    while True:
        frame = session.next_frame()
        if frame.command == "MESSAGE" and frame.headers.get("subscription") == SUBSCRIPTION:
            yield frame.body


def part(channel: Channel) -> None:
    """Say goodbye on a channel whose call is done; whatever happens now changes nothing. Raises Broken."""
    channel.send(encode("DISCONNECT", {"receipt": "bye"}))
    channel.receive(patience=GOODBYE)


class _Session:
    """The frames of a channel, and its heartbeats."""

    def __init__(self, channel: Channel, beat: int) -> None:
        self.channel = channel
        self.beat = beat
        self.parser = Parser(channel.limit)
        self.frames: deque[Frame] = deque()
        self.send_every = NEVER
        self.hear_every = NEVER
        self.last_sent = self.last_heard = time.monotonic()

    def connect(self) -> None:
        """CONNECT, and the heartbeats that both sides agree to."""
        beat = f"{self.beat},{self.beat}"
        try:
            self.send("CONNECT", {"accept-version": "1.2", "host": "vdsm", "heart-beat": beat})
            frame = self.next_frame()
        except Broken as broken:
            closed = broken.failure.kind == "unreachable" and not self.channel.received
            if not closed:
                raise
            raise Broken(replace(broken.failure, name=NOT_STOMP)) from broken  # as old VDSMs do with the unknown
        if frame.command != "CONNECTED":
            self._fail(f"answered CONNECT with {frame.command}")
        version = frame.headers.get("version", "")
        if version != "1.2":
            self._fail(f"speaks STOMP {excerpt(version) or '1.0'} and not 1.2")
        sends, _, wants = frame.headers.get("heart-beat", "0,0").partition(",")
        self.send_every = self._agreed(wants)
        self.hear_every = self._agreed(sends)

    def _agreed(self, theirs: str) -> float:
        """Seconds: the longer of both sides' times, and never when either says 0 (or nothing that is a number)."""
        number = theirs.strip()
        usable = number.isascii() and number.isdigit() and len(number) < 10  # digits: a hundred days
        return max(self.beat, int(number)) / 1000 if usable and int(number) and self.beat else NEVER

    def send(self, command: str, headers: dict[str, str], body: bytes = b"") -> None:
        """One frame."""
        self.channel.send(encode(command, headers, body))
        self.last_sent = time.monotonic()

    def next_frame(self) -> Frame:
        """The next frame; an ERROR frame ends the call."""
        while not self.frames:
            self._read()
        frame = self.frames.popleft()
        if frame.command == "ERROR":
            text = frame.headers.get("message", "") + " " + frame.body[: 1 << 12].decode(errors="replace")
            self._fail(f"answered with an ERROR frame: {excerpt(text)}")
        return frame

    def _read(self) -> None:
        """More bytes, and meanwhile the heartbeats."""
        now = time.monotonic()
        beat_at = self.last_sent + EARLY * self.send_every
        gone_at = self.last_heard + LATE * self.hear_every
        if now >= gone_at:
            silent = f"{self.channel.peer}: no heartbeat for {now - self.last_heard:.0f} s"
            self.channel.fail("timeout", silent, "the connection is dead: try again")
        if now >= beat_at:
            self.channel.send(HEARTBEAT)
            self.last_sent = now
            return
        until = min(beat_at, gone_at)
        data = self.channel.receive(patience=None if until == NEVER else until - now)
        if data is not None:
            self._take(data)

    def _take(self, data: bytes) -> None:
        first = self.channel.received == len(data)
        if not data:
            message = f"{self.channel.peer}: the connection was closed before the answer"
            self.channel.fail("unreachable", message, "VDSM may be starting; if it stays so, " + IS_IT_VDSM)
        self.last_heard = time.monotonic()
        try:
            self.frames += self.parser.feed(data)
        except MalformedError as error:
            if first and data.lstrip().startswith((b"HTTP/", b"<")):
                self._fail("speaks HTTP and not STOMP", NOT_STOMP)
            self._fail(str(error))

    def _fail(self, what: str, name: str | None = None) -> NoReturn:
        self.channel.fail("protocol", f"{self.channel.peer}: {what}", IS_IT_VDSM, name)


BEAT = 5000  # milliseconds
AS_DOCUMENTED = "is it a release of VDSM? What it answered is not as its schema has it"
POWERS = ("on", "off", "unknown")


class JsonRpc(NamedTuple):
    """A Speaker; each call has a connection of its own.

    `limit`: the most bytes that an answer may have. `beat`: milliseconds between heartbeats, 0 for none.
    """

    target: Target
    credentials: Credentials
    pin: str | None = None
    check_name: bool = False
    limit: int = LIMIT
    beat: int = BEAT

    def ping(self, *, timeout: float) -> Done | Failure:
        """Host.ping2, before 4.17 (and where it is missing) ping."""
        return self._either("Host.ping2", "Host.ping", timeout)

    def capabilities(self, *, timeout: float) -> Document | Failure:
        """Host.getCapabilities: the document itself."""
        answer = self._call("Host.getCapabilities", {}, timeout)
        if isinstance(answer, Failure) or isinstance(answer.result, dict):
            return answer if isinstance(answer, Failure) else cast("Document", answer.result)
        return self._odd("Host.getCapabilities", answer.result)

    def set_up(self, request: Document, *, timeout: float) -> Done | Failure:
        """Host.setupNetworks. Without heartbeats: the connection may be dumb while the network moves."""
        return self._done("Host.setupNetworks", dict(request), timeout, beat=0)

    def confirm(self, *, timeout: float) -> Done | Failure:
        """Host.confirmConnectivity, before 4.20 ping."""
        return self._either("Host.confirmConnectivity", "Host.ping", timeout)

    def commit(self, *, timeout: float) -> Done | Failure:
        """Host.setSafeNetworkConfig."""
        return self._done("Host.setSafeNetworkConfig", {}, timeout)

    def fence(self, agent: FenceAgent, action: FenceAction, *, timeout: float) -> Power | Failure:
        """Host.fenceNode about another host's BMC; VDSM takes all values as text."""
        params = {
            "addr": agent.address,
            "port": agent.port,
            "agent": agent.agent,
            "username": agent.username,
            "password": agent.password,
            "action": action,
            "secure": "true" if agent.secure else "false",
            "options": agent.options,
        }
        answer = self._call("Host.fenceNode", params, timeout, secret=agent.password)
        if isinstance(answer, Failure):
            return discreet(answer, agent.password)
        power = answer.result.get("power") if isinstance(answer.result, dict) else None
        return power if power in POWERS else discreet(self._odd("Host.fenceNode", answer.result), agent.password)

    def at(self, address: str) -> "JsonRpc":
        """The same host at another address."""
        return self._replace(target=self.target.at(address))

    def _either(self, method: str, older: str, timeout: float) -> Done | Failure:
        deadline = Deadline(timeout)
        answer = self._done(method, {}, timeout)
        if isinstance(answer, Failure) and answer.code == NO_SUCH_METHOD:
            return self._done(older, {}, deadline.left)
        return answer

    def _done(
        self, method: str, params: Mapping[str, Any], timeout: float, *, beat: int | None = None
    ) -> Done | Failure:
        """VDSM says true, or {"code": 0, "message": "Done"}, also wrapped as "status" in some releases."""
        answer = self._call(method, params, timeout, beat=beat)
        if isinstance(answer, Failure):
            return answer
        result = answer.result
        status = result.get("status", result) if isinstance(result, dict) else result
        if isinstance(status, dict):
            code, message = status.get("code", 0), str(status.get("message", "Done"))
            if isinstance(code, int):
                return vdsm_failure(method, code, message) if code else Done(excerpt(message))
        return Done() if status is True or status is None or status == "" else self._odd(method, result)

    def _call(
        self, method: str, params: Mapping[str, Any], timeout: float, *, beat: int | None = None, secret: str = ""
    ) -> "_Answer | Failure":
        deadline = Deadline(timeout)
        call = _Call(method, str(uuid4()), secret)
        try:
            body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, "id": call.id}).encode()
        except (TypeError, ValueError, RecursionError) as error:
            return Failure("protocol", f"{method}: the request is no JSON: {error}", "plan anew")
        context = tls.context(
            self.credentials.ca, (self.credentials.certificate, self.credentials.key), check_name=self.check_name
        )
        if isinstance(context, Failure):
            return context
        try:
            channel = dial(self.target, context, deadline, self.pin, self.limit)
        except Broken as broken:
            return broken.failure
        try:
            return call.over(channel, body, self.beat if beat is None else beat)
        finally:
            channel.close()

    def _odd(self, method: str, result: object) -> Failure:
        text = f"{self.target}: {method} answered {excerpt(repr(result)[:200])}"
        return Failure("protocol", text, AS_DOCUMENTED, sent=True)


class _Answer(NamedTuple):
    result: Any


class _Call:
    """One call by its id, and how many answers to other calls came instead."""

    def __init__(self, method: str, own: str, secret: str) -> None:
        self.method = method
        self.secret = secret
        self.id = own
        self.ignored = 0

    def over(self, channel: Channel, body: bytes, beat: int) -> _Answer | Failure:
        try:
            answer = self.first(channel, exchange(channel, body, beat))
        except Broken as broken:
            failure = broken.failure
            if failure.kind == "timeout" and self.ignored:
                message = f"{failure.message}; {self.ignored} answers to other calls were ignored"
                return replace(failure, message=message)
            return failure
        channel.answered = True
        with suppress(Broken):  # the answer is complete: how the connection ends does not matter any more
            part(channel)
        return answer

    def first(self, channel: Channel, messages: Iterator[bytes]) -> _Answer | Failure:
        while True:  # until the answer is there, or the channel is Broken
            if (answer := self.read(channel, next(messages))) is not None:
                return answer

    def read(self, channel: Channel, message: bytes) -> _Answer | Failure | None:
        """The answer to this call; None when `message` is another's."""
        try:
            answer = json.loads(message)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict) or not ("result" in answer or "error" in answer):
            channel.fail("protocol", f"{channel.peer}: the answer to {self.method} is no JSON-RPC", AS_DOCUMENTED)
        # A request that VDSM could not read is answered without its id, and this connection has no other.
        if answer.get("id") != self.id and not (answer.get("id") is None and answer.get("error")):
            self.ignored += 1
            return None
        return (
            _failed(self.method, answer["error"], self.secret) if answer.get("error") else _Answer(answer.get("result"))
        )


def _failed(method: str, error: object, secret: str) -> Failure:
    code = error.get("code") if isinstance(error, dict) else None
    message = str(error.get("message", "")) if isinstance(error, dict) else str(error)
    return vdsm_failure(method, code if isinstance(code, int) else 0, message, secret)
