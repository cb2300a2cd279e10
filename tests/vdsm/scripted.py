"""Certificates, and servers that do over a real TLS socket what a test scripts: one function for each connection."""

import contextlib
import datetime as dt
import json
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import trustme

from planner.vdsm.credentials import Credentials
from planner.vdsm.jsonrpc import encode

CAPS = {"version_name": "Snow Man", "nics": {"eth0": {"addr": "192.0.2.10"}}, "lastClientIface": "eth0"}


class Pki:
    """A CA, a server's certificate for another name than the one dialled, a client's; and a second CA."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca, self.other = trustme.CA(), trustme.CA()
        self.server = self.ca.issue_cert("node.example.org")
        self.named = self.ca.issue_cert("127.0.0.1")
        yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
        self.expired = self.ca.issue_cert("node.example.org", not_after=yesterday)
        self.write("client", self.ca.issue_cert("client.example.org"))
        self.write("second", self.ca.issue_cert("second.example.org"))
        self.write("stranger", self.other.issue_cert("client.example.org"))
        self.write("namesake", _namesake(self.ca).issue_cert("client.example.org"))
        self.write("old", self.ca.issue_cert("client.example.org", not_after=yesterday))
        self.ca.cert_pem.write_to_path(str(folder / "ca.pem"))
        self.other.cert_pem.write_to_path(str(folder / "other.pem"))

    def write(self, name: str, cert: trustme.LeafCert) -> None:
        cert.cert_chain_pems[0].write_to_path(str(self.folder / f"{name}.crt"))
        cert.private_key_pem.write_to_path(str(self.folder / f"{name}.key"))

    def credentials(self, client: str = "client", ca: str = "ca", key: str = "") -> Credentials:
        return Credentials(
            str(self.folder / f"{ca}.pem"),
            str(self.folder / f"{client}.crt"),
            str(self.folder / f"{key or client}.key"),
        )

    def context(self, cert: trustme.LeafCert | None = None, *, mutual: bool = True) -> ssl.SSLContext:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        (cert or self.server).configure_cert(tls)
        if mutual:
            self.ca.configure_trust(tls)
            tls.verify_mode = ssl.CERT_REQUIRED
        return tls


def _namesake(ca: trustme.CA) -> trustme.CA:
    """Another CA under the name of ``ca``: as an engine's that was set up again on the same machine."""
    other = trustme.CA()
    other._certificate = ca._certificate  # noqa: SLF001 trustme gives every CA a name of its own
    return other


class Server:
    """Listens until it is closed; `script(connection)` runs once for each connection, in a thread."""

    def __init__(self, script, tls: ssl.SSLContext | None, family: socket.AddressFamily = socket.AF_INET) -> None:
        self.script, self.tls = script, tls
        self.stopped = threading.Event()
        self.open: set[socket.socket] = set()
        self.connections = 0
        self.listener = socket.create_server(
            ("::1" if family == socket.AF_INET6 else "127.0.0.1", 0), family=family, backlog=512
        )
        self.port = self.listener.getsockname()[1]
        self.pool = ThreadPoolExecutor(256, "scripted")
        self.pool.submit(self.accept)

    def accept(self) -> None:
        while not self.stopped.is_set():
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.pool.submit(self.serve, plain)

    def serve(self, plain: socket.socket) -> None:
        self.open.add(plain)
        with contextlib.suppress(OSError, ssl.SSLError, ValueError, EOFError):
            sock = self.tls.wrap_socket(plain, server_side=True) if self.tls else plain
            self.open.add(sock)
            try:
                self.script(sock)
            finally:
                sock.close()

    def close(self) -> None:
        self.stopped.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for sock in self.open:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
        self.pool.shutdown(wait=True)


def frame(sock: socket.socket, left: bytearray) -> tuple[str, dict[str, str], bytes]:
    """The next frame of a client; reads headers by their own, simpler way."""
    while b"\0" not in left:
        data = sock.recv(1 << 16)
        if not data:
            raise EOFError
        left += data
    end = left.index(b"\0")
    head, _, body = bytes(left[:end]).lstrip(b"\n").partition(b"\n\n")
    del left[: end + 1]
    command, *lines = head.decode().split("\n")
    return command, dict(line.split(":", 1) for line in lines), body


CONNECTED = encode("CONNECTED", {"version": "1.2", "heart-beat": "0,0"})


def stomp(answer):
    """A server that speaks STOMP well; `answer(sock, call, say)` sees the call and `say(result)` answers it."""

    def script(sock: socket.socket) -> None:
        left = bytearray()
        subscribed = ""
        while True:
            command, headers, body = frame(sock, left)
            if command == "CONNECT":
                assert headers["accept-version"] == "1.2"
                sock.sendall(CONNECTED)
            elif command == "SUBSCRIBE":
                subscribed = headers["id"], headers["destination"]
            elif command == "DISCONNECT":
                sock.sendall(encode("RECEIPT", {"receipt-id": headers["receipt"]}))
                return
            elif command == "SEND":
                assert headers["destination"] == "jms.topic.vdsm_requests"
                assert headers["reply-to"] == subscribed[1]
                assert int(headers["content-length"]) == len(body)
                call = json.loads(body)

                def say(*, call=call, subscribed=subscribed, **parts) -> None:
                    reply = {"jsonrpc": "2.0", "id": call["id"], **parts}
                    sock.sendall(message(json.dumps(reply).encode(), subscribed[0], subscribed[1]))

                answer(sock, call, say)

    return script


def message(body: bytes, subscription: str = "answers", destination: str = "there") -> bytes:
    headers = {"destination": destination, "content-type": "application/json", "subscription": subscription}
    return encode("MESSAGE", headers | {"content-length": str(len(body))}, body)


def vdsm(_sock, call, say) -> None:
    """What VDSM 4.50 answers."""
    method = call["method"].removeprefix("Host.")
    if method == "getCapabilities":
        say(result=CAPS)
    elif method == "setupNetworks":
        assert set(call["params"]) == {"networks", "bondings", "options"}
        say(result={"code": 0, "message": "Done"})
    elif method == "fenceNode":
        assert call["params"]["secure"] in ("true", "false")
        status = call["params"]["action"] == "status"
        say(result={"power": "on"} if status else {"power": "unknown", "operationStatus": "initiated"})
    elif method in ("ping2", "confirmConnectivity", "setSafeNetworkConfig"):
        say(result=True)
    else:
        say(error={"code": -32601, "message": f"The method does not exist or is not available: {call['method']}"})


def http(respond):
    """A server of one HTTP request a connection; `respond(sock, line, headers, body)`."""

    def script(sock: socket.socket) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            more = sock.recv(1 << 16)
            if not more:
                return
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        line, *rest = head.decode().split("\r\n")
        headers = {key.lower(): value for key, value in (text.split(": ", 1) for text in rest)}
        while len(body) < int(headers.get("content-length", "0")):
            body += sock.recv(1 << 16)
        respond(sock, line, headers, body)

    return script


def reply(body: bytes, status: str = "200 OK", kind: str = "text/xml") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


@contextlib.contextmanager
def punctual(timeout):
    before = ours()
    began = time.monotonic()
    yield
    assert time.monotonic() - began < timeout + 1
    assert ours() <= before


def ours():
    """The threads that are no server's."""
    servers = ("scripted", "process_request_thread")
    return {thread for thread in threading.enumerate() if not any(name in thread.name for name in servers)}
