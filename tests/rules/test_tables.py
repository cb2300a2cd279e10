"""A decision table: each row is a rule, faults are pointed at in the cell, gaps and overlaps are told."""

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from planner.authoring.golden import try_out
from planner.cli.cases import read_golden
from planner.problem import render
from planner.rules.compiled import compile_ruleset, from_lines, to_lines
from planner.rules.lint import lint
from planner.rules.reader import parse_rules
from planner.rules.ruleset import assemble
from planner.rules.schema import documents
from planner.rules.shelf import load_rules, ruleset_sources
from planner.yamltext import parse_yaml, plain

ROOT = Path(__file__).parents[2]
FILE = "guard/bond-mode.yaml"
TABLE = """\
rule: bond-mode
since: "1.0"
summary: What a bond's mode is good for
why: A bridge wants one port that answers.
when:
  - definition: {}
  - bond: {}
table:
  columns: [bond.mode, definition.vm_network, refuse.code, refuse.message, note.code, why]
  rows:
    round-robin: [0, 1, mode-unfit, "{bond.name} has mode 0", ~, "-"]
    other: [{not: 0}, ~, ~, ~, mode-seen, The switch knows.]
    alone: [0, 0, ~, ~, ~, ~]
then:
  refuse: {hint: take another mode, event: BOND_MODE}
  note: {message: "{bond.name} is fine"}
examples:
  silent: [nic]
"""
SITE = 'ruleset: site\nversion: "1"\nsummary: s\nextends: base@1\n'


def rows(text=TABLE):
    rules, problems = parse_rules(text, FILE, "guard", FILE)
    assert not problems
    return {rule.name: rule for rule in rules}


def said(old, new):
    assert old in TABLE
    text = TABLE.replace(old, new, 1)
    rules, problems = parse_rules(text, FILE, "guard", FILE)
    assert not rules
    return "\n".join(render(problem, {FILE: text}) for problem in problems)


def linted(old="", new=""):
    sources = {"r/ruleset.yaml": 'ruleset: r\nversion: "1"\nsummary: s\n', f"r/{FILE}": TABLE.replace(old, new, 1)}
    ruleset, problems = assemble(sources, "r")
    assert not problems
    found = [problem for problem in lint(ruleset, sources) if problem.code.startswith("table-")]
    return [f"{problem.where[0]}: {problem.severity}[{problem.code}]: {problem.message}" for problem in found]


def test_each_row_is_a_rule_at_its_own_line():
    found = rows()
    assert [(name, rule.line, rule.table) for name, rule in found.items()] == [
        ("bond-mode/round-robin", 11, "bond-mode"),
        ("bond-mode/other", 12, "bond-mode"),
        ("bond-mode/alone", 13, "bond-mode"),
    ]
    assert {(rule.file, rule.since, rule.silent) for rule in found.values()} == {(FILE, "1.0", ("nic",))}


def test_a_cell_tests_the_fact_of_an_alias():
    definition, bond = rows()["bond-mode/round-robin"].when
    assert [(test.field, test.op, test.value) for test in (*definition.tests, *bond.tests)] == [
        ("vm_network", "is", 1),
        ("mode", "is", 0),
    ]
    assert (bond.line, bond.column, definition.column) == (11, 19, 22)
    definition, bond = rows()["bond-mode/other"].when
    assert definition.tests == ()
    assert (bond.tests[0].op, definition.line) == ("not", 6)


def test_a_cell_completes_what_all_rows_say():
    refusal, *others = rows()["bond-mode/round-robin"].verdicts
    assert not others
    assert refusal[:5] == ("error", "mode-unfit", "{bond.name} has mode 0", "take another mode", "BOND_MODE")
    assert refusal.line == 11


def test_a_row_is_silent_about_a_word_whose_cells_are_empty():
    assert [verdict.code for verdict in rows()["bond-mode/other"].verdicts] == ["mode-seen"]
    assert rows()["bond-mode/alone"].verdicts == ()


def test_a_row_has_a_why_of_its_own_or_that_of_the_table():
    assert [rule.why for rule in rows().values()] == [
        "A bridge wants one port that answers.",
        "The switch knows.",
        "A bridge wants one port that answers.",
    ]


