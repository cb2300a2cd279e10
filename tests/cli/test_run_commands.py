"""`mgmtnet status`, `resume` and `register` as processes; and that no secret is anywhere, whatever was run."""

import json
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme
from fake_engine import FakeEngine
from standins import BARE, PATIENCE, Ended, Machine, at_once, machine, mgmtnet, state_of, wait_until

BOTH = ["setupNetworks", "setupNetworks", "setSafeNetworkConfig"]  # adopted, changed, saved


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Machine, str]]:
    """A host that was changed, and the name of the run."""
    with machine(tmp_path_factory.mktemp("applied"), "nic-static") as host:
        done = host.apply("--yes")
        assert done.status == 0, done
        yield host, done.run


def test_there_are_no_runs_yet(tmp_path: Path) -> None:
    known = state_of(tmp_path)
    assert mgmtnet("status", environ=known) == Ended(0, "no runs yet\n", "")
    assert mgmtnet("status", "-o", "json", environ=known).document == []
    resumed = mgmtnet("resume", environ=known)
    assert resumed.status == 0
    assert "no run was interrupted" in resumed.err


def test_status_lists_the_runs(applied: tuple[Machine, str]) -> None:
    host, run = applied
    done = host.mgmtnet("status")
    assert done.status == 0, done
    (line,) = done.out.splitlines()
    assert line.startswith(run)
    assert line.endswith(f"{host.target}  as planned and saved")


def test_status_of_a_run_is_its_report(applied: tuple[Machine, str]) -> None:
    host, run = applied
    done = host.mgmtnet("status", run)
    assert done.status == 0, done
    assert "ovirtmgmt stands as planned and saved" in done.out
    assert "to do: nothing more to do" in done.out


def test_status_as_json_has_every_step(applied: tuple[Machine, str]) -> None:
    host, run = applied
    (one,) = host.mgmtnet("status", run, "-o", "json").document
    assert (one["run"], one["host"], one["network"]) == (run, host.target, "ovirtmgmt")
    assert (one["state"], one["standing"]) == ("ended", "as planned and saved")
    adopted = ["look", "announce-adopt", "adopt", "verify-adopt"]
    changed = ["announce", "set-up", "verify", "commit", "prove"]
    assert [step["name"] for step in one["steps"]] == adopted + changed


@pytest.mark.parametrize("command", ["status", "resume"])
def test_an_unknown_run_is_told(command: str, applied: tuple[Machine, str]) -> None:
    host, _ = applied
    done = host.mgmtnet(command, "20010101-000000-beef")
    assert done.status == 1, done
    assert "error[run-unknown]" in done.err


def test_a_run_that_has_ended_well_is_not_resumed(applied: tuple[Machine, str]) -> None:
    host, run = applied
    named = host.mgmtnet("resume", run)
    assert named.status == 1, named
    assert "error[run-ended]" in named.err
    assert host.mgmtnet("resume").status == 0
    assert host.changed() == BOTH


@pytest.mark.parametrize("command", [["status"], ["resume"]], ids=" ".join)
def test_a_state_folder_that_cannot_be_is_told(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = mgmtnet(*command, environ={"MGMTNET_STATE": str(tmp_path / "file" / "state")})
    assert done.status == 1, done
    assert "error[state-unwritable]" in done.err
    assert "MGMTNET_STATE" in done.err


class Killed(NamedTuple):
    """A run that was killed: its name, and what the commands made of it."""

    run: str
    listed: Ended
    another: Ended
    resumed: Ended
    afterwards: Ended


def kill_and_resume(folder: Path) -> Killed:
    with machine(folder, "nic-static", faults=["setupNetworks:slow=20"]) as host:
        process = host.begin("--yes", "--log", "json")
        wait_until(lambda: "asked: setupNetworks" in host.said)
        process.send_signal(signal.SIGKILL)
        _, err = process.communicate(timeout=PATIENCE)
        events = [json.loads(line) for line in err.splitlines()]
        run = next(event["said"].split()[1] for event in events if event.get("step") == "run")
        listed, another = host.mgmtnet("status", run), host.apply("--yes")
        resumed = host.mgmtnet("resume", "-o", "json")
        return Killed(run, listed, another, resumed, host.mgmtnet("status", run, "-o", "json"))


@pytest.fixture(scope="module", autouse=True)
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Future[Killed]]:
    """It takes ten seconds of waiting, in which the other tests are run."""
    with ThreadPoolExecutor() as pool:
        yield pool.submit(kill_and_resume, tmp_path_factory.mktemp("killed"))


