"""mgmtnet: devise a host's management network for oVirt.

    host = read_capture(open("caps.json").read()).host
    definition = read_definition({"network": "ovirtmgmt", "vlan": 3000, "mtu": 9000}).definition
    ruleset, problems = load_rules("ovirtmgmt@1.0")
    print(Planner(ruleset).plan(host, definition, addresses=["192.0.2.10"]).json())

Everything here is pure but `load_rules`, which reads rule files. What a user can cause comes back as
`Problem` values; an exception is a fault of ours.
"""

from collections.abc import Iterator, Sequence

from planner.definition import Definition, read_definition
from planner.engine.compiled import Compiled, compile_ruleset
from planner.engine.decide import Judgement, decide, judge
from planner.engine.firing import Engines
from planner.facts.compute import facts_of
from planner.host.capture import read_capture
from planner.host.graph import without_bridge
from planner.host.model import Host
from planner.plan.after import Holder
from planner.plan.attachment import attachment_fact, attachment_of
from planner.plan.effects import foresee, foreseen_facts
from planner.plan.plan import Plan, draft
from planner.problem import Problem, Where
from planner.rules.model import Ruleset
from planner.rules.shelf import load_rules

__all__ = [
    "Definition",
    "Host",
    "Plan",
    "Planner",
    "Problem",
    "Ruleset",
    "Where",
    "consider",
    "load_rules",
    "plan",
    "read_capture",
    "read_definition",
]


class Planner:
    """Rules made ready to plan hosts.

    One that plans many hosts keeps what they have in common, and takes a fifth of the time for a host that is built
    like one before it. It may be used from one thread at a time.
    """

    def __init__(self, rules: Ruleset | Compiled) -> None:
        """Plan by ``rules``, which stay as they are."""
        self.rules = rules if isinstance(rules, Compiled) else compile_ruleset(rules)
        self.engines = Engines(self.rules)

    def plan(self, host: Host, definition: Definition, addresses: Sequence[str] = ()) -> Plan:
        """Devise the management network of ``host`` as ``definition`` wants it.

        Args:
            host: of `read_capture`.
            definition: of `read_definition`.
            addresses: the management address, or each address that the host's name resolves to; where empty, the
                host's lastClientIface decides, then its default route.

        Returns:
            The plan. Its ``outcome`` is "change", "no-change" or "refused"; why, its ``problems`` tell. The same
            arguments always make the same plan.
        """
        judgements = self.consider(host, definition, addresses)
        return draft(host, definition, self.rules.ruleset, decide(judgements))

    def consider(self, host: Host, definition: Definition, addresses: Sequence[str] = ()) -> tuple[Judgement, ...]:
        """Fire the rules of each stage on ``host``; arguments as for `plan`.

        Returns:
            A `Judgement` for each stage in turn: locate (which device has the address), devise (how to attach to it),
            guard (whether that is safe). Where a guard rule asks for a bridge to be removed, its problems include
            those that would show only without that bridge.
        """
        facts = facts_of(host, definition, tuple(addresses), self.rules.kinds)
        located = judge(self.engines, "locate", facts)
        facts += located.conclusions
        devised = judge(self.engines, "devise", facts)
        facts += devised.conclusions
        attachment = attachment_of(devised.values, host.bonds)
        if attachment is not None:
            foreseen = foresee(host, definition.network, attachment, *_management(located))
            facts += [attachment_fact(attachment), *foreseen_facts(foreseen)]
        guarded = judge(self.engines, "guard", facts)
        hidden = tuple(self._hidden(host, definition, addresses, (located, devised, guarded)))
        return located, devised, guarded._replace(problems=guarded.problems + hidden)

    def _hidden(
        self, host: Host, definition: Definition, addresses: Sequence[str], judgements: tuple[Judgement, ...]
    ) -> Iterator[Problem]:
        """The refusals that show only once the host is freed of the bridges that a guard names; each rule's once."""
        bridges = [str(fact.fields["bridge"]) for fact in judgements[-1].conclusions if fact.kind == "freed"]
        freed = host
        for bridge in bridges:
            freed = without_bridge(freed, bridge)
        if freed is host:
            return
        spoken = {problem.rule for judgement in judgements for problem in judgement.problems}
        later = self.consider(freed, definition, addresses)
        overridden = frozenset().union(*(judgement.overridden for judgement in later))
        for problem in (problem for judgement in later for problem in judgement.problems):
            if problem.severity == "error" and problem.rule not in spoken | overridden:
                yield problem._replace(message=f"once {' and '.join(bridges)} is gone: {problem.message}")


def plan(
    host: Host, definition: Definition, rules: Ruleset | Compiled | Planner, addresses: Sequence[str] = ()
) -> Plan:
    """Devise the management network of ``host`` as ``definition`` wants it, by ``rules``; see `Planner.plan`.

    For more than one host pass a `Planner`, which keeps what the hosts have in common.
    """
    return _by(rules).plan(host, definition, addresses)


def consider(
    host: Host, definition: Definition, rules: Ruleset | Compiled | Planner, addresses: Sequence[str] = ()
) -> tuple[Judgement, ...]:
    """Fire each stage of ``rules`` on ``host``; see `Planner.consider`."""
    return _by(rules).consider(host, definition, addresses)


def _by(rules: Ruleset | Compiled | Planner) -> Planner:
    return rules if isinstance(rules, Planner) else Planner(rules)


def _management(located: Judgement) -> Holder:
    """The device that holds the management address, and that address, if the locate stage found one."""
    found = (fact.fields for fact in located.conclusions if fact.kind == "management")
    return next((Holder(str(fields["device"]), str(fields["address"])) for fields in found), Holder())
