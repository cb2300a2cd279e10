"""Clients that are not mgmtnet's: STOMP by hand over a socket, XML-RPC by Python's own client."""

import http.client
import json
import socket
import ssl
import xmlrpc.client

from planner.standin.certificates import Credentials

SUBSCRIBED = "SUBSCRIBE\ndestination:answers\nid:1\nack:auto\n\n\0"


def client_context(credentials: Credentials, pair: str = "client") -> ssl.SSLContext:
    """What a client connects with: it knows the authority, and by VDSM's custom does not look at names."""
    context = ssl.create_default_context(cafile=str(credentials.ca))
    context.check_hostname = False
    shown = getattr(credentials, pair)
    context.load_cert_chain(shown.certificate, shown.key)
    return context


class Stomp:
    """A raw STOMP client; `place` is (address, port)."""

    def __init__(self, place, credentials, pair="client", timeout=5, *, greet=True):
        raw = socket.create_connection(tuple(place), timeout=timeout)
        try:
            self.socket = client_context(credentials, pair).wrap_socket(raw)
        except OSError:
            raw.close()
            raise
        self.buffer = b""
        self.count = 0
        if greet:
            self.text("CONNECT\naccept-version:1.2\nheart-beat:0,0\n\n\0")
            assert self.frame()[0] == "CONNECTED"
            self.text(SUBSCRIBED)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def text(self, text):
        self.socket.sendall(text.encode())

    def ask(self, method, **parameters):
        self.count += 1
        self.post({"jsonrpc": "2.0", "method": method, "params": parameters, "id": self.count})

    def post(self, document):
        body = document if isinstance(document, str) else json.dumps(document)
        head = f"destination:jms.topic.vdsm_requests\nreply-to:answers\ncontent-length:{len(body.encode())}"
        self.text(f"SEND\n{head}\n\n{body}\0")

    def frame(self):
        while b"\0" not in self.buffer:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionResetError
            self.buffer += data
        whole, _, self.buffer = self.buffer.partition(b"\0")
        head, _, body = whole.lstrip(b"\n").partition(b"\n\n")
        command, *lines = head.decode().split("\n")
        return command, dict(line.split(":", 1) for line in lines), body

    def call(self, method, **parameters):
        self.ask(method, **parameters)
        return self.answer()

    def answer(self):
        command, _, body = self.frame()
        assert command == "MESSAGE", (command, body)
        return json.loads(body)


def xmlrpc_proxy(place, credentials):
    class Transport(xmlrpc.client.SafeTransport):
        def make_connection(self, host):
            self._connection = host, http.client.HTTPSConnection(host, timeout=5, context=client_context(credentials))
            return self._connection[1]

    return xmlrpc.client.ServerProxy(f"https://{place[0]}:{place[1]}/RPC2", transport=Transport())
