"""Whole logs of VDSM and of the engine: the last answer, the one at a time, the Nth; and whose it is."""

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest
from captured_hosts import Document, lab
from hypothesis import given, settings
from hypothesis import strategies as st
from test_reading_mutated import check

import planner
from planner.cli.main import main
from planner.fleet import captures
from planner.fleet.captures import captures_in
from planner.host.capture import LAST, Which, read_capture
from planner.problem import Problem

SEED, OTHER = lab("seed-vlan-bond-dhcp") | {"uuid": "4c4c4544-01"}, lab("nic-static") | {"uuid": "4c4c4544-02"}
CHATTER = "2026-11-27 00:59:00,001+0100 INFO  (jsonrpc/3) [vdsm.api] START getVmStats(vm={'a': 1}) from=::1 (api:48)\n"


def nth(number: int, document: Document = SEED) -> Document:
    """The host with something by which its answers can be told apart."""
    return document | {"nameservers": [f"192.0.2.{number}"]}


def vdsm(*times: str) -> str:
    """vdsm.log since 4.20."""
    return "".join(
        f"{CHATTER}2026-11-27 {time} INFO  (jsonrpc/7) [api.host] FINISH getCapabilities "
        f"return={ ({'status': {'code': 0, 'message': 'Done'}, 'info': nth(number)})!r} from=::1,47182 (api:54)\n"
        for number, time in enumerate(times, 1)
    )


def older(*times: str) -> str:
    """vdsm.log before 4.20, which has no zone."""
    return "".join(
        f"Thread-13::DEBUG::2013-11-27 {time}::BindingXMLRPC::917::vds::(wrapper) return getCapabilities with "
        f"{ ({'status': {'code': 0}, 'info': nth(number)})!r}\n"
        for number, time in enumerate(times, 1)
    )


def bridge(*times: str) -> str:
    """vdsm.log with the debug lines of its JSON-RPC server."""
    return "".join(
        f"2026-11-27 {time} DEBUG (jsonrpc/0) [jsonrpc.JsonRpcServer] Return 'Host.getCapabilities' in bridge with "
        f"{nth(number)!r} (__init__:312)\n"
        for number, time in enumerate(times, 1)
    )


def supervdsm(*times: str) -> str:
    return "".join(
        f"MainProcess|jsonrpc/7::DEBUG::2026-11-27 {time}::supervdsm_server::106::SuperVdsm.ServerCallback::(wrapper) "
        f"return network_caps with { ({key: nth(number)[key] for key in nth(number) if key != 'uuid'})!r}\n"
        for number, time in enumerate(times, 1)
    )


def engine(*answers: tuple[str, Document]) -> str:
    """engine.log with the debug lines of its JSON-RPC client."""
    return "".join(
        f"2026-11-27 {time} DEBUG [org.ovirt.vdsm.jsonrpc.client.internal.ResponseWorker] (ResponseWorker) [] "
        f"Message received: {json.dumps({'jsonrpc': '2.0', 'id': '7', 'result': result})}\n"
        for time, result in answers
    )


def server_of(text: str, which: Which = LAST) -> str:
    """The name server in the answer that is read, by which answers differ here."""
    return read_capture(text, "a log", which).required().nameservers[0]


def error_of(text: str | Document, which: Which = LAST) -> Problem:
    reading = read_capture(text, "a log", which)
    assert reading.host is None
    (problem,) = reading.problems
    assert problem.hint
    return problem


TIMES = ("01:00:00,250", "02:00:00,500", "03:00:00,750")
LOGS = {
    "vdsm": vdsm(*(f"{time}+0100" for time in TIMES)),
    "older": older(*TIMES),
    "bridge": bridge(*(f"{time}-0400" for time in TIMES)),
    "supervdsm": supervdsm(*TIMES),
    "engine": engine(*((f"{time}+01", nth(number)) for number, time in enumerate(TIMES, 1))),
}


@pytest.mark.parametrize("kind", LOGS)
def test_the_last_answer_counts_and_it_is_said_which_that_is(kind: str) -> None:
    reading = read_capture(LOGS[kind], "a log")
    (note,) = reading.problems
    assert (note.code, note.severity) == ("log-answer-taken", "note")
    assert "answer 3 of 3" in note.message
    assert "03:00:00,750" in LOGS[kind].splitlines()[note.where[0].line - 1]
    assert reading.required().nameservers == ("192.0.2.3",)
    assert reading.required().bonds == read_capture(SEED).required().bonds


