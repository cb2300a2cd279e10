"""Foresight against what VDSM's own code would ask of nmstate, for every accepted request of the verdicts."""

import json
from pathlib import Path

import pytest

from planner.facts.vocabulary import Fact
from planner.host.capture import read_capture
from planner.host.model import Address, Bond, Bridge, Host, Ip, Network, Nic, Vlan
from planner.plan.attachment import Attachment, IpPlan
from planner.plan.effects import Effect, base_mtu, by_nmstate, foresee, foreseen_facts, readdressed

VERDICTS = sorted((Path(__file__).parent.parent / "data" / "verdicts").glob("*.json"))


def accepted() -> list[dict]:
    verdicts = [json.loads(path.read_text()) for path in VERDICTS]
    return [
        verdict
        for verdict in verdicts
        if verdict["verdict"] == "accept"
        and [*verdict["canonical"]["networks"]] == ["ovirtmgmt"]
        and "remove" not in verdict["canonical"]["networks"]["ovirtmgmt"]
    ]


def attachment(verdict: dict) -> Attachment | None:
    network = verdict["canonical"]["networks"]["ovirtmgmt"]
    iface = network.get("nic") or network.get("bonding")
    if iface is None:
        return None
    return Attachment(iface, tag=network.get("vlan", -1), bridged=network["bridged"], mtu=network["mtu"])


@pytest.mark.parametrize("verdict", accepted(), ids=lambda verdict: verdict["case"])
def test_the_base_gets_the_mtu_that_vdsm_would_give_it(verdict: dict) -> None:
    planned = attachment(verdict)
    if planned is None:
        assert verdict["case"] == "bridged-nicless"
        return
    host = read_capture(verdict["netinfo"]).host
    assert host is not None
    desired = {interface["name"]: interface for interface in verdict["desired_state"]["interfaces"]}
    assert base_mtu(host, "ovirtmgmt", planned) == desired[planned.iface]["mtu"]
    for effect in foresee(host, "ovirtmgmt", planned, "", ""):
        if effect.effect == "mtu" and effect.device in desired:
            assert int(effect.after) == desired[effect.device]["mtu"]
        if effect.effect == "bridge-made":
            assert desired["ovirtmgmt"]["type"] == "linux-bridge"


def test_the_verdicts_are_there() -> None:
    assert len(accepted()) > 20


IDLE = {"addr": "", "netmask": "", "mtu": "1500"}


def elder(vlans: dict[str, str], *, owned: bool = False, **networks: dict) -> Host:
    """A host of VDSM 4.30 with eth0 at MTU 9000 and ``vlans`` on it."""
    document = {
        "software_version": "4.30",
        "nics": {"eth0": IDLE | {"mtu": "9000"}},
        "vlans": {
            name: IDLE | {"iface": "eth0", "vlanid": int(name.partition(".")[2]), "mtu": mtu}
            for name, mtu in vlans.items()
        },
        "networks": networks | ({"ovirtmgmt": network("ovirtmgmt", "eth0.7")} if owned else {}),
    }
    host = read_capture(document).host
    assert host is not None
    return host


def network(name: str, port: str) -> dict:
    return IDLE | {"iface": name, "bridged": True, "ports": [port], "southbound": port}


@pytest.mark.parametrize(
    ("host", "mtu"),
    [
        (elder({}), 1500),
        (elder({"eth0.7": "1500"}), 9000),
        (elder({"eth0.8": "1500"}), 9000),
        (elder({}, data=network("data", "eth0")), 9000),
        (elder({}, data=network("data", "eth1")), 1500),
        (elder({"eth0.7": "1500"}, owned=True), 1500),
        (elder({"eth0.7": "1500", "eth0.8": "4000"}, owned=True), 4000),
        (elder({"eth0.7": "1500"}, owned=True, data=network("data", "eth0")), 9000),
        (elder({"eth0.7": "1500", "eth0.8": "4000"}, owned=True, data=network("data", "eth0")), 4000),
    ],
    ids=[
        "bare",
        "own-vlan",
        "other-vlan",
        "network",
        "network-elsewhere",
        "owned",
        "owned-beside-vlan",
        "owned-beside",
        "owned-beside-both",
    ],
)
def test_a_base_in_use_keeps_its_mtu_before_4_40(host: Host, mtu: int) -> None:
    assert base_mtu(host, "ovirtmgmt", Attachment("eth0", 7)) == mtu


