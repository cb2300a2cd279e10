"""What was worked out from files before: compiled rules and parsed definitions, kept between runs.

Reading eighty rules takes longer than planning a host, and loading a YAML reader for ten lines takes as long.
What is kept is named by a digest of what it was made from and of its form, so that it is never stale; whatever
is wrong with it, the files are read afresh. `MGMTNET_CACHE=off` keeps nothing.
"""

import hashlib
import json
import os
from typing import Any

from planner.definition import Definition, DefinitionReading, read_definition
from planner.policy.compiled import Compiled, compile_ruleset, from_document, to_document
from planner.problem import Problem, errors
from planner.shelf import load_rules, ruleset_sources

FORM = "mgmtnet-cache-4"  # to be raised whenever the form of what is kept changes


def compiled_rules(spec: str | None) -> tuple[Compiled | None, list[Problem]]:
    """The ruleset that ``spec`` names, ready to fire, or what is wrong with it."""
    shelved = ruleset_sources(spec)
    if shelved.problems:
        return None, list(shelved.problems)
    texts = (part for path in sorted(shelved.texts) for part in (path, shelved.texts[path]))
    path = _path("rules", shelved.root, *texts)
    kept = _kept(path)
    if kept is not None:
        return from_document(kept), []
    ruleset, problems = load_rules(spec)
    if ruleset is None or errors(problems):
        return None, list(problems)
    compiled = compile_ruleset(ruleset)
    if not problems:
        _keep(path, to_document(compiled))
    return compiled, list(problems)


def parsed_definition(content: bytes, source: str) -> DefinitionReading:
    """The definition in ``content``, or what is wrong with it."""
    path = _path("definition", content.decode("utf-8", "replace"))
    kept = _kept(path)
    if kept is not None:
        nameservers = kept["nameservers"]
        kept["nameservers"] = None if nameservers is None else tuple(nameservers)
        return DefinitionReading(Definition(**kept), ())
    reading = read_definition(content, source)
    if reading.definition is not None and not reading.problems:
        _keep(path, reading.definition._asdict())
    return reading


def _path(*parts: str) -> str:
    """Where what is made of ``parts`` is kept; ``""``: nowhere."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    if os.environ.get("MGMTNET_CACHE") == "off" or not os.path.isabs(home):
        return ""
    name = hashlib.sha256("\0".join((FORM, *parts)).encode("utf-8", "surrogatepass")).hexdigest()
    return os.path.join(home, "mgmtnet", f"{name}.json")


def _kept(path: str) -> Any:
    try:
        with open(path, "rb") as stream:
            return json.loads(stream.read())
    except (OSError, ValueError):
        return None


def _keep(path: str, document: object) -> None:
    """Write beside and rename: another run never sees half a file. Without a place to write nothing is kept."""
    if not path:
        return
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        beside = f"{path}.{os.getpid()}"
        with open(beside, "w", encoding="utf-8") as stream:
            json.dump(document, stream, separators=(",", ":"))
        os.replace(beside, path)
    except OSError:
        return
