"""JSON Schemas of what people write and what facts there are, made from the vocabulary.

``python -m planner.rules.schema DIR`` writes them. Editors that know yaml-language-server complete a rule by
them. The plan's and the capture's schemas follow from nothing else and are written by hand.
"""

from collections.abc import Mapping
from typing import Any

from planner.facts.vocabulary import ATTACHMENT, KINDS, STAGES, Field, absent
from planner.rules.consequences import CODE, EVENT, SEVERITIES, WORKED_OUT
from planner.rules.model import OPERATORS
from planner.rules.reader import NAME, VERSION
from planner.rules.ruleset import BASE, DIGEST
from planner.rules.tables import MOST_ROWS, sayings

# What a field can be tested against and set to, as JSON Schema: words are listed, references are offered.


Schema = dict[str, Any]

FIELD_REFERENCE = r"^\$[A-Za-z_][A-Za-z0-9_-]*\.[A-Za-z0-9_-]+$"
ORDERING = {"lt": "less than", "le": "at most", "gt": "greater than", "ge": "at least"}
SETS = {"in": "one of", "not-in": "none of"}


def tested(field: Field) -> Schema:
    """What a pattern can ask of the field."""
    return {"$ref": f"#/$defs/{_name(field)} test"}


def assigned(field: Field) -> Schema:
    """What the field can be set to."""
    bounds = {"maximum": field.most} if field.most is not None else {}
    return {"$ref": f"#/$defs/{_name(field)} value", **bounds}


def definitions(fields: list[Field]) -> Schema:
    """Every definition that `tested` and `assigned` refer to, for the ``fields`` of a schema."""
    made: Schema = {"text reference": _references(str), "number reference": _references(int)}
    for field in fields:
        name = _name(field)
        if f"{name} test" not in made:
            made[f"{name} test"] = _test(field, name)
            described = f"{name}, null for absence, or $alias.field"
            made[f"{name} value"] = {"title": f"{name} value", "description": described, **_value(field)}
    return made


def _name(field: Field) -> str:
    if field.words == (0, 1):
        return "yes or no"
    if field.words:
        return " or ".join(map(str, field.words))
    return "text" if field.type is str else "number"


def _references(held: type) -> Schema:
    """``$alias.field``; those offered take a kind's own name for the alias."""
    kind = "text" if held is str else "number"
    offered = [
        f"${name}.{field}" for name, kind_ in KINDS.items() for field, made in kind_.fields.items() if made.type is held
    ]
    described = f"the {kind} that a field of an earlier pattern's fact holds: $alias.field"
    reference = {"type": "string", "pattern": FIELD_REFERENCE, "examples": offered}
    return {"title": f"{kind} reference", "description": described, **reference}


def _literal(field: Field) -> Schema:
    if not field.words:
        return {"type": ["string", "null"] if field.type is str else ["integer", "boolean", "null"]}
    spelled = [True, False] if field.words == (0, 1) else []
    return {"enum": [*spelled, *field.words, absent(field), None]}


def _value(field: Field) -> Schema:
    """A literal or a reference; a text without listed words may be either, so the references are but offered."""
    reference = {"$ref": f"#/$defs/{'text' if field.type is str else 'number'} reference"}
    if field.type is str and not field.words:
        return {**_literal(field), "examples": _references(str)["examples"]}
    return {"anyOf": [_literal(field), reference]}


def _test(field: Field, name: str) -> Schema:
    reference = {"$ref": f"#/$defs/{'text' if field.type is str else 'number'} reference"}
    ordered = reference if field.type is str else {"anyOf": [{"type": ["integer", "boolean"]}, reference]}
    operations: Schema = {
        "is": {"title": "is", "description": "equal to", **_value(field)},
        "not": {"title": "not", "description": "other than", **_value(field)},
        **{op: {"title": op, "description": meaning, **ordered} for op, meaning in ORDERING.items()},
        **{
            op: {"title": op, "description": meaning, "type": "array", "items": _literal(field)}
            for op, meaning in SETS.items()
        },
    }
    if field.type is str:
        described = "the whole text matches this expression"
        operations["matches"] = {"title": "matches", "description": described, "type": "string"}
    inner = {
        "title": "operators",
        "description": "comparisons, all of which must hold",
        "type": "object",
        "additionalProperties": False,
        "properties": {op: operations[op] for op in OPERATORS if op in operations},
        "minProperties": 1,
    }
    described = f"{name}: a literal, null for absence, $alias.field, or {{operator: value}}"
    return {"title": f"{name} test", "description": described, "anyOf": [_value(field), inner]}


