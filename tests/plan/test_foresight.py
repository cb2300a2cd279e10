"""Foresight against what VDSM's own code would ask of nmstate, for every accepted request of the verdicts."""

import json
from pathlib import Path

import pytest

from planner.host.capture import read_capture
from planner.host.model import Address, Host, Ip, Network, Nic, Vlan
from planner.plan.attachment import Attachment, IpPlan
from planner.plan.effects import base_mtu, by_nmstate, foresee

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
    for effect in foresee(host, "ovirtmgmt", planned, ""):
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
    assert [effect.effect for effect in foresee(host, "ovirtmgmt", attachment, "eth0")].count("lease") == 1


def test_addresses_of_a_base_that_is_not_listed_are_foreseen() -> None:
    advertised = Ip((Address("2001:db8::5054:ff:fe00:1", 6, 64, ""),), autoconf=True)
    vlan = Vlan("eth9.7", "", base="eth9", tag=7, ip=advertised)
    host = Host("caps", "sha256:0", vlans={"eth9.7": vlan}, version=(4, 50))
    effects = foresee(host, "ovirtmgmt", Attachment("eth9", tag=7, ipv6=IpPlan("auto+dhcp")), "eth9.7")
    assert [effect.effect for effect in effects if effect.address] == ["address-may-change"]
