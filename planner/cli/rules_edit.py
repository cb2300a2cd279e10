"""``mgmtnet rules new``: a new rule, copied from one that is like it."""

import argparse
import os
import sys
from collections.abc import Iterator

from planner.authoring.edit import beginning, copied, entered, entry, from_the_future, with_line
from planner.authoring.fmt import formatted
from planner.authoring.golden import kept_of
from planner.cli.git import seals
from planner.cli.golden import plan_golden
from planner.cli.output import complain, in_colour, say, say_lines, tell, tell_whole, write_whole
from planner.cli.rules_check import FOLDER, put_schemas, schema_near
from planner.cli.rules_try import tested
from planner.facts.vocabulary import STAGES
from planner.files import read_file
from planner.problem import Problem, Where, errors, render
from planner.rules.compiled import compile_ruleset
from planner.rules.digest import MANIFEST, sha256
from planner.rules.lint import lint
from planner.rules.model import Ruleset
from planner.rules.reader import NAME, parse_rules
from planner.rules.ruleset import Manifest, assemble, parse_manifest
from planner.rules.shelf import (
    COMPILED,
    DEFAULT,
    Shelved,
    compiled_rules,
    form_of,
    installed,
    is_shipped,
    load_rules,
    ruleset_sources,
    written_form,
)
from planner.yamltext import decode, suggest

SCHEMA = "rule.schema.json"


def run_new(options: argparse.Namespace) -> int:
    """Write the rule's file, and print its path; the exit status."""
    made = _made(options)
    if isinstance(made, str):
        say_lines([made])
        tell(f"say why it is there, name goldens, then: mgmtnet rules check {options.into}")
        return 0
    complain(made)
    return 1


def _made(options: argparse.Namespace) -> str | list[Problem]:
    """The path of the new file, or why it could not be made."""
    ruleset, problems = load_rules(options.rules)
    if ruleset is None or errors(problems):
        return [*problems]
    manifest = _manifest(options.into)
    problems = (*_new_unfit(options, ruleset), *([] if isinstance(manifest, Manifest) else manifest))
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


def _new_unfit(options: argparse.Namespace, ruleset: Ruleset) -> list[Problem]:
    """What is wrong with the two names."""
    problems = []
    if not NAME.fullmatch(options.name):
        message = f"{options.name!r} cannot be a rule's name"
        problems.append(Problem("bad-name", message, "spell it like vlan-over-bond"))
    known = {name for rule in ruleset.rules for name in (rule.name, rule.table)}
    if options.like not in known:
        message = f"{ruleset.title} has no rule {options.like!r}"
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


# ``mgmtnet rules init``: a folder with a policy that is green at once, to be made one's own.


FALLBACK = "site"  # the ruleset's name, where that of the folder cannot be one


def run_init(options: argparse.Namespace) -> int:
    """Write the folder, and print the paths of what is in it; the exit status."""
    extends, problems = _extended(options.extends or DEFAULT)
    problems += _init_unfit(options.folder)
    if problems:
        complain(problems)
        return 1
    name = os.path.basename(os.path.abspath(options.folder))
    written, problems = _written(options.folder, name if NAME.fullmatch(name) else FALLBACK, extends)
    say_lines(written)
    complain(problems)
    if errors(problems):
        return 1
    tell(f"try it: mgmtnet rules test {options.folder}")
    tell(f"then write a rule: mgmtnet rules new ID --like RULE --into {options.folder} (mgmtnet rules list has them)")
    return 0


def _extended(stated: str) -> tuple[str, list[Problem]]:
    """The installed ruleset that is stated, in its newest version where none is."""
    found = [title for title in installed() if stated in (title, title.partition("@")[0])]
    if found:
        return found[-1], []
    return "", [Problem("unknown-ruleset", f"the ruleset {stated} is not installed", suggest(stated, installed()))]


def _init_unfit(folder: str) -> list[Problem]:
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


# ``mgmtnet rules fmt``: rule files and manifests in their canonical form.


