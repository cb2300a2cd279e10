"""Waves: who may begin when, decided without a clock, a database or a host."""

import json
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.fleet.rollout import FAILED, IN_FLIGHT, Member, Power, Rollout, in_waves, read_rollout, wave_sizes
from planner.fleet.waves import PACE, Course, Decision, Window, decide, read_window
from planner.problem import Problem

MIDNIGHT = 1_767_225_600.0  # 2026-01-01 00:00 UTC
HOUR = 3600


def rollout(count: int = 10, waves: str = "1,3,rest", **how: object) -> Rollout:
    plain = [Member(f"h{number}", f"h{number}", f"k{number}", kind="one", shape="same") for number in range(count)]
    sizes = wave_sizes(waves, count)
    assert not isinstance(sizes, Problem)
    members, canaries = in_waves(plain, sizes)
    return replace(Rollout("r", "rules@1", "digest", ("{}",), members, sizes, canaries=canaries), **how)


def asked(one: Rollout, course: Course, wish: str = "go", now: float = MIDNIGHT) -> Decision:
    return decide(one, course, wish, now)  # type: ignore[arg-type]


def through(one: Rollout, course: Course, state: str = "saved") -> list[tuple[int, ...]]:
    """What begins at once, again and again, everybody ending in ``state``."""
    begun = []
    while (decision := asked(one, course)).begin:
        begun.append(decision.begin)
        for number in decision.begin:
            course.enter(number, state)  # type: ignore[arg-type]
    return begun


@pytest.mark.parametrize(
    ("text", "hosts", "sizes"),
    [
        ("1,5%,25%,rest", 100, (1, 5, 25, 69)),
        ("1,5%,rest", 10, (1, 1, 8)),
        ("3", 10, (3, 7)),
        ("50,50", 10, (10,)),
        ("100%", 7, (7,)),
        ("1,rest", 0, ()),
    ],
)
def test_waves_are_numbers_percentages_and_the_rest(text: str, hosts: int, sizes: tuple[int, ...]) -> None:
    assert wave_sizes(text, hosts) == sizes


@pytest.mark.parametrize("text", ["", "0", "x", "1,,2", "-1", "101%", "0%", "1.5", "rest%", "٣"])
def test_what_is_no_wave_is_told(text: str) -> None:
    found = wave_sizes(text, 10)
    assert isinstance(found, Problem)
    assert found.code == "waves-malformed"


def test_the_first_wave_holds_one_canary_of_each_kind() -> None:
    kinds = ["nic", "nic", "bond", "nic", "vlan", "bond"]
    members, canaries = in_waves([Member(f"h{n}", "t", "k", kind=k, shape=k) for n, k in enumerate(kinds)], (1, 2, 3))
    assert canaries == {"nic": 0, "bond": 2, "vlan": 4}
    assert [member.wave for member in members] == [0, 1, 0, 1, 0, 2]


def test_a_plan_of_another_shape_than_its_canarys_waits() -> None:
    shapes = ["a", "a", "b", "a"]
    members, _ = in_waves([Member(f"h{n}", "t", "k", kind="nic", shape=s) for n, s in enumerate(shapes)], (1, 3))
    assert [member.wave for member in members] == [0, 1, -1, 1]
    assert "h0" in members[2].held
    one = replace(rollout(4), members=members, waves=(1, 2))
    course = Course(one)
    assert through(one, course) == [(0,), (1, 3)]
    assert asked(one, course).ended == "done"
    assert course.states[2] == "held"


def test_a_wave_begins_when_every_host_of_the_one_before_is_saved() -> None:
    one = rollout()
    course = Course(one)
    assert asked(one, course).begin == (0,)
    course.enter(0, "at work")
    assert asked(one, course).begin == ()
    course.enter(0, "saved")
    assert asked(one, course).begin == (1, 2, 3)
    for number in (1, 2, 3):
        course.enter(number, "queued")
    for number in (1, 2):
        course.enter(number, "saved")
        assert asked(one, course).begin == ()
    course.enter(3, "saved")
    assert asked(one, course).begin == (4, 5, 6, 7, 8, 9)


@pytest.mark.parametrize("state", sorted(FAILED))
def test_one_failure_more_than_may_be_ends_it_once_nobody_is_at_work(state: str) -> None:
    one = rollout(max_failures=1, waves="rest")
    course = Course(one)
    for number in range(4):
        course.enter(number, "at work")
    course.enter(0, state)  # type: ignore[arg-type]
    assert asked(one, course).begin
    course.enter(1, state)  # type: ignore[arg-type]
    assert asked(one, course)[:2] == ((), "")
    course.enter(2, "saved")
    course.enter(3, "saved")
    assert asked(one, course)[:2] == ((), "failed")
    course.enter(1, "waiting")  # tried again
    assert 1 in asked(one, course).begin


def test_paused_and_stopped_nobody_begins_and_who_is_at_work_ends() -> None:
    one = rollout(waves="rest")
    course = Course(one)
    course.enter(0, "at work")
    for wish in ("pause", "stop"):
        assert asked(one, course, wish)[:2] == ((), "")
    course.enter(0, "saved")
    assert asked(one, course, "pause")[:2] == ((), "")
    assert asked(one, course, "stop")[:2] == ((), "stopped")
    assert asked(one, course).begin


