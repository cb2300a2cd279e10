"""What a configuration makes of a machine, without a kernel: docs/vdsm.md, Carrying out, rule by rule."""

import pytest
from surroundings import bond4, management, network, static

from lab.agent import bonds
from lab.agent.configuring import configured, table_of
from lab.agent.machine import Link, Machine, Route
from lab.agent.storing import store, store_machine, stored, stored_machine
from planner.standin.kernel import EMPTY, Config, Fault

SLAVE = Link("nic", 1500, master="bond4")
BONDED = {
    "eth2": SLAVE._replace(mac="02:00:00:00:30:02"),
    "eth3": SLAVE._replace(mac="02:00:00:00:30:03"),
    "bond4": Link("bond", 1500, mac="02:00:00:00:30:02", options={"mode": "4"}),
    "bond4.3000": Link("vlan", 1500, mac="02:00:00:00:30:02", base="bond4", tag=3000, client="main"),
}
NIC = {"eth0": Link("nic", 1500, mac="02:00:00:00:30:00", addresses=("203.0.113.10/24",))}
SEED = management(network("bond4", vlan=3000, mtu=9000, bootproto="dhcp"), bond4("mode=4 miimon=100"))


def test_the_seed():
    made = configured(Machine(BONDED), EMPTY, SEED)
    assert made.links["ovirtmgmt"] == Link("bridge", 9000, mac="02:00:00:00:30:02", options={"stp": "0"}, client="main")
    port = made.links["bond4.3000"]
    assert (port.master, port.client, port.mtu, port.quiet) == ("ovirtmgmt", "", 9000, True)
    assert [made.links[name].mtu for name in ("bond4", "eth2", "eth3")] == [9000] * 3
    assert made.links["bond4"].options == {"mode": "4"}
    assert made.resolver == "ovirtmgmt"


def test_a_second_time_it_is_the_same():
    once = configured(Machine(BONDED), EMPTY, SEED)
    assert configured(once, SEED, SEED) == once


def test_a_bond_that_is_named_for_the_first_time_loses_its_address():
    addressed = BONDED | {"bond4": BONDED["bond4"]._replace(addresses=("203.0.113.10/24",))}
    machine = Machine(addressed, (Route("bond4", "0.0.0.0/0", "203.0.113.1"),))
    made = configured(machine, EMPTY, SEED)
    assert made.links["bond4"].addresses == ()
    assert made.routes == ()
    assert configured(machine, Config({}, bond4()), SEED).links["bond4"].addresses == ("203.0.113.10/24",)


def test_static_with_the_default_route_has_it_in_main_and_in_a_table_of_its_own():
    made = configured(Machine(NIC), EMPTY, management(network("eth0", **static())))
    tables = [route.table for route in made.routes if route.destination == "0.0.0.0/0"]
    assert tables == [table_of("ovirtmgmt"), "main"]
    assert made.links["eth0"].addresses == ()
    assert len(made.rules) == 2


def test_a_network_that_goes_takes_vlan_and_bridge_and_leaves_the_bond():
    there = configured(Machine(BONDED), EMPTY, SEED)
    made = configured(there, SEED, Config({}, SEED.bonds))
    assert made.links.keys() == {"eth2", "eth3", "bond4"}
    assert {link.mtu for link in made.links.values()} == {1500}


def test_a_network_that_is_not_there_any_more_takes_nothing():
    before = management(network("eth0", **static()))
    assert configured(Machine(NIC), before, EMPTY).links == NIC


@pytest.mark.parametrize(
    ("wanted", "word"),
    [
        (network("eth9", **static()), "eth9"),
        (network("eth0", ipv6autoconf=True), "Autoconf"),
        (network("eth0", ipv6autoconf=True, dhcpv6=True), "DHCPv6"),
    ],
)
def test_what_cannot_be_done_is_a_fault(wanted, word):
    fault = configured(Machine(NIC), EMPTY, management(wanted))
    assert isinstance(fault, Fault)
    assert word in fault.reason


