"""``mgmtnet rules new``: a new rule, copied from one that is like it."""

import argparse
import os

from planner.authoring.copying import copied
from planner.cli.inputs import read_file
from planner.cli.output import complain, say_lines, tell
from planner.cli.rules.schemas import FOLDER, put_schemas, schema_near
from planner.cli.writing import write_whole
from planner.documents.decoding import decode
from planner.documents.spelling import suggest
from planner.language import STAGES, Ruleset
from planner.policy.manifests import Manifest, parse_manifest
from planner.policy.parsing import NAME
from planner.policy.seal import MANIFEST
from planner.problem import Problem, Where, errors
from planner.shelf import load_rules, ruleset_sources

SCHEMA = "rule.schema.json"


def run(options: argparse.Namespace) -> int:
    """Write the rule's file, and print its path; the exit status."""
    made = _made(options)
    if isinstance(made, str):
        say_lines([made])
        tell(f"say why it is there, name goldens, then: mgmtnet rules check {options.into}")
        return 0
    complain(made)
    return 1


def _made(options: argparse.Namespace) -> str | list[Problem]:
    """The path of the new file, or why there is none."""
    ruleset, problems = load_rules(options.rules)
    if ruleset is None or errors(problems):
        return [*problems]
    manifest = _manifest(options.into)
    problems = (*_unfit(options, ruleset), *([] if isinstance(manifest, Manifest) else manifest))
    if problems or not isinstance(manifest, Manifest):
        return [*problems]
    like = next(rule for rule in ruleset.rules if options.like in (rule.name, rule.table))
    text = ruleset_sources(options.rules).texts[like.source]
    place = os.path.join(options.into, options.stage or like.stage)
    path = os.path.normpath(os.path.join(place, f"{options.name}.yaml"))
    try:
        os.makedirs(place, exist_ok=True)
    except OSError as failure:
        told = f"cannot make {place!r}: {failure.strerror or failure}"
        return [Problem("file-unwritable", told, "name a folder of yours")]
    schema = schema_near(place, SCHEMA)
    if not schema:
        problems = (*put_schemas(options.into),)
        schema = f"../{FOLDER}/{SCHEMA}"
    written = write_whole(path, copied(text, options.name, manifest.version, schema), new=True)
    return [*problems, written] if written else [*problems] if problems else path


def _unfit(options: argparse.Namespace, ruleset: Ruleset) -> list[Problem]:
    """What is wrong with the two names."""
    problems = []
    if not NAME.fullmatch(options.name):
        message = f"{options.name!r} cannot be a rule's name"
        problems.append(Problem("bad-name", message, "spell it like vlan-over-bond"))
    known = {name for rule in ruleset.rules for name in (rule.name, rule.table)}
    if options.like not in known:
        message = f"{ruleset.name}@{ruleset.version} has no rule {options.like!r}"
        problems.append(Problem("unknown-rule", message, suggest(options.like, sorted(known))))
    for stage in STAGES:
        path = os.path.join(options.into, stage, f"{options.name}.yaml")
        if os.path.lexists(path):
            hint = "choose another name; nothing is overwritten"
            problems.append(Problem("file-exists", f"there is a rule {options.name}", hint, where=(Where(path),)))
    return problems


def _manifest(place: str) -> Manifest | list[Problem]:
    """The manifest of the ruleset that the rule goes into, if that can still be added to."""
    path = os.path.join(place, MANIFEST)
    if not os.path.isfile(path):
        hint = f"name the folder of a ruleset, which holds {MANIFEST}: --into DIR; `mgmtnet rules init DIR` begins one"
        return [Problem("no-manifest", f"there is no {MANIFEST} in {place!r}", hint)]
    content = read_file(path, "manifest")
    text = content if isinstance(content, Problem) else decode(content, path)
    if isinstance(text, Problem):
        return [text]
    manifest, findings = parse_manifest(text, path)
    if manifest is None:
        return [*findings.in_order()]
    if manifest.digest:
        hint = "copy the folder to a new version without a digest, and add to that"
        where = (Where(path, line=manifest.entries["digest"].key.line, column=1),)
        return [Problem("released", f"{manifest.title} is released, and does not change", hint, where=where)]
    return manifest
