"""``mgmtnet rules check``: what is wrong with the rules, each finding with its line and a caret."""

import argparse
import os
import sys

from planner.policy.carets import render
from planner.policy.lint import lint
from planner.problem import errors
from planner.shelf import load_rules, ruleset_sources


def run(options: argparse.Namespace) -> int:
    """Read and lint; the exit status."""
    sources = ruleset_sources(options.ruleset).texts
    ruleset, problems = load_rules(options.ruleset)
    found = list(problems) if ruleset is None else lint(ruleset, sources)
    colour = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    for problem in found:
        print(render(problem, sources, colour=colour), file=sys.stderr)
    if ruleset is not None and not found:
        print(f"{ruleset.name}@{ruleset.version}: {len(ruleset.rules)} rules, nothing to say", file=sys.stderr)
    return 1 if errors(found) else 0
