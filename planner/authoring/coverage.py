"""What hosts make of rules: which fired where, and which of their terms ever mattered.

A term is one test of a pattern. It was *false* on a host when some fact failed it where the patterns before had
matched, and it *decided* when that fact passed all other tests of the pattern: without the term the host would have
been treated otherwise. A term that was never false is untested; one that never decided may not be needed.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from planner.authoring.golden import Trial
from planner.authoring.page import framed
from planner.facts.vocabulary import STAGES, Fact
from planner.printing import html_text
from planner.rules.comparison import Wanted, holds
from planner.rules.model import Pattern, Reference, Rule, Test

# Combinations of facts followed through one rule on one host. Fewer would miss what the last of 40 vlans decides; on a
# host with 4,094 the rest of them decides nothing that these do not.
MOST_FOLLOWED = 500

Bound = dict[str, Fact]


class Term(NamedTuple):
    """A test in its rule: its pattern, how it reads, line and column, and on which case it was first false and decided.

    "" stands for no case.
    """

    pattern: str
    text: str
    line: int
    column: int
    false_on: str
    decided_on: str


class Covered(NamedTuple):
    """One rule: the cases on which it fired and on which it was blocked, and its terms."""

    rule: Rule
    fired_on: tuple[str, ...]
    blocked_on: tuple[str, ...]
    terms: tuple[Term, ...]

    @property
    def never_false(self) -> tuple[Term, ...]:
        """The terms that held wherever they were asked."""
        return tuple(term for term in self.terms if not term.false_on)

    @property
    def never_deciding(self) -> tuple[Term, ...]:
        """The terms without which every host would have been treated alike."""
        return tuple(term for term in self.terms if not term.decided_on)


class Coverage(NamedTuple):
    """Every rule over so many cases."""

    cases: int
    rules: tuple[Covered, ...]

    @property
    def unfired(self) -> tuple[Covered, ...]:
        """The rules that fired on no case."""
        return tuple(covered for covered in self.rules if not covered.fired_on)

    @property
    def percent(self) -> float:
        """How much was covered: of a rule that it fired, of a term that it was false."""
        return self._percent(sum(len(rule.never_false) for rule in self.rules))

    @property
    def percent_deciding(self) -> float:
        """The same, with terms that decided."""
        return self._percent(sum(len(rule.never_deciding) for rule in self.rules))

    def _percent(self, missing_terms: int) -> float:
        every = sum(1 + len(rule.terms) for rule in self.rules)
        return 100.0 * (1 - (missing_terms + len(self.unfired)) / every) if every else 100.0


def cover(rules: Iterable[Rule], trials: Iterable[Trial]) -> Coverage:
    """How ``rules`` were covered by ``trials`` of them; each trial is looked at once and need not be kept."""
    ordered = sorted(rules, key=lambda rule: (STAGES.index(rule.stage), rule.name))
    tallies = {rule.name: _Tally(rule) for rule in ordered}
    count = 0
    for trial in trials:
        count += 1
        facts = {judgement.stage: _by_kind(judgement.facts) for judgement in trial.judgements}
        for tally in tallies.values():
            tally.add(trial, facts[tally.rule.stage])
    return Coverage(count, tuple(tally.covered() for tally in tallies.values()))


class _Tally:
    """What was seen of one rule so far."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.fired: list[str] = []
        self.blocked: list[str] = []
        self.false: dict[tuple[int, int], str] = {}
        self.decided: dict[tuple[int, int], str] = {}

    def add(self, trial: Trial, facts: dict[str, list[Fact]]) -> None:
        """One more host."""
        outcome = trial.outcome(self.rule.name)
        if outcome == "fired":
            self.fired.append(trial.case.name)
        elif outcome == "blocked":
            self.blocked.append(trial.case.name)
        for position, failing in _failures(self.rule.when, facts):
            for number in failing:
                self.false.setdefault((position, number), trial.case.name)
            if len(failing) == 1:
                self.decided.setdefault((position, failing[0]), trial.case.name)

    def covered(self) -> Covered:
        """The rule with its terms in the order of the file."""
        terms = tuple(
            Term(
                pattern.kind,
                written(test),
                test.line,
                test.column,
                self.false.get((position, number), ""),
                self.decided.get((position, number), ""),
            )
            for position, pattern in enumerate(self.rule.when)
            for number, test in enumerate(pattern.tests)
        )
        return Covered(self.rule, tuple(self.fired), tuple(self.blocked), terms)