@pytest.mark.parametrize(
    ("window", "opened", "closed"),
    [
        ("22:00-04:00 UTC", (22, 23, 0, 3), (4, 12, 21)),
        ("08:30-09:30 UTC", (9,), (8, 10, 0)),
        ("22:00-04:00 Europe/Prague", (21, 0, 2), (3, 20)),  # an hour ahead in January
    ],
)
def test_hosts_begin_in_the_window_also_over_midnight(window: str, opened: list[int], closed: list[int]) -> None:
    one = rollout(window=window)
    course = Course(one)
    assert all(asked(one, course, now=MIDNIGHT + hour * HOUR).begin for hour in opened)
    assert not any(asked(one, course, now=MIDNIGHT + hour * HOUR).begin for hour in closed)
    assert "outside of the window" in asked(one, course, now=MIDNIGHT + closed[0] * HOUR).said


@pytest.mark.parametrize("text", ["x", "22:00", "22:00-22:00", "24:00-01:00", "1-2", "22:00-04:00 Nowhere/Else", "-"])
def test_what_is_no_window_is_told(text: str) -> None:
    found = read_window(text)
    assert isinstance(found, Problem)
    assert found.code == "window-malformed"


def test_an_engine_and_each_proxy_are_paced() -> None:
    plain = [Member(f"h{n}", "t", "k", kind="k", shape="s", proxy=f"p{n % 2}", bmc="b") for n in range(20)]
    members, _ = in_waves(plain, (20,))
    one = replace(rollout(20, "rest", concurrency=100), members=members, power=Power("ipmilan", "u"))
    course = Course(one)
    begun = asked(one, course).begin
    assert len(begun) == 2 * PACE["proxy"]
    assert sum(number % 2 for number in begun) == PACE["proxy"]
    through_engine = rollout(20, "rest", concurrency=100, engine="https://engine")
    assert len(asked(through_engine, Course(through_engine)).begin) == PACE["engine"]


def test_a_rollout_survives_being_written_and_read() -> None:
    whole = rollout(
        power=Power("ipmilan", "admin"), window="22:00-04:00", listed=({"name": "x"},), probes=("tcp://a:1",)
    )
    written = json.loads(json.dumps(whole.document()))
    assert read_rollout(written) == whole
    assert (
        read_rollout({**written, "later": 1, "members": [{**one, "later": 1} for one in written["members"]]}) == whole
    )


@pytest.mark.parametrize(
    "change", [{"format": "mgmtnet/rollout@2"}, {"members": 5}, {"members": [{}]}, {"waves": None}]
)
def test_what_is_no_rollout_is_told(change: dict[str, object]) -> None:
    assert isinstance(read_rollout({**rollout().document(), **change}), Problem)


ENDS = st.sampled_from(["saved", "saved", "saved", "saved", "before", "unknown", "failed", "refused"])


@settings(max_examples=200)
@given(st.data())
def test_whatever_happens_no_rule_of_waves_is_broken(data: st.DataObject) -> None:
    """Any order of ends, pauses and takeovers: never more at once than may be, never a wave before its time."""
    count = data.draw(st.integers(1, 30))
    one = rollout(
        count,
        data.draw(st.sampled_from(["1,rest", "1,10%,50%,rest", "rest", "2,2,2"])),
        max_failures=data.draw(st.integers(0, 3)),
        concurrency=data.draw(st.integers(1, 6)),
    )
    course = Course(one)
    at_work: list[int] = []
    for _ in range(200):
        wish = data.draw(st.sampled_from(["go", "go", "go", "pause"]))
        decision = asked(one, course, wish)
        before = course.wave
        if wish == "pause" or course.failures > one.max_failures:
            assert not decision.begin
        for number in decision.begin:
            assert course.states[number] == "waiting"
            assert one.members[number].wave == before
            course.enter(number, data.draw(st.sampled_from(["queued", "at work"])))
            at_work.append(number)
        assert len(at_work) == course.in_flight <= one.concurrency
        earlier = [n for n, member in enumerate(one.members) if member.wave < course.wave]
        assert all(course.states[n] == "saved" or course.states[n] in FAILED for n in earlier)
        if decision.ended:
            assert not at_work
            break
        if at_work:
            ended = at_work.pop(data.draw(st.integers(0, len(at_work) - 1)))
            course.enter(ended, data.draw(ENDS))
    assert sum(course.count.values()) == count
    assert course.failures == sum(state in FAILED for state in course.states)
    assert course.in_flight == sum(state in IN_FLIGHT for state in course.states)


def test_a_hundred_thousand_hosts_are_decided_about_as_fast_as_ten() -> None:
    one = rollout(100_000, "1,1%,10%,rest", concurrency=200)
    course = Course(one)
    began = time.perf_counter()
    ended = 0
    at_work: list[int] = []
    while not (decision := asked(one, course)).ended:
        at_work += decision.begin
        for number in decision.begin:
            course.enter(number, "queued")
        course.enter(at_work.pop(0), "saved")
        ended += 1
    assert ended == 100_000
    assert time.perf_counter() - began < 20, "a decision for each host's end"


def test_a_window_of_this_machine() -> None:
    assert Window(0, 1439).opened(MIDNIGHT + 12 * HOUR) or Window(1439, 0).opened(MIDNIGHT + 12 * HOUR)
