"""JSON-RPC over STOMP over TLS, with servers that do well and servers that do not."""

import json
import resource
import socket
import ssl
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from scripted import CAPS, CONNECTED, frame, message, punctual, stomp, vdsm

from planner.vdsm.failure import Failure
from planner.vdsm.jsonrpc import JsonRpc
from planner.vdsm.speaker import Done, FenceAgent
from planner.vdsm.stomp_frames import encode
from planner.vdsm.target import Target
from planner.vdsm.tls import fingerprint

AGENT = FenceAgent("192.0.2.200", "ipmilan", "admin", "s3cr3t-bmc")
REQUEST = {"networks": {"ovirtmgmt": {"nic": "eth0"}}, "bondings": {}, "options": {"connectivityCheck": True}}


def wait(sock) -> None:
    while sock.recv(1 << 16):
        pass


@pytest.fixture
def host(serve, pki):
    def dial(script, credentials=None, pin=None, *, check_name=False, **how):
        port = serve(script, **how).port
        address = "::1" if how.get("family") == socket.AF_INET6 else "127.0.0.1"
        return JsonRpc(Target(address, port, address), credentials or pki.credentials(), pin, check_name)

    return dial


def test_every_call_of_a_good_host(host) -> None:
    good = host(stomp(vdsm))
    assert good.ping(timeout=3) == Done()
    assert good.capabilities(timeout=3) == CAPS
    assert good.set_up(REQUEST, timeout=3) == Done("Done")
    assert good.confirm(timeout=3) == Done()
    assert good.commit(timeout=3) == Done()
    assert good.fence(AGENT, "status", timeout=3) == "on"
    assert good.fence(AGENT, "off", timeout=3) == "unknown"


def test_ipv6(host) -> None:
    assert host(stomp(vdsm), family=socket.AF_INET6).ping(timeout=3) == Done()


def test_before_4_20_ping_confirms(host) -> None:
    seen = []

    def old(sock, call, say) -> None:
        seen.append(call["method"])
        say(result=True) if call["method"] == "Host.ping" else vdsm(sock, call | {"method": "Host.none"}, say)

    assert host(stomp(old)).confirm(timeout=3) == Done()
    assert seen == ["Host.confirmConnectivity", "Host.ping"]


@pytest.mark.parametrize(
    ("code", "kind", "name"),
    [
        (10, "vdsm", "LOST_CONNECTION"),
        (23, "vdsm", "BAD_NIC"),
        (40, "busy", "RESOURCE_UNAVAILABLE"),
        (99, "recovering", "RECOVERING"),
        (-32603, "vdsm", "INTERNAL_ERROR"),
        (4711, "vdsm", "UNKNOWN"),
    ],
)
def test_codes_pass_through(host, failing, code, kind, name) -> None:
    bad = host(stomp(lambda _sock, _call, say: say(error={"code": code, "message": "Nic eth9\x1b[2J does not exist"})))
    failure = failing(lambda timeout: bad.set_up(REQUEST, timeout=timeout), kind)
    assert (failure.code, failure.name, failure.sent) == (code, name, True)
    assert "Nic eth9 [2J does not exist" in failure.message
    assert failure.retryable is (kind != "vdsm")


def test_a_code_within_the_result_is_a_failure_too(host, failing) -> None:
    bad = host(stomp(lambda _sock, _call, say: say(result={"status": {"code": 24, "message": "used"}})))
    assert failing(lambda timeout: bad.set_up(REQUEST, timeout=timeout), "vdsm").name == "USED_NIC"


def test_an_unreadable_request_is_answered_without_an_id(host, failing) -> None:
    bad = host(stomp(lambda _sock, _call, say: say(id=None, error={"code": -32700, "message": "parse"})))
    assert failing(bad.ping, "vdsm").name == "PARSE_ERROR"


# --- TLS


def test_another_ca_signed_the_host(host, failing, pki) -> None:
    failure = failing(host(stomp(vdsm), pki.credentials(ca="other")).ping, "tls")
    assert "MGMTNET_CA" in failure.hint
    assert not failure.sent


def test_the_hosts_certificate_has_expired(host, failing, pki) -> None:
    assert "expired" in failing(host(stomp(vdsm), cert=pki.expired).ping, "tls").message


def test_the_host_does_not_know_our_ca(host, failing, pki) -> None:
    failure = failing(host(stomp(vdsm), pki.credentials("stranger")).ping, "tls")
    assert "client certificate" in failure.message
    assert not failure.sent


def test_the_host_finds_our_certificate_expired(host, failing, pki) -> None:
    assert "expired" in failing(host(stomp(vdsm), pki.credentials("old")).ping, "tls").message


def test_a_key_of_another_certificate(host, failing, pki) -> None:
    assert "key" in failing(host(stomp(vdsm), pki.credentials("client", key="second")).ping, "tls").message


