"""JSON-RPC over STOMP over TLS, with servers that do well, and with TLS that does not."""

import json
import queue
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from scripted import CAPS, CONNECTED, frame, message, punctual, stomp, vdsm

from planner.vdsm.client import Done, Failure, FenceAgent, Target
from planner.vdsm.jsonrpc import JsonRpc, encode
from planner.vdsm.tls import fingerprint

AGENT = FenceAgent("192.0.2.200", "ipmilan", "admin", "s3cr3t-bmc")
REQUEST = {"networks": {"ovirtmgmt": {"nic": "eth0"}}, "bondings": {}, "options": {"connectivityCheck": True}}


def wait(sock) -> None:
    while sock.recv(1 << 16):
        pass


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
    assert "--ca or MGMTNET_CA" in failure.hint
    assert not failure.sent


def test_a_ca_of_the_same_name_as_the_hosts_signed_our_certificate(host, failing, pki) -> None:
    failure = failing(host(stomp(vdsm), pki.credentials("namesake")).ping, "tls")
    assert "our client certificate: another CA of the same name" in failure.message
    assert "--cert and --key, or MGMTNET_CERT and MGMTNET_KEY" in failure.hint
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


def test_a_vdsm_without_tls_is_told_at_once(host, failing) -> None:
    def without_tls(sock) -> None:
        if sock.recv(1 << 16).startswith(b"CONNECT"):
            sock.sendall(CONNECTED)

    failure = failing(host(without_tls, plain=True).ping, "tls")
    assert "VDSM speaks without TLS" in failure.message
    assert "ssl = true" in failure.hint
    closing = failing(host(lambda sock: sock.recv(1 << 16), plain=True).ping, "unreachable")
    assert closing.retryable  # it may be starting


def test_a_request_without_its_answer_is_not_left_on_the_way(host, failing) -> None:
    seen: queue.SimpleQueue[BaseException | bytes] = queue.SimpleQueue()

    def ending(sock, _call, _say) -> None:
        try:
            seen.put(socket.socket.recv(sock, 1))  # without TLS, which takes a reset for an end
        except OSError as error:
            seen.put(error)

    silent = host(stomp(ending))
    failing(lambda timeout: silent.set_up(REQUEST, timeout=timeout), "timeout", 1)
    assert isinstance(seen.get(timeout=5), ConnectionResetError)


@pytest.mark.parametrize(
    "reason",
    [
        "Checkpoint create failed due to a conflict with an existing checkpoint",
        "Another checkpoint exists, please wait its timeout",
        "device 'eth7' is already included in checkpoint /org/freedesktop/NetworkManager/Checkpoint/3",
    ],
)
def test_a_checkpoint_of_somebody_elses_is_waited_for(host, failing, reason) -> None:
    told = f"Internal JSON-RPC error: {{'reason': \"{reason}\"}}"
    bad = host(stomp(lambda _sock, _call, say: say(error={"code": -32603, "message": told})))
    failure = failing(lambda timeout: bad.set_up(REQUEST, timeout=timeout), "busy")
    assert (failure.name, failure.retryable) == ("CHECKPOINT_HELD", True)
    assert "untouched" in failure.hint


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
