"""The host adopted as it stands: a first network without a bridge, on what holds the address today, saved at once.

Nothing changes on the wire, so nobody has to confirm it. It may be sent twice, but not late: carried out after the
change that follows, it would take that back. So a request that may still be on its way is waited for.
"""

from planner.apply.contact import Sight
from planner.apply.run import STANDING, Event, Run, Step, differing, stale, trouble
from planner.apply.stages.change import SPOKEN, UNSENT, not_taken_up, out_of_sight, outdated, send, unreached
from planner.apply.stages.keep import save
from planner.vdsm.failure import Failure
from planner.vdsm.speaker import Done

RESTARTED = {"restarted": True}


def announce(run: Run) -> Step:
    """Write down that the host is about to be adopted."""
    run.tell(Event("begin", "announce-adopt", "writing down that the host is adopted"))
    return Step("announce-adopt", "the host is about to be adopted as it stands", "adopt")


def adopt(run: Run) -> Step:
    """Send setupNetworks for the network as the host stands."""
    limits = run.order.limits
    run.tell(Event("begin", "adopt", "setupNetworks, as the host stands", limits.change + limits.settle))
    if "announce-adopt" not in run.performed:
        return Step("adopt", "it may have been sent before the restart", "settle-adopt", found=RESTARTED)
    if run.unread:
        sight = run.contact.await_sight(limits.vdsm)
        if isinstance(sight, Sight) and run.unsent and run.stance(sight)[0] in ("otherwise", "cut short"):
            return outdated(run, "adopt", sight)
        if isinstance(sight, Failure) or run.stance(sight)[0] != "before":
            found = UNSENT if run.unsent else SPOKEN
            return Step("adopt", "the host is not what it was before the restart", "settle-adopt", found=found)
    run.tell(Event("call", "adopt"))
    answer = send(run, run.adoption, lambda seen: run.stance(seen)[0] == "before")
    if isinstance(answer, Done):
        return Step("adopt", "VDSM has carried it out and saved it", "verify-adopt")
    if answer.retryable:  # even after waiting
        return not_taken_up(run, "adopt", answer)
    if answer.sent and answer.kind != "vdsm":
        return Step("adopt", "the answer was lost", "settle-adopt", problem=trouble(answer))
    return Step("adopt", "VDSM says no", "settle-adopt", problem=trouble(answer), found=SPOKEN)


def settle(run: Run) -> Step:
    """Nobody knows what became of the request: read until it was carried out, or cannot be any more."""
    limits, found = run.order.limits, run.found("adopt")
    spoken = found in (SPOKEN, UNSENT)
    within = limits.settle if spoken else limits.late
    final = ("adopted", "planned", "before") if spoken else ("adopted", "planned")
    run.tell(Event("begin", "settle-adopt", "waiting to see what became of it", within + limits.vdsm))
    sight = run.contact.until(within, lambda seen: isinstance(seen, Sight) and run.stance(seen)[0] in final)
    sight = run.found_again(sight)
    if isinstance(sight, Failure):
        return out_of_sight(run, "settle-adopt", sight)
    stance = run.stance(sight)[0]
    if stance in ("adopted", "planned"):
        following = "verify-adopt" if stance == "adopted" else "verify"
        return Step("settle-adopt", f"the host stands {stance}", following)
    if stance == "before" and found == RESTARTED:
        return Step("settle-adopt", "the host stands as before: the request may be sent", "announce-adopt")
    if stance == "before":
        return Step("settle-adopt", f"the host at {sight.address} stands as before", "", "as before", run.reason)
    if found == UNSENT:
        return outdated(run, "settle-adopt", sight)
    if run.untouched(sight.host):
        said = "VDSM did not adopt the host; somebody else has changed it, not this network"
        return Step("settle-adopt", said, "", STANDING["before"], run.reason or stale())
    problem = differing(sight, run.unadopted(sight))
    return Step("settle-adopt", "the host stands neither adopted nor as before", "undo", problem=problem)


def verify(run: Run) -> Step:
    """Read the host again: adopted, saved, and what could be reached before can be reached."""
    limits = run.order.limits
    run.tell(Event("begin", "verify-adopt", "reading the host again", limits.settle))
    sight = run.contact.until(limits.settle, lambda seen: isinstance(seen, Sight) and run.stance(seen)[0] == "adopted")
    sight = run.found_again(sight)
    if isinstance(sight, Failure):
        return out_of_sight(run, "verify-adopt", sight)
    stance = run.stance(sight)[0]
    problem = differing(sight, run.unadopted(sight))
    if stance == "before":
        return Step("verify-adopt", "the host stands as before", "", STANDING[stance], problem)
    if stance != "adopted":
        return Step("verify-adopt", "the host is not adopted", "undo", problem=problem)
    if sight.aside:
        return Step("verify-adopt", "the host is adopted, and not reached where it was", "", "unknown", _away(sight))
    return _kept(run, sight)


def _kept(run: Run, sight: Sight) -> Step:
    """The host is adopted: is that saved, and is everything reached?"""
    answer = None if sight.host.dirty is False else save(run, lambda seen: not run.unadopted(seen))
    if isinstance(answer, Failure):
        return Step("verify-adopt", "the host is adopted, but that is not saved", "", "unknown", _unsaved(answer))
    if isinstance(answer, Sight):
        return Step("verify-adopt", "the host does not stand adopted any more", "settle-adopt")
    missing = unreached(run, sight.here)
    if missing:
        return Step("verify-adopt", "what could be reached before cannot any more", "", "adopted", missing)
    return Step("verify-adopt", f"the host at {sight.address} is adopted, and that is saved", "announce")


def _unsaved(failure: Failure) -> dict[str, str]:
    return {
        "code": "adopted-not-saved",
        "message": f"the host is adopted, but VDSM did not save that: {failure.message}",
        "hint": "vdsm-client Host setSafeNetworkConfig on the host, before it is rebooted: it would lose its address",
    }


def _away(sight: Sight) -> dict[str, str]:
    held = sorted(address.text for network in sight.host.networks.values() for address in network.ip.addresses)
    return {
        "code": "not-reached-where-managed",
        "message": f"the host is read at {sight.address} alone; its networks have {', '.join(held) or 'no address'}",
        "hint": "see to the way there (a new lease, a switch port), then `mgmtnet resume`: the change is not made yet",
    }
