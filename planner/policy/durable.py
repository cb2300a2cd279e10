"""The one module that knows durable_rules, through its C extension, with a guard for each of its faults.

- The Python package is left alone: its host starts threads, and importing it costs 25 ms.
- A pattern is: kind, constants, inequality joins, equality joins, an always-true equality join last (without
  it an out-of-bounds read), a constant. No or, any, count, cap, arrays.
- Only two sorts of test reach it, equality and order of numbers: everything else is a property 0 or 1 (or, for
  the order of text, a rank) that Python works out. Text carries a mark, so that "5" is never 5.
- Negation is right only if the blocker is asserted first: negated patterns match copies of another type.
- Facts carry short ids of their own; nothing is called id or sid that is not meant so; no retraction.
- The fact ``$go`` comes last and fires a rule of its own, so that a state can be deleted.
- One live sid at a time, deleted in a ``finally``; a ruleset is compiled once, as it is never freed.

It runs in this process: with the guards the sanitizer is silent and 20,000 random rulesets agree. A crash
would take the command with it before anything is sent; a service isolates planning in workers of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any

from planner.policy.compiled import Compiled
from planner.policy.language import Fact, Pattern, Reference, Rule, Scalar, Stage, Test
from planner.policy.matcher import Firing, Memory, holds
from planner.policy.reach import reachable

VERSION = "2.0.28"

# The 65th rule that joins on one fact ends in error 303; a rule may join on a kind more than once.
PATTERNS_OF_ONE_KIND = 60
# From the 513th distinct test of one kind on, compiling never ends.
TESTS_OF_ONE_KIND = 400
# Lengths are kept in 16 bits: longer text would be compared by its first characters.
LONGEST_TEXT = 8_000
LARGEST_NUMBER = 1 << 62  # numbers beyond 64 bits saturate

COMPARISONS = {"not": "$neq", "lt": "$lt", "le": "$lte", "gt": "$gt", "ge": "$gte"}
GO = {"_t": "$go", "_1": 1, "id": "go"}

_sids = count()


class EngineError(Exception):
    """durable_rules failed, or answered what it cannot."""


def available() -> bool:
    """Whether durable_rules is built here."""
    return _extension() is not None


@lru_cache(maxsize=1)
def _extension() -> Any:  # noqa: ANN401  a C module without types
    try:
        import durable_rules_engine
    except ImportError:
        return None
    return durable_rules_engine


@dataclass(frozen=True, slots=True)
class Network:
    """Rules compiled into one ruleset of the engine's; ``properties`` are what a fact of a kind must carry."""

    handle: int
    rules: tuple[Rule, ...]
    properties: dict[str, tuple["Property", ...]]


@dataclass(frozen=True, slots=True)
class Property:
    """A property of asserted facts: a field as it is, its rank among text, or the outcome of a constant test."""

    name: str
    field: str
    test: Test | None = None
    ranked: bool = False


# By the ruleset's digest and the stage. The engine never frees a ruleset (0.2 MB), so nothing is gained by
# forgetting one; whoever tries thousands of rulesets in one process does so in workers.
_networks: dict[tuple[str, str], tuple[Network, ...]] = {}


def fire(compiled: Compiled, stage: Stage, memory: Memory) -> list[Firing]:
    """Every firing of a stage's rules on the facts of ``memory``, sorted, each once; `EngineError` if the engine fails."""
    key = (compiled.key, stage)
    if key not in _networks:
        groups = _split(compiled.stages[stage])
        _networks[key] = tuple(_compile(group, f"{compiled.key}:{stage}:{index}") for index, group in enumerate(groups))
    return sorted({firing for network in _networks[key] for firing in _run(network, memory)})


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


def _compile(rules: tuple[Rule, ...], name: str) -> Network:
    import json

    properties: dict[str, dict[tuple[Any, ...], Property]] = {}
    definitions = {f"r{index}": {"all": _patterns(rule, properties)} for index, rule in enumerate(rules)}
    definitions["go"] = {"all": [{"g": {"$and": [{"_t": "$go"}, {"_1": 1}]}}]}
    engine = _extension()
    try:
        handle = engine.create_ruleset(name, json.dumps(definitions))
    except engine.error as failure:
        raise EngineError(str(failure)) from failure
    return Network(handle, rules, {kind: tuple(known.values()) for kind, known in properties.items()})


