"""mgmtnet: devise a host's management network for oVirt.

>>> capture = Path("capture.json").read_bytes()  # what `vdsm-client Host getCapabilities` printed
>>> host = read_capture(capture).required()
>>> definition = read_definition({"network": "ovirtmgmt", "vlan": 3000, "mtu": 9000}).required()
>>> ruleset = load_rules("ovirtmgmt@1.0").required()
>>> plan = Planner(ruleset).plan(host, definition, ["192.0.2.10"])
>>> plan.outcome, [step.step for step in plan.steps]
('change', ['adopt', 'change'])
>>> plan.document()["steps"][0]["request"]["networks"]["ovirtmgmt"]["bonding"]
'bond4'

Everything here is pure but `load_rules`, which reads rule files. What a user can cause comes back as `Problem` values:
a reading is a value, or None, and its problems, and its ``required()`` is the value, or raises an `InputError` with
them. A mistake of the calling program, such as one address where a list belongs, is a TypeError that says what to write
instead; any other exception is a fault of ours.

All values are frozen, and can be pickled. Threads may share every object, a `Planner` too, which plans for one of them
after the other (no two threads of Python compute at once), and a process that forks or is spawned may use what it was
given. In a coroutine, `await asyncio.to_thread(plan, host, definition, rules, addresses)` keeps the loop free for the
milliseconds that a plan takes. `planner.apply` changes hosts.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from planner.definition import Definition, DefinitionReading, read_definition
from planner.engine.decide import Judgement, decide, judge
from planner.engine.firing import ALONE, Engines
from planner.facts.compute import facts_of
from planner.host.capture import Reading, Which, read_capture
from planner.host.graph import without_bridge
from planner.host.model import Host
from planner.plan.after import Holder
from planner.plan.attachment import attachment_facts, attachment_of
from planner.plan.effects import foresee, foreseen_facts
from planner.plan.plan import Plan, draft
from planner.problem import InputError, Problem, Result, Where
from planner.rules.compiled import Compiled, compile_ruleset
from planner.rules.model import Ruleset
from planner.rules.shelf import load_rules

__all__ = [
    "Compiled",
    "Definition",
    "DefinitionReading",
    "Host",
    "InputError",
    "Judgement",
    "Plan",
    "Planner",
    "Problem",
    "Reading",
    "Result",
    "Ruleset",
    "Where",
    "Which",
    "__version__",
    "compile_ruleset",
    "consider",
    "load_rules",
    "plan",
    "read_capture",
    "read_definition",
]

__version__: str
"""The version of mgmtnet that is installed; "unknown" where it runs from a folder and was never installed."""

if not TYPE_CHECKING:  # else every name that is not here were one

    def __getattr__(name):  # noqa: ANN001, ANN202 it is not seen by those who check types
        """Look ``__version__`` up when it is first asked for, which takes longer than all other imports."""
        if name != "__version__":
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message)
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("mgmtnet")
        except PackageNotFoundError:
            return "unknown"


class Planner:
    """Rules made ready to plan hosts.

    One that plans many hosts keeps what they have in common, and takes a fifth of the time for a host that is built
    like one before it. Threads may share it. To another process it goes without what it has kept.

    >>> planner = Planner(load_rules().required())
    >>> host = read_capture(Path("capture.json").read_bytes()).required()
    >>> untagged = read_definition({"network": "ovirtmgmt"}).required()
    >>> plan = planner.plan(host, untagged)
    >>> plan.outcome, [problem.code for problem in plan.problems if problem.severity == "error"]
    ('refused', ['vlan-tag-mismatch'])
    """

    def __init__(self, rules: Ruleset | Compiled) -> None:
        """Plan by ``rules``, which stay as they are; of `load_rules`, or what `compile_ruleset` made of them."""
        _expect("rules", rules, Ruleset | Compiled, "load_rules(...).required()")
        self.rules = rules if isinstance(rules, Compiled) else compile_ruleset(rules)
        self.engines = Engines(self.rules)

    def plan(self, host: Host, definition: Definition, addresses: Sequence[str] = ()) -> Plan:
        """Devise the management network of ``host`` as ``definition`` wants it.

        Args:
            host: of `read_capture`.
            definition: of `read_definition`.
            addresses: a list of the management address, or of each address that the host's name resolves to, as
                `ipaddress` writes them, without a prefix; where empty, the host's lastClientIface decides, then its
                default route.

        Returns:
            The plan. Its ``outcome`` is "change", "no-change" or "refused"; why, its ``problems`` tell. The same
            arguments always make the same plan.

        Raises:
            TypeError: an argument is of another type, such as one text for ``addresses``.
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
        _expect("host", host, Host, "read_capture(...).required()")
        _expect("definition", definition, Definition, "read_definition(...).required()")
        return self._considered(host, definition, _listed(addresses))

    def _considered(self, host: Host, definition: Definition, addresses: tuple[str, ...]) -> tuple[Judgement, ...]:
        with ALONE:
            facts = facts_of(host, definition, addresses, self.rules.kinds)
            located = judge(self.engines, "locate", facts)
            facts += located.conclusions
            devised = judge(self.engines, "devise", facts)
            facts += devised.conclusions
            attachment = attachment_of(devised.values, host.bonds)
            if attachment is not None:
                foreseen = foresee(host, definition.network, attachment, *_management(located))
                facts += [*attachment_facts(attachment), *foreseen_facts(foreseen)]
            guarded = judge(self.engines, "guard", facts)
            hidden = tuple(self._hidden(host, definition, addresses, (located, devised, guarded)))
            return located, devised, guarded._replace(problems=guarded.problems + hidden)

    def _hidden(
        self, host: Host, definition: Definition, addresses: tuple[str, ...], judgements: tuple[Judgement, ...]
    ) -> Iterator[Problem]:
        """The refusals that show only once the host is freed of the bridges that a guard names; each rule's once."""
        bridges = [str(fact.fields["bridge"]) for fact in judgements[-1].conclusions if fact.kind == "freed"]
        freed = host
        for bridge in bridges:
            freed = without_bridge(freed, bridge)
        if freed is host:
            return
        spoken = {problem.rule for judgement in judgements for problem in judgement.problems}
        later = self._considered(freed, definition, addresses)
        overridden = frozenset().union(*(judgement.overridden for judgement in later))
        for problem in (problem for judgement in later for problem in judgement.problems):
            if problem.severity == "error" and problem.rule not in spoken | overridden:
                yield problem._replace(message=f"once {' and '.join(bridges)} is gone: {problem.message}")


