"""``mgmtnet rules check``: what is wrong with rules, each finding with its line, a caret and, at need, a host."""

import argparse
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from planner.authoring.check import Analysis, analyse
from planner.authoring.edit import SCHEMAS
from planner.authoring.findings import Finding, counts, document, sarif
from planner.authoring.fix import Change, mend, missing_schema
from planner.authoring.golden import Case
from planner.cli.cases import GOLDENS, cases_in, golden_folders
from planner.cli.output import in_colour, say, say_json, tell, write_whole
from planner.definition import Definition
from planner.facts.vocabulary import STAGES
from planner.printing import printable
from planner.problem import Problem, Where, errors, render
from planner.rules.compiled import compile_ruleset
from planner.rules.digest import MANIFEST
from planner.rules.lint import unknown_goldens
from planner.rules.model import Ruleset
from planner.rules.ruleset import assemble
from planner.rules.schema import texts
from planner.rules.shelf import COMPILED, Shelved, folder, form_in, kept_form, ruleset_sources
from planner.yamltext import dump_yaml

# Where the schemas lie by which editors complete rules and manifests, as a file names them.


FOLDER = "schemas"


def schema_near(folder: str, name: str) -> str:
    """``schemas/NAME`` in the folder or in one above it, as a relative path; empty if it does not exist."""
    above, steps = os.path.abspath(folder), ""
    while True:
        if os.path.isfile(os.path.join(above, FOLDER, name)):
            return f"{steps}{FOLDER}/{name}"
        if os.path.dirname(above) == above:
            return ""
        above, steps = os.path.dirname(above), f"{steps}../"


def put_schemas(folder: str) -> list[Problem]:
    """Lay the schemas of what a policy's author writes into its ``folder``, where editors find them from anywhere."""
    place = os.path.join(folder, FOLDER)
    try:
        os.makedirs(place, exist_ok=True)
    except OSError as failure:
        told = f"cannot make {place!r}: {failure.strerror or failure}"
        return [Problem("file-unwritable", told, "name a folder of yours")]
    written = [write_whole(os.path.join(place, name), text) for name, text in texts().items() if name in SCHEMAS]
    return [problem for problem in written if problem is not None]


# The files that a check is about, those it cures, and the hosts that it keeps for the author to try.


MARK = b"\xef\xbb\xbf"


def folders_of(specs: Sequence[str]) -> list[str | None]:
    """The rulesets named, each once; a file stands for the ruleset that it is in. None: the shipped one."""
    return list(dict.fromkeys(_folder(spec) for spec in specs)) or [None]


def _folder(spec: str) -> str:
    if not os.path.isfile(spec):
        return spec
    above = os.path.dirname(spec) or "."
    return os.path.normpath(os.path.join(above, os.pardir)) if os.path.basename(above) in STAGES else above


def schemas_for(spec: str | None, shelved: Shelved) -> dict[str, str]:
    """For each file of the ruleset in a folder its schema, as the file can name it; where none is near, nothing."""
    if spec is None or not os.path.isdir(spec):
        return {}
    found = {}
    for path in shelved.texts:
        if path.startswith(f"{shelved.root}/"):
            name = "ruleset.schema.json" if path == f"{shelved.root}/{MANIFEST}" else "rule.schema.json"
            schema = schema_near(os.path.dirname(_on_disk(spec, shelved, path)), name)
            if schema:
                found[path] = schema
    return found


def mended_on_disk(spec: str, shelved: Shelved) -> tuple[tuple[Change, ...], list[Problem]]:
    """Cure the files in the folder ``spec``, each replaced at once or not at all; what was changed, and what not."""
    mended = mend(shelved.texts, shelved.root, schemas_for(spec, shelved))
    written: set[str] = set()
    problems: list[Problem] = []
    for path, text in mended.texts.items():
        try:
            if text != shelved.texts[path] and _replaced(_on_disk(spec, shelved, path), shelved.texts[path], text):
                written.add(path)
        except OSError as failure:
            problems.append(unwritable(path, failure))
    return tuple(change for change in mended.changes if change.source in written), problems