def _patterns(rule: Rule, properties: dict[str, dict[tuple[Any, ...], Property]]) -> list[dict[str, Any]]:
    kinds = {pattern.alias: pattern.kind for pattern in rule.when if not pattern.negated}
    names = {alias: f"a{index}" for index, alias in enumerate(kinds)}

    def property_of(kind: str, field: str, test: Test | None = None, *, ranked: bool = False) -> str:
        of_kind = properties.setdefault(kind, {})
        key = (field, ranked) if test is None else (field, test.op, test.value)
        if key not in of_kind:
            prefix = "c" if test is not None else "o" if ranked else "p"
            of_kind[key] = Property(f"{prefix}{len(of_kind)}", field, test, ranked)
        return of_kind[key].name

    def pattern_of(pattern: Pattern) -> dict[str, Any]:
        constants, unequal, equal = [], [], []
        for test in pattern.tests:
            if not isinstance(test.value, Reference):
                if test.op == "is" and not isinstance(test.value, tuple):
                    constants.append({property_of(pattern.kind, test.field): _encoded(test.value)})
                else:
                    constants.append({property_of(pattern.kind, test.field, test): 1})
                continue
            ranked = test.op not in ("is", "not")
            of = test.value.alias
            other = {names[of]: property_of(kinds[of], test.value.field, ranked=ranked)}
            term = {property_of(pattern.kind, test.field, ranked=ranked): other}
            if test.op == "is":
                equal.append(term)
            else:
                unequal.append({COMPARISONS[test.op]: term})
        joined = [{"_1": {"a0": "_1"}}] if unequal or equal else []
        kind = "!" + pattern.kind if pattern.negated else pattern.kind
        return {"$and": [{"_t": kind}, *constants, *unequal, *equal, *joined, {"_1": 1}]}

    return [
        {f"n{index}$not" if pattern.negated else names[pattern.alias]: pattern_of(pattern)}
        for index, pattern in enumerate(rule.when)
    ]


def _encoded(value: Scalar) -> Scalar:
    """A value as it is asserted: marked text, long text and large numbers by a stand-in that is equal to itself."""
    if isinstance(value, str):
        return "=" + value if len(value) < LONGEST_TEXT else _stand_in(value)
    return value if abs(value) < LARGEST_NUMBER else _stand_in(str(value))


def _stand_in(text: str) -> str:
    import hashlib

    return "#" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _run(network: Network, memory: Memory) -> Iterable[Firing]:
    """Assert what the rules can reach, negative copies first, and collect the firings."""
    from json import dumps, loads

    engine = _extension()
    positive, negative = reachable(network.rules, memory)
    if not positive:
        return []
    sid = f"h{next(_sids)}"
    ranks = _ranks(network, memory, [*positive, *negative])
    rows = [_row(network, memory.facts[index], index, "!", ranks) for index in negative]
    rows += [_row(network, memory.facts[index], index, "", ranks) for index in positive]
    try:
        state = None
        for row in (*rows, GO):
            code, state = engine.assert_fact(network.handle, dumps({**row, "sid": sid}))
            if code > 1:
                message = f"it answered {code} to a fact"
                raise EngineError(message)
        found: list[Firing] = []
        answer = engine.start_action_for_state(network.handle, state)
        messages = answer[1] if answer else None
        while messages:
            found += _firings(network, loads(messages))
            messages = engine.complete_and_start_action(network.handle, state)
    except engine.error as failure:
        raise EngineError(str(failure)) from failure
    else:
        return found
    finally:
        _forget(network, sid)


def _forget(network: Network, sid: str) -> None:
    engine = _extension()
    try:
        engine.delete_state(network.handle, sid)
    except engine.error as failure:
        raise EngineError(str(failure)) from failure


def _row(network: Network, fact: Fact, index: int, mark: str, ranks: dict[str, int]) -> dict[str, Scalar]:
    row: dict[str, Scalar] = {"_t": mark + fact.kind, "_1": 1, "_i": index, "id": f"{mark and 'n'}f{index}"}
    for wanted in network.properties.get(fact.kind, ()):
        value = fact.fields[wanted.field]
        if wanted.test is not None and not isinstance(wanted.test.value, Reference):
            row[wanted.name] = int(holds(wanted.test.op, value, wanted.test.value))
        elif wanted.ranked and isinstance(value, str):
            row[wanted.name] = ranks[value]
        else:
            row[wanted.name] = _encoded(value)
    return row


def _ranks(network: Network, memory: Memory, indexes: Sequence[int]) -> dict[str, int]:
    """Text that is compared by order, as numbers of the same order."""
    ranked = {kind: [own.field for own in known if own.ranked] for kind, known in network.properties.items()}
    if not any(ranked.values()):
        return {}
    facts = [memory.facts[index] for index in indexes]
    values = {fact.fields[name] for fact in facts for name in ranked.get(fact.kind, ())}
    return {text: rank for rank, text in enumerate(sorted(value for value in values if isinstance(value, str)))}


def _firings(network: Network, messages: dict[str, Any]) -> Iterable[Firing]:
    for name, bound in messages.items():
        if name == "go":
            continue
        rule = network.rules[int(name[1:])]
        aliases = [pattern.alias for pattern in rule.when if not pattern.negated]
        yield Firing(rule.name, tuple((alias, bound[f"a{place}"]["_i"]) for place, alias in enumerate(aliases)))
