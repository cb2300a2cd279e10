"""``mgmtnet golden``: captured hosts with the plans they are known to get.

`check` tells in words what changes for which host; `update` rewrites ``plan.json`` and ``why.txt``, with
``--interactive`` only what one agrees to, with ``--moved`` only where nothing changed but the lines of rules.
"""

import argparse
import os
import shlex
import sys
from collections.abc import Callable

from planner.authoring.comparing import gravest
from planner.authoring.junit import Result, Suite, report
from planner.cli.goldenasking import Asking, Quit
from planner.cli.goldenlooking import Looked, headline, look_at, told
from planner.cli.goldens import golden_folders
from planner.cli.output import advice, complain, say, say_json, say_lines, tell
from planner.cli.untested import clock, say_untested
from planner.cli.writing import write_whole
from planner.policy.compiled import Compiled
from planner.problem import Problem, errors
from planner.shelf import compiled_rules

WRONG_USAGE = 2


Takes = Callable[[Looked], bool]


def run(options: argparse.Namespace) -> int:
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
    found = []
    for folder in folders:
        golden = look_at(folder, rules)
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
    rewritten = left = moved = seen = 0
    for folder in folders:
        golden = look_at(folder, rules)
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
