"""The change itself: announced, sent, awaited, held against the plan.

What VDSM answered counts only as long as it answered. Once a request may have reached it, reading the host decides.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from queue import Empty

from planner.apply.contact import LOOK_EVERY, Sight
from planner.apply.order import COMMIT_WITHIN
from planner.apply.probing import told
from planner.apply.run import SENT, STANDING, Event, Run, Step, differing, stale, trouble
from planner.apply.standing import Difference, differences, host_devices
from planner.vdsm.failure import Failure
from planner.vdsm.speaker import Document, Done

LOST_CONNECTION = 10  # VDSM's code for "connectivity check failed", after which it rolls back
# What VDSM said of the request: that it was carried out; that it was not; that it was, and taken back.
CARRIED_OUT, SPOKEN, TAKEN_BACK = {"carried_out": True}, {"spoken": True}, {"spoken": True, "taken_back": True}
# It cannot have said anything: nothing was sent yet.
UNSENT = {"spoken": True, "unsent": True}
SAVED_BLINDLY = {"saved_blindly": True}
# While VDSM works, it is not asked to describe itself more often than this: that costs it a second of its own.
GLANCE_EVERY = 3.0
# From the host as wanted to VDSM's answer: its connectivity check looks once a second, hooks may follow. Shorter takes
# a slow answer for a lost one (which costs a reading); longer leaves whoever watches without news.
ANSWERED_WITHIN = 15.0
# VDSM looks for signs once a second, beginning when the network is up: with signs for longer than that, a change that
# stands has been confirmed. Shorter might miss its look on a slow host.
SIGNS = 5.0
# A change that a power cut ended is sent again; where the power fails a third time, something else is to be mended.
TRIES = 3
# What becomes of a host that nobody can reach.
RESTORES = "VDSM rolls an unconfirmed change back by itself, and a reboot restores what is saved"
LEAVES = (
    "this VDSM's rollback, and a reboot, remove its network and do not give the address back to {device}: "
    "do not reboot the host; if it stays away, give the address back at its console"
)
LEASED = (
    "; its address is a lease: if the DHCP server has given it another, `mgmtnet resume RUN --expect ADDRESS` looks "
    "there (the server's list has it by the MAC address {mac})"
)


def announce(run: Run) -> Step:
    """Write down that the request is about to be sent. A run that finds this written, and no more, cannot know."""
    run.tell(Event("begin", "announce", "writing down what is sent"))
    return Step("announce", "the request is about to be sent", "set-up")


def set_up(run: Run) -> Step:
    """Send setupNetworks and tell VDSM all the while that the host is reached."""
    limits = run.order.limits
    run.tell(Event("begin", "set-up", "setupNetworks, confirming contact", limits.change + limits.settle))
    if run.unread:
        known = _carried_out_already(run)
        if known is not None:
            return known
    with run.contact.confirming():
        run.tell(Event("call", "set-up"))
        answer = send(run, run.request, lambda seen: bool(times_sent(run)) or run.stance(seen)[0] == run.home)
    if isinstance(answer, Done):
        return Step("set-up", "VDSM has carried it out", "verify", found=CARRIED_OUT)
    if answer.retryable and run.unsent:  # even after waiting
        return not_taken_up(run, "set-up", answer)
    if answer.retryable:
        said = "VDSM did not take the request up, but may still carry out one that was sent before the restart"
        return Step("set-up", said, "settle", problem=trouble(answer))
    if answer.code == LOST_CONNECTION:
        said = "VDSM heard no sign in time and rolls back"
        return Step("set-up", said, "settle", problem=trouble(answer), found=TAKEN_BACK)
    if answer.sent and answer.kind != "vdsm":
        return Step("set-up", "the answer was lost", "settle", problem=trouble(answer))
    return Step("set-up", "VDSM says no", "settle", problem=trouble(answer), found=SPOKEN)


def settle(run: Run) -> Step:
    """Nobody knows what became of the request: confirm and read until the host stands one way or the other.

    As long as VDSM has not spoken the request may still be carried out, and then somebody must confirm it.
    """
    limits = run.order.limits
    spoken = "spoken" in run.found("set-up")
    within = limits.settle if spoken else max(limits.late, limits.change + limits.settle)
    run.tell(Event("begin", "settle", "waiting to see what became of it", within + limits.vdsm))
    with run.contact.confirming():
        sight = run.contact.until(within, lambda seen: _stands(run, seen, "planned", *(STANDING if spoken else ())))
        if isinstance(sight, Sight) and not _stands(run, sight, "planned", *STANDING):  # VDSM is at work at last
            within = limits.change + limits.settle
            sight = run.contact.until(within, lambda seen: _stands(run, seen, "planned", *STANDING))
        if run.planned(sight):  # its connectivity check may still be waiting for a sign
            run.contact.until(SIGNS, lambda _: False)
    sight = run.found_again(sight)
    if isinstance(sight, Failure):
        return out_of_sight(run, "settle", sight)
    stance, found = run.stance(sight)
    if stance == "planned":
        return Step("settle", "the host stands as planned", "verify")
    if stance in STANDING:
        return Step(
            "settle", f"the host at {sight.address} stands {STANDING[stance]}", "", STANDING[stance], run.reason
        )
    if run.found("set-up") == UNSENT:
        return outdated(run, "settle", sight)
    return astray(run, "settle", sight, found)


def verify(run: Run) -> Step:
    """Read the host again and hold it against the plan, then try what could be reached before."""
    limits = run.order.limits
    run.tell(Event("begin", "verify", "reading the host again", limits.settle))
    sight = run.contact.until(limits.settle, run.planned)
    sight = run.found_again(sight)
    if isinstance(sight, Failure):
        return out_of_sight(run, "verify", sight)
    stance, found = run.stance(sight)
    if stance in STANDING:
        # What a process before this one sent may still be carried out.
        following, standing = ("", STANDING[stance]) if run.unsent else ("settle", "")
        return Step("verify", f"the host stands {STANDING[stance]}", following, standing, differing(sight, found))
    if found:
        return astray(run, "verify", sight, found)
    missing = unreached(run, sight.here)
    if missing and run.request != run.revert:  # where nothing changes on the wire, nothing is to be taken back
        return Step("verify", "what could be reached before cannot any more", "undo", problem=missing)
    unseen = run.measured(sight).unseen
    said = f"the host at {sight.address} is as planned" + (
        f"; it does not tell its {', '.join(unseen)}" if unseen else ""
    )
    return Step("verify", said, "commit", problem=missing, found={"address": sight.address, "unseen": list(unseen)})


def astray(run: Run, name: str, sight: Sight, found: Sequence[Difference]) -> Step:
    """The host stands otherwise than it should: taken back, or changed again where a power cut ended the change."""
    problem = differing(sight, found)
    if run.stance(sight)[0] == "cut short" and times_sent(run) < TRIES:
        said = "its power failed before VDSM had recorded the change: the request is sent again"
        return Step(name, said, "announce", problem=problem)
    return Step(name, f"the host stands neither as planned nor {STANDING[run.home]}", "undo", problem=problem)


def _stands(run: Run, seen: Sight | Failure, *stances: str) -> bool:
    return isinstance(seen, Sight) and run.stance(seen)[0] in stances


def unreached(run: Run, here: str) -> dict[str, str]:
    """The probes that passed before the change and do not now, as a problem; empty when there are none."""
    required = [probe for probe, passed in run.found("look").get("probes", {}).items() if passed]
    failing = _failing(run, required, here)
    end = run.world.now() + run.order.limits.settle
    while failing and run.world.now() < end:
        run.world.sleep(LOOK_EVERY)
        failing = _failing(run, failing, here)
    if not failing:
        return {}
    return {
        "code": "no-longer-reached",
        "message": f"reached before the change and not after it: {told(failing, here)}",
        "hint": "look at the switch port: its VLANs, its MTU, its port channel",
    }


def _failing(run: Run, probes: Sequence[str], here: str) -> list[str]:
    return [probe for probe, passes in run.world.ask(probes, here).items() if not passes]


def _carried_out_already(run: Run) -> Step | None:
    """After a restart: the step that follows if the request was sent and did something; None if it can be sent."""
    sight = run.contact.await_sight(run.order.limits.vdsm)
    if isinstance(sight, Failure):
        found = UNSENT if run.unsent else {}
        return Step("set-up", "contact is lost after a restart", "settle", problem=trouble(sight), found=found)
    stance = run.stance(sight)[0]
    if stance in (run.home, "cut short"):
        run.tell(Event("said", "set-up", f"the host stands {STANDING[run.home]}: the request may be sent"))
        return None
    if stance == "before":  # what it was adopted by is gone
        return Step("set-up", "the host is not adopted any more", "announce-adopt")
    with run.contact.confirming():  # its connectivity check may still be waiting for a sign
        run.contact.until(SIGNS, lambda _: False)
    if stance == "planned":
        return Step("set-up", "the host stands as planned: the request was carried out before the restart", "verify")
    if times_sent(run):  # the second try, on a host that the first left otherwise
        return None
    if run.unsent:
        return outdated(run, "set-up", sight)
    return Step("set-up", "the request was being carried out before the restart", "settle")


def outdated(run: Run, name: str, sight: Sight) -> Step:
    """Somebody else has changed the host while this run was interrupted, and nothing of it was sent before."""
    standing = STANDING["before" if "adopt" in name else run.home] if run.untouched(sight.host) else "unknown"
    return Step(name, "the host has changed while the run was interrupted; nothing was sent", "", standing, stale())


def send(run: Run, request: Document, ready: Callable[[Sight], bool]) -> Done | Failure:
    """setupNetworks, again only when it certainly was not taken up (no connection, 40, 99).

    Whoever kept VDSM busy may have been a run of ours that was killed, or somebody else. So the host is read before
    each further try: what it has become it need not be sent, and a plan for what it was it must not be.
    """
    end = run.world.now() + run.order.limits.vdsm
    answer = _answer(run, request)
    while isinstance(answer, Failure) and answer.retryable and run.world.now() < end:
        run.world.sleep(LOOK_EVERY)
        seen = run.contact.look()
        if isinstance(seen, Sight) and not differences(request, seen.host):
            return Done()
        if isinstance(seen, Sight) and ready(seen):
            answer = _answer(run, request)
    return answer


def _answer(run: Run, request: Document) -> Done | Failure:
    """VDSM's answer to one setupNetworks, or the failure to hear it.

    A host that has moved cannot answer where it was asked. So it is watched meanwhile: once it has stood as planned for
    long enough to have answered, the answer is lost.
    """
    limits, speaker = run.order.limits, run.contact.speaker()
    call = run.world.beside(partial(speaker.set_up, request, timeout=limits.change + limits.settle))
    since: float | None = None
    while True:
        with suppress(Empty):
            return call.answer(GLANCE_EVERY)
        seen = run.contact.look()
        arrived = not differences(request, seen.host) if isinstance(seen, Sight) else False
        since = (since or run.world.now()) if arrived else None
        if since is not None and run.world.now() - since > min(ANSWERED_WITHIN, limits.settle):
            return Failure("timeout", "no answer, though the host has done what it was asked", "", sent=True)


def not_taken_up(run: Run, name: str, answer: Failure) -> Step:
    """The request never arrived; whatever the host is now, we have not changed it."""
    standing = STANDING["before" if "adopt" in name else run.home]
    said = f"VDSM did not take the request up: the host is untouched ({standing})"
    sight = run.contact.look()
    if isinstance(sight, Failure):
        # A process before this one may have sent it, too.
        return Step(name, said, "", standing if set(SENT) & run.performed else "unknown", trouble(answer))
    stance = run.stance(sight)[0]
    if stance in STANDING:
        return Step(name, said, "", STANDING[stance], trouble(answer))
    if run.untouched(sight.host):
        said = "VDSM did not take the request up; somebody else has changed the host, not this network"
        return Step(name, said, "", standing, trouble(answer))
    return Step(name, "VDSM did not take the request up", "", "unknown", trouble(answer))


def out_of_sight(run: Run, name: str, failure: Failure) -> Step:
    """The host cannot be read. Its power is cut, as the last resort, only where that gives back what it had.

    Not where the reboot would lose what is not saved: there the change is saved blindly, if VDSM has carried it out.
    Whoever saves is reached, so the host is read once more. And not where VDSM itself has gone back: a reboot brings
    nothing else.
    """
    problem = {
        "code": "host-out-of-sight",
        "message": f"the host cannot be read: {failure.message}",
        "hint": _advice(run),
    }
    found, saved = run.found("set-up"), run.found(name) == SAVED_BLINDLY
    if not (run.restored or saved) and found == CARRIED_OUT and _saved_blindly(run):
        said = "the host answers again, and has saved what it is: it is read once more"
        return Step(name, said, "verify", "", problem, SAVED_BLINDLY)
    kept = run.restored or saved
    ended = any(step.name in ("commit", "power-off") for step in run.steps) or "taken_back" in found
    if run.order.reboot is not None and kept and not ended:
        return Step(name, "the host cannot be reached: the last resort is its reboot", "power-off", "", problem)
    return Step(name, "the host cannot be reached", "", "unknown", problem)


def _saved_blindly(run: Run) -> bool:
    answer = run.contact.insist(lambda speaker: speaker.commit(timeout=COMMIT_WITHIN), run.order.limits.settle)
    return isinstance(answer, Done)


def _advice(run: Run) -> str:
    device = run.order.plan["management"]["device"]
    hint = RESTORES if run.restored else LEAVES.format(device=device)
    leased = run.order.plan["attachment"]["ipv4"]["method"] == "dhcp"
    mac = next((one.hwaddr for one in host_devices(run.before) if one.name == device), "") or f"of {device}"
    return hint + (LEASED.format(mac=mac) if leased else "")


def times_sent(run: Run) -> int:
    """How often the request was sent, by this run and the one that it takes up."""
    return sum(step.name == "set-up" for step in run.steps)
