"""Rules as a git revision has them: ``REV:FOLDER``, or ``REV`` for the shipped ruleset there.

Folders count from the working folder, as everywhere on a command line. What a ruleset extends is taken from the
revision, too, if it has rulesets in a folder ``rules``, that of the working folder or else of the repository; if it has
none, as where a repository holds a site's rules alone, it is an installed one.
"""

import os
from collections.abc import Iterator
from itertools import islice

from planner.cli.rules.objects import Objects, Stopped, opened
from planner.cli.rules.trees import Tree
from planner.language import Ruleset
from planner.policy.lint import lint
from planner.policy.rulesets import assemble
from planner.policy.seal import MANIFEST
from planner.problem import Problem, errors
from planner.rule_files import Files, is_file, listing, read_bases, read_ruleset, rulesets_in, versions_in
from planner.shelf import DEFAULT, DISK, Shelved, folder

RULES = "rules"
LISTED = 5  # rulesets that a hint names


def ruleset_at(spec: str) -> tuple[Ruleset | None, list[Problem], dict[str, str]]:
    """The ruleset of a revision, what is wrong with it, and the texts it was read from."""
    try:
        with opened(spec) as objects:
            shelved = _shelved(spec, objects)
    except Stopped as stopped:
        return None, [stopped.problem], {}
    if shelved.problems:
        return None, list(shelved.problems), shelved.texts
    ruleset, problems = assemble(shelved.texts, shelved.root)
    if ruleset is not None:
        problems += errors(lint(ruleset, shelved.texts))
    return None if errors(problems) else ruleset, problems, shelved.texts


def _shelved(spec: str, objects: Objects) -> Shelved:
    """The files of the ruleset, and of those that it may extend."""
    revision, _, stated = spec.partition(":")
    top = objects.get(f"{revision}^{{tree}}") if revision and not {"\n", "\0"} & set(revision) else None
    if top is None:
        hint = "give a folder, NAME@VERSION, or a revision of the git repository that you are in"
        message = f"{spec!r} is neither a ruleset nor a git revision"
        raise Stopped(Problem("unknown-ruleset", message, hint))
    files, here = Tree(objects, top), objects.prefix
    shelf = next((path for path in (f"{here}{RULES}", RULES) if rulesets_in(files, path)), None)
    rules = shelf or f"{here}{RULES}"
    newest = versions_in(files, f"{rules}/{DEFAULT}")[-1:]
    path = os.path.normpath(f"./{here}{stated}") if stated else "/".join((rules, DEFAULT, *newest))
    root = _called(revision, path, here)
    texts, problems = read_ruleset(files, path, root)
    if any(problem.code == "no-manifest" for problem in problems):
        there = [_called(revision, path, here) for path in islice(_rulesets(files, here, rules), LISTED)]
        hint = f"the revision has {', '.join(there)}" if there else "the revision has no ruleset in this folder"
        problems = [problem._replace(hint=hint) for problem in problems]
    manifest = texts.get(f"{root}/{MANIFEST}", "")
    bases, found = read_bases(manifest, files, shelf) if shelf else read_bases(manifest, DISK, folder("rules"))
    return Shelved(root, texts | bases, (*problems, *found))


def _called(revision: str, path: str, here: str) -> str:
    """How a user in the folder ``here`` of the repository calls what lies at ``path``."""
    return f"{revision}:{os.path.relpath(path, here or os.curdir)}"


def _rulesets(files: Files, here: str, rules: str) -> Iterator[str]:
    """The rulesets of a revision: in the working folder, in the folders there, and on its shelf."""
    for name in (os.curdir, *listing(files, here)):
        if is_file(files, f"{here}{name}/{MANIFEST}"):
            yield f"{here}{name}"
    for title in rulesets_in(files, rules):
        yield f"{rules}/{title.replace('@', '/')}"
