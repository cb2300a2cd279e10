"""``mgmtnet rules coverage``: which rules fire on which hosts, and which of their terms ever mattered."""

import argparse
from collections.abc import Iterator

from planner.authoring.coverage import Coverage, Covered, Term, cover
from planner.authoring.trial import Case, try_out
from planner.cli.output import complain, say, say_json, say_lines, tell
from planner.cli.rules.reading import compiled_of, definition_of, goldens_in, goldens_of, hosts_in, own_rules
from planner.definition import Definition
from planner.problem import Problem


def run(options: argparse.Namespace) -> int:
    """Cover, print; the exit status is 1 for a rule that nothing fires, or below the threshold."""
    rules, definition = compiled_of(options.ruleset), definition_of(options.network)
    if rules is None or definition is None:
        return 1
    cases = list(_cases(options, definition))
    if not cases:
        complain([Problem("no-golden", f"no golden under {goldens_of(options)}", "name their folder by --goldens")])
        return 1
    covered = cover(own_rules(rules.ruleset), (try_out(case, rules) for case in cases))
    _print(covered, options)
    return _status(covered, options)


def _cases(options: argparse.Namespace, definition: Definition) -> Iterator[Case]:
    for _, case in goldens_in(goldens_of(options)):
        yield case
    yield from hosts_in(options.hosts, definition)


def _print(covered: Coverage, options: argparse.Namespace) -> None:
    if options.output == "json":
        say_json(_document(covered))
    elif options.output == "html":
        from planner.authoring.coverage_page import page

        say(page(covered))
    else:
        say_lines(_lines(covered, strict=options.strict))


def _lines(covered: Coverage, *, strict: bool) -> Iterator[str]:
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


def _document(covered: Coverage) -> dict[str, object]:
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
