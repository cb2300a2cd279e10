"""Both engines on one stage: durable_rules fires, the plain matcher checks."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from planner.language import Fact, Rule, Stage
from planner.policy import durable
from planner.policy.compiled import Compiled
from planner.policy.matcher import Firing, Memory, combinations, match
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
    rules = compiled.stages[stage]
    memory = Memory(facts)
    plain = match(rules, memory)
    outcomes = _outcomes(rules, plain, memory)
    if not durable.available():
        return Fired(tuple(plain), outcomes, (), PLAIN)
    engine = f"durable_rules {durable.VERSION}"
    try:
        fired = durable.fire(compiled, stage, memory)
    except durable.EngineError as failure:
        return Fired(tuple(plain), dict.fromkeys(outcomes, "error"), (_failed(stage, failure),), engine)
    if fired == plain:
        return Fired(tuple(plain), outcomes, (), engine)
    differing = {firing.rule for firing in set(fired) ^ set(plain)}
    outcomes |= dict.fromkeys(differing, "error")
    return Fired(tuple(plain), outcomes, (_disagreement(stage, differing),), engine)


def _outcomes(rules: tuple[Rule, ...], fired: list[Firing], memory: Memory) -> dict[str, RuleOutcome]:
    """Fired; blocked, if only ``no`` patterns stood in the way; else not applicable."""
    names = {firing.rule for firing in fired}
    return {rule.name: "fired" if rule.name in names else _silent(rule, memory) for rule in rules}


def _silent(rule: Rule, memory: Memory) -> RuleOutcome:
    negated = any(pattern.negated for pattern in rule.when)
    blocked = negated and next(combinations(rule.when, memory, negations=False), None) is not None
    return "blocked" if blocked else "not applicable"


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
