"""Hypothesis strategies for facts and rulesets over tiny domains, so that joins hit."""

from hypothesis import strategies as st

from planner.language import Fact, Pattern, Reference, Rule, Ruleset, Test

TEXTS = ["", "5", "eth1", "eth10", 'é\\"\n', "true"]
NUMBERS = [-1, 0, 1, 5, 4094]
FIELDS = {"name": TEXTS, "base": TEXTS, "tag": NUMBERS, "mtu": NUMBERS}
KINDS = ["nic", "vlan", "bond"]
EXPRESSIONS = ["eth[0-9]+", "eth1", ".*", "[^e].*", "e?"]
JOINS = ["is", "is", "is", "not", "lt", "le", "gt", "ge"]


def fact() -> st.SearchStrategy[Fact]:
    fields = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in FIELDS.items()})
    return st.builds(Fact, st.sampled_from(KINDS), fields, st.just(""))


@st.composite
def constant_test(draw: st.DrawFn) -> Test:
    name = draw(st.sampled_from(sorted(FIELDS)))
    text = FIELDS[name] is TEXTS
    operator = draw(st.sampled_from([*JOINS, "in", "not-in", *(["matches"] if text else [])]))
    if operator == "matches":
        return Test(name, operator, draw(st.sampled_from(EXPRESSIONS)), 1, 1)
    if operator in ("in", "not-in"):
        return Test(name, operator, tuple(draw(st.lists(st.sampled_from(FIELDS[name]), max_size=3))), 1, 1)
    return Test(name, operator, draw(st.sampled_from(FIELDS[name])), 1, 1)


@st.composite
def join(draw: st.DrawFn, aliases: list[str]) -> Test:
    name = draw(st.sampled_from(sorted(FIELDS)))
    same = [other for other, values in sorted(FIELDS.items()) if values is FIELDS[name]]
    reference = Reference(draw(st.sampled_from(aliases)), draw(st.sampled_from(same)))
    return Test(name, draw(st.sampled_from(JOINS)), reference, 1, 1)


@st.composite
def rule(draw: st.DrawFn, name: str) -> Rule:
    patterns: list[Pattern] = []
    aliases: list[str] = []
    for index in range(draw(st.integers(1, 6))):
        tests = draw(st.lists(constant_test(), max_size=1))
        if aliases:
            tests += draw(st.lists(join(aliases), max_size=3))
        negated = bool(aliases) and draw(st.integers(0, 3)) == 0
        patterns.append(Pattern(draw(st.sampled_from(KINDS)), f"p{index}", negated, tuple(tests), 1, 1))
        if not negated:
            aliases.append(f"p{index}")
    return Rule(name, "locate", f"locate/{name}.yaml", when=tuple(patterns))


@st.composite
def ruleset(draw: st.DrawFn, key: str) -> Ruleset:
    rules = tuple(draw(rule(f"r{index}")) for index in range(draw(st.integers(1, 4))))
    return Ruleset("random", "1", key, rules)


def facts() -> st.SearchStrategy[list[Fact]]:
    return st.lists(fact(), max_size=8)
