"""The steps of a run by name. The journal knows them by these names: one that is renamed is one that is lost."""

from collections.abc import Callable

from planner.apply.run import Run, Step
from planner.apply.stages import adopt, change, keep, look, reboot, undo

FIRST = "look"

STAGES: dict[str, Callable[[Run], Step]] = {
    "look": look.look,
    "announce-adopt": adopt.announce,
    "adopt": adopt.adopt,
    "settle-adopt": adopt.settle,
    "verify-adopt": adopt.verify,
    "announce": change.announce,
    "set-up": change.set_up,
    "settle": change.settle,
    "verify": change.verify,
    "undo": undo.undo,
    "commit": keep.commit,
    "prove": keep.prove,
    "power-off": reboot.power_off,
    "power-on": reboot.power_on,
    "return": reboot.come_back,
}
