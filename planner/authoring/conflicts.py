"""Two rules that set one field to different values, each time with a host that shows it.

Hosts are looked for among those of every shape and those given, and then by bending a shape towards the rules: a rule
that does not fire says which pattern failed, and the capture is changed there. The search ends after so many plans.
"""

from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from planner.authoring.bending import bent, varied
from planner.authoring.findings import Finding, Witness, excerpt
from planner.authoring.golden import Trial, try_out
from planner.authoring.rivals import DEVICE, Rivals, rivals
from planner.authoring.shapes import Shape
from planner.engine.compiled import Compiled
from planner.engine.decide import Said
from planner.engine.matcher import Memory
from planner.engine.misses import furthest
from planner.problem import Problem, Where
from planner.rules.model import Fact, Rule

# Plans made for one pair of rules, and in all: 5 ms each. Fewer would miss a host that is several changes away from
# every shape; more, and nobody runs the check before each commit.
MOST_PLANS_FOR_A_PAIR = 40
MOST_PLANS = 1200
MOST_STARTS = 6  # topologies that a pair is tried on, those that are nearest to it


class Tried(NamedTuple):
    """What the rules make of one host."""

    trial: Trial
    shape: Shape | None


class Conflict(NamedTuple):
    """Two rules (or one, twice) that want different values of a field, and the host."""

    rules: tuple[Rule, Rule]
    fields: tuple[str, ...]
    said: tuple[Said, Said]
    witness: Witness

    @property
    def names(self) -> frozenset[str]:
        """The two rules."""
        return frozenset(rule.name for rule in self.rules)


def conflicts(compiled: Compiled, tried: Sequence[Tried]) -> Iterator[Conflict]:
    """Every conflict that the hosts ``tried`` show, and those of further hosts that are bent to show one."""
    known: set[frozenset[str]] = set()
    for one in tried:
        for conflict in _shown(compiled, one):
            if conflict.names not in known:
                known.add(conflict.names)
                yield conflict
    plans = MOST_PLANS
    for pair in rivals(tuple(_acting(compiled))):
        if pair.names in known or plans <= 0:
            continue
        search = _Search(compiled, pair, min(plans, MOST_PLANS_FOR_A_PAIR))
        found = search.run([one for one in tried if one.shape is not None])
        plans -= search.spent
        if found is not None:
            known.add(pair.names)
            yield found


def advice(conflict: Conflict, ruleset: str) -> Finding:
    """The conflict as a problem with its host, at the rule that the author of ``ruleset`` can edit."""
    both = sorted(zip(conflict.rules, conflict.said, strict=True), key=lambda pair: pair[0].origin != ruleset)
    claims = " and ".join(f"{said.rule} says {said.value!r}" for _, said in both)
    more = f", and differ in {', '.join(conflict.fields[1:])}" if len(conflict.fields) > 1 else ""
    host = conflict.witness.case.name
    if len(conflict.names) == 2:
        message = f"two rules set {conflict.fields[0]} to different values on {host}: {claims}{more}"
        hint = "let one of them name the other under `overrides`, or narrow its `when`"
    else:
        message = f"the rule sets {conflict.fields[0]} to different values on {host}: {claims}{more}"
        hint = "narrow its patterns so that only one of the facts matches"
    places = dict.fromkeys(Where(rule.source, line=_line(said) or rule.line) for rule, said in both)
    problem = Problem("possible-conflict", message, hint, rule=both[0][0].name, where=tuple(places))
    return Finding(problem, conflict.witness)


def _line(said: Said) -> int:
    return int(said.at.rpartition(":")[2] or 0)


def _acting(compiled: Compiled) -> Iterable[Rule]:
    gone = {name for name, _ in compiled.ruleset.disabled}
    return (rule for rule in compiled.ruleset.rules if rule.name not in gone)


