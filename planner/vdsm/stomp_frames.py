"""STOMP 1.2 frames, without any I/O: bytes from frames, frames from bytes, strictly and within limits.

A frame is a command, headers and a body that ends with NUL (with content-length it may hold NULs). Newlines between
frames are heartbeats. See https://stomp.github.io/stomp-specification-1.2.html.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

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
