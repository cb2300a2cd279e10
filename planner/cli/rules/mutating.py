"""``mgmtnet rules mutate``: whether the goldens and examples would notice a slip in a rule."""

import argparse
from collections.abc import Iterator, Mapping

from planner.authoring.mutation import PLAN, UNFIT, Score, mutate
from planner.authoring.mutation_page import page, place
from planner.authoring.trial import try_out
from planner.cli.inputs import read_file
from planner.cli.output import complain, say_lines, tell
from planner.cli.rules.reading import compiled_of, goldens_in, goldens_of
from planner.documents.sources import parse_yaml, plain
from planner.problem import Problem, Where

REASONS_HINT = "write a list of `- reason: why they may survive` with `mutants: [...]`, named as the warnings name them"


def run(options: argparse.Namespace) -> int:
    """Make the mutants, try them, print; the exit status is 1 below the threshold."""
    rules = compiled_of(options.ruleset)
    reasons = _reasons(options.reasons)
    if rules is None or isinstance(reasons, Problem):
        complain([reasons] if isinstance(reasons, Problem) else [])
        return 1
    trials = [try_out(case, rules) for _, case in goldens_in(goldens_of(options))]
    if not trials:
        complain([Problem("no-golden", f"no golden under {goldens_of(options)}", "name their folder by --goldens")])
        return 1
    origin = f"{rules.ruleset.name}@{rules.ruleset.version}"
    score = mutate((rule for rule in rules.ruleset.rules if rule.origin == origin), rules, trials)
    say_lines(_lines(score))
    if options.page:
        with open(options.page, "w", encoding="utf-8") as stream:
            stream.write(page(score, reasons))
    complain(list(_stale(score, reasons, options.reasons)))
    if score.percent < options.fail_under:
        tell(f"noticed {score.percent:.1f} %, wanted {options.fail_under:g} %")
        return 1
    return 0


def _lines(score: Score) -> Iterator[str]:
    for fate in score.survivors:
        yield f"{place(fate)}: {fate.mutant.what}"
    unfit, survivors = len(score.of(UNFIT)), len(score.survivors)
    fit = len(score.fates) - unfit
    by_plan = len(score.of(PLAN))
    yield f"{score.rules} rules, {score.goldens} goldens: {fit} mutants, and {unfit} that the linter refuses"
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
