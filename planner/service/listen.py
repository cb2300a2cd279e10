"""Where the service listens: addresses, TLS, sockets that systemd hands over; and what it refuses to listen on."""

import asyncio
import ipaddress
import os
import re
import resource
import signal
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from planner.apply.library import state_folder
from planner.problem import Problem
from planner.service.access import EVERYWHERE, LOOPBACK, Caller, Rate, names_of, read_tokens
from planner.service.app import Service, application
from planner.service.changes import audit_into
from planner.service.decisions import decisions_at
from planner.service.runs import Runs
from planner.service.workers import Pool

FIRST_FD = 3  # of those that systemd hands over
# Seconds in which a request's head has to be there. Shorter drops callers behind bad lines; longer, and connections
# that say nothing are held.
HEAD_WITHIN = 10.0
# Seconds for streams to end when the service is told to.
END_WITHIN = 5
# Connections at once; each holds a file, and more than these wait in vain for a worker.
MOST_CONNECTIONS = 2_000
FILES = 8_192
ADDRESS = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]]+):([0-9]{1,5})")


class Listening(NamedTuple):
    """What `mgmtnet serve` was told."""

    address: str
    port: int
    names: tuple[str, ...] = ()
    certificate: str = ""
    key: str = ""
    client_ca: str = ""
    tokens: str = ""
    workers: int = 2
    patience: float = 30.0
    rate: float = 1000.0
    decisions: str = ""
    runs: bool = False
    audit: str = ""


def parse_address(text: str) -> tuple[str, int] | Problem:
    """ADDRESS:PORT; an IPv6 address in brackets."""
    found = ADDRESS.fullmatch(text)
    if found is None or int(found[2]) > 65535:
        hint = "ADDRESS:PORT, like 127.0.0.1:8080 or [::1]:8080"
        return Problem("address-malformed", f"--listen {text}: no address to listen on", hint)
    return found[1].strip("[]"), int(found[2])


def objections(listening: Listening) -> list[Problem]:
    """Why the service must not listen so."""
    found = list[Problem]()
    if bool(listening.certificate) is not bool(listening.key):
        found.append(Problem("tls-incomplete", "a certificate and its key belong together", "--tls-cert and --tls-key"))
    guarded = bool(listening.tokens or listening.client_ca)
    if not _is_loopback(listening.address) and not (listening.certificate and guarded):
        hint = "--tls-cert and --tls-key, and --tokens or --client-ca; or listen on 127.0.0.1"
        found.append(Problem("listen-unguarded", f"on {listening.address} others can ask", hint))
    if listening.client_ca and not listening.certificate:
        found.append(Problem("tls-incomplete", "clients' certificates need TLS", "--tls-cert and --tls-key"))
    if listening.runs and not guarded:
        hint = "--tokens or --client-ca: who changes hosts is to be known"
        found.append(Problem("runs-unguarded", "anybody on this machine could change hosts", hint))
    return found


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def service_of(listening: Listening) -> Service | list[Problem]:
    """The service that was asked for, or everything in its way."""
    problems = objections(listening)
    tokens = read_tokens(listening.tokens) if listening.tokens else None
    problems += tokens if isinstance(tokens, list) else []
    kept = decisions_at(listening.decisions) if listening.decisions else None
    problems += [kept] if isinstance(kept, Problem) else []
    state = state_folder() if listening.runs else ""
    problems += [state] if isinstance(state, Problem) else []
    if problems or isinstance(tokens, list) or isinstance(kept, Problem) or isinstance(state, Problem):
        return problems
    scopes = frozenset(("plan", "rehearse", *(("apply",) if listening.client_ca else ())))
    try:
        audit = audit_into(listening.audit or os.path.join(state, "audit.jsonl")) if listening.runs else None
    except OSError as failure:
        told = f"{failure.filename!r} cannot be written to: {failure.strerror}"
        return [Problem("audit-unkept", told, "name a file by --audit")]
    service = Service(
        names=names_of(listening.address, listening.port, listening.names),
        planners=Pool("plan", listening.workers, listening.patience),
        authors=Pool("author", 2),  # one is warm while the other, which has served, is replaced
        tokens=tokens,
        anybody=Caller("anybody", scopes),
        rate=Rate(listening.rate),
        decisions=kept,
        runs=Runs(state) if listening.runs else None,
        journal=Pool("journal", 1) if listening.runs else None,
    )
    if audit is not None:
        service.audit = audit
    return service


