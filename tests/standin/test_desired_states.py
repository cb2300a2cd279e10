"""The picture becomes what VDSM 4.50.7 would have asked nmstate for."""

import json
from pathlib import Path

import pytest
from desired_states import check_state

from planner.standin.canonical import canonical_call
from planner.standin.clock import VirtualClock
from planner.standin.daemon import Daemon
from planner.standin.kernel import Config
from planner.standin.machine import Picture

VERDICTS = Path(__file__).parent.parent / "data" / "verdicts"
CASES = {path.stem: json.loads(path.read_text()) for path in sorted(VERDICTS.glob("*.json"))}
# What VDSM accepts and is refused below it: by the kernel an MTU below 68 and a second vlan device for a tag on a base,
# by nmstate name servers of a family in which the network has no gateway.
REFUSED_BELOW = {"mtu-10", "arbitrary-vlan-name", "dns-given-static", "ipv6-auto", "ipv6-only-static"}
ACCEPTED = sorted(name for name, case in CASES.items() if case["verdict"] == "accept")


@pytest.mark.parametrize("name", ACCEPTED)
def test_desired_state(name):
    case = CASES[name]
    running = case.get("running", {"networks": {}, "bonds": {}})
    running = {
        "bonds": running["bonds"],
        "networks": {
            known: canonical_call({known: record}, {}, case["netinfo"], Config({}, {})).networks[known]
            for known, record in running["networks"].items()
        },
    }
    picture = Picture(case["netinfo"])
    daemon = Daemon(picture, VirtualClock(), Config(**running))

    refusal = daemon.setup_networks(case["networks"], case["bondings"], {"connectivityCheck": False})

    assert (refusal is not None) == (name in REFUSED_BELOW)
    if refusal is not None:
        return
    state = case["desired_state"]
    check_state(picture.netinfo(), state["interfaces"], state.get("routes", {}).get("config", []))
