"""``mgmtnet rollout`` and ``mgmtnet worker``: many hosts in waves, by whoever works."""

import argparse
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import planner
from planner.apply import journal
from planner.apply.execute import run_name
from planner.apply.library import state_folder
from planner.apply.world import unusable
from planner.cli.apply import failed
from planner.cli.hosts import access_of, addresses_of, limits_of, telling
from planner.cli.output import complain, quieten_threads, say, say_at_last, say_json, say_lines, tell, tell_whole
from planner.cli.progress import Counting, counting, remark
from planner.files import read_file
from planner.fleet import account
from planner.fleet.inventory import read_inventory
from planner.fleet.ledger import (
    OVER,
    WAITS_AGAIN,
    AwayError,
    Ledger,
    Row,
    StaleError,
    asked_for,
    away,
    stale,
    unknown,
)
from planner.fleet.rollout import FAILED, Asked, Member, Power, Rollout, in_waves, wave_sizes
from planner.fleet.survey import Candidate, Looked, survey
from planner.fleet.waves import read_window
from planner.fleet.wishes import Wish, Wishes, read_wishes
from planner.fleet.worker import Hands, News, Worker
from planner.printing import json_text
from planner.problem import Problem, errors
from planner.rules.compiled import Compiled
from planner.rules.shelf import compiled_rules

BAD_INPUT, WRONG_USAGE, INTERRUPTED = 1, 2, 130


# Where rollouts are kept.


@contextmanager
def _kept(options: argparse.Namespace) -> Iterator[tuple[Ledger, str] | Problem]:
    """The rollouts in the database that is meant, and its URL; or why it cannot be used."""
    folder = state_folder(options.database or "")
    if isinstance(folder, Problem):
        yield folder
        return
    url = journal.journal_url(folder, options.database or "")
    ledger = Ledger(url, os.path.join(folder, "fleet.json"))
    try:
        if getattr(options, "restored", False):
            ledger.accept()
        ledger.prepare()
        yield ledger, url
    except StaleError:
        yield stale()
    except AwayError as failure:
        yield away(failure)
    finally:
        ledger.close()


# From hosts as they are named to a rollout.


class Named(NamedTuple):
    """A host as it was named: where its VDSM is, and what the inventory says of power management and groups."""

    name: str
    target: str
    proxy: str = ""
    bmc: str = ""
    groups: tuple[str, ...] = ()


def _hosts(stated: str) -> list[Named] | list[Problem]:
    """The hosts of a file, or those that are named, each once."""
    if not os.path.exists(stated) and os.sep not in stated:
        names = [name.strip() for name in stated.split(",") if name.strip()]
        return [Named(name, name) for name in dict.fromkeys(names)]
    content = read_file(stated, "inventory")
    if isinstance(content, Problem):
        return [content]
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return [Problem("inventory-invalid", f"{stated} is no text", "an inventory or a list of hosts is meant")]
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("#", ";"))]
    if all(len(line.split()) == 1 and not line.endswith(":") and not set(line) & set("[]{}=") for line in lines):
        return [Named(line, line) for line in dict.fromkeys(lines)]
    inventory = read_inventory(text, stated)
    found = errors(inventory.problems)
    if found:
        return found
    return [
        Named(
            entry.name,
            str(entry.vars.get("mgmtnet_target") or entry.address),
            str(entry.vars.get("fence_proxy") or ""),
            str(entry.vars.get("fence_address") or ""),
            entry.groups,
        )
        for entry in inventory.entries
    ]


def _wishes(path: str | None) -> tuple[list[Wish], list[Problem]]:
    if path is None:
        from planner.definition import read_definition

        reading = read_definition(b"{}", "definition")
        return ([Wish("*", {}, reading.definition)] if reading.definition else []), list(reading.problems)
    return read_wishes(path)


def _candidates(
    options: argparse.Namespace, hosts: Sequence[Named], wishes: Sequence[Wish], definitions: list[str]
) -> tuple[list[Candidate], list[Problem]]:
    """Each host with how it is reached and what is wanted of it, of which each is put into ``definitions`` once."""
    problems: list[Problem] = []
    known: dict[str, int] = {}
    rows = Wishes(wishes)
    candidates = []
    access = access_of(options, "")
    if isinstance(access, Problem):
        return [], [access]
    for host in hosts:
        wish = rows.about([host.name], host.groups)
        if wish is None:
            hint = "name it, or a pattern for it, in the column `capture`"
            problems.append(Problem("host-unwanted", f"no row of the table is about {host.name}", hint))
            continue
        text = json_text(dict(wish.wanted), None)
        number = known.setdefault(text, len(known))
        own = replace(access, target=host.target)
        addresses = wish.addresses or tuple(addresses_of(host.target, own.routes))
        proxy = host.proxy or ("" if options.reboot == "none" else options.reboot)
        bmc = host.bmc if proxy else ""
        problems += _unfit_to_reboot(host, proxy, bmc)
        candidates.append(Candidate(host.name, own, wish.definition, number, addresses, proxy, bmc))
    definitions += known
    return candidates, problems


