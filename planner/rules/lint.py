"""What is wrong with a ruleset whose files read well one by one.

Rules that cannot fire, overrides that lead nowhere or in a circle, and rules that nobody has explained or
tested.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from planner.facts.vocabulary import KINDS, Scalar
from planner.problem import Problem, Severity, Where
from planner.rules.comparison import holds
from planner.rules.consequences import WORKED_OUT
from planner.rules.model import OPERATORS, Pattern, Reference, Rule, Ruleset, Test
from planner.rules.regex import explosive, matches
from planner.yamltext import Findings, Node

# Patterns that no fact can match, whatever the host.


# Two comparisons with one and the same field of another fact that cannot both hold.
EXCLUSIVE = frozenset(
    frozenset(pair) for pair in (("is", "not"), ("is", "lt"), ("is", "gt"), ("lt", "gt"), ("lt", "ge"), ("le", "gt"))
)
WIDEST_RANGE = 64  # of numbers that are tried one by one; a larger one is never used up by a handful of `not`


def contradiction(pattern: Pattern) -> str:
    """What no fact can be at once, as ``name: is bond0, in [bond1]``; ``""`` if some fact may match."""
    by_field: dict[str, list[Test]] = {}
    for test in pattern.tests:
        by_field.setdefault(test.field, []).append(test)
    for field, tests in by_field.items():
        constants = [test for test in tests if not isinstance(test.value, Reference)]
        if _clash(tests) or not satisfiable(constants):
            return f"{field}: " + ", ".join(f"{test.op} {_shown(test.value)}" for test in tests)
    return ""


def refuted(negated: Pattern, positive: Iterable[Pattern]) -> Pattern | None:
    """The one of the patterns required whose every match the ``no`` pattern excludes."""
    excluded = {(test.field, test.op, test.value) for test in negated.tests}
    for pattern in positive:
        if pattern.kind == negated.kind and excluded <= {(test.field, test.op, test.value) for test in pattern.tests}:
            return pattern
    return None


def _clash(tests: list[Test]) -> bool:
    references = [(test.op, test.value) for test in tests if isinstance(test.value, Reference)]
    return any(
        value == other and frozenset((op, against)) in EXCLUSIVE
        for op, value in references
        for against, other in references
    )


def satisfiable(tests: list[Test]) -> bool:
    """Whether some value passes all ``tests``, which are against constants."""
    listed = next((test.value for test in tests if test.op in ("is", "in")), None)
    if listed is not None:
        return any(_passes(value, tests) for value in (listed if isinstance(listed, tuple) else (listed,)))
    low = max((_number(test) + (test.op == "gt") for test in tests if test.op in ("gt", "ge")), default=None)
    high = min((_number(test) - (test.op == "lt") for test in tests if test.op in ("lt", "le")), default=None)
    if low is None or high is None or high - low > WIDEST_RANGE:
        return True
    return any(_passes(value, tests) for value in range(low, high + 1))


def _passes(value: Scalar, tests: list[Test]) -> bool:
    return all(_holds(test, value) for test in tests)


def _holds(test: Test, value: Scalar) -> bool:
    wanted = test.value
    if test.op == "matches":
        return matches(str(wanted), str(value))
    if isinstance(wanted, tuple):
        return (value in wanted) == (test.op == "in")
    if test.op in ("is", "not"):
        return (value == wanted) == (test.op == "is")
    number, bound = value if isinstance(value, int) else 0, _number(test)
    return {"lt": number < bound, "le": number <= bound, "gt": number > bound, "ge": number >= bound}[test.op]


def _number(test: Test) -> int:
    return test.value if isinstance(test.value, int) else 0


def _shown(value: object) -> str:
    if isinstance(value, Reference):
        return f"${value.alias}.{value.field}"
    if isinstance(value, tuple):
        return f"[{', '.join(_shown(item) for item in value)}]"
    return str(value) if value != "" else '""'


def lint(
    ruleset: Ruleset, sources: Mapping[str, str], fired: Mapping[str, Collection[str]] | None = None
) -> list[Problem]:
    """Every error and warning, file by file; ``sources`` are the texts that `assemble` had.

    ``fired``: the goldens on which each rule fires, if they were run; else what its ``examples`` claim counts.
    """
    known = {rule.name: rule for rule in ruleset.rules}
    gone = {name for name, _ in ruleset.disabled}
    concluded = {conclusion.kind for rule in ruleset.rules for conclusion in rule.concludes}
    problems: list[Problem] = []
    for rule in sorted(ruleset.rules, key=lambda rule: rule.source):
        findings = Findings(rule.source, sources.get(rule.source, ""))
        _patterns(rule, concluded, findings)
        _overrides(rule, known, gone, findings)
        _documentation(rule, fired, findings)
        problems += findings.in_order()
    return problems + _tables(ruleset, sources)


def _tables(ruleset: Ruleset, sources: Mapping[str, str]) -> list[Problem]:
    """What is wrong with the decision tables as tables."""
    tables: dict[str, list[Rule]] = {}
    for rule in ruleset.rules:
        if rule.name != rule.table:
            tables.setdefault(rule.source, []).append(rule)
    problems: list[Problem] = []
    for source, rows in sorted(tables.items()):
        findings = Findings(source, sources.get(source, ""))
        check_table(rows, findings)
        problems += findings.in_order()
    return problems


def _patterns(rule: Rule, concluded: Collection[str], findings: Findings) -> None:
    positive = [pattern for pattern in rule.when if not pattern.negated]
    for pattern in rule.when:
        here = Node("text", pattern.kind, pattern.line, pattern.column)
        impossible = contradiction(pattern)
        if impossible and pattern.negated:
            message = f"no {pattern.kind} can be {impossible}: this `no` always holds"
            findings.report(here, "never-matters", message, "take one of the tests out", severity="warning")
        elif impossible:
            message = f"the rule can never fire: no {pattern.kind} can be {impossible}"
            findings.report(here, "never-fires", message, "take one of the tests out")
        elif pattern.negated and (required := refuted(pattern, positive)):
            message = f"the rule can never fire: line {required.line} asks for what this `no` excludes"
            findings.report(here, "never-fires", message, f"test the {pattern.kind} for something more")
        elif not pattern.negated and _unconcluded(pattern, concluded):
            message = f"the rule can never fire: no rule concludes {pattern.kind}"
            findings.report(here, "never-fires", message, "add one that does, or disable this one", severity="warning")


def _unconcluded(pattern: Pattern, concluded: Collection[str]) -> bool:
    made = KINDS[pattern.kind].concluded_in and pattern.kind not in WORKED_OUT
    return bool(made) and pattern.kind not in concluded


def _overrides(rule: Rule, known: Mapping[str, Rule], gone: Collection[str], findings: Findings) -> None:
    for name in rule.overrides:
        here = _override(rule, name, findings)
        if name == rule.name:
            findings.report(here, "overrides-itself", f"{name} overrides itself", "name the rule it is to silence")
        elif name not in known and name not in gone:
            findings.unknown(here, "unknown-rule", f'there is no rule "{name}" to override', known)
    circle = _circle(rule, known)
    if circle:
        here = _override(rule, circle[1], findings)
        message = f"the rules override each other: {' -> '.join(circle)}"
        findings.report(here, "override-circle", message, "take one `overrides` out")


def _override(rule: Rule, name: str, findings: Findings) -> Node:
    """Where ``name`` stands under ``overrides``."""
    lines = findings.text.splitlines()
    line = next((number for number, line in enumerate(lines, 1) if line.startswith("overrides")), rule.line)
    return findings.word(Node("text", name, line, 1), name)


def _circle(rule: Rule, known: Mapping[str, Rule]) -> list[str]:
    """The way from ``rule`` back to itself along ``overrides``, told once, of the rule with the first name."""
    came_from: dict[str, str] = {}
    waiting = [rule.name]
    while waiting:
        name = waiting.pop()
        for other in known[name].overrides if name in known else ():
            if other == rule.name and name != rule.name:
                way = [other, name]
                while way[-1] != rule.name:
                    way.append(came_from[way[-1]])
                return way[::-1] if min(way) == rule.name else []
            if other not in came_from and other != rule.name:
                came_from[other] = name
                waiting.append(other)
    return []


def _documentation(rule: Rule, fired: Mapping[str, Collection[str]] | None, findings: Findings) -> None:
    here = Node("text", rule.name, rule.line, 1)
    if not rule.why:
        hint = "add `why:` for whoever wonders whether it can go"
        findings.report(here, "no-reason", f"{rule.name} does not say why it is there", hint, severity="warning")
    if not (rule.fires if fired is None else fired.get(rule.name)):
        hint = "add `examples: {fires: [golden]}`" if fired is None else "add a host on which it does"
        findings.report(here, "untested-rule", f"{rule.name} fires on no golden", hint, severity="warning")


def unknown_goldens(ruleset: Ruleset, sources: Mapping[str, str], goldens: Collection[str]) -> Iterator[Problem]:
    """The examples of the ruleset's own rules that are none of its ``goldens``."""
    for rule in ruleset.own:
        findings = Findings(rule.source, sources.get(rule.source, ""))
        lines = findings.text.splitlines()
        listed = next((number for number, line in enumerate(lines, 1) if line.startswith("examples")), rule.line)
        for word, names in (("fires", rule.fires), ("silent", rule.silent)):
            for name in (name for name in names if name not in goldens):
                line = rule.line if word == "fires" and rule.name != rule.table else listed
                here = findings.word(Node("text", name, line, 1), name)
                findings.unknown(here, "unknown-golden", f'no golden "{name}" lies with the rules', goldens)
        yield from findings.in_order()


