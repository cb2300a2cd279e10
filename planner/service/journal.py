"""What the database says of runs and rollouts: asked of a worker, as its library is large and has one state a process.

A rollout that is asked for again and again is followed: each look costs what has changed since the one before.
"""

import os
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

from planner.apply import journal
from planner.apply.library import state_folder
from planner.apply.order import read_order
from planner.apply.run import report
from planner.fleet import account
from planner.fleet.ledger import AwayError, Ledger, StaleError, asked_for, away, stale, unknown
from planner.fleet.queue import Task
from planner.fleet.rollout import Rollout
from planner.fleet.worker import run_name
from planner.host.capture import read_capture
from planner.printing import json_text
from planner.problem import Problem
from planner.service.answers import DRAWINGS, Answer, accepted, problem_answer
from planner.service.contract import JSON

# Rollouts that are followed at once. Of one with 10,000 hosts 20 MB are kept; of one more all is read each time.
MOST_FOLLOWED = 16
STATUS = {"run-unknown": 404, "rollout-unknown": 404, "rollout-host-unknown": 404, "drawing-unkept": 404}
STATUS |= {"rollout-ended": 409, "journal-unreachable": 503}


def answer_of_journal(head: Mapping[str, Any]) -> Answer:
    """What one of `CALLS` finds; ``head``: the call, and the ``name`` of what it is about."""
    folder = state_folder()
    if isinstance(folder, Problem):
        return _told(folder)
    url = journal.journal_url(folder)
    try:
        if head["call"] in RUNS:
            return _told(RUNS[head["call"]](url, head))
        return _told(ROLLOUTS[head["call"]](_ledger(url, folder), head))
    except AwayError as failure:
        return _told(away(failure))
    except StaleError:
        _ledger.cache_clear()
        FOLLOWED.clear()
        return _told(stale())


def _told(found: "dict[str, Any] | Problem | Answer") -> Answer:
    if isinstance(found, Problem):
        return problem_answer(STATUS.get(found.code, 500), [found])
    return found if isinstance(found, Answer) else Answer(200, JSON, json_text(found).encode() + b"\n")


# Runs.


def _runs(url: str, head: Mapping[str, Any]) -> dict[str, Any] | Problem:
    found = journal.readable(url, newest=head.get("newest"))
    return found if isinstance(found, Problem) else {"format": "mgmtnet/runs@1", "runs": [_shown(one) for one in found]}


def _run(url: str, head: Mapping[str, Any]) -> dict[str, Any] | Problem:
    record = _record(url, head["name"])
    return record if isinstance(record, Problem) else _shown(record)


def _record(url: str, run: str) -> journal.Record | Problem:
    found = journal.readable(url, run)
    if isinstance(found, Problem):
        return found
    unmet = Problem("run-unknown", f"there is no run {run[:80]!r}", "GET /v1/runs")
    return next((record for record in found if record.run == run), unmet)


def _shown(record: journal.Record) -> dict[str, Any]:
    document = journal.document_of(record)
    names = ("run", "host", "network", "began", "state", "standing", "undoes", "confirm_by", "steps")
    return {"format": "mgmtnet/run@1", **{name: document[name] for name in names}}


# Rollouts.


FOLLOWED = dict[str, account.Account]()


@cache
def _ledger(url: str, folder: str) -> Ledger:
    ledger = Ledger(url, os.path.join(folder, "fleet.json"))
    ledger.prepare()
    return ledger


def _followed(ledger: Ledger, name: str) -> account.Account | Problem:
    """The rollout of that name, as it stands now."""
    followed = FOLLOWED.pop(name, None)
    if followed is None:
        found = ledger.rollout(name)
        if not isinstance(found, Rollout):
            return found or unknown(name[:80])
        followed = account.Account(found)
    FOLLOWED[name] = followed
    if len(FOLLOWED) > MOST_FOLLOWED:
        del FOLLOWED[next(iter(FOLLOWED))]
    followed.catch_up(ledger)
    return followed


def _rollouts(ledger: Ledger, _: Mapping[str, Any]) -> dict[str, Any]:
    return {"format": "mgmtnet/rollouts@1", "rollouts": [one._asdict() for one in ledger.standings()]}


def _rollout(ledger: Ledger, head: Mapping[str, Any]) -> dict[str, Any] | Problem:
    followed = _followed(ledger, head["name"])
    return followed if isinstance(followed, Problem) else followed.document(ledger)


def _news(ledger: Ledger, head: Mapping[str, Any]) -> dict[str, Any] | Problem:
    """The hosts that have changed since ``since``, each with the number of the change; and how all of them stand."""
    followed = _followed(ledger, head["name"])
    if isinstance(followed, Problem):
        return followed
    rows = sorted((row for row in followed.rows.values() if row.changed > head["since"]), key=lambda row: row.changed)
    changes = [{"changed": row.changed, "host": followed.host(row.host)} for row in rows]
    return {"changes": changes, "summary": followed.summary(ledger)}


def _ask(ledger: Ledger, head: Mapping[str, Any]) -> dict[str, Any] | Problem:
    return asked_for(ledger, head["name"], head["asked"]) or _rollout(ledger, head)


def _host(ledger: Ledger, head: Mapping[str, Any]) -> dict[str, Any] | Problem | Answer:
    """One host with its run and the report of that; or, where a drawing is rather accepted, its drawing."""
    followed = _followed(ledger, head["name"])
    if isinstance(followed, Problem):
        return followed
    members = followed.rollout.members
    number = next((number for number, member in enumerate(members) if member.name == head["host"]), None)
    if number is None:
        told = f"the rollout works on no host {head['host'][:80]!r}"
        return Problem("rollout-host-unknown", told, f"GET /v1/rollouts/{followed.rollout.name} has those it works on")
    host = followed.host(number)
    run = host["run"] or run_name(Task(followed.rollout.name, number, host["attempt"]), members[number])
    record = _record(journal.journal_url(str(state_folder())), run)
    if isinstance(record, Problem) and record.code != "run-unknown":
        return record
    known = None if isinstance(record, Problem) else record
    wanted = accepted(head["accept"], [JSON, *DRAWINGS])
    if wanted in DRAWINGS:
        return _drawing(known, wanted)
    ended = known is not None and known.state == "ended" and known.steps
    return {
        "format": "mgmtnet/rollout-host@1",
        "rollout": followed.rollout.name,
        "host": host,
        "run": _shown(known) if known is not None else None,
        "report": report(read_order(known.order), known.steps).document() if known is not None and ended else None,
    }


def _drawing(record: journal.Record | None, wanted: str) -> Problem | Answer:
    """The host as the run saw it first, and as it planned it."""
    from planner.explain.drawing.scene import pictures

    order = read_order(record.order) if record is not None else None
    host = read_capture(dict(order.before), "the order").host if order is not None else None
    if order is None or host is None:
        hint = "it is there once a run has begun on the host"
        return Problem("drawing-unkept", "of this host nothing is kept that could be drawn", hint)
    name, media = DRAWINGS[wanted]
    drawn: str = import_module(f"planner.explain.drawing.{name}").render(*pictures(host, order.plan))
    return Answer(200, media, drawn.encode())


Found = dict[str, Any] | Problem | Answer
RUNS: dict[str, Callable[[str, Mapping[str, Any]], Found]] = {"run": _run, "runs": _runs}
ROLLOUTS: dict[str, Callable[[Ledger, Mapping[str, Any]], Found]] = {
    "rollout": _rollout,
    "rollouts": _rollouts,
    "rollout_news": _news,
    "rollout_ask": _ask,
    "rollout_host": _host,
}
