"""What the service promises: requests and answers by schemas/service.schema.json, and the OpenAPI document of them."""

import json
import os
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import planner
from planner.definition import READERS
from planner.host.caps import is_caps, opened
from planner.printing import listing
from planner.problem import Problem, Where
from planner.rules.shelf import folder
from planner.yamltext import suggest

OF_CALL = {
    **dict.fromkeys(("plan", "facts", "diff", "draw", "advise"), "host-request"),
    "why": "why-request",
    "why_not": "why-not-request",
    "words": "words-request",
    "judge": "judge-request",
    **dict.fromkeys(("rules_check", "rules_check_proofs", "rules_test"), "rules-request"),
    **dict.fromkeys(("rules", "rule", "invariants", "rulesets", "schema", "goldens", "golden"), "look"),
    "rules_prove": "prove-request",
    "rehearse": "rehearse-request",
    "runs": "run-request",
    "undo": "undo-request",
    "rollouts": "rollout-request",
}
JSON, PROBLEM, LINES, EVENTS = (
    "application/json",
    "application/problem+json",
    "application/x-ndjson",
    "text/event-stream",
)


@cache
def schema() -> dict[str, Any]:
    """schemas/service.schema.json."""
    found: dict[str, Any] = _read("service.schema.json")
    return found


# A request held against its schema, in words of what it is about: the validator's own are about JSON Schema.


TYPES = {
    "object": "an object",
    "array": "a list",
    "string": "text",
    "boolean": "true or false",
    "integer": "a number",
    "number": "a number",
}
OF_PYTHON = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}
LIMITS = {
    "minLength": "has at least {} characters",
    "maxLength": "has at most {} characters",
    "minItems": "has at least {} items",
    "maxItems": "has at most {} items",
    "maxProperties": "has at most {} members",
    "minimum": "is at least {}",
    "exclusiveMinimum": "is more than {}",
    "maximum": "is at most {}",
    "pattern": "is like {}",
    "uniqueItems": "has each item once",
}
MOST_TOLD = 20  # of what is wrong with a request
LONGEST_SHOWN = 80  # characters of a value that somebody sent
ENVELOPE = '{"capture": ..., "definition": {...}, "addresses": [...]}'


def unlike(document: Any, call: str) -> list[Problem]:
    """What in the request of a call is not as schemas/service.schema.json has it."""
    wrong = sorted(_validator(OF_CALL[call]).iter_errors(document), key=lambda error: list(map(str, error.path)))
    strange = [problem for error in wrong if error.validator == "additionalProperties" for problem in _strange(error)]
    # What is missing is most often what is misspelt.
    others = [
        error for error in wrong if error.validator not in ("additionalProperties", *(["required"] * bool(strange)))
    ]
    return list(dict.fromkeys((*strange, *map(_wrong, others))))[:MOST_TOLD]


