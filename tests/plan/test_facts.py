"""What the rules see of a host: every field of every fact, on a host made by hand that has one of each device."""

import pytest

from planner.definition import Definition, read_definition
from planner.facts.compute import facts_of
from planner.facts.vocabulary import KINDS, Fact
from planner.host.model import Address, Bond, Bridge, Host, Ip, Network, Nic, Vlan
from planner.plan.attachment import Attachment, IpPlan, attachment_facts

MAC = "52:54:00:00:00:{:02x}".format
INFINIBAND = "80:00:02:08:" + ":".join(["fe"] * 16)
STATIC = Ip((Address("192.0.2.10", 4, 24, "bridges.ovirtmgmt.addr"),), "192.0.2.10", "192.0.2.1", default_route4=True)
HOST = Host(
    "caps",
    "sha256:0",
    nics={
        "eth0": Nic("eth0", "nics.eth0", mtu=9000, hwaddr=MAC(1), permanent_hwaddr=MAC(11)),
        "eth1": Nic("eth1", "nics.eth1", mtu=1500, hwaddr=MAC(2)),
        "ib0": Nic("ib0", "nics.ib0", hwaddr=INFINIBAND),
    },
    bonds={
        "bond0": Bond(
            "bond0",
            "bondings.bond0",
            mtu=9000,
            members=("eth1", "eth0", "gone"),
            mode=1,
            options=(("mode", "1"), ("fail_over_mac", "follow")),
            partner="00:00:00:00:00:00",
            switch="legacy",
        )
    },
    vlans={"bond0.30": Vlan("bond0.30", "vlans.bond0.30", mtu=1500, base="bond0", tag=30)},
    bridges={
        "ovirtmgmt": Bridge("ovirtmgmt", "bridges.ovirtmgmt", mtu=1500, ports=("bond0.30",), stp=True, ip=STATIC),
        "br0": Bridge("br0", "bridges.br0", mtu=1400, ports=("vnet1", "ib0")),
    },
    networks={
        "ovirtmgmt": Network(
            "ovirtmgmt",
            "networks.ovirtmgmt",
            device="ovirtmgmt",
            bridged=True,
            ports=("bond0.30",),
            southbound="bond0.30",
            mtu=1500,
            stp=True,
            switch="legacy",
            ip=STATIC,
        )
    },
    nameservers=("192.0.2.53", "2001:db8::53"),
    version=(4, 40, 7),
    nmstate=(1, 2),
    dirty=True,
    enterprise_linux=8,
)


def definition(**fields: object) -> Definition:
    found = read_definition({"network": "ovirtmgmt", **fields}).definition
    assert found is not None
    return found


def facts(kind: str, host: Host = HOST, *addresses: str, **fields: object) -> list[Fact]:
    return facts_of(host, definition(**fields), addresses, [kind])


def seen(kind: str, name: str) -> dict[str, object]:
    return dict(next(fact.fields for fact in facts(kind) if fact.fields["name"] == name))


def test_a_nic() -> None:
    assert seen("nic", "eth0") == {
        "name": "eth0",
        "hwaddr": MAC(1),
        "permanent_hwaddr": MAC(11),
    }
    assert seen("nic", "eth1")["permanent_hwaddr"] == MAC(2)


def test_a_device() -> None:
    assert seen("device", "eth0") == {
        "name": "eth0",
        "kind": "nic",
        "mtu": 9000,
        "link": "ethernet",
        "bond": "bond0",
        "bridge": "",
        "vlans": 0,
        "addresses": 0,
        "port": "eth0",
        "base": "eth0",
        "tag": -1,
    }
    assert (seen("device", "ib0")["link"], seen("device", "ib0")["bridge"]) == ("infiniband", "br0")
    assert seen("device", "bond0")["link"] == "ethernet"  # of its members: its own MAC address is not told
    assert seen("device", "bond0")["vlans"] == 1
    assert seen("device", "bond0.30")["bridge"] == "ovirtmgmt"
    assert [seen("device", name)["addresses"] for name in ("ovirtmgmt", "br0")] == [1, 0]


