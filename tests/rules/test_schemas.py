"""The schemas say the same as the code: they are made from it, and the shipped rules satisfy them."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from planner.facts.vocabulary import KINDS, absent
from planner.rules.reader import parse_rule
from planner.rules.schema import documents
from planner.yamltext import parse_yaml, plain

ROOT = Path(__file__).parents[2]
INVARIANTS = sorted((ROOT / "rules").glob("*/*/invariants/*.yaml"))
RULES = sorted({*(ROOT / "rules").glob("*/*/*/*.yaml")} - {*INVARIANTS})
DEFINITIONS = sorted((ROOT / "golden").glob("*/definition.yaml"))
SCHEMAS = documents()
RULE = Draft202012Validator(SCHEMAS["rule.schema.json"])


def read(path):
    return plain(parse_yaml(path.read_text(), str(path))[0])


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_files_are_up_to_date(name):
    assert json.loads((ROOT / "schemas" / name).read_text()) == SCHEMAS[name], "run `make schemas`"
    Draft202012Validator.check_schema(SCHEMAS[name])


def undescribed(schema, path=""):
    if isinstance(schema, dict):
        for name, inner in schema.get("properties", {}).items():
            if isinstance(inner, dict) and not (inner.get("title") and inner.get("description")):
                yield f"{path}/{name}"
        for name, inner in schema.items():
            yield from undescribed(inner, f"{path}/{name}")
    elif isinstance(schema, list):
        for index, inner in enumerate(schema):
            yield from undescribed(inner, f"{path}/{index}")


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_property_is_described(name):
    assert list(undescribed(SCHEMAS[name])) == []


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_shipped_rules_satisfy_the_schema(path):
    assert [error.message for error in RULE.iter_errors(read(path))] == []


def test_shipped_invariants_satisfy_the_schema():
    validator = Draft202012Validator(SCHEMAS["invariant.schema.json"])
    assert len(INVARIANTS) > 20
    for path in INVARIANTS:
        assert [error.message for error in validator.iter_errors(read(path))] == [], path


def test_shipped_manifests_satisfy_the_schema():
    validator = Draft202012Validator(SCHEMAS["ruleset.schema.json"])
    for path in (ROOT / "rules").glob("*/*/ruleset.yaml"):
        assert [error.message for error in validator.iter_errors(read(path))] == []


@pytest.mark.parametrize(
    ("pattern", "good"),
    [
        ("vlan: {name: bond4, tag: 3000}", True),
        ("vlan as upper: {tag: {ge: 0, not: $definition.vlan}}", True),
        ("no vlan: {name: {in: [a, null]}, tag: true}", True),
        ("no vlan as other: {name: {matches: 'bond.*'}, tag: null}", True),
        ("vlan: {name: {lt: $definition.network}}", True),
        ("vlna: {}", False),
        ("vlan: {nmae: x}", False),
        ("vlan: {tag: bond}", False),
        ("vlan: {name: 4}", False),
        ("vlan: {name: {lt: bond}}", False),
        ("vlan: {tag: {matches: x}}", False),
        ("vlan: {tag: {gte: 4}}", False),
        ("vlan: {name: {in: bond}}", False),
        ("vlan:", False),
        ("ip: {method: dhcp}", True),
        ('ip: {method: ""}', True),
        ("ip: {method: {in: [dhcp, null]}, planned: {matches: 'auto.*'}}", True),
        ("ip: {method: $definition.ipv4}", True),
        ("ip: {method: dchp}", False),
        ("ip: {method: {not-in: [slaac]}}", False),
        ("vdsm: {dirty: true}", True),
        ("vdsm: {dirty: {not: 0, ge: 0}}", True),
        ("vdsm: {dirty: -1}", True),
        ("vdsm: {dirty: 2}", False),
        ("address: {family: 6}", True),
        ("address: {family: 5}", False),
        ("address: {family: true}", False),
    ],
)
def test_schema_and_reader_agree_on_a_pattern(pattern, good):
    text = (
        f'rule: one\nsince: "1"\nsummary: s\nwhen:\n  - definition: {{}}\n  - {pattern}\n'
        "then:\n  note: {code: c, message: m}\n"
    )
    rule, _ = parse_rule(text, "guard/one.yaml", "guard", "guard/one.yaml")
    assert (rule is not None) == good
    assert RULE.is_valid(plain(parse_yaml(text, "one")[0])) == good


def test_facts_of_every_kind_have_a_schema():
    validator = Draft202012Validator(SCHEMAS["facts.schema.json"])
    facts = [
        {"kind": name, "path": "", "fields": {inner: absent(field) for inner, field in kind.fields.items()}}
        for name, kind in KINDS.items()
    ]
    assert validator.is_valid(facts)
    facts[0]["fields"]["more"] = 1
    assert not validator.is_valid(facts)


@pytest.mark.parametrize("golden", DEFINITIONS, ids=lambda path: path.parent.name)
def test_goldens_definitions_satisfy_the_schema(golden):
    validator = Draft202012Validator(SCHEMAS["definition.schema.json"])
    assert [error.message for error in validator.iter_errors(read(golden))] == []
