"""From a target to a channel: the name is resolved, an address answers, TLS is agreed on, the pin is compared."""

import queue
import socket
import ssl
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from planner.vdsm import tls
from planner.vdsm.channel import LIMIT, REACH, RESET, SLOW, Broken, Channel, Deadline, reason_of
from planner.vdsm.failure import Failure
from planner.vdsm.target import Target

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
