"""``mgmtnet golden new``: goldens out of captured hosts, without what names anybody."""

import argparse
from collections.abc import Iterator

from planner.cli.captures import Captured, captures_in
from planner.cli.goldenmaking import Given, made_of, unfit_name
from planner.cli.inputs import read_file
from planner.cli.names import resolve
from planner.cli.output import complain, say_lines, tell
from planner.cli.table import Wish, one_for_all, read_table
from planner.host.reading import read_capture
from planner.problem import Problem, Where, errors
from planner.shelf import compiled_rules

FOLDER = "golden"


def run(options: argparse.Namespace) -> int:
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
        return _one(Captured(captures[0], read_file(captures[0], "capture")), wishes, given, options.name)
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


def _one(captured: Captured, wishes: list[Wish], given: Given, name: str) -> int:
    """Make the one golden whose name is given; the exit status."""
    path, problems = made_of(captured, _wish_for(captured.source, wishes), given, name)
    complain(problems)
    if not path:
        return 1
    say_lines([path])
    tell(f"look at it: mgmtnet golden check {path}; tell in about.yaml what is special about the host")
    return 0


def _many(captures: list[str], wishes: list[Wish], given: Given, table: str) -> int:
    """Make a golden of each capture that can be read; the exit status tells whether all could."""
    made = failed = 0
    used: set[int] = set()
    for captured in captures_in(captures):
        wish = _wish_for(captured.source, wishes)
        path, problems = made_of(captured, wish, given)
        complain(problems)
        if path:
            made += 1
            say_lines([f"{path}  {captured.source}"])
        else:
            failed += 1
            tell(f"left out: {captured.source}")
        used |= {wish.line} if wish is not None else set()
    complain(list(_of_nothing([wish for wish in wishes if wish.line and wish.line not in used], table)))
    tell(f"{made} goldens made in {given.folder}" + (f", {failed} captures left out" if failed else ""))
    return 1 if failed or not made else 0


def _of_nothing(wishes: list[Wish], table: str) -> Iterator[Problem]:
    for wish in wishes:
        where = (Where(table, line=wish.line),)
        message = f"the row of {wish.capture!r} is about none of the captures"
        hint = "see how the captures are called; rows above may mean them too"
        yield Problem("row-unused", message, hint, "warning", where=where)


def _wish_for(source: str, wishes: list[Wish]) -> Wish | None:
    """The first that is about the capture."""
    return next((wish for wish in wishes if wish.means(source)), None)
