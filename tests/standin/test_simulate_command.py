"""`mgmtnet simulate` as a process of its own, that outlives its clients."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from before_hosts import BEFORE
from cryptography import x509
from wire_clients import Stomp

from planner.cli.main import main
from planner.host.capture import read_capture
from planner.standin import StandIn
from planner.standin.captures import read_document
from planner.standin.certificates import issue

ROOT = Path(__file__).parents[2]
CAPTURES = sorted([*(ROOT / "tests" / "data" / "hosts").glob("*/caps.json"), *(ROOT / "golden").glob("*/capture.json")])
FROM_IP = ("from-iproute", "from-iproute-by-ipv6", "from-iproute-lease", "from-iproute-stated")
NO_STAND_IN = {"excerpt-without-vlans", *FROM_IP, "southbound-elsewhere", "southbound-elsewhere-bridgeless"}
PLAYED = [path for path in CAPTURES if path.parent.name not in NO_STAND_IN]
CLIENT = """
import sys; sys.path.insert(0, sys.argv[1])
from pathlib import Path
from wire_clients import Stomp
from planner.standin.certificates import issue
stomp = Stomp((sys.argv[2], int(sys.argv[3])), issue(Path(sys.argv[4])))
wanted, patient = {"ovirtmgmt": {"nic": "eth0", "bootproto": "dhcp"}}, {"connectivityTimeout": 120}
stomp.ask("Host.setupNetworks", networks=wanted, bondings={}, options=patient)
print("asked", flush=True)
import time; time.sleep(60)
"""


@pytest.fixture
def simulated(tmp_path):
    capture = tmp_path / "caps.json"
    capture.write_text(json.dumps(BEFORE["ov-bridged-nic-dhcp"]))
    command = [sys.executable, "-m", "planner", "simulate", str(capture), "--port", "0", "--speed", "20"]
    command += ["--credentials", str(tmp_path / "pki"), "--fault", "getCapabilities:busy:1"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        assert line.startswith("192.0.2.177 answers at 127.0.0."), line + process.stderr.read()
        yield process, tuple(line.split()[3].split(":")), tmp_path / "pki"
    finally:
        process.kill()
        process.communicate()


def test_the_process_survives_its_client(simulated):
    process, place, folder = simulated
    table, variables = process.stdout.readline(), process.stdout.readline()
    assert Path(table.split(": ")[1].strip()).is_file()
    for assignment in variables.split():
        name, _, path = assignment.partition("=")
        assert name in ("MGMTNET_CA", "MGMTNET_CERT", "MGMTNET_KEY")
        assert Path(path).read_text().startswith("-----BEGIN")
    client = subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(Path(__file__).parent), *place, str(folder)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert client.stdout.readline() == b"asked\n"
    client.kill()
    client.communicate()
    with Stomp((place[0], int(place[1])), issue(folder)) as stomp:
        assert stomp.call("Host.getCapabilities")["error"]["code"] == 40
        assert "ovirtmgmt" in json.dumps(stomp.call("Host.getCapabilities")["result"])
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert process.stdout.readline() == "asked: setupNetworks\n"


def test_what_is_wrong_is_said_all_at_once(tmp_path, capsys):
    missing = str(tmp_path / "none.json")
    assert main(["simulate", missing, "--port", "x", "--speed", "0", "--fault", "setupNetworks:lost-rply"]) == 1
    said = capsys.readouterr().err
    for code in ("port-malformed", "speed-malformed", "fault-unknown", "file-unreadable"):
        assert f"error[{code}]" in said
    assert "did you mean lost-reply?" in said


def test_a_host_without_an_address(tmp_path, capsys):
    capture = tmp_path / "caps.json"
    empty = {section: {} for section in ("networks", "bridges", "bondings", "vlans")}
    capture.write_text(json.dumps({"nics": {"eth0": {"mtu": "1500"}}, **empty}))
    assert main(["simulate", str(capture)]) == 1
    assert "error[no-address]" in capsys.readouterr().err


def test_an_excerpt_or_a_contradiction_makes_no_stand_in():
    refused = {
        path: captured for path in CAPTURES if (captured := read_document(path.read_bytes(), "caps")).document is None
    }
    assert {
        path.parent.name: [problem.code for problem in captured.problems] for path, captured in refused.items()
    } == {
        "excerpt-without-vlans": ["capture-incomplete"],
        **{name: ["capture-incomplete"] for name in FROM_IP},
        "southbound-elsewhere": ["capture-contradictory"],
        "southbound-elsewhere-bridgeless": ["capture-contradictory"],
    }
    assert {path.parent.name for path in refused} == NO_STAND_IN


@pytest.mark.parametrize("path", PLAYED, ids=lambda path: path.parent.name)
def test_a_stand_in_reports_what_was_captured(path):
    content = path.read_bytes()
    captured = read_document(content, path.name)
    seen = read_capture(content).host
    again = read_capture(StandIn(captured.document).caps()).host
    for section in ("nics", "bonds", "vlans", "bridges"):
        assert getattr(again, section) == getattr(seen, section)
    assert {network.name for network in again.networks.values()} == {network.name for network in seen.networks.values()}


def test_a_piece_is_not_enough():
    captured = read_document(b'"eth0": {"addr": "192.0.2.10", "mtu": "1500"}', "piece")
    assert captured.document is None
    assert captured.problems


# There the capture does not tell: the device has several addresses, is not reported, or has no way out.
UNTOLD = {
    *("addr-ipv6-deprecated", "addr-ipv6-ula-and-global", "nic-ipv6-two-addresses-mgmt-second", "nic-static-label"),
    *("nic-static-mgmt-true-secondary", "nm-nic-dhcp-plus-static", "nic-ip-on-lo-only"),
    *("br0-no-ports", "macvlan-mgmt", "team-mgmt", "ov-port-lost"),
}


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests" / "data" / "hosts").glob("*/caps.json")), ids=lambda p: p.parent.name
)
def test_a_stand_in_is_at_its_management_address(path):
    wanted = json.loads((path.parent / "about.json").read_text())["management_address"]
    stand_in = StandIn(json.loads(path.read_text()))
    assert (stand_in.address == wanted) == (path.parent.name not in UNTOLD)
    held = stand_in.kernel.local_addresses()
    if wanted in stand_in.addresses():
        assert StandIn(json.loads(path.read_text()), address=wanted).address == wanted
        assert stand_in.caps(wanted)["lastClientIface"] == held[wanted]


def test_it_leaves_nothing_behind_when_it_is_told_to_end(tmp_path):
    capture = tmp_path / "caps.json"
    capture.write_text(json.dumps(BEFORE["ov-bridged-nic-dhcp"]))
    (tmp_path / "tmp").mkdir()
    command = [sys.executable, "-m", "planner", "simulate", str(capture), "--port", "0"]
    environ = os.environ | {"TMPDIR": str(tmp_path / "tmp")}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    lines = [process.stdout.readline() for _ in range(3)]
    assert str(tmp_path / "tmp") in lines[2]
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (0, "")
    assert list((tmp_path / "tmp").iterdir()) == []


def test_stand_ins_that_start_at_once_share_one_authority(tmp_path):
    code = (
        "import sys; from pathlib import Path; from planner.standin.certificates import issue; issue(Path(sys.argv[1]))"
    )
    starting = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "ca")]) for _ in range(4)]
    assert [process.wait(60) for process in starting] == [0, 0, 0, 0]
    made = issue(tmp_path / "ca")
    authority = x509.load_pem_x509_certificate(made.ca.read_bytes())
    for pair in (made.client, made.host):
        x509.load_pem_x509_certificate(pair.certificate.read_bytes()).verify_directly_issued_by(authority)
