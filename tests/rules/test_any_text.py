"""Whatever stands in a file, the answer is a value: a ruleset or a definition, or at least one error."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.definition import READERS, read_definition
from planner.problem import errors, render
from planner.rules.lint import lint
from planner.rules.ruleset import assemble
from planner.yamltext import Findings, _flat, _read, parse_yaml

ROOT = Path(__file__).parents[2]
RULES = [path.read_text() for path in sorted((ROOT / "rules").glob("*/*/*/*.yaml"))]
MANIFEST = 'ruleset: r\nversion: "1"\nsummary: s\n'
WORDS = """- ¦: ¦{¦}¦[¦]¦&a ¦*a¦!!x ¦<<: ¦? ¦>¦'¦#¦%¦@¦`¦no ¦yes¦on¦$¦$$¦$a.b¦{a.b}¦1:30¦0o7¦1e9¦.nan¦null¦~¦true¦束\
¦in: []¦is: 1¦matches: '('¦set:¦then:¦when:¦overrides: [one]¦  ¦\\¦"¦|"""
MARKS = ["---\n", "...\n", "\n", "\t", "\0", "\x1b", "\u2028", "\ud800", "\ufeff", "\r", "9" * 30]
SNIPPETS = st.sampled_from(WORDS.split("¦") + MARKS)


@st.composite
def mutilated(draw):
    text = draw(st.sampled_from(RULES))
    for _ in range(draw(st.integers(1, 6))):
        at, length = draw(st.integers(0, len(text))), draw(st.integers(0, 12))
        text = text[:at] + draw(SNIPPETS | st.just("")) + text[at + length :]
    return text


@st.composite
def shuffled(draw):
    """A rule of which lines are lost, doubled or swapped."""
    lines = draw(st.sampled_from(RULES)).splitlines(keepends=True)
    picks = draw(st.lists(st.integers(0, len(lines) - 1), max_size=len(lines) + 4))
    return "".join(lines[index] for index in (sorted(picks) if draw(st.booleans()) else picks))


TEXTS = st.text() | st.lists(SNIPPETS).map("".join) | mutilated() | shuffled()


def holds(text, manifest=MANIFEST):
    sources = {"r/ruleset.yaml": manifest, "r/guard/one.yaml": text}
    ruleset, problems = assemble(sources, "r")
    assert (ruleset is None) == bool(errors(problems))
    if ruleset is not None:
        problems = lint(ruleset, sources)
    for problem in problems:
        shown = render(problem, sources)
        assert all(line.isprintable() for line in shown.split("\n"))
        assert problem.message
        assert problem.where


@given(TEXTS)
@settings(max_examples=400)
def test_any_rule(text):
    holds(text)


@given(TEXTS)
@settings(max_examples=150)
def test_any_manifest(text):
    holds(RULES[0], text)


@given(TEXTS | st.binary())
@settings(max_examples=200)
def test_any_definition(content):
    definition, problems = read_definition(content)
    assert (definition is None) == bool(problems)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
KEYS = st.sampled_from(list(READERS))


@pytest.mark.no_cover  # many texts, by lines that others cover
@given(st.dictionaries(KEYS, JSON))
@settings(max_examples=200)
def test_any_definition_that_was_read_already(content):
    definition, problems = read_definition(content)
    assert (definition is None) == bool(problems)


@given(TEXTS)
@settings(max_examples=200)
def test_positions_lie_in_the_text(text):
    _, problems = parse_yaml(text, "x")
    lines = text.removeprefix("\ufeff").splitlines() or [""]
    for problem in problems:
        assert 0 <= problem.where[0].line <= len(lines) + 1


PARTS = (
    "network¦mtu¦a_b¦on¦null¦true¦7¦: ¦:¦: :¦  ¦ ¦\n¦\n¦#¦ # why¦-¦ovirtmgmt¦9000¦0x1f¦1:30¦fe80::1¦192.0.2.1/24¦1e3"
)
FLAT = st.lists(st.sampled_from([*PARTS.split("¦"), "yes", "'q'", "é", "---", "~", "a: b\n"])).map("".join)


@settings(max_examples=1000)
@given(FLAT)
def test_a_plain_map_is_read_as_pyyaml_reads_it(text):
    flat = _flat(text)
    if flat is not None:
        findings = Findings("it", text)
        assert _read(text, findings) == flat
        assert not findings.problems