@cache
def _validator(name: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": schema()["$defs"]})


def _strange(error: Any) -> Iterator[Problem]:
    """The members that a request does not have; or that it is a capture, which should be one of them."""
    known, path = error.schema["properties"], list(map(str, error.absolute_path))
    if "capture" in known and is_caps(opened(error.instance).answer):
        yield _invalid("this is a capture by itself", f"send it as a member: {ENVELOPE}", path)
        return
    for name in (name for name in error.instance if name not in known):
        inner = "definition" in known and name in READERS
        hint = f"it belongs into `definition`: {ENVELOPE}" if inner else suggest(name, known)
        yield _invalid(f"there is no member {_shown(name)}", hint, [*path, name])


def _wrong(error: Any) -> Problem:
    path, value, wanted = list(map(str, error.absolute_path)), error.instance, error.validator_value
    place = ".".join(path) or "the request"
    described = _described(error.schema)
    if error.validator == "required":
        missing = [name for name in wanted if name not in value]
        return _invalid(
            f"{place} has no member {' and no '.join(missing)}",
            f"add `{missing[0]}`: {_described(error.schema['properties'][missing[0]])}",
            path,
        )
    if error.validator == "oneOf":
        return _invalid(
            f"{place} has none or several of {listing([one['required'][0] for one in wanted])}", described, path
        )
    if error.validator == "enum":
        return _invalid(f"{place} is {_shown(value)}", suggest(str(value), map(str, wanted)), path)
    if error.validator in LIMITS:
        told = LIMITS[error.validator].format(wanted)
        return _invalid(f"{place} is {_shown(value)}, and {told}", described, path)
    told = " or ".join(TYPES[kind] for kind in ([wanted] if isinstance(wanted, str) else wanted))
    return _invalid(f"{place} is {_shown(value)}, not {told}", described, path)


def _invalid(message: str, hint: str, path: list[str]) -> Problem:
    hint = hint or "GET /openapi.json describes every request"
    return Problem("request-invalid", message, hint, where=(Where("request", ".".join(path)),))


def _described(part: dict[str, Any]) -> str:
    """What a part of the schema says of itself, be it where it refers to."""
    name = str(part.get("$ref", "")).rpartition("/")[2]
    return str(part.get("description") or schema()["$defs"].get(name, {}).get("description", ""))


def _shown(value: Any) -> str:
    """A value that somebody sent, as far as it is short."""
    text = "" if isinstance(value, dict | list) and value else json.dumps(value)
    return text if text and len(text) <= LONGEST_SHOWN else TYPES.get(OF_PYTHON.get(type(value), ""), "null")


class Call(NamedTuple):
    """A call: path, method, what it is for, what it takes (parameters, a request's schema) and gives, its scope."""

    path: str
    method: str
    summary: str
    takes: str
    gives: dict[str, Any]
    scope: str = "plan"


def openapi() -> dict[str, Any]:
    """The OpenAPI 3.1 document; its schemas are those of the repository, none is written twice."""
    paths = dict[str, dict[str, Any]]()
    for call in _calls():
        paths.setdefault(call.path, {})[call.method] = _operation(call)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "mgmtnet",
            "version": planner.__version__,
            "description": "Devises and applies a host's management network for oVirt, by rules that can say why.",
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "paths": paths,
        "components": {
            "schemas": json.loads(json.dumps(schema()["$defs"]).replace('"#/$defs/', '"#/components/schemas/'))
            | {name: _own(name) for name in ("plan", "advice", "definition", "rollout")},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "headers": {
                "Decision": {
                    "description": "Digest of what the answer depends on: capture, definition, addresses, ruleset.",
                    "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                }
            },
        },
        "security": [{"token": []}, {}],
    }


def _calls() -> list[Call]:
    """Every call."""
    words, anything = {"schema": {"type": "string"}}, {"schema": {"type": "object"}}
    text, streamed = {"text/plain": words}, {EVENTS: words}
    drawings = dict.fromkeys(("image/svg+xml", "text/vnd.mermaid", "text/plain"), words)
    host = _of("rollout-host") | drawings
    facts = {JSON: {"schema": {"type": "array", "items": {"type": "object"}}}}
    return [
        Call("/v1/plan", "post", "Plan a host; of x-ndjson each line", "host-request", _of("plan") | {LINES: words}),
        Call("/v1/why", "post", "Why the plan has its values", "why-request", _of("why") | text),
        Call("/v1/why-not", "post", "Why a rule did not fire", "why-not-request", _of("why-not") | text),
        Call("/v1/words", "post", "The plan in another program's words", "words-request", _of("words")),
        Call("/v1/judge", "post", "Whether a call would lose the host", "judge-request", _of("judgement") | text),
        Call("/v1/facts", "post", "What the rules see of a host", "host-request", facts),
        Call("/v1/diff", "post", "What the plan changes on the host", "host-request", _of("diff") | text),
        Call("/v1/draw", "post", "The host before and after", "host-request", drawings),
        Call("/v1/advise", "post", "What makes a refused host accepted", "host-request", _of("advice")),
        Call("/v1/rulesets", "get", "The installed rulesets", "", _of("rulesets")),
        Call("/v1/rules", "get", "The rules of a ruleset", "?ruleset", _of("rules")),
        Call("/v1/rules/{id}", "get", "A rule", "id ?ruleset", _of("rule")),
        Call("/v1/invariants", "get", "The invariants of a ruleset", "?ruleset", _of("invariants")),
        Call("/v1/rules/check", "post", "What is wrong with rules", "rules-request ?proofs", _of("findings")),
        Call("/v1/rules/test", "post", "Which goldens change", "rules-request", _of("rules-changes")),
        Call("/v1/rules/prove", "post", "Which invariants rules keep", "prove-request", _of("proofs")),
        Call("/v1/schemas/{name}", "get", "A JSON Schema", "name", {"application/schema+json": anything}),
        Call("/v1/goldens", "get", "Captured hosts to begin with", "", _of("goldens")),
        Call("/v1/goldens/{name}", "get", "A captured host", "name", _of("golden")),
        Call("/v1/decisions/{id}", "get", "A decision, byte for byte", "id ?scrub", _of("plan")),
        Call("/v1/rehearse", "post", "Apply to a stand-in", "rehearse-request", streamed, "rehearse"),
        Call("/v1/runs", "post", "Change a real host", "run-request", _of("run"), "apply"),
        Call("/v1/runs", "get", "The runs in the journal", "?newest", _of("runs"), "apply"),
        Call("/v1/runs/{id}", "get", "A run", "id", _of("run"), "apply"),
        Call("/v1/runs/{id}/events", "get", "A run's steps as they are done", "id", streamed, "apply"),
        Call("/v1/runs/{id}/confirm", "post", "Keep the change of a run that asks", "id", _of("run"), "apply"),
        Call("/v1/runs/{id}/undo", "post", "Take back what a run changed", "id undo-request", _of("run"), "apply"),
        Call("/v1/rollouts", "post", "Change many hosts, in waves", "rollout-request", _of("rollout"), "apply"),
        Call("/v1/rollouts", "get", "The rollouts in the database", "", _of("rollouts"), "apply"),
        Call("/v1/rollouts/{id}", "get", "A rollout as it stands", "id", _of("rollout"), "apply"),
        Call("/v1/rollouts/{id}/events", "get", "A rollout's hosts as they change", "id", streamed, "apply"),
        Call("/v1/rollouts/{id}/hosts/{host}", "get", "A host, its report or drawing", "id host", host, "apply"),
        Call("/v1/rollouts/{id}/pause", "post", "Begin no further host", "id", _of("rollout"), "apply"),
        Call("/v1/rollouts/{id}/resume", "post", "Go on", "id", _of("rollout"), "apply"),
        Call("/v1/rollouts/{id}/stop", "post", "Begin no further host, and end", "id", _of("rollout"), "apply"),
        Call("/healthz", "get", "Whether the service lives", "", _of("health"), ""),
        Call("/readyz", "get", "Whether it can plan", "", _of("health"), ""),
        Call("/metrics", "get", "Counters, as Prometheus reads them", "", text),
        Call("/openapi.json", "get", "This document", "", {JSON: anything}, ""),
    ]


def _operation(call: Call) -> dict[str, Any]:
    operation: dict[str, Any] = {"summary": call.summary, "operationId": f"{call.method} {call.path}"}
    takes = next((word for word in call.takes.split() if word.endswith(REQUEST)), "")
    operation["parameters"] = [_parameter(word) for word in call.takes.split() if word != takes]
    if not call.scope:
        operation["security"] = []
    if takes:
        body: dict[str, Any] = {JSON: {"schema": {"$ref": f"#/components/schemas/{takes}"}}}
        body |= {LINES: {"schema": {"type": "string"}}} if call.path == "/v1/plan" else {}
        operation["requestBody"] = {"required": True, "content": body}
    good: dict[str, Any] = {"description": "Answered", "content": call.gives}
    if call.takes in DECIDED or call.path == "/v1/decisions/{id}":
        good["headers"] = {"Mgmtnet-Decision": {"$ref": "#/components/headers/Decision"}}
    operation["responses"] = {"200": good} | _failures(call)
    begins = call.path in BEGIN and call.method == "post"
    if begins:
        operation["parameters"].append(IDEMPOTENCY)
        nothing = {"description": "It has ended; or nothing was to be done: the plan refuses, or a host is so already"}
        operation["responses"]["200"] = nothing | {"content": {JSON: {"schema": {"type": "object"}}}}
    if begins or call.path == "/v1/rollouts/{id}/resume":
        location = {"Location": {"schema": {"type": "string"}}}
        operation["responses"]["202"] = {"description": "It has begun", "content": call.gives, "headers": location}
    return operation


REQUEST = "-request"  # how the name of a request's schema ends
DECIDED = ("host-request", "why-request", "why-not-request", "words-request")  # of these the answer tells a decision
BEGIN = ("/v1/runs", "/v1/runs/{id}/undo", "/v1/rollouts")  # what is begun there an Idempotency-Key names
IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "New for each change: with the same key nothing is begun twice.",
    "schema": {"type": "string", "pattern": "^[!-~]{8,200}$"},
}
MEANINGS = {
    "400": "The request cannot be read",
    "401": "A token is needed",
    "403": "The token's scopes do not cover it, or another site's page asks",
    "404": "There is no such thing",
    "405": "That method means nothing here",
    "406": "No answer is of an accepted type",
    "408": "The request did not come in time",
    "409": "It cannot be done now, or was asked for otherwise before",
    "413": "The request is too large",
    "415": "The request's type or encoding is not taken",
    "421": "The service is not called so",
    "422": "What the request holds cannot be used",
    "429": "Too many requests: Retry-After says when",
    "500": "A fault of the service",
    "501": "It is turned off here",
    "503": "No worker can answer: try again",
    "504": "It took too long",
}


