"""One run of an order: what its steps share, what a step answers, and the report of them all."""

from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from planner.apply.contact import Contact, Sight
from planner.apply.order import Order
from planner.apply.verify import Difference, Measured, cut_short, host_devices, kept_macs, measure, stands_as_before
from planner.apply.world import World
from planner.host.graph import tells_routes
from planner.host.model import Host
from planner.plan.effects import by_nmstate
from planner.printing import printable
from planner.problem import painted
from planner.vdsm.client import Failure, FenceAgent, Speaker

Standing = Literal[
    "as planned and saved",
    "as planned, not saved",
    "as planned, perhaps not saved",  # over the engine, which does not tell
    "as before",
    "adopted",
    "unknown",
]
Stance = Literal["planned", "adopted", "before", "cut short", "otherwise"]
# How a run ends on a host that is seen to stand so, whatever else went wrong.
STANDING: Mapping[str, Standing] = {"before": "as before", "adopted": "adopted"}
# The steps after which the host need not be what it was any more; they only write that down.
SENT = ("announce-adopt", "announce")


class Event(NamedTuple):
    """Progress of a run: ``kind`` begin, call (a request is under way), end or said; ``limit`` in seconds, 0: none."""

    kind: Literal["begin", "call", "end", "said"]
    step: str
    said: str = ""
    limit: float = 0.0


Listener = Callable[[Event], None]
# Whether the change is to be kept: None as long as nobody has said so.
Word = Callable[[], bool | None]