def test_where_a_network_stands_on_a_device() -> None:
    stands = {
        name: tuple(seen("device", name)[field] for field in ("port", "base", "tag")) for name in ("bond0.30", "br0")
    }
    assert stands == {"bond0.30": ("bond0.30", "bond0", 30), "br0": ("br0", "br0", -1)}
    assert tuple(seen("device", "ovirtmgmt").values())[-3:] == ("bond0.30", "bond0", 30)
    tagged = {"ovirtmgmt": HOST.networks["ovirtmgmt"]._replace(tag=7, mtu=1400, southbound="eth9")}
    (fact,) = [
        one for one in facts("device", HOST._replace(networks=tagged, bridges={})) if one.fields["kind"] == "bridge"
    ]
    assert tuple(fact.fields.values())[-3:] == ("eth9", "eth9", 7)
    assert (fact.fields["mtu"], fact.path) == (1400, "networks.ovirtmgmt")
    assert tuple(
        one.fields["kind"] for one in facts("device", HOST._replace(nics={"br0": Nic("br0", "nics.br0")}))
    ) == (
        "nic",
        "bond",
        "vlan",
        "bridge",
    )


def test_a_bond() -> None:
    assert seen("bond", "bond0") == {
        "name": "bond0",
        "hwaddr": "",
        "mode": 1,
        "members": 3,
        "member_names": "eth0, eth1, gone",
        "options": "mode=1 fail_over_mac=follow",
        "fail_over_mac": 2,
        "switch": "legacy",
        "partner": "00:00:00:00:00:00",
    }


@pytest.mark.parametrize(
    ("hwaddr", "bridge", "link"), [(MAC(9), "", "ethernet"), (INFINIBAND, "br0", "infiniband"), ("02:00", "br0", "")]
)
def test_a_bond_that_tells_its_mac_address_and_is_a_port(hwaddr: str, bridge: str, link: str) -> None:
    bridges = {"br0": HOST.bridges["br0"]._replace(ports=("bond0",))} if bridge else {}
    bonds = {"bond0": HOST.bonds["bond0"]._replace(hwaddr=hwaddr)}
    host = HOST._replace(bonds=bonds, bridges=bridges)
    (bond,) = facts("bond", host)
    (fact,) = [one for one in facts("device", host) if one.fields["name"] == "bond0"]
    assert (bond.fields["hwaddr"], fact.fields["link"], fact.fields["bridge"]) == (hwaddr, link, bridge)


@pytest.mark.parametrize(
    ("value", "number"),
    [("none", 0), ("active", 1), ("follow", 2), ("0", 0), ("999", 999), ("1000", -1), ("some", -1), ("²", -1)],
)
def test_an_option_is_a_number_by_its_word_or_its_digits(value: str, number: int) -> None:
    bonds = {"bond0": HOST.bonds["bond0"]._replace(options=(("fail_over_mac", value),))}
    assert facts("bond", HOST._replace(bonds=bonds))[0].fields["fail_over_mac"] == number


def test_members_listed_and_not() -> None:
    assert [dict(fact.fields) for fact in facts("member")] == [
        {"bond": "bond0", "nic": name, "listed": listed, "vlans": 0, "addresses": 0}
        for name, listed in (("eth0", 1), ("eth1", 1), ("gone", 0))
    ]


def test_a_vlan() -> None:
    assert seen("vlan", "bond0.30") == {
        "name": "bond0.30",
        "base": "bond0",
        "base_kind": "bond",
        "tag": 30,
        "vdsm_name": "bond0.30",
        "vdsm_name_length": 8,
        "conventional": 1,
    }


