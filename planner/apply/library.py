"""Applying from Python, checked as the command does it: a host is read, an order made of a plan, and carried out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from threading import Lock
from time import monotonic, sleep
from typing import Any

import planner
from planner.apply import exclusion, execute, journal
from planner.apply.contact import Sight
from planner.apply.order import DEFAULT_LIMITS, Access, Limits, Order, Reboot, altered, host_key, read_order
from planner.apply.reversal import order_to_undo, undoable
from planner.apply.run import Event, Listener, Report, Step, Word, nobody_said, unchanged
from planner.apply.verify import differences
from planner.host.capture import read_capture
from planner.host.model import Host
from planner.plan.plan import Plan
from planner.problem import Problem, Result, errors
from planner.vdsm.client import Failure

# The journal's library has one state for the process.
_ONE_RUN = Lock()


def read_host(access: Access, limits: Limits = DEFAULT_LIMITS) -> Result[Sight]:
    """Read a host as soon as its VDSM answers.

    Args:
        access: whom to ask, and how; certificates and passwords that it does not name are those of the environment
            (MGMTNET_CA and so on), else VDSM's own.
        limits: how long to wait, in seconds.

    Returns:
        The host as it describes itself, or why it cannot be read; ``host`` of it is what plans are made for.

    >>> read_host(Access("127.0.0.1:1"), Limits(vdsm=0.1)).problems[0].code
    'host-unreachable'
    """
    sight = execute.see(access, limits)
    return Result(None, (problem_of(sight),)) if isinstance(sight, Failure) else Result(sight, ())


def make_order(
    access: Access,
    sight: Sight,
    plan: Plan,
    *,
    probes: Sequence[str] = (),
    addresses: Sequence[str] = (),
    reboot: Reboot | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Result[Order]:
    """Make of a plan what is to be done to a host; nothing is sent.

    Args:
        access: as for `read_host`; it is written down with the order, so it holds paths and no secrets.
        sight: of `read_host`: the host that was planned for.
        plan: of `planner.Planner.plan`; one that changes nothing makes an order by which nothing is sent.
        probes: what must answer after the change if it did before, beside the host's own ports, gateways and name
            servers: tcp://host:port, https://host/path, dns://server or ip://address.
        addresses: where the host may be after the change, beside those of the plan.
        reboot: whether a reboot is to prove that the change lasts, and by whom.
        limits: how long to wait, in seconds.

    Returns:
        The order, or why there is none: the plan refuses, or the host is not the one that was planned for.
    """
    document = plan.document()
    there = arrived(document, sight.host)
    order = execute.order_for(
        access,
        sight,
        {**document, "steps": []} if there else document,
        probes=probes,
        addresses=addresses,
        reboot=reboot,
        limits=limits,
        made_by=planner.__version__,
    )
    problems = [] if there else errors(plan.problems) or objections(document, sight.host)
    return Result(None if problems else order, tuple(problems))


def carry_out(order: Order, tell: Listener | None = None) -> Result[Report]:
    """Carry an order out, and wait for its end; alone on its host, each step written down before the next begins.

    Args:
        order: of `make_order`.
        tell: is called with each `Event` of the run.

    Returns:
        How the run ended, whatever it was; or why none was begun: another is at work on the host, or was interrupted
        there, or nothing can be written down.

    Where the runs are written down MGMTNET_STATE and MGMTNET_JOURNAL say, as for the command; `mgmtnet resume` goes on
    with a run whose process has ended. Of several threads one carries out its order after the other.
    """
    folder = state_folder()
    if isinstance(folder, Problem):
        return Result(None, (folder,))
    url = journal.journal_url(folder)
    before = read_capture(dict(order.before), "the order").required()
    with _ONE_RUN, exclusion.only_run(folder, url, host_key(order), order.run) as held:
        sends = bool(order.plan["steps"])
        problem = held or (unfinished(url, order) if sends or before.dirty is not False else None) or unkept(order)
        if problem is not None:
            return Result(None, (problem,))
        if not sends:
            return Result(stands_already(order, before), ())
        return Result(execute.carry_out(order, url, tell or (lambda _: None)), ())


def resume(run: str, tell: Listener | None = None, *, expected: Sequence[str] = ()) -> Result[Report]:
    """Go on with a run whose process has ended, or take up one that ended in doubt, and wait for its end.

    Args:
        run: its name; `Report.run` of `carry_out`, and `mgmtnet status` lists them.
        tell: is called with each `Event` of the run.
        expected: addresses where the host may be by now, too.

    Returns:
        How the run ended; that of a run which ended in doubt has a name of its own. Or why nothing was done: nobody
        knows the run, it has ended and there is nothing to do about it, or another process is at work on its host.

    >>> resume("20260101-000000-0000").problems[0].code
    'run-unknown'
    """
    folder = state_folder()
    if isinstance(folder, Problem):
        return Result(None, (folder,))
    url = journal.journal_url(folder)
    record = run_named(url, run)
    if isinstance(record, Problem):
        return Result(None, (record,))
    with _ONE_RUN:
        return gone_on_with(record, folder, url, tell or (lambda _: None), expected)


def gone_on_with(
    record: journal.Record,
    folder: str,
    url: str,
    tell: Listener,
    expected: Sequence[str],
    again: str | None = None,
    word: Word = nobody_said,
) -> Result[Report]:
    """Go on with a run of the journal at ``url``, alone on its host; see `resume`.

    ``again``: what the run is called by which one that ended in doubt is taken up. ``word``: who is asked whether the
    change is to be kept.
    """
    if record.state == "ended" and journal.standing(record) not in execute.TAKEN_UP:
        told = f"the run {record.run} has ended: {journal.standing(record)}"
        return Result(None, (Problem("run-ended", told, "`mgmtnet apply` begins a new run"),))
    with exclusion.only_run(folder, url, host_key(read_order(record.order)), record.run) as held:
        if held is not None:
            return Result(None, (held,))
        if record.state == "running":
            return Result(execute.go_on(record, url, tell, expected, word), ())
        again = again or execute.run_name()
        tell(Event("said", "run", f"run {again}, after {record.run}"))
        return Result(execute.take_up(record, again, url, tell, expected, word), ())


# Seconds within which a run has written down that it heard: it listens twice a second. And between two looks for that.
HEARD_WITHIN, LISTEN_EVERY = 10.0, 0.2


def confirm(run: str) -> Result[Step]:
    """Say of a run that waits for it (``keep`` of its `Limits`) that its change is to be kept.

    Args:
        run: its name; whoever carries it out is another thread, another process, or on another machine.

    Returns:
        The run's step by which it keeps the change, which it saves then. Or why it does not: nobody knows the run, it
        does not ask, it was too late, or nobody is at work on it.

    >>> confirm("20260101-000000-0000").problems[0].code
    'run-unknown'
    """
    folder = state_folder()
    record = folder if isinstance(folder, Problem) else confirmed(folder, run)
    return Result(None, (record,)) if isinstance(record, Problem) else Result(_kept(record), ())


def confirmed(folder: str, run: str) -> journal.Record | Problem:
    """The run that keeps its change, as `confirm` has said; ``folder`` is the state folder."""
    url = journal.journal_url(folder)
    record = run_named(url, run)
    if isinstance(record, Problem):
        return record
    if not record.asks:
        told = f"the run {run} does not ask whether its change is to be kept: {journal.standing(record)}"
        return Problem("not-asked", told, "only a run with --confirm-within asks, once the change stands")
    failure = journal.confirm(url, run)
    if failure is not None:
        return failure
    end = monotonic() + (HEARD_WITHIN if _at_work(folder, url, record) else 0.0)
    while record.asks:
        again = run_named(url, run)
        record = record if isinstance(again, Problem) else again
        if monotonic() >= end:
            break
        sleep(LISTEN_EVERY)
    if record.asks:
        told = f"it is written down that the run {run} is kept, but nobody is at work on it"
        return Problem("run-unfinished", told, f"`mgmtnet resume {run}` saves the change")
    if _kept(record) is None:
        told = f"too late: the change of the run {run} is being taken back"
        return Problem("not-kept", told, f"`mgmtnet status {run}` shows how it ends")
    return record


def _at_work(folder: str, url: str, record: journal.Record) -> bool:
    """Whether somebody may be at work on a run's host: here, in a container beside us, or on another machine."""
    host = host_key(read_order(record.order))
    if exclusion.held_here(host):
        return True
    with exclusion.only_run(folder, url, host, record.run) as held:
        return held is not None


