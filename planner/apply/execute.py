"""Carrying an order out: the steps as the journal asks for them, with everything they share made once."""

import os
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import planner
from planner.apply import journal
from planner.apply.contact import Contact, Sight, contact_at
from planner.apply.order import COMMIT_WITHIN, DEFAULT_LIMITS, Access, Limits, Order, Reboot, read_order
from planner.apply.run import SENT, Event, Fencing, Listener, Report, Run, Step, Word, nobody_said, report
from planner.apply.steps import STAGES
from planner.apply.verify import host_devices
from planner.apply.world import OUTSIDE, World, fence_agent, speaker_of, standard_probes
from planner.definition import Definition
from planner.host.capture import read_capture
from planner.host.model import Host
from planner.host.scrub import KEPT
from planner.plan.plan import Plan
from planner.rules.compiled import Compiled
from planner.vdsm.client import VDSM_PORT, Done, Failure, parse_target

# Where a run that ended in doubt is taken up again, by a run of its own.
TAKEN_UP = {"unknown": "settle", "as planned, not saved": "commit", "as planned, perhaps not saved": "commit"}
# ... but for a host that was being rebooted: what is saved there is known, and nobody wants a second reboot.
REBOOTING = {"power-on": "power-on", "return": "return"}


class _Shared(NamedTuple):
    """What the steps of a run share in one process."""

    order: Order
    contact: Contact
    before: Host


def carry_out(order: Order, url: str, tell: Listener, word: Word = nobody_said) -> Report:
    """Apply an order and return how it ended.

    ``url``: the journal's database, in which every step is written down. ``tell``: is called with each `Event`.
    ``word``: who is asked whether the change is to be kept, beside whoever says so in the journal.
    """
    kept = _heard(url, order.run, word)
    return report(order, *journal.keep(url, order.run, order.document(), performer(tell, word=kept)))


def go_on(
    record: journal.Record, url: str, tell: Listener, expected: Sequence[str] = (), word: Word = nobody_said
) -> Report:
    """Go on with an interrupted run; look for the host at the ``expected`` addresses, too."""
    kept = _heard(url, record.run, word)
    perform = performer(tell, expected=expected, begins=False, word=kept)
    return report(read_order(record.order), *journal.go_on(url, record, perform))


def take_up(
    record: journal.Record,
    run: str,
    url: str,
    tell: Listener,
    expected: Sequence[str] = (),
    word: Word = nobody_said,
) -> Report:
    """Take up a run that ended in doubt: a new run called ``run`` begins by reading the host."""
    order = read_order({**record.order, "run": run, "addresses": (*record.order.get("addresses", ()), *expected)})
    steps = list(record.steps)
    sent = next((step.name for step in reversed(steps) if step.name in SENT), "")
    if sent:
        last = steps[-1]
        following = REBOOTING.get(last.name) or TAKEN_UP[last.standing or "unknown"]
        if sent == "announce-adopt" and following == "settle":
            following = "settle-adopt"
        if following == "commit" and any(step.found.get("kept") is False for step in steps):
            following = "undo"  # what nobody kept is not saved
        steps[-1] = last._replace(next=following, standing="")
    else:
        steps = []  # nothing was sent: from the beginning
    perform = performer(tell, begins=False, word=_heard(url, run, word))
    return report(order, *journal.keep(url, run, order.document(), perform, steps))


def _heard(url: str, run: str, word: Word) -> Word:
    """What the journal says of whether the change is to be kept, else ``word``."""
    return lambda: True if journal.confirmed(url, run) else word()


def performer(
    tell: Listener,
    world: World = OUTSIDE,
    expected: Sequence[str] = (),
    *,
    begins: bool = True,
    word: Word = nobody_said,
) -> journal.Perform:
    """Return the function by which the journal performs a step.

    It makes what the steps share (client, contact, host) once, and keeps which steps this process has performed itself.
    ``begins``: the run is a new one, and no other machine's.
    """
    performed: set[str] = set()
    shared: list[_Shared] = []

    def perform(name: str, document: dict[str, Any], steps: list[Step]) -> Step:
        if not shared:
            made = _share(read_order(document) if begins else here(read_order(document)), world)
            if isinstance(made, Failure):
                return _no_access(name, made, steps)
            shared.append(made)
            made.contact.also_at(made.order.access.routes.get(address, address) for address in expected)
        order, contact, before = shared[0]
        fencing = partial(_fencing, order.reboot, world)
        run = Run(order, contact, before, steps, frozenset(performed), fencing, tell, word)
        step = STAGES[name](run)
        performed.add(name)
        tell(Event("end", name, step.said))
        return step

    return perform


def here(order: Order) -> Order:
    """The order as this machine can carry it out: files of another that are not here give way to those of variables."""

    def path(stated: str, variable: str) -> str:
        return stated if os.path.exists(stated) else os.environ.get(variable) or stated

    def access(stated: Access) -> Access:
        return replace(
            stated,
            ca=path(stated.ca, "MGMTNET_CA"),
            certificate=path(stated.certificate, "MGMTNET_CERT"),
            key=path(stated.key, "MGMTNET_KEY"),
            password_file=path(stated.password_file, "MGMTNET_ENGINE_PASSWORD_FILE"),
        )

    reboot = order.reboot
    if reboot is not None:
        password = path(reboot.password_file, "MGMTNET_FENCE_PASSWORD_FILE")
        reboot = replace(reboot, proxy=access(reboot.proxy), password_file=password)
    return replace(order, access=access(order.access), reboot=reboot)


