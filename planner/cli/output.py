"""What a command says: on standard output what was asked for, on standard error what else is to be told.

Nothing else prints. Text from outside cannot steer the terminal; a stream that cannot show a letter gets it written
out; one that is closed or full ends in one line of advice.
"""

import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TextIO

from planner.printing import json_text, printable, printable_lines
from planner.problem import Problem, Where, advice

LISTED_PROBLEMS = 100  # fewer may hide the one that matters; a hostile capture can cause hundreds of thousands
PAINT = "(\033\\[(?:1(?:;3[1-6])?|0)m)"  # the colours of whoever paints what it has made fit
NARROWEST, UNSEEN = 60, 100  # columns: of a terminal, where tables would break; of what is read by nobody or a program
INDENT = 4  # of what is left of a line that a terminal cannot show in one
BOXES = range(0x2500, 0x2580)
IN_ASCII = {"…": "...", "→": "->", "←": "<-", "▶": ">", "·": "*", "✗": "x", "✓": "ok", "≤": "<=", "≥": ">=", "≠": "!="}


class Unwritten(Exception):  # noqa: N818  what happened, not whose fault it is
    """Standard output cannot be written to; in the words of the system."""


def say(text: str, *, painted: bool = False) -> None:
    """Print ``text``, whole lines, on standard output; Unwritten if that cannot be. ``painted``: its colours stay."""
    _write(sys.stdout, text if text.endswith("\n") or not text else f"{text}\n", painted=painted)


def say_lines(lines: Iterable[str]) -> None:
    """Print ``lines``, as `say` does; a line end inside one is text from outside, and written out.

    For whoever looks at a terminal a line is broken where that ends, at blanks; for a program it stays whole.
    """
    fit = list(map(printable, lines))
    if is_looked_at(sys.stdout):
        width = width_of(sys.stdout)
        fit = [part for line in fit for part in _broken(line, width)]
    say("".join(f"{line}\n" for line in fit))


def _broken(line: str, width: int) -> Iterator[str]:
    while len(line) > width:
        end = line.rfind(" ", INDENT + 1, width + 1)
        end = width if end < 0 else end
        yield line[:end].rstrip()
        line = " " * INDENT + line[end:].lstrip()
    yield line


def say_json(document: Any, indent: int | None = 2) -> None:
    """Print ``document`` as JSON on standard output, as `say` does; a letter that the stream lacks is escaped."""
    text = json_text(document, indent) + "\n"
    stream = sys.stdout
    if stream is not None and not _takes(stream, text):
        import json

        text = json.dumps(document, indent=indent) + "\n"
    _write(stream, text)


def say_at_last(text: str, *, painted: bool = False) -> None:
    """Print how a host stands, as `say` does. The status tells it, too: that it cannot be printed is told, no error."""
    try:
        say(text, painted=painted)
    except (Unwritten, BrokenPipeError) as failure:
        tell(f"mgmtnet: the report could not be printed ({failure}); `mgmtnet status` shows it again")


# How standard error is written (``--log``): "json", each line a document; "plain", without colours; "" as it comes.
_LOG = [""]


def speak(log: str) -> None:
    """From now on tell everything as ``--log`` says."""
    _LOG[0] = log


def tell_document(kind: str, content: Mapping[str, Any]) -> None:
    """Print a JSON document on a line of standard error, with the time and its ``kind``."""
    _tell(json_text({"time": round(time.time(), 3), "kind": kind, **content}, None) + "\n")


def tell(line: str, *, end: str = "\n") -> None:
    """Print ``line`` on standard error, which may be closed or full: then there is nobody to be told."""
    tell_whole(printable(line) + end)


def tell_whole(text: str, *, painted: bool = False) -> None:
    """Print ``text``, whole lines, on standard error, as `tell` does. ``painted``: its colours stay."""
    if _LOG[0] != "json":
        _tell(text, painted=painted)
        return
    for line in text.splitlines():
        tell_document("said", {"step": "", "said": line, "limit": 0.0})


# Whether what else is of interest is told, too.
_DETAILS: list[bool] = [False]


def tell_details(*, told: bool) -> None:
    """From now on tell what is of interest only to whoever asks for it (``-v``), or leave it out."""
    _DETAILS[0] = told


def detail(line: str) -> None:
    """Print ``line`` as `tell` does, where details are asked for."""
    if _DETAILS[0]:
        tell(line)


def _tell(text: str, *, painted: bool = False) -> None:
    try:
        _write(sys.stderr, text, painted=painted)
    except (Unwritten, BrokenPipeError):
        return


