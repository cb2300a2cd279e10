"""The objects of the git repository that one is in, as they are stored.

``git cat-file --batch`` gives them: it looks at no working file, index or attribute, and runs no filter, hook, pager or
other command that a repository may have configured.
"""

import errno
import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from stat import S_ISDIR, S_ISREG
from threading import Timer
from typing import IO, NamedTuple, cast

from planner.files import Unreadable, too_large
from planner.problem import Problem
from planner.rules.digest import MANIFEST
from planner.rules.model import Ruleset
from planner.rules.ruleset import assemble, parse_manifest
from planner.rules.shelf import (
    DISK,
    LARGEST_FILE,
    form_in,
    installed,
    load_rules,
    parts_of,
    read_bases,
    read_ruleset,
    ruleset_of,
    ruleset_sources,
    sealed_in,
)
from planner.rules.shelf import folder as shelf_folder

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
        """The object called ``name``, which has no line end; None if it is unknown or ambiguous."""
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


# The folders and files of a git revision.


class Entry(NamedTuple):
    """What a folder says of something in it: its kind, which git writes as a disk does, and its object's name."""

    mode: int
    name: str


Folder = Mapping[str, Entry]


class Tree:
    """Folders and files by path, from the topmost folder of a revision (`planner.rules.shelf.Files`).

    No symbolic link is followed, and nothing is in a submodule: what they lead to is not part of the revision.
    """

    def __init__(self, objects: Objects, top: Object) -> None:
        """``top``: the topmost folder."""
        self._objects = objects
        self._top = _folder(top)
        self._opened: dict[str, Folder] = {}

    def names(self, folder: str) -> Iterable[str]:
        """What lies in ``folder``."""
        return self._at(folder)

    def mode(self, path: str) -> int:
        """The kind of what lies at ``path``."""
        return self._entry(path).mode

    def content(self, path: str) -> bytes | Unreadable:
        """The file's bytes, as they were committed."""
        entry = self._entry(path)
        if not S_ISREG(entry.mode):
            return Unreadable("it is a folder" if S_ISDIR(entry.mode) else "it is no file")
        content = self._object(entry).content
        return content if len(content) <= LARGEST_FILE else too_large(LARGEST_FILE)

    def _entry(self, path: str) -> Entry:
        above, _, name = path.rpartition("/")
        return _found(self._at(above), name)

    def _at(self, path: str) -> Folder:
        folder = self._top
        for name in path.split("/"):
            if name not in ("", os.curdir):
                folder = self._open(_found(folder, name))
        return folder

    def _open(self, entry: Entry) -> Folder:
        if not S_ISDIR(entry.mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if entry.name not in self._opened:
            self._opened[entry.name] = _folder(self._object(entry))
        return self._opened[entry.name]

    def _object(self, entry: Entry) -> Object:
        found = self._objects.get(entry.name)
        if found is None:
            hint = "git fsck tells more; a partial or shallow clone has to be completed first"
            raise Stopped(Problem("git-failed", f"the repository lacks the object {entry.name}", hint))
        return found


def _found(folder: Folder, name: str) -> Entry:
    if name not in folder:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    return folder[name]


def _folder(tree: Object) -> Folder:
    """The entries of a tree: mode, blank, name, NUL, and the object's name in binary, half as long as in letters."""
    if len(tree.content) > LARGEST_FILE:
        raise Stopped(Problem("too-large", "a folder of the revision has too many files", "is it the right folder?"))
    form = re.compile(rb"([0-7]+) ([^/\0]+)\0(.{%d})" % (len(tree.name) // 2), re.DOTALL)
    found = list(form.finditer(tree.content))
    if sum(len(one[0]) for one in found) != len(tree.content):
        raise Stopped(Problem("git-failed", f"the object {tree.name} is no folder", "git fsck tells more"))
    return {os.fsdecode(one[2]): Entry(int(one[1], 8), one[3].hex()) for one in found}


# The versions of a ruleset that were sealed before: what its folder, its repository and the shelf tell of them.


# Commits that are looked through, by first parents: years of a site's rules, in a second.
LONGEST_HISTORY = 2000
PARENT = re.compile(rb"^parent ([0-9a-f]+)$", re.MULTILINE)


class Seal(NamedTuple):
    """A version that was sealed: its digest; and its rules, where they can still be read."""

    version: str
    digest: str
    ruleset: Ruleset | None


def seals(folder: str, name: str) -> Iterator[Seal]:
    """Each version of the ruleset ``name`` in ``folder`` that is known to have been sealed, the latest first."""
    form = form_in(folder)
    made, _ = parts_of(form)
    if made is not None and made.sealed and made.ruleset == name:
        yield Seal(made.version, made.digest, ruleset_of(form, folder))
    try:
        with opened(folder, folder) as objects:
            yield from list(_committed(objects, name))
    except Stopped:  # no repository, or none that can be read: it tells nothing
        pass
    for title in reversed(installed()):
        shelved = ruleset_sources(title)
        digests, _ = sealed_in(shelved.texts, shelved.root)
        if title.partition("@")[0] == name and digests:
            yield Seal(title.partition("@")[2], digests[0], load_rules(title)[0])


def _committed(objects: Objects, name: str) -> Iterator[Seal]:
    """By the manifests that were committed; one that stays the same is looked at once."""
    root = os.path.normpath(objects.prefix or os.curdir)
    seen: set[str] = set()
    for commit in _history(objects):
        top = objects.get(f"{commit.name}^{{tree}}")
        files = Tree(objects, top) if top is not None else None
        text = _text(files, f"{root}/{MANIFEST}") if files is not None else ""
        if files is None or not text or text in seen:
            continue
        seen.add(text)
        manifest, _ = parse_manifest(text, MANIFEST)
        digests, _ = sealed_in({f"{root}/{MANIFEST}": text}, root)
        if manifest is not None and manifest.name == name and digests:
            bases, _ = read_bases(text, DISK, shelf_folder("rules"))
            texts, _ = read_ruleset(files, root, root)
            yield Seal(manifest.version, digests[0], assemble(texts | bases, root)[0])


def _text(files: Tree, path: str) -> str:
    try:
        content = files.content(path)
    except OSError:  # it was not there yet
        return ""
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""


def _history(objects: Objects) -> Iterator[Object]:
    name: str | None = "HEAD^{commit}"
    for _ in range(LONGEST_HISTORY):
        commit = objects.get(name) if name else None
        if commit is None:
            return
        yield commit
        parent = PARENT.search(commit.content.partition(b"\n\n")[0])
        name = parent.group(1).decode() if parent else None