def _shown(compiled: Compiled, tried: Tried) -> Iterator[Conflict]:
    """The conflicts on one host."""
    located, devised, _ = tried.trial.judgements
    found = [saying._replace(field=DEVICE) for saying in located.found]
    by_field: dict[str, list[Said]] = {}
    rivalling = len({saying.value for saying in found}) > 1  # then what devise says is but a consequence
    for saying in found if rivalling else devised.said:
        by_field.setdefault(saying.field, []).append(saying)
    differing: dict[tuple[str, str], list[tuple[Said, Said]]] = {}
    for sayings in by_field.values():
        one = sayings[0]
        for two in sayings[1:]:
            if two.value != one.value:
                differing.setdefault((one.rule, two.rule), []).append((one, two))
    for names, pairs in differing.items():
        rules = (compiled.by_name[names[0]], compiled.by_name[names[1]])
        fields = tuple(dict.fromkeys(one.field for one, _ in pairs))
        facts = devised.facts if fields[0] != DEVICE else located.facts
        kinds, places = (
            {pattern.kind for rule in rules for pattern in rule.when},
            {*pairs[0][0].facts, *pairs[0][1].facts},
        )
        seen = [fact for fact in facts if fact.kind in kinds and fact.path in places]
        witness = Witness(tried.trial.case, tried.shape, excerpt(seen, rules))
        yield Conflict(rules, fields, pairs[0], witness)


class _Search:
    """The search for a host on which both rules of a pair fire and differ."""

    def __init__(self, compiled: Compiled, pair: Rivals, plans: int) -> None:
        self.compiled, self.pair, self.plans = compiled, pair, plans
        self.spent = 0

    def run(self, starts: Sequence[Tried]) -> Conflict | None:
        """The first host found, from the shapes on which the pair gets furthest, each topology once."""
        nearest: dict[str, Tried] = {}
        for one in sorted(starts, key=lambda one: self._missing(one.trial)):
            nearest.setdefault(one.shape.topology if one.shape else "", one)
        for one in list(nearest.values())[:MOST_STARTS]:
            found = self._from(one)
            if found is not None or self.spent >= self.plans:
                return found
        return None

    def _from(self, start: Tried) -> Conflict | None:
        """Bend ``start``, and on from whatever is nearest to both rules."""
        waiting, seen = [(self._missing(start.trial), 0, start)], {repr(start.shape)}
        share = self.spent + self.plans // MOST_STARTS + 1
        while waiting:
            for shape in self._further(heappop(waiting)[2]):
                case = shape.case() if repr(shape) not in seen else None
                if case is None:
                    continue
                if self.spent >= min(self.plans, share):
                    return None
                seen.add(repr(shape))
                self.spent += 1
                tried = Tried(try_out(case, self.compiled), shape)
                found = self._found(tried)
                if found is not None:
                    return found
                heappush(waiting, (self._missing(tried.trial), self.spent, tried))
        return None

    def _found(self, tried: Tried) -> Conflict | None:
        shown = (conflict for conflict in _shown(self.compiled, tried) if conflict.names == self.pair.names)
        return next(shown, None)

    def _further(self, tried: Tried) -> Iterator[Shape]:
        if tried.shape is None:
            return
        facts = self._facts(tried.trial)
        memory = Memory(facts)
        rules = (self.pair.first, self.pair.second)
        missed = [(rule, failed) for rule in rules if (failed := furthest(rule, memory)) is not None]
        for rule, (position, bound) in missed:
            known = {alias: facts[index] for alias, index in bound.items()}
            yield from bent(tried.shape, rule.when[position], facts, known)
        for rule in () if missed else rules:  # both fire, and want the same by chance
            yield from varied(tried.shape, rule, facts)

    def _facts(self, trial: Trial) -> list[Fact]:
        stage = self.pair.first.stage
        return list(next(judgement.facts for judgement in trial.judgements if judgement.stage == stage))

    def _missing(self, trial: Trial) -> int:
        """How many patterns of the two rules find no fact yet; twice if no fact of that kind is there at all."""
        memory = Memory(self._facts(trial))
        missing = 0
        for rule in (self.pair.first, self.pair.second):
            missed = furthest(rule, memory)
            left = rule.when[missed[0] :] if missed is not None else ()
            missing += len(left) + sum(not pattern.negated and not memory.of_kind(pattern.kind) for pattern in left)
        return missing
