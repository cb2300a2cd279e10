"""Linux bridge ("legacy") or Open vSwitch: a call is for one of them, and changes a host as a whole or not at all."""

from collections.abc import Iterator
from itertools import chain

from planner.simulator.answers import BAD_PARAMS, Refusal
from planner.simulator.canonical import Call
from planner.simulator.kernel import Config, Record

BOTH = {"legacy", "ovs"}


def switches(call: Call, running: Config) -> Iterator[Refusal]:
    """What VDSM has against the switch types of ``call``, before it looks at its devices."""
    pairs = ((call.networks, running.networks), (call.bondings, running.bonds))
    asked = {_switch_of(record, has.get(name)) for table, has in pairs for name, record in table.items()}
    if asked >= BOTH:
        yield Refusal(BAD_PARAMS, "Mixing of legacy and OVS networks is not supported inside one setupNetworks() call.")


def change_of_switch(call: Call, running: Config) -> Iterator[Refusal]:
    """What VDSM has against going over to another switch type, the last thing that it looks at."""
    present, wanted = _first(running.networks, running.bonds), _first(call.networks, call.bondings)
    if not present or not wanted or present == wanted:
        return
    if any("remove" in record for table in call for record in table.values()):
        yield Refusal(BAD_PARAMS, "Switch type change request cannot contain removals")
    if call.networks.keys() != running.networks.keys():
        yield Refusal(BAD_PARAMS, "All networks must be reconfigured on switch type change")
    if call.bondings.keys() != running.bonds.keys():
        yield Refusal(BAD_PARAMS, "All bondings must be reconfigured on switch type change")


def _switch_of(record: Record, present: Record | None) -> object:
    """What goes is of the type that it has; one that VDSM does not know is taken to be legacy."""
    if not record.get("remove"):
        return record["switch"]
    return (present or {"switch": "legacy"}).get("switch")


def _first(networks: dict[str, Record], bonds: dict[str, Record]) -> object:
    records = chain(networks.values(), bonds.values())
    return next((record["switch"] for record in records if "remove" not in record), None)
