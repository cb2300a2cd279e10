"""``mgmtnet status``: the runs in the journal, and how they stand."""

import argparse
import time
from dataclasses import replace

from planner.apply import journal
from planner.apply.execute import here, run_name, see
from planner.apply.journal import journal_url
from planner.apply.library import confirmed, gone_on_with, in_the_way, problem_of, run_named, state_folder, unknown_run
from planner.apply.order import read_order
from planner.apply.reversal import order_to_undo, undoable
from planner.apply.run import Event, Report, report
from planner.cli.apply import BAD_INPUT, REFUSED, agreed, carry_out, failed, left
from planner.cli.hosts import limits_of, unexpectable
from planner.cli.output import complain, quieten_threads, say, say_json, say_lines
from planner.cli.progress import endable, progress, remark, say_report, word_at_the_terminal
from planner.problem import Problem
from planner.vdsm.client import Failure


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
    order = read_order(record.order)
    undoes = f" (undoes {order.undoes})" if order.undoes else ""
    asks = f"; `mgmtnet confirm {record.run}` keeps its change" if record.asks else ""
    return f"{record.run}  {_when(record)}  {order.access.target}  {journal.standing(record)}{undoes}{asks}"


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
    try:
        with progress(options.log) as tell, endable(hangs_up=not read_order(record.order).limits.keep):
            word = word_at_the_terminal()
            ended = gone_on_with(record, folder, url, tell, options.expect, options.again, word)
    except KeyboardInterrupt as interrupted:
        return left(options, record.run if record.state == "running" else options.again or "", interrupted)
    if ended.value is None:
        return failed(options, list(ended.problems))
    return say_report(options.output, ended.value)


# ``mgmtnet confirm``: say of a run that its change is to be kept.


UNSAVED = 5


def run_confirm(options: argparse.Namespace) -> int:
    """Keep the change of a run; the exit status."""
    folder = state_folder()
    record = folder if isinstance(folder, Problem) else confirmed(folder, options.run)
    if isinstance(record, Problem):
        return failed(options, [record], UNSAVED if record.code == "run-unfinished" else BAD_INPUT)
    if options.output == "json":
        say_json(journal.document_of(record))
    else:
        say(f"the run {record.run} keeps its change, and saves it")
    return 0


# ``mgmtnet undo``: take back what a run has changed.


def run_undo(options: argparse.Namespace) -> int:
    """Undo; the exit status."""
    quieten_threads()
    folder = state_folder()
    record = folder if isinstance(folder, Problem) else run_named(journal_url(folder), options.undone)
    if isinstance(record, Problem):
        return failed(options, [record])
    problem = undoable(record)
    if problem is not None:
        return failed(options, [problem], REFUSED)
    limits, made = limits_of(options), here(read_order(record.order))
    access = made.access
    journal.prepare()
    with progress(options.log) as tell:
        tell(Event("begin", "read", f"waiting for VDSM, reading {access.target}", limits.vdsm))
        sight = see(access, limits, tell)
        tell(Event("end", "read", "" if isinstance(sight, Failure) else f"{access.target} has described itself"))
    if isinstance(sight, Failure):
        return failed(options, [problem_of(sight)])
    problem = in_the_way(replace(made, run=options.run or run_name()), settled=sight.host.dirty is False)
    if problem is not None:
        return failed(options, [problem])
    order = order_to_undo(record, sight, limits)
    if isinstance(order, Problem):
        return failed(options, [order], REFUSED)
    if isinstance(order, Report):
        return say_report(options.output, order)
    order = replace(order, run=options.run or order.run)
    heading = f"{access.target}: what the run {record.run} has changed is taken back\n"
    ended = agreed(options, sight, order.plan, heading)
    return carry_out(options, order) if ended is None else ended