ALIAS = "[a-z][a-z0-9_]*"


def documents() -> dict[str, Schema]:
    """Each schema by the name of its file."""
    return {
        "definition.schema.json": definition_schema(),
        "facts.schema.json": facts_schema(),
        "rule.schema.json": rule_schema(),
        "invariant.schema.json": invariant_schema(),
        "ruleset.schema.json": ruleset_schema(),
    }


def definition_schema() -> Schema:
    """What a data centre wants of the network."""
    flag = {"type": ["boolean", "string", "null"], "enum": [True, False, "true", "false", None]}
    address = {"type": "string", "title": "address", "description": "an IPv4 or IPv6 address, without prefix length"}
    whole = ["integer", "string", "null"]
    properties = {
        "network": _said(
            "network", "the logical network's name; absent: ovirtmgmt", type=["string", "null"], minLength=1
        ),
        "vm_network": _said("VM network", "whether virtual machines use it (over a bridge); absent: true", **flag),
        "vlan": _said(
            "vlan", "its tag; absent, null or 0: untagged", type=whole, minimum=0, maximum=4094, pattern="^[0-9]{1,6}$"
        ),
        "mtu": _said(
            "MTU",
            "in bytes, from 68 to 65535; absent or 0: 1500",
            type=whole,
            anyOf=[{"const": 0}, {"not": {"type": "integer"}}, {"type": "integer", "minimum": 68, "maximum": 65535}],
            pattern="^[0-9]{1,6}$",
        ),
        "stp": _said("STP", "whether the bridge runs the spanning tree protocol; absent: false", **flag),
        "default_route": _said("default route", "whether it carries the host's default route; absent: true", **flag),
        "nameservers": _said(
            "name servers", "their addresses; absent: as the host has them", type=["array", "null"], items=address
        ),
        "gateway": _said(
            "gateway",
            "only to overrule what the host reports: an address, one per family, or none",
            anyOf=[
                {"const": "none", "title": "none", "description": "no gateway of either family"},
                {**address, "type": ["string", "null"]},
                _said("gateways", "one per family", type="array", items=address, minItems=1, maxItems=2),
            ],
        ),
        "ipv4": _said("IPv4", "only where a capture cannot tell", enum=["dhcp", "static", None]),
    }
    return _top("definition", "network definition", "What the data centre wants of the management network.", properties)


