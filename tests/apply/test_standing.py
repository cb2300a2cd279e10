"""Whether a host stands as a request wants it: each field noticed, what VDSM does not report held against nobody."""

import copy
import json
from pathlib import Path

import pytest

import planner
from planner.apply.verify import Measured, cut_short, differences, kept_macs, measure, stands_as_before
from planner.host.model import NO_IP, Address, Bond, Bridge, Host, Ip, Network, Nic, Vlan
from planner.standin import StandIn

ROOT = Path(__file__).parent.parent.parent
PLANS = {path.parent.name: json.loads(path.read_text()) for path in sorted((ROOT / "golden").glob("*/plan.json"))}
# Plans that warn of it: the host's nmstate takes no name servers of a family without a gateway.
REFUSED = {
    name
    for name, plan in PLANS.items()
    for problem in plan["problems"]
    if problem["code"] == "nameservers-need-gateway"
}
# Its capture hides the routes, and with them the gateway that nmstate would find on the host itself.
REFUSED_FOR_WANT_OF_ROUTES = {"gateway-unknown-to-adopt-by-ipv6"}
CHANGES = [
    name
    for name, plan in PLANS.items()
    if plan["outcome"] == "change" and name not in REFUSED | REFUSED_FOR_WANT_OF_ROUTES
]


def host_of(caps: dict) -> Host:
    host = planner.read_capture(caps).host
    assert host is not None
    return host


def taken_over(golden: str) -> tuple[dict, StandIn, Host]:
    """The plan of a golden, its host after the plan's steps, and the host before."""
    plan, stand_in, before = planned(golden)
    for step in plan["steps"]:
        send(stand_in, step["request"])
    return plan, stand_in, before


def planned(golden: str) -> tuple[dict, StandIn, Host]:
    folder = ROOT / "golden" / golden
    capture = json.loads((folder / "capture.json").read_text())
    return json.loads((folder / "plan.json").read_text()), StandIn(capture), host_of(capture)


def send(stand_in: StandIn, request: dict) -> None:
    unchecked = copy.deepcopy(request)
    unchecked["options"]["connectivityCheck"] = False
    answer = stand_in.call("setupNetworks", unchecked)
    assert answer.value == {"code": 0, "message": "Done"}, answer


@pytest.mark.parametrize("golden", CHANGES)
def test_a_host_that_took_the_request_stands_as_planned_and_no_more_as_before(golden: str) -> None:
    plan, stand_in, before = planned(golden)
    for step in plan["steps"]:
        assert differences(step["request"], host_of(stand_in.caps())) != ()
        send(stand_in, step["request"])
        after = host_of(stand_in.caps())
        told = {difference.field for difference in differences(step["request"], after)}
        # Whom the stand-in's DHCP server does not know it gives no lease: that must be told.
        assert told == ({"address"} if not after.networks[plan["network"]].ip.addresses else set())
        assert kept_macs(step["foreseen"], after).differences == ()
        assert not stands_as_before(before, after)


SEED = {
    "bonding": ("bond7", "base device"),
    "vlan": (3001, "VLAN tag"),
    "mtu": (1500, "MTU"),
    "bridged": (False, "bridge"),
    "stp": (True, "STP"),
    "switch": ("ovs", "switch"),
    "bootproto": ("none", "DHCPv4"),
    "dhcpv6": (True, "DHCPv6"),
    "ipv6autoconf": (True, "IPv6 autoconf"),
}


@pytest.mark.parametrize("key", SEED)
def test_each_field_of_the_request_is_held_against_the_host(key: str) -> None:
    plan, stand_in, _ = taken_over("seed-vlan-over-bond")
    value, told = SEED[key]
    request = copy.deepcopy(plan["steps"][-1]["request"])
    request["networks"]["ovirtmgmt"][key] = value
    assert told in {difference.field for difference in differences(request, host_of(stand_in.caps()))}


