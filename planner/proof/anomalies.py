"""What is wrong with rules that stand together, decided for every host.

Rules that are dead, shadowed or redundant, rules that contradict each other, and hosts that no rule speaks of. Each
question is asked of as few rules as decide it. What other stages conclude is taken as it comes where that is enough for
a proof; of conflicts and gaps the stages are chained where it is not.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, combinations
from typing import Any, NamedTuple

import z3

from planner.engine.matcher import Memory, match
from planner.facts.vocabulary import ATTACHMENT, DEVICES, KINDS, STAGES, Fact, Scalar
from planner.problem import Problem, Where
from planner.proof.ask import EFFORT, PLAIN, ROUNDS, Answer, World
from planner.proof.axioms import axioms
from planner.proof.rows import ALWAYS, Patterned, positive
from planner.proof.witness import Witness, witness_of
from planner.rules.model import Assignment, Pattern, Reference, Rule, Test
from planner.rules.steps import steps_of

# What the rules of other stages make: taken as it comes where it does not matter how they do.
CONCLUDED = tuple(kind for kind, declared in KINDS.items() if declared.concluded_in)
DEVISED = ("attachment", "addressing")  # made of what rules set
HINT = "take it out, unless it is there for whoever reads the rule"
FEW = 30  # rounds of asking for a small host; most are found within ten
# Rounds of each start: the solver is led astray now and then, and adds devices without end. Begun anew with another
# seed, every other start is not. Of the shipped rules nearly all is decided at the first one; gaps take 80 rounds.
STARTS = (*(12, 12, 12, 12, 24) * 3, 48, 96, ROUNDS)
OTHER_SEEDS = (100, 200)  # where no capture has the facts that were found; each takes as long as the question did
LONG_STARTS = (120, 24, 24, 120, 24, 48, ROUNDS)


class Decided(NamedTuple):
    """The ``answer`` to a ``question``, and the world of which it was asked."""

    world: World
    question: Any
    answer: Answer


class Conflict(NamedTuple):
    """Two rules (or one, twice) that give a field different values, and hosts that may show it, the plainest first."""

    rules: tuple[Rule, Rule]
    fields: tuple[str, ...]
    witnesses: Iterator[Witness]


class Gap(NamedTuple):
    """What the management address is on where no rule says a word, and hosts that may show it, the plainest first."""

    topology: str
    witnesses: Iterator[Witness]


class Examination:
    """Questions about rules; counts those that were decided, and keeps the others in words."""

    def __init__(self, rules: Iterable[Rule], bases: Collection[Rule] = ()) -> None:
        """Examine ``rules``, those that are disabled left out; nothing is asked of ``bases`` alone, a part of them."""
        self.rules = tuple(rules)
        self.own = {rule.name for rule in self.rules} - {rule.name for rule in bases}
        self.by_name = {rule.name: rule for rule in self.rules}
        self.decided = 0
        self.undecided: list[str] = []

    def dead(self, rule: Rule) -> Problem | None:
        """That the rule can never fire, told at the first pattern with which that is certain."""
        if (
            rule.name not in self.own
            or self._count(self._possible(rule.when), f"whether {rule.name} can fire") != "proved"
        ):
            return None
        prefixes = (rule.when[:length] for length in range(1, len(rule.when) + 1))
        patterns, answer = next(
            (prefix, answer) for prefix in prefixes if (answer := self._possible(prefix)).verdict == "proved"
        )
        place = Where(rule.source, line=patterns[-1].line, column=patterns[-1].column)
        negated = patterns[-1].negated
        hint = "test for something more, or take the rule out" if negated else "take a test out, or the rule"
        message = f"the rule can never fire: {self._clash(patterns, answer)}"
        return Problem("never-fires", message, hint, rule=rule.name, where=(place,))

    def shadowed(self, rule: Rule) -> Problem | None:
        """That others override the rule wherever it matches."""
        over = self._overriders(rule)
        if rule.shadow or not over or not self._own(rule):
            return None
        standing = self._standing([rule])
        answer = self._decide(lambda world: world.speaks(rule.name), standing, CONCLUDED).answer
        if self._count(answer, f"whether {rule.name} ever speaks") != "proved":
            return None

        def without(other: Rule) -> Callable[[World], Any]:
            return lambda world: z3.And(world.fires(rule.name), z3.Not(world.speaks(other.name)))

        alone = ([one] for one in over if self._decide(without(one), standing, CONCLUDED).answer.verdict == "proved")
        by = next(alone, over)
        names = " or ".join(one.name for one in by)
        message = f"{rule.name} never speaks: wherever it matches, {names} matches too and overrides it"
        hint = f"narrow the `when` of {names}, or take {rule.name} out"
        places = tuple(Where(one.source, line=one.line, column=1) for one in (rule, *by))
        return Problem("always-overridden", message, hint, "warning", rule=rule.name, where=places)

    def pairs(self) -> Iterator[tuple[Rule, Rule]]:
        """Each two rules, or one twice, that give one field values that may differ."""
        setting = [rule for rule in self.rules if assignments(rule) and not rule.shadow]
        for one, other in [*combinations(setting, 2), *((rule, rule) for rule in setting)]:
            apart = one.stage != other.stage or one.name in other.overrides or other.name in one.overrides
            if not apart and _rivalling(one, other) and self._own(one, other):
                yield one, other

    def conflict(self, one: Rule, other: Rule) -> Conflict | None:
        """Whether two rules (or one, twice) give a field different values on some host, or may."""
        fields = _rivalling(one, other)
        told = f"whether {one.name} and {other.name} give {' or '.join(fields)} different values"
        standing = self._standing([one, other])
        tries: list[tuple[list[Rule], Sequence[str]]] = [(standing, CONCLUDED)]
        if one.stage != STAGES[0]:  # of which no stage comes before
            tries.append((self._chain(standing), ()))
        for rules, given in tries:
            decide = partial(self._decide, lambda world: _differ(world, one, other, fields), rules, given)
            decided = decide()
            if decided.answer.verdict == "proved":
                break
        if self._count(decided.answer, told) != "refuted":
            return None
        return Conflict((one, other), fields, _witnesses(decided, decide))

    def gaps(self) -> Iterator[Gap]:
        """Each thing on which the management address may be, and no rule attaches, complies, or refuses."""
        if not any(given.field == "iface" for rule in self.rules for given in rule.sets):
            return  # a part of a policy, which attaches nothing anywhere
        unattached = Examination(rule for rule in self.rules if not _wants_attachment(rule))
        covering = [rule for rule in unattached.rules if not rule.shadow and _covers(rule)]
        rules = unattached._chain(unattached._standing(covering))
        attaching = [rule._replace(sets=tuple(one for one in rule.sets if one.field == "iface")) for rule in rules]
        answer = self._decide(_left_over, attaching, starts=LONG_STARTS).answer
        if self._count(answer, "whether every host is attached to, complies or is refused") != "refuted":
            return

        def on(topology: Rule) -> Callable[[World], Any]:
            return lambda world: z3.And(_left_over(world), world.claim(topology).fires)

        for topology in TOPOLOGIES:
            told = f"whether a host with the address on {topology.name} is attached to, complies or is refused"
            decide = partial(self._decide, on(topology), attaching, (), [topology], LONG_STARTS)
            decided = decide()
            if self._count(decided.answer, told) == "refuted":
                yield Gap(topology.name, _witnesses(decided, decide))

    def redundant_rule(self, rule: Rule) -> Problem | None:
        """That whatever the rule says is said by others whenever it speaks; not looked for of rules that conclude."""
        said = _said(rule)
        others = [one for one in self.rules if one.stage == rule.stage and one is not rule and not one.shadow]
        by = [one for one in others if said & _said(one)]
        if rule.shadow or rule.concludes or not said or not said <= {word for one in by for word in _said(one)}:
            return None
        silenced = [self.by_name[name] for name in rule.overrides if name in self.by_name]

        def matters(world: World) -> Any:
            alone = [*_unsaid(world, rule, by), *(world.fires(one.name) for one in silenced)]
            return z3.And(world.speaks(rule.name), world.any_of(alone))

        answer = self._decide(matters, self._standing([rule, *by, *silenced]), CONCLUDED).answer
        if self._count(answer, f"whether {rule.name} says anything of its own") != "proved":
            return None
        place = Where(rule.source, line=rule.line, column=1)
        message = f"whatever {rule.name} says is said without it, by {', '.join(one.name for one in by)}"
        return Problem("redundant-rule", message, HINT, "note", rule=rule.name, where=(place,))

    def redundant_tests(self, rule: Rule) -> Iterator[Problem]:
        """Each test without which the rule would match the same facts on every host."""
        for place, pattern in enumerate(rule.when):
            for test in pattern.tests:
                answer = self._decide(_matters(rule, place, test), [], CONCLUDED, [rule]).answer
                told = f"whether {rule.name} needs {pattern.kind}.{test.field} of line {test.line}"
                if self._count(answer, told) == "proved":
                    message = (
                        f"{pattern.kind}.{test.field} need not be tested: that follows from the rest{_given(answer)}"
                    )
                    where = (Where(rule.source, line=test.line, column=test.column),)
                    yield Problem("redundant-test", message, HINT, "note", rule=rule.name, where=where)

    def _own(self, *rules: Rule) -> bool:
        """Whether these rules, or what silences them, are not those of a base alone."""
        return any(rule.name in self.own for rule in self._standing(rules))

    def _count(self, answer: Answer, told: str) -> str:
        if answer.verdict == "undecided":
            self.undecided.append(told)
        else:
            self.decided += 1
        return answer.verdict

    def _decide(
        self,
        question: Callable[[World], Any],
        rules: Sequence[Rule],
        given: Sequence[str] = (),
        others: Sequence[Patterned] = (),
        starts: Sequence[int] = STARTS,
        seed: int = 0,
    ) -> Decided:
        """The answer to a question about ``rules``, asked anew within `EFFORT`; another ``seed``, other facts.

        Where conclusions are ``given``, rules conclude nothing themselves: two matches of one may want two devices.
        """
        rules = [rule._replace(concludes=()) for rule in rules] if given else rules
        effort = EFFORT
        for seeded, rounds in enumerate(starts, seed):
            world = World(rules, axioms(), others, given)
            world.solver.set("random_seed", seeded)
            if given:
                world.solver.set(
                    "phase_selection", 0
                )  # what is not chained, in a third of the time; the rest takes longer
            asked = question(world)
            answer = _ask(world, asked, rounds, effort)
            effort -= answer.effort
            if answer.verdict != "undecided" or effort <= 0:
                break
        return Decided(world, asked, answer)

    def _possible(self, patterns: tuple[Pattern, ...]) -> Answer:
        """Whether some host has facts that match the patterns, whatever rules conclude."""
        asked = Rule("asked", "guard", "", when=patterns)
        return self._decide(lambda world: world.claim(asked).fires, [], CONCLUDED, [asked]).answer

    def _overriders(self, rule: Rule) -> list[Rule]:
        named = (one for one in self.rules if rule.name in one.overrides and one.stage == rule.stage)
        return [one for one in named if not one.shadow and one is not rule]

    def _standing(self, rules: Sequence[Rule]) -> list[Rule]:
        """The rules with those that override them, and those that override these."""
        return _closed(rules, self._overriders)

    def _chain(self, rules: Sequence[Rule]) -> list[Rule]:
        """The rules with all that conclude the facts that they look at."""

        def before(rule: Rule) -> Iterator[Rule]:
            kinds = {pattern.kind for pattern in rule.when}
            yield from self._overriders(rule)
            for one in (one for one in self.rules if not one.shadow):
                if any(conclusion.kind in kinds for conclusion in one.concludes) or (one.sets and kinds & {*DEVISED}):
                    yield one

        return _closed(rules, before)

    def _clash(self, patterns: tuple[Pattern, ...], answer: Answer) -> str:
        """Why the last pattern cannot go with those before it."""
        *before, pattern = patterns
        if pattern.negated:
            if pattern.kind in ALWAYS and not pattern.tests:
                return f"every host has a {pattern.kind}"
            return f"the patterns above ask for a {pattern.kind} that this `no` excludes"
        return self._unlike_any(pattern) or self._unlike_those(before, pattern, answer)

    def _unlike_any(self, pattern: Pattern) -> str:
        """Which field no fact has so."""
        constant = _within(pattern, ()).tests
        for name in dict.fromkeys(test.field for test in constant):
            alone = pattern._replace(tests=tuple(test for test in constant if test.field == name))
            known = self._possible((alone,))
            if known.verdict == "proved":
                most = KINDS[pattern.kind].fields[name].most
                if most and not known.axioms:
                    return f"{pattern.kind}.{name} is from 0 to {most}, or -1"
                return f"no {pattern.kind} has such a {name}{_given(known)}"
        return ""

    def _unlike_those(self, before: Sequence[Pattern], pattern: Pattern, answer: Answer) -> str:
        """Which of the patterns before it the pattern cannot go with."""
        for kind in DEVICES:
            if {f"a {kind} is no {pattern.kind}", f"a {pattern.kind} is no {kind}"} & {*answer.axioms}:
                return f"this {pattern.kind} would have the name of a {kind}, and no two devices share one"
        for other in (other for other in before if other.kind == pattern.kind and not other.negated):
            if self._possible((_within(other, ()), _within(pattern, (other.alias,)))).verdict == "proved":
                return f"this {pattern.kind} and that of line {other.line} would be one"
        return f"no {pattern.kind} goes with the patterns above{_given(answer)}"


def assignments(rule: Rule) -> dict[str, Assignment]:
    """What a rule sets, by field; the management device counts as one."""
    found = {given.field: given for given in rule.sets}
    for conclusion in rule.concludes:
        if conclusion.kind == "management":
            found |= {f"management.{given.field}": given for given in conclusion.fields if given.field == "device"}
    return found


def _ask(world: World, question: Any, rounds: int, effort: int) -> Answer:
    """The answer, looked for first among hosts of few kinds of facts, which are quicker to find."""
    wanted = {pattern.kind for claim in world.claims.values() for pattern in positive(claim.rule.when)}
    few = [world.none(kind) for kind in PLAIN if kind not in wanted and kind != "address"]
    found = world.ask(question, *few, rounds=min(rounds, FEW), effort=effort)
    if found.verdict == "refuted":
        return found
    answer = world.ask(question, rounds=rounds, effort=effort - found.effort)
    return answer._replace(effort=found.effort + answer.effort)


def _rivalling(one: Rule, other: Rule) -> tuple[str, ...]:
    """The fields that both give values to, but for those of the same constant."""
    ours, theirs = assignments(one), assignments(other)
    return tuple(
        field
        for field, given in ours.items()
        if field in theirs and (given.value != theirs[field].value or isinstance(given.value, Reference))
    )


def _differ(world: World, one: Rule, other: Rule, fields: Sequence[str]) -> Any:
    """That both speak, and give one of the fields different values; of one rule, by two matches."""
    first, second = world.claim(world.rules[one.name]), world.claim(world.rules[other.name], "other" * (one is other))
    ours, theirs = assignments(one), assignments(other)
    differing = []
    for field in fields:
        declared = ATTACHMENT.get(field) or KINDS["management"].fields["device"]
        one_value = world.value(ours[field], first.rows, declared)
        differing.append(one_value != world.value(theirs[field], second.rows, declared))
    return z3.And(world.speaks(one.name), world.speaks(other.name), second.fires, world.any_of(differing))


def _witnesses(decided: Decided, decide: Callable[..., Decided]) -> Iterator[Witness]:
    """Hosts of which the question is true, the plainest first; if none of them will do, those of other seeds."""
    for found in chain([decided], (decide(seed=seed) for seed in OTHER_SEEDS)):
        if found.answer.verdict == "refuted":
            for plain in chain(found.world.plainer(found.question), [found.answer]):
                yield witness_of(plain.facts)


def _left_over(world: World) -> Any:
    """That the management device is found, and no rule attaches, complies or refuses."""
    spoken = z3.Or(world.attached, world.refused, world.compliant, world.conflict)
    return z3.And(world.single["management"].present, z3.Not(spoken))


def _matters(rule: Rule, place: int, test: Test) -> Callable[[World], Any]:
    """That a fact fails ``test`` of the pattern at ``place``, and passes all the rest of the rule."""
    pattern = rule.when[place]
    others = pattern._replace(tests=tuple(one for one in pattern.tests if one is not test))
    rule = rule._replace(concludes=())
    bare = rule._replace(when=(*rule.when[:place], others, *rule.when[place + 1 :]))

    def question(world: World) -> Any:
        claim = world.claim(rule if pattern.negated else bare)
        row = claim.rows[pattern.alias] if not pattern.negated else world.row(pattern.kind, "more", claim.fires)
        alone = world.tests(pattern._replace(tests=(test,)), row, claim.rows)
        return z3.And(claim.fires, world.tests(others, row, claim.rows), z3.Not(alone))

    return question


def _closed(rules: Sequence[Rule], more: Callable[[Rule], Iterable[Rule]]) -> list[Rule]:
    """The rules with ``more`` for each, and for each of those."""
    found: dict[str, Rule] = {}
    waiting = list(rules)
    while waiting:
        rule = waiting.pop()
        if rule.name not in found:
            found[rule.name] = rule
            waiting += more(rule)
    return list(found.values())


def _wants_attachment(rule: Rule) -> bool:
    return any(pattern.kind in DEVISED and not pattern.negated for pattern in rule.when)


def _covers(rule: Rule) -> bool:
    """Whether no host is left over on which the rule speaks, or it finds the device."""
    concluding = any(conclusion.kind in ("management", "compliant") for conclusion in rule.concludes)
    return rule.refuses or concluding or any(given.field == "iface" for given in rule.sets)


def _said(rule: Rule) -> set[tuple[str, str]]:
    """The fields that a rule sets, and its verdicts, so that they can be compared with those of others."""
    return {("set", given.field) for given in rule.sets} | {(one.severity, one.code) for one in rule.verdicts}


def _unsaid(world: World, rule: Rule, by: Sequence[Rule]) -> Iterator[Any]:
    """For each thing that a rule says that none of the others says it."""
    for given in rule.sets:
        value = world.value(given, world.claim(rule).rows, ATTACHMENT[given.field])
        alike = [(one, assigned) for one in by for assigned in one.sets if assigned.field == given.field]
        yield z3.Not(world.any_of([world.says(one, assigned, value) for one, assigned in alike]))
    for verdict in rule.verdicts:
        yield z3.Not(
            world.any_of([world.speaks(one.name) for one in by if (verdict.severity, verdict.code) in _said(one)])
        )


def _given(answer: Answer) -> str:
    """What a proof takes for granted, in brackets."""
    return f" ({'; '.join(answer.axioms)})" if answer.axioms else ""


def _within(pattern: Pattern, aliases: Sequence[str]) -> Pattern:
    """The pattern with those of its tests that speak of nothing but these aliases."""
    tests = (t for t in pattern.tests if not isinstance(t.value, Reference) or t.value.alias in aliases)
    return pattern._replace(tests=tuple(tests))


def _pattern(kind: str, **tests: Scalar | Reference | tuple[Scalar, ...]) -> Pattern:
    listed = (isinstance(value, tuple) and not isinstance(value, Reference) for value in tests.values())
    asked = tuple(
        Test(name, "in" if several else "is", value, 1, 1)
        for (name, value), several in zip(tests.items(), listed, strict=True)
    )
    return Pattern(kind, kind, negated=False, tests=asked, line=1, column=1)


def _topologies() -> Iterator[Rule]:
    """What the management address may be on, each as patterns; together they are all there is."""
    device = Reference("management", "device")
    network = _pattern("network", device=device)
    stranger = network._replace(negated=True)
    for kind in ("nic", "bond"):
        yield Rule(f"a {kind}", "guard", "", when=(_pattern("management"), stranger, _pattern(kind, name=device)))
    bases: dict[str, tuple[Scalar, ...]] = {"a nic": ("nic",), "a bond": ("bond",), "": ("vlan", "bridge", "unlisted")}
    for over, kinds in bases.items():
        vlan = _pattern("vlan", name=device, base_kind=kinds)
        name = f"a vlan over {over or 'something else'}"
        yield Rule(name, "guard", "", when=(_pattern("management"), stranger, vlan))
    bridge = _pattern("bridge", name=device)
    yield Rule("a bridge that is not VDSM's", "guard", "", when=(_pattern("management"), stranger, bridge))
    yield Rule("a network of VDSM's", "guard", "", when=(_pattern("management"), network))


TOPOLOGIES = tuple(_topologies())


def topology_of(facts: Sequence[Fact]) -> str:
    """What the management address is on, among all the facts of a host and what rules conclude of it."""
    firings = match(steps_of(TOPOLOGIES), Memory(facts), range(len(TOPOLOGIES))).firings
    return firings[0].rule if firings else "a host whose management device is not found"
