"""A decision table: its headings and rows as the author wrote them, with everything that is wrong with their form."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from planner.facts.vocabulary import ATTACHMENT, KINDS
from planner.rules.consequences import CODE, SEVERITIES, VERDICT
from planner.rules.model import Rule
from planner.rules.patterns import Scope
from planner.yamltext import Entry, Findings, Node

# A row of a decision table as a rule: what its file says of all rows, and what its own cells say.
#
# The row becomes the entries of a rule, with the cells at their own places. So it is read, and found fault with, as if
# it had been written out, and whatever reads rules knows nothing of tables.


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


GOLDENS = ("examples.fires", "examples.silent")
# Each row is compared with each other: fewer would split tables that a person can still survey, with more `rules check`
# would take seconds.
MOST_ROWS = 200


def read_rows(entries: Mapping[str, Entry], scope: Scope, findings: Findings) -> Iterator[Row]:
    """The rows of the table among a rule's ``entries``; ``scope`` knows the aliases of its ``when``."""
    table = findings.fields(entries["table"].value, "a table", ("columns", "rows"), ("columns", "rows"))
    _goldens_of_all(entries, findings)
    columns = _columns(table.get("columns"), scope, findings)
    rows = table.get("rows")
    if not columns or rows is None or not findings.expect(rows.value, "map", "rows", "write `row: [cell, ...]`"):
        return
    if not rows.value.entries:
        findings.report(rows.value, "no-row", "the table has no row", "add one: `row: [cell, ...]`")
    if len(rows.value.entries) > MOST_ROWS:
        here = rows.value.entries[MOST_ROWS].key
        message = f"{len(rows.value.entries)} rows; a table has at most {MOST_ROWS}"
        findings.report(here, "too-many-rows", message, "split it into two files")
        return
    for row in rows.value.entries:
        if _readable(row, columns, findings) and all(column.path for column in columns):
            yield make_row(row, columns, entries, findings)


def _goldens_of_all(entries: Mapping[str, Entry], findings: Findings) -> None:
    examples = entries["examples"].value.entries if "examples" in entries else ()
    for entry in examples:
        if entry.name == "fires":
            hint = "add a column `examples.fires`"
            findings.report(entry.key, "which-row", "a golden on which a table fires is one of a row", hint)


def _columns(entry: Entry | None, scope: Scope, findings: Findings) -> list[Column]:
    """The columns; one with a fault, which is noted, has no path."""
    if entry is None or not findings.expect(entry.value, "list", "columns", "write columns: [alias.field, ...]"):
        return []
    columns: list[Column] = []
    seen: dict[str, Node] = {}
    for heading in entry.value.items:
        name = str(heading.value) if findings.expect(heading, "text", "a column", "write alias.field") else ""
        if name and name in seen:
            findings.report(heading, "named-twice", f"two columns are called {name}", "keep one of them")
        seen[name] = heading
        known = bool(name) and _known(heading, name, scope, findings)
        columns.append(Column(heading, _path(name) if known else ()))
    if not columns:
        findings.report(entry.value, "no-column", "the table has no column", "name what its rows differ in")
    return columns


def _path(name: str) -> tuple[str, ...]:
    """``set.ipv4.method`` is a field of ``set``; ``conclude.difference.field`` one of a fact that is concluded."""
    word, _, rest = name.partition(".")
    if word == "conclude":
        return (word, *rest.split(".", 1))
    return (word, rest) if rest else (word,)


def _known(heading: Node, name: str, scope: Scope, findings: Findings) -> bool:
    """Whether there is such a column; if not, that is noted."""
    word, _, rest = name.partition(".")
    if name in (*OWN, *GOLDENS):
        return True
    if word == "set":
        return _one_of(heading, rest, ATTACHMENT, f'set knows no "{rest}"', findings)
    if word in SEVERITIES:
        return _one_of(heading, rest, VERDICT, f'{word} has no "{rest}"', findings)
    if word == "conclude":
        kind, _, field = rest.partition(".")
        if not _one_of(heading, kind, KINDS, f'there is no kind of fact "{kind}"', findings):
            return False
        return _one_of(heading, field, KINDS[kind].fields, f'{kind} has no field "{field}"', findings)
    if word in WORDS or not rest or word not in (*scope.kinds, *scope.negated):
        message = f'"{name}" is neither a field of a pattern nor something that a rule says'
        known = [*(f"{alias}.{field}" for alias, kind in scope.kinds.items() for field in KINDS[kind].fields)]
        if not scope.doubtful:
            findings.unknown(heading, "unknown-column", message, [*known, *sayings()])
        return False
    return scope.field(heading, word, rest, findings) is not None


def _one_of(
    heading: Node, word: str, known: Mapping[str, object] | tuple[str, ...], message: str, findings: Findings
) -> bool:
    if word not in known:
        findings.unknown(heading._replace(value=word), "unknown-column", message, known)
    return word in known


def sayings() -> list[str]:
    """The columns that say something, but for the facts that rules conclude."""
    verdicts = [f"{word}.{part}" for word in SEVERITIES for part in VERDICT]
    return [*(f"set.{field}" for field in ATTACHMENT), *verdicts, *OWN, *GOLDENS]


def _readable(row: Entry, columns: list[Column], findings: Findings) -> bool:
    if not CODE.fullmatch(row.name):
        findings.report(row.key, "bad-name", f'"{row.name}" cannot be a row\'s name', "spell it like over-a-bond")
    if not findings.expect(row.value, "list", f"the row {row.name}", f"write {row.name}: [cell, ...]"):
        return False
    cells = len(row.value.items)
    if cells < len(columns):
        hint = f"none is left for {columns[cells].heading.value}; write ~ where anything will do"
    else:
        hint = "quote a text with a comma; take out what is too much"
    if cells != len(columns):
        message = f"{row.name} has {cells} cells, and the table {len(columns)} columns"
        findings.report(row.key, "wrong-width", message, hint)
    return cells == len(columns)
