"""A golden, planned by the rules and held against what it keeps."""

import os
import time
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from planner.authoring.comparing import KINDS, Difference, gravest
from planner.authoring.keeping import KEPT_PLAN, KEPT_WHY, Standing, State, in_lines, kept_of, standing
from planner.authoring.trial import Trial, try_out
from planner.cli.goldens import read_golden
from planner.cli.inputs import read_file
from planner.plans.model import Plan
from planner.policy.compiled import Compiled
from planner.problem import Problem

WORDED_ANEW = "the same plan, written otherwise"
UNREADABLE = "it has no plan that can be read"


class Looked(NamedTuple):
    """A golden with its plan by the rules: None where it cannot be read, which ``problems`` tell."""

    folder: str
    trial: Trial | None
    problems: list[Problem]
    kept: Mapping[str, str | None]
    wanted: Mapping[str, str]
    standing: Standing | None
    seconds: float

    @property
    def name(self) -> str:
        """How it is called: its folder's name."""
        return os.path.basename(os.path.normpath(self.folder))

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What changes for its host."""
        return self.standing.differences if self.standing is not None else ()

    @property
    def state(self) -> State | Literal["unreadable"]:
        """How it stands: same, moved, differs; or unreadable."""
        return self.standing.state if self.standing is not None else "unreadable"


def plan_golden(folder: str, rules: Compiled) -> tuple[Plan | None, list[Problem]]:
    """The plan that ``folder`` gets by ``rules``."""
    case, problems = read_golden(folder)
    return None if case is None else try_out(case, rules).plan, problems


def look_at(folder: str, rules: Compiled) -> Looked:
    """The golden in ``folder``, planned by ``rules`` and held against what it keeps."""
    began = time.monotonic()
    case, problems = read_golden(folder)
    if case is None:
        return Looked(folder, None, problems, {}, {}, None, time.monotonic() - began)
    trial = try_out(case, rules)
    wanted = kept_of(trial.plan)
    kept = kept_in(folder)
    found = standing(kept, wanted, trial.plan)
    return Looked(folder, trial, problems, kept, wanted, found, time.monotonic() - began)


def kept_in(folder: str) -> dict[str, str | None]:
    """The files that came out of the golden's plan when it was last updated; None for one that is not there."""
    return {name: _text(os.path.join(folder, name)) for name in (KEPT_PLAN, KEPT_WHY)}


def shown_in_lines(golden: Looked) -> Iterator[str]:
    """From the files of the golden as they are to what the rules make of them now."""
    for name in golden.standing.stale if golden.standing is not None else ():
        yield from in_lines(os.path.join(golden.folder, name), golden.kept[name], golden.wanted[name])


def told(golden: Looked) -> Iterator[str]:
    """What changes for the host, by meaning; where that says nothing, line by line."""
    found = golden.standing
    if found is None or found.state != "differs":
        return
    yield f"{golden.folder}: {headline(golden)}"
    yield from (f"  {difference}" for difference in found.differences)
    if not found.differences:
        yield from shown_in_lines(golden)


def headline(golden: Looked) -> str:
    """``a value changes (as-defined)``."""
    found = golden.standing
    if found is None or found.before is None:
        return UNREADABLE
    if not found.differences:
        return WORDED_ANEW
    rules = dict.fromkeys(rule for difference in found.differences for rule in difference.rules)
    return KINDS[gravest(found.differences)] + (f" ({', '.join(rules)})" if rules else "")


def _text(path: str) -> str | None:
    content = read_file(path, "golden")
    return None if isinstance(content, Problem) else content.decode("utf-8", "replace")
