r"""Text from outside made fit to be shown: on a terminal, in JSON, in HTML and SVG, in Markdown.

What steers a terminal, turns round or hides what stands beside it, or is no character (a lone surrogate) is written
out as an escape: ``\x1b``, ``\u202e``. Whoever prints goes through one of these.
"""

import re
from typing import Any

UNFIT = re.compile(r"[^\n]")  # every character of a line, to be asked one by one
IN_JSON = re.compile(r"[^\n\x20-\x7e]")
IN_MARKDOWN = re.compile(r"(?<!`)`([^`]+)`(?!`)|([\\`*\[\]|~]|(?<!\w)_|_(?!\w)|^[#>+-])|([&<>])")
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def printable(text: str) -> str:
    """``text`` on one line."""
    return text if text.isprintable() else "".join(map(_spelt, text))


def printable_lines(text: str) -> str:
    """``text`` with its line ends."""
    if text.replace("\n", "").isprintable():
        return text
    return UNFIT.sub(lambda found: _spelt(found.group()), text)


def _spelt(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()


def json_text(document: Any, indent: int | None = 2) -> str:
    """``document`` as JSON in which nothing is raw that is not fit to be printed; without a line end."""
    import json

    text = json.dumps(document, indent=indent, ensure_ascii=False)
    return text if text.replace("\n", "").isprintable() else IN_JSON.sub(_in_json, text)


def _in_json(found: re.Match[str]) -> str:
    import json

    return found.group() if found.group().isprintable() else json.dumps(found.group())[1:-1]


def html_text(text: object) -> str:
    """``text`` as the content of an element or attribute of HTML, XML or SVG."""
    stated = printable(str(text)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return stated.replace('"', "&quot;").replace("'", "&#x27;")


def markdown_text(text: object) -> str:
    """``text`` in a paragraph, a list or a table of Markdown; none of it is markup, but for code in backticks."""
    return IN_MARKDOWN.sub(_in_markdown, printable(str(text)))


def _in_markdown(found: re.Match[str]) -> str:
    code, sign, entity = found.groups()
    return markdown_code(code) if code else f"\\{sign}" if sign else ENTITIES[entity]


def markdown_code(text: object) -> str:
    """``text`` as a code span of Markdown; tags in it are nowhere to be seen as such, whoever shows the page."""
    stated = printable(str(text)).replace("|", "\\|")
    if "<" in stated:
        return f"<code>{IN_MARKDOWN.sub(_in_markdown, stated.replace('`', chr(39)))}</code>"
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", stated)), default=0))
    pad = " " if stated.startswith("`") or stated.endswith("`") else ""
    return f"{ticks}{pad}{stated}{pad}{ticks}"
