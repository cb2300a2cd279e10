"""``mgmtnet resume``: go on with runs that were interrupted, or take one up that ended in doubt."""

import argparse

from planner.apply import exclusion, journal
from planner.apply.database import journal_url
from planner.apply.order import read_order
from planner.apply.preparing import host_key, run_name
from planner.apply.report import Report
from planner.cli.apply import failed
from planner.cli.hosts import state_folder, unexpectable
from planner.cli.output import quieten_threads, say_at_last
from planner.cli.progress import progress, remark
from planner.cli.status import unknown_run
from planner.printing import json_text
from planner.problem import Problem


def run(options: argparse.Namespace) -> int:
    """Resume; the exit status is the worst of the runs'."""
    quieten_threads()
    problems = unexpectable(options.expect)
    if problems:
        return failed(options, problems)
    folder = state_folder()
    if isinstance(folder, Problem):
        return failed(options, [folder])
    url = journal_url(folder)
    found = journal.readable(url)
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
    from planner.apply.executor import TAKEN_UP, go_on, take_up

    ended = (record.steps[-1].standing if record.steps else "") or "unknown"
    if record.state == "ended" and ended not in TAKEN_UP:
        hint = "`mgmtnet apply` begins a new run"
        return failed(options, [Problem("run-ended", f"the run {record.run} has ended: {ended or record.fault}", hint)])
    with exclusion.only_run(folder, url, host_key(read_order(record.order)), record.run) as held:
        if held is not None:
            return failed(options, [held])
        with progress(options.log) as tell:
            if record.state == "running":
                return _end(options, go_on(record, url, tell, options.expect))
            again = run_name()
            remark(options.log, "run", f"run {again}, after {record.run}")
            return _end(options, take_up(record, again, url, tell, options.expect))


def _end(options: argparse.Namespace, report: Report) -> int:
    say_at_last(json_text(report.document()) if options.output == "json" else report.text())
    return report.status
