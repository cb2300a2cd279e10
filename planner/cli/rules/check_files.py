"""The files that a check is about, those it cures, and the hosts that it keeps for the author to try."""

import json
import os
import re
import tempfile
from collections.abc import Iterable, Sequence

from planner.authoring.findings import Finding
from planner.authoring.mending import Change, mend
from planner.cli.rules.schemas import schema_near
from planner.documents.sources import dump_yaml
from planner.language import STAGES
from planner.policy.seal import MANIFEST
from planner.problem import Problem, Where
from planner.shelf import Shelved

MARK = b"\xef\xbb\xbf"


def folders_of(specs: Sequence[str]) -> list[str | None]:
    """The rulesets named, each once; a file stands for the ruleset that it is in. None: the shipped one."""
    return list(dict.fromkeys(_folder(spec) for spec in specs)) or [None]


def _folder(spec: str) -> str:
    if not os.path.isfile(spec):
        return spec
    above = os.path.dirname(spec) or "."
    return os.path.normpath(os.path.join(above, os.pardir)) if os.path.basename(above) in STAGES else above


def schemas_for(spec: str | None, shelved: Shelved) -> dict[str, str]:
    """For each file of the ruleset in a folder its schema, as the file can name it; where none is near, nothing."""
    if spec is None or not os.path.isdir(spec):
        return {}
    found = {}
    for path in shelved.texts:
        if path.startswith(f"{shelved.root}/"):
            name = "ruleset.schema.json" if path == f"{shelved.root}/{MANIFEST}" else "rule.schema.json"
            schema = schema_near(os.path.dirname(_on_disk(spec, shelved, path)), name)
            if schema:
                found[path] = schema
    return found


def mended_on_disk(spec: str, shelved: Shelved) -> tuple[tuple[Change, ...], list[Problem]]:
    """Cure the files in the folder ``spec``, each replaced at once or not at all; what was changed, and what not."""
    mended = mend(shelved.texts, shelved.root, schemas_for(spec, shelved))
    written: set[str] = set()
    problems: list[Problem] = []
    for path, text in mended.texts.items():
        try:
            if text != shelved.texts[path] and _replaced(_on_disk(spec, shelved, path), shelved.texts[path], text):
                written.add(path)
        except OSError as failure:
            problems.append(unwritable(path, failure))
    return tuple(change for change in mended.changes if change.source in written), problems


def unwritable(path: str, failure: OSError) -> Problem:
    """What a file system will not let us do, as advice."""
    message = f"cannot be written: {failure.strerror or failure}"
    return Problem(
        "file-unwritable", message, "see to its permissions, and to those of its folder", where=(Where(path),)
    )


def _on_disk(spec: str, shelved: Shelved, path: str) -> str:
    return os.path.join(spec, path.removeprefix(f"{shelved.root}/"))


def _replaced(path: str, before: str, after: str) -> bool:
    """Whether the file could be replaced; not if somebody has saved it meanwhile."""
    path = os.path.realpath(path)
    with open(path, "rb") as stream:
        content = stream.read()
    mark = MARK if content.startswith(MARK) else b""
    if content.removeprefix(MARK) != before.encode():
        return False
    handle, beside = tempfile.mkstemp(dir=os.path.dirname(path), prefix=f".{os.path.basename(path)}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(mark + after.encode())
        os.chmod(beside, os.stat(path).st_mode & 0o7777)
        os.replace(beside, path)
    except OSError:
        os.unlink(beside)
        raise
    return True


def kept_witnesses(folder: str, findings: Iterable[Finding]) -> list[Problem]:
    """Write each host that was made for a finding as a golden without its plan; why that failed, if it did."""
    try:
        _keep(folder, findings)
    except OSError as failure:
        return [unwritable(folder, failure)]
    return []


def _keep(folder: str, findings: Iterable[Finding]) -> None:
    for problem, witness in findings:
        if witness is None or witness.shape is None:
            continue
        own = os.path.join(folder, _witness_name(problem.code, problem.rule or problem.message))
        os.makedirs(own, exist_ok=True)
        about = {"about": problem.message, "address": [witness.shape.address] if witness.shape.address else []}
        texts = {
            "capture.json": json.dumps(witness.shape.document, indent=1) + "\n",
            "definition.yaml": dump_yaml({k: v for k, v in witness.shape.definition.items() if v is not None}),
            "about.yaml": dump_yaml(about),
        }
        for name, text in texts.items():
            with open(os.path.join(own, name), "w", encoding="utf-8") as stream:
                stream.write(text)


def _witness_name(*words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", " ".join(words).lower()).strip("-")[:80]
