r"""Text from outside made fit to be shown: on a terminal, in JSON, in HTML and SVG, in Markdown.

What steers a terminal, turns round or hides what stands beside it, or is no character (a lone surrogate) is written
out as an escape: ``\x1b``, ``\u202e``. Whoever prints goes through one of these.
"""

import re
from collections.abc import Iterable
from typing import Any
from unicodedata import bidirectional, category, east_asian_width

UNFIT = r"[^\n]"  # every character of a line, to be asked one by one
IN_JSON = r"[^\n\x20-\x7e]"
IN_MARKDOWN = r"(?<!`)`([^`]+)`(?!`)|([\\`*\[\]|~]|(?<!\w)_|_(?!\w)|^[#>+-])|([&<>])"
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def printable(text: str) -> str:
    """``text`` on one line."""
    return text if text.isprintable() else "".join(map(_spelt, text))


def printable_lines(text: str) -> str:
    """``text`` with its line ends."""
    if text.replace("\n", "").isprintable():
        return text
    return re.sub(UNFIT, lambda found: _spelt(found.group()), text)


def _spelt(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()


def json_text(document: Any, indent: int | None = 2) -> str:
    """``document`` as JSON in which nothing is raw that is not fit to be printed; without a line end."""
    import json

    text = json.dumps(document, indent=indent, ensure_ascii=False)
    return text if text.replace("\n", "").isprintable() else re.sub(IN_JSON, _in_json, text)


def _in_json(found: re.Match[str]) -> str:
    import json

    return found.group() if found.group().isprintable() else json.dumps(found.group())[1:-1]


def html_text(text: object) -> str:
    """``text`` as the content of an element or attribute of HTML, XML or SVG."""
    stated = printable(str(text)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return stated.replace('"', "&quot;").replace("'", "&#x27;")


def markdown_text(text: object) -> str:
    """``text`` in a paragraph, a list or a table of Markdown; none of it is markup, but for code in backticks."""
    return re.sub(IN_MARKDOWN, _in_markdown, printable(str(text)))


def _in_markdown(found: re.Match[str]) -> str:
    code, sign, entity = found.groups()
    return markdown_code(code) if code else f"\\{sign}" if sign else ENTITIES[entity]


def markdown_code(text: object) -> str:
    """``text`` as a code span of Markdown; tags in it are nowhere to be seen as such, whoever shows the page."""
    stated = printable(str(text)).replace("|", "\\|")
    if "<" in stated:
        return f"<code>{re.sub(IN_MARKDOWN, _in_markdown, stated.replace('`', chr(39)))}</code>"
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", stated)), default=0))
    pad = " " if stated.startswith("`") or stated.endswith("`") else ""
    return f"{ticks}{pad}{stated}{pad}{ticks}"


# Text from a capture made fit for a terminal or a drawing: one column a character, folded, cut.


LONGEST = 2000  # letters: a longer name or message was not made to be read, and would drown what was


def legible(text: object, limit: int = LONGEST) -> str:
    """``text`` with everything written out that steers a terminal or is not one column wide, cut to ``limit``."""
    stated = str(text)
    if len(stated) > limit:
        stated = stated[: limit + 1]
    if not (stated.isascii() and stated.isprintable()):
        stated = "".join(character if _plain(character) else _spelt_out(character) for character in stated)
    return stated[: limit - 1] + "…" if len(stated) > limit else stated


def _plain(character: str) -> bool:
    return (
        character.isprintable()
        and east_asian_width(character) not in ("W", "F")
        and bidirectional(character) not in ("R", "AL")
        and not category(character).startswith("M")
    )


def _spelt_out(character: str) -> str:
    return character.encode("unicode_escape").decode()


def folded(text: str, width: int, *, first: str = "", rest: str | None = None) -> list[str]:
    """``text`` in lines of at most ``width``, the first led by ``first``, the others by ``rest`` (blanks).

    Broken at blanks; a word that is too long for a line is broken where the line ends.
    """
    lead = " " * len(first) if rest is None else rest
    lines: list[str] = []
    line, empty = first, True
    for word in text.split():
        left = word
        if not empty and len(line) + 1 + len(left) > width:
            lines.append(line)
            line, empty = lead, True
        while len(line) + len(left) + (not empty) > width:
            room = max(1, width - len(line))
            lines.append(line + left[:room])
            line, left = lead, left[room:]
        line += left if empty else f" {left}"
        empty = False
    return [found.rstrip() for found in (*lines, line)]


def aligned(rows: Iterable[tuple[str, ...]], gap: int = 3) -> list[str]:
    """``rows`` as lines with their columns under each other."""
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    blank = " " * gap
    return [blank.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]


def listing(names: Iterable[str], most: int = 6) -> str:
    """``names`` joined by commas; from ``most`` on only how many there are more."""
    every = list(names)
    shown = every if len(every) <= most else every[: most - 1]
    further = [f"{len(every) - len(shown)} more"] if len(shown) < len(every) else []
    return ", ".join([*(legible(name, 40) for name in shown), *further])


def counted(number: int, noun: str) -> str:
    """``1 nic``, ``2 nics``, ``3 addresses``."""
    plural = noun + ("es" if noun.endswith("s") else "s")
    return f"{number} {noun if number == 1 else plural}"
