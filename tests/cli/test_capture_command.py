"""`mgmtnet capture` as a process: over either protocol, into a file whole or not at all, and scrubbed."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from standins import GOLDEN, Machine, addresses, at_once, machine, mgmtnet

from planner.host.scrub import scrub


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with machine(tmp_path_factory.mktemp("newer"), "seed-vlan-over-bond") as one:
        yield one


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with machine(tmp_path_factory.mktemp("older"), "bond-static-on-4-10") as one:
        yield one


def planned(capture: Path, name: str) -> dict:
    """The plan of a golden's definition from another capture."""
    stated = [part for address in addresses(name) for part in ("--address", address)]
    definition = GOLDEN / name / "definition.yaml"
    done = mgmtnet("plan", str(capture), "--network", str(definition), *stated, "-o", "json")
    assert done.status == 0, done
    return done.document


def test_a_file_that_is_not_there_is_taken_for_no_host(capsys: pytest.CaptureFixture[str]) -> None:
    done = at_once(capsys, "capture", "sosreport-node1.tar.xz", "--scrub")
    assert done.status == 1
    assert "cannot read the capture 'sosreport-node1.tar.xz': No such file" in done.err


@pytest.mark.parametrize("transport", ["auto", "jsonrpc"])
def test_a_host_of_today_is_read(transport: str, newer: Machine) -> None:
    done = newer.mgmtnet("capture", newer.target, "--transport", transport)
    assert done.status == 0, done
    assert {"networks", "bridges", "nics", "bondings", "vlans"} <= done.document.keys()
    assert newer.changed() == []


@pytest.mark.parametrize("transport", ["auto", "xmlrpc"])
def test_a_host_of_2012_is_read(transport: str, older: Machine) -> None:
    done = older.mgmtnet("capture", older.target, "--transport", transport)
    assert done.status == 0, done
    assert done.document["software_version"] == "4.10"
    assert older.changed() == []


