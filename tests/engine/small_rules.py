"""Rules and facts in a line each, for tests."""

from typing import Any

from planner.engine.firing import Engines
from planner.facts.vocabulary import Fact
from planner.rules.compiled import Compiled, compile_ruleset
from planner.rules.model import Pattern, Reference, Rule, Ruleset, Test
from planner.rules.steps import Fired


def fact(kind: str, **fields: Any) -> Fact:
    return Fact(kind, fields, "")


def pattern(kind: str, alias: str = "", /, *, no: bool = False, **tests: Any) -> Pattern:
    """Tests as ``field=value`` or ``field=(op, value)``; a text that begins with ``$`` is a reference."""
    found = []
    for field, given in tests.items():
        op, value = given if isinstance(given, tuple) else ("is", given)
        if isinstance(value, str) and value.startswith("$"):
            value = Reference(*value[1:].split(".", 1))
        found.append(Test(field, op, tuple(value) if isinstance(value, list) else value, 1, 1))
    return Pattern(kind, alias or kind, no, tuple(found), 1, 1)


def rules(*whens: list[Pattern]) -> Compiled:
    """One rule for each list of patterns: r000, r001, ... of the locate stage."""
    made = (Rule(f"r{number:03}", "locate", f"r{number:03}.yaml", when=tuple(w)) for number, w in enumerate(whens))
    return compile_ruleset(Ruleset("small", "1", "", tuple(made)))


def fired(compiled: Compiled, facts: list[Fact]) -> Fired:
    """The stage fired by both engines, which must have agreed."""
    answer = Engines(compiled).fire("locate", facts)
    assert answer.problems == ()
    assert answer.engine.startswith("durable_rules")
    return answer


def matches(when: list[Pattern], facts: list[Fact]) -> list[tuple[int, ...]]:
    """The indexes of the facts in each match of a single rule."""
    return [tuple(index for _, index in firing.bindings) for firing in fired(rules(when), facts).firings]