def test_pins(host, failing, pki) -> None:
    der = ssl.PEM_cert_to_DER_cert(pki.server.cert_chain_pems[0].bytes().decode())
    assert host(stomp(vdsm), pin=fingerprint(der)).ping(timeout=3) == Done()
    failure = failing(host(stomp(vdsm), pin="sha256:" + "0" * 64).ping, "tls")
    assert fingerprint(der) in failure.hint


def test_names_are_checked_when_asked_for(host, failing, pki) -> None:
    assert "address" in failing(host(stomp(vdsm), check_name=True).ping, "tls").message
    elsewhere = host(stomp(vdsm), check_name=True, cert=pki.named)
    assert elsewhere.ping(timeout=3) == Done()
    assert elsewhere.at("127.0.0.2").target.name == "127.0.0.1"  # the name stays that of the host


def test_plain_tcp(host, failing) -> None:
    assert "TLS" in failing(host(lambda sock: sock.sendall(b"220 mail ready\r\n"), plain=True).ping, "tls").message


def test_a_listener_that_says_nothing_before_tls(host, failing) -> None:
    failure = failing(host(wait, plain=True).ping, "timeout", 1)
    assert failure.retryable


def test_nobody_listens(pki, failing) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    failure = failing(JsonRpc(Target("127.0.0.1", port, ""), pki.credentials()).ping, "unreachable")
    assert failure.retryable


def test_a_name_that_does_not_resolve(pki, failing) -> None:
    failing(JsonRpc(Target("host.invalid", 1, ""), pki.credentials()).ping, "unreachable", 5)


def test_a_resolver_that_does_not_answer(pki, monkeypatch) -> None:
    answer = threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", Resolver(answer))
    began = time.monotonic()
    failure = JsonRpc(Target("host.example.com", 1, ""), pki.credentials()).ping(timeout=1)
    answer.set()
    assert isinstance(failure, Failure)
    assert "does not resolve" in failure.message
    assert time.monotonic() - began < 2


class Resolver:
    def __init__(self, answer: threading.Event) -> None:
        self.answer = answer

    def __call__(self, *_name, flags=0, **_wanted) -> list:
        if not flags:
            self.answer.wait(10)
        raise socket.gaierror(socket.EAI_NONAME, "unknown")


# --- peers that misbehave


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


def beating(beat: str, act):
    def script(sock) -> None:
        left = bytearray()
        frame(sock, left)
        sock.sendall(encode("CONNECTED", {"version": "1.2", "heart-beat": beat}))
        frame(sock, left)
        _, _, body = frame(sock, left)
        act(sock, json.loads(body)["id"])

    return script


def test_heartbeats_are_sent_and_heard(host) -> None:
    heard = []

    def act(sock, call) -> None:
        sock.settimeout(1)
        for _ in range(8):
            sock.sendall(b"\n")
            heard.append(sock.recv(10))
        sock.sendall(message(json.dumps({"jsonrpc": "2.0", "id": call, "result": True}).encode()))

    assert host(beating("200,200", act))._replace(beat=200).ping(timeout=5) == Done()
    assert heard == [b"\n"] * 8


def test_a_silent_peer_that_promised_heartbeats_is_gone(host, failing) -> None:
    began = time.monotonic()
    assert (
        "heartbeat"
        in failing(host(beating("200,0", lambda sock, _call: wait(sock)))._replace(beat=200).ping, "timeout", 5).message
    )
    assert time.monotonic() - began < 2


def test_set_up_asks_for_no_heartbeats(host) -> None:
    def act(sock, call) -> None:
        time.sleep(1)
        sock.sendall(message(json.dumps({"jsonrpc": "2.0", "id": call, "result": True}).encode()))

    assert host(beating("200,200", act)).set_up(REQUEST, timeout=5) == Done()


# --- many, and secrets


def test_two_hundred_hosts_at_once(host) -> None:
    good = host(stomp(vdsm))
    with punctual(30), ThreadPoolExecutor(200) as pool:
        answers = list(pool.map(lambda _: good.capabilities(timeout=30), range(200)))
    assert answers == [CAPS] * 200


@pytest.mark.parametrize("password", ["s3cr3t-bmc", "s3cr3t \"&<>'\\\tbmc"])
def test_the_bmcs_password_shows_nowhere(host, password) -> None:
    agent = AGENT._replace(password=password)
    assert "s3cr3t" not in repr(agent) + str(agent) + f"{agent}"
    echoes = [
        lambda _sock, call, say: say(
            error={"code": -32602, "message": f"{call['params']} {call['params']['password']}"}
        ),
        lambda _sock, call, say: say(error={"code": 1, "message": "x" * 390 + call["params"]["password"]}),
        lambda _sock, call, say: say(result=call["params"]),
        lambda sock, call, _say: sock.sendall(encode("ERROR", {"message": json.dumps(call)})),
        lambda sock, call, _say: sock.sendall(b"ECHO " + json.dumps(call).encode()),
    ]
    for echo in echoes:
        failure = host(stomp(echo)).fence(agent, "status", timeout=2)
        assert isinstance(failure, Failure)
        assert "s3cr3t" not in repr(failure) + str(failure)
