"""Facts as rows of formulas: whether a fact is there, a number for each field, and what patterns say of rows."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple, Protocol

import z3

from planner.facts.vocabulary import ATTACHMENT, KINDS, Fact, Field, Scalar, absent
from planner.proof.axioms import Axiom
from planner.rules.model import Pattern, Reference, Rule, Test

GAP = 1 << 16  # numbers between two texts that somebody names, for those that nobody does

# What tells a fact from all others of its kind; of a kind that is not here, all fields do.
KEYS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("definition", "vdsm", "host", "client", "attachment", "outcome", "management"), ()),
    **dict.fromkeys(("device", "nic", "bond", "vlan", "bridge", "network"), ("name",)),
    "wanted": ("address",),
    "member": ("bond", "nic"),
    "port": ("bridge", "device"),
    "address": ("device", "address"),
    "defined": ("family",),
    "addressing": ("family",),
    "ip": ("device", "family"),
    "route": ("device", "family"),
    "nameserver": ("index",),
    "candidate": ("device", "found_by"),
}
# The kinds of which every host has one fact.
ALWAYS = ("definition", "vdsm", "host")
FAMILIES = (4, 6)


class Patterned(Protocol):
    """What has patterns: a rule, an axiom or an invariant."""

    @property
    def name(self) -> str:
        """By which it is known."""

    @property
    def when(self) -> tuple[Pattern, ...]:
        """Its patterns."""


class Row(NamedTuple):
    """A fact that may be there, as expressions."""

    kind: str
    name: str
    present: Any
    fields: Mapping[str, Any]


class Texts:
    """Texts as numbers in the order of the texts: those that are named, and room for others between them."""

    def __init__(self, named: Iterable[str]) -> None:
        """``named``: every text that a rule, an axiom or a fact may name."""
        self.number = {word: place * GAP for place, word in enumerate(sorted({"", *named}))}
        self.word = {number: word for word, number in self.number.items()}

    def of(self, value: Scalar) -> int:
        """The number of a text that is named, or the number itself."""
        return self.number[value] if isinstance(value, str) else value

    def spelled(self, number: int) -> str:
        """The text of a number; one that nobody named is called after its place."""
        return self.word.get(number, f"~{number:010d}")


class Rows:
    """The rows that were needed so far, in one solver, and the axioms that hold of single facts."""

    def __init__(self, named: Iterable[Patterned], axioms: Iterable[Axiom]) -> None:
        """``named``: all that has patterns and will be asked about, so that the texts they name are known."""
        self.texts = Texts(_named(named))
        self.context = z3.Context()  # its own: what was asked before changes no answer
        self.solver = z3.SimpleSolver(ctx=self.context)
        self.certain, self.never = z3.BoolVal(val=True, ctx=self.context), z3.BoolVal(val=False, ctx=self.context)
        self.solver.set("relevancy", 0)  # three times as fast as with it, measured on the invariants of ovirtmgmt
        self.rows: dict[str, list[Row]] = {kind: [] for kind in KINDS}
        self.axioms = tuple(axiom for axiom in axioms if len(axiom.when) > 1)
        self.single: dict[str, Row] = {}  # the rows of kinds that have one fact
        self.pairs: dict[str, dict[Scalar, Row]] = {}  # of kinds that have one fact a family, those by family
        self.keyed: dict[tuple[str | int, ...], Row] = {}  # by the expressions of a whole key
        self.assumed: dict[str, Any] = {}
        self._of_one: dict[str, list[Axiom]] = {}  # the axioms of a single fact, which are said of each row at once
        for axiom in axioms:
            if len(axiom.when) == 1:
                self._of_one.setdefault(axiom.when[0].kind, []).append(axiom)
        self._expressions: dict[str, Any] = {}
        self._closed: dict[str, list[Mapping[str, int]]] | None = None
        self._absent: dict[str, Any] = {}
        for kind in ALWAYS:
            self.single[kind] = self.row(kind, kind, self.certain)
        self.pair("defined", self.certain)

    def close(
        self, facts: Iterable[Fact], *, but: Mapping[str, Sequence[str]] | None = None, silent: Sequence[str] = ()
    ) -> None:
        """Let there be these facts and no others, but for those that rules conclude.

        ``but``: by kind, fields whose values stay open; ``silent``: kinds of which the facts say nothing.
        """
        closed: dict[str, list[Mapping[str, int]]] = {
            kind: [] for kind, declared in KINDS.items() if not declared.concluded_in
        }
        closed |= {kind: [] for kind in ("foreseen", "attachment", "addressing") if kind not in silent}
        for fact in (fact for fact in facts if fact.kind in closed):
            open_fields = (but or {}).get(fact.kind, ())
            values = {name: self.texts.of(value) for name, value in fact.fields.items() if name not in open_fields}
            row = self.only(fact.kind, fact.fields.get("family"))
            row = row or self.row(fact.kind, f"given {fact.kind}", self.certain)
            closed[fact.kind].append(values)
            self.solver.add(row.present, *(row.fields[name] == value for name, value in values.items()))
        self._closed = closed
        for row in [row for rows in self.rows.values() for row in rows]:
            self._enclose(row)

    def truth(self, name: str) -> Any:
        """What is true or not."""
        return z3.Bool(name, self.context)

    def number(self, name: str) -> Any:
        """A number that is not known."""
        return z3.Int(name, self.context)

    def constant(self, value: int) -> Any:
        """A number that is."""
        return z3.IntVal(value, self.context)

    def all_of(self, parts: Iterable[Any]) -> Any:
        """That all of these are true."""
        return z3.And([*parts], self.context)

    def any_of(self, parts: Iterable[Any]) -> Any:
        """That one of these is true."""
        return z3.Or([*parts], self.context)

    def none(self, kind: str) -> Any:
        """That there is no fact of this kind."""
        if kind not in self._absent:
            self._absent[kind] = self.truth(f"no {kind}")
            self.solver.add(*(z3.Implies(self._absent[kind], z3.Not(row.present)) for row in self.rows[kind]))
        return self._absent[kind]

    def only(self, kind: str, family: Scalar | None = None) -> Row | None:
        """The row of a kind that has one fact, or one a family; None if there may be others."""
        return self.pairs[kind].get(family or "") if kind in self.pairs else self.single.get(kind)

    def field(self, kind: str, name: str, value: Scalar, family: Scalar | None = None) -> Any:
        """That the one fact of this kind, or of this kind and family, has this value there."""
        row = self.only(kind, family)
        if row is None:
            raise KeyError(kind)
        return row.fields[name] == self.texts.of(value)

    def pair(self, kind: str, present: Any) -> None:
        """Let there be one fact of this kind for each family, both or none, and no other."""
        self.pairs[kind] = {
            family: self.row(kind, f"{kind} {family}", present, {"family": self.constant(family)})
            for family in FAMILIES
        }

    def row(self, kind: str, name: str, present: Any, key: Mapping[str, Any] | None = None) -> Row:
        """A row of which only the vocabulary is known, and its ``key`` if that is the one of other rows."""
        unique = f"{name} {len(self.rows[kind])}"
        declared = KINDS[kind].fields
        fields = {field: self.number(f"{unique} {kind}.{field}") for field in declared} | dict(key or {})
        ranged = [self._ranged(fields[field], declared[field]) for field in declared]
        self.solver.add(z3.Implies(present, z3.And(ranged)))
        return self.add(Row(kind, unique, present, fields))

    def add(self, row: Row) -> Row:
        """Take in a row: what is said of all facts of its kind is said of it."""
        self.rows[row.kind].append(row)
        self._enclose(row)
        if KEYS.get(row.kind):
            self.keyed.setdefault((row.kind, *(row.fields[name].get_id() for name in KEYS[row.kind])), row)
        if row.kind in self._absent:
            self.solver.add(z3.Implies(self._absent[row.kind], z3.Not(row.present)))
        for axiom in self._of_one.get(row.kind, ()):
            alone = self.tests(axiom.when[0], row, {})
            self.solver.add(z3.Implies(self.assume(axiom.name), z3.Not(z3.And(row.present, alone))))
        if row.kind in self.pairs:
            same = [
                z3.And(one.present, *(row.fields[name] == value for name, value in one.fields.items()))
                for one in self.pairs[row.kind].values()
            ]
            self.solver.add(z3.Implies(row.present, self.any_of(same)))
        return row

    def _enclose(self, row: Row) -> None:
        if self._closed is not None and row.kind in self._closed:
            given = [self.all_of([row.fields[f] == v for f, v in values.items()]) for values in self._closed[row.kind]]
            self.solver.add(z3.Implies(row.present, self.any_of(given)))

    def _ranged(self, value: Any, declared: Field) -> Any:
        if declared.words:
            return z3.Or([value == self.texts.of(word) for word in (*declared.words, absent(declared))])
        if declared.type is str:
            return value >= 0
        least = z3.Or(value == -1, value >= declared.least)
        return least if declared.most is None else z3.And(least, value <= declared.most)

    def matched(self, when: Sequence[Pattern], rows: Mapping[str, Row]) -> Any:
        """That the positive patterns match these rows, each another one."""
        parts = []
        patterns = positive(when)
        for pattern in patterns:
            parts += [rows[pattern.alias].present, self.tests(pattern, rows[pattern.alias], rows)]
        for one, other in combinations(patterns, 2):
            if one.kind == other.kind:
                names = KEYS.get(one.kind, tuple(KINDS[one.kind].fields))
                first, second = rows[one.alias].fields, rows[other.alias].fields
                parts.append(self.any_of([first[name] != second[name] for name in names]))
        return self.all_of(parts)

    def tests(self, pattern: Pattern, row: Row, rows: Mapping[str, Row]) -> Any:
        """That a row passes a pattern's tests."""
        return self.all_of([self._test(test, pattern, row.fields[test.field], rows) for test in pattern.tests])

    def _test(self, test: Test, pattern: Pattern, value: Any, rows: Mapping[str, Row]) -> Any:
        declared = KINDS[pattern.kind].fields[test.field].type
        if isinstance(test.value, Reference):
            row = rows[test.value.alias]
            if KINDS[row.kind].fields[test.value.field].type is not declared:
                return self.never  # between text and number no test holds
            return COMPARED[test.op](value, row.fields[test.value.field])
        if isinstance(test.value, tuple):
            equal = self.any_of([value == self.texts.of(one) for one in test.value if isinstance(one, declared)])
            if test.op == "in":
                return equal
            return z3.And(z3.Not(equal), z3.BoolVal(all(isinstance(one, declared) for one in test.value), self.context))
        if test.op == "matches":
            return self.expression(str(test.value))(value) if declared is str else self.never
        if not isinstance(test.value, declared):
            return self.never
        return COMPARED[test.op](value, self.texts.of(test.value))

    def expression(self, pattern: str) -> Any:
        """A regular expression: a predicate of which the named texts are known."""
        if pattern not in self._expressions:
            predicate = z3.Function(f"matches {pattern}", z3.IntSort(self.context), z3.BoolSort(self.context))
            self._expressions[pattern] = predicate
            for word, number in self.texts.number.items():
                self.solver.add(predicate(number) == z3.BoolVal(re.fullmatch(pattern, word) is not None, self.context))
        return self._expressions[pattern]

    def assume(self, name: str) -> Any:
        """The literal under which an axiom is asserted, by which a proof tells that it needed it."""
        return self.assumed.setdefault(name, self.truth(f"axiom {name}"))


