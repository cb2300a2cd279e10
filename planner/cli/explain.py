"""``mgmtnet explain``: the page of a rule or of a problem's code, from the rules as they are."""

import argparse
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from planner import Planner
from planner.authoring.golden import Trial, try_out
from planner.cli.cases import about_of, golden_folders, read_golden
from planner.cli.output import complain, say_lines
from planner.definition import Definition
from planner.engine.misses import explain
from planner.explain.book import (
    Block,
    Book,
    Drawn,
    code_page,
    codes_of,
    for_terminal,
    rule_page,
    rules_named,
    rules_saying,
)
from planner.explain.codes import CODES
from planner.explain.drawing.scene import pictures
from planner.explain.drawing.text import render
from planner.explain.words import said
from planner.problem import Problem, errors
from planner.rules.compiled import Compiled, compile_ruleset
from planner.rules.model import Rule, Ruleset
from planner.rules.shelf import folder, load_rules
from planner.yamltext import suggest

# The hosts of a rule's examples, drawn for its page.


class Hosts:
    """Goldens by name, in ``folders`` and then among those that mgmtnet brings along, planned when first asked for."""

    def __init__(self, rules: Compiled, folders: Sequence[str]) -> None:
        """Begin without reading any."""
        self.planner = Planner(rules)
        self.places = {
            os.path.basename(path): path
            for place in (folder("golden"), *folders[::-1])
            for path in golden_folders(place)
        }
        self.tried = cache(self._tried)

    def draw(self, rule: Rule, golden: str) -> Drawn | None:
        """The golden as the rule sees it; None if it is not at hand."""
        trial = self.tried(golden)
        if trial is None:
            return None
        drawing = render(*pictures(trial.case.host, trial.plan.document()))
        told = tuple(
            _said(rule, trial) if trial.outcome(rule.name) == "fired" else _lacking(rule, trial, self.planner.rules)
        )
        about = about_of(self.places[golden]).rstrip(".") or "a host"
        return Drawn(golden, about, wanted(trial.case.definition), drawing, told)

    def _tried(self, golden: str) -> Trial | None:
        case, _ = read_golden(self.places[golden]) if golden in self.places else (None, [])
        return None if case is None else try_out(case, self.planner)


def wanted(definition: Definition) -> str:
    """What a definition asks for, in a few words."""
    words = [definition.network, "untagged" if definition.vlan is None else f"VLAN {definition.vlan}"]
    words += ["a VM network" if definition.vm_network else "no VM network", f"MTU {definition.mtu}"]
    words += [] if definition.default_route else ["without the default route"]
    words += [f"IPv4 {definition.ipv4}"] if definition.ipv4 else []
    words += [f"gateway {gateway}" for gateway in (definition.gateway4, definition.gateway6) if gateway]
    words += [f"name servers {', '.join(definition.nameservers)}"] if definition.nameservers else []
    return ", ".join(words)


def _said(rule: Rule, trial: Trial) -> Iterator[str]:
    """What the rule says of the host."""
    for reason in trial.plan.trace:
        if reason.rule == rule.name:
            yield f"{reason.field} = {said(reason.value)}"
    for problem in trial.plan.problems:
        if problem.rule == rule.name:
            yield f"{problem.severity}: {problem.message}"


def _lacking(rule: Rule, trial: Trial, rules: Compiled) -> Iterator[str]:
    """Why it says nothing."""
    judgement = next(judgement for judgement in trial.judgements if judgement.stage == rule.stage)
    miss = explain(rule, judgement.facts)
    if miss is not None:
        yield "; ".join(line.strip() for line in miss.lines)
        return
    fired = [other.name for other in rules.ruleset.rules if judgement.outcomes.get(other.name) == "fired"]
    over = [name for name in fired if rule.name in rules.by_name[name].overrides]
    yield f"it matches, and gives way to {', '.join(over)}" if over else f"it is {trial.outcome(rule.name)}"


def run_explain(options: argparse.Namespace) -> int:
    """Print the pages of what is so called; the exit status."""
    ruleset, problems = load_rules(options.policy or options.rules)  # a compiled form has no invariants
    complain(problems)
    if ruleset is None or errors(list(problems)):
        return 1
    rules = compile_ruleset(ruleset)
    places = [options.goldens] if options.goldens else []
    hosts = Hosts(rules, [*places, os.path.join(options.policy or options.rules or "", "golden")])
    pages = list(_pages(options.name, Book(ruleset, hosts.draw)))
    if not pages:
        complain([_unknown(options.name, ruleset)])
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
    message = f"{ruleset.title} has no rule {name!r}, and there is no such code"
    verdicts = [verdict for rule in ruleset.rules for verdict in rule.verdicts]
    codes = sorted({verdict.code for verdict in verdicts if verdict.event == name})
    near = suggest(name, sorted({*known}))
    elsewhere = "a site's own are known with --policy DIR; `mgmtnet rules list` has the rules, docs/codes the codes"
    hint = f"it is the engine's event of {', '.join(codes)}" if codes else near if "did you" in near else elsewhere
    return Problem("unknown-name", message, hint)