def nobody_said() -> None:
    """The word of nobody."""


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
    """A run as a step sees it.

    ``performed``: the steps that this process performed itself, not read in the journal. ``word``: whoever is asked
    whether the change is to be kept.
    """

    order: Order
    contact: Contact
    before: Host
    steps: Sequence[Step]
    performed: frozenset[str]
    fencing: "Callable[[], Fencing | Failure]"
    tell: Listener
    word: Word = nobody_said

    @property
    def world(self) -> World:
        """Time, work beside and probes, as the steps have them."""
        return self.contact.world

    @property
    def request(self) -> Mapping[str, Any]:
        """What is sent to have the host as planned, waiting for a sign as long as was ordered."""
        return _safe(self._last["request"], self.order.limits.change if self._last["step"] == "change" else None)

    @property
    def revert(self) -> Mapping[str, Any]:
        """The way back: unchecked and saved at once, for what gives an address back must not be taken back itself."""
        return _safe(self._last["revert"], None)

    @property
    def adoption(self) -> Mapping[str, Any]:
        """What is sent first, to have the host adopted as it stands; empty where nothing is.

        The engine builds only what is defined, so it cannot be asked for this.
        """
        first, *rest = self.order.plan["steps"]
        if not rest or self.order.access.transport == "engine":
            return {}
        return _safe(first["request"], None)

    @property
    def _last(self) -> Mapping[str, Any]:
        return self.order.plan["steps"][-1]  # type: ignore[no-any-return]  # it is JSON

    @property
    def home(self) -> Stance:
        """How the host stands when the change has not been made, or was taken back."""
        return "adopted" if self.adoption else "before"

    @property
    def saved(self) -> bool:
        """Whether the change was proven to be saved: then a reboot must keep it, else it must undo it."""
        return any(step.standing == "as planned and saved" for step in self.steps)

    @property
    def unwanted(self) -> bool:
        """Whether the change was not to be kept: then nothing saves it any more."""
        return self.found("keep").get("kept") is False

    @property
    def restored(self) -> bool:
        """Whether VDSM's rollback, and a reboot of what is not saved, give back what the host had.

        VDSM restores the networks that it had, and one that it has adopted. What was there before its first one it put
        back from copies of ifcfg files; since it works through nmstate it only removes what it made, and leaves the
        host without an address.
        """
        had = self.order.plan["network"] in self.before.networks
        adopted = any(step.name == "verify-adopt" and step.next == "announce" for step in self.steps)
        return had or adopted or self.elder

    @property
    def elder(self) -> bool:
        """Whether VDSM writes ifcfg files, where a change may be half made, and not through nmstate."""
        return not by_nmstate(self.before)

    @property
    def unread(self) -> bool:
        """Whether this process has not read the host yet: what another saw may be days old."""
        return self.performed <= set(SENT)

    @property
    def unsent(self) -> bool:
        """Whether no process before this one can have sent anything: none has written down that it was about to."""
        return sum(step.name in SENT for step in self.steps) <= len(self.performed & set(SENT))

    @property
    def reason(self) -> Mapping[str, str]:
        """The last problem that a step told of; empty when there was none."""
        return next((step.problem for step in reversed(self.steps) if step.problem), {})

    def found(self, name: str) -> Mapping[str, Any]:
        """What the last step of that name found."""
        return next((step.found for step in reversed(self.steps) if step.name == name), {})

    def measured(self, seen: Sight) -> Measured:
        """The host held against the plan, and what of the plan it does not tell."""
        asked, pinned = self._against(self.request, seen.host), kept_macs(self._last["foreseen"], seen.host)
        return Measured(asked.differences + pinned.differences, asked.unseen + pinned.unseen)

    def stance(self, seen: Sight) -> tuple[Stance, tuple[Difference, ...]]:
        """How the host stands, and where it differs from the plan: also in that it is not reached where it should."""
        found = self.measured(seen).differences
        if not found and seen.aside:
            return "otherwise", (Difference("contact", f"at {self.order.access.target}", f"at {seen.address} alone"),)
        if not found:
            return "planned", ()
        if self.adoption and not self.unadopted(seen):
            return "adopted", found
        if stands_as_before(self.before, seen.host):
            return "before", found
        return ("cut short" if self.adoption and cut_short(self.adoption, seen.host) else "otherwise"), found

    def unadopted(self, seen: Sight) -> tuple[Difference, ...]:
        """Where the host differs from one that is adopted as it stood."""
        return self._against(self.adoption, seen.host).differences

    def _against(self, request: Mapping[str, Any], host: Host) -> Measured:
        address = (self.order.plan["management"] or {}).get("address")
        family = ip_address(address).version if address else 0
        # A host that told its routes before the change tells them now: that there are none any more, if it is so.
        return measure(request, host, family=family, routes=tells_routes(self.before) or None)

    def planned(self, seen: Sight | Failure) -> bool:
        """Whether this is a sight of the host as planned."""
        return isinstance(seen, Sight) and self.stance(seen)[0] == "planned"

    def found_again(self, seen: Sight | Failure) -> Sight | Failure:
        """A sight of the host that cannot be read: it is waited for, then looked for over its other networks.

        There it tells its management address, which by DHCP may be another by now: it is looked for at that, too.
        """
        if isinstance(seen, Failure):
            seen = self.contact.await_sight(self.order.limits.vdsm)
        seen = self.contact.elsewhere(seen) if isinstance(seen, Failure) else seen
        if isinstance(seen, Failure) or not seen.aside:
            return seen
        network, routes = seen.host.networks.get(self.order.plan["network"]), self.order.access.routes
        held = network.ip.addresses if network is not None else ()
        self.contact.also_at(routes.get(address.text, address.text) for address in held)
        again = self.contact.look()
        return seen if isinstance(again, Failure) else again

    def untouched(self, host: Host) -> bool:
        """Whether the network and the address that the plan is about are as before, whatever else has changed."""
        name, address = self.order.plan["network"], (self.order.plan["management"] or {}).get("address")
        was, now = (
            {device.name for device in host_devices(seen) if address in {one.text for one in device.ip.addresses}}
            for seen in (self.before, host)
        )
        return was == now and self.before.networks.get(name) == host.networks.get(name)

    def reverted(self, host: Host) -> bool:
        """Whether the host stands as before the change, or as the way back makes it."""
        return stands_as_before(self.before, host) or not self._against(self.revert, host).differences


def stale() -> dict[str, str]:
    """Return the problem of a step that finds the host other than it was planned for."""
    return {
        "code": "stale-plan",
        "message": "the host is not what it was when the plan was made",
        "hint": "plan it again; `mgmtnet diff` on both captures shows what has changed",
    }


