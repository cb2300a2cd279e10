"""STOMP 1.2 as VDSM's broker speaks it: frames, subscriptions, heartbeats (vdsm.md 8.2). No I/O."""

from collections.abc import Mapping
from typing import NamedTuple

COMMANDS = (
    "CONNECT",
    "STOMP",
    "SEND",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "DISCONNECT",
    "ACK",
    "NACK",
    "BEGIN",
    "COMMIT",
    "ABORT",
)
REQUESTS = ("jms.topic.vdsm_requests", "jms.topic.vdsm_irs_requests")
SHORTEST_BEAT = 1000  # ms
LARGEST_FRAME = 64 * 1024 * 1024
ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", ":": "\\c"}
ESCAPED = {"n": "\n", "r": "\r", "c": ":", "\\": "\\"}


class Frame(NamedTuple):
    """One STOMP frame."""

    command: str
    headers: Mapping[str, str]
    body: bytes = b""

    def encoded(self) -> bytes:
        """As bytes, with its closing NUL."""
        lines = [self.command, *(f"{_escaped(key)}:{_escaped(value)}" for key, value in self.headers.items())]
        return "\n".join([*lines, "", ""]).encode() + self.body + b"\0"


class MalformedError(Exception):
    """What came is not STOMP."""


class Frames:
    """Bytes to frames."""

    def __init__(self) -> None:
        """Nothing read yet."""
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are complete with ``data``; heartbeats between them are skipped."""
        self._buffer += data
        found = []
        while (frame := self._next()) is not None:
            found.append(frame)
        return found

    def _next(self) -> Frame | None:
        while self._buffer.startswith((b"\n", b"\r")):
            del self._buffer[:1]
        separator = b"\r\n\r\n" if 0 <= self._buffer.find(b"\r\n\r\n") < _found(self._buffer, b"\n\n") else b"\n\n"
        end = self._buffer.find(separator)
        if end < 0:
            if len(self._buffer) > LARGEST_FRAME:
                raise MalformedError
            return None
        command, headers = _head(bytes(self._buffer[:end]))
        begin = end + len(separator)
        stated = headers.get("content-length", "")
        if stated and not (stated.isascii() and stated.isdigit() and int(stated) <= LARGEST_FRAME):
            raise MalformedError
        close = begin + int(stated) if stated else self._buffer.find(b"\0", begin)
        if close < 0 or len(self._buffer) <= close:
            return None
        if self._buffer[close] != 0:
            raise MalformedError
        body = bytes(self._buffer[begin:close])
        del self._buffer[: close + 1]
        return Frame(command, headers, body)


def _found(buffer: bytearray, what: bytes) -> int:
    place = buffer.find(what)
    return len(buffer) if place < 0 else place


def _head(head: bytes) -> tuple[str, dict[str, str]]:
    try:
        command, *lines = head.decode().replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError as failure:
        raise MalformedError from failure
    headers: dict[str, str] = {}
    for line in lines:
        key, colon, value = line.partition(":")
        if not colon:
            raise MalformedError
        headers.setdefault(_unescaped(key), _unescaped(value))
    return command, headers


def _escaped(text: str) -> str:
    return "".join(ESCAPES.get(sign, sign) for sign in text)


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    signs = iter(text)
    return "".join(ESCAPED.get(next(signs, ""), "") if sign == "\\" else sign for sign in signs)


class Request(NamedTuple):
    """A body for VDSM, and the destination that the answer goes to."""

    body: bytes
    reply_to: str


class Session:
    """The broker's side of one connection."""

    def __init__(self) -> None:
        """Nobody has said CONNECT yet."""
        self._frames = Frames()
        self._subscriptions: dict[str, str] = {}
        self.beat = 0.0
        self.over = False

    def feed(self, data: bytes) -> list[bytes | Request]:
        """What ``data`` makes the broker send, and what it asks of VDSM, in order; `over`: hang up afterwards."""
        try:
            frames = self._frames.feed(data)
        except MalformedError:
            return self._error("Malformed frame")
        return [reaction for frame in frames if not self.over for reaction in self._react(frame)]

    def answer(self, reply_to: str, body: bytes) -> list[bytes]:
        """The MESSAGE frames that bring ``body`` to whoever subscribed to ``reply_to``."""
        length = str(len(body))
        return [
            Frame(
                "MESSAGE",
                {
                    "destination": reply_to,
                    "content-type": "application/json",
                    "subscription": identity,
                    "content-length": length,
                },
                body,
            ).encoded()
            for identity, destination in self._subscriptions.items()
            if destination == reply_to
        ]

    def error(self, message: str) -> bytes:
        """An ERROR frame; the connection is over with it."""
        self.over = True
        body = message.encode()
        headers = {"content-type": "text/plain", "message": message, "content-length": str(len(body))}
        return Frame("ERROR", headers, body).encoded()

    def _error(self, message: str) -> list[bytes | Request]:
        return [self.error(message)]

    def _react(self, frame: Frame) -> list[bytes | Request]:
        headers = frame.headers
        if frame.command in ("CONNECT", "STOMP"):
            return self._connect(headers)
        if frame.command == "SUBSCRIBE":
            return self._subscribe(headers)
        if frame.command == "SEND":
            return self._send(frame)
        if frame.command == "UNSUBSCRIBE" and headers.get("id") in self._subscriptions:
            del self._subscriptions[headers["id"]]
            return []
        if frame.command == "DISCONNECT" and "receipt" in headers:
            self.over = True
            return [Frame("RECEIPT", {"receipt-id": headers["receipt"]}).encoded()]
        return self._error(f"Invalid command {frame.command}"[:200])

    def _connect(self, headers: Mapping[str, str]) -> list[bytes | Request]:
        if headers.get("accept-version") != "1.2":
            return self._error("Version unsupported")
        beats = headers.get("heart-beat", "0,0").split(",")
        if len(beats) != 2 or not all(beat.strip().isdigit() for beat in beats):
            return self._error("Malformed heart-beat header")
        sent, wanted = (max(int(beat), SHORTEST_BEAT) if int(beat) else 0 for beat in beats)
        self.beat = wanted / 1000
        return [Frame("CONNECTED", {"version": "1.2", "heart-beat": f"{wanted},{sent}"}).encoded()]

    def _subscribe(self, headers: Mapping[str, str]) -> list[bytes | Request]:
        identity, destination = headers.get("id", ""), headers.get("destination", "")
        if not identity or not destination:
            return self._error("Missing destination or subscription id header")
        if identity in self._subscriptions:
            return self._error("Subscription id already exists")
        self._subscriptions[identity] = destination
        return []

    def _send(self, frame: Frame) -> list[bytes | Request]:
        destination = frame.headers.get("destination", "")
        if destination.startswith(REQUESTS):
            return [Request(frame.body, frame.headers.get("reply-to", ""))]
        if destination in self._subscriptions.values():
            return [*self.answer(destination, frame.body)]
        return self._error("Subscription not available")
