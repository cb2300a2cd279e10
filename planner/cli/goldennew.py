"""``mgmtnet golden new``: a golden out of a captured host, without what names anybody."""

import argparse
import os
import secrets
import shutil
from typing import Any, NamedTuple

from planner.authoring.keeping import kept_of
from planner.authoring.scaffolding import changed_by_scrubbing, described, scrubbed
from planner.authoring.trial import Case, try_out
from planner.cli.inputs import read_file
from planner.cli.names import resolve
from planner.cli.output import complain, say_lines, tell
from planner.definition import Definition, read_definition
from planner.documents.sources import parse_yaml, plain
from planner.host.pseudonyms import KEY_LENGTH
from planner.host.reading import read_capture
from planner.policy.compiled import Compiled
from planner.policy.parsing import NAME
from planner.problem import Problem, Where, errors
from planner.shelf import compiled_rules


class _Given(NamedTuple):
    """What a golden is made of, as it was captured."""

    capture: dict[str, Any]
    wanted: dict[str, Any]
    definition: Definition
    addresses: tuple[str, ...]
    rules: Compiled


def run(options: argparse.Namespace) -> int:
    """Make the golden; the exit status."""
    given = _given(options)
    if isinstance(given, list):
        complain(given)
        return 1
    files, problems = _golden(given, options)
    if files:
        path = os.path.join(options.folder, options.name)
        problems += _written(path, files)
    complain(problems)
    if errors(problems):
        return 1
    say_lines([path])
    tell(f"look at it: mgmtnet golden check {path}; tell in about.yaml what is special about the host")
    return 0


def _given(options: argparse.Namespace) -> _Given | list[Problem]:
    """Everything that the options name, or everything that is wrong with it."""
    problems = _unfit(options)
    content = read_file(options.capture, "capture")
    captured = None if isinstance(content, Problem) else read_capture(content, options.capture)
    problems += captured.problems if captured else [content] if isinstance(content, Problem) else []
    stated = read_file(options.network, "definition")
    definition = None if isinstance(stated, Problem) else read_definition(stated, options.network)
    problems += definition.problems if definition else [stated] if isinstance(stated, Problem) else []
    addresses, found = resolve(options.address or [])
    problems += found
    rules, unsound = compiled_rules(options.policy or options.rules)
    problems += unsound
    if (
        errors(problems)
        or isinstance(stated, Problem)
        or not (captured and captured.document and definition and definition.definition and rules)
    ):
        return problems
    complain(problems)
    node, _ = parse_yaml(stated.decode("utf-8", "replace"), options.network)
    wanted = plain(node) if node is not None else {}
    return _Given(dict(captured.document), wanted, definition.definition, addresses, rules)


def _unfit(options: argparse.Namespace) -> list[Problem]:
    """What is wrong with the name."""
    path = os.path.join(options.folder, options.name)
    if not NAME.fullmatch(options.name):
        return [Problem("bad-name", f"{options.name!r} cannot be a golden's name", "spell it like vlan-over-bond")]
    if os.path.lexists(path):
        hint = "choose another name; `mgmtnet golden update` brings its plan up to date"
        return [Problem("golden-exists", f"there is a golden {options.name}", hint, where=(Where(path),))]
    return []


def _golden(given: _Given, options: argparse.Namespace) -> tuple[dict[str, str], list[Problem]]:
    """The golden's files; none if what was renamed cannot be read again."""
    # A golden is made once: nobody needs the key again.
    renamed = scrubbed(given.capture, given.wanted, given.addresses, options.keep, secrets.token_bytes(KEY_LENGTH))
    before, after = read_capture(given.capture, options.capture), read_capture(renamed.capture, "the renamed capture")
    definition = read_definition(renamed.definition, "the renamed definition")
    if before.host is None or after.host is None or definition.definition is None:
        return {}, [*before.problems, *after.problems, *definition.problems]
    captured = try_out(Case(options.name, before.host, given.definition, given.addresses), given.rules)
    trial = try_out(Case(options.name, after.host, definition.definition, renamed.addresses), given.rules)
    files = renamed.files(options.about or described(trial)) | kept_of(trial.plan)
    return files, changed_by_scrubbing(captured, trial)


def _written(path: str, files: dict[str, str]) -> list[Problem]:
    """The golden whole or not at all: its folder is made beside, and renamed."""
    folder, name = os.path.split(path)
    beside = os.path.join(folder, f".{name}.{os.getpid()}")
    try:
        os.makedirs(beside)
        for file, text in files.items():
            with open(os.path.join(beside, file), "x", encoding="utf-8") as stream:
                stream.write(text)
        os.rename(beside, path)
    except (OSError, UnicodeError) as failure:  # a name or a sentence of bytes that are no text
        shutil.rmtree(beside, ignore_errors=True)
        reason = getattr(failure, "strerror", "") or str(failure)
        return [Problem("file-unwritable", f"cannot make {path!r}: {reason}", "name a folder of yours")]
    return []
