"""What ``rules diff --prove`` finds out: whether two rulesets give every host the same plan, or which one not."""

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

from planner.authoring.compare import meanings
from planner.authoring.differences import Difference, differences
from planner.authoring.golden import Case, try_out
from planner.cli.rules_prove import drawn
from planner.proof.equivalence import Equivalence, equivalence
from planner.proof.witness import Witness
from planner.rules.compiled import Compiled

HEADLINES = {
    "same": "proved: {after} gives every host the same plan as {before}",
    "words": "proved: {after} decides of every host as {before} does; what is said beside it may be otherwise",
    "stricter": "stricter: every change by {after} is the same by {before} (proved), which refuses less",
    "wider": "wider: every change by {before} is the same by {after} (proved), which refuses less",
    "different": "different: there is a host to which {after} gives another plan than {before}",
    "undecided": "undecided: no proof that {after} gives every host the same plan as {before}, and no host to show it",
}


class Proved:
    """Two rulesets, compared on every host."""

    def __init__(self, before: Compiled, after: Compiled, options: argparse.Namespace) -> None:
        """Compare them; ``options`` tell how they are called."""
        self._rules = before, after
        self._called = {"before": options.before, "after": options.after}
        self.found: Equivalence = equivalence(meanings(before), meanings(after), lambda host: bool(self._told(host)))

    def lines(self) -> Iterator[str]:
        """What was found, for a person."""
        yield HEADLINES[self.found.verdict].format_map(self._called)
        if self.found.axioms:
            yield f"  given that {'; '.join(self.found.axioms)}"
        if self.found.rules:
            yield f"  rules that may say something else: {', '.join(self.found.rules)}"
        if self.found.witness is not None:
            yield from drawn(self.found.witness, self._rules[1])
            yield from (f"  {difference}" for difference in self._told(self.found.witness))
        elif self.found.verdict in ("words", "stricter", "wider"):
            yield "  no host was found that shows it"

    def document(self) -> dict[str, Any]:
        """The same for a program."""
        witness = self.found.witness
        return {
            "verdict": self.found.verdict,
            "axioms": list(self.found.axioms),
            "rules": list(self.found.rules),
            "host": witness._asdict() if witness is not None else None,
            "differences": [difference._asdict() for difference in self._told(witness)] if witness is not None else [],
        }

    def _told(self, witness: Witness) -> Sequence[Difference]:
        """How the plans of a host differ; not at all, if there can be no such host."""
        read = witness.read()
        if read is None:
            return ()
        was, now = (try_out(Case("host", *read, witness.addresses), rules).plan.document() for rules in self._rules)
        return differences(was, now)
