"""What VDSM 4.50.7 and nmstate 2.0.0 answered to the goldens' requests: to adopting the host, and to changing it.

`golden-answers.json` has a line for each golden whose VDSM is of 4.40 or later: its VDSM's configuration, and for each
call the request (of the day on which it was put to them), VDSM's canonical form of it, what of the desired state a host
shows, and nmstate's refusal, if it refused. VDSM itself took them all.
"""

import json
from pathlib import Path

import pytest
from desired_states import check_state

from planner.standin.captures import read_document
from planner.standin.clock import VirtualClock
from planner.standin.daemon import Daemon, judge
from planner.standin.kernel import INTERNAL, Config
from planner.standin.machine import Picture

GOLDEN = Path(__file__).parents[2] / "golden"
ANSWERS = json.loads((Path(__file__).parents[1] / "data" / "golden-answers.json").read_text())
CALLS = {
    f"{entry['golden']}-{call}": (entry, entry[call])
    for entry in ANSWERS
    for call in ("adopt", "change")
    if call in entry
}
# There nmstate was not told the routes of the present state; by its code a gateway that is there is good enough, on
# another device or on the network's own, from which VDSM does not take it back.
ASKED_WITHOUT_ROUTES = {"crowded-vlan-over-nic-change", "ovirtmgmt-gateway-none-change"}
every_call = pytest.mark.parametrize("name", CALLS)


def host_of(entry):
    path = GOLDEN / entry["golden"] / "capture.json"
    return read_document(path.read_bytes(), str(path)).document, Config(**entry["running"])


@every_call
def test_the_same_canonical_form(name):
    entry, asked = CALLS[name]
    netinfo, running = host_of(entry)
    said = judge(**asked["request"], netinfo=Picture(netinfo).netinfo(), running=running)
    assert {"networks": said.networks, "bondings": said.bondings} == asked["canonical"]


@every_call
def test_the_same_state(name):
    entry, asked = CALLS[name]
    netinfo, running = host_of(entry)
    picture = Picture(netinfo)
    before = picture.netinfo()

    said = Daemon(picture, VirtualClock(), running).setup_networks(
        **asked["request"], options={"connectivityCheck": False}
    )

    if asked["nmstate"] and name not in ASKED_WITHOUT_ROUTES:
        assert said.code == INTERNAL
        _, _, reason = asked["nmstate"].partition(": ")
        assert reason in said.message
        assert picture.netinfo() == before
        return
    assert said is None
    check_state(picture.netinfo(), asked["interfaces"], asked["routes"])


def test_all_answers_are_here():
    assert (len(ANSWERS), len(CALLS)) == (107, 195)
