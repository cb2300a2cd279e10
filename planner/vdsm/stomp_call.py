"""One request and its answer over STOMP 1.2, on a channel of its own.

Why not stomp.py (tried: 9.0.0)? It reads whatever comes into memory (a frame of 1 GB took 1.1 GB); `connect` waits for
ever, thread and all, for a peer that never answers or answers garbage; every TLS error becomes one
ConnectFailedException without its cause; and it cannot verify the CA without the host name, as VDSM's certificates
need, but through ssl.PROTOCOL_TLS, which is deprecated. Here a call is one thread, one socket, one deadline and one
limit.
"""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import NoReturn
from uuid import uuid4

from planner.vdsm.channel import Broken, Channel
from planner.vdsm.failure import excerpt
from planner.vdsm.stomp_frames import HEARTBEAT, Frame, MalformedError, Parser, encode

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
