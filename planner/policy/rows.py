"""A row of a decision table as a rule: what its file says of all rows, and what its own cells say.

The row becomes the entries of a rule, with the cells at their own places. So it is read, and found fault with, as if it
had been written out, and whatever reads rules knows nothing of tables.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from planner.documents.findings import Findings
from planner.documents.node import Entry, Node
from planner.language import Rule
from planner.policy.consequences import SEVERITIES

# Columns that are keys of the rule itself; `overrides` and the goldens take one name, or a list.
OWN = ("since", "summary", "why", "overrides")
THEN = ("set", "conclude", *SEVERITIES)
WORDS = (*THEN, "examples", *OWN)


class Column(NamedTuple):
    """A heading and what its cells go into: ``(bond, mode)`` is a test, ``(refuse, code)`` belongs to ``then``."""

    heading: Node
    path: tuple[str, ...]


class Row(NamedTuple):
    """A row as the entries of a rule; ``tested`` is where it tests the fact of an alias."""

    name: str
    line: int
    entries: dict[str, Entry]
    tested: dict[str, Node]

    def placed(self, rule: Rule) -> Rule:
        """The rule, with each pattern where its row tests it."""
        when = tuple(
            pattern._replace(line=cell.line, column=cell.column)
            if (cell := self.tested.get(pattern.alias)) is not None and not pattern.negated
            else pattern
            for pattern in rule.when
        )
        return rule._replace(when=when)


class _Cell(NamedTuple):
    """A cell that is not empty; ``place`` is where the words stand that lead to it and that nobody wrote."""

    column: Column
    value: Node
    place: Node

    @property
    def word(self) -> str:
        return self.column.path[0]


def make_row(row: Entry, columns: Sequence[Column], entries: Mapping[str, Entry], findings: Findings) -> Row:
    """The ``row`` of a file with these ``entries``, cell by cell under the ``columns``."""
    cells = [
        _Cell(column, value, row.key)
        for column, value in zip(columns, row.value.items, strict=True)
        if not (value.kind == "null" or value.value == "-")
    ]
    made = {name: entry for name, entry in entries.items() if name not in ("table", "then")}
    for cell in cells:
        if cell.word in OWN:
            value = _listed(cell.value) if cell.word == "overrides" else cell.value
            made[cell.word] = Entry(_at(cell.word, cell.value), value)
        elif cell.word == "examples":
            before = made["examples"].value if "examples" in made else _map(row.key)
            made["examples"] = Entry(row.key, _with(before, cell.column.path[1:], _listed(cell.value), row.key))
    tests: dict[str, list[Entry]] = {}
    for cell in cells:
        if cell.word not in WORDS:
            tests.setdefault(cell.word, []).append(Entry(_at(cell.column.path[1], cell.value), cell.value))
    if "when" in made:
        made["when"] = made["when"]._replace(value=_tested(made["when"].value, tests))
    then = _then(entries["then"].value if "then" in entries else _map(row.key), columns, cells, findings)
    if then.kind != "map" or then.entries:
        made["then"] = Entry(row.key, then)
    return Row(row.name, row.key.line, made, {alias: found[0].key for alias, found in tests.items()})


def _tested(when: Node, tests: Mapping[str, list[Entry]]) -> Node:
    """The patterns with the row's ``tests`` added to those of the aliases they are of."""
    return when._replace(items=tuple(_pattern(item, tests) for item in when.items))


def _pattern(item: Node, tests: Mapping[str, list[Entry]]) -> Node:
    words = item.entries[0].name.split() if len(item.entries) == 1 else []
    more = tests.get(words[-1]) if words and words[0] != "no" else None
    if not more:
        return item
    key, value = item.entries[0]
    return item._replace(entries=(Entry(key, value._replace(entries=(*value.entries, *more))),))


def _then(shared: Node, columns: Sequence[Column], cells: Sequence[_Cell], findings: Findings) -> Node:
    """What follows from the row: what is ``shared``, less what the row leaves empty, with its cells put in first."""
    filled = {_saying(cell.column) for cell in cells}
    then = _without(shared, {_saying(column) for column in columns} - filled)
    for cell in reversed(cells):
        if cell.word in THEN:
            found = [entry.value for entry in then.entries if entry.name == cell.word]
            if found and found[0].kind == "list":
                message = f"{cell.word} is a list, and a column {cell.column.heading.value} cannot tell in which item"
                findings.report(cell.column.heading, "bad-column", message, f"write {cell.word} as one map")
                continue
            place = cell.column.heading if cell.word in ("set", "conclude") else cell.place
            then = _with(then, cell.column.path, cell.value, place)
    return then


def _saying(column: Column) -> tuple[str, ...]:
    """What a row says at all or not, by its cells: a refusal, a warning, a note, a fact that is concluded."""
    if column.path[0] in SEVERITIES:
        return column.path[:1]
    return column.path[:2] if column.path[0] == "conclude" else ()


def _without(then: Node, silent: Collection[tuple[str, ...]]) -> Node:
    """``then`` without the words and the conclusions of which the row fills no cell."""
    kept = []
    for entry in then.entries:
        facts = tuple(fact for fact in entry.value.entries if ("conclude", fact.name) not in silent)
        if entry.name == "conclude" and len(facts) < len(entry.value.entries):
            if facts:
                kept.append(entry._replace(value=entry.value._replace(entries=facts)))
        elif (entry.name,) not in silent:
            kept.append(entry)
    return then._replace(entries=tuple(kept))


def _with(node: Node, path: tuple[str, ...], cell: Node, place: Node) -> Node:
    """The map with ``cell`` at ``path``, first of all; maps on the way that are not there yet are put at ``place``."""
    name, *rest = path
    before = next((entry for entry in node.entries if entry.name == name), None)
    others = tuple(entry for entry in node.entries if entry.name != name)
    if not rest:
        return node._replace(entries=(Entry(_at(name, cell), cell), *others))
    key, value = before or Entry(_at(name, place), _map(place))
    return node._replace(entries=(Entry(key, _with(value, tuple(rest), cell, place)), *others))


def _at(word: str, place: Node) -> Node:
    return Node("text", word, place.line, place.column)


def _map(place: Node) -> Node:
    return Node("map", None, place.line, place.column)


def _listed(cell: Node) -> Node:
    return Node("list", None, cell.line, cell.column, items=(cell,)) if cell.kind == "text" else cell
