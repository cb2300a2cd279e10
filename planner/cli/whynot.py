"""``mgmtnet why-not``: the pattern on which a rule failed, and the nearest fact."""

import argparse

import planner
from planner.cli.inputs import Inputs, on_host
from planner.cli.output import complain, say_lines
from planner.language import Rule, Ruleset
from planner.policy.misses import explain
from planner.problem import Problem


@on_host
def run(options: argparse.Namespace, inputs: Inputs) -> int:
    """Print how far the rule got; the exit status."""
    rule = next((rule for rule in inputs.rules.ruleset.rules if rule.name == options.rule), None)
    if rule is None:
        complain([unknown_rule(options.rule, inputs.rules.ruleset)])
        return 1
    say_lines(_answer(rule, inputs))
    return 0


def _answer(rule: Rule, inputs: Inputs) -> list[str]:
    judgements = planner.consider(inputs.host, inputs.definition, inputs.rules, inputs.addresses)
    judgement = next(judgement for judgement in judgements if judgement.stage == rule.stage)
    place = f"{rule.origin.replace('@', '/')}/{rule.file}"
    heading = f"{rule.name} ({rule.stage}, {place}): {rule.summary}"
    miss = explain(rule, judgement.facts)
    if miss is not None:
        outcome = judgement.outcomes[rule.name]
        return [heading, f"{outcome}, at {place}:{miss.line}", *miss.lines]
    speaking = [
        other.name
        for other in inputs.rules.ruleset.rules
        if rule.name in other.overrides and judgement.outcomes.get(other.name) == "fired" and not other.shadow
    ]
    if speaking:
        return [heading, f"blocked: it matches, but {', '.join(speaking)} fired and overrides it"]
    return [heading, "it fired" + (", as a shadow that only reports" if rule.shadow else "")]


def unknown_rule(name: str, ruleset: Ruleset) -> Problem:
    """There is no such rule: what it may be called, or why it was taken out."""
    from planner.documents.spelling import suggest

    disabled = dict(ruleset.disabled).get(name)
    if disabled is not None:
        return Problem("unknown-rule", f"{ruleset.name} disables {name}: {disabled}", "remove it from `disable`")
    hint = suggest(name, [rule.name for rule in ruleset.rules]) or "`mgmtnet rules list` shows them all"
    return Problem("unknown-rule", f"{ruleset.name}@{ruleset.version} has no rule {name!r}", hint)
