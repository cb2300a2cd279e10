"""The canonical form of rule files: keys in order, comments with what they are about, the meaning as it was."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.authoring.fmt import formatted
from planner.facts.vocabulary import STAGES
from planner.rules.reader import KEYS, parse_rules
from planner.rules.ruleset import parse_manifest

ROOT = Path(__file__).parents[2]
RULES = sorted(path for path in (ROOT / "rules").glob("*/*/*/*.yaml") if path.parent.name in STAGES)
FILE = "guard/one.yaml"

WILD = """\
# Copyright: us

# yaml-language-server: $schema=../x.json
# about then
then:
  # about refuse
  refuse: {hint: "it's", code: a-b, message: 'x, "y"'}
  note:
    - message: m
      # about code
      code: c
    - {message: z, code: d}
examples: {silent: [a], fires: [b,
   c]}


# about why
why: This goes on for a good while, so long that it has to be broken over more than one line when it is laid out, so.
when: [management: {}, {vlan: {name: $management.device, tag: {not: null}}}]
rule: one   # the name
overrides:
- a
- b
summary: 'S'
since: "1.0"
shadow: false
# the end
"""
TAME = """\
# Copyright: us
# yaml-language-server: $schema=../x.json
rule: one   # the name
since: "1.0"
summary: 'S'
# about why
why: >
  This goes on for a good while, so long that it has to be broken over more than one line when it is laid out, so.
shadow: false
overrides: [a, b]
when:
  - management: {}
  - vlan: {name: $management.device, tag: {not: null}}
# about then
then:
  # about refuse
  refuse:
    code: a-b
    message: 'x, "y"'
    hint: "it's"
  note:
    # about code
    - code: c
      message: m
    - code: d
      message: z
examples:
  fires: [b, c]
  silent: [a]
