"""The steps of a plan: what is adopted and what leads back, on hosts with more than one address or network."""

import pytest

from planner.host.model import Address, Bond, Host, Ip, Network, Nic, Vlan
from planner.plan.after import Holder
from planner.plan.attachment import Attachment, IpPlan
from planner.plan.request import NetworkRequest, SetupRequest
from planner.plan.steps import PlanStep, steps_of

V4 = Address("192.0.2.10", 4, 24, "")
FIRST6, SECOND6 = Address("2001:db8::10", 6, 64, ""), Address("2001:db8::11", 6, 64, "")
STATIC4 = IpPlan("static", V4.text, 24)


def steps(host: Host, attachment: Attachment, address: str = V4.text) -> tuple[PlanStep, ...]:
    return steps_of(host, "ovirtmgmt", attachment, Holder("eth0", address), adopts=True)


def bare(ip: Ip, version: tuple[int, ...] = (4, 50)) -> Host:
    return Host("caps", "sha256:0", nics={"eth0": Nic("eth0", "nics.eth0", mtu=1500, ip=ip)}, version=version)


def owned(**fields: object) -> Host:
    network = Network("ovirtmgmt", "", "eth0", bridged=False, southbound="eth0", mtu=1500, ip=Ip((V4,), V4.text))
    return bare(Ip())._replace(networks={"ovirtmgmt": network._replace(**fields)})


@pytest.mark.parametrize("management", [FIRST6, SECOND6])
def test_of_several_static_addresses_the_management_address_is_adopted(management: Address) -> None:
    adopting = steps(bare(Ip((FIRST6, SECOND6))), Attachment("eth0", ipv4=STATIC4), management.text)[0]
    assert adopting.wanted.networks[0].attachment.ipv6 == IpPlan("static", management.text, 64)


@pytest.mark.parametrize(("version", "method"), [((4, 50), "auto+dhcp"), ((4, 30), "auto")])
@pytest.mark.parametrize("planned", ["none", "static"])
def test_advertised_addresses_are_adopted_in_the_words_of_the_age(
    version: tuple[int, ...], method: str, planned: str
) -> None:
    attachment = Attachment("eth0", ipv4=STATIC4, ipv6=IpPlan(planned))
    adopting = steps(bare(Ip((V4, FIRST6), V4.text, autoconf=True), version), attachment)[0]
    assert adopting.wanted.networks[0].attachment.ipv6 == IpPlan(method)


def test_advertised_addresses_are_adopted_as_the_plan_calls_them() -> None:
    attachment = Attachment("eth0", ipv4=STATIC4, ipv6=IpPlan("auto"))
    adopting = steps(bare(Ip((V4, FIRST6), V4.text, autoconf=True)), attachment)[0]
    assert adopting.wanted.networks[0].attachment.ipv6 == IpPlan("auto")


def test_what_an_owned_network_has_besides_travels_there_and_back() -> None:
    host = owned(qos={"out": {"ls": {"m2": 5}}}, custom={"ethtool_opts": "-K eth0 tso off"}, switch="ovs")
    (change,) = steps(host, Attachment("eth0", ipv4=STATIC4))
    for request in (change.wanted, change.back):
        (network,) = request.networks
        assert (network.qos, network.custom) == ({"out": {"ls": {"m2": 5}}}, {"ethtool_opts": "-K eth0 tso off"})
    assert [request.networks[0].attachment.switch for request in (change.wanted, change.back)] == ["legacy", "ovs"]
    (untold,) = steps(owned(), Attachment("eth0", ipv4=STATIC4, switch="ovs"))
    assert untold.back.networks[0].attachment.switch == "ovs"


def test_an_owned_network_is_foreseen_as_the_one_that_it_is() -> None:
    host = owned(southbound="eth0.30", device="eth0.30")
    vlan = Vlan("eth0.30", "", mtu=9000, base="eth0", tag=30)
    host = host._replace(vlans={"eth0.30": vlan}, nics={"eth0": Nic("eth0", "", mtu=9000)})
    (change,) = steps(host, Attachment("eth0", tag=40, ipv4=STATIC4))
    lowered = [(effect.device, effect.after) for effect in change.foreseen if effect.effect == "mtu"]
    assert lowered == [("eth0", "1500")]  # of the VLAN that the network leaves nothing is left to keep it at 9000


