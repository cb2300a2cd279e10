"""`mgmtnet apply` as a process, against a stand-in in another: what it sends, says, asks, and returns."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jsonschema
import pytest
from standins import BARE, GOLDEN, MGMTNET, PATIENCE, Machine, addresses, at_once, machine, mgmtnet, wait_until

REPORT = json.loads((GOLDEN.parent / "schemas" / "report.schema.json").read_text())
BOTH = ["setupNetworks", "setSafeNetworkConfig"]
CHANGED = ["look", "announce", "set-up", "verify", "commit", "prove"]
ADOPTED = ["look", "announce-adopt", "adopt", "verify-adopt", *CHANGED[1:]]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A host that no test of this module changes."""
    with machine(tmp_path_factory.mktemp("plain"), "nic-static") as one:
        yield one


@pytest.fixture(scope="module")
def compliant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with machine(tmp_path_factory.mktemp("compliant"), "ovirtmgmt-as-defined") as one:
        yield one


def write_plan(folder: Path, golden: str, capture: Path | None = None) -> str:
    """A plan as `mgmtnet plan -o json` prints it."""
    stated = [part for address in addresses(golden) for part in ("--address", address)]
    captured = capture or GOLDEN / golden / "capture.json"
    definition = GOLDEN / golden / "definition.yaml"
    done = mgmtnet("plan", str(captured), "--network", str(definition), *stated, "-o", "json")
    assert done.status in (0, 3), done.err
    path = folder / f"{golden}-plan.json"
    path.write_text(done.out)
    return str(path)


@pytest.mark.parametrize(
    ("name", "steps", "sent"),
    [
        ("seed-vlan-over-bond", ADOPTED, ["setupNetworks", *BOTH]),
        ("seed-bridgeless", CHANGED, BOTH),  # adopting it is all that is wanted
    ],
)
def test_a_host_is_changed_saved_and_left_alone_the_second_time(
    name: str, steps: list[str], sent: list[str], tmp_path: Path
) -> None:
    with machine(tmp_path, name) as host:
        first = host.apply("--yes", "-o", "json")
        assert first.status == 0, first
        jsonschema.validate(first.document, REPORT)
        assert first.document["standing"] == "as planned and saved"
        assert first.document["succeeded"] is True
        assert first.document["problem"] is None
        assert [step["name"] for step in first.document["steps"]] == steps
        assert first.document["run"] == first.run
        assert host.changed() == sent
        second = host.apply("--yes", "-o", "json")
        assert second.status == 0
        jsonschema.validate(second.document, REPORT)
        assert "nothing was sent" in second.document["steps"][0]["said"]
        assert host.changed() == sent


def test_a_host_that_stands_as_defined_is_sent_nothing(compliant: Machine) -> None:
    done = compliant.apply("--yes")
    assert done.status == 0, done
    assert "nothing was sent" in done.out
    assert "run " not in done.err
    assert set(compliant.asked()) == {"getCapabilities"}


def test_a_host_that_stands_as_defined_needs_no_consent(compliant: Machine) -> None:
    assert compliant.apply().status == 0
    assert compliant.changed() == []


def test_a_refused_host_is_sent_nothing(tmp_path: Path) -> None:
    with machine(tmp_path, "member-in-use") as host:
        stated = [part for address in addresses("member-in-use") for part in ("--address", address)]
        done = host.apply("--yes", *stated)
        assert done.status == 3, done
        assert "refused" in done.out
        assert host.changed() == []
        as_json = host.apply("--yes", "-o", "json", *stated)
        assert as_json.status == 3
        assert as_json.document["outcome"] == "refused"


def test_a_refused_plan_is_sent_nothing(plain: Machine, tmp_path: Path) -> None:
    done = plain.mgmtnet("apply", plain.target, "--plan", write_plan(tmp_path, "member-in-use"), "--yes")
    assert done.status == 3, done
    assert plain.changed() == []


def test_nobody_is_asked_without_a_terminal(plain: Machine) -> None:
    done = plain.apply()
    assert done.status == 2, done
    assert "error[not-agreed]" in done.err
    assert "--yes" in done.err
    assert "+ bridge ovirtmgmt" in done.err, "the change is shown all the same"
    assert done.out == ""
    assert plain.changed() == []


def test_json_is_complete_also_when_nobody_can_be_asked(plain: Machine) -> None:
    done = plain.apply("-o", "json", "--log", "json")
    assert (done.status, done.document["problems"][0]["code"]) == (2, "not-agreed")
    assert '"kind": "problem"' in done.err


