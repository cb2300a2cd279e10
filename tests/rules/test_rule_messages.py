"""Errors in a rule read like advice: each message word for word, with its line, caret and hint."""

from pathlib import Path

import pytest

from planner.problem import render
from planner.rules.reader import parse_rule

FILE = "devise/vlan-over-bond.yaml"
RULE = """\
rule: vlan-over-bond
since: "1.0"
summary: The management IP is on a VLAN over a bond
why: The bond travels along.
when:
  - management: {}
  - vlan: {name: $management.device}
then:
  set: {iface: $vlan.base}
"""


def cases():
    text = (Path(__file__).parent / "rule-messages.txt").read_text()
    for case in text.split("\n## ")[1:]:
        name, *lines = case.rstrip("\n").split("\n")
        old = "\n".join(line[2:] for line in lines if line.startswith("- "))
        new = "\n".join(line[2:] for line in lines if line.startswith("+ "))
        expected = "\n".join(line for line in lines if not line.startswith(("- ", "+ ")))
        yield pytest.param(old, new, expected, id=name)


def said(text):
    rule, problems = parse_rule(text, FILE, "devise", FILE)
    assert (rule is None) == bool(problems)
    return "\n".join(render(problem, {FILE: text}) for problem in problems)


def test_the_rule_itself_is_fine():
    assert said(RULE) == ""


@pytest.mark.parametrize(("old", "new", "expected"), list(cases()))
def test_message(old, new, expected):
    assert old in RULE
    assert said(RULE.replace(old, new, 1)) == expected


def test_a_tab_is_pointed_at():
    assert said(RULE.replace("  - management", "\t- management")) == (
        "devise/vlan-over-bond.yaml:6:1: error[yaml-tab]: a tab in the indentation\n"
        "   6 |  - management: {}\n"
        "       ^\n"
        "  hint: indent with spaces"
    )


def test_control_characters_are_written_out():
    assert said(RULE.replace("summary: The", "summary: T\x1b[31mhe")) == (
        "devise/vlan-over-bond.yaml:3:11: error[control-character]: the character U+001B cannot be seen\n"
        "   3 | summary: T\\x1b[31mhe management IP is on a VLAN over a bond\n"
        "                 ^^^^\n"
        '  hint: take it out, or write "\\u...."'
    )


def test_every_problem_of_a_file_is_told():
    text = RULE.replace("vlan:", "vlna:").replace("since:", "snice:").replace("iface:", "ifcae:")
    assert [line.split("[")[1].split("]")[0] for line in said(text).splitlines() if "error[" in line] == [
        "missing-key",
        "unknown-key",
        "unknown-kind",
        "unknown-attachment-field",
    ]


def test_a_wide_character_moves_the_caret():
    text = RULE.replace("why: The bond travels along.", 'why: x\nexamples: {"束ね": []}')
    source, caret = said(text).splitlines()[1:3]
    assert source == '   5 | examples: {"束ね": []}'
    assert caret == "                  " + "^" * 6


def test_a_long_line_is_cut_around_the_fault():
    text = RULE.replace("vlan: {name", "vlan: {" + " " * 300 + "nmae")
    lines = said(text).splitlines()
    assert max(map(len, lines)) < 130
    assert lines[1].index("nmae") == lines[2].index("^")


def test_colour_only_when_asked():
    _, problems = parse_rule("rule: 1\n", FILE, "devise", FILE)
    assert "\033" not in render(problems[0], {})
    assert "\033[1;31merror[" in render(problems[0], {}, colour=True)