@pytest.mark.parametrize("kind", LOGS)
def test_another_is_taken_by_its_number_or_by_a_time(kind: str) -> None:
    text = LOGS[kind]
    day = "2013-11-27" if kind == "older" else "2026-11-27"
    assert [server_of(text, Which(call)) for call in (1, 2, 3)] == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    for at, number in (
        (day, 3),
        (f"{day} 02:00", 2),
        (f"{day} 01:59", 1),
        (f"{day}T02:00:00", 2),
        (f"{day} 02:00:00.4", 1),
        (f"{day} 02:00:00,5", 2),
        (f" {day} 23:59:59.999999 ", 3),
    ):
        assert server_of(text, Which(at=at)) == f"192.0.2.{number}", at


def test_a_time_with_an_offset_is_compared_across_zones() -> None:
    assert server_of(LOGS["vdsm"], Which(at="2026-11-27 01:00Z")) == "192.0.2.2"
    assert server_of(LOGS["vdsm"], Which(at="2026-11-27 01:00:00+00:00")) == "192.0.2.2"
    assert server_of(LOGS["bridge"], Which(at="2026-11-27 05:30+00")) == "192.0.2.1"
    assert server_of(LOGS["engine"], Which(at="2026-11-26 21:00-0400")) == "192.0.2.2"
    assert error_of(LOGS["older"], Which(at="2013-11-27 02:00Z")).code == "log-answer-unclear"


@pytest.mark.parametrize(
    ("which", "code", "told"),
    [
        (Which(4), "log-answer-missing", "the log has 3"),
        (Which(-1), "log-answer-missing", "the log has 3"),
        (Which(at="2026-11-26"), "log-answer-missing", "or before"),
        (Which(at="yesterday"), "log-time-malformed", "yesterday"),
        (Which(at="2026-13-01"), "log-time-malformed", "2026-13-01"),
        (Which(at="2026-11-27 02:00+99:00"), "log-time-malformed", "+99:00"),
        (Which(1, "2026-11-27"), "log-answer-unclear", "both"),
    ],
)
def test_what_there_is_not_is_told_with_what_there_is(which: Which, code: str, told: str) -> None:
    problem = error_of(LOGS["vdsm"], which)
    assert problem.code == code
    assert told in problem.message
    if code == "log-answer-missing":
        assert "1 (2026-11-27 01:00:00,250+0100), 2 (" in problem.hint


def journal(*times: str) -> str:
    """What syslog or the journal writes."""
    return "".join(
        f"Nov 27 00:59:00 node1 systemd[1]: Started vdsmd.\n{time} node1 vdsm[4242]: INFO FINISH getCapabilities "
        f"return={ ({'status': {'code': 0}, 'info': nth(number)})!r} from=internal\n"
        for number, time in enumerate(times, 1)
    )


YEARLESS = journal("Nov  9 23:59:59.250", "Nov 27 02:00:00.500", "Nov 27 03:00:00.750")


def test_times_without_a_year_are_compared_with_each_other() -> None:
    (note,) = read_capture(YEARLESS, "a log").problems
    assert "of Nov 27 03:00:00.750" in note.message
    assert [server_of(YEARLESS, Which(call)) for call in (1, 2, 3)] == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    for at, number in (
        ("Nov 27", 3),
        ("Nov 27 02:00", 2),
        ("Nov 27 02:00:00.4", 1),
        ("Nov  9", 1),
        ("Nov 9 23:59", 1),
        ("Dec 1", 3),
    ):
        assert server_of(YEARLESS, Which(at=at)) == f"192.0.2.{number}", at
    assert server_of(journal("Feb 29 01:00:00"), Which(at="Mar 1")) == "192.0.2.1"


@pytest.mark.parametrize(
    ("text", "at", "told", "hint"),
    [
        (YEARLESS, "2026-11-27 02:30", "of which year", "leave the year out: 'Nov 27 14:05'"),
        (YEARLESS, "2026-11-27 02:30Z", "of which year", "leave the year out"),
        (LOGS["vdsm"], "Nov 27 02:30", "have a year", "name it"),
        (LOGS["vdsm"] + YEARLESS, "Nov 27 02:30", "have a year", "name it"),
        (
            journal("Dec 31 23:00:00", "Jan  1 01:00:00"),
            "Dec 31 23:30",
            "go back from Dec 31 23:00:00 to Jan  1 01:00:00",
            "for --call: 1 (Dec 31",
        ),
        (YEARLESS, "Nov 8", "or before", "for --call: 1 (Nov  9"),
    ],
)
def test_no_year_is_made_up(text: str, at: str, told: str, hint: str) -> None:
    problem = error_of(text, Which(at=at))
    assert problem.code == ("log-answer-missing" if told == "or before" else "log-answer-unclear")
    assert told in problem.message
    assert hint in problem.hint


