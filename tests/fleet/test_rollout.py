"""A rollout on one machine: waves, refusals, failures, pause and stop, a `start` that is killed, and what is told."""

import json
import signal
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest
from fleet_on_stage import fleet
from rollouts import ONCE, Stage, wait_until
from standins import BARE, MGMTNET, PATIENCE, ROOT

SCHEMA = json.loads((ROOT / "schemas" / "rollout.schema.json").read_text())
SLOW = "setupNetworks:slow=100:2"  # five seconds at the stand-ins' speed


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/fleet.sqlite"


def begun(stage: Stage, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*MGMTNET, *arguments],
        env=BARE | stage.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_rollout_from_its_plan_to_its_reports(database: str) -> None:
    """Six hosts in three waves; one is refused and listed before anything starts."""
    with fleet(6, ("nic-static",)) as hosts:
        stage = Stage(hosts, database)
        unlike = Path(hosts.inventory).read_text().replace("host5 ", "host5-gone ")
        inventory = hosts.folder / "some.ini"
        inventory.write_text(unlike + "nowhere mgmtnet_target=127.9.9.9:1\n")
        how = ["--hosts", str(inventory), "--waves", "1,50%,rest", "--wait", "1"]

        shown = stage.start("first", *how, "--plan-only")
        assert shown.status == 3
        assert "6 hosts in 3 waves" in shown.out
        assert "canary host0: nic by a static address" in shown.out
        assert "refused nowhere: " in shown.out
        assert "[host-unreachable]" in shown.out
        assert not any(hosts.sent(name) for name in hosts.hosts)

        done = stage.start("first", *how)
        assert done.status == 3, done
        assert "host5-gone: as planned and saved" in done.err
        assert "wave 2: 3 hosts: 3 saved" in done.out
        assert {name: hosts.sent(name) for name in hosts.hosts} == dict.fromkeys(hosts.hosts, ONCE)

        account = stage.status("first")
        jsonschema.validate(account, SCHEMA)
        assert (account["state"], account["counts"], account["failures"]) == ("done", {"saved": 6}, 0)
        assert [wave["hosts"] for wave in account["waves"]] == [1, 3, 2]
        run = account["hosts"][0]["run"]
        assert stage.command("status", run).status == 0

        junit = stage.command("rollout", "report", "first", "-o", "junit").out
        assert junit.count("<testcase") == 7
        assert 'failures="1"' in junit
        page = stage.command("rollout", "report", "first", "-o", "html").out
        HTMLParser().feed(page)
        assert "host5-gone" in page
        assert "http" not in page.replace("http-equiv", "")
        assert stage.command("rollout", "report", "first").out == stage.command("rollout", "status", "first").out
        assert "first  done" in stage.command("rollout", "status").out

        nothing = stage.start("second", "--hosts", ",".join(account["hosts"][number]["target"] for number in (0, 1)))
        assert (nothing.status, "2 hosts are as planned and saved already" in nothing.err) == (0, True)
        for asked in ("pause", "stop"):
            assert "error[rollout-ended]" in stage.command("rollout", asked, "first").err
            assert "error[rollout-unknown]" in stage.command("rollout", asked, "other").err


def test_a_failure_beyond_the_budget_ends_it_and_resume_tries_again(database: str) -> None:
    with fleet(4, faults={0: ["setupNetworks:crash:1"]}) as hosts:
        stage = Stage(hosts, database)
        failed = stage.start("one", "--waves", "1,rest")
        assert failed.status == 1
        assert stage.status("one")["state"] == "failed"
        assert stage.states("one") == {"host0": "before", "host1": "waiting", "host2": "waiting", "host3": "waiting"}
        assert "mgmtnet rollout resume one" in failed.out

        done = stage.command("rollout", "resume", "one")
        assert done.status == 0, done
        assert set(stage.states("one").values()) == {"saved"}
        assert hosts.sent("host0")["setupNetworks"] == 3, "once in vain"
        assert [host["attempt"] for host in stage.status("one")["hosts"]] == [2, 1, 1, 1]


def test_hosts_that_may_fail_do_not_stop_the_others(database: str) -> None:
    with fleet(4, faults={1: ["setupNetworks:crash:1"]}) as hosts:
        stage = Stage(hosts, database)
        done = stage.start("one", "--waves", "2,rest", "--max-failures", "1")
        assert (done.status, stage.status("one")["state"]) == (1, "done")
        assert stage.states("one") == {"host0": "saved", "host1": "before", "host2": "saved", "host3": "saved"}


def test_paused_nothing_begins_and_what_is_under_way_ends(database: str) -> None:
    with fleet(3, faults={0: [SLOW], 1: [SLOW]}) as hosts:
        stage = Stage(hosts, database)
        start = begun(stage, *stage.starting("one", "--waves", "rest", "--concurrency", "1"))
        wait_until(lambda: "setupNetworks" in hosts.sent("host0"))
        assert stage.command("rollout", "pause", "one").status == 0
        wait_until(lambda: stage.is_state("one", "paused"))
        assert stage.states("one") == {"host0": "saved", "host1": "waiting", "host2": "waiting"}
        assert stage.command("rollout", "resume", "one", "--detach").status == 0
        wait_until(lambda: hosts.sent("host1"))
        assert stage.command("rollout", "stop", "one").status == 0
        _, told = start.communicate(timeout=PATIENCE)
        assert (start.returncode, stage.status("one")["state"]) == (0, "stopped"), told
        assert stage.states("one") == {"host0": "saved", "host1": "saved", "host2": "waiting"}


