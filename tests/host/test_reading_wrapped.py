"""Captures as people have them: among other lines, packed, cut, or something else; and excerpts."""

import bz2
import gzip
import json
import lzma
import tarfile
import time
from io import BytesIO
from pathlib import Path

import pytest
from captured_hosts import LAB, PROMPT, Document, lab, spelled, wrappings

import planner
from planner.cli.main import main
from planner.host.capture import read_capture
from planner.problem import Problem

SEED = lab("seed-vlan-bond-dhcp")
WHOLE = read_capture(SEED).host
PRINTED = spelled(SEED, "vdsm-json")
CUT = PRINTED[: PRINTED.index('"vlans"') + 200]
RULES, _ = planner.load_rules("ovirtmgmt@1.0")


def error_of(content: str | bytes, source: str = "caps") -> Problem:
    reading = read_capture(content, source)
    assert reading.host is None
    return next(problem for problem in reading.problems if problem.severity == "error")


def java(value: object) -> str:
    """A value as the engine's log has it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={java(inner)}" for key, inner in value.items()) + "}"
    return "[" + ", ".join(map(java, value)) + "]" if isinstance(value, list) else str(value)


@pytest.mark.parametrize("slug", LAB)
def test_what_stands_around_a_capture_changes_nothing(slug: str) -> None:
    document = lab(slug)
    whole = read_capture(document).host
    assert whole is not None
    for around, text in wrappings(document).items():
        reading = read_capture(text)
        assert reading.problems == (), around
        assert reading.host is not None
        assert reading.host._replace(format=whole.format) == whole, around
        assert reading.document is not None
        assert set(reading.document) == set(document)


@pytest.mark.parametrize("around", ["prompt", "banner", "fence", "mail", "colours", "header"])
def test_a_fault_among_other_lines_has_its_place_in_the_file(around: str) -> None:
    document = lab("seed-vlan-bond-dhcp")
    document["nics"]["eth2"]["mtu"] = "jumbo"
    text = wrappings(document)[around]
    where = error_of(text).where[0]
    assert (where.path, text.splitlines()[where.line - 1][where.column - 1 :][:7]) == ("nics.eth2.mtu", '"jumbo"')


@pytest.mark.parametrize("around", wrappings(SEED))
def test_a_capture_that_is_cut_is_cut_whatever_stands_above_it(around: str) -> None:
    text = wrappings(SEED)[around]
    cut = text[: text.index("vlans") + 200]
    assert error_of(cut).code == "capture-truncated"


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        (f"{PRINTED}\n{PRINTED}\n", "capture-twice", "another document begins here"),
        (f"{PRINTED}{PRINTED}", "capture-twice", "another document begins here"),
        (f"engine journal: <JsonRpcResponse result: {java(SEED)}>", "unknown-format", "the engine's own spelling"),
        (java(SEED), "unknown-format", "the engine's own spelling"),
        ('{"network": {"eno1": {"rx": "1"}}, "cpuUser": "1.0", "vmCount": 0}', "unknown-format", "Host getStats"),
        ('{"changed": true, "rc": 1, "stdout": "", "stderr": "no"}', "unknown-format", "Ansible"),
        (f"{PRINTED} $", "capture-syntax", "extra data"),
        (f"{PROMPT}vdsm-client Host getCapabilities\nvdsm-client: Connection failed", "unknown-format", "begins with"),
    ],
)
def test_what_a_file_is_instead_is_told(text: str, code: str, told: str) -> None:
    problem = error_of(text)
    assert problem.code == code
    assert told in problem.message
    assert problem.hint


def archive(mode: str) -> bytes:
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as tar:  # type: ignore[call-overload]
        info = tarfile.TarInfo("sosreport-host1/sos_commands/vdsm/vdsm-client_Host_getCapabilities")
        info.size = len(PRINTED)
        tar.addfile(info, BytesIO(PRINTED.encode()))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "source", "command"),
    [
        (gzip.compress(PRINTED.encode()), "caps.json.gz", "zcat caps.json.gz |"),
        (gzip.compress(PRINTED.encode()), "standard input", "zcat FILE |"),
        (lzma.compress(PRINTED.encode()), "my caps.xz", "xzcat 'my caps.xz' |"),
        (bz2.compress(PRINTED.encode()), "caps.bz2", "bzcat caps.bz2 |"),
        (archive("w:xz"), "sosreport.tar.xz", "tar -xOf sosreport.tar.xz --wildcards '*/sos_commands"),
        (archive("w"), "standard input", "tar -xOf FILE --wildcards"),
    ],
)
def test_what_is_packed_is_told_with_the_command_that_unpacks_it(content: bytes, source: str, command: str) -> None:
    problem = error_of(content, source)
    assert problem.code == "capture-packed"
    assert problem.hint.startswith(command)
    assert problem.hint.endswith("| mgmtnet plan -")


def test_what_is_no_text_is_advised_of() -> None:
    assert error_of(b"\x93\x12\x00" * 100).code == "not-text"
    assert error_of(b"\x93abc").code == "not-utf8"


def test_the_folder_of_a_sosreport_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["facts", str(tmp_path)]) == 1
    assert "sosreport" in capsys.readouterr().err
    folder = tmp_path / "sos_commands" / "vdsm"
    folder.mkdir(parents=True)
    (folder / "vdsm-client_Host_getCapabilities").write_text(PRINTED)
    assert main(["facts", str(tmp_path)]) == 0
    assert "bond4.3000" in capsys.readouterr().out


def excerpt(*sections: str) -> str:
    """Members cut out of a pretty-printed capture."""
    return "".join(f'    "{section}": {json.dumps(SEED[section], indent=4)},\n' for section in sections)


def test_an_excerpt_lacks_what_is_not_in_it() -> None:
    reading = read_capture(excerpt("nics", "bondings", "vlans"))
    assert [problem.code for problem in reading.problems] == ["capture-excerpt"]
    assert reading.host is not None
    assert WHOLE is not None
    assert reading.host.lacks == ("networks", "bridges")
    assert (reading.host.nics, reading.host.bonds, reading.host.vlans) == (WHOLE.nics, WHOLE.bonds, WHOLE.vlans)
    assert reading.host.digest != WHOLE.digest
    assert WHOLE.lacks == ()


@pytest.mark.parametrize("ending", ["", ',\n    "lastClientIface": "eth0"\n}'])
def test_a_section_of_an_excerpt_that_is_not_whole_is_an_error_by_name(ending: str) -> None:
    text = excerpt("nics", "vlans") + excerpt("bondings")[:-40] + ending
    problem = error_of(text)
    assert (problem.code, problem.where[0].path) == ("capture-truncated", "bondings")
    assert text.splitlines()[problem.where[0].line - 1].strip().startswith('"bondings"')


def test_a_plan_from_an_excerpt_says_so_and_is_not_sent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document: Document = {key: value for key, value in SEED.items() if key != "networks"}
    capture, definition = tmp_path / "caps.json", tmp_path / "definition.yaml"
    capture.write_text(json.dumps(document))
    definition.write_text("network: ovirtmgmt\nvlan: 3000\n")
    host = read_capture(document).host
    wanted = planner.read_definition(definition.read_text()).definition
    assert host is not None
    assert wanted is not None
    assert RULES is not None
    plan = planner.plan(host, wanted, RULES)
    (problem,) = [problem for problem in plan.problems if problem.code == "capture-incomplete"]
    assert (problem.severity, problem.rule) == ("warning", "capture-incomplete")
    assert "networks" in problem.message
    assert main(["plan", str(capture), "--network", str(definition)]) == 0
    assert "capture-incomplete" in capsys.readouterr().out
    for command in (["plan", "-o", "vdsm"], ["plan", "-o", "vdsm3"], ["rehearse"]):
        assert main([command[0], str(capture), "--network", str(definition), *command[1:]]) == 1
        printed, said = capsys.readouterr()
        assert printed == ""
        assert "error[capture-incomplete]" in said


@pytest.mark.parametrize(
    "piece",
    [
        '{"\n',
        '"\\',
        "<?xml ",
        ">\n",
        "getCapabilities {'",
        '"nics":{"a":1,',
        '"nics": {"nics": 1,',
        "\x1b[1m",
        "=> ",
        "\n{}",
    ],
)
def test_hostile_text_takes_seconds(piece: str) -> None:
    started = time.process_time()
    assert read_capture("x\n" + piece * 200_000).host is None
    assert time.process_time() - started < 20  # 1 s here; a quadratic step would take hours
