"""``mgmtnet golden``: captured hosts with the plans they are known to get.

`check` tells in words what changes for which host; `update` rewrites ``plan.json`` and ``why.txt``, with
``--interactive`` only what one agrees to, with ``--moved`` only where nothing changed but the lines of rules.
"""

import argparse
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from planner import Planner
from planner.authoring.compare import difference_explained
from planner.authoring.differences import KINDS, Difference, gravest
from planner.authoring.golden import (
    KEPT_PLAN,
    KEPT_WHY,
    UNSHAPED,
    Standing,
    State,
    Trial,
    in_lines,
    kept_of,
    standing,
    try_out,
)
from planner.authoring.junit import Result, Suite, report
from planner.cli.cases import golden_folders, read_golden
from planner.cli.output import complain, problems_document, say, say_json, say_lines, tell, write_whole
from planner.files import read_file
from planner.plan.plan import Plan
from planner.problem import Problem, advice, errors
from planner.rules.compiled import Compiled
from planner.rules.model import Rule
from planner.rules.shelf import compiled_rules

# A golden, planned by the rules and held against what it keeps.


WORDED_ANEW = "the same plan, written otherwise"
UNREADABLE = "it has no plan that can be read"


class Looked(NamedTuple):
    """A golden with its plan by the rules: None where it cannot be read, which ``problems`` tell."""

    folder: str
    trial: Trial | None
    problems: list[Problem]
    kept: Mapping[str, str | None]
    wanted: Mapping[str, str]
    standing: Standing | None
    seconds: float

    @property
    def name(self) -> str:
        """How it is called: its folder's name."""
        return os.path.basename(os.path.normpath(self.folder))

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What changes for its host."""
        return self.standing.differences if self.standing is not None else ()

    @property
    def state(self) -> State | Literal["unreadable"]:
        """How it stands: same, moved, differs; or unreadable."""
        return self.standing.state if self.standing is not None else "unreadable"


def plan_golden(folder: str, rules: Compiled | Planner) -> tuple[Plan | None, list[Problem]]:
    """The plan that ``folder`` gets by ``rules``."""
    case, problems = read_golden(folder)
    return None if case is None else try_out(case, rules).plan, problems


def look_at(folder: str, rules: Planner) -> Looked:
    """The golden in ``folder``, planned by ``rules`` and held against what it keeps."""
    began = time.monotonic()
    case, problems = read_golden(folder)
    if case is None:
        return Looked(folder, None, problems, {}, {}, None, time.monotonic() - began)
    trial = try_out(case, rules)
    wanted = kept_of(trial.plan)
    kept = kept_in(folder)
    found = standing(kept, wanted, trial.plan)
    return Looked(folder, trial, problems, kept, wanted, found, time.monotonic() - began)


def kept_in(folder: str) -> dict[str, str | None]:
    """The files that came out of the golden's plan when it was last updated; None for one that is not there."""
    return {name: _text(os.path.join(folder, name)) for name in (KEPT_PLAN, KEPT_WHY)}


def shown_in_lines(golden: Looked) -> Iterator[str]:
    """From the files of the golden as they are to what the rules make of them now."""
    for name in golden.standing.stale if golden.standing is not None else ():
        yield from in_lines(os.path.join(golden.folder, name), golden.kept[name], golden.wanted[name])


def told(golden: Looked) -> Iterator[str]:
    """What changes for the host, by meaning; where that says nothing, line by line."""
    found = golden.standing
    if found is None or found.state != "differs":
        return
    yield f"{golden.folder}: {headline(golden)}"
    yield from (f"  {difference}" for difference in found.differences)
    if not found.differences:
        yield from shown_in_lines(golden)


def headline(golden: Looked) -> str:
    """``a value changes (as-defined)``."""
    found = golden.standing
    if found is None or found.before is None:
        return UNREADABLE
    if not found.differences:
        return WORDED_ANEW
    rules = dict.fromkeys(rule for difference in found.differences for rule in difference.rules)
    return KINDS[gravest(found.differences)] + (f" ({', '.join(rules)})" if rules else "")