def test_what_has_a_year_within_a_line_of_the_journal_counts() -> None:
    line = f"Nov 27 09:00:00 node1 vdsm: {vdsm('02:00:00,000').splitlines()[1]}\n"
    assert server_of(line, Which(at="2026-11-27 02:00")) == "192.0.2.1"
    for odd in ("Nov 31 01:00:00", "Nov 27 25:00:00", "Nov 00 01:00:00", "Nov 27 01:00", "nov 27 01:00:00"):
        assert error_of(journal(odd), Which(1)).code == "log-answer-missing"


def test_of_very_many_the_last_ones_are_listed() -> None:
    text = vdsm(*(f"{minute // 60:02}:{minute % 60:02}:00,000" for minute in range(60)))
    hint = error_of(text, Which(61)).hint
    assert hint.count(" (2026-11-27") == 10
    assert "1 (2026-11-27 00:00:00,000), ..., 52 (" in hint
    assert "60 (2026-11-27 00:59:00,000)" in hint


@pytest.mark.parametrize("content", [SEED, json.dumps(SEED), "no capture", f"> {json.dumps(SEED)}", CHATTER])
def test_of_what_is_no_log_nothing_can_be_chosen(content: str | Document) -> None:
    for which in (Which(1), Which(at="2026-11-27"), Which(host="4c4c4544-01")):
        problem = error_of(content, which)
        assert problem.code == "log-answer-missing"
        assert "no log" in problem.message


def test_an_answer_that_is_cut_is_no_host() -> None:
    text = LOGS["vdsm"][:-2000]
    assert "'bondings'" not in text.splitlines()[-1]  # cut before what tells it from other answers
    reading = read_capture(text)
    assert [problem.code for problem in reading.problems] == ["capture-truncated", "log-answer-taken"]
    assert server_of(text, Which(2)) == "192.0.2.2"


def test_other_answers_and_failed_ones_are_none() -> None:
    stats, failed = {"network": {"eth0": {"rx": "1"}}}, {"status": {"code": 99, "message": "Recovering"}}
    text = engine(("01:00:00,000", nth(1)), ("02:00:00,000", stats))
    text += f"2026-11-27 03:00:00,000 INFO  (jsonrpc/7) [api.host] FINISH getCapabilities return={failed!r}\n"
    reading = read_capture(text)
    assert (reading.required().nameservers, reading.problems) == (("192.0.2.1",), ())


@pytest.mark.parametrize(
    "line",
    [
        CHATTER,
        "MainThread::INFO::2026-11-27 01:00:00,000::vdsm::131::vds::(run) I am the actual vdsm",
        "2026-11-27 01:00:00,000+01 INFO  [org.ovirt.engine.core] (thread-1) [] Message received: {'a': 1}\n",
    ],
)
def test_a_log_without_an_answer_is_told_as_one(line: str) -> None:
    problem = error_of(line * 3)
    assert problem.code == "unknown-format"
    assert "a log without an answer of getCapabilities" in problem.message


REQUESTS = {
    "vdsm.log": "2026-11-27 01:00:00,000+0100 INFO  (jsonrpc/0) [api.network] START setupNetworks(networks={u'a': {}},",
    "supervdsm.log": "MainProcess|jsonrpc/0::DEBUG::2026-11-27 01:00:00,000::supervdsm_server::95::x::(wrapper) call "
    "setupNetworks with ({u'a': {u'remove': True}}, {}, {}) {}",
    "engine.log": "2026-11-27 01:00:00,000+01 INFO  [org.ovirt.HostSetupNetworksVDSCommand] (x) [] START,"
    " HostSetupNetworksVDSCommand(HostName = h, networks='[HostNetwork:{vdsmName='a'}]', bonds='[]'), log id",
}


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_log_of_what_is_asked_of_a_host_is_told_as_one(kind: str) -> None:
    problem = error_of(f"{REQUESTS[kind]}\n")
    assert problem.code == "unknown-format"
    assert "see `mgmtnet judge`" in problem.message


