"""Taking back what a run has changed, by a run of its own: the networks of before, under the connectivity check.

Only what stands as the run has left it is taken back: what somebody has made since may rest on it. The run that takes
back has a plan like any other, so it is announced, verified, saved and proved alike, and leads back to where it began.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import planner
from planner.apply.contact import Sight
from planner.apply.execute import here, order_for
from planner.apply.journal import Record, standing
from planner.apply.order import Limits, Order, read_order
from planner.apply.run import Report, Step
from planner.apply.verify import measure
from planner.host import graph
from planner.host.capture import read_capture
from planner.host.model import Host, Network
from planner.plan.after import Holder
from planner.plan.attachment import Attachment, read_attachment
from planner.plan.plan import step_document
from planner.plan.steps import step_back
from planner.problem import Problem

CHANGED = ("as planned and saved", "as planned, not saved", "as planned, perhaps not saved")


def undoable(record: Record) -> Problem | None:
    """Why there is nothing that could take the run back, before its host is read."""
    order, ended = read_order(record.order), standing(record)
    if record.state == "running" or ended == "unknown":
        told = f"how the run {record.run} has left the host is not known: {ended}"
        return Problem("run-unfinished", told, f"`mgmtnet resume {record.run}` goes on with it; then undo it")
    if ended not in CHANGED:
        told = f"the run {record.run} has changed nothing: it ended {ended}"
        return Problem("nothing-to-undo", told, "`mgmtnet status` lists the runs")
    if order.access.transport == "engine":
        told = (
            f"the run {record.run} was made over the engine, which builds only what is defined and takes nothing back"
        )
        hint = "define the network as it was and apply that; or speak with VDSM itself (--transport auto)"
        return Problem("not-over-engine", told, hint)
    if order.plan["steps"][-1]["step"] == "adopt":
        told = (
            f"the run {record.run} only made {order.plan['network']} VDSM's own, as the host stood: nothing is put back"
        )
        return Problem("nothing-to-undo", told, "VDSM cannot give a device up and leave it its address")
    return None


def order_to_undo(record: Record, sight: Sight, limits: Limits) -> Order | Report | Problem:
    """The order that takes the run back on its host as it was seen; a report where the host stands as before already.

    A problem: since the run the host was changed otherwise.
    """
    order, host = here(read_order(record.order)), sight.host
    before = read_capture(dict(order.before), "the journal").required()
    network, last = str(order.plan["network"]), order.plan["steps"][-1]
    attachment = read_attachment(order.plan["attachment"], host.bonds)
    management = order.plan["management"] or {}
    holder = Holder(str(management.get("device") or ""), str(management.get("address") or ""))
    top, address = attachment.top_device(network), _address(host, network, holder.address)
    past, step = step_back(before, host, network, attachment, holder, address)
    made = step_document(step)
    found = measure(last["request"], host).differences
    if past == attachment or (found and not measure(made["request"], host).differences):
        return _undone(record, order, dirty=bool(host.dirty))
    if found:
        return _overtaken(record, "; ".join(str(difference) for difference in found))
    others = sorted(_others(before, host, network, {attachment.iface, past.iface}))
    if others:
        return _overtaken(record, f"what VDSM has on {attachment.iface} is another: {', '.join(others)}")
    plan = {
        **order.plan,
        "outcome": "change",
        "management": {
            "address": address or None,
            "device": top,
            "kind": graph.kind_of(host, top),
            "found_by": "address",
        },
        "attachment": past.document(),
        "steps": [made],
        "problems": [],
        "trace": [],
        "inputs": {**order.plan["inputs"], "capture": host.digest},
    }
    made_anew = order_for(
        order.access,
        sight,
        plan,
        probes=order.probes,
        addresses=(*order.addresses, *_static(past)),
        limits=limits,
        made_by=planner.__version__,
    )
    return replace(made_anew, undoes=record.run)


def _undone(record: Record, order: Order, *, dirty: bool) -> Report:
    stands = "as planned, not saved" if dirty else "as planned and saved"
    looked = Step("look", f"it stands as before the run {record.run} already; nothing was sent")
    return Report("", order.access.target, order.plan["network"], stands, {}, (looked,), record.run)


def _address(host: Host, network: str, stated: str) -> str:
    """The management address today: a lease may be another since."""
    held = [address.text for address in host.networks[network].ip.addresses] if network in host.networks else []
    return stated if stated in held or not held else held[0]


def _static(attachment: Attachment) -> list[str]:
    return [family.address for family in (attachment.ipv4, attachment.ipv6) if family.address]


def _others(before: Host, now: Host, network: str, bases: set[str]) -> set[str]:
    """Networks of VDSM's over ``bases`` that came, went or changed since ``before``."""

    def over(host: Host) -> Mapping[str, Any]:
        return {
            name: (own.southbound, own.tag, own.bridged)
            for name, own in host.networks.items()
            if name != network and _base(host, own) in bases
        }

    was, is_now = over(before), over(now)
    return {name for name in {*was, *is_now} if was.get(name) != is_now.get(name)}


def _base(host: Host, network: Network) -> str:
    vlan = host.vlans.get(network.southbound)
    return vlan.base if vlan is not None else network.southbound


def _overtaken(record: Record, told: str) -> Problem:
    return Problem(
        "undo-overtaken",
        f"the host is not as the run {record.run} has left it: {told}",
        "undo what came since first; or define the network as it is to be, and apply that",
    )
