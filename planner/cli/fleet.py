"""``mgmtnet fleet``: plan thousands of hosts and sum them up; see whose plans change with time or a newer VDSM."""

import argparse
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import NamedTuple

import planner
from planner.authoring.compare import Changed, Comparison, Undecided, comparison
from planner.cli.output import complain, problems_document, say, say_json, say_lines, tell
from planner.cli.progress import with_bar
from planner.cli.rules_diff import document_of, lines_of
from planner.fleet.compare import Compared, compare
from planner.fleet.folder import INDEX, PLANS, Folder, is_planned, lines_in, opened
from planner.fleet.inventory import Register, read_register
from planner.fleet.page import page
from planner.fleet.planning import UNPLANNED, Planned, Sought, plan_fleet, read_line
from planner.fleet.summary import Tally, junit
from planner.fleet.wishes import Wishes, read_wishes, unused
from planner.printing import json_text, listing
from planner.problem import Problem, Where, errors
from planner.rules.shelf import compiled_rules

BAD_INPUT, REFUSED, CHANGED = 1, 3, 4
STREAM = ("-", "ndjson")
SUMS = {"json": "summary.json", "junit": "junit.xml", "html": "index.html"}
ENDINGS = (".json", ".ndjson", ".html")  # of files that nobody means to be folders
FORMS = ("xml", "yaml", "yml", "csv", "tsv", "md", "markdown", "pdf", "svg", "sarif", "table", "txt", "jsonl", "htm")
FORMAT = "mgmtnet/fleet-diff@1"
LISTED = 50  # hosts told of; -o json has all
UNWANTED = Problem(
    "no-definition",
    "nobody says what is wanted of the hosts",
    "give a definition for all, or a table with a row for each or for many, by --network",
)


def run_fleet_plan(options: argparse.Namespace) -> int:
    """Plan, write or print; the exit status."""
    sought, to = _sought(options), options.output
    meant = _no_folder(to) if to not in (*STREAM, *SUMS, "text") and not os.path.isdir(to) else ""
    if meant:
        return _bad([Problem("options-contradict", f"-o {to} would be a folder of that name", meant)], options)
    if isinstance(sought, list):
        return _bad(sought, options)
    tally = _told(options.paths, sought, to) if to in (*STREAM, "text", "json") else _written(options.paths, sought, to)
    if isinstance(tally, Problem):
        return _bad([tally], options)
    complain(list(_unmet(tally, sought, options.network)))
    return _status(tally)


def _no_folder(to: str) -> str:
    """What to give in place of a folder that is called like a kind of output; ``""`` where it is not."""
    from planner.yamltext import near

    kind = os.path.splitext(to)[1]
    if kind in ENDINGS:
        return f"-o {kind[1:]} > {to}; or a folder, which gets plans and every sum"
    kinds = ("text", *STREAM[1:], *SUMS)
    likely = near(to.lower(), kinds) if os.sep not in to else []
    if likely or to.lower() in FORMS:
        wanted = f"did you mean -o {likely[0]}?" if likely else f"-o takes {', '.join(kinds)};"
        return f"{wanted} a folder of that name is -o .{os.sep}{to}"
    return ""


def _told(paths: list[str], sought: Sought, to: str) -> Tally:
    """Plan, and print a line for each host, or the sum."""
    if to not in STREAM:
        tally = _planned(paths, sought)
        say_json(tally.document()) if to == "json" else say_lines(tally.text())
        return tally
    tally = _planned(paths, sought._replace(whole=True), print_lines=True)
    for line in tally.text():
        tell(line)
    return tally


