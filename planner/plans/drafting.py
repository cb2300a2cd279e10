"""From a decision to a plan: the request in the host's dialect, the way back, the reasons."""

from planner.definition import Definition
from planner.host.model import Host
from planner.language import Fact, Ruleset
from planner.plans.attachment import Attachment, attachment_of, bonding_document
from planner.plans.dialects import speak
from planner.plans.dialects.request import Wanted
from planner.plans.foresight import Effect
from planner.plans.model import Management, Plan, Reason, RulesetName
from planner.plans.revert import way_back
from planner.policy.decision import Decision, settle
from planner.policy.judging import Said
from planner.vocabulary import ATTACHMENT

FLAGS = frozenset({"bridged", "stp", "default_route", "pin_mac"})


def draft(
    host: Host, definition: Definition, ruleset: Ruleset, decision: Decision, foreseen: tuple[Effect, ...]
) -> Plan:
    """The plan that a decision amounts to. Only a change has a request, a way back and foreseen effects."""
    attachment = attachment_of(settle(decision.said)[0], host.bonds)
    wanted = back = None
    if decision.outcome == "change" and attachment is not None:
        own = host.networks.get(definition.network)
        kept = (host.version, own.qos if own else None, own.custom if own else None)
        wanted = Wanted(definition.network, attachment, *kept)
        present = way_back(host, definition.network, attachment, _holder(decision.management))
        back = Wanted(definition.network, present, *kept)
    return Plan(
        outcome=decision.outcome,
        network=definition.network,
        management=_management(decision.management),
        attachment=attachment,
        wanted=wanted,
        back=back,
        request=speak(host, wanted) if wanted is not None else None,
        revert=speak(host, back) if back is not None else None,
        problems=decision.problems,
        foreseen=foreseen if wanted is not None else (),
        trace=_trace(decision, attachment, host),
        rules=RulesetName(ruleset.name, ruleset.version, ruleset.digest, decision.engine),
        capture=host.digest,
        definition=definition.digest,
        outcomes=decision.outcomes,
    )


def _holder(management: Fact | None) -> str:
    return str(management.fields["device"]) if management is not None else ""


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
