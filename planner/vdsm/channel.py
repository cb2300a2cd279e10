"""One TLS connection that ends at a deadline, whatever the peer does.

Every wait (name resolution, connection, handshake, each read and write) gets only what is left of the call's time, so
that a peer that answers one byte at a time gains nothing. Inside planner.vdsm a broken connection is an exception,
`Broken`, because it has to pass through the HTTP library; the speakers turn it into the Failure that it carries.
"""

import socket
import ssl
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from planner.vdsm import tls
from planner.vdsm.failure import Failure, Kind

LIMIT = 16 << 20  # bytes of one answer: capabilities are below 2 MB, and parsed a hostile answer takes 20 times as much
HEAD = 1 << 17  # bytes of headers, which come on top
CHUNK = 1 << 16
REACH = "is the host up, the address right, and is port 54321 open in its firewall?"
# A connection that ends before its answer, or with its process, is reset, and not closed: what has not left is dropped.
# The kernel would go on sending a request for minutes, to a host that nobody watches any more.
RESET, CLOSE = struct.pack("ii", 1, 0), struct.pack("ii", 0, 0)  # l_onoff, l_linger
SLOW = "the host, or the network on the way, is slow or gone: try again, with more time"


class Broken(Exception):  # noqa: N818  an event, not an error; never leaves planner.vdsm
    """The call cannot go on, for the reason in `failure`."""

    def __init__(self, failure: Failure) -> None:
        """Broken for the reason in `failure`."""
        super().__init__(failure.message)
        self.failure = failure


class Deadline:
    """The moment (of the monotonic clock) at which a call ends."""

    def __init__(self, timeout: float) -> None:
        """In `timeout` seconds."""
        self.timeout = max(timeout, 0.0)
        self.end = time.monotonic() + timeout

    @property
    def left(self) -> float:
        """Seconds that are left; below 0 when it is over."""
        return self.end - time.monotonic()


class Channel:
    """Bytes to and from one peer.

    `sent`: whether bytes of the request itself may have left. `answered`: whether its answer is complete; until then
    the connection is reset when it ends. `ended`: whether the peer has closed. `limit`: the most bytes of one answer;
    who reads frames counts them, and a channel with `capped` counts all that comes.
    """

    def __init__(self, sock: ssl.SSLSocket, peer: str, deadline: Deadline, limit: int = LIMIT) -> None:
        """On a connected socket."""
        self.sock = sock
        self.peer = peer
        self.deadline = deadline
        self.limit = limit
        self.received = 0
        self.capped = False
        self.sent = False
        self.answered = False
        self.ended = False

    def send(self, data: bytes) -> None:
        """All of `data`."""
        rest = memoryview(data)
        while rest:
            try:
                with self._typed():
                    self._set_timeout(self.deadline.left)
                    rest = rest[self.sock.send(rest[:CHUNK]) :]
            except Broken as broken:
                raise self._better(broken) from broken

    def receive(self, size: int = CHUNK, patience: float | None = None) -> bytes | None:
        """Up to `size` bytes; b"" when the peer has closed; None when nothing came for `patience` seconds."""
        left = self.deadline.left
        waiting = left if patience is None else min(left, patience)
        try:
            with self._typed():
                self._set_timeout(waiting if waiting > 0 or waiting == left else 0.001)
                data = self.sock.recv(size)
        except Broken as broken:
            if broken.failure.kind == "timeout" and self.deadline.left > 0:
                return None
            raise
        self.received += len(data)
        self.ended = not data
        if self.capped and self.received > self.limit + HEAD:
            self.fail("protocol", f"{self.peer}: the answer is longer than {self.limit} bytes", "is it VDSM?")
        return data

    def fail(self, kind: Kind, message: str, hint: str, name: str | None = None) -> NoReturn:
        """End the call with a Failure that knows whether the request was sent."""
        raise Broken(Failure(kind, message, hint, sent=self.sent, name=name))

    def close(self) -> None:
        """Without waiting for the peer."""
        if self.answered:
            with suppress(OSError):  # the peer may have gone
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, CLOSE)
        self.sock.close()

    def _better(self, broken: Broken) -> Broken:
        """A peer that rejects our certificate says so and closes; if writing failed, the reason may still be there."""
        if broken.failure.kind != "unreachable":
            return broken
        try:
            self.receive(1, patience=0.1)
        except Broken as reason:
            return reason if reason.failure.kind == "tls" else broken
        return broken

    def _set_timeout(self, seconds: float) -> None:
        if seconds <= 0:
            raise TimeoutError
        self.sock.settimeout(seconds)

    @contextmanager
    def _typed(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError as error:
            message = f"{self.peer}: no answer within {self.deadline.timeout:g} s"
            raise Broken(Failure("timeout", message, SLOW, sent=self.sent)) from error
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError) as error:
            raise Broken(Failure("unreachable", f"{self.peer}: the connection was closed", REACH, self.sent)) from error
        except ssl.SSLError as error:
            raise Broken(tls.explain(error, self.peer, sent=self.sent)) from error
        except (OSError, ValueError) as error:  # ValueError: the socket was closed under way
            raise Broken(Failure("unreachable", f"{self.peer}: {reason_of(error)}", REACH, sent=self.sent)) from error


def reason_of(error: Exception) -> str:
    """An operating system's error in its own words."""
    return str(getattr(error, "strerror", None) or error)
