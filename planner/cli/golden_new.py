"""``mgmtnet golden new``: goldens out of captured hosts, without what names anybody."""

import argparse
import os
import secrets
import shutil
from itertools import count
from typing import NamedTuple

from planner.authoring.golden import Case, changed_by_scrubbing, described, kept_of, scrubbed, try_out
from planner.cli.output import complain, say_lines, tell
from planner.definition import read_definition
from planner.files import read_file
from planner.fleet.captures import Captured, captures_in
from planner.fleet.wishes import Wish, Wishes, one_for_all, read_table, unused
from planner.host.capture import read_capture
from planner.host.scrub import KEY_LENGTH
from planner.plan.plan import Plan
from planner.problem import Problem, Where, errors
from planner.rules.compiled import Compiled
from planner.rules.reader import NAME
from planner.rules.shelf import compiled_rules
from planner.vdsm.addresses import resolve

# A golden out of a captured host: renamed, planned by the rules, and written whole or not at all.


class Given(NamedTuple):
    """What goldens are made with: the rules, the folder they go into, names that stay, and a sentence about each."""

    rules: Compiled
    folder: str
    keep: tuple[str, ...]
    about: str


def made_of(captured: Captured, wish: Wish | None, given: Given, name: str = "") -> tuple[str, list[Problem]]:
    """The path of the golden that was made of the capture, nothing if none was; and what is to be told.

    Without a ``name`` it has that of the wish, else one by what it is: a file is often called like its host.
    """
    content = captured.content()
    if isinstance(content, Problem):
        return "", [content]
    name = name or (wish.name if wish is not None else "")
    reading = read_capture(content, captured.source)
    problems = list(reading.problems)
    if wish is None and not errors(problems):
        hint = "add a row for it, or a --network for all others"
        problems.append(Problem("no-definition", "no row is about it", hint, where=(Where(captured.source),)))
    problems += unfit_name(name, given.folder) if name else []
    if wish is None or reading.document is None or errors(problems):
        return "", problems
    # A golden is made once: nobody needs the key again.
    document, key = dict(reading.document), secrets.token_bytes(KEY_LENGTH)
    renamed = scrubbed(document, wish.wanted, wish.addresses, given.keep, key)
    before, after = read_capture(document, captured.source), read_capture(renamed.capture, "the renamed capture")
    definition = read_definition(renamed.definition, "the renamed definition")
    if before.host is None or after.host is None or definition.definition is None:
        return "", [*problems, *before.problems, *after.problems, *definition.problems]
    was = try_out(Case(name, before.host, wish.definition, wish.addresses), given.rules)
    trial = try_out(Case(name, after.host, definition.definition, renamed.addresses), given.rules)
    path = os.path.join(given.folder, name or _free_name(trial.plan, given.folder))
    files = renamed.files(wish.about or given.about or described(trial)) | kept_of(trial.plan)
    unwritten = _written(path, files)
    return "" if unwritten else path, [*problems, *changed_by_scrubbing(was, trial), *unwritten]


def unfit_name(name: str, folder: str) -> list[Problem]:
    """What is wrong with the name of a golden that is to be in ``folder``."""
    path = os.path.join(folder, name)
    if not NAME.fullmatch(name):
        return [Problem("bad-name", f"{name!r} cannot be a golden's name", "spell it like vlan-over-bond")]
    if os.path.lexists(path):
        hint = "choose another name; `mgmtnet golden update` brings its plan up to date"
        return [Problem("golden-exists", f"there is a golden {name}", hint, where=(Where(path),))]
    return []


def _free_name(plan: Plan, folder: str) -> str:
    """``bond-change-3``: where the address is, what is planned, and the first number that is free."""
    what = f"{plan.management.kind if plan.management is not None else 'no-address'}-{plan.outcome}"
    return next(name for number in count(1) if not os.path.lexists(os.path.join(folder, name := f"{what}-{number}")))


