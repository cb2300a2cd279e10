"""``mgmtnet golden``: captured hosts with the plans they are known to get.

`update` rewrites ``plan.json`` and ``why.txt``; the diff is for eyes, so the digest of the rules and the engine's name
are left blank in them: they would change in every golden.
"""

import argparse
import os
import sys

from planner.authoring.trial import try_out
from planner.cli.cache import compiled_rules
from planner.cli.console import complain
from planner.cli.goldens import golden_folders, read_golden
from planner.cli.inputs import read_file
from planner.plans.model import Plan
from planner.policy.compiled import Compiled
from planner.problem import Problem, errors

KEPT_PLAN, KEPT_WHY = "plan.json", "why.txt"


def run(options: argparse.Namespace) -> int:
    """Check or update the goldens; the exit status."""
    rules, problems = compiled_rules(options.policy or options.rules)
    folders = list(golden_folders(options.folder))
    if not folders:
        problems.append(Problem("no-golden", f"no golden under {options.folder}", "a golden has a definition.yaml"))
    complain(problems)
    if rules is None or errors(problems):
        return 1
    differing = sum(_one(folder, rules, update=options.action == "update") for folder in folders)
    verb = "rewritten" if options.action == "update" else "differ"
    print(f"{len(folders)} goldens, {differing} {verb}", file=sys.stderr)
    return 1 if differing and options.action == "check" else 0


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


def _one(folder: str, rules: Compiled, *, update: bool) -> bool:
    """Whether the golden's files differ from what the rules say now; rewritten on ``update``."""
    plan, problems = plan_golden(folder, rules)
    complain([problem for problem in problems if problem.severity == "error"])
    if plan is None:
        return True
    wanted = kept_of(plan)
    stale = stale_files(folder, wanted)
    for name in stale:
        if update:
            with open(os.path.join(folder, name), "w", encoding="utf-8") as stream:
                stream.write(wanted[name])
        else:
            print(difference(os.path.join(folder, name), wanted[name]))
    return bool(stale)


def _text(path: str) -> str | None:
    content = read_file(path, "golden")
    return None if isinstance(content, Problem) else content.decode("utf-8", "replace")
