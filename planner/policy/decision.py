"""From what the three stages said to one decision: change, no change, or refused."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from planner.language import Fact, Scalar
from planner.policy.judging import Judgement, Outcome, Said
from planner.problem import Problem, Where, errors

PlanOutcome = Literal["change", "no-change", "refused"]
SEVERITIES = ("error", "warning", "note")


class Decision(NamedTuple):
    """What is to be done, with the reason of each value.

    ``management`` is the fact of that kind or None, ``found`` who concluded it; ``said`` has one entry a
    rule and field.
    """

    outcome: PlanOutcome
    management: Fact | None
    found: tuple[Said, ...]
    said: tuple[Said, ...]
    problems: tuple[Problem, ...]
    outcomes: dict[str, Outcome]
    engine: str


def settle(said: Iterable[Said]) -> tuple[dict[str, Scalar], list[Problem]]:
    """One value for each field; two rules that want different ones are a conflict, reported with both places."""
    wanted: dict[str, dict[Scalar, Said]] = {}
    for saying in said:
        wanted.setdefault(saying.field, {}).setdefault(saying.value, saying)
    settled = {name: next(iter(values)) for name, values in wanted.items() if len(values) == 1}
    return settled, [_conflict(name, list(values.values())) for name, values in wanted.items() if len(values) > 1]


def decide(judgements: Sequence[Judgement]) -> Decision:
    """Weigh the judgements of all stages."""
    overridden = frozenset().union(*(judgement.overridden for judgement in judgements))
    conclusions = [fact for judgement in judgements for fact in judgement.conclusions]
    said = tuple(saying for judgement in judgements for saying in judgement.said)
    settled, conflicts = settle(said)
    managements = [fact for fact in conclusions if fact.kind == "management"]
    problems = [problem for judgement in judgements for problem in judgement.problems if problem.rule not in overridden]
    problems += conflicts + _rival_conclusions(managements)
    if any(fact.kind == "compliant" for fact in conclusions):
        problems = [_demoted(problem) for problem in problems]
        outcome: PlanOutcome = "refused" if errors(problems) else "no-change"
    elif errors(problems):
        outcome = "refused"
    elif "iface" not in settled:
        outcome = "refused"
        problems.append(_nothing_devised(managements))
    else:
        outcome = "change"
    return Decision(
        outcome=outcome,
        management=managements[0] if len(managements) == 1 else None,
        found=tuple(saying for judgement in judgements for saying in judgement.found),
        said=said,
        problems=tuple(sorted(problems, key=_gravity)),
        outcomes={name: outcome for judgement in judgements for name, outcome in judgement.outcomes.items()},
        engine=judgements[0].engine,
    )


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
