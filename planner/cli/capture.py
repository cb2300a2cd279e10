"""``mgmtnet capture``: read a host, as plans are made from; with ``--scrub`` without what names it."""

import argparse
import os

from planner.apply.order import Limits
from planner.apply.preparing import capture_of
from planner.apply.run import Event
from planner.cli.hosts import access_of, problem_of
from planner.cli.inputs import read_file
from planner.cli.output import complain, say
from planner.cli.progress import progress
from planner.cli.scrubkeys import scrub_key
from planner.cli.writing import write_whole
from planner.host.reading import read_capture
from planner.host.scrubbing import scrub
from planner.printing import json_text
from planner.problem import Problem
from planner.vdsm.failure import Failure

BAD_INPUT, WRONG_USAGE = 1, 2


def run(options: argparse.Namespace) -> int:
    """Capture; the exit status."""
    if options.scrub_key is not None and not options.scrub:
        hint = "add --scrub, or leave --scrub-key (MGMTNET_SCRUB_KEY) out"
        complain([Problem("scrub-key-unused", "there is a key to scrub with, and nothing is to be scrubbed", hint)])
        return WRONG_USAGE
    key = scrub_key(options.scrub_key) if options.scrub else b""
    if isinstance(key, Problem):
        complain([key])
        return BAD_INPUT
    document = _from_file(options.host) if _is_file(options.host) else _from_host(options)
    if isinstance(document, list):
        complain(document)
        return BAD_INPUT
    if options.scrub:
        document = scrub(document, key, keep=("ovirtmgmt", *options.keep))
    text = json_text(document, indent=1) + "\n"
    if options.output == "-":
        say(text)
        return 0
    failure = write_whole(options.output, text)
    complain([failure] if failure else [])
    return BAD_INPUT if failure else 0


def _is_file(text: str) -> bool:
    """Whether a file is meant: one that is there, or what can be no host. No name would resolve, after two minutes."""
    return os.path.isfile(text) or os.sep in text or text.endswith(".json")


def _from_host(options: argparse.Namespace) -> dict[str, object] | list[Problem]:
    access = access_of(options, options.host)
    if isinstance(access, Problem):
        return [access]
    limits = Limits()
    with progress(options.log) as tell:
        tell(Event("begin", "read", f"reading {options.host}", limits.vdsm))
        document = capture_of(access, limits)
        tell(Event("end", "read", "" if isinstance(document, Failure) else f"{options.host} has described itself"))
    return [problem_of(document)] if isinstance(document, Failure) else dict(document)


def _from_file(path: str) -> dict[str, object] | list[Problem]:
    """A capture that was made elsewhere, to be scrubbed."""
    content = read_file(path, "capture")
    if isinstance(content, Problem):
        return [content]
    reading = read_capture(content, path)
    return list(reading.problems) if reading.document is None else reading.document
