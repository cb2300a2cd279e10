"""``mgmtnet apply``: read the host, plan, show and ask, change it, prove it, report."""

import argparse
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import planner
from planner.apply import exclusion, journal
from planner.apply.contact import Sight
from planner.apply.execute import order_for, plan_for, see
from planner.apply.journal import journal_url
from planner.apply.library import (
    arrived,
    in_the_way,
    objections,
    problem_of,
    stands_already,
    state_folder,
    unfinished,
    unkept,
)
from planner.apply.order import Access, Order, Reboot, host_key, read_plan
from planner.apply.run import Event
from planner.apply.world import unusable
from planner.cli.arguments import variable
from planner.cli.hosts import (
    access_of,
    addresses_of,
    is_file,
    limits_of,
    reboot_of,
    telling,
    unexpectable,
)
from planner.cli.inputs import Wanted, read_wanted
from planner.cli.output import (
    complain,
    in_colour,
    problems_document,
    quieten_threads,
    say,
    say_json,
    tell,
    tell_document,
    tell_whole,
    width_of,
)
from planner.cli.progress import endable, progress, remark, say_report, word_at_the_terminal
from planner.files import read_file
from planner.host.model import Host
from planner.printing import json_text
from planner.problem import Problem
from planner.vdsm.client import Failure

BAD_INPUT, WRONG_USAGE, REFUSED, CHANGE, INTERRUPTED = 1, 2, 3, 4, 130


def run_apply(options: argparse.Namespace) -> int:
    """Apply; the exit status."""
    quieten_threads()
    plan = _plan_named(options)
    if isinstance(plan, Problem):
        return failed(options, [plan], WRONG_USAGE)
    document = _plan_document(plan) if plan else None
    if isinstance(document, Problem):
        return failed(options, [document])
    host = options.host or ((document or {}).get("management") or {}).get("address")
    if not host:
        missing = Problem("host-missing", "which host?", "mgmtnet apply HOST --network DEFINITION")
        return failed(options, [missing], WRONG_USAGE)
    if is_file(host):
        hint = f"mgmtnet apply HOST --network DEFINITION; mgmtnet rehearse {host} plays it on a stand-in"
        return failed(options, [Problem("host-missing", f"{host} is a file, and no host", hint)], WRONG_USAGE)
    return apply_to(options, host, document)


def apply_to(
    options: argparse.Namespace,
    host: str,
    document: dict[str, Any] | None = None,
    *,
    guard: str = "",
    addresses: Sequence[str] = (),
) -> int:
    """Apply to ``host`` the plan ``document``, or one that is made for it.

    ``guard``: a probe that must pass for VDSM to be told that the host is reached.
    """
    access, reboot = access_of(options, host), reboot_of(options, host)
    wanted = read_wanted(options) if document is None else None
    problems = [found for found in (access, reboot) if isinstance(found, Problem)]
    problems += telling(options.probe) or unusable(options.probe)
    problems += unexpectable(options.expect)
    problems += wanted if isinstance(wanted, list) else []
    if problems or isinstance(access, Problem) or isinstance(reboot, Problem) or isinstance(wanted, list):
        return failed(options, problems)
    complain(wanted.problems if wanted is not None else ())
    journal.prepare()
    access = replace(access, guard=guard)
    with progress(options.log) as tell:
        limits = limits_of(options)
        tell(Event("begin", "read", f"waiting for VDSM, reading {host}", limits.vdsm))
        sight = see(access, limits, tell)
        tell(Event("end", "read", "" if isinstance(sight, Failure) else f"{host} has described itself"))
    if isinstance(sight, Failure):
        return failed(options, [problem_of(sight)])
    if wanted is not None:
        document = _made_plan(sight, wanted, list(addresses) or addresses_of(host, access.routes))
    return _decided(options, access, reboot, sight, document or {})


def _made_plan(sight: Sight, wanted: Wanted, addresses: Sequence[str]) -> dict[str, Any]:
    return plan_for(sight, wanted.definition, wanted.rules, wanted.addresses or tuple(addresses)).document()