def test_members_and_options_of_the_bond_are_held_against_the_host() -> None:
    plan, stand_in, _ = taken_over("seed-vlan-over-bond")
    request = copy.deepcopy(plan["steps"][-1]["request"])
    request["bondings"]["bond4"] = {"nics": ["eth2"], "options": "mode=1 miimon=50", "switch": "legacy"}
    found = {str(difference) for difference in differences(request, host_of(stand_in.caps()))}
    assert found == {
        "members of bond4 is eth2, eth3, not eth2",
        "mode of bond4 is 802.3ad, not active-backup",
        "miimon of bond4 is 100, not 50",
    }


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("ipaddr", "192.0.2.11", "IPv4 address"),
        ("netmask", "255.255.0.0", "IPv4 address"),
        ("gateway", "192.0.2.254", "IPv4 gateway"),
        ("ipv6addr", "2001:db8::7/64", "IPv6 address"),
    ],
)
def test_static_addresses_are_held_against_the_host(key: str, value: str, told: str) -> None:
    plan, stand_in, _ = taken_over("nic-static")
    request = copy.deepcopy(plan["steps"][-1]["request"])
    request["networks"]["ovirtmgmt"][key] = value
    assert [difference.field for difference in differences(request, host_of(stand_in.caps()))] == [told]


def test_a_host_that_hides_its_routes_is_not_accused_of_having_none() -> None:
    plan, stand_in, _ = taken_over("nic-static")
    caps = copy.deepcopy(stand_in.caps())
    for table in ("networks", "bridges", "nics"):
        for device in caps[table].values():
            device.update(gateway="", ipv4defaultroute=False)
    assert differences(plan["steps"][-1]["request"], host_of(caps)) == ()


def test_another_lease_is_as_before_and_another_address_by_hand_is_not() -> None:
    leased = json.loads((ROOT / "golden/nic-dhcp/capture.json").read_text())
    static = json.loads((ROOT / "golden/nic-static/capture.json").read_text())
    for capture, same in ((leased, True), (static, False)):
        other = copy.deepcopy(capture)
        other["nics"]["eth0"].update(addr="192.0.2.77", ipv4addrs=["192.0.2.77/24"])
        assert stands_as_before(host_of(capture), host_of(other)) is same


@pytest.mark.parametrize("golden", sorted(REFUSED))
def test_what_a_plan_warns_of_happens(golden: str) -> None:
    plan, stand_in, _ = planned(golden)
    answers = [stand_in.call("setupNetworks", step["request"]).value for step in plan["steps"]]
    assert answers[-1].code == -32603
    assert "DNS name servers" in answers[-1].message


def changed(host: Host, **ip: object) -> Host:
    """``host`` with another IP configuration of its ovirtmgmt."""
    network = host.networks["ovirtmgmt"]
    return host._replace(networks={"ovirtmgmt": network._replace(ip=network.ip._replace(**ip))})


@pytest.mark.parametrize(("family", "told"), [(4, "IPv4 address"), (0, "address")])
def test_a_lease_must_be_there_where_the_host_is_managed(family: int, told: str) -> None:
    plan, stand_in, _ = taken_over("seed-vlan-over-bond")
    request, host = plan["steps"][-1]["request"], host_of(stand_in.caps())
    assert differences(request, host, family=family) == ()
    found = differences(request, changed(host, addresses=()), family=family)
    assert [difference.field for difference in found] == [told]


def test_a_gateway_is_missed_on_a_host_that_used_to_tell_it_and_unseen_on_others() -> None:
    plan, stand_in, _ = taken_over("nic-static")
    request, host = plan["steps"][-1]["request"], host_of(stand_in.caps())
    without = changed(host, gateway4="", default_route4=False)
    silent = without._replace(bridges={}, nics={})
    assert {difference.field for difference in differences(request, silent, routes=True)} == {
        "IPv4 gateway",
        "default route",
    }
    assert measure(request, silent).differences == ()
    assert {"IPv4 gateway", "default route"} <= set(measure(request, silent).unseen)


def test_name_servers_must_be_there_and_further_ones_may() -> None:
    plan, stand_in, _ = taken_over("nic-static")
    host = host_of(stand_in.caps())
    request = copy.deepcopy(plan["steps"][-1]["request"])
    request["networks"]["ovirtmgmt"]["nameservers"] = ["192.0.2.53"]
    for servers, dirty, told in (
        (("198.51.100.53", "192.0.2.53"), False, ((), False)),
        (("198.51.100.53",), False, (("name servers",), False)),
        ((), False, (("name servers",), False)),
        ((), None, ((), True)),  # what the engine tells of a host
    ):
        found = measure(request, host._replace(nameservers=servers, dirty=dirty))
        assert (tuple(one.field for one in found.differences), "name servers" in found.unseen) == told


