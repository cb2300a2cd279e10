"""``fleet plan`` and ``fleet diff``: every host told, one bad capture stops nothing, and a second run does little."""

import gzip
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
from junit_form import faults, read

from planner.cli.main import main
from planner.fleet import planning

pytestmark = pytest.mark.usefixtures("place")
ROOT = Path(__file__).parents[2]
MGMTNET = [sys.executable, "-c", "from planner.cli.main import command; command()"]
HOSTS = {
    "rack-a/node1.json": "nic-static",
    "rack-a/node2.example.com.json": "bond-dhcp",
    "rack-b/node3.json": "seed-vlan-over-bond",
}
PLAN = ["fleet", "plan", "captures", "--network", "any.yaml"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three hosts in two racks, and a file that is none."""
    for name, golden in HOSTS.items():
        path = tmp_path / "captures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "golden" / golden / "capture.json", path)
    (tmp_path / "any.yaml").write_text("network: ovirtmgmt\n")
    monkeypatch.chdir(tmp_path)


def lines(text: str) -> dict[str, dict]:
    return {line["host"]: line for line in map(json.loads, text.splitlines())}


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    status = main(list(arguments))
    return status, *capsys.readouterr()


def test_a_line_for_each_host(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = ran(capsys, *PLAN, "-o", "-")
    found = lines(out)
    assert status == 3
    assert {host: line["outcome"] for host, line in found.items()} == {
        "rack-a/node1": "change",
        "rack-a/node2.example.com": "change",
        "rack-b/node3": "refused",
    }
    assert found["rack-b/node3"]["codes"] == ["vlan-tag-mismatch"]
    assert found["rack-a/node1"]["topology"] == "nic by a static address"
    assert err.startswith("3 hosts: 2 a change is planned, 1 refused\n\nby code\n")
    assert "      1   vlan-tag-mismatch   rack-b/node3\n" in err
    one = ran(capsys, "plan", "captures/rack-a/node1.json", "--network", "any.yaml", "-o", "json")[1]
    assert found["rack-a/node1"]["plan"] == json.loads(one)


def test_the_folder_has_a_plan_for_each_host_and_sums(capsys: pytest.CaptureFixture[str]) -> None:
    Path("captures/notes.txt").write_text("hello\n")
    status, out, err = ran(capsys, *PLAN, "-o", "out")
    assert status == 1
    assert "captures/notes.txt: unknown-format: not getVdsCaps" in out
    assert "4 planned, 0 unchanged since the run before" in err
    one = ran(capsys, "plan", "captures/rack-a/node1.json", "--network", "any.yaml", "-o", "json")[1]
    assert Path("out/plans/captures/rack-a/node1.json").read_text() == one
    summary = json.loads(Path("out/summary.json").read_text())
    assert summary["outcomes"] == {"change": 2, "no-change": 0, "refused": 1, "unplanned": 1}
    assert summary["codes"] == {"unknown-format": 1, "vlan-tag-mismatch": 1}
    assert [one["topology"] for one in summary["topologies"]] == [
        "bond of 2 nics by DHCP",
        "nic by a static address",
        "vlan on bond of 2 nics by DHCP",
    ]
    (suite,) = read(Path("out/junit.xml").read_text())
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "1", "1")
    assert {name: fault.tag for name, fault in faults(suite).items()} == {"rack-b/node3": "failure", "notes": "error"}
    assert [*lines(Path("out/index.ndjson").read_text())] == [
        "notes",
        "rack-a/node1",
        "rack-a/node2.example.com",
        "rack-b/node3",
    ]
    assert not Path("out/index.ndjson.part").exists()


def test_the_page_is_whole_and_runs_nothing_but_its_filter(capsys: pytest.CaptureFixture[str]) -> None:
    Path("captures/<b>.json").write_text("hello\n")
    page = ran(capsys, *PLAN, "-o", "html")[1]
    assert page.count("<svg") == 3
    assert len(re.findall(r"<tr><td>", page)) == 4
    assert "&lt;b&gt;" in page
    assert "<b>.json" not in page
    assert "href" not in page  # to plans that are not kept
    assert "prefers-color-scheme: dark" in page
    assert not re.search(r"\son\w+=", page)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page)
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len({*ids})


def test_a_second_run_keeps_what_is_unchanged(capsys: pytest.CaptureFixture[str]) -> None:
    ran(capsys, *PLAN, "-o", "out")
    first = {path: path.read_bytes() for path in Path("out").rglob("*") if path.is_file() and path.suffix != ".xml"}
    status, _, err = ran(capsys, *PLAN, "-o", "out")
    assert (status, "0 planned, 3 unchanged" in err) == (3, True)
    assert {path: path.read_bytes() for path in first} == first  # drawings, too
    capture = Path("captures/rack-a/node1.json")
    capture.write_text(capture.read_text().replace("192.0.2.", "198.51.100."))
    assert "1 planned, 2 unchanged" in ran(capsys, *PLAN, "-o", "out")[2]
    Path("out/plans/captures/rack-b/node3.json").write_text("{}")
    assert "1 planned, 2 unchanged" in ran(capsys, *PLAN, "-o", "out")[2]
    Path("any.yaml").write_text("network: ovirtmgmt\nmtu: 9000\n")
    assert "3 planned, 0 unchanged" in ran(capsys, *PLAN, "-o", "out")[2]
    assert "3 planned, 0 unchanged" in ran(capsys, *PLAN, "-o", "out", "--policy", str(ROOT / "rules/examples/site"))[2]


def test_a_folder_of_plans_among_the_captures_is_no_capture(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        out = ran(capsys, "fleet", "plan", "captures", "--network", "any.yaml", "-o", "captures/out")[1]
        assert out.startswith("3 hosts: ")


def test_a_run_that_is_killed_is_gone_on_with(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.dumps(json.loads(Path("captures/rack-a/node1.json").read_text()))
    Path("many.ndjson").write_text(f"{document}\n" * 1500)
    command = ["fleet", "plan", "many.ndjson", "--network", "any.yaml", "-o", "out"]
    running = subprocess.Popen([*MGMTNET, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    part = Path("out/index.ndjson.part")
    begun = time.monotonic()
    while not (part.exists() and part.read_bytes().count(b"\n") >= 64):
        assert time.monotonic() - begun < 60
        time.sleep(0.002)
    running.send_signal(signal.SIGSTOP)
    status, _, err = ran(capsys, *command)
    assert (status, "error[folder-in-use]" in err) == (1, True)
    running.send_signal(signal.SIGKILL)
    running.wait()
    with part.open("ab") as torn:
        torn.write(b'{"host": "torn')
    err = ran(capsys, *command)[2]
    assert 64 <= int(re.search(r"(\d+) unchanged", err)[1]) < 1500
    assert len(lines(Path("out/index.ndjson").read_text())) == 1500


def test_archives_and_streams_tell_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    with tarfile.open("all.tar.gz", "w:gz") as archive:
        archive.add("captures/rack-a", "rack-a")
        archive.add("captures/rack-b", "rack-b")
    with zipfile.ZipFile("all.zip", "w") as packed:
        for name in HOSTS:
            packed.write(f"captures/{name}", name)
    with Path("all.ndjson").open("w") as stream:
        for name in HOSTS:
            document = json.loads(Path("captures", name).read_text())
            stream.write(json.dumps({"host": name.removesuffix(".json"), "capture": document}) + "\n\n")
    wanted = lines(ran(capsys, *PLAN, "-o", "-")[1])
    for path in ("all.tar.gz", "all.zip", "all.ndjson"):
        found = lines(ran(capsys, "fleet", "plan", path, "--network", "any.yaml", "-o", "ndjson")[1])
        assert {host: line["plan"] for host, line in found.items()} == {
            host: line["plan"] for host, line in wanted.items()
        }


def test_standard_input_is_a_stream_or_a_capture() -> None:
    command = [*MGMTNET, "fleet", "plan", "-", "--network", "any.yaml", "-o", "-"]
    documents = [json.loads(Path("captures", name).read_text()) for name in HOSTS]
    stream = "\n".join(map(json.dumps, documents))
    told = subprocess.run(command, input=stream, capture_output=True, text=True, check=False)
    assert [*lines(told.stdout)] == ["standard input:1", "standard input:2", "standard input:3"]
    one = subprocess.run(command, input=json.dumps(documents[0], indent=1), capture_output=True, text=True, check=False)
    assert lines(one.stdout)["standard input"]["outcome"] == "change"
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add("captures")
    told = subprocess.run(command, input=packed.getvalue(), capture_output=True, check=False)
    assert len(told.stdout.splitlines()) == 3


def test_a_line_may_tell_what_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    """As POST /v1/plan takes it."""
    document = json.loads(Path("captures/rack-b/node3.json").read_text())
    asked = {"capture": document, "definition": {"network": "ovirtmgmt", "vlan": 3000}, "addresses": ["192.0.2.10"]}
    wrong = {"capture": document, "definition": {"vlan": 5000}}
    Path("asked.jsonl").write_text(json.dumps(asked) + "\n" + json.dumps(wrong) + "\n{\n")
    found = lines(ran(capsys, "fleet", "plan", "asked.jsonl", "--network", "any.yaml", "-o", "-")[1])
    assert [line["outcome"] for line in found.values()] == ["change", "unplanned", "unplanned"]
    assert found["asked.jsonl:2"]["codes"] == ["vlan-invalid"]


def test_a_table_says_what_is_wanted_of_whom(capsys: pytest.CaptureFixture[str]) -> None:
    Path("wanted.csv").write_text("capture,group,vlan,mtu\nnode1,,,9000\n,cluster_b,3000,9000\nnobody,,7,\n")
    Path("hosts.ini").write_text("node1\n[cluster_b]\nnode3 ansible_host=192.0.2.10\nnode9 ansible_host=192.0.2.9\n")
    Path("hosts.ini").write_text(Path("hosts.ini").read_text().replace("node1", "node1 ansible_host=192.0.2.10", 1))
    command = ["fleet", "plan", "captures", "--network", "wanted.csv", "--addresses", "hosts.ini", "-o", "-"]
    status, out, err = ran(capsys, *command)
    found = lines(out)
    assert status == 1
    assert found["rack-a/node1"]["plan"]["attachment"]["mtu"] == 9000
    assert found["rack-b/node3"]["outcome"] == "change"
    assert found["rack-a/node2.example.com"]["codes"] == ["no-definition"]
    assert "wanted.csv:4: warning[row-unused]: the row of 'nobody' is about none of the captures" in err
    assert "warning[host-uncaptured]: 1 of 3 hosts have no capture: node9" in err
    Path("wanted.csv").write_text(Path("wanted.csv").read_text().replace(",cluster_b,", ",cluster_a,"))
    _, _, misspelt = ran(capsys, *command)
    assert "wanted.csv:3: warning[row-unused]: the row of the group 'cluster_a' is about none " in misspelt
    assert "did you mean cluster_b?" in misspelt
    Path("wanted.csv").write_text("capture;group;vlan\nnode1;;3000\n")
    _, _, divided = ran(capsys, *command)
    assert "table-invalid" in divided
    assert "write columns between commas" in divided
    assert "warning[host-unlisted]: 1 captures are of no host that --addresses has" in err


def test_addresses_decide_and_are_found_by_short_names(capsys: pytest.CaptureFixture[str]) -> None:
    Path("addresses.csv").write_text(
        "host,address\nnode1,192.0.2.10\nnode2,203.0.113.9\nnode3.example.org,192.0.2.10\n"
    )
    found = lines(ran(capsys, *PLAN, "--addresses", "addresses.csv", "-o", "-")[1])
    assert found["rack-a/node2.example.com"]["codes"] == ["address-not-found"]
    assert found["rack-a/node1"]["outcome"] == "change"
    Path("addresses.csv").write_text("host,address\nnode1,1.2.3/4\nnode2\n")
    assert "error[table-invalid]" in ran(capsys, *PLAN, "--addresses", "addresses.csv")[2]
    Path("addresses.csv").write_text("host,address\nnode1,1.2.3/4\n")
    found = lines(ran(capsys, *PLAN, "--addresses", "addresses.csv", "-o", "-")[1])
    assert found["rack-a/node1"]["codes"] == ["address-invalid"]


def test_a_capture_that_kills_its_process_is_named_and_stops_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read_capture = planning.read_capture

    def deadly(content: bytes, source: str) -> object:
        if "node1" in source:
            os.kill(os.getpid(), signal.SIGKILL)
        if "node3" in source:
            raise RuntimeError
        return read_capture(content, source)

    monkeypatch.setattr(planning, "read_capture", deadly)
    status, out, _ = ran(capsys, *PLAN, "-o", "-")
    assert status == 1
    assert {host: line["codes"] for host, line in lines(out).items()} == {
        "rack-a/node1": ["worker-lost"],
        "rack-a/node2.example.com": [],
        "rack-b/node3": ["internal-fault"],
    }


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["plan", "captures"], "error[no-definition]"),
        (["plan", "captures", "--network", "gone.yaml"], "error[file-unreadable]"),
        (["plan", "captures", "--network", "any.yaml", "--addresses", "gone"], "error[file-unreadable]"),
        (["plan", "gone", "--network", "any.yaml"], "cannot read the capture 'gone'"),
        (["plan", "captures", "--network", "any.yaml", "-o", "any.yaml"], "error[file-unwritable]"),
        (["plan", "captures", "--network", "any.yaml", "-o", "sum.html"], "-o html > sum.html"),
        (
            ["plan", "captures", "--network", "any.yaml", "-o", "xml"],
            "text, ndjson, json, junit, html; a folder of that name is -o ./xml",
        ),
        (["plan", "captures", "--network", "any.yaml", "-o", "jsn"], "mean -o json? a folder of that name is -o ./jsn"),
        (["plan", "captures", "--network", "any.yaml", "--rules", "nothing"], "error["),
        (["diff", "captures", "--network", "any.yaml"], "error[options-contradict]"),
        (["diff", "captures", "captures"], "error[no-definition]"),
        (["diff", "captures", "gone", "--network", "any.yaml"], "there is no 'gone'"),
    ],
)
def test_what_cannot_be(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = ran(capsys, "fleet", *arguments)
    assert status == 1
    assert told in out + err


def test_rules_are_compared_over_the_same_captures_packed_or_not(capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path("packed")
    folder.mkdir()
    content = (ROOT / "golden" / "nic-static" / "capture.json").read_bytes()
    (folder / "one.json.gz").write_bytes(gzip.compress(content))
    with tarfile.open(folder / "sosreport-two-2026-11-01-abcdefg.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo("sosreport-two-2026-11-01-abcdefg/sos_commands/vdsm/vdsm-client_Host_getCapabilities")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    status, out, _ = ran(
        capsys, "rules", "diff", "ovirtmgmt", "ovirtmgmt", "--hosts", "packed", "--network", "any.yaml"
    )
    assert (status, out) == (0, "0 of 2 hosts get another plan\n")


def test_a_version_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fleet", "diff", "captures", "--as-vdsm", "new"]) == 2
    assert "'new' is no version of VDSM, like 4.50.8" in capsys.readouterr().err


def test_the_same_fleet_later(capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree("captures", "later")
    shutil.copy(ROOT / "golden" / "vlan-other-tag" / "capture.json", "later/rack-a/node1.json")
    Path("later/rack-b/node3.json").rename("later/rack-b/node4.json")
    status, out, _ = ran(capsys, "fleet", "diff", "captures", "later", "--network", "any.yaml")
    assert status == 4
    assert "rack-a/node1: a plan becomes a refusal (vlan-tag-mismatch" in out
    assert "1 of 2 hosts get another plan" in out
    assert "1 hosts have come: rack-b/node4" in out
    assert "1 hosts have gone: rack-b/node3" in out


def test_folders_of_plans_are_compared_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    ran(capsys, *PLAN, "-o", "before")
    ran(capsys, "fleet", "plan", "captures", "--network", "any.yaml", "-o", "after")
    assert ran(capsys, "fleet", "diff", "before", "after")[:2] == (0, "0 of 3 hosts get another plan\n")
    Path("captures/rack-a/node1.json").write_text("{}")
    status, out, _ = ran(capsys, "fleet", "diff", "before", "captures", "--network", "any.yaml", "-o", "json")
    document = json.loads(out)
    assert (status, document["format"], document["hosts"]) == (1, "mgmtnet/fleet-diff@1", 3)
    assert [(one["host"], one["by"]) for one in document["undecided"]] == [("rack-a/node1", ["after"])]
    Path("after/plans/captures/rack-a/node1.json").unlink()
    assert "error[plan-gone]" in ran(capsys, "fleet", "diff", "before", "after")[1]
    assert "which cannot be planned again" in ran(capsys, "fleet", "diff", "before", "--as-vdsm", "4.50.8")[2]


def test_what_a_newer_vdsm_would_change(capsys: pytest.CaptureFixture[str]) -> None:
    """A VDSM of oVirt 3 asks in another way, and cannot be told of IPv6: what changes is told with its rules."""
    command = ["fleet", "diff", "captures", "--network", "any.yaml", "--as-vdsm"]
    status, out, _ = ran(capsys, *command, "4.10")
    assert status == 4
    assert "hosts get another plan" in out
    assert "by rule" in out
    document = json.loads(ran(capsys, *command, "4.10", "-o", "json")[1])
    assert document["after"] == "VDSM 4.10"
    assert all(one["rules"] or one["differences"] for one in document["changed"])
