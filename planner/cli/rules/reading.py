"""The ruleset that a subcommand is about."""

from planner.cli.console import complain
from planner.language import Ruleset
from planner.problem import errors
from planner.shelf import load_rules


def ruleset_of(spec: str | None) -> Ruleset | None:
    """The ruleset that ``spec`` names; None when it has errors, which are said."""
    ruleset, problems = load_rules(spec)
    complain(list(problems))
    return None if errors(list(problems)) else ruleset