def test_a_plan_is_applied_once_and_then_there_is_nothing_to_send(tmp_path: Path) -> None:
    with machine(tmp_path / "host", "seed-mtu-1500") as host:
        taken = tmp_path / "taken.json"
        assert host.mgmtnet("capture", host.target, "-o", str(taken)).status == 0
        plan = write_plan(tmp_path, "seed-mtu-1500", taken)
        done = host.mgmtnet("apply", host.target, "--plan", plan, "--yes", "-o", "json")
        assert done.status == 0, done
        sent = host.changed()
        assert sent == ["setupNetworks", *BOTH]
        again = host.mgmtnet("apply", host.target, "--plan", plan, "--yes", "-o", "json")
        assert again.status == 0
        assert again.document["standing"] == "as planned and saved"
        assert host.changed() == sent


def test_a_plan_for_another_host_is_refused(plain: Machine, tmp_path: Path) -> None:
    plan = write_plan(tmp_path, "seed-vlan-over-bond")
    done = plain.mgmtnet("apply", plain.target, "--plan", plan, "--yes")
    assert done.status == 3, done
    assert "error[stale-plan]" in done.err
    assert plain.changed() == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"network: ovirtmgmt\n",
        b"[]",
        b"null",
        b'"plan"',
        b"{}",
        b'{"format": "mgmtnet/plan@1"}',
        b'{"format": "mgmtnet/plan@99", "outcome": "change"}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"outcome": NaN}',
    ],
    ids=lambda content: repr(content[:12]),
)
def test_what_is_no_plan_is_told_without_a_look_at_the_host(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plan"
    path.write_bytes(content)
    done = at_once(capsys, "apply", "127.0.0.1:9", "--plan", str(path), "--yes", "-o", "json")
    assert done.status == 1, done
    assert "error[plan-malformed]" in done.err
    assert "mgmtnet plan CAPTURE" in done.err
    assert done.document["problems"][0]["code"] == "plan-malformed"


def test_a_plan_without_its_request_is_no_plan(plain: Machine, tmp_path: Path) -> None:
    path = Path(write_plan(tmp_path, "nic-static"))
    document = json.loads(path.read_text())
    for spoilt in ({**document, "steps": "none"}, {**document, "inputs": {}}, {**document, "attachment": []}):
        path.write_text(json.dumps(spoilt))
        done = plain.mgmtnet("apply", plain.target, "--plan", str(path), "--yes")
        assert done.status == 1, done
        assert "error[plan-malformed]" in done.err
    assert plain.changed() == []


def cut(document: dict) -> None:
    document["steps"].pop(0)


def unchecked(document: dict) -> None:
    document["steps"][1]["request"]["options"].update(connectivityCheck=False, commitOnSuccess=True)


def without_network(document: dict) -> None:
    document["steps"][1]["request"]["networks"]["ovirtmgmt"] = {"remove": True}


def moved(document: dict) -> None:
    document["attachment"]["ipv4"]["address"] = "192.0.2.99"


def back_to_nothing(document: dict) -> None:
    document["steps"][1]["revert"]["networks"]["ovirtmgmt"]["ipaddr"] = "192.0.2.99"


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        (cut, "steps"),
        (unchecked, "steps.1.request.options.connectivityCheck"),
        (without_network, "steps.1.request.networks.ovirtmgmt.remove"),
        (moved, "steps.1.request.networks.ovirtmgmt.ipaddr"),
        (back_to_nothing, "steps.1.revert.networks.ovirtmgmt.ipaddr"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_plan_whose_calls_are_not_those_of_its_attachment_is_sent_nothing(
    spoil: Callable[[dict], None], place: str, plain: Machine, tmp_path: Path
) -> None:
    taken = tmp_path / "taken.json"
    assert plain.mgmtnet("capture", plain.target, "-o", str(taken)).status == 0
    path = Path(write_plan(tmp_path, "nic-static", taken))
    document = json.loads(path.read_text())
    spoil(document)
    path.write_text(json.dumps(document))
    done = plain.mgmtnet("apply", plain.target, "--plan", str(path), "--yes", "-o", "json")
    assert done.status == 3, done
    found = done.document["problems"]
    assert {problem["code"] for problem in found} == {"plan-altered"}
    assert any(place in where for problem in found for where in problem["where"]), found
    assert plain.changed() == []


def test_a_missing_plan_file_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    done = at_once(capsys, "apply", "127.0.0.1:9", "--plan", "no-such-file", "--yes")
    assert done.status == 1
    assert "error[file-unreadable]" in done.err


FENCED = ("--fence-address", "bmc", "--fence-agent", "ipmilan", "--fence-user", "admin")


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["apply"], 2, "host-missing"),
        (["apply", "127.0.0.1:9", "--plan", "one", "--network", "other"], 2, "plan-and-definition"),
        (["apply", "127.0.0.1:99999"], 1, "is no host"),
        (["apply", "a b"], 1, "is no host"),
        (["apply", str(GOLDEN / "nic-static" / "capture.json")], 2, "capture.json is a file, and no host"),
        (["apply", "127.0.0.1:9", "--probe", "nonsense"], 1, "probe-unusable"),
        (["apply", "127.0.0.1:9", "--expect", "nonsense"], 1, "expect-malformed"),
        (["apply", "127.0.0.1:9", "--reboot", "other"], 1, "fence-incomplete"),
        (["apply", "127.0.0.1:9", "--reboot", "other:0", *FENCED], 1, "'other:0' is no host"),
        (["apply", "127.0.0.1:9", "--reboot", "127.0.0.1:9", *FENCED], 1, "fence-itself"),
        (["apply", "127.0.0.1:9", "--network", "no-such-file"], 1, "file-unreadable"),
        (["apply", "127.0.0.1:9", "--routes", "no-such-file"], 1, "file-unreadable"),
        (["apply", "127.0.0.1:9", "--rules", "no-such-rules"], 1, "unknown-ruleset"),
        (["apply", "127.0.0.1:9", "--timeout", "0"], 2, "from 1 to 3600"),
        (["apply", "127.0.0.1:9", "--timeout", "nan"], 2, "from 1 to 3600"),
        (["apply", "127.0.0.1:9", "--timeout", "soon"], 2, "from 1 to 3600"),
        (["apply", "127.0.0.1:9", "--log", "xml"], 2, "invalid choice"),
    ],
    ids=lambda value: " ".join(value[1:]) if isinstance(value, list) else "",
)
def test_what_cannot_be_meant_is_told_at_once(
    arguments: list[str], status: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    done = at_once(capsys, *arguments)
    assert done.status == status, done
    assert told in done.err
    assert "internal fault" not in done.err
    assert "Traceback" not in done.err


def test_json_lines_tell_each_step_of_a_change_by_xmlrpc(tmp_path: Path) -> None:
    with machine(tmp_path, "bond-static-on-4-10") as host:
        done = host.apply("--yes", "--log", "json")
        assert host.changed() == BOTH
    assert done.status == 0, done
    assert "ovirtmgmt stands as planned and saved" in done.out
    assert "to do: nothing more to do" in done.out
    events = [json.loads(line) for line in done.err.splitlines()]
    (shown,) = [event for event in events if event["kind"] == "plan"]
    assert shown["plan"]["outcome"] == "change"
    events.remove(shown)
    assert [event["step"] for event in events if event["kind"] == "said"] == ["run"]
    assert [event["step"] for event in events if event["kind"] == "begin"] == ["read", *CHANGED]
    assert [event["step"] for event in events if event["kind"] == "end"] == ["read", *CHANGED]
    for event in events:
        assert event.keys() == {"time", "kind", "step", "said", "limit"}
        assert event["kind"] in ("begin", "call", "end", "said")
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)


