"""The table of the first network, on the stand-in."""

import json

import pytest
from before_hosts import ACTIVE_BACKUP, BOND_MAC, LACP, LEASED, LEASED_TAGGED, STATIC, host
from first_network import LINES, NAME, planned

from planner.standin import Router, StandIn, Surroundings, VirtualClock
from planner.standin.faults import Mishap
from planner.standin.kernel import Refusal

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
        holders = [record for section in ("nics", "bondings", "vlans") for record in capture[section].values()]
        self.address = next((record["addr"] for record in holders if record["addr"]), "")
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
    line(played, planned(played, definition, rules))


@pytest.mark.parametrize("shape", ["nic-dhcp", "vlan-over-bond-dhcp"])
def test_adopting_a_profile_with_an_identity_of_its_own_gets_another_lease(shape, rules):
    capture, definition = SHAPES[shape]
    played = Picture(capture, surroundings=Surroundings(client_ids=True))
    steps = planned(played, definition, rules)
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
    assert played.setup(planned(played, {}, rules).adopt) == 0
    assert played.caps()["networks"][NAME]["ipv4addrs"] == ["192.0.2.10/24"]
    assert played.caps()["nameservers"] == before != []


def test_a_late_request_is_carried_out_after_its_caller_has_gone(rules):
    played = Picture(SHAPES["nic"][0])
    steps = planned(played, {}, rules)
    played.stand_in._faults = (Mishap("setupNetworks", "late", 1, 30),)  # noqa: SLF001
    assert isinstance(played.stand_in.call("setupNetworks", steps.adopt).value, Refusal)
    played.clock.sleep(29)
    assert played.caps()["networks"] == {}
    played.clock.sleep(2)
    assert list(played.caps()["networks"]) == [NAME]


def test_a_reboot_sweeps_away_what_had_not_been_carried_out(rules):
    played = Picture(SHAPES["nic"][0])
    steps = planned(played, {}, rules)
    played.stand_in._faults = (Mishap("setupNetworks", "late", 1, 30),)  # noqa: SLF001
    played.stand_in.call("setupNetworks", steps.adopt)
    played.reboot()
    played.clock.sleep(60)
    assert played.caps()["networks"] == {}


def test_a_reboot_in_the_middle_of_the_check_ends_it(rules):
    played = Picture(SHAPES["nic"][0])
    steps = planned(played, {}, rules)
    assert played.setup(steps.adopt) == 0
    played.clock.at(played.clock.now() + 0.5, played.reboot)
    assert played.setup(steps.change) != 0
    after = played.caps()
    played.clock.sleep(60)
    assert played.caps() == after
    assert (after["networks"][NAME]["bridged"], played.reached()) == (False, True)


ROUTER = {0: Router("2001:db8:1::/64", "fe80::1")}
BY_ROUTER = {"ipv6addrs": ["2001:db8:1:0:f8d1:1c5a:9e2:77/64"], "ipv6autoconf": True, "ipv6gateway": "fe80::1"}
EUI64 = "2001:db8:1:0:5054:ff:fe1c:0/64"  # of eth0's MAC address
NETWORK = {"nic": "eth0", "bridged": False, "defaultRoute": True}
AUTOMATIC = {"ipv6autoconf": True, "dhcpv6": True}


def configured(capture, network, **around):
    """What caps tell once ``network`` is set up, unchecked."""
    played = Picture(capture, surroundings=Surroundings(**around))
    options = {"connectivityCheck": False}
    assert played.setup({"networks": {NAME: network}, "bondings": {}, "options": options}) == 0
    return played.caps()


def test_a_router_gives_no_stable_privacy_address_any_more():
    caps = configured(host(eth0={**LEASED, **BY_ROUTER}), {**NETWORK, "bootproto": "dhcp"} | AUTOMATIC, routers=ROUTER)
    assert caps["networks"][NAME]["ipv6addrs"] == [EUI64]


@pytest.mark.parametrize(
    ("known", "address"),
    [({}, "2001:db8:2::8/128"), ({("52:54:00:1c:00:00", 0): "2001:db8:2::7/128"}, "2001:db8:2::7/128")],
)
def test_a_dhcpv6_server_asked_by_the_mac_address_gives_what_it_knows_that_one_by(known, address):
    leased6 = {"ipv6addrs": ["2001:db8:2::7/128"], "dhcpv6": True}
    caps = configured(host(eth0={**LEASED, **leased6}), {**NETWORK, "bootproto": "dhcp", "dhcpv6": True}, leases6=known)
    assert caps["networks"][NAME]["ipv6addrs"] == [address]


@pytest.mark.parametrize(("stated", "kept"), [({}, False), ({"nameservers": []}, True)])
def test_name_servers_of_a_router_are_frozen_unless_the_request_says_none(stated, kept):
    capture = {**host(eth0=BY_ROUTER), "nameservers": ["2001:db8::53"]}
    caps = configured(capture, {**NETWORK, **AUTOMATIC, **stated}, routers=ROUTER)
    assert caps["nameservers"] == capture["nameservers"] != []
    played = Picture(capture, surroundings=Surroundings(routers=ROUTER))
    request = {"networks": {NAME: {**NETWORK, **AUTOMATIC, **stated}}, "bondings": {}}
    played.setup({**request, "options": {"connectivityCheck": False}})
    assert (played.stand_in.running.networks[NAME]["nameservers"] == []) is kept


def test_a_default_route_goes_only_with_the_role():
    bare = {"ipaddr": "192.0.2.10", "netmask": "255.255.255.0"}
    played = Picture(host(eth0=STATIC))
    for network, gateway in (({"gateway": "192.0.2.1"}, True), ({}, True), ({"defaultRoute": False}, False)):
        options = {"connectivityCheck": False}
        request = {"networks": {NAME: {**NETWORK, **bare, **network}}, "bondings": {}, "options": options}
        assert played.setup(request) == 0
        assert played.caps()["networks"][NAME]["ipv4defaultroute"] is gateway
