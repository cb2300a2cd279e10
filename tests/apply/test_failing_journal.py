"""A journal that fails while a run is under way: the run goes on to its end without it, and says so."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

SCRIPT = """
    import json, os, resource, shutil, signal, sys
    from planner.apply import journal
    from planner.apply.run import Step
    kind, folder, begin = sys.argv[1:]
    url = journal.file_url(folder + "/j")
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    performed = []
    def perform(name, order, steps):
        performed.append(name)
        if len(steps) == int(begin):
            if kind == "deleted":
                for name in os.listdir(folder):
                    os.unlink(os.path.join(folder, name))
            elif kind == "folder":
                shutil.rmtree(folder)
            elif kind == "full":
                resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
            elif kind == "garbage":
                with open(folder + "/j", "r+b") as stream:
                    stream.write(b"x" * 8000)
        return Step(name, "x" * 5000, "" if len(steps) == 6 else "next", "as planned and saved")
    kept = journal.keep(url, "one", {"run": "one"}, perform)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    print(json.dumps({"performed": performed, "steps": len(kept.steps), "lost": kept.lost}))
"""


@pytest.mark.parametrize("begin", [0, 3])
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("deleted", "journal-broken"),
        ("folder", "journal-broken"),
        ("full", "journal-full"),
        ("garbage", "journal-broken"),
    ],
)
def test_each_step_is_performed_once_and_what_was_lost_is_told(
    kind: str, code: str, begin: int, tmp_path: Path
) -> None:
    folder = tmp_path / "journal"
    folder.mkdir()
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), kind, str(folder), str(begin)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    told = json.loads(ended.stdout)
    assert told["performed"] == ["look", *["next"] * 6]
    assert told["steps"] == 7
    assert told["lost"]["code"] == code
    assert ended.stderr == ""


FAULT = """
    import json, sys
    from planner.apply import journal
    from planner.apply.run import SENT, Step
    url, sends = journal.file_url(sys.argv[1] + "/j"), sys.argv[2] == "sends"
    def perform(name, order, steps):
        if len(steps) == 3:
            raise LookupError("a fault of ours")
        return Step(sorted(SENT)[0] if sends else name, "told", "next")
    try:
        kept = journal.keep(url, "one", {"run": "one"}, perform)
        print(json.dumps({"standing": kept.steps[-1].standing, "lost": kept.lost}))
    except LookupError as fault:
        print(json.dumps({"raised": str(fault)}))
"""


def test_a_fault_of_ours_in_a_run_that_has_sent_something_ends_in_a_report(tmp_path: Path) -> None:
    told = {}
    for kind in ("sends", "looks"):
        folder = tmp_path / kind
        folder.mkdir()
        command = [sys.executable, "-c", textwrap.dedent(FAULT), str(folder), kind]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        told[kind] = json.loads(ended.stdout)
    assert told["looks"] == {"raised": "a fault of ours"}
    assert told["sends"]["standing"] == "unknown"
    assert told["sends"]["lost"]["code"] == "run-broken-off"
    assert "a fault of ours" in told["sends"]["lost"]["message"]