def _text(path: str) -> str | None:
    content = read_file(path, "golden")
    return None if isinstance(content, Problem) else content.decode("utf-8", "replace")


# ``mgmtnet golden update --interactive``: each change with its why, before it is taken.


QUESTION = "Take this? [y]es, [n]o, [a]ll that follow, [q]uit: "


class Quit(Exception):  # noqa: N818  an answer, and no fault
    """Whoever was asked wants to stop here; what they agreed to before stays."""


class Asking:
    """Whoever is asked at the terminal, until they say `all` or `quit`."""

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        """Begin without an answer; ``rules`` are those that decide."""
        self.rules = rules
        self.all = False

    def agrees(self, golden: Looked) -> bool:
        """Show how the golden's plan is another now, and why, and ask; Quit if nothing more is to be done."""
        if self.all:
            return True
        say_lines(self._told(golden))
        letter = ""
        while letter not in ("y", "n", "a", "q"):
            tell(QUESTION, end="")
            answer = sys.stdin.readline()
            letter = answer.strip().lower()[:1] if answer else "q"
        if letter == "q":
            raise Quit
        self.all = letter == "a"
        return letter != "n"

    def _told(self, golden: Looked) -> Iterator[str]:
        yield from shown_in_lines(golden)
        yield from ("", f"{golden.trial.case.name if golden.trial else golden.folder}:")
        yield from (f"  {line}" for line in self._why(golden))

    def _why(self, golden: Looked) -> list[str]:
        before = golden.standing.before if golden.standing else None
        if before is None or golden.trial is None:
            return ["it has no plan yet that can be read"]
        try:
            return difference_explained(before, golden.trial, self.rules)
        except UNSHAPED:
            return ["it has no plan yet that can be read"]


# What a program is told that asked for test results, where nothing could be tested.


def say_untested(name: str, problems: Sequence[Problem], output: str) -> None:
    """Print the problems as ``output`` has it: a report without a test in it would look as if all were well."""
    if output == "json":
        say_json(problems_document(problems))
    elif output == "junit":
        lines = tuple(line for problem in problems for line in advice(problem))
        result = Result(name, "rules and goldens", 0.0, "untested", "nothing could be tested", lines, broken=True)
        say(report([Suite(name, [result])], clock()))


