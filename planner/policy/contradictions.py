"""Patterns that no fact can match, whatever the host."""

from collections.abc import Iterable

from planner.language import Pattern, Reference, Scalar, Test
from planner.policy.regex import matches

# Two comparisons with one and the same field of another fact that cannot both hold.
EXCLUSIVE = frozenset(
    frozenset(pair) for pair in (("is", "not"), ("is", "lt"), ("is", "gt"), ("lt", "gt"), ("lt", "ge"), ("le", "gt"))
)
WIDEST_RANGE = 64  # of numbers that are tried one by one; a larger one is never used up by a handful of `not`


def contradiction(pattern: Pattern) -> str:
    """What no fact can be at once, as ``name: is bond0, in [bond1]``; ``""`` if some fact may match."""
    by_field: dict[str, list[Test]] = {}
    for test in pattern.tests:
        by_field.setdefault(test.field, []).append(test)
    for field, tests in by_field.items():
        constants = [test for test in tests if not isinstance(test.value, Reference)]
        if _clash(tests) or not satisfiable(constants):
            return f"{field}: " + ", ".join(f"{test.op} {_shown(test.value)}" for test in tests)
    return ""


def refuted(negated: Pattern, positive: Iterable[Pattern]) -> Pattern | None:
    """The one of the patterns required whose every match the ``no`` pattern excludes."""
    excluded = {(test.field, test.op, test.value) for test in negated.tests}
    for pattern in positive:
        if pattern.kind == negated.kind and excluded <= {(test.field, test.op, test.value) for test in pattern.tests}:
            return pattern
    return None


def _clash(tests: list[Test]) -> bool:
    references = [(test.op, test.value) for test in tests if isinstance(test.value, Reference)]
    return any(
        value == other and frozenset((op, against)) in EXCLUSIVE
        for op, value in references
        for against, other in references
    )


def satisfiable(tests: list[Test]) -> bool:
    """Whether some value passes all ``tests``, which are against constants."""
    listed = next((test.value for test in tests if test.op in ("is", "in")), None)
    if listed is not None:
        return any(_passes(value, tests) for value in (listed if isinstance(listed, tuple) else (listed,)))
    low = max((_number(test) + (test.op == "gt") for test in tests if test.op in ("gt", "ge")), default=None)
    high = min((_number(test) - (test.op == "lt") for test in tests if test.op in ("lt", "le")), default=None)
    if low is None or high is None or high - low > WIDEST_RANGE:
        return True
    return any(_passes(value, tests) for value in range(low, high + 1))


def _passes(value: Scalar, tests: list[Test]) -> bool:
    return all(_holds(test, value) for test in tests)


def _holds(test: Test, value: Scalar) -> bool:
    wanted = test.value
    if test.op == "matches":
        return matches(str(wanted), str(value))
    if isinstance(wanted, tuple):
        return (value in wanted) == (test.op == "in")
    if test.op in ("is", "not"):
        return (value == wanted) == (test.op == "is")
    number, bound = value if isinstance(value, int) else 0, _number(test)
    return {"lt": number < bound, "le": number <= bound, "gt": number > bound, "ge": number >= bound}[test.op]


def _number(test: Test) -> int:
    return test.value if isinstance(test.value, int) else 0


def _shown(value: object) -> str:
    if isinstance(value, Reference):
        return f"${value.alias}.{value.field}"
    if isinstance(value, tuple):
        return f"[{', '.join(_shown(item) for item in value)}]"
    return str(value) if value != "" else '""'
