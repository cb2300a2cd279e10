"""The way back, where the host is not what was planned: sent unchecked and saved at once, then proven."""

from planner.apply.contact import Sight
from planner.apply.run import STANDING, Event, Run, Step
from planner.apply.stages.change import out_of_sight, send, times_sent
from planner.apply.stages.keep import save
from planner.apply.standing import stands_as_before
from planner.host.model import Host
from planner.vdsm.failure import Failure

# The way back from a first network: without it the host would be left without an address.
KEPT = "but for a network of VDSM's without a bridge on the same device"
# The engine builds only what is defined, so it has no way back; a second try may do what the first did not.
TRIES = 2


def undo(run: Run) -> Step:
    """Send the way back, unless the host has gone it already; then prove where it stands."""
    limits = run.order.limits
    run.tell(Event("begin", "undo", "taking the change back", limits.change + limits.settle))
    within = limits.settle
    sight = run.found_again(run.contact.await_sight(limits.vdsm))
    if isinstance(sight, Sight) and not run.reverted(sight.host):
        with run.contact.confirming():
            run.tell(Event("call", "undo"))
            answer = send(run, run.revert, lambda _: True)
        if isinstance(answer, Failure) and answer.kind == "refused" and times_sent(run) < TRIES:
            return Step("undo", "the engine takes nothing back: the request is sent once more", "announce")
        # Whatever else it answers, reading the host decides; where the answer was lost it may still be carried out.
        if isinstance(answer, Failure) and answer.sent and answer.kind != "vdsm":
            within = max(limits.late, limits.settle)
    sight = run.contact.until(within, lambda seen: isinstance(seen, Sight) and run.reverted(seen.host))
    sight = run.contact.elsewhere(sight) if isinstance(sight, Failure) else sight
    if isinstance(sight, Failure):
        return out_of_sight(run, "undo", sight)
    if run.planned(sight) and run.reverted(sight.host):  # what was planned changes nothing on the wire
        return Step("undo", f"the host at {sight.address} stands as planned", "verify")
    if run.reverted(sight.host):
        return _taken_back(run, sight)
    if _strange(run, sight.host):
        said = "there is nothing to take back: somebody else has changed the host, not this network"
        return Step("undo", said, "", STANDING["before"], run.reason)
    return Step("undo", "the change could not be taken back", "", "unknown", run.reason)


def _strange(run: Run, host: Host) -> bool:
    """Whether it is somebody else who has changed the host.

    What VDSM changes through ifcfg files may be half made, so there it must be another network that tells.
    """
    was, now = (
        {name: network for name, network in seen.networks.items() if name != run.order.plan["network"]}
        for seen in (run.before, host)
    )
    return run.untouched(host) and (not run.elder or was != now)


def _taken_back(run: Run, sight: Sight) -> Step:
    """The host stands as before, or adopted; saved where a reboot would make something else of it."""
    exactly = stands_as_before(run.before, sight.host)
    standing = "as before" if exactly else STANDING[run.home]
    said = f"the host at {sight.address} stands {standing}"
    said += "" if exactly or run.adoption else f", {KEPT}"
    if sight.host.dirty is False:
        return Step("undo", f"{said}, saved", "", standing, run.reason)
    if exactly and run.before.dirty:  # as unsaved as somebody had left it
        return Step("undo", said, "", standing, run.reason)
    answer = save(run, lambda seen: run.reverted(seen.host))
    if isinstance(answer, Failure):
        return Step("undo", f"{said}, not saved", "", standing, _unsaved(run, answer))
    if isinstance(answer, Sight):
        said = "the host stands otherwise again: nothing is saved"
        if sum(step.name == "undo" for step in run.steps) < TRIES:  # a request that was late, or somebody else's
            return Step("undo", said, "settle", problem=run.reason)
        return Step("undo", said, "", "unknown", run.reason)
    return Step("undo", f"{said}, saved", "", standing, run.reason)


def _unsaved(run: Run, failure: Failure) -> dict[str, str]:
    """The way back stands, and a reboot would undo it."""
    reason = run.reason.get("message", "the change was taken back")
    return {
        "code": "way-back-not-saved",
        "message": f"{reason}; it was taken back, but VDSM did not save that: {failure.message}",
        "hint": "vdsm-client Host setSafeNetworkConfig on the host, before it is rebooted: it would lose its address",
    }