def unwritable(path: str, failure: OSError) -> Problem:
    """What a file system will not let us do, as advice."""
    message = f"cannot be written: {failure.strerror or failure}"
    return Problem(
        "file-unwritable", message, "see to its permissions, and to those of its folder", where=(Where(path),)
    )


def _on_disk(spec: str, shelved: Shelved, path: str) -> str:
    return os.path.join(spec, path.removeprefix(f"{shelved.root}/"))


def _replaced(path: str, before: str, after: str) -> bool:
    """Whether the file could be replaced; not if somebody has saved it meanwhile."""
    path = os.path.realpath(path)
    with open(path, "rb") as stream:
        content = stream.read()
    mark = MARK if content.startswith(MARK) else b""
    if content.removeprefix(MARK) != before.encode():
        return False
    handle, beside = tempfile.mkstemp(dir=os.path.dirname(path), prefix=f".{os.path.basename(path)}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(mark + after.encode())
        os.chmod(beside, os.stat(path).st_mode & 0o7777)
        os.replace(beside, path)
    except OSError:
        os.unlink(beside)
        raise
    return True


def kept_witnesses(folder: str, findings: Iterable[Finding]) -> list[Problem]:
    """Write each host that was made for a finding as a golden without its plan; why that failed, if it did."""
    try:
        _keep(folder, findings)
    except OSError as failure:
        return [unwritable(folder, failure)]
    return []


def _keep(folder: str, findings: Iterable[Finding]) -> None:
    for problem, shown in findings:
        if shown is None or shown.witness is None:
            continue
        capture, definition, addresses = shown.witness
        own = os.path.join(folder, _witness_name(problem.code, problem.rule or problem.message))
        os.makedirs(own, exist_ok=True)
        texts = {
            "capture.json": json.dumps(capture, indent=1) + "\n",
            "definition.yaml": dump_yaml({k: v for k, v in definition.items() if v is not None}),
            "about.yaml": dump_yaml({"about": problem.message, "address": list(addresses)}),
        }
        for name, text in texts.items():
            with open(os.path.join(own, name), "w", encoding="utf-8") as stream:
                stream.write(text)


def _witness_name(*words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", " ".join(words).lower()).strip("-")[:80]


# What a check has found, for a person: each finding with its line and a caret, and a line that sums it up.


LISTED_FACTS = 6  # of a host that shows a finding; more would push the next finding off the screen


class Checked(NamedTuple):
    """One ruleset: how it is called, how many rules it has, its texts, what is wrong with it, what was cured.

    ``decided`` is how many questions the solver has decided, ``undecided`` are those that took too long.
    ``inherited`` are the invariants of its base, which it may give up and does not say so of.
    """

    title: str
    rules: int
    texts: dict[str, str]
    findings: list[Finding]
    changes: tuple[Change, ...] = ()
    decided: int = 0
    undecided: tuple[str, ...] = ()
    inherited: int = 0


def show(checked: Sequence[Checked], witness_folder: str | None) -> None:
    """Print findings to standard output and, to standard error, what was changed and the sum."""
    colour = in_colour(sys.stdout)
    for one in checked:
        for change in one.changes:
            tell(f"fixed {change}")
        for finding in one.findings:
            lines = [render(finding.problem, one.texts, colour=colour), *_host(finding, witness_folder)]
            say("\n".join(lines), painted=True)
        if one.inherited:
            counted = _counted(one.inherited, "invariants")
            tell(
                f"{one.title}: `mgmtnet rules prove` tells which of the {counted} of its base it gives up, with a host"
            )
        for told in one.undecided:
            tell(f"{one.title}: not decided: {told}")
        tell(_sum(one))


def _host(finding: Finding, folder: str | None) -> list[str]:
    """The host that shows the finding, and where it was kept."""
    shown = finding.shown
    if shown is None:
        return []
    lines = [f"  host: {printable(shown.case.name)}"]
    lines += [f"    {line}" for line in shown.lines[:LISTED_FACTS]]
    if len(shown.lines) > LISTED_FACTS:
        lines.append(f"    ... and {len(shown.lines) - LISTED_FACTS} more")
    if shown.witness is not None and not folder:
        lines.append("    (--witness DIR writes its capture and definition, to be planned and tried)")
    return lines


def _sum(one: Checked) -> str:
    """``site@1: 3 rules; 2 errors, 1 warning; 1 of them can be fixed by --fix``."""
    told = [_counted(number, plural) for plural, number in counts(one.findings).items() if number]
    fixable = sum(bool(finding.problem.fixes) for finding in one.findings)
    parts = [f"{one.title}: {_counted(one.rules, 'rules')}" if one.rules else one.title]
    parts.append(", ".join(told) or "nothing to say")
    if one.changes:
        parts.append(f"{len(one.changes)} fixed")
    if one.decided or one.undecided:
        parts.append(f"{_counted(one.decided, 'questions')} decided, {len(one.undecided)} undecided")
    if fixable:
        parts.append(f"{fixable} of them may be mended by --fix")
    return "; ".join(parts)


def _counted(number: int, plural: str) -> str:
    return f"{number} {plural if number != 1 else plural[:-1]}"


def run_check(options: argparse.Namespace) -> int:
    """Check each ruleset; the exit status."""
    checked = [_checked(spec, options) for spec in folders_of(options.rulesets)]
    if options.witness:
        unkept = kept_witnesses(options.witness, (finding for one in checked for finding in one.findings))
        checked[-1].findings.extend(map(Finding, unkept))
    findings = [finding for one in checked for finding in one.findings]
    if options.output == "text":
        show(checked, options.witness)
    elif options.output == "json":
        undecided = [told for one in checked for told in one.undecided]
        decided = sum(one.decided for one in checked)
        say_json(document([one.title for one in checked], findings, decided, undecided))
    else:
        say_json(sarif(version(), findings))
    doubtful = options.strict and (findings or any(one.undecided for one in checked))
    return 1 if errors([finding.problem for finding in findings]) or doubtful else 0


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
    analysis = Analysis(())
    if ruleset is not None:
        cases = None if options.quick else _cases(options.hosts)
        redundant: bool = options.redundant
        analysis = analyse(ruleset, shelved.root, shelved.texts, cases, redundant=redundant)
        findings += analysis.findings
        findings += [Finding(forged) for forged in _forged(ruleset, shelved)]
        findings += [Finding(problem) for problem in dict.fromkeys(_untried(ruleset, shelved))]
    schemas = schemas_for(spec, shelved)
    notes = (note for path in sorted(schemas) for note in missing_schema(path, shelved.texts[path], schemas))
    findings += [Finding(note) for note in notes]
    title = ruleset.title if ruleset is not None else shelved.root
    rules = len(ruleset.rules) if ruleset else 0
    inherited = _inherited(ruleset) if ruleset is not None else 0
    decided, undecided = analysis.decided, analysis.undecided
    return Checked(title, rules, shelved.texts, findings, changes, decided, undecided, inherited)


def _inherited(ruleset: Ruleset) -> int:
    """How many invariants come from the base of a ruleset that does more than refuse and warn besides."""
    acting = ruleset.gone or any(rule.overrides or rule.sets or rule.concludes for rule in ruleset.own)
    theirs = {one.name for one in ruleset.invariants if one.origin != ruleset.title}
    return len(theirs - dict(ruleset.given_up).keys()) if acting else 0


def _untried(ruleset: Ruleset, shelved: Shelved) -> Iterator[Problem]:
    """The examples that are none of the goldens that lie with the rules; where none lie there, nobody knows."""
    own = os.path.join(shelved.folder, GOLDENS)
    goldens = [os.path.basename(path) for path in golden_folders(own if os.path.isdir(own) else folder(GOLDENS))]
    if goldens and (shelved.shipped or os.path.isdir(own)):
        yield from unknown_goldens(ruleset, shelved.texts, goldens)


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
