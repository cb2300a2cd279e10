"""Why a golden's plan is not what it was: which rules speak now, which no longer do, and which say something else."""

from collections.abc import Iterator, Mapping
from typing import Any

from planner.authoring.trial import Trial
from planner.language import Rule
from planner.policy.misses import explain

Document = Mapping[str, Any]


def difference_explained(before: Document, trial: Trial, rules: Mapping[str, Rule]) -> list[str]:
    """From the plan ``before`` to that of ``trial``, rule by rule; ``rules`` are those that decide now."""
    after = trial.plan.document()
    old, new = _sayings(before), _sayings(after)
    lines = []
    if before.get("outcome") != after["outcome"]:
        lines.append(f"the outcome was {before.get('outcome')}, and is {after['outcome']}")
    for name in sorted(old.keys() - new.keys()):
        lines += _silenced(name, trial, rules)
    for name in sorted(new.keys() - old.keys()):
        lines.append(f"{name} fires now ({_summary(name, rules)}): {'; '.join(new[name])}")
    for name in sorted(old.keys() & new.keys()):
        gone, come = ([*dict.fromkeys(one)] for one in (_less(old[name], new[name]), _less(new[name], old[name])))
        if gone and come:
            lines.append(f"{name} said {'; '.join(gone)}; now it says {'; '.join(come)}")
        elif gone or come:
            lines.append(f"{name} {'says besides' if come else 'no longer says'} {'; '.join(come or gone)}")
    return lines or ["the same rules say the same: their lines have moved, or a plan is written otherwise"]


def _sayings(document: Document) -> dict[str, list[str]]:
    """What each rule says in a plan."""
    found: dict[str, list[str]] = {}
    for reason in document.get("trace", ()):
        found.setdefault(reason["rule"], []).append(f"{reason['field']} = {reason['value']}")
    for problem in document.get("problems", ()):
        if problem["rule"]:
            found.setdefault(problem["rule"], []).append(
                f"{problem['severity']} {problem['code']}: {problem['message']}"
            )
    return found


def _less(one: list[str], other: list[str]) -> list[str]:
    return [saying for saying in one if saying not in other]


def _summary(name: str, rules: Mapping[str, Rule]) -> str:
    return rules[name].summary if name in rules else "not a rule of these"


def _silenced(name: str, trial: Trial, rules: Mapping[str, Rule]) -> Iterator[str]:
    """That a rule is silent now, and why."""
    rule = rules.get(name)
    if rule is None or name not in trial.plan.outcomes:
        yield f"{name} is no longer there"
        return
    outcome = trial.outcome(name)
    judgement = next(judgement for judgement in trial.judgements if judgement.stage == rule.stage)
    miss = explain(rule, judgement.facts)
    speaking = [
        other.name
        for other in rules.values()
        if name in other.overrides and judgement.outcomes.get(other.name) == "fired"
    ]
    if miss is None and speaking:
        yield f"{name} no longer speaks ({outcome}): {', '.join(speaking)} overrides it"
    elif miss is None:
        yield f"{name} no longer says anything of this ({outcome})"
    else:
        yield f"{name} no longer fires ({outcome}, {rule.file}:{miss.line}):"
        yield from (f"  {line}" for line in miss.lines)