def test_a_start_that_is_killed_is_gone_on_with(database: str) -> None:
    """Its host's process goes on by itself; whoever resumes waits for it and takes its report."""
    with fleet(3, faults={0: [SLOW]}) as hosts:
        stage = Stage(hosts, database)
        start = begun(stage, *stage.starting("one", "--waves", "1,rest"))
        wait_until(lambda: hosts.sent("host0")["setupNetworks"] == 2)
        start.send_signal(signal.SIGKILL)
        start.communicate(timeout=PATIENCE)
        done = stage.command("rollout", "resume", "one")
        assert done.status == 0, done
        assert {name: hosts.sent(name) for name in hosts.hosts} == dict.fromkeys(hosts.hosts, ONCE)
        assert [host["attempt"] for host in stage.status("one")["hosts"]] == [1, 1, 1]


def test_outside_of_the_window_nothing_begins(database: str) -> None:
    import time

    hour = time.gmtime().tm_hour
    closed = f"{(hour + 2) % 24:02}:00-{(hour + 3) % 24:02}:00 UTC"
    with fleet(1) as hosts:
        stage = Stage(hosts, database)
        assert stage.start("one", "--window", closed, "--detach").status == 0
        assert "error[rollout-exists]" in stage.start("one", "--detach").err
        with stage.worker(hosts.folder / "w") as worker:
            wait_until(lambda: "outside of the window" in worker.said)
        assert not hosts.sent("host0")
        assert stage.status("one")["said"].startswith("outside of the window")


def test_a_host_whose_plan_has_another_shape_by_now_is_held(database: str) -> None:
    """Between the plan and its wave somebody gave the host its network."""
    with fleet(2) as hosts:
        stage = Stage(hosts, database)
        assert stage.start("one", "--waves", "1,rest", "--detach").status == 0
        request = {
            "networks": {"other": {"nic": "eth1", "bridged": True, "bootproto": "none", "switch": "legacy"}},
            "bondings": {},
            "options": {"connectivityCheck": False, "commitOnSuccess": True},
        }
        hosts.hosts["host1"].stand_in.call("setupNetworks", request)
        held = hosts.sent("host1")
        with stage.worker(hosts.folder / "w"):
            wait_until(lambda: stage.is_state("one", "done", "failed"))
        account = stage.status("one")
        if account["hosts"][1]["state"] == "held":
            assert account["hosts"][1]["code"] == "shape-differs"
            assert hosts.sent("host1") == held
        else:
            assert account["hosts"][1]["state"] in ("saved", "refused")


def test_two_rollouts_do_not_work_on_a_host_at_once(database: str) -> None:
    with fleet(2, faults={0: [SLOW]}) as hosts, Stage(hosts, database).worker(hosts.folder / "w"):
        stage = Stage(hosts, database)
        for name in ("one", "two"):
            assert stage.start(name, "--waves", "rest", "--detach").status == 0
        wait_until(lambda: all(stage.is_state(name, "done") for name in ("one", "two")))
        for name in ("one", "two"):
            assert set(stage.states(name).values()) == {"saved"}
        assert {name: hosts.sent(name) for name in hosts.hosts} == dict.fromkeys(hosts.hosts, ONCE)


def test_a_table_says_what_is_wanted_of_which(database: str, tmp_path: Path) -> None:
    table = tmp_path / "wanted.csv"
    table.write_text("capture,network\nhost0,ovirtmgmt\n")
    with fleet(2) as hosts:
        stage = Stage(hosts, database)
        unwanted = stage.start("one", "--network", str(table), "--plan-only")
        assert "error[host-unwanted]" in unwanted.err
        table.write_text("capture,network\nhost*,ovirtmgmt\n")
        assert "2 hosts in 2 waves" in stage.start("one", "--network", str(table), "--plan-only").out


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--waves", "x"], "waves-malformed"),
        (["--window", "x"], "window-malformed"),
        (["--hosts", "/nowhere/at-all"], "file-unreadable"),
        (["--network", "/nowhere/at-all"], "file-unreadable"),
        (["--reboot", "proxy"], "fence-incomplete"),
        (["--probe", "x"], "probe-unusable"),
        (["--rules", "nonsense"], "unknown-ruleset"),
        (["--database", "mysql://x"], "journal-unknown"),
    ],
)
def test_what_cannot_be_started_is_told(options: list[str], code: str, database: str) -> None:
    with fleet(1) as hosts:
        done = Stage(hosts, database).start("one", *options)
        assert (done.status, f"[{code}]" in done.err) == (1, True), done


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path) -> Iterator[None]:
    yield
    assert not list(tmp_path.glob("*.new"))
