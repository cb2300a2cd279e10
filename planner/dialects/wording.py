"""A plan put into other words than VDSM's, or what would be lost by it.

A dialect is a module of this package with three functions of a `Made`: ``lost`` tells what it has no words for,
``words`` is the text, and ``beside`` is what whoever uses the text has to know or to do.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import NamedTuple

from planner.host import graph
from planner.host.model import INFINIBAND, Device, Host, Ip
from planner.plan.after import Holder, after
from planner.plan.attachment import Attachment
from planner.plan.plan import Plan
from planner.plan.request import Request, SetupRequest, unsent, vdsm4
from planner.plan.steps import has_default_route
from planner.problem import Problem

FIXED = ("none", "static")  # methods of which nobody else tells an address
HINT = "`-o vdsm` and `mgmtnet apply` have words for all of it"


class Wording(NamedTuple):
    """The ``text``, whole, and what is to be known or done ``beside`` it, a line each."""

    text: str
    beside: tuple[str, ...]


class Made(NamedTuple):
    """What a plan makes of ``host``, which is ``future`` afterwards; ``held``: the addresses by which it is managed."""

    network: str
    attachment: Attachment
    wanted: SetupRequest
    host: Host
    future: Host
    held: Ip

    @property
    def owned(self) -> bool:
        """Whether VDSM has the network already."""
        return self.network in self.host.networks

    @property
    def top(self) -> str:
        """The device that will hold the addresses."""
        return self.attachment.top_device(self.network)

    @property
    def request(self) -> Request:
        """The setupNetworks call as VDSM of today takes it."""
        return vdsm4(self.wanted)

    def stack(self) -> list[Device]:
        """The devices under the network as they will be, members first; without those that a capture hides."""
        attachment = self.attachment
        names = [*(sorted(attachment.bond.members) if attachment.bond is not None else ()), attachment.iface]
        names += [attachment.port] if attachment.tag >= 0 else []
        found = (graph.device(self.future, name) for name in names)
        return [device for device in found if device is not None]

    def hwaddr(self) -> str:
        """The MAC address of the port: that of its base where a capture tells none; ``""`` where neither is told."""
        devices = (graph.device(self.host, name) for name in (self.attachment.port, self.attachment.iface))
        return next((device.hwaddr for device in devices if device is not None and device.hwaddr), "")


def word(dialect: str, plan: Plan, host: Host) -> Wording | tuple[Problem, ...]:
    """Put ``plan``, which has steps, into the words of a ``dialect`` (`planner.dialects.DIALECTS`).

    What it cannot say in them is a Problem each, and there is no text then.
    """
    if host.lacks:
        return (unsent(host.lacks),)
    module = import_module(f"planner.dialects.{dialect}")
    made = made_of(plan, host)
    lost = tuple(Problem("output-incomplete", message, HINT) for message in module.lost(made))
    return lost or Wording(module.words(made), tuple(module.beside(made)))


def made_of(plan: Plan, host: Host) -> Made:
    """What ``plan``, which has steps, makes of ``host`` at last."""
    wanted = plan.steps[-1].wanted
    attachment = wanted.networks[0].attachment
    held = Holder(plan.management.device, plan.management.address) if plan.management is not None else Holder()
    future = after(host, plan.network, attachment, held)
    return Made(plan.network, attachment, wanted, host, future, graph.ip_of(host, held.device, plan.network))


# What is lost wherever a host is changed past VDSM, and what is to be known of it.


def lost_past_vdsm(made: Made) -> Iterator[str]:
    """What is lost where VDSM is not asked."""
    attachment = made.attachment
    if made.owned:
        yield f"{made.network} is VDSM's: what is changed past it is lost when it restores its networks at a boot"
    deprived = [other for other in made.host.networks.values() if has_default_route(other.ip) and not made.owned]
    if attachment.default_route and deprived:
        yield f"VDSM takes the default route from {deprived[0].name}, its other network; else there would be two"
    if attachment.switch != "legacy":
        yield f"VDSM is to make {made.network} by {attachment.switch}, which it sets up by itself"
    if attachment.bond is not None and attachment.bond.mode < 0:
        yield f"the capture does not tell the mode of {attachment.bond.name}: it would be lost"


def lost_by_hand(made: Made) -> Iterator[str]:
    """What is lost, too, where the words are those of a profile or a file for each device."""
    attachment = made.attachment
    routed = attachment.ipv4.gateway or attachment.ipv4.method == "dhcp" or attachment.ipv6.method not in FIXED
    if routed and not attachment.default_route:
        yield f"VDSM answers over {made.network} by a routing table of its own, which has the gateway: it would be lost"
    for device in made.stack():
        if len(device.hwaddr.replace(":", "")) == INFINIBAND:
            yield f"{device.name} is InfiniBand, and the words for it are Ethernet's"


def beside_vdsm(made: Made) -> str:
    """What VDSM makes of a network that it did not make."""
    if made.attachment.bridged:
        return f"  {made.network} is not VDSM's then, and VDSM does not take over a bridge of that name (name-taken)"
    return f"  VDSM learns of no {made.network} by it: that is a name which it alone gives to {made.top}"