def test_bridges_and_their_ports() -> None:
    owned, foreign = seen("bridge", "ovirtmgmt"), seen("bridge", "br0")
    assert (owned["owned"], owned["stp"], owned["ports"]) == (1, 1, 1)
    assert (foreign["owned"], foreign["stp"], foreign["ports"], foreign["port_names"]) == (0, -1, 2, "ib0, vnet1")
    assert [(*fact.fields.values(), fact.path) for fact in facts("port")] == [
        ("ovirtmgmt", "bond0.30", 1, "bridges.ovirtmgmt.ports"),
        ("br0", "ib0", 0, "bridges.br0.ports"),
        ("br0", "vnet1", 0, "bridges.br0.ports"),
    ]


def test_a_network_of_vdsm() -> None:
    assert seen("network", "ovirtmgmt") == {
        "name": "ovirtmgmt",
        "device": "ovirtmgmt",
        "bridged": 1,
        "port": "bond0.30",
        "contradicted": "",
        "base": "bond0",
        "base_kind": "bond",
        "vlan": 30,  # of the device: the network tells none
        "mtu": 1500,
        "stp": 1,
        "switch": "legacy",
        "portless": 0,
        "default_route": 1,
    }


def test_what_was_asked_and_what_the_host_is() -> None:
    wanted = [dict(fact.fields) for fact in facts("wanted", HOST, "192.0.2.10", "2001:db8::1", "127.0.0.2", "::1")]
    assert [(one["family"], one["loopback"]) for one in wanted] == [(4, 0), (6, 0), (4, 1), (6, 1)]
    (vdsm,) = facts("vdsm")
    assert dict(vdsm.fields) == {"version": 440, "patch": 7, "nmstate": 10200, "known": 1, "dirty": 1}
    (unknown,) = facts("vdsm", HOST._replace(version=(), nmstate=(), dirty=None))
    assert dict(unknown.fields) == {"version": 9999, "patch": -1, "nmstate": -1, "known": 0, "dirty": -1}
    assert [facts("vdsm", HOST._replace(nmstate=told))[0].fields["nmstate"] for told in ((2,), (2, 1, 7))] == [
        20000,
        20107,
    ]
    assert (vdsm.path, unknown.path) == ("software_version", "")
    assert facts("nameserver") == [
        Fact("nameserver", {"address": "192.0.2.53", "family": 4, "index": 0}, "nameservers[0]"),
        Fact("nameserver", {"address": "2001:db8::53", "family": 6, "index": 1}, "nameservers[1]"),
    ]
    (host,) = facts("host")
    assert host.path == ""
    assert (host.fields["addresses"], host.fields["gateways"]) == ("192.0.2.10 on ovirtmgmt", 1)
    assert (host.fields["nameservers"], host.fields["enterprise_linux"]) == ("192.0.2.53,2001:db8::53", 8)


def test_a_second_default_route_a_client_elsewhere_and_a_device_that_is_not_listed() -> None:
    second = Ip((Address("198.51.100.5", 4, 24, "nics.eth5.addr"),), "198.51.100.5", "198.51.100.1")
    lost = HOST.networks["ovirtmgmt"]._replace(name="lost", path="networks.lost", device="eth7", ip=second)
    host = HOST._replace(networks={**HOST.networks, "lost": lost}, last_client_iface="eth0")
    (told,) = facts("host", host)
    assert told.fields["default_route_devices"] == "ovirtmgmt, eth7"
    devices = {
        fact.fields["device"]: (fact.fields["method"], fact.path)
        for fact in facts("ip", host)
        if fact.fields["family"] == 4
    }
    assert devices == {
        "ovirtmgmt": ("static", "bridges.ovirtmgmt"),
        "eth7": ("static", "networks.lost"),
        "eth0": ("none", "nics.eth0"),
    }


