"""A value that passes given tests: the smallest step from what is there to what a rule asks for."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from planner.facts.vocabulary import Field
from planner.rules.comparison import holds
from planner.rules.model import Reference, Scalar, Test

OTHERWISE = frozenset({"not", "not-in"})


def passing(field: Field, tests: Sequence[Test]) -> Scalar | None:
    """A value of ``field`` that passes ``tests``, which are against constants; None if none comes to mind."""
    for value in _ideas(field, tests):
        if all(holds(test.op, value, test.value) for test in tests if not isinstance(test.value, Reference)):
            return value
    return None


def _ideas(field: Field, tests: Sequence[Test]) -> Iterator[Scalar]:
    """Values worth a try: those that the tests name, those beside them, and the field's own."""
    yield from field.words
    for test in tests:
        values = test.value if isinstance(test.value, tuple) else (test.value,)
        for value in values:
            if isinstance(value, int):
                yield from (value, value + 1, value - 1)
            elif test.op == "matches":
                yield from _sampled(str(value))
            elif isinstance(value, str):
                yield value
                if test.op in OTHERWISE:
                    yield f"{value}x"
    yield from (1500, 100, 1) if field.type is int else ("other",)


def _sampled(expression: str) -> Iterator[str]:
    # The module that `re` parses with has no public name.
    parsed = re._parser.parse(expression)  # type: ignore[attr-defined]  # noqa: SLF001
    yield _sample(parsed)


def _sample(items: Any) -> str:
    """One text that a parsed expression matches, but for what it says of places and of groups before."""
    return "".join(_sample_of(str(opcode), argument) for opcode, argument in items)


def _sample_of(opcode: str, argument: Any) -> str:
    if opcode == "LITERAL":
        return chr(argument)
    if opcode in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        least, most, repeated = argument
        times: int = max(least, min(int(most), 1))
        return _sample(repeated) * times
    if opcode == "SUBPATTERN":
        return _sample(argument[-1])
    if opcode == "BRANCH":
        return _sample(argument[1][0])
    if opcode == "IN":
        return _member(argument)
    return "x" if opcode in ("ANY", "NOT_LITERAL") else ""


def _member(items: Any) -> str:
    """One character of a set."""
    opcode, argument = str(items[0][0]), items[0][1]
    if opcode == "LITERAL":
        return chr(argument)
    if opcode == "RANGE":
        return chr(argument[0])
    if opcode == "CATEGORY":
        return {"CATEGORY_DIGIT": "0", "CATEGORY_SPACE": " "}.get(str(argument), "x")
    return "x"
