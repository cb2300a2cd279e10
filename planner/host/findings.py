"""Collecting what is wrong with a capture, each with its path in the document and, where there are lines, its line."""

import json
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from planner.problem import Problem, Severity, Where

# Fewer would hide other faults of a document that has a few; a hostile one can have hundreds of thousands.
MOST_PROBLEMS = 100
QUOTED = 60  # characters of a value in a message: enough to recognise it, on one line
AGAIN = "take the capture again"
LONGEST_PATH = 160  # characters: a section, two names and a key, each as long as anybody writes them

Places = dict[str, tuple[int, int]]
Locate = Callable[[Collection[str]], Places]


class Finding(NamedTuple):
    """One thing noted at ``path``: dotted, with brackets for the place in a list."""

    path: str
    message: str
    hint: str
    code: str
    severity: Severity


class Findings:
    """The findings of one capture."""

    def __init__(self) -> None:
        """Begin with none."""
        self.noted: list[Finding] = []
        self.left_out = 0

    def wrong(self, path: str, message: str, hint: str = AGAIN, code: str = "capture-invalid") -> None:
        """Note what makes the document none of getVdsCaps."""
        self._note(Finding(path, message, hint, code, "error"))

    def odd(self, path: str, message: str, hint: str = "", code: str = "capture-odd") -> None:
        """Note what is left out of, or strange in, an otherwise readable document."""
        self._note(Finding(path, message, hint, code, "warning"))

    def _note(self, finding: Finding) -> None:
        # An error outranks the warnings before it: the limit must not hide why there is no host.
        if len(self.noted) < MOST_PROBLEMS or (finding.severity == "error" and not self.failed):
            self.noted.append(finding)
        else:
            self.left_out += 1

    @property
    def failed(self) -> bool:
        """Whether an error is among them."""
        return any(finding.severity == "error" for finding in self.noted)

    def problems(self, source: str, locate: Locate) -> tuple[Problem, ...]:
        """Every finding as a problem, with the line and column that ``locate`` knows for its path."""
        if not self.noted:
            return ()
        places = locate({finding.path for finding in self.noted})
        problems = [
            Problem(code, message, hint, severity, where=(Where(source, legible(path), *places.get(path, (0, 0))),))
            for path, message, hint, code, severity in self.noted
        ]
        if self.left_out:
            severity: Severity = "error" if self.failed else "warning"
            message = f"{self.left_out} more problems of these kinds"
            problems.append(
                Problem(self.noted[-1].code, message, "mend the first ones", severity, where=(Where(source),))
            )
        return tuple(problems)


def quoted(value: Any) -> str:
    """A value as a message shows it: on one line, without control characters, cut short."""
    if isinstance(value, str):
        text = value if len(value) <= QUOTED else value[: QUOTED - 3] + "..."
        return f'"{text}"' if text.isprintable() else json.dumps(text)
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None or isinstance(value, bool | float):
        return json.dumps(value)
    if isinstance(value, int):
        return str(value) if abs(value) < 2**63 else "a very large number"  # Python refuses to print really large ones
    return f"a {type(value).__name__}"


def legible(path: str) -> str:
    """A path as it may be printed: control characters spelt out, cut short."""
    text = path if len(path) <= LONGEST_PATH else path[: LONGEST_PATH - 3] + "..."
    return text if text.isprintable() else json.dumps(text)[1:-1]
