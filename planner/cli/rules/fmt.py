"""``mgmtnet rules fmt``: rule files and manifests in their canonical form."""

import argparse
import os
import sys
from collections.abc import Iterator

from planner.authoring.formatting import formatted
from planner.cli.inputs import read_file
from planner.cli.output import in_colour, say_lines, tell, tell_whole
from planner.cli.writing import write_whole
from planner.documents.decoding import decode
from planner.language import STAGES
from planner.policy.carets import render
from planner.policy.manifests import parse_manifest
from planner.policy.parsing import parse_rules
from planner.policy.seal import MANIFEST
from planner.problem import Problem, Where


def run(options: argparse.Namespace) -> int:
    """Format, or only tell which files are not; the exit status."""
    places = options.places or ["."]
    paths = dict.fromkeys(path for place in places for path in _files(place))
    problems: list[Problem] = []
    if not paths:
        hint = "give a ruleset's folder, or rule files"
        problems.append(Problem("no-rules", f"no ruleset in {', '.join(places)}", hint))
    texts: dict[str, str] = {}
    sealed: set[str] = set()
    changed = 0
    for path in paths:
        text = _text(path)
        if isinstance(text, Problem):
            problems.append(text)
            continue
        texts[path] = text
        if released := _released(path):
            sealed.add(released)
            continue
        laid = _formatted(path, text)
        if not isinstance(laid, str):
            problems += laid
        elif laid != text:
            changed += 1
            say_lines([path])
            failure = None if options.check else write_whole(path, laid)
            problems += [failure] if failure else []
    for folder in sorted(sealed):
        tell(f"{folder} is released: left as it is")
    for problem in problems:
        tell_whole(render(problem, texts, colour=in_colour(sys.stderr)) + "\n", painted=True)
    tell(f"{len(paths)} files, {changed} {'not formatted' if options.check else 'formatted anew'}")
    return 1 if problems or (options.check and changed) else 0


def _files(place: str) -> Iterator[str]:
    """The file, or those of every ruleset in the folder."""
    if not os.path.isdir(place):
        yield place
        return
    for folder, folders, names in os.walk(place):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if MANIFEST in names:
            yield os.path.normpath(os.path.join(folder, MANIFEST))
            for stage in STAGES:
                inside = os.path.normpath(os.path.join(folder, stage))
                listed = sorted(os.listdir(inside)) if os.path.isdir(inside) else []
                yield from (os.path.join(inside, name) for name in listed if name.endswith(".yaml"))


def _released(path: str) -> str:
    """The folder of the file's ruleset if that is sealed: its digest is of the files as they are. ``""``: it is not."""
    folder = os.path.dirname(path)
    folder = folder if os.path.basename(path) == MANIFEST else os.path.normpath(os.path.join(folder, os.pardir))
    manifest = _text(os.path.join(folder, MANIFEST))
    sealed = isinstance(manifest, str) and any(line.startswith("digest:") for line in manifest.splitlines())
    return folder or os.curdir if sealed else ""


def _text(path: str) -> str | Problem:
    content = read_file(path, "rule")
    return content if isinstance(content, Problem) else decode(content, path)


def _formatted(path: str, text: str) -> str | list[Problem]:
    """The file's canonical form; or its errors, with which it has none."""
    folder, name = os.path.split(os.path.abspath(path))
    if name == MANIFEST:
        manifest, findings = parse_manifest(text, path)
        return _laid(text, path, manifest=True) if manifest is not None else [*findings.in_order()]
    stage = next((stage for stage in STAGES if os.path.basename(folder) == stage), None)
    if stage is None:
        hint = "move it to " + " or ".join(f"{stage}/" for stage in STAGES)
        message = "a rule's file lies in the folder of its stage"
        return [Problem("misplaced-file", message, hint, where=(Where(path, line=1, column=1),))]
    rules, problems = parse_rules(text, path, stage, f"{stage}/{name}")
    return _laid(text, path) if rules else [*problems]


def _laid(text: str, path: str, *, manifest: bool = False) -> str | list[Problem]:
    laid = formatted(text, path, manifest=manifest)
    return [laid] if isinstance(laid, Problem) else laid
