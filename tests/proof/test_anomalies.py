"""Faults planted in copies of the shipped rules are found, each on a host that the planner confirms.

What is called certain of rules made at random is so on every golden.
"""

from pathlib import Path
from random import Random

import pytest
from small_ruleset import write_small

import planner
from planner.authoring.check import confirmed_conflict, confirmed_gap
from planner.cli.cases import golden_folders, read_golden
from planner.engine.matcher import Memory
from planner.engine.misses import furthest
from planner.facts.compute import facts_of
from planner.facts.vocabulary import ATTACHMENT, DEVICES, Fact, absent
from planner.proof.anomalies import Examination
from planner.rules.compiled import Compiled, compile_ruleset
from planner.rules.model import Assignment, Pattern, Reference, Rule
from planner.rules.model import Test as Asked

GOLDEN = Path(__file__).parents[2] / "golden"
OPERATORS = ("is", "is", "is", "not", "in", "not-in", "lt", "ge")
KINDS = (*DEVICES, "definition", "network", "ip", "address", "candidate", "member", "host", "client")
OTHER = {"mtu": 1400, "vlan": 7}  # values that hardly any host has
TWISTS = ("contrary", "twice", "namesake")


def planted(rules: Compiled, *changed: Rule) -> tuple[Compiled, Examination]:
    """The rules with some of them changed, or added."""
    names = {rule.name for rule in changed}
    kept = (rule for rule in rules.ruleset.rules if rule.name not in names)
    compiled = compile_ruleset(rules.ruleset._replace(rules=(*kept, *changed)))
    return compiled, Examination(compiled.ruleset.rules)


def other_value(given: Assignment) -> str | int | None:
    """A value that the rule does not set."""
    declared = ATTACHMENT[given.field]
    if declared.words:
        return next(word for word in (*declared.words, absent(declared)) if word != given.value)
    return OTHER.get(given.field, 29) if declared.type is int else None


def conflicting(chance: Random, rules: Compiled) -> tuple[Rule, Rule]:
    """A rule, and its copy that sets one of its fields to another value."""
    candidates = [
        (rule, given)
        for rule in rules.ruleset.rules
        for given in rule.sets
        if other_value(given) is not None and not given.field.endswith(("address", "gateway"))
    ]
    rule, given = chance.choice(candidates)
    copy = rule._replace(name="planted", overrides=(), sets=(given._replace(value=other_value(given)),))
    return rule, copy


def narrowed(chance: Random, rules: Compiled) -> Rule:
    """A rule that attaches, with another test of the device on which the address is."""
    attaching = [rule for rule in rules.ruleset.rules if any(given.field == "iface" for given in rule.sets)]
    rule = chance.choice(attaching)
    small = Asked("mtu", "lt", chance.choice((1400, 9000)), 1, 1)
    name = Asked("name", "is", Reference("management", "device"), 1, 1)
    device = Pattern("device", "planted", negated=False, tests=(name, small), line=1, column=1)
    return rule._replace(when=(*rule.when, device))


def dead(chance: Random, rules: Compiled) -> tuple[Rule, int]:
    """A rule with a pattern that its others exclude, and the place of that."""
    twist = chance.choice(TWISTS)
    kinds = {"contrary": None, "twice": ("definition", "vdsm", "host"), "namesake": DEVICES}[twist]
    candidates = [
        (rule, one)
        for rule in rules.ruleset.rules
        for one in rule.when
        if not one.negated and (kinds is None or one.kind in kinds)
    ]
    rule, one = chance.choice(candidates)
    if twist == "contrary":
        term = one._replace(alias="planted", negated=True)
    elif twist == "twice":
        term = one._replace(alias="planted", tests=())
    else:
        other = chance.choice([kind for kind in DEVICES if kind != one.kind])
        name = Asked("name", "is", Reference(one.alias, "name"), 1, 1)
        term = Pattern(other, "planted", negated=False, tests=(name,), line=1, column=1)
    return rule._replace(when=(*rule.when, term._replace(line=999))), 999


