"""The linter finds what reads well and still is wrong."""

import pytest

from planner.rules.lint import lint
from planner.rules.ruleset import assemble

RULE = """\
rule: {name}
since: "1.0"
summary: s
why: w
examples: {{fires: [seed]}}
{extra}when:
  - definition: {{}}
  - {pattern}
then:
  note: {{code: seen, message: seen}}
"""


def linted(*rules, fired=None):
    sources = {"r/ruleset.yaml": 'ruleset: r\nversion: "1"\nsummary: s\n'}
    sources |= {f"r/guard/{name}.yaml": text for name, text in rules}
    ruleset, problems = assemble(sources, "r")
    assert not problems
    found = lint(ruleset, sources, fired)
    return [f"{problem.where[0]}: {problem.severity}[{problem.code}]: {problem.message}" for problem in found]


def rule(pattern="host: {}", name="one", extra=""):
    return name, RULE.format(name=name, extra=extra, pattern=pattern)


def test_a_good_rule():
    assert linted(rule()) == []


@pytest.mark.parametrize(
    ("tests", "shown"),
    [
        ("{tag: {gt: 5, lt: 3}}", "tag: gt 5, lt 3"),
        ("{tag: {gt: 5, lt: 6}}", "tag: gt 5, lt 6"),
        ("{tag: {is: 1, not: 1}}", "tag: is 1, not 1"),
        ("{tag: {is: null, ge: 0}}", "tag: is -1, ge 0"),
        ("{tag: {ge: 1, le: 2, not-in: [1, 2]}}", "tag: ge 1, le 2, not-in [1, 2]"),
        ("{name: {in: []}}", "name: in []"),
        ("{name: {in: [a, b], not-in: [b, a]}}", "name: in [a, b], not-in [b, a]"),
        ('{name: {is: null, not: ""}}', 'name: is "", not ""'),
        ("{name: {is: eth0, matches: 'bond[0-9]+'}}", "name: is eth0, matches bond[0-9]+"),
        (
            "{name: {is: $definition.network, not: $definition.network}}",
            "name: is $definition.network, not $definition.network",
        ),
        ("{tag: {lt: $definition.vlan, gt: $definition.vlan}}", "tag: lt $definition.vlan, gt $definition.vlan"),
    ],
)
def test_a_rule_that_can_never_fire(tests, shown):
    assert linted(rule(f"vlan: {tests}")) == [
        f"r/guard/one.yaml:8:5: error[never-fires]: the rule can never fire: no vlan can be {shown}"
    ]


@pytest.mark.parametrize(
    "tests",
    [
        "{tag: {gt: 5, lt: 7}}",
        "{tag: {ge: 5, le: 5}}",
        "{tag: {gt: 5}}",
        "{tag: {not: 1}}",
        "{name: {in: [a], not: b}}",
        "{tag: {ge: 0, le: 5000, not: 3}}",
        "{name: {is: bond0, matches: 'bond[0-9]+'}}",
        "{tag: {le: $definition.vlan, ge: $definition.vlan}}",
        "{name: {is: $definition.network, matches: 'a'}}",
    ],
)
def test_a_rule_that_can_fire(tests):
    assert linted(rule(f"vlan: {tests}")) == []


def test_a_no_that_excludes_what_is_required():
    found = linted(rule("vlan: {tag: 3, base: eth0}\n  - no vlan: {tag: 3}"))
    assert found == [
        "r/guard/one.yaml:9:5: error[never-fires]: the rule can never fire: line 8 asks for what this `no` excludes"
    ]
    assert linted(rule("vlan: {tag: 3}\n  - no vlan: {tag: 3, base: eth0}")) == []


def test_a_no_that_always_holds():
    assert linted(rule("no vlan: {tag: {gt: 5, lt: 3}}")) == [
        "r/guard/one.yaml:8:5: warning[never-matters]: no vlan can be tag: gt 5, lt 3: this `no` always holds"
    ]


def test_a_fact_that_no_rule_concludes():
    assert linted(rule("difference: {}")) == [
        "r/guard/one.yaml:8:5: warning[never-fires]: the rule can never fire: no rule concludes difference"
    ]


def test_overrides_that_lead_nowhere():
    assert linted(rule(extra="overrides: [one, tow]\n"), rule(name="two")) == [
        "r/guard/one.yaml:6:13: error[overrides-itself]: one overrides itself",
        'r/guard/one.yaml:6:18: error[unknown-rule]: there is no rule "tow" to override',
    ]


def test_overrides_in_a_circle():
    circle = [
        rule(name="a", extra="overrides: [b]\n"),
        rule(name="b", extra="overrides: [c]\n"),
        rule(name="c", extra="overrides: [a]\n"),
        rule(name="d", extra="overrides: [a]\n"),
    ]
    assert linted(*circle) == [
        "r/guard/a.yaml:6:13: error[override-circle]: the rules override each other: a -> b -> c -> a"
    ]


def test_a_rule_that_nobody_has_seen_fire():
    name, text = rule()
    untested = (name, text.replace("examples: {fires: [seed]}\n", ""))
    warned = ["r/guard/one.yaml:1:1: warning[untested-rule]: one fires on no golden"]
    assert linted(untested) == warned
    assert linted(untested, fired={"one": {"seed"}}) == []
    assert linted(rule(), fired={"one": ()}) == warned


def test_a_rule_without_a_reason():
    name, text = rule()
    assert linted((name, text.replace("why: w\n", ""))) == [
        "r/guard/one.yaml:1:1: warning[no-reason]: one does not say why it is there"
    ]
