"""``mgmtnet rules release``: seal a version with its digest, and tell what is new in it."""

import argparse
import os
import sys

from planner.authoring.releasing import entered, entry, from_the_future, sealed
from planner.cli.console import complain
from planner.cli.inputs import read_file
from planner.cli.writing import write_whole
from planner.documents.decoding import decode
from planner.language import Ruleset
from planner.policy.carets import render
from planner.policy.lint import lint
from planner.policy.manifests import MANIFEST, parse_manifest
from planner.problem import Problem, errors
from planner.shelf import load_rules, ruleset_sources


def run(options: argparse.Namespace) -> int:
    """Seal the ruleset in a folder; the exit status."""
    if not os.path.isdir(options.folder):
        hint = f"give the folder that holds {MANIFEST}; what is installed is released"
        complain([Problem("no-folder", f"{options.folder!r} is no folder", hint)])
        return 1
    spec = os.path.join(os.curdir, options.folder)  # never an installed ruleset of that name
    shelved = ruleset_sources(spec)
    ruleset, found = load_rules(spec)
    problems = [*found] if ruleset is None else [*lint(ruleset, shelved.texts), *from_the_future(ruleset)]
    for problem in problems:
        print(render(problem, shelved.texts), file=sys.stderr)
    if ruleset is None or errors(problems):
        return 1
    text = shelved.texts[f"{shelved.root}/{MANIFEST}"]
    failures = [_seal(options.folder, text, ruleset), _enter(options.changelog, ruleset)]
    complain([failure for failure in failures if failure is not None])
    print(entry(ruleset), end="")
    return 1 if any(failures) else 0


def _seal(folder: str, text: str, ruleset: Ruleset) -> Problem | None:
    """Write the digest into the manifest, unless it is there: another one than its own is an error of the linter's."""
    path = os.path.join(folder, MANIFEST)
    manifest, _ = parse_manifest(text, path)
    if manifest is None or manifest.digest:
        print(f"{ruleset.name} {ruleset.version} is sealed already: {ruleset.digest}", file=sys.stderr)
        return None
    failure = write_whole(path, sealed(text, manifest, ruleset.digest))
    if failure is None:
        print(f"{ruleset.name} {ruleset.version} is sealed: {ruleset.digest}", file=sys.stderr)
    return failure


def _enter(path: str | None, ruleset: Ruleset) -> Problem | None:
    """Put the entry into the changelog, if one is named."""
    if path is None:
        return None
    content = read_file(path, "changelog") if os.path.exists(path) else b""
    text = content if isinstance(content, Problem) else decode(content, path)
    return text if isinstance(text, Problem) else write_whole(path, entered(text, ruleset))
