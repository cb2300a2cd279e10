"""Before anything is sent: is VDSM there, is the host still the one that was planned for, what can be reached?"""

from planner.apply.probing import told
from planner.apply.run import Event, Run, Step, stale, trouble
from planner.vdsm.failure import Failure

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
    said += f"; cannot be reached already: {told(failing, sight.here)}" if failing else ""
    if len(run.order.plan["steps"]) > 1 and not run.adoption:
        said += f"; {IN_ONE_STEP}"
    return Step("look", said, "announce-adopt" if run.adoption else "announce", found={"probes": passed})


def _unguarded(guard: str) -> dict[str, str]:
    return {
        "code": "engine-unreachable",
        "message": f"{guard} cannot be reached from here, so nothing could tell VDSM that the change left it reachable",
        "hint": "is the engine running, and is this its name?",
    }
