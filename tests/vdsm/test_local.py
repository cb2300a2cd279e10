"""The host on which the tests run, by its real kernel; and what other programs say on a host, by stand-ins for them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from planner.cli.main import main
from planner.host.capture import read_capture
from planner.problem import Problem
from planner.vdsm import local

sys.path.insert(0, str(Path(__file__).parent.parent / "host"))

from host_files import CONNECTIONS, DEVICES, KEYFILE, RESOLVER

ROOT = Path(__file__).parents[2]
CAPS = ROOT / "tests" / "data" / "hosts" / "nic-static" / "caps.json"
CAT = shutil.which("cat", path="/bin:/usr/bin")
needs_iproute2 = pytest.mark.skipif(shutil.which("ip") is None, reason="needs Debian's package iproute2")
LINKS = [{"ifname": "lo", "link_type": "loopback", "promiscuity": 0, "addr_info": []}]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that alone has programs; each is a script that prints what it is told to."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@needs_iproute2
def test_this_host_is_what_its_kernel_says(capsys: pytest.CaptureFixture[str]) -> None:
    told = local.described()
    assert isinstance(told, bytes)
    host = read_capture(told).required()
    links = json.loads(subprocess.run(["ip", "-j", "-d", "addr"], capture_output=True, check=True).stdout)
    cards = {
        link["ifname"]: [one["local"] for one in link["addr_info"] if one["scope"] != "link"]
        for link in links
        if link["link_type"] == "ether"
        and "info_kind" not in link.get("linkinfo", {})
        and link["ifname"][0] not in "wu"
    }
    assert {name: [one.text for one in nic.ip.addresses] for name, nic in host.nics.items()} == cards
    assert main(["facts", "--local", "-o", "json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert {fact["fields"]["name"] for fact in facts if fact["kind"] == "nic"} == set(cards)


SETUP = """
ip link add name br0 type bridge stp_state 1
ip link set br0 up mtu 1400
ip addr add 192.0.2.10/24 dev br0
ip addr add 2001:db8::10/64 dev br0 nodad
ip link add port0 type veth peer name port1
ip link set port0 master br0 up
ip link set port1 up
ip route add default via 192.0.2.1
exec "$@"
"""
NAMESPACE = ("unshare", "--net", "--map-root-user")


@needs_iproute2
def test_a_network_namespace_is_read_as_it_is() -> None:
    mgmtnet = [sys.executable, "-c", "from planner.cli.main import command; command()"]
    if subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode:
        pytest.skip(
            "this machine lets nobody make a network namespace; `make lab` tries the same on a kernel of its own"
        )
    asked = [
        *NAMESPACE,
        "sh",
        "-ec",
        SETUP,
        "sh",
        *mgmtnet,
        "facts",
        "--local",
        "--address",
        "192.0.2.10",
        "-o",
        "json",
    ]
    ran = subprocess.run(asked, capture_output=True, cwd=ROOT, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    facts = json.loads(ran.stdout)
    by_kind = {fact["kind"]: fact["fields"] for fact in facts}
    gateways = {fact["fields"]["family"]: fact["fields"]["gateway"] for fact in facts if fact["kind"] == "ip"}
    assert (by_kind["bridge"]["name"], by_kind["bridge"]["stp"]) == ("br0", 1)
    assert gateways[4] == "192.0.2.1"
    assert {fact["fields"]["address"] for fact in facts if fact["kind"] == "address"} == {"192.0.2.10", "2001:db8::10"}
    assert by_kind["device"]["mtu"] == 1400


def test_vdsm_is_asked_first(programs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program(
        programs,
        "vdsm-client",
        f'[ "$*" = "Host getCapabilities" ] && exec {shutil.which("cat", path="/bin:/usr/bin")} {CAPS}',
    )
    assert main(["plan", "--local", "-o", "vdsm"]) == 0
    assert json.loads(capsys.readouterr().out)["networks"]["ovirtmgmt"]["nic"] == "eth0"


def test_where_vdsm_does_not_answer_the_kernel_and_networkmanager_do(programs: Path) -> None:
    for name, groups in (("device", DEVICES), ("connection", CONNECTIONS)):
        (programs / f"{name}.txt").write_text("\n".join(groups.values()))
    program(programs, "vdsm-client", "echo '{\"nics\": {}}'; exit 1")
    program(
        programs,
        "nmcli",
        f'case "$*" in "device show") {CAT} {programs}/device.txt ;; "-g UUID connection show --active") echo 1 ;; '
        f'"connection show 1") {CAT} {programs}/connection.txt ;; *) exit 8 ;; esac',
    )
    told = local.described()
    assert isinstance(told, bytes)
    assert b"==> nmcli device show <==" in told
    host = read_capture(told).required()
    assert host.vlans["bond4.3000"].ip.primary4 == "198.51.100.177"
    program(programs, "ip", f"echo '{json.dumps(LINKS)}'")
    told = local.described()
    assert isinstance(told, bytes)
    assert b"==> ip -6 -j route <==" in told
    assert not read_capture(told).required().vlans  # the kernel has the last word


def test_files_that_are_not_ours_to_read_are_left_out(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(programs, "ip", f"echo '{json.dumps(LINKS)}'")
    files = {f"{programs}/{name.replace('/', '_')}": text for name, text in (KEYFILE | RESOLVER).items()}
    for path, text in files.items():
        Path(path).write_text(text)
    monkeypatch.setattr(local, "glob", lambda _: sorted(files))
    monkeypatch.setattr(local, "DESCRIBED", ("*",))
    monkeypatch.setattr(os, "access", lambda path, _: path.endswith("resolv.conf"))
    told = local.described()
    assert isinstance(told, bytes)
    assert told.count(b"==> ") == 4
    assert b"nameserver" in told


def test_a_machine_that_cannot_be_asked_is_told(programs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problem = local.described()
    assert isinstance(problem, Problem)
    assert main(["plan", "--local"]) == 1
    assert f"error[{problem.code}]" in capsys.readouterr().err
    program(programs, "vdsm-client", "exec 1>&-; exit 0")
    assert isinstance(local.described(), Problem)


def test_a_program_that_hangs_is_not_waited_for(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(programs, "ip", "while :; do :; done")
    monkeypatch.setattr(local, "PATIENCE", 0.1)
    assert isinstance(local.described(), Problem)


def test_it_stands_for_a_capture_and_not_beside_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--local", str(CAPS)]) == 2
    assert "unrecognized arguments" in capsys.readouterr().err
    assert main(["plan"]) == 2
    capsys.readouterr()
    for words in (["--local", "vlan"], ["vlan", "--local"]):
        assert main(["why", *words]) in (0, 1, 3)
        assert "required" not in capsys.readouterr().err
