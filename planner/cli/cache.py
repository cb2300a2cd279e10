"""Compiled rules, kept between runs: reading eighty YAML files takes longer than planning a host.

What is kept is named by a digest of every file that was read and of the program's version, so that it is
never stale; whatever is wrong with it, the rules are read afresh. `MGMTNET_CACHE=off` keeps nothing.
"""

import hashlib
import json
import os

from planner.policy.compiled import Compiled, compile_ruleset, from_document, to_document
from planner.problem import Problem, errors
from planner.shelf import Shelved, load_rules, ruleset_sources

FORM = "mgmtnet-rules-1"  # to be raised whenever what `to_document` writes changes


def compiled_rules(spec: str | None) -> tuple[Compiled | None, list[Problem]]:
    """The ruleset that ``spec`` names, ready to fire, or what is wrong with it."""
    shelved = ruleset_sources(spec)
    if shelved.problems:
        return None, list(shelved.problems)
    path = _path(shelved)
    compiled = _kept(path)
    if compiled is not None:
        return compiled, []
    ruleset, problems = load_rules(spec)
    if ruleset is None or errors(problems):
        return None, list(problems)
    compiled = compile_ruleset(ruleset)
    if not problems:
        _keep(path, compiled)
    return compiled, list(problems)


def _path(shelved: Shelved) -> str:
    """Where these very rules are kept; ``""``: nowhere."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    if os.environ.get("MGMTNET_CACHE") == "off" or not os.path.isabs(home):
        return ""
    content = hashlib.sha256(f"{FORM}\0{shelved.root}".encode())
    for path in sorted(shelved.texts):
        content.update(f"\0{path}\0{shelved.texts[path]}".encode())
    return os.path.join(home, "mgmtnet", f"{content.hexdigest()}.json")


def _kept(path: str) -> Compiled | None:
    try:
        with open(path, "rb") as stream:
            return from_document(json.loads(stream.read()))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _keep(path: str, compiled: Compiled) -> None:
    """Write beside and rename: another run never sees half a file. Without a place to write nothing is kept."""
    if not path:
        return
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        beside = f"{path}.{os.getpid()}"
        with open(beside, "w", encoding="utf-8") as stream:
            json.dump(to_document(compiled), stream, separators=(",", ":"))
        os.replace(beside, path)
    except OSError:
        return
