"""The names that VDSM's verbs have on the wires, and the parameters that they take in order."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from planner.simulator.standin import Outcome

CarryOut = Callable[[str, Mapping[str, Any]], Outcome]
SETUP = ("networks", "bondings", "options")
FENCE = ("addr", "port", "agent", "username", "password", "action", "secure", "options", "policy")


class Verb(NamedTuple):
    """A verb of `planner.simulator.standin.StandIn.call`, and its ``parameters`` in order."""

    name: str
    parameters: tuple[str, ...] = ()


JSONRPC = {
    "Host.getCapabilities": Verb("getCapabilities"),
    "Host.getNetworkCapabilities": Verb("getNetworkCapabilities"),
    "Host.setupNetworks": Verb("setupNetworks", SETUP),
    "Host.setSafeNetworkConfig": Verb("setSafeNetworkConfig"),
    "Host.confirmConnectivity": Verb("confirmConnectivity"),
    "Host.ping": Verb("ping"),
    "Host.ping2": Verb("ping2"),
    "Host.fenceNode": Verb("fenceNode", FENCE),
}
XMLRPC = {
    "getVdsCapabilities": Verb("getCapabilities"),
    "setupNetworks": Verb("setupNetworks", SETUP),
    "setSafeNetworkConfig": Verb("setSafeNetworkConfig"),
    "ping": Verb("ping"),
    "fenceNode": Verb("fenceNode", FENCE),
}


def named(verb: Verb, given: Sequence[Any]) -> dict[str, Any] | None:
    """The parameters by name that came in order; None if there are too many."""
    return dict(zip(verb.parameters, given, strict=False)) if len(given) <= len(verb.parameters) else None
