"""What an edit of a ruleset can touch: a host on which no edited rule fires, by either ruleset, keeps its plan.

So most hosts of a fleet need be planned by one ruleset only.
"""

from collections.abc import Mapping
from typing import NamedTuple

from planner.authoring.trial import Trial
from planner.language import STAGES, Rule, Stage
from planner.policy.compiled import Compiled
from planner.policy.matcher import match
from planner.policy.memory import Memory
from planner.policy.reach import reach
from planner.policy.shape import StageRules
from planner.policy.steps import steps_of


class Edit(NamedTuple):
    """From one ruleset to another: the rules that are otherwise or gone, and those that are otherwise or new."""

    gone: frozenset[str]
    come: Mapping[Stage, StageRules]

    def touches(self, trial: Trial) -> bool:
        """Whether an edited rule fires on the host of ``trial``: by the rules as they were, or as they are to be."""
        if any(trial.outcome(name) != "not applicable" for name in self.gone):
            return True
        return any(self._fires(judgement.stage, Memory(judgement.facts)) for judgement in trial.judgements)

    def _fires(self, stage: Stage, memory: Memory) -> bool:
        rules = self.come[stage]
        answer = match(rules, memory, reach(rules, memory).alive)
        return bool(answer.firings or answer.blocked or answer.endless)


def edit_between(before: Compiled, after: Compiled) -> Edit | None:
    """The edit; None where it cannot be told from ``before``'s facts and firings alone what ``after`` would do."""
    if before.refused or after.refused or not after.kinds <= before.kinds:
        return None
    old, new = _meanings(before), _meanings(after)
    come = [rule for rule in after.ruleset.rules if rule.name in new and old.get(rule.name) != new[rule.name]]
    stages = {stage: steps_of(rule for rule in come if rule.stage == stage) for stage in STAGES}
    return Edit(frozenset(name for name, meaning in old.items() if new.get(name) != meaning), stages)


def _meanings(compiled: Compiled) -> dict[str, Rule]:
    """The rules that are not disabled, without where things stand in their files, and without what is for readers."""
    disabled = {name for name, _ in compiled.ruleset.disabled}
    return {rule.name: meaning(rule) for rule in compiled.ruleset.rules if rule.name not in disabled}


def meaning(rule: Rule) -> Rule:
    """The rule without where it stands, and without what is for readers: equal meanings, equal decisions."""
    when = tuple(
        pattern._replace(line=0, column=0, tests=tuple(test._replace(line=0, column=0) for test in pattern.tests))
        for pattern in rule.when
    )
    concludes = tuple(
        conclusion._replace(line=0, fields=tuple(given._replace(line=0) for given in conclusion.fields))
        for conclusion in rule.concludes
    )
    return Rule(
        rule.name,
        rule.stage,
        "",
        summary=rule.summary if rule.shadow else "",  # a shadow is told of by its summary
        when=when,
        sets=tuple(assignment._replace(line=0) for assignment in rule.sets),
        concludes=concludes,
        verdicts=tuple(verdict._replace(line=0) for verdict in rule.verdicts),
        overrides=rule.overrides,
        shadow=rule.shadow,
    )
