"""``mgmtnet status``: the runs in the journal, and how they stand."""

import argparse
import time

from planner.apply import journal
from planner.apply.journal import journal_url
from planner.apply.library import gone_on_with, state_folder, unknown_run
from planner.apply.order import read_order
from planner.apply.run import report
from planner.cli.apply import failed
from planner.cli.hosts import unexpectable
from planner.cli.output import complain, quieten_threads, say, say_at_last, say_json, say_lines
from planner.cli.progress import progress, remark
from planner.printing import json_text
from planner.problem import Problem


def run_status(options: argparse.Namespace) -> int:
    """Print the runs; the exit status."""
    folder = state_folder()
    if isinstance(folder, Problem):
        complain([folder])
        return 1
    found = journal.readable(journal_url(folder))
    if isinstance(found, Problem):
        complain([found])
        return 1
    chosen = [record for record in found if options.run in (None, record.run)]
    if options.run and not chosen:
        complain([unknown_run(options.run)])
        return 1
    if options.output == "json":
        say_json([journal.document_of(record) for record in chosen])
    elif options.run:
        say("".join(map(_whole, chosen)))
    else:
        say_lines(map(_line, chosen) if chosen else ["no runs yet"])
    return 0


def _line(record: journal.Record) -> str:
    host = read_order(record.order).access.target
    return f"{record.run}  {_when(record)}  {host}  {journal.standing(record)}"


def _whole(record: journal.Record) -> str:
    if record.state == "ended" and record.steps:
        return report(read_order(record.order), record.steps).text()
    steps = [f"  {step.name:<10} {step.said}" for step in record.steps]
    return "\n".join([_line(record), *steps, f"  to do: mgmtnet resume {record.run}"]) + "\n"


def _when(record: journal.Record) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.began))


# ``mgmtnet resume``: go on with runs that were interrupted, or take one up that ended in doubt.


def run_resume(options: argparse.Namespace) -> int:
    """Resume; the exit status is the worst of the runs'."""
    quieten_threads()
    problems = unexpectable(options.expect)
    if problems:
        return failed(options, problems)
    folder = state_folder()
    if isinstance(folder, Problem):
        return failed(options, [folder])
    url = journal_url(folder)
    found = journal.readable(url, options.run)
    if isinstance(found, Problem):
        return failed(options, [found])
    chosen = [
        record for record in found if record.run == options.run or (not options.run and record.state == "running")
    ]
    if not chosen:
        if options.run:
            return failed(options, [unknown_run(options.run)])
        remark(options.log, "resume", "no run was interrupted")
        return 0
    return max(_resume(record, folder, url, options) for record in chosen)


def _resume(record: journal.Record, folder: str, url: str, options: argparse.Namespace) -> int:
    with progress(options.log) as tell:
        ended = gone_on_with(record, folder, url, tell, options.expect, options.again)
    if ended.value is None:
        return failed(options, list(ended.problems))
    say_at_last(json_text(ended.value.document()) if options.output == "json" else ended.value.text())
    return ended.value.status
