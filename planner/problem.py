"""What is wrong, where, and what to do: the value every layer reports with."""

from typing import Any, Literal, NamedTuple

Severity = Literal["error", "warning", "note"]


class Where(NamedTuple):
    """A place: a file and position, a path inside a document, or both.

    ``path`` is dotted (``nics.eth2.mtu``); ``line`` and ``column`` count from 1, 0 is unknown.
    """

    source: str = ""
    path: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        place = self.source
        if self.line:
            place += f":{self.line}" + (f":{self.column}" if self.column else "")
        return f"{place}: {self.path}" if place and self.path else place or self.path


class Fix(NamedTuple):
    """A mechanical cure: at ``line`` and ``column`` of a problem's own file ``old`` becomes ``new``."""

    line: int
    column: int
    old: str
    new: str


class Problem(NamedTuple):
    """One finding that a user can act on; ``severity`` error stops, warning and note do not.

    ``fixes`` are cures that need no judgement, the likelier first; of several only one is meant.
    """

    code: str
    message: str
    hint: str = ""
    severity: Severity = "error"
    event: str = ""
    rule: str = ""
    where: tuple[Where, ...] = ()
    fixes: tuple[Fix, ...] = ()

    def document(self) -> dict[str, Any]:
        """The problem as it stands in a plan (schemas/plan.schema.json, ``problems``)."""
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "hint": self.hint,
            "event": self.event,
            "rule": self.rule,
            "where": [str(place) for place in self.where],
        }


def errors(problems: tuple[Problem, ...] | list[Problem]) -> list[Problem]:
    """Those of ``problems`` that stop the work."""
    return [problem for problem in problems if problem.severity == "error"]
