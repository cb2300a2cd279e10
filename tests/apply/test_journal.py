"""The journal: a run goes on from its last recorded step, whichever version recorded it; nothing secret is in it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import pytest

from planner.apply import exclusion, journal
from planner.apply.order import Access, Limits, Order, Reboot, read_order
from planner.apply.run import Step

PLAN = {"network": "ovirtmgmt", "attachment": {"ipv4": {}, "ipv6": {}}, "management": None, "steps": []}


def order(run: str = "one", uuid: str = "host") -> Order:
    return Order(run, Access("host.example.com", "jsonrpc"), PLAN, {"uuid": uuid}, ("192.0.2.11",), ("tcp://e:1",))


def test_an_order_survives_being_written_and_read() -> None:
    whole = Order(
        "one",
        Access("h", routes={"a": "b"}),
        PLAN,
        {},
        reboot=Reboot(Access("p"), "bmc", "ilo4", "u"),
        limits=Limits(1),
    )
    assert read_order(json.loads(json.dumps(whole.document()))) == whole


def test_an_order_of_another_version_is_read_as_far_as_it_is_known() -> None:
    document = order().document()
    document["later"] = "?"
    document["access"]["later"] = "?"
    del document["limits"]["confirm"]
    assert read_order(document) == order()


def test_an_order_with_a_plan_of_format_1_has_a_single_step() -> None:
    document = order().document()
    del document["plan"]["steps"]
    calls = {"request": {"networks": {}}, "foreseen": [], "revert": {"networks": {}}}
    assert read_order({**document, "plan": document["plan"] | calls}).plan["steps"] == [{"step": "change", **calls}]


def run_python(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = textwrap.dedent(script)
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)


OLD = """
    import os, signal, sys
    from planner.apply import journal
    from planner.apply.run import Step
    def perform(name, order, steps):
        if name == "look":
            return Step("look", "seen", "consider", found={"of": "an older version"})
        if name == "consider":  # a step that the next version has no more
            return Step("consider", "considered", "announce")
        os.kill(os.getpid(), signal.SIGKILL)
    journal.keep(sys.argv[1], "one", {"run": "one"}, perform)
"""
NEW = """
    import json, sys
    from planner.apply import journal
    from planner.apply.run import Step
    performed = []
    def perform(name, order, steps):
        performed.append([name, [step.name for step in steps], order])
        return Step(name, "done", "" if name == "set-up" else "set-up", "as before")
    (record,) = journal.records(sys.argv[1])
    steps, _ = journal.go_on(sys.argv[1], record, perform)
    print(json.dumps({"performed": performed, "state": record.state, "steps": [step.name for step in steps]}))