def _kept(record: journal.Record) -> Step | None:
    return next((step for step in record.steps if step.name == "keep" and step.found.get("kept")), None)


def undo(run: str, tell: Listener | None = None, *, limits: Limits = DEFAULT_LIMITS) -> Result[Report]:
    """Take back what a run has changed, by a run of its own, and wait for its end.

    Args:
        run: the name of one that ended as planned, saved or not.
        tell: is called with each `Event` of the run that takes it back.
        limits: how long to wait, in seconds.

    Returns:
        How that run ended, "as planned" being as before the run that it undoes; one without a name has sent nothing,
        as the host stands so already. Or why nothing was done: nobody knows the run, it has changed nothing, or the
        host was changed otherwise since.

    >>> undo("20260101-000000-0000").problems[0].code
    'run-unknown'
    """
    folder = state_folder()
    if isinstance(folder, Problem):
        return Result(None, (folder,))
    record = run_named(journal.journal_url(folder), run)
    if isinstance(record, Problem):
        return Result(None, (record,))
    problem = undoable(record)
    if problem is not None:
        return Result(None, (problem,))
    made = replace(execute.here(read_order(record.order)), run=execute.run_name())
    sight = read_host(made.access, limits)
    if sight.value is None:
        return Result(None, sight.problems)
    problem = in_the_way(made, settled=sight.value.host.dirty is False)
    if problem is not None:
        return Result(None, (problem,))
    order = order_to_undo(record, sight.value, limits)
    if isinstance(order, Problem):
        return Result(None, (order,))
    return Result(order, ()) if isinstance(order, Report) else carry_out(order, tell)


