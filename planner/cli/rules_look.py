"""``mgmtnet rules list``: every rule, a line each: stage, name, since when, whose it is, summary."""

import argparse
import os
from collections.abc import Iterator, Sequence

from planner import Planner
from planner.authoring.coverage import written
from planner.authoring.golden import try_out
from planner.cli.cases import compiled_of, goldens_in, goldens_of, ruleset_of
from planner.cli.explain import Hosts
from planner.cli.output import complain, say, say_json, say_lines, tell, write_whole
from planner.engine.decide import place_of
from planner.explain.book import (
    MEANINGS,
    Book,
    code_index,
    code_page,
    codes_of,
    described,
    document,
    handbook,
    invariant_index,
    listed,
    markdown,
    page,
    rule_index,
    rule_page,
)
from planner.facts.vocabulary import KINDS, STAGES
from planner.printing import folded, listing
from planner.problem import Problem
from planner.rules.compiled import Compiled
from planner.rules.model import Pattern, Rule, Ruleset
from planner.yamltext import suggest


def run_list(options: argparse.Namespace) -> int:
    """Print them by stage; the exit status."""
    ruleset = ruleset_of(options.ruleset)
    if ruleset is None:
        return 1
    if options.output == "json":
        say_json(_document(ruleset))
    else:
        say_lines(_list_lines(ruleset))
    return 0


def _ordered(ruleset: Ruleset) -> list[Rule]:
    return sorted(ruleset.rules, key=lambda rule: (STAGES.index(rule.stage), rule.name))


def _list_lines(ruleset: Ruleset) -> Iterator[str]:
    """Each rule, and what was taken out, in columns."""
    rows: list[tuple[str, str, str, str, str]] = [
        (rule.stage, rule.name, rule.since, rule.origin, "(shadow) " * rule.shadow + rule.summary)
        for rule in _ordered(ruleset)
    ]
    rows += [("-", name, "", "", f"(disabled) {reason}") for name, reason in ruleset.disabled]
    widths = [max(map(len, column)) for column in list(zip(*rows, strict=True))[:-1]]
    for *cells, told in rows:
        yield "  ".join([*(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)), told])


def _document(ruleset: Ruleset) -> dict[str, object]:
    return {
        "format": "mgmtnet/rules@1",
        "ruleset": ruleset.name,
        "version": ruleset.version,
        "digest": ruleset.digest,
        "rules": [
            {
                "rule": rule.name,
                "stage": rule.stage,
                "summary": rule.summary,
                "since": rule.since,
                "origin": rule.origin,
                "source": rule.source,
                "shadow": rule.shadow,
                "overrides": list(rule.overrides),
            }
            for rule in _ordered(ruleset)
        ],
        "disabled": [{"rule": name, "reason": reason} for name, reason in ruleset.disabled],
    }


# ``mgmtnet rules show RULE``: what a rule says and asks, who overrides it, on which goldens it fires.


WIDTH = 100


def run_show(options: argparse.Namespace) -> int:
    """Print the rule; the exit status."""
    rules = compiled_of(options.ruleset)
    if rules is None:
        return 1
    rule = rules.by_name.get(options.rule)
    if rule is None:
        from planner.explain.why_not import unknown_rule

        complain([unknown_rule(options.rule, rules.ruleset)])
        return 1
    planner = Planner(rules)
    outcomes: dict[str, list[str]] = {}
    for _, case in goldens_in(goldens_of(options)):
        outcomes.setdefault(try_out(case, planner).outcome(rule.name), []).append(case.name)
    say_lines(_show_lines(rule, rules, outcomes))
    return 0