def test_an_option_that_the_bond_has_lost_is_told() -> None:
    plan, stand_in, _ = taken_over("seed-vlan-over-bond")
    request, host = plan["steps"][-1]["request"], host_of(stand_in.caps())
    bond = host.bonds["bond4"]
    bare = host._replace(bonds={**host.bonds, "bond4": bond._replace(options=())})
    assert [str(one) for one in differences(request, bare)] == ["miimon of bond4 is its default, not 100"]
    silent = host._replace(bonds={**host.bonds, "bond4": bond._replace(options=(), mode=-1)})
    assert {"mode of bond4", "miimon of bond4"} <= set(measure(request, silent).unseen)


def test_a_mac_address_that_vdsm_pins_is_held_against_the_host() -> None:
    plan, stand_in, _ = taken_over("seed-vlan-over-bond")
    foreseen, host = plan["steps"][-1]["foreseen"], host_of(stand_in.caps())
    other = host.bridges["ovirtmgmt"]._replace(hwaddr="52:54:00:00:00:99")
    found = kept_macs(foreseen, host._replace(bridges={"ovirtmgmt": other}))
    assert [one.field for one in found.differences] == ["MAC address of ovirtmgmt"]
    assert kept_macs(foreseen, host._replace(bridges={})).unseen == ("MAC address of ovirtmgmt",)


def test_a_change_that_a_power_cut_ended_is_known() -> None:
    plan, stand_in, before = planned("nic-static")
    adopt, change = plan["steps"]
    assert not cut_short(adopt["request"], before)
    send(stand_in, adopt["request"])
    adopted = host_of(stand_in.caps())
    assert not cut_short(adopt["request"], adopted)
    send(stand_in, change["request"])
    bridges = host_of(stand_in.caps()).bridges
    assert cut_short(adopt["request"], changed(adopted, addresses=())._replace(bridges=bridges))


@pytest.mark.parametrize(
    ("golden", "key", "value", "told"),
    [
        ("seed-vlan-over-bond", "bonding", "bond7", "base device is bond4, not bond7"),
        ("seed-vlan-over-bond", "vlan", None, "VLAN tag is 3000, not 0"),
        ("seed-vlan-over-bond", "mtu", 1500, "MTU is 9000, not 1500"),
        ("seed-vlan-over-bond", "bridged", False, "bridge is yes, not no"),
        ("seed-vlan-over-bond", "stp", "YES", None),
        ("seed-vlan-over-bond", "stp", "yes", "STP is no, not yes"),
        ("seed-vlan-over-bond", "switch", "ovs", "switch is legacy, not ovs"),
        ("seed-vlan-over-bond", "dhcpv6", "true", "DHCPv6 is no, not yes"),
        ("seed-vlan-over-bond", "ipv6autoconf", "True", "IPv6 autoconf is no, not yes"),
        ("nic-static", "bootproto", "dhcp", "DHCPv4 is no, not yes"),
        ("nic-static", "ipaddr", "192.0.2.11", "IPv4 address is 192.0.2.10, not 192.0.2.11/24"),
        ("nic-static", "netmask", "255.255.0.0", "IPv4 address is 192.0.2.10/24, not 192.0.2.10/16"),
        ("nic-static", "prefix", 25, "IPv4 address is 192.0.2.10/24, not 192.0.2.10/25"),
        ("nic-static", "gateway", "192.0.2.254", "IPv4 gateway is 192.0.2.1, not 192.0.2.254"),
        ("nic-static", "gateway", "", "IPv4 gateway is 192.0.2.1, not none"),
        ("nic-static", "defaultRoute", False, "default route is here, not elsewhere"),
        ("nic-static", "ipv6addr", "2001:db8::7/64", "IPv6 address is 192.0.2.10, not 2001:db8::7/64"),
        ("nic-static", "ipv6gateway", "2001:DB8::1", "IPv6 gateway is none, not 2001:db8::1"),
        ("nic-static", "ipv6gateway", "::", None),
        ("nic-static", "ipv6gateway", "", None),
        ("nic-static", "nameservers", ["2001:db8::99"], "name servers is 192.0.2.53, not 2001:db8::99"),
    ],
)
def test_a_difference_says_what_is_and_what_was_wanted(golden: str, key: str, value: object, told: str | None) -> None:
    plan, stand_in, _ = taken_over(golden)
    request = copy.deepcopy(plan["steps"][-1]["request"])
    request["networks"]["ovirtmgmt"][key] = value
    host = host_of(stand_in.caps())._replace(dirty=False)
    found = {str(difference) for difference in differences(request, host)}
    assert found == {told} if told else not found


