"""``mgmtnet golden update --interactive``: each change with its why, before it is taken."""

import sys
from collections.abc import Iterator, Mapping

from planner.authoring.keeping import UNSHAPED
from planner.authoring.speaking import difference_explained
from planner.cli.goldenlooking import Looked, shown_in_lines
from planner.cli.output import say_lines, tell
from planner.language import Rule

QUESTION = "Take this? [y]es, [n]o, [a]ll that follow, [q]uit: "


class Quit(Exception):  # noqa: N818  an answer, and no fault
    """Whoever was asked wants to stop here; what they agreed to before stays."""


class Asking:
    """Whoever is asked at the terminal, until they say `all` or `quit`."""

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        """Begin without an answer; ``rules`` are those that decide."""
        self.rules = rules
        self.all = False

    def agrees(self, golden: Looked) -> bool:
        """Show how the golden's plan is another now, and why, and ask; Quit if nothing more is to be done."""
        if self.all:
            return True
        say_lines(self._told(golden))
        letter = ""
        while letter not in ("y", "n", "a", "q"):
            tell(QUESTION, end="")
            answer = sys.stdin.readline()
            letter = answer.strip().lower()[:1] if answer else "q"
        if letter == "q":
            raise Quit
        self.all = letter == "a"
        return letter != "n"

    def _told(self, golden: Looked) -> Iterator[str]:
        yield from shown_in_lines(golden)
        yield from ("", f"{golden.trial.case.name if golden.trial else golden.folder}:")
        yield from (f"  {line}" for line in self._why(golden))

    def _why(self, golden: Looked) -> list[str]:
        before = golden.standing.before if golden.standing else None
        if before is None or golden.trial is None:
            return ["it has no plan yet that can be read"]
        try:
            return difference_explained(before, golden.trial, self.rules)
        except UNSHAPED:
            return ["it has no plan yet that can be read"]
