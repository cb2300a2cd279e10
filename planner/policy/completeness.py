"""Gaps and overlaps of decision tables: values that no row takes, and rows that take the same and differ.

A value is one that the rows name, or the other one of a yes and a no. Whether a reference holds depends on the host,
so it is taken to hold: what is told here is so on every host that has such facts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from planner.documents.findings import Findings
from planner.documents.node import Node
from planner.language import Pattern, Reference, Rule, Scalar, Test
from planner.policy.comparison import holds
from planner.policy.contradictions import contradiction
from planner.problem import Severity
from planner.vocabulary import KINDS

# Combinations that are tried: fewer would leave tables of six columns unchecked, more would be felt in every check.
MOST_TRIED = 20_000
MOST_TOLD = 3  # the rest shows once these are mended

Cells = dict[tuple[str, str], list[Test]]  # by alias and field
Values = tuple[tuple[tuple[str, str], Scalar], ...]


def check_table(rows: Sequence[Rule], findings: Findings) -> None:
    """Note the gaps and the overlaps of the table that these rules are the rows of."""
    cells = {row.name: _cells(row) for row in rows}
    _overlaps(rows, findings)
    domain = _domain(rows, list(cells.values()))
    if not domain:
        return
    search = _Gaps(domain)
    gaps = list(search.walk(tuple(cells.values()), 0, ()))
    here = _heading(rows[0], findings)
    if search.left < 0 and not gaps:
        message = f"the table is too wide to look for gaps: more than {MOST_TRIED:,} combinations"
        findings.report(here, "table-too-wide", message, "split it, or say less in one row", severity="warning")
    for gap in gaps:
        stated = ", ".join(f"{alias}.{field} {_shown(value)}" for (alias, field), value in gap)
        hint = "add a row; one that says nothing will do, where nothing is to be said"
        findings.report(here, "table-gap", f"no row takes {stated}", hint, severity="warning")


class _Gaps:
    """The search for combinations that no row takes: value by value, among the rows that take all before."""

    def __init__(self, domain: Mapping[tuple[str, str], Sequence[Scalar]]) -> None:
        self.domain = tuple(domain.items())
        self.left = MOST_TRIED
        self.told = 0

    def walk(self, rows: tuple[Cells, ...], position: int, chosen: Values) -> Iterator[Values]:
        """The combinations that begin with ``chosen`` and that none of ``rows`` takes."""
        self.left -= 1
        if self.told == MOST_TOLD or self.left < 0:
            return
        if not rows:
            self.told += 1
            yield chosen
            return
        rest = [column for column, _ in self.domain[position:]]
        if any(not any(column in row for column in rest) for row in rows):
            return  # a row that takes whatever follows
        column, values = self.domain[position]
        for value in values:
            taking = tuple(row for row in rows if _takes(row.get(column, ()), value))
            yield from self.walk(taking, position + 1, (*chosen, (column, value)))


def _cells(row: Rule) -> Cells:
    cells: Cells = {}
    for pattern in row.when:
        for test in pattern.tests if not pattern.negated else ():
            cells.setdefault((pattern.alias, test.field), []).append(test)
    return cells


def _domain(rows: Sequence[Rule], found: Sequence[Cells]) -> dict[tuple[str, str], list[Scalar]]:
    """The values that the rows name in each column in which they differ, smallest first."""
    domain: dict[tuple[str, str], list[Scalar]] = {}
    for column in dict.fromkeys(column for row in found for column in row):
        columns = [{test._replace(line=0, column=0) for test in row.get(column, ())} for row in found]
        shared = set.intersection(*columns)
        named = {value for tests in columns for test in tests - shared for value in _literals(test)}
        if named:
            named.update(_all_values(rows[0], *column))
        possible = [value for value in named if _takes(shared, value)]
        if possible:
            domain[column] = sorted(possible, key=lambda value: (isinstance(value, str), value))
    return domain


def _all_values(rule: Rule, alias: str, field: str) -> tuple[Scalar, ...]:
    kind = next(pattern.kind for pattern in rule.when if pattern.alias == alias and not pattern.negated)
    return KINDS[kind].fields[field].words


def _literals(test: Test) -> tuple[Scalar, ...]:
    if isinstance(test.value, Reference) or test.op == "matches":
        return ()
    return test.value if isinstance(test.value, tuple) else (test.value,)


def _takes(tests: Iterable[Test], value: Scalar) -> bool:
    return all(isinstance(test.value, Reference) or holds(test.op, value, test.value) for test in tests)


def _overlaps(rows: Sequence[Rule], findings: Findings) -> None:
    for one, other in combinations(rows, 2):
        said = _disagreement(one, other)
        if said and other.name not in one.overrides and one.name not in other.overrides and _meet(one, other):
            first, second = (row.name.rpartition("/")[2] for row in (one, other))
            here = findings.word(Node("text", second, other.line, 1), second)
            message = f"the rows {first} (line {one.line}) and {second} can both match, and differ in {said}"
            hint = f"tell them apart by a cell; or say in a column `overrides` that {second} overrides {one.name}"
            severity: Severity = "error" if said.startswith("set.") else "warning"
            findings.report(here, "table-overlap", message, hint, severity=severity)


def _meet(one: Rule, other: Rule) -> bool:
    """Whether the same facts can match both: no pattern of one contradicts that of the other."""
    patterns = zip(one.when, other.when, strict=True)
    return not any(contradiction(_both(first, second)) for first, second in patterns if not first.negated)


def _both(first: Pattern, second: Pattern) -> Pattern:
    return first._replace(tests=(*first.tests, *second.tests))


def _disagreement(one: Rule, other: Rule) -> str:
    """In what the two differ that both speak of; ``""`` if in nothing."""
    ours = {given.field: given.value for given in one.sets}
    for given in other.sets:
        if given.field in ours and ours[given.field] != given.value:
            return f"set.{given.field}"
    facts = {fact.kind: _given(fact.fields) for fact in one.concludes}
    for fact in other.concludes:
        if facts.get(fact.kind, _given(fact.fields)) != _given(fact.fields):
            return f"conclude.{fact.kind}"
    words = {"error": "refuse", "warning": "warn", "note": "note"}
    said = {verdict.severity: verdict._replace(line=0) for verdict in one.verdicts}
    for verdict in other.verdicts:
        if said.get(verdict.severity, verdict._replace(line=0)) != verdict._replace(line=0):
            return words[verdict.severity]
    return ""


def _given(fields: Iterable[object]) -> frozenset[object]:
    return frozenset(field[:2] for field in fields if isinstance(field, tuple))


def _heading(row: Rule, findings: Findings) -> Node:
    """Where the table begins."""
    lines = findings.text.splitlines()
    line = next((number for number, line in enumerate(lines, 1) if line.startswith("table")), row.line)
    return Node("text", "table", line, 1)


def _shown(value: Scalar) -> str:
    return "none" if value in ("", -1) else str(value)