COMPARED: dict[str, Callable[[Any, Any], Any]] = {
    "is": lambda one, other: one == other,
    "not": lambda one, other: one != other,
    "lt": lambda one, other: one < other,
    "le": lambda one, other: one <= other,
    "gt": lambda one, other: one > other,
    "ge": lambda one, other: one >= other,
}


def family_named(pattern: Pattern) -> Scalar | None:
    """The family that a pattern names by its number."""
    named = (test.value for test in pattern.tests if (test.field, test.op) == ("family", "is"))
    return next((value for value in named if isinstance(value, int)), None)


def positive(when: Sequence[Pattern]) -> list[Pattern]:
    """The patterns that want a fact."""
    return [pattern for pattern in when if not pattern.negated]


def _named(things: Iterable[Patterned]) -> Iterator[str]:
    """Every text that patterns, assignments and the vocabulary name."""
    for fields in (*(declared.fields for declared in KINDS.values()), ATTACHMENT):
        yield from (word for field in fields.values() for word in field.words if isinstance(word, str))
    yield from ("legacy", "none", "static", "rule-conflict", "nothing-devised", "narrow one")
    for thing in things:
        for value in (test.value for pattern in thing.when for test in pattern.tests if test.op != "matches"):
            values = (value,) if isinstance(value, str) else () if isinstance(value, Reference | int) else value
            yield from (one for one in values if isinstance(one, str))
        if isinstance(thing, Rule):
            yield from (text for verdict in thing.verdicts for text in (verdict.code, verdict.hint))
            yield thing.name
            given = (*thing.sets, *(one for conclusion in thing.concludes for one in conclusion.fields))
            yield from (one.value for one in given if isinstance(one.value, str))
