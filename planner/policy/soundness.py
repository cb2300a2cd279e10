"""What makes a rule impossible to compile. The linter says it earlier and better; this is the last word.

Whoever builds rules in a program, or calls the planner as a library, gets a Problem, and durable_rules, which
crashes on a rule of twenty patterns, never sees one.
"""

from collections.abc import Iterable, Iterator

from planner.language import OPERATORS, Pattern, Reference, Rule, Test
from planner.policy.regex import explosive
from planner.problem import Problem, Where

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