def test_rows_set_and_conclude_and_name_goldens():
    text = TABLE.replace("refuse.code, refuse.message, note.code, why", "set.mtu, set.ipv4.method, examples.fires")
    text = (
        text[: text.index("    round-robin")] + "    a: [0, 1, 1400, dhcp, one]\n    b: [1, ~, -1, ~, [two, three]]\n"
    )
    rules, problems = parse_rules(text, FILE, "devise", "devise/bond-mode.yaml")
    assert not problems
    assert [[(given.field, given.value) for given in rule.sets] for rule in rules] == [
        [("mtu", 1400), ("ipv4.method", "dhcp")],
        [("mtu", -1)],
    ]
    assert [rule.fires for rule in rules] == [("one",), ("two", "three")]


def test_conclusions_of_rows():
    text = TABLE.replace("refuse.code, refuse.message, note.code, why", "conclude.difference.field")
    text = text[: text.index("    round-robin")] + "    a: [0, 1, mode]\n    b: [1, ~, ~]\n"
    text += "then:\n  conclude: {difference: {from: $bond.mode}}\n"
    (one, other), problems = parse_rules(text, FILE, "devise", "devise/bond-mode.yaml")
    assert not problems
    assert [(given.field, given.line) for given in one.concludes[0].fields] == [("field", 11), ("from", 14)]
    assert other.concludes == ()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "bond.mode,",
            "bond.moed,",
            (
                'guard/bond-mode.yaml:9:13: error[unknown-field]: bond has no field "moed"\n'
                "   9 |   columns: [bond.moed, definition.vm_network, refuse.code, refuse.message, note.code, why]\n"
                "                   ^^^^^^^^^\n"
                "  hint: did you mean mode?"
            ),
        ),
        (
            "refuse.code",
            "refus.code",
            (
                "guard/bond-mode.yaml:9:47: error[unknown-column]: "
                '"refus.code" is neither a field of a pattern nor something that a rule says\n'
                "   9 |   columns: [bond.mode, definition.vm_network, refus.code, refuse.message, note.code, why]\n"
                "                                                     ^^^^^^^^^^\n"
                "  hint: did you mean refuse.code?"
            ),
        ),
        (
            "note.code",
            "note.cod",
            (
                'guard/bond-mode.yaml:9:76: error[unknown-column]: note has no "cod"\n'
                "   9 |   columns: [bond.mode, definition.vm_network, refuse.code, refuse.message, note.cod, why]\n"
                "                                                                                  ^^^^^^^^\n"
                "  hint: did you mean code?"
            ),
        ),
        (
            "[{not: 0}",
            "[{nto: 0}",
            (
                'guard/bond-mode.yaml:12:14: error[unknown-operator]: there is no operator "nto"\n'
                "  12 |     other: [{nto: 0}, ~, ~, ~, mode-seen, The switch knows.]\n"
                "                    ^^^\n"
                "  hint: did you mean not?"
            ),
        ),
        (
            "[0, 1, mode-unfit",
            "[balance, 1, mode-unfit",
            (
                'guard/bond-mode.yaml:11:19: error[type-clash]: bond.mode is a number, "balance" is not\n'
                '  11 |     round-robin: [balance, 1, mode-unfit, "{bond.name} has mode 0", ~, "-"]\n'
                "                         ^^^^^^^\n"
                "  hint: write a number, or null for absence"
            ),
        ),
        (
            '"{bond.name} has',
            '"{bond.nmae} has',
            (
                'guard/bond-mode.yaml:11:38: error[unknown-field]: bond has no field "nmae"\n'
                '  11 |     round-robin: [0, 1, mode-unfit, "{bond.nmae} has mode 0", ~, "-"]\n'
                "                                            ^^^^^^^^^^^\n"
                "  hint: did you mean name?"
            ),
        ),
        (
            "alone: [0, 0, ~, ~, ~, ~]",
            "alone: [0, 0, ~, ~]",
            (
                "guard/bond-mode.yaml:13:5: error[wrong-width]: alone has 4 cells, and the table 6 columns\n"
                "  13 |     alone: [0, 0, ~, ~]\n"
                "           ^^^^^\n"
                "  hint: none is left for note.code; write ~ where anything will do"
            ),
        ),
        (
            "hint: take another mode, ",
            "",
            (
                "guard/bond-mode.yaml:15:3: error[refusal-without-hint]: "
                "a refusal without a hint leaves the administrator alone\n"
                "  15 |   refuse: {event: BOND_MODE}\n"
                "         ^^^^^^\n"
                "  hint: add `hint:` and say what to do"
            ),
        ),
        (
            "  silent: [nic]",
            "  fires: [nic]",
            (
                "guard/bond-mode.yaml:18:3: error[which-row]: a golden on which a table fires is one of a row\n"
                "  18 |   fires: [nic]\n"
                "         ^^^^^\n"
                "  hint: add a column `examples.fires`"
            ),
        ),
        (
            "  - bond: {}",
            "  - bond: {nmae: x}",
            (
                'guard/bond-mode.yaml:7:12: error[unknown-field]: bond has no field "nmae"\n'
                "   7 |   - bond: {nmae: x}\n"
                "                  ^^^^\n"
                "  hint: did you mean name?"
            ),
        ),
        (
            "  - bond: {}",
            "  - no bond: {}",
            (
                "guard/bond-mode.yaml:9:13: error[alias-of-no]: bond belongs to a `no` pattern, which matches nothing\n"
                "   9 |   columns: [bond.mode, definition.vm_network, refuse.code, refuse.message, note.code, why]\n"
                "                   ^^^^^^^^^\n"
                "  hint: refer to what a pattern without `no` matches"
            ),
        ),
    ],
)
def test_a_fault_is_pointed_at_once(old, new, expected):
    shown = said(old, new)
    assert shown.splitlines()[:4] == expected.splitlines()
    assert shown.count("error[") == 1 or "`no`" in shown


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ("rows: {}", "no-row"),
        ("rows: [a]", "wrong-type"),
        ("rows: {a: 1}", "wrong-type"),
        ("rows: {A: [0, 0, ~, ~, ~, ~]}", "bad-name"),
        ("rwos: {}", "missing-key"),
        ("rows: {" + ", ".join(f"r{n}: [1]" for n in range(201)) + "}", "too-many-rows"),
    ],
)
def test_rows_that_are_none(rows, code):
    text = TABLE[: TABLE.index("  rows:")] + f"  {rows}\n" + TABLE[TABLE.index("then:") :]
    read, problems = parse_rules(text, FILE, "guard", FILE)
    assert not read
    assert problems[0].code == code