def test_a_bridge_cannot_be_called_as_a_nic():
    assert isinstance(configured(Machine(NIC), EMPTY, Config({"eth0": network("eth0")}, {})), Fault)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("mode=4 miimon=100", {"mode": "4"}),
        ("mode=802.3ad lacp_rate=fast", {"mode": "4", "lacp_rate": "1"}),
        ("mode=1 miimon=100 num_unsol_na=2", {"mode": "1", "miimon": "100", "num_grat_arp": "2"}),
        ("mode=active-backup fail_over_mac=0 primary=eth2", {"mode": "1", "primary": "eth2"}),
        ("mode=5 custom=foo:bar", {"mode": "5"}),
        ("", {"mode": "0"}),
    ],
)
def test_bond_options_have_one_spelling(text, options):
    assert bonds.configured(text) == options


def test_bond_options_as_arguments():
    options = {"mode": "4", "lacp_rate": "1", "primary": "eth2", "peer_notif_delay": "100"}
    assert bonds.arguments(options) == "mode 802.3ad lacp_rate fast peer_notify_delay 100"


def test_what_is_stored_is_there_again(tmp_path):
    folder = str(tmp_path / "netconf")
    assert stored(folder) == EMPTY
    store(folder, SEED)
    assert stored(folder) == SEED
    store(folder, EMPTY)
    assert stored(folder) == EMPTY


def test_a_machine_that_died_while_it_stored_has_the_old_configuration(tmp_path):
    folder = tmp_path / "netconf"
    store(str(folder), SEED)
    folder.rename(tmp_path / "netconf.old")
    assert stored(str(folder)) == SEED


@pytest.mark.parametrize(("kind", "metric"), [("nic", 100), ("bond", 300), ("vlan", 400), ("bridge", 425)])
def test_which_default_route_wins_is_a_matter_of_the_kind_of_device(kind, metric):
    wanted = {
        "nic": network("eth0", bridged=False, **static()),
        "bond": network("bond4", bridged=False, **static()),
        "vlan": network("bond4", vlan=3000, bridged=False, **static()),
        "bridge": network("bond4", vlan=3000, **static()),
    }[kind]
    made = configured(Machine(BONDED | NIC), EMPTY, management(wanted, bond4() if kind != "nic" else {}))
    assert {route.metric for route in made.routes if route.destination == "0.0.0.0/0"} == {metric}


def test_a_device_that_is_adopted_keeps_its_static_routes():
    own = Route("eth0", "192.0.2.0/24", "203.0.113.1")
    far = Route("eth0", "192.0.2.0/24", "198.51.100.1")  # its gateway cannot be reached any more
    made = configured(Machine(NIC, (own, far)), EMPTY, management(network("eth0", bridged=False, **static())))
    assert own in made.routes
    assert far not in made.routes


def test_a_profiles_own_client_id_is_not_carried_on():
    leased = {"eth0": Link("nic", 1500, mac="02:00:00:00:30:00", client="main", identity="ff01")}
    made = configured(Machine(leased), EMPTY, management(network("eth0", bridged=False, bootproto="dhcp")))
    assert (made.links["eth0"].client, made.links["eth0"].identity) == ("main", "")


def test_no_mac_address_is_pinned_where_it_is_the_active_members():
    options = "mode=1 fail_over_mac=active"
    wanted = network("bond4", **static())
    pinned = configured(Machine(BONDED), EMPTY, management(wanted, bond4(options, hwaddr="02:00:00:00:30:02")))
    assert isinstance(pinned, Fault)
    assert not isinstance(configured(Machine(BONDED), EMPTY, management(wanted, bond4(options, hwaddr=""))), Fault)


def test_a_machine_is_stored_as_it_is(tmp_path):
    path = str(tmp_path / "profiles")
    assert stored_machine(path) is None
    machine = Machine(
        BONDED, (Route("bond4", "0.0.0.0/0", "203.0.113.1"),), ("priority 3200",), ("192.0.2.53",), "bond4"
    )
    store_machine(path, machine)
    assert stored_machine(path) == machine
