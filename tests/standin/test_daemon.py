"""VDSM's daemon: what is stored, what is lost, who is let in, and the way back."""

import threading

import pytest
from before_hosts import BEFORE, BOND_MAC, DUAL, LACP, STATIC, host

from planner.host.capture import read_capture
from planner.standin import Lease, StandIn, Surroundings
from planner.standin.clock import VirtualClock
from planner.standin.faults import parse_mishap
from planner.standin.host import Controllers
from planner.standin.kernel import Refusal

NETWORK = {"nic": "eth0", "bridged": True, "ipaddr": "192.0.2.10", "netmask": "255.255.255.0", "gateway": "192.0.2.1"}
REQUEST = {"networks": {"ovirtmgmt": {**NETWORK, "defaultRoute": True}}, "bondings": {}}
UNCHECKED = {**REQUEST, "options": {"connectivityCheck": False}}
CAPTURE = BEFORE["ov-bridged-nic-static"]


def standing(capture, clock=None, **dials):
    return StandIn(capture, clock=clock or VirtualClock(), **dials)


def setup(stand_in, request=UNCHECKED):
    return stand_in.call("setupNetworks", request).value


def test_nobody_confirms_and_the_host_goes_back():
    stand_in = standing(CAPTURE, backups=True)
    before = stand_in.caps()
    said = setup(stand_in, {**REQUEST, "options": {"connectivityTimeout": 3}})
    assert said == Refusal(10, "connectivity check failed")
    assert stand_in.clock.now() == 3
    assert stand_in.caps() == {**before, "netConfigDirty": "True"}


def test_without_backups_the_way_back_leaves_no_address():
    stand_in = standing(CAPTURE)
    assert setup(stand_in, REQUEST).code == 10
    assert stand_in.clock.now() == 4, "VDSM's own default"
    assert stand_in.caps()["networks"] == {}
    assert stand_in.addresses() == ()


@pytest.mark.parametrize("verb", ["confirmConnectivity", "ping"])
def test_a_confirm_during_the_check_counts(verb):
    clock = VirtualClock()
    stand_in = standing(CAPTURE, clock=clock)
    clock.at(2.5, lambda: stand_in.call(verb, {}))
    assert setup(stand_in, REQUEST) == {"code": 0, "message": "Done"}
    assert clock.now() == 3
    assert stand_in.caps()["lastClientIface"] == "ovirtmgmt"


def test_a_confirm_before_the_check_and_ping2_do_not_count():
    clock = VirtualClock()
    stand_in = standing(CAPTURE, clock=clock)
    stand_in.call("confirmConnectivity", {})
    clock.sleep(1)
    clock.at(2, lambda: stand_in.call("ping2", {}))
    assert setup(stand_in, REQUEST).code == 10


def test_what_is_not_stored_is_lost_at_a_reboot():
    stand_in = standing(CAPTURE, backups=True, recovery=30, boot_seconds=60)
    stand_in.clock.sleep(30)
    before = stand_in.caps()
    setup(stand_in)
    assert stand_in.caps()["netConfigDirty"] == "True"
    stand_in.reboot()
    assert stand_in.addresses() == ()
    stand_in.clock.sleep(60)
    assert stand_in.addresses() == ("192.0.2.10",)
    assert stand_in.call("getCapabilities", {}).value.code == 99
    stand_in.clock.sleep(30)
    assert stand_in.call("getCapabilities", {}).value == before


@pytest.mark.parametrize("options", [{"commitOnSuccess": True}, {}])
def test_what_is_stored_survives_a_reboot(options):
    stand_in = standing(CAPTURE)
    setup(stand_in, {**REQUEST, "options": {"connectivityCheck": False, **options}})
    if not options:
        assert stand_in.call("setSafeNetworkConfig", {}).value is True
    after = stand_in.caps()
    assert after["netConfigDirty"] == "False"
    stand_in.reboot()
    assert stand_in.caps() == after


def test_a_second_network_verb_finds_the_first_one_running():
    clock = VirtualClock()
    stand_in = standing(CAPTURE, clock=clock)
    said = []
    clock.at(1, lambda: said.append(setup(stand_in).code))
    clock.at(1, lambda: said.append(stand_in.call("setSafeNetworkConfig", {}).value.code))
    clock.at(1.5, lambda: said.append(stand_in.call("getCapabilities", {}).value["lastClientIface"]))
    clock.at(2, lambda: stand_in.call("confirmConnectivity", {}))
    assert setup(stand_in, REQUEST)["code"] == 0
    assert said == [40, 40, "ovirtmgmt"]