def test_an_address_that_only_the_network_tells_moves_too() -> None:
    lone = {"addr": "192.0.2.10", "netmask": "255.255.255.0", "mtu": "1500"}
    bridgeless = lone | {"iface": "eth0", "bridged": False, "southbound": "eth0"}
    host = read_capture({"nics": {"eth0": IDLE}, "networks": {"ovirtmgmt": bridgeless}}).host
    assert host is not None
    attachment = Attachment("eth0", ipv4=IpPlan("static", "192.0.2.10", 24))
    effects = foresee(host, "ovirtmgmt", attachment, "eth0", "192.0.2.10")
    moves = [effect.document() for effect in effects if effect.address]
    assert moves == [
        {
            "effect": "address-moves",
            "device": "eth0",
            "address": "192.0.2.10",
            "from": "eth0",
            "to": "ovirtmgmt",
            "because": "the top device of ovirtmgmt holds its addresses; eth0 loses all it has",
        }
    ]


@pytest.mark.parametrize(
    ("version", "by_it"), [((4, 30, 46), False), ((4, 39), False), ((4, 40), True), ((4, 50, 3), True), ((), True)]
)
def test_nmstate_makes_networks_from_4_40_on_and_where_no_version_is_told(version: tuple, *, by_it: bool) -> None:
    assert by_nmstate(Host("caps", "sha256:0", version=version)) is by_it


def test_an_effect_without_a_before_or_an_after_has_none_in_the_document() -> None:
    host = Host("caps", "sha256:0", nics={"eth0": Nic("eth0", "nics.eth0", mtu=1500)}, version=(4, 50))
    effects = {effect.effect: effect for effect in foresee(host, "ovirtmgmt", Attachment("eth0"), "eth0", "192.0.2.10")}
    assert (effects["bridge-made"].before, effects["bridge-made"].after) == ("", "eth0")
    assert (effects["mac-kept"].before, effects["mac-kept"].after) == ("eth0", "")


def test_the_lease_of_the_network_itself_counts_and_not_that_of_another_on_the_device() -> None:
    leased = Ip((Address("2001:db8::10", 6, 128, ""),), dhcpv6=True)
    own = Network("ovirtmgmt", "", "eth0", bridged=False, southbound="eth0", ip=leased)
    other = own._replace(name="data", ip=Ip())
    host = Host("caps", "sha256:0", nics={"eth0": Nic("eth0", "")}, version=(4, 30))
    host = host._replace(networks={"data": other, "ovirtmgmt": own})
    attachment = Attachment("eth0", ipv6=IpPlan("auto+dhcp"))
    assert [effect.effect for effect in foresee(host, "ovirtmgmt", attachment, "eth0", "")].count("lease") == 1


def test_addresses_of_a_base_that_is_not_listed_are_foreseen() -> None:
    advertised = Ip((Address("2001:db8::5054:ff:fe00:1", 6, 64, ""),), autoconf=True)
    vlan = Vlan("eth9.7", "", base="eth9", tag=7, ip=advertised)
    host = Host("caps", "sha256:0", vlans={"eth9.7": vlan}, version=(4, 50))
    effects = foresee(host, "ovirtmgmt", Attachment("eth9", tag=7, ipv6=IpPlan("auto+dhcp")), "eth9.7", "")
    assert [effect.effect for effect in effects if effect.address] == ["address-may-change"]


A, B = Address("192.0.2.10", 4, 24, ""), Address("192.0.2.11", 4, 24, "")


def told(host: Host, attachment: Attachment, holder: str = "", wanted: str = "") -> list[tuple[str, ...]]:
    """The effects, without the reason of each."""
    effects = foresee(host, "ovirtmgmt", attachment, holder, wanted)
    return [(one.effect, one.device, one.before, one.after, one.address) for one in effects]


def test_the_effects_on_a_bond_that_is_taken_over_by_a_vlan() -> None:
    bond = Bond("bond0", "", mtu=1500, members=("eth0",), mode=1, options=(("miimon", "100"),), ip=Ip((A,), A.text))
    host = Host("caps", "sha256:0", nics={"eth0": Nic("eth0", "", mtu=1500)}, bonds={"bond0": bond}, version=(4, 50))
    assert told(host, Attachment("bond0", tag=30, bond=bond, pin_mac=False)) == [
        ("bridge-made", "ovirtmgmt", "", "bond0.30", ""),
        ("bond-redeclared", "bond0", "", "miimon=100", ""),
        ("mac-not-pinned", "bond0", "", "", ""),
        ("address-dropped", "bond0", "bond0", "", A.text),
        ("mac-kept", "ovirtmgmt", "bond0.30", "", ""),
    ]


