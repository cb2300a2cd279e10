"""A run that is taken back by a run of its own: what is sent, what is left alone, and how the host stands then."""

import copy
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from hosts_on_stage import LIMITS, ROOT, Stage, stage

from planner.apply.contact import Sight
from planner.apply.execute import carry_out, see
from planner.apply.journal import Record, records
from planner.apply.order import Limits, Order
from planner.apply.reversal import order_to_undo, undoable
from planner.apply.run import Report
from planner.problem import Problem
from planner.standin.faults import Mishap, parse_mishap

QUICK = replace(LIMITS, vdsm=5, change=2, settle=4, late=6)
OWNED, SEED, ELDER, ADOPTING = "ovirtmgmt-other-mtu", "seed-vlan-over-bond", "bond-static-on-4-10", "nic-bridgeless"


def record_of(scene: Stage, run: str = "") -> Record:
    return next(record for record in records(scene.journal) if record.run == (run or scene.order.run))


def sight_of(scene: Stage) -> Sight:
    sight = see(scene.order.access, QUICK)
    assert isinstance(sight, Sight), sight
    return sight


def undoing(scene: Stage, run: str = "", limits: Limits = QUICK) -> Order:
    record = record_of(scene, run)
    assert undoable(record) is None
    order = order_to_undo(record, sight_of(scene), limits)
    assert isinstance(order, Order), order
    return order


def done(scene: Stage, order: Order) -> Report:
    return carry_out(order, scene.journal, lambda _: None)


def setups(scene: Stage) -> list[dict[str, Any]]:
    return [given for verb, given in scene.stand_in.log if verb == "setupNetworks"]


@pytest.mark.parametrize(
    ("golden", "transport", "truth"),
    [(SEED, "jsonrpc", "adopted"), (OWNED, "jsonrpc", "as before"), (ELDER, "xmlrpc", "as before")],
)
def test_what_a_run_changed_is_put_back_saved_and_can_be_made_again(golden: str, transport: str, truth: str) -> None:
    with stage(golden, transport, limits=QUICK, fenced=False) as scene:
        assert done(scene, scene.order).standing == "as planned and saved"
        sent = len(setups(scene))
        undo = undoing(scene)
        report = done(scene, undo)
        assert (report.standing, report.undoes, scene.truth) == ("as planned and saved", scene.order.run, truth)
        assert f"stands as before the run {scene.order.run}, and that is saved" in report.text()
        assert len(setups(scene)) == sent + 1
        # Checked and unsaved, as any change; VDSM 3 takes its options as text.
        assert str(setups(scene)[-1]["options"]["connectivityCheck"]).lower() == "true"
        assert [step.name for step in report.steps] == ["look", "announce", "set-up", "verify", "commit", "prove"]
        already = order_to_undo(record_of(scene), sight_of(scene), QUICK)
        assert isinstance(already, Report), "it stands as before already"
        again = done(scene, undoing(scene, undo.run))
        assert (again.standing, scene.truth) == ("as planned and saved", "as planned and saved"), again.text()


def test_the_report_of_an_undone_run_is_as_its_schema_says() -> None:
    import json

    schema = json.loads((ROOT / "schemas/report.schema.json").read_text())
    report = Report("b", "host", "ovirtmgmt", "as before", {}, (), "a")
    jsonschema.validate(report.document() | {"steps": [{"name": "look", "said": ""}]}, schema)
    assert report.document()["undoes"] == "a"


def test_a_host_that_was_changed_since_is_left_alone() -> None:
    with stage(OWNED, "jsonrpc", limits=QUICK, fenced=False) as scene:
        done(scene, scene.order)
        other = copy.deepcopy(scene.order.plan["steps"][-1]["request"])
        other["networks"]["ovirtmgmt"]["mtu"] = 1400
        other["options"] = {"connectivityCheck": False, "commitOnSuccess": True}
        scene.stand_in.call("setupNetworks", other)
        problem = order_to_undo(record_of(scene), sight_of(scene), QUICK)
        assert isinstance(problem, Problem)
        assert (problem.code, "MTU is 1400" in problem.message) == ("undo-overtaken", True), problem