@pytest.mark.no_cover  # the solver's answers are judged in a loop that measuring makes four times as slow
def test_planted_conflicts(rules: Compiled, soak: int) -> None:
    for seed in range(max(soak // 100, 4)):
        rule, copy = conflicting(Random(seed), rules)
        compiled, examination = planted(rules, copy)
        conflict = examination.conflict(*sorted((rule, copy), key=lambda one: one.name))
        assert conflict is not None, (rule.name, copy.sets)
        clash = confirmed_conflict(conflict, compiled)
        assert clash is not None, (rule.name, copy.sets)
        assert clash.names == {rule.name, "planted"}


@pytest.mark.no_cover  # as above
def test_planted_gaps(rules: Compiled, soak: int, tmp_path: Path) -> None:
    """In a few rules; with ``make prove-long`` in all of them."""
    if soak <= 500:
        ruleset, _ = planner.load_rules(str(write_small(tmp_path)))
        assert ruleset is not None
        rules = compile_ruleset(ruleset)
    for seed in range(max(soak // 1500, 2)):
        rule = narrowed(Random(seed), rules)
        compiled, examination = planted(rules, rule)
        gap = next(examination.gaps(), None)
        assert gap is not None, (seed, rule.name)
        shown = confirmed_gap(gap, compiled)
        assert shown is not None, (seed, rule.name, gap.topology)
        assert shown.case.name == gap.topology


@pytest.mark.no_cover  # as above
def test_planted_terms_that_are_dead(rules: Compiled, soak: int) -> None:
    for seed in range(max(soak // 100, 6)):
        rule, line = dead(Random(seed), rules)
        _, examination = planted(rules, rule)
        problem = examination.dead(rule)
        assert problem is not None, (seed, rule.name)
        assert problem.where[0].line == line, (seed, rule.name, problem)
        assert not examination.undecided


@pytest.mark.no_cover  # as above
def test_planted_rules_that_are_overridden(rules: Compiled, soak: int) -> None:
    for seed in range(max(soak // 100, 4)):
        chance = Random(seed)
        rule = chance.choice([one for one in rules.ruleset.rules if len(one.when) > 1])
        fewer = rule.when[:1] if rule.when[0].negated else rule.when[: chance.randint(1, len(rule.when) - 1)]
        wider = Rule("planted", rule.stage, "", when=fewer, overrides=(rule.name,))
        _, examination = planted(rules, wider)
        problem = examination.shadowed(rule)
        assert problem is not None, (seed, rule.name)
        assert "planted" in problem.message


def test_the_first_of_several_is_one() -> None:
    nic = Pattern("nic", "nic", negated=False, tests=(), line=1, column=1)
    before = Asked("name", "lt", Reference("nic", "name"), 1, 1)
    earlier = Pattern("nic", "earlier", negated=True, tests=(before,), line=1, column=1)
    given = (Assignment("iface", Reference("nic", "name"), 1),)
    every = Rule("every", "devise", "devise/every.yaml", when=(nic,), sets=given)
    first = every._replace(name="first", when=(nic, earlier))
    assert Examination((every,)).conflict(every, every) is not None
    assert Examination((first,)).conflict(first, first) is None
    assert Examination((every, first)).conflict(every, first) is not None


def test_where_no_host_will_do_the_solver_is_asked_for_others() -> None:
    nics = Pattern("nic", "nic", negated=False, tests=(), line=1, column=1)
    one, other = (
        Rule(name, "devise", f"devise/{name}.yaml", when=(nics,), sets=(Assignment("mtu", mtu, 1),))
        for name, mtu in (("one", 1500), ("other", 9000))
    )
    conflict = Examination((one, other)).conflict(one, other)
    assert conflict is not None
    assert len(list(conflict.witnesses)) > 3  # the first world has three at most


@pytest.fixture(scope="module")
def hosts() -> list[list[Fact]]:
    cases = (read_golden(folder)[0] for folder in golden_folders(str(GOLDEN)))
    return [list(facts_of(case.host, case.definition, case.addresses)) for case in cases if case is not None]


def at_random(chance: Random, hosts: list[list[Fact]], name: str) -> Rule:
    """A rule whose values are those of some host, so that it fires now and then."""
    facts = chance.choice(hosts)
    patterns: list[Pattern] = []
    bound: dict[str, Fact] = {}
    for number in range(chance.randint(1, 3)):
        kind = chance.choice(KINDS)
        of_kind = [fact for fact in facts if fact.kind == kind]
        if of_kind:
            fact, alias = chance.choice(of_kind), f"{kind}{number}"
            fields = chance.sample(list(fact.fields), min(len(fact.fields), chance.randint(0, 2)))
            tests = tuple(random_test(chance, fact, field, bound) for field in fields)
            negated = bool(bound) and chance.random() < 0.25
            patterns.append(Pattern(kind, alias, negated, tests, number + 1, 1))
            bound |= {} if negated else {alias: fact}
    if not bound:
        return at_random(chance, hosts, name)
    return Rule(name, "devise", f"devise/{name}.yaml", when=tuple(patterns), sets=(Assignment("mtu", 1500, 1),))


def random_test(chance: Random, fact: Fact, field: str, bound: dict[str, Fact]) -> Asked:
    value = fact.fields[field]
    for alias, other in bound.items():
        same = [name for name, held in other.fields.items() if isinstance(held, str) is isinstance(value, str)]
        if same and chance.random() < 0.5:
            return Asked(field, chance.choice(("is", "is", "not")), Reference(alias, chance.choice(same)), 1, 1)
    op = chance.choice(OPERATORS[:-2] if isinstance(value, str) else OPERATORS)
    return Asked(field, op, (value,) if op in ("in", "not-in") else value, 1, 1)


def fires(rule: Rule, facts: list[Fact]) -> bool:
    return furthest(rule, Memory(facts)) is None


@pytest.mark.no_cover  # as above
def test_rules_made_at_random(hosts: list[list[Fact]], soak: int) -> None:
    told = {"dead": 0, "shadowed": 0, "apart": 0}
    for seed in range(max(soak // 10, 50) if soak > 500 else 8):
        chance = Random(seed)
        one, other = at_random(chance, hosts, "one"), at_random(chance, hosts, "other")
        other = other._replace(sets=(Assignment("mtu", 9000, 1),))
        together = Examination((one, other))
        if together.dead(one) is not None:
            told["dead"] += 1
            assert not any(fires(one, facts) for facts in hosts), seed
        elif together.conflict(one, other) is None and not together.undecided:
            told["apart"] += 1
            assert not any(fires(one, facts) and fires(other, facts) for facts in hosts), seed
        narrow = one._replace(when=(*one.when, *(p._replace(alias=f"{p.alias}x") for p in constant(other))))
        over = (one if chance.random() < 0.7 else other)._replace(name="over", overrides=("one",))
        if Examination((narrow, over)).shadowed(narrow) is not None:
            told["shadowed"] += 1
            assert all(fires(over, facts) for facts in hosts if fires(narrow, facts)), seed
    assert all(told.values()), told


def constant(rule: Rule) -> list[Pattern]:
    """The patterns of a rule that want a fact, without their references."""
    return [
        one._replace(tests=tuple(test for test in one.tests if not isinstance(test.value, Reference)))
        for one in rule.when
        if not one.negated
    ]


def test_what_can_go() -> None:
    """A rule that says what others say anyway, and a test that follows from the others."""
    static = Pattern("ip", "ip", False, (Asked("method", "is", "static", 1, 1),), 1, 1)
    addressed = static._replace(tests=(*static.tests, Asked("address", "not", "", 7, 1)))
    sets = (Assignment("mtu", 1500, 1),)
    wide = Rule("wide", "devise", "", when=(static,), sets=sets)
    narrow = Rule("narrow", "devise", "", when=(addressed,), sets=sets)
    examination = Examination((wide, narrow))
    problem = examination.redundant_rule(narrow)
    assert problem is not None
    assert problem.message == "whatever narrow says is said without it, by wide"
    (test,) = examination.redundant_tests(narrow)
    assert test.where[0].line == 7
    assert test.message.endswith("(a static configuration has an address)")
    assert list(examination.redundant_tests(wide)) == []
    another = narrow._replace(sets=(Assignment("mtu", 9000, 1),))
    assert Examination((wide, another)).redundant_rule(another) is None