@pytest.mark.parametrize("text", ["192.0.2.10", "203.0.113.10"])  # before and after 2001: in the order of texts
def test_of_two_given_addresses_on_a_device_ipv4_is_the_management_address(text: str) -> None:
    held = (Address(text, 4, 24, ""), Address("2001:db8::10", 6, 64, ""))
    host = HOST._replace(bridges={"ovirtmgmt": HOST.bridges["ovirtmgmt"]._replace(ip=Ip(held, text))}, networks={})
    for given in ((text, "2001:db8::10"), ("2001:db8::10", text)):
        (candidate,) = [fact for fact in facts("candidate", host, *given) if fact.fields["found_by"] == "address"]
        assert candidate.fields["address"] == text


@pytest.mark.parametrize(
    ("count", "listed", "last"),
    [(24, 24, "192.0.2.24 on ovirtmgmt"), (25, 25, "1 more"), (26, 25, "2 more")],
)
def test_a_long_list_is_cut_and_says_so(count: int, listed: int, last: str) -> None:
    held = tuple(Address(f"192.0.2.{number}", 4, 24, "") for number in range(1, count + 1))
    bridges = {"ovirtmgmt": HOST.bridges["ovirtmgmt"]._replace(ip=STATIC._replace(addresses=held))}
    (host,) = facts("host", HOST._replace(bridges=bridges, networks={}))
    told = str(host.fields["addresses"]).split(", ")
    assert (len(told), told[0], told[-1]) == (listed, "192.0.2.1 on ovirtmgmt", last)


LEASED6 = Address("2001:db8::7", 6, 128, "nics.eth0.ipv6addrs")
FLOATING4 = Address("192.0.2.20", 4, 32, "nics.eth0.ipv4addrs")
MIXED = Ip((*STATIC.addresses, FLOATING4, LEASED6), "192.0.2.10", "192.0.2.1", "fe80::1", dhcpv4=True, dhcpv6=True)
MIXED_HOST = Host("caps", "sha256:0", nics={"eth0": Nic("eth0", "nics.eth0", ip=MIXED)}, version=(4, 50))


def test_the_addresses_of_a_device_with_a_service_s_address_beside_its_leases() -> None:
    shared = {"device": "eth0"}
    assert facts("address", MIXED_HOST) == [
        Fact(
            "address",
            shared | {"address": "192.0.2.10", "family": 4, "prefix": 24, "carried": 1, "origin": "", "single": ""},
            "bridges.ovirtmgmt.addr",
        ),
        Fact(
            "address",
            shared
            | {"address": "192.0.2.20", "family": 4, "prefix": 32, "carried": 0, "origin": "", "single": "floating"},
            "nics.eth0.ipv4addrs",
        ),
        Fact(
            "address",
            shared
            | {"address": "2001:db8::7", "family": 6, "prefix": 128, "carried": 1, "origin": "lease", "single": ""},
            "nics.eth0.ipv6addrs",
        ),
    ]


def test_an_address_whose_subnet_is_everything_has_every_other_in_it() -> None:
    odd = Ip((Address("198.51.100.1", 4, 0, ""), FLOATING4), "198.51.100.1")
    host = MIXED_HOST._replace(nics={"eth0": Nic("eth0", "nics.eth0", ip=odd)})
    assert [fact.fields["single"] for fact in facts("address", host)] == ["", "floating"]


def test_the_ip_configuration_of_a_device() -> None:
    assert facts("ip", MIXED_HOST) == [
        Fact(
            "ip",
            {
                "device": "eth0",
                "family": 4,
                "method": "dhcp",
                "planned": "dhcp",
                "address": "192.0.2.10",
                "prefix": 24,
                "gateway": "192.0.2.1",
                "addresses": 2,
                "default_route": 1,
                "address_by_hand": 0,
                "by_hand": 0,
            },
            "nics.eth0",
        ),
        Fact(
            "ip",
            {
                "device": "eth0",
                "family": 6,
                "method": "dhcp",
                "planned": "dhcp",
                "address": "2001:db8::7",
                "prefix": 128,
                "gateway": "fe80::1",
                "addresses": 1,
                "default_route": 1,
                "address_by_hand": 0,
                "by_hand": 0,
            },
            "nics.eth0",
        ),
    ]
    _, without6 = facts("ip")
    assert [without6.fields[name] for name in ("method", "address", "prefix", "addresses")] == ["none", "", -1, 0]


