"""Asking the solver, again and again, until it has a proof for every host or facts that nothing contradicts.

The solver proposes some facts; they are judged here as the rules say, and whatever the solver overlooked is added as a
formula before it is asked again. When it finds nothing more, that is a proof for every host, whatever it consists of;
when nothing was overlooked, the facts are an answer. The rule language has no arithmetic, no functions and no
recursion: therefore the asking ends.

What is known of facts besides their fields are the axioms (`planner.proof.axioms`). Rules are read here a third time,
apart from durable_rules and from `planner.engine.matcher`; tests hold the three against each other. Hosts on which the
rules find several management devices are left out: the planner refuses those as a contradiction of the rules.
"""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, islice
from typing import Any, NamedTuple

import z3

from planner.facts.vocabulary import ATTACHMENT, KINDS, STAGES, Fact, Scalar, Stage
from planner.proof.axioms import Axiom
from planner.proof.encode import CONCLUDED, Claim, Rules
from planner.proof.rows import COMPARED, FAMILIES, KEYS, Patterned, Row, family_named, positive
from planner.rules.model import Pattern, Reference, Rule, Test

# Of asking. The longest question about the shipped rules takes 110 rounds; with more, one that cannot be decided takes
# longer to say so.
ROUNDS = 400
# What z3 may do for one question, in its own units, so that the answer is the same on any machine: an idle one does
# 6 million in a second. The longest question about the shipped rules takes 14 million.
EFFORT = 200_000_000
COUNTED = 1 << 32  # z3's count of them begins anew there; as milliseconds, it is no time limit at all
BINDINGS = 4  # new matches of a rule that are added at once; more are seldom of use


class Proposed(NamedTuple):
    """A row of the solver's proposal with its values as numbers."""

    row: Row
    values: Mapping[str, int]


class First(NamedTuple):
    """The row that comes first of those that pass ``pattern``, by ``ordering``; ``means`` are the rows of aliases."""

    row: Row
    pattern: Pattern
    ordering: Test
    means: Mapping[str, Row]


# What makes a host easier to look at: kinds that it may do without, values that are usual.
PLAIN = ("foreseen", "route", "nameserver", "client", "member", "port", "address", "bond", "vlan", "bridge", "network")
USUAL: tuple[tuple[str, str, str | int], ...] = (
    *(("vdsm", name, value) for name, value in (("version", 450), ("patch", 5), ("known", 1), ("dirty", 0))),
    *(("definition", name, value) for name, value in (("network", ""), ("vlan", -1), ("mtu", 1500), ("stp", 0))),
    *(("definition", name, "") for name in ("ipv4", "nameservers")),
    *(("definition", name, value) for name, value in (("default_route_stated", 0), ("vm_network", 1))),
    *(("management", name, value) for name, value in (("family", 4), ("found_by", "address"))),
    *(("host", name, "") for name in ("lacking", "nameservers", "default_route_devices")),
)
WISHING = 60  # rounds for a plainer host; with more, one that is not to be found takes longer to give up


class Answer(NamedTuple):
    """``proved``: no facts are as the question has it, by the ``axioms``; else ``facts`` are, or nothing is known.

    ``refusals`` are the rules whose refusals a proof stands on; ``fired`` are the rules that fire on the facts;
    ``rounds`` of asking and so much ``effort`` are what it took.
    """

    verdict: str  # proved, refuted, undecided
    axioms: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    fired: tuple[str, ...] = ()
    rounds: int = 0
    effort: int = 0


