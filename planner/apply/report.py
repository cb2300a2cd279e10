"""What became of a run, for a person and for a program."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from planner.apply.order import Order
from planner.apply.run import Step, trouble
from planner.printing import printable
from planner.vdsm.failure import Failure

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
UNPROVEN = "the change stands and is saved; see to what is told above, nothing has to be applied again"
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
    """How a run ended. ``problem`` {"code", "message", "hint"} or empty."""

    run: str
    host: str
    network: str
    standing: str
    problem: dict[str, str]
    steps: tuple[Step, ...]

    @property
    def status(self) -> int:
        """The exit status."""
        return max(STATUS[self.standing], FAILED if self.problem else 0)

    @property
    def advice(self) -> str:
        """What to do about the host; about what went wrong the problem has its own hint."""
        if not self.run and self.problem:  # there is nothing to resume
            return self.problem["hint"]
        return UNPROVEN if self.standing == SAVED and self.problem else ADVICE[self.standing]

    @property
    def unseen(self) -> list[str]:
        """What the host did not tell when it was held against the plan."""
        verified = (step.found.get("unseen", []) for step in reversed(self.steps) if step.name == "verify")
        return list(next(verified, []))

    def document(self) -> dict[str, Any]:
        """As ``-o json`` prints it."""
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
        }

    def text(self) -> str:
        """A few lines for a person."""
        lines = [f"{self.host}: {self.network} stands {self.standing}"]
        if self.standing == "unknown":
            lines = [f"{self.host}: how {self.network} stands is unknown"]
        width = max(len(step.name) for step in self.steps)
        lines += [f"  {step.name:<{width}}  {step.said}" for step in self.steps]
        if self.problem:
            lines.append(f"  because: {self.problem['message']}")
        if self.problem.get("hint") and self.problem["hint"] != self.advice:
            lines.append(f"     hint: {self.problem['hint']}")
        lines.append(f"    to do: {self.advice}" if self.problem else f"  to do: {self.advice}")
        return "".join(f"{printable(line)}\n" for line in lines)


def report(order: Order, steps: Sequence[Step], lost: Mapping[str, str] = MappingProxyType({})) -> Report:
    """The report of a run's steps. A run that ended in no standing was interrupted: nobody knows.

    ``lost``: why not all of them could be written down.
    """
    last = steps[-1]
    standing = last.standing or "unknown"
    problem = dict(last.problem or lost)
    return Report(order.run, order.access.target, order.plan["network"], standing, problem, tuple(steps))


def unchanged(
    host: str,
    plan: Mapping[str, Any],
    *,
    dirty: bool | None,
    failure: Failure | None = None,
    reboot: bool = False,
) -> Report:
    """The report of a host that stands as planned already: nothing was changed. ``reboot``: one was asked for.

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