def test_what_is_not_there_at_all() -> None:
    plan, stand_in, _ = taken_over("seed-vlan-over-bond")
    request, host = plan["steps"][-1]["request"], host_of(stand_in.caps())
    assert [str(one) for one in differences(request, host._replace(networks={}, bonds={}))] == [
        "network is not there, not ovirtmgmt as VDSM's own",
        "bond bond4 is not there, not there",
    ]


@pytest.mark.parametrize(
    ("family", "asked", "told"),
    [
        (4, {}, "IPv4 address is none, not a lease"),
        (6, {"dhcpv6": True}, "IPv6 address is none, not an automatic one"),
        (6, {"ipv6autoconf": True}, "IPv6 address is none, not an automatic one"),
        (0, {"bootproto": "none", "ipv6autoconf": True}, "address is none, not an automatic one"),
        (0, {}, "address is none, not an automatic one"),
        (6, {}, None),
        (4, {"bootproto": "none"}, None),
    ],
)
def test_an_address_that_is_given_is_awaited_in_the_family_of_the_host(
    family: int, asked: dict, told: str | None
) -> None:
    plan, stand_in, _ = taken_over("seed-vlan-over-bond")
    request = copy.deepcopy(plan["steps"][-1]["request"])
    request["networks"]["ovirtmgmt"].update(asked)
    host = changed(host_of(stand_in.caps()), addresses=())
    found = [str(one) for one in differences(request, host, family=family) if one.field.endswith("address")]
    assert found == ([told] if told else [])


def test_only_the_first_network_of_a_request_is_that_of_the_management_address() -> None:
    plan, stand_in, _ = taken_over("seed-vlan-over-bond")
    request, host = plan["steps"][-1]["request"], changed(host_of(stand_in.caps()), addresses=())
    (wanted,) = request["networks"].values()
    both = {**request, "networks": {"gone": wanted, "ovirtmgmt": wanted}}
    assert {str(one) for one in differences(both, host, family=4)} == {"network is not there, not gone as VDSM's own"}


def test_a_mode_that_is_the_kernels_first_is_a_mode_and_one_without_a_name_a_number() -> None:
    plan, stand_in, _ = taken_over("seed-vlan-over-bond")
    request, host = plan["steps"][-1]["request"], host_of(stand_in.caps())
    for mode, told in ((0, "balance-rr"), (6, "balance-alb"), (7, "7")):
        bond = host.bonds["bond4"]._replace(mode=mode)
        found = differences(request, host._replace(bonds={"bond4": bond}))
        assert [str(one) for one in found] == [f"mode of bond4 is {told}, not 802.3ad"]


@pytest.mark.parametrize(
    ("given", "change", "same"),
    [
        ({}, {"gateway6": "2001:db8::2"}, False),
        ({"autoconf": True}, {"gateway6": "fe80::2"}, True),
        ({"dhcpv6": True}, {"gateway6": "fe80::2"}, True),
        ({}, {"gateway4": "192.0.2.2"}, False),
        ({"dhcpv4": True}, {"gateway4": "192.0.2.2"}, True),
        ({}, {"dhcpv6": True}, False),
        ({}, {"default_route4": False}, False),
    ],
)
def test_what_a_server_or_a_router_gives_may_change_and_what_was_set_may_not(
    given: dict, change: dict, *, same: bool
) -> None:
    _, _, before = planned("nic-static")

    def with_ip(digest: str, **ip: object) -> Host:
        nic = before.nics["eth0"]
        return before._replace(digest=digest, nics={**before.nics, "eth0": nic._replace(ip=nic.ip._replace(**ip))})

    assert stands_as_before(with_ip("one", **given), with_ip("other", **given, **change)) is same


def test_an_mtu_and_a_prefix_that_are_not_told_are_held_against_nobody() -> None:
    plan, stand_in, _ = taken_over("nic-static")
    request, host = plan["steps"][-1]["request"], host_of(stand_in.caps())
    network = host.networks["ovirtmgmt"]
    bare = tuple(address._replace(prefix=-1) for address in network.ip.addresses)
    silent = network._replace(mtu=-1, ip=network.ip._replace(addresses=bare))
    found = measure(request, host._replace(networks={"ovirtmgmt": silent}))
    assert (found.differences, "MTU" in found.unseen) == ((), True)


