"""The folders and files of a git revision."""

import errno
import os
import re
from collections.abc import Iterable, Mapping
from stat import S_ISDIR, S_ISREG
from typing import NamedTuple

from planner.cli.rules.objects import Object, Objects, Stopped
from planner.files import Unreadable, too_large
from planner.problem import Problem
from planner.rule_files import LARGEST_FILE


class Entry(NamedTuple):
    """What a folder says of something in it: its kind, which git writes as a disk does, and its object's name."""

    mode: int
    name: str


Folder = Mapping[str, Entry]


class Tree:
    """Folders and files by path, from the topmost folder of a revision (`planner.rule_files.Files`).

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