def test_columns_named_twice_or_in_a_list():
    assert "two columns are called why" in said("note.code, why", "why, why")
    assert "refuse is a list" in said("refuse: {hint: take another mode, event: BOND_MODE}", "refuse: [{hint: h}]")


def test_a_complete_table():
    assert linted() == []


def test_a_gap():
    assert linted("    alone: [0, 0, ~, ~, ~, ~]\n") == [
        f"r/{FILE}:8:1: warning[table-gap]: no row takes definition.vm_network 0, bond.mode 0"
    ]
    assert linted("{not: 0}", "4") == []
    assert linted("{not: 0}", "{gt: 4}") == [
        f"r/{FILE}:8:1: warning[table-gap]: no row takes definition.vm_network 0, bond.mode 4",
        f"r/{FILE}:8:1: warning[table-gap]: no row takes definition.vm_network 1, bond.mode 4",
    ]


def test_a_shared_test_narrows_what_is_asked_for():
    assert linted("    alone: [0, 0, ~, ~, ~, ~]\n") != []
    assert linted("  - definition: {}\n  - bond: {}", "  - definition: {vm_network: 1}\n  - bond: {}") == []


def test_an_overlap_is_told_of_rows_that_differ():
    assert linted("alone: [0, 0, ~, ~, ~, ~]", "alone: [0, ~, unfit, never, ~, ~]") == [
        (
            f"r/{FILE}:13:5: warning[table-overlap]: "
            "the rows round-robin (line 11) and alone can both match, and differ in refuse"
        )
    ]
    assert linted("alone: [0, 0, ~, ~, ~, ~]", 'alone: [0, ~, mode-unfit, "{bond.name} has mode 0", ~, ~]') == []


