"""What is wrong, where, and what to do: the value every layer reports with."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from planner.printing import printable

Severity = Literal["error", "warning", "note"]
T = TypeVar("T")


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


class InputError(Exception):
    """What was given cannot be used; only ``required()`` raises it, for callers who want exceptions.

    ``problems`` are those of the reading, at least one of them an error; as text it is the errors, with their hints.

    >>> try:
    ...     read_definition({"network": "ovirtmgmt", "vlan": 4096}).required()
    ... except InputError as refused:
    ...     for problem in refused.problems:
    ...         print(problem.code, problem.where[0].path, problem.hint, sep="; ")
    vlan-invalid; vlan; give a tag from 1 to 4094, or leave vlan out for an untagged network
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Raise ``problems``."""
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(render(problem, {}) for problem in errors(self.problems))


class Result(NamedTuple, Generic[T]):
    """A value and what is to be said of it, or None and at least one error among ``problems``."""

    value: T | None
    problems: tuple[Problem, ...]

    def required(self) -> T:
        """Return the value; where there is none, raise an `InputError` with the problems."""
        return required(self.value, self.problems)


def required(value: T | None, problems: Iterable[Problem]) -> T:
    """Return ``value``, or raise ``problems`` where there is none."""
    if value is None:
        raise InputError(problems)
    return value


# A problem as it is shown to the author: its line of the source, and a caret under the fault.


WIDEST_LINE = 110  # characters of the source shown; less cuts ordinary lines, more wraps in a terminal
LEAD = 20  # of them before the fault where a line is cut
WORD_ENDS = frozenset(" \t,[]{}#\"'")
COLOURS = {"error": "31", "warning": "33", "note": "36"}


def advice(problem: Problem, *, colour: bool = False) -> Iterator[str]:
    """The problem with its place, and its hint, a line each."""
    place = f"{printable(str(problem.where[0]))}: " if problem.where else ""
    label = painted(printable(f"{problem.severity}[{problem.code}]"), COLOURS[problem.severity] if colour else "")
    yield f"{place}{label}: {printable(problem.message)}"
    if problem.hint:
        yield f"  hint: {printable(problem.hint)}"


def render(problem: Problem, sources: Mapping[str, str], *, colour: bool = False) -> str:
    """The problem in up to five lines: what and where, the source with a caret, what to do, other places."""
    paint = COLOURS[problem.severity] if colour else ""
    label = painted(f"{problem.severity}[{problem.code}]", paint)
    places = problem.where
    lines = [": ".join([*(printable(str(place)) for place in places[:1]), label, printable(problem.message)])]
    lines += _excerpt(places[0], sources, paint) if places else []
    lines += [f"  hint: {printable(problem.hint)}"] if problem.hint else []
    lines += [f"  also: {printable(str(place))}" for place in places[1:]]
    return "\n".join(lines)


def _excerpt(place: Where, sources: Mapping[str, str], paint: str) -> list[str]:
    """The line and the caret; nothing if the text is not at hand or has no such line."""
    text = sources.get(place.source, "").removeprefix("\ufeff")
    lines = text.splitlines()
    if not 0 < place.line <= len(lines):
        return []
    line, column = lines[place.line - 1], max(place.column, 1) - 1
    width = _width(line, column) if place.column else max(len(line), 1)
    cut = max(0, column - LEAD) if column + width > WIDEST_LINE else 0
    shown, before = line[cut : cut + WIDEST_LINE], line[cut:column]
    ellipsis = "..." if cut else ""
    number = f"{place.line:>4} | "
    indent = " " * (len(number) + len(ellipsis) + sum(_columns(character) for character in before))
    width = min(width, WIDEST_LINE - len(before))
    marked = sum(_columns(character) for character in line[column : column + width]) or 1
    more = "..." if cut + WIDEST_LINE < len(line) else ""
    return [number + ellipsis + printable(shown.replace("\t", " ")) + more, indent + painted("^" * marked, paint)]


def _width(line: str, column: int) -> int:
    """How many characters the faulty word has: a quoted text, a placeholder, or up to a blank or bracket."""
    rest = line[column:]
    if rest[:1] in ('"', "'"):
        return rest.find(rest[0], 1) + 1 or 1
    if rest[:1] == "{":
        end = rest.find("}") + 1
        return end if end and " " not in rest[:end] else 1
    end = next((index for index, character in enumerate(rest) if character in WORD_ENDS), len(rest))
    return max(len(rest[:end].removesuffix(":")), 1)


def _columns(character: str) -> int:
    """How many columns of a terminal a character takes as it is shown."""
    import unicodedata

    if character == "\t":
        return 1
    if not character.isprintable():
        return len(printable(character))
    return 0 if unicodedata.combining(character) else 1 + (unicodedata.east_asian_width(character) in "WF")


def painted(text: str, paint: str) -> str:
    """``text`` in the colour of that number, bold; as it is for ""."""
    return f"\033[1;{paint}m{text}\033[0m" if paint else text
