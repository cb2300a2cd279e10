"""XML-RPC over HTTPS, with servers that do well and servers that do not."""

import gzip
import time
import xmlrpc.client
from concurrent.futures import ThreadPoolExecutor

import pytest
from scripted import CAPS, http, reply

from planner.vdsm.client import Done, Failure, FenceAgent, Target
from planner.vdsm.xmlrpc import XmlRpc

DONE = {"code": 0, "message": "Done"}
AGENT = FenceAgent("192.0.2.200", "ipmilan", "admin", "s3cr3t-bmc")
REQUEST = {"networks": {"ovirtmgmt": {"nic": "eth0"}}, "bondings": {}, "options": {"connectivityCheck": "true"}}


def answering(answers):
    def respond(sock, line, _headers, body) -> None:
        assert line == "POST /RPC2 HTTP/1.1"
        arguments, method = xmlrpc.client.loads(body)
        result = answers(method, arguments)
        sock.sendall(reply(xmlrpc.client.dumps((result,), methodresponse=True).encode()))

    return http(respond)


def vdsm(method, arguments):
    if method == "getVdsCapabilities":
        return {"status": DONE, "info": CAPS}
    if method == "setupNetworks":
        assert arguments == (REQUEST["networks"], {}, REQUEST["options"])
    if method == "fenceNode":
        assert arguments == ("192.0.2.200", "", "ipmilan", "admin", "s3cr3t-bmc", arguments[5], "false", "")
        return {"status": DONE, "power": "off"} if arguments[5] == "status" else {"status": DONE}
    return {"status": DONE}


@pytest.fixture
def host(serve, pki):
    def dial(script, credentials=None, limit=1 << 20, **how):
        port = serve(script, **how).port
        return XmlRpc(Target("127.0.0.1", port, "127.0.0.1"), credentials or pki.credentials(), limit=limit)

    return dial


def test_every_call_of_a_good_host(host) -> None:
    good = host(answering(vdsm))
    assert good.ping(timeout=3) == Done()
    assert good.capabilities(timeout=3) == CAPS
    assert good.set_up(REQUEST, timeout=3) == Done()
    assert good.confirm(timeout=3) == Done()
    assert good.commit(timeout=3) == Done()
    assert good.fence(AGENT, "status", timeout=3) == "off"
    assert good.fence(AGENT, "on", timeout=3) == "unknown"


@pytest.mark.parametrize(("code", "kind"), [(23, "vdsm"), (40, "busy"), (99, "recovering"), (16, "vdsm")])
def test_codes(host, failing, code, kind) -> None:
    bad = host(answering(lambda *_: {"status": {"code": code, "message": "no"}}))
    failure = failing(bad.commit, kind)
    assert (failure.code, failure.sent) == (code, True)


def test_tls(host, failing, pki) -> None:
    assert "CA" in failing(host(answering(vdsm), pki.credentials(ca="other")).ping, "tls").hint
    stranger = failing(host(answering(vdsm), pki.credentials("stranger")).ping, "tls")
    assert "client certificate" in stranger.message
    assert not stranger.sent  # though it was written: with TLS 1.3 the rejection comes later
    failing(host(lambda sock: sock.sendall(b"220 mail ready\r\n"), plain=True).ping, "tls")


BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d SYSTEM "file:///etc/passwd">]>
<methodResponse><params><param><value>&c;</value></param></params></methodResponse>"""
DEEP = b"<methodResponse><params><param>" + b"<value><array><data>" * 100_000


@pytest.mark.parametrize(
    "body",
    [BOMB, DEEP, b"", b"text", b"<html/>", b"<methodResponse/>", b"<methodResponse><params><param><value><struct>"]
    + [xmlrpc.client.dumps((one,), methodresponse=True).encode() for one in (1, {}, {"status": 1}, {"status": {}})],
)
def test_what_is_no_answer(host, failing, body) -> None:
    bad = host(http(lambda sock, *_: sock.sendall(reply(body))), limit=8 << 20)
    assert failing(bad.ping, "protocol").sent


def test_a_fault(host, failing) -> None:
    fault = xmlrpc.client.dumps(xmlrpc.client.Fault(1, "method not supported")).encode()
    assert "not supported" in failing(host(http(lambda sock, *_: sock.sendall(reply(fault)))).ping, "vdsm").message


@pytest.mark.parametrize("status", ["404 Not Found", "302 Found", "500 Oops", "204 No Content"])
def test_other_statuses(host, failing, status) -> None:
    bad = host(http(lambda sock, *_: sock.sendall(reply(b"", status))))
    assert status[:3] in failing(bad.ping, "protocol").message


def pour(sock, start) -> None:
    sock.sendall(start)
    while True:
        sock.sendall(b"x" * (1 << 16))


@pytest.mark.parametrize(
    "start",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40000000\r\n",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"garbage ",
    ],
)
def test_floods(host, failing, start) -> None:
    began = time.monotonic()
    assert failing(host(http(lambda sock, *_: pour(sock, start))).ping, "protocol", 10).sent
    assert time.monotonic() - began < 3


def test_a_compressed_answer_is_not_unpacked(host, failing) -> None:
    packed = gzip.compress(b"x" * (100 << 20))
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    bad = host(http(lambda sock, *_: sock.sendall(head + packed)))
    assert "compressed" in failing(bad.ping, "protocol").message


@pytest.mark.parametrize("start", [b"", b"HTTP/1.", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])
def test_closed_too_early(host, failing, start) -> None:
    failure = failing(host(http(lambda sock, *_: sock.sendall(start))).ping, "unreachable")
    assert failure.sent
    assert not failure.retryable


@pytest.mark.parametrize(
    "text", [b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 90, b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1000, b""]
)
def test_one_byte_at_a_time_or_none(host, failing, text) -> None:
    def drip(sock, *_request) -> None:
        for byte in text:
            sock.sendall(bytes([byte]))
            time.sleep(0.05)
        sock.recv(1)

    assert failing(host(http(drip)).ping, "timeout", 1).sent


def test_nothing_is_asked_twice(serve, pki, failing) -> None:
    server = serve(http(lambda *_: None))
    failing(XmlRpc(Target("127.0.0.1", server.port, ""), pki.credentials()).ping, "unreachable")
    assert server.connections == 1


def test_none_cannot_be_said(host) -> None:
    failure = host(answering(vdsm)).set_up({"networks": {"a": None}}, timeout=1)
    assert isinstance(failure, Failure)
    assert not failure.sent


def test_two_hundred_at_once(host) -> None:
    good = host(answering(vdsm))
    with ThreadPoolExecutor(200) as pool:
        answers = list(pool.map(lambda _: good.capabilities(timeout=30), range(200)))
    assert answers == [CAPS] * 200


def test_the_bmcs_password_shows_nowhere(host) -> None:
    bad = host(answering(lambda *_: {"status": {"code": 1, "message": "s3cr3t-bmc was wrong"}}))
    failure = bad.fence(AGENT, "status", timeout=3)
    assert isinstance(failure, Failure)
    assert "s3cr3t-bmc" not in repr(failure)