def in_a_terminal(host: Machine, answer: str | None, *arguments: str, **environ: str) -> tuple[int, str]:
    """`apply` in a terminal of its own, where ``answer`` is typed when it asks; its status, and what the screen showed.

    None as the answer: nothing is asked. An empty answer is the end of the input.
    """
    ours, theirs = pty.openpty()
    # The leader of a session that opens a terminal is the one whom its Ctrl-C reaches.
    shell = ["sh", "-c", 'where=$1; shift; exec "$@" <"$where" >"$where" 2>&1', "sh", os.ttyname(theirs)]
    command = [*shell, *MGMTNET, "apply", host.target, *host.definition, *arguments]
    known = BARE | {"TERM": "xterm", "COLUMNS": "100"} | host.environ | environ
    process = subprocess.Popen(command, env=known, start_new_session=True)
    screen = b""
    end = time.monotonic() + PATIENCE
    while select.select([ours], [], [], 0.05)[0] or process.poll() is None:
        assert time.monotonic() < end, screen
        if select.select([ours], [], [], 0)[0]:
            screen += os.read(ours, 65536)
        if answer is not None and b"Only `yes` does it" in screen:
            os.write(ours, answer.encode() or b"\x04")
            answer = None
    os.close(ours)
    os.close(theirs)
    return process.returncode, screen.decode()


@pytest.mark.parametrize("answer", ["no\n", "y\n", "\n", ""], ids=["no", "y", "return", "end of input"])
def test_anything_but_yes_sends_nothing(answer: str, plain: Machine) -> None:
    status, screen = in_a_terminal(plain, answer)
    assert status == 1, screen
    assert "+ bridge ovirtmgmt" in screen
    assert "nothing was sent" in screen
    assert plain.changed() == []