def _unfit_to_reboot(host: Named, proxy: str, bmc: str) -> Iterator[Problem]:
    if proxy in (host.name, host.target) and proxy:
        hint = "give it another fence_proxy in the inventory"
        yield Problem("fence-itself", f"{host.name} cannot switch itself off and on", hint)
    if proxy and not bmc:
        hint = "give it a fence_address in the inventory, or --reboot none"
        yield Problem("fence-incomplete", f"nothing tells the power management of {host.name}", hint)


def run_rollout_start(options: argparse.Namespace) -> int:
    """Read, plan, show, ask, and work until it has ended; the exit status."""
    quieten_threads()
    hosts, (wishes, problems) = _hosts(options.hosts), _wishes(options.network)
    compiled, unsound = compiled_rules(options.policy or options.rules)
    problems = [*problems, *unsound, *telling(options.probe), *unusable(options.probe)]
    problems += [one for one in hosts if isinstance(one, Problem)]
    named = [one for one in hosts if isinstance(one, Named)]
    window = read_window(options.window)
    problems += [window] if isinstance(window, Problem) else []
    sizes = wave_sizes(options.waves, 0)
    problems += [sizes] if isinstance(sizes, Problem) else []
    problems += [] if options.reboot == "none" else _power_problems(options)
    candidates: list[Candidate] = []
    definitions: list[str] = []
    if not errors(problems):
        candidates, found = _candidates(options, named, wishes, definitions)
        problems += found
    complain([one for one in problems if one.severity != "error"])
    if errors(problems) or compiled is None:
        return failed(options, errors(problems))
    journal.prepare()
    looked = _surveyed(options, candidates, compiled)
    rollout = _made(options, compiled, definitions, looked)
    if isinstance(rollout, Problem):
        return failed(options, [rollout])
    shown = account.planned(rollout, sum(one.member is None and one.problem is None for one in looked))
    if options.plan_only:
        say_json(rollout.document()) if options.output == "json" else say(shown)
        return account.LISTED if rollout.listed else 0
    if not rollout.members:
        say_json(rollout.document()) if options.output == "json" else tell_whole(shown)
        return account.LISTED if rollout.listed else 0
    ended = None if options.yes else _agreed(options, shown)
    if ended is not None:
        return ended
    return _started(options, rollout, compiled)


def _power_problems(options: argparse.Namespace) -> list[Problem]:
    missing = [name for name in ("agent", "user") if not getattr(options, f"fence_{name}")]
    if not missing:
        return []
    hint = "give " + ", ".join(f"--fence-{name}" for name in missing) + ", or --reboot none"
    return [Problem("fence-incomplete", "a reboot needs the hosts' power management", hint)]


def _surveyed(options: argparse.Namespace, candidates: Sequence[Candidate], rules: Compiled) -> list[Looked]:
    looked = []
    with counting(options.log, "read", len(candidates)) as (line, move):
        line(f"reading {len(candidates)} hosts")
        for one in survey(candidates, rules, limits_of(options)):
            looked.append(one)
            move(len(looked))
    return looked


def _made(
    options: argparse.Namespace, rules: Compiled, definitions: Sequence[str], looked: Sequence[Looked]
) -> Rollout | Problem:
    found = [one.member for one in looked if one.member is not None]
    sizes = wave_sizes(options.waves, len(found))
    if isinstance(sizes, Problem):
        return sizes
    members, canaries = in_waves(found, sizes)
    power = Power(options.fence_agent or "", options.fence_user or "", options.fence_options)
    return Rollout(
        name=options.name or run_name().replace("_", "-"),
        rules=rules.ruleset.title,
        digest=rules.ruleset.digest,
        definitions=tuple(definitions),
        members=members,
        waves=_sizes(members),
        max_failures=int(options.max_failures),
        concurrency=int(options.concurrency),
        window=options.window,
        canaries=canaries,
        listed=tuple(
            {"name": one.name, "code": one.problem.code, "message": one.problem.message}
            for one in looked
            if one.problem is not None
        ),
        transport=options.transport,
        engine=options.engine or "" if options.transport == "engine" else "",
        pin=options.pin or "",
        power=None if options.reboot == "none" else power,
        probes=tuple(options.probe),
        timeout=options.timeout,
        wait=options.wait,
        made_by=planner.__version__,
        began=time.time(),
    )


