"""An XML-RPC methodResponse, the answer of VDSM up to 4.19.

Expat hands over one element after the other; a document type, with which entities could explode or reach for
files, is refused where it begins.
"""

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from planner.host.fields import AGAIN, MOST_PROBLEMS, Places, legible, quoted
from planner.host.foreign import root_looks_like
from planner.host.formats.jsontext import WANTED, Parsed, refused
from planner.problem import Problem, Where

# A capture nests 10 deep. Less and a hook's own values may not fit; more and whoever prints them runs out of stack.
DEEPEST = 60
TOO_DEEP = ("too-deep", "it nests too deeply to be getVdsCaps", AGAIN)
NO_DOCUMENT_TYPE = ("capture-invalid", "an XML-RPC answer has no document type", "is it the right file?")
LONGEST_NUMBER = 20  # digits: what 64 bits hold


class _Refused(Exception):  # noqa: N818  the way out of the parser's calls; never leaves this module
    """Code, message, hint and place of the problem for which the parser stops."""


def parse_xmlrpc(text: str, source: str) -> Parsed:
    """The answer in ``text``."""
    from xml.parsers.expat import ExpatError

    answer = _Answer(source, frozenset())
    try:
        answer.read(text)
    except _Refused as refusal:
        code, message, hint, place = refusal.args
        return refused(source, code, message, hint, place)
    except ExpatError as failure:
        place = (failure.lineno, failure.offset + 1)
        if failure.lineno >= text.rstrip().count("\n") + 1 and not text.rstrip().endswith("</methodResponse>"):
            hint = f"the file was cut off here: {AGAIN}"
            return refused(source, "capture-truncated", "XML that ends before it is complete", hint, place)
        return refused(source, "capture-syntax", f"not XML: {str(failure).partition(':')[0]}", AGAIN, place)
    except UnicodeEncodeError:
        return refused(source, "not-text", "it holds half a character", AGAIN)
    if answer.faulty:
        fault = answer.result.get("faultString") if isinstance(answer.result, dict) else answer.result
        return refused(source, "capture-failed", f"VDSM answered with a fault: {quoted(fault)}", "ask the host again")
    return Parsed(answer.result, "vdsm-xmlrpc", tuple(answer.problems), partial(_places, text))


def _places(text: str, paths: Collection[str]) -> Places:
    answer = _Answer("", frozenset(paths))
    answer.read(text)
    return answer.found


class _Answer:
    """The parser's state: the open containers, each with the name of the member that is being read."""

    def __init__(self, source: str, wanted: frozenset[str]) -> None:
        self.source = source
        self.wanted = wanted
        self.found: Places = {}
        self.problems: list[Problem] = []
        self.result: Any = None
        self.faulty = False
        self.containers: list[dict[str, Any] | list[Any]] = []
        self.trail: list[tuple[str, str]] = []  # the path of each container, and the name of its open member
        self.text: list[str] = []
        self.value: Any = None
        self.typed = False
        self.depth = 0

    @property
    def place(self) -> tuple[int, int]:
        return self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1

    def read(self, text: str) -> None:
        from xml.parsers import expat

        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self.text.append
        self.parser.Parse(text, True)  # noqa: FBT003  expat's: this is all there is

    def _doctype(self, *_declared: object) -> None:
        raise _Refused(*NO_DOCUMENT_TYPE, self.place)

    def _start(self, tag: str, _attributes: dict[str, str]) -> None:
        if self.depth == 0 and tag != "methodResponse":
            refusal = ("unknown-format", f"not getVdsCaps: {root_looks_like(tag)}", WANTED)
            raise _Refused(*refusal, self.place)
        self.depth += 1
        self.text.clear()
        if tag == "value":
            self.value, self.typed = None, False
            if self.wanted and (path := self._path()) in self.wanted:
                self.found.setdefault(path, self.place)
        elif tag in ("struct", "array"):
            if len(self.containers) == DEEPEST:
                raise _Refused(*TOO_DEEP, self.place)
            self.trail.append((self._path(), ""))
            self.containers.append({} if tag == "struct" else [])
        elif tag == "fault":
            self.faulty = True

    def _path(self) -> str:
        """The path of the value that begins here."""
        if not self.containers:
            return ""
        path, name = self.trail[-1]
        container = self.containers[-1]
        if isinstance(container, list):
            return f"{path}[{len(container)}]"
        return f"{path}.{name}" if path else name

    def _end(self, tag: str) -> None:
        self.depth -= 1
        text = "".join(self.text).strip()
        self.text.clear()
        if tag in SCALARS:
            self.value, self.typed = self._scalar(tag, text), True
        elif tag in ("struct", "array") and self.containers:
            self.value, self.typed = self.containers.pop(), True
            self.trail.pop()
        elif tag == "name" and self.trail:
            self.trail[-1] = (self.trail[-1][0], text)
        elif tag == "value":
            self._attach(self.value if self.typed else text)
            self.typed = True

    def _attach(self, value: Any) -> None:
        if not self.containers:
            self.result = value
            return
        container = self.containers[-1]
        if isinstance(container, list):
            container.append(value)
            return
        name = self.trail[-1][1]
        if name in container:
            self._wrong("duplicate-key", f"the member {quoted(name)} stands twice in one struct")
        container[name] = value

    def _scalar(self, tag: str, text: str) -> Any:
        try:
            return SCALARS[tag](text)
        except ValueError:
            self._wrong("capture-invalid", f"{quoted(text)} is not of the type {tag}")
            return None

    def _wrong(self, code: str, message: str) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(code, message, AGAIN, where=(self._where(),)))

    def _where(self) -> Where:
        return Where(self.source, legible(self._path()), *self.place)


def _number(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise ValueError(text[:LONGEST_NUMBER])
    return int(text)


def _fraction(text: str) -> float:
    number = float(text)
    if number - number != 0:  # infinite, or not a number
        raise ValueError(text)
    return number


def _truth(text: str) -> bool:
    if text not in ("0", "1", "true", "false"):
        raise ValueError(text)
    return text in ("1", "true")


def _nothing(_text: str) -> None:
    return None


SCALARS: dict[str, Callable[[str], Any]] = {
    "string": str,
    "int": _number,
    "i4": _number,
    "i8": _number,
    "boolean": _truth,
    "double": _fraction,
    "nil": _nothing,
    "dateTime.iso8601": str,
    "base64": str,
}