def test_ctrl_c_in_the_midst_leaves_a_run_to_resume(tmp_path: Path) -> None:
    with machine(tmp_path, "nic-static", faults=["setupNetworks:slow=40"]) as host:
        process = host.begin("--yes")
        wait_until(lambda: "asked: setupNetworks" in host.said)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 130, err
        assert "Traceback" not in err
        (run,) = (line.split()[1] for line in err.splitlines() if line.startswith("run "))
        assert f"mgmtnet resume {run}" in err
        assert "interrupted or at work" in host.mgmtnet("status", run).out


@contextmanager
def engine() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        over = threading.Event()
        listening.settimeout(0.1)

        def answer() -> None:
            while not over.is_set():
                try:
                    listening.accept()[0].close()
                except TimeoutError:
                    continue

        thread = threading.Thread(target=answer)
        thread.start()
        yield listening.getsockname()[1]
        over.set()
        thread.join()


def test_a_host_registers_itself_while_its_engine_is_there(tmp_path: Path) -> None:
    with machine(tmp_path, "nic-static") as host, engine() as port:
        stated = ["--engine-host", f"https://127.0.0.1:{port}/ovirt-engine", "--vdsm", host.target, *host.definition]
        done = host.mgmtnet("register", *stated, "--address", "192.0.2.10", "--yes", "-o", "json")
        assert done.status == 0, done
        assert done.document["standing"] == "as planned and saved"
        assert host.changed() == BOTH