def facts_schema() -> Schema:
    """The facts that ``mgmtnet facts -o json`` prints."""
    return {
        **_head("facts", "facts", "A host and a definition as flat facts, which rules match."),
        "type": "array",
        "items": {"oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in KINDS]},
        "$defs": {kind: _fact(kind) for kind in KINDS},
    }


def _fact(kind: str) -> Schema:
    declared = KINDS[kind]
    fields = {name: _said(f"{kind}.{name}", _meaning(field), **_held(field)) for name, field in declared.fields.items()}
    origin = f"concluded in the {declared.concluded_in} stage" if declared.concluded_in else "read from the inputs"
    return _object(
        kind,
        f"{declared.meaning}; {origin}",
        {
            "kind": _said("kind", "what the fact is about", const=kind),
            "path": _said("path", "where in the inputs it was read; empty when it was concluded", type="string"),
            "fields": _object("fields", "all its fields; absence is an empty text or -1", fields, tuple(fields)),
        },
        ("kind", "path", "fields"),
    )


def rule_schema() -> Schema:
    """A rule's file."""
    golden = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
    properties = {
        "rule": _said("rule", "its name, which is also its file's", type="string", pattern=f"^{NAME.pattern}$"),
        "since": _said("since", "the ruleset's version that brought it", type="string", pattern=f"^{VERSION.pattern}$"),
        "summary": _said("summary", "one line: on what it fires", type="string", minLength=1),
        "why": _said("why", "why it is there: what would happen without it", type="string", minLength=1),
        "advisory": _said("advisory", "why no invariant rests on its refusal", type="string", minLength=1),
        "shadow": _said("shadow", "true: report that it would fire, and do nothing", type="boolean"),
        "overrides": _said("overrides", "the rules that are silent when this one fires", **_named()),
        "when": _said(
            "when",
            "patterns in order; the rule fires once for each way to match them all",
            type="array",
            minItems=1,
            maxItems=15,
            items={"$ref": "#/$defs/pattern"},
        ),
        "table": table_schema(),
        "then": _then(),
        "examples": _object(
            "examples",
            "goldens that prove the rule",
            {
                "fires": _said("fires", "goldens on which it fires", **golden),
                "silent": _said("silent", "goldens on which it does not", **golden),
            },
        ),
    }
    needed = ("rule", "since", "summary", "when")
    top = _top("rule", "rule", "One rule of a ruleset: what it matches and what follows.", properties, needed)
    top |= {"if": {"required": ["table"]}, "else": _alone()}
    fields = [*(field for kind in KINDS.values() for field in kind.fields.values()), *ATTACHMENT.values()]
    kinds = {f"tests of {kind}": _kind(kind) for kind in KINDS}
    return {**top, "$defs": {"pattern": _pattern(), **definitions(fields), **kinds}}


def _named() -> Schema:
    """A list of rules, or of rows of tables."""
    row = f"^{NAME.pattern}(/{NAME.pattern})?$"
    return {"type": "array", "items": {"type": "string", "pattern": row}, "uniqueItems": True}


def invariant_schema() -> Schema:
    """An invariant's file."""
    properties = {
        "invariant": _said(
            "invariant", "its name, which is also its file's", type="string", pattern=f"^{NAME.pattern}$"
        ),
        "since": _said("since", "the ruleset's version that brought it", type="string", pattern=f"^{VERSION.pattern}$"),
        "summary": _said("summary", "one line: what never is", type="string", minLength=1),
        "why": _said("why", "what it would do to a host", type="string", minLength=1),
        "never": _said(
            "never",
            "patterns that no host, with its definition and its plan, may match together",
            type="array",
            minItems=1,
            maxItems=15,
            items={"$ref": "#/$defs/pattern"},
        ),
        "rests_on": _said(
            "rests_on",
            "the rules that refuse hosts on which it would be broken; `mgmtnet rules prove --carried` takes each out",
            **_named(),
        ),
    }
    top = _top(
        "invariant",
        "invariant",
        "What rules must never do, whatever the host.",
        properties,
        tuple(name for name in properties if name != "rests_on"),
    )
    fields = [field for kind in KINDS.values() for field in kind.fields.values()]
    kinds = {f"tests of {kind}": _kind(kind) for kind in KINDS}
    return {**top, "$defs": {"pattern": _pattern(), **definitions(fields), **kinds}}


def table_schema() -> Schema:
    """A decision table: what its columns are, and cells in rows."""
    concluded = [
        f"conclude.{name}.{field}"
        for name, kind in KINDS.items()
        if kind.concluded_in and name not in WORKED_OUT
        for field in kind.fields
    ]
    tested = [f"{name}.{field}" for name, kind in KINDS.items() for field in kind.fields]
    heading = {"enum": [*tested, *sayings(), *concluded]}
    other = _said("alias.field", "a field of a pattern that has a name of its own", pattern=rf"^{ALIAS}\.{ALIAS}$")
    operators = _said("operators", "comparisons, all of which must hold", type="object", minProperties=1)
    operators |= {"propertyNames": {"enum": [*OPERATORS]}}
    cell = {"anyOf": [{"type": ["string", "integer", "boolean", "null", "array"]}, operators]}
    properties = {
        "columns": _said(
            "columns",
            "alias.field is tested; set.FIELD, refuse.code, why and the like are said",
            type="array",
            items={"type": "string", "anyOf": [heading, other]},
            minItems=1,
            uniqueItems=True,
        ),
        "rows": _said(
            "rows",
            'each is a rule of its own: a cell a column; ~ or "-" where anything will do, or nothing is said',
            type="object",
            propertyNames={"pattern": f"^{NAME.pattern}$"},
            additionalProperties={"type": "array", "items": cell, "minItems": 1},
            minProperties=1,
            maxProperties=MOST_ROWS,
        ),
    }
    return _object(
        "table", "rows that are rules, instead of many files that are nearly the same", properties, ("columns", "rows")
    )


def _pattern() -> Schema:
    """``kind``, ``kind as alias``, ``no kind`` and ``no kind as alias``, one key a pattern."""
    properties, by_pattern = {}, {}
    for kind, declared in KINDS.items():
        tests = {"$ref": f"#/$defs/tests of {kind}"}
        properties[kind] = _said(kind, f"there is {declared.meaning}", **tests)
        properties[f"no {kind}"] = _said(f"no {kind}", f"there is not: {declared.meaning}", **tests)
        named = _said(f"{kind} as ...", f"{declared.meaning}, under a name of its own", **tests)
        by_pattern[f"^(no +)?{kind} +as +{ALIAS}$"] = named
    return {
        **_object("pattern", "one kind of fact, and the tests that a fact must pass", properties),
        "patternProperties": by_pattern,
        "minProperties": 1,
        "maxProperties": 1,
    }


def _kind(kind: str) -> Schema:
    fields = {
        name: _said(f"{kind}.{name}", _meaning(field), **tested(field)) for name, field in KINDS[kind].fields.items()
    }
    return _object(kind, f"tests of {KINDS[kind].meaning}; all must hold", fields)


def _then() -> Schema:
    attachment: dict[str, Any] = {}
    for name, field in ATTACHMENT.items():
        group, _, inner = name.rpartition(".")
        value = _said(name, field.meaning, **assigned(field))
        if group:
            attachment.setdefault(group, _object(group, f"how the network gets its {group} address", {}))
            attachment[group]["properties"][inner] = value
        attachment[name] = value
    attachment["bonding"] = _said("bonding", ATTACHMENT["bonding"].meaning, type="string", pattern=rf"^\${ALIAS}$")
    concluded = {
        name: _object(name, f"{kind.meaning} (a rule in {kind.concluded_in}/)", _given(kind.fields))
        for name, kind in KINDS.items()
        if kind.concluded_in and name not in WORKED_OUT
    }
    properties = {
        "set": _object("set", "fields of the attachment, in the devise stage", attachment),
        "conclude": _one_or_more(_object("conclude", f"facts for the stages after ({', '.join(STAGES)})", concluded)),
        "refuse": _one_or_more(_verdict("refuse", "no plan: what is wrong, and what to do")),
        "warn": _one_or_more(_verdict("warn", "plan, but warn")),
        "note": _one_or_more(_verdict("note", "plan, and mention")),
    }
    return _object("then", "what follows when the rule fires", properties)


def _alone() -> Schema:
    """What a rule needs that is not completed by the rows of a table."""
    verdicts = {}
    for name in SEVERITIES:
        needed = ["code", "message", "hint"] if name == "refuse" else ["code", "message"]
        verdicts[name] = _said(name, "with " + ", ".join(needed), required=needed, items={"required": needed})
    then = _said("then", "what follows when the rule fires", minProperties=1, properties=verdicts)
    return {"required": ["then"], "properties": {"then": then}}


def _given(fields: Mapping[str, Field]) -> Schema:
    """A conclusion's fields; a number given to one that holds text becomes text."""
    either = [{"$ref": "#/$defs/text value"}, {"$ref": "#/$defs/number value"}]
    return {
        name: _said(name, _meaning(field), **({"anyOf": either} if field.type is str else either[1]))
        for name, field in fields.items()
    }


def _verdict(name: str, description: str) -> Schema:
    text = "; {alias.field} stands for a value"
    properties = {
        "code": _said("code", "a short name that programs can rely on", type="string", pattern=f"^{CODE.pattern}$"),
        "message": _said("message", f"what is the matter{text}", type="string", minLength=1),
        "hint": _said("hint", f"what to do{text}", type="string", minLength=1),
        "event": _said("event", "the engine's name for it", type="string", pattern=f"^{EVENT.pattern}$"),
    }
    return _object(name, description, properties)


def ruleset_schema() -> Schema:
    """The manifest of a ruleset."""
    disabled = {
        "rule": _said("rule", "the rule's name", type="string", pattern=f"^{NAME.pattern}(/{NAME.pattern})?$"),
        "reason": _said("reason", "why this site does without it", type="string", minLength=1),
    }
    given_up = {
        "invariant": _said("invariant", "the invariant's name", type="string", pattern=f"^{NAME.pattern}$"),
        "reason": _said("reason", "why this site does not need it", type="string", minLength=1),
    }
    properties = {
        "ruleset": _said("ruleset", "its name", type="string", pattern=f"^{NAME.pattern}$"),
        "version": _said("version", "its version, in quotes", type="string", pattern=f"^{VERSION.pattern}$"),
        "summary": _said("summary", "one line: what it is for", type="string", minLength=1),
        "digest": _said("digest", "of its files, once it is released", type="string", pattern=f"^{DIGEST.pattern}$"),
        "compiled": _said("compiled", "of its compiled form, likewise", type="string", pattern=f"^{DIGEST.pattern}$"),
        "extends": _said("extends", "the ruleset it changes: name@version", type="string", pattern=f"^{BASE.pattern}$"),
        "disable": _said(
            "disable",
            "rules of that ruleset that are not to fire",
            type="array",
            items=_object("disabled rule", "one rule and the reason", disabled, ("rule", "reason")),
        ),
        "give_up": _said(
            "give_up",
            "invariants of that ruleset that this one need not keep",
            type="array",
            items=_object("given up", "one invariant and the reason", given_up, ("invariant", "reason")),
        ),
    }
    needed = ("ruleset", "version", "summary")
    top = _top("ruleset", "ruleset", "The manifest of a folder of rules.", properties, needed)
    return {**top, "dependentRequired": {"disable": ["extends"], "give_up": ["extends"]}}


def _top(name: str, title: str, description: str, properties: Schema, needed: tuple[str, ...] = ()) -> Schema:
    return {**_head(name, title, description), **_object(f"mgmtnet {title}", description, properties, needed)}


def _head(name: str, title: str, description: str) -> Schema:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://mgmtnet.example/schemas/{name}.schema.json",
        "title": f"mgmtnet {title}",
        "description": description,
    }


