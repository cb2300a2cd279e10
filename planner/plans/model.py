"""The plan: a document without behaviour, the same bytes for the same inputs."""

from typing import Any, NamedTuple

from planner.plans.attachment import Attachment
from planner.plans.dialects import speak
from planner.plans.steps import PlanStep
from planner.policy.decision import PlanOutcome
from planner.policy.judging import Outcome
from planner.printing import json_text
from planner.problem import Problem

FORMAT = "mgmtnet/plan@2"


class Management(NamedTuple):
    """Where the management address is: ``kind`` nic, bond, vlan or bridge."""

    address: str
    device: str
    kind: str
    found_by: str

    def document(self) -> dict[str, Any]:
        """As it stands in a plan."""
        return {
            "address": self.address or None,
            "device": self.device,
            "kind": self.kind,
            "found_by": self.found_by,
        }


class Reason(NamedTuple):
    """Why a field has its value: the rule, its line, and the places of the facts that it matched."""

    field: str
    value: Any
    rule: str
    at: str
    facts: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """As it stands in a plan (``trace``)."""
        return {"field": self.field, "value": self.value, "rule": self.rule, "at": self.at, "facts": list(self.facts)}


class RulesetName(NamedTuple):
    """Which rules decided: name, version, digest; and the engine that fired them.

    ``edited``: they bear an installed ruleset's name and version, and are others.
    """

    ruleset: str
    version: str
    digest: str
    engine: str
    edited: bool = False

    def document(self) -> dict[str, Any]:
        """As it stands in a plan (``rules``)."""
        edited = {"edited": True} if self.edited else {}
        said = {"ruleset": self.ruleset, "version": self.version, "digest": self.digest, "engine": self.engine}
        return said | edited


class Plan(NamedTuple):
    """What to ask of the host, and why. There are ``steps``, in their order, when the outcome is a change."""

    outcome: PlanOutcome
    network: str
    management: Management | None
    attachment: Attachment | None
    steps: tuple[PlanStep, ...]
    problems: tuple[Problem, ...]
    trace: tuple[Reason, ...]
    rules: RulesetName
    capture: str
    definition: str
    outcomes: dict[str, Outcome]

    def document(self) -> dict[str, Any]:
        """The plan as schemas/plan.schema.json describes it."""
        return {
            "format": FORMAT,
            "outcome": self.outcome,
            "network": self.network,
            "management": self.management.document() if self.management is not None else None,
            "attachment": self.attachment.document() if self.attachment is not None else None,
            "steps": [step_document(step) for step in self.steps],
            "problems": [problem.document() for problem in self.problems],
            "trace": [reason.document() for reason in self.trace],
            "rules": self.rules.document(),
            "inputs": {"capture": self.capture, "definition": self.definition},
        }

    def json(self) -> str:
        """The document as canonical JSON: fixed order of keys, two blanks of indentation, a closing newline."""
        return json_text(self.document()) + "\n"


def step_document(step: PlanStep) -> dict[str, Any]:
    """A step as it stands in a plan (``steps``), its calls in the dialect of the host's age."""
    return {
        "step": step.step,
        "request": speak(step.wanted),
        "foreseen": [effect.document() for effect in step.foreseen],
        "revert": speak(step.back),
    }
