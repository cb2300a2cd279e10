"""Rules made ready to fire: by stage, and as a document that a start-up can load instead of YAML."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from planner.policy.language import (
    STAGES,
    Assignment,
    Conclusion,
    Pattern,
    Reference,
    Rule,
    Ruleset,
    Stage,
    Test,
    Verdict,
)
from planner.vocabulary import KINDS


@dataclass(frozen=True, slots=True)
class Compiled:
    """A ruleset by stage; ``kinds`` are the kinds of fact, read from the inputs, that its rules reach."""

    ruleset: Ruleset
    stages: dict[Stage, tuple[Rule, ...]]
    kinds: frozenset[str]

    @property
    def key(self) -> str:
        """What tells one compiled ruleset from another."""
        return self.ruleset.digest


def compile_ruleset(ruleset: Ruleset) -> Compiled:
    """The rules of ``ruleset``, each stage's in the order of their names."""
    rules = sorted(ruleset.rules, key=lambda rule: rule.name)
    asked = {pattern.kind for rule in rules for pattern in rule.when}
    return Compiled(
        ruleset,
        {stage: tuple(rule for rule in rules if rule.stage == stage) for stage in STAGES},
        frozenset(kind for kind in asked if kind not in KINDS or not KINDS[kind].concluded_in),
    )


def to_document(compiled: Compiled) -> list[Any]:
    """The ruleset as JSON can hold it: tuples as lists, a reference as a map."""
    ruleset = compiled.ruleset
    names = [name.name for name in fields(Rule)]
    rules = [[_plain(getattr(rule, name)) for name in names] for rule in ruleset.rules]
    return [ruleset.name, ruleset.version, ruleset.digest, rules, _plain(ruleset.disabled)]


def from_document(document: list[Any]) -> Compiled:
    """What `to_document` wrote, compiled."""
    name, version, digest, rules, disabled = document
    names = [field.name for field in fields(Rule)]
    read = tuple(_rule(dict(zip(names, rule, strict=True))) for rule in rules)
    return compile_ruleset(Ruleset(name, version, digest, read, tuple((rule, reason) for rule, reason in disabled)))


def _plain(value: Any) -> Any:  # noqa: ANN401  a walk over a tree of tuples
    if isinstance(value, Reference):
        return {"alias": value.alias, "field": value.field}
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


def _rule(values: dict[str, Any]) -> Rule:
    values["when"] = tuple(
        Pattern(kind, alias, negated, tuple(Test(f, op, _value(v), ln, c) for f, op, v, ln, c in tests), line, column)
        for kind, alias, negated, tests, line, column in values["when"]
    )
    values["sets"] = _assignments(values["sets"])
    values["concludes"] = tuple(Conclusion(kind, _assignments(given), line) for kind, given, line in values["concludes"])
    values["verdicts"] = tuple(Verdict(*verdict) for verdict in values["verdicts"])
    for name in ("overrides", "fires", "silent"):
        values[name] = tuple(values[name])
    return Rule(**values)


def _assignments(written: Sequence[Any]) -> tuple[Assignment, ...]:
    return tuple(Assignment(field, _value(value), line) for field, value, line in written)


def _value(written: Any) -> Any:  # noqa: ANN401  as above
    if isinstance(written, dict):
        return Reference(**written)
    return tuple(written) if isinstance(written, list) else written