def run_fmt(options: argparse.Namespace) -> int:
    """Format, or only tell which files are not; the exit status."""
    places = options.places or ["."]
    paths = dict.fromkeys(path for place in places for path in _files(place))
    problems: list[Problem] = []
    if not paths:
        hint = "give a ruleset's folder, or rule files"
        problems.append(Problem("no-rules", f"no ruleset in {', '.join(places)}", hint))
    texts: dict[str, str] = {}
    sealed: set[str] = set()
    changed = 0
    for path in paths:
        text = _text(path)
        if isinstance(text, Problem):
            problems.append(text)
            continue
        texts[path] = text
        if released := _released(path):
            sealed.add(released)
            continue
        laid = _formatted(path, text)
        if not isinstance(laid, str):
            problems += laid
        elif laid != text:
            changed += 1
            say_lines([path])
            failure = None if options.check else write_whole(path, laid)
            problems += [failure] if failure else []
    for folder in sorted(sealed):
        tell(f"{folder} is released: left as it is")
    for problem in problems:
        tell_whole(render(problem, texts, colour=in_colour(sys.stderr)) + "\n", painted=True)
    tell(f"{len(paths)} files, {changed} {'not formatted' if options.check else 'formatted anew'}")
    return 1 if problems or (options.check and changed) else 0


def _files(place: str) -> Iterator[str]:
    """The file, or those of every ruleset in the folder."""
    if not os.path.isdir(place):
        yield place
        return
    for folder, folders, names in os.walk(place):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if MANIFEST in names:
            yield os.path.normpath(os.path.join(folder, MANIFEST))
            for stage in STAGES:
                inside = os.path.normpath(os.path.join(folder, stage))
                listed = sorted(os.listdir(inside)) if os.path.isdir(inside) else []
                yield from (os.path.join(inside, name) for name in listed if name.endswith(".yaml"))


def _released(path: str) -> str:
    """The folder of the file's ruleset if that is sealed: its digest is of the files as they are. ``""``: it is not."""
    folder = os.path.dirname(path)
    folder = folder if os.path.basename(path) == MANIFEST else os.path.normpath(os.path.join(folder, os.pardir))
    manifest = _text(os.path.join(folder, MANIFEST))
    sealed = isinstance(manifest, str) and any(line.startswith("digest:") for line in manifest.splitlines())
    return folder or os.curdir if sealed else ""


def _text(path: str) -> str | Problem:
    content = read_file(path, "rule")
    return content if isinstance(content, Problem) else decode(content, path)


def _formatted(path: str, text: str) -> str | list[Problem]:
    """The file's canonical form; or its errors, with which it has none."""
    folder, name = os.path.split(os.path.abspath(path))
    if name == MANIFEST:
        manifest, findings = parse_manifest(text, path)
        return _laid(text, path, manifest=True) if manifest is not None else [*findings.in_order()]
    stage = next((stage for stage in STAGES if os.path.basename(folder) == stage), None)
    if stage is None:
        hint = "move it to " + " or ".join(f"{stage}/" for stage in STAGES)
        message = "a rule's file lies in the folder of its stage"
        return [Problem("misplaced-file", message, hint, where=(Where(path, line=1, column=1),))]
    rules, problems = parse_rules(text, path, stage, f"{stage}/{name}")
    return _laid(text, path) if rules else [*problems]


def _laid(text: str, path: str, *, manifest: bool = False) -> str | list[Problem]:
    laid = formatted(text, path, manifest=manifest)
    return [laid] if isinstance(laid, Problem) else laid


# ``mgmtnet rules release``: test a version, seal it with its digest and compiled form, and tell what is new in it.


def run_release(options: argparse.Namespace) -> int:
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
    shipped = is_shipped(options.folder)  # whose compiled form each version of the program makes for itself
    text = shelved.texts[path] if shipped else with_line("compiled", sha256(rules.encode()), shelved.texts[path])
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
