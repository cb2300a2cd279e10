"""Sosreports, packed and unpacked and in each other: VDSM's answer where there is one, else the host's own files."""

import io
import json
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner import files
from planner.cli.main import main
from planner.fleet import captures
from planner.fleet.captures import captures_in, captures_in_bytes
from planner.host.capture import DESCRIBED, SOSREPORT, read_capture
from planner.problem import Problem

sys.path.insert(0, str(Path(__file__).parent.parent / "host"))

from host_files import CONNECTIONS, DEVICES, DRIVER, IFCFG, RESOLVER

DATA = Path(__file__).parents[1] / "data"
TEXT = (DATA / "ip-text.txt").read_text()
LINKS, ROUTES = TEXT[: TEXT.index("default via")], TEXT[TEXT.index("default via") :]
HOSTS = DATA / "hosts"
ANSWER = (HOSTS / "nic-static" / "caps.json").read_text()


def report(name: str, *, vdsm: bool) -> dict[str, str]:
    files = {DESCRIBED[0]: LINKS, DESCRIBED[1]: ROUTES} | ({SOSREPORT: ANSWER} if vdsm else {})
    return {f"sosreport-{name}-2026-11-27-abcdefg/{file}": text for file, text in files.items()}


def packed(path: Path, files: dict[str, str]) -> str:
    with tarfile.open(path, f"w:{path.suffix[1:]}") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return str(path)


def test_the_folder_of_a_host_without_vdsm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in report("node1", vdsm=False).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (folder,) = tmp_path.iterdir()
    assert main(["plan", str(folder), "--address", "198.51.100.177"]) == 3  # untagged is not what the host is
    assert "bond4.3000" in capsys.readouterr().out
    (captured,) = captures_in([str(tmp_path)])
    assert captured.host == "node1"
    held = captured.content()
    assert isinstance(held, bytes)
    assert read_capture(held).required().vlans["bond4.3000"].ip.gateway4 == "198.51.100.1"


@pytest.mark.parametrize("suffix", ["xz", "gz", "bz2"])
def test_an_archive_is_planned_as_it_came(tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]) -> None:
    for vdsm, device in ((False, "bond4.3000"), (True, "eth0")):
        path = packed(tmp_path / f"sosreport-node1.tar.{suffix}", report("node1", vdsm=vdsm))
        assert main(["facts", path]) == 0
        assert f"candidate: device={device}" in capsys.readouterr().out


NO_ANSWER = "vdsm-client: Connection to localhost:54321 with use_tls=True, timeout=60 failed: [Errno 111] refused\n"


def laid_out(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return next(folder.iterdir())


def test_where_vdsm_did_not_answer_the_hosts_own_files_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = {f"sosreport-node1-2026-11-27-abcdefg/{SOSREPORT}": NO_ANSWER}
    files = silent | report("node1", vdsm=False)
    for path in (packed(tmp_path / "sosreport-node1.tar.xz", files), str(laid_out(tmp_path / "unpacked", files))):
        assert main(["facts", path]) == 0
        assert "candidate: device=bond4.3000" in capsys.readouterr().out
    for path in (packed(tmp_path / "sosreport-node2.tar.xz", silent), str(laid_out(tmp_path / "silent", silent))):
        assert main(["facts", path]) == 1
        assert 'vdsm-client had an error to tell: "vdsm-client: Connection' in capsys.readouterr().err


def test_a_report_is_scrubbed_as_it_came(tmp_path: Path) -> None:
    path = packed(tmp_path / "sosreport-node1.tar.xz", report("node1", vdsm=False))
    folder = laid_out(tmp_path / "unpacked", report("node1", vdsm=False))
    for place in (path, str(folder)):
        assert main(["capture", place, "--scrub", "-o", str(tmp_path / "scrubbed.json")]) == 0
        scrubbed = (tmp_path / "scrubbed.json").read_text()
        assert "198.51.100.177" not in scrubbed
        assert read_capture(scrubbed).required().vlans["bond4.3000"].ip.addresses


def test_a_folder_says_which_reports_are_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["facts", str(tmp_path)]) == 1
    assert "the folder that has sos_commands in it" in capsys.readouterr().err
    packed(tmp_path / "sosreport-node1.tar.xz", report("node1", vdsm=True))
    (tmp_path / "sosreport-node1.tar.xz.sha256").write_text("9f2b3c\n")
    assert main(["facts", str(tmp_path)]) == 1
    assert "hint: in it are sosreport-node1.tar.xz: give one; " in capsys.readouterr().err
    assert [captured.host for captured in captures_in([str(tmp_path)])] == ["node1"]


