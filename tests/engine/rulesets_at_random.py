"""Hypothesis strategies for facts and rules over tiny domains, made so that long rules fire.

Each rule follows a witness: distinct facts of the host, one for each of its patterns, and most of its tests are ones
that the witness passes. Now and then a field holds the other type or is not there, which no real fact does and
no linted rule allows: the engines must still agree, for then no test holds.
"""

from hypothesis import strategies as st

from planner.facts.vocabulary import Fact, Scalar
from planner.rules.comparison import holds
from planner.rules.model import Pattern, Reference, Rule, Ruleset, Test

TEXTS = ["", "5", "eth1", "eth10", 'é\\"\n', "true", "\U0001f600"]
NUMBERS = [-1, 0, 1, 5, 4094, 2**80]
FIELDS: dict[str, list[Scalar]] = {"name": TEXTS, "base": TEXTS, "tag": NUMBERS, "mtu": NUMBERS}
KINDS = ["nic", "vlan", "bond"]
EXPRESSIONS = ["eth[0-9]+", "eth1", ".*", "[^e].*", "e?"]
JOINS = ["is", "is", "is", "not", "lt", "le", "gt", "ge"]


@st.composite
def case(draw: st.DrawFn) -> tuple[Ruleset, list[Fact]]:
    """A host of at most six facts and a ruleset of at most four rules that fit it more or less."""
    host = draw(st.lists(fact(), min_size=1, max_size=6))
    rules = tuple(draw(rule(f"r{number}", host)) for number in range(draw(st.integers(1, 4))))
    return Ruleset("random", "1", "", rules), host


def fact() -> st.SearchStrategy[Fact]:
    fields = st.fixed_dictionaries({name: value_of(values) for name, values in FIELDS.items()})
    present = fields.map(lambda drawn: {name: value for name, value in drawn.items() if value is not None})
    return st.builds(Fact, st.sampled_from(KINDS), present, st.just(""))


def value_of(values: list[Scalar]) -> st.SearchStrategy[Scalar | None]:
    """Mostly one of two of ``values``, so that facts are alike; now and then one of the other type, or none."""
    rare = [*(NUMBERS if values is TEXTS else TEXTS), None]
    return st.integers(0, 19).flatmap(
        lambda chance: st.sampled_from(rare if chance == 0 else values if chance < 8 else values[2:4])
    )


@st.composite
def rule(draw: st.DrawFn, name: str, host: list[Fact]) -> Rule:
    witness = draw(st.permutations(host))[: draw(st.integers(1, 6))]
    patterns: list[Pattern] = []
    bound: dict[str, Fact] = {}
    for own in witness:
        alias = f"p{len(patterns)}"
        tests = draw(st.lists(condition(list(bound)), max_size=3))
        kept = [one for one in tests if passes(one, own, bound) or draw(st.integers(0, 14)) == 0]
        patterns.append(Pattern(own.kind, alias, negated=False, tests=tuple(kept), line=1, column=1))
        bound[alias] = own
        if draw(st.integers(0, 4)) == 0:
            tests = draw(st.lists(condition(list(bound)), min_size=1, max_size=3))
            kind = draw(st.sampled_from(KINDS))
            patterns.append(Pattern(kind, f"p{len(patterns)}", negated=True, tests=tuple(tests), line=1, column=1))
    return Rule(name, "locate", f"locate/{name}.yaml", when=tuple(patterns[:6]))


def passes(one: Test, own: Fact, bound: dict[str, Fact]) -> bool:
    wanted = bound[one.value.alias].fields.get(one.value.field) if isinstance(one.value, Reference) else one.value
    return holds(one.op, own.fields.get(one.field), wanted)


@st.composite
def condition(draw: st.DrawFn, aliases: list[str]) -> Test:
    """A test against a value, or against the fact of one of ``aliases``."""
    name = draw(st.sampled_from(sorted(FIELDS)))
    if aliases and draw(st.integers(0, 2)):
        clashing = draw(st.integers(0, 14)) == 0
        alike = [other for other in sorted(FIELDS) if clashing or FIELDS[other] is FIELDS[name]]
        reference = Reference(draw(st.sampled_from(aliases)), draw(st.sampled_from(alike)))
        return Test(name, draw(st.sampled_from(JOINS)), reference, 1, 1)
    operator = draw(st.sampled_from([*JOINS, "in", "not-in", *(["matches"] if FIELDS[name] is TEXTS else [])]))
    if operator == "matches":
        return Test(name, operator, draw(st.sampled_from(EXPRESSIONS)), 1, 1)
    if operator in ("in", "not-in"):
        return Test(name, operator, tuple(draw(st.lists(st.sampled_from(FIELDS[name]), max_size=3))), 1, 1)
    return Test(name, operator, draw(st.sampled_from(FIELDS[name])), 1, 1)
