"""A stand-in engine on the network: HTTPS at a loopback address, with its account and with the faults on tap.

with serve_engine(stand_in, folder) as engine:
    ...  # engine.url, engine.user, engine.password, engine.password_file, engine.ca
"""

import base64
import binascii
import contextlib
import hmac
import json
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from planner.standin.certificates import issue
from planner.standin.clock import Clock
from planner.standin.host import StandIn
from planner.standin.kernel import Record
from planner.standin.server import reset
from standin_engine.documents import Logical
from standin_engine.engine import DEFAULT, Answer, Hosts, Meanwhile, StandInEngine

# The account at a stand-in engine: a token, or the password each time (docs/vdsm.md, The engine's REST API).


USER, PASSWORD = "admin@internal", "rehearsal"  # of an engine that guards nothing
TOKEN = "stand-in-token"  # noqa: S105  it opens nothing but a rehearsal
DENIED = "access_denied: Cannot authenticate user Invalid user credentials."


class Account(NamedTuple):
    """The one account. ``tokens`` False: an engine before 4.0, which knows only passwords."""

    user: str = USER
    password: str = PASSWORD
    tokens: bool = True

    def token(self, form: Mapping[str, str]) -> tuple[int, Record]:
        """Status and answer of POST /sso/oauth/token."""
        if not self.tokens:
            return 404, {}
        if not self._is(form.get("username", ""), form.get("password", "")):
            return 400, {"error": "access_denied", "error_description": DENIED}
        return 200, {"access_token": TOKEN, "scope": form.get("scope", ""), "token_type": "bearer"}

    def admits(self, authorization: str) -> bool:
        """Whether a request with that header may go on."""
        kind, _, value = authorization.partition(" ")
        if kind == "Bearer":
            return self.tokens and value == TOKEN
        try:
            user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        return kind == "Basic" and self._is(user, password)

    def _is(self, user: str, password: str) -> bool:
        return user == self.user and hmac.compare_digest(password.encode(), self.password.encode())


APPLICATION = "/ovirt-engine"
TOKEN_PATH = f"{APPLICATION}/sso/oauth/token"
API = f"{APPLICATION}/api/"
SIGN_EVERY = 0.5  # seconds of the host's time between two signs to VDSM: the engine's own
LONGEST_BODY = 16 * 1024 * 1024
HANDSHAKE = 10.0  # seconds
ACCOUNT = Account()
SILENT = ("lost-reply", "half-open")


class ServedEngine(NamedTuple):
    """An engine that listens: its ``url``, an account (``password_file`` holds the password), the CA it is known by."""

    url: str
    user: str
    password: str
    password_file: Path
    ca: Path
    engine: StandInEngine


class ServedEngines(NamedTuple):
    """The same of an engine that has several hosts; ``engines``: what it is for each of them, by name."""

    url: str
    user: str
    password: str
    password_file: Path
    ca: Path
    engines: Mapping[str, StandInEngine]


@contextlib.contextmanager
def serve_engine(
    stand_in: StandIn,
    folder: Path,
    networks: Iterable[Logical] = DEFAULT,
    *,
    name: str = "host1",
    account: Account = ACCOUNT,
) -> Iterator[ServedEngine]:
    """An engine that has ``stand_in`` as its host ``name``, while the block lasts.

    ``folder``: credentials, made if missing (the `Site` of the host may have the same); ``networks``: the cluster's.
    """
    engine = StandInEngine(stand_in, networks, name=name, meanwhile=_signs(stand_in.clock))
    with _served(engine, folder, account) as place:
        yield ServedEngine(*place, engine)


