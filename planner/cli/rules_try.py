"""``mgmtnet rules test``: every example of the rules and every golden, with the why of each failure."""

import argparse
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from planner import Planner
from planner.authoring.compare import difference_explained, meaning, meanings
from planner.authoring.coverage import Coverage, Covered, Term, cover
from planner.authoring.differences import KINDS, gravest
from planner.authoring.golden import KEPT_PLAN, Case, Example, Trial, examples_of, read_plan, try_out
from planner.authoring.junit import Result, Suite, report
from planner.authoring.mutation import EQUIVALENT, PLAN, UNFIT, Score, mutate, page, place, with_equivalents
from planner.cli.cases import (
    compiled_of,
    definition_of,
    golden_folders,
    goldens_in,
    goldens_of,
    hosts_in,
    own_goldens,
)
from planner.cli.golden import Looked, clock, look_at, say_untested
from planner.cli.output import complain, say, say_json, say_lines, tell
from planner.definition import Definition
from planner.engine.misses import explain
from planner.files import read_file
from planner.problem import Problem, Where, advice, errors
from planner.proof import SOLVER, has_solver
from planner.rules.compiled import Compiled
from planner.rules.model import Rule
from planner.rules.shelf import load_rules, rules_folder
from planner.yamltext import parse_yaml, plain

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


def run_test(options: argparse.Namespace) -> int:
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
        say_json(_test_document(tests))
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
    own = rules.ruleset.own
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
    planner = Planner(rules)
    looked = {name: look_at(folders[name], planner) for name in chosen}
    seen = dict(looked)
    for name in {example.golden for example in examples} - looked.keys():
        if name in folders or name in further:
            seen[name] = look_at(folders.get(name) or further[name], planner)
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
    from planner.yamltext import suggest

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