@pytest.mark.parametrize(("name", "host"), [("seed-vlan-over-bond", "newer"), ("bond-static-on-4-10", "older")])
def test_what_is_captured_plans_as_the_golden_does(
    name: str, host: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    one: Machine = request.getfixturevalue(host)
    path = tmp_path / "capture.json"
    assert one.mgmtnet("capture", one.target, "-o", str(path)).status == 0
    known = json.loads((GOLDEN / name / "plan.json").read_text())
    assert planned(path, name)["attachment"] == known["attachment"]


def test_waiting_is_told_on_standard_error_alone(newer: Machine) -> None:
    done = newer.mgmtnet("capture", newer.target)
    assert "reading" in done.err
    lines = newer.mgmtnet("capture", newer.target, "--log", "json").err.splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["begin", "end"]


def test_a_host_is_waited_for_no_longer_than_was_said(newer: Machine) -> None:
    done = newer.mgmtnet("capture", "127.0.0.1:1", "--wait", "3")
    assert done.status == 1, done
    assert "(at most 3 s)" in done.err
    assert done.err.count("read: not yet: 127.0.0.1:1: Connection refused\n") == 1, "once, and at the beginning"
    assert "error[host-unreachable]" in done.err


def test_a_file_is_replaced_whole(newer: Machine, tmp_path: Path) -> None:
    path = tmp_path / "capture.json"
    path.write_text("what was there before")
    before = path.stat().st_ino
    done = newer.mgmtnet("capture", newer.target, "-o", str(path))
    assert done.status == 0, done
    assert done.out == ""
    assert path.stat().st_ino != before, "another file under the same name: nobody reads half of it"
    json.loads(path.read_text())
    assert os.listdir(tmp_path) == ["capture.json"]


@pytest.mark.parametrize("where", ["no-such-folder/capture.json", "."])
def test_a_file_that_cannot_be_written_is_told_and_leaves_nothing(where: str, newer: Machine, tmp_path: Path) -> None:
    done = newer.mgmtnet("capture", newer.target, "-o", str(tmp_path / where))
    assert done.status == 1, done
    assert "error[file-unwritable]" in done.err
    assert os.listdir(tmp_path) == []
    assert not list(tmp_path.parent.glob("*.new"))


def test_a_failed_capture_leaves_the_file_alone(newer: Machine, tmp_path: Path) -> None:
    path = tmp_path / "capture.json"
    path.write_text("what was there before")
    done = newer.mgmtnet("capture", newer.target, "--ca", "no-such-file", "-o", str(path))
    assert done.status == 1, done
    assert path.read_text() == "what was there before"


@pytest.mark.parametrize("host", ["newer", "older"])
def test_a_scrubbed_capture_names_nobody(host: str, request: pytest.FixtureRequest) -> None:
    one: Machine = request.getfixturevalue(host)
    plain = one.mgmtnet("capture", one.target).out
    done = one.mgmtnet("capture", one.target, "--scrub")
    assert done.status == 0, done
    macs = set(re.findall(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", plain)) - {"00:00:00:00:00:00"}
    for secret in macs | set(re.findall(r"192\.0\.2\.\d+", plain)):
        assert f'"{secret}' not in done.out, secret
    uuid = json.loads(plain).get("uuid")
    assert uuid is None or uuid not in done.out


def test_what_is_no_file_is_written_to_and_stays(tmp_path: Path) -> None:
    captured = GOLDEN / "nic-static" / "capture.json"
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(tmp_path / "file")
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert mgmtnet("capture", str(captured), "-o", str(pipe)).status == 0
    assert pipe.is_fifo()
    assert os.read(reader, 1) == b"{"
    os.close(reader)
    assert mgmtnet("capture", str(captured), "-o", str(link)).status == 0
    assert link.is_symlink()
    assert json.loads((tmp_path / "file").read_text()) == json.loads(captured.read_text())
    direct = mgmtnet("capture", str(captured), "-o", "/dev/stdout")
    assert direct.document == json.loads(captured.read_text())


def test_a_file_is_scrubbed_without_any_host(tmp_path: Path) -> None:
    captured = GOLDEN / "seed-vlan-over-bond" / "capture.json"
    key = tmp_path / "key"
    key.write_bytes(bytes(range(32)))
    key.chmod(0o600)
    options = ("--scrub", "--scrub-key", str(key), "-o", str(tmp_path / "scrubbed.json"))
    done = mgmtnet("capture", str(captured), *options)
    assert done.status == 0, done
    known = scrub(json.loads(captured.read_text()), bytes(range(32)), keep=("ovirtmgmt",))
    assert json.loads((tmp_path / "scrubbed.json").read_text()) == known


def test_a_name_that_is_kept_stays(tmp_path: Path) -> None:
    document = json.loads((GOLDEN / "nic-static" / "capture.json").read_text())
    document["nics"]["backup-lan"] = {**document["nics"].pop("eth1")}
    path = tmp_path / "capture.json"
    path.write_text(json.dumps(document))
    assert "backup-lan" not in mgmtnet("capture", str(path), "--scrub").out
    assert "backup-lan" in mgmtnet("capture", str(path), "--scrub", "--keep", "backup-lan").out


@pytest.mark.parametrize("text", ["no-such-capture.json", "./no-such-capture", ".", ".."])
def test_a_file_that_is_not_there_is_no_host_to_wait_for(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    done = at_once(capsys, "capture", text, "--scrub")
    assert done.status == 1, done
    assert "error[file-unreadable]" in done.err


def test_an_engine_without_an_account_is_told(older: Machine) -> None:
    done = older.mgmtnet("capture", older.target, "--transport", "engine")
    assert done.status == 1, done
    assert "error[host-credentials]" in done.err


def test_the_wrong_ca_is_told_at_once(older: Machine, newer: Machine) -> None:
    for transport in ("auto", "jsonrpc", "xmlrpc"):
        done = older.mgmtnet(
            "capture", older.target, "--ca", newer.environ["MGMTNET_CA"], "--transport", transport, "-o", "unwritten"
        )
        assert done.status == 1, done
        assert "error[host-tls]" in done.err