def test_removing_the_network_leaves_the_bond_and_no_address():
    stand_in = standing(BEFORE["ov-wrong-mtu"])
    tagged = {
        "bonding": "bond4",
        "vlan": "3000",
        "bridged": True,
        "bootproto": "dhcp",
        "defaultRoute": True,
        "mtu": 9000,
    }
    setup(stand_in, {"networks": {"ovirtmgmt": tagged}, "options": {"connectivityCheck": False}})
    assert stand_in.caps()["nics"]["eth3"]["mtu"] == "9000"
    assert stand_in.address == "198.51.100.177", "the MAC is the same, and so is the lease"
    setup(stand_in, {"networks": {"ovirtmgmt": {"remove": True}}, "options": {"connectivityCheck": False}})
    caps = stand_in.caps()
    assert (caps["networks"], caps["vlans"], caps["bridges"], stand_in.address) == ({}, {}, {}, "")
    assert (caps["bondings"]["bond4"]["mtu"], caps["bondings"]["bond4"]["hwaddr"]) == ("1500", BOND_MAC)
    assert list(stand_in.running.bonds) == ["bond4"]


def test_a_new_mac_gets_another_lease():
    stand_in = standing(host(nics=4, eth0=BEFORE["ov-bridged-nic-dhcp"]["nics"]["eth0"]))
    network = {"bonding": "bond0", "bootproto": "dhcp", "defaultRoute": True, "bridged": True}
    bond = {"nics": ["eth2", "eth3"], "options": "mode=1"}
    setup(
        stand_in, {"networks": {"ovirtmgmt": network}, "bondings": {"bond0": bond}, "options": {"connectivityCheck": 0}}
    )
    assert stand_in.caps()["networks"]["ovirtmgmt"]["addr"] == "192.0.2.178"


def test_dhcp_on_a_vlan_without_a_server_gives_no_address():
    stand_in = standing(CAPTURE, surroundings=Surroundings(pools={7: Lease("203.0.113.5/24", "203.0.113.1")}))
    for vlan, address in (("7", "203.0.113.5"), ("8", "")):
        network = {"nic": "eth0", "vlan": vlan, "bootproto": "dhcp", "defaultRoute": True}
        setup(stand_in, {"networks": {"ovirtmgmt": network}, "options": {"connectivityCheck": False}})
        assert stand_in.caps()["networks"]["ovirtmgmt"]["addr"] == address


@pytest.mark.parametrize(
    ("change", "around", "heard"),
    [
        ({}, Surroundings(), True),
        ({"vlan": 300}, Surroundings(), False),
        ({"vlan": 300}, Surroundings(segments={"192.0.2.0/24": 300}), True),
        ({"vlan": 300}, Surroundings(segments={"192.0.2.0/24": 300}, tags=frozenset({200})), False),
        ({"mtu": 9000}, Surroundings(mtu=1500), False),
        ({"mtu": 9000}, Surroundings(mtu=9000), True),
        ({"defaultRoute": False}, Surroundings(routed=True), False),
        ({"defaultRoute": False}, Surroundings(), True),
        ({"gateway": None}, Surroundings(routed=True), True),  # nmstate keeps what it is not told to take away
    ],
)
def test_who_is_heard(change, around, heard):
    stand_in = standing(BEFORE["ov-wrong-vlan"], surroundings=around)
    tagged = {**NETWORK, "vlan": 200, "defaultRoute": True}
    changed = {key: value for key, value in {**tagged, **change}.items() if value is not None}
    unchecked = {"connectivityCheck": False}
    setup(stand_in, {"networks": {"ovirtmgmt": tagged}, "options": unchecked})
    setup(stand_in, {"networks": {"ovirtmgmt": changed}, "options": unchecked})
    assert stand_in.addresses() == (("192.0.2.10",) if heard else ())


def test_off_and_on_is_a_reboot_of_the_target():
    controllers = Controllers()
    proxy, target = standing(CAPTURE, controllers=controllers), standing(CAPTURE, backups=True)
    controllers.register("203.0.113.9", target)
    setup(target)

    def fence(action, addr="203.0.113.9", agent="ipmilan"):
        return proxy.call("fenceNode", {"addr": addr, "agent": agent, "action": action, "password": "secret"}).value

    assert fence("status") == {"power": "on"}
    assert "secret" not in str(proxy.log)
    assert fence("off") == {"power": "unknown", "operationStatus": "initiated"}
    assert (fence("status"), target.addresses()) == ({"power": "off"}, ())
    fence("on")
    assert (fence("status"), target.caps()["networks"]) == ({"power": "on"}, {})
    assert [fence("explode").code, fence("on", agent="ouija").code, fence("on", addr="203.0.113.8").code] == [
        -32603,
        43,
        1,
    ]


