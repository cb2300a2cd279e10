"""mgmtnet: devise a host's management network for oVirt.

    host = read_capture(open("caps.json").read()).host
    definition = read_definition({"network": "ovirtmgmt", "vlan": 3000, "mtu": 9000}).definition
    ruleset, problems = load_rules("ovirtmgmt@1.0")
    print(plan(host, definition, ruleset, addresses=["192.0.2.10"]).json())

Everything here is pure but `load_rules`, which reads rule files. What a user can cause comes back as
`Problem` values; an exception is a fault of ours.
"""

from collections.abc import Sequence

from planner.definition import Definition, read_definition
from planner.facts import facts_of
from planner.host.model import Host
from planner.host.reading import read_capture
from planner.language import Ruleset
from planner.plans.attachment import attachment_fact, attachment_of
from planner.plans.drafting import draft
from planner.plans.foresight import Effect, foresee, foreseen_facts
from planner.plans.model import Plan
from planner.policy.compiled import Compiled, compile_ruleset
from planner.policy.decision import decide, settle
from planner.policy.judging import Judgement, judge
from planner.problem import Problem, Where
from planner.shelf import load_rules

__all__ = [
    "Definition",
    "Host",
    "Plan",
    "Problem",
    "Ruleset",
    "Where",
    "consider",
    "load_rules",
    "plan",
    "read_capture",
    "read_definition",
]


def plan(host: Host, definition: Definition, rules: Ruleset | Compiled, addresses: Sequence[str] = ()) -> Plan:
    """Devise the management network of ``host`` as ``definition`` wants it, by ``rules``.

    ``addresses``: the management address, or each one that the host's name resolves to; empty: the host's
    lastClientIface decides, then its default route. The same arguments always make the same plan.
    """
    compiled = rules if isinstance(rules, Compiled) else compile_ruleset(rules)
    judgements, foreseen = consider(host, definition, compiled, addresses)
    return draft(host, definition, compiled.ruleset, decide(judgements), foreseen)


def consider(
    host: Host, definition: Definition, rules: Compiled, addresses: Sequence[str] = ()
) -> tuple[tuple[Judgement, ...], tuple[Effect, ...]]:
    """What each stage of the rules says: which device, how to attach to it, whether that is safe."""
    facts = facts_of(host, definition, tuple(addresses), rules.kinds)
    located = judge(rules, "locate", facts)
    facts += located.conclusions
    devised = judge(rules, "devise", facts)
    facts += devised.conclusions
    attachment = attachment_of(settle(devised.said)[0], host.bonds)
    foreseen: tuple[Effect, ...] = ()
    if attachment is not None:
        foreseen = foresee(host, definition.network, attachment, *_management(located))
        facts += [attachment_fact(attachment), *foreseen_facts(foreseen)]
    return (located, devised, judge(rules, "guard", facts)), foreseen


def _management(located: Judgement) -> tuple[str, str]:
    """The device that holds the management address, and that address, if the locate stage found one."""
    found = (fact.fields for fact in located.conclusions if fact.kind == "management")
    return next(((str(fields["device"]), str(fields["address"])) for fields in found), ("", ""))