def written(test: Test) -> str:
    """A term as its rule has it: ``tag: {not: $definition.vlan}``."""
    value = test.value
    if isinstance(value, Reference):
        told = f"${value.alias}.{value.field}"
    elif isinstance(value, tuple):
        told = f"[{', '.join(map(_literal, value))}]"
    else:
        told = _literal(value)
    return f"{test.field}: {told}" if test.op == "is" else f"{test.field}: {{{test.op}: {told}}}"


def _literal(value: object) -> str:
    return "null" if value in ("", -1) else str(value)


def _by_kind(facts: Sequence[Fact]) -> dict[str, list[Fact]]:
    kinds: dict[str, list[Fact]] = {}
    for fact in facts:
        kinds.setdefault(fact.kind, []).append(fact)
    return kinds


def _failures(patterns: Sequence[Pattern], facts: dict[str, list[Fact]]) -> Iterator[tuple[int, list[int]]]:
    """For each fact that was kept out of a match that had got so far: the pattern's number and its failing tests'."""
    ways: list[Bound] = [{}]
    for position, pattern in enumerate(patterns):
        further: list[Bound] = []
        for bound in ways[:MOST_FOLLOWED]:
            wanted = [_wanted(test, bound) for test in pattern.tests]
            matched = False
            for fact in facts.get(pattern.kind, ()):
                if not pattern.negated and any(fact is other for other in bound.values()):
                    continue
                failing = _failing(pattern.tests, wanted, fact)
                if failing:
                    yield position, failing
                else:
                    matched = True
                    if not pattern.negated:
                        further.append({**bound, pattern.alias: fact})
            if pattern.negated and not matched:
                further.append(bound)
        ways = further


def _wanted(test: Test, bound: Bound) -> Wanted | None:
    value = test.value
    return bound[value.alias].fields.get(value.field) if isinstance(value, Reference) else value


def _failing(tests: Sequence[Test], wanted: Sequence[Wanted | None], fact: Fact) -> list[int]:
    """The numbers of the tests that ``fact`` fails."""
    pairs = enumerate(zip(tests, wanted, strict=True))
    return [number for number, (test, value) in pairs if not holds(test.op, fact.fields.get(test.field), value)]


# The coverage of rules as a page: what is missing first, then every rule.


SHOWN = 6  # hosts named for a rule; the page is for gaps, `rules coverage -o json` has them all


def page(covered: Coverage) -> str:
    """The page, whole."""
    fired = len(covered.rules) - len(covered.unfired)
    subtitle = (
        f"{fired} of {len(covered.rules)} rules fire on {covered.cases} hosts; {covered.percent:.1f} % of rules and "
        f"terms covered, {covered.percent_deciding:.1f} % with terms that decide"
    )
    return framed("Coverage of the rules", subtitle, [*_gaps(covered), *_table(covered)])


def _gaps(covered: Coverage) -> Iterator[str]:
    yield "<h2>What no host shows</h2>"
    gaps = [rule for rule in covered.rules if not rule.fired_on or rule.never_false]
    if not gaps:
        yield '<p class="good">Nothing: each rule fires somewhere, each term is false somewhere.</p>'
        return
    yield "<table><tr><th>rule</th><th>what is missing</th></tr>"
    for rule in gaps:
        missing = ['<span class="bad">fires on no host</span>'] if not rule.fired_on else []
        missing += [f'<span class="warn">never false:</span> {_term(term)}' for term in rule.never_false]
        yield f"<tr><td>{_name(rule)}</td><td>{'<br>'.join(missing)}</td></tr>"
    yield "</table>"


def _table(covered: Coverage) -> Iterator[str]:
    yield "<h2>Every rule</h2>"
    yield "<table><tr><th>rule</th><th>fires on</th><th>blocked on</th><th>terms false</th><th></th></tr>"
    for rule in covered.rules:
        terms = len(rule.terms)
        false = terms - len(rule.never_false)
        share = 100 * false / terms if terms else 100
        fires = _hosts(rule.fired_on) or '<span class="bad">none</span>'
        yield (
            f"<tr><td>{_name(rule)}<br><span class=soft>{html_text(rule.rule.summary)}</span></td><td>{fires}</td>"
            f"<td class=n>{len(rule.blocked_on)}</td><td class=n>{false} of {terms}</td>"
            f'<td><div class=bar><i style="width:{share:.0f}%"></i></div></td></tr>'
        )
    yield "</table>"


def _name(rule: Covered) -> str:
    return f"<code>{html_text(rule.rule.stage)}/{html_text(rule.rule.name)}</code>"


def _term(term: Term) -> str:
    return f"<code>{html_text(term.pattern)} {{{html_text(term.text)}}}</code> <span class=soft>line {term.line}</span>"


def _hosts(names: tuple[str, ...]) -> str:
    shown = ", ".join(html_text(name) for name in names[:SHOWN])
    return shown + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