@pytest.mark.parametrize(
    ("fault", "code", "networks"),
    [
        ("busy", 40, {}),
        ("recovering", 99, {}),
        ("crash", -32603, {}),
        ("wrong-mtu", 0, {"ovirtmgmt": "1400"}),
        ("no-bridge", 0, {}),
    ],
)
def test_faults_of_the_daemon(fault, code, networks):
    stand_in = standing(CAPTURE, faults=[parse_mishap(f"setupNetworks:{fault}:1")])
    said = setup(stand_in)
    assert (said["code"] if isinstance(said, dict) else said.code) == code
    assert {name: network["mtu"] for name, network in stand_in.caps()["networks"].items()} == networks
    assert setup(stand_in) == {"code": 0, "message": "Done"}
    assert stand_in.caps()["networks"]["ovirtmgmt"]["mtu"] == "1500"


@pytest.mark.parametrize(
    ("steps", "running", "address"), [(0, [], "192.0.2.10"), (1, ["ovirtmgmt"], ""), (2, ["ovirtmgmt"], "192.0.2.10")]
)
def test_death_at_a_step_leaves_half_a_host_and_the_stored_configuration(steps, running, address):
    stand_in = standing(CAPTURE, faults=[parse_mishap(f"setupNetworks:dies={steps}")], recovery=0)
    setup(stand_in)
    assert (list(stand_in.running.networks), stand_in.address, stand_in.epoch) == (running, address, 1)
    assert stand_in.persistent.networks == {}


def test_a_reboot_that_never_ends():
    stand_in = standing(CAPTURE, faults=[parse_mishap("reboot:never-ends")])
    stand_in.reboot()
    stand_in.clock.sleep(1e9)
    assert stand_in.addresses() == ()


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("setupNetwork:crash", "fault-verb-unknown", "did you mean setupNetworks?"),
        ("setupNetworks:lostreply", "fault-unknown", "did you mean lost-reply?"),
        ("ping:wrong-mtu", "fault-unknown", "known: lost-reply"),
        ("ping:slow", "fault-amount", "write slow=NUMBER"),
        ("ping:slow=x", "fault-amount", "write slow=NUMBER"),
        ("ping:crash=2", "fault-amount", "write crash alone"),
        ("ping:crash:0", "fault-occurrence", "from 1, or every"),
        ("", "fault-verb-unknown", "known: setupNetworks"),
    ],
)
def test_a_fault_that_is_not_understood(text, code, hint):
    problem = parse_mishap(text)
    assert problem.code == code
    assert hint in problem.hint


@pytest.mark.parametrize("text", ["setupNetworks:lost-reply:1", "ping:slow=2.5:every", "connect:plain-tcp:3"])
def test_a_fault_is_spelt_as_it_is_read(text):
    assert str(parse_mishap(text)) == text


