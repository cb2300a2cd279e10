"""Rules written as durable_rules rulesets, each small enough for the engine's limits.

Only what the engine answers rightly is left to it: equality with a value, and joins. A pattern is an ``$and`` of

    {"_t": "+kind"}, equalities with values, unequal joins, equal joins, {"_1": {"p0": "_1"}}, {"_1": 1}

- the kind first: a pattern without it also matches the engine's own facts, and never ends;
- an always-true equality as the last join: the engine reads beyond its table when the last join of a pattern fails;
- a ``no`` pattern asks for ``!kind``: copies that are asserted before everything else, because the engine sees a
  blocking fact only if it came first.

A fact's properties are not its fields but `Column`s made of them: the engine takes the text "5" for the number 5,
orders text by its spelling in JSON, and knows no ``in``.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from planner.facts.vocabulary import Scalar
from planner.rules.steps import Constant, Join, StageRules, Step

# The engine keeps 64 branches to look at for one fact (error 303 for the 65th) and hangs at the 513th test of a kind.
MOST_CHAINS = 60
# It takes 256 patterns with the very same tests (error 108).
MOST_SHARING = 200
# A fact has 255 properties at most (error 302), four of them are ours.
MOST_COLUMNS = 240
# The kinds are tests of one node, of which it hangs at the 513th.
MOST_KINDS = 400
# Facts of one host take 10 kB for every pattern while it is planned.
MOST_PATTERNS = 1_000

# It keeps the length of a text in 16 bits, and JSON spells a character with up to 12.
LONGEST_TEXT = 5_000
# It keeps numbers in 64 bits, and those beyond are all the same to it.
LARGEST_NUMBER = 1 << 62
LONGEST_NAME = 80  # of a column, which every fact of its kind carries

GO = "$go"
SIGNS = {"not": "$neq", "lt": "$lt", "le": "$lte", "gt": "$gt", "ge": "$gte"}


class Column(NamedTuple):
    """A property of a fact, made of a field; its first letter says how.

    ``v`` the value, so spelt that a text never equals a number; ``t`` its type as a number; ``r`` its rank among all
    values, so that order is an order of numbers; ``c`` 1 if ``constant`` holds, else 0.
    """

    name: str
    field: str
    constant: Constant | None = None


class Cell(NamedTuple):
    """A `Column` made ready to be written: how its JSON begins, how it is made, and of which field."""

    begin: str
    letter: str
    field: str
    constant: Constant | None


class Network(NamedTuple):
    """One durable_rules ruleset: its definition, and for each type of fact that it asks for the fact's cells."""

    text: str
    cells: dict[str, tuple[Cell, ...]]


class _Drawn(NamedTuple):
    """One rule's share of a network: its definition, the tests that each pattern shares or not, its columns."""

    number: int
    patterns: list[dict[str, Any]]
    chains: list[tuple[str, str]]
    columns: set[tuple[str, Column]]


def networks_of(stage: StageRules, numbers: Iterable[int]) -> tuple[Network, ...]:
    """The rules ``numbers`` of ``stage``, called by these numbers, in as few networks as the limits allow."""
    return tuple(_network(share) for share in _shares(_draw(stage, number) for number in numbers))


def type_of(kind: str, *, negated: bool) -> str:
    """What a fact, or its copy for ``no`` patterns, says that it is; never what another says, nor `GO`."""
    return ("!" if negated else "+") + kind


def spelt(value: Scalar) -> Scalar:
    """A stand-in for ``value`` that the engine can hold, and that equals another one just when the values are equal."""
    if isinstance(value, str):
        return "=" + value if len(value) <= LONGEST_TEXT else _digest(value)
    return int(value) if abs(value) < LARGEST_NUMBER else _digest(f"{value:x}")


def _digest(text: str) -> str:
    import hashlib

    return "#" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _network(share: list[_Drawn]) -> Network:
    definition: dict[str, Any] = {str(rule.number): {"all": rule.patterns} for rule in share}
    definition[GO] = {"all": [{"go": {"$and": [{"_t": GO}, {"_1": 1}]}}]}
    columns: dict[str, set[Column]] = {asked: set() for rule in share for asked, _ in rule.chains}
    for rule in share:
        for asked, column in rule.columns:
            columns[asked].add(column)
    cells = {asked: tuple(map(_cell, sorted(columns[asked], key=_name))) for asked in sorted(columns)}
    return Network(json.dumps(definition, separators=(",", ":")), cells)


