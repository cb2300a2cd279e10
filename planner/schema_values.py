"""What a field can be tested against and set to, as JSON Schema: words are listed, references are offered."""

from typing import Any

from planner.language import OPERATORS
from planner.vocabulary import KINDS, Field, absent

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