def test_many_threads_and_one_verb_at_a_time():
    stand_in = standing(CAPTURE)
    threads = [threading.Thread(target=setup, args=(stand_in,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stand_in.log) == 20
    assert list(stand_in.caps()["networks"]) == ["ovirtmgmt"]


def test_a_setup_takes_its_time():
    clock = VirtualClock()
    stand_in = standing(CAPTURE, clock=clock, setup_seconds=30)
    seen = []
    clock.at(29, lambda: seen.append(list(stand_in.caps()["networks"])))
    setup(stand_in)
    assert (seen, clock.now()) == ([[]], 30)


@pytest.mark.parametrize(("version", "code"), [("4.30", 0), ("4.30.0", 25), ("4.30.1", 0), ("4.50", 0), ("4.16", 25)])
def test_names_of_bonds_by_age(version, code):
    stand_in = standing({**host(nics=4), "software_version": version})
    bond = {"bondings": {"bond_a": {"nics": ["eth2", "eth3"]}}, "options": {"connectivityCheck": False}}
    said = setup(stand_in, bond)
    assert (said["code"] if isinstance(said, dict) else said.code) == code


def test_a_network_that_takes_the_default_route_draws_in_the_one_that_had_it():
    stand_in = standing(BEFORE["ov-plus-vmnet-other-nic"])
    setup(stand_in)
    other = {"nic": "eth1", "ipaddr": "198.51.100.9", "prefix": 24, "gateway": "198.51.100.1", "defaultRoute": True}
    setup(stand_in, {"networks": {"other": other}, "options": {"connectivityCheck": False}})
    flags = {name: network["ipv4defaultroute"] for name, network in stand_in.caps()["networks"].items()}
    assert flags == {"ovirtmgmt": False, "other": True}
    assert stand_in.running.networks["ovirtmgmt"]["defaultRoute"] is False


@pytest.mark.parametrize(
    ("version", "bond", "mtus"),
    [
        ("4.30.53", LACP, ["9000", "9000"]),
        ("4.17", LACP, ["9000", "9000"]),
        ("4.50.7", LACP, ["1500", "1500"]),
    ],
)
def test_before_nmstate_a_base_that_carries_a_vlan_is_not_lowered(version, bond, mtus):
    capture = host(nics=4, bond=bond, vlans={("bond4", 3000): DUAL})
    for name, section in (("bond4", "bondings"), ("eth2", "nics"), ("eth3", "nics"), ("bond4.3000", "vlans")):
        capture[section][name]["mtu"] = "9000"
    stand_in = standing({**capture, "software_version": version})
    network = {"bonding": "bond4", "vlan": 3000, "mtu": 1500, "ipaddr": "192.0.2.10", "netmask": "255.255.255.0"}
    setup(stand_in, {"networks": {"ovirtmgmt": network}, "options": {"connectivityCheck": False}})
    caps = stand_in.caps()
    assert [caps["bondings"]["bond4"]["mtu"], caps["nics"]["eth2"]["mtu"]] == mtus
    assert caps["vlans"]["bond4.3000"]["mtu"] == "1500"


@pytest.mark.parametrize(("version", "mtu"), [("4.30.53", "1500"), ("4.50.7", "1500")])
def test_a_base_that_carries_nothing_gets_the_mtu_that_is_asked_for(version, mtu):
    capture = host(eth0={**STATIC, "mtu": "9000"})
    stand_in = standing({**capture, "software_version": version})
    setup(stand_in)
    assert stand_in.caps()["nics"]["eth0"]["mtu"] == mtu


@pytest.mark.parametrize(("version", "code"), [("4.40.20", 0), ("4.40.21", 24), ("4.50.7", 24)])
def test_members_of_other_bonds_are_judged_since_4_40_21(version, code):
    capture = host(nics=4, bond=LACP, eth0=STATIC, vlans={("eth3", 7): {}})
    said = setup(standing({**capture, "software_version": version}))
    assert (said["code"] if isinstance(said, dict) else said.code) == code


@pytest.mark.parametrize(("version", "code"), [("4.18.11", 0), ("4.18.12", 22)])
def test_name_servers_are_known_since_4_18_12(version, code):
    network = {**NETWORK, "defaultRoute": True, "nameservers": ["no address"]}
    said = setup(
        standing({**CAPTURE, "software_version": version}),
        {"networks": {"ovirtmgmt": network}, "bondings": {}, "options": {"connectivityCheck": False}},
    )
    assert (said["code"] if isinstance(said, dict) else said.code) == code


LATER = {
    "4.10": {
        "ipv4addrs",
        "ipv6addrs",
        "dhcpv4",
        "ipv6autoconf",
        "ipv4defaultroute",
        "switch",
        "ad_partner_mac",
        "opts",
    },
    "4.14": {"ipv4addrs", "dhcpv4", "ipv6autoconf", "ipv4defaultroute", "switch", "ad_partner_mac", "opts"},
    "4.16": {"dhcpv4", "ipv6autoconf", "ipv4defaultroute", "switch", "ad_partner_mac", "active_slave"},
    "4.17": {"ipv6autoconf", "ipv4defaultroute", "switch", "ad_partner_mac"},
    "4.18": {"ipv4defaultroute", "southbound"},
    "4.30.0": {"southbound", "cfg"},
    "4.50.7": {"cfg"},
}


@pytest.mark.parametrize("version", LATER)
def test_no_age_tells_keys_of_a_later_one(version):
    nics = {name: {"hwaddr": f"52:54:00:00:00:0{name[-1]}", "speed": 1000} for name in ("eth0", "eth1", "eth2")}
    nics["eth0"] |= {"addr": "192.0.2.10", "netmask": "255.255.255.0"}
    nics["eth0"] |= {"gateway": "192.0.2.1"} if "cfg" in LATER[version] else {"cfg": {"GATEWAY": "192.0.2.1"}}
    stand_in = standing({"nics": nics, "software_version": version})
    bond = {"bond0": {"nics": ["eth1", "eth2"], "options": "mode=4 miimon=100"}}
    unchecked = {"connectivityCheck": False}
    said = setup(stand_in, {"networks": {"ovirtmgmt": NETWORK}, "bondings": bond, "options": unchecked})
    assert said == {"code": 0, "message": "Done"}
    caps = stand_in.caps()
    sections = [caps[section].values() for section in ("nics", "bondings", "vlans", "bridges", "networks")]
    assert not {key for records in sections for record in records for key in record} & LATER[version]
    reading = read_capture(caps)
    assert reading.host is not None, reading.problems