def _test_document(tests: Tried) -> dict[str, object]:
    ruleset = tests.rules.ruleset
    return {
        "format": "mgmtnet/rules-test@1",
        "ruleset": ruleset.title,
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


# ``mgmtnet rules coverage``: which rules fire on which hosts, and which of their terms ever mattered.


def run_coverage(options: argparse.Namespace) -> int:
    """Cover, print; the exit status is 1 for a rule that nothing fires, or below the threshold."""
    rules, definition = compiled_of(options.ruleset), definition_of(options.network)
    if rules is None or definition is None:
        return 1
    cases = list(_cases(options, definition))
    if not cases:
        complain([Problem("no-golden", f"no golden under {goldens_of(options)}", "name their folder by --goldens")])
        return 1
    planner = Planner(rules)
    covered = cover(rules.ruleset.own, (try_out(case, planner) for case in cases))
    _print(covered, options)
    return _status(covered, options)


def _cases(options: argparse.Namespace, definition: Definition) -> Iterator[Case]:
    for _, case in goldens_in(goldens_of(options)):
        yield case
    yield from hosts_in(options.hosts, definition)


def _print(covered: Coverage, options: argparse.Namespace) -> None:
    if options.output == "json":
        say_json(_coverage_document(covered))
    elif options.output == "html":
        from planner.authoring.coverage import page

        say(page(covered))
    else:
        say_lines(_coverage_lines(covered, strict=options.strict))


def _coverage_lines(covered: Coverage, *, strict: bool) -> Iterator[str]:
    for rule in covered.unfired:
        yield f"{rule.rule.source}:{rule.rule.line}: {rule.rule.name} fires on no host"
    what = "decides nothing on any host" if strict else "is false on no host"
    for rule in covered.rules:
        for term in missing_of(rule, strict=strict):
            yield f"{rule.rule.source}:{term.line}:{term.column}: {term.pattern} {{{term.text}}} {what}"
    fired = len(covered.rules) - len(covered.unfired)
    yield f"{fired} of {len(covered.rules)} rules fire on {covered.cases} hosts"
    yield f"{_percent(covered, strict=strict):.1f} % of rules and terms are covered"


def missing_of(rule: Covered, *, strict: bool) -> tuple[Term, ...]:
    """The terms that are not covered: never false, or never deciding."""
    return rule.never_deciding if strict else rule.never_false


def _percent(covered: Coverage, *, strict: bool) -> float:
    return covered.percent_deciding if strict else covered.percent


def _status(covered: Coverage, options: argparse.Namespace) -> int:
    percent = _percent(covered, strict=options.strict)
    if percent < options.fail_under:
        tell(f"covered {percent:.1f} %, wanted {options.fail_under:g} %")
        return 1
    return 1 if covered.unfired else 0


def _coverage_document(covered: Coverage) -> dict[str, object]:
    return {
        "format": "mgmtnet/coverage@1",
        "hosts": covered.cases,
        "percent": round(covered.percent, 2),
        "percent_deciding": round(covered.percent_deciding, 2),
        "rules": [
            {
                "rule": one.rule.name,
                "stage": one.rule.stage,
                "file": one.rule.source,
                "fired_on": list(one.fired_on),
                "blocked_on": list(one.blocked_on),
                "terms": [term._asdict() for term in one.terms],
            }
            for one in covered.rules
        ],
    }


# ``mgmtnet rules mutate``: whether the goldens and examples would notice a slip in a rule.


MOST_PROVED = 150  # survivors; a second each, and so many have goldens to be found for them first
REASONS_HINT = "write a list of `- reason: why they may survive` with `mutants: [...]`, named as the warnings name them"


def run_mutate(options: argparse.Namespace) -> int:
    """Make the mutants, try them, print; the exit status is 1 below the threshold."""
    rules = compiled_of(options.ruleset)
    reasons = _reasons(options.reasons)
    if rules is None or isinstance(reasons, Problem):
        complain([reasons] if isinstance(reasons, Problem) else [])
        return 1
    planner = Planner(rules)
    trials = [try_out(case, planner) for _, case in goldens_in(goldens_of(options))]
    if not trials:
        complain([Problem("no-golden", f"no golden under {goldens_of(options)}", "name their folder by --goldens")])
        return 1
    score = _proved(mutate(rules.ruleset.own, planner, trials), rules)
    say_lines(_mutants_lines(score))
    if options.page:
        with open(options.page, "w", encoding="utf-8") as stream:
            stream.write(page(score, reasons))
    complain(list(_stale(score, reasons, options.reasons)))
    if score.percent < options.fail_under:
        tell(f"noticed {score.percent:.1f} %, wanted {options.fail_under:g} %")
        return 1
    return 0


def _proved(score: Score, rules: Compiled) -> Score:
    """The score with the mutants that give every host the same plan, as far as that can be proved."""
    survivors = len(score.survivors)
    if survivors > MOST_PROVED:
        tell(f"which of the {survivors} survivors are equivalent is asked only where they are {MOST_PROVED} at most")
    elif survivors and not has_solver():
        tell(f"which survivors are equivalent is not decided: that needs {SOLVER}")
    if not 0 < survivors <= MOST_PROVED or not has_solver():
        return score
    from planner.proof.equivalence import same

    known = meanings(rules)
    return with_equivalents(score, lambda one: same(known, {**known, one.rule.name: meaning(one.wrong)}))


def _mutants_lines(score: Score) -> Iterator[str]:
    for fate in score.survivors:
        yield f"{place(fate)}: {fate.mutant.what}"
    for fate in score.of(EQUIVALENT):
        yield f"{place(fate)}: {fate.mutant.what}: proved equivalent, so that no host can notice it"
    unfit, equivalent, survivors = len(score.of(UNFIT)), len(score.of(EQUIVALENT)), len(score.survivors)
    fit = len(score.fates) - unfit - equivalent
    by_plan = len(score.of(PLAN))
    yield f"{score.rules} rules, {score.goldens} goldens: {fit} mutants, and {unfit} that the linter refuses"
    if equivalent:
        yield f"{equivalent} besides are proved equivalent"
    yield f"{by_plan} noticed by a plan, {fit - by_plan - survivors} by an example alone, {survivors} by nobody"
    yield f"{score.percent:.1f} % are noticed"


def _stale(score: Score, reasons: Mapping[str, str], path: str | None) -> Iterator[Problem]:
    """Survivors without a reason, and reasons without a survivor, where reasons are kept at all."""
    if path is None:
        return
    surviving = {fate.mutant.name for fate in score.survivors}
    for fate in score.survivors:
        if fate.mutant.name not in reasons:
            yield Problem(
                "unexplained-survivor",
                f"no golden notices that {fate.mutant.name}",
                f"add a golden that does, or say in {path} why none can",
                severity="warning",
                where=(Where(fate.mutant.rule.source, "", fate.mutant.line, fate.mutant.column),),
            )
    for name in sorted(reasons.keys() - surviving):
        yield Problem(
            "reason-without-survivor",
            f"a golden notices {name}, or there is no such mutant any more",
            f"take it out of {path}",
            severity="warning",
        )


def _reasons(path: str | None) -> dict[str, str] | Problem:
    """By the name of a mutant, why it may survive."""
    if path is None:
        return {}
    content = read_file(path, "reasons")
    if isinstance(content, Problem):
        return content
    node, problems = parse_yaml(content.decode("utf-8", "replace"), path)
    written = plain(node) if node is not None else None
    if problems:
        return problems[0]
    if not isinstance(written, list) or not all(map(_entry, written)):
        return Problem("bad-reasons", f"{path} is no list of reasons", REASONS_HINT, where=(Where(path),))
    return {name: " ".join(entry["reason"].split()) for entry in written for name in entry["mutants"]}


def _entry(entry: object) -> bool:
    """Whether it is a reason with the mutants that it is given for."""
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("reason"), str)
        and isinstance(entry.get("mutants"), list)
        and all(isinstance(name, str) for name in entry["mutants"])
    )
