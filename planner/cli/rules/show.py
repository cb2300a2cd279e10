"""``mgmtnet rules show RULE``: what a rule says and asks, who overrides it, on which goldens it fires."""

import argparse
from collections.abc import Iterator, Sequence

from planner.authoring.coverage import written
from planner.authoring.trial import try_out
from planner.cli.output import complain, say_lines
from planner.cli.rules.reading import compiled_of, goldens_in, goldens_of
from planner.cli.whynot import unknown_rule
from planner.explain.lettering import folded
from planner.language import Pattern, Rule
from planner.policy.compiled import Compiled
from planner.policy.judging import place_of

WIDTH = 100


def run(options: argparse.Namespace) -> int:
    """Print the rule; the exit status."""
    rules = compiled_of(options.ruleset)
    if rules is None:
        return 1
    rule = rules.by_name.get(options.rule)
    if rule is None:
        complain([unknown_rule(options.rule, rules.ruleset)])
        return 1
    outcomes: dict[str, list[str]] = {}
    for _, case in goldens_in(goldens_of(options)):
        outcomes.setdefault(try_out(case, rules).outcome(rule.name), []).append(case.name)
    say_lines(_lines(rule, rules, outcomes))
    return 0


def _lines(rule: Rule, rules: Compiled, outcomes: dict[str, list[str]]) -> Iterator[str]:
    yield f"{rule.name}: {rule.summary}"
    yield f"  {rule.stage}, since {rule.since}, {place_of(rule, rule.line, rules)}" + ", shadow" * rule.shadow
    yield from folded(rule.why, WIDTH, first="  ")
    yield ""
    yield "when"
    yield from (f"  {_pattern(pattern)}" for pattern in rule.when)
    yield "then"
    yield from (f"  {line}" for line in _says(rule))
    yield ""
    overriders = [other.name for other in rules.ruleset.rules if rule.name in other.overrides]
    yield from _list("overrides", rule.overrides)
    yield from _list("overridden by", overriders)
    yield from _list("fires on", outcomes.get("fired", ()))
    yield from _list("blocked on", outcomes.get("blocked", ()))


def _pattern(pattern: Pattern) -> str:
    called = f" as {pattern.alias}" if pattern.alias != pattern.kind and not pattern.negated else ""
    tests = ", ".join(written(test) for test in pattern.tests)
    return f"{'no ' * pattern.negated}{pattern.kind}{called}: {{{tests}}}"


def _says(rule: Rule) -> Iterator[str]:
    from planner.explain.handbook import says

    for line in says(rule):
        yield from folded(line.replace("`", ""), WIDTH - 2, rest="  ")


def _list(label: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        yield from folded(", ".join(names), WIDTH, first=f"{label:<14} ")