def _decided(
    options: argparse.Namespace, access: Access, reboot: Reboot | None, sight: Sight, plan: Mapping[str, Any]
) -> int:
    """Go on by what the plan says: refuse, leave alone, or change. But not while another run is at work on the host."""
    order = order_for(
        access,
        sight,
        plan,
        probes=options.probe,
        addresses=options.expect,
        reboot=reboot,
        limits=limits_of(options),
        made_by=planner.__version__,
    )
    order = replace(order, run=options.run or order.run)
    problem = in_the_way(order, settled=sight.host.dirty is False)
    if problem is not None:
        return failed(options, [problem])
    ended = _nothing_to_send(options, order, sight.host)
    if ended is None:
        ended = agreed(options, sight, plan)
    return carry_out(options, order) if ended is None else ended


def _nothing_to_send(options: argparse.Namespace, order: Order, host: Host) -> int | None:
    """The exit status where the plan refuses, is stale, or wants what the host is already; None: there is a change."""
    if order.plan["outcome"] == "refused":
        return _told(options, order.plan, REFUSED)
    there = arrived(order.plan, host)
    problems = [] if there else objections(order.plan, host)
    if problems:
        return failed(options, problems, REFUSED)
    if there or order.plan["outcome"] == "no-change":
        return say_report(options.output, stands_already(order, host, save=options.yes and not options.check))
    return failed(options, [_unlike()], REFUSED) if options.shape and options.shape != _shape(order.plan) else None


def _shape(plan: Mapping[str, Any]) -> str:
    from planner.fleet.topology import shape

    return shape(plan)


def _unlike() -> Problem:
    told = "the plan is of another shape than the one that was agreed to: the host, or the rules, have changed"
    return Problem("shape-differs", told, "`mgmtnet plan` shows what it would do now; apply it without --shape")


def carry_out(options: argparse.Namespace, order: Order) -> int:
    """Carry an order out under the eyes of the user, alone on its host."""
    from planner.apply.execute import carry_out as execute

    folder = state_folder()
    if isinstance(folder, Problem):
        return failed(options, [folder])
    url = journal_url(folder)
    with exclusion.only_run(folder, url, host_key(order), order.run) as held:
        problem = held or unfinished(url, order) or unkept(order)
        if problem is not None:
            return failed(options, [problem])
        remark(options.log, "run", f"run {order.run}")
        word = word_at_the_terminal()
        if order.limits.keep and sys.stdin is not None and sys.stdin.isatty():
            remark(options.log, "run", "once the change stands, type `yes` to keep it, `no` to have it taken back")
        try:
            with progress(options.log) as tell, endable(hangs_up=not order.limits.keep):
                report = execute(order, url, tell, word)
        except KeyboardInterrupt as ended:
            return left(options, order.run, ended)
    return say_report(options.output, report)


def left(options: argparse.Namespace, run: str, ended: KeyboardInterrupt) -> int:
    """Say how to go on with a run whose process is ended; the exit status."""
    resumed = f"mgmtnet resume {run}".rstrip()
    remark(options.log, "interrupted", f"interrupted: `{resumed}` goes on, or undoes")
    return getattr(ended, "status", INTERRUPTED)


def failed(options: argparse.Namespace, problems: Sequence[Problem], status: int = BAD_INPUT) -> int:
    """Say what is in the way of a run that has sent nothing."""
    complain(problems)
    if options.output == "json":
        say_json(problems_document(problems))
    return status


def _told(options: argparse.Namespace, plan: Mapping[str, Any], status: int) -> int:
    from planner.explain.summary import summary

    words = summary(plan, colour=in_colour(sys.stdout), width=width_of(sys.stdout))
    say(json_text(plan) if options.output == "json" else words, painted=options.output != "json")
    return status


