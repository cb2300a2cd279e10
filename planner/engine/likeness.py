"""Hosts that a stage's rules cannot tell apart: what fired on one of them fires on each.

Most hosts of a fleet are built alike and differ in addresses and MAC addresses, which rules only compare with each
other. So a likeness holds of every fact the fields that the rules ask for, and of a text that no rule names, only
where it occurs again. Facts keep their places in it, so that a firing means the same facts.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from planner.facts.vocabulary import Fact, Scalar
from planner.rules.regex import matches
from planner.rules.steps import Fired, StageRules

# A text under a name of its own: a tuple, so that it equals no value of a fact.
Name = tuple[int]
Matched = tuple[tuple[bool, ...]]  # which patterns match a text: in a tuple of its own, so that it equals no name
Likeness = tuple[str | Scalar | Name | Matched | None, ...]

SAMENESS = ("is", "not", "in", "not-in")  # tests that only ask whether values are the same


class Asked(NamedTuple):
    """What a stage's rules ask of facts.

    ``fields``, by kind: each field, whether its texts are ordered, and the patterns that they are matched with.
    ``named``: the texts that rules name themselves.
    """

    fields: dict[str, tuple[tuple[str, bool, tuple[str, ...]], ...]]
    named: frozenset[Scalar]


class Known(NamedTuple):
    """What fired in one stage on the hosts of late, by what its rules can see of them."""

    asked: Asked
    fired: dict[Likeness, Fired]


def asked_by(stage: StageRules) -> Asked:
    """What the rules of ``stage`` ask."""
    tests = [((sieve.kind, field), op, value) for sieve in stage.sieves for field, op, value in sieve.constants]
    joins = [
        ((sieve.kind, join.field), (stage.sieves[join.source].kind, join.other), join.op)
        for sieve in stage.sieves
        for join in sieve.joins
    ]
    asked = {field for field, _, _ in tests} | {field for *pair, _ in joins for field in pair}
    ordered = {field for field, op, _ in tests if op not in (*SAMENESS, "matches")}
    ordered.update(field for *pair, op in joins if op not in SAMENESS for field in pair)
    patterns = {one: {str(value) for field, op, value in tests if (field, op) == (one, "matches")} for one in asked}
    fields: dict[str, list[tuple[str, bool, tuple[str, ...]]]] = {}
    for kind, field in sorted(asked):
        one = kind, field
        fields.setdefault(kind, []).append((field, one in ordered, tuple(sorted(patterns[one]))))
    named = frozenset(text for _, op, value in tests if op in SAMENESS for text in _each(value))
    return Asked({kind: tuple(theirs) for kind, theirs in fields.items()}, named)


def likeness(asked: Asked, facts: Iterable[Fact]) -> Likeness:
    """What the rules can see of ``facts``."""
    fields, named = asked
    names: dict[str, Name] = {}
    seen: list[str | Scalar | Name | Matched | None] = []
    for fact in facts:
        seen.append(fact.kind)
        values = fact.fields
        for field, ordered, patterns in fields.get(fact.kind, ()):
            value: Scalar | Name | None = values.get(field)
            if isinstance(value, str) and value not in named:
                if ordered:
                    seen.append(value)
                if patterns:
                    seen.append(_matched(patterns, value))
                value = names.setdefault(value, (len(names),))
            seen.append(value)
    return tuple(seen)


def _each(value: Scalar | tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    return value if isinstance(value, tuple) else (value,)


# Names of devices and networks are matched, of which the hosts of a fleet have the same few. With fewer kept, hosts of
# many vlans have theirs matched again and again; more would be kept for nothing.
@lru_cache(maxsize=4096)
def _matched(patterns: tuple[str, ...], value: str) -> Matched:
    return (tuple(matches(pattern, value) for pattern in patterns),)
