"""Reading goldens, and captures beside them, as cases to try rules on.

A golden is a folder: ``capture.*`` and ``definition.yaml`` go in, ``about.yaml`` says what is special about the host
and gives its management address; ``plan.json`` and ``why.txt`` are what comes out.
"""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import NamedTuple

from planner.authoring.golden import Case
from planner.cli.output import complain, in_colour, tell_whole
from planner.definition import Definition, read_definition
from planner.files import read_file
from planner.fleet.captures import Captured, captures_in
from planner.host.capture import read_capture
from planner.problem import Problem, Where, errors
from planner.rules.compiled import Compiled, compile_ruleset
from planner.rules.model import Ruleset
from planner.rules.shelf import load_rules, ruleset_sources
from planner.yamltext import parse_yaml, plain

DEFINITION, ABOUT = "definition.yaml", "about.yaml"


class Found(NamedTuple):
    """A golden or a capture by its path: the case that it makes, or None, and what is wrong with it."""

    path: str
    case: Case | None
    problems: list[Problem]


def golden_folders(folder: str) -> Iterator[str]:
    """``folder`` itself if it is a golden, else each golden in it, by name."""
    if os.path.exists(os.path.join(folder, DEFINITION)):
        yield folder
    elif os.path.isdir(folder):
        for name in sorted(os.listdir(folder)):
            if os.path.exists(os.path.join(folder, name, DEFINITION)):
                yield os.path.join(folder, name)


def read_golden(folder: str) -> tuple[Case | None, list[Problem]]:
    """The golden in ``folder``, or everything that is wrong with it."""
    addresses, problems = _addresses(os.path.join(folder, ABOUT))
    path = os.path.join(folder, DEFINITION)
    stated = read_file(path, "definition")
    if isinstance(stated, Problem):
        return None, [*problems, stated]
    definition = read_definition(stated, path)
    problems += definition.problems
    if definition.definition is None:
        return None, problems
    case, found = read_case(capture_of(folder), definition.definition, addresses or (), folder)
    return case if addresses is not None else None, problems + found


def read_case(
    path: str, definition: Definition, addresses: tuple[str, ...] = (), name: str = ""
) -> tuple[Case | None, list[Problem]]:
    """The captured host in the file ``path`` with what is wanted of it; ``name``: the last part is how it is called."""
    return _case(_content(path), path, definition, addresses, os.path.basename(name or path))


def _case(
    content: bytes | Problem, source: str, definition: Definition, addresses: tuple[str, ...], name: str
) -> tuple[Case | None, list[Problem]]:
    if isinstance(content, Problem):
        return None, [content]
    reading = read_capture(content, source)
    case = Case(name, reading.host, definition, addresses) if reading.host is not None else None
    return case, list(reading.problems)


def _content(path: str) -> bytes | Problem:
    """The one capture in a file, also where it is packed or a sosreport; of several, the file as it is."""
    found = list(islice(captures_in([path]), 2)) if os.path.isfile(path) else []
    return found[0].content() if len(found) == 1 else read_file(path, "capture")


def cases_in(folders: Iterable[str], definition: Definition | None) -> Iterator[Found]:
    """Every golden in the folders, and every file that lies in them by itself, as a capture with ``definition``."""
    return (case_at(host, definition) for folder in folders for path in paths_in(folder) for host in hosts_at(path))


def paths_in(folder: str) -> Iterator[str]:
    """Every golden in a folder, and every file that lies in it by itself; or the one file that it is."""
    if os.path.isfile(folder):
        yield folder
        return
    goldens = list(golden_folders(folder))
    yield from goldens
    if goldens != [folder]:
        yield from (os.path.join(folder, name) for name in _files(folder))


def hosts_at(path: str) -> Iterator[str | Captured]:
    """The path of a golden or a capture as it is; of an archive, a stream or a log of several hosts each of these."""
    found = captures_in([path]) if os.path.isfile(path) else iter(())
    first = list(islice(found, 2))
    yield from chain(first, found) if len(first) > 1 else [path]


def case_at(at: str | Captured, definition: Definition | None) -> Found:
    """What `hosts_at` names: a golden's folder, or a capture, of which ``definition`` is wanted."""
    if isinstance(at, str) and os.path.isdir(at):
        return Found(at, *read_golden(at))
    path = at if isinstance(at, str) else at.source
    if definition is None:
        message, hint = (
            "nobody says what is wanted of this capture",
            "give its definition by --network, or make it a golden",
        )
        return Found(path, None, [Problem("no-definition", message, hint, where=(Where(path),))])
    if isinstance(at, str):
        return Found(path, *read_case(path, definition))
    return Found(path, *_case(at.content(), path, definition, (), at.host))


def capture_of(folder: str) -> str:
    """The path of a golden's capture, whatever its format."""
    names = sorted(name for name in os.listdir(folder) if name.startswith("capture."))
    return os.path.join(folder, names[0] if names else "capture.json")


def _files(folder: str) -> list[str]:
    if not os.path.isdir(folder):
        return []
    shown = (name for name in sorted(os.listdir(folder)) if not name.startswith("."))
    return [name for name in shown if os.path.isfile(os.path.join(folder, name))]


def about_of(folder: str) -> str:
    """What is special about a golden's host, as its ``about.yaml`` says; nothing if that says nothing."""
    content = read_file(os.path.join(folder, ABOUT), "description")
    node = None if isinstance(content, Problem) else parse_yaml(content.decode("utf-8", "replace"), ABOUT)[0]
    about = plain(node) if node is not None else None
    return str(about.get("about") or "") if isinstance(about, dict) else ""


def _addresses(path: str) -> tuple[tuple[str, ...] | None, list[Problem]]:
    """What ``about.yaml`` says; None if it says nothing that can be read."""
    content = read_file(path, "description")
    if isinstance(content, Problem):
        return None, [content]
    node, problems = parse_yaml(content.decode("utf-8", "replace"), path)
    about = plain(node) if node is not None else None
    if not isinstance(about, dict):
        return None, [*problems, Problem("golden-invalid", f"{path} is no mapping", where=(Where(path),))]
    addresses = about.get("address") or ()
    return tuple(map(str, [addresses] if isinstance(addresses, str) else addresses)), problems


# The ruleset that a subcommand is about, and the goldens that go with it.


GOLDENS = "golden"


def ruleset_of(spec: str | None) -> Ruleset | None:
    """The ruleset that ``spec`` names; None when it has errors, which are said, each with its line and a caret."""
    ruleset, problems = load_rules(spec)
    if ruleset is None or errors(list(problems)):
        point_out(problems, ruleset_sources(spec).texts)
        return None
    return ruleset


def compiled_of(spec: str | None) -> Compiled | None:
    """The same, ready to fire."""
    ruleset = ruleset_of(spec)
    return None if ruleset is None else compile_ruleset(ruleset)


def point_out(problems: Iterable[Problem], sources: dict[str, str]) -> None:
    """Print findings as an author likes them."""
    from planner.problem import render

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