def trouble(failure: Failure) -> dict[str, str]:
    """Return the problem of a step whose call failed."""
    named = f" ({failure.name})" if failure.name else ""
    code = f"vdsm-{failure.code}" if failure.code is not None else f"vdsm-{failure.kind}"
    return {"code": code, "message": failure.message + named, "hint": failure.hint}


def differing(sight: Sight, found: Sequence[Difference]) -> dict[str, str]:
    """Return the problem of a step that finds the host other than planned, in ``found``."""
    told = "; ".join(str(difference) for difference in found)
    return {
        "code": "not-as-planned",
        "message": f"the host at {sight.address} is not as planned: {told}",
        "hint": "supervdsm.log on the host tells what VDSM did; a hook or another tool may have changed it, too",
    }


def _safe(request: Mapping[str, Any], timeout: float | None) -> Mapping[str, Any]:
    """A call of a plan's with the options that keep the host safe, whatever the plan says of them.

    With a ``timeout`` VDSM takes it back unless it hears a sign in time, and saves nothing; without one it is unchecked
    and saved at once. VDSM 3 takes the options as text, and saves by a verb of its own alone.
    """
    elder = isinstance(request["options"].get("connectivityCheck"), str)
    checked = timeout is not None
    options: dict[str, Any] = {"connectivityCheck": str(checked).lower() if elder else checked}
    if timeout is not None:
        options["connectivityTimeout"] = max(1, round(timeout))
    if not elder:
        options["commitOnSuccess"] = not checked
    return {**request, "options": options}


# What became of a run, for a person and for a program.


FORMAT = "mgmtnet/report@1"

ADVICE = {
    "as planned and saved": "nothing more to do",
    "as planned, not saved": "save it (`mgmtnet resume`), or a reboot brings the old network back",
    "as planned, perhaps not saved": "save it (`mgmtnet resume`): else a reboot may bring the old network back",
    "as before": "the host is as it was; mend the cause and apply again",
    "adopted": "the address is as before, on a saved network without a bridge; mend the cause and apply again",
    "unknown": "look at the host's console; `mgmtnet resume` reads it again and goes on from what it finds",
}
SAVED = "as planned and saved"
UNTAKEN = "have it taken back (`mgmtnet resume`); nothing of it is saved, and a reboot takes it back, too"
UNPROVEN = "the change stands and is saved; see to what is told above, nothing has to be applied again"
# What a standing means of a run that takes another one back.
UNDONE = {
    "as planned and saved": "as before the run {}, and that is saved",
    "as planned, not saved": "as before the run {}, not saved",
    "as before": "as the run {} has left it",
}
# The engine's events of the same failures (docs/vdsm.md, Taking a host over): administrators search for these words.
SET_UP_FAILED = "SETUP_NETWORK_FAILED_FOR_MANAGEMENT_NETWORK_CONFIGURATION"
EVENT = {
    "as before": SET_UP_FAILED,
    "adopted": SET_UP_FAILED,
    "as planned, not saved": "PERSIST_NETWORK_FAILED_FOR_MANAGEMENT_NETWORK",
    "as planned, perhaps not saved": "PERSIST_NETWORK_FAILED_FOR_MANAGEMENT_NETWORK",
}
# 0 what was asked for; 1 the change is not made, or a reboot proved nothing; 5 and 6 want somebody to act.
STATUS = {
    "as planned and saved": 0,
    "as before": 1,
    "adopted": 1,
    "as planned, not saved": 5,
    "as planned, perhaps not saved": 5,
    "unknown": 6,
}
FAILED = 1