class World(Rules):
    """Rules, axioms and the rows that were needed so far: all that a question is asked of."""

    def __init__(
        self,
        rules: Iterable[Rule],
        axioms: Iterable[Axiom] = (),
        others: Iterable[Patterned] = (),
        given: Collection[str] = (),
    ) -> None:
        """Speak of ``rules``; ``others`` are asked about later, so that the texts they name are known.

        Facts of the kinds ``given`` are there as they come, whatever rules conclude.
        """
        super().__init__(rules, axioms, others, given)
        self.seconds_left: Callable[[], float] = lambda: math.inf  # without any, a question is given up
        self._asked = 0
        self._firsts: dict[tuple[Any, ...], First] = {}
        self._somes: dict[tuple[Any, ...], Any] = {}

    def ask(
        self,
        *question: Any,
        rounds: int = ROUNDS,
        effort: int = EFFORT,
        without: str = "",
        wishes: Sequence[Any] = (),
    ) -> Answer:
        """Facts of which all of ``question`` is true, or the proof that there are none, within rounds and effort.

        ``without`` names a rule whose refusals do not count. ``wishes`` are true of the facts, too, as far as they can
        be; the first ones matter most.
        """
        self._asked += 1
        asked = self.truth(f"question {self._asked}")
        self.solver.add(z3.Implies(asked, self.all_of(question)))
        wished = {f"wish {self._asked} {number}": wish for number, wish in enumerate(wishes)}
        self.solver.add(*(z3.Implies(self.truth(name), wish) for name, wish in wished.items()))
        begun, spent = self._counted(), 0
        for asked_for in range(1, rounds + 1):
            if spent >= effort or self.seconds_left() <= 0:
                break
            self.solver.set("rlimit", effort - spent)
            self.solver.set("timeout", int(min(self.seconds_left() * 1000 + 1, COUNTED - 1)))
            refusals = {name: literal for name, literal in self.refusals.items() if name != without}
            found = self.solver.check(asked, *self.assumed.values(), *refusals.values(), *map(self.truth, wished))
            spent = (self._counted() - begun) % COUNTED
            if found == z3.unsat:
                core = {str(literal) for literal in self.solver.unsat_core()}
                vain = [name for name in wished if name in core]
                if vain:
                    del wished[vain[-1]]
                    continue
                axioms, rules = (
                    tuple(sorted(name for name, literal in known.items() if str(literal) in core))
                    for known in (self.assumed, refusals)
                )
                return Answer("proved", axioms, rules, (), (), asked_for, spent)
            if found == z3.unknown:
                break
            model = _Model(self.solver.model())
            proposed = self._proposed(model)
            overlooked = self._overlooked(proposed, model)
            if not overlooked:
                facts = tuple(self._fact(one) for ones in proposed.values() for one in ones)
                return Answer("refuted", (), (), facts, self._fired(model), asked_for, spent)
            self.solver.add(*overlooked)
        return Answer("undecided", rounds=rounds, effort=spent)

    def _counted(self) -> int:
        """What z3 did in this process so far, in its own units."""
        return int(self.solver.statistics().get_key_value("rlimit count"))

    def plainer(self, *question: Any, without: str = "") -> Iterator[Answer]:
        """The plainest facts of which ``question`` is true, then plain ones, which are sooner found; as for `ask`."""
        usual = [self.field(*one) for one in USUAL]
        usual += [self.field("defined", "gateway", "", family) for family in FAMILIES]
        for wishes in ([*usual, *(self.none(kind) for kind in reversed(PLAIN))], usual):
            answer = self.ask(*question, without=without, wishes=wishes, rounds=WISHING)
            if answer.verdict == "refuted":
                yield answer

    def _fired(self, model: "_Model") -> tuple[str, ...]:
        canonical = (claim for (_, tag), claim in self.claims.items() if not tag)
        return tuple(sorted(claim.rule.name for claim in canonical if model.true(claim.fires)))

    def _proposed(self, model: "_Model") -> dict[str, list[Proposed]]:
        """The facts of a model, each once."""
        found: dict[str, list[Proposed]] = {}
        for kind, rows in self.rows.items():
            known: dict[tuple[int, ...], Proposed] = {}
            for row in rows:
                if model.true(row.present):
                    values = model.values(row)
                    known.setdefault(tuple(values.values()), Proposed(row, values))
            found[kind] = list(known.values())
        return found

    def _fact(self, proposed: Proposed) -> Fact:
        declared = KINDS[proposed.row.kind].fields
        values: dict[str, Scalar] = {
            name: self.texts.spelled(value) if declared[name].type is str else value
            for name, value in proposed.values.items()
        }
        return Fact(proposed.row.kind, values, proposed.row.name)

    def _overlooked(self, proposed: dict[str, list[Proposed]], model: "_Model") -> list[Any]:
        """Formulas that a proposal contradicts: what facts are, and only of whole facts what rules make of them.

        The stage that is asked about most comes first; what finds the device is often of no account.
        """
        later = [*self._untrue(proposed, model), *self._unfired(STAGES[1:], proposed, model)]
        return later or list(self._unfired(STAGES[:1], proposed, model))

    def _untrue(self, proposed: dict[str, list[Proposed]], model: "_Model") -> Iterator[Any]:
        """Facts that no host has, or no rule concludes, and claims that a ``no`` pattern holds back."""
        yield from self._same_keys(proposed)
        for axiom in self.axioms:
            denied = (
                self._deny(axiom, env)
                for env in self._matches(axiom.when, proposed, model)
                if not any(self._witnesses(axiom.when, env, proposed, model))
            )
            yield from _first(denied)
        for rows in proposed.values():
            for one in rows:
                yield from self._justified(one.row)
        yield from self._conflicting(model)
        yield from self._later(proposed, model)
        for claim in list(self.claims.values()):
            if any(pattern.negated for pattern in claim.rule.when) and model.true(claim.fires):
                env = {alias: Proposed(row, model.values(row)) for alias, row in claim.rows.items()}
                for pattern, witness in self._witnesses(claim.rule.when, env, proposed, model):
                    refuted = z3.And(witness.row.present, self.tests(pattern, witness.row, claim.rows))
                    yield z3.Implies(claim.fires, z3.Not(refuted))

    def _unfired(self, stages: Sequence[Stage], proposed: dict[str, list[Proposed]], model: "_Model") -> Iterator[Any]:
        """Rules of these stages that match, and are not known to."""
        for (_, tag), claim in list(self.claims.items()):
            if not tag and getattr(claim.rule, "stage", STAGES[-1]) in stages:
                matched = (
                    self._matched_rule(claim, match)
                    for match in self._matches(claim.rule.when, proposed, model)
                    if not any(self._witnesses(claim.rule.when, match, proposed, model))
                )
                yield from _first(matched)

    def _same_keys(self, proposed: dict[str, list[Proposed]]) -> Iterator[Any]:
        """Two rows with the key of one fact are that fact."""
        for kind, ones in proposed.items():
            for one, other in combinations(ones, 2) if kind in KEYS else ():
                key = KEYS[kind]
                if all(one.values[name] == other.values[name] for name in key):
                    same = [one.row.fields[name] == other.row.fields[name] for name in key]
                    equal = self.all_of([one.row.fields[name] == other.row.fields[name] for name in one.row.fields])
                    there = z3.And(one.row.present, other.row.present, *same)
                    yield z3.Implies(self.assume(_unique(kind)), z3.Implies(there, equal))

    def _deny(self, axiom: Axiom, env: Mapping[str, Proposed]) -> Iterator[Any]:
        """The axiom, of these rows."""
        rows = {alias: one.row for alias, one in env.items()}
        if self._is_new("axiom", axiom.name, rows):
            matched = self.matched(axiom.when, rows)
            escapes = self._escapes(axiom, rows)
            yield z3.Implies(self.assume(axiom.name), z3.Implies(matched, self.any_of(escapes)))

    def _matched_rule(self, claim: Claim, env: Mapping[str, Proposed]) -> Iterator[Any]:
        """That the rule fires on these rows, or a ``no`` holds it back; and what follows if it speaks."""
        rows = {alias: one.row for alias, one in env.items()}
        if not self._is_new("rule", claim.rule.name, rows):
            return
        held = self.truth(f"held {claim.rule.name} {len(self.known)}")
        matched = self.matched(claim.rule.when, rows)
        yield z3.Implies(matched, z3.Or(held, *self._escapes(claim.rule, rows)))
        yield z3.Implies(held, claim.fires)
        if isinstance(claim.rule, Rule) and not claim.rule.shadow:
            yield from self._follows(claim.rule, rows, held)

    def _follows(self, rule: Rule, rows: Mapping[str, Row], held: Any) -> Iterator[Any]:
        """What a rule says of a match that holds, unless it is overridden."""
        said = z3.And(held, z3.Not(self.silenced(rule.name, rule.stage)))
        for given in rule.sets:
            is_set, value, conflict = self.setting(given.field)
            there = self.value(given, rows, ATTACHMENT[given.field])
            yield z3.Implies(said, z3.And(is_set, z3.Or(conflict, value == there)))
        for conclusion in rule.concludes:
            fields = self.concluded(conclusion.kind, conclusion.fields, rows)
            single = self.single.get(conclusion.kind)
            if single is not None:
                equal = [single.fields[name] == value for name, value in fields.items()]
                yield z3.Implies(said, z3.And(single.present, *equal))
            else:
                name = f"by {rule.name} {len(self.known)}"
                there = self.truth(f"said {name}")
                self.add(Row(conclusion.kind, name, there, fields))
                self.known.add(("justified", name))
                yield there == said

    def _is_new(self, what: str, name: str, rows: Mapping[str, Row]) -> bool:
        key = what, name, *(row.name for row in rows.values())
        new = key not in self.known
        self.known.add(key)
        return new

    def _escapes(self, rule: Patterned, rows: Mapping[str, Row]) -> list[Any]:
        """For each ``no`` pattern that there is a fact of which it speaks."""
        return [self._escape(pattern, rows) for pattern in rule.when if pattern.negated]

    def _escape(self, pattern: Pattern, rows: Mapping[str, Row]) -> Any:
        """That there is a fact of which a ``no`` pattern speaks: the only one, that of a key, the first, or some."""
        row, told = self.only(pattern.kind, family_named(pattern)), self.certain
        if row is None and _names_key(pattern):
            row, told = self._of_key(pattern, rows), self.assume(_unique(pattern.kind))
        if row is None:
            ordering = next((test for test in pattern.tests if test.op in FIRSTS and _refers(test)), None)
            row = self._first_of(pattern, ordering, rows) if ordering is not None else None
        if row is None:
            return self._some(pattern, rows)
        return z3.Implies(told, z3.And(row.present, self.tests(pattern, row, rows)))

    def _of_key(self, pattern: Pattern, rows: Mapping[str, Row]) -> Row:
        """The fact of which a ``no`` pattern names the whole key.

        It has the key's expressions for its own: who names them again, of whatever row, means the same fact. With a row
        for each, a vlan would have a device, which has a vlan, which has a device, and so on.
        """
        key = {name: self._named(test.value, rows) for name, test in _named(pattern).items()}
        asked = pattern.kind, *(one.get_id() for one in key.values())
        if asked not in self.keyed:
            name = f"keyed {len(self.keyed)}"
            self.keyed[asked] = self.row(pattern.kind, name, self.truth(name), key)
        return self.keyed[asked]

    def _named(self, value: Any, rows: Mapping[str, Row]) -> Any:
        if isinstance(value, Reference):
            return rows[value.alias].fields[value.field]
        return self.constant(self.texts.of(value))

    def _some(self, pattern: Pattern, rows: Mapping[str, Row]) -> Any:
        """That there is a fact of which a ``no`` pattern speaks; the same one for whoever asks the same."""
        key = _question(pattern, rows)
        if key not in self._somes:
            there = self._somes[key] = self.truth(f"some {len(self._somes)}")
            row = self.row(pattern.kind, f"some {len(self._somes)}", there)
            self.solver.add(z3.Implies(there, self.tests(pattern, row, rows)))
        return self._somes[key]

    def _first_of(self, pattern: Pattern, ordering: Test, rows: Mapping[str, Row]) -> Row:
        """The fact with the least (or largest) value among those that pass the other tests of a ``no`` pattern.

        Facts are finite, so there is one if there is any, and it is the one to hold against ``ordering``.
        """
        others = pattern._replace(tests=tuple(test for test in pattern.tests if test is not ordering))
        key = ordering.field, ordering.op, _question(others, rows)
        if key not in self._firsts:
            there = self.truth(f"first {len(self._firsts)}")
            row = self.row(pattern.kind, f"first {len(self._firsts)}", there)
            self.solver.add(z3.Implies(there, self.tests(others, row, rows)))
            self._firsts[key] = First(row, others, ordering, rows)
        return self._firsts[key].row

    def _later(self, proposed: dict[str, list[Proposed]], model: "_Model") -> Iterator[Any]:
        """That no fact comes before the one that is called the first."""
        for first in list(self._firsts.values()):
            name, before = first.ordering.field, COMPARED[first.ordering.op]
            named = {test.value.alias for test in first.pattern.tests if isinstance(test.value, Reference)}
            env = {alias: Proposed(first.means[alias], model.values(first.means[alias])) for alias in named}
            there, best = model.true(first.row.present), model.values(first.row)[name]
            for one in proposed[first.pattern.kind]:
                if (not there or before(one.values[name], best)) and self._passes(first.pattern, one, env, model):
                    passing = z3.And(one.row.present, self.tests(first.pattern, one.row, first.means))
                    behind = z3.Not(before(one.row.fields[name], first.row.fields[name]))
                    yield z3.Implies(passing, z3.And(first.row.present, behind))

    def _justified(self, row: Row) -> Iterator[Any]:
        """A concluded fact that is needed is one that some rule concludes."""
        if row.kind == "problem" and ("justified", row.name) not in self.known:
            self.known.add(("justified", row.name))
            equal = [self.all_of([row.fields[f] == told.fields[f] for f in row.fields]) for told in self.problems]
            given = [z3.And(told.present, same) for told, same in zip(self.problems, equal, strict=True)]
            yield z3.Implies(row.present, self.any_of(given))
        concluded = row.kind in CONCLUDED - self.given and row.kind not in self.single
        if concluded and ("justified", row.name) not in self.known:
            yield self.justification(row, row.name)

    def _conflicting(self, model: "_Model") -> Iterator[Any]:
        """Where a field's values differ, two matches of rules give it different ones."""
        for name in ATTACHMENT:
            conflict = self.conflicting(name)
            if model.true(conflict) and ("conflict", name) not in self.known:
                self.known.add(("conflict", name))
                one, other = self.number(f"one {name}"), self.number(f"other {name}")
                sayings = (
                    self.any_of([self.says(rule, given, value, f"{value}") for rule, given in self.setters[name]])
                    for value in (one, other)
                )
                yield z3.Implies(conflict, z3.And(one != other, *sayings))

    def _matches(
        self, when: Sequence[Pattern], proposed: Mapping[str, Sequence[Proposed]], model: "_Model"
    ) -> Iterator[dict[str, Proposed]]:
        """The matches of the positive patterns."""
        patterns = positive(when)

        def extend(place: int, env: dict[str, Proposed]) -> Iterator[dict[str, Proposed]]:
            if place == len(patterns):
                yield env
                return
            pattern = patterns[place]
            for one in proposed[pattern.kind]:
                if all(one is not other for other in env.values()) and self._passes(pattern, one, env, model):
                    yield from extend(place + 1, {**env, pattern.alias: one})

        yield from extend(0, {})

    def _witnesses(
        self,
        when: Sequence[Pattern],
        env: Mapping[str, Proposed],
        proposed: Mapping[str, Sequence[Proposed]],
        model: "_Model",
    ) -> Iterator[tuple[Pattern, Proposed]]:
        """The facts that a ``no`` pattern speaks of."""
        for pattern in when:
            if pattern.negated:
                yield from ((pattern, one) for one in proposed[pattern.kind] if self._passes(pattern, one, env, model))

    def _passes(self, pattern: Pattern, one: Proposed, env: Mapping[str, Proposed], model: "_Model") -> bool:
        return all(self._holds(test, pattern, one, env, model) for test in pattern.tests)

    def _holds(self, test: Test, pattern: Pattern, one: Proposed, env: Mapping[str, Proposed], model: "_Model") -> bool:
        declared = KINDS[pattern.kind].fields[test.field].type
        value = one.values[test.field]
        if isinstance(test.value, Reference):
            other = env[test.value.alias]
            same = KINDS[other.row.kind].fields[test.value.field].type is declared
            return same and bool(COMPARED[test.op](value, other.values[test.value.field]))
        if isinstance(test.value, tuple):
            found = any(isinstance(each, declared) and self.texts.of(each) == value for each in test.value)
            whole = all(isinstance(each, declared) for each in test.value)
            return found if test.op == "in" else whole and not found
        if test.op == "matches":
            return declared is str and model.true(self.expression(str(test.value))(value))
        return isinstance(test.value, declared) and bool(COMPARED[test.op](value, self.texts.of(test.value)))


