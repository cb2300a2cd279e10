"""What a request says to a VDSM of each age, at the versions where the words change."""

from typing import Any

import pytest

from planner.host.model import Bond
from planner.plan.attachment import Attachment, IpPlan
from planner.plan.request import NetworkRequest, SetupRequest, bond_options, speak, static_ipv4

STATIC = IpPlan("static", "192.0.2.10", 24, "192.0.2.1")
PLAIN = Attachment("eth0", ipv4=STATIC, default_route=True, nameservers=("192.0.2.53",))
BOND = Bond("bond0", "bondings.bond0", members=("eth1", "eth0"), mode=0, options=(("miimon", "100"), ("mode", "0")))


def asked(attachment: Attachment, version: tuple[int, ...], **more: Any) -> dict[str, Any]:
    request = speak(SetupRequest((NetworkRequest("ovirtmgmt", attachment, **more),), version))
    return dict(request["networks"]["ovirtmgmt"])


@pytest.mark.parametrize(("version", "told"), [((4, 13), False), ((4, 14), True), ((4, 17, 35), True)])
def test_a_gateway_becomes_the_hosts_where_a_default_route_cannot_be_told(
    version: tuple[int, ...], *, told: bool
) -> None:
    assert ("defaultRoute" in asked(PLAIN, version)) is told
    assert asked(PLAIN, version)["gateway"] == "192.0.2.1"
    assert ("gateway" in asked(PLAIN._replace(default_route=False), version)) is told


@pytest.mark.parametrize(("version", "old"), [((4, 17, 99), True), ((4, 18), False), ((4, 50), False), ((), False)])
def test_values_are_texts_before_4_18(version: tuple[int, ...], *, old: bool) -> None:
    request = asked(PLAIN._replace(tag=30), version)
    assert (request["vlan"], request["mtu"], request["bridged"], request["stp"]) == (
        ("30", "1500", "true", "no") if old else (30, 1500, True, False)
    )
    assert ("switch" in request, "nameservers" in request) == (not old, not old)


@pytest.mark.parametrize(("version", "sent"), [((4, 18, 11), False), ((4, 18, 12), True), ((), True)])
def test_name_servers_that_a_router_gives_are_sent_as_none_to_whom_knows_the_key(
    version: tuple[int, ...], *, sent: bool
) -> None:
    advertised = Attachment("eth0", ipv6=IpPlan("auto"), default_route=True)
    assert asked(advertised, version or ()).get("nameservers") == ([] if sent else None)


@pytest.mark.parametrize("version", [(4, 10), (4, 50)])
def test_what_a_network_has_is_kept(version: tuple[int, ...]) -> None:
    kept = asked(PLAIN, version, qos={"out": 1}, custom={"a": "b"})
    assert (kept["hostQos"], kept["custom"]) == ({"out": 1}, {"a": "b"})
    assert not {"hostQos", "custom"} & set(asked(PLAIN, version))


def test_a_bond_is_told_with_its_mode_first_and_left_out_without_options() -> None:
    assert bond_options(PLAIN._replace(bond=BOND)) == "mode=0 miimon=100"
    assert bond_options(PLAIN._replace(bond=BOND._replace(mode=-1, options=()))) == bond_options(PLAIN) == ""
    assert bond_options(PLAIN._replace(bond=BOND._replace(options=(("miimon", "100"),)))) == "mode=0 miimon=100"
    for version, more in (((4, 10), {}), ((4, 50), {"switch": "legacy"})):
        untold = PLAIN._replace(iface="bond0", bond=BOND._replace(mode=-1, options=()))
        assert speak(SetupRequest((NetworkRequest("ovirtmgmt", untold),), version))["bondings"] == {}
        request = speak(SetupRequest((NetworkRequest("ovirtmgmt", PLAIN._replace(iface="bond0", bond=BOND)),), version))
        assert request["bondings"] == {"bond0": {"nics": ["eth0", "eth1"], "options": "mode=0 miimon=100", **more}}
        assert request["networks"]["ovirtmgmt"]["bonding"] == "bond0"


@pytest.mark.parametrize(
    ("prefix", "netmask"), [(0, "0.0.0.0"), (8, "255.0.0.0"), (22, "255.255.252.0"), (32, "255.255.255.255")]
)
def test_a_prefix_is_told_as_a_netmask(prefix: int, netmask: str) -> None:
    assert static_ipv4(IpPlan("static", "192.0.2.10", prefix)) == {"ipaddr": "192.0.2.10", "netmask": netmask}


def test_whether_it_is_checked_and_saved() -> None:
    setup = SetupRequest((NetworkRequest("ovirtmgmt", PLAIN),), (4, 50))
    checked = {"connectivityCheck": True, "connectivityTimeout": 120, "commitOnSuccess": False}
    assert speak(setup)["options"] == checked
    assert speak(setup._replace(checked=False))["options"] == {"connectivityCheck": False, "commitOnSuccess": True}
    old = setup._replace(version=(4, 10))
    assert speak(old)["options"] == {"connectivityCheck": "true", "connectivityTimeout": 120}
    assert speak(old._replace(checked=False))["options"] == {"connectivityCheck": "false"}


@pytest.mark.parametrize(
    ("version", "stp", "tag"), [((4, 10), ("yes", "no"), "0"), ((4, 50), (True, False), 0)], ids=["texts", "values"]
)
def test_spanning_tree_and_a_tag_of_0(version: tuple[int, ...], stp: tuple[object, object], tag: object) -> None:
    assert tuple(asked(PLAIN._replace(stp=runs), version)["stp"] for runs in (True, False)) == stp
    assert asked(PLAIN._replace(tag=0), version)["vlan"] == tag
    assert "stp" not in asked(PLAIN._replace(bridged=False, stp=True), version)


def test_a_network_without_an_ipv4_address_is_sent_without_one() -> None:
    for version, more in (((4, 10), {}), ((4, 50), {"bootproto": "none"})):
        request = asked(Attachment("eth0"), version)
        assert {key: request[key] for key in ("bootproto", "ipaddr", "netmask", "gateway") if key in request} == more
