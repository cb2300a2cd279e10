"""The body of the engine's POST /hosts/ID/setupnetworks, as `apply --transport engine` sends it."""

import re
from collections.abc import Iterator

from planner.dialects.wording import Made
from planner.printing import json_text
from planner.vdsm.client import Failure
from planner.vdsm.engine_translate import Known, Object, action_of

# What the engine passes on as a network's name; a longer or odder one it replaces.
# docs/vdsm.md, From the definition to the request
PASSED_ON = re.compile(r"[0-9a-zA-Z_-]{1,15}")


def lost(made: Made) -> Iterator[str]:
    """What the engine's REST API has no words for, or only with what the engine knows."""
    if made.owned:
        yield f"the engine has {made.network} on this host under an id, which `apply --transport engine` asks it for"
    yield from lost_by_engine(made)


def lost_by_engine(made: Made) -> Iterator[str]:
    """What the engine does not pass on to VDSM, or not so, by whichever way it is asked."""
    action, bond = _action(made), made.attachment.bond
    if not PASSED_ON.fullmatch(made.network):
        yield f"the engine does not call a network {made.network} on its hosts, but makes a name of its id"
    if bond is not None and bond.mode < 0:
        yield f"the capture does not tell the mode of {bond.name}: it would be lost"
    if isinstance(action, Failure):
        yield action.message


def words(made: Made) -> str:
    """The action as JSON."""
    return json_text(_action(made)) + "\n"


def beside(made: Made) -> Iterator[str]:
    """Where it goes, and what is not in it."""
    yield "  POST it to https://ENGINE/ovirt-engine/api/hosts/ID/setupnetworks, with `Content-Type: application/json`"
    yield from beside_engine(made)
    if made.wanted.checked:
        yield "  nothing is saved: POST {} to .../hosts/ID/commitnetconfig once the host is seen to be as planned"


def beside_engine(made: Made) -> Iterator[str]:
    """What the engine takes from the data centre's definition of the network, whatever it is asked for."""
    attachment = made.attachment
    vlan = f"VLAN {attachment.tag}" if attachment.tag >= 0 else "no VLAN"
    kind = "a VM network" if attachment.bridged else "no VM network"
    route = "is" if attachment.default_route else "is not"
    stp = "on" if attachment.stp else "off"
    yield f"  the engine takes it from the data centre that {made.network} is {kind}, has {vlan}, MTU {attachment.mtu},"
    yield f"  STP {stp}, and {route} the cluster's default route: look whether it is defined so"


def _action(made: Made) -> Object | Failure:
    attachment = made.attachment
    network: Object = {"name": made.network, "mtu": attachment.mtu, "usages": {"usage": ["vm"] * attachment.bridged}}
    tagged = {"vlan": {"id": attachment.tag}} if attachment.tag >= 0 else {}
    return action_of(made.request, Known((network | tagged,), (), ()))
