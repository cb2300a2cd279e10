"""What the hook passes leaves the host reached on a real kernel, and what it refuses does not."""

import json

import pytest
from hooks_of_vdsm import Vdsm
from surroundings import TAGGED

from lab.agent.agent import Agent

pytestmark = pytest.mark.lab
NAME = "ovirtmgmt"
ADDRESS = f"{TAGGED}10"
BOND = {"nics": ["eth2", "eth3"], "options": "mode=1 miimon=100"}
OWN = {"bonding": "bond4", "vlan": 3000, "bridged": True, "mtu": 1500, "defaultRoute": True, "bootproto": "none"}
OWN |= {"ipaddr": ADDRESS, "netmask": "255.255.255.0", "gateway": f"{TAGGED}1"}
CALLS = {  # each with whether the host is to be reached afterwards
    "without a bridge": ({NAME: {**OWN, "bridged": False}}, {}, True),
    "a member less": ({}, {"bond4": {**BOND, "nics": ["eth3"]}}, True),
    "removed": ({NAME: {"remove": True}}, {}, False),
    "untagged": ({NAME: {key: value for key, value in OWN.items() if key != "vlan"}}, {}, False),
}


@pytest.mark.parametrize("name", CALLS)
def test_the_hook_foresees_what_becomes_of_the_host(bonded, tmp_path, name):
    bonded.build("link add link bond4 name bond4.3000 type vlan id 3000", "link set bond4.3000 up")
    bonded.build(f"addr add {ADDRESS}/24 dev bond4.3000", f"route add default via {TAGGED}1 dev bond4.3000")
    agent = Agent(bonded.host, str(tmp_path / "netconf"))
    vdsm, caps = Vdsm(tmp_path), tmp_path / "caps.json"
    vdsm.configure(capabilities=f"cat {caps}", address=ADDRESS, unable="refuse", timeout="100")

    def hooked(networks, bondings):
        caps.write_text(json.dumps(agent.caps()))
        return vdsm.set_up({"networks": networks, "bondings": bondings, "options": {}})

    def carried_out(networks, bondings):
        asked = {"networks": networks, "bondings": bondings, "options": {"connectivityCheck": False}}
        assert agent.call("setupNetworks", asked).value == {"code": 0, "message": "Done"}
        return bonded.seen_by_engine(ADDRESS, seconds=5)

    assert carried_out({NAME: OWN}, {"bond4": BOND})
    networks, bondings, reached = CALLS[name]
    ran = hooked(networks, bondings)
    assert (ran.passed, "could not judge" in ran.log) == (reached, False), ran.log
    assert carried_out(networks, bondings) == reached