def test_a_host_does_not_register_itself_with_a_dead_engine(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with machine(tmp_path, "nic-static") as host:
        stated = ["--engine-host", f"[::ffff:127.0.0.1]:{port}", "--vdsm", host.target, *host.definition]
        done = host.mgmtnet("register", *stated, "--address", "192.0.2.10", "--yes", "-o", "json")
        assert done.status == 1, done
        assert done.document["standing"] == "as before"
        assert done.document["problem"]["code"] == "engine-unreachable"
        assert host.changed() == []


@pytest.mark.parametrize("name", ["", "no such engine", "https://", "127.0.0.1:port", "engine.invalid", "\u202eeth0"])
def test_an_engine_that_is_none_is_told(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    done = at_once(capsys, "register", "--engine-host", name, "--yes")
    assert done.status == 1, done
    assert "error[engine-" in done.err
    assert "internal fault" not in done.err


SECRETS = {
    "fence password in a file": "fence-file-4f1d0c",
    "fence password in the environment": "fence-environ-9be211",
    "engine password in a file": "engine-file-77aa3e",
    "engine password in the environment": "engine-environ-c0ffee",
}


@contextmanager
def unwilling_engine(ca: Path) -> Iterator[str]:
    """An engine that knows another password than ours; its CA goes to a file."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(ca)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    one = FakeEngine(tls)
    yield one.url
    one.close()


def everything_written(folder: Path) -> bytes:
    """All that a run has left: journal, write-ahead log, locks, whatever else."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_no_secret_is_written_or_told(tmp_path: Path) -> None:
    fence, account = tmp_path / "fence-password", tmp_path / "engine-password"
    fence.write_text(SECRETS["fence password in a file"] + "\n")
    account.write_text(SECRETS["engine password in a file"] + "\n")
    environ = {
        "MGMTNET_FENCE_PASSWORD": SECRETS["fence password in the environment"],
        "MGMTNET_ENGINE_PASSWORD": SECRETS["engine password in the environment"],
        "MGMTNET_ENGINE_USER": "admin@internal",
    }
    told: list[Ended] = []
    with (
        machine(tmp_path / "host", "nic-static") as host,
        machine(tmp_path / "proxy", "nic-static", beside=host) as proxy,
        unwilling_engine(tmp_path / "engine-ca.pem") as url,
    ):
        key = Path(host.environ["MGMTNET_KEY"]).read_text()
        environ["MGMTNET_ENGINE_CA"] = str(tmp_path / "engine-ca.pem")
        bmc = ["--fence-address", "bmc.invalid", "--fence-agent", "ipmilan", "--fence-user", "operator"]
        reboot = ["--reboot", proxy.target, *bmc, "--fence-password-file", str(fence)]
        through = ["capture", host.target, "--transport", "engine", "--engine", url]
        told += [
            host.apply("--yes", "--log", "json", "-o", "json", *reboot, **environ),
            host.mgmtnet(*through, "--engine-password-file", str(account), **environ),
            host.mgmtnet(*through, **environ),
            host.mgmtnet("status", "-o", "json", **environ),
        ]
        wait_until(lambda: "asked: fenceNode" in proxy.said)  # so the password went over the wire
        told.append(Ended(0, host.said, proxy.said))
    assert told[0].status == 1
    assert told[0].document["standing"] == "as planned and saved"
    assert told[0].document["succeeded"] is False
    assert "fence" in told[0].document["problem"]["message"].lower()
    for ended in told[1:3]:
        assert ended.status == 1, ended
        assert "error[host-credentials]" in ended.err
    secrets = [*SECRETS.values(), *(line for line in key.splitlines() if len(line) > 40)]
    written = everything_written(tmp_path / "host" / "state")
    assert b"setupNetworks" in written or b"connectivityTimeout" in written, "the journal was read"
    for secret in secrets:
        assert secret.encode() not in written
        for ended in told:
            assert secret not in ended.out + ended.err


@pytest.mark.parametrize(
    "stated",
    [
        ["--engine", "https://admin:{}@engine.invalid/ovirt-engine"],
        ["--probe", "https://admin:{}@www.invalid/"],
        ["--probe", "nonsense://admin:{}@www.invalid/"],
        [
            *("--reboot", "other", "--fence-address", "a", "--fence-agent", "ipmilan", "--fence-user", "u"),
            *("--fence-options", "lanplus=1,passwd={}"),
        ],
    ],
    ids=lambda stated: stated[-1],
)
def test_a_secret_where_it_would_be_written_down_is_turned_away(
    stated: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MGMTNET_STATE", str(tmp_path / "state"))
    secret = SECRETS["engine password in a file"]
    done = at_once(capsys, "apply", "127.0.0.1:9", "--yes", "-o", "json", *(part.format(secret) for part in stated))
    assert done.status == 1, done
    assert "error[secret-in-" in done.err
    assert secret not in done.out + done.err
    assert not (tmp_path / "state").exists()


def test_a_killed_run_stands_in_the_way_of_another(killed: Future[Killed]) -> None:
    run, listed, another, _, _ = killed.result()
    assert "interrupted or at work, after announce" in listed.out
    assert f"mgmtnet resume {run}" in listed.out
    assert another.status == 1, another
    assert "error[run-unfinished]" in another.err
    assert f"mgmtnet resume {run}" in another.err


def test_a_killed_run_is_resumed_to_its_end(killed: Future[Killed]) -> None:
    run, _, _, resumed, afterwards = killed.result()
    assert resumed.document["run"] == run
    assert resumed.document["standing"] in ("as planned and saved", "as before"), resumed
    assert resumed.status == (0 if resumed.document["standing"] == "as planned and saved" else 1)
    (one,) = afterwards.document
    assert (one["state"], one["standing"]) == ("ended", resumed.document["standing"])


FEW_THREADS = """
import sys, threading
left, real = int(sys.argv.pop(1)), threading.Thread.start
def start(self):
    global left
    left -= 1
    if left < 0:
        raise RuntimeError("can't start new thread")
    real(self)
threading.Thread.start = start
from planner.cli.main import command
command()
"""


@pytest.mark.parametrize("threads", [0, 8, 16, 24])
def test_too_many_threads_are_told_and_a_host_that_was_changed_is_not_as_before(threads: int, tmp_path: Path) -> None:
    with machine(tmp_path, "nic-static") as host:
        command = [sys.executable, "-c", FEW_THREADS, str(threads), "apply", host.target, *host.definition, "--yes"]
        environ = {**BARE, **host.environ, **state_of(tmp_path)}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=PATIENCE)
        assert "internal fault" not in done.stderr
        assert "Traceback" not in done.stderr
        if host.changed():
            assert done.returncode in (5, 6)
            assert "`mgmtnet resume` reads the host again" in done.stdout
        else:
            assert done.returncode == 1
            assert "no thread can be started" in done.stderr
