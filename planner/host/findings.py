"""Collecting what is wrong with a capture, each with its path in the document."""

import json
from typing import Any

from planner.problem import Problem, Severity, Where

# Fewer would hide other faults of a document that has a few; a hostile one can have hundreds of thousands.
MOST_PROBLEMS = 100
QUOTED = 60  # characters of a value in a message: enough to recognise it, on one line


class Findings:
    """The problems of one capture; a path is dotted, with brackets for the place in a list."""

    def __init__(self, source: str) -> None:
        """Begin with none."""
        self.source = source
        self.problems: list[Problem] = []
        self.left_out = 0

    def wrong(self, path: str, message: str, hint: str = "", code: str = "capture-invalid") -> None:
        """Note what makes the document none of getVdsCaps."""
        self._note(Problem(code, f"{path}: {message}", hint, where=(Where(self.source, path),)))

    def odd(self, path: str, message: str, hint: str = "") -> None:
        """Note what is left out of an otherwise readable document."""
        severity: Severity = "warning"
        self._note(Problem("capture-odd", f"{path}: {message}", hint, severity, where=(Where(self.source, path),)))

    def _note(self, problem: Problem) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)
        else:
            self.left_out += 1

    def all(self) -> tuple[Problem, ...]:
        """Every problem that was noted."""
        if not self.left_out:
            return tuple(self.problems)
        message = f"{self.left_out} more problems of this kind"
        severity: Severity = "error" if any(problem.severity == "error" for problem in self.problems) else "warning"
        return (*self.problems, Problem("capture-invalid", message, "mend the first ones", severity))


def quoted(value: Any) -> str:  # noqa: ANN401  whatever a document holds
    """A value as a message shows it: on one line, without control characters, cut short."""
    try:
        text = json.dumps(value, default=repr)
    except (TypeError, ValueError, RecursionError, OverflowError):
        text = f"a {type(value).__name__}"
    return text if len(text) <= QUOTED else text[: QUOTED - 3] + "..."