def test_a_bridge_takes_the_mac_address_of_its_port() -> None:
    nic = Nic("eth0", "", mtu=1500, hwaddr="52:54:00:00:00:01")
    host = Host("caps", "sha256:0", nics={"eth0": nic}, version=(4, 50))
    assert told(host, Attachment("eth0"))[1:] == [("mac-kept", "ovirtmgmt", "", "52:54:00:00:00:01", "")]


def test_a_bridge_that_is_taken_away_gets_no_other_mtu() -> None:
    own = Network("ovirtmgmt", "", "ovirtmgmt", bridged=True, ports=("eth0",), southbound="eth0", mtu=1500)
    host = Host(
        "caps",
        "sha256:0",
        nics={"eth0": Nic("eth0", "", mtu=1500)},
        bridges={"ovirtmgmt": Bridge("ovirtmgmt", "", mtu=1500, ports=("eth0",))},
        networks={"ovirtmgmt": own},
        version=(4, 50),
    )
    assert told(host, Attachment("eth0", bridged=False, mtu=9000)) == [
        ("mtu", "eth0", "1500", "9000", ""),
        ("bridge-removed", "ovirtmgmt", "eth0", "", ""),
    ]


def test_of_several_addresses_a_lease_is_the_one_that_is_wanted() -> None:
    leased = Ip((A, B), A.text, dhcpv4=True)
    host = Host("caps", "sha256:0", nics={"eth0": Nic("eth0", "", mtu=1500, ip=leased)}, version=(4, 50))
    attachment = Attachment("eth0", bridged=False, ipv4=IpPlan("dhcp"))
    assert told(host, attachment, "eth0", B.text) == [("address-dropped", "eth0", "eth0", "", A.text)]
    assert told(host, attachment, "eth0") == [("address-dropped", "eth0", "eth0", "", B.text)]


def test_the_addresses_of_two_networks_on_one_device_are_those_of_the_management_network() -> None:
    own = Network("ovirtmgmt", "", "eth0", bridged=False, southbound="eth0", ip=Ip((A,), A.text))
    data = own._replace(name="data", ip=Ip((B,), B.text))
    host = Host("caps", "sha256:0", nics={"eth0": Nic("eth0", "", mtu=1500)}, version=(4, 50))
    attachment = Attachment("eth0", bridged=False, ipv4=IpPlan("dhcp"))
    for networks in ({"data": data, "ovirtmgmt": own}, {"ovirtmgmt": own, "data": data}):
        assert told(host._replace(networks=networks), attachment._replace(ipv4=IpPlan()), "eth0") == [
            ("address-dropped", "eth0", "eth0", "", A.text)
        ]


def test_a_base_that_the_network_leaves_falls_to_the_largest_of_what_is_left_on_it() -> None:
    vlans = {
        name: Vlan(name, "", mtu=mtu, base="bond0", tag=tag)
        for name, mtu, tag in (("bond0.30", 9000, 30), ("bond0.40", 1500, 40))
    }
    own = Network("ovirtmgmt", "", "bond0.30", bridged=False, southbound="bond0.30", mtu=9000, tag=30)
    host = Host(
        "caps",
        "sha256:0",
        nics={name: Nic(name, "", mtu=mtu) for name, mtu in (("eth0", 1500), ("eth1", 9000))},
        bonds={"bond0": Bond("bond0", "", mtu=9000, members=("eth1",))},
        vlans=vlans,
        networks={"ovirtmgmt": own},
        version=(4, 50),
    )
    assert told(host, Attachment("eth0", bridged=False)) == [
        ("mtu", "bond0", "9000", "1500", ""),
        ("mtu", "eth1", "9000", "1500", ""),
    ]


def test_the_members_of_the_bond_under_the_network_get_its_mtu_though_it_has_it_already() -> None:
    bond = Bond("bond0", "", mtu=1500, members=("eth1",), mode=1)
    nics = {"eth1": Nic("eth1", "", mtu=9000)}
    host = Host("caps", "sha256:0", nics=nics, bonds={"bond0": bond}, version=(4, 50))
    assert told(host, Attachment("bond0", bridged=False)) == [("mtu", "eth1", "9000", "1500", "")]


