"""The one module that runs durable_rules, through its C extension; `network` writes what it is given.

- The Python package is left alone: its host starts threads, and importing it costs 25 ms.
- A network is compiled when a host can first match its rules, and kept: the engine never frees one.
- A host's facts have a state of their own (``sid``), deleted at the end. Copies for ``no`` patterns are asserted
  first. The fact ``$go`` comes last and fires a rule of its own, for a state in which none fired must not be deleted.
- Facts carry short ids of their own, and no field of theirs is called id or sid; nothing is retracted.
- Actions do nothing but tell which facts matched; a set of firings has no order and no duplicates.

It runs in this process: with the guards the sanitizer is silent and 20,000 random rulesets agree. A crash
would take the command with it before anything is sent; a service isolates planning in workers of its own.
"""

import json
from collections.abc import Iterator
from functools import lru_cache
from itertools import count
from json.encoder import encode_basestring_ascii
from typing import Any

from planner.engine.matcher import Memory, Reach
from planner.engine.network import GO, Cell, Network, spelt, type_of
from planner.facts.vocabulary import Scalar
from planner.rules.comparison import holds
from planner.rules.steps import Firing, StageRules

VERSION = "2.0.28"
# What asserting a fact answers: taken, and no rule asks for it. Other answers (seen before, put off) lose the fact.
TAKEN = (0, 1)

# The index of a fact, whether it is the copy for `no` patterns, and what is asked of it.
Row = tuple[int, bool, tuple[Cell, ...]]

_handles: dict[str, int] = {}  # by a network's text
_sids = count()


class EngineError(Exception):
    """durable_rules failed, or answered what it cannot."""


def available() -> bool:
    """Whether durable_rules is built here."""
    return _extension() is not None


@lru_cache(maxsize=1)
def _extension() -> Any:
    try:
        import durable_rules_engine
    except ImportError:
        return None
    return durable_rules_engine


def run(network: Network, stage: StageRules, memory: Memory, reached: Reach) -> set[Firing]:
    """Every firing of the network's rules on the facts ``reached``; `EngineError` if the engine fails."""
    engine = _extension()
    failures = (engine.error, MemoryError, ValueError, KeyError)
    sid = f"h{next(_sids)}"
    handle, gone = 0, False
    try:
        handle = _handle(engine, network)
        for row in _rows(network, memory, reached):
            _assert_fact(engine, handle, f'{row},"sid":"{sid}"}}')
        state = _assert_fact(engine, handle, _go(sid))
        fired = [item for message in _drain(engine, handle, state) for item in json.loads(message).items()]
        gone = any(name == GO for name, _ in fired)
        return {_firing(stage, int(name), matched) for name, matched in fired if name != GO}
    except failures as failure:
        raise EngineError(str(failure) or type(failure).__name__) from failure
    finally:
        try:
            if not gone:
                engine.start_action_for_state(handle, engine.assert_fact(handle, _go(sid))[1])
            engine.delete_state(handle, sid)
        except failures:  # the state is left behind, and its network is not used again
            _handles.pop(network.text, None)


def _handle(engine: Any, network: Network) -> int:
    if network.text not in _handles:
        _handles[network.text] = engine.create_ruleset(f"n{len(_handles)}", network.text)
    return _handles[network.text]


def _go(sid: str) -> str:
    return f'{{"_t":"{GO}","_1":1,"id":"go","sid":"{sid}"}}'


def _assert_fact(engine: Any, handle: int, row: str) -> int:
    """The number of the state to which a fact was asserted."""
    code, state = engine.assert_fact(handle, row)
    if code not in TAKEN:
        message = f"it answered {code} to the fact {row:.200}"
        raise EngineError(message)
    return int(state)


def _drain(engine: Any, handle: int, state: int) -> Iterator[str]:
    """What fired, a message for each firing."""
    started = engine.start_action_for_state(handle, state)
    message = started[1] if started else None
    while message:
        yield message
        message = engine.complete_and_start_action(handle, state)


def _firing(stage: StageRules, number: int, matched: dict[str, dict[str, str]]) -> Firing:
    rule = stage.rules[number]
    bindings = (int(matched[f"p{position}"]["id"]) for position in range(len(rule.aliases)))
    return Firing(rule.name, tuple(zip(rule.aliases, bindings, strict=True)))


def _rows(network: Network, memory: Memory, reached: Reach) -> Iterator[str]:
    """Each fact that the network asks for, as JSON without its end: the copies first."""
    facts, cells = memory.facts, network.cells
    rows = [
        (index, negated, cells[name])
        for indexes, negated in ((reached.blocking, True), (reached.positive, False))
        for index in sorted(indexes)
        if (name := type_of(facts[index].kind, negated=negated)) in cells
    ]
    ranks = _ranks(memory, rows)
    for index, negated, asked in rows:
        fact = facts[index]
        alone = 2 * index + negated + 2  # as a type it equals no other, nor its own copy's
        begin = encode_basestring_ascii(type_of(fact.kind, negated=negated))
        row = [f'{{"_t":{begin},"_1":1,"id":"{"n" if negated else ""}{index}"']
        row += [cell.begin + _written(cell, fact.fields.get(cell.field), alone, ranks) for cell in asked]
        yield "".join(row)


def _written(cell: Cell, value: Scalar | None, alone: int, ranks: dict[Scalar, int]) -> str:
    """The JSON of one property; a field that is not there makes one that matches nothing."""
    if cell.constant is not None:
        return "1" if holds(cell.constant[1], value, cell.constant[2]) else "0"
    if cell.letter == "v":
        stand_in = f"?{alone}" if value is None else spelt(value)
        return encode_basestring_ascii(stand_in) if isinstance(stand_in, str) else str(stand_in)
    if value is None:
        return str(alone)
    return str(ranks[value]) if cell.letter == "r" else str(int(isinstance(value, str)))


def _ranks(memory: Memory, rows: list[Row]) -> dict[Scalar, int]:
    """The place of each value that is compared by order, numbers and texts by themselves."""
    values: set[Scalar | None] = set()
    for index, _, cells in rows:
        values.update(memory.facts[index].fields.get(cell.field) for cell in cells if cell.letter == "r")
    if not values:
        return {}
    numbers = sorted(value for value in values if isinstance(value, int))
    texts = sorted(value for value in values if isinstance(value, str))
    places: dict[Scalar, int] = {}
    places.update((number, place) for place, number in enumerate(numbers))
    places.update((text, place) for place, text in enumerate(texts))
    return places
