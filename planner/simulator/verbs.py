"""The names that VDSM's verbs have on the wires, and the parameters that they take in order."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from planner.simulator.standin import Outcome

CarryOut = Callable[[str, Mapping[str, Any]], Outcome]
SETUP = ("networks", "bondings", "options")
FENCE = ("addr", "port", "agent", "username", "password", "action", "secure", "options", "policy")


class Verb(NamedTuple):
    """A verb of `planner.simulator.standin.StandIn.call`.

    ``parameters``: in their order; the first ``required`` of them have no default.
    """

    name: str
    parameters: tuple[str, ...] = ()
    required: int = 0


JSONRPC = {
    "Host.getCapabilities": Verb("getCapabilities"),
    "Host.getNetworkCapabilities": Verb("getNetworkCapabilities"),
    "Host.setupNetworks": Verb("setupNetworks", SETUP, 3),
    "Host.setSafeNetworkConfig": Verb("setSafeNetworkConfig"),
    "Host.confirmConnectivity": Verb("confirmConnectivity"),
    "Host.ping": Verb("ping"),
    "Host.ping2": Verb("ping2"),
    "Host.getStats": Verb("getStats"),
    "Host.getVMList": Verb("getVMList", ("fullStatus", "vmList", "onlyUUID")),
    "Host.fenceNode": Verb("fenceNode", FENCE, 6),
}
XMLRPC = {  # setupNetworks had defaults for all its parameters
    "getVdsCapabilities": Verb("getCapabilities"),
    "getVdsStats": Verb("getStats"),
    "list": Verb("getVMList", ("fullStatus", "vmList", "onlyUUID")),
    "setupNetworks": Verb("setupNetworks", SETUP),
    "setSafeNetworkConfig": Verb("setSafeNetworkConfig"),
    "ping": Verb("ping"),
    "fenceNode": Verb("fenceNode", FENCE, 6),
}


def named(verb: Verb, given: Sequence[Any]) -> dict[str, Any] | None:
    """The parameters by name that came in order; None if there are too many."""
    return dict(zip(verb.parameters, given, strict=False)) if len(given) <= len(verb.parameters) else None


def missing(verb: Verb, given: Mapping[str, Any]) -> list[str]:
    """The parameters that ``verb`` cannot do without, and that are not ``given``."""
    return [name for name in verb.parameters[: verb.required] if name not in given]