def test_gateways_are_counted_and_default_routes_told_by_device() -> None:
    assert facts("host", MIXED_HOST)[0].fields["gateways"] == 2
    assert facts("route", MIXED_HOST) == [
        Fact("route", {"device": "eth0", "family": 4, "gateway": "192.0.2.1", "default": 1}, "nics.eth0.gateway"),
        Fact("route", {"device": "eth0", "family": 6, "gateway": "fe80::1", "default": 1}, "nics.eth0.ipv6gateway"),
    ]


def test_a_network_on_a_device_that_is_not_listed_is_told_by_its_own_place() -> None:
    """An excerpt may show a network and leave out the bridge under it, and the network may have a route only."""
    routed = Ip((), "", "198.51.100.1", default_route4=True)
    lost = Network("ovirtmgmt", "networks.ovirtmgmt", device="ovirtmgmt", bridged=True, ip=routed)
    host = Host("caps", "sha256:0", networks={"ovirtmgmt": lost}, last_client_iface="ovirtmgmt", version=(4, 50))
    assert [(fact.fields["device"], fact.path) for fact in facts("route", host)] == [
        ("ovirtmgmt", "networks.ovirtmgmt.gateway")
    ]
    shared = {"device": "ovirtmgmt", "kind": "bridge", "address": "", "family": -1, "rivals": 0, "apart": 0, "owned": 1}
    assert [fact._replace(fields=dict(fact.fields)) for fact in facts("candidate", host)] == [
        Fact("candidate", shared | {"found_by": "lastClientIface"}, "lastClientIface"),
        Fact("candidate", shared | {"found_by": "default-route"}, ""),
    ]
    assert facts("client", host) == [Fact("client", {"device": "ovirtmgmt", "listed": 1}, "lastClientIface")]


@pytest.mark.parametrize(
    ("ip", "leads"),
    [
        (Ip((Address("2001:db8::10", 6, 64, ""),), gateway6="fe80::1"), 1),
        (Ip((Address("192.0.2.10", 4, 24, ""),), "192.0.2.10", gateway6="fe80::1"), 0),
        (Ip((Address("192.0.2.10", 4, 24, ""),), "192.0.2.10", "192.0.2.1"), 1),
        (Ip((Address("192.0.2.10", 4, 24, ""),), "192.0.2.10", "192.0.2.1", default_route4=False), 0),
        (Ip(), 0),
    ],
)
def test_the_default_route_of_a_network_is_that_of_ipv4_where_it_has_ipv4(ip: Ip, leads: int) -> None:
    network = HOST.networks["ovirtmgmt"]._replace(ip=ip)
    (fact,) = facts("network", HOST._replace(networks={"ovirtmgmt": network}))
    assert fact.fields["default_route"] == leads


def test_of_two_networks_on_one_device_the_management_network_tells_how_it_got_its_addresses() -> None:
    leased, by_hand = STATIC._replace(dhcpv4=True), STATIC
    data = Network("data", "networks.data", "eth0", bridged=False, southbound="eth0", ip=by_hand)
    own = data._replace(name="ovirtmgmt", path="networks.ovirtmgmt", ip=leased)
    for networks in ({"data": data, "ovirtmgmt": own}, {"ovirtmgmt": own, "data": data}):
        host = Host("caps", "sha256:0", nics={"eth0": Nic("eth0", "nics.eth0")}, networks=networks, version=(4, 50))
        assert [fact.fields["method"] for fact in facts("ip", host)] == ["dhcp", "none"]