def _name(column: Column) -> str:
    return column.name


def _cell(column: Column) -> Cell:
    return Cell(f",{json.dumps(column.name)}:", column.name[0], column.field, column.constant)


def _shares(drawn: Iterable[_Drawn]) -> Iterator[list[_Drawn]]:
    """Cut the rules where a limit would be passed."""
    share = _Share()
    for rule in drawn:
        if share.rules and not share.takes(rule):
            yield share.rules
            share = _Share()
        share.add(rule)
    if share.rules:
        yield share.rules


class _Share:
    """The rules of one network, with what they use of the engine's limits."""

    def __init__(self) -> None:
        self.rules: list[_Drawn] = []
        self.patterns = 0
        self.chains: dict[str, Counter[str]] = {}
        self.columns: dict[str, set[Column]] = {}

    def add(self, rule: _Drawn) -> None:
        self.rules.append(rule)
        self.patterns += len(rule.chains)
        for asked, chain in rule.chains:
            self.chains.setdefault(asked, Counter())[chain] += 1
        for asked, column in rule.columns:
            self.columns.setdefault(asked, set()).add(column)

    def takes(self, rule: _Drawn) -> bool:
        """Whether the limits still hold with ``rule``."""
        chains = {asked: Counter(self.chains.get(asked, ())) for asked, _ in rule.chains}
        columns = {asked: set(self.columns.get(asked, ())) for asked, _ in rule.columns}
        for asked, chain in rule.chains:
            chains[asked][chain] += 1
        for asked, column in rule.columns:
            columns[asked].add(column)
        return (
            self.patterns + len(rule.chains) <= MOST_PATTERNS
            and len(self.chains.keys() | chains.keys()) < MOST_KINDS
            and all(len(used) <= MOST_CHAINS and max(used.values()) <= MOST_SHARING for used in chains.values())
            and all(len(used) <= MOST_COLUMNS for used in columns.values())
        )


def _draw(stage: StageRules, number: int) -> _Drawn:
    drawn = _Drawn(number, [], [], set())
    steps = [stage.steps[step] for step in stage.rules[number].path]
    for position, step in enumerate(steps):
        asked = type_of(step.kind, negated=step.negated)
        constants = [_against_value(asked, constant, drawn) for constant in step.constants]
        joins = [term for join in step.joins for term in _against_fact(asked, join, steps, drawn)]
        joins.sort(key=lambda term: next(iter(term)) not in SIGNS.values())  # the equal ones last
        terms = [{"_t": asked}, *constants, *joins, *([{"_1": {"p0": "_1"}}] if joins else []), {"_1": 1}]
        # Patterns without joins share their tests in the engine; each join is a branch of its own.
        drawn.chains.append((asked, f"{number} {position}" if joins else repr(terms)))
        drawn.patterns.append({f"p{position}$not" if step.negated else f"p{position}": {"$and": terms}})
    return drawn


def _column(asked: str, column: Column, drawn: _Drawn) -> str:
    drawn.columns.add((asked, column))
    return column.name


def _against_value(asked: str, constant: Constant, drawn: _Drawn) -> dict[str, Any]:
    """A test against a value of the rule: an equality, or a property that Python computes."""
    field, op, value = constant
    if op == "is" and not isinstance(value, tuple):
        return {_column(asked, Column(f"v{field}", field), drawn): spelt(value)}
    told = f"{field} {op} {value!r}"
    name = told if len(told) <= LONGEST_NAME else _digest(told)
    return {_column(asked, Column(f"c{name}", field, constant), drawn): 1}


def _against_fact(asked: str, join: Join, steps: Sequence[Step], drawn: _Drawn) -> Iterator[dict[str, Any]]:
    """A test against an earlier fact: that the values are equal, or that the types are and the comparison holds."""
    alias, there = f"p{join.source}", type_of(steps[join.source].kind, negated=False)

    def pair(letter: str) -> dict[str, Any]:
        other = _column(there, Column(letter + join.other, join.other), drawn)
        return {_column(asked, Column(letter + join.field, join.field), drawn): {alias: other}}

    if join.op == "is":
        yield pair("v")
        return
    yield {SIGNS[join.op]: pair("v" if join.op == "not" else "r")}
    yield pair("t")
