"""``mgmtnet rules release``: test a version, seal it with its digest and compiled form, and tell what is new in it."""

import argparse
import os

from planner.authoring.releasing import entered, entry, from_the_future, with_line
from planner.cli.inputs import read_file
from planner.cli.output import complain, say, tell, tell_whole
from planner.cli.rules.history import seals
from planner.cli.rules.trying import tested
from planner.cli.writing import write_whole
from planner.documents.decoding import decode
from planner.language import Ruleset
from planner.policy.carets import render
from planner.policy.compiled import compile_ruleset
from planner.policy.lint import lint
from planner.policy.manifests import parse_manifest
from planner.policy.rulesets import assemble
from planner.policy.seal import COMPILED, MANIFEST, form_of, sha256, written_form
from planner.problem import Problem, Where, errors
from planner.shelf import Shelved, load_rules, ruleset_sources


def run(options: argparse.Namespace) -> int:
    """Test and seal the ruleset in a folder; the exit status."""
    if not os.path.isdir(options.folder):
        hint = f"give the folder that holds {MANIFEST}; what is installed is released"
        complain([Problem("no-folder", f"{options.folder!r} is no folder", hint)])
        return 1
    options.ruleset = os.path.join(os.curdir, options.folder)  # never an installed ruleset of that name
    shelved = ruleset_sources(options.ruleset)
    ruleset, found = load_rules(options.ruleset)
    problems = [*found] if ruleset is None else [*lint(ruleset, shelved.texts), *from_the_future(ruleset)]
    for problem in problems:
        tell_whole(render(problem, shelved.texts) + "\n")
    manifest, _ = parse_manifest(shelved.texts.get(f"{shelved.root}/{MANIFEST}", ""), MANIFEST)
    if ruleset is None or manifest is None or errors(problems):
        return 1
    if manifest.digest:
        tell(f"{ruleset.name} {ruleset.version} is sealed already: {ruleset.digest}")
        return 0
    if not tested(options):
        complain([Problem("untested", "a version is sealed when its tests pass", "see `mgmtnet rules test`")])
        return 1
    return _release(options, shelved, ruleset)


def _release(options: argparse.Namespace, shelved: Shelved, ruleset: Ruleset) -> int:
    """Seal what was tested, unless that version was sealed before with other files; the exit status."""
    rules = written_form(compile_ruleset(ruleset), shelved.root)
    path = f"{shelved.root}/{MANIFEST}"
    text = with_line("compiled", sha256(rules.encode()), shelved.texts[path])
    sealed, problems = assemble({**shelved.texts, path: text}, shelved.root)
    if sealed is not None:
        text = with_line("digest", sealed.digest, text)
        sealed, problems = assemble({**shelved.texts, path: text}, shelved.root)
    if sealed is None:  # a manifest in braces takes no further lines
        complain(problems)
        return 1
    known = list(seals(shelved.folder, ruleset.name))
    twice = [seal for seal in known if seal.version == ruleset.version and seal.digest != sealed.digest]
    if twice:
        message = f"{ruleset.name} {ruleset.version} was sealed before, with other files: {twice[0].digest}"
        complain([Problem("version-sealed", message, "raise the version", where=(Where(path),))])
        return 1
    last = next((seal.ruleset for seal in known if seal.version != ruleset.version and seal.ruleset), None)
    if last is None:
        tell(f"no earlier version of {ruleset.name} was found to compare it with")
    form = form_of(sealed, rules, sealed=True)
    failures = [
        write_whole(os.path.join(options.folder, COMPILED), form),
        write_whole(os.path.join(options.folder, MANIFEST), text),
        _enter(options.changelog, ruleset, last),
    ]
    complain([failure for failure in failures if failure is not None])
    if any(failures):
        return 1
    tell(f"{ruleset.name} {ruleset.version} is sealed: {sealed.digest}")
    say(entry(ruleset, last))
    return 0


def _enter(path: str | None, ruleset: Ruleset, last: Ruleset | None) -> Problem | None:
    """Put the entry into the changelog, if one is named."""
    if path is None:
        return None
    content = read_file(path, "changelog") if os.path.exists(path) else b""
    text = content if isinstance(content, Problem) else decode(content, path)
    return text if isinstance(text, Problem) else write_whole(path, entered(text, ruleset, last))
