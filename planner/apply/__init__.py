"""Changing a host and proving it: look → (adopt) → set up → verify → commit → prove → (reboot).

Each step is a function that is given what was ordered and what the steps before it found, and answers with what it
found and which step is next. The journal keeps these answers; a run that was killed goes on from the last of them.

It needs the extra `apply` (``pip install '.[apply]'`` in a checkout). Here against ``mgmtnet simulate capture.json
--port 54321``, a stand-in whose certificates MGMTNET_CA, MGMTNET_CERT and MGMTNET_KEY name; a host itself is
``Access("192.0.2.10")``.

>>> access = Access("127.0.0.1:54321", routes={"192.0.2.10": "127.0.0.1"})
>>> sight = read_host(access).required()
>>> definition = read_definition("{network: ovirtmgmt, vlan: 3000, mtu: 9000}").required()
>>> plan = Planner(load_rules().required()).plan(sight.host, definition, ["192.0.2.10"])
>>> order = make_order(access, sight, plan).required()
>>> report = carry_out(order).required()
>>> report.standing, [step.name for step in report.steps if step.name in ("adopt", "set-up", "commit")]
('as planned and saved', ['adopt', 'set-up', 'commit'])
>>> report.document()["succeeded"]
True
>>> undo(report.run).required().standing
'as planned and saved'
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.apply.contact import Sight
    from planner.apply.library import carry_out, confirm, make_order, read_host, resume, undo
    from planner.apply.order import Access, Limits, Order, Reboot
    from planner.apply.run import Event, Report, Step

__all__ = [
    "Access",
    "Event",
    "Limits",
    "Order",
    "Reboot",
    "Report",
    "Sight",
    "Step",
    "carry_out",
    "confirm",
    "make_order",
    "read_host",
    "resume",
    "undo",
]

if not TYPE_CHECKING:  # else every name that is not here were one
    _HOMES = {
        "contact": ("Sight",),
        "library": ("carry_out", "confirm", "make_order", "read_host", "resume", "undo"),
        "order": ("Access", "Limits", "Order", "Reboot"),
        "run": ("Event", "Report", "Step"),
    }

    def __getattr__(name):  # noqa: ANN001, ANN202 it is not seen by those who check types
        """Import a public name when it is first asked for: who shows a bar of progress needs no journal."""
        from importlib import import_module

        for home, names in _HOMES.items():
            if name in names:
                return getattr(import_module(f"planner.apply.{home}"), name)
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
