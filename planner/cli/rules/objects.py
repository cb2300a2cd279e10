"""The objects of the git repository that one is in, as they are stored.

``git cat-file --batch`` gives them: it looks at no working file, index or attribute, and runs no filter, hook, pager or
other command that a repository may have configured.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer
from typing import IO, NamedTuple, cast

from planner.problem import Problem
from planner.rule_files import LARGEST_FILE

# Seconds: a revision is read in a fraction of one, and a repository on a dead mount must not hold up a CI for hours.
LONGEST = 60
# Bytes that are kept of a revision; 200 rules have 0.3 MB. A few objects can name each other a million times over.
MOST = 1 << 26
CHUNK = 1 << 16  # bytes read at a time of what is not kept
WHERE = ("git", "rev-parse", "--show-prefix")
WHAT = ("git", "cat-file", "--batch")
ENVIRONMENT = {
    "GIT_NO_REPLACE_OBJECTS": "1",  # what was committed, and nothing that was put in its place
    "GIT_NO_LAZY_FETCH": "1",  # a partial clone lacks objects, and to fetch them is to run what its configuration says
    "GIT_ALLOW_PROTOCOL": "",  # the same for an elder git, which does not know the line above
    "LC_ALL": "C",  # its reasons are told in the language of all the others
}


class Stopped(Exception):  # noqa: N818  no fault of ours: git says no more, and ``problem`` is what the user is told
    """The end of the reading."""

    def __init__(self, problem: Problem) -> None:
        """``problem``: why."""
        super().__init__(problem.message)
        self.problem = problem


class Object(NamedTuple):
    """An object by its full name; of a content that is larger than a rule's file, one byte more than that is kept."""

    name: str
    content: bytes


class Objects:
    """A git at work; ``prefix`` is the folder of the repository that one is in: empty, or with a slash at its end."""

    def __init__(self, prefix: str, git: "subprocess.Popen[bytes]", complaint: IO[bytes], clock: Timer) -> None:
        """``complaint`` is where git says what it cannot do, ``clock`` what ends it."""
        self.prefix = prefix
        self._asked, self._answers = cast("IO[bytes]", git.stdin), cast("IO[bytes]", git.stdout)
        self._complaint, self._clock = complaint, clock
        self._left = MOST

    def get(self, name: str) -> Object | None:
        """The object called ``name``, which has no line end; None if there is none, or if several could be meant."""
        with suppress(BrokenPipeError):  # then there is no answer
            self._asked.write(os.fsencode(name) + b"\n")
            self._asked.flush()
        header = self._answers.readline()
        if header.endswith((b" missing\n", b" ambiguous\n")):
            return None
        if not header:
            raise Stopped(self._failure())
        full, _, size = header.split()
        content = self._answers.read(min(int(size), LARGEST_FILE + 1))
        self._left -= len(content)
        if self._left < 0:
            message = f"the revision's rules are larger than {MOST >> 20} MiB"
            raise Stopped(Problem("too-large", message, "is it the right folder?"))
        unread = int(size) + len(b"\n") - len(content)
        while unread:
            skipped = self._answers.read(min(unread, CHUNK))
            if not skipped:
                raise Stopped(self._failure())
            unread -= len(skipped)
        return Object(full.decode(), content)

    def close(self) -> None:
        """Ask no more."""
        with suppress(BrokenPipeError):  # of a question that git did not live to read
            self._asked.close()

    def _failure(self) -> Problem:
        if self._clock.finished.is_set():
            return _late()
        self._complaint.seek(0)
        message = f"git cannot read the revision: {_reason(self._complaint.read(CHUNK))}"
        return Problem("git-failed", message, "git fsck tells more")


@contextmanager
def opened(wanted: str, folder: str = os.curdir) -> Iterator[Objects]:
    """The objects of the repository that ``folder`` is in; ``wanted`` of them is what the user stated."""
    environment = {**os.environ, **ENVIRONMENT}
    no_input, pipe = subprocess.DEVNULL, subprocess.PIPE
    try:
        place = subprocess.run(  # noqa: S603  no shell reads the words
            WHERE, cwd=folder, stdin=no_input, capture_output=True, check=False, timeout=LONGEST, env=environment
        )
    except OSError:
        message = "git cannot be run, so no revision can be read"
        raise Stopped(Problem("no-git", message, "install git, or name a folder")) from None
    except subprocess.TimeoutExpired:
        raise Stopped(_late()) from None
    if place.returncode:
        message = f"{wanted!r} is no ruleset, and git reads no revision here: {_reason(place.stderr)}"
        hint = "give a folder or NAME@VERSION, or see what git status says"
        raise Stopped(Problem("unknown-ruleset", message, hint))
    with (
        tempfile.TemporaryFile() as complaint,  # a pipe that nobody empties would stop it
        subprocess.Popen(WHAT, cwd=folder, stdin=pipe, stdout=pipe, stderr=complaint, env=environment) as git,  # noqa: S603  as above
    ):
        clock = Timer(LONGEST, git.kill)
        clock.start()
        objects = Objects(os.fsdecode(place.stdout).removesuffix("\n"), git, complaint, clock)
        try:
            yield objects
        finally:
            clock.cancel()
            git.kill()
            objects.close()


def _late() -> Problem:
    message = f"git has not read the revision within {LONGEST} seconds"
    return Problem("git-failed", message, "see whether git log answers there, and whether the disk does")


def _reason(complaint: bytes) -> str:
    """The first thing that git calls fatal, or else says."""
    lines = complaint.decode("utf-8", "replace").splitlines() or ["it ended"]
    return next((line for line in lines if line.startswith("fatal: ")), lines[0]).removeprefix("fatal: ")
