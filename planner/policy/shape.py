"""The shapes of compiled rules and of answers: nothing but tuples, so that rules load fast and are written as JSON."""

from typing import Literal, NamedTuple

from planner.language import Scalar
from planner.problem import Problem

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