def test_what_the_engine_logs_of_capabilities_without_debug_is_told() -> None:
    line = (
        "2026-11-27 01:00:00,000+01 INFO  [org.ovirt.engine.core.vdsbroker.vdsbroker.{0}] (x) [] FINISH, {0}, return: h"
    )
    for command in ("GetCapabilitiesVDSCommand", "GetCapabilitiesAsyncVDSCommand"):
        assert "the engine's only at DEBUG" in error_of(line.format(command)).message
    told = error_of(
        'May  6 15:29:58 engine journal: <JsonRpcResponse id: "1" result: {networks={}, bondings={bond0={mtu=1}}}>'
    )
    assert "the engine's own spelling" in told.message
    assert "a log without an answer" in error_of("May  6 15:29:58 engine systemd[1]: Started x.\n").message


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-27 01:00:00,000+0100 INFO  (x) [api.host] FINISH getCapabilities error=Not now from=::1,5 (api:50)",
        "2026-11-27 01:00:00,000Z ERROR [x] (x) [] Command 'GetCapabilitiesVDSCommand(X)' execution failed: X: Not now",
    ],
)
def test_why_there_is_no_answer_is_told_where_the_log_has_it(line: str) -> None:
    problem = error_of(f"{CHATTER}{line}\n")
    assert problem.code == "unknown-format"
    assert "a log in which getCapabilities failed: " in problem.message
    assert "Not now" in problem.message
    assert "from=" not in problem.message


SEVERAL = engine(("01:00:00,000", nth(1)), ("02:00:00,000", nth(2, OTHER)), ("03:00:00,000", nth(3)))


def test_of_a_log_of_several_hosts_one_has_to_be_named() -> None:
    problem = error_of(SEVERAL)
    assert problem.code == "capture-twice"
    assert "2 hosts" in problem.message
    assert "4c4c4544-01 at 198.51.100.177 (3), 4c4c4544-02 at 192.0.2.10 (2)" in problem.message
    assert "mgmtnet fleet plan" in problem.hint
    assert error_of(SEVERAL, Which(at="2026-11-27 02:30")).code == "capture-twice"
    assert server_of(SEVERAL, Which(at="2026-11-27 01:30")) == "192.0.2.1"
    assert server_of(SEVERAL, Which(2)) == "192.0.2.2"
    nameless = SEVERAL.replace('"uuid": ', '"id": ')
    other = nameless.splitlines(keepends=True)
    other[1] = other[1].replace("52:54:00", "52:54:02")
    assert server_of(nameless) == "192.0.2.3"
    assert error_of("".join(other)).code == "capture-twice"  # told apart by their MAC addresses


def test_of_several_hosts_one_is_taken_by_its_name() -> None:
    assert server_of(SEVERAL, Which(host="4c4c4544-01")) == "192.0.2.3"
    assert server_of(SEVERAL, Which(host="4c4c4544-02")) == server_of(SEVERAL, Which(host="192.0.2.10")) == "192.0.2.2"
    assert server_of(SEVERAL, Which(at="2026-11-27 02:30", host="198.51.100.177")) == "192.0.2.1"
    for which, code, told, hint in (
        (Which(host="4c4c4544-1"), "capture-host-unknown", '"4c4c4544-1"', "did you mean 4c4c4544-01?"),
        (Which(host="x"), "capture-host-unknown", '"x"', "known: 198.51.100.177, 4c4c4544-01, 192.0.2.10, 4c4c4544-02"),
        (Which(at="2026-11-27 01:30", host="4c4c4544-02"), "log-answer-missing", "2026-11-27 01:30", "--call: 1"),
        (Which(1, host="4c4c4544-02"), "log-answer-unclear", "a call and a host", "leave one out"),
    ):
        problem = error_of(SEVERAL, which)
        assert problem.code == code
        assert told in problem.message
        assert hint in problem.hint
    same = SEVERAL.replace("192.0.2.10/", "198.51.100.177/")
    assert error_of(same, Which(host="198.51.100.177")).code == "capture-twice"
    nameless = LOGS["supervdsm"].replace("198.51.100.177/", "")
    assert error_of(nameless, Which(host="x")).hint == "leave --host out"