def _question(pattern: Pattern, rows: Mapping[str, Row]) -> tuple[Any, ...]:
    """What a pattern asks, and of which rows."""
    asked = tuple((test.field, test.op, test.value) for test in pattern.tests)
    means = tuple(rows[test.value.alias].name for test in pattern.tests if isinstance(test.value, Reference))
    return pattern.kind, asked, means


def _unique(kind: str) -> str:
    """The axiom that a key tells a fact from all others of its kind."""
    key = KEYS[kind]
    return f"one {kind} by {' and '.join(key)}" if key else f"one {kind}"


def _names_key(pattern: Pattern) -> bool:
    """Whether a pattern takes the whole key of a fact from others."""
    return len(_named(pattern)) == len(KEYS.get(pattern.kind, ("",)))


def _named(pattern: Pattern) -> dict[str, Test]:
    """The tests of a pattern that name a part of the key, from other facts or by a value of its type."""
    declared = KINDS[pattern.kind].fields
    named = {test.field: test for test in pattern.tests if test.op == "is"}
    return {
        name: named[name]
        for name in KEYS.get(pattern.kind, ())
        if name in named and isinstance(named[name].value, Reference | declared[name].type)
    }


def _refers(test: Test) -> bool:
    return isinstance(test.value, Reference)


FIRSTS = ("lt", "gt")


class _Model:
    """What the solver proposes; the values of a row are looked up once."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.known: dict[str, dict[str, int]] = {}

    def true(self, formula: Any) -> bool:
        return bool(z3.is_true(self._model.eval(formula, model_completion=True)))

    def values(self, row: Row) -> dict[str, int]:
        if row.name not in self.known:
            self.known[row.name] = {
                name: self._model.eval(value, model_completion=True).as_long() for name, value in row.fields.items()
            }
        return self.known[row.name]


def _first(found: Iterable[Iterator[Any]]) -> Iterator[Any]:
    """The formulas of the first `BINDINGS` that have any: the rest may be settled by then."""
    told = (formulas for formulas in map(list, found) if formulas)
    for formulas in islice(told, BINDINGS):
        yield from formulas
