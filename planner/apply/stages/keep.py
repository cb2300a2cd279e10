"""Keeping what was verified: setSafeNetworkConfig, and the proof that nothing is left unsaved."""

from collections.abc import Callable

from planner.apply.contact import INCURABLE, LOOK_EVERY, Sight
from planner.apply.order import COMMIT_WITHIN
from planner.apply.run import STANDING, Event, Run, Step, differing, trouble
from planner.apply.stages.change import astray
from planner.vdsm.failure import Failure
from planner.vdsm.speaker import Done

TRIES = 2  # a commit that left the host unsaved is made once more; a third would tell nothing new


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
    problem = committed.problem if committed is not None else _unsaved()
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
    if sum(step.name == "commit" for step in run.steps) < TRIES:
        return Step("prove", "it is not known to be saved: once more", "commit")
    if untold:
        return Step("prove", "as planned; whether saved is not told", "", "as planned, perhaps not saved", problem)
    return Step("prove", "as planned, but not saved", "", "as planned, not saved", problem or _unsaved())


def _unsaved() -> dict[str, str]:
    return {
        "code": "not-saved",
        "message": "the host stands as planned, but still calls its configuration unsaved (netConfigDirty)",
        "hint": "vdsm-client Host setSafeNetworkConfig on the host; until then a reboot brings the old network back",
    }
