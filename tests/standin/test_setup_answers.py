"""Every setupNetworks that the lab sent to VDSM on a real kernel: the same answer, the same host afterwards."""

import copy
import json
from pathlib import Path

import pytest
from before_hosts import BEFORE

from planner.standin import Router, StandIn, Surroundings, VirtualClock
from planner.standin.caps import adopted
from planner.standin.kernel import Refusal

DATA = Path(__file__).parent.parent / "data"
SURROUNDINGS = Surroundings(routers={0: Router("2001:db8:10::/64", "fe80::b4cb:a9ff:fe1b:1a4d")})
TIMERS = ("gc_timer", "hello_timer", "tcn_timer", "topology_change_timer")
# Deeds of the lab after the setup, by hand and not through VDSM: what they did to the machine.
BY_HAND = {"ov-bridge-gone", "ov-port-lost"}


def recorded(slug):
    answer = json.loads((DATA / "setup-answers" / f"{slug}.json").read_text())
    return answer, json.loads((DATA / "hosts" / slug / "caps.json").read_text())


def tampered(slug, host):
    """Do to the machine what `build.sh` did after VDSM."""
    devices = host.kernel._devices  # noqa: SLF001 somebody with a shell on the host
    if slug == "ov-bridge-gone":
        devices.remove_bridge("ovirtmgmt")
        devices.nics["eth0"] |= BEFORE[slug]["nics"]["eth0"]
        devices.nameservers = []  # they were in the profile that was deleted
    if slug == "ov-port-lost":
        devices.release("eth0")


def normalised(caps):
    """Without what differs from run to run of the real VDSM."""
    caps = copy.deepcopy(caps)
    for bridge in caps["bridges"].values():
        for timer in TIMERS:  # they count down
            del bridge["opts"][timer]
        port = bridge["ports"][0] if bridge["ports"] else ""
        if port in ("bond4.20", "bond4.30"):
            # The vlan was made in the same call: the bridge's MAC is not pinned, systemd invents one.
            del bridge["opts"]["bridge_id"], bridge["opts"]["root_id"]
    for bond in caps["bondings"].values():
        bond["slaves"].sort()  # VDSM reads them from a set
    if "eth2" in caps["nics"] and "ad_aggregator_id" in caps["nics"]["eth2"]:
        for nic in ("eth2", "eth3"):  # without a partner each slave is alone, under the number of its arrival
            del caps["nics"][nic]["ad_aggregator_id"]
    return caps


@pytest.mark.parametrize("slug", sorted(BEFORE))
def test_the_same_answer_and_the_same_host(slug):
    answer, caps = recorded(slug)
    host = StandIn(BEFORE[slug], surroundings=SURROUNDINGS, clock=VirtualClock())

    said = host.call("setupNetworks", answer["request"]).value
    if answer["setSafeNetworkConfig"]:
        assert host.call("setSafeNetworkConfig", {}).value is True
    tampered(slug, host)

    if isinstance(said, Refusal):
        assert said.code == answer["answer"]["code"]
        assert "Autoconf without DHCP is not supported yet" in said.message
    else:
        assert said == answer["answer"]
    about = json.loads((DATA / "hosts" / slug / "about.json").read_text())
    assert normalised(host.caps(about["management_address"])) == normalised(caps)
    assert host.running.document() == answer["configuration"]["running"]
    assert host.persistent.document() == answer["configuration"]["persistent"]


def test_every_recorded_call_is_here():
    assert sorted(path.stem for path in (DATA / "setup-answers").glob("*.json")) == sorted(BEFORE)


@pytest.mark.parametrize("slug", sorted(set(BEFORE) - BY_HAND))
def test_a_capture_tells_the_configuration_that_made_it(slug):
    answer, caps = recorded(slug)
    told, known = adopted(caps).document(), answer["configuration"]["running"]
    for bonds in (told["bonds"], known["bonds"]):
        for bond in bonds.values():
            del bond["options"]  # their spelling is lost
    for network in known["networks"].values():
        for curve in network.get("hostQos", {}).get("out", {}).values():
            curve |= {"m1": 0, "d": 0}  # tc reports what VDSM was not told
        network.setdefault("stp", False) if network["bridged"] else None
    assert told == known
