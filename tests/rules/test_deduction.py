"""What the analysis calls certain is so: rules made at random are tried on every host of the goldens."""

import random
from pathlib import Path

import pytest

from planner.authoring.deduction import ALWAYS, KEYS
from planner.authoring.impossible import impossible_rules
from planner.authoring.rivals import rivals
from planner.authoring.shadowing import implies
from planner.authoring.shapes import shapes
from planner.cli.cases import golden_folders, read_golden
from planner.engine.matcher import Memory
from planner.engine.misses import furthest
from planner.facts.compute import facts_of
from planner.facts.vocabulary import DEVICES
from planner.rules.model import Assignment, Pattern, Reference, Rule
from planner.rules.model import Test as Asked

ROOT = Path(__file__).parents[2]
OPERATORS = ("is", "is", "is", "not", "in", "not-in", "lt", "ge")
KINDS = (*DEVICES, "definition", "network", "ip", "address", "candidate", "member", "host", "client")


@pytest.fixture(scope="module")
def hosts():
    cases = [read_golden(folder)[0] for folder in golden_folders(str(ROOT / "golden"))]
    cases += [shape.case() for shape in shapes()]
    return [facts_of(case.host, case.definition, case.addresses) for case in cases]


def at_random(chance, hosts, name="one"):
    """A rule whose values are those of some host, so that it fires now and then."""
    facts = chance.choice(hosts)
    patterns, bound = [], {}
    for number in range(chance.randint(1, 3)):
        kind = chance.choice(KINDS)
        fact = chance.choice([fact for fact in facts if fact.kind == kind] or [None])
        if fact is None:
            continue
        alias = f"{kind}{number}"
        names = chance.sample(list(fact.fields), min(len(fact.fields), chance.randint(0, 2)))
        tests = tuple(random_test(chance, fact, field, bound) for field in names)
        negated = bool(bound) and chance.random() < 0.25
        patterns.append(Pattern(kind, alias, negated, tests, number + 1, 1))
        if not negated:
            bound[alias] = fact
    if not bound:
        return at_random(chance, hosts, name)
    return Rule(name, "devise", f"devise/{name}.yaml", when=tuple(patterns), sets=(Assignment("mtu", 1500, 1),))


def random_test(chance, fact, field, bound):
    value = fact.fields[field]
    for alias, other in bound.items():
        same = [name for name, held in other.fields.items() if isinstance(held, str) is isinstance(value, str)]
        if same and chance.random() < 0.5:
            return Asked(field, chance.choice(("is", "is", "not")), Reference(alias, chance.choice(same)), 1, 1)
    op = chance.choice(OPERATORS)
    if op in ("lt", "ge") and isinstance(value, str):
        op = "is"
    return Asked(field, op, (value,) if op in ("in", "not-in") else value, 1, 1)


def fires(rule, facts):
    return furthest(rule, Memory(facts)) is None


def test_what_can_never_fire_does_not(hosts):
    chance = random.Random(1)
    impossible = 0
    for _ in range(600):
        rule = at_random(chance, hosts)
        if list(impossible_rules((rule,))):
            impossible += 1
            assert not any(fires(rule, facts) for facts in hosts[::7]), rule
    assert impossible > 20


def narrowed(chance, rule, hosts):
    """The rule with another test or pattern, in another order."""
    more = at_random(chance, hosts, "narrow")
    extra = tuple(
        pattern._replace(alias=f"x{pattern.alias}", tests=constants(pattern))
        for pattern in more.when
        if not pattern.negated
    )
    return rule._replace(name="narrow", when=(*rule.when, *extra))


def constants(pattern):
    return tuple(test for test in pattern.tests if not isinstance(test.value, Reference))


def test_what_is_implied_matches_too(hosts):
    chance = random.Random(2)
    implied = 0
    for _ in range(300):
        wide = at_random(chance, hosts, "wide")
        for narrow in (narrowed(chance, wide, hosts), at_random(chance, hosts, "narrow")):
            if implies(narrow, wide):
                implied += 1
                for facts in hosts[::7]:
                    assert not fires(narrow, facts) or fires(wide, facts), (narrow, wide)
    assert implied > 50


def test_rules_that_are_kept_apart_never_match_together(hosts):
    chance = random.Random(3)
    apart = 0
    for _ in range(800):
        first, second = at_random(chance, hosts, "first"), at_random(chance, hosts, "second")
        second = second._replace(sets=(Assignment("mtu", 9000, 1),))
        if not list(rivals((first, second))):
            apart += 1
            assert not any(fires(first, facts) and fires(second, facts) for facts in hosts[::7]), (first, second)
    assert apart > 20


def test_what_is_known_of_every_host(hosts):
    for facts in hosts:
        for kind in ALWAYS:
            assert sum(fact.kind == kind for fact in facts) == 1
        for kind, key in KEYS.items():
            keys = [tuple(fact.fields[name] for name in key) for fact in facts if fact.kind == kind]
            assert len(set(keys)) == len(keys), kind
