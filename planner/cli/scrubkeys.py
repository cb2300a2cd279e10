"""The key that ``mgmtnet capture --scrub`` renames by: a new one each time, or that of a file."""

import os
import secrets
import stat
import tempfile

from planner.cli.output import complain
from planner.files import Unreadable, content_of
from planner.host.pseudonyms import KEY_LENGTH
from planner.problem import Problem, Where

SHORTEST = 16  # bytes: fewer can be tried out
LONGEST = 4096  # a file with more was not made to be a key
ANOTHER = "name a file that is not there: it is made, with a new key"


def scrub_key(path: str | None) -> bytes | Problem:
    """The key in ``path``, which is made where it is not there; without ``path`` a new one, that nobody keeps."""
    if path is None:
        return secrets.token_bytes(KEY_LENGTH)
    return _read(path) if os.path.lexists(path) else _made(path)


def _made(path: str) -> bytes | Problem:
    """A file with a new key, for its owner alone: whole under its name or not at all, and never through a link."""
    key = secrets.token_hex(KEY_LENGTH)
    try:
        with tempfile.NamedTemporaryFile("w", dir=os.path.dirname(path) or ".") as beside:
            beside.write(f"{key}\n")
            beside.flush()
            os.link(beside.name, path)
    except FileExistsError:  # another command has just made it
        return _read(path)
    except OSError as failure:
        reason = failure.strerror or str(failure)
        hint = "name a file in a folder of yours"
        return Problem("file-unwritable", f"cannot make the key {path!r}: {reason}", hint)
    hint = "keep it secret: with it everything that it renamed can be told again (docs/scrubbing.md)"
    complain([Problem("scrub-key-made", f"{path} is new, with a random key", hint, severity="note")])
    return key.encode()


def _read(path: str) -> bytes | Problem:
    where = (Where(path),)
    content = content_of(path, LONGEST, pipes=False)
    if isinstance(content, Unreadable):
        return Problem("file-unreadable", f"cannot read the key {path!r}: {content.reason}", ANOTHER, where=where)
    if os.stat(path).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        hint = f"chmod 600 {path}; a key that somebody else may have read hides nothing from them: take a new one"
        return Problem("scrub-key-open", f"others than its owner may read the key {path!r}", hint, where=where)
    key = content.strip()  # an editor ends a line
    if len(key) < SHORTEST:
        told = f"the key {path!r} has {len(key)} bytes; it takes {SHORTEST} that nobody can guess"
        return Problem("scrub-key-short", told, ANOTHER, where=where)
    return key
