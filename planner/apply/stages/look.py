"""Before anything is sent: is VDSM there, is the host still the one that was planned for, what can be reached?"""

from planner.apply.probing import ask
from planner.apply.run import Event, Run, Step, trouble
from planner.vdsm.failure import Failure


def look(run: Run) -> Step:
    """Wait for VDSM, hold the host against the plan, try the probes."""
    run.tell(Event("begin", "look", "waiting for VDSM, reading the host", run.order.limits.vdsm))
    sight = run.contact.await_sight(run.order.limits.vdsm)
    if isinstance(sight, Failure):
        return Step("look", "the host could not be read; nothing was sent", "", "as before", trouble(sight))
    if sight.host.digest != run.order.plan["inputs"]["capture"]:
        return Step("look", "the host has changed; nothing was sent", "", "as before", _stale())
    guard = run.order.access.guard
    if guard and not ask([guard])[guard]:
        return Step("look", f"{guard} is not reached; nothing was sent", "", "as before", _unguarded(guard))
    passed = ask(run.order.probes, sight.here)
    failing = sorted(probe for probe, passes in passed.items() if not passes)
    told = f"; cannot be reached already: {', '.join(failing)}" if failing else ""
    return Step("look", f"the host is as it was planned for{told}", "announce", found={"probes": passed})


def _stale() -> dict[str, str]:
    return {
        "code": "stale-plan",
        "message": "the host is not what it was when the plan was made: its capture has another digest",
        "hint": "plan it again; `mgmtnet diff` on both captures shows what has changed",
    }


def _unguarded(guard: str) -> dict[str, str]:
    return {
        "code": "engine-unreachable",
        "message": f"{guard} cannot be reached from here, so nothing could tell VDSM that the change left it reachable",
        "hint": "is the engine running, and is this its name?",
    }
