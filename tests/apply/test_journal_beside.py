"""Processes that share a journal: each does its own run, also while another goes on with one."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import os, sys, time
from planner.apply import journal
from planner.apply.run import Step

what, url, run, seconds = sys.argv[1:]
own = {"format": "mgmtnet/order@1", "run": run}

def perform(name, order, steps):
    print(f"{what} performs {name} of {order['run']}", flush=True)
    if what == "dies" and len(steps) == 2:
        os._exit(9)
    time.sleep(float(seconds))
    return Step(name, "done", "" if len(steps) == 4 else f"step-{len(steps) + 1}")

if what == "resumes":
    from dbos import DBOSClient
    client = DBOSClient(system_database_url=url, serializer=journal.json_serializer())
    (status,) = client.list_workflows(workflow_ids=[run])
    record = journal._record(client, status)
    client.destroy()
    journal.go_on(url, record, perform)
else:
    journal.keep(url, run, own, perform)
"""


def process(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", SCRIPT, *arguments], stdout=subprocess.PIPE, text=True)


def test_a_run_that_is_gone_on_with_is_not_taken_by_the_process_of_another(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/journal.sqlite"
    runs = [f"run-{number}" for number in range(3)]
    for run in runs:
        dying = process("dies", url, run, "0")
        dying.communicate(timeout=60)
        assert dying.returncode == 9
    beside = [process("beside", url, f"other-{number}", "1.5") for number in range(2)]
    for one in beside:
        assert one.stdout is not None
        one.stdout.readline()  # it is at work
    for run in runs:
        told, _ = process("resumes", url, run, "0").communicate(timeout=60)
        assert told.splitlines() == [f"resumes performs step-{number} of {run}" for number in (2, 3, 4)]
    for number, one in enumerate(beside):
        told, _ = one.communicate(timeout=60)
        assert {line.rpartition(" ")[2] for line in told.splitlines()} == {f"other-{number}"}
