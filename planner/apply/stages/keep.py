"""Keeping what was verified: setSafeNetworkConfig, and the proof that nothing is left unsaved."""

from planner.apply.contact import Sight
from planner.apply.run import Event, Run, Step, differing, trouble
from planner.vdsm.failure import Failure

COMMIT_WITHIN = 30.0  # VDSM copies some files; it waits for nobody
TRIES = 2  # a commit that left the host unsaved is made once more; a third would tell nothing new


def commit(run: Run) -> Step:
    """Save the running configuration. Saving twice saves nothing else, so a lost answer is no question."""
    run.tell(Event("begin", "commit", "saving the configuration", run.order.limits.vdsm))
    run.tell(Event("call", "commit"))
    answer = run.contact.insist(lambda speaker: speaker.commit(timeout=COMMIT_WITHIN), run.order.limits.vdsm)
    if isinstance(answer, Failure):
        return Step("commit", "VDSM did not say that it saved the configuration", "prove", problem=trouble(answer))
    return Step("commit", "VDSM has saved the configuration", "prove")


def prove(run: Run) -> Step:
    """Read the host once more: as planned, and nothing unsaved."""
    run.tell(Event("begin", "prove", "reading the host, saved or not", run.order.limits.vdsm))
    sight = run.contact.await_sight(run.order.limits.vdsm)
    if isinstance(sight, Failure):
        return Step("prove", "whether it is saved cannot be read", "", "unknown", trouble(sight))
    stance, found = run.stance(sight)
    if stance == "before":
        return Step("prove", "the host stands as before", "", "as before", differing(sight, found))
    if found:
        return Step("prove", "the host is not as planned", "undo", problem=differing(sight, found))
    return _proven(run, sight)


def _proven(run: Run, sight: Sight) -> Step:
    committed = next((step for step in reversed(run.steps) if step.name == "commit"), None)
    problem = committed.problem if committed is not None else {}
    # VDSM of every age tells netConfigDirty; where a capture does not, its "Done" is all there is.
    unsaved = sight.host.dirty or (sight.host.dirty is None and bool(problem))
    if not unsaved:
        told = "as planned, and nothing is left unsaved"
        if run.order.reboot is not None:
            return Step("prove", told, "power-off", "as planned and saved")
        return Step("prove", told, "", "as planned and saved")
    if sum(step.name == "commit" for step in run.steps) < TRIES:
        return Step("prove", "VDSM says that its configuration is not saved: once more", "commit")
    return Step("prove", "as planned, but not saved", "", "as planned, not saved", problem or _unsaved())


def _unsaved() -> dict[str, str]:
    return {
        "code": "not-saved",
        "message": "the host stands as planned, but still calls its configuration unsaved (netConfigDirty)",
        "hint": "vdsm-client Host setSafeNetworkConfig on the host; until then a reboot brings the old network back",
    }
