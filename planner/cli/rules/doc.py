"""``mgmtnet rules doc``: the rules as a page to read, and as a page each."""

import argparse
import os

from planner.cli.drawing import Hosts
from planner.cli.output import complain, say, tell
from planner.cli.rules.reading import compiled_of, goldens_of
from planner.cli.writing import write_whole
from planner.explain.handbook import handbook
from planner.explain.pages import Book, code_index, code_page, codes_of, markdown, rule_index, rule_page
from planner.policy.compiled import Compiled
from planner.problem import Problem


def run(options: argparse.Namespace) -> int:
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