def _written(path: str, files: dict[str, str]) -> list[Problem]:
    """The golden whole or not at all: its folder is made beside, and renamed."""
    folder, name = os.path.split(path)
    beside = os.path.join(folder, f".{name}.{os.getpid()}")
    try:
        os.makedirs(beside)
        for file, text in files.items():
            with open(os.path.join(beside, file), "x", encoding="utf-8") as stream:
                stream.write(text)
        os.rename(beside, path)
    except (OSError, UnicodeError) as failure:  # a name or a sentence of bytes that are no text
        shutil.rmtree(beside, ignore_errors=True)
        reason = getattr(failure, "strerror", "") or str(failure)
        return [Problem("file-unwritable", f"cannot make {path!r}: {reason}", "name a folder of yours")]
    return []


FOLDER = "golden"


def run_golden_new(options: argparse.Namespace) -> int:
    """Make the goldens; the exit status."""
    captures, folder = _places(options)
    problems = _unfit(options, captures, folder)
    wishes, found = _wishes(options)
    rules, unsound = compiled_rules(options.policy or options.rules)
    problems += [*found, *unsound]
    if rules is None or errors(problems):
        if options.name:  # all that is wrong, at once
            problems += _capture_problems(captures[0])
        complain(problems)
        return 1
    complain(problems)
    given = Given(rules, folder, tuple(options.keep), options.about or "")
    if options.name:
        return _one(Captured(captures[0], captures[0]), wishes, given, options)
    return _many(captures, wishes, given, options.table or "")


def _places(options: argparse.Namespace) -> tuple[list[str], str]:
    """The captures, and the folder that the goldens go into: with a name, the second path is that folder."""
    if options.name and options.into is None and len(options.captures) == 2:
        return options.captures[:1], options.captures[1]
    return options.captures, options.into or FOLDER


def _unfit(options: argparse.Namespace, captures: list[str], folder: str) -> list[Problem]:
    """What of the options does not go together, or cannot be a name."""
    problems = []
    if options.name:
        if len(captures) > 1:
            hint = "leave --name out: each gets a name by what it is; or name them in a --table"
            problems.append(Problem("options-contradict", "one name is given for several captures", hint))
        problems += unfit_name(options.name, folder)
    elif options.address:
        hint = "give addresses in a --table, in a column `address`"
        problems.append(Problem("options-contradict", "one address is given for all captures", hint))
    if options.network is None and options.table is None:
        hint = "--network DEFINITION for all of them, or a --table with a row for each"
        problems.append(Problem("no-definition", "nobody says what is wanted of the captures", hint))
    return problems


def _wishes(options: argparse.Namespace) -> tuple[list[Wish], list[Problem]]:
    """What is wanted of which capture: by the rows of the table, and else by the one definition."""
    wishes, problems = read_table(options.table) if options.table is not None else ([], [])
    if options.network is not None:
        wish, found = one_for_all(options.network)
        addresses, unresolved = resolve(options.address or [])
        problems += [*found, *unresolved]
        wishes += [wish._replace(addresses=addresses)] if wish is not None else []
    return wishes, problems


def _capture_problems(path: str) -> list[Problem]:
    content = read_file(path, "capture")
    return [content] if isinstance(content, Problem) else errors(list(read_capture(content, path).problems))


def _one(captured: Captured, wishes: list[Wish], given: Given, options: argparse.Namespace) -> int:
    """Make the one golden whose name is given; the exit status."""
    path, problems = made_of(captured, Wishes(wishes).about(captured.names), given, options.name)
    complain(problems)
    if not path:
        return 1
    say_lines([path])
    by = f" --policy {options.policy}" if options.policy else f" --rules {options.rules}" if options.rules else ""
    tell(f"look at it: mgmtnet golden check {path}{by}; tell in about.yaml what is special about the host")
    return 0


def _many(captures: list[str], wishes: list[Wish], given: Given, table: str) -> int:
    """Make a golden of each capture that can be read; the exit status tells whether all could."""
    made = failed = 0
    used: set[int] = set()
    by = Wishes(wishes)
    for captured in captures_in(captures):
        wish = by.about(captured.names)
        path, problems = made_of(captured, wish, given)
        complain(problems)
        if path:
            made += 1
            say_lines([f"{path}  {captured.source}"])
        else:
            failed += 1
            tell(f"left out: {captured.source}")
        used |= {wish.line} if wish is not None else set()
    complain([unused(wish, table) for wish in wishes if wish.line and wish.line not in used])
    tell(f"{made} goldens made in {given.folder}" + (f", {failed} captures left out" if failed else ""))
    return 1 if failed or not made else 0
