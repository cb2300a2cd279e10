"""``mgmtnet golden update --interactive``: each change with its why, before it is taken."""

import json
import sys
from collections.abc import Mapping

from planner.authoring.speaking import difference_explained
from planner.authoring.trial import Trial
from planner.cli.output import say, tell
from planner.language import Rule
from planner.printing import printable

QUESTION = "Take this? [y]es, [n]o, [a]ll that follow, [q]uit: "


class Asking:
    """Whoever is asked at the terminal, until they say `all` or `quit`."""

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        """Begin without an answer; ``rules`` are those that decide."""
        self.rules = rules
        self.settled: bool | None = None

    def agrees(self, before: str | None, trial: Trial) -> bool:
        """Show why the plan ``before``, as the golden has it, is not that of ``trial``, and ask."""
        if self.settled is not None:
            return self.settled
        say("\n".join(["", f"{trial.case.name}:", *(f"  {printable(line)}" for line in self._why(before, trial))]))
        tell(QUESTION, end="")
        answer = sys.stdin.readline()
        while answer.strip().lower()[:1] not in ("y", "n", "a", "q") and answer:
            tell(QUESTION, end="")
            answer = sys.stdin.readline()
        letter = answer.strip().lower()[:1] or "q"
        if letter in ("a", "q"):
            self.settled = letter == "a"
        return letter in ("y", "a")

    def _why(self, before: str | None, trial: Trial) -> list[str]:
        try:
            document = json.loads(before or "")
            return difference_explained(document, trial, self.rules)
        except (ValueError, KeyError, TypeError, AttributeError):
            return ["it has no plan yet that can be read"]