class Report(NamedTuple):
    """How a run ended. ``problem`` {"code", "message", "hint"} or empty; ``undoes``: the run that it takes back."""

    run: str
    host: str
    network: str
    standing: str
    problem: dict[str, str]
    steps: tuple[Step, ...]
    undoes: str = ""

    @property
    def status(self) -> int:
        """The exit status of the command (README, "The commands")."""
        return max(STATUS[self.standing], FAILED if self.problem else 0)

    @property
    def advice(self) -> str:
        """What to do about the host; about what went wrong the problem has its own hint."""
        if not self.run and self.problem:  # there is nothing to resume
            return self.problem["hint"]
        if self.standing == "as planned, not saved" and self.problem.get("code") == "not-kept":
            return UNTAKEN
        return UNPROVEN if self.standing == SAVED and self.problem else ADVICE[self.standing]

    @property
    def event(self) -> str:
        """The engine's name of this failure, empty where it has none: nothing was sent, or nobody kept the change."""
        sent = any(step.name in SENT for step in self.steps)
        told = sent and self.problem and not self.undoes and self.problem.get("code") != "not-kept"
        return EVENT.get(self.standing, "") if told else ""

    @property
    def unseen(self) -> list[str]:
        """What the host did not tell when it was held against the plan."""
        verified = (step.found.get("unseen", []) for step in reversed(self.steps) if step.name == "verify")
        return list(next(verified, []))

    def document(self) -> dict[str, Any]:
        """As ``-o json`` prints it, and schemas/report.schema.json describes it."""
        return {
            "format": FORMAT,
            "run": self.run,
            "host": self.host,
            "network": self.network,
            "standing": self.standing,
            "succeeded": self.status == 0,
            "problem": self.problem or None,
            "advice": self.advice,
            "unseen": self.unseen,
            "steps": [{"name": step.name, "said": step.said} for step in self.steps],
            **({"undoes": self.undoes} if self.undoes else {}),
            **({"event": self.event} if self.event else {}),
        }

    def text(self, *, colour: bool = False) -> str:
        """A few lines for a person; ``colour``: the first in that of how it ended."""
        stands = UNDONE.get(self.standing, self.standing).format(self.undoes) if self.undoes else self.standing
        lines = [f"{self.host}: {self.network} stands {stands}"]
        if self.standing == "unknown":
            lines = [f"{self.host}: how {self.network} stands is unknown"]
        width = max(len(step.name) for step in self.steps)
        lines += [f"  {step.name:<{width}}  {step.said}" for step in self.steps]
        if self.problem:
            lines.append(f"  because: {self.problem['message']}")
        if self.problem.get("hint") and self.problem["hint"] != self.advice:
            lines.append(f"     hint: {self.problem['hint']}")
        if self.event:
            lines.append(f"  engine event: {self.event}")
        lines.append(f"    to do: {self.advice}" if self.problem else f"  to do: {self.advice}")
        head, *further = map(printable, lines)
        paint = {0: "32", 5: "33"}.get(self.status, "31") if colour else ""
        return "".join(f"{line}\n" for line in (painted(head, paint), *further))


def report(order: Order, steps: Sequence[Step], lost: Mapping[str, str] = MappingProxyType({})) -> Report:
    """Make the report of a run's steps, at least one; where the last has no standing, that is unknown.

    ``lost``: why not all of them could be written down.
    """
    last = steps[-1]
    standing = last.standing or "unknown"
    problem = dict(last.problem or lost)
    return Report(order.run, order.access.target, order.plan["network"], standing, problem, tuple(steps), order.undoes)


def unchanged(
    host: str,
    plan: Mapping[str, Any],
    *,
    dirty: bool | None,
    failure: Failure | None = None,
    reboot: bool = False,
) -> Report:
    """Make the report of a host that is as planned already, so nothing was sent. ``reboot``: one was asked for.

    ``dirty``: whether something is unsaved there, None: nobody tells; ``failure``: why it could not be saved again.
    """
    network = plan["network"]
    spared = ", and the host was not rebooted" if reboot else ""
    steps = (Step("look", f"{network} stands as it is defined; nothing was sent{spared}"),)
    if dirty is False:
        return Report("", host, network, SAVED, {}, steps)
    standing, problem = ("as planned, not saved", _UNSAVED) if dirty else ("as planned, perhaps not saved", _UNTOLD)
    if failure is not None:
        problem = trouble(failure)
    return Report("", host, network, standing, dict(problem), steps)


_UNSAVED = {
    "code": "not-saved",
    "message": "the host calls its configuration unsaved (netConfigDirty)",
    "hint": "see on the host what is not saved, then vdsm-client Host setSafeNetworkConfig",
}
_UNTOLD = {
    "code": "saved-unknown",
    "message": "the engine does not tell whether the host's configuration is saved",
    "hint": "--yes saves it again; over VDSM itself (--transport auto) the host tells",
}
