"""Rules tried on a host whose definition is known: a golden, or a capture and what is wanted of it."""

from typing import NamedTuple

import planner
from planner.definition import Definition
from planner.host.model import Host
from planner.plans.drafting import draft
from planner.plans.model import Plan
from planner.policy.compiled import Compiled
from planner.policy.decision import decide
from planner.policy.judging import Judgement


class Case(NamedTuple):
    """A host by name, what its data centre wants, and its management addresses (none: as the host says)."""

    name: str
    host: Host
    definition: Definition
    addresses: tuple[str, ...] = ()


class Trial(NamedTuple):
    """What rules make of a case: the plan, and each stage's judgement with the facts that it saw."""

    case: Case
    plan: Plan
    judgements: tuple[Judgement, ...]

    def outcome(self, rule: str) -> str:
        """What became of a rule: fired, not applicable, blocked, error."""
        return self.plan.outcomes[rule]


def try_out(case: Case, rules: Compiled) -> Trial:
    """Plan ``case`` by ``rules``, keeping what each stage said."""
    judgements = planner.consider(case.host, case.definition, rules, case.addresses)
    plan = draft(case.host, case.definition, rules.ruleset, decide(judgements))
    return Trial(case, plan, judgements)
