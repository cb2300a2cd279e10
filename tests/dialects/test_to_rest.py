"""The action, put to the engine that the tests have: what it asks of VDSM is what the plan asks."""

import json
from typing import Any

import pytest
from planned import once, planned, texts
from standin_engine.documents import View, logical
from standin_engine.engine import call_of, objection, wish

from planner.dialects.rest import lost
from planner.dialects.wording import Made, made_of
from planner.plan.request import NAMESERVERS_SINCE
from planner.standin.canonical import canonical_call
from planner.standin.kernel import Config

# The engine always says of IPv6 that no gateway is to be had, where VDSM takes an absent one for the same.
NO_GATEWAY6 = "::"


@pytest.mark.parametrize("name", once(texts("rest")))
def test_the_engine_asks_vdsm_for_what_is_planned(name: str) -> None:
    made, action = made_of(planned()[name].plan, planned()[name].host), json.loads(texts("rest")[name])
    view = View(known(made), {made.network: logical(planned()[name].definition)})
    wanted = wish(action, view)
    assert not objection(wanted, view)
    assert canonical(call_of(wanted, view), made) == canonical(made.request, made)
    assert action["check_connectivity"] is made.wanted.checked
    assert action["commit_on_success"] is not made.wanted.checked


def known(made: Made) -> dict[str, Any]:
    """What the engine looks up in getVdsCaps."""
    host = made.host
    return {
        "nics": {name: {} for name in host.nics},
        "bondings": {bond.name: {"slaves": bond.members, "opts": dict(bond.options)} for bond in host.bonds.values()},
        "vlans": {vlan.name: {"iface": vlan.base, "vlanid": vlan.tag} for vlan in host.vlans.values()},
        "networks": {},
    }


def canonical(request: dict[str, Any], made: Made) -> Any:
    netinfo = {**known(made), "nameservers": list(made.host.nameservers)}
    netinfo["bondings"] = {name: {"hwaddr": "52:54:00:00:00:02", **bond} for name, bond in netinfo["bondings"].items()}
    call = canonical_call(request["networks"], request["bondings"], netinfo, Config({}, {}))
    for network in call.networks.values():
        if network.get("ipv6gateway") == NO_GATEWAY6:
            del network["ipv6gateway"]
        if () < made.host.version < NAMESERVERS_SINCE:
            del network["nameservers"]  # which such a VDSM does not take, and the engine knows
    return call


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("ovirtmgmt-other-mtu", "under an id"),
        ("bridgeless-called-like-vlan", "makes a name of its id"),
        ("bond-options-unknown-on-4-10", "does not tell the mode of bond0"),
        ("fail-over-mac", "pin no MAC address to bond1"),
        ("ipv6-slaac", "name servers that a router tells"),
    ],
)
def test_what_the_engine_cannot_be_asked_for_is_told(name: str, told: str) -> None:
    one = planned()[name]
    assert any(told in message for message in lost(made_of(one.plan, one.host)))
