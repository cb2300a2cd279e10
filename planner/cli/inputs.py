"""Reading what a command is about: capture, definition, addresses, rules. Every problem is collected."""

import argparse
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from planner.cli.output import complain, detail, problems_document, say_json
from planner.definition import Definition, read_definition
from planner.files import read_file
from planner.host.capture import LAST, Which, is_packed, read_capture
from planner.host.fields import quoted
from planner.host.model import Host
from planner.problem import Problem, Where, errors
from planner.rules.compiled import Compiled
from planner.rules.shelf import compiled_rules
from planner.vdsm.addresses import resolve
from planner.yamltext import suggest

if TYPE_CHECKING:
    from planner.fleet.captures import Captured

OF_WHAT_IS = ("define", "judge")  # commands about the host as it is, and what another asks of it
NOT_GIVEN = "no --network was given: ovirtmgmt is taken as a VM network, untagged, MTU 1500"
DEFINE = "`mgmtnet define CAPTURE > definition.yaml` writes a definition by what the host is"
LISTED_HOSTS = 10  # of an archive of several


class Held(NamedTuple):
    """What a capture holds, what problems call it, and which answer is meant where it is a log."""

    content: bytes
    source: str
    which: Which


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
    reading = read_capture(*held)
    if reading.host is not None:
        age = ".".join(map(str, reading.host.version)) or "unknown"
        told = f"read as {reading.host.format}, VDSM {age}, {reading.host.digest}"
        detail(f"{held.source}: {len(held.content)} bytes, {told}")
    return reading.host, list(reading.problems)


def held_by(options: argparse.Namespace) -> Held | Problem:
    """The capture that the options name."""
    if options.local:
        from planner.vdsm.local import described

        told = described()
        return told if isinstance(told, Problem) else Held(told, options.capture, which_of(options))
    return held_at(options.capture, which_of(options))


def which_of(options: argparse.Namespace) -> Which:
    """Which host of an archive or a log the options mean, and which answer of it."""
    return Which(options.call, options.at, options.of_host)


def held_at(path: str, which: Which = LAST) -> Held | Problem:
    """The capture at ``path``; of an archive the one that is in it, or that of the host that is named."""
    content = read_file(path, "capture")
    source = "standard input" if path == "-" else path
    if isinstance(content, Problem):
        return content
    if not is_packed(content):
        return Held(content, source, which)
    from planner.fleet.captures import captures_in_bytes

    captures = captures_in_bytes(content, source)
    if which.host:
        return _of_host(captures, source, which)
    found = list(islice(captures, LISTED_HOSTS + 1))
    damage = next((captured.held for captured in found if isinstance(captured.held, Problem)), None)
    if damage is not None and len({captured.host for captured in found}) == 1:
        return damage
    return _several(found, source) if len(found) > 1 else _held(found[0], which, source)


def _held(captured: "Captured", which: Which, archive: str) -> Held | Problem:
    content = captured.content()
    if isinstance(content, Problem):
        return content
    if which != LAST and captured.is_report:
        from planner.fleet.captures import out_of

        message = "of a sosreport VDSM's answer is read, and its logs are not looked into"
        hint = f"leave --call and --at out; {out_of(archive)}"
        return Problem("log-answer-missing", message, hint, where=(Where(captured.source),))
    return Held(content, captured.source, which)


def _of_host(captures: Iterator["Captured"], source: str, which: Which) -> Held | Problem:
    """The capture of the host that is named, as `mgmtnet fleet plan` names it; LOG/HOST is one of those in a log."""
    found: list[Captured] = []
    meant: list[tuple[Captured, Which]] = []
    for captured in captures:
        found.append(captured)
        named = which.host in captured.names or captured.host.startswith(f"{which.host}.")
        within = "" if named else which.host.removeprefix(f"{captured.host}/")
        if within != which.host:
            meant.append((captured, which._replace(host=within)))
    if len(found) == 1 and not meant and not found[0].is_report:  # a log that is packed by itself
        return _held(found[0], which, source)
    damage = next((captured.held for captured in found if isinstance(captured.held, Problem)), None)
    if not meant and damage is not None:
        return damage
    if not meant:
        message = f"no host in it is called {quoted(which.host)}"
        hint = suggest(which.host, [captured.host for captured in found])
        return Problem("capture-host-unknown", message, hint, where=(Where(source),))
    meant = [(captured, one) for captured, one in meant if captured.host == which.host] or meant
    return _several([captured for captured, _ in meant], source) if len(meant) > 1 else _held(*meant[0], source)


def _several(found: "list[Captured]", source: str) -> Problem:
    """That one of them has to be named: by its host, or where several are called so by the report that it is of."""
    hosts = [captured.host for captured in found]
    told = [captured.host if hosts.count(captured.host) == 1 else captured.report for captured in found]
    names = [name.removeprefix(f"{source}/") for name in told[: LISTED_HOSTS + 1]]
    message = f"it holds several captures, of {', '.join(names)}{', ...' if len(found) > LISTED_HOSTS else ''}"
    hint = "--host NAME takes one; `mgmtnet fleet plan` plans all of them"
    return Problem("capture-twice", message, hint, where=(Where(source),))


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