def test_a_network_that_came_since_over_the_same_device_is_in_the_way() -> None:
    with stage("nic-static", "jsonrpc", limits=QUICK, fenced=False) as scene:
        done(scene, scene.order)
        asked = {"storage": {"nic": "eth0", "vlan": 7, "bridged": False, "bootproto": "none"}}
        options = {"connectivityCheck": False, "commitOnSuccess": True}
        scene.stand_in.call("setupNetworks", {"networks": asked, "bondings": {}, "options": options})
        problem = order_to_undo(record_of(scene), sight_of(scene), QUICK)
        assert isinstance(problem, Problem)
        assert (problem.code, "storage" in problem.message) == ("undo-overtaken", True), problem


def test_what_cannot_be_undone_is_refused_before_the_host_is_asked() -> None:
    with stage(OWNED, "jsonrpc", limits=QUICK, fenced=False) as scene:
        done(scene, scene.order)
        record = record_of(scene)
    last = record.steps[-1]
    engine = {**record.order, "access": {**record.order["access"], "transport": "engine"}}
    adopting = {**record.order, "plan": copy.deepcopy(record.order["plan"])}
    adopting["plan"]["steps"][-1]["step"] = "adopt"
    for spoilt, code in (
        (record._replace(state="running", steps=record.steps[:3]), "run-unfinished"),
        (record._replace(steps=(*record.steps[:-1], last._replace(standing="unknown"))), "run-unfinished"),
        (record._replace(steps=(*record.steps[:-1], last._replace(standing="as before"))), "nothing-to-undo"),
        (record._replace(order=engine), "not-over-engine"),
        (record._replace(order=adopting), "nothing-to-undo"),
    ):
        problem = undoable(spoilt)
        assert problem is not None
        assert (problem.code, bool(problem.hint)) == (code, True)


@pytest.mark.parametrize("blow", ["announce:after", "set-up:during", "set-up:after", "commit:during"])
def test_a_run_that_takes_back_is_killed_and_gone_on_with(blow: str) -> None:
    """Killed where it matters and started again: back as before, and what takes it back was sent once."""
    with stage(OWNED, "jsonrpc", fenced=False) as scene:
        done(scene, scene.order)
        sent = len(setups(scene))
        (scene.folder / "undo.json").write_text(as_json(undoing(scene, limits=LIMITS)))
        arguments = [sys.executable, str(ROOT / "bench/doomed.py"), str(scene.folder / "undo.json"), scene.journal]
        with suppress(subprocess.TimeoutExpired):
            killed = subprocess.run([*arguments, blow], capture_output=True, timeout=60, check=False)
            assert killed.returncode == -9, killed.stderr
        ran = subprocess.run(arguments, env=os.environ, capture_output=True, text=True, timeout=120, check=False)
        assert '"standing": "as planned and saved"' in ran.stdout, ran.stderr
        assert (scene.truth, len(setups(scene))) == ("as before", sent + 1)


@pytest.mark.parametrize(
    ("faults", "standing", "sent"),
    [
        (("no-bridge:2", "crash:3"), "as before", 4),  # the network, its removal that fails, the way back twice
        (("no-bridge:2", "crash:3", "crash:4"), "unknown", 4),
    ],
)
def test_a_way_back_that_comes_out_wrong_is_sent_once_more(faults: tuple[str, ...], standing: str, sent: int) -> None:
    mishaps = [parse_mishap(f"setupNetworks:{fault}") for fault in faults]
    with stage(OWNED, "jsonrpc", [one for one in mishaps if isinstance(one, Mishap)], QUICK, fenced=False) as scene:
        assert done(scene, scene.order).standing == "as planned and saved"
        report = done(scene, undoing(scene))
        assert (report.standing, len(setups(scene))) == (standing, sent), report.text()
        assert [step.name for step in report.steps][-3:] == ["verify", "undo", "undo"]
        assert "it is sent once more" in report.steps[-2].said
        assert setups(scene)[-1] == setups(scene)[-2]
        if standing == "as before":  # the undoing has changed nothing: the run stands as it did
            assert scene.truth == "as planned and saved"


def as_json(order: Order) -> str:
    import json

    return json.dumps(order.document())
