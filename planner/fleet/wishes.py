"""What is wanted of which host: one definition for all, or a table with a row for each or for many.

A table is CSV: its first line names the columns, each other is about some captures. ``capture`` is a file's name or a
pattern for names, ``group`` a group of the inventory that comes with it; ``definition`` is a file beside the table, or
the definition's fields are columns of their own. ``address``, ``name`` and ``about`` are of the host.
"""

import csv
import io
import os
from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from planner.definition import Definition, read_definition
from planner.files import read_file
from planner.problem import Problem, Where
from planner.vdsm.addresses import resolve
from planner.yamltext import decode, parse_yaml, plain, suggest

OF_HOST = ("capture", "group", "definition", "address", "name", "about")
FIELDS = ("network", "vm_network", "vlan", "mtu", "stp", "default_route", "nameservers", "gateway", "ipv4")
LONGEST_NUMBER = 7  # digits; an MTU has five
LONGEST_HEAD = 4096  # bytes of a table within which its first line ends
LISTS = ("nameservers", "gateway")  # several in a cell are divided by blanks


class Wish(NamedTuple):
    """What is wanted of the captures that ``capture`` means, as it was written and as it was read."""

    capture: str
    wanted: Mapping[str, Any]
    definition: Definition
    addresses: tuple[str, ...] = ()
    name: str = ""
    about: str = ""
    line: int = 0
    group: str = ""


class Wishes:
    """Rows in their order, of which the first that is about a capture counts."""

    def __init__(self, wishes: Sequence[Wish]) -> None:
        """Sort out the rows that name one capture each: where each host has its row, none is held against them all."""
        self.wishes = wishes
        self.exact: dict[str, int] = {}
        self.patterns: list[int] = []
        for place, wish in enumerate(wishes):
            if wish.group or any(sign in wish.capture for sign in "*?["):
                self.patterns.append(place)
            else:
                self.exact.setdefault(wish.capture, place)

    def about(self, names: Sequence[str], groups: Collection[str] = ()) -> Wish | None:
        """What is wanted of the capture with these names (`Captured.names`), whose host is in these groups."""
        exact = min((self.exact[name] for name in names if name in self.exact), default=len(self.wishes))
        for place in self.patterns:
            wish = self.wishes[place]
            if place > exact:
                break
            if (not wish.group or wish.group in groups) and any(fnmatchcase(name, wish.capture) for name in names):
                return wish
        return self.wishes[exact] if exact < len(self.wishes) else None


def unused(wish: Wish, table: str, groups: Sequence[str] = ()) -> Problem:
    """The row of a table is about none of the captures, whose hosts are in these groups or in none that is known."""
    where = (Where(table, line=wish.line),)
    hint = "see how the captures are called; rows above may mean them too"
    if wish.group and wish.group not in groups:
        known = suggest(wish.group, groups) if groups else "groups are those of an inventory: --addresses, --hosts"
        message = f"the row of the group {wish.group!r} is about none of the captures: no group is called so"
        return Problem("row-unused", message, known, "warning", where=where)
    named = wish.capture if wish.capture != "*" or not wish.group else wish.group
    return Problem("row-unused", f"the row of {named!r} is about none of the captures", hint, "warning", where=where)


def read_wishes(path: str) -> tuple[list[Wish], list[Problem]]:
    """What is wanted, by the table or the definition in a file: a table's first line names a column of captures."""
    content = read_file(path, "definition")
    head = content[:LONGEST_HEAD].decode("utf-8", "replace") if isinstance(content, bytes) else ""
    first = next((line for line in head.splitlines() if line.strip()), "")
    if path.endswith(".csv") or (
        "," in first and {"capture", "group"} & {cell.strip(' "') for cell in first.split(",")}
    ):
        return _table(content, path)
    wish, problems = _one(content, path)
    return [wish] if wish is not None else [], problems


def one_for_all(path: str) -> tuple[Wish | None, list[Problem]]:
    """What the definition in a file wants of whatever capture."""
    return _one(read_file(path, "definition"), path)


def _one(stated: bytes | Problem, path: str) -> tuple[Wish | None, list[Problem]]:
    if isinstance(stated, Problem):
        return None, [stated]
    reading = read_definition(stated, path)
    node, _ = parse_yaml(stated.decode("utf-8", "replace"), path)
    wanted = plain(node) if node is not None else {}
    if reading.definition is None:
        return None, list(reading.problems)
    return Wish("*", wanted if isinstance(wanted, dict) else {}, reading.definition), list(reading.problems)


