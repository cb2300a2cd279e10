"""A golden out of a captured host: renamed, planned by the rules, and written whole or not at all."""

import os
import secrets
import shutil
from itertools import count
from typing import NamedTuple

from planner.authoring.keeping import kept_of
from planner.authoring.scaffolding import changed_by_scrubbing, described, scrubbed
from planner.authoring.trial import Case, try_out
from planner.cli.captures import Captured
from planner.cli.table import Wish
from planner.definition import read_definition
from planner.host.pseudonyms import KEY_LENGTH
from planner.host.reading import read_capture
from planner.plans.model import Plan
from planner.policy.compiled import Compiled
from planner.policy.parsing import NAME
from planner.problem import Problem, Where, errors


class Given(NamedTuple):
    """What goldens are made with: the rules, the folder they go into, names that stay, and a sentence about each."""

    rules: Compiled
    folder: str
    keep: tuple[str, ...]
    about: str


def made_of(captured: Captured, wish: Wish | None, given: Given, name: str = "") -> tuple[str, list[Problem]]:
    """The path of the golden that was made of the capture, nothing if none was; and what is to be told.

    Without a ``name`` it has that of the wish, else one by what it is: a file is often called like its host.
    """
    if isinstance(captured.content, Problem):
        return "", [captured.content]
    name = name or (wish.name if wish is not None else "")
    reading = read_capture(captured.content, captured.source)
    problems = list(reading.problems)
    if wish is None and not errors(problems):
        hint = "add a row for it, or a --network for all others"
        problems.append(Problem("no-definition", "no row is about it", hint, where=(Where(captured.source),)))
    problems += unfit_name(name, given.folder) if name else []
    if wish is None or reading.document is None or errors(problems):
        return "", problems
    # A golden is made once: nobody needs the key again.
    document, key = dict(reading.document), secrets.token_bytes(KEY_LENGTH)
    renamed = scrubbed(document, wish.wanted, wish.addresses, given.keep, key)
    before, after = read_capture(document, captured.source), read_capture(renamed.capture, "the renamed capture")
    definition = read_definition(renamed.definition, "the renamed definition")
    if before.host is None or after.host is None or definition.definition is None:
        return "", [*problems, *before.problems, *after.problems, *definition.problems]
    was = try_out(Case(name, before.host, wish.definition, wish.addresses), given.rules)
    trial = try_out(Case(name, after.host, definition.definition, renamed.addresses), given.rules)
    path = os.path.join(given.folder, name or _free_name(trial.plan, given.folder))
    files = renamed.files(wish.about or given.about or described(trial)) | kept_of(trial.plan)
    unwritten = _written(path, files)
    return "" if unwritten else path, [*problems, *changed_by_scrubbing(was, trial), *unwritten]


def unfit_name(name: str, folder: str) -> list[Problem]:
    """What is wrong with the name of a golden that is to be in ``folder``."""
    path = os.path.join(folder, name)
    if not NAME.fullmatch(name):
        return [Problem("bad-name", f"{name!r} cannot be a golden's name", "spell it like vlan-over-bond")]
    if os.path.lexists(path):
        hint = "choose another name; `mgmtnet golden update` brings its plan up to date"
        return [Problem("golden-exists", f"there is a golden {name}", hint, where=(Where(path),))]
    return []


def _free_name(plan: Plan, folder: str) -> str:
    """``bond-change-3``: where the address is, what is planned, and the first number that is free."""
    what = f"{plan.management.kind if plan.management is not None else 'no-address'}-{plan.outcome}"
    return next(name for number in count(1) if not os.path.lexists(os.path.join(folder, name := f"{what}-{number}")))


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
