"""Every golden whose plan changes its host, planned; and what the dialects make of each."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

import planner
from planner.definition import Definition
from planner.dialects.wording import Wording, word
from planner.host.model import Host
from planner.plan.plan import Plan
from planner.rules.compiled import compile_ruleset
from planner.rules.shelf import load_rules

GOLDEN = Path(__file__).parents[2] / "golden"


class Planned(NamedTuple):
    host: Host
    definition: Definition
    plan: Plan


@cache
def planned() -> dict[str, Planned]:
    by = planner.Planner(compile_ruleset(load_rules("ovirtmgmt@1.0").required()))
    found = {}
    for kept in sorted(GOLDEN.glob("*/plan.json")):
        if '"outcome": "change"' in kept.read_text():
            one = _planned(kept.parent, by)
            assert one.plan.steps
            found[kept.parent.name] = one
    assert len(found) >= 235
    return found


def _planned(folder: Path, by: planner.Planner) -> Planned:
    (path,) = folder.glob("capture*")
    host = planner.read_capture(path.read_bytes(), path.name).required()
    definition = planner.read_definition((folder / "definition.yaml").read_text(), "definition").required()
    about = yaml.safe_load((folder / "about.yaml").read_text())
    return Planned(host, definition, by.plan(host, definition, tuple(about.get("address", ()))))


@cache
def texts(dialect: str) -> dict[str, str]:
    """What is printed, for those goldens for which it is."""
    worded = {name: word(dialect, one.plan, one.host) for name, one in planned().items()}
    return {name: one.text for name, one in worded.items() if isinstance(one, Wording)}


def once(worded: dict[str, str]) -> dict[str, str]:
    """Each text once, under the first golden that has it."""
    first = {text: name for name, text in reversed(worded.items())}
    return {name: text for text, name in first.items()}
