"""``mgmtnet rules test``: every example of the rules and every golden, with the why of each failure."""

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from planner.authoring.comparing import KINDS, gravest
from planner.authoring.examples import Example, examples_of
from planner.authoring.junit import Result, Suite, report
from planner.authoring.keeping import KEPT_PLAN, read_plan
from planner.authoring.speaking import difference_explained
from planner.authoring.trial import Trial
from planner.cli.goldenlooking import Looked, look_at
from planner.cli.goldens import golden_folders
from planner.cli.output import advice, complain, say, say_json, say_lines, tell
from planner.cli.rules.reading import compiled_of, goldens_of, own_goldens, own_rules
from planner.cli.untested import clock, say_untested
from planner.language import Rule
from planner.policy.compiled import Compiled
from planner.policy.misses import explain
from planner.problem import Problem, errors
from planner.shelf import load_rules, rules_folder

# How often files are looked at with --watch: seldom enough to cost nothing, often enough to seem at once.
LOOK_EVERY = 0.3


class Tried(NamedTuple):
    """What was tested: the rules, their examples, the goldens; and how many examples' goldens are not at hand."""

    rules: Compiled
    own: Sequence[Rule]
    examples: Sequence[Example]
    goldens: Sequence[Looked]
    trials: dict[str, Trial]
    untried: int = 0


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
    began, day = time.monotonic(), clock()
    rules = compiled_of(options.ruleset)
    if rules is None:
        say_untested("rules test", load_rules(options.ruleset)[1], options.output)
        return False
    tests = _tests(rules, options)
    if isinstance(tests, list):
        complain(tests)
        say_untested("rules test", tests, options.output)
        return False
    broken = [example for example in tests.examples if example.fault]
    stale = [golden for golden in tests.goldens if _is_otherwise(golden)]
    if options.output == "json":
        say_json(_document(tests))
    elif options.output == "junit":
        say(report(_suites(tests), day))
    else:
        for example in broken:
            say_lines([f"FAIL  example {example.rule.source}: {_promise(example)}", *_miss(example, tests)])
        for golden in stale:
            say_lines([f"FAIL  golden {golden.folder}: {_fault(golden)}", *_because(golden, rules)])
    summary = f"{len(tests.own)} rules: {len(tests.examples)} examples, {len(broken)} broken"
    summary += f", {tests.untried} not tried (their goldens are not here)" if tests.untried else ""
    tell(f"{summary}; {len(tests.goldens)} goldens, {len(stale)} otherwise; {time.monotonic() - began:.1f} s")
    return not broken and not stale


def _tests(rules: Compiled, options: argparse.Namespace) -> Tried | list[Problem]:
    """Try what is to be tried, or tell why there is nothing.

    An example is tried on the golden of its name: of those that are stated, else of those that lie with the rules.
    """
    stated, lying = goldens_of(options), own_goldens(options)
    folders = {os.path.basename(os.path.normpath(path)): path for path in golden_folders(stated)}
    if not folders:
        return [Problem("no-golden", f"no golden under {stated}", "name their folder by --goldens")]
    own = own_rules(rules.ruleset)
    examples = list(examples_of(own))
    chosen = list(folders)
    if options.only:
        unknown = _unknown(options.only, own, [*folders, *(example.golden for example in examples)])
        if unknown:
            return unknown
        examples = [one for one in examples if _is_meant(options.only, one.rule.name, one.rule.table, one.golden)]
        chosen = [name for name in folders if _is_meant(options.only, name)]
        own = [rule for rule in own if any(example.rule is rule for example in examples)]
    further = {os.path.basename(path): path for path in golden_folders(lying)} if lying != stated else {}
    looked = {name: look_at(folders[name], rules) for name in chosen}
    seen = dict(looked)
    for name in {example.golden for example in examples} - looked.keys():
        if name in folders or name in further:
            seen[name] = look_at(folders.get(name) or further[name], rules)
    trials = {name: golden.trial for name, golden in seen.items() if golden.trial is not None}
    at_hand = lying == stated or bool(further)
    tried = [example for example in examples if at_hand or example.golden in seen]
    held = [example.held_against(trials.get(example.golden)) for example in tried]
    return Tried(rules, own, held, list(looked.values()), trials, len(examples) - len(tried))


def _is_meant(only: Sequence[str], *names: str) -> bool:
    from fnmatch import fnmatchcase

    return any(fnmatchcase(name, glob) for name in names for glob in only)


