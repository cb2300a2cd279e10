"""``mgmtnet capture``: read a host, as plans are made from; with ``--scrub`` without what names it."""

import argparse
import os
import secrets
import stat
import tempfile

from planner.apply.order import Limits
from planner.apply.preparing import capture_of
from planner.apply.run import Event
from planner.cli.hosts import access_of, problem_of
from planner.cli.inputs import read_file
from planner.cli.output import complain, say
from planner.cli.progress import progress
from planner.cli.writing import write_whole
from planner.files import Unreadable, content_of
from planner.host.pseudonyms import KEY_LENGTH
from planner.host.reading import read_capture
from planner.host.scrubbing import scrub
from planner.printing import json_text
from planner.problem import Problem, Where
from planner.vdsm.failure import Failure

BAD_INPUT, WRONG_USAGE = 1, 2
SHORTEST_KEY = 16  # bytes: fewer can be tried out
LONGEST_KEY = 4096  # a file with more was not made to be a key
ANOTHER = "name a file that is not there: it is made, with a new key"


def run(options: argparse.Namespace) -> int:
    """Capture; the exit status."""
    if options.scrub_key is not None and not options.scrub:
        hint = "add --scrub, or leave --scrub-key (MGMTNET_SCRUB_KEY) out"
        complain([Problem("scrub-key-unused", "there is a key to scrub with, and nothing is to be scrubbed", hint)])
        return WRONG_USAGE
    key = _scrub_key(options.scrub_key) if options.scrub else b""
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


def _scrub_key(path: str | None) -> bytes | Problem:
    """The key in ``path``, which is made where it is not there; without ``path`` a new one, that nobody keeps."""
    if path is None:
        return secrets.token_bytes(KEY_LENGTH)
    return _read_key(path) if os.path.lexists(path) else _made_key(path)


def _made_key(path: str) -> bytes | Problem:
    """A file with a new key, for its owner alone: whole under its name or not at all, and never through a link."""
    key = secrets.token_hex(KEY_LENGTH)
    try:
        with tempfile.NamedTemporaryFile("w", dir=os.path.dirname(path) or ".") as beside:
            beside.write(f"{key}\n")
            beside.flush()
            os.link(beside.name, path)
    except FileExistsError:  # another command has just made it
        return _read_key(path)
    except OSError as failure:
        reason = failure.strerror or str(failure)
        hint = "name a file in a folder of yours"
        return Problem("file-unwritable", f"cannot make the key {path!r}: {reason}", hint)
    hint = "keep it secret: with it everything that it renamed can be told again (docs/scrubbing.md)"
    complain([Problem("scrub-key-made", f"{path} is new, with a random key", hint, severity="note")])
    return key.encode()


def _read_key(path: str) -> bytes | Problem:
    where = (Where(path),)
    content = content_of(path, LONGEST_KEY, pipes=False)
    if isinstance(content, Unreadable):
        return Problem("file-unreadable", f"cannot read the key {path!r}: {content.reason}", ANOTHER, where=where)
    if os.stat(path).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        hint = f"chmod 600 {path}; a key that somebody else may have read hides nothing from them: take a new one"
        return Problem("scrub-key-open", f"others than its owner may read the key {path!r}", hint, where=where)
    key = content.strip()  # an editor ends a line
    if len(key) < SHORTEST_KEY:
        told = f"the key {path!r} has {len(key)} bytes; it takes {SHORTEST_KEY} that nobody can guess"
        return Problem("scrub-key-short", told, ANOTHER, where=where)
    return key
