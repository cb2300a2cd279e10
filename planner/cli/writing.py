"""Writing a file whole or not at all."""

import os

from planner.problem import Problem, Where

HINT = "name a file in a folder of yours"


def write_whole(path: str, text: str, *, new: bool = False) -> Problem | None:
    """Put ``text`` beside ``path`` and rename it, so that nobody ever reads half of it; or why that cannot be.

    A link stays one, what is no file (/dev/stdout, a pipe) is written to as it is, a ``new`` file is not to be there.
    """
    if new and os.path.lexists(path):
        return Problem("file-exists", f"{path} is there already", "choose another name", where=(Where(path),))
    whole = not os.path.exists(path) or os.path.isfile(path)
    target = os.path.realpath(path)
    beside = f"{target}.{os.getpid()}.new" if whole else path
    try:
        with open(beside, "x" if whole else "w", encoding="utf-8") as stream:
            stream.write(text)
        if whole:
            _as_before(beside, target)
            os.replace(beside, target)
    except OSError as failure:
        if whole and os.path.exists(beside):
            os.unlink(beside)
        reason = failure.strerror or str(failure)
        return Problem("file-unwritable", f"cannot write {path!r}: {reason}", HINT)
    return None


def _as_before(beside: str, target: str) -> None:
    """Who may read the file stays as it was."""
    if os.path.exists(target):
        os.chmod(beside, os.stat(target).st_mode & 0o7777)
