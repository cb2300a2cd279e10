"""``mgmtnet rules check``: what is wrong with rules, each finding with its line, a caret and, at need, a host."""

import argparse
import os
from collections.abc import Iterator, Sequence

from planner.authoring.analysis import analyse
from planner.authoring.findings import Finding, document
from planner.authoring.mending import Change, missing_schema
from planner.authoring.sarif import sarif
from planner.authoring.trial import Case
from planner.cli.goldens import cases_in
from planner.cli.output import say_json
from planner.cli.rules.check_files import folders_of, kept_witnesses, mended_on_disk, schemas_for
from planner.cli.rules.check_text import Checked, show
from planner.definition import Definition
from planner.language import Ruleset
from planner.policy.compiled import compile_ruleset
from planner.policy.rulesets import assemble
from planner.policy.seal import COMPILED, kept_form
from planner.problem import Problem, Where, errors
from planner.shelf import Shelved, form_in, ruleset_sources


def run(options: argparse.Namespace) -> int:
    """Check each ruleset; the exit status."""
    checked = [_checked(spec, options) for spec in folders_of(options.rulesets)]
    if options.witness:
        unkept = kept_witnesses(options.witness, (finding for one in checked for finding in one.findings))
        checked[-1].findings.extend(map(Finding, unkept))
    findings = [finding for one in checked for finding in one.findings]
    if options.output == "text":
        show(checked, options.witness)
    elif options.output == "json":
        say_json(document([one.title for one in checked], findings))
    else:
        say_json(sarif(version(), findings))
    return 1 if errors([finding.problem for finding in findings]) or (options.strict and findings) else 0


def _checked(spec: str | None, options: argparse.Namespace) -> Checked:
    shelved = ruleset_sources(spec)
    if shelved.problems:
        return Checked(spec or shelved.root, 0, shelved.texts, [Finding(problem) for problem in shelved.problems])
    changes: tuple[Change, ...] = ()
    unwritten: list[Problem] = []
    if options.fix and spec is not None and os.path.isdir(spec):
        changes, unwritten = mended_on_disk(spec, shelved)
        shelved = ruleset_sources(spec)
    ruleset, problems = assemble(shelved.texts, shelved.root)
    findings = [Finding(problem) for problem in (*unwritten, *problems)]
    if ruleset is not None:
        cases = None if options.quick else _cases(options.hosts)
        findings += analyse(ruleset, shelved.root, shelved.texts, cases)
        findings += [Finding(forged) for forged in _forged(ruleset, shelved)]
    schemas = schemas_for(spec, shelved)
    notes = (note for path in sorted(schemas) for note in missing_schema(path, shelved.texts[path], schemas))
    findings += [Finding(note) for note in notes]
    title = f"{ruleset.name}@{ruleset.version}" if ruleset is not None else shelved.root
    return Checked(title, len(ruleset.rules) if ruleset else 0, shelved.texts, findings, changes)


def _forged(ruleset: Ruleset, shelved: Shelved) -> Iterator[Problem]:
    """That the compiled form, by which hosts would be planned, is not what the files say."""
    kept = kept_form(form_in(shelved.folder), shelved.texts, shelved.root, shipped=shelved.shipped)
    if kept is not None:
        anew = compile_ruleset(ruleset)
        if tuple(kept.ruleset.rules) != tuple(ruleset.rules) or (kept.stages, kept.kinds) != (anew.stages, anew.kinds):
            message = f"{COMPILED} bears the seal, and says something else than the files that it was sealed with"
            hint = "plan with nothing from this folder, and ask whoever released it"
            yield Problem("compiled-differs", message, hint, where=(Where(f"{shelved.root}/{COMPILED}"),))


def _cases(folders: Sequence[str]) -> Iterator[Case]:
    """The hosts that lie in the folders, those that can be read."""
    return (found.case for found in cases_in(folders, Definition()) if found.case is not None)


def version() -> str:
    """The version of mgmtnet, for a report; empty where it is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("mgmtnet")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"
