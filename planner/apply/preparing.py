"""From a host and a definition to an order: the host is read, planned for, and what a run needs is put together."""

import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any

import planner
from planner.apply.access import speaker_of
from planner.apply.contact import Sight, contact_at
from planner.apply.order import COMMIT_WITHIN, DEFAULT_LIMITS, Access, Limits, Order, Reboot
from planner.apply.probing import standard_probes
from planner.definition import Definition
from planner.host.scrubbing import KEPT
from planner.plans.model import Plan
from planner.policy.compiled import Compiled
from planner.vdsm.failure import Failure
from planner.vdsm.speaker import Done
from planner.vdsm.target import VDSM_PORT, parse_target


def see(access: Access, limits: Limits) -> Sight | Failure:
    """The host as it is, as soon as its VDSM answers."""
    speaker = speaker_of(access)
    if isinstance(speaker, Failure):
        return speaker
    return contact_at(speaker, access.target, (), limits).await_sight(limits.vdsm)


def capture_of(access: Access, limits: Limits) -> Mapping[str, Any] | Failure:
    """The host's whole answer to getVdsCaps."""
    sight = see(access, limits)
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
    """The plan for a host as it was seen."""
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
    """The order to apply ``plan``, a plan document that changes something, to the host as it was seen.

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


def host_key(order: Order) -> str:
    """What two runs on one host have in common: its uuid, or else how it is spoken to."""
    return str(order.before.get("uuid") or order.access.target)


def run_name() -> str:
    """A name for a run that sorts by time and is nobody else's."""
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