@pytest.mark.parametrize(
    ("number", "name"),
    [*enumerate(["balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"])],
)
def test_a_mode_asked_for_by_its_number_is_told_by_its_name(number: int, name: str) -> None:
    """Source: Documentation/networking/bonding.rst of the kernel, `mode`."""
    plan, stand_in, _ = taken_over("seed-vlan-over-bond")
    request, host = copy.deepcopy(plan["steps"][-1]["request"]), host_of(stand_in.caps())
    request["bondings"]["bond4"]["options"] = f"mode={number}"
    bond = host.bonds["bond4"]._replace(mode=(number + 1) % 7)
    told = [one.wanted for one in differences(request, host._replace(bonds={"bond4": bond}))]
    assert told == [name]


def test_an_option_of_a_bond_may_have_an_equals_sign_in_its_value_and_none_need_be_asked() -> None:
    plan, stand_in, _ = taken_over("seed-vlan-over-bond")
    request, host = copy.deepcopy(plan["steps"][-1]["request"]), host_of(stand_in.caps())
    request["bondings"]["bond4"]["options"] = "custom=a=b=c"
    assert [str(one) for one in differences(request, host)] == ["custom of bond4 is its default, not a=b=c"]
    del request["bondings"]["bond4"]["options"]
    assert differences(request, host) == ()


MAC, OTHER = "52:54:00:00:00:01", "52:54:00:00:00:99"
BARE = Host("caps", "sha256:0")


def pinned(device: str) -> list[dict[str, str]]:
    return [{"effect": "mac-kept", "device": device, "to": MAC}, {"effect": "lease", "device": "eth9", "to": OTHER}]


def test_a_mac_address_is_as_pinned_or_another_or_not_told() -> None:
    for hwaddr, told, unseen in (
        (MAC, [], ()),
        (OTHER, [f"MAC address of eth0 is {OTHER}, not {MAC}"], ()),
        ("", [], ("MAC address of eth0",)),
    ):
        found = kept_macs(pinned("eth0"), BARE._replace(nics={"eth0": Nic("eth0", "", hwaddr=hwaddr)}))
        assert ([str(one) for one in found.differences], found.unseen) == (told, unseen)
    assert kept_macs(pinned("eth0"), BARE).unseen == ("MAC address of eth0",)
    silent = BARE._replace(bridges={"ovirtmgmt": Bridge("ovirtmgmt", "")})
    assert kept_macs(pinned("ovirtmgmt"), silent) == Measured((), ())  # no VDSM tells that of a bridge


def a_host(ip: Ip = NO_IP, **fields: object) -> Host:
    """A host whose ovirtmgmt is a VM network on eth0, with ``ip``; ``fields`` are the network's."""
    network = Network("ovirtmgmt", "", "ovirtmgmt", bridged=True, southbound="eth0", mtu=1500, stp=False, ip=ip)
    return BARE._replace(networks={"ovirtmgmt": network._replace(**fields)})


def measured(asked: dict, host: Host, *, family: int = 0, routes: bool | None = None) -> list[str]:
    """The differences from a call for a network on eth0 that asks for ``asked``, in words."""
    request = {"networks": {"ovirtmgmt": {"nic": "eth0", **asked}}, "bondings": {}, "options": {}}
    return [str(one) for one in differences(request, host, family=family, routes=routes)]


def test_a_network_that_is_not_said_to_be_bridged_is_a_vm_network() -> None:
    """Source: VDSM's schema, `bridged`: by default true."""
    assert measured({}, a_host()) == []
    assert measured({}, a_host(bridged=False)) == ["bridge is no, not yes"]


def test_of_a_network_without_a_bridge_no_stp_is_asked() -> None:
    assert measured({"bridged": False, "stp": True}, a_host(bridged=False, stp=None)) == []


def test_the_tag_is_that_of_the_vlan_under_the_network_else_the_one_that_the_network_tells() -> None:
    vlan = Vlan("eth0.30", "", base="eth0", tag=30)
    for host, found in (
        (a_host(southbound="eth0.30", tag=31)._replace(vlans={"eth0.30": vlan}), 30),
        (a_host(tag=31), 31),
        (a_host(tag=-1), 0),
    ):
        assert measured({"vlan": 5}, host) == [f"VLAN tag is {found}, not 5"]
    assert measured({"vlan": ""}, a_host(tag=31)) == ["VLAN tag is 31, not 0"]


