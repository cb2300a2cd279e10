"""What is taken for granted of every host: the axioms on which proofs stand.

Each says, in the words of the rule language, what the facts' code never makes of a capture; the file beside this one
holds them. ``tests/proof`` holds each against captures and generated hosts.
"""

import pkgutil
from functools import cache
from typing import NamedTuple

from planner.rules.model import INVARIANTS, Pattern
from planner.rules.patterns import read_when
from planner.yamltext import Findings, parse_yaml

FILE = "axioms.yaml"


class Axiom(NamedTuple):
    """Patterns that no facts of a host match together, and why."""

    name: str
    when: tuple[Pattern, ...]
    why: str


@cache
def axioms() -> tuple[Axiom, ...]:
    """Every axiom, in the order of the file."""
    text = (pkgutil.get_data("planner.proof", FILE) or b"").decode()
    node, problems = parse_yaml(text, FILE)
    findings = Findings(FILE, text)
    found = []
    for item in node.items if node is not None else ():
        fields = findings.fields(item, "an axiom", ("axiom", "why", "never"), ("axiom", "why", "never"))
        when, _ = read_when(fields["never"].value, INVARIANTS, findings)
        found.append(Axiom(findings.string(fields["axiom"], "axiom"), when, findings.string(fields["why"], "why")))
    wrong = [*problems, *findings.problems]
    if wrong:
        raise ValueError(wrong)  # a fault of ours: the file comes with the program
    return tuple(found)