def _unknown(only: Sequence[str], own: Sequence[Rule], goldens: Sequence[str]) -> list[Problem]:
    """What of --only is no rule of theirs and no golden."""
    from planner.documents.spelling import suggest

    known = sorted({*goldens, *(name for rule in own for name in (rule.name, rule.table))})
    return [
        Problem("nothing-meant", f"--only {glob!r} is no rule of theirs and no golden", suggest(glob, known))
        for glob in only
        if not any(_is_meant([glob], name) for name in known)
    ]


def _is_otherwise(golden: Looked) -> bool:
    """Whether the plan is not the one that was reviewed, by what it means for the host."""
    found = golden.standing
    return found is None or bool(found.stale and (found.before is None or found.differences))


def _fault(golden: Looked) -> str:
    """What is wrong with the golden, in a few words."""
    found = golden.standing
    if found is None:
        return "it cannot be read"
    if found.before is not None and found.differences:
        return KINDS[gravest(found.differences)]
    kept = read_plan(golden.kept[KEPT_PLAN])
    return kept.message if isinstance(kept, Problem) else f"{KEPT_PLAN} is no whole plan"


def _because(golden: Looked, rules: Compiled) -> Iterator[str]:
    """Where the plan is otherwise, and which rules that is because of."""
    found = golden.standing
    if found is None or golden.trial is None:
        yield from (f"  {line}" for problem in errors(golden.problems) for line in advice(problem))
    elif found.before is None:
        yield "  hint: `mgmtnet golden update` writes it"
    else:
        yield from (f"  {difference}" for difference in found.differences)
        yield "  because"
        yield from (f"    {line}" for line in difference_explained(found.before, golden.trial, rules.by_name))


def _promise(example: Example) -> str:
    return f"{example.golden}: {example.fault}"


def _miss(example: Example, tests: Tried) -> Iterator[str]:
    """How far the rule got, if it did not fire."""
    trial = tests.trials.get(example.golden)
    if trial is None or trial.outcome(example.rule.name) == "fired":
        return
    judgement = next(judgement for judgement in trial.judgements if judgement.stage == example.rule.stage)
    miss = explain(example.rule, judgement.facts)
    lines = miss.lines if miss is not None else ("it matches, but a rule that overrides it fired",)
    yield from (f"  {line}" for line in lines)


def _suites(tests: Tried) -> Iterator[Suite]:
    """The examples, by rule, and the goldens as tests."""
    yield Suite("examples", [_example(example, tests) for example in tests.examples])
    yield Suite("goldens", [_golden(golden, tests.rules) for golden in tests.goldens])


def _example(example: Example, tests: Tried) -> Result:
    name = f"{'fires' if example.fires else 'silent'} on {example.golden}"
    if not example.fault:
        return Result(example.rule.name, name)
    return Result(example.rule.name, name, 0.0, "example", _promise(example), tuple(_miss(example, tests)))


def _golden(golden: Looked, rules: Compiled) -> Result:
    name = golden.name
    if not _is_otherwise(golden):
        return Result("golden", name, golden.seconds)
    unread = golden.standing is None
    lines = tuple(_because(golden, rules))
    return Result("golden", name, golden.seconds, golden.state, _fault(golden), lines, broken=unread)


def _document(tests: Tried) -> dict[str, object]:
    ruleset = tests.rules.ruleset
    return {
        "format": "mgmtnet/rules-test@1",
        "ruleset": f"{ruleset.name}@{ruleset.version}",
        "rules": len(tests.own),
        "untried": tests.untried,
        "examples": [
            {
                "rule": example.rule.name,
                "source": example.rule.source,
                "golden": example.golden,
                "expected": "fires" if example.fires else "silent",
                "passed": not example.fault,
                "message": example.fault,
                "because": [line.strip() for line in _miss(example, tests)] if example.fault else [],
            }
            for example in tests.examples
        ],
        "goldens": [
            {
                "golden": golden.name,
                "path": golden.folder,
                "passed": not _is_otherwise(golden),
                "message": _fault(golden) if _is_otherwise(golden) else "",
                "differences": [one._asdict() for one in golden.differences],
                "because": [line.strip() for line in _because(golden, tests.rules)] if _is_otherwise(golden) else [],
            }
            for golden in tests.goldens
        ],
    }


def _saved(options: argparse.Namespace) -> dict[str, int]:
    """When each file of the rules and goldens was saved last."""
    folders = [rules_folder(options.ruleset), goldens_of(options)]
    paths = [os.path.join(at, name) for folder in folders for at, _, names in os.walk(folder) for name in names]
    return {path: os.stat(path).st_mtime_ns for path in paths if os.path.exists(path)}
