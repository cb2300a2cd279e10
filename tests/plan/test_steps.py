"""The steps of a plan: what is adopted and what leads back, on hosts with more than one address or network."""

import pytest

from planner.host.model import Address, Host, Ip, Network, Nic, Vlan
from planner.plan.after import Holder
from planner.plan.attachment import Attachment, IpPlan
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
