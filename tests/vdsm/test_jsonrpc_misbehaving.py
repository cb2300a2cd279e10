"""JSON-RPC over STOMP with peers that misbehave: what is no frame, no answer, too large, too slow, or gone."""

import resource
import socket
import struct
import threading
import time

import pytest
from scripted import CONNECTED, message, stomp, vdsm

from planner.vdsm.client import Done, FenceAgent, Target
from planner.vdsm.jsonrpc import JsonRpc, encode

AGENT = FenceAgent("192.0.2.200", "ipmilan", "admin", "s3cr3t-bmc")
REQUEST = {"networks": {"ovirtmgmt": {"nic": "eth0"}}, "bondings": {}, "options": {"connectivityCheck": True}}


def wait(sock) -> None:
    while sock.recv(1 << 16):
        pass


def endless(sock, start: bytes, chunk: bytes = b"x" * (1 << 16)) -> None:
    sock.sendall(start)
    while True:
        sock.sendall(chunk)


BIG = b"MESSAGE\nsubscription:answers\ncontent-length:1000000000\n\n"


@pytest.mark.parametrize(
    ("name", "text", "kind", "start"),
    [
        ("garbage", "no STOMP frame", "protocol", b"\x00\x01\x02garbage"),
        ("http", "HTTP", "protocol", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        ("html", "HTTP", "protocol", b"<head><title>Error response</title></head>"),
        ("error", "ERROR frame: Version unsupported", "protocol", encode("ERROR", {"message": "Version unsupported"})),
        ("other version", "1.0", "protocol", encode("CONNECTED", {"version": "1.0"})),
        ("endless headers", "headers", "protocol", b"CONNECTED\n" + b"a:b\n" * 10000),
        ("odd escape", "escape", "protocol", CONNECTED + b"MESSAGE\na:\\t\n\n\0"),
        ("no colon", "colon", "protocol", b"CONNECTED\nversion\n\n\0"),
        ("no number", "content-length", "protocol", b"CONNECTED\ncontent-length:-5\n\n\0"),
        ("too long", "goes on", "protocol", b"CONNECTED\ncontent-length:1\n\nabc\0"),
        ("not text", "UTF-8", "protocol", b"CONNECTED\n\xff:\n\n\0"),
    ],
)
def test_what_is_no_stomp(host, failing, name, text, kind, start) -> None:
    def script(sock) -> None:
        sock.sendall(start)
        wait(sock)

    assert text in failing(host(script).ping, kind).message, name


def test_a_frame_of_one_gigabyte(host, failing) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    bad = host(stomp(lambda sock, _call, _say: endless(sock, BIG)))
    failure = failing(bad.ping, "protocol", 10)
    assert "1000000000 bytes" in failure.message
    assert failure.sent
    assert time.monotonic() - began < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10


def test_a_frame_without_an_end(host, failing) -> None:
    bad = host(stomp(lambda sock, _call, _say: endless(sock, b"MESSAGE\nsubscription:answers\n\n")))
    assert "no more than" in failing(bad.ping, "protocol", 10).message


def test_an_endless_stream_of_other_frames(host, failing) -> None:
    bad = host(stomp(lambda sock, _call, _say: endless(sock, b"", encode("RECEIPT", {"receipt-id": "1"}) * 1000)))
    assert failing(bad.ping, "timeout", 1).sent


def test_an_answer_to_another_call(host, failing) -> None:
    failure = failing(host(stomp(lambda _sock, _call, say: say(id="another", result=True))).ping, "timeout", 1)
    assert "1 answers to other calls were ignored" in failure.message
    assert failure.sent
    assert not failure.retryable


def test_the_right_answer_may_come_after_others(host) -> None:
    def answer(sock, call, say) -> None:
        say(id="another", result=False)
        sock.sendall(b"\n\r\n" + message(b"{}", subscription="another"))
        vdsm(sock, call, say)

    assert host(stomp(answer)).ping(timeout=3) == Done()


def test_an_error_frame_for_the_request(host, failing) -> None:
    error = encode("ERROR", {"message": "Subscription not available"}, b"details")
    failure = failing(host(stomp(lambda sock, _call, _say: sock.sendall(error))).ping, "protocol")
    assert "Subscription not available details" in failure.message
    assert failure.sent


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b"[" * 100000, b"{}", b"1" * 10000, b"\xff", b'"x"'])
def test_what_is_no_json_rpc(host, failing, body) -> None:
    bad = host(stomp(lambda sock, _call, _say: sock.sendall(message(body))))
    assert failing(bad.capabilities, "protocol").sent


@pytest.mark.parametrize("result", [None, [], "text", 5])
def test_capabilities_of_another_shape(host, failing, result) -> None:
    failing(host(stomp(lambda _sock, _call, say: say(result=result))).capabilities, "protocol")


def reset(sock) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def test_reset_in_the_middle_of_the_answer(host, failing) -> None:
    def answer(sock, _call, _say) -> None:
        sock.sendall(b"MESSAGE\nsubscription:answers\ncontent-length:100\n\nhalf")
        time.sleep(0.1)
        reset(sock)

    failure = failing(host(stomp(answer)).ping, "unreachable")
    assert failure.sent
    assert not failure.retryable


def test_closed_before_stomp(host, failing) -> None:
    failure = failing(host(lambda sock: sock.recv(10)).ping, "unreachable")
    assert not failure.sent
    assert failure.name == "NOT_STOMP"


@pytest.mark.parametrize("where", ["connect", "request"])
def test_half_open(host, failing, where) -> None:
    failure = failing(host(wait if where == "connect" else stomp(lambda *_: None)).ping, "timeout", 1)
    assert failure.sent is (where == "request")


@pytest.mark.parametrize("start", [CONNECTED, b"\n"], ids=["frame", "heartbeats"])
def test_one_byte_at_a_time(host, failing, start) -> None:
    def drip(sock) -> None:
        for byte in start * 1000:
            sock.sendall(bytes([byte]))
            time.sleep(0.05)

    failing(host(drip).ping, "timeout", 1)


def test_an_answer_of_one_byte_at_a_time(host, failing) -> None:
    def answer(sock, _call, _say) -> None:
        for byte in message(b" " * 1000):
            sock.sendall(bytes([byte]))
            time.sleep(0.05)

    assert failing(host(stomp(answer)).ping, "timeout", 1).sent


def test_a_handshake_of_one_byte_at_a_time(host, failing) -> None:
    def drip(sock) -> None:
        sock.sendall(b"\x16\x03\x03\x40\x00")
        while True:
            sock.sendall(b"\x00")
            time.sleep(0.05)

    assert failing(host(drip, plain=True).ping, "timeout", 1).retryable


def test_a_peer_that_does_not_read(pki, serve, failing) -> None:
    stop = threading.Event()
    server = serve(lambda sock: (sock.sendall(CONNECTED), stop.wait(5)))
    big = {"networks": {"a": "x" * (32 << 20)}, "bondings": {}, "options": {}}
    host = JsonRpc(Target("127.0.0.1", server.port, ""), pki.credentials())
    assert failing(lambda timeout: host.set_up(big, timeout=timeout), "timeout", 1).sent
    stop.set()


# --- heartbeats