def test_an_mtu_is_as_asked_or_told_as_it_is() -> None:
    assert measured({"mtu": "1500"}, a_host()) == []
    assert measured({"mtu": 1500}, a_host(mtu=0)) == ["MTU is 0, not 1500"]


SIX = Address("2001:db8::10", 6, 64, "")
FOUR, OTHER4 = Address("192.0.2.10", 4, 24, ""), Address("192.0.2.11", 4, 24, "")


@pytest.mark.parametrize(
    ("family", "held", "told"),
    [
        (6, (SIX,), []),
        (6, (FOUR,), ["IPv6 address is none, not an automatic one"]),
        (0, (FOUR,), []),
        (0, (), ["address is none, not an automatic one"]),
    ],
)
def test_an_automatic_address_is_awaited_and_need_not_be_a_certain_one(
    family: int, held: tuple[Address, ...], told: list[str]
) -> None:
    host = a_host(Ip(held, autoconf=True))
    assert measured({"dhcpv6": False, "ipv6autoconf": True}, host, family=family) == told


def test_by_itself_no_family_is_that_of_the_management_address() -> None:
    request = {"networks": {"ovirtmgmt": {"nic": "eth0", "bootproto": "dhcp"}}}
    assert differences(request, a_host(Ip((SIX,), dhcpv4=True))) == ()
    assert measure(request, a_host(Ip((SIX,), dhcpv4=True))).differences == ()


def test_an_ipv6_gateway_is_unseen_on_a_host_that_tells_no_routes() -> None:
    asked = {"ipv6gateway": "2001:db8::1"}
    assert measured(asked, a_host(), routes=True) == ["IPv6 gateway is none, not 2001:db8::1"]
    assert measured(asked, a_host(Ip(gateway6="2001:DB8:0::1")), routes=True) == []
    assert measured(asked, a_host(Ip(gateway6="2001:db8::2")), routes=True) == [
        "IPv6 gateway is 2001:db8::2, not 2001:db8::1"
    ]
    assert measured(asked, a_host(), routes=False) == []


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (("192.0.2.53", "192.0.2.54"), []),
        (("192.0.2.54", "192.0.2.53", "192.0.2.55"), []),
        (("192.0.2.53", "192.0.2.55"), ["name servers is 192.0.2.53, 192.0.2.55, not 192.0.2.53, 192.0.2.54"]),
        ((), ["name servers is none, not 192.0.2.53, 192.0.2.54"]),
    ],
)
def test_every_name_server_must_be_there(held: tuple[str, ...], told: list[str]) -> None:
    host = a_host()._replace(nameservers=held, dirty=False)
    assert measured({"nameservers": ["192.0.2.53", "192.0.2.54"]}, host) == told


@pytest.mark.parametrize(
    ("asked", "held", "told"),
    [
        ({}, (FOUR,), ["IPv4 address is 192.0.2.10/24, not 192.0.2.10/32"]),  # as VDSM takes one without a netmask
        ({"prefix": 24}, (FOUR,), []),
        ({"prefix": 24}, (OTHER4, SIX), ["IPv4 address is 192.0.2.11, 2001:db8::10, not 192.0.2.10/24"]),
        ({"prefix": 24}, (), ["IPv4 address is none, not 192.0.2.10/24"]),
    ],
)
def test_an_address_that_was_asked_for_is_there_or_those_are_told_that_are(
    asked: dict, held: tuple[Address, ...], told: list[str]
) -> None:
    assert measured({"ipaddr": "192.0.2.10", **asked}, a_host(Ip(held))) == told


def a_stack(**fields: object) -> Host:
    """A host of a nic, a bond, a VLAN and a bridge."""
    host = BARE._replace(
        nics={"eth0": Nic("eth0", "", ip=Ip((FOUR,)))},
        bonds={"bond0": Bond("bond0", "", members=("eth1", "eth2"), mode=1, options=(("miimon", "100"),))},
        vlans={"eth0.30": Vlan("eth0.30", "", base="eth0", tag=30)},
        bridges={"br0": Bridge("br0", "", ports=("vnet0", "vnet1"), stp=False)},
        nameservers=("192.0.2.53",),
    )
    return host._replace(digest="sha256:1", **fields)


