"""Targets, credentials, the choice of a transport, trying again; and the order of the house."""

import ast
import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import pytest
from scripted import CAPS, stomp, vdsm
from test_xmlrpc import answering
from test_xmlrpc import vdsm as old_vdsm

from planner.vdsm.client import CODES, Done, Failure, Target, parse_target
from planner.vdsm.connect import speaker
from planner.vdsm.credentials import Credentials, check, from_environment
from planner.vdsm.jsonrpc import JsonRpc

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("host.example.com", "host.example.com", 54321),
        ("host:8443", "host", 8443),
        ("192.0.2.10", "192.0.2.10", 54321),
        ("2001:db8::10", "2001:db8::10", 54321),
        ("[2001:db8::10]", "2001:db8::10", 54321),
        ("[2001:db8::10]:1", "2001:db8::10", 1),
        ("fe80::1%eth0", "fe80::1%eth0", 54321),
    ],
)
def test_targets(text, host, port) -> None:
    assert parse_target(text) == Target(host, port, host)


BAD = [
    "",
    " ",
    "host:",
    "host:0",
    "host:65536",
    "host:x",
    "a b",
    "[::1",
    "[::1]x",
    "[host]:1",
    "-x",
    'a"b',
    "::g",
    "host:²",
]


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_target(text) -> None:
    assert isinstance(parse_target(text), Failure)


def test_targets_are_written_as_they_are_read() -> None:
    assert str(Target("2001:db8::1", 1, "")) == "[2001:db8::1]:1"
    assert Target("fe80::1%eth0", 1, "").authority == "[fe80::1]:1"
    assert Target("host", 1, "host").at("[2001:db8::2]") == Target("2001:db8::2", 1, "host")


def test_credentials_from_the_environment(tmp_path) -> None:
    assert from_environment({}) == Credentials()
    secret = tmp_path / "password"
    secret.write_text("s3cr3t\n")
    found = from_environment(
        {"MGMTNET_CA": "a", "MGMTNET_ENGINE_URL": "https://e", "MGMTNET_ENGINE_PASSWORD_FILE": str(secret)}
    )
    assert isinstance(found, Credentials)
    assert found.ca == "a"
    assert found.engine is not None
    assert found.engine.password == secret.read_text().strip()
    assert "s3cr3t" not in repr(found) + str(found) + f"{found}"


@pytest.mark.parametrize("environ", [{}, {"MGMTNET_ENGINE_PASSWORD_FILE": "/nowhere"}, {"MGMTNET_ENGINE_PASSWORD": ""}])
def test_no_password(environ) -> None:
    failure = from_environment({"MGMTNET_ENGINE_URL": "https://e", **environ})
    assert isinstance(failure, Failure)
    assert "PASSWORD" in failure.hint


def test_good_credentials(pki) -> None:
    assert check(pki.credentials()) is None


@pytest.mark.parametrize(
    ("client", "ca", "key", "text"),
    [
        ("none", "ca", "client", "none.crt"),
        ("client", "none", "", "none.pem"),
        ("client", "ca", "none", "none.key"),
        ("client", "ca", "second", "does not belong"),
        ("old", "ca", "", "expired on"),
    ],
)
def test_bad_credentials_are_named(pki, client, ca, key, text) -> None:
    failure = check(pki.credentials(client, ca, key))
    assert isinstance(failure, Failure)
    assert failure.kind == "credentials"
    assert text in failure.message
    assert "--" in failure.hint or "renew" in failure.hint
    assert speaker("host", "auto", pki.credentials(client, ca, key)) == failure


def test_credentials_that_are_missing_are_told_by_option_and_variable(pki, monkeypatch) -> None:
    missing = str(pki.folder / "missing.pem")
    failure = check(Credentials(missing, missing, missing))
    assert isinstance(failure, Failure)
    assert failure.hint == "name another by --ca or MGMTNET_CA"
    monkeypatch.setattr("planner.vdsm.credentials.CA", missing)
    failure = check(Credentials(missing, missing, missing))
    assert isinstance(failure, Failure)
    assert failure.hint.endswith("this one is there on a host that an engine has enrolled")