class _Protocol(H11Protocol):
    """Closes connections whose request does not come, and tells the application whose certificate a client showed."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Wait for a request, but not for ever."""
        super().connection_made(transport)
        certificate = transport.get_extra_info("peercert") or {}
        names = [value for part in certificate.get("subject", ()) for name, value in part if name == "commonName"]
        self.app_state = {**self.app_state, "peer": names[0] if names else ""}
        self._late = self.loop.call_later(HEAD_WITHIN, self._drop)

    def data_received(self, data: bytes) -> None:
        """A part of a request; once its head is there, the body is the application's to wait for."""
        super().data_received(data)
        waiting = self.cycle is None or self.cycle.response_complete
        if not waiting and self._late is not None:
            self._late.cancel()
            self._late = None
        elif waiting and self._late is None:
            self._late = self.loop.call_later(HEAD_WITHIN, self._drop)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is waited for any more."""
        if self._late is not None:
            self._late.cancel()
        super().connection_lost(exc)

    def _drop(self) -> None:
        self._late = None
        if not self.transport.is_closing():
            self.transport.close()


def listen(listening: Listening, service: Service) -> Problem | None:
    """Serve until a signal ends it; or why that cannot be."""
    _more_files()
    try:
        bound = _handed_over() or _bound(listening)
    except OSError as failure:
        reason = failure.strerror or str(failure)
        return Problem("cannot-listen", f"{listening.address}:{listening.port}: {reason}", "another port: --listen")
    if bound.family not in (socket.AF_INET, socket.AF_INET6):
        return Problem("cannot-listen", "the socket that was handed over is not one of IP", "ListenStream=ADDRESS:PORT")
    address, port = bound.getsockname()[:2]
    listening = listening._replace(address=address, port=port)
    for objection in objections(listening):  # of a socket that was handed over
        return objection
    service.names = names_of(address, port, listening.names)
    config = uvicorn.Config(
        application(service),
        http=_Protocol,
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=END_WITHIN,
        ssl_certfile=listening.certificate or None,
        ssl_keyfile=listening.key or None,
        ssl_ca_certs=listening.client_ca or None,
        ssl_cert_reqs=ssl.CERT_REQUIRED if listening.client_ca else ssl.CERT_NONE,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as failure:
        named = [path for path in (listening.certificate, listening.key, listening.client_ca) if path]
        meant = [path for path in named if not os.path.exists(path)] or named
        return Problem("tls-unusable", f"{', '.join(meant)} cannot be used: {failure}", "PEM files, unencrypted")
    scheme = "https" if listening.certificate else "http"
    host = f"[{address}]" if ":" in address else address
    own = ", ".join((*LOOPBACK, *listening.names))
    called = f" (called {own}; --host-name NAME adds another name)" if address in EVERYWHERE else ""
    server = _Server(config, f"listening on {scheme}://{host}:{port}{called}")
    asyncio.run(server.serve(sockets=[bound]))
    return None


class _Server(uvicorn.Server):
    """Says when it can be asked."""

    def __init__(self, config: uvicorn.Config, place: str) -> None:
        super().__init__(config)
        self._place = place

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End when told to, with a status of our own: uvicorn would have the signal end the process once more."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn has it."""
        await super().startup(sockets)
        if self.started:
            print(self._place, flush=True)  # noqa: T201  the one line by which a caller learns the port
            _tell_systemd()


def _bound(listening: Listening) -> socket.socket:
    family = socket.AF_INET6 if ":" in listening.address else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio asks for no delay only so
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((listening.address, listening.port))
    bound.listen(512)
    bound.set_inheritable(False)
    return bound


def _handed_over() -> socket.socket | None:
    """The socket that systemd listens on for us (sd_listen_fds(3)), if it does."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS") != "1":
        return None
    return socket.socket(fileno=FIRST_FD)


def _tell_systemd() -> None:
    """That the service is ready (sd_notify(3))."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if path:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
            way.connect(f"\0{path[1:]}" if path.startswith("@") else path)
            way.send(b"READY=1")


def _more_files() -> None:
    """Let this process have as many files as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