def _object(title: str, description: str, properties: Schema, needed: tuple[str, ...] = ()) -> Schema:
    """A closed object."""
    required = {"required": list(needed)} if needed else {}
    return _said(title, description, type="object", additionalProperties=False, properties=properties, **required)


def _one_or_more(schema: Schema) -> Schema:
    several = _said(schema["title"], schema["description"], type="array", items=schema)
    return _said(schema["title"], schema["description"], anyOf=[schema, several])


def _said(title: str, description: str, **schema: Any) -> Schema:
    return {"title": title, "description": description, **schema}


def _held(field: Field) -> Schema:
    """What a fact has in the field."""
    if field.words:
        return {"enum": [*field.words, absent(field)]}
    bounds = {"maximum": field.most} if field.most is not None else {}
    return {"type": "string"} if field.type is str else {"type": "integer", "minimum": -1, **bounds}


def _meaning(field: Field) -> str:
    return f"{field.meaning} (absent: {field.absent})"


def texts() -> dict[str, str]:
    """Each schema's file as it is written."""
    import json

    return {name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in documents().items()}


def write(folder: str) -> None:
    """Write every schema into ``folder``."""
    import os

    for name, text in texts().items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as stream:
            stream.write(text)


if __name__ == "__main__":
    import sys

    write(sys.argv[1] if len(sys.argv) > 1 else "schemas")
