"""Where rulesets and schemas lie: the one module of the core that reads files.

They are found in an installed package (``planner/_data``) or in a checkout (beside ``planner``). A sealed ruleset
carries its compiled form, which spares a start-up the reading of YAML.
"""

import os
from typing import NamedTuple

from planner.files import Unreadable, content_of
from planner.language import Ruleset
from planner.policy.compiled import Compiled, compile_ruleset
from planner.policy.seal import COMPILED, MANIFEST, digest_at, form_of, kept_form, sealed_in, written_form
from planner.problem import Problem, errors
from planner.rule_files import LARGEST_FILE, is_file, listing, read_bases, read_ruleset, rulesets_in, versions_in

DEFAULT = "ovirtmgmt"
LARGEST_FORM = 1 << 26  # bytes; 170 rules have 0.3 MB; a larger one is left alone, and the rules are read


class Disk:
    """Folders and files as they lie on this machine (`planner.rule_files.Files`)."""

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


def load_rules(spec: str | None = None) -> tuple[Ruleset | None, tuple[Problem, ...]]:
    """The ruleset NAME, NAME@VERSION (without one: the newest), or that in a folder; or None and every error.

    What the linter only warns of is for the rules' author, and not told to everybody who uses them.
    """
    return _load(ruleset_sources(spec))


def compiled_rules(spec: str | None = None) -> tuple[Compiled | None, tuple[Problem, ...]]:
    """The same, ready to fire: by the compiled form that lies with the files while it holds, else from these."""
    shelved = ruleset_sources(spec)
    if not shelved.problems:
        kept = kept_form(form_in(shelved.folder), shelved.texts, shelved.root, shipped=shelved.shipped)
        if kept is not None:
            return kept._replace(ruleset=_named(kept.ruleset, shelved)), ()
    ruleset, problems = _load(shelved)
    return None if ruleset is None else compile_ruleset(ruleset), problems


def make_forms() -> None:
    """Write the compiled form of each installed ruleset that is not sealed, as `make` and a wheel's build do."""
    for title in installed():
        shelved = ruleset_sources(title)
        ruleset, _ = _load(shelved)
        if ruleset is not None and sealed_in(shelved.texts, shelved.root) == ((), ()):
            path = os.path.join(shelved.folder, COMPILED)
            beside = f"{path}.{os.getpid()}"
            with open(beside, "w", encoding="utf-8") as stream:
                stream.write(form_of(ruleset, written_form(compile_ruleset(ruleset), shelved.root), sealed=False))
            os.replace(beside, path)


def _load(shelved: Shelved) -> tuple[Ruleset | None, tuple[Problem, ...]]:
    if shelved.problems:
        return None, shelved.problems
    from planner.policy.lint import lint
    from planner.policy.rulesets import assemble

    ruleset, problems = assemble(shelved.texts, shelved.root)
    if ruleset is not None:
        problems += errors(lint(ruleset, shelved.texts))
    return None if problems or ruleset is None else _named(ruleset, shelved), tuple(problems)


def _named(ruleset: Ruleset, shelved: Shelved) -> Ruleset:
    """The ruleset, marked if it bears an installed one's name and version and is another."""
    title = f"{ruleset.name}@{ruleset.version}"
    if shelved.shipped or title not in installed():
        return ruleset
    return ruleset._replace(edited=ruleset.digest != digest_at(ruleset_sources(title).texts, title.replace("@", "/")))


def form_in(folder: str) -> bytes:
    """The compiled form in the folder of a ruleset; nothing if there is none that can be read."""
    content = content_of(os.path.join(folder, COMPILED), LARGEST_FORM, pipes=False)
    return content if isinstance(content, bytes) else b""


def ruleset_sources(spec: str | None = None) -> Shelved:
    """The files of a ruleset, unread as YAML: enough to tell whether one that was compiled earlier will do."""
    spec = spec or DEFAULT
    name, _, version = spec.partition("@")
    versions = _versions(name)
    if version in versions or (versions and not version):
        root = f"{name}/{version or versions[-1]}"
        path = os.path.join(folder("rules"), *root.split("/"))
    elif os.path.isdir(spec):
        root = os.path.normpath(spec)
        root = root if os.path.isabs(root) or not os.path.isdir(os.path.join(folder("rules"), root)) else f"./{root}"
        path = spec
    else:
        return Shelved(spec, {}, (_unknown(spec, name, versions),))
    texts, problems = read_ruleset(DISK, path, root)
    bases, found = read_bases(texts.get(f"{root}/{MANIFEST}", ""), DISK, folder("rules"))
    return Shelved(root, texts | bases, (*problems, *found), path, shipped=path != spec)


def rules_folder(spec: str | None = None) -> str:
    """Where the files of a ruleset lie; a folder that is stated is that folder."""
    name, _, version = (spec or DEFAULT).partition("@")
    versions = _versions(name)
    if version in versions or (versions and not version):
        return os.path.join(folder("rules"), name, version or versions[-1])
    return spec or DEFAULT


def installed() -> list[str]:
    """Every installed ruleset as ``name@version``, oldest version first."""
    return rulesets_in(DISK, folder("rules"))


def folder(name: str) -> str:
    """The folder ``rules``, ``schemas`` or ``golden``; of the goldens a wheel has only what plans are made from."""
    package = os.path.dirname(os.path.abspath(__file__))
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