def _failures(call: Call) -> dict[str, Any]:
    """What else may be answered: problem documents."""
    told = _of("problem-document", PROBLEM)
    found: dict[str, Any] = {status: {"description": meant, "content": told} for status, meant in MEANINGS.items()}
    if call.method == "get" and call.path.startswith("/v1/"):
        found["304"] = {"description": "As the ETag says, nothing has changed"}
    return found


MOST_LISTED = 100_000  # runs that are asked for, where not all are
KINDS: dict[str, dict[str, Any]] = {
    "scrub": {"type": "boolean"},
    "proofs": {"type": "boolean"},
    "newest": {"type": "integer", "minimum": 1, "maximum": MOST_LISTED},
}


def _parameter(name: str) -> dict[str, Any]:
    plainly, optional = name.lstrip("?"), name.startswith("?")
    kind = KINDS.get(plainly, {"type": "string", "minLength": 1, "maxLength": 80})
    return {"name": plainly, "in": "query" if optional else "path", "required": not optional, "schema": kind}


def _of(name: str, media: str = JSON) -> dict[str, Any]:
    return {media: {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _own(name: str) -> Any:
    """A schema of its own file, for this document."""
    found = _read(f"{name}.schema.json")
    found.pop("$id", None)
    found.pop("$schema", None)
    text = json.dumps(found).replace('"#/$defs/', f'"#/components/schemas/{name}/$defs/')
    return json.loads(text.replace('"definition.schema.json"', '"#/components/schemas/definition"'))


def _read(name: str) -> Any:
    """A schema that came with the program, so it is there."""
    with open(os.path.join(folder("schemas"), name), encoding="utf-8") as stream:
        return json.load(stream)
