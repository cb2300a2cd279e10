"""The versions of a ruleset that were sealed before: what its folder, its repository and the shelf tell of them."""

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from planner.cli.rules.objects import Object, Objects, Stopped, opened
from planner.cli.rules.trees import Tree
from planner.language import Ruleset
from planner.policy.manifests import parse_manifest
from planner.policy.rulesets import assemble
from planner.policy.seal import MANIFEST, parts_of, ruleset_of, sealed_in
from planner.rule_files import read_bases, read_ruleset
from planner.shelf import DISK, form_in, installed, load_rules, ruleset_sources
from planner.shelf import folder as shelf_folder

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
