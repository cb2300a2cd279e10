"""Where rulesets and schemas lie: the one module of the core that reads files.

They are found in an installed package (``planner/_data``) or in a checkout (beside ``planner``). A sealed ruleset
carries its compiled form, which spares a start-up the reading of YAML.
"""

import json
import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Protocol

from planner.facts.vocabulary import STAGES
from planner.files import Unreadable, content_of
from planner.printing import printable
from planner.problem import Problem, Result, Where, errors
from planner.rules.compiled import Compiled, compile_ruleset, from_lines, to_lines
from planner.rules.digest import MANIFEST, SEALED, digest_at, sha256
from planner.rules.model import Ruleset
from planner.yamltext import decode

# Which files of a folder are a ruleset's, wherever the folder lies: on a disk, or in a git revision.


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
    """Read every YAML file in the folder ``path`` of a ruleset, and in those of its stages.

    Returns the texts by path, each beginning with ``root``, and a problem for each file that cannot be read.
    """
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
    """Read every ruleset in the folder ``shelf``, if the text of ``manifest`` has `extends`; see `read_ruleset`."""
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
    """List the rulesets in a folder of folders NAME/VERSION as ``name@version``, oldest version first."""
    return [f"{name}@{version}" for name in listing(files, shelf) for version in versions_in(files, f"{shelf}/{name}")]


def versions_in(files: Files, folder: str) -> list[str]:
    """List the versions of the ruleset in ``folder``, oldest first."""
    numbered = [name for name in listing(files, folder) if name.replace(".", "").isdecimal()]
    found = [version for version in numbered if is_file(files, f"{folder}/{version}/{MANIFEST}")]
    return sorted(found, key=lambda version: [int(part or 0) for part in version.split(".")])


def listing(files: Files, path: str) -> list[str]:
    """List the names in a folder, sorted; empty if it cannot be read."""
    try:
        return _visible(files.names(path))
    except (OSError, ValueError):
        return []


def is_file(files: Files, path: str) -> bool:
    """Tell whether ``path`` is a regular file."""
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
    """Read a folder's rules; in a folder that is no stage, only files that are named like rules, and misplaced."""
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


# The seal of a ruleset: the digest of its files, and the compiled form that lies with them.
#
# ``compiled.jsonl`` tells in its first line of what it was made, and in the others what `planner.rules.compiled`
# writes: what the stages fire, and a rule a line. It holds only while the files are those that it was made of; a sealed
# ruleset's manifest says which one is meant, and the digest is of the manifest, too. Whatever is odd about it, the
# files are read instead.


COMPILED = "compiled.jsonl"
FORM = "mgmtnet/compiled@6"  # to be raised whenever what is written, or what rules mean, changes
MADE = re.compile(r"compiled: *(sha256:[0-9a-f]{64})\s*")


class Made(NamedTuple):
    """What a compiled form was made of: which ruleset, with which digest of its files, and whether it was sealed."""

    ruleset: str
    version: str
    digest: str
    rules: str
    sealed: bool
    format: str = FORM


def written_form(compiled: Compiled, root: str) -> str:
    """Return a compiled form but for its first line: the rules of the ruleset in the folder ``root``."""
    return "\n".join(to_lines(compiled, root))


def form_of(ruleset: Ruleset, rules: str, *, sealed: bool) -> str:
    """Return the whole compiled form of ``ruleset``; ``rules`` is what `written_form` made."""
    made = Made(ruleset.name, ruleset.version, ruleset.digest, sha256(rules.encode()), sealed)
    return "\n".join((json.dumps(made._asdict()), rules, ""))


def kept_form(content: bytes, texts: Mapping[str, str], root: str, *, shipped: bool) -> Compiled | None:
    """The ruleset in the folder ``root`` of ``texts`` as ``content`` has it; None if that was not made of them.

    ``shipped``: it came with the program that reads it, so the form needs no seal, and may be made anew by a later one.
    """
    made, rules = parts_of(content)
    digest = digest_at(texts, root)
    if made is None or (made.format, made.digest) != (FORM, digest):
        return None
    digests, forms = sealed_in(texts, root)
    if digests not in ((digest,), ()) or (not shipped and (digests, forms) != ((digest,), (made.rules,))):
        return None
    return _compiled(rules, digest, root)