# Gaps and overlaps of decision tables: values that no row takes, and rows that take the same and differ.
#
# A value is one that the rows name, or the other one of a yes and a no. Whether a reference holds depends on the host,
# so it is taken to hold: what is told here is so on every host that has such facts.


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
        stated = ", ".join(f"{alias}.{field} {_tables_shown(value)}" for (alias, field), value in gap)
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


def _tables_shown(value: Scalar) -> str:
    return "none" if value in ("", -1) else str(value)


# What makes a rule impossible to compile. The linter says it earlier and better; this is the last word.
# Rules that a program built, too, never reach durable_rules with what would crash it, such as twenty patterns.


# durable_rules keeps 16 facts a match (error 304, then a crash), and 32 places for the joins of a pattern (error 113),
# of which three are taken; a `not` or an order takes two. Fewer would refuse sane rules.
PATTERN_LIMIT = 15
JOIN_LIMIT = 28
# A fact holds 255 properties there (error 302), and all tests of a rule may fall on one kind.
TEST_LIMIT = 100
JOINING = ("is", "not", "lt", "le", "gt", "ge")


def unsound(rules: Iterable[Rule]) -> Iterator[tuple[Rule, Problem]]:
    """Each rule that cannot be compiled, with a reason; a rule with several comes several times."""
    known: dict[str, Rule] = {}
    for rule in rules:
        for message, hint, line in _faults(rule):
            told = f"rule {rule.name} cannot be used: {message}"
            yield rule, Problem("unsound-rule", told, hint, where=(Where(source=rule.file, line=line),))
        if rule.name in known:
            where = tuple(Where(source=one.file, line=one.line) for one in (known[rule.name], rule))
            hint = "rename one of them"
            yield rule, Problem("unsound-rule", f"two rules are called {rule.name}", hint, where=where)
        known[rule.name] = rule


