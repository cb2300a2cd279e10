"""``mgmtnet rules init``: a folder with a policy that is green at once, to be made one's own."""

import argparse
import os

from planner.authoring.beginning import beginning
from planner.authoring.keeping import kept_of
from planner.cli.goldenlooking import plan_golden
from planner.cli.output import complain, say_lines, tell
from planner.cli.writing import write_whole
from planner.documents.spelling import suggest
from planner.policy.parsing import NAME
from planner.problem import Problem, Where, errors
from planner.shelf import DEFAULT, compiled_rules, installed

FALLBACK = "site"  # the ruleset's name, where that of the folder cannot be one


def run(options: argparse.Namespace) -> int:
    """Write the folder, and print the paths of what is in it; the exit status."""
    extends, problems = _extended(options.extends or DEFAULT)
    problems += _unfit(options.folder)
    if problems:
        complain(problems)
        return 1
    name = os.path.basename(os.path.abspath(options.folder))
    written, problems = _written(options.folder, name if NAME.fullmatch(name) else FALLBACK, extends)
    say_lines(written)
    complain(problems)
    if errors(problems):
        return 1
    tell(f"try it: mgmtnet rules test {options.folder}; then write a rule: mgmtnet rules new ID --like RULE")
    return 0


def _extended(stated: str) -> tuple[str, list[Problem]]:
    """The installed ruleset that is stated, in its newest version where none is."""
    found = [title for title in installed() if stated in (title, title.partition("@")[0])]
    if found:
        return found[-1], []
    return "", [Problem("unknown-ruleset", f"the ruleset {stated} is not installed", suggest(stated, installed()))]


def _unfit(folder: str) -> list[Problem]:
    """Why nothing can be written there."""
    if not os.path.lexists(folder):
        return []
    try:
        inside = os.listdir(folder)
    except OSError as failure:
        reason = failure.strerror or str(failure)
        return [Problem("folder-unreadable", f"{folder!r} is no folder to begin in: {reason}", "name a new one")]
    if inside:
        hint = "name a new folder; nothing is overwritten"
        return [Problem("folder-not-empty", f"{folder!r} is not empty", hint, where=(Where(folder),))]
    return []


def _written(folder: str, name: str, extends: str) -> tuple[list[str], list[Problem]]:
    """The paths of what was written, and what could not be."""
    begun = beginning(name, extends)
    paths, problems = _write(folder, begun.files)
    if problems:
        return paths, problems
    rules, found = compiled_rules(os.path.join(os.curdir, folder))  # never an installed ruleset of that name
    if rules is None:
        return paths, [*found]
    for golden in begun.goldens:
        plan, faults = plan_golden(os.path.join(folder, golden), rules)
        problems += errors(faults)
        if plan is not None:
            more, faults = _write(folder, {f"{golden}/{file}": text for file, text in kept_of(plan).items()})
            paths, problems = paths + more, problems + faults
    return paths, problems


def _write(folder: str, files: dict[str, str]) -> tuple[list[str], list[Problem]]:
    paths: list[str] = []
    for file, text in files.items():
        path = os.path.join(folder, *file.split("/"))
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        except (OSError, ValueError) as failure:
            reason = getattr(failure, "strerror", "") or str(failure)
            return paths, [Problem("file-unwritable", f"cannot make the folder of {path!r}: {reason}", "name another")]
        problem = write_whole(path, text, new=True)
        if problem is not None:
            return paths, [problem]
        paths.append(path)
    return paths, []
