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


class Problem(NamedTuple):
    """One finding that a user can act on; ``severity`` error stops, warning and note do not."""

    code: str
    message: str
    hint: str = ""
    severity: Severity = "error"
    event: str = ""
    rule: str = ""
    where: tuple[Where, ...] = ()

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