def run_named(url: str, run: str) -> journal.Record | Problem:
    """The run of that name in the journal at ``url``."""
    found = journal.readable(url, run)
    if isinstance(found, Problem):
        return found
    return next((record for record in found if record.run == run), None) or unknown_run(run)


def unknown_run(run: str) -> Problem:
    """Nobody knows a run of that name."""
    return Problem("run-unknown", f"there is no run {run!r}", "`mgmtnet status` lists the runs")


# What stands in the way of an order: to the command as to the library.


def arrived(plan: Mapping[str, Any], host: Host) -> bool:
    """Whether ``host`` has changed since ``plan`` was made, and has become what was planned.

    One that has not is changed as the rules say, also where the difference is in what its VDSM does not show (gateways
    on EL9).
    """
    changed = plan["inputs"]["capture"] != host.digest
    return changed and plan["outcome"] == "change" and not differences(plan["steps"][-1]["request"], host)


def objections(plan: Mapping[str, Any], host: Host) -> list[Problem]:
    """Why a plan that does not refuse must not be carried out on ``host``; not asked of one that `arrived`."""
    if plan["inputs"]["capture"] != host.digest:
        hint = "make the plan again from the host as it is now: mgmtnet capture, mgmtnet plan"
        return [Problem("stale-plan", "the host is not as it was when it was planned for", hint)]
    return altered(plan, host) if plan["outcome"] == "change" else []


def unkept(order: Order) -> Problem | None:
    """Why a change that somebody is to keep cannot be made: it could not be taken back."""
    if not order.limits.keep or order.access.transport != "engine":
        return None
    told = "over the engine a change cannot be taken back where nobody keeps it: it builds only what is defined"
    return Problem("not-over-engine", told, "speak with VDSM itself (--transport auto), or leave --confirm-within out")


def stands_already(order: Order, host: Host, *, save: bool = True) -> Report:
    """Nothing is to be changed. Where nobody tells whether that is saved (the engine does not), ``save`` it again."""
    dirty, failure = host.dirty, None
    if dirty is None and save:
        saved = execute.save(order.access, order.limits)
        dirty, failure = (None, saved) if isinstance(saved, Failure) else (False, None)
    reboot = order.reboot is not None
    return unchanged(order.access.target, order.plan, dirty=dirty, failure=failure, reboot=reboot)


def in_the_way(order: Order, *, settled: bool) -> Problem | None:
    """Another run at work on the host, or one that was interrupted: what the host shows meanwhile is not what it is.

    ``settled``: nothing is unsaved there, so no run can have been interrupted in the midst of a change.
    """
    folder = state_folder()
    if isinstance(folder, Problem):
        return folder
    url = journal.journal_url(folder)
    with exclusion.only_run(folder, url, host_key(order), order.run) as held:
        if held is not None or settled:
            return held
        return unfinished(url, order)


def unfinished(url: str, order: Order) -> Problem | None:
    """An interrupted run on the order's host; or that the journal cannot tell."""
    found = journal.readable(url, order.run)
    return found if isinstance(found, Problem) else exclusion.unfinished(found, order)


def state_folder(database: str = "") -> str | Problem:
    """Where runs are remembered; or why nothing can be written down there, or in the ``database``."""
    try:
        folder = journal.state_folder()
        return journal.unusable(journal.journal_url(folder, database)) or folder
    except OSError as failure:
        told = f"cannot remember runs in {failure.filename!r}: {failure.strerror}"
        return Problem("state-unwritable", told, "name a folder of yours by MGMTNET_STATE")
    except UnicodeEncodeError as failure:
        told = f"cannot remember runs in {failure.object!r}: the path is no UTF-8"
        return Problem("state-unwritable", told, "name a folder of yours by MGMTNET_STATE")


def problem_of(failure: Failure) -> Problem:
    """A failed call, as every other problem is told."""
    named = f" ({failure.name})" if failure.name else ""
    return Problem(f"host-{failure.kind}", failure.message + named, failure.hint)
