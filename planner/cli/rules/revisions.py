"""Rules as a git revision has them: ``REV`` (the shipped ruleset there) or ``REV:FOLDER``."""

import io
import os
import re
import subprocess
import tarfile

from planner.language import STAGES, Ruleset
from planner.policy.lint import lint
from planner.policy.rulesets import assemble
from planner.policy.seal import MANIFEST
from planner.problem import Problem, errors
from planner.rule_files import ENDINGS
from planner.shelf import DEFAULT, installed, ruleset_sources

RULES, HERE = "rules", "."
OF_A_RULESET = re.compile(rf"(?:(?:{'|'.join(STAGES)})/)?[^/]+")
INSTALLED = re.compile(rf"[^/]+/[\d.]+/{OF_A_RULESET.pattern}")


def ruleset_at(spec: str) -> tuple[Ruleset | None, list[Problem], dict[str, str]]:
    """The ruleset of a revision, what is wrong with it, and the texts it was read from."""
    revision, _, folder = spec.partition(":")
    folder = os.path.normpath(folder) if folder else ""
    told = _git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if isinstance(told, Problem) or not told:
        hint = "give a folder, NAME@VERSION, or a revision of the git repository that you are in"
        unknown = Problem("unknown-ruleset", f"{spec!r} is neither a ruleset nor a git revision", hint)
        return None, [told if isinstance(told, Problem) else unknown], {}
    archive = _git("archive", "--format=tar", told.decode().strip(), "--", *_folders(told.decode().strip(), folder))
    if isinstance(archive, Problem):
        return None, [archive], {}
    texts = _texts(archive, folder)
    if not any(INSTALLED.fullmatch(path) for path in texts):  # a site's own repository: what it extends is installed
        texts.update(*(ruleset_sources(name).texts for name in installed()))
    root = folder or _newest(texts)
    ruleset, problems = assemble(texts, root)
    if ruleset is not None:
        problems += errors(lint(ruleset, texts))
    return None if errors(problems) else ruleset, problems, texts


def _folders(revision: str, folder: str) -> list[str]:
    """The folders that are there: the shelf of rulesets, which others may extend, and the one that is asked for."""
    if folder == HERE:
        return [HERE]
    wanted = [path for path in (RULES, folder) if path]
    there = _git("ls-tree", "-d", "--name-only", revision, "--", *wanted)
    return there.decode().split() if isinstance(there, bytes) else wanted


def _texts(archive: bytes, folder: str) -> dict[str, str]:
    """Files by path: those of the shelf as an installed ruleset's are called, those of ``folder`` as they lie.

    As on disk (`planner.shelf`), only manifest and stages of a ruleset count: its goldens lie beside them.
    """
    texts: dict[str, str] = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        for member in files:
            stream = files.extractfile(member) if member.isfile() and member.name.endswith(ENDINGS) else None
            if stream is None:
                continue
            text = stream.read().decode("utf-8", "replace")
            shelved, own = _within(member.name, RULES), _within(member.name, folder)
            if INSTALLED.fullmatch(shelved):
                texts[shelved] = text
            if OF_A_RULESET.fullmatch(own):
                texts[f"{folder}/{own}"] = text
    return texts


def _within(path: str, folder: str) -> str:
    """The path inside ``folder``; "" for one that lies elsewhere."""
    if folder == HERE:
        return path
    return path.removeprefix(f"{folder}/") if path.startswith(f"{folder}/") else ""


def _newest(texts: dict[str, str]) -> str:
    """The shipped ruleset's newest version there."""
    versions = [
        path.split("/")[1] for path in texts if path.startswith(f"{DEFAULT}/") and path.endswith(f"/{MANIFEST}")
    ]
    newest = max(versions, key=lambda version: [int(part or 0) for part in version.split(".")], default="")
    return f"{DEFAULT}/{newest}"


def _git(*arguments: str) -> bytes | Problem:
    """What git says; b"" when it says no."""
    try:
        done = subprocess.run(  # noqa: S603  no shell reads the words
            ["git", *arguments],  # noqa: S607  whichever git the author has
            capture_output=True,
            check=False,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except OSError:
        return Problem("no-git", "git cannot be run, so no revision can be read", "install git, or name a folder")
    return done.stdout if done.returncode == 0 else b""
