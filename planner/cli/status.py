"""``mgmtnet status``: the runs in the journal, and how they stand."""

import argparse
import time

from planner.apply import journal
from planner.apply.database import journal_url
from planner.apply.order import read_order
from planner.apply.report import report
from planner.cli.hosts import state_folder
from planner.cli.output import complain, say, say_json, say_lines
from planner.problem import Problem


def run(options: argparse.Namespace) -> int:
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
        say_json([_document(record) for record in chosen])
    elif options.run:
        say("".join(map(_whole, chosen)))
    else:
        say_lines(map(_line, chosen) if chosen else ["no runs yet"])
    return 0


def unknown_run(run: str) -> Problem:
    """Nobody knows a run of that name."""
    return Problem("run-unknown", f"there is no run {run!r}", "`mgmtnet status` lists the runs")


def standing(record: journal.Record) -> str:
    """How a run stands: what it ended in, or after which step it was interrupted."""
    if record.state == "ended":
        return (record.steps[-1].standing if record.steps else "") or "unknown"
    return f"interrupted or at work, after {record.steps[-1].name}" if record.steps else "interrupted or at work"


def _line(record: journal.Record) -> str:
    host = read_order(record.order).access.target
    return f"{record.run}  {_when(record)}  {host}  {standing(record)}"


def _whole(record: journal.Record) -> str:
    if record.state == "ended" and record.steps:
        return report(read_order(record.order), record.steps).text()
    steps = [f"  {step.name:<10} {step.said}" for step in record.steps]
    return "\n".join([_line(record), *steps, f"  to do: mgmtnet resume {record.run}"]) + "\n"


def _document(record: journal.Record) -> dict[str, object]:
    order = read_order(record.order)
    return {
        "run": record.run,
        "host": order.access.target,
        "network": order.plan["network"],
        "began": record.began,
        "state": record.state,
        "standing": standing(record),
        "made_by": order.made_by,
        "steps": [step.document() for step in record.steps],
    }


def _when(record: journal.Record) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.began))
