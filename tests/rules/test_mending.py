"""``--fix`` mends what needs no judgement where it stands, and makes no file worse."""

import pytest
from hypothesis import given, settings
from test_any_text import MANIFEST, TEXTS

from planner.authoring.check import analyse
from planner.authoring.fix import applied, mend, missing_schema
from planner.problem import Fix
from planner.rules.reader import parse_rule
from planner.rules.ruleset import assemble

RULE = """\
# a comment at the top
rule: one
since: "1"   # and one behind
summary: s
why: w
when:
  - management: {}
  - vlan: {name: $management.device}   # here
then:
  set: {iface: $vlan.base}
"""


def mended(text, manifest=MANIFEST, schemas=None):
    sources = {"r/ruleset.yaml": manifest, "r/devise/one.yaml": text}
    texts, changes = mend(sources, "r", schemas or {})
    return texts["r/devise/one.yaml"], [str(change).partition(": ")[2] for change in changes]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('since: "1"', "since: 1", '1 -> "1" [wrong-type]'),
        ('since: "1"', "since: 1.0", '1.0 -> "1.0" [yaml-number]'),
        ("why: w", "shadow: yes", "yes -> true [yaml-word]"),
        ("why: w", "shadow: Off", "Off -> false [yaml-word]"),
        ("summary: s", "summary: on", 'on -> "on" [yaml-word]'),
        ("vlan: {name", "vlna: {name", "vlna -> vlan [unknown-kind]"),
        ("{name: $", "{nmae: $", "nmae -> name [unknown-field]"),
        ("$management.device", "$management.devise", "devise -> device [unknown-field]"),
        ("$management.device", "$managment.device", "managment -> management [unknown-alias]"),
        ("iface:", "ifcae:", "ifcae -> iface [unknown-attachment-field]"),
        ("{iface: $vlan.base}", "{ipv4: {adress: null}}", "adress -> address [unknown-attachment-field]"),
        ("since:", "sicne:", "sicne -> since [unknown-key]"),
        ("name: $management.device", "tag: {==: 5}", "== -> is [unknown-operator]"),
        ("name: $management.device", "tag: {'!=': 5}", "!= -> not [unknown-operator]"),
        ("name: $management.device", "tag: {in: 5}", "5 -> [5] [wrong-type]"),
        ("name: $management.device", "name: 5", '5 -> "5" [type-clash]'),
        ("name: $management.device", 'tag: "5"', '"5" -> 5 [type-clash]'),
        ("name: $management.device", "base_kind: bnod", "bnod -> bond [unknown-word]"),
        ("management: {}", "management", "management -> management: {} [wrong-type]"),
        ("why: w", "overrides: other", "other -> [other] [wrong-type]"),
    ],
)
def test_what_is_mended(old, new, told):
    broken = RULE.replace(old, new, 1)
    text, changes = mended(broken)
    assert changes[0] == told
    assert len(changes) == 1
    assert [line.partition("#")[2] for line in text.splitlines()] == [
        line.partition("#")[2] for line in RULE.splitlines()
    ]
    assert len(parse_rule(text, "x", "devise", "devise/one.yaml")[1]) == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: $management.device", "tag: {xyz: 5}"),  # nothing is near
        ("name: $management.device", "mtx: 5"),  # several are
        ("$vlan.base", "$vlan"),  # which field?
        ("name: $management.device", "tag: {lt: null}"),
        ("rule: one", "rule: two"),
        ("why: w", "why: w\nwhy: x"),
        ("summary: s", "summary: a: b"),
        ("then:", "then: {"),
    ],
)
def test_what_wants_judgement_is_left(old, new):
    broken = RULE.replace(old, new, 1)
    assert mended(broken) == (broken, [])


def test_several_at_once():
    text, changes = mended(RULE.replace("vlan: {name", "vlna: {name").replace('"1"', "1").replace("iface", "ifcae"))
    assert text == RULE
    assert len(changes) == 3


def test_one_that_hides_others_is_mended_first():
    text, _ = mended(RULE.replace("why: w", "shadow: no").replace("name: $management.device", "tag: {>=: 5}"))
    assert "shadow: false" in text
    assert 'tag: {"ge": 5}' in text


def test_a_manifest():
    texts, changes = mend({"r/ruleset.yaml": MANIFEST.replace('"1"', "1")}, "r", {})
    assert texts["r/ruleset.yaml"] == MANIFEST
    assert [str(change) for change in changes] == ['r/ruleset.yaml:2:10: 1 -> "1" [wrong-type]']


def test_an_override_among_the_rules_of_the_base():
    base = {"base/1.0/ruleset.yaml": 'ruleset: base\nversion: "1.0"\nsummary: s\n'}
    base["base/1.0/devise/as-defined.yaml"] = RULE.replace("rule: one", "rule: as-defined")
    own = {"r/ruleset.yaml": MANIFEST + "extends: base@1.0\n"}
    own["r/devise/one.yaml"] = RULE.replace("why: w", "why: w\noverrides: [as-defnied]")
    texts, changes = mend({**base, **own}, "r", {})
    assert "overrides: [as-defined]" in texts["r/devise/one.yaml"]
    assert len(changes) == 1
    assert all(path.startswith("r/") for path in texts)


def test_a_released_ruleset_is_left():
    broken = RULE.replace("vlan: {name", "vlna: {name")
    assert mended(broken, MANIFEST + "digest: sha256:0\n") == (broken, [])


def test_the_line_that_names_the_schema():
    text, changes = mended(RULE, schemas={"r/devise/one.yaml": "../../schemas/rule.schema.json"})
    assert text == "# yaml-language-server: $schema=../../schemas/rule.schema.json\n" + RULE
    assert changes == ["+ # yaml-language-server: $schema=../../schemas/rule.schema.json [no-schema-line]"]
    assert missing_schema("x", text, {"x": "elsewhere"}) == []
    assert mended(RULE.replace("\n", "\r\n"), schemas={"r/devise/one.yaml": "s"})[0].startswith(
        "# yaml-language-server: $schema=s\r\n# a"
    )


def test_a_cure_for_a_text_that_has_changed():
    assert applied("a: b\n", Fix(1, 4, "b", "c")) == "a: c\n"
    assert applied("a: d\n", Fix(1, 4, "b", "c")) is None
    assert applied("", Fix(1, 1, "", "x")) is None


@given(TEXTS)
@settings(max_examples=30)
def test_any_rule_is_analysed(text):
    sources = {"r/ruleset.yaml": MANIFEST, "r/devise/one.yaml": text}
    ruleset, _ = assemble(sources, "r")
    if ruleset is not None:
        analysis = analyse(ruleset, "r", sources, ())
        assert not analysis.undecided
        for problem, _ in analysis.findings:
            assert problem.where[0].line


@given(TEXTS)
@settings(max_examples=150)
def test_no_file_gets_worse(text):
    before = parse_rule(text, "x", "devise", "devise/one.yaml")[1]
    after = parse_rule(mended(text)[0], "x", "devise", "devise/one.yaml")[1]
    assert len(after) <= len(before) or any(problem.code == "yaml-syntax" for problem in before)
    assert bool(before) or not after
