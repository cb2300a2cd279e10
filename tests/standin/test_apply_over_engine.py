"""`apply` over the engine's REST API, from reading the host to the report."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from standin_engine.documents import Logical, logical
from standin_engine.server import serve_engine

from planner.apply.execute import carry_out, order_for, plan_for, see
from planner.apply.order import Access, Limits, Reboot
from planner.apply.world import VARIABLE
from planner.cli.main import main
from planner.definition import read_definition
from planner.rules.shelf import load_rules
from planner.standin.clock import WallClock
from planner.standin.faults import parse_mishap
from planner.standin.host import Controllers, StandIn
from planner.standin.machine import Surroundings

GOLDEN = Path(__file__).parents[2] / "golden"
LIMITS = Limits(vdsm=6, change=2, settle=3, late=6, reboot=10, confirm=0.2)
BMC = "192.0.2.200"


@pytest.fixture(scope="module")
def rules():
    return load_rules()[0]


@pytest.fixture
def apply(tmp_path, rules):
    """apply(golden, faults=..., networks=..., **StandIn's): the report, the stand-in host, the engine."""

    def run(golden, faults=(), networks=None, limits=LIMITS, *, reboot=False, **dials):
        folder = GOLDEN / golden
        definition = read_definition((folder / "definition.yaml").read_bytes()).definition
        addresses = yaml.safe_load((folder / "about.yaml").read_text())["address"]
        controllers = Controllers()
        host = StandIn(
            json.loads((folder / "capture.json").read_text()),
            faults=[parse_mishap(fault) for fault in faults],
            clock=WallClock(4),
            controllers=controllers,
            **dials,
        )
        controllers.register(BMC, host)
        with serve_engine(host, tmp_path, networks or (logical(definition),)) as engine:
            access = Access(
                "host1",
                "engine",
                ca=str(engine.ca),
                engine=engine.url,
                user=engine.user,
                password_file=str(engine.password_file),
                routes={"192.0.2.10": "192.0.2.10"},  # it is a stand-in: there is nothing to probe at its addresses
            )
            sight = see(access, limits)
            plan = plan_for(sight, definition, rules, addresses).document()
            assert plan["outcome"] == "change", plan["problems"]
            power = Reboot(access, BMC, "ipmilan", "admin") if reboot else None
            order = order_for(access, sight, plan, reboot=power, limits=limits)
            report = carry_out(order, f"sqlite:///{tmp_path}/journal.sqlite", lambda _event: None)
        return report, host, engine.engine

    return run


@pytest.mark.parametrize("golden", ["seed-vlan-over-bond", "nic-static", "bond-static", "ovirtmgmt-other-mtu"])
def test_as_planned_and_saved(apply, golden):
    report, host, engine = apply(golden)
    assert (report.standing, report.problem) == ("as planned and saved", {}), report.text()
    assert host.persistent == host.running
    assert ("the engine cannot adopt it first" in report.steps[0].said) is (golden != "ovirtmgmt-other-mtu")
    network = host.running.networks["ovirtmgmt"]
    assert (network["bridged"], network["defaultRoute"]) == (True, True)
    assert [verb for verb, _ in engine.log if verb != "refresh"] == ["setupnetworks", "commitnetconfig"]


def test_the_engine_gives_the_signs(apply):
    _, host, engine = apply("nic-static", setup_seconds=4)
    body = dict(engine.log)["setupnetworks"]
    assert body["check_connectivity"] is True
    assert "confirmConnectivity" in [verb for verb, _ in host.log]


def test_until_after_a_reboot(apply, monkeypatch):
    monkeypatch.setenv(VARIABLE, "secret")
    report, host, _ = apply("nic-static", reboot=True, boot_seconds=4)
    assert (report.standing, report.problem) == ("as planned and saved", {}), report.text()
    assert host.running.networks["ovirtmgmt"]["ipaddr"] == "192.0.2.10"
    assert report.steps[-1].name == "return"


def test_refused_by_the_engine(apply):
    report, host, engine = apply("tagged-network-beside")  # the network beside is none of the cluster's
    assert report.standing == "as before", report.text()
    assert (report.problem["code"], "unmanaged network green" in report.problem["message"]) == ("vdsm-refused", True)
    assert list(host.running.networks) == ["green"]
    assert "setupNetworks" not in [verb for verb, _ in host.log]
    assert "setupnetworks" in dict(engine.log)


def test_what_the_engine_would_build_otherwise_is_not_sent(apply):
    elsewhere = (Logical(management=True, default_route=True, vlan=99),)
    report, host, engine = apply("nic-static", networks=elsewhere)
    assert report.standing == "as before"
    assert "VLAN" in report.problem["message"]
    assert host.running.networks == {}
    assert "setupnetworks" not in dict(engine.log)


@pytest.mark.parametrize("fault", ["busy:1", "recovering:1", "slow=1:1", "lost-reply:1", "reset:1"])
def test_faults_that_a_run_survives(apply, fault):
    limits = replace(LIMITS, change=3, settle=2)
    report, _, _ = apply("nic-static", [f"setupNetworks:{fault}"], limits=limits)
    assert (report.standing, report.problem) == ("as planned and saved", {}), report.text()


def test_what_vdsm_cannot_do_is_told_in_its_words(apply):
    report, host, _ = apply("nic-static", ["setupNetworks:crash:1"])
    assert (report.standing, report.problem["code"]) == ("as before", "vdsm-vdsm"), report.text()
    assert "made to crash" in report.problem["message"]
    assert host.running.networks == {}


def test_a_host_that_the_change_cuts_off_goes_back(apply):
    # The switch does not carry packets of the new size, so none of the engine's signs arrive.
    surroundings = Surroundings(mtu=1500)
    report, host, _ = apply("nic-mtu-9000", surroundings=surroundings, backups=True)
    assert report.standing == "as before", report.text()
    assert host.running.networks == {}


def test_the_command(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("MGMTNET_STATE", str(tmp_path / "state"))
    folder = GOLDEN / "nic-static"
    host = StandIn(json.loads((folder / "capture.json").read_text()), clock=WallClock(4))
    with serve_engine(host, tmp_path) as engine:
        command = ["apply", "host1", "--transport", "engine", "--engine", engine.url, "--ca", str(engine.ca)]
        command += ["--engine-user", engine.user, "--engine-password-file", str(engine.password_file)]
        command += ["--network", str(folder / "definition.yaml"), "--address", "192.0.2.10", "--timeout", "5", "--yes"]
        (tmp_path / "routes.json").write_text('{"192.0.2.10": ["192.0.2.10", 54321]}')
        command += ["--routes", str(tmp_path / "routes.json")]
        status = main(command)
        told = capsys.readouterr()
        assert status == 0, told
        assert "as planned and saved" in told.out
        # The engine does not tell whether it is saved.
        assert main([part for part in command if part != "--yes"]) == 5
        assert "the engine does not tell" in capsys.readouterr().out
        assert main(command) == 0
        assert [action for action, _ in engine.engine.log].count("commitnetconfig") == 2
    assert host.persistent.networks["ovirtmgmt"]["ipaddr"] == "192.0.2.10"
