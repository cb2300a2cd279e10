"""``mgmtnet golden``: captured hosts with the plans they are known to get.

`update` rewrites ``plan.json`` and ``why.txt``, with ``--interactive`` only what one agrees to. The diff is for eyes:
the digest of the rules and the engine's name are left blank in them, since they would change in every golden.
"""

import argparse
import os
import sys
from collections.abc import Callable
from typing import Literal

from planner.authoring.trial import Trial, try_out
from planner.cli.goldenasking import Asking
from planner.cli.goldens import golden_folders, read_golden
from planner.cli.inputs import read_file
from planner.cli.output import complain, say, tell
from planner.cli.writing import write_whole
from planner.plans.model import Plan
from planner.policy.compiled import Compiled
from planner.problem import Problem, errors
from planner.shelf import compiled_rules

WRONG_USAGE = 2
KEPT_PLAN, KEPT_WHY = "plan.json", "why.txt"

Agrees = Callable[[str | None, Trial], bool]


def run(options: argparse.Namespace) -> int:
    """Check or update the goldens; the exit status."""
    if options.interactive and not sys.stdin.isatty():
        hint = "run it in a terminal, or without --interactive and read `git diff`"
        complain([Problem("no-terminal", "nobody can be asked here", hint)])
        return WRONG_USAGE
    rules, unsound = compiled_rules(options.policy or options.rules)
    problems = [*unsound]
    folders = list(golden_folders(options.folder))
    if not folders:
        problems.append(Problem("no-golden", f"no golden under {options.folder}", "a golden has a definition.yaml"))
    complain(problems)
    if rules is None or errors(problems):
        return 1
    keeping = Asking(rules.by_name).agrees if options.interactive else _always if options.action == "update" else None
    found = [_one(folder, rules, keeping) for folder in folders]
    rewritten, differing = found.count("rewritten"), found.count("differs")
    told = f"{differing} differ" if options.action == "check" else f"{rewritten} rewritten"
    if options.action == "update" and differing:
        told += f", {differing} left as they were"
    tell(f"{len(folders)} goldens, {told}")
    return 1 if differing else 0


def _always(before: str | None, trial: Trial) -> bool:
    """Take whatever the rules say now."""
    return True


def plan_golden(folder: str, rules: Compiled) -> tuple[Plan | None, list[Problem]]:
    """The plan that ``folder`` gets by ``rules``."""
    case, problems = read_golden(folder)
    return None if case is None else try_out(case, rules).plan, problems


def kept_of(plan: Plan) -> dict[str, str]:
    """The files of a golden that come out of its plan, by name."""
    from planner.explain.reasons import why_all
    from planner.explain.summary import summary

    plan = plan._replace(rules=plan.rules._replace(digest="sha256:-", engine="-"))
    document = plan.document()
    return {KEPT_PLAN: plan.json(), KEPT_WHY: summary(document) + "\n" + why_all(document)}


def stale_files(folder: str, wanted: dict[str, str]) -> list[str]:
    """Those of a golden's files that are not as ``wanted``."""
    return [name for name, text in wanted.items() if _text(os.path.join(folder, name)) != text]


def difference(path: str, wanted: str) -> str:
    """From the file as it is to what the rules make of it now."""
    import difflib

    lines = difflib.unified_diff(
        (_text(path) or "").splitlines(), wanted.splitlines(), path, "by these rules", "", "", 2
    )
    return "\n".join(lines)


def _one(folder: str, rules: Compiled, agrees: Agrees | None) -> Literal["same", "differs", "rewritten"]:
    """Whether the golden's files are what the rules say now; what is not is shown, or rewritten if that ``agrees``."""
    case, problems = read_golden(folder)
    complain(errors(problems))
    if case is None:
        return "differs"
    trial = try_out(case, rules)
    wanted = kept_of(trial.plan)
    stale = stale_files(folder, wanted)
    if agrees is not _always:
        for name in stale:
            say(difference(os.path.join(folder, name), wanted[name]))
    if not stale or agrees is None or not agrees(_text(os.path.join(folder, KEPT_PLAN)), trial):
        return "differs" if stale else "same"
    failures = [write_whole(os.path.join(folder, name), wanted[name]) for name in stale]
    complain([failure for failure in failures if failure is not None])
    return "differs" if any(failures) else "rewritten"


def _text(path: str) -> str | None:
    content = read_file(path, "golden")
    return None if isinstance(content, Problem) else content.decode("utf-8", "replace")
