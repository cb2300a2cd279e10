"""Reading what a command is about: capture, definition, addresses, rules. Every problem is collected."""

import argparse
import ipaddress
import os
import re
import sys
from collections.abc import Callable
from typing import NamedTuple

from planner.cli.output import complain, problems_document, say_json
from planner.definition import Definition, read_definition
from planner.engine.compiled import Compiled
from planner.files import Unreadable, content_of, content_of_stream
from planner.host.capture import SOSREPORT, read_capture
from planner.host.model import Host
from planner.problem import Problem, Where, errors
from planner.rules.shelf import compiled_rules

# A host with 4,094 VLANs and 128 nics reports 2 MB. Smaller and a host with everything turned on is turned
# away; larger and a wrong file (a disk image) fills the memory before it is refused.
LARGEST_FILE = 256 * 1024 * 1024


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
    host, problems = _host(options.capture)
    wanted = read_wanted(options)
    if isinstance(wanted, Wanted):
        if host is None or errors(problems):
            return [*problems, *wanted.problems]
        return Inputs(host, wanted.definition, wanted.addresses, wanted.rules, (*problems, *wanted.problems))
    return problems + wanted


def read_wanted(options: argparse.Namespace) -> Wanted | list[Problem]:
    """What the options want of a host, or every problem with it."""
    definition, problems = _definition(options.network)
    addresses, found = _addresses(options)
    problems += found
    rules, unsound = compiled_rules(options.policy or options.rules)
    problems += unsound
    if definition is None or rules is None or errors(problems):
        return problems
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


def read_file(path: str, source: str) -> bytes | Problem:
    """The content of ``path`` (``-``: standard input), or why it cannot be had."""
    hint = "give - to read standard input" if source == "capture" else "give the path of a YAML or JSON file"
    if path == "-":
        content = _standard_input()
    else:
        if source == "capture" and os.path.isdir(path):  # then it can only be an unpacked sosreport
            path = os.path.join(path, SOSREPORT)
            hint = f"give a file, or the folder of an unpacked sosreport of a host with VDSM: it has {SOSREPORT}"
        content = content_of(path, LARGEST_FILE)
    if isinstance(content, bytes):
        return content
    message = f"cannot read the {source} {path!r}: {content.reason}"
    return Problem("file-unreadable", message, hint, where=(Where(path),))


def _standard_input() -> bytes | Unreadable:
    if sys.stdin is None:
        return Unreadable("standard input is closed")
    try:
        handle = sys.stdin.fileno()
    except (OSError, ValueError):  # it was replaced by something that is no file
        return sys.stdin.buffer.read(LARGEST_FILE)
    return content_of_stream(handle, LARGEST_FILE)


def _host(path: str) -> tuple[Host | None, list[Problem]]:
    content = read_file(path, "capture")
    if isinstance(content, Problem):
        return None, [content]
    reading = read_capture(content, "standard input" if path == "-" else path)
    return reading.host, list(reading.problems)


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


# Management addresses as people give them: an address of either family, or a name that resolves to some.


def resolve(stated: list[str]) -> tuple[tuple[str, ...], list[Problem]]:
    """Canonical addresses in the order given, each once; a name stands for all it resolves to."""
    found: dict[str, None] = {}
    problems: list[Problem] = []
    for text in stated:
        answer = _one(text.strip())
        if isinstance(answer, Problem):
            problems.append(answer)
        else:
            found.update(dict.fromkeys(answer))
    return tuple(found), problems


def canonical(text: str) -> str | None:
    """The address in canonical text, an IPv4-mapped one as IPv4; None if it is no address."""
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _one(text: str) -> list[str] | Problem:
    address = canonical(text)
    if address is not None:
        return [address]
    if not text or ":" in text or re.fullmatch(r"[0-9./]+", text) or not re.fullmatch(r"[\w.-]{1,253}", text):
        return Problem(
            "address-invalid",
            f"{text!r} is neither an IP address nor a host name",
            "give one like 192.0.2.10, 2001:db8::10 or host.example.com, without a prefix length",
        )
    return _look_up(text)


def _look_up(name: str) -> list[str] | Problem:
    import socket

    try:
        answers = socket.getaddrinfo(name, None, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) and failure.strerror else str(failure)
        return Problem("host-name-unresolved", f"{name} does not resolve: {reason}", "give the address itself")
    return [text for answer in answers if (text := canonical(str(answer[4][0]).partition("%")[0])) is not None]
