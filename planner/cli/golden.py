"""``mgmtnet golden``: captured hosts with the plans they are known to get.

A golden is a folder: ``capture.*`` and ``definition.yaml`` go in, ``about.yaml`` says what is special and gives
the address; ``plan.json`` and ``why.txt`` are what comes out. `update` rewrites those two; the diff is for eyes,
so the digest of the rules and the engine's name are left blank in them: they would change in every golden.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from typing import NamedTuple

import planner
from planner.cli.cache import compiled_rules
from planner.cli.console import complain
from planner.cli.inputs import read_file
from planner.definition import read_definition
from planner.documents.sources import parse_yaml, plain
from planner.host.reading import read_capture
from planner.plans.model import Plan
from planner.policy.compiled import Compiled
from planner.problem import Problem, Where, errors


class Golden(NamedTuple):
    """One golden: its folder and name, what is special about it, the addresses that are given."""

    folder: str
    name: str
    about: str
    addresses: tuple[str, ...]


def run(options: argparse.Namespace) -> int:
    """Check or update the goldens; the exit status."""
    rules, problems = compiled_rules(options.policy or options.rules)
    folders = list(golden_folders(options.folder))
    if not folders:
        problems.append(Problem("no-golden", f"no golden under {options.folder}", "a golden has a definition.yaml"))
    complain(problems)
    if rules is None or errors(problems):
        return 1
    differing = sum(_one(folder, rules, update=options.action == "update") for folder in folders)
    verb = "rewritten" if options.action == "update" else "differ"
    print(f"{len(folders)} goldens, {differing} {verb}", file=sys.stderr)
    return 1 if differing and options.action == "check" else 0


def golden_folders(folder: str) -> Iterator[str]:
    """``folder`` itself if it is a golden, else each golden in it, by name."""
    if os.path.exists(os.path.join(folder, "definition.yaml")):
        yield folder
    elif os.path.isdir(folder):
        for name in sorted(os.listdir(folder)):
            if os.path.exists(os.path.join(folder, name, "definition.yaml")):
                yield os.path.join(folder, name)


def plan_golden(folder: str, rules: Compiled) -> tuple[Plan | None, list[Problem]]:
    """The plan that ``folder`` gets by ``rules``."""
    golden, problems = read_golden(folder)
    capture = _capture_path(folder)
    content = read_file(capture, "capture")
    stated = read_file(os.path.join(folder, "definition.yaml"), "definition")
    if isinstance(content, Problem) or isinstance(stated, Problem) or golden is None:
        return None, [*problems, *(found for found in (content, stated) if isinstance(found, Problem))]
    host, definition = read_capture(content, capture), read_definition(stated, os.path.join(folder, "definition.yaml"))
    problems += [*host.problems, *definition.problems]
    if host.host is None or definition.definition is None:
        return None, problems
    return planner.plan(host.host, definition.definition, rules, golden.addresses), problems


def read_golden(folder: str) -> tuple[Golden | None, list[Problem]]:
    """What ``about.yaml`` says."""
    path = os.path.join(folder, "about.yaml")
    content = read_file(path, "description")
    if isinstance(content, Problem):
        return None, [content]
    node, problems = parse_yaml(content.decode("utf-8", "replace"), path)
    about = plain(node) if node is not None else None
    if not isinstance(about, dict):
        return None, [*problems, Problem("golden-invalid", f"{path} is no mapping", where=(Where(path),))]
    addresses = about.get("address") or ()
    return Golden(folder, os.path.basename(folder), str(about.get("about", "")), tuple(map(str, addresses))), problems


def _capture_path(folder: str) -> str:
    names = sorted(name for name in os.listdir(folder) if name.startswith("capture."))
    return os.path.join(folder, names[0] if names else "capture.json")


def _one(folder: str, rules: Compiled, *, update: bool) -> bool:
    """Whether the golden's files differ from what the rules say now; rewritten on ``update``."""
    plan, problems = plan_golden(folder, rules)
    complain([problem for problem in problems if problem.severity == "error"])
    if plan is None:
        return True
    from planner.explain.reasons import why_all
    from planner.explain.summary import summary

    plan = plan._replace(rules=plan.rules._replace(digest="sha256:-", engine="-"))
    document = plan.document()
    wanted = {"plan.json": plan.json(), "why.txt": summary(document) + "\n" + why_all(document)}
    stale = [name for name, text in wanted.items() if _text(os.path.join(folder, name)) != text]
    for name in stale:
        if update:
            with open(os.path.join(folder, name), "w", encoding="utf-8") as stream:
                stream.write(wanted[name])
        else:
            print(_difference(os.path.join(folder, name), wanted[name]))
    return bool(stale)


def _text(path: str) -> str | None:
    content = read_file(path, "golden")
    return None if isinstance(content, Problem) else content.decode("utf-8", "replace")


def _difference(path: str, wanted: str) -> str:
    import difflib

    lines = difflib.unified_diff(
        (_text(path) or "").splitlines(), wanted.splitlines(), path, "by these rules", "", "", 2
    )
    return "\n".join(lines)
