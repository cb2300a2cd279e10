"""One stage of the rules on one host: what fired, and what it says.

A rule overridden by one that fired says nothing. What the others say is collected: values for the
attachment, facts for the next stage, and problems. Nothing here depends on the order of firing.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from planner.engine.firing import Engines
from planner.facts.vocabulary import ATTACHMENT, KINDS, Fact, Scalar, Stage, absent
from planner.printing import printable
from planner.problem import Problem, Where, errors
from planner.rules.compiled import Compiled
from planner.rules.model import Assignment, Reference, Rule

# Filling facts into a rule's messages: ``{alias.field}`` becomes the value, or the word for its absence.


PLACEHOLDER = r"\{([a-z_0-9-]+)\.([a-z_0-9]+)\}"


def fill_in(template: str, rule: Rule, bound: dict[str, Fact]) -> str:
    """The ``template`` with the fields of the matched facts; control characters are written out."""
    if "{" not in template:
        return template
    kinds = {pattern.alias: pattern.kind for pattern in rule.when}

    def value(found: re.Match[str]) -> str:
        alias, name = found.groups()
        stated = bound[alias].fields[name]
        if stated in ("", -1):
            return KINDS[kinds[alias]].fields[name].absent
        return printable(str(stated))

    return re.sub(PLACEHOLDER, value, template)


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

    ``values``: those of the fields on which all that is ``said`` agrees. ``found`` tells, like ``said``, which rule
    concluded the management device.
    """

    stage: Stage
    facts: tuple[Fact, ...]
    outcomes: dict[str, Outcome]
    said: tuple[Said, ...]
    values: dict[str, Scalar]
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


def judge(engines: Engines, stage: Stage, facts: Sequence[Fact]) -> Judgement:
    """Fire the rules of ``stage`` on ``facts`` and collect what they say."""
    fired, compiled = engines.fire(stage, facts), engines.rules
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
    said = tuple(dict.fromkeys(_say(match, given, compiled) for match in matches for given in match.rule.sets))
    values, conflicts = settle(said)
    return Judgement(
        stage=stage,
        facts=tuple(facts),
        outcomes=outcomes,
        said=said,
        values=values,
        found=tuple(_found(matches, compiled)),
        conclusions=tuple(_distinct(_conclude(matches))),
        problems=(
            *fired.problems,
            *dict.fromkeys(_verdicts(matches, compiled)),
            *(_shadow_note(rules[name], compiled) for name in sorted(shadows)),
            *conflicts,
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


def settle(said: Iterable[Said]) -> tuple[dict[str, Scalar], list[Problem]]:
    """One value for each field; two rules that want different ones are a conflict, reported with both places."""
    wanted: dict[str, dict[Scalar, Said]] = {}
    for saying in said:
        wanted.setdefault(saying.field, {}).setdefault(saying.value, saying)
    settled = {name: next(iter(values)) for name, values in wanted.items() if len(values) == 1}
    return settled, [_conflict(name, list(values.values())) for name, values in wanted.items() if len(values) > 1]


def _conflict(name: str, sayings: list[Said]) -> Problem:
    claims = " and ".join(f"{saying.rule} says {saying.value!r}" for saying in sorted(sayings, key=_by_rule))
    return Problem(
        code="rule-conflict",
        message=f"two rules set {name} to different values: {claims}",
        hint="let one of them name the other under `overrides`, or narrow its `when`",
        where=tuple(Where(source=saying.at) for saying in sorted(sayings, key=_by_rule)),
    )


def _by_rule(saying: Said) -> tuple[str, str]:
    return saying.rule, str(saying.value)


# From what the three stages said to one decision: change, no change, or refused.


PlanOutcome = Literal["change", "no-change", "refused"]
SEVERITIES = ("error", "warning", "note")


class Decision(NamedTuple):
    """What is to be done, with the reason of each value.

    ``management`` is the fact of that kind or None, ``found`` who concluded it; ``said`` has one entry a
    rule and field, ``values`` what is agreed on.
    """

    outcome: PlanOutcome
    management: Fact | None
    found: tuple[Said, ...]
    said: tuple[Said, ...]
    values: dict[str, Scalar]
    problems: tuple[Problem, ...]
    outcomes: dict[str, Outcome]
    engine: str


def decide(judgements: Sequence[Judgement]) -> Decision:
    """Weigh the judgements of all stages."""
    overridden = frozenset().union(*(judgement.overridden for judgement in judgements))
    conclusions = [fact for judgement in judgements for fact in judgement.conclusions]
    values = {name: value for judgement in judgements for name, value in judgement.values.items()}
    managements = [fact for fact in conclusions if fact.kind == "management"]
    problems = [problem for judgement in judgements for problem in judgement.problems if problem.rule not in overridden]
    problems += _rival_conclusions(managements)
    if any(fact.kind == "compliant" for fact in conclusions):
        problems = [_demoted(problem) for problem in problems]
        outcome: PlanOutcome = "refused" if errors(problems) else "no-change"
    elif errors(problems):
        outcome = "refused"
    elif not values.get("iface"):  # an empty one is none
        outcome = "refused"
        problems.append(_nothing_devised(managements))
    else:
        outcome = "change"
    return Decision(
        outcome=outcome,
        management=managements[0] if len(managements) == 1 else None,
        found=tuple(saying for judgement in judgements for saying in judgement.found),
        said=tuple(saying for judgement in judgements for saying in judgement.said),
        values=values,
        problems=tuple(sorted(problems, key=_gravity)),
        outcomes={name: outcome for judgement in judgements for name, outcome in judgement.outcomes.items()},
        engine=judgements[0].engine,
    )


def _rival_conclusions(managements: list[Fact]) -> list[Problem]:
    if len(managements) < 2:
        return []
    devices = ", ".join(sorted(str(fact.fields["device"]) for fact in managements))
    return [
        Problem(
            code="rule-conflict",
            message=f"the locate rules found more than one management device: {devices}",
            hint="let the locate rules exclude each other, with `no candidate` or `overrides`",
        )
    ]


def _demoted(problem: Problem) -> Problem:
    """A rule's refusal of what stands already as defined: worth a warning, nothing to stop for."""
    return problem._replace(severity="warning") if problem.severity == "error" and problem.rule else problem


def _nothing_devised(managements: list[Fact]) -> Problem:
    found = f"on {managements[0].fields['device']}" if managements else "nowhere"
    return Problem(
        code="nothing-devised",
        message=f"no rule says what to attach the network to (the management address is {found})",
        hint="`mgmtnet why-not CAPTURE RULE` tells for a rule of the devise stage which pattern failed",
    )


def _gravity(problem: Problem) -> tuple[int, str, str, str]:
    return SEVERITIES.index(problem.severity), problem.code, problem.message, problem.rule
