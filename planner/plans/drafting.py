"""From a decision to a plan: the attachment, the steps that lead to it, the reasons."""

from planner.definition import Definition
from planner.host.model import Host
from planner.language import Fact, Ruleset
from planner.plans.after import Holder
from planner.plans.attachment import Attachment, attachment_of, bonding_document
from planner.plans.model import Management, Plan, Reason, RulesetName
from planner.plans.steps import PlanStep, steps_of
from planner.policy.decision import Decision, settle
from planner.policy.judging import Said
from planner.vocabulary import ATTACHMENT

FLAGS = frozenset({"adopt", "bridged", "stp", "default_route", "pin_mac"})


def draft(host: Host, definition: Definition, ruleset: Ruleset, decision: Decision) -> Plan:
    """The plan that a decision amounts to. Only a change has steps."""
    values = settle(decision.said)[0]
    attachment = attachment_of(values, host.bonds)
    steps: tuple[PlanStep, ...] = ()
    if decision.outcome == "change" and attachment is not None:
        holder = _holder(decision.management)
        steps = steps_of(host, definition.network, attachment, holder, adopts=bool(values.get("adopt", False)))
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
