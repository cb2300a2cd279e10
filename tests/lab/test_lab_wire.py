"""An engine in a namespace of its own speaks VDSM's wire with the agent, and the host's real network moves under it."""

import pytest
from engine import running, wait_for
from surroundings import steady

from lab.agent.storing import stored

pytestmark = pytest.mark.lab
BOND4 = {"bond4": {"nics": ["eth2", "eth3"], "options": "mode=1 miimon=100"}}
CHECKED = {"connectivityCheck": True, "connectivityTimeout": 6}
SEED = {"bonding": "bond4", "vlan": 3000, "bridged": True, "mtu": 9000, "bootproto": "dhcp", "defaultRoute": True}
WRONG = {"bonding": "bond4", "vlan": 3001, "bridged": True, "defaultRoute": True, "ipaddr": "203.0.113.10"} | {
    "netmask": "255.255.255.0",
    "gateway": "203.0.113.1",
}
ADOPT = SEED | {"bridged": False, "mtu": 1500}
BY_HAND = {"bonding": "bond4", "bridged": False, "defaultRoute": True, "ipaddr": "203.0.113.10"} | {
    "netmask": "255.255.255.0",
    "gateway": "203.0.113.1",
}
COMMIT = ["Host.setSafeNetworkConfig", {}]
CAPS = ["Host.getCapabilities", {}]


def setup(network, **options):
    wanted = {"networks": {"ovirtmgmt": network}, "bondings": BOND4, "options": CHECKED | options}
    return ["Host.setupNetworks", wanted]


def adopted(host, address, network=ADOPT):
    """The host as it stands once it has been adopted."""
    (answer,) = host.engine(address, setup(network, connectivityCheck=False, commitOnSuccess=True))
    assert answer["result"]["code"] == 0
    assert host.agent.persistent == host.agent.running
    return steady()


def test_the_seed_over_the_wire(world, seed, tmp_path):
    with running(world, tmp_path) as host:
        (caps,) = host.engine(seed, CAPS)
        assert caps["result"]["lastClientIface"] == "bond4.3000"
        assert caps["result"]["vlans"]["bond4.3000"]["dhcpv4"]
        answers = host.engine(seed, setup(SEED), CAPS, COMMIT, CAPS, confirm=[seed])
        assert answers[0]["result"] == {"code": 0, "message": "Done"}
        assert answers[1]["result"]["netConfigDirty"] == "True"
        assert answers[2]["result"] is True
        caps = answers[3]["result"]
    network = caps["networks"]["ovirtmgmt"]
    assert (caps["lastClientIface"], caps["netConfigDirty"]) == ("ovirtmgmt", "False")
    assert (network["addr"], network["mtu"], network["vlanid"], network["dhcpv4"]) == (seed, "9000", 3000, True)
    assert network["southbound"] == "bond4.3000"
    assert stored(str(tmp_path / "netconf")).networks["ovirtmgmt"]["vlan"] == 3000
    assert world.jumbo(seed)


def test_a_wrong_tag_loses_contact_and_is_rolled_back(world, untagged, tmp_path):
    with running(world, tmp_path) as host:
        before = adopted(host, untagged, BY_HAND)
        (answer,) = host.engine(untagged, setup(WRONG), confirm=[untagged])
        assert answer["error"]["code"] == 10
        (caps,) = host.engine(untagged, CAPS)
    assert caps["result"]["networks"]["ovirtmgmt"]["bridged"] is False
    assert steady() == before


def test_an_engine_killed_in_the_middle_of_a_setup_is_rolled_back(world, seed, tmp_path):
    with running(world, tmp_path) as host:
        before = adopted(host, seed)
        assert host.engine(seed, setup(SEED), die="pending") == []
        wait_for(lambda: host.agent.running != host.agent.persistent)  # it is set up, and nobody confirms
        wait_for(lambda: not host.agent.busy)
        assert host.agent.running == host.agent.persistent
        assert steady() == before
        assert world.seen_by_engine(seed)
        (caps,) = host.engine(seed, CAPS)
    assert caps["result"]["networks"]["ovirtmgmt"]["bridged"] is False


def test_an_engine_killed_before_the_commit_and_a_restart(world, seed, tmp_path):
    with running(world, tmp_path) as host:
        before = adopted(host, seed)
        (answer,) = host.engine(seed, setup(SEED), die=1, confirm=[seed])
        assert answer["result"]["code"] == 0
        assert host.agent.running.networks["ovirtmgmt"]["bridged"]
        assert world.jumbo(seed)
        host.agent.reboot()
        assert host.agent.running == host.agent.persistent
    assert steady() == before
    assert world.seen_by_engine(seed)


def test_what_was_committed_is_there_when_another_agent_starts(world, seed, tmp_path):
    with running(world, tmp_path) as host:
        answers = host.engine(seed, setup(SEED, commitOnSuccess=True), confirm=[seed])
        assert answers[0]["result"]["code"] == 0
    planned = steady()
    with running(world, tmp_path) as host:
        (caps,) = host.engine(seed, CAPS)
    assert caps["result"]["networks"]["ovirtmgmt"]["addr"] == seed
    assert caps["result"]["netConfigDirty"] == "False"
    assert steady() == planned


def test_a_refusal_touches_nothing(world, seed, tmp_path):
    before = steady()
    with running(world, tmp_path) as host:
        (answer,) = host.engine(seed, setup(SEED | {"gateway": "198.51.100.1"}))
    assert answer["error"]["code"] == 22
    assert steady() == before
