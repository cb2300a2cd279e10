"""Hosts that a stage's rules cannot tell apart: what fired on one of them fires on each.

Most hosts of a fleet are built alike and differ in addresses and MAC addresses, which rules only compare with each
other. So a likeness holds of every fact the fields that the rules ask for, and of a text that no rule names, only
where it occurs again. Facts keep their places in it, so that a firing means the same facts.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from planner.engine.steps import Fired, StageRules
from planner.rules.model import Fact, Scalar

# A text under a name of its own: a tuple, so that it equals no value of a fact.
Name = tuple[int]
Likeness = tuple[str | Scalar | Name | None, ...]
Field = tuple[str, str]  # kind and field

SAMENESS = ("is", "not", "in", "not-in")  # tests that only ask whether values are the same


class Asked(NamedTuple):
    """What a stage's rules ask of facts.

    ``fields``, by kind: each field, and whether its texts only matter as the same or another. ``named``: the texts that
    rules name themselves.
    """

    fields: dict[str, tuple[tuple[str, bool], ...]]
    named: frozenset[Scalar]


class Known(NamedTuple):
    """What fired in one stage on the hosts of late, by what its rules can see of them."""

    asked: Asked
    fired: dict[Likeness, Fired]


def asked_by(stage: StageRules) -> Asked:
    """What the rules of ``stage`` ask: whole where a field is ordered or matched, or joined with one that is."""
    tests = [((sieve.kind, field), op, value) for sieve in stage.sieves for field, op, value in sieve.constants]
    joins = [
        ((sieve.kind, join.field), (stage.sieves[join.source].kind, join.other), join.op)
        for sieve in stage.sieves
        for join in sieve.joins
    ]
    fields = {field for field, _, _ in tests} | {field for *pair, _ in joins for field in pair}
    whole = {field for field, op, _ in tests if op not in SAMENESS}
    whole.update(field for *pair, op in joins if op not in SAMENESS for field in pair)
    _spread(whole, [(one, other) for one, other, _ in joins])
    by_kind = {kind: tuple(_of_kind(kind, fields, whole)) for kind in {kind for kind, _ in fields}}
    return Asked(by_kind, frozenset(text for _, op, value in tests if op in SAMENESS for text in _each(value)))


def likeness(asked: Asked, facts: Iterable[Fact]) -> Likeness:
    """What the rules can see of ``facts``."""
    fields, named = asked
    names: dict[str, Name] = {}
    seen: list[str | Scalar | Name | None] = []
    for fact in facts:
        seen.append(fact.kind)
        values = fact.fields
        for field, renamed in fields.get(fact.kind, ()):
            value: Scalar | Name | None = values.get(field)
            if renamed and isinstance(value, str) and value not in named:
                value = names.setdefault(value, (len(names),))
            seen.append(value)
    return tuple(seen)


def _each(value: Scalar | tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    return value if isinstance(value, tuple) else (value,)


def _spread(whole: set[Field], pairs: Sequence[tuple[Field, Field]]) -> None:
    """What is joined with a field that is asked whole is asked whole, and so on."""
    before = -1
    while before < len(whole):
        before = len(whole)
        for pair in pairs:
            if whole.intersection(pair):
                whole.update(pair)


def _of_kind(kind: str, fields: set[Field], whole: set[Field]) -> Iterator[tuple[str, bool]]:
    for of, field in sorted(fields):
        if of == kind:
            yield field, (of, field) not in whole
