"""The ruleset that a subcommand is about, and the goldens that go with it."""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator

from planner.authoring.trial import Case
from planner.cli.goldens import cases_in, golden_folders, read_golden
from planner.cli.inputs import read_file
from planner.cli.output import complain, in_colour, tell_whole
from planner.definition import Definition, read_definition
from planner.language import Rule, Ruleset
from planner.policy.compiled import Compiled, compile_ruleset
from planner.problem import Problem, errors
from planner.shelf import load_rules, ruleset_sources

GOLDENS = "golden"


def ruleset_of(spec: str | None) -> Ruleset | None:
    """The ruleset that ``spec`` names; None when it has errors, which are said, each with its line and a caret."""
    ruleset, problems = load_rules(spec)
    if ruleset is None or errors(list(problems)):
        point_out(problems, ruleset_sources(spec).texts)
        return None
    return ruleset


def own_rules(ruleset: Ruleset) -> list[Rule]:
    """The rules in the ruleset's own folder, without those of the one it extends."""
    return [rule for rule in ruleset.rules if rule.origin == f"{ruleset.name}@{ruleset.version}"]


def compiled_of(spec: str | None) -> Compiled | None:
    """The same, ready to fire."""
    ruleset = ruleset_of(spec)
    return None if ruleset is None else compile_ruleset(ruleset)


def point_out(problems: Iterable[Problem], sources: dict[str, str]) -> None:
    """Print findings as an author likes them."""
    from planner.policy.carets import render

    colour = in_colour(sys.stderr)
    for problem in problems:
        tell_whole(render(problem, sources, colour=colour) + "\n", painted=True)


def goldens_of(options: argparse.Namespace) -> str:
    """The folder of goldens: the one that is stated, that of the ruleset's folder, or that of the working folder."""
    return str(options.goldens) if options.goldens else own_goldens(options)


def own_goldens(options: argparse.Namespace) -> str:
    """The goldens that lie with the ruleset's folder, else those of the working folder."""
    own = os.path.join(options.ruleset or "", GOLDENS)
    return own if os.path.isdir(own) else GOLDENS


def goldens_in(folder: str) -> Iterator[tuple[str, Case]]:
    """Each golden in ``folder`` with its own folder; what cannot be read is said and left out."""
    for path in golden_folders(folder):
        case, problems = read_golden(path)
        complain(errors(problems))
        if case is not None:
            yield path, case


def hosts_in(folders: Iterable[str], definition: Definition) -> Iterator[Case]:
    """Every golden and capture in the folders; what cannot be read is said and left out."""
    for found in cases_in(folders, definition):
        complain(errors(found.problems))
        if found.case is not None:
            yield found.case


def definition_of(path: str | None) -> Definition | None:
    """What is wanted of captures that are no goldens; None when it cannot be read, which is said."""
    content = b"{}" if path is None else read_file(path, "definition")
    if isinstance(content, Problem):
        complain([content])
        return None
    reading = read_definition(content, path or "definition")
    complain(reading.problems)
    return reading.definition