def _sizes(members: Sequence[Member]) -> tuple[int, ...]:
    """How many hosts each wave has, once canaries are placed and held hosts are not."""
    sizes = [0] * (max((member.wave for member in members), default=-1) + 1)
    for member in members:
        if member.wave >= 0:
            sizes[member.wave] += 1
    return tuple(sizes)


def _agreed(options: argparse.Namespace, shown: str) -> int | None:
    tell_whole(shown)
    if sys.stdin is None or not sys.stdin.isatty():
        unasked = Problem("not-agreed", "nobody can be asked here; nothing was sent", "--yes starts without asking")
        return failed(options, [unasked], WRONG_USAGE)
    tell("Start this? Only `yes` does it: ", end="")
    if sys.stdin.readline().strip().lower() == "yes":
        return None
    return failed(options, [Problem("declined", "not agreed to; nothing was sent", "only `yes` starts it")])


def _started(options: argparse.Namespace, rollout: Rollout, rules: Compiled) -> int:
    with _kept(options) as kept:
        if isinstance(kept, Problem):
            return failed(options, [kept])
        ledger, url = kept
        if not ledger.add(rollout):
            told = f"there has been a rollout {rollout.name}; a name serves once"
            return failed(options, [Problem("rollout-exists", told, "take another --name")])
        remark(options.log, "rollout", f"rollout {rollout.name}")
        if options.detach:
            return 0
        return _worked(options, ledger, url, rules, rollout.name)


# Working.


def _hands(options: argparse.Namespace, url: str, rules: Compiled) -> Hands:
    named = {
        "MGMTNET_CA": options.ca,
        "MGMTNET_CERT": options.cert,
        "MGMTNET_KEY": options.key,
        "MGMTNET_ENGINE_PASSWORD_FILE": options.engine_password_file,
        "MGMTNET_FENCE_PASSWORD_FILE": options.fence_password_file,
        "MGMTNET_ROUTES": options.routes,
    }
    environ = {name: os.path.abspath(path) for name, path in named.items() if path}
    environ |= {"MGMTNET_ENGINE_USER": options.engine_user} if options.engine_user else {}
    chosen = ("--policy", os.path.abspath(options.policy)) if options.policy else ()
    chosen = chosen or (("--rules", options.rules) if options.rules else ())
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
    return Hands(url, rules.ruleset.digest, chosen, environ, int(options.jobs), name)


def _worked(options: argparse.Namespace, ledger: Ledger, url: str, rules: Compiled, name: str) -> int:
    """Work until the rollout of that name has ended, and tell how it goes."""
    rollout = ledger.rollout(name)
    if not isinstance(rollout, Rollout):
        return failed(options, [rollout or unknown(name)])
    total = sum(not member.held for member in rollout.members)
    with counting(options.log, rollout.name, total) as bar:
        show = _Show(ledger, rollout, bar)
        worker = Worker(ledger, _hands(options, url, rules), show.news)
        try:
            problem = worker.run(show.ended)
        except KeyboardInterrupt:
            told = f"interrupted: hosts under way go on by themselves; `mgmtnet rollout resume {name}` goes on"
            remark(options.log, "interrupted", told)
            return INTERRUPTED
    if problem is not None:
        return failed(options, [problem])
    return _told(options, ledger, rollout)


def _told(options: argparse.Namespace, ledger: Ledger, rollout: Rollout) -> int:
    document = account.document(ledger, rollout)
    say_at_last(json_text(document) if options.output == "json" else account.text(document))
    return account.exit_status(document)


class _Show:
    """Tells how a rollout goes, host by host."""

    def __init__(self, ledger: Ledger, rollout: Rollout, bar: Counting) -> None:
        self._ledger, self._rollout, self._bar = ledger, rollout, bar
        self._changed = 0
        self._over: set[int] = set()

    def news(self, news: News) -> None:
        """What the worker tells; of what follows from hosts that have ended, after those."""
        if news.rollout == self._rollout.name:
            self._hosts()
        if news.rollout in ("", self._rollout.name):
            self._bar.line(news.said)

    def ended(self) -> bool:
        """Tell of each host that has ended since; whether the rollout has."""
        self._hosts()
        standing = self._ledger.standing(self._rollout.name)
        return standing is None or bool(standing.ended)

    def _hosts(self) -> None:
        for row in self._ledger.rows(self._rollout.name, self._changed):
            self._changed = max(self._changed, row.changed)
            if row.stage == OVER:
                self._over.add(row.host)
                self._bar.line(f"{self._rollout.members[row.host].name}: {_line(row)}")
        self._bar.move(len(self._over))