BOND, VLAN, BRIDGE = a_stack().bonds["bond0"], a_stack().vlans["eth0.30"], a_stack().bridges["br0"]


@pytest.mark.parametrize(
    ("now", "same"),
    [
        ({"bonds": {"bond0": BOND._replace(members=("eth2", "eth1"))}}, True),
        ({"bonds": {"bond0": BOND._replace(members=("eth1",))}}, False),
        ({"bonds": {"bond0": BOND._replace(mode=4)}}, False),
        ({"bonds": {"bond0": BOND._replace(options=())}}, False),
        ({"vlans": {"eth0.30": VLAN._replace(base="bond0")}}, False),
        ({"vlans": {"eth0.30": VLAN._replace(tag=31)}}, False),
        ({"bridges": {"br0": BRIDGE._replace(ports=("vnet1", "vnet0"))}}, True),
        ({"bridges": {"br0": BRIDGE._replace(ports=("vnet0",))}}, False),
        ({"bridges": {"br0": BRIDGE._replace(stp=True)}}, False),
        ({"nameservers": ("192.0.2.54",)}, False),
    ],
)
def test_what_the_devices_stand_on_is_as_before_or_not(now: dict, *, same: bool) -> None:
    assert stands_as_before(a_stack()._replace(digest="sha256:0"), a_stack(**now)) is same


def test_name_servers_of_a_host_without_an_address_by_hand_come_and_go() -> None:
    leased = {"eth0": Nic("eth0", "", ip=Ip((FOUR,), dhcpv4=True))}
    before = a_stack(nics=leased)._replace(digest="sha256:0")
    assert stands_as_before(before, a_stack(nics=leased, nameservers=("192.0.2.54",)))


@pytest.mark.parametrize(
    ("given", "then", "same"),
    [
        ({"autoconf": True}, (), True),
        ({"dhcpv6": True}, (), True),
        ({"dhcpv6": True, "autoconf": True}, (), True),
        ({"dhcpv4": True}, (), False),
        ({}, (), False),
    ],
)
def test_an_ipv6_address_is_as_before_unless_somebody_hands_it_out(
    given: dict, then: tuple[Address, ...], *, same: bool
) -> None:
    was, now = (a_stack(nics={"eth0": Nic("eth0", "", ip=Ip(held, **given))}) for held in ((SIX,), then))
    assert stands_as_before(was._replace(digest="sha256:0"), now) is same


def test_a_lease_lost_with_its_gateway_is_as_before_and_one_that_becomes_static_is_not() -> None:
    leased, lost, static = (
        a_stack(nics={"eth0": Nic("eth0", "", ip=ip)})
        for ip in (Ip((FOUR,), gateway4="192.0.2.1", dhcpv4=True), Ip(dhcpv4=True), Ip((FOUR,), gateway4="192.0.2.1"))
    )
    assert stands_as_before(leased._replace(digest="sha256:0"), lost)
    assert not stands_as_before(leased._replace(digest="sha256:0"), static)


CUT = {"bridged": False, "device": "eth0"}
BROUGHT_UP = {"ovirtmgmt": Bridge("ovirtmgmt", "", ports=("eth0",), ip=Ip((FOUR,)))}


@pytest.mark.parametrize(
    ("network", "ip", "bridges", "cut"),
    [
        (CUT, NO_IP, BROUGHT_UP, True),
        (CUT, Ip((FOUR,)), BROUGHT_UP, False),
        (CUT, NO_IP, {}, False),
        (CUT, NO_IP, {"ovirtmgmt": BROUGHT_UP["ovirtmgmt"]._replace(ports=("eth1",))}, False),
        ({**CUT, "bridged": True}, NO_IP, BROUGHT_UP, False),
    ],
)
def test_a_change_was_cut_short_if_the_address_is_on_a_bridge_that_vdsm_does_not_know(
    network: dict, ip: Ip, bridges: dict[str, Bridge], *, cut: bool
) -> None:
    host = a_host(ip, **network)._replace(bridges=bridges)
    assert cut_short({"networks": {"ovirtmgmt": {"nic": "eth0"}}}, host) is cut
    assert not cut_short({"networks": {"other": {"nic": "eth0"}}}, host)
