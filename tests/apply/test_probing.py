"""Probes: what passes, what fails, what is none; and which a host has of its own."""

import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

import planner
from planner.apply.world import ask, standard_probes, told, unusable
from planner.standin.certificates import issue, server_context

ROOT = Path(__file__).parent.parent.parent


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_an_open_port_passes_and_a_closed_one_does_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        there, gone = f"tcp://127.0.0.1:{server.getsockname()[1]}", f"tcp://127.0.0.1:{closed_port()}"
        assert ask([there, gone]) == {there: True, gone: False}


def test_a_machine_that_refuses_is_there() -> None:
    assert ask(["ip://127.0.0.1"]) == {"ip://127.0.0.1": True}


def test_a_name_server_is_asked_a_question() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]

        def answer() -> None:
            question, client = server.recvfrom(512)
            server.sendto(question[:2] + b"\x80" + question[3:], client)

        threading.Thread(target=answer, daemon=True).start()
        probe = f"dns://127.0.0.1:{port}"
        assert ask([probe]) == {probe: True}


def test_a_web_server_passes_whoever_signed_its_certificate(tmp_path: Path) -> None:
    context = server_context(issue(tmp_path))
    context.verify_mode = ssl.CERT_NONE
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    probe = f"https://127.0.0.1:{server.server_address[1]}/ovirt-engine"
    assert ask([probe]) == {probe: True}  # 501 is an answer
    server.shutdown()
    server.server_close()


def test_a_port_that_speaks_no_tls_is_no_web_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            server.accept()[0].close()

        threading.Thread(target=hang_up, daemon=True).start()
        probe = f"https://127.0.0.1:{server.getsockname()[1]}/"
        assert ask([probe]) == {probe: False}


@pytest.mark.parametrize(
    "text", ["", "engine", "tcp://engine", "ftp://engine:21", "tcp://:22", "tcp://e:99999", "ip://"]
)
def test_what_is_no_probe_is_told_with_its_text(text: str) -> None:
    (problem,) = unusable([text])
    assert problem.code == "probe-unusable"
    assert repr(text) in problem.message


def test_a_hosts_own_probes_are_its_ports_gateways_and_name_servers() -> None:
    host = planner.read_capture((ROOT / "golden/nic-static/capture.json").read_bytes()).host
    assert host is not None
    assert standard_probes(host, 54322) == (
        "tcp://{host}:22",
        "tcp://{host}:54322",
        "ip://192.0.2.1",
        "dns://192.0.2.53",
    )


def test_a_hosts_port_is_asked_where_the_host_is_now() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        probe = f"tcp://{{host}}:{server.getsockname()[1]}"
        assert ask([probe], "::1") == {probe: True}


def test_a_hosts_probes_are_told_as_they_are_asked() -> None:
    assert told(["tcp://{host}:54321", "ip://192.0.2.1"], "2001:db8::1") == "ip://192.0.2.1, tcp://[2001:db8::1]:54321"