def test_credentials_that_are_something_else(pki) -> None:
    good = pki.credentials()
    for swapped in (Credentials(good.key, good.certificate, good.key), Credentials(good.ca, good.key, good.key)):
        assert isinstance(check(swapped), Failure)
    assert isinstance(check(Credentials(good.ca, good.certificate, good.certificate)), Failure)
    assert isinstance(check(Credentials(str(pki.folder), good.certificate, good.key)), Failure)
    assert isinstance(check(good, dt.datetime(1999, 1, 1, tzinfo=dt.UTC)), Failure)


def test_a_speaker_is_made_without_dialling(pki) -> None:
    assert isinstance(speaker("host", "jsonrpc", pki.credentials()), JsonRpc)
    assert isinstance(speaker("host", "engine", pki.credentials()), Failure)
    assert isinstance(speaker("host:x", "jsonrpc", pki.credentials()), Failure)
    assert isinstance(speaker("host", "jsonrpc", pki.credentials(), pin="md5:00"), Failure)


def test_auto_stays_with_stomp(serve, pki) -> None:
    server = serve(stomp(vdsm))
    host = speaker(f"127.0.0.1:{server.port}", "auto", pki.credentials())
    assert host.capabilities(timeout=3) == CAPS
    assert host.ping(timeout=3) == Done()
    assert server.connections == 2


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.0 400 Bad request syntax\r\n\r\n", b"<head><title>Error</title></head>"]
)
def test_auto_finds_an_older_vdsm(serve, pki, answer) -> None:
    """Up to 4.16 the HTTP server answers CONNECT with an error page, or the port's owner closes."""

    def either(sock) -> None:
        first = sock.recv(
            4,
        )
        if first == b"CONN":
            sock.sendall(answer)
            return
        answering(old_vdsm)(Unread(sock, first))

    server = serve(either)
    host = speaker(f"127.0.0.1:{server.port}", "auto", pki.credentials())
    assert host.capabilities(timeout=3) == CAPS
    assert server.connections == 2
    assert host.at("127.0.0.1").ping(timeout=3) == Done()
    assert server.connections == 3  # XML-RPC straight away


class Unread:
    def __init__(self, sock, first) -> None:
        self.sock, self.first = sock, first
        self.sendall = sock.sendall

    def recv(self, size) -> bytes:
        first, self.first = self.first, b""
        return first or self.sock.recv(size)


def test_auto_tells_of_stomp_when_neither_is_spoken(serve, pki, failing) -> None:
    def web(sock) -> None:
        sock.recv(1 << 16)
        sock.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        sock.recv(1)

    server = serve(web)
    host = speaker(f"127.0.0.1:{server.port}", "auto", pki.credentials())
    failing(host.ping, "protocol", 5)
    assert server.connections == 2


def test_auto_does_not_ask_twice_what_may_have_been_done(serve, pki, failing) -> None:
    server = serve(stomp(lambda sock, _call, _say: sock.close()))
    host = speaker(f"127.0.0.1:{server.port}", "auto", pki.credentials())
    assert failing(host.commit, "unreachable").sent
    assert server.connections == 1


def test_every_code_has_advice() -> None:
    assert {10, 16, *range(21, 30), 31, 32, 40, 43, 78, 99} <= set(CODES)
    assert all(code.name and code.advice for code in CODES.values())


HOMES = {"requests": {"http.py"}, "urllib3": {"http.py"}, "cryptography": {"credentials.py"}}


def test_each_library_has_one_home() -> None:
    for path in (ROOT / "planner" / "vdsm").glob("*.py"):
        names = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add((node.module or "").partition(".")[0])
        assert {library for library in HOMES if path.name not in HOMES[library]}.isdisjoint(names), path


def test_dialing_is_imported_without_the_libraries_that_dial() -> None:
    code = "import sys, planner.vdsm.connect; print({'requests', 'ssl', 'socket', 'cryptography'} & set(sys.modules))"
    # The measuring of coverage imports what it needs.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"