def test_an_archive_of_several_is_a_fleet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = packed(tmp_path / "all.tar.gz", report("node1", vdsm=False) | report("node2", vdsm=True))
    hosts = {captured.host: captured.held for captured in captures_in([path])}
    assert set(hosts) == {"node1", "node2"}
    assert json.loads(hosts["node2"] or b"")["lastClientIface"] == "eth0"  # type: ignore[arg-type]
    assert main(["plan", path]) == 1
    said = capsys.readouterr().err
    assert "error[capture-twice]" in said
    assert "mgmtnet fleet plan" in said


def test_of_several_one_is_taken_by_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = {"rack1/eight.json": "nics-8", "rack2/eight.json": "nic-static", "rack2/other.json": "nics-8"}
    path = packed(
        tmp_path / "all.tar.gz", {file: (HOSTS / name / "caps.json").read_text() for file, name in named.items()}
    )

    def nics(name: str) -> int:
        assert main(["facts", path, "--host", name]) == 0
        return capsys.readouterr().out.count("\nnic: ")

    assert nics("rack1/eight") == nics("other") == nics("rack1/eight.json") > nics("rack2/eight")
    for options, told, hint in (
        ([], "rack1/eight, rack2/eight, rack2/other", "--host NAME takes one"),
        (["--host", "eight"], "rack1/eight, rack2/eight\n", "--host NAME takes one"),
        (["--host", "rack2/oter"], "rack2/oter", "did you mean rack2/other?"),
    ):
        for command in ("facts", "define", "simulate"):
            assert main([command, path, *options]) == 1
            said = capsys.readouterr().err
            assert told in said
            assert f"hint: {hint}" in said
    assert main(["capture", path, "--host", "rack2/eight"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(ANSWER)
    assert main(["capture", "node1.example.com", "--host", "rack2/eight"]) == 1
    assert "error[options-contradict]" in capsys.readouterr().err
    judged = ["judge", str(tmp_path / "call.json"), "--capture", path, "--host"]
    (tmp_path / "call.json").write_text('{"networks": {}, "bondings": {}}')
    assert main([*judged, "rack2/eight", "--address", "192.0.2.10"]) == 0
    assert main([*judged, "eight"]) == 1


def test_of_a_log_in_an_archive_a_host_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    uuids = "4c4c4544-01", "4c4c4544-02"
    log = "".join(
        f"2026-11-27 01:00:00,000+01 DEBUG [] Message received: {json.dumps(json.loads(ANSWER) | {'uuid': uuid})}\n"
        for uuid in uuids
    )
    path = packed(tmp_path / "logs.tar.gz", {"var/engine.log": log, "caps.json": ANSWER})
    assert main(["facts", path, "--host", "var/engine/4c4c4544-01"]) == 0
    assert "answer 1 of 2" in capsys.readouterr().err
    assert main(["facts", path, "--host", "engine"]) == 1
    assert "2 hosts answer in this log" in capsys.readouterr().err
    assert main(["facts", path, "--host", "var/engine/4c4c4544-1"]) == 1
    assert "hint: did you mean 4c4c4544-01?" in capsys.readouterr().err
    alone = packed(tmp_path / "log.tar.gz", {"engine.log": log})
    assert main(["facts", alone, "--host", uuids[1]]) == 0
    assert "answer 2 of 2" in capsys.readouterr().err


CONFIGURED = {"ifcfg": IFCFG | DRIVER, "nmcli": DEVICES | CONNECTIONS | DRIVER | RESOLVER}


def reported(name: str, files: dict[str, str]) -> dict[str, str]:
    folder = f"sosreport-{name}-2026-11-27-abcdefg"
    return {f"{folder}/{file}": text for file, text in files.items()} | {f"{folder}/sos_commands/date/date": "Fri"}


@pytest.mark.parametrize("kind", CONFIGURED)
def test_a_report_without_ip_is_read_by_its_other_files(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = reported("node1", CONFIGURED[kind])
    archive = packed(tmp_path / "sosreport-node1.tar.xz", files)
    folder = tmp_path / "unpacked"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    hosts = []
    for path in (archive, str(next(folder.iterdir())), str(folder)):
        (captured,) = captures_in([path])
        held = captured.content()
        assert isinstance(held, bytes)
        hosts.append(read_capture(held).required())
        assert captured.host.endswith("node1")
    assert hosts[0] == hosts[1] == hosts[2]
    assert (hosts[0].vlans["bond4.3000"].tag, hosts[0].vlans["bond4.3000"].ip.dhcpv4) == (3000, True)
    assert main(["facts", archive, "--address", "198.51.100.177"]) == 0
    assert "vlan: name=bond4.3000" in capsys.readouterr().out


def collected(path: Path, suffix: str = "xz", **hosts: dict[str, str]) -> str:
    """What the log collector packs: the sosreport of each host, packed by itself, beside other things."""
    with tarfile.open(path, "w:gz") as archive:
        for name, files in hosts.items():
            inner = Path(packed(path.parent / f"sosreport-{name}.tar.{suffix}", files))
            archive.add(inner, f"log-collector-data/{name}.example.com-sosreport-x.tar.{suffix}")
            inner.unlink()
        entry = tarfile.TarInfo("log-collector-data/postgresql/dump.sql")
        archive.addfile(entry)
    return str(path)


SEVERAL = {
    "node1": report("node1", vdsm=True),
    "node2": report("node2", vdsm=False),
    "node3": reported("node3", CONFIGURED["nmcli"]),
}


def test_what_the_log_collector_packs_is_a_fleet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = collected(tmp_path / "LogCollector.tar.gz", **SEVERAL)
    found = {captured.host.rpartition("/")[2]: captured.content() for captured in captures_in([path])}
    assert set(found) == set(SEVERAL)
    assert all(isinstance(held, bytes) for held in found.values())
    assert main(["plan", path]) == 1
    said = capsys.readouterr().err
    assert "error[capture-twice]" in said
    assert all(f"log-collector-data/{name}" in said for name in SEVERAL)
    definition = tmp_path / "definition.yaml"
    definition.write_text("vlan: 3000\n")
    assert main(["fleet", "plan", path, "--network", str(definition), "-o", "ndjson"]) == 3
    said = capsys.readouterr()
    assert "      1   vlan-tag-mismatch   log-collector-data/node1\n" in said.err
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert {line["host"].rpartition("/")[2]: line["outcome"] for line in lines} == {
        "node1": "refused",
        "node2": "change",
        "node3": "change",
    }


def gathered(path: Path, **files: dict[str, str]) -> str:
    """The engine's own report, with those of the hosts in folders called as the engine calls them."""
    top = "sosreport-LogCollector-20261127150000"
    own = {f"{top}/{name.partition('/')[2]}": text for name, text in report("engine", vdsm=False).items()}
    packed(path, own | {f"{top}/log-collector-data/time_diff.txt": "Node : Node Time\n"})
    with tarfile.open(path, "a") as archive:
        for name, held in files.items():
            inner = Path(packed(path.parent / f"inner-{name}.tar.xz", held))
            host = f"{name.replace('_', '.')}.example.com"
            archive.add(inner, f"{top}/log-collector-data/{host}/{host}-sosreport-{name}-2026-11-27-abcdefg.tar.xz")
            inner.unlink()
        database = packed(path.parent / "inner-postgresql.tar.xz", reported("engine", {}))
        archive.add(database, f"{top}/log-collector-data/postgresql-sosreport-engine-2026-11-27-abcdefg.tar.xz")
    return str(path)


def test_the_log_collectors_hosts_are_called_as_the_engine_calls_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hosts = {"node1": SEVERAL["node1"], "node1_lab": report("node1", vdsm=False), "node2": SEVERAL["node2"]}
    path = gathered(tmp_path / "all.tar", **hosts)
    known = {"node1.example.com", "node1.lab.example.com", "node2.example.com"}
    assert {captured.host for captured in captures_in([path])} == known  # and the engine is none
    for name, device in (("node1.example.com", "eth0"), ("node1.lab", "bond4.3000"), ("node2", "bond4.3000")):
        assert main(["facts", path, "--host", name]) == 0
        assert f"candidate: device={device}" in capsys.readouterr().out
    assert main(["facts", path, "--host", "node1"]) == 1  # the wrong one of the two would be planned
    assert "of node1.example.com, node1.lab.example.com\n" in capsys.readouterr().err
    with tarfile.open(path) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (folder,) = (tmp_path / "unpacked").iterdir()
    for place in (folder, folder / "log-collector-data", tmp_path / "unpacked"):
        found = [captured.host for captured in captures_in([str(place)]) if isinstance(captured.content(), bytes)]
        assert set(found) == known
    for place in (folder, folder / "log-collector-data"):
        assert main(["facts", str(place)]) == 1
        assert "it is what the log collector has put together" in capsys.readouterr().err


def test_two_reports_of_one_host_are_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    later = {name.replace("11-27-abcdefg", "11-28-bcdefgh"): text for name, text in report("node1", vdsm=False).items()}
    path = packed(tmp_path / "all.tar.gz", report("node1", vdsm=True) | later)
    for options in ([], ["--host", "node1"]):
        assert main(["facts", path, *options]) == 1
        told = "of sosreport-node1-2026-11-27-abcdefg, sosreport-node1-2026-11-28-bcdefgh\n"
        assert told in capsys.readouterr().err
    assert main(["facts", path, "--host", "sosreport-node1-2026-11-28-bcdefgh"]) == 0
    assert "candidate: device=bond4.3000" in capsys.readouterr().out


def test_a_report_that_has_not_come_whole_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for vdsm in (True, False):
        whole = Path(packed(tmp_path / "sosreport-node1.tar", report("node1", vdsm=vdsm)))
        cut = tmp_path / "half.tar"
        cut.write_bytes(whole.read_bytes()[: 512 * (len(LINKS) // 512 + 3)])  # within the second file
        for options in ([], ["--host", "node1"], ["--host", "node2"]):
            assert main(["facts", str(cut), *options]) == 1
            said = capsys.readouterr().err
            assert "the archive is damaged after it" in said
            assert "hint: it has not come whole: fetch it again" in said
        assert not [captured for captured in captures_in([str(cut)]) if isinstance(captured.content(), bytes)]


def test_a_report_with_nothing_but_logs_says_how_they_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = reported("node3", {"var/log/vdsm/vdsm.log": "MainThread::INFO"})
    path = packed(tmp_path / "sosreport-node3.tar.gz", files)
    assert main(["facts", path]) == 1
    command = f"tar -xOf {path} --wildcards '*/var/log/vdsm/vdsm.log' | mgmtnet COMMAND -\n"
    assert command in capsys.readouterr().err
    for vdsm in (True, False):
        path = packed(tmp_path / "sosreport-node1.tar.gz", report("node1", vdsm=vdsm))
        assert main(["facts", path, "--host", "node1", "--at", "2026-11-27 14:05"]) == 1
        said = capsys.readouterr().err
        assert "its logs are not looked into\n  hint: leave --call and --at out; its vdsm.log" in said
        assert main(["facts", path, "--host", "node1"]) == 0
        assert main(["facts", path, "--host", "node2"]) == 1
        assert 'no host in it is called "node2"\n  hint: did you mean node1?' in capsys.readouterr().err


def test_a_report_that_sos_has_encrypted_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "secured-sosreport-node1.tar.xz.gpg"
    path.write_bytes(b"\x8c\x0d\x04\x09\x03\x08\xf4\x84\x13\x82\x00" + bytes(range(128, 256)))
    assert main(["facts", str(path)]) == 1
    assert "it is encrypted, as by gpg\n  hint: decrypt it first: gpg" in capsys.readouterr().err


def test_a_collection_of_one_is_that_host(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inner = collected(tmp_path / "sosreport-LogCollector.tar.gz", "bz2", node1=SEVERAL["node1"])
    assert main(["facts", inner]) == 0
    assert "candidate: device=eth0" in capsys.readouterr().out
    with zipfile.ZipFile(tmp_path / "mail.zip", "w") as archive:
        archive.write(inner, "sosreport-LogCollector.tar.gz")
    (captured,) = captures_in([str(tmp_path / "mail.zip")])
    assert captured.host.endswith("node1")
    assert main(["facts", str(tmp_path / "mail.zip")]) == 0
    assert "candidate: device=eth0" in capsys.readouterr().out


def test_one_that_is_damaged_stops_no_other(tmp_path: Path) -> None:
    whole = Path(packed(tmp_path / "sosreport-node2.tar.gz", SEVERAL["node2"]))
    broken = tmp_path / "sosreport-node1.tar.gz"
    broken.write_bytes(whole.read_bytes()[:300])
    path = tmp_path / "all.tar"
    with tarfile.open(path, "w") as archive:
        for file in (broken, whole):
            archive.add(file, file.name)
    damaged, sound = [captured.content() for captured in captures_in([str(path)])]
    assert isinstance(damaged, Problem)
    assert "sosreport-node1.tar.gz" in damaged.message
    assert "it is damaged" in damaged.message
    assert isinstance(sound, bytes)


def test_what_is_nested_counts_together_and_so_deep_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(collected(tmp_path / "sosreport-0.tar.gz", **SEVERAL))
    content = path.read_bytes()
    monkeypatch.setattr(captures, "LARGEST_WHOLE", 30_000)  # each of the three has 20 kB unpacked
    problems = [captured.held for captured in captures_in_bytes(content, "all") if isinstance(captured.held, Problem)]
    assert "it is larger than 29 KiB" in problems[0].message
    monkeypatch.setattr(captures, "LARGEST_WHOLE", 32 << 30)
    for depth in range(1, 4):
        deeper = tmp_path / f"sosreport-{depth}.tar.gz"
        with tarfile.open(deeper, "w:gz") as archive:
            archive.add(path, path.name)
        path = deeper
        held = [captured.held for captured in captures_in([str(path)])]
        assert (len(held) == 3) is (depth < 2), depth


def test_a_report_of_too_much_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = packed(tmp_path / "sosreport-a.tar.gz", reported("a", CONFIGURED["nmcli"]))
    monkeypatch.setattr(captures, "LARGEST_MEMBER", 1500)
    (captured,) = captures_in([path])
    assert isinstance(captured.held, Problem)
    assert "larger than 1 KiB" in captured.held.message


def test_a_folder_of_too_much_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ifcfg-eth0", "ifcfg-eth1"):
        file = tmp_path / "etc" / "sysconfig" / "network-scripts" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"DEVICE={name[6:]}\n" * 10)
    (tmp_path / "proc" / "net" / "bonding" / "a-folder").mkdir(parents=True)
    assert main(["facts", str(tmp_path)]) == 0
    monkeypatch.setattr(files, "LARGEST_FILE", 250)
    assert main(["facts", str(tmp_path)]) == 1
    assert "ifcfg-eth1" in capsys.readouterr().err


def test_a_report_of_another_sort_is_told(tmp_path: Path) -> None:
    path = packed(tmp_path / "sosreport-a.tar.gz", reported("a", {}))
    (captured,) = captures_in([path])
    assert isinstance(captured.held, Problem)
    assert "nothing in it tells" in captured.held.message


@settings(max_examples=150)
@given(st.data())
def test_a_damaged_collection_is_no_fault(collection: bytes, data: st.DataObject) -> None:
    content = bytearray(collection)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(content[: data.draw(st.integers(600, len(content)))])
    assert all(isinstance(captured.content(), bytes | Problem) for captured in captures_in_bytes(cut, "all"))


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An archive of archives, not packed itself, so that what is inside is damaged, too."""
    folder = tmp_path_factory.mktemp("collection")
    with tarfile.open(folder / "all.tar", "w") as archive:
        for name, files in SEVERAL.items():
            path = packed(folder / f"sosreport-{name}.tar.gz", files)
            archive.add(path, Path(path).name)
    return (folder / "all.tar").read_bytes()