# the end
"""


def meaning(text, file=FILE):
    """The rules in a text, wherever they stand in it."""
    rules, problems = parse_rules(text, file, file.split("/")[-2], file)
    assert not problems
    return [
        rule._replace(
            line=0,
            when=tuple(
                pattern._replace(
                    line=0, column=0, tests=tuple(test._replace(line=0, column=0) for test in pattern.tests)
                )
                for pattern in rule.when
            ),
            sets=tuple(given._replace(line=0) for given in rule.sets),
            concludes=tuple(
                fact._replace(line=0, fields=tuple(given._replace(line=0) for given in fact.fields))
                for fact in rule.concludes
            ),
            verdicts=tuple(verdict._replace(line=0) for verdict in rule.verdicts),
        )
        for rule in rules
    ]


def test_a_wild_file():
    assert formatted(WILD, FILE) == TAME
    assert formatted(TAME, FILE) == TAME
    assert meaning(WILD) == meaning(TAME)


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_shipped_rules_are_formatted(path):
    text = path.read_text()
    assert formatted(text, str(path)) == text


def test_shipped_manifests_are_formatted():
    for path in (ROOT / "rules").glob("*/*/ruleset.yaml"):
        assert formatted(path.read_text(), str(path), manifest=True) == path.read_text()


@given(st.sampled_from(RULES), st.permutations(range(len(KEYS))), st.booleans())
def test_shipped_rules_in_any_order_come_back(path, order, spaced):
    """Whatever the order of the keys and the blank lines: the shipped file, and so the same rule."""
    text = path.read_text()
    head, *lines = text.splitlines(keepends=True)
    blocks: list[str] = []
    for line in lines:
        if line[0] in " #":
            blocks[-1] += line
        else:
            blocks.append(line)
    shuffled = [blocks[index] for index in order if index < len(blocks)]
    wild = head + ("\n\n" if spaced else "").join(shuffled)
    file = f"{path.parent.name}/{path.name}"
    assert formatted(wild, file) == text
    assert meaning(wild, file) == meaning(text, file)


def test_a_manifest():
    wild = (
        "disable:\n  # first\n  - reason: r  # why\n    rule: a\n  - {reason: q, rule: b}\n"
        "give_up:\n  - {reason: s, invariant: c}\n"
        'summary: s\nextends: base@1\nversion: "1"\nruleset: r\n'
    )
    tame = (
        'ruleset: r\nversion: "1"\nsummary: s\nextends: base@1\n'
        "disable:\n  # first\n  - rule: a\n    reason: r  # why\n  - rule: b\n    reason: q\n"
        "give_up:\n  - invariant: c\n    reason: s\n"
    )
    assert formatted(wild, "ruleset.yaml", manifest=True) == tame
    assert formatted(tame, "ruleset.yaml", manifest=True) == tame
    assert parse_manifest(wild, "x")[0].disable == parse_manifest(tame, "x")[0].disable


BEGIN = 'rule: one\nsince: "1"\nsummary: s\nwhy: >\n  w\n'


@pytest.mark.parametrize(
    ("body", "laid"),
    [
        ("when:\n  - vlan:\n      tag: 3\nthen: {note: {code: c, message: m}}\n", "  - vlan: {tag: 3}\n"),
        (
            "when:\n  - vlan:\n      tag: 3  # ours\nthen: {note: {code: c, message: m}}\n",
            "  - vlan:\n      tag: 3  # ours\n",
        ),
        (
            "when:\n  - vlan: {name: {in: [" + ", ".join(["abcdefghij"] * 9) + "]}, tag: 3}\n"
            "then: {note: {code: c, message: m}}\n",
            "  - vlan:\n      name: {in: [" + ", ".join(["abcdefghij"] * 9) + "]}\n      tag: 3\n",
        ),
    ],
)
def test_maps_in_braces_or_not(body, laid):
    done = formatted(BEGIN + body, FILE)
    assert laid in done
    assert formatted(done, FILE) == done


def test_prose_keeps_its_lines_and_paragraphs():
    prose = "why: >\n  One line,\n  another.\n\n  # no comment\n"
    text = (BEGIN + "when:\n  - host: {}\nthen:\n  note:\n    code: c\n    message: m\n").replace(
        "why: >\n  w\n", prose
    )
    assert formatted(text, FILE) == text
    quoted = text.replace(prose, 'why: "One line,\\n# no comment"\n')
    assert "why: >\n  One line,\n\n  # no comment\nwhen" in formatted(quoted, FILE)


def test_a_comment_after_prose_that_is_broken_anew():
    """There ruamel.yaml adds a blank line, which a second run would take out."""
    text = BEGIN.replace("why: >\n  w\n", "why: In short.\n# about when\n") + "when:\n  - host: {}\n"
    done = formatted(text + "then: {note: {code: c, message: m}}\n", FILE)
    assert "why: >\n  In short.\n# about when\nwhen:\n" in done
    assert formatted(done, FILE) == done


def test_line_ends_and_marks():
    text = TAME.replace("\n", "\r\n")
    assert formatted("\ufeff" + text, FILE) == TAME
    assert formatted(TAME.replace("rule: one", "---\nrule: one"), FILE) == TAME


def test_a_table_is_aligned():
    text = BEGIN + (
        'when:\n  - bond: {}\ntable:\n  rows:\n    a-long-one: [1, "it\'s, \\"x\\""]  # first\n'
        "    b: [{not-in: [1, 2]}, null]\n    c: [ 2, 'a, b' ]\n  columns: [bond.mode, note.message]\n"
        "then:\n  note: {code: c}\n"
    )
    done = formatted(text, FILE)
    assert done.split("when:")[1].split("then:")[0] == (
        "\n  - bond: {}\ntable:\n"
        "  columns:      [bond.mode,        note.message]\n"
        "  rows:\n"
        '    a-long-one: [1,                "it\'s, \\"x\\""]  # first\n'
        "    b:          [{not-in: [1, 2]}, ~]\n"
        "    c:          [2,                'a, b']\n"
    )
    assert formatted(done, FILE) == done
    assert [rule.verdicts for rule in meaning(text)] == [rule.verdicts for rule in meaning(done)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("overrides: [a, b]", "overrides: [a,  # why a\n  b]"),
        ("{name: $management.device,", "{name: $management.device,  # x\n"),
    ],
)
def test_a_comment_inside_brackets_has_no_place(old, new):
    assert old in TAME
    problem = formatted(TAME.replace(old, new), FILE)
    assert (problem.code, str(problem.where[0])) == ("not-formattable", f"{FILE}:1:1")
