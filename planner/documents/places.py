"""What stands in a text at a place: the scalar there as it is written, and a word inside it."""

import re

from planner.documents.node import Node
from planner.problem import Fix

QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\'')
PLAIN = re.compile(r"[^\s,\[\]{}#\"'][^\s,\[\]{}]*")


def written_at(text: str, line: int, column: int) -> str:
    """The scalar of one word, or in quotes on one line, that stands at a place; empty if there is none."""
    rest = _rest(text, line, column)
    found = QUOTED.match(rest) or PLAIN.match(rest)
    return found[0].removesuffix(":") if found else ""


def respelled(text: str, node: Node, word: str, meant: str) -> Fix | None:
    """``word`` in the scalar at ``node`` made ``meant``; None where it does not stand there exactly once."""
    shared = word.rpartition(".")[0]
    if shared and meant.startswith(f"{shared}."):  # a nested map: only the last part of the name is written here
        word, meant = word.removeprefix(f"{shared}."), meant.removeprefix(f"{shared}.")
    whole = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")
    written = _rest(text, node.line, node.column)
    places = list(whole.finditer(written, 0, _end(written)))
    return Fix(node.line, node.column + places[0].start(), word, meant) if len(places) == 1 else None


def _end(rest: str) -> int:
    """Where the scalar at the beginning of ``rest`` ends; a placeholder in a text ends at its own brace."""
    if rest.startswith("{"):
        return rest.find("}") + 1
    found = QUOTED.match(rest) or PLAIN.match(rest)
    return found.end() if found else 0


def _rest(text: str, line: int, column: int) -> str:
    lines = text.splitlines()
    return lines[line - 1][max(column, 1) - 1 :] if 0 < line <= len(lines) else ""
