"""From rules to steps: the form that both engines read.

The meaning that is fixed here, and that both engines keep:

- patterns are joined in order; the ``no`` patterns of a rule are asked last, which changes no answer;
- one fact plays one part: two positive patterns of a rule are never satisfied by the same fact;
- ``no KIND: {...}`` means that no fact at all satisfies it, those that the rule matched included.
"""

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from planner.facts.vocabulary import Scalar
from planner.problem import Problem
from planner.rules.model import Pattern, Reference, Rule

# The shapes of compiled rules and of answers: nothing but tuples, so that rules load fast and are written as JSON.


RuleOutcome = Literal["fired", "not applicable", "blocked", "error"]

Constant = tuple[str, str, Scalar | tuple[Scalar, ...]]  # field, operator, value


class Join(NamedTuple):
    """``field op $source.other``. In a `Step` the source is a position in the match, in a `Sieve` another sieve."""

    field: str
    op: str
    source: int
    other: str


class Step(NamedTuple):
    """A pattern after those before it (``parent``, -1 for a first one). Rules that begin alike share their steps."""

    parent: int
    kind: str
    negated: bool
    sieve: int
    constants: tuple[Constant, ...]
    joins: tuple[Join, ...]


class Sieve(NamedTuple):
    """A pattern by itself: what a fact must have to take part in it, whichever rule asks."""

    kind: str
    constants: tuple[Constant, ...]
    joins: tuple[Join, ...]


class StepRule(NamedTuple):
    """A rule as its path through the steps, positive patterns first, their aliases, and each step's sieve."""

    name: str
    path: tuple[int, ...]
    aliases: tuple[str, ...]
    sieves: tuple[int, ...]

    @property
    def matched(self) -> int:
        """The step at which every positive pattern has its fact."""
        return self.path[len(self.aliases) - 1]


class StageRules(NamedTuple):
    """The rules of one stage. A step's parent stands before it, and so do the sieves that a sieve refers to."""

    steps: tuple[Step, ...] = ()
    sieves: tuple[Sieve, ...] = ()
    rules: tuple[StepRule, ...] = ()


class Firing(NamedTuple):
    """A rule, and for each positive pattern's alias the index of the fact that it stands for."""

    rule: str
    bindings: tuple[tuple[str, int], ...]


class Fired(NamedTuple):
    """What fired in a stage, the outcome of each of its rules, and which engine served."""

    firings: tuple[Firing, ...]
    outcomes: dict[str, RuleOutcome]
    problems: tuple[Problem, ...]
    engine: str


class _Numbered(dict[Any, int]):
    """Gives each new value the next number, and an equal one its number again."""

    def __missing__(self, value: Any) -> int:
        self[value] = number = len(self)
        return number


def steps_of(rules: Iterable[Rule]) -> StageRules:
    """The steps of one stage's rules; each must be sound."""
    steps, sieves = _Numbered(), _Numbered()
    found = tuple(_path(rule, steps, sieves) for rule in rules)
    return StageRules(tuple(steps), tuple(sieves), found)


def _path(rule: Rule, steps: _Numbered, sieves: _Numbered) -> StepRule:
    aliases: list[str] = []
    path: list[int] = []
    sources: list[int] = []  # the sieve of each pattern, by position
    parent = -1
    for pattern in sorted(rule.when, key=lambda pattern: pattern.negated):
        constants, joins = _tests(pattern, aliases)
        sifting = tuple(join._replace(source=sources[join.source]) for join in joins)
        sieve = sieves[Sieve(pattern.kind, constants, sifting)]
        parent = steps[Step(parent, pattern.kind, pattern.negated, sieve, constants, joins)]
        path.append(parent)
        sources.append(sieve)
        if not pattern.negated:
            aliases.append(pattern.alias)
    return StepRule(rule.name, tuple(path), tuple(aliases), tuple(sources))


def _tests(pattern: Pattern, aliases: list[str]) -> tuple[tuple[Constant, ...], tuple[Join, ...]]:
    """The tests against values and those against earlier facts, equalities first: the first one is looked up."""
    constants: list[Constant] = []
    joins: list[Join] = []
    for test in pattern.tests:
        if isinstance(test.value, Reference):
            joins.append(Join(test.field, test.op, aliases.index(test.value.alias), test.value.field))
        else:
            constants.append((test.field, test.op, test.value))
    joins.sort(key=lambda join: join.op != "is")
    return tuple(constants), tuple(joins)
