"""Switching the host off and on by another host's VDSM: the last proof, or the last resort.

A change that is saved must come back as planned. One that is not saved, on a host that is out of sight, must be gone.
"""

from planner.apply.contact import Sight
from planner.apply.run import STANDING, Event, Run, Step, differing, trouble
from planner.apply.stages.change import astray, unreached
from planner.vdsm.failure import Failure
from planner.vdsm.speaker import FenceAction, Power

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