def test_a_log_of_several_hosts_is_a_fleet(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    log.write_text(SEVERAL)
    found = {captured.host: captured for captured in captures_in([str(log)])}
    assert set(found) == {"engine/4c4c4544-01", "engine/4c4c4544-02"}
    assert {name: captured.source.rpartition(":")[2] for name, captured in found.items()} == {
        "engine/4c4c4544-01": "3",
        "engine/4c4c4544-02": "2",
    }
    held = found["engine/4c4c4544-01"].content()
    assert isinstance(held, bytes)
    assert read_capture(held).required().nameservers == ("192.0.2.3",)
    log.write_text(LOGS["vdsm"])
    (captured,) = captures_in([str(log)])
    assert captured.host == "engine"


def test_a_command_takes_the_same_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "vdsm.log"
    log.write_text(LOGS["vdsm"])
    for options, number in ((["--call", "1"], 1), (["--at", "2026-11-27 02:30"], 2), ([], 3)):
        assert main(["facts", str(log), *options]) == 0
        printed, said = capsys.readouterr()
        assert f"nameserver: address=192.0.2.{number} " in printed
        assert f"answer {number} of 3" in said
    assert main(["plan", str(log), "--call", "7"]) == 1
    assert "error[log-answer-missing]" in capsys.readouterr().err
    assert main(["plan", str(log), "--call", "0"]) == 2
    capsys.readouterr()
    (tmp_path / "definition.yaml").write_text("vlan: 3000\n")
    assert main(["rehearse", str(log), "--network", str(tmp_path / "definition.yaml"), "--call", "9"]) == 1
    assert "error[log-answer-missing]" in capsys.readouterr().err


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_log_that_was_put_away_is_unpacked(
    tmp_path: Path, pack: Callable[[bytes], bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "engine.log.1.xz"
    log.write_bytes(pack(SEVERAL.encode()))
    found = [captured.host for captured in captures_in([str(log)])]
    assert found == ["engine.log.1/4c4c4544-01", "engine.log.1/4c4c4544-02"]
    assert main(["facts", str(log), "--call", "2"]) == 0
    assert "nameserver: address=192.0.2.2 " in capsys.readouterr().out
    log.write_bytes(pack(SEVERAL.encode() * 99)[:-9])
    assert main(["facts", str(log)]) == 1
    assert "damaged" in capsys.readouterr().err


def test_a_packed_capture_is_no_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captures, "LARGEST_FILE", 1000)
    (tmp_path / "caps.json.gz").write_bytes(gzip.compress(b" " * 10_000))
    (captured,) = captures_in([str(tmp_path / "caps.json.gz")])
    assert isinstance(captured.held, Problem)
    assert captured.host == "caps"


def test_the_library_has_it() -> None:
    assert planner.read_capture(LOGS["vdsm"], which=planner.Which(call=2)).required().nameservers == ("192.0.2.2",)


@pytest.mark.parametrize(
    "piece",
    [
        "2026-11-27 01:00:00,000 getCapabilities {'",
        "getCapabilities {'nics':",
        "2026-11-27 01:00:00,000 Message received: {",
        "Nov 27 01:00:00 node1 getCapabilities {'",
        "Nov 27 ",
        "2026-11-27 01:00:00,000 INFO  GetCapabilitiesVDSCommand execution ",
        "FINISH getCapabilities error=",
        "2026-11-27 01:00:00,000 Message received: {'nics': 1}\n",
        "2026-11-27 01:00:00,000 getVdsCaps {'nics': {'a': {}}}\n",
    ],
)
def test_much_of_it_takes_seconds(piece: str) -> None:
    check(piece * 20_000)


@settings(max_examples=300)
@given(
    st.sampled_from([*LOGS.values(), SEVERAL, YEARLESS]),
    st.integers(0, 5),
    st.sampled_from(["", "2026-11-27 02:00Z", "Nov 27 02:00", "x"]),
    st.sampled_from(["", "4c4c4544-01", "x"]),
    st.data(),
)
def test_changed_logs(text: str, call: int, at: str, host: str, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        piece = data.draw(st.text(max_size=6) | st.sampled_from(["\n", "{", "'", "9999-99-99 99:99:99,999", "\x00"]))
        text = text[:start] + piece + text[start + data.draw(st.integers(0, 40)) :]
    check(text)
    reading = read_capture(text, "a log", Which(call, at, host))
    assert (reading.host is None) == any(problem.severity == "error" for problem in reading.problems)
