"""A change that somebody has to keep: saved once a word is given, taken back without one, killed or not meanwhile."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from threading import Thread, Timer

import pytest
from hosts_on_stage import LIMITS, ROOT, Stage, stage

from planner.apply import journal
from planner.apply.execute import carry_out, go_on, take_up
from planner.apply.library import carry_out as carry_out_from_python
from planner.apply.order import Order
from planner.apply.run import Event, Report, Step, Word, nobody_said, report

QUICK = replace(LIMITS, vdsm=5, change=2, settle=4, late=6)
NIC, OWNED, ADOPTING = "nic-static", "ovirtmgmt-other-mtu", "seed-bridgeless"


def asking(scene: Stage, seconds: float = 2) -> Order:
    return replace(scene.order, limits=replace(scene.order.limits, keep=seconds))


def done(scene: Stage, order: Order, word: Word = nobody_said) -> Report:
    return carry_out(order, scene.journal, lambda _: None, word)


def names(report: Report) -> list[str]:
    return [step.name for step in report.steps]


@pytest.mark.parametrize(("golden", "standing"), [(NIC, "adopted"), (OWNED, "as before")])
def test_without_a_word_the_change_is_taken_back_and_never_saved(golden: str, standing: str) -> None:
    with stage(golden, "jsonrpc", limits=QUICK, fenced=False) as scene:
        report = done(scene, asking(scene))
        assert (report.standing, scene.truth) == (standing, standing), report.text()
        assert names(report)[-3:] == ["verify", "keep", "undo"]
        assert (report.problem["code"], report.status) == ("not-kept", 1)
        assert not any(verb == "setSafeNetworkConfig" for verb, _ in scene.stand_in.log)


@pytest.mark.parametrize(("word", "standing"), [(True, "as planned and saved"), (False, "as before")])
def test_a_word_ends_the_wait(word: bool, standing: str) -> None:  # noqa: FBT001
    with stage(OWNED, "jsonrpc", limits=QUICK, fenced=False) as scene:
        report = done(scene, asking(scene, 600), lambda: word)
        assert (report.standing, scene.truth) == (standing, standing), report.text()


def test_what_changes_nothing_on_the_wire_is_kept_without_a_word() -> None:
    with stage(ADOPTING, "jsonrpc", limits=QUICK, fenced=False) as scene:
        report = done(scene, asking(scene))
        assert (report.standing, "keep" in names(report)) == ("as planned and saved", False), report.text()


def test_the_word_may_stand_in_the_journal() -> None:
    with stage(OWNED, "jsonrpc", limits=QUICK, fenced=False) as scene:
        order = asking(scene, 600)

        def kept(event: Event) -> None:
            if (event.kind, event.step) == ("begin", "keep"):
                assert f"mgmtnet confirm {order.run}" in event.said
                Timer(0.2, Thread(target=journal.confirm, args=(scene.journal, order.run)).start).start()

        report = carry_out(order, scene.journal, kept)
        assert (report.standing, scene.truth) == ("as planned and saved", "as planned and saved"), report.text()
        assert journal.confirmed(scene.journal, order.run)
        assert not journal.confirmed(scene.journal, "another")
        assert not journal.confirmed("sqlite:////nowhere/at-all", order.run)


def test_nobody_is_asked_over_the_engine_which_takes_nothing_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with stage(OWNED, "engine", limits=QUICK, fenced=False) as scene:
        monkeypatch.setenv("MGMTNET_STATE", str(scene.folder))
        answer = carry_out_from_python(asking(scene))
        assert [problem.code for problem in answer.problems] == ["not-over-engine"]
        assert scene.stand_in.log == [] or not any(verb == "setupNetworks" for verb, _ in scene.stand_in.log)


@pytest.mark.parametrize(("instant", "kept"), [("before", True), ("after", False)])
def test_a_run_that_is_killed_while_it_asks_asks_again(instant: str, kept: bool) -> None:  # noqa: FBT001
    with stage(OWNED, "jsonrpc", fenced=False) as scene:
        order = asking(scene)
        (scene.folder / "order.json").write_text(json.dumps(order.document()))
        arguments = [sys.executable, str(ROOT / "bench/doomed.py"), str(scene.folder / "order.json"), scene.journal]
        with suppress(subprocess.TimeoutExpired):
            killed = subprocess.run([*arguments, f"keep:{instant}"], capture_output=True, timeout=60, check=False)
            assert killed.returncode == -9, killed.stderr
        (record,) = journal.records(scene.journal)
        assert record.steps[-1].next == "keep"  # what it decided was not written down
        if kept:
            assert journal.confirm(scene.journal, order.run) is None
        report = go_on(record, scene.journal, lambda _: None)
        standing = "as planned and saved" if kept else "as before"
        assert (report.standing, scene.truth) == (standing, standing), report.text()
        setups = [given for verb, given in scene.stand_in.log if verb == "setupNetworks"]
        assert len(setups) == (1 if kept else 2)


def test_what_nobody_kept_and_could_not_be_taken_back_is_taken_back_when_it_is_resumed_and_never_saved() -> None:
    with stage(OWNED, "jsonrpc", limits=QUICK, fenced=False) as scene:
        order = asking(scene, 600)
        (scene.folder / "order.json").write_text(json.dumps(order.document()))
        arguments = [sys.executable, str(ROOT / "bench/doomed.py"), str(scene.folder / "order.json"), scene.journal]
        subprocess.run([*arguments, "keep:before"], capture_output=True, timeout=60, check=False)
        (record,) = journal.records(scene.journal)
        problem = {"code": "not-kept", "message": "nobody has kept it", "hint": ""}
        steps = (
            *record.steps,
            Step("keep", "", "undo", problem=problem, found={"kept": False}),
            Step("undo", "", "", "as planned, not saved", problem),
        )
        told = report(order, steps)
        assert (told.status, "have it taken back" in told.text()) == (5, True)
        ended = take_up(record._replace(state="ended", steps=steps), "again", scene.journal, lambda _: None)
        assert (ended.standing, scene.truth) == ("as before", "as before"), ended.text()
        assert not any(verb == "setSafeNetworkConfig" for verb, _ in scene.stand_in.log)


def test_a_run_that_is_killed_as_it_takes_back_what_nobody_kept_goes_on_taking_it_back() -> None:
    with stage(OWNED, "jsonrpc", fenced=False) as scene:
        (scene.folder / "order.json").write_text(json.dumps(asking(scene, 1).document()))
        arguments = [sys.executable, str(ROOT / "bench/doomed.py"), str(scene.folder / "order.json"), scene.journal]
        killed = subprocess.run([*arguments, "undo:during"], capture_output=True, timeout=60, check=False)
        assert killed.returncode == -9, killed.stderr
        ran = subprocess.run(arguments, env=os.environ, capture_output=True, text=True, timeout=120, check=False)
        assert '"standing": "as before"' in ran.stdout, ran.stdout + ran.stderr
        assert scene.truth == "as before"
