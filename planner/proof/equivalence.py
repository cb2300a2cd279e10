"""Whether two rulesets give the same plan on every host, whatever it consists of, or which hosts they tell apart.

A stage of the second ruleset sees the facts that it sees by the first, unless a rule says something else before. So it
is enough to ask, with the facts as the first ruleset makes them: is there a host on which a rule matches, and what is
that rule in the other ruleset does not? Each such question is a `Doubt`, in the words of the rule language. If none is
left, the plans are the same on every host; where one is left, the planner is run on the host that the solver finds.
Plans are the same if `planner.authoring.differences` finds no difference.

Hosts on which a ruleset finds several management devices are none of its facts (`planner.proof.ask`). Where the
rulesets find them differently, it is asked the other way about, too: left out are hosts on which both find several, and
which both refuse.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Literal, NamedTuple

import z3

from planner.facts.vocabulary import KINDS, STAGES, Stage
from planner.proof.ask import Answer, World
from planner.proof.axioms import axioms
from planner.proof.rows import KEYS, positive
from planner.proof.witness import Witness, witness_of
from planner.rules.model import OPPOSITE, Pattern, Reference, Rule, Test

ROUNDS = 25  # of dispelling a doubt; of 25 that could be dispelled none took more than 10
FEWER = 15  # where many are asked about, most of which cannot be dispelled
When = tuple[Pattern, ...]
Rules = Mapping[str, Rule]  # by name, without where things stand in their files
Turn = Literal["stricter", "wider", "otherwise"]
Verdict = Literal["same", "words", "stricter", "wider", "different", "undecided"]


class Doubt(NamedTuple):
    """A rule that may say what it does not say in the other ruleset: where ``when`` is matched.

    ``turns`` are what the second ruleset becomes by it: stricter, wider, or otherwise; nothing, where words change.
    ``silenced`` is the stage in which the rule says nothing if it is overridden; none, if the first ruleset has no such
    rule. ``beside`` names a rule that has to fire, too, as one that is overridden in one ruleset only. ``backwards``:
    it is asked of the facts as the second ruleset makes them.
    """

    name: str
    rule: str
    when: When
    turns: frozenset[Turn]
    silenced: Stage | None = None
    beside: str = ""
    backwards: bool = False


class Equivalence(NamedTuple):
    """What was found out of two rulesets.

    ``same``: every plan is; ``words``: every decision is, and what is said beside it is not; ``stricter``: the second
    refuses more, and decides of the others the same; ``wider``: it refuses less. ``axioms`` are what that stands on,
    ``rules`` those that may say something else; ``witness`` is a host that gets another plan, by the planner itself.
    """

    verdict: Verdict
    axioms: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    witness: Witness | None = None


def equivalence(before: Rules, after: Rules, differ: Callable[[Witness], bool]) -> Equivalence:
    """Compare two rulesets on every host; ``differ`` plans a host by both, and tells whether the plans differ."""
    doubts = list(doubts_between(before, after))
    answers = {doubt: _dispelled(before, after, doubt) for doubt in doubts}
    left = [doubt for doubt in doubts if answers[doubt].verdict != "proved"]
    if left:  # a rule that silences may be silent itself in the other ruleset
        steady = _steady(before, after)
        answers |= {doubt: _dispelled(before, after, doubt, steady) for doubt in doubts if doubt not in left}
        left = [doubt for doubt in doubts if answers[doubt].verdict != "proved"]
    used = tuple(sorted({axiom for answer in answers.values() for axiom in answer.axioms}))
    if not left:
        return Equivalence("same", used)
    rules = tuple(dict.fromkeys(doubt.rule for doubt in left))
    verdict = _verdict(left)
    left.sort(key=lambda doubt: not doubt.turns)  # a host that is decided of otherwise says more than another word
    shown = (_shown(before, after, doubt, differ) for doubt in left)
    witness = next((one for one in shown if one is not None), None)
    if verdict == "different" and witness is None:
        return Equivalence("undecided", (), rules)
    return Equivalence(verdict, () if verdict == "different" else used, rules, witness)


def same(before: Rules, after: Rules) -> bool:
    """Whether it is proved that two rulesets give the same plan on every host."""
    doubts = doubts_between(before, after)
    return all(_dispelled(before, after, doubt, rounds=FEWER).verdict == "proved" for doubt in doubts)


def _world(before: Rules, after: Rules, doubt: Doubt) -> World:
    """What one doubt is asked of; of all doubts together it takes longer."""
    known, other = (after, before) if doubt.backwards else (before, after)
    return World(known.values(), axioms(), [doubt, *other.values()])


def _dispelled(
    before: Rules, after: Rules, doubt: Doubt, steady: frozenset[str] | None = None, rounds: int = ROUNDS
) -> Answer:
    """The proof that the doubt is never justified, if there is one."""
    world = _world(before, after, doubt)
    return world.ask(_formula(world, doubt, steady), rounds=rounds)


def doubts_between(before: Rules, after: Rules) -> Iterator[Doubt]:
    """Every doubt whether two rulesets say the same; without any they do."""
    yield from _differing(before, after)
    for doubt in _differing(after, before):
        if any(rules[doubt.rule].stage == STAGES[0] for rules in (before, after) if doubt.rule in rules):
            yield doubt._replace(name=f"{doubt.name} backwards", turns=frozenset(["otherwise"]), backwards=True)


def _differing(before: Rules, after: Rules) -> Iterator[Doubt]:
    """The doubts with the facts as ``before`` makes them."""
    for name in dict.fromkeys((*before, *after)):
        was, now = before.get(name), after.get(name)
        if was is not None and now is not None and _comparable(was, now):
            yield from _doubts(was, now, before, after)
        elif was != now:
            if was is not None:
                turns = _turns(was, before, gained=False)
                yield Doubt(f"{name} gone", name, was.when, turns, _silenced(was))
            if now is not None:
                yield Doubt(f"{name} come", name, now.when, _turns(now, after, gained=True))


def _doubts(was: Rule, now: Rule, before: Rules, after: Rules) -> Iterator[Doubt]:
    """The doubts whether two rules of one name say the same."""
    name, stage = was.name, _silenced(was)
    if _says(was) != _says(now) or (not now.shadow and _counted(was) != _counted(now)):
        yield Doubt(f"{name} worded", name, now.when, frozenset(), stage)
    for number, when in enumerate(_apart(was, now)):
        yield Doubt(f"{name} lost {number}", name, when, _turns(was, before, gained=False), stage)
    for number, when in enumerate(_apart(now, was)):
        yield Doubt(f"{name} gained {number}", name, when, _turns(now, after, gained=True), stage)
    for other in sorted({*was.overrides} ^ {*now.overrides}):
        if other in before and not was.shadow:
            turns = _turns(before[other], before, gained=other in was.overrides)
            yield Doubt(f"{name} over {other}", name, was.when, turns, beside=other)


def _silenced(rule: Rule) -> Stage | None:
    """The stage in which a rule says nothing if it is overridden; a shadow is told of all the same."""
    return None if rule.shadow else rule.stage


def _counted(rule: Rule) -> dict[str, str]:
    """The patterns of which there may be several facts with places in the capture: each match is told of by itself."""
    several = (one for one in positive(rule.when) if KEYS.get(one.kind) != () and not KINDS[one.kind].concluded_in)
    return {pattern.alias: pattern.kind for pattern in several}


def _comparable(was: Rule, now: Rule) -> bool:
    """Whether the rules do the same when they match, be it in other words."""
    talk = not (was.sets or was.concludes or now.sets or now.concludes) and was.shadow == now.shadow
    return was.stage == now.stage and (_says(was) == _says(now) or (talk and was.refuses == now.refuses))


def _says(rule: Rule) -> tuple[Any, ...]:
    return rule.sets, rule.concludes, rule.verdicts, rule.shadow, rule.summary


def _turned(rule: Rule, *, gained: bool) -> frozenset[Turn]:
    """What a ruleset becomes by a rule that it says in more cases than before, or in less."""
    if rule.shadow:
        return frozenset()
    if rule.sets or rule.concludes:
        return frozenset(["otherwise"])
    turn: Turn = "stricter" if gained else "wider"
    return frozenset([turn] if rule.refuses else [])


def _turns(rule: Rule, rules: Rules, *, gained: bool) -> frozenset[Turn]:
    """The same, with all that the rule overrides, which is silent where the rule speaks, and so on."""
    turns: set[Turn] = set()
    seen: set[tuple[str, bool]] = set()
    pending = [(rule, gained)]
    while pending:
        one, more = pending.pop()
        turns |= _turned(one, gained=more)
        if (one.name, more) not in seen and not one.shadow:
            seen.add((one.name, more))
            pending += [(rules[name], not more) for name in one.overrides if name in rules]
    return frozenset(turns)


def _verdict(left: Sequence[Doubt]) -> Verdict:
    turns = frozenset[Turn]().union(*(doubt.turns for doubt in left))
    if not turns:
        return "words"
    if turns == {"stricter"}:
        return "stricter"
    return "wider" if turns == {"wider"} else "different"


def _steady(before: Rules, after: Rules) -> frozenset[str]:
    """The rules that are the same in both rulesets, and that nothing overrides in either."""
    overridden = {name for rule in (*before.values(), *after.values()) for name in rule.overrides}
    return frozenset(name for name, rule in before.items() if after.get(name) == rule and name not in overridden)


def _formula(world: World, doubt: Doubt, steady: frozenset[str] | None = None) -> Any:
    """That the doubt is justified; a rule that is overridden says nothing. ``steady``: by these only."""
    if doubt.beside:
        return z3.And(world.fires(doubt.rule), world.fires(doubt.beside))
    claimed = world.claim(doubt, "asked").fires  # with a tag: where it matches unasked, that is of no account
    if doubt.silenced is None:
        return claimed
    if steady is None:
        return z3.And(claimed, z3.Not(world.silenced(doubt.rule, doubt.silenced)))
    over = (other for other in world.rules.values() if other.name in steady and doubt.rule in other.overrides)
    silent = [other.name for other in over if other.stage == doubt.silenced and not other.shadow]
    return z3.And(claimed, *(z3.Not(world.fires(name)) for name in silent))


def _shown(before: Rules, after: Rules, doubt: Doubt, differ: Callable[[Witness], bool]) -> Witness | None:
    """A host that gets another plan where the doubt is justified; best one that nothing else refuses."""
    world = _world(before, after, doubt)
    asked = _formula(world, doubt)
    ours = {doubt.rule, doubt.beside}.union(
        *(rules[doubt.rule].overrides for rules in (before, after) if doubt.rule in rules)
    )
    others = [z3.Not(world.refuses(name)) for name in world.refusals if name not in ours]
    for wish in (
        world.field("outcome", "is", "change"),
        z3.And(world.attached, z3.Not(world.compliant), *others),
        world.attached,
        world.certain,
    ):
        question = z3.And(asked, wish)
        answer = world.ask(question)
        if answer.verdict == "refuted":
            for one in chain(world.plainer(question), [answer]):
                witness = witness_of(one.facts)
                if differ(witness):
                    return witness
    return None


def _apart(one: Rule, other: Rule) -> list[When]:
    """Of each match of ``one`` on whose facts ``other`` does not match, the patterns of one of these match, too.

    Where the rule language cannot say that, they are all matches of ``one``.
    """
    try:
        return list(_unmatched(one, other))
    except _UnsayableError:
        return [one.when]


class _UnsayableError(Exception):
    """What is asked cannot be put in the words of the rule language."""


def _unmatched(one: Rule, other: Rule) -> Iterator[When]:
    mine, theirs = ({pattern.alias: pattern for pattern in positive(rule.when)} for rule in (one, other))
    shared = [alias for alias in theirs if alias in mine]
    _sayable(all(mine[alias].kind == theirs[alias].kind for alias in shared))
    for alias in shared:
        _within(theirs[alias], shared)
        for test in (test for test in theirs[alias].tests if test not in mine[alias].tests):
            yield _with(one.when, alias, _opposite(test, theirs[alias].kind, mine))
    extra = [theirs[alias] for alias in theirs if alias not in shared]
    _sayable(max(Counter(pattern.kind for pattern in extra).values(), default=0) < 2)
    absent = {_asked(pattern) for pattern in one.when if pattern.negated}
    for pattern in extra:
        distinct = _distinct(pattern, [alias for alias in shared if mine[alias].kind == pattern.kind])
        _within(pattern, shared)
        none = pattern._replace(negated=True, tests=(*pattern.tests, *distinct))
        yield (*one.when, none) if distinct is not _NEVER else one.when
    for number, pattern in enumerate(pattern for pattern in other.when if pattern.negated):
        _within(pattern, shared)
        if _asked(pattern) not in absent:
            yield (*one.when, pattern._replace(negated=False, alias=f"there {number}"))
            for alias in (alias for alias, known in mine.items() if known.kind == pattern.kind):
                tests = _of_itself(pattern, alias)
                if tests is not None:
                    yield _with(one.when, alias, tests)


_NEVER: tuple[Test, ...] = (Test("", "is", 0, 0, 0),)  # tests that no fact passes


def _sayable(possible: bool) -> None:  # noqa: FBT001  a statement
    if not possible:
        raise _UnsayableError


def _asked(pattern: Pattern) -> tuple[Any, ...]:
    return pattern.kind, frozenset(pattern.tests)


def _within(pattern: Pattern, aliases: Sequence[str]) -> None:
    """Nothing can be said of a pattern that refers to what only the other rule has."""
    _sayable(all(test.value.alias in aliases for test in pattern.tests if isinstance(test.value, Reference)))


def _opposite(test: Test, kind: str, known: Mapping[str, Pattern]) -> tuple[Test, ...]:
    """The test that holds exactly where this one does not."""
    _sayable(test.op in OPPOSITE)
    declared = KINDS[kind].fields[test.field].type
    values = test.value if isinstance(test.value, tuple) else (test.value,)
    for value in values:
        if isinstance(value, Reference):
            _sayable(value.alias in known and KINDS[known[value.alias].kind].fields[value.field].type is declared)
        else:
            _sayable(isinstance(value, declared))
    return (test._replace(op=OPPOSITE[test.op]),)


def _distinct(pattern: Pattern, aliases: Sequence[str]) -> tuple[Test, ...]:
    """That a fact is none of those that the aliases stand for: two patterns never take the same one."""
    key = KEYS.get(pattern.kind)
    if not aliases:
        return ()
    if key == ():
        return _NEVER
    _sayable(key is not None and len(key) == 1)
    name = key[0] if key else ""
    return tuple(Test(name, "not", Reference(alias, name), 0, 0) for alias in aliases)


def _of_itself(pattern: Pattern, alias: str) -> tuple[Test, ...] | None:
    """The tests of a ``no`` pattern, put to a fact that the rule matches itself; None: it cannot pass them."""
    found = []
    for test in pattern.tests:
        if isinstance(test.value, Reference) and test.value.alias == alias:
            _sayable(test.value.field == test.field)
            if test.op in ("not", "lt", "gt"):
                return None
        else:
            found.append(test)
    return tuple(found)


def _with(when: When, alias: str, tests: Sequence[Test]) -> When:
    """The patterns with further tests of one of them, which refer to what stands before it."""
    place = next(place for place, pattern in enumerate(when) if pattern.alias == alias and not pattern.negated)
    before = [pattern.alias for pattern in positive(when[:place])]
    pattern = when[place]._replace(tests=(*when[place].tests, *tests))
    _within(pattern._replace(tests=tuple(tests)), before)
    return (*when[:place], pattern, *when[place + 1 :])
