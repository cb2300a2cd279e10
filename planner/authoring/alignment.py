"""The cells of a decision table under each other."""

from planner.documents.node import Node
from planner.documents.sources import parse_yaml

WIDEST = 200  # columns: a table that is wider is wrapped by most editors, and then blanks only disturb
OPENING, CLOSING = "[{", "]}"


def aligned(text: str, source: str) -> str:
    """A rule file with the cells of its table, if it has one, under each other; one row must be one line each."""
    node, _ = parse_yaml(text, source)
    table = _under(node, "table")
    heading, rows = _under(table, "columns"), _under(table, "rows")
    if heading is None or rows is None:
        return text
    lines = text.splitlines()
    numbers = [heading.line - 1, *(entry.value.line - 1 for entry in rows.entries)]
    split = [split_row(lines[number]) for number in numbers]
    cut = [parts for parts in split if parts is not None]
    if len(cut) < len(split) or len({len(cells) for _, cells, _ in cut}) != 1:
        return text
    head = max(len(begin) for begin, _, _ in cut)
    widths = [max(map(len, column)) for column in zip(*(cells for _, cells, _ in cut), strict=True)]
    if head + sum(widths) + 2 * len(widths) > WIDEST:
        return text
    for number, (begin, cells, rest) in zip(numbers, cut, strict=True):
        padded = [f"{cell},".ljust(width + 1) for cell, width in zip(cells[:-1], widths, strict=False)]
        lines[number] = f"{begin.ljust(head)} [{' '.join([*padded, cells[-1]])}]{rest}"
    return "\n".join(lines) + "\n"


def _under(node: Node | None, name: str) -> Node | None:
    entries = node.entries if node is not None else ()
    return next((entry.value for entry in entries if entry.name == name), None)


def split_row(line: str) -> tuple[str, list[str], str] | None:
    """``name: [a, b]  # c`` as ``name:``, the cells, and what follows; None if it is no such line."""
    begin, opening, rest = line.partition(": [")
    if not opening:
        return None
    cells, cell, depth, quote = [], "", 0, ""
    for position, letter in enumerate(rest):
        if quote:
            quote = "" if letter == quote and not (quote == '"' and _escaped(rest, position)) else quote
        elif letter in "\"'" and (not cell.strip() or cell.rstrip()[-1] in "[{:,"):
            quote = letter
        elif depth == 0 and letter in ",]":
            cells.append("~" if cell.strip() in ("null", "~", "") else cell.strip())
            cell = ""
            if letter == "]":
                comment = rest[position + 1 :].strip()
                return f"{begin}:", cells, f"  {comment}" if comment else ""
            continue
        depth += (letter in OPENING) - (letter in CLOSING) if not quote else 0
        cell += letter
    return None


def _escaped(text: str, position: int) -> bool:
    before = text[:position]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1