def _share(order: Order, world: World) -> _Shared | Failure:
    speaker = world.speaker(order.access)
    if isinstance(speaker, Failure):
        return speaker
    reading = read_capture(dict(order.before), "the journal")
    if reading.host is None:
        return Failure("protocol", "the journal's capture cannot be read", "was the journal changed by hand?")
    routes = order.access.routes
    addresses = [routes.get(address, address) for address in whereabouts(order)]
    uuid = str(order.before.get("uuid") or "")
    aside = [routes.get(address, address) for address in _aside(order, reading.host)]
    contact = contact_at(
        speaker,
        order.access.target,
        addresses,
        order.limits,
        uuid,
        guard=order.access.guard,
        aside=aside,
        world=world,
    )
    return _Shared(order, contact, reading.host)


def _fencing(reboot: Reboot | None, world: World) -> Fencing | Failure:
    if reboot is None:
        return Failure("refused", "no reboot was ordered", "give --reboot PROXY")
    proxy = world.speaker(reboot.proxy)
    if isinstance(proxy, Failure):
        return proxy
    agent = fence_agent(reboot)
    return agent if isinstance(agent, Failure) else Fencing(proxy, agent)


def whereabouts(order: Order) -> list[str]:
    """Return where to look for the host: its addresses by the plan, before and after, and those that were named."""
    attachment = order.plan["attachment"]
    static = [attachment[family].get("address") for family in ("ipv4", "ipv6")]
    management = (order.plan["management"] or {}).get("address")
    return list(dict.fromkeys(address for address in (management, *static, *order.addresses) if address))


def _aside(order: Order, before: Host) -> list[str]:
    """The host's other addresses. The engine looks by itself where the host is."""
    if order.access.transport == "engine":
        return []
    held = (address.text for device in host_devices(before) for address in device.ip.addresses)
    return [
        address
        for address in dict.fromkeys(held)
        if not address.startswith("fe80") and address not in whereabouts(order)
    ]


def _no_access(name: str, failure: Failure, steps: Sequence[Step]) -> Step:
    """Without credentials nothing can be said of the host but what the journal says: nothing sent, or unknown."""
    sent = any(step.name in SENT for step in steps)
    problem = {"code": f"vdsm-{failure.kind}", "message": failure.message, "hint": failure.hint}
    return Step(name, "the host cannot be spoken to", "", "unknown" if sent else "as before", problem)


# From a host and a definition to an order: the host is read, planned for, and what a run needs is put together.


def see(access: Access, limits: Limits, tell: Listener = lambda _: None) -> Sight | Failure:
    """Read the host as soon as its VDSM answers, within ``limits.vdsm`` seconds; ``tell`` why it does not yet."""
    speaker = speaker_of(access)
    if isinstance(speaker, Failure):
        return speaker
    contact = contact_at(speaker, access.target, (), limits)
    return contact.await_sight(limits.vdsm, lambda reason: tell(Event("said", "read", f"not yet: {reason}")))


def capture_of(access: Access, limits: Limits, tell: Listener = lambda _: None) -> Mapping[str, Any] | Failure:
    """Return the host's whole answer to getVdsCaps."""
    sight = see(access, limits, tell)
    return sight if isinstance(sight, Failure) else sight.capture


def save(access: Access, limits: Limits) -> Done | Failure:
    """Save what the host runs, where nothing tells whether it is saved: doing so twice saves nothing else."""
    speaker = speaker_of(access)
    if isinstance(speaker, Failure):
        return speaker
    return contact_at(speaker, access.target, (), limits).insist(
        lambda one: one.commit(timeout=COMMIT_WITHIN), limits.vdsm
    )


def plan_for(sight: Sight, definition: Definition, rules: Compiled, addresses: Sequence[str]) -> Plan:
    """Plan for a host as it was seen; see `planner.plan`."""
    return planner.plan(sight.host, definition, rules, addresses)


def order_for(  # noqa: PLR0913 all that a run needs, each by its name
    access: Access,
    sight: Sight,
    plan: Mapping[str, Any],
    *,
    probes: Sequence[str] = (),
    addresses: Sequence[str] = (),
    reboot: Reboot | None = None,
    limits: Limits = DEFAULT_LIMITS,
    made_by: str = "",
) -> Order:
    """Put together the order to apply ``plan``, the document of a change, to the host as it was seen.

    ``probes`` come on top of the host's own: its ports, its gateways, its name servers. A host behind ``routes`` is not
    where its addresses are, so it has none of these.
    """
    target = parse_target(access.target)
    vdsm = VDSM_PORT if isinstance(target, Failure) else target.port
    own = () if access.routes else standard_probes(sight.host, vdsm)
    # The rest (packages, CPU, storage) is nobody's business in a journal.
    before = {key: sight.capture[key] for key in KEPT if key in sight.capture}
    every = tuple(dict.fromkeys((*own, *probes)))
    return Order(run_name(), access, dict(plan), before, tuple(addresses), every, reboot, limits, made_by)


def run_name() -> str:
    """Make a unique name for a run, which sorts by time."""
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