def test_a_vlan_of_tag_0_is_a_vlan() -> None:
    nic = Nic("eth0", "", mtu=9000, hwaddr="52:54:00:00:00:01")
    vlan = Vlan("eth0.0", "", mtu=9000, base="eth0", tag=0)
    host = Host("caps", "sha256:0", nics={"eth0": nic}, vlans={"eth0.0": vlan}, version=(4, 50))
    assert "a capture does not tell" in foresee(host, "ovirtmgmt", Attachment("eth0", tag=0), "", "")[-1].because
    assert told(host, Attachment("eth0", tag=0)) == [
        ("mtu", "eth0", "9000", "1500", ""),
        ("mtu", "eth0.0", "9000", "1500", ""),
        ("bridge-made", "ovirtmgmt", "", "eth0.0", ""),
        ("mac-kept", "ovirtmgmt", "eth0.0", "", ""),
    ]


def test_the_guard_sees_an_effect_with_its_mtus_as_numbers() -> None:
    effects = (
        Effect("mtu", "eth0", "1500", "9000", "so"),
        Effect("address-moves", "eth0", "eth0", "ovirtmgmt", "so", A.text),
    )
    shared = {"device": "eth0", "address": ""}
    assert foreseen_facts(effects) == [
        Fact(
            "foreseen",
            shared | {"effect": "mtu", "from": "1500", "to": "9000", "from_number": 1500, "to_number": 9000},
            "",
        ),
        Fact(
            "foreseen",
            {
                "effect": "address-moves",
                "device": "eth0",
                "address": A.text,
                "from": "eth0",
                "to": "ovirtmgmt",
                "from_number": -1,
                "to_number": -1,
            },
            "",
        ),
    ]


DHCP6 = Ip((Address("2001:db8::5", 6, 128, ""),), dhcpv6=True)


@pytest.mark.parametrize(
    ("version", "method", "ip", "lease"),
    [
        ((4, 30), "dhcp", DHCP6, True),
        ((4, 30), "dhcp", Ip((A,), A.text), True),  # whether there is a lease yet is the server's affair
        ((4, 30), "auto+dhcp", DHCP6, True),
        ((4, 30), "auto+dhcp", Ip((A,), A.text), False),
        ((4, 30), "auto", DHCP6, False),
        ((4, 50), "dhcp", DHCP6, False),
    ],
)
def test_a_dhcpv6_lease_may_be_another_where_a_client_identifies_itself_anew(
    version: tuple[int, ...], method: str, ip: Ip, *, lease: bool
) -> None:
    host = Host("caps", "sha256:0", nics={"eth0": Nic("eth0", "", ip=ip)}, version=version)
    effects = told(host, Attachment("eth0", ipv6=IpPlan(method)), "eth0")
    assert (("lease", "ovirtmgmt", "eth0", "ovirtmgmt", "") in effects) is lease


@pytest.mark.parametrize("method", ["none", "static"])
def test_an_advertised_address_that_is_not_planned_is_made_anew_by_nobody(method: str) -> None:
    address = Address("2001:db8::5054:ff:fe00:99", 6, 64, "")
    host = Host(
        "caps", "sha256:0", nics={"eth0": Nic("eth0", "", mtu=1500, ip=Ip((address,), autoconf=True))}, version=(4, 50)
    )
    attachment = Attachment("eth0", bridged=False, ipv6=IpPlan(method, address.text if method == "static" else "", 64))
    kept = [("address-dropped", "eth0", "eth0", "", address.text)] if method == "none" else []
    assert told(host, attachment, "eth0") == kept
    assert readdressed(host, attachment, host.nics["eth0"].ip) == {}


def test_an_advertised_address_of_the_base_is_that_of_a_vlan_that_is_made_on_it() -> None:
    address = Address("2001:db8::5054:ff:fe00:99", 6, 64, "")
    nic = Nic("eth0", "", mtu=1500, hwaddr="52:54:00:00:00:99", ip=Ip((address,), autoconf=True))
    host = Host("caps", "sha256:0", nics={"eth0": nic}, version=(4, 50))
    attachment = Attachment("eth0", tag=7, bridged=False, ipv6=IpPlan("auto"))
    assert told(host, attachment, "eth0") == [("address-moves", "eth0", "eth0", "eth0.7", address.text)]


def test_a_dhcpv6_lease_that_nmstate_asks_for_anew_may_be_any() -> None:
    host = Host("caps", "sha256:0", nics={"eth0": Nic("eth0", "", mtu=1500, ip=DHCP6)}, version=(4, 50))
    effects = told(host, Attachment("eth0", bridged=False, ipv6=IpPlan("dhcp")), "eth0")
    assert effects == [("lease-may-change", "eth0", "2001:db8::5", "", "2001:db8::5")]