def _written(paths: list[str], sought: Sought, to: str) -> Tally | Problem:
    """Plan into the folder ``to``; where that is a kind of sum, print it, and keep nothing."""
    with ExitStack() as stack:
        path = stack.enter_context(tempfile.TemporaryDirectory()) if to in SUMS else to
        folder = opened(path)
        if isinstance(folder, Problem):
            return folder
        try:
            tally = _planned(paths, sought._replace(folder=path, drawn=True), folder)
            folder.finish()
            _write_sums(path, tally, " ".join(paths), linked=path == to)
        except BrokenPipeError:
            raise
        except OSError as failure:
            told = f"cannot write into {path!r}: {failure.strerror or failure}"
            return Problem("file-unwritable", told, "see whether the disk is full; run it again to go on")
        if to in SUMS:
            with open(os.path.join(path, SUMS[to]), encoding="utf-8") as file:
                say(file.read())
        else:
            say_lines([*tally.text(), "", f"{path}: {', '.join((*SUMS.values(), INDEX, PLANS))}"])
            tell(f"{tally.hosts - tally.kept} planned, {tally.kept} unchanged since the run before")
    return tally


def _sought(options: argparse.Namespace) -> Sought | list[Problem]:
    """What the options say, or every problem with it."""
    wishes, problems = read_wishes(options.network) if options.network is not None else ([], [UNWANTED])
    register, found = read_register(options.addresses) if options.addresses is not None else (Register(()), [])
    rules, unsound = compiled_rules(options.policy or options.rules)
    problems = [*problems, *found, *unsound]
    if rules is None or errors(problems):
        return problems
    complain(problems)
    return Sought(Wishes(wishes), register, rules, version=planner.__version__)


def _bad(problems: list[Problem], options: argparse.Namespace) -> int:
    complain(problems)
    if options.output == "json":
        say_json(problems_document(problems))
    return BAD_INPUT


def _planned(paths: list[str], sought: Sought, folder: Folder | None = None, *, print_lines: bool = False) -> Tally:
    """Plan all, with a bar on a terminal, and count."""
    tally = Tally()
    for done in with_bar(plan_fleet(sought, paths, folder), _count(paths), "hosts planned"):
        tally.add(done)
        if print_lines:
            say(done.line)
    return tally


def _count(paths: list[str]) -> int | None:
    """About how many captures there are, for the bar: files in folders; None where nobody knows without reading."""
    total = 0
    for path in paths:
        if not os.path.isdir(path):
            return None
        total += sum(len(names) for _, _, names in os.walk(path))
    return total


def _status(tally: Tally) -> int:
    if tally.outcomes[UNPLANNED] or not tally.hosts:
        return BAD_INPUT
    return REFUSED if tally.outcomes["refused"] else 0