def _show_lines(rule: Rule, rules: Compiled, outcomes: dict[str, list[str]]) -> Iterator[str]:
    yield f"{rule.name}: {rule.summary}"
    yield f"  {rule.stage}, since {rule.since}, {place_of(rule, rule.line, rules)}" + ", shadow" * rule.shadow
    yield from folded(rule.why, WIDTH, first="  ")
    if rule.advisory:
        yield from folded(f"advisory: {rule.advisory}", WIDTH, first="  ")
    yield ""
    yield "when"
    yield from (f"  {_pattern(pattern)}" for pattern in rule.when)
    yield "then"
    yield from (f"  {line}" for line in _says(rule))
    yield ""
    overriders = [other.name for other in rules.ruleset.rules if rule.name in other.overrides]
    yield from _list("overrides", rule.overrides)
    yield from _list("overridden by", overriders)
    yield from _list("carries", [one.name for one in rules.ruleset.invariants if rule.name in one.rests_on])
    yield from _list("fires on", outcomes.get("fired", ()))
    yield from _list("blocked on", outcomes.get("blocked", ()))


def _pattern(pattern: Pattern) -> str:
    called = f" as {pattern.alias}" if pattern.alias != pattern.kind and not pattern.negated else ""
    tests = ", ".join(written(test) for test in pattern.tests)
    return f"{'no ' * pattern.negated}{pattern.kind}{called}: {{{tests}}}"


def _says(rule: Rule) -> Iterator[str]:
    from planner.explain.book import says

    for line in says(rule):
        yield from folded(line.replace("`", ""), WIDTH - 2, rest="  ")


def _list(label: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        yield from folded(", ".join(names), WIDTH, first=f"{label:<14} ")


# ``mgmtnet rules doc``: the rules as a page to read, and as a page each.


def run_doc(options: argparse.Namespace) -> int:
    """Write the page to standard output, and with --pages one a rule and a code to files; the exit status."""
    rules = compiled_of(options.ruleset)
    if rules is None:
        return 1
    say(handbook(rules.ruleset))
    return 0 if options.pages is None or _written(options.pages, pages(rules, [goldens_of(options)])) else 1


def pages(rules: Compiled, goldens: list[str]) -> dict[str, str]:
    """Every page by its path in the documentation."""
    ruleset = rules.ruleset
    book = Book(ruleset, Hosts(rules, goldens).draw)
    made = {"rules/README.md": rule_index(ruleset), "codes/README.md": code_index(ruleset)}
    made |= {"invariants.md": invariant_index(ruleset)} if ruleset.invariants else {}
    made |= {f"rules/{rule.name}.md": markdown(rule_page(rule, book)) for rule in ruleset.rules}
    return made | {f"codes/{code}.md": markdown(code_page(code, book)) for code in codes_of(ruleset)}


def _written(folder: str, made: dict[str, str]) -> bool:
    """Write the pages into ``folder``; whether all could be."""
    problems = []
    for path, text in made.items():
        place = os.path.join(folder, *path.split("/"))
        try:
            os.makedirs(os.path.dirname(place), exist_ok=True)
            problem = write_whole(place, text)
        except OSError as failure:
            told = f"cannot make the folder of {place!r}: {failure.strerror or failure}"
            problem = Problem("file-unwritable", told, "name a folder of yours")
        if problem is not None:
            complain([problem])
            problems.append(problem)
            break
    tell(f"{len(made)} pages in {folder}" if not problems else "the pages are not whole")
    return not problems


# ``mgmtnet rules fields``: the kinds of facts that rules match, and the fields of each.


def run_fields(options: argparse.Namespace) -> int:
    """Print the kinds, or the fields of one; the exit status."""
    if options.kind is not None and options.kind not in MEANINGS:
        message = f"there is no kind of fact {options.kind!r}"
        having = [kind for kind, one in KINDS.items() if options.kind in one.fields]
        hint = f"it is a field of {listing(having)}" if having else suggest(options.kind, MEANINGS)
        complain([Problem("unknown-kind", message, hint)])
        return 1
    kinds = [*MEANINGS] if options.kind is None else [options.kind]
    if options.output == "json":
        say_json(document(kinds))
    elif options.output == "markdown":
        say(page())
    else:
        say_lines(listed() if options.kind is None else described(options.kind))
    return 0


# ``mgmtnet rules digest``: the digest of a ruleset's files, which seals a released version.


def run_digest(options: argparse.Namespace) -> int:
    """Print the digest; the exit status."""
    ruleset = ruleset_of(options.ruleset)
    if ruleset is None:
        return 1
    say(ruleset.digest)
    return 0
