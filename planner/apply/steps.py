"""The steps of a run by name. The journal knows them by these names: one that is renamed is one that is lost."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from queue import Empty

from planner.apply.contact import INCURABLE, LOOK_EVERY, Sight
from planner.apply.order import COMMIT_WITHIN
from planner.apply.run import SENT, STANDING, Event, Run, Step, differing, stale, trouble
from planner.apply.verify import Difference, differences, host_devices, stands_as_before
from planner.apply.world import told
from planner.host.model import Host
from planner.vdsm.client import Document, Done, Failure, FenceAction, Power

# Before anything is sent: is VDSM there, is the host still the one that was planned for, what can be reached?


IN_ONE_STEP = (
    "the engine cannot adopt it first: if the change fails, or the host reboots before it is saved, it has no address"
)


def look(run: Run) -> Step:
    """Wait for VDSM, hold the host against the plan, try the probes."""
    run.tell(Event("begin", "look", "waiting for VDSM, reading the host", run.order.limits.vdsm))
    sight = run.contact.await_sight(run.order.limits.vdsm)
    if isinstance(sight, Failure):
        return Step("look", "the host could not be read; nothing was sent", "", "as before", trouble(sight))
    if sight.host.digest != run.order.plan["inputs"]["capture"]:
        return Step("look", "the host has changed; nothing was sent", "", "as before", stale())
    guard = run.order.access.guard
    if guard and not run.world.ask([guard])[guard]:
        return Step("look", f"{guard} is not reached; nothing was sent", "", "as before", _unguarded(guard))
    passed = run.world.ask(run.order.probes, sight.here)
    failing = [probe for probe, passes in passed.items() if not passes]
    said = "the host is as it was planned for"
    said += f"; not asked afterwards, as it cannot be reached now: {told(failing, sight.here)}" if failing else ""
    if len(run.order.plan["steps"]) > 1 and not run.adoption:
        said += f"; {IN_ONE_STEP}"
    return Step("look", said, "announce-adopt" if run.adoption else "announce", found={"probes": passed})


def _unguarded(guard: str) -> dict[str, str]:
    return {
        "code": "engine-unreachable",
        "message": f"{guard} cannot be reached from here, so nothing could tell VDSM that the change left it reachable",
        "hint": "is the engine running, and is this its name?",
    }


# The change itself: announced, sent, awaited, held against the plan.
#
# What VDSM answered counts only as long as it answered. Once a request may have reached it, reading the host decides.


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
    found_here = {"address": sight.address, "unseen": list(unseen)}
    return Step("verify", said, _once_verified(run), problem=missing, found=found_here)


def _once_verified(run: Run) -> str:
    """The step that follows on a change that stands: somebody is asked once, where anything changes on the wire."""
    if run.unwanted:
        return "undo"
    asks = run.order.limits.keep and run.request != run.revert and not run.found("keep")
    return "keep" if asks else "commit"


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


# Keeping what was verified: somebody says so, setSafeNetworkConfig, and the proof that nothing is left unsaved.


LISTEN_EVERY = 0.5  # whoever says that it is to be kept waits for the answer


def keep(run: Run) -> Step:
    """Wait for somebody to say that the change is to be kept; it is taken back where nobody does.

    A run that is killed meanwhile asks again, and waits as long again, when it is resumed.
    """
    within = run.order.limits.keep
    asked = f"keep it? `mgmtnet confirm {run.order.run}`, or it is taken back"
    run.tell(Event("begin", "keep", asked, within))
    end = run.world.now() + within
    while (kept := run.word()) is None and run.world.now() + LISTEN_EVERY <= end:
        run.world.sleep(LISTEN_EVERY)
    if kept:
        return Step("keep", "it is to be kept", "commit", found={"kept": True})
    said = "it is not to be kept" if kept is False else f"nobody has kept it within {within:.0f} s"
    problem = {
        "code": "not-kept",
        "message": f"the change stood as planned and was reached; {said}",
        "hint": "apply it again; `mgmtnet confirm RUN` (or `yes` at the terminal) keeps it once the host was tried out",
    }
    return Step("keep", said, "undo", problem=problem, found={"kept": False})


TRIES_TO_SAVE = 2  # a commit that left the host unsaved is made once more; a third would tell nothing new


def commit(run: Run) -> Step:
    """Save the running configuration. Saving twice saves nothing else, so a lost answer is no question.

    As long as VDSM says 40, a set-up of ours may still be open: it waits for a sign.
    """
    run.tell(Event("begin", "commit", "saving the configuration", run.order.limits.vdsm))
    run.tell(Event("call", "commit"))
    with run.contact.confirming():
        answer = save(run, run.planned)
    if isinstance(answer, Done):
        return Step("commit", "VDSM has saved the configuration", "prove")
    if isinstance(answer, Sight):
        return Step("commit", "the host does not stand as planned any more: nothing is saved", "verify")
    return Step("commit", "VDSM did not say that it saved the configuration", "prove", problem=trouble(answer))


def save(run: Run, stands: Callable[[Sight], bool]) -> Done | Sight | Failure:
    """Save the configuration, reading the host before each try; it must stand as is to be saved, else its sight.

    What VDSM refused to save (40) may be taken back before it is asked again.
    """
    end = run.world.now() + run.order.limits.vdsm
    while True:
        seen = run.contact.await_sight(max(0.0, end - run.world.now()))
        if isinstance(seen, Failure) or not stands(seen):
            return seen
        answer = run.contact.speaker().commit(timeout=COMMIT_WITHIN)
        if isinstance(answer, Done) or answer.kind in INCURABLE or run.world.now() + LOOK_EVERY > end:
            return answer
        run.world.sleep(LOOK_EVERY)


def prove(run: Run) -> Step:
    """Read the host once more: as planned, and nothing unsaved."""
    run.tell(Event("begin", "prove", "reading the host, saved or not", run.order.limits.vdsm))
    sight = run.contact.await_sight(run.order.limits.vdsm)
    if isinstance(sight, Failure):
        return Step("prove", "whether it is saved cannot be read", "", "unknown", trouble(sight))
    stance, found = run.stance(sight)
    if stance in STANDING:
        return Step("prove", f"the host stands {STANDING[stance]}", "", STANDING[stance], differing(sight, found))
    return astray(run, "prove", sight, found) if found else _proven(run, sight)


def _proven(run: Run, sight: Sight) -> Step:
    committed = next((step for step in reversed(run.steps) if step.name == "commit"), None)
    problem = committed.problem if committed is not None else _kept_unsaved()
    # VDSM of every age tells netConfigDirty. The engine does not: there the "Done" that this process heard is all there
    # is: what became of the host after a restart nobody tells.
    untold = sight.host.dirty is None
    if untold and "commit" not in run.performed:
        return Step("prove", "what was saved before the restart need not be saved now: once more", "commit")
    if not (problem if untold else sight.host.dirty):
        problems = (step.problem for step in reversed(run.steps) if step.name == "verify")
        told = "as planned, and nothing is left unsaved"
        following = "" if run.order.reboot is None else "power-off"
        return Step("prove", told, following, "as planned and saved", next(problems, {}))
    if sum(step.name == "commit" for step in run.steps) < TRIES_TO_SAVE:
        return Step("prove", "it is not known to be saved: once more", "commit")
    if untold:
        return Step("prove", "as planned; whether saved is not told", "", "as planned, perhaps not saved", problem)
    return Step("prove", "as planned, but not saved", "", "as planned, not saved", problem or _kept_unsaved())


def _kept_unsaved() -> dict[str, str]:
    return {
        "code": "not-saved",
        "message": "the host stands as planned, but still calls its configuration unsaved (netConfigDirty)",
        "hint": "vdsm-client Host setSafeNetworkConfig on the host; until then a reboot brings the old network back",
    }


# The host adopted as it stands: a first network without a bridge, on what holds the address today, saved at once.
#
# Nothing changes on the wire, so nobody has to confirm it. It may be sent twice, but not late: carried out after the
# change that follows, it would take that back. So a request that may still be on its way is waited for.


RESTARTED = {"restarted": True}


def announce_adoption(run: Run) -> Step:
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


def settle_adoption(run: Run) -> Step:
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


def verify_adoption(run: Run) -> Step:
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
        return Step(
            "verify-adopt", "the host is adopted, but that is not saved", "", "unknown", _adoption_unsaved(answer)
        )
    if isinstance(answer, Sight):
        return Step("verify-adopt", "the host does not stand adopted any more", "settle-adopt")
    missing = unreached(run, sight.here)
    if missing:
        return Step("verify-adopt", "what could be reached before cannot any more", "", "adopted", missing)
    return Step("verify-adopt", f"the host at {sight.address} is adopted, and that is saved", "announce")


def _adoption_unsaved(failure: Failure) -> dict[str, str]:
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


# The way back, where the host is not what was planned: sent unchecked and saved at once, then proven.


# The way back from a first network: without it the host would be left without an address.
KEPT = "but for a network of VDSM's without a bridge on the same device"
# The engine builds only what is defined, so it has no way back; a second try may do what the first did not.
TRIES_TO_UNDO = 2


def undo(run: Run) -> Step:
    """Send the way back, unless the host has gone it already; then prove where it stands.

    One that came out wrong is sent once more, as it asks for the same again: VDSM may fail once, and then not.
    """
    limits, refused = run.order.limits, False
    run.tell(Event("begin", "undo", "taking the change back", limits.change + limits.settle))
    within = limits.settle
    sight = run.found_again(run.contact.await_sight(limits.vdsm))
    if isinstance(sight, Sight) and not run.reverted(sight.host):
        with run.contact.confirming():
            run.tell(Event("call", "undo"))
            answer = send(run, run.revert, lambda _: True)
        refused = isinstance(answer, Failure) and answer.kind == "refused"
        if refused and times_sent(run) < TRIES_TO_UNDO:
            return Step("undo", "the engine takes nothing back: the request is sent once more", "announce")
        # Whatever else it answers, reading the host decides; where the answer was lost it may still be carried out.
        if isinstance(answer, Failure) and answer.sent and answer.kind != "vdsm":
            within = max(limits.late, limits.settle)
    sight = run.contact.until(within, lambda seen: isinstance(seen, Sight) and run.reverted(seen.host))
    sight = run.contact.elsewhere(sight) if isinstance(sight, Failure) else sight
    if isinstance(sight, Failure):
        return out_of_sight(run, "undo", sight)
    changes_nothing = run.planned(sight) and run.reverted(sight.host)  # on the wire
    if changes_nothing and not run.unwanted:
        return Step("undo", f"the host at {sight.address} stands as planned", "verify")
    if run.reverted(sight.host):
        return _taken_back(run, sight)
    if _strange(run, sight.host):
        said = "there is nothing to take back: somebody else has changed the host, not this network"
        return Step("undo", said, "", STANDING["before"], run.reason)
    if run.unwanted and run.planned(sight):  # a way back whose answer was lost cannot be carried out any more
        again = "undo" if sum(step.name == "undo" for step in run.steps) < TRIES_TO_UNDO else ""
        standing = "" if again else "as planned, not saved"
        return Step("undo", "the change stands as before the way back was sent", again, standing, run.reason)
    again = "" if refused or any(step.name == "undo" for step in run.steps) else "undo"
    said = "the way back came out wrong: it is sent once more" if again else "the change could not be taken back"
    return Step("undo", said, again, "" if again else "unknown", run.reason)


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
        return Step("undo", f"{said}, not saved", "", standing, _undone_unsaved(run, answer))
    if isinstance(answer, Sight):
        said = "the host stands otherwise again: nothing is saved"
        if (
            sum(step.name == "undo" for step in run.steps) < TRIES_TO_UNDO
        ):  # a request that was late, or somebody else's
            return Step("undo", said, "settle", problem=run.reason)
        return Step("undo", said, "", "unknown", run.reason)
    return Step("undo", f"{said}, saved", "", standing, run.reason)


def _undone_unsaved(run: Run, failure: Failure) -> dict[str, str]:
    """The way back stands, and a reboot would undo it."""
    reason = run.reason.get("message", "the change was taken back")
    return {
        "code": "way-back-not-saved",
        "message": f"{reason}; it was taken back, but VDSM did not save that: {failure.message}",
        "hint": "vdsm-client Host setSafeNetworkConfig on the host, before it is rebooted: it would lose its address",
    }


# Switching the host off and on by another host's VDSM: the last proof, or the last resort.
#
# A change that is saved must come back as planned. One that is not saved, on a host that is out of sight, must be gone.


SAVED = "as planned and saved"
FENCE_WITHIN = 60.0  # a BMC over IPMI takes ten seconds and more, and its agent tries again by itself
OFF_WITHIN = 120.0  # an agent that asks politely waits for the operating system; after this it pulls the plug or never
ASK_EVERY = 2.0


def power_off(run: Run) -> Step:
    """Switch the host off and see that it is."""
    run.tell(Event("begin", "power-off", "switching the host off", OFF_WITHIN))
    run.tell(Event("call", "power-off"))
    answer = _fence(run, "off")
    end = run.world.now() + OFF_WITHIN
    while not isinstance(answer, Failure) and answer != "off" and run.world.now() < end:
        answer = _fence(run, "status")
        if answer != "off":
            run.world.sleep(ASK_EVERY)
    if answer == "off":
        return Step("power-off", "the host is off", "power-on")
    problem = trouble(answer) if isinstance(answer, Failure) else _not_switched("off")
    if run.saved:
        told = "the host was not switched off; whether it boots as planned is not proven"
        return Step("power-off", told, "", SAVED, problem)
    return Step("power-off", "the host was not switched off, and is out of sight", "", "unknown", problem)


def power_on(run: Run) -> Step:
    """Switch it on again, as often as it takes: a host that is left off is worse than one in doubt."""
    run.tell(Event("begin", "power-on", "switching the host on", OFF_WITHIN))
    run.tell(Event("call", "power-on"))
    answer: Power | Failure = "off"
    end = run.world.now() + OFF_WITHIN
    while answer != "on" and run.world.now() < end:
        answer = _fence(run, "on")
        if not isinstance(answer, Failure):
            answer = _fence(run, "status")
        if answer != "on":
            run.world.sleep(ASK_EVERY)
    if answer == "on":
        return Step("power-on", "the host is on", "return")
    problem = trouble(answer) if isinstance(answer, Failure) else _not_switched("on")
    return Step("power-on", "the host was switched off and not on again", "", "unknown", problem)


def come_back(run: Run) -> Step:
    """Wait for VDSM, and hold the host against the plan as before the reboot."""
    limits = run.order.limits
    run.tell(Event("begin", "return", "waiting for the host to boot", limits.reboot))
    sight = run.contact.until(limits.reboot, lambda seen: isinstance(seen, Sight))
    if run.saved:  # a link or a lease may take its time
        sight = run.contact.until(limits.settle, run.planned)
    sight = run.contact.elsewhere(sight) if isinstance(sight, Failure) else sight
    if isinstance(sight, Failure):
        return Step("return", "the host has not come back", "", "unknown", trouble(sight))
    stance, found = run.stance(sight)
    if stance in STANDING:
        problem = differing(sight, found) if run.saved else run.reason
        told = f"the host at {sight.address} came back: it stands {STANDING[stance]}"
        return Step("return", told, "", STANDING[stance], problem)
    if found:
        return astray(run, "return", sight, found)
    missing = unreached(run, sight.here)
    if missing:
        return Step("return", "the host came back, but not everything is reached", "", SAVED, missing)
    return Step("return", f"the host at {sight.address} came back as planned", "", SAVED)


def _fence(run: Run, action: FenceAction) -> Power | Failure:
    fencing = run.fencing()
    return fencing if isinstance(fencing, Failure) else fencing.proxy.fence(fencing.agent, action, timeout=FENCE_WITHIN)


def _not_switched(state: str) -> dict[str, str]:
    return {
        "code": f"not-switched-{state}",
        "message": f"the power management did not report the host {state} in {OFF_WITHIN:.0f} s",
        "hint": "look at the BMC itself; its log tells who switched what",
    }


FIRST = "look"

STAGES: dict[str, Callable[[Run], Step]] = {
    "look": look,
    "announce-adopt": announce_adoption,
    "adopt": adopt,
    "settle-adopt": settle_adoption,
    "verify-adopt": verify_adoption,
    "announce": announce,
    "set-up": set_up,
    "settle": settle,
    "verify": verify,
    "keep": keep,
    "undo": undo,
    "commit": commit,
    "prove": prove,
    "power-off": power_off,
    "power-on": power_on,
    "return": come_back,
}
