"""An engine's REST API, as small as it can be, behind TLS: one host, one network, and every request is recorded."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

PASSWORD = "pässword-s3cr3t"  # noqa: S105  of this fake

LISTS = {
    "clusters/c1/networks": {
        "network": [
            {"id": "n1", "name": "ovirtmgmt", "vlan": {"id": "3000"}, "mtu": "9000", "usages": {"usage": ["vm"]}},
            {"id": "n2", "name": "a very long name", "vdsm_name": "on0123456789abc", "mtu": 0, "usages": {"usage": []}},
        ]
    },
    "hosts/h1/nics": {"host_nic": [{"id": "b4", "name": "bond4"}, {"id": "e2", "name": "eth2"}]},
    "hosts/h1/networkattachments": {"network_attachment": [{"id": "a1", "network": {"id": "n1"}}]},
    "hosts/h1/fenceagents": {"agent": [{"address": "192.0.2.200", "type": "ipmilan"}]},
}


class FakeEngine:
    """`token` False: an engine before SSO. `faults`: path -> (status, document) that is answered instead."""

    def __init__(self, tls: ssl.SSLContext, *, token: bool = True) -> None:
        self.token = token
        self.hosts = [{"id": "h1", "name": "host1", "address": "192.0.2.10", "status": "up", "cluster": {"id": "c1"}}]
        self.faults: dict[str, tuple[int, object]] = {}
        self.actions: list[tuple[str, dict]] = []
        self.authorizations: set[str] = set()
        engine = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer(*engine.get(self.path, self.headers))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.answer(*engine.post(self.path, self.headers, body))

            def answer(self, status, document) -> None:
                body = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_line) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, *_request) -> None:
                pass

        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), name="scripted engine")
        self.thread.start()

    def get(self, path, headers):
        self.authorizations.add(headers["Authorization"])
        assert headers["Version"] == "4"
        parts = urlsplit(path)
        name = parts.path.removeprefix("/ovirt-engine/api/")
        if name in self.faults:
            return self.faults[name]
        if name == "hosts":
            assert parse_qs(parts.query)["search"][0].startswith('name="')
            return 200, {"host": self.hosts}
        return (200, LISTS[name]) if name in LISTS else (404, {})

    def post(self, path, headers, body):
        if path == "/ovirt-engine/sso/oauth/token":
            if not self.token:
                return 404, b"<html>not found</html>"
            form = {key: values[0] for key, values in parse_qs(unquote(body.decode()), strict_parsing=True).items()}
            if form["password"] != PASSWORD:
                return 400, {"error": "access_denied", "error_description": f"no: {form['password']}"}
            return 200, {"access_token": "t0k3n", "scope": form["scope"], "exp": "9999999999999"}
        self.authorizations.add(headers["Authorization"])
        assert headers["Content-Type"] == "application/json"
        name = path.removeprefix("/ovirt-engine/api/")
        self.actions.append((name, json.loads(body)))
        if name in self.faults:
            return self.faults[name]
        status = {"power_management": {"status": "on"}} if name.endswith("fence") else {}
        return 200, {"status": "complete", **status}

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