"""


def test_a_run_that_one_version_began_goes_on_under_the_next(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/journal.sqlite"
    assert run_python(OLD, url).returncode == -9
    ended = run_python(NEW, url)
    told = json.loads(ended.stdout)
    assert told["state"] == "running"
    assert told["performed"] == [
        ["announce", ["look", "consider"], {"run": "one"}],
        ["set-up", ["look", "consider", "announce"], {"run": "one"}],
    ]
    assert told["steps"] == ["look", "consider", "announce", "set-up"]
    (record,) = journal.records(url)
    assert (record.state, record.steps[0].found) == ("ended", {"of": "an older version"})


def test_runs_that_are_under_way_do_not_disturb_each_other(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/journal.sqlite"
    script = """
        import sys
        from planner.apply import journal
        from planner.apply.run import Step
        def perform(name, order, steps):
            return Step(name, order["run"], "" if len(steps) == 9 else "next", "as before")
        steps, _ = journal.keep(sys.argv[1], sys.argv[2], {"run": sys.argv[2]}, perform)
        assert {step.said for step in steps} == {sys.argv[2]}
    """
    code = textwrap.dedent(script)
    under_way = [subprocess.Popen([sys.executable, "-c", code, url, f"run-{number}"]) for number in range(6)]
    assert [one.wait() for one in under_way] == [0] * 6
    assert {record.run for record in journal.records(url)} == {f"run-{number}" for number in range(6)}


def test_no_journal_yet_has_no_runs(tmp_path: Path) -> None:
    assert journal.records(f"sqlite:///{tmp_path}/none.sqlite") == []


def test_a_host_is_held_by_one_process(tmp_path: Path) -> None:
    with exclusion.only_run(str(tmp_path), "sqlite:///", "host", "one") as first:
        assert first is None
        assert all(exclusion.held_here("host") for _ in range(300)), "however often it is asked"
        with exclusion.only_run(str(tmp_path), "sqlite:///", "host", "two") as second:
            assert second is not None
            assert (second.code, f"process {os.getpid()} of user {os.getuid()}" in second.message) == (
                "host-held",
                True,
            )
        with exclusion.only_run(str(tmp_path), "sqlite:///", "another", "two") as other:
            assert other is None
    assert not exclusion.held_here("host")
    with exclusion.only_run(str(tmp_path), "sqlite:///", "host", "two") as freed:
        assert freed is None


def test_a_host_is_held_for_every_user_and_state_folder(tmp_path: Path) -> None:
    """Another user of the machine, with a state folder of their own."""
    theirs = Path(tempfile.mkdtemp())
    theirs.chmod(0o777)
    with exclusion.only_run(str(tmp_path / "ours"), "sqlite:///", "host", "one") as held:
        assert held is None
        child = os.fork()
        if child == 0:
            if os.getuid() == 0:
                os.setuid(65534)
            with exclusion.only_run(str(theirs), "sqlite:///", "host", "two") as other:
                told = other is not None and f"process {os.getppid()} of user" in other.message
            os._exit(0 if told else 1)
        assert os.waitpid(child, 0)[1] == 0


def test_a_lock_that_dies_with_its_process_is_free(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        with exclusion.only_run(str(tmp_path), "sqlite:///", "doomed", "one"):
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    with exclusion.only_run(str(tmp_path), "sqlite:///", "doomed", "two") as held:
        assert held is None


def test_what_is_given_back_is_free_although_a_process_that_is_just_being_started_has_a_copy(tmp_path: Path) -> None:
    with exclusion.only_run(str(tmp_path), "sqlite:///", "host", "one") as first:
        child = os.fork()
        if child == 0:
            time.sleep(0.3)
            os._exit(0)
    with exclusion.only_run(str(tmp_path), "sqlite:///", "host", "two") as second:
        assert (first, second) == (None, None)
    assert os.waitpid(child, 0)[1] == 0


def test_a_lock_follows_no_link(tmp_path: Path) -> None:
    with exclusion.only_run(str(tmp_path), "sqlite:///", "host", "one"):
        (lock,) = (tmp_path / "locks").iterdir()
    lock.unlink()
    precious = tmp_path / "precious"
    precious.write_text("kept")
    lock.symlink_to(precious)
    with exclusion.only_run(str(tmp_path), "sqlite:///", "host", "one") as held:
        assert held is not None
        assert held.code == "state-unwritable"
    assert precious.read_text() == "kept"


def test_a_host_whose_run_was_interrupted_takes_no_other() -> None:
    interrupted = journal.Record("one", "running", order("one").document(), (Step("look", ""),), 0)
    ended = interrupted._replace(run="zero", state="ended")
    assert exclusion.unfinished([ended], order("two")) is None
    assert exclusion.unfinished([interrupted], order("two", uuid="another")) is None
    problem = exclusion.unfinished([ended, interrupted], order("two"))
    assert problem is not None
    assert problem.hint == "mgmtnet resume one"


@pytest.mark.parametrize("folder", ["state", "deep/state"])
def test_the_state_folder_is_nobody_elses(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MGMTNET_STATE", str(tmp_path / folder))
    assert os.stat(journal.state_folder()).st_mode & 0o77 == 0


def test_what_is_no_journal_is_told_and_left_alone(tmp_path: Path) -> None:
    broken = tmp_path / "journal.sqlite"
    broken.write_text("garbage")
    problem = journal.unusable(f"sqlite:///{broken}")
    assert problem is not None
    assert problem.code == "journal-broken"
    assert broken.read_text() == "garbage"
    unknown = journal.unusable("foo")
    assert unknown is not None
    assert unknown.code == "journal-unknown"


def test_a_new_journal_is_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    assert journal.unusable(f"sqlite:///{path}") is None
    assert os.stat(path).st_mode & 0o77 == 0
    assert journal.records(f"sqlite:///{path}") == []