def clock() -> str:
    """The time of day as reports have it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S")


WRONG_USAGE = 2


Takes = Callable[[Looked], bool]


def run_golden(options: argparse.Namespace) -> int:
    """Check or update the goldens; the exit status."""
    if options.interactive and not sys.stdin.isatty():
        hint = "run it in a terminal, or without --interactive and read `git diff`"
        complain([Problem("no-terminal", "nobody can be asked here", hint)])
        return WRONG_USAGE
    if options.interactive and options.moved:
        hint = "--moved asks about nothing: it takes what says the same as before"
        complain([Problem("options-contradict", "--interactive and --moved are not for one run", hint)])
        return WRONG_USAGE
    rules, unsound = compiled_rules(options.policy or options.rules)
    problems = [*unsound]
    folders = list(golden_folders(options.folder))
    if not folders:
        problems.append(Problem("no-golden", f"no golden under {options.folder}", "a golden has a definition.yaml"))
    complain(problems)
    if rules is None or errors(problems):
        say_untested("golden check", problems, options.output)
        return 1
    if options.action == "check":
        return _check(folders, rules, options)
    return _update(folders, rules, options)


def _check(folders: list[str], rules: Compiled, options: argparse.Namespace) -> int:
    """Tell what is not as it was; the exit status."""
    began = clock()
    planner = Planner(rules)
    found = []
    for folder in folders:
        golden = look_at(folder, planner)
        complain(errors(golden.problems))
        if options.output == "text":
            say_lines(told(golden))
        found.append(golden)
    if options.output == "json":
        say_json(_document(found))
    elif options.output == "junit":
        say(report([Suite("golden check", [_tested(golden) for golden in found])], began))
    states = [golden.state for golden in found]
    unreadable = f", {states.count('unreadable')} cannot be read" if "unreadable" in states else ""
    tell(f"{len(found)} goldens, {states.count('differs')} differ{unreadable}")
    _tell_of_moved(states.count("moved"), options)
    return 0 if set(states) == {"same"} else 1


def _update(folders: list[str], rules: Compiled, options: argparse.Namespace) -> int:
    """Rewrite what is to be rewritten; the exit status."""
    takes = Asking(rules.by_name).agrees if options.interactive else _if_moved if options.moved else _always
    planner = Planner(rules)
    rewritten = left = moved = seen = 0
    for folder in folders:
        golden = look_at(folder, planner)
        complain(errors(golden.problems))
        seen += 1
        if golden.state == "same":
            continue
        if golden.state == "moved" and options.interactive:  # nobody wants to be asked 171 times about nothing
            moved += 1
            continue
        try:
            agreed = golden.trial is not None and takes(golden)
        except Quit:
            left += 1
            break
        done = agreed and _rewritten(golden)
        rewritten, left = rewritten + done, left + (not done)
    told = f"{len(folders)} goldens, {rewritten} rewritten"
    told += f", {left} left as they were" if left else ""
    tell(told + (f", {len(folders) - seen} not looked at" if seen < len(folders) else ""))
    _tell_of_moved(moved, options)
    return 1 if left or moved else 0


def _always(golden: Looked) -> bool:
    """Take whatever the rules say now."""
    return True


def _if_moved(golden: Looked) -> bool:
    """Take what says the same as before."""
    return golden.state == "moved"


def _tell_of_moved(number: int, options: argparse.Namespace) -> None:
    if number:
        stated = [options.folder] if options.folder != "golden" else []
        for name in ("policy", "rules"):
            value = getattr(options, name)
            stated += [f"--{name}", value] if value else []
        have, those = ("golden has", "it") if number == 1 else ("goldens have", "those")
        command = shlex.join(["mgmtnet", "golden", "update", "--moved", *stated])
        tell(f"{number} {have} only moved lines; {command} rewrites {those}")


def _document(found: list[Looked]) -> dict[str, object]:
    states = [golden.state for golden in found]
    counts = {state: states.count(state) for state in ("same", "moved", "differs", "unreadable")}
    return {
        "format": "mgmtnet/golden-check@1",
        "goldens": len(found),
        **counts,
        "results": [
            {
                "golden": golden.name,
                "path": golden.folder,
                "state": golden.state,
                "kind": gravest(golden.differences) if golden.differences else "",
                "differences": [one._asdict() for one in golden.differences],
                "stale": list(golden.standing.stale) if golden.standing else [],
                "problems": [problem.document() for problem in golden.problems],
            }
            for golden in found
        ],
    }


def _tested(golden: Looked) -> Result:
    """The golden as a test that is passed if it has the plan that it is to have, to the letter."""
    name = golden.name
    if golden.state == "same":
        return Result("golden", name, golden.seconds)
    if golden.state == "moved":
        message = "only lines of rules have moved; mgmtnet golden update --moved rewrites it"
        return Result("golden", name, golden.seconds, "moved", message)
    if golden.state == "unreadable":
        lines = tuple(line for problem in errors(golden.problems) for line in advice(problem))
        return Result("golden", name, golden.seconds, "unreadable", "the golden cannot be read", lines, broken=True)
    return Result("golden", name, golden.seconds, "differs", headline(golden), tuple(told(golden)))


def _rewritten(golden: Looked) -> bool:
    """Write the golden's stale files anew; whether that could be done."""
    stale = golden.standing.stale if golden.standing is not None else ()
    failures = [write_whole(os.path.join(golden.folder, name), golden.wanted[name]) for name in stale]
    complain([failure for failure in failures if failure is not None])
    return not any(failures)
