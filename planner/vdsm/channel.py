"""One TLS connection that ends at a deadline, whatever the peer does.

Every wait (name resolution, connection, handshake, each read and write) gets only what is left of the call's time, so
that a peer that answers one byte at a time gains nothing. Inside planner.vdsm a broken connection is an exception,
`Broken`, because it has to pass through the HTTP library; the speakers turn it into the Failure that it carries.
"""

import queue
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, NoReturn

from planner.vdsm import tls
from planner.vdsm.client import Failure, Kind, Target

LIMIT = 16 << 20  # bytes of one answer: capabilities are below 2 MB, and parsed a hostile answer takes 20 times as much
HEAD = 1 << 17  # bytes of headers, which come on top
CHUNK = 1 << 16
REACH = (
    "is the host up, the address right, does VDSM run there, on port 54321 as by default, "
    "and does its firewall let that through?"
)
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


# From a target to a channel: the name is resolved, an address answers, TLS is agreed on, the pin is compared.


CLOSED = "CLOSED"  # the name of the Failure when a connection was closed during the handshake
# A VDSM without TLS closes a connection at the first bytes of a handshake, as one does that is just being started. It
# answers this at once; longer holds up whoever waits for the other.
HELLO, HELLO_WITHIN = b"CONNECT\naccept-version:1.2\nheart-beat:0,0\n\n\0", 2.0
PLAIN = "set ssl = true in /etc/vdsm/vdsm.conf, `vdsm-tool configure --force`, restart vdsmd: only TLS is spoken here"

Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]


def dial(
    target: Target, context: ssl.SSLContext, deadline: Deadline, pin: str | None = None, limit: int = LIMIT
) -> Channel:
    """A connection to `target`, TLS and pin done; raises Broken."""
    peer = str(target)
    plain = _connect(target, peer, deadline)
    try:
        secure = _shake_hands(plain, target, context, deadline)
    except Broken as broken:
        if broken.failure.name == CLOSED and _speaks_plainly(target, deadline):
            raise Broken(Failure("tls", f"{peer}: VDSM speaks without TLS there", PLAIN)) from broken
        raise
    if pin and (failure := tls.compare_pin(secure.getpeercert(binary_form=True), pin, peer)):
        secure.close()
        raise Broken(failure)
    return Channel(secure, peer, deadline, limit)


def _shake_hands(plain: socket.socket, target: Target, context: ssl.SSLContext, deadline: Deadline) -> ssl.SSLSocket:
    peer = str(target)
    secure, done = None, False
    try:
        # The deadline holds for the handshake as a whole: Python counts it down over all its reads.
        plain.settimeout(max(deadline.left, 0.001))
        secure = context.wrap_socket(plain, server_hostname=target.name or target.host, do_handshake_on_connect=False)
        secure.do_handshake()
        done = True
    except ssl.SSLEOFError as error:
        raise Broken(_closed(peer)) from error
    except ssl.SSLError as error:
        raise Broken(tls.explain(error, peer)) from error
    except TimeoutError as error:
        message = f"{peer}: connected, but no TLS handshake within {deadline.timeout:g} s"
        raise Broken(Failure("timeout", message, SLOW)) from error
    except (OSError, ValueError) as error:  # ValueError: a name that cannot be sent
        raise Broken(_closed(peer)) from error
    finally:
        plain.close()  # once wrapped it is but a shell
        if secure is not None and not done:
            secure.close()
    return secure


def _closed(peer: str) -> Failure:
    message = f"{peer}: the connection was closed during the TLS handshake"
    hint = "VDSM may be starting; if it stays so, is it VDSM that listens there?"
    return Failure("unreachable", message, hint, name=CLOSED)


def _speaks_plainly(target: Target, deadline: Deadline) -> bool:
    """Whether a VDSM without TLS is there."""
    within = Deadline(min(deadline.left, HELLO_WITHIN))
    try:
        with _connect(target, str(target), within) as plain:
            plain.settimeout(max(within.left, 0.001))
            plain.sendall(HELLO)
            return plain.recv(len(b"CONNECTED")) == b"CONNECTED"
    except (Broken, OSError):
        return False


def _connect(target: Target, peer: str, deadline: Deadline) -> socket.socket:
    """To the first address that answers; each gets its share of the time that is left."""
    addresses = _resolve(target, deadline)
    failure = Failure("unreachable", f"{peer}: no address", REACH)
    for index, (family, kind, protocol, _, address) in enumerate(addresses):
        share = deadline.left / (len(addresses) - index)
        sock = None
        try:
            sock = socket.socket(family, kind, protocol)
            sock.settimeout(max(share, 0.001))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        except TimeoutError:
            failure = replace(failure, message=f"{peer}: no connection within {deadline.timeout:g} s")
        except OSError as error:
            failure = replace(failure, message=f"{peer}: {reason_of(error)}")
        else:
            return sock
        if sock is not None:
            sock.close()
    raise Broken(failure)


def _resolve(target: Target, deadline: Deadline) -> Sequence[Address]:
    """The addresses of the target.

    The resolver knows no deadline, so a name is looked up in a thread of its own: the one thing that may outlive a
    call, by as long as the resolver's own patience lasts.
    """
    try:
        return socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        pass  # a name, then
    answers: queue.SimpleQueue[Sequence[Address] | str] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answers.put(socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.put(reason_of(error))

    thread = threading.Thread(target=look_up, name=f"resolve {target.host}", daemon=True)
    thread.start()
    try:
        found = answers.get(timeout=max(deadline.left, 0.001))
    except queue.Empty:
        found = f"no answer within {deadline.timeout:g} s"
    else:
        thread.join()
    if isinstance(found, str):
        hint = "check the name and the name servers, or give the address"
        raise Broken(Failure("unreachable", f"the name {target.host} does not resolve: {found}", hint))
    return found
