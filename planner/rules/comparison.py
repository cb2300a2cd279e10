"""What a test says of two values: the one meaning of ``is not lt le gt ge in not-in matches``.

Text compares with text and number with number. Between the two, and with a field that is not there
(``None``), no test holds, not even ``not``. Text is ordered by code points.
"""

import operator
from collections.abc import Callable
from typing import Any

from planner.facts.vocabulary import Scalar
from planner.rules.regex import matches

Wanted = Scalar | tuple[Scalar, ...]

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "is": operator.eq,
    "not": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


def holds(op: str, value: Scalar | None, wanted: Wanted | None) -> bool:
    """Whether ``value`` passes the test."""
    if value is None or wanted is None:
        return False
    if isinstance(wanted, tuple):
        return value in wanted if op == "in" else all(holds("not", value, one) for one in wanted)
    if op == "matches":
        return isinstance(value, str) and matches(str(wanted), value)
    return isinstance(value, str) is isinstance(wanted, str) and COMPARISONS[op](value, wanted)
