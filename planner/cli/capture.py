"""``mgmtnet capture``: read a host, as plans are made from; with ``--scrub`` without what names it."""

import argparse
import json
import os
import secrets
import sys

from planner.apply.order import Limits
from planner.apply.preparing import capture_of
from planner.apply.run import Event
from planner.cli.console import complain
from planner.cli.hosts import access_of, problem_of
from planner.cli.inputs import read_file
from planner.cli.progress import progress
from planner.cli.writing import write_whole
from planner.host.pseudonyms import KEY_LENGTH
from planner.host.reading import read_capture
from planner.host.scrubbing import scrub
from planner.problem import Problem
from planner.vdsm.failure import Failure


def run(options: argparse.Namespace) -> int:
    """Capture; the exit status."""
    document = _from_file(options.host) if _is_file(options.host) else _from_host(options)
    if isinstance(document, list):
        complain(document)
        return 1
    if options.scrub:
        document = scrub(document, secrets.token_bytes(KEY_LENGTH), keep=("ovirtmgmt", *options.keep))
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    if options.output == "-":
        sys.stdout.write(text)
        return 0
    failure = write_whole(options.output, text)
    complain([failure] if failure else [])
    return 1 if failure else 0


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