def test_what_a_device_does_not_have_is_told_as_absent() -> None:
    host = HOST._replace(
        nics={"eth0": Nic("eth0", "nics.eth0")},
        bonds={"bond0": HOST.bonds["bond0"]._replace(options=(), members=("eth0",))},
        bridges={},
        networks={},
    )
    (bond,) = facts("bond", host)
    assert bond.fields["fail_over_mac"] == 0
    devices = [(one.fields["name"], one.fields["link"], one.fields["bridge"]) for one in facts("device", host)]
    assert devices == [("eth0", "", ""), ("bond0", "", ""), ("bond0.30", "", "")]


def test_a_vlan_of_tag_0_is_tagged() -> None:
    vlans = {"eth0.0": Vlan("eth0.0", "vlans.eth0.0", base="eth0", tag=0)}
    network = HOST.networks["ovirtmgmt"]._replace(southbound="eth0.0", ports=("eth0.0",), tag=0)
    odd = network._replace(tag=0, southbound="bond0.30")  # as the network says, not as its device is
    for own in (network, odd):
        (fact,) = facts("network", HOST._replace(vlans={**HOST.vlans, **vlans}, networks={"ovirtmgmt": own}))
        assert fact.fields["vlan"] == 0


@pytest.mark.parametrize(
    "kind", sorted({*KINDS} - {"attachment", "foreseen", "management", "difference", "freed", "outcome", "problem"})
)
def test_a_fact_has_every_field_that_the_vocabulary_gives_its_kind(kind: str) -> None:
    host = HOST._replace(last_client_iface="ovirtmgmt")
    for fact in facts(kind, host, "192.0.2.10"):
        assert set(fact.fields) == set(KINDS[kind].fields)


def test_an_attachment() -> None:
    assert [fact.path for fact in attachment_facts(Attachment("eth0"))] == ["", "", ""]
    assert attachment_facts(Attachment("bond0", bond=Bond("bond0", "")))[0].fields["bonding"] == "bond0"
    planned = Attachment(
        "bond0",
        tag=30,
        bridged=False,
        mtu=9000,
        ipv4=IpPlan("static", "192.0.2.10", 24, "192.0.2.1"),
        ipv6=IpPlan("static", "2001:db8::10", 64, "2001:db8:1::1"),
        default_route=True,
        nameservers=("192.0.2.53", "2001:db8::53", "192.0.2.54", "2001:db8::54"),
    )
    attachment, four, six = attachment_facts(planned)
    assert dict(attachment.fields) == {
        "iface": "bond0",
        "vlan": 30,
        "bridged": 0,
        "mtu": 9000,
        "stp": 0,
        "bonding": "",
        "pin_mac": 1,
        "switch": "legacy",
        "default_route": 1,
        "nameservers": "192.0.2.53,2001:db8::53,192.0.2.54,2001:db8::54",
    }
    assert dict(four.fields) == {
        "family": 4,
        "method": "static",
        "address": "192.0.2.10",
        "prefix": 24,
        "gateway": "192.0.2.1",
        "gateway_inside": 1,
        "nameservers": "192.0.2.53, 192.0.2.54",
    }
    assert dict(six.fields) == {
        "family": 6,
        "method": "static",
        "address": "2001:db8::10",
        "prefix": 64,
        "gateway": "2001:db8:1::1",
        "gateway_inside": 0,
        "nameservers": "2001:db8::53, 2001:db8::54",
    }


@pytest.mark.parametrize(
    ("plan", "inside"),
    [
        (IpPlan(), -1),
        (IpPlan("static", "192.0.2.10", -1, "192.0.2.1"), -1),
        (IpPlan("static", "192.0.2.10", 24, ""), -1),
        (IpPlan("static", "192.0.2.10", 0, "198.51.100.1"), 1),
        (IpPlan("static", "169.254.1.1", 32, "169.254.1.2"), 0),
        (IpPlan("static", "2001:db8::10", 64, "fe80::1"), 1),
    ],
)
def test_whether_a_gateway_is_in_reach(plan: IpPlan, inside: int) -> None:
    _, four, _ = attachment_facts(Attachment("eth0", ipv4=plan))
    assert four.fields["gateway_inside"] == inside