def test_a_first_network_is_adopted_unchecked_as_the_host_stands() -> None:
    adopting, change = steps(bare(Ip((V4,), V4.text)), Attachment("eth0", mtu=9000, stp=True, ipv4=STATIC4))
    present = Attachment("eth0", bridged=False, mtu=1500, ipv4=STATIC4)
    adopt = SetupRequest((NetworkRequest("ovirtmgmt", present),), (4, 50), checked=False)
    assert (adopting.step, adopting.wanted, adopting.back) == ("adopt", adopt, adopt)
    asked = NetworkRequest("ovirtmgmt", Attachment("eth0", mtu=9000, stp=True, ipv4=STATIC4))
    assert (change.step, change.wanted, change.back) == ("change", SetupRequest((asked,), (4, 50)), adopt)


@pytest.mark.parametrize("nics", [{}, {"eth0": Nic("eth0", "", ip=Ip((V4,), V4.text))}], ids=["unlisted", "no-mtu"])
def test_where_the_mtu_of_today_is_not_told_the_planned_one_is_adopted(nics: dict[str, Nic]) -> None:
    adopting = steps(bare(Ip())._replace(nics=nics), Attachment("eth0", mtu=9000, ipv4=STATIC4))[0]
    assert adopting.wanted.networks[0].attachment.mtu == 9000


A, B, C = (Address(f"192.0.2.{number}", 4, 24, "") for number in (1, 2, 3))


@pytest.mark.parametrize(
    ("management", "planned", "primary", "adopted"),
    [(C, B, A, C), (None, C, B, C), (FIRST6, None, C, C), (FIRST6, None, None, A)],
    ids=["management", "planned", "primary", "first"],
)
def test_of_several_ipv4_addresses_the_one_that_matters_most_is_adopted(
    management: Address | None, planned: Address | None, primary: Address | None, adopted: Address
) -> None:
    texts = [one.text if one is not None else "" for one in (management, planned, primary)]
    attachment = Attachment("eth0", ipv4=IpPlan("static", texts[1], 24))
    adopting = steps(bare(Ip((A, B, C), texts[2])), attachment, texts[0])[0]
    assert adopting.wanted.networks[0].attachment.ipv4 == IpPlan("static", adopted.text, 24)


def test_a_host_without_ipv6_is_adopted_without_it_whatever_is_planned() -> None:
    adopting = steps(bare(Ip((V4,), V4.text)), Attachment("eth0", ipv4=STATIC4, ipv6=IpPlan("auto")))[0]
    assert adopting.wanted.networks[0].attachment.ipv6 == IpPlan()


ROUTED = Ip((Address("198.51.100.7", 4, 24, ""),), "198.51.100.7", "198.51.100.1")
DATA = Network("data", "", "bond0.40", bridged=False, southbound="bond0.40", tag=40, mtu=9000, stp=None, ip=ROUTED)
BOND = Bond("bond0", "bondings.bond0", mtu=9000, members=("eth1", "eth2"), mode=1)


def beside_data(version: tuple[int, ...]) -> Host:
    """A host whose default route leads over another network of VDSM's, a VLAN over a bond."""
    vlan = Vlan("bond0.40", "vlans.bond0.40", mtu=9000, base="bond0", tag=40)
    return owned()._replace(
        networks={**owned().networks, "data": DATA}, bonds={"bond0": BOND}, vlans={vlan.name: vlan}, version=version
    )


@pytest.mark.parametrize(("version", "drawn"), [((), True), ((4, 50), True), ((4, 18), True), ((4, 17, 35), False)])
def test_the_way_back_gives_the_default_route_back_to_the_network_that_had_it(
    version: tuple[int, ...], *, drawn: bool
) -> None:
    attachment = Attachment("eth0", mtu=1400, ipv4=STATIC4, default_route=True)
    (change,) = steps(beside_data(version), attachment)
    present = NetworkRequest("ovirtmgmt", Attachment("eth0", bridged=False, ipv4=STATIC4))
    there = Attachment(
        "bond0",
        tag=40,
        bridged=False,
        mtu=9000,
        bond=BOND,
        ipv4=IpPlan("static", "198.51.100.7", 24, "198.51.100.1"),
        default_route=True,
    )
    networks = (present, NetworkRequest("data", there)) if drawn else (present,)
    assert change.back == SetupRequest(networks, version, checked=False)
    (without,) = steps(beside_data(version), attachment._replace(default_route=False))
    assert without.back.networks == (present,)


def test_of_an_owned_network_that_tells_no_mtu_the_planned_one_leads_back() -> None:
    (change,) = steps(owned(mtu=-1), Attachment("eth0", mtu=9000, ipv4=STATIC4))
    assert change.back.networks[0].attachment.mtu == 9000
