"""Python's own spelling: a dict's repr, as logs have it, and the `key = value` text of vdsClient."""

import re
from typing import Any

from planner.problem import Problem, Where

# The parser needs a hundred bytes and a stack frame a nesting; a capture nests ten deep.
DEEPEST = 60
LARGEST = 32 * 1024 * 1024  # characters; parsing takes a second and a half a megabyte beyond what any host prints
STRINGS = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
ASSIGNMENT = re.compile(r"^[ \t]*([A-Za-z_][\w.]*)[ \t]*=[ \t]*(?=\S)", re.MULTILINE)
HINT = "capture it with `vdsm-client Host getCapabilities > caps.json`"


def parse_python(text: str, source: str) -> tuple[Any, str, tuple[Problem, ...]]:
    """The document, the format's name, and what is wrong."""
    if len(text) > LARGEST or _depth(text) > DEEPEST:
        return (
            None,
            "",
            (Problem("too-deep", "too large or nested too deeply to be getVdsCaps", HINT, where=(Where(source),)),),
        )
    if text[0] in "{(":
        value, failure = _literal(text)
        if failure is not None:
            return None, "", (_syntax(failure, source),)
        return value, "vdsm-repr", ()
    return _assignments(text, source)


def _assignments(text: str, source: str) -> tuple[Any, str, tuple[Problem, ...]]:
    """Lines of ``key = value``, a value going on over the lines that follow."""
    starts = [found for found in ASSIGNMENT.finditer(text) if _outside(text, found.start())]
    if not starts or text[: starts[0].start()].strip():
        looks = "neither JSON, nor XML-RPC, nor what vdsClient prints"
        return None, "", (Problem("unknown-format", looks, HINT, where=(Where(source),)),)
    document: dict[str, Any] = {}
    problems = []
    ends = [found.start() for found in starts[1:]] + [len(text)]
    for found, end in zip(starts, ends, strict=True):
        written = text[found.end() : end].strip()
        value, failure = _literal(written)
        if failure is None:
            document[found.group(1)] = value
        elif written[0] in "{[(":
            line = text.count("\n", 0, found.start())
            problems.append(_syntax(failure, source, line))
        else:
            document[found.group(1)] = written
    return document, "vdsm-text", tuple(problems)


def _literal(text: str) -> tuple[Any, SyntaxError | None]:
    import ast

    try:
        return ast.literal_eval(text), None
    except SyntaxError as failure:
        return None, failure
    except (ValueError, TypeError, RecursionError, MemoryError, OverflowError) as failure:
        return None, SyntaxError(str(failure) or type(failure).__name__)


def _syntax(failure: SyntaxError, source: str, offset: int = 0) -> Problem:
    where = (Where(source, line=(failure.lineno or 0) + offset, column=failure.offset or 0),)
    return Problem("capture-syntax", f"not a Python literal: {failure.msg}", HINT, where=where)


def _depth(text: str) -> int:
    """How deep brackets nest, strings left out."""
    deepest = depth = 0
    for bracket in re.findall(r"[\[\](){}]", STRINGS.sub("", text)):
        depth += 1 if bracket in "[({" else -1
        deepest = max(deepest, depth)
    return deepest


def _outside(text: str, index: int) -> bool:
    """Whether ``index`` is at the beginning of a line that is not inside a bracket: few lines, so counted afresh."""
    before = STRINGS.sub("", text[:index])
    return sum(map(before.count, "{[(")) == sum(map(before.count, "}])"))
