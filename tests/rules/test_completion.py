"""What an editor can offer and tell by the rule's schema: kinds, fields, operators, words, references, meanings.

The schema is walked as yaml-language-server walks it: through $ref and anyOf, taking the keys of `properties`, the
values of `enum`, `const` and `examples`, and `description` for the hover.
"""

import pytest

from planner.facts.vocabulary import ATTACHMENT, KINDS, absent
from planner.rules.model import OPERATORS
from planner.rules.reader import parse_rule
from planner.rules.schema import documents
from planner.yamltext import parse_yaml, plain

SCHEMA = documents()["rule.schema.json"]
RULE = 'rule: a\nsince: "1"\nsummary: s\nthen:\n  note: {code: c, message: m}\n'
FIELDS = [(kind, name) for kind, declared in KINDS.items() for name in declared.fields]


def branches(schema):
    """The schema and every alternative that holds at its place."""
    yield schema
    if "$ref" in schema:
        node = SCHEMA
        for part in schema["$ref"].removeprefix("#/").split("/"):
            node = node[part]
        yield from branches(node)
    for inner in schema.get("anyOf", ()):
        yield from branches(inner)


def at(*path):
    """The alternatives at a path: a key of a map, or - for an item of a list."""
    found = list(branches(SCHEMA))
    for step in path:
        inner = [
            (one.get("items") if step == "-" else one.get("properties", {}).get(step))
            for one in found
            if isinstance(one, dict)
        ]
        found = [branch for one in inner if one for branch in branches(one)]
    return found


def keys(*path):
    return {key for one in at(*path) for key in one.get("properties", {})}


def values(*path):
    found = []
    for one in at(*path):
        found += [*one.get("enum", ()), *one.get("examples", ()), *([one["const"]] if "const" in one else [])]
    return found


def hover(*path):
    return [one["description"] for one in at(*path) if "description" in one]


def test_keys_of_a_rule():
    assert keys() == {
        *("rule", "since", "summary", "why", "advisory", "shadow", "overrides", "when", "table", "then", "examples"),
    }
    assert keys("then") == {"set", "conclude", "refuse", "warn", "note"}
    assert keys("then", "refuse") == {"code", "message", "hint", "event"}


def test_every_kind_is_offered_and_explained():
    assert keys("when", "-") == {*KINDS, *(f"no {kind}" for kind in KINDS)}
    for kind, declared in KINDS.items():
        assert any(declared.meaning in text for text in hover("when", "-", kind))
        assert any(declared.meaning in text for text in hover("when", "-", f"no {kind}"))


def test_a_kind_under_another_name_has_the_same_fields():
    named = at("when", "-")
    patterns = {key for one in named for key in one.get("patternProperties", {})}
    assert len(patterns) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_offered_and_explained(kind):
    fields = KINDS[kind].fields
    assert keys("when", "-", kind) == set(fields)
    for name, field in fields.items():
        told = hover("when", "-", kind, name)
        assert field.meaning in told[0]
        assert field.absent in told[0]


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_operators_fit_the_type(kind, name):
    text = KINDS[kind].fields[name].type is str
    expected = set(OPERATORS) if text else set(OPERATORS) - {"matches"}
    assert keys("when", "-", kind, name) == expected
    for op in expected:
        assert hover("when", "-", kind, name, op)


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_words_and_references_are_offered(kind, name):
    field = KINDS[kind].fields[name]
    for path in ((), ("is",), ("not",)):
        offered = values("when", "-", kind, name, *path)
        assert set(field.words) <= set(offered)
        references = [value for value in offered if isinstance(value, str) and value.startswith("$")]
        assert references
        for reference in references:
            alias, _, other = reference[1:].partition(".")
            assert KINDS[alias].fields[other].type is field.type
    if field.words:
        assert set(values("when", "-", kind, name, "in", "-")) >= {*field.words, absent(field)}


def test_what_is_set_is_offered_and_explained():
    offered = keys("then", "set")
    for name, field in ATTACHMENT.items():
        assert name in offered
        group, _, inner = name.rpartition(".")
        path = ("then", "set", *((group, inner) if group else (name,)))
        assert field.meaning in hover(*path)[0]
        assert set(field.words) <= set(values(*path)) or name == "bonding"
    assert {"none", "static", "dhcp", "auto", "auto+dhcp"} <= set(values("then", "set", "ipv6", "method"))


def test_what_is_offered_is_what_the_reader_takes():
    for kind, name in FIELDS:
        if KINDS[kind].concluded_in:
            continue
        for value in values("when", "-", kind, name)[:12]:
            if isinstance(value, str) and value.startswith("$"):
                continue
            written = {None: "null", True: "true", False: "false"}.get(value) if not isinstance(value, str) else None
            written = written or (f'"{value}"' if isinstance(value, str) else str(value))
            text = RULE + f"when:\n  - {kind}: {{{name}: {written}}}\n"
            assert parse_rule(text, "guard/a.yaml", "guard", "guard/a.yaml")[0] is not None, text
            assert plain(parse_yaml(text, "a")[0])["when"]
