"""The one module that knows durable_rules, through its C extension, with a guard for each of its faults.

- The Python package is left alone: its host starts threads, and importing it costs 25 ms.
- Facts carry short ids of their own; nothing is called id or sid that is not meant so; no retraction.
- Copies for negated patterns are asserted first. The fact ``$go`` comes last and fires a rule of its own, so
  that a state can be deleted.
- One live sid at a time, deleted in a ``finally``; a ruleset is compiled once, as it is never freed.

How rules are shaped for it: `planner.policy.network`. It runs in this process: with the guards the sanitizer is
silent and 20,000 random rulesets agree. A crash would take the command with it before anything is sent; a
service isolates planning in workers of its own.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import count
from json import dumps, loads
from typing import Any

from planner.language import Fact, Scalar, Stage
from planner.policy.compiled import Compiled
from planner.policy.matcher import Firing, Memory, Parted, holds
from planner.policy.network import Network, encoded
from planner.policy.reach import reachable

VERSION = "2.0.28"
GO: dict[str, Scalar] = {"_t": "$go", "_1": 1, "id": "go"}

_sids = count()
# Handles by the ruleset's digest, stage and place. The engine never frees a ruleset (0.2 MB), so nothing is
# gained by forgetting one; whoever tries thousands of rulesets in one process does so in workers.
_handles: dict[tuple[str, str, int], int] = {}


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


def fire(compiled: Compiled, stage: Stage, rules: dict[str, Parted], memory: Memory) -> list[Firing]:
    """Every firing of those ``rules`` of a stage that are possible at all, sorted, each once.

    Raises:
        EngineError: the engine failed; nothing is known.
    """
    found: set[Firing] = set()
    for place, network in enumerate(compiled.networks[stage]):
        positive, negative = reachable(
            (rules[member.rule] for member in network.members if member.rule in rules), memory
        )
        if positive:
            handle = _handle((compiled.key, stage, place), network)
            found.update(_run(handle, network, memory, positive, negative))
    return sorted(found)


def _handle(key: tuple[str, str, int], network: Network) -> int:
    if key not in _handles:
        engine = _extension()
        try:
            _handles[key] = engine.create_ruleset(":".join(map(str, key)), network.definition)
        except engine.error as failure:
            raise EngineError(str(failure)) from failure
    return _handles[key]


def _run(
    handle: int, network: Network, memory: Memory, positive: Sequence[int], negative: Sequence[int]
) -> Iterable[Firing]:
    """Assert the facts, negative copies first, and collect the firings."""
    engine = _extension()
    sid = f"h{next(_sids)}"
    ranks = _ranks(network, memory, [*positive, *negative])
    rows = [_row(network, memory.facts[index], index, "!", ranks) for index in negative]
    rows += [_row(network, memory.facts[index], index, "", ranks) for index in positive]
    try:
        state = None
        for row in [*rows, GO]:
            code, state = engine.assert_fact(handle, dumps({**row, "sid": sid}))
            if code > 1:
                message = f"it answered {code} to a fact"
                raise EngineError(message)
        answer = engine.start_action_for_state(handle, state)
        messages = answer[1] if answer else None
        found: list[Firing] = []
        while messages:
            found += _firings(network, loads(messages))
            messages = engine.complete_and_start_action(handle, state)
    except engine.error as failure:
        raise EngineError(str(failure)) from failure
    else:
        return found
    finally:
        _forget(handle, sid)


def _forget(handle: int, sid: str) -> None:
    engine = _extension()
    try:
        engine.delete_state(handle, sid)
    except engine.error as failure:
        raise EngineError(str(failure)) from failure


def _row(network: Network, fact: Fact, index: int, mark: str, ranks: dict[str, int]) -> dict[str, Scalar]:
    row: dict[str, Scalar] = {"_t": mark + fact.kind, "_1": 1, "_i": index, "id": f"{mark and 'n'}f{index}"}
    for wanted in network.properties.get(fact.kind, ()):
        value = fact.fields[wanted.field]
        if wanted.operator:
            row[wanted.name] = int(holds(wanted.operator, value, wanted.value))
        elif wanted.ranked and isinstance(value, str):
            row[wanted.name] = ranks[value]
        else:
            row[wanted.name] = encoded(value)
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
        if name != "go":
            rule, aliases = network.members[int(name[1:])]
            yield Firing(rule, tuple((alias, bound[f"a{place}"]["_i"]) for place, alias in enumerate(aliases)))
