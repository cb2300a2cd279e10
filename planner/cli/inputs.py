"""Reading what a command is about: capture, definition, addresses, rules. Every problem is collected."""

import argparse
from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

from planner.cli.output import complain, detail, problems_document, say_json
from planner.definition import Definition, read_definition
from planner.engine.compiled import Compiled
from planner.files import read_file
from planner.host.capture import PACKED, TAR, TAR_AT, Which, read_capture
from planner.host.model import Host
from planner.problem import Problem, Where, errors
from planner.rules.shelf import compiled_rules
from planner.vdsm.addresses import resolve

ZIP = b"PK\x03\x04"  # how a zip archive begins
OF_WHAT_IS = ("define", "judge")  # commands about the host as it is, and what another asks of it
NOT_GIVEN = "no --network was given: ovirtmgmt is taken as a VM network, untagged, MTU 1500"
DEFINE = "`mgmtnet define CAPTURE > definition.yaml` writes a definition by what the host is"
LISTED_HOSTS = 10  # of an archive of several


class Held(NamedTuple):
    """What a capture holds, and what problems call it."""

    content: bytes
    source: str


class Inputs(NamedTuple):
    """Everything a plan is made from, and what is to be said of it."""

    host: Host
    definition: Definition
    addresses: tuple[str, ...]
    rules: Compiled
    problems: tuple[Problem, ...]


class Wanted(NamedTuple):
    """What is wanted of whichever host: definition, management addresses, rules; and what is to be said of it."""

    definition: Definition
    addresses: tuple[str, ...]
    rules: Compiled
    problems: tuple[Problem, ...]


def read_inputs(options: argparse.Namespace) -> Inputs | list[Problem]:
    """What the options name, or every problem with it."""
    host, problems = _host(options)
    wanted = read_wanted(options)
    if isinstance(wanted, Wanted):
        if host is None or errors(problems):
            return [*problems, *errors(wanted.problems)]
        return Inputs(host, wanted.definition, wanted.addresses, wanted.rules, (*problems, *wanted.problems))
    return problems + wanted


def read_wanted(options: argparse.Namespace) -> Wanted | list[Problem]:
    """What the options want of a host, or every problem with it."""
    definition, problems = _definition(options.network)
    if options.network is None and options.module not in OF_WHAT_IS:
        problems.append(Problem("definition-not-given", NOT_GIVEN, DEFINE, severity="note"))
    addresses, found = _addresses(options)
    problems += found
    rules, unsound = compiled_rules(options.policy or options.rules)
    problems += unsound
    if definition is None or rules is None or errors(problems):
        return problems
    detail(f"{options.network or 'no definition'}: {definition.network}, {definition.digest}")
    detail(f"rules: {rules.ruleset.title}, {len(rules.ruleset.rules)} of them, {rules.ruleset.digest}")
    return Wanted(definition, addresses, rules, tuple(problems))


def on_host(command: Callable[[argparse.Namespace, Inputs], int]) -> Callable[[argparse.Namespace], int]:
    """A command that has its inputs read; where they cannot be, it says why with status 1."""

    def run(options: argparse.Namespace) -> int:
        inputs = read_inputs(options)
        if isinstance(inputs, Inputs):
            complain(inputs.problems)
            return command(options, inputs)
        complain(inputs)
        if getattr(options, "output", "") == "json":
            say_json(problems_document(inputs))
        return 1

    return run


def _host(options: argparse.Namespace) -> tuple[Host | None, list[Problem]]:
    held = held_by(options)
    if isinstance(held, Problem):
        return None, [held]
    reading = read_capture(held.content, held.source, which(options))
    if reading.host is not None:
        age = ".".join(map(str, reading.host.version)) or "unknown"
        told = f"read as {reading.host.format}, VDSM {age}, {reading.host.digest}"
        detail(f"{held.source}: {len(held.content)} bytes, {told}")
    return reading.host, list(reading.problems)


def which(options: argparse.Namespace) -> Which:
    """Which answer of a log the options mean."""
    return Which(options.call, options.at)


def held_by(options: argparse.Namespace) -> Held | Problem:
    """The capture that the options name."""
    if options.local:
        from planner.vdsm.local import described

        told = described()
        return told if isinstance(told, Problem) else Held(told, options.capture)
    return held_at(options.capture)


def held_at(path: str) -> Held | Problem:
    """The capture at ``path``; of an archive the one that is in it."""
    content = read_file(path, "capture")
    source = "standard input" if path == "-" else path
    if isinstance(content, Problem):
        return content
    if not content.startswith((*PACKED, ZIP)) and not content.startswith(TAR, TAR_AT):
        return Held(content, source)
    from planner.fleet.captures import captures_in_bytes

    captures = captures_in_bytes(content, source)
    first = next(captures)
    content = first.content()
    others = [captured.host for captured in islice(captures, LISTED_HOSTS)]
    if others:
        more = ", ..." if len(others) == LISTED_HOSTS else ""
        message = f"it holds several captures, of {first.host}, {', '.join(others)}{more}"
        hint = "`mgmtnet fleet plan` plans all of them; or unpack the one that is meant"
        return Problem("capture-twice", message, hint, where=(Where(source),))
    return content if isinstance(content, Problem) else Held(content, first.source)


def _definition(path: str | None) -> tuple[Definition | None, list[Problem]]:
    content = read_file(path, "definition") if path is not None else b"{}"
    if isinstance(content, Problem):
        return None, [content]
    reading = read_definition(content, path or "definition")
    return reading.definition, list(reading.problems)


def _addresses(options: argparse.Namespace) -> tuple[tuple[str, ...], list[Problem]]:
    stated = [text for several in options.address or () for text in several.split(",") if text]
    if not stated:
        return (), []
    return resolve(stated)