def ruleset_of(content: bytes, root: str) -> Ruleset | None:
    """The ruleset of a compiled form, without the files that it was made of; None if this version cannot read it."""
    made, rules = parts_of(content)
    compiled = _compiled(rules, made.digest, root) if made is not None and made.format == FORM else None
    return compiled.ruleset if compiled is not None else None


def parts_of(content: bytes) -> tuple[Made | None, bytes]:
    """What a compiled form was made of, and its rules; None if it is not whole."""
    head, _, rules = content.rstrip(b"\n").partition(b"\n")
    try:
        made = Made(**json.loads(head))
    except (ValueError, TypeError, RecursionError):
        return None, b""
    return (made, rules) if made.rules == sha256(rules) else (None, b"")


def _compiled(rules: bytes, digest: str, root: str) -> Compiled | None:
    try:
        return from_lines(rules.decode().split("\n"), digest, root)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None


def sealed_in(texts: Mapping[str, str], root: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the manifest says the digests of the files and of the compiled rules are: each once, if it is sealed."""
    lines = texts[f"{root}/{MANIFEST}"].splitlines()
    digests = tuple(found.group(2) for line in lines if (found := SEALED.fullmatch(line)))
    return digests, tuple(found.group(1) for line in lines if (found := MADE.fullmatch(line)))


DEFAULT = "ovirtmgmt"
LARGEST_FORM = 1 << 26  # bytes; 170 rules have 0.3 MB; a larger one is left alone, and the rules are read


class Disk:
    """Folders and files as they lie on this machine (`planner.rules.shelf.Files`)."""

    def names(self, folder: str) -> list[str]:
        """What lies in ``folder``."""
        return os.listdir(folder)

    def mode(self, path: str) -> int:
        """The kind of what ``path`` leads to."""
        return os.stat(path).st_mode

    def content(self, path: str) -> bytes | Unreadable:
        """The file's bytes, if it is a file."""
        return content_of(path, LARGEST_FILE, pipes=False)


DISK = Disk()


class Shelved(NamedTuple):
    """The texts of a ruleset, and of those it may extend, by path; ``root`` is the ruleset's own folder.

    Paths of an installed ruleset begin with ``<name>/<version>/``, those of a folder as it was given. ``folder`` is
    where the ruleset lies, and ``shipped`` whether it is an installed one.
    """

    root: str
    texts: dict[str, str]
    problems: tuple[Problem, ...]
    folder: str = ""
    shipped: bool = False


def load_rules(spec: str | os.PathLike[str] | None = None) -> Result[Ruleset]:
    """Load a ruleset; the only function of the package's interface that reads files.

    Args:
        spec: NAME (its newest version), NAME@VERSION, or the path of a folder; None: the shipped ovirtmgmt.

    Returns:
        The ruleset and no problems, or None and every error. Warnings of the linter are left out: they are for the
        author of rules.

    >>> ruleset, problems = load_rules("ovirtmgmt@0.9")
    >>> ruleset, problems[0].message
    (None, 'ovirtmgmt is not installed in the version 0.9')
    """
    return _load(ruleset_sources(None if spec is None else os.fspath(spec)))


def compiled_rules(spec: str | None = None) -> tuple[Compiled | None, tuple[Problem, ...]]:
    """Load a ruleset ready to fire; arguments and problems as of `load_rules`.

    The compiled form beside the files is taken as long as it matches them, else the files are read.
    """
    shelved = ruleset_sources(spec)
    if not shelved.problems:
        kept = kept_form(form_in(shelved.folder), shelved.texts, shelved.root, shipped=shelved.shipped)
        if kept is not None:
            return kept._replace(ruleset=_named(kept.ruleset, shelved)), ()
    ruleset, problems = _load(shelved)
    return None if ruleset is None else compile_ruleset(ruleset), problems


def make_forms() -> None:
    """Write the compiled form of each installed ruleset, as `make` and a wheel's build do."""
    for title in installed():
        shelved = ruleset_sources(title)
        ruleset, _ = _load(shelved)
        if ruleset is not None:
            path = os.path.join(shelved.folder, COMPILED)
            beside = f"{path}.{os.getpid()}"
            with open(beside, "w", encoding="utf-8") as stream:
                stream.write(form_of(ruleset, written_form(compile_ruleset(ruleset), shelved.root), sealed=False))
            os.replace(beside, path)


def _load(shelved: Shelved) -> Result[Ruleset]:
    if shelved.problems:
        return Result(None, shelved.problems)
    from planner.rules.lint import lint
    from planner.rules.ruleset import assemble

    ruleset, problems = assemble(shelved.texts, shelved.root)
    if ruleset is not None:
        problems += errors(lint(ruleset, shelved.texts))
    return Result(None if problems or ruleset is None else _named(ruleset, shelved), tuple(problems))


def _named(ruleset: Ruleset, shelved: Shelved) -> Ruleset:
    """The ruleset, marked if it bears an installed one's name and version and is another."""
    if shelved.shipped or ruleset.title not in installed():
        return ruleset
    texts = ruleset_sources(ruleset.title).texts
    return ruleset._replace(edited=ruleset.digest != digest_at(texts, ruleset.title.replace("@", "/")))


def form_in(folder: str) -> bytes:
    """Return the bytes of the compiled form in the folder of a ruleset; empty if it cannot be read."""
    content = content_of(os.path.join(folder, COMPILED), LARGEST_FORM, pipes=False)
    return content if isinstance(content, bytes) else b""


def ruleset_sources(spec: str | None = None) -> Shelved:
    """Find a ruleset and read its files as text, without parsing them; ``spec`` as for `load_rules`."""
    spec = spec or DEFAULT
    name, _, version = spec.partition("@")
    versions = _versions(name)
    if version in versions or (versions and not version):
        root = f"{name}/{version or versions[-1]}"
        path = os.path.join(folder("rules"), *root.split("/"))
    elif os.path.isdir(spec):
        root = os.path.normpath(spec)
        if root[0] not in "./" and os.path.isdir(os.path.join(folder("rules"), root)):  # called like an installed one
            root = f"./{root}"
        path = spec
    else:
        return Shelved(spec, {}, (_unknown(spec, name, versions),))
    texts, problems = read_ruleset(DISK, path, root)
    bases, found = read_bases(texts.get(f"{root}/{MANIFEST}", ""), DISK, folder("rules"))
    return Shelved(root, texts | bases, (*problems, *found), path, shipped=path != spec)


def is_shipped(path: str) -> bool:
    """Tell whether the folder ``path`` is that of an installed ruleset, by whatever way it is reached."""
    return os.path.realpath(path) in {os.path.realpath(rules_folder(title)) for title in installed()}


def rules_folder(spec: str | None = None) -> str:
    """Return the folder of a ruleset; ``spec`` as for `load_rules`."""
    name, _, version = (spec or DEFAULT).partition("@")
    versions = _versions(name)
    if version in versions or (versions and not version):
        return os.path.join(folder("rules"), name, version or versions[-1])
    return spec or DEFAULT


def installed() -> list[str]:
    """List the installed rulesets as ``name@version``, oldest version first."""
    return rulesets_in(DISK, folder("rules"))


def folder(name: str) -> str:
    """Return the path of the folder ``rules``, ``schemas`` or ``golden``, in a checkout or an installed package.

    Of the goldens a wheel has only what plans are made from.
    """
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    packed = os.path.join(package, "_data", name)
    return packed if os.path.isdir(packed) else os.path.join(os.path.dirname(package), name)


def _versions(name: str) -> list[str]:
    """The installed versions of a ruleset, oldest first."""
    if not name.replace("-", "").isalnum():
        return []
    return versions_in(DISK, os.path.join(folder("rules"), name))


def _unknown(spec: str, name: str, versions: list[str]) -> Problem:
    if versions:
        message = f"{name} is not installed in the version {spec.partition('@')[2]}"
    elif os.path.lexists(spec):
        message = f"{spec!r} is not a folder"
    else:
        message = f"there is no ruleset and no folder {spec!r}"
    known = ", ".join(installed()) or "none"
    hint = f"installed: {known}; or give the folder that holds {MANIFEST}"
    return Problem("unknown-ruleset", message, hint + "".join(f", as {path}" for path in _examples(name)))


def _examples(name: str) -> list[str]:
    """The rulesets in a folder of the shelf that is no installed ruleset, as ``examples``; they go by their paths."""
    shelf = os.path.join(folder("rules"), name.partition("/")[0])
    inside = listing(DISK, shelf) if name.replace("/", "").replace("-", "").isalnum() and not _versions(name) else []
    return [path for each in inside if is_file(DISK, f"{(path := os.path.join(shelf, each))}/{MANIFEST}")]
