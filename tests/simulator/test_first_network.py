"""The table of the first network, on the stand-in."""

import json

import pytest
from before_hosts import ACTIVE_BACKUP, BOND_MAC, LACP, LEASED, LEASED_TAGGED, STATIC, host
from first_network import LINES, NAME, Steps

from planner.simulator import StandIn, Surroundings, VirtualClock
from planner.simulator.answers import Refusal
from planner.simulator.faults import Mishap

STATIC_TAGGED = {**LEASED_TAGGED, "dhcpv4": False}
SHAPES = {
    "nic": (host(eth0=STATIC), {}),
    "nic-dhcp": (host(eth0=LEASED), {}),
    "vlan-over-nic": (host(vlans={("eth0", 3000): STATIC_TAGGED}), {"vlan": 3000}),
    "bond": (host(nics=4, bond=LACP, bond4=STATIC), {"mtu": 9000}),
    "vlan-over-bond": (
        host(nics=4, bond=ACTIVE_BACKUP, vlans={("bond4", 3000): STATIC_TAGGED}),
        {"vlan": 3000, "mtu": 9000},
    ),
    "vlan-over-bond-dhcp": (host(nics=4, bond=ACTIVE_BACKUP, vlans={("bond4", 3000): LEASED_TAGGED}), {"vlan": 3000}),
}


class Picture:
    """A stand-in as `first_network.Played`."""

    def __init__(self, capture, **dials):
        # A bond has the MAC address of its first member, also when it is made anew: the same lease.
        capture = json.loads(json.dumps(capture).replace(BOND_MAC, "52:54:00:1c:00:02"))
        self.clock = VirtualClock()
        self.address = next(
            record["addr"]
            for section in ("nics", "bondings", "vlans")
            for record in capture[section].values()
            if record["addr"]
        )
        self.stand_in = StandIn(
            {**capture, "software_version": "4.50.7"}, address=self.address, clock=self.clock, **dials
        )

    def setup(self, request, *, confirmed=False, fault=""):
        faults = self.stand_in._faults  # noqa: SLF001 the next call shall meet it, whichever that is
        self.stand_in._faults = (Mishap("setupNetworks", fault, 0),) if fault else ()  # noqa: SLF001
        if confirmed:
            self.clock.at(self.clock.now() + 0.5, lambda: self.stand_in.call("confirmConnectivity", {}))
        said = self.stand_in.call("setupNetworks", request).value
        self.stand_in._faults = faults  # noqa: SLF001
        return said.code if isinstance(said, Refusal) else said["code"]

    def save(self):
        assert self.stand_in.call("setSafeNetworkConfig", {}).value is True

    def reboot(self):
        self.stand_in.reboot()

    def caps(self):
        return self.stand_in.caps()

    def reached(self, address=""):
        return (address or self.address) in self.stand_in.addresses()


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.__name__)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_line_of_the_table(shape, line, rules):
    capture, definition = SHAPES[shape]
    played = Picture(capture)
    line(played, Steps(played, definition, rules))


@pytest.mark.parametrize("shape", ["nic-dhcp", "vlan-over-bond-dhcp"])
def test_adopting_a_profile_with_an_identity_of_its_own_gets_another_lease(shape, rules):
    capture, definition = SHAPES[shape]
    played = Picture(capture, surroundings=Surroundings(client_ids=True))
    steps = Steps(played, definition, rules)
    assert played.setup(steps.adopt) == 0
    other = played.caps()["networks"][NAME]["addr"]
    assert other not in ("", played.address)
    assert not played.reached()
    played.address = other
    assert played.setup(steps.change, confirmed=True) == 0
    assert played.caps()["networks"][NAME]["addr"] == other, "from then on it stays"


def test_adopting_drops_further_addresses_and_keeps_the_name_servers(rules):
    two = {**STATIC, "ipv4addrs": ["192.0.2.10/24", "198.51.100.7/24"]}
    played = Picture(host(eth0=two))
    before = played.caps()["nameservers"]
    assert played.setup(Steps(played, {}, rules).adopt) == 0
    assert played.caps()["networks"][NAME]["ipv4addrs"] == ["192.0.2.10/24"]
    assert played.caps()["nameservers"] == before != []


def test_a_late_request_is_carried_out_after_its_caller_has_gone(rules):
    played = Picture(SHAPES["nic"][0])
    steps = Steps(played, {}, rules)
    played.stand_in._faults = (Mishap("setupNetworks", "late", 1, 30),)  # noqa: SLF001
    assert isinstance(played.stand_in.call("setupNetworks", steps.adopt).value, Refusal)
    played.clock.sleep(29)
    assert played.caps()["networks"] == {}
    played.clock.sleep(2)
    assert list(played.caps()["networks"]) == [NAME]


def test_a_reboot_sweeps_away_what_had_not_been_carried_out(rules):
    played = Picture(SHAPES["nic"][0])
    steps = Steps(played, {}, rules)
    played.stand_in._faults = (Mishap("setupNetworks", "late", 1, 30),)  # noqa: SLF001
    played.stand_in.call("setupNetworks", steps.adopt)
    played.reboot()
    played.clock.sleep(60)
    assert played.caps()["networks"] == {}


def test_a_reboot_in_the_middle_of_the_check_ends_it(rules):
    played = Picture(SHAPES["nic"][0])
    steps = Steps(played, {}, rules)
    assert played.setup(steps.adopt) == 0
    played.clock.at(played.clock.now() + 0.5, played.reboot)
    assert played.setup(steps.change) != 0
    after = played.caps()
    played.clock.sleep(60)
    assert played.caps() == after
    assert (after["networks"][NAME]["bridged"], played.reached()) == (False, True)