def agreed(options: argparse.Namespace, sight: Sight, plan: Mapping[str, Any], heading: str = "") -> int | None:
    """Show the change and ask; None if it is agreed to, else the exit status.

    ``heading``: what takes the place of the plan in words, where no rules have made it.
    """
    from planner.explain.diff import changes, text
    from planner.explain.summary import summary

    stream = sys.stdout if options.check else sys.stderr
    width = width_of(stream)
    words = heading or summary(plan, colour=in_colour(stream), width=width)
    shown = f"{words}\n{text(changes(sight.host, plan), width)}"
    if options.check:
        say(json_text(plan) if options.output == "json" else shown, painted=options.output != "json")
        return CHANGE
    if options.log == "json":
        tell_document("plan", {"plan": plan})
    else:
        tell_whole(f"{shown}\n", painted=True)
    if options.yes:
        return None
    if sys.stdin is None or not sys.stdin.isatty():
        unasked = Problem("not-agreed", "nobody can be asked here; nothing was sent", "--yes applies without asking")
        return failed(options, [unasked], WRONG_USAGE)
    tell("Apply this? Only `yes` does it: ", end="")
    if sys.stdin.readline().strip().lower() == "yes":
        return None
    return failed(options, [Problem("declined", "not agreed to; nothing was sent", "only `yes` applies it")])


def _plan_named(options: argparse.Namespace) -> str | Problem | None:
    """The file of the plan, if there is one. With a definition beside it, what was typed goes before a variable."""
    named = {name: getattr(options, name) for name in ("plan", "network") if getattr(options, name)}
    typed = [name for name, value in named.items() if variable(name.upper()) != value]
    chosen = typed or list(named)
    if len(chosen) > 1:
        hint = "a plan holds its definition: leave --network away, or --plan for a new plan"
        return Problem("plan-and-definition", "both a plan and a definition are given", hint)
    return named.get("plan") if chosen == ["plan"] else None


def _plan_document(path: str) -> dict[str, Any] | Problem:
    content = read_file(path, "plan")
    return content if isinstance(content, Problem) else read_plan(content, path)


# ``mgmtnet register``: on the host itself, through its local VDSM, before it meets its engine; the same rules.
#
# The management address is the one from which the host reaches its engine, as ovirt-host-deploy had it. And VDSM is
# told that the host is reached only while the engine is: from the host itself VDSM can be reached always.


ENGINE_PORT = 443
HINT = "give the engine's name, address or URL as this host knows it"


def run_register(options: argparse.Namespace) -> int:
    """Register; the exit status."""
    engine = _place(options.engine_host)
    if isinstance(engine, Problem):
        return failed(options, [engine])
    host, port = engine
    try:
        address = _towards(host, port)
    except (OSError, UnicodeError) as failure:  # some names cannot even be asked for
        reason = getattr(failure, "strerror", "") or failure
        told = f"no way to the engine {options.engine_host!r}: {reason}"
        return failed(options, [Problem("engine-unreachable", told, HINT)])
    probe = f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}"
    options.probe = [probe, *options.probe]
    target = options.vdsm or (f"[{address}]" if ":" in address else address)
    return apply_to(options, target, guard=probe, addresses=[address])


def _place(engine: str) -> tuple[str, int] | Problem:
    """The engine's host and port from its name, its address, or its URL."""
    text = engine.strip()
    bare = text.count(":") > 1 and not text.startswith("[") and "://" not in text
    try:
        url = urlsplit(text if "://" in text else f"//[{text}]" if bare else f"//{text}")
        host, port = url.hostname, url.port
    except ValueError:
        host, port = None, None
    if not host or any(letter.isspace() for letter in host):
        return Problem("engine-malformed", f"{engine!r} is no engine", HINT)
    return host, port or ENGINE_PORT


def _towards(engine: str, port: int) -> str:
    """This host's own address on the way to the engine; nothing is sent."""
    family, kind, protocol, _, address = socket.getaddrinfo(engine, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as way:
        way.connect(address)
        return str(way.getsockname()[0])
