"""A rollout on one machine: from its plan to its reports, refusals, the window, shapes, tables, and what is told."""

import json
import time
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest
from fleet_on_stage import fleet
from rollouts import ONCE, Stage, wait_until
from standins import ROOT

SCHEMA = json.loads((ROOT / "schemas" / "rollout.schema.json").read_text())


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/fleet.sqlite"


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
        assert "left out nowhere: " in shown.out
        assert "[host-unreachable]" in shown.out
        assert not any(hosts.sent(name) for name in hosts.hosts)

        done = stage.start("first", *how)
        assert done.status == 3, done
        assert "host5-gone: as planned and saved" in done.err
        assert "wave 2: 3 hosts: 3 saved" in done.out
        assert "to do: nothing here; for the hosts that are not in it " in done.out
        told = done.err.splitlines()  # what follows from a host that has ended stands below it
        assert told.index("host0: as planned and saved") < told.index("wave 2 of 3: 3 at work")
        assert {name: hosts.sent(name) for name in hosts.hosts} == dict.fromkeys(hosts.hosts, ONCE)

        account = stage.command("rollout", "status", "first", "-o", "json").document
        assert account == stage.status("first")
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


def test_outside_of_the_window_nothing_begins(database: str) -> None:
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
    """Between the plan and its wave somebody gave the host its network, with another MTU."""
    with fleet(2) as hosts:
        stage = Stage(hosts, database)
        assert stage.start("one", "--waves", "1,rest", "--detach").status == 0
        changed = hosts.hosts["host1"].stand_in
        network = {"nic": "eth0", "mtu": 1400, "bridged": True, "bootproto": "none", "ipaddr": changed.address}
        network |= {"netmask": "255.255.255.0", "gateway": "10.7.1.1", "defaultRoute": True, "switch": "legacy"}
        options = {"connectivityCheck": False, "commitOnSuccess": True}
        changed.call("setupNetworks", {"networks": {"ovirtmgmt": network}, "bondings": {}, "options": options})
        before = hosts.sent("host1")
        with stage.worker(hosts.folder / "w"):
            wait_until(lambda: stage.is_state("one", "done", "failed"))
        held = stage.status("one")["hosts"][1]
        assert (held["state"], held["code"], held["run"]) == ("held", "shape-differs", "")
        assert hosts.sent("host1") == before
        assert "held: its plan is of another shape" in stage.command("rollout", "status", "one").out


def test_each_host_is_proven_by_a_reboot_that_another_brings_about(database: str) -> None:
    with fleet(2) as hosts:
        stage = Stage(hosts, database)
        inventory = Path(hosts.inventory)
        target = [line.split("=")[1].split()[0] for line in inventory.read_text().splitlines()[1:]]
        inventory.write_text(inventory.read_text().replace("=bmc0", f"=bmc0 fence_proxy={target[1]}"))
        how = ["--reboot", target[0], "--fence-agent", "ipmilan", "--fence-user", "admin"]
        done = stage.start("one", *how, MGMTNET_FENCE_PASSWORD=inventory.name)
        assert done.status == 0, done
        assert all(hosted.stand_in.epoch for hosted in hosts.hosts.values()), "each was switched off and on"
        itself = stage.start("two", "--hosts", target[0], *how)
        assert "error[fence-itself]" in itself.err
        assert "error[fence-incomplete]" in itself.err


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