def plan(
    host: Host, definition: Definition, rules: Ruleset | Compiled | Planner, addresses: Sequence[str] = ()
) -> Plan:
    """Devise the management network of ``host`` as ``definition`` wants it, by ``rules``; see `Planner.plan`.

    For more than one host pass a `Planner`, which keeps what the hosts have in common.

    >>> host = read_capture(Path("capture.json").read_bytes()).required()
    >>> definition = read_definition("{network: ovirtmgmt, vlan: 3000, mtu: 9000}").required()
    >>> plan(host, definition, load_rules().required(), ["192.0.2.10"]).outcome
    'change'
    """
    return _by(rules).plan(host, definition, addresses)


def consider(
    host: Host, definition: Definition, rules: Ruleset | Compiled | Planner, addresses: Sequence[str] = ()
) -> tuple[Judgement, ...]:
    """Fire each stage of ``rules`` on ``host``; see `Planner.consider`.

    >>> host = read_capture(Path("capture.json").read_bytes()).required()
    >>> definition = read_definition("{network: ovirtmgmt, vlan: 3000}").required()
    >>> located, devised, guarded = consider(host, definition, load_rules().required())
    >>> [(fact.kind, fact.fields["device"]) for fact in located.conclusions if fact.kind == "management"]
    [('management', 'bond4.3000')]
    """
    return _by(rules).consider(host, definition, addresses)


def _by(rules: Ruleset | Compiled | Planner) -> Planner:
    return rules if isinstance(rules, Planner) else Planner(rules)


def _expect(name: str, value: object, kind: Any, instead: str) -> None:
    """Refuse what a caller gave by mistake."""
    if not isinstance(value, kind):
        message = f"{name} is a {type(value).__name__}: give {instead}"
        raise TypeError(message)


def _listed(addresses: Sequence[str]) -> tuple[str, ...]:
    """The addresses: of one text each letter would be one, and a set has another order in each process."""
    if (
        isinstance(addresses, str | bytes)
        or not isinstance(addresses, Sequence)
        or not all(isinstance(address, str) for address in addresses)
    ):
        message = f'addresses is {addresses!r:.100}: give a list of texts, as ["192.0.2.10"], or leave it out'
        raise TypeError(message)
    return tuple(addresses)


def _management(located: Judgement) -> Holder:
    """The device that holds the management address, and that address, if the locate stage found one."""
    found = (fact.fields for fact in located.conclusions if fact.kind == "management")
    return next((Holder(str(fields["device"]), str(fields["address"])) for fields in found), Holder())
