"""The rules as a page to read: docs/rules.md is what this writes of the shipped ones."""

from collections.abc import Iterable

from planner.language import STAGES, Pattern, Reference, Rule, Ruleset, Test, Verdict
from planner.printing import markdown_code, markdown_text

INTRODUCTIONS = {
    "locate": "Which device holds the management address.",
    "devise": "How the network is attached to it, and what an existing network has otherwise than it is defined.",
    "guard": "Whether that is safe: refusals, warnings, notes.",
}
SIGNS = {
    "is": "=",
    "not": "≠",
    "lt": "<",
    "le": "≤",
    "gt": ">",
    "ge": "≥",
    "in": "in",
    "not-in": "not in",
    "matches": "matches",
}
VERBS = {"error": "refuses", "warning": "warns", "note": "notes"}


def handbook(ruleset: Ruleset) -> str:
    """Every rule of ``ruleset`` by stage and name, as Markdown."""
    lines = [
        f"# The rules of {ruleset.name}@{ruleset.version}",
        "",
        "Written by `make docs` from the rule files; docs/rule-language.md explains how to read them.",
        f"{len(ruleset.rules)} rules.",
    ]
    for stage in STAGES:
        rules = sorted((rule for rule in ruleset.rules if rule.stage == stage), key=lambda rule: rule.name)
        lines += ["", f"## {stage}", "", INTRODUCTIONS[stage]]
        for rule in rules:
            lines += ["", *_entry(rule)]
    return "\n".join(lines) + "\n"


def _entry(rule: Rule) -> Iterable[str]:
    yield f"### {rule.name}"
    yield ""
    yield markdown_text(f"{rule.summary}. {' '.join(rule.why.split())}")
    yield ""
    yield "When " + "; ".join(asked(rule)) + "."
    yield ""
    yield from (f"- {line}" for line in says(rule))
    if rule.fires:
        yield f"- Fires on {_names(rule.fires)}" + (f"; silent on {_names(rule.silent)}." if rule.silent else ".")


def asked(rule: Rule) -> Iterable[str]:
    """What has to be there for a rule to fire, a pattern each."""
    return map(_pattern, rule.when)


def _pattern(pattern: Pattern) -> str:
    article = "no " if pattern.negated else ""
    called = f" (`{pattern.alias}`)" if pattern.alias != pattern.kind and not pattern.negated else ""
    tests = ", ".join(_test(test) for test in pattern.tests)
    return f"{article}{pattern.kind}{called}" + (f" with {tests}" if tests else "")


def _test(test: Test) -> str:
    return f"`{test.field}` {SIGNS[test.op]} {_literal(test.value)}"


def _literal(value: object) -> str:
    if isinstance(value, Reference):
        return f"`{value.alias}.{value.field}`" if value.field else f"`{value.alias}`"
    if isinstance(value, tuple):
        return ", ".join(_literal(one) for one in value)
    return "nothing" if value in ("", -1, None) else markdown_code(value)


def says(rule: Rule) -> Iterable[str]:
    """What a rule says when it fires, a sentence each."""
    yield from does(rule)
    yield from map(_verdict, rule.verdicts)
    if rule.overrides:
        yield f"Speaks instead of {_names(rule.overrides)}."


def does(rule: Rule) -> Iterable[str]:
    """What a rule decides when it fires: values, and facts for the stages after."""
    for assignment in rule.sets:
        yield f"Sets `{assignment.field}` to {_literal(assignment.value)}."
    for conclusion in rule.concludes:
        fields = ", ".join(f"`{given.field}` {_literal(given.value)}" for given in conclusion.fields)
        yield f"Concludes {conclusion.kind}" + (f": {fields}." if fields else ".")


def _verdict(verdict: Verdict) -> str:
    event = f" ({markdown_text(verdict.event)})" if verdict.event else ""
    hint = f" *{markdown_text(verdict.hint)}*" if verdict.hint else ""
    said = markdown_text(verdict.message)
    return f"{VERBS[verdict.severity].capitalize()} {markdown_code(verdict.code)}{event}: {said}.{hint}"


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(markdown_code, names))