def read_table(path: str) -> tuple[list[Wish], list[Problem]]:
    """The rows of a table, and everything that is wrong with it."""
    return _table(read_file(path, "table"), path)


def _table(content: bytes | Problem, path: str) -> tuple[list[Wish], list[Problem]]:
    text = content if isinstance(content, Problem) else decode(content, path)
    if isinstance(text, Problem):
        return [], [text]
    try:
        rows = list(_rows(text))
    except csv.Error as failure:
        hint = "write columns between commas"
        return [], [Problem("table-invalid", f"it is no CSV: {failure}", hint, where=(Where(path),))]
    columns = [name.strip() for name in rows[0][1]] if rows else []
    problems = _wrong_columns(columns, path)
    if problems:
        return [], problems
    wishes = []
    known: dict[object, tuple[Wish | None, list[Problem]]] = {}  # rows for many hosts have few definitions among them
    for line, cells in rows[1:]:
        where = Where(path, line=line)
        if len(cells) != len(columns):
            message = f"{len(cells)} cells, and there are {len(columns)} columns"
            problems.append(Problem("table-invalid", message, "quote a cell that has a comma", where=(where,)))
            continue
        row = {name: cell.strip() for name, cell in zip(columns, cells, strict=True) if cell.strip()}
        wish, found = _wish(row, os.path.dirname(path), where, known)
        problems += found
        wishes += [wish] if wish is not None else []
    return wishes, problems


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Each row that is not blank, with the number of its line."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    return [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]


def _wrong_columns(columns: list[str], path: str) -> list[Problem]:
    where = (Where(path, line=1),)
    known = (*OF_HOST, *FIELDS)
    problems = [
        Problem("table-invalid", f"there is no column {name!r}", _meant(name, known), where=where)
        for name in columns
        if name not in known
    ]
    if len({*columns}) < len(columns):
        problems.append(Problem("table-invalid", "two columns are called the same", "take one out", where=where))
    if "capture" not in columns and "group" not in columns:
        hint = "name a column `capture`: the file's name, or a pattern for names"
        problems.append(Problem("table-invalid", "nothing says which captures a row is about", hint, where=where))
    return problems


def _meant(column: str, known: Sequence[str]) -> str:
    return "write columns between commas" if ";" in column or "\t" in column else suggest(column, known)


def _wish(
    row: Mapping[str, str], folder: str, where: Where, known: dict[object, tuple[Wish | None, list[Problem]]]
) -> tuple[Wish | None, list[Problem]]:
    """What one row wants; ``known`` are the definitions of rows before it."""
    if "capture" not in row and "group" not in row:
        return None, [Problem("table-invalid", "the row names no capture", "write * for every one", where=(where,))]
    fields = {name: _value(name, row[name]) for name in FIELDS if name in row}
    if "definition" in row and fields:
        hint = "leave the one or the others empty"
        message = "the row names a definition, and fields of one"
        return None, [Problem("table-invalid", message, hint, where=(where,))]
    key = row.get("definition") or repr(fields)
    if key not in known:
        known[key] = _wanted(row, fields, folder, where)
    wish, problems = known[key]
    if wish is None:
        return None, problems
    addresses, found = _resolved(row.get("address", "").split(), where)
    wish = wish._replace(
        capture=row.get("capture", "*"),
        addresses=addresses,
        name=row.get("name", ""),
        about=row.get("about", ""),
        line=where.line,
        group=row.get("group", ""),
    )
    return wish, [*problems, *found]


def _wanted(
    row: Mapping[str, str], fields: Mapping[str, Any], folder: str, where: Where
) -> tuple[Wish | None, list[Problem]]:
    if "definition" in row:
        return one_for_all(os.path.join(folder, row["definition"]))
    reading = read_definition(fields, str(where))
    wish = Wish("*", fields, reading.definition) if reading.definition is not None else None
    return wish, list(reading.problems)


def _value(name: str, cell: str) -> Any:
    """A cell as the definition would be written: numbers and words of YAML are no text."""
    if name in LISTS:
        return cell.split() if len(cell.split()) > 1 or name != "gateway" else cell
    if cell.isdecimal() and len(cell) < LONGEST_NUMBER:
        return int(cell)
    return {"true": True, "false": False}.get(cell.lower(), cell)


def _resolved(stated: list[str], where: Where) -> tuple[tuple[str, ...], list[Problem]]:
    addresses, problems = resolve(stated)
    return addresses, [problem._replace(where=(where,)) for problem in problems]