def test_an_overlap_in_what_is_set_is_an_error():
    text = TABLE.replace("refuse.code, refuse.message, note.code, why", "set.mtu, overrides")
    text = text[: text.index("    round-robin")] + "    a: [0, ~, 1400, ~]\n    b: [~, ~, 1500, ~]\n"
    files = {"r/ruleset.yaml": 'ruleset: r\nversion: "1"\nsummary: s\n', "r/devise/bond-mode.yaml": text}

    def errors(files):
        ruleset, problems = assemble(files, "r")
        assert not problems
        return [problem.message for problem in lint(ruleset, files) if problem.severity == "error"]

    assert errors(files) == ["the rows a (line 11) and b can both match, and differ in set.mtu"]
    files["r/devise/bond-mode.yaml"] = text.replace("1400, ~]", "1400, bond-mode/b]")
    assert errors(files) == []


def test_a_site_names_a_row_or_the_whole_table():
    base = {"base/1/ruleset.yaml": 'ruleset: base\nversion: "1"\nsummary: s\n', f"base/1/{FILE}": TABLE}
    plain_rule = (
        'rule: {}\nsince: "1"\nsummary: s\noverrides: [{}]\n'
        "when: [host: {{}}]\nthen: {{note: {{code: c, message: m}}}}\n"
    )

    def assembled(manifest, **files):
        site = {f"site/guard/{name.replace('_', '-')}.yaml": text for name, text in files.items()}
        ruleset, problems = assemble({**base, "site/ruleset.yaml": manifest, **site}, "site")
        return ruleset, [problem.code for problem in problems]

    ruleset, _ = assembled(SITE + "disable: [{rule: bond-mode, reason: r}]\n")
    assert ruleset.rules == ()
    assert dict(ruleset.disabled)["bond-mode/other"] == "r"
    ruleset, _ = assembled(SITE + "disable: [{rule: bond-mode/other, reason: r}]\n")
    assert [rule.name for rule in ruleset.rules] == ["bond-mode/round-robin", "bond-mode/alone"]
    ruleset, _ = assembled(SITE, ours=plain_rule.format("ours", "bond-mode"))
    assert ruleset.rules[-1].overrides == ("bond-mode/round-robin", "bond-mode/other", "bond-mode/alone")
    ruleset, _ = assembled(SITE, bond_mode=plain_rule.format("bond-mode", "bond-mode"))
    assert [(rule.name, rule.overrides) for rule in ruleset.rules] == [("bond-mode", ())]
    assert assembled(SITE, bond_mode=TABLE) == (None, ["rule-exists"])
    assert assembled(SITE + "disable: [{rule: bond-mood, reason: r}]\n") == (None, ["unknown-rule"])


def test_the_schema_takes_a_table():
    schema = Draft202012Validator(documents()["rule.schema.json"])

    def faults(text):
        return [error.message for error in schema.iter_errors(plain(parse_yaml(text, "x")[0]))]

    assert faults(TABLE) == []
    assert faults(TABLE.replace("bond.mode", "bondmode"))
    assert faults(TABLE.replace("{not: 0}", "{nto: 0}"))
    assert faults(TABLE[: TABLE.index("table:")] + TABLE[TABLE.index("then:") :])


def test_the_example_of_the_documentation_works(tmp_path):
    """As a site's rules; and each row fires on the golden that it names, in both engines."""
    page = (ROOT / "docs" / "rule-language.md").read_text()
    text = page.split("## Decision tables")[1].split("```yaml\n")[1].split("```")[0]
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "bond-mode-judged.yaml").write_text(text)
    (tmp_path / "ruleset.yaml").write_text(SITE.replace("base@1", "ovirtmgmt@1.0"))
    ruleset, problems = load_rules(str(tmp_path))
    assert not problems
    assert lint(ruleset, ruleset_sources(str(tmp_path)).texts) == []
    rows = [rule for rule in ruleset.rules if rule.table == "bond-mode-judged"]
    assert len(rows) == 4
    compiled = from_lines(to_lines(compile_ruleset(ruleset), str(tmp_path)), "", str(tmp_path))
    for row in rows:
        case, _ = read_golden(str(ROOT / "golden" / row.fires[0]))
        assert try_out(case, compiled).outcome(row.name) == "fired", row.name
        case, _ = read_golden(str(ROOT / "golden" / row.silent[0]))
        assert try_out(case, compiled).outcome(row.name) == "not applicable", row.name