def _write_sums(path: str, tally: Tally, title: str, *, linked: bool) -> None:
    """The sum as JSON, as JUnit and as a page, beside the plans; ``linked``: the page's hosts lead to these."""
    hosts = _hosts(path) if linked else (planned._replace(plan="") for planned in _hosts(path))
    texts: dict[str, Iterable[str]] = {
        SUMS["json"]: [json_text(tally.document()), "\n"],
        SUMS["junit"]: junit(tally, _hosts(path), time.strftime("%Y-%m-%dT%H:%M:%S")),
        SUMS["html"]: page(title, tally, hosts),
    }
    for name, parts in texts.items():
        new = os.path.join(path, f"{name}.new")
        with open(new, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(parts)
        os.replace(new, os.path.join(path, name))


def _hosts(path: str) -> Iterator[Planned]:
    return (planned for line in lines_in(path) if (planned := read_line(line)) is not None)


def _unmet(tally: Tally, sought: Sought, table: str) -> Iterator[Problem]:
    """Rows that are about no host, hosts of the inventory without a capture, captures that it does not have."""
    entries = sought.register.entries
    groups = sorted({group for entry in entries for group in entry.groups})
    for wish in sought.wishes.wishes:
        if wish.line and wish.line not in tally.rows:
            yield unused(wish, table, groups)
    missing = [entry.name for place, entry in enumerate(entries) if place not in tally.entries]
    if missing:
        message = f"{len(missing)} of {len(entries)} hosts have no capture: {listing(missing)}"
        yield Problem("host-uncaptured", message, "capture them: `mgmtnet capture HOST -o FILE`", "warning")
    if entries and tally.unlisted:
        message = f"{tally.unlisted} captures are of no host that --addresses has"
        hint = "a file is to be called like its host; these are judged by what they say of themselves"
        yield Problem("host-unlisted", message, hint, "warning")


# ``mgmtnet fleet diff``.


def run_fleet_diff(options: argparse.Namespace) -> int:
    """Compare, print; status 0 when no plan changes, 4 when one does, 1 when of some host that cannot be told."""
    wrong = _unfit(options)
    sides = [(options.before, ()), (options.after or options.before, options.as_vdsm or ())]
    planned = [is_planned(path) and not age for path, age in sides]
    sought = None if all(planned) else _sought(options)
    if wrong or isinstance(sought, list):
        return _bad([*wrong, *(sought if isinstance(sought, list) else [])], options)
    with tempfile.TemporaryDirectory() as temporary:
        folders = []
        for number, (path, age) in enumerate(sides):
            if sought is None or planned[number]:
                folders.append(path)
                continue
            folder = opened(os.path.join(temporary, str(number)))
            if isinstance(folder, Problem):
                return _bad([folder], options)
            _planned([path], sought._replace(folder=folder.path, as_vdsm=age), folder)
            folder.finish()
            folders.append(folder.path)
        fleet = _compared(*folders)
    named = (options.before, options.after or f"VDSM {'.'.join(map(str, options.as_vdsm))}")
    if options.output == "json":
        moved = {"come": fleet.come, "gone": fleet.gone}
        say_json(document_of(fleet.comparison, *named, FORMAT) | moved)
    else:
        say_lines(_lines(fleet, *named))
    if fleet.comparison.undecided:
        return BAD_INPUT
    return CHANGED if fleet.comparison.changed else 0


class Fleet(NamedTuple):
    """What has become of a fleet: the hosts that are on both sides, and by name those that are on one."""

    comparison: Comparison
    come: list[str]
    gone: list[str]


def _unfit(options: argparse.Namespace) -> list[Problem]:
    """What of the options does not go together."""
    if (options.after is None) == (options.as_vdsm is None):
        hint = "name the same hosts at another time, or an age of VDSM by --as-vdsm"
        return [Problem("options-contradict", "a fleet is compared with one other: NEW or --as-vdsm", hint)]
    if options.as_vdsm and is_planned(options.before):
        hint = "name the captures themselves"
        return [Problem("options-contradict", f"{options.before} has plans, which cannot be planned again", hint)]
    return [
        Problem("file-unreadable", f"there is no {path!r}", "name captures, or a folder of plans", where=(Where(path),))
        for path in (options.before, options.after)
        if path is not None and not os.path.lexists(path) and not any(sign in path for sign in "*?[")
    ]


def _compared(before: str, after: str) -> Fleet:
    come: list[str] = []
    gone: list[str] = []

    def both(found: Iterator[Compared]) -> Iterator[tuple[Changed | Undecided, ...]]:
        for one in found:
            if one.come or one.gone:
                (come if one.come else gone).append(one.host)
            else:
                yield one.found

    return Fleet(comparison(both(with_bar(compare(before, after), None, "plans compared"))), come, gone)


def _lines(fleet: Fleet, before: str, after: str) -> Iterator[str]:
    yield from lines_of(fleet.comparison, before, after, LISTED)
    by_rule: dict[str, int] = {}
    for host in fleet.comparison.changed:
        for rule in host.rules:
            by_rule[rule] = by_rule.get(rule, 0) + 1
    if by_rule:
        yield from ("", "by rule")
        yield from (
            f"  {number:>5}  {rule}" for rule, number in sorted(by_rule.items(), key=lambda one: (-one[1], one[0]))
        )
    for what, hosts in (("come", fleet.come), ("gone", fleet.gone)):
        if hosts:
            yield f"{len(hosts)} hosts have {what}: {listing(hosts)}"
