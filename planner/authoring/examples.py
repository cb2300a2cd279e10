"""The promises of rules and goldens, held against what the rules do."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from planner.authoring.trial import Trial
from planner.language import Rule


class Example(NamedTuple):
    """What a rule says of itself: that it ``fires`` on a golden, or is silent there; and why that does not hold."""

    rule: Rule
    golden: str
    fires: bool
    fault: str = ""

    def __str__(self) -> str:
        """``devise/on-nic.yaml: nic-static: is to fire, and is not applicable``."""
        return f"{self.rule.file}: {self.golden}: {self.fault}"

    def held_against(self, trial: Trial | None) -> "Example":
        """The example with what is wrong with it; ``trial`` is that of its golden, None if there is no such golden."""
        if trial is None:
            return self._replace(fault="there is no such golden")
        outcome = trial.outcome(self.rule.name)
        if (outcome == "fired") is self.fires:
            return self._replace(fault="")
        return self._replace(
            fault=f"is to fire, and is {outcome}" if self.fires else "is to be silent, and fires",
        )


def examples_of(rules: Iterable[Rule]) -> Iterator[Example]:
    """Every example of ``rules``."""
    for rule in rules:
        for goldens, fires in ((rule.fires, True), (rule.silent, False)):
            yield from (Example(rule, golden, fires) for golden in goldens)


def broken_examples(rules: Iterable[Rule], trials: Mapping[str, Trial]) -> list[Example]:
    """Every example of ``rules`` that the ``trials``, by golden, do not bear out."""
    held = (example.held_against(trials.get(example.golden)) for example in examples_of(rules))
    return [example for example in held if example.fault]