def _faults(rule: Rule) -> Iterator[tuple[str, str, int]]:
    """What is wrong, what to do, and the line."""
    if not rule.when or rule.when[0].negated:
        yield "it does not begin with a fact that is there", "begin `when` with a pattern without `no`", rule.line
    yield from _oversize(rule)
    known: set[str] = set()
    for pattern in rule.when:
        for test in pattern.tests:
            if fault := _fault(test, known):
                yield f"{test.field}: {fault}", "see docs/rule-language.md on tests", test.line
        if not pattern.negated:
            if pattern.alias in known:
                yield f"two patterns are called {pattern.alias}", "name one: `kind as other: ...`", pattern.line
            known.add(pattern.alias)


def _oversize(rule: Rule) -> Iterator[tuple[str, str, int]]:
    sizes = (
        (len(rule.when), PATTERN_LIMIT, "patterns"),
        (sum(len(pattern.tests) for pattern in rule.when), TEST_LIMIT, "tests"),
        (max(map(_join_terms, rule.when), default=0), JOIN_LIMIT, "references in one pattern (all but `is` are two)"),
    )
    for size, limit, things in sizes:
        if size > limit:
            yield f"it has {size} {things}; {limit} are possible", "conclude a fact in an earlier stage", rule.line


def _join_terms(pattern: Pattern) -> int:
    return sum(1 if test.op == "is" else 2 for test in pattern.tests if isinstance(test.value, Reference))


def _fault(test: Test, known: set[str]) -> str:
    """What is wrong with a test when the aliases ``known`` stand before it; empty: nothing."""
    if isinstance(test.value, Reference):
        return _reference_fault(test.op, test.value, known)
    if test.op not in OPERATORS:
        return f"{test.op} is no operator, there are {' '.join(OPERATORS)}"
    if (test.op in ("in", "not-in")) is not isinstance(test.value, tuple):
        return f"`{test.op}` does not take {test.value!r}"
    if test.op == "matches":
        fault = explosive(test.value) if isinstance(test.value, str) else "it is not text"
        return f"the expression will not do: {fault}" if fault else ""
    return ""


def _reference_fault(op: str, reference: Reference, known: set[str]) -> str:
    if op not in JOINING:
        return f"`{op}` takes no reference"
    if not reference.field:
        return f"${reference.alias} is a whole fact; name a field of it"
    if reference.alias not in known:
        return f"${reference.alias} is not matched before it; known are {', '.join(sorted(known)) or 'none'}"
    return ""
