"""Rules as durable_rules takes them: plain data, so that a start-up can load instead of building it.

Each guard of the engine's faults that concerns the shape of rules is here; those of running are in `durable`.

- A pattern is: kind, constants, inequality joins, equality joins, an always-true equality join last (without
  it an out-of-bounds read), a constant. No or, any, count, cap, arrays.
- Only two sorts of test reach the engine, equality and the order of numbers: everything else is a property 0
  or 1 (or, for the order of text, a rank) that Python works out. Text carries a mark, so that "5" is never 5.
- Negation is right only if the blocker is asserted first: negated patterns match copies of another type.
- Rules are split before a limit of the engine's is near.
"""

import hashlib
import json
from typing import Any, NamedTuple

from planner.language import Pattern, Reference, Rule, Scalar, Test

# The 65th rule that joins on one fact ends in error 303; a rule may join on a kind more than once.
PATTERNS_OF_ONE_KIND = 60
# From the 513th distinct test of one kind on, compiling never ends.
TESTS_OF_ONE_KIND = 400
# Lengths are kept in 16 bits: longer text would be compared by its first characters.
LONGEST_TEXT = 8_000
LARGEST_NUMBER = 1 << 62  # numbers beyond 64 bits saturate

COMPARISONS = {"not": "$neq", "lt": "$lt", "le": "$lte", "gt": "$gt", "ge": "$gte"}


class Property(NamedTuple):
    """A property of asserted facts: a field as it is, its rank among text, or the outcome of a constant test."""

    name: str
    field: str
    operator: str = ""
    value: Scalar | tuple[Scalar, ...] = ""
    ranked: bool = False


class Member(NamedTuple):
    """A rule in a network: its name, and its aliases in the order of the positive patterns."""

    rule: str
    aliases: tuple[str, ...]


class Network(NamedTuple):
    """Some rules of a stage: their definition as JSON text, and the properties a fact of each kind must carry."""

    definition: str
    members: tuple[Member, ...]
    properties: dict[str, tuple[Property, ...]]


Properties = dict[str, dict[tuple[Any, ...], Property]]


def build_networks(rules: tuple[Rule, ...]) -> tuple[Network, ...]:
    """The networks for the rules of one stage."""
    return tuple(_build(group) for group in _split(rules))


def encoded(value: Scalar) -> Scalar:
    """A value as it is asserted: marked text, long text and large numbers by a stand-in that is equal to itself."""
    if isinstance(value, str):
        return "=" + value if len(value) < LONGEST_TEXT else _stand_in(value)
    return value if abs(value) < LARGEST_NUMBER else _stand_in(str(value))


def _stand_in(text: str) -> str:
    return "#" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _split(rules: tuple[Rule, ...]) -> list[tuple[Rule, ...]]:
    """Groups of rules that stay below the engine's limits."""
    groups: list[list[Rule]] = [[]] if rules else []
    patterns: dict[str, int] = {}
    tests: dict[str, int] = {}
    for rule in rules:
        asked = [pattern.kind for pattern in rule.when]
        tested = [pattern.kind for pattern in rule.when for _ in pattern.tests]
        full = any(patterns.get(kind, 0) + asked.count(kind) > PATTERNS_OF_ONE_KIND for kind in asked)
        if groups[-1] and (full or any(tests.get(kind, 0) + tested.count(kind) > TESTS_OF_ONE_KIND for kind in tested)):
            groups.append([])
            patterns, tests = {}, {}
        groups[-1].append(rule)
        for kind in asked:
            patterns[kind] = patterns.get(kind, 0) + 1
        for kind in tested:
            tests[kind] = tests.get(kind, 0) + 1
    return [tuple(group) for group in groups]


def _build(rules: tuple[Rule, ...]) -> Network:
    properties: Properties = {}
    definitions = {f"r{index}": {"all": _patterns(rule, properties)} for index, rule in enumerate(rules)}
    definitions["go"] = {"all": [{"g": {"$and": [{"_t": "$go"}, {"_1": 1}]}}]}
    aliases = (tuple(pattern.alias for pattern in rule.when if not pattern.negated) for rule in rules)
    return Network(
        json.dumps(definitions),
        tuple(Member(rule.name, names) for rule, names in zip(rules, aliases, strict=True)),
        {kind: tuple(known.values()) for kind, known in properties.items()},
    )


def _patterns(rule: Rule, properties: Properties) -> list[dict[str, Any]]:
    kinds = {pattern.alias: pattern.kind for pattern in rule.when if not pattern.negated}
    names = {alias: f"a{index}" for index, alias in enumerate(kinds)}
    return [
        {f"n{index}$not" if pattern.negated else names[pattern.alias]: _pattern(pattern, kinds, names, properties)}
        for index, pattern in enumerate(rule.when)
    ]


def _pattern(pattern: Pattern, kinds: dict[str, str], names: dict[str, str], properties: Properties) -> dict[str, Any]:
    constants, unequal, equal = [], [], []
    for test in pattern.tests:
        if not isinstance(test.value, Reference):
            constants.append(_constant(pattern.kind, test, properties))
            continue
        ranked = test.op not in ("is", "not")
        other = _property(kinds[test.value.alias], Property("p", test.value.field, ranked=ranked), properties)
        own = _property(pattern.kind, Property("p", test.field, ranked=ranked), properties)
        term: dict[str, Any] = {own: {names[test.value.alias]: other}}
        if test.op == "is":
            equal.append(term)
        else:
            unequal.append({COMPARISONS[test.op]: term})
    joined = [{"_1": {"a0": "_1"}}] if unequal or equal else []
    kind = "!" + pattern.kind if pattern.negated else pattern.kind
    return {"$and": [{"_t": kind}, *constants, *unequal, *equal, *joined, {"_1": 1}]}


def _constant(kind: str, test: Test, properties: Properties) -> dict[str, Scalar]:
    if test.op == "is" and not isinstance(test.value, tuple | Reference):
        return {_property(kind, Property("p", test.field), properties): encoded(test.value)}
    value = "" if isinstance(test.value, Reference) else test.value
    return {_property(kind, Property("p", test.field, test.op, value), properties): 1}


def _property(kind: str, wanted: Property, properties: Properties) -> str:
    """The name under which facts of ``kind`` carry what is ``wanted``, one for equal wishes."""
    of_kind = properties.setdefault(kind, {})
    key = (*wanted[1:], type(wanted.value))
    if key not in of_kind:
        of_kind[key] = wanted._replace(name=f"p{len(of_kind)}")
    return of_kind[key].name
