"""Rollouts in the database: what has ended stays so, what was put back in time is told, who gives no sign lapses."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from planner.apply import journal
from planner.apply.order import Access, Order
from planner.apply.run import Step
from planner.fleet.ledger import AT_WORK, OVER, QUEUED, WAITS_AGAIN, AwayError, Beat, Ledger, Row, StaleError
from planner.fleet.rollout import Ended, Member, Rollout
from planner.fleet.worker import CUT_OFF, LAPSE, _of_document, _Watch
from planner.problem import Problem

ONE = Rollout("one", "rules@1", "digest", ("{}",), (Member("h", "h", "k"),), (1,))


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return opened(tmp_path)


def opened(folder: Path) -> Ledger:
    ledger = Ledger(f"sqlite:///{folder}/fleet.sqlite", str(folder / "fleet.json"))
    ledger.prepare()
    return ledger


def row(attempt: int, stage: int, state: Any = "waiting", worker: str = "") -> Row:
    return Row(0, attempt, state, stage, worker, {}, 0)


def test_a_rollout_is_written_once(ledger: Ledger) -> None:
    assert ledger.add(ONE)
    assert not ledger.add(ONE)
    assert ledger.rollout("one") == ONE
    assert ledger.rollout("two") is None
    ledger.ask("one", "pause")
    ledger.end("one", "stopped")
    standing = ledger.standing("one")
    assert standing is not None
    assert (standing.asked, standing.ended, ledger.standings(going=True)) == ("pause", "stopped", [])
    assert ledger.standings() == [standing]
    assert ledger.standing("two") is None


def test_what_has_ended_stays_so_whoever_comes_late(ledger: Ledger) -> None:
    assert ledger.enter("one", row(1, QUEUED, "queued"))
    assert ledger.enter("one", row(1, AT_WORK, "at work", "a"))
    assert not ledger.enter("one", row(1, QUEUED, "queued"))
    assert ledger.enter("one", row(1, AT_WORK, "at work", "b")), "taken over"
    assert not ledger.enter("one", row(2, WAITS_AGAIN), begun=False), "it is at work by now"
    assert ledger.enter("one", row(1, OVER, "saved", "b"))
    assert not ledger.enter("one", row(1, OVER, "unknown", "a"))
    assert not ledger.enter("one", row(1, AT_WORK, "at work", "a"))
    found = ledger.row("one", 0)
    assert found is not None
    assert (found.state, found.worker) == ("saved", "b")
    assert ledger.enter("one", row(2, WAITS_AGAIN)), "tried again"
    assert [one.attempt for one in ledger.rows("one")] == [2]
    assert ledger.rows("one", ledger.rows("one")[0].changed) == []


def test_what_was_queued_is_put_back(ledger: Ledger) -> None:
    assert ledger.enter("one", row(1, QUEUED, "queued"))
    assert ledger.enter("one", row(2, WAITS_AGAIN), begun=False)
    assert not ledger.enter("one", row(1, AT_WORK, "at work"))


def test_a_database_that_was_put_back_is_told_also_after_a_restart(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    ledger.beat(Beat("w", "d", "m", 1))
    shutil.copy(tmp_path / "fleet.sqlite", tmp_path / "kept")
    ledger.beat(Beat("w", "d", "m", 2))
    ledger.close()
    shutil.copy(tmp_path / "kept", tmp_path / "fleet.sqlite")
    for act in (lambda: ledger.beat(Beat("w", "d", "m", 3)), lambda: ledger.add(ONE), lambda: opened(tmp_path)):
        with pytest.raises(StaleError):
            act()
    accepted = Ledger(f"sqlite:///{tmp_path}/fleet.sqlite", str(tmp_path / "fleet.json"))
    accepted.accept()
    accepted.prepare()
    accepted.beat(Beat("w", "d", "m", 3))
    ledger.beat(Beat("w", "d", "m", 4))
    assert opened(tmp_path).workers() == [Beat("w", "d", "m", 4)]


def test_another_database_in_its_place_is_told(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    (tmp_path / "fleet.sqlite").unlink()
    opened(tmp_path)
    ledger.close()
    with pytest.raises(StaleError):
        ledger.beat(Beat("w", "d", "m", 1))
    (tmp_path / "fleet.sqlite").unlink()
    ledger.close()
    with pytest.raises(StaleError):
        ledger.beat(Beat("w", "d", "m", 1))


def test_a_database_that_is_not_there_is_away() -> None:
    with pytest.raises(AwayError, match="refused"):
        Ledger("postgresql://mgmtnet:s3cr3t@127.0.0.1:1/x").prepare()


def test_what_is_remembered_may_be_anything(tmp_path: Path) -> None:
    for content in ("", "[]", '{"a": "b"}', "\0"):
        (tmp_path / "fleet.json").write_text(content)
        opened(tmp_path).beat(Beat("w", "d", "m", 1))


def test_who_gives_no_sign_has_lapsed_but_not_while_nobody_can() -> None:
    watch = _Watch("me", "here")
    near, far, ended = (Beat("near", "d", "here", 7), Beat("far", "d", "there", 7), Beat("ended", "d", "there", -1))
    everybody = [Beat("me", "d", "here", 1), near, far]
    assert watch.lapsed(everybody, 0.0) == []
    assert watch.lapsed([*everybody, ended], 1.0) == [ended]
    assert watch.lapsed(everybody, LAPSE) == []
    assert watch.lapsed(everybody, LAPSE + 1) == [near]
    assert watch.lapsed([near._replace(beats=8), far], LAPSE + 2) == []
    watch.blind()
    assert watch.lapsed([near._replace(beats=8), far], CUT_OFF) == []
    assert watch.lapsed([near._replace(beats=8), far], 2 * CUT_OFF + 1) == [near._replace(beats=8), far]


def test_one_decides_for_all_that_were_heard() -> None:
    watch = _Watch("m", "here")

    def first(now: float, **signs: int) -> str:
        beats = [Beat(name, "other" if name == "b" else "d", "there", sign) for name, sign in signs.items()]
        watch.lapsed(beats, now)
        return watch.first(beats, "d", now)

    assert first(0.0, a=7, m=1, z=1) == "m"  # a may be dead for years
    assert first(1.0, a=8, b=2, m=2, z=2) == "a"
    assert first(2.0, a=8, b=3, m=3, z=3) == "a"
    assert first(1.0 + LAPSE, a=8, m=4, z=4) == "a"
    assert first(2.0 + LAPSE, a=8, m=5, z=5) == "m"
    assert first(3.0 + LAPSE, a=9, m=6, z=6) == "a"
    assert first(4.0 + LAPSE, a=-11, m=7, z=7) == "m"  # it takes no more hosts
    assert first(5.0 + LAPSE, a=10, m=8, z=8) == "a"
    watch.blind()
    assert first(6.0 + LAPSE, a=11, m=9, z=9) == "m"


def problems(code: str) -> dict[str, Any]:
    return {"format": "mgmtnet/problems@1", "problems": [{"severity": "error", "code": code, "message": "why"}]}


@pytest.mark.parametrize(
    ("document", "ended"),
    [
        ({}, None),
        (problems("host-held"), None),
        (problems("journal-unreachable"), None),
        (problems("host-unreachable"), Ended("failed", "", "host-unreachable", "why")),
        (problems("shape-differs"), Ended("held", "", "shape-differs", "why")),
        ({**problems("vlan-in-use"), "format": "mgmtnet/plan@2"}, Ended("refused", "", "vlan-in-use", "why")),
        (
            {"format": "mgmtnet/report@1", "standing": "as planned and saved", "succeeded": True, "run": ""},
            Ended("saved"),
        ),
        (
            {
                "format": "mgmtnet/report@1",
                "standing": "as planned and saved",
                "succeeded": False,
                "run": "r",
                "problem": {"code": "reboot-failed", "message": "no"},
            },
            Ended("unproven", "r", "reboot-failed", "no"),
        ),
        (  # the host is proven, what cannot be read any more is how
            {
                "format": "mgmtnet/report@1",
                "standing": "as planned and saved",
                "succeeded": False,
                "run": "r",
                "problem": {"code": "journal-broken", "message": "away"},
            },
            Ended("saved", "r", "journal-broken", "away"),
        ),
        ({"format": "mgmtnet/report@1", "standing": "?", "run": "r"}, Ended("unknown", "r")),
    ],
)
def test_how_a_command_ended(document: dict[str, Any], ended: Ended | None) -> None:
    assert _of_document(document, "r") == ended


def test_a_run_reads_of_the_journal_what_may_be_in_its_way(tmp_path: Path) -> None:
    url = journal.file_url(str(tmp_path / "journal.sqlite"))
    assert not isinstance(journal.readable(url, "one"), Problem)
    Ledger(url).prepare()
    assert journal.readable(url, "one") == [], "rollouts, and no run yet"
    plan = {"network": "ovirtmgmt", "attachment": {"ipv4": {}, "ipv6": {}}, "management": None, "steps": []}
    for run in ("one", "two", "three"):
        order = Order(run, Access("h"), plan, {})
        journal.keep(url, run, order.document(), lambda name, *_: Step(name, "seen", standing="as before"))
    found = journal.readable(url, "two")
    assert isinstance(found, list)
    assert [record.run for record in found] == ["two"]
    assert len(journal.records(url)) == 3
