"""The promises of rules and goldens, held against what the rules do."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from planner.authoring.trial import Trial
from planner.language import Rule


class Broken(NamedTuple):
    """An example that does not hold: the rule, the golden, and why."""

    rule: Rule
    golden: str
    reason: str

    def __str__(self) -> str:
        """``devise/on-nic.yaml: nic-static: is to fire, and is not applicable``."""
        return f"{self.rule.file}: {self.golden}: {self.reason}"


def broken_examples(rules: Iterable[Rule], trials: Mapping[str, Trial]) -> list[Broken]:
    """Every example of ``rules`` that the ``trials``, by golden, do not bear out."""
    return [
        Broken(rule, golden, reason)
        for rule in rules
        for goldens, fires in ((rule.fires, True), (rule.silent, False))
        for golden in goldens
        if (reason := _fault(rule, trials.get(golden), fires=fires))
    ]


def _fault(rule: Rule, trial: Trial | None, *, fires: bool) -> str:
    if trial is None:
        return "there is no such golden"
    outcome = trial.outcome(rule.name)
    if (outcome == "fired") is fires:
        return ""
    return f"is to fire, and is {outcome}" if fires else "is to be silent, and fires"
