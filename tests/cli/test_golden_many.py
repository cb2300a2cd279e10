"""``golden new`` with folders, patterns, archives and a table: one golden each, and one bad capture stops no other."""

import os
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

from planner.cli.main import main

pytestmark = pytest.mark.usefixtures("place")
ROOT = Path(__file__).parents[2]
GOLDENS = {"a1.json": "nic-static", "a2.json": "bond-dhcp", "b1.json": "seed-vlan-over-bond"}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Captures in two racks, among them one that is none."""
    for name, golden in GOLDENS.items():
        rack = tmp_path / "captures" / f"rack-{name[0]}"
        rack.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "golden" / golden / "capture.json", rack / name)
    (tmp_path / "captures" / "rack-b" / "notes.txt").write_text("hello\n")
    (tmp_path / "captures" / ".hidden").write_text("hello\n")
    (tmp_path / "any.yaml").write_text("network: ovirtmgmt\n")
    (tmp_path / "tagged.yaml").write_text("vlan: 3000\nmtu: 9000\n")
    monkeypatch.chdir(tmp_path)


def made() -> dict[str, dict[str, object]]:
    """The goldens by name, with what is wanted of each."""
    return {path.parent.name: yaml.safe_load(path.read_text()) for path in Path("golden").glob("*/definition.yaml")}


def test_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["golden", "new", "captures", "--network", "any.yaml"]) == 1
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "golden/nic-change-1  captures/rack-a/a1.json",
        "golden/bond-change-1  captures/rack-a/a2.json",
        "golden/vlan-refused-1  captures/rack-b/b1.json",
    ]
    assert "captures/rack-b/notes.txt: error[unknown-format]: not getVdsCaps" in told.err
    assert "left out: captures/rack-b/notes.txt\n3 goldens made in golden, 1 captures left out\n" in told.err
    assert "hidden" not in told.err
    assert {*made()} == {"nic-change-1", "bond-change-1", "vlan-refused-1"}
    assert main(["golden", "check", "golden"]) == 0


def test_a_name_tells_of_nobody_and_is_not_taken_twice() -> None:
    acme = Path("captures") / "acme-host.json"
    shutil.copy(ROOT / "golden" / "nic-static" / "capture.json", acme)
    for _ in range(2):
        assert main(["golden", "new", str(acme), "--network", "any.yaml", "--into", "golden"]) == 0
    assert {*made()} == {"nic-change-1", "nic-change-2"}
    assert not [path for path in Path("golden").rglob("*") if "acme" in path.name]


def test_patterns_and_several_paths(capsys: pytest.CaptureFixture[str]) -> None:
    paths = ["captures/*/a?.json", "captures/rack-b/b1.json", "nothing*"]
    assert main(["golden", "new", *paths, "--network", "any.yaml"]) == 1
    told = capsys.readouterr()
    assert [line.partition("  ")[2] for line in told.out.splitlines()] == [
        "captures/rack-a/a1.json",
        "captures/rack-a/a2.json",
        "captures/rack-b/b1.json",
    ]
    assert "error[no-captures]: nothing is called like 'nothing*'" in told.err


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "zip"])
def test_archives(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = f"all.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for file in sorted(Path("captures").rglob("*.*")):
                archive.write(file)
    else:
        with tarfile.open(path, f"w:{kind.partition('.')[2]}") as archive:
            archive.add("captures")
    assert main(["golden", "new", path, "--network", "any.yaml", "--into", "golden"]) == 1
    told = capsys.readouterr()
    assert {line.partition("  ")[2] for line in told.out.splitlines()} == {
        f"{path}/captures/rack-{name[0]}/{name}" for name in GOLDENS
    }
    assert f"left out: {path}/captures/rack-b/notes.txt" in told.err
    assert ".hidden" not in told.err


def test_of_a_sosreport_only_the_capture(capsys: pytest.CaptureFixture[str]) -> None:
    inside = Path("sosreport-x") / "sos_commands" / "vdsm"
    inside.mkdir(parents=True)
    shutil.copy("captures/rack-a/a1.json", inside / "vdsm-client_Host_getCapabilities")
    (inside / "vdsm-client_Host_getStats").write_text("{}")
    with tarfile.open("sosreport-x.tar.xz", "w:xz") as archive:
        archive.add("sosreport-x")
    Path("reports").mkdir()
    Path("sosreport-x").rename("reports/sosreport-x")
    assert main(["golden", "new", "sosreport-x.tar.xz", "reports", "--network", "any.yaml"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    Path("wanted.csv").write_text(
        "capture,definition,vlan,mtu,vm_network,nameservers,gateway,address,name,about\n"
        "b1.json,tagged.yaml,,,,,,192.0.2.10,ours,The first of ours\n"
        "rack-a/*2.json,,,,false,192.0.2.53 192.0.2.54,none,,,\n"
        "\n"
        "captures/rack-a/*,,7,9000,,,,,,\n"
        "nowhere,,8,,,,,,,\n"
    )
    arguments = ["golden", "new", "captures/rack-a", "captures/rack-b/b1.json", "--table", "wanted.csv"]
    assert main(arguments) == 0
    told = capsys.readouterr()
    assert "wanted.csv:6: warning[row-unused]: the row of 'nowhere' is about none of the captures" in told.err
    assert told.err.count("row-unused") == 1
    Path("grouped.csv").write_text("capture,group,vlan\n,prod,7\n*,,8\n")
    assert main(["golden", "new", "captures/rack-a", "--table", "grouped.csv", "--into", "grouped"]) == 0
    err = capsys.readouterr().err
    assert "grouped.csv:2: warning[row-unused]: the row of the group 'prod' is about none of the captures" in err
    assert "groups are those of an inventory" in err
    goldens = {line.partition("  ")[2].rpartition("/")[2]: line.split()[0][7:] for line in told.out.splitlines()}
    wanted = made()
    assert goldens["b1.json"] == "ours"
    assert wanted["ours"] == {"network": "ovirtmgmt", "vlan": 3000, "mtu": 9000}
    about = yaml.safe_load(Path("golden/ours/about.yaml").read_text())
    assert about["about"] == "The first of ours"
    assert len(about["address"]) == 1
    second = wanted[goldens["a2.json"]]
    assert (second["vm_network"], second["gateway"], len(second["nameservers"])) == (False, "none", 2)
    assert wanted[goldens["a1.json"]] == {"network": "ovirtmgmt", "vlan": 7, "mtu": 9000}


def test_what_no_row_means_is_left_out_or_gets_the_definition(capsys: pytest.CaptureFixture[str]) -> None:
    Path("wanted.csv").write_text("capture,vlan\na1.json,7\n")
    assert main(["golden", "new", "captures/rack-a", "--table", "wanted.csv"]) == 1
    told = capsys.readouterr()
    assert "captures/rack-a/a2.json: error[no-definition]: no row is about it" in told.err
    assert len(told.out.splitlines()) == 1
    arguments = ["golden", "new", "captures/rack-a", "--table", "wanted.csv", "--network", "any.yaml"]
    assert main([*arguments, "--into", "more"]) == 0


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("", "nothing says which captures a row is about"),
        ("caputre,vlan\n", "did you mean capture?"),
        ("capture,vlan,vlan\n", "two columns are called the same"),
        ("capture,vlan\n*,5000\n", ":2: vlan: error[vlan-invalid]: 5000 is not a vlan tag"),
        ("capture,vlan\n\n*\n", ":3: error[table-invalid]: 1 cells, and there are 2 columns"),
        ("capture,vlan\n,1\n", "the row names no capture"),
        ("capture,vlan,definition\n*,1,any.yaml\n", "the row names a definition, and fields of one"),
        ("capture,definition\n*,gone.yaml\n", "cannot read the definition 'gone.yaml'"),
        ("capture,address\n*,1.2.3.4/5\n", ":2: error[address-invalid]"),
        ('capture\n"a\n', "it is no CSV"),
        ("capture\n\xff", "not-utf8"),
    ],
)
def test_bad_tables(table: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("wanted.csv").write_bytes(table.encode("latin-1"))
    assert main(["golden", "new", "captures", "--table", "wanted.csv"]) == 1
    assert told in capsys.readouterr().err
    assert not Path("golden").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["captures"], "error[no-definition]"),
        (["captures", "--network", "any.yaml", "--address", "192.0.2.1"], "error[options-contradict]"),
        (["a", "b", "c", "--name", "x", "--network", "any.yaml"], "error[options-contradict]"),
        (["a", "b", "--into", "g", "--name", "x", "--network", "any.yaml"], "error[options-contradict]"),
        (["gone", "--network", "any.yaml"], "error[file-unreadable]"),
        (["captures", "--network", "gone.yaml"], "error[file-unreadable]"),
    ],
)
def test_what_does_not_go_together(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["golden", "new", *arguments]) == 1
    assert told in capsys.readouterr().err
    assert not Path("golden").exists()


def test_what_is_no_file_in_a_folder_is_not_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo("captures/rack-a/pipe")
    Path("captures/empty").mkdir()
    assert main(["golden", "new", "captures/rack-a", "captures/empty", "--network", "any.yaml"]) == 1
    told = capsys.readouterr()
    assert "cannot read the capture 'captures/rack-a/pipe': it is no file" in told.err
    assert "error[no-captures]: there is no file in 'captures/empty'" in told.err
    assert len(told.out.splitlines()) == 2


def test_an_archive_with_nothing_in_it_and_one_that_is_damaged(capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile("empty.zip", "w"):
        pass
    with zipfile.ZipFile("one.zip", "w") as archive:
        archive.write("captures/rack-a/a1.json")
    Path("cut.zip").write_bytes(Path("one.zip").read_bytes()[:200])
    assert main(["golden", "new", "empty.zip", "cut.zip", "one.zip", "--network", "any.yaml"]) == 1
    told = capsys.readouterr()
    assert "empty.zip: error[no-captures]: there is no file in the archive" in told.err
    assert "cut.zip: error[file-unreadable]: cannot read the capture 'cut.zip': it is damaged" in told.err
    assert told.out.endswith("one.zip/captures/rack-a/a1.json\n")
