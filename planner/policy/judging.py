"""One stage of the rules on one host: what fired, and what it says.

A rule overridden by one that fired says nothing. What the others say is collected: values for the
attachment, facts for the next stage, and problems. Nothing here depends on the order of firing.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from planner.language import Assignment, Fact, Reference, Rule, Scalar, Stage
from planner.policy.compiled import Compiled
from planner.policy.firing import fire
from planner.policy.wording import fill_in
from planner.problem import Problem, Where
from planner.vocabulary import ATTACHMENT, KINDS, absent

Outcome = Literal["fired", "not applicable", "blocked", "error"]


class Said(NamedTuple):
    """A value that a rule gave to a field, with the rule's place and the places of the facts it matched."""

    field: str
    value: Scalar
    rule: str
    at: str
    facts: tuple[str, ...]


class Judgement(NamedTuple):
    """What one stage said: outcome per rule, values set, facts concluded, problems found.

    ``found`` tells, like ``said``, which rule concluded the management device.
    """

    stage: Stage
    facts: tuple[Fact, ...]
    outcomes: dict[str, Outcome]
    said: tuple[Said, ...]
    found: tuple[Said, ...]
    conclusions: tuple[Fact, ...]
    problems: tuple[Problem, ...]
    overridden: frozenset[str]
    engine: str


class _Match(NamedTuple):
    """One firing with its facts by alias."""

    rule: Rule
    bound: dict[str, Fact]

    @property
    def places(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(fact.path for fact in self.bound.values() if fact.path))


def judge(compiled: Compiled, stage: Stage, facts: Sequence[Fact]) -> Judgement:
    """Fire the rules of ``stage`` on ``facts`` and collect what they say."""
    fired = fire(compiled, stage, facts)
    speaking = {firing.rule for firing in fired.firings}
    rules = {name: compiled.by_name[name] for name in speaking}
    overridden = _overridden(rules)
    matches = [
        _Match(rules[firing.rule], {alias: facts[index] for alias, index in firing.bindings})
        for firing in fired.firings
        if firing.rule not in overridden and not rules[firing.rule].shadow
    ]
    shadows = {firing.rule for firing in fired.firings if rules[firing.rule].shadow}
    outcomes = fired.outcomes | {name: "blocked" for name in overridden if fired.outcomes.get(name) == "fired"}
    said = [_say(match, assignment, compiled) for match in matches for assignment in match.rule.sets]
    return Judgement(
        stage=stage,
        facts=tuple(facts),
        outcomes=outcomes,
        said=tuple(dict.fromkeys(said)),
        found=tuple(_found(matches, compiled)),
        conclusions=tuple(_distinct(_conclude(matches))),
        problems=(
            *fired.problems,
            *dict.fromkeys(_verdicts(matches, compiled)),
            *(_shadow_note(rules[name], compiled) for name in sorted(shadows)),
        ),
        overridden=overridden,
        engine=fired.engine,
    )


def place_of(rule: Rule, line: int, compiled: Compiled) -> str:
    """Where a rule's line stands, as plans spell it: ``ovirtmgmt/1.0/devise/vlan-over-bond.yaml:14``."""
    ruleset = compiled.ruleset
    origin = rule.origin.replace("@", "/") or f"{ruleset.name}/{ruleset.version}"
    return f"{origin}/{rule.file}:{line}"


def _overridden(fired: dict[str, Rule]) -> frozenset[str]:
    """The rules that a fired rule overrides; one that is itself overridden overrides nothing."""
    overriders: dict[str, list[str]] = {}
    for name, rule in fired.items():
        if not rule.shadow:
            for other in rule.overrides:
                overriders.setdefault(other, []).append(name)
    settled: dict[str, bool] = {}

    def silenced(name: str) -> bool:
        if name not in settled:
            settled[name] = False  # a circle of overrides, which the linter refuses, must not turn for ever
            settled[name] = any(not silenced(other) for other in overriders.get(name, ()))
        return settled[name]

    return frozenset(name for name in overriders if silenced(name))


def _value(value: Scalar | Reference | None, bound: dict[str, Fact], otherwise: Scalar) -> Scalar:
    if isinstance(value, Reference):
        fact = bound[value.alias]
        return fact.fields[value.field] if value.field else fact.fields["name"]
    return otherwise if value is None else value


def _say(match: _Match, assignment: Assignment, compiled: Compiled) -> Said:
    value = _value(assignment.value, match.bound, absent(ATTACHMENT[assignment.field]))
    at = place_of(match.rule, assignment.line, compiled)
    return Said(assignment.field, value, match.rule.name, at, match.places)


def _found(matches: Iterable[_Match], compiled: Compiled) -> Iterable[Said]:
    for match in matches:
        for conclusion in match.rule.concludes:
            if conclusion.kind == "management":
                device = next((given.value for given in conclusion.fields if given.field == "device"), None)
                at = place_of(match.rule, conclusion.line, compiled)
                yield Said("management", _value(device, match.bound, ""), match.rule.name, at, match.places)


def _conclude(matches: Iterable[_Match]) -> Iterable[Fact]:
    for match in matches:
        for conclusion in match.rule.concludes:
            declared = KINDS[conclusion.kind].fields
            fields = {name: absent(field) for name, field in declared.items()}
            for given in conclusion.fields:
                fields[given.field] = _value(given.value, match.bound, fields[given.field])
                if declared[given.field].type is str:
                    fields[given.field] = str(fields[given.field])
            yield Fact(conclusion.kind, fields, next(iter(match.places), ""))


def _distinct(facts: Iterable[Fact]) -> list[Fact]:
    """Each fact once, in an order that does not tell which rule fired first."""
    known = {(fact.kind, *sorted(fact.fields.items())): fact for fact in facts}
    return [known[key] for key in sorted(known, key=repr)]


def _verdicts(matches: Iterable[_Match], compiled: Compiled) -> Iterable[Problem]:
    for match in matches:
        for verdict in match.rule.verdicts:
            places = tuple(Where(path=path) for path in match.places)
            yield Problem(
                code=verdict.code,
                message=fill_in(verdict.message, match.rule, match.bound),
                hint=fill_in(verdict.hint, match.rule, match.bound),
                severity=verdict.severity,
                event=verdict.event,
                rule=match.rule.name,
                where=(*places, Where(source=place_of(match.rule, verdict.line, compiled))),
            )


def _shadow_note(rule: Rule, compiled: Compiled) -> Problem:
    return Problem(
        code="shadow-rule",
        message=f"the shadow rule {rule.name} would have fired: {rule.summary}",
        hint="take `shadow: true` out of it to let it act",
        severity="note",
        rule=rule.name,
        where=(Where(source=place_of(rule, rule.line, compiled)),),
    )
