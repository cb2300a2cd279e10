"""``mgmtnet rules``: list, check, document and seal a ruleset."""

import argparse
import os
import sys

from planner.cli.console import complain
from planner.language import Ruleset
from planner.problem import errors
from planner.shelf import load_rules, ruleset_sources


def run(options: argparse.Namespace) -> int:
    """Do what was asked with the ruleset; the exit status."""
    if options.action == "check":
        return _check(options.folder)
    ruleset, problems = load_rules(options.folder)
    complain(list(problems))
    if ruleset is None or errors(list(problems)):
        return 1
    if options.action == "digest":
        print(ruleset.digest)
    elif options.action == "doc":
        from planner.explain.handbook import handbook

        sys.stdout.write(handbook(ruleset))
    else:
        print(_table(ruleset))
    return 0


def _check(spec: str | None) -> int:
    """Read and lint; each finding with its line and a caret."""
    from planner.policy.carets import render
    from planner.policy.lint import lint

    sources = ruleset_sources(spec).texts
    ruleset, problems = load_rules(spec)
    found = list(problems) if ruleset is None else lint(ruleset, sources)
    for problem in found:
        print(render(problem, sources, colour=sys.stderr.isatty() and not os.environ.get("NO_COLOR")), file=sys.stderr)
    if ruleset is not None and not found:
        print(f"{ruleset.name}@{ruleset.version}: {len(ruleset.rules)} rules, nothing to say", file=sys.stderr)
    return 1 if errors(found) else 0


def _table(ruleset: Ruleset) -> str:
    width = max((len(rule.name) for rule in ruleset.rules), default=0)
    return "\n".join(f"{rule.stage:<7} {rule.name:<{width}}  {rule.summary}" for rule in ruleset.rules)
