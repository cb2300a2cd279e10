"""Whether a report is true of the host that it speaks of, once the world has come to rest."""

from virtual_world import VirtualWorld

from planner.apply.contact import Sight
from planner.host.model import Host

HOW = {
    "as planned and saved": "planned",
    "as planned, not saved": "planned",
    "as planned, perhaps not saved": "planned",
    "adopted": "adopted",
    "as before": "before",
}


def judge(world: VirtualWorld) -> list[str]:
    """What is wrong with a run that has ended; the host is rebooted at last, to see what of it was true for good."""
    found = list(dict.fromkeys(world.wrong))
    if not world.ended:
        return [*found, "the run never ends"]
    standing = world.journal[-1].standing or "unknown"
    if standing == "as planned and saved" and world.scenario.word is None:
        found.append("what nobody kept was saved")
    if world.disturbed:  # by somebody else, after it was read last: nobody could know
        return found
    stance = _stance(world)
    if standing == "unknown":
        told = bool(world.journal[-1].problem)
        needless = world.in_reach and stance in HOW.values()
        return [
            *found,
            *([f"the report is unknown, of a host that can be read and stands {stance}"] if needless else []),
            *([] if told else ["the report is unknown and does not say why"]),
        ]
    if stance == "lost":
        return [*found, f"the report is {standing}, and the host is lost"]
    if stance != HOW[standing]:
        return [*found, f"the report is {standing}, and the host stands {stance}"]
    if stance == "planned" and standing != "as planned and saved":
        saved = world.daemon.running == world.daemon.persistent and not world.daemon.dirty
        return [*found, f"the report is {standing}, and it is saved"] if saved and "perhaps" not in standing else found
    world.host._boot()
    world.host._down_until = world.daemon._ready = 0.0
    later = _stance(world)
    return found if later == stance else [*found, f"the report is {standing}, and after a reboot the host is {later}"]


def _stance(world: VirtualWorld) -> str:
    """How the host stands in truth."""
    address = world.host.address
    if not address or not world.host.up(address):
        return "lost"
    run = world.scenario.run(world.journal)
    sight: Sight = world.sight(address)
    stance = run.stance(sight)[0]
    if stance == "otherwise" and (run.reverted(sight.host) or _untouched(world, sight.host)):
        return "before"
    return str(stance)


def _untouched(world: VirtualWorld, host: Host) -> bool:
    """Whether somebody else's network is all that is new."""
    name, before = world.scenario.order.plan["network"], world.scenario.before
    strange = set(host.networks) - set(before.networks) == {"stranger"} and set(host.bridges) == set(before.bridges)
    return strange and host.networks.get(name) == before.networks.get(name)
