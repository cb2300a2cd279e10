"""Regular expressions in rules: matched against the whole text, and refused when they could run away.

Python's engine backtracks. A pattern is accepted when the number of ways in which it can divide a text
is small: few unbounded repeats, none inside another, and little choice inside a counted one.
"""

import re
from typing import Any

# Three unbounded repeats take 256 ** 3 / 6 steps at the worst, some 50 ms. Fewer would refuse `[a-z]+[0-9]+\.[0-9]+`;
# longer texts, of which four times the length takes 64 times as long, are lists for people: names have 15 characters.
UNBOUNDED_LIMIT = 3
TEXT_LIMIT = 256
# In which the bounded parts may divide a text: an IPv4 address takes 1,296 ways, `(a?){30}` 2 ** 30.
WAYS_LIMIT = 10_000
COUNT_LIMIT = 64  # a larger count is as good as none: no text is long enough to tell
PATTERN_LIMIT = 500
REFERS_BACK = "it refers back to a group, which can take exponential time; compare two fields with a reference instead"
_SET = r"\\.|(\[\^?\]?(?:\\.|[^\]\\])*\]?)"
_OPERATION = r"^\[\[|--|&&|~~|\|\|"


class _RunsAwayError(Exception):
    """Carries the advice out of the recursion over a pattern."""


def matches(pattern: str, value: str) -> bool:
    """Whether the whole of ``value`` matches; a text beyond `TEXT_LIMIT` characters matches nothing."""
    return len(value) <= TEXT_LIMIT and re.fullmatch(pattern, value) is not None


def explosive(pattern: str) -> str | None:
    """Advice when ``pattern`` is no regular expression or could take too long; None when it is safe."""
    odd = _odd(pattern)
    if odd:
        return odd
    try:
        re.compile(pattern)
        # The module that `re` parses with has no public name.
        parsed = re._parser.parse(pattern)  # type: ignore[attr-defined]  # noqa: SLF001
        unbounded, ways = _cost(parsed)
    except (re.error, OverflowError) as fault:
        return f"it is no regular expression: {fault}"
    except RecursionError:
        return "its groups are nested too deeply; write it flatter"
    except _RunsAwayError as advice:
        return str(advice)
    if unbounded > UNBOUNDED_LIMIT:
        return f"it has {unbounded} unbounded repeats; {UNBOUNDED_LIMIT} are allowed, `[^.]*` counts as one"
    divided = "its counted repeats and choices can divide a text in too many ways; make the repeated part exact"
    return divided if ways > WAYS_LIMIT else None


def _odd(pattern: str) -> str:
    """Advice where a pattern is not worth compiling, or where that gives a warning (`[[a]`), or empty.

    Warnings cannot be caught without catching them for every thread.
    """
    if len(pattern) > PATTERN_LIMIT:
        return f"it has {len(pattern)} characters; keep it under {PATTERN_LIMIT}, or use `in` with a list"
    for one in (found[1] for found in re.finditer(_SET, pattern, re.DOTALL) if found[1]):
        if re.search(_OPERATION, re.sub(r"\\.", "_", one, flags=re.DOTALL)):
            return f"its set {one} may become an operation on sets; write a backslash before what stands for itself"
    return REFERS_BACK if "(?(" in pattern else ""


def _cost(items: Any) -> tuple[int, int]:
    """How many unbounded repeats a sequence has, and in how many ways the rest of it can divide a text."""
    unbounded, ways = 0, 1
    for opcode, argument in items:
        more, factor = _cost_of(str(opcode), argument)
        unbounded += more
        ways = min(ways * factor, WAYS_LIMIT + 1)
    return unbounded, ways


def _cost_of(opcode: str, argument: Any) -> tuple[int, int]:
    if opcode in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        return _cost_of_repeat(*argument)
    if opcode == "SUBPATTERN":
        return _cost(argument[-1])
    if opcode == "ATOMIC_GROUP":
        return _cost(argument)
    if opcode == "BRANCH":
        costs = [_cost(branch) for branch in argument[1]]
        return max(cost[0] for cost in costs), sum(cost[1] for cost in costs)
    if opcode.startswith("GROUPREF"):
        raise _RunsAwayError(REFERS_BACK)
    if opcode.startswith("ASSERT"):
        msg = "it looks ahead or behind; write a second test on the same field, or use `not-in`"
        raise _RunsAwayError(msg)
    return 0, 1


def _cost_of_repeat(least: int, most: Any, repeated: Any) -> tuple[int, int]:
    unbounded, ways = _cost(repeated)
    if most > COUNT_LIMIT:
        if unbounded or ways > 1:
            msg = "a repeat holds another repeat or a choice, as in `(a+)+`; take one of them out"
            raise _RunsAwayError(msg)
        return 1, 1
    if unbounded and most > 1:
        msg = f"a repeat of up to {most} holds an unbounded one, as in `(.*a){{9}}`; take one of them out"
        raise _RunsAwayError(msg)
    return unbounded, min((most - least + 1) * ways**most, WAYS_LIMIT + 1)