def test_ctrl_c_at_the_question_sends_nothing(plain: Machine) -> None:
    status, screen = in_a_terminal(plain, "\x03")
    assert status == 130, screen
    assert "Traceback" not in screen
    assert plain.changed() == []


def test_yes_in_a_terminal_applies_and_shows_bars(tmp_path: Path) -> None:
    with machine(tmp_path, "nic-static", faults=["setupNetworks:slow=10"]) as host:
        status, screen = in_a_terminal(host, "yes\n")
        assert status == 0, screen
        assert host.changed() == ["setupNetworks", *BOTH]
    assert "━" in screen, "a bar"
    assert re.search(r"\d:\d\d:\d\d", screen), "elapsed time"
    assert "of at most" in screen
    assert "\x1b[" in screen
    for step in ADOPTED:
        assert f"{step}:" in screen
    assert "ovirtmgmt stands as planned and saved" in screen


def test_a_terminal_can_have_plain_lines(compliant: Machine) -> None:
    status, screen = in_a_terminal(compliant, None, "--yes", "--log", "plain")
    assert status == 0, screen
    assert "\x1b" not in screen
    assert "... read: waiting for VDSM, reading" in screen


def test_two_at_once_exclude_each_other(tmp_path: Path) -> None:
    with machine(tmp_path, "nic-static", faults=["setupNetworks:slow=240"]) as host, ThreadPoolExecutor(2) as beside:
        first = host.begin("--yes")
        wait_until(lambda: "asked: setupNetworks" in host.said)
        others = beside.submit(host.apply, "--yes", "-o", "json"), beside.submit(host.mgmtnet, "resume")
        second, resumed = (other.result() for other in others)
        assert second.status == 1, second
        assert "error[host-held]" in second.err
        assert second.document["problems"][0]["code"] == "host-held"
        assert resumed.status == 1, resumed
        assert "error[host-held]" in resumed.err
        out, err = first.communicate(timeout=PATIENCE)
        assert first.returncode == 0, err
        assert "as planned and saved" in out
        assert host.changed() == ["setupNetworks", *BOTH]


def test_apply_waits_for_a_host_that_is_still_starting(tmp_path: Path) -> None:
    with machine(tmp_path, "ovirtmgmt-as-defined") as host:
        port = int(host.target.rpartition(":")[2])
    waiting = host.begin("--yes")  # nobody listens there any more
    time.sleep(1.0)
    assert waiting.poll() is None, "it gives VDSM time"
    with machine(tmp_path, "ovirtmgmt-as-defined", port=port):
        out, err = waiting.communicate(timeout=PATIENCE)
    assert waiting.returncode == 0, err
    assert "nothing was sent" in out


def test_an_impatient_user_is_let_go(tmp_path: Path) -> None:
    with machine(tmp_path, "ovirtmgmt-as-defined") as host:
        pass
    waiting = host.begin("--yes")
    assert waiting.stderr is not None
    assert "reading" in waiting.stderr.readline()
    waiting.send_signal(signal.SIGINT)
    out, err = waiting.communicate(timeout=PATIENCE)
    assert waiting.returncode == 130
    assert out == ""
    assert err.endswith("interrupted\n")
    assert "Traceback" not in err


def test_the_wrong_ca_is_told_at_once(plain: Machine, compliant: Machine) -> None:
    done = plain.apply("--yes", "--ca", compliant.environ["MGMTNET_CA"], "-o", "json")
    assert done.status == 1, done
    assert "error[host-tls]" in done.err
    assert "unknown CA" in done.err
    assert done.document["problems"][0]["hint"]
    assert plain.changed() == []


def test_a_key_of_another_certificate_is_told_at_once(plain: Machine, compliant: Machine) -> None:
    done = plain.apply("--yes", "--key", compliant.environ["MGMTNET_KEY"])
    assert done.status == 1, done
    assert "error[host-credentials]" in done.err
    assert "does not belong" in done.err


def test_missing_certificates_are_told_by_name(plain: Machine) -> None:
    for option, what in (("--ca", "CA certificate"), ("--cert", "client certificate"), ("--key", "key")):
        done = plain.apply("--yes", option, "no-such-file")
        assert done.status == 1, done
        assert "error[host-credentials]" in done.err
        assert what in done.err
        assert "no-such-file" in done.err


def test_a_wrong_pin_is_told_with_the_right_one(plain: Machine) -> None:
    done = plain.apply("--yes", "--pin", f"sha256:{'0' * 64}")
    assert done.status == 1, done
    assert re.search(r"pin sha256:[0-9a-f]{64}", done.err)
    assert plain.changed() == []