@contextlib.contextmanager
def serve_engine_of_many(
    stand_ins: Mapping[str, StandIn], folder: Path, networks: Iterable[Logical] = DEFAULT
) -> Iterator[ServedEngines]:
    """An engine that has all of ``stand_ins`` as its hosts, by name, while the block lasts."""
    known = tuple(networks)
    each = [
        StandInEngine(stand_in, known, name=name, meanwhile=_signs(stand_in.clock))
        for name, stand_in in stand_ins.items()
    ]
    with _served(Hosts(tuple(each)), folder, ACCOUNT) as place:
        yield ServedEngines(*place, {one.name: one for one in each})


@contextlib.contextmanager
def _served(
    engine: StandInEngine | Hosts, folder: Path, account: Account
) -> Iterator[tuple[str, str, str, Path, Path]]:
    """Where the engine listens, the account, the file of its password, and the CA."""
    credentials = issue(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*credentials.host)
    over = threading.Event()
    server = _Server(("127.0.0.1", 0), partial(_Handler, engine, account, over), context)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="engine", daemon=True)
    thread.start()
    password_file = folder / "engine-password"
    password_file.touch(mode=0o600)
    password_file.write_text(account.password)
    try:
        url = f"https://127.0.0.1:{server.server_port}"
        yield url, account.user, account.password, password_file, credentials.ca
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _signs(clock: Clock) -> Meanwhile:
    """Do something every half second of the host's time, beside whatever the block does."""

    @contextlib.contextmanager
    def meanwhile(action: Callable[[], object]) -> Iterator[None]:
        over = threading.Event()

        def repeat() -> None:
            while not over.is_set():
                action()
                clock.sleep(SIGN_EVERY)

        thread = threading.Thread(target=repeat, name="signs", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    return meanwhile


class _Server(ThreadingHTTPServer):
    """A thread for each client; TLS begins there, so that a client that says nothing holds up nobody."""

    daemon_threads = True
    block_on_close = False

    def __init__(
        self, place: tuple[str, int], handler: Callable[..., BaseHTTPRequestHandler], tls: ssl.SSLContext
    ) -> None:
        super().__init__(place, handler)
        self._tls = tls

    def finish_request(self, request: Any, client_address: Any) -> None:
        request.settimeout(HANDSHAKE)
        with self._tls.wrap_socket(request, server_side=True) as secured:
            secured.settimeout(None)
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes, or that takes the certificate for a bad one, is no fault of ours."""


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, engine: StandInEngine | Hosts, account: Account, over: threading.Event, *request: Any) -> None:
        self.engine, self.account, self.over = engine, account, over
        super().__init__(*request)

    def do_GET(self) -> None:
        self._serve({})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, LONGEST_BODY))
        if self.path == TOKEN_PATH:
            self._deliver(Answer(*self.account.token(dict(parse_qsl(body.decode())))))
            return
        try:
            action = json.loads(body)
        except ValueError:
            action = None
        if isinstance(action, dict):
            self._serve(action)
        else:
            self._deliver(Answer(400, {"reason": "Incomplete parameters", "detail": "Action is no JSON object"}))

    def _serve(self, body: dict[str, Any]) -> None:
        parts = urlsplit(self.path)
        if not self.account.admits(self.headers.get("Authorization", "")):
            self._deliver(Answer(401, {}))
        elif parts.path.startswith(API):
            path, query = parts.path.removeprefix(API), dict(parse_qsl(parts.query))
            self._deliver(self.engine.answer(self.command, path, query, body))
        else:
            self._deliver(Answer(404, {}))

    def _deliver(self, answer: Answer) -> None:
        kind = answer.mishap.kind if answer.mishap is not None else ""
        if kind in SILENT:
            self.over.wait()  # the client gives up first, or the engine ends
            return
        body = json.dumps(answer.document).encode()
        if kind == "reset":
            head = f"HTTP/1.1 {answer.status} -\r\nContent-Length: {len(body)}\r\n\r\n"
            self.wfile.write(head.encode() + body[: len(body) // 2])
            reset(self.connection)
            self.connection.close()
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *line: Any) -> None:
        """Nothing: the engine has a log of its own."""
