"""``mgmtnet rules test``: every example of the rules and every golden, with the why of each failure."""

import argparse
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from planner.authoring.comparing import KINDS, differences, gravest
from planner.authoring.examples import Broken, broken_examples
from planner.authoring.speaking import difference_explained
from planner.authoring.trial import Trial, try_out
from planner.cli.golden import KEPT_PLAN
from planner.cli.inputs import read_file
from planner.cli.output import complain, say_lines, tell
from planner.cli.rules.reading import compiled_of, goldens_in, goldens_of, own_rules
from planner.language import Rule
from planner.plans.model import FORMAT
from planner.policy.misses import explain
from planner.problem import Problem
from planner.shelf import rules_folder

# How often files are looked at with --watch: seldom enough to cost nothing, often enough to seem at once.
LOOK_EVERY = 0.3


def run(options: argparse.Namespace) -> int:
    """Test; the exit status."""
    passed = tested(options)
    if not options.watch:
        return 0 if passed else 1
    with suppress(KeyboardInterrupt):
        _watch(options)
    return 0 if passed else 1


def _watch(options: argparse.Namespace) -> None:
    """Test again and again, whenever something was saved."""
    seen = _saved(options)
    tell("waiting for a file to be saved; Ctrl-C ends")
    while True:
        time.sleep(LOOK_EVERY)
        now = _saved(options)
        if now != seen:
            seen = now
            tell(f"--- {time.strftime('%H:%M:%S')}")
            tested(options)


def tested(options: argparse.Namespace) -> bool:
    """Whether every example and every golden is as it should be; each that is not is told."""
    began = time.monotonic()
    rules = compiled_of(options.ruleset)
    if rules is None:
        return False
    trials = {folder: try_out(case, rules) for folder, case in goldens_in(goldens_of(options))}
    if not trials:
        complain([Problem("no-golden", f"no golden under {goldens_of(options)}", "name their folder by --goldens")])
        return False
    own = own_rules(rules.ruleset)
    by_name = {trial.case.name: trial for trial in trials.values()}
    broken = broken_examples(own, by_name)
    stale = {folder: told for folder, trial in trials.items() if (told := _otherwise(folder, trial, rules.by_name))}
    for example in broken:
        say_lines(_example(example, by_name.get(example.golden)))
    for told in stale.values():
        say_lines(told)
    examples = sum(len(rule.fires) + len(rule.silent) for rule in own)
    summary = (
        f"{len(own)} rules: {examples} examples, {len(broken)} broken; {len(trials)} goldens, {len(stale)} otherwise"
    )
    tell(f"{summary}; {time.monotonic() - began:.1f} s")
    return not broken and not stale


def _otherwise(folder: str, trial: Trial, rules: Mapping[str, Rule]) -> list[str]:
    """Where the plan is not the one that was reviewed, and which rules that is because of; empty where it is."""
    kept = _kept(os.path.join(folder, KEPT_PLAN))
    if isinstance(kept, Problem):
        return [f"FAIL  golden {folder}: {kept.message}", f"  hint: {kept.hint}"]
    found = differences(kept, trial.plan.document())
    if not found:
        return []
    lines = [f"FAIL  golden {folder}: {KINDS[gravest(found)]}", *(f"  {difference}" for difference in found)]
    return [*lines, "  because", *(f"    {line}" for line in difference_explained(kept, trial, rules))]


def _kept(path: str) -> Mapping[str, Any] | Problem:
    content = read_file(path, "golden")
    if isinstance(content, Problem):
        return content._replace(hint="`mgmtnet golden update` writes it")
    try:
        document = json.loads(content)
    except ValueError as failure:
        return Problem("golden-invalid", f"{path} is no JSON: {failure}", "`mgmtnet golden update` writes it anew")
    if isinstance(document, dict) and document.get("format") == FORMAT:
        return document
    return Problem("golden-invalid", f"{path} is no plan", "`mgmtnet golden update` writes it anew")


def _example(broken: Broken, trial: Trial | None) -> Iterator[str]:
    yield f"FAIL  example {broken.rule.source}: {broken.golden}: {broken.reason}"
    if trial is not None and trial.outcome(broken.rule.name) != "fired":
        yield from (f"  {line}" for line in _miss(broken.rule, trial))


def _miss(rule: Rule, trial: Trial) -> tuple[str, ...]:
    judgement = next(judgement for judgement in trial.judgements if judgement.stage == rule.stage)
    miss = explain(rule, judgement.facts)
    return miss.lines if miss is not None else ("it matches, but a rule that overrides it fired",)


def _saved(options: argparse.Namespace) -> dict[str, int]:
    """When each file of the rules and goldens was saved last."""
    folders = [rules_folder(options.ruleset), goldens_of(options)]
    paths = [os.path.join(at, name) for folder in folders for at, _, names in os.walk(folder) for name in names]
    return {path: os.stat(path).st_mtime_ns for path in paths if os.path.exists(path)}
