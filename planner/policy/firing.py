"""Both engines on one stage: durable_rules fires, the plain matcher checks."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from planner.language import Fact, Stage
from planner.policy import durable
from planner.policy.compiled import Compiled
from planner.policy.matcher import Firing, Memory, Parted, combinations, match, possible
from planner.problem import Problem

RuleOutcome = Literal["fired", "not applicable", "blocked", "error"]
PLAIN = "plain matcher"


class Fired(NamedTuple):
    """What fired in a stage, the outcome of each of its rules, and which engine served."""

    firings: tuple[Firing, ...]
    outcomes: dict[str, RuleOutcome]
    problems: tuple[Problem, ...]
    engine: str


def fire(compiled: Compiled, stage: Stage, facts: Sequence[Fact]) -> Fired:
    """Fire the rules of ``stage`` on ``facts``; where the engines disagree, that is a problem."""
    memory = Memory(facts)
    rules = {rule.name: rule for rule in compiled.parted[stage] if possible(rule, memory)}
    plain = match(rules.values(), memory)
    outcomes = _outcomes(compiled.parted[stage], rules, plain, memory)
    if not durable.available():
        return Fired(tuple(plain), outcomes, (), PLAIN)
    engine = f"durable_rules {durable.VERSION}"
    try:
        fired = durable.fire(compiled, stage, rules, memory)
    except durable.EngineError as failure:
        return Fired(tuple(plain), dict.fromkeys(outcomes, "error"), (_failed(stage, failure),), engine)
    if fired == plain:
        return Fired(tuple(plain), outcomes, (), engine)
    differing = {firing.rule for firing in set(fired) ^ set(plain)}
    outcomes |= dict.fromkeys(differing, "error")
    return Fired(tuple(plain), outcomes, (_disagreement(stage, differing),), engine)


def _outcomes(
    rules: tuple[Parted, ...], hopeful: dict[str, Parted], fired: list[Firing], memory: Memory
) -> dict[str, RuleOutcome]:
    """Fired; blocked, if only ``no`` patterns stood in the way; else not applicable."""
    names = {firing.rule for firing in fired}
    outcomes: dict[str, RuleOutcome] = dict.fromkeys((rule.name for rule in rules), "not applicable")
    for name, rule in hopeful.items():
        if name in names:
            outcomes[name] = "fired"
        elif rule.negations and next(combinations(rule.parts, memory, negations=False), None) is not None:
            outcomes[name] = "blocked"
    return outcomes


def _failed(stage: Stage, failure: Exception) -> Problem:
    return Problem(
        code="engine-failed",
        message=f"durable_rules failed on the {stage} rules: {failure}",
        hint="please report this with the capture and the rules; nothing was decided",
    )


def _disagreement(stage: Stage, rules: set[str]) -> Problem:
    return Problem(
        code="engines-disagree",
        message=f"durable_rules and the plain matcher disagree on {', '.join(sorted(rules))} ({stage})",
        hint="please report this with the capture and the rules; nothing was decided",
    )
