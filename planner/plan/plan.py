"""The plan: a document without behaviour, the same bytes for the same inputs."""

from typing import Any, NamedTuple

from planner.definition import Definition
from planner.engine.decide import Decision, Outcome, PlanOutcome, Said
from planner.facts.vocabulary import ATTACHMENT, Fact
from planner.host.model import Host
from planner.plan.after import Holder
from planner.plan.attachment import Attachment, attachment_of, bonding_document
from planner.plan.request import speak
from planner.plan.steps import PlanStep, steps_of
from planner.printing import json_text
from planner.problem import Problem
from planner.rules.model import Ruleset

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
    edited: bool

    def document(self) -> dict[str, Any]:
        """As it stands in a plan (``rules``)."""
        edited = {"edited": True} if self.edited else {}
        said = {"ruleset": self.ruleset, "version": self.version, "digest": self.digest, "engine": self.engine}
        return said | edited


class Plan(NamedTuple):
    """What to ask of the host, and why.

    ``steps``: in their order; empty unless ``outcome`` is "change". ``management``, ``attachment``: None if the rules
    found none. ``capture``, ``definition``: digests of what was planned from. ``outcomes``: what became of each rule,
    by its name; not part of the document.
    """

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
    """Describe a step as plans do (``steps``), its calls in the dialect of the host's age."""
    return {
        "step": step.step,
        "request": speak(step.wanted),
        "foreseen": [effect.document() for effect in step.foreseen],
        "revert": speak(step.back),
    }


# From a decision to a plan: the attachment, the steps that lead to it, the reasons.


FLAGS = frozenset({"adopt", "bridged", "stp", "default_route", "pin_mac"})


def draft(host: Host, definition: Definition, ruleset: Ruleset, decision: Decision) -> Plan:
    """Make the plan of what the rules decided. It has steps only if the outcome is a change."""
    attachment = attachment_of(decision.values, host.bonds)
    steps: tuple[PlanStep, ...] = ()
    if decision.outcome == "change" and attachment is not None:
        holder = _holder(decision.management)
        steps = steps_of(host, definition.network, attachment, holder, adopts=bool(decision.values.get("adopt")))
    return Plan(
        outcome=decision.outcome,
        network=definition.network,
        management=_management(decision.management),
        attachment=attachment,
        steps=steps,
        problems=decision.problems,
        trace=_trace(decision, attachment, host),
        rules=RulesetName(ruleset.name, ruleset.version, ruleset.digest, decision.engine, ruleset.edited),
        capture=host.digest,
        definition=definition.digest,
        outcomes=decision.outcomes,
    )


def _holder(management: Fact | None) -> Holder:
    if management is None:
        return Holder()
    return Holder(str(management.fields["device"]), str(management.fields["address"]))


def _management(fact: Fact | None) -> Management | None:
    if fact is None:
        return None
    return Management(*(str(fact.fields[name]) for name in ("address", "device", "kind", "found_by")))


def _trace(decision: Decision, attachment: Attachment | None, host: Host) -> tuple[Reason, ...]:
    """One reason a field and rule, the management device first, then in the order of the attachment's fields.

    What a method leaves out (an address beside DHCP) has none.
    """
    order = {name: index for index, name in enumerate(["management", *ATTACHMENT])}
    said = sorted((*decision.found, *decision.said), key=lambda saying: (order[saying.field], saying.rule, saying.at))
    return tuple(
        Reason(saying.field, _shown(saying, host), saying.rule, saying.at, saying.facts)
        for saying in said
        if attachment is None or _stands(saying.field, attachment)
    )


def _stands(name: str, attachment: Attachment) -> bool:
    """An address, prefix or gateway that a rule set is not in the attachment unless the method is static."""
    family, _, part = name.partition(".")
    return part in ("", "method") or getattr(attachment, family).method == "static"


def _shown(saying: Said, host: Host) -> object:
    if saying.field == "bonding":
        return bonding_document(host.bonds.get(str(saying.value)))
    if saying.field in FLAGS:
        return bool(saying.value)
    if saying.field == "nameservers":
        return [text for text in str(saying.value).split(",") if text]
    return None if saying.value in ("", -1) else saying.value