def _write(stream: TextIO | None, text: str, *, painted: bool = False) -> None:
    if stream is None:
        raise Unwritten("it is closed")  # noqa: EM101, TRY003  all that there is to say
    fit = "".join(map(_fit_but_paint, re.split(PAINT, text))) if painted else printable_lines(text)
    try:
        stream.write(fit if _takes(stream, fit) else _in_other_letters(stream, fit))
        stream.flush()
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as failure:  # ValueError: closed since
        raise Unwritten(getattr(failure, "strerror", None) or str(failure)) from failure


def _fit_but_paint(part: str) -> str:
    return part if re.fullmatch(PAINT, part) else printable_lines(part)


def _takes(stream: TextIO, text: str) -> bool:
    """Whether the stream's encoding has every letter of ``text``."""
    try:
        text.encode(stream.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _in_other_letters(stream: TextIO, text: str) -> str:
    """``text`` in the letters of the stream: as markup writes the others if it is markup, else as Python does."""
    encoding = stream.encoding or "ascii"
    if text.startswith("<"):
        return text.encode(encoding, "xmlcharrefreplace").decode(encoding)
    letters = str.maketrans({**IN_ASCII, **{chr(code): _line(chr(code)) for code in BOXES}})
    return text.translate(letters).encode(encoding, "backslashreplace").decode(encoding)


def _line(box: str) -> str:
    """A sign of the box that looks like the one of a drawing."""
    import unicodedata

    name = unicodedata.name(box)
    flat, upright = "HORIZONTAL" in name, "VERTICAL" in name
    return "-" if flat and not upright else "|" if upright and not flat else "+"


def complain(problems: Sequence[Problem]) -> None:
    """Tell each problem with its place and hint."""
    colour = in_colour(sys.stderr)
    for problem in problems[:LISTED_PROBLEMS]:
        if _LOG[0] == "json":
            tell_document("problem", problem.document())
            continue
        tell_whole("".join(f"{line}\n" for line in advice(problem, colour=colour)), painted=True)
    if len(problems) > LISTED_PROBLEMS:
        tell(f"... and {len(problems) - LISTED_PROBLEMS} more")


def problems_document(problems: Sequence[Problem]) -> dict[str, Any]:
    """The problems for a program that asked for JSON and cannot have a plan."""
    return {"format": "mgmtnet/problems@1", "problems": [problem.document() for problem in problems]}


def quieten_threads() -> None:
    """Have no thread print a traceback: what fails in a library's thread fails its command, which tells it."""
    if not os.environ.get("MGMTNET_DEBUG"):
        import threading

        threading.excepthook = lambda _: None


def in_colour(stream: TextIO | None) -> bool:
    """Whether somebody looks at the stream who has not asked for no colours (no-color.org, ``--log plain``)."""
    return is_looked_at(stream) and not os.environ.get("NO_COLOR") and _LOG[0] != "plain"


def width_of(stream: TextIO | None) -> int:
    """How many columns there are for text on ``stream``: as many as the terminal has."""
    if not is_looked_at(stream):
        return UNSEEN
    try:
        return max(NARROWEST, int(os.environ.get("COLUMNS") or 0) or os.get_terminal_size(stream.fileno()).columns)  # type: ignore[union-attr]
    except (OSError, ValueError):
        return UNSEEN


def is_looked_at(stream: TextIO | None) -> bool:
    """Whether the stream is a terminal, so that a person reads it."""
    return stream is not None and stream.isatty()


# Writing a file whole or not at all.


HINT = "name a file in a folder of yours"


def write_whole(path: str, text: str, *, new: bool = False) -> Problem | None:
    """Put ``text`` beside ``path`` and rename it, so that nobody ever reads half of it; or why that cannot be.

    A link stays one, what is no file (/dev/stdout, a pipe) is written to as it is, a ``new`` file is not to be there.
    """
    if new and os.path.lexists(path):
        return Problem("file-exists", f"{path} is there already", "choose another name", where=(Where(path),))
    whole = not os.path.exists(path) or os.path.isfile(path)
    target = os.path.realpath(path)
    beside = f"{target}.{os.getpid()}.new" if whole else path
    try:
        with open(beside, "x" if whole else "w", encoding="utf-8") as stream:
            stream.write(text)
        if whole:
            _as_before(beside, target)
            os.replace(beside, target)
    except OSError as failure:
        if whole and os.path.exists(beside):
            os.unlink(beside)
        reason = failure.strerror or str(failure)
        return Problem("file-unwritable", f"cannot write {path!r}: {reason}", HINT)
    return None


def _as_before(beside: str, target: str) -> None:
    """Who may read the file stays as it was."""
    if os.path.exists(target):
        os.chmod(beside, os.stat(target).st_mode & 0o7777)
