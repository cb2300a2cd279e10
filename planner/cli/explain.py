"""``mgmtnet explain``: the page of a rule or of a problem's code, from the rules as they are."""

import argparse
import os
from collections.abc import Iterable, Iterator

from planner.cli.drawing import Hosts
from planner.cli.output import complain, say_lines
from planner.documents.spelling import suggest
from planner.explain.codes import CODES
from planner.explain.pages import (
    Block,
    Book,
    code_page,
    codes_of,
    for_terminal,
    rule_page,
    rules_named,
    rules_saying,
)
from planner.language import Ruleset
from planner.problem import Problem, errors
from planner.shelf import compiled_rules


def run(options: argparse.Namespace) -> int:
    """Print the pages of what is so called; the exit status."""
    rules, problems = compiled_rules(options.policy or options.rules)
    complain(problems)
    if rules is None or errors(list(problems)):
        return 1
    places = [options.goldens] if options.goldens else []
    hosts = Hosts(rules, [*places, os.path.join(options.policy or options.rules or "", "golden")])
    pages = list(_pages(options.name, Book(rules.ruleset, hosts.draw)))
    if not pages:
        complain([_unknown(options.name, rules.ruleset)])
        return 1
    for number, page in enumerate(pages):
        say_lines([*([""] * (number > 0)), *for_terminal(page)])
    return 0


def _pages(name: str, book: Book) -> Iterator[Iterable[Block]]:
    """The page of the rule, and of the code unless this rule alone says it; of a table that is no code, its rows."""
    rules = rules_named(book.ruleset, name)
    is_code = name in codes_of(book.ruleset)
    if is_code and (name in CODES or rules_saying(book.ruleset, name) != rules):
        yield code_page(name, book)
    yield from (rule_page(rule, book) for rule in rules if rule.name == name or not is_code)


def _unknown(name: str, ruleset: Ruleset) -> Problem:
    known = [*codes_of(ruleset), *(one for rule in ruleset.rules for one in (rule.name, rule.table))]
    message = f"{ruleset.name}@{ruleset.version} has no rule {name!r}, and there is no such code"
    hint = suggest(name, sorted({*known}))
    return Problem("unknown-name", message, hint)
