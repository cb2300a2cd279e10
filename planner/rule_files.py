"""Which files of a folder are a ruleset's, wherever the folder lies: on a disk, or in a git revision."""

import stat
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from planner.documents.decoding import decode
from planner.files import Unreadable
from planner.language import STAGES
from planner.policy.seal import MANIFEST
from planner.printing import printable
from planner.problem import Problem, Where

ENDINGS = (".yaml", ".yml")
LARGEST_FILE = 1 << 20  # bytes; the largest rule has 4 kB, and a disk image is not read to find that out


class Files(Protocol):
    """Folders and files by path; a folder that cannot be read is an OSError, as is what is not there."""

    def names(self, folder: str) -> Iterable[str]:
        """What lies in ``folder``."""

    def mode(self, path: str) -> int:
        """The kind of what lies at ``path``, as `os.stat` gives it."""

    def content(self, path: str) -> bytes | Unreadable:
        """The file at ``path``, which is regular and no larger than `LARGEST_FILE`."""


class _Reading(NamedTuple):
    """The folder ``path`` of a ruleset, which places call ``root``: the texts in it, and what is wrong with others."""

    files: Files
    path: str
    root: str
    texts: dict[str, str]
    problems: list[Problem]


def read_ruleset(files: Files, path: str, root: str) -> tuple[dict[str, str], list[Problem]]:
    """Every YAML file in the folder ``path`` of a ruleset and in those of its stages; texts go by ``root``."""
    if not is_file(files, f"{path}/{MANIFEST}") and MANIFEST not in listing(files, path):
        inside = [name for name in listing(files, path) if is_file(files, f"{path}/{name}/{MANIFEST}")]
        hint = f"did you mean {root}/{inside[-1]}?" if inside else "give the folder of a ruleset"
        return {}, [Problem("no-manifest", f"there is no {MANIFEST} in {root}", hint, where=(Where(root),))]
    reading = _Reading(files, path, root, {}, [])
    for name in _names(reading, ""):
        if name.endswith(ENDINGS):
            _read_file(reading, name)
        elif _is(files, f"{path}/{name}", stat.S_ISDIR):
            _read_folder(reading, name)
        elif name in STAGES:
            reading.problems.append(_unreadable(reading, name, "it is called like a stage, and is no folder"))
    return reading.texts, reading.problems


def read_bases(manifest: str, files: Files, shelf: str) -> tuple[dict[str, str], list[Problem]]:
    """Every ruleset on the shelf, each by ``name/version``, if the text of a manifest extends one at all."""
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    if any(line.startswith("extends:") for line in manifest.splitlines()):
        for title in rulesets_in(files, shelf):
            root = title.replace("@", "/")
            read, found = read_ruleset(files, f"{shelf}/{root}", root)
            texts.update(read)
            problems += found
    return texts, problems


def rulesets_in(files: Files, shelf: str) -> list[str]:
    """Every ruleset of a folder of folders NAME/VERSION as ``name@version``, oldest version first."""
    return [f"{name}@{version}" for name in listing(files, shelf) for version in versions_in(files, f"{shelf}/{name}")]


def versions_in(files: Files, folder: str) -> list[str]:
    """The versions of a ruleset, oldest first."""
    numbered = [name for name in listing(files, folder) if name.replace(".", "").isdecimal()]
    found = [version for version in numbered if is_file(files, f"{folder}/{version}/{MANIFEST}")]
    return sorted(found, key=lambda version: [int(part or 0) for part in version.split(".")])


def listing(files: Files, path: str) -> list[str]:
    """The names in a folder, sorted; none if it is not one."""
    try:
        return _visible(files.names(path))
    except (OSError, ValueError):
        return []


def is_file(files: Files, path: str) -> bool:
    """Whether a regular file lies there."""
    return _is(files, path, stat.S_ISREG)


def _is(files: Files, path: str, kind: Callable[[int], bool]) -> bool:
    try:
        return kind(files.mode(path))
    except (OSError, ValueError):
        return False


def _visible(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if not name.startswith("."))


def _names(reading: _Reading, folder: str) -> list[str]:
    try:
        return _visible(reading.files.names(f"{reading.path}/{folder}"))
    except OSError as failure:
        reading.problems.append(_unreadable(reading, folder, failure.strerror or str(failure)))
        return []


def _read_folder(reading: _Reading, folder: str) -> None:
    """The rules of a stage; of a folder that is none, what is called like a rule's file: it is out of place."""
    for name in _names(reading, folder):
        inner = f"{folder}/{name}"
        if name.endswith(ENDINGS):
            _read_file(reading, inner)
        elif folder in STAGES and _is(reading.files, f"{reading.path}/{inner}", stat.S_ISDIR):
            hint = "move the rules up, and take the folder away"
            where = (_place(reading, inner),)
            reading.problems.append(Problem("misplaced-file", "a stage has no folders inside", hint, where=where))


def _read_file(reading: _Reading, inner: str) -> None:
    place = _place(reading, inner)
    if not inner.isprintable():
        reading.problems.append(_unreadable(reading, inner, "its name cannot be printed"))
        return
    content = reading.files.content(f"{reading.path}/{inner}")
    text = decode(content, place.source) if isinstance(content, bytes) else _unreadable(reading, inner, content.reason)
    if isinstance(text, Problem):
        reading.problems.append(text)
    else:
        reading.texts[place.source] = text


def _unreadable(reading: _Reading, inner: str, reason: str) -> Problem:
    hint = "see to its permissions; what is no rule's file wants another name"
    return Problem("file-unreadable", f"cannot be read: {reason}", hint, where=(_place(reading, inner),))


def _place(reading: _Reading, inner: str) -> Where:
    return Where(f"{reading.root}/{printable(inner)}" if inner else reading.root)