def _line(row: Row) -> str:
    because = f": {row.told['said']}" if row.told.get("said") else ""
    return account.WORDS[row.state] + because


def run_worker(options: argparse.Namespace) -> int:
    """Work until ended; the exit status."""
    quieten_threads()
    compiled, problems = compiled_rules(options.policy or options.rules)
    if compiled is None or errors(problems):
        return failed(options, errors(problems))
    with _kept(options) as kept:
        if isinstance(kept, Problem):
            return failed(options, [kept])
        ledger, url = kept
        hands = _hands(options, url, compiled)

        def news(told: News) -> None:
            remark(options.log, "worker", f"{told.rollout}: {told.said}" if told.rollout else told.said)

        worker = Worker(ledger, hands, news)
        signal.signal(signal.SIGTERM, lambda *_: worker.end())
        remark(options.log, "worker", f"{hands.name} works by {compiled.ruleset.title}; SIGTERM ends it")
        try:
            problem = worker.run()
        except KeyboardInterrupt:
            remark(options.log, "worker", "interrupted: hosts under way go on by themselves, and are taken over")
            return INTERRUPTED
    return failed(options, [problem]) if problem is not None else 0


# Looking at rollouts, and asking something of them.


def run_rollout_status(options: argparse.Namespace) -> int:
    """Print one rollout, or a line for each; the exit status."""
    with _kept(options) as kept:
        if isinstance(kept, Problem):
            complain([kept])
            return BAD_INPUT
        ledger, _ = kept
        if options.name:
            return _shown_as(options, ledger, account.text)
        standings = ledger.standings()
        if options.output == "json":
            say_json([one._asdict() for one in standings])
        else:
            lines = [f"{one.name}  {one.ended or {'go': 'going'}.get(one.asked, one.asked)}" for one in standings]
            say_lines(lines or ["no rollouts yet"])
    return 0


def run_rollout_report(options: argparse.Namespace) -> int:
    """Print what became of each host; the exit status."""
    kinds = {"junit": account.junit_report, "html": account.page}
    with _kept(options) as kept:
        if isinstance(kept, Problem):
            complain([kept])
            return BAD_INPUT
        return _shown_as(options, kept[0], kinds.get(options.output, account.text))


def _shown_as(options: argparse.Namespace, ledger: Ledger, kind: Callable[[dict[str, Any]], str]) -> int:
    rollout = ledger.rollout(options.name)
    if not isinstance(rollout, Rollout):
        complain([rollout or unknown(options.name)])
        return BAD_INPUT
    document = account.document(ledger, rollout)
    say_json(document) if options.output == "json" else say(kind(document))
    return 0


def run_rollout_pause(options: argparse.Namespace) -> int:
    """Begin no further host; the exit status."""
    return _asked(options, "pause")


def run_rollout_stop(options: argparse.Namespace) -> int:
    """Begin no further host, and end; the exit status."""
    return _asked(options, "stop")


def _asked(options: argparse.Namespace, asked: Asked) -> int:
    with _kept(options) as kept:
        if isinstance(kept, Problem):
            complain([kept])
            return BAD_INPUT
        ledger, _ = kept
        problem = asked_for(ledger, options.name, asked)
        if problem is not None:
            complain([problem])
            return BAD_INPUT
        tell(f"{options.name}: no further host begins; what is under way is finished")
    return 0


def run_rollout_resume(options: argparse.Namespace) -> int:
    """Go on, and work until the rollout has ended; the exit status."""
    quieten_threads()
    compiled, problems = compiled_rules(options.policy or options.rules)
    if compiled is None or errors(problems):
        return failed(options, errors(problems))
    with _kept(options) as kept:
        if isinstance(kept, Problem):
            return failed(options, [kept])
        ledger, url = kept
        standing = ledger.standing(options.name)
        if standing is None:
            return failed(options, [unknown(options.name)])
        if standing.digest != compiled.ruleset.digest and not options.detach:
            hint = "give the --rules or --policy that it was started with, as they were"
            told = f"the rollout {options.name} was planned by other rules than {compiled.ruleset.title} here"
            return failed(options, [Problem("rollout-rules", told, hint)])
        if options.failed or standing.ended == "failed":
            for row in ledger.rows(options.name):
                if row.state in FAILED:
                    ledger.enter(
                        options.name, row._replace(attempt=row.attempt + 1, state="waiting", stage=WAITS_AGAIN)
                    )
        ledger.ask(options.name, "go")
        return 0 if options.detach else _worked(options, ledger, url, compiled, options.name)
