"""Rules made ready to fire: by stage, and as a document that a start-up can load instead of YAML."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from planner.language import (
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
from planner.policy.matcher import Parted, part
from planner.policy.network import Member, Network, Property, build_networks
from planner.vocabulary import KINDS


class Compiled(NamedTuple):
    """A ruleset by stage, as the parts that the matcher reads and as networks for durable_rules.

    ``kinds`` are the kinds of fact, read from the inputs, that its rules reach.
    """

    ruleset: Ruleset
    stages: dict[Stage, tuple[Rule, ...]]
    parted: dict[Stage, tuple[Parted, ...]]
    networks: dict[Stage, tuple[Network, ...]]
    kinds: frozenset[str]

    @property
    def key(self) -> str:
        """What tells one compiled ruleset from another."""
        return self.ruleset.digest


def compile_ruleset(ruleset: Ruleset) -> Compiled:
    """The rules of ``ruleset``, each stage's in the order of their names."""
    stages = _stages(ruleset)
    networks = {stage: build_networks(rules) for stage, rules in stages.items()}
    return Compiled(ruleset, stages, _parted(stages), networks, _kinds(ruleset))


def _stages(ruleset: Ruleset) -> dict[Stage, tuple[Rule, ...]]:
    rules = sorted(ruleset.rules, key=lambda rule: rule.name)
    return {stage: tuple(rule for rule in rules if rule.stage == stage) for stage in STAGES}


def _parted(stages: dict[Stage, tuple[Rule, ...]]) -> dict[Stage, tuple[Parted, ...]]:
    return {stage: tuple(part(rule) for rule in rules) for stage, rules in stages.items()}


def _kinds(ruleset: Ruleset) -> frozenset[str]:
    asked = {pattern.kind for rule in ruleset.rules for pattern in rule.when}
    return frozenset(kind for kind in asked if kind not in KINDS or not KINDS[kind].concluded_in)


def to_document(compiled: Compiled) -> list[Any]:
    """The ruleset as JSON can hold it: tuples as lists, a reference as a map."""
    ruleset = compiled.ruleset
    rules = [[_plain(value) for value in rule] for rule in ruleset.rules]
    networks = {stage: [list(network) for network in built] for stage, built in compiled.networks.items()}
    return [ruleset.name, ruleset.version, ruleset.digest, rules, _plain(ruleset.disabled), networks]


def from_document(document: list[Any]) -> Compiled:
    """What `to_document` wrote, compiled."""
    name, version, digest, rules, disabled, networks = document
    names = Rule._fields
    read = tuple(_rule(dict(zip(names, rule, strict=True))) for rule in rules)
    ruleset = Ruleset(name, version, digest, read, tuple((rule, reason) for rule, reason in disabled))
    built = {stage: tuple(_network(*network) for network in networks[stage]) for stage in STAGES}
    stages = _stages(ruleset)
    return Compiled(ruleset, stages, _parted(stages), built, _kinds(ruleset))


def _network(definition: str, members: list[Any], properties: dict[str, list[Any]]) -> Network:
    return Network(
        definition,
        tuple(Member(rule, tuple(aliases)) for rule, aliases in members),
        {
            kind: tuple(Property(name, field, op, _value(value), ranked) for name, field, op, value, ranked in known)
            for kind, known in properties.items()
        },
    )


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
    values["concludes"] = tuple(
        Conclusion(kind, _assignments(given), line) for kind, given, line in values["concludes"]
    )
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
