"""A decision table: its headings and rows as the author wrote them, with everything that is wrong with their form."""

from collections.abc import Iterator, Mapping

from planner.documents.findings import Findings
from planner.documents.node import Entry, Node
from planner.policy.consequences import CODE, SEVERITIES, VERDICT
from planner.policy.rows import OWN, WORDS, Column, Row, make_row
from planner.policy.values import Scope
from planner.vocabulary import ATTACHMENT, KINDS

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
