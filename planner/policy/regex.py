"""Regular expressions in rules: whole-text matches that cannot take long.

A backtracking engine needs exponential time for ``(a+)+`` and the n-th power of the length for n repeats in a
row. The first is refused when the rules are checked; the second is bounded by the length of the text.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

# Device names have 15 characters, addresses 45. Shorter than this and a long message text could not be
# matched; longer and three repeats in a row take seconds.
LONGEST_TEXT = 256
MOST_REPEATS = 3  # unbounded ones: with 256 characters three need 256 ** 3 / 6 steps at the worst, a tenth of a second
LARGEST_COUNT = 64  # of a bounded repeat; larger ones multiply like unbounded ones


def matches(pattern: str, value: str) -> bool:
    """Whether the whole of ``value`` matches; a text of more than ``LONGEST_TEXT`` characters never does."""
    return len(value) <= LONGEST_TEXT and _compiled(pattern).fullmatch(value) is not None


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def explosive(pattern: str) -> str | None:
    """Why ``pattern`` is refused, as advice; None if it is fine."""
    from re import _parser  # type: ignore[attr-defined]  # the only one that tells what re makes of a pattern

    try:
        tree = _parser.parse(pattern)
    except (re.error, OverflowError, RecursionError) as failure:
        return f"is not a regular expression: {failure}"
    repeats, fault = _repeats(tree, inside=False)
    if fault:
        return fault
    if repeats > MOST_REPEATS:
        return f"has {repeats} unbounded repeats; more than {MOST_REPEATS} can take very long"
    return None


def _repeats(tree: Iterable[tuple[Any, Any]], *, inside: bool) -> tuple[int, str]:
    """How many unbounded repeats ``tree`` has, and the first fault; ``inside`` a repeat there must be none."""
    count = 0
    for operation, argument in tree:
        name = str(operation)
        if name in ("GROUPREF", "GROUPREF_EXISTS"):
            return count, "refers back to a group, which can take exponential time; write the text out"
        if name in ("ASSERT", "ASSERT_NOT"):
            return count, "looks around; the whole text is matched anyway, so use two tests instead"
        unbounded = name.endswith("_REPEAT") and argument[1] > LARGEST_COUNT
        if unbounded and inside:
            return count, "repeats a repetition, which can take exponential time; repeat one character class instead"
        count += unbounded
        for part in _parts(name, argument):
            found, fault = _repeats(part, inside=inside or (name.endswith("_REPEAT") and argument[1] > 1))
            if fault:
                return count, fault
            count += found
    return count, ""


def _parts(name: str, argument: Any) -> list[Any]:  # noqa: ANN401  the parser's trees have no types
    """The patterns inside one operation."""
    if name.endswith("_REPEAT"):
        return [argument[2]]
    if name == "SUBPATTERN":
        return [argument[3]]
    if name == "BRANCH":
        return list(argument[1])
    return [argument] if name == "ATOMIC_GROUP" else []
