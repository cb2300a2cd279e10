"""What a test says of two values: the one meaning of ``is not lt le gt ge in not-in matches``.

A test compares text with text and number with number. Between the two kinds, and of a value that is
not there (``None``), no test holds, not even ``not``. Text is ordered by code point.
"""

import operator
from collections.abc import Callable
from typing import Any

from planner.policy.language import Scalar
from planner.policy.regex import matches

ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
COMPARISONS = ("is", "not", *ORDER)


def compares(op: str, value: Scalar | None, wanted: Scalar | None) -> bool:
    """Whether ``value op wanted`` holds, for the six operators that may also join two facts."""
    if value is None or wanted is None or isinstance(value, str) is not isinstance(wanted, str):
        return False
    if op == "is":
        return value == wanted
    if op == "not":
        return value != wanted
    return ORDER[op](value, wanted)


def holds(op: str, value: Scalar | None, wanted: Scalar | tuple[Scalar, ...]) -> bool:
    """Whether ``value op wanted`` holds, ``wanted`` written in the rule: any operator."""
    if isinstance(wanted, tuple):
        if op == "in":
            return any(compares("is", value, one) for one in wanted)
        return value is not None and all(compares("not", value, one) for one in wanted)
    if op == "matches":
        return isinstance(value, str) and matches(str(wanted), value)
    return compares(op, value, wanted)
