"""One run of an order: what its steps share, and what a step answers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from planner.apply.contact import Contact, Sight
from planner.apply.order import Order
from planner.apply.standing import Difference, differences, stands_as_before
from planner.host.model import Host
from planner.vdsm.failure import Failure
from planner.vdsm.speaker import FenceAgent, Speaker

NMSTATE_SINCE = (4, 40)  # VDSM, whose age is that of the newest when unknown

Standing = Literal["as planned and saved", "as planned, not saved", "as before", "unknown"]
Stance = Literal["planned", "before", "otherwise"]


class Event(NamedTuple):
    """Progress of a run: ``kind`` begin, call (a request is under way), end or said; ``limit`` in seconds, 0: none."""

    kind: Literal["begin", "call", "end", "said"]
    step: str
    said: str = ""
    limit: float = 0.0


Listener = Callable[[Event], None]


class Step(NamedTuple):
    """What a step found, as the journal keeps it; ``next`` "" ends the run, and then ``standing`` tells how.

    ``problem``: {"code", "message", "hint"} of what went wrong, or empty. ``found``: what later steps need.
    """

    name: str
    said: str
    next: str = ""
    standing: str = ""
    problem: Mapping[str, str] = {}
    found: Mapping[str, Any] = {}

    def document(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return {**self._asdict(), "problem": dict(self.problem), "found": dict(self.found)}


class Fencing(NamedTuple):
    """Who switches the host off and on, and by which power management."""

    proxy: Speaker
    agent: FenceAgent


class Run(NamedTuple):
    """A run as a step sees it. ``performed``: the steps that this process performed itself, not read in the journal."""

    order: Order
    contact: Contact
    before: Host
    steps: Sequence[Step]
    performed: frozenset[str]
    fencing: "Callable[[], Fencing | Failure]"
    tell: Listener

    @property
    def request(self) -> Mapping[str, Any]:
        """What is sent: the plan's request, waiting for a sign as long as was ordered."""
        return _patient(self.order.plan["request"], self.order.limits.change)

    @property
    def revert(self) -> Mapping[str, Any]:
        """The way back."""
        return _patient(self.order.plan["revert"], self.order.limits.change)

    @property
    def saved(self) -> bool:
        """Whether the change was proven to be saved: then a reboot must keep it, else it must undo it."""
        return any(step.standing == "as planned and saved" for step in self.steps)

    @property
    def restored(self) -> bool:
        """Whether VDSM's rollback, and a reboot of what is not saved, give back what the host had.

        VDSM restores the networks that it had. What was there before its first one it put back from copies of ifcfg
        files; since it works through nmstate it only removes what it made, and leaves the host without an address.
        """
        had = self.order.plan["network"] in self.before.networks
        return had or () < self.before.version < NMSTATE_SINCE

    @property
    def reason(self) -> Mapping[str, str]:
        """The last problem that a step told of; empty when there was none."""
        return next((step.problem for step in reversed(self.steps) if step.problem), {})

    def found(self, name: str) -> Mapping[str, Any]:
        """What the last step of that name found."""
        return next((step.found for step in reversed(self.steps) if step.name == name), {})

    def stance(self, seen: Sight) -> tuple[Stance, tuple[Difference, ...]]:
        """How the host stands, and where it differs from the plan: also in that it is not reached where it should."""
        found = differences(self.request, seen.host)
        if not found and seen.aside:
            return "otherwise", (Difference("contact", f"at {self.order.access.target}", f"at {seen.address} alone"),)
        if not found:
            return "planned", ()
        return ("before" if stands_as_before(self.before, seen.host) else "otherwise"), found

    def planned(self, seen: Sight | Failure) -> bool:
        """Whether this is a sight of the host as planned."""
        return isinstance(seen, Sight) and self.stance(seen)[0] == "planned"

    def found_again(self, seen: Sight | Failure) -> Sight | Failure:
        """A sight of the host that cannot be read: it is waited for, then looked for over its other networks."""
        if isinstance(seen, Failure):
            seen = self.contact.await_sight(self.order.limits.vdsm)
        return self.contact.elsewhere(seen) if isinstance(seen, Failure) else seen

    def reverted(self, host: Host) -> bool:
        """Whether the host stands as before the change, or as the way back makes it."""
        return stands_as_before(self.before, host) or not differences(self.revert, host)


def trouble(failure: Failure) -> dict[str, str]:
    """A failed call as a step's problem."""
    named = f" ({failure.name})" if failure.name else ""
    code = f"vdsm-{failure.code}" if failure.code is not None else f"vdsm-{failure.kind}"
    return {"code": code, "message": failure.message + named, "hint": failure.hint}


def differing(sight: Sight, found: Sequence[Difference]) -> dict[str, str]:
    """A host that differs from the plan as a step's problem."""
    told = "; ".join(str(difference) for difference in found)
    return {
        "code": "not-as-planned",
        "message": f"the host at {sight.address} is not as planned: {told}",
        "hint": "supervdsm.log on the host tells what VDSM did; a hook or another tool may have changed it, too",
    }


def _patient(request: Mapping[str, Any], timeout: float) -> Mapping[str, Any]:
    return {**request, "options": {**request["options"], "connectivityTimeout": max(1, round(timeout))}}
