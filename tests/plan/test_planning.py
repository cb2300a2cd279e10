"""The library: one call, and what it does with what it is given."""

import json
from pathlib import Path

import planner
from planner.host.model import Address, Bond, Bridge, Host, Ip, Network, Nic, Vlan
from planner.plan.after import Holder, after
from planner.plan.attachment import Attachment, IpPlan
from planner.rules.compiled import Compiled, compile_ruleset
from planner.rules.model import Rule
from planner.rules.reader import parse_rule

GOLDEN = Path(__file__).parents[2] / "golden"


def planned(golden: str, rules: Compiled | planner.Ruleset, *addresses: str) -> planner.Plan:
    host = planner.read_capture((GOLDEN / golden / "capture.json").read_text()).host
    definition = planner.read_definition((GOLDEN / golden / "definition.yaml").read_text()).definition
    assert host is not None
    assert definition is not None
    return planner.plan(host, definition, rules, addresses)


def test_the_address_that_is_given_decides(rules: Compiled) -> None:
    golden = json.loads((GOLDEN / "seed-vlan-over-bond" / "plan.json").read_text())
    assert planned("seed-vlan-over-bond", rules, "192.0.2.10").document()["steps"] == golden["steps"]
    unknown = planned("seed-vlan-over-bond", rules, "203.0.113.99")
    assert (unknown.outcome, unknown.problems[0].code) == ("refused", "address-not-found")
    assert unknown.document()["rules"]["engine"].startswith(("durable_rules", "plain matcher"))


def test_rules_are_compiled_if_they_are_not_and_edited_ones_are_called_so(rules: Compiled) -> None:
    host = planner.read_capture((GOLDEN / "nic-dhcp" / "capture.json").read_text()).host
    definition = planner.read_definition({"network": "ovirtmgmt"}).definition
    assert host is not None
    assert definition is not None
    plain = planner.plan(host, definition, rules.ruleset._replace(edited=False)).document()
    edited = planner.plan(host, definition, rules.ruleset._replace(edited=True)).document()
    assert "edited" not in plain["rules"]
    assert plain["rules"]["digest"] == rules.ruleset.digest
    assert edited["rules"] == {**plain["rules"], "edited": True}
    assert edited["steps"] == plain["steps"]


BOTH_FREED = """
rule: crowded
since: "1.0"
summary: What other bridges hold would be clearer without them
why: A site does without bridges.
when:
  - management: {}
  - bridge: {name: br_private, owned: 0, heir: {not: ""}}
then:
  conclude:
    freed: {bridge: $bridge.name}
"""


def test_of_several_bridges_each_is_named_once_all_are_gone(rules: Compiled) -> None:
    rule, problems = parse_rule(BOTH_FREED, "crowded.yaml", "guard", "guard/crowded.yaml")
    assert rule is not None, problems
    plan = planned("foreign-bridge-over-vlan-over-port", rules.ruleset._replace(rules=(*rules.ruleset.rules, rule)))
    later = [problem.message for problem in plan.problems if problem.message.startswith("once ")]
    assert [message.split(" is gone: ")[0] for message in later] == ["once br_private and br_public"]


IP = Ip(
    (
        Address("192.0.2.9", 4, 24, ""),
        Address("192.0.2.10", 4, 24, ""),
        Address("2001:db8::10", 6, 64, ""),
        Address("2001:db8::11", 6, 64, ""),
    ),
    "192.0.2.9",
    "192.0.2.1",
    "fe80::1",
    dhcpv4=True,
    autoconf=True,
)
HOST = Host("caps", "sha256:0", nics={"eth0": Nic("eth0", "nics.eth0", ip=IP)}, version=(4, 50))


def ip_after(v4: IpPlan, v6: IpPlan, address: str = "") -> Ip:
    attachment = Attachment("eth0", ipv4=v4, ipv6=v6, default_route=True)
    future = after(HOST, "ovirtmgmt", attachment, Holder("eth0", address))
    assert future.bridges["ovirtmgmt"].ip == future.networks["ovirtmgmt"].ip
    assert future.nics["eth0"].ip == Ip()
    return future.networks["ovirtmgmt"].ip


def test_a_lease_is_the_management_address_or_the_primary_one() -> None:
    asked, primary = (ip_after(IpPlan("dhcp"), IpPlan(), address) for address in ("192.0.2.10", ""))
    assert ([one.text for one in asked.addresses], asked.primary4) == (["192.0.2.10"], "192.0.2.10")
    assert ([one.text for one in primary.addresses], primary.primary4) == (["192.0.2.9"], "192.0.2.9")
    assert (asked.gateway4, asked.gateway6, asked.dhcpv4, asked.default_route4) == ("192.0.2.1", "", True, True)


def test_what_routers_advertise_stays_and_a_family_without_a_method_goes() -> None:
    auto = ip_after(IpPlan(), IpPlan("auto"), "2001:db8::11")
    assert [one.text for one in auto.addresses] == ["2001:db8::11", "2001:db8::10"]
    assert (auto.primary4, auto.gateway4, auto.gateway6, auto.default_route4) == ("", "", "fe80::1", None)
    assert (auto.dhcpv4, auto.dhcpv6, auto.autoconf) == (False, False, True)
    leased = ip_after(IpPlan(), IpPlan("dhcp"), "2001:db8::11")
    assert [one.text for one in leased.addresses] == ["2001:db8::11"]


def test_a_static_address_is_the_one_that_is_planned() -> None:
    static = ip_after(IpPlan("static", "192.0.2.20", 25, "192.0.2.2"), IpPlan("static", "2001:db8::20", 48, ""))
    assert [(one.text, one.family, one.prefix) for one in static.addresses] == [
        ("192.0.2.20", 4, 25),
        ("2001:db8::20", 6, 48),
    ]
    assert (static.primary4, static.gateway4, static.gateway6) == ("192.0.2.20", "192.0.2.2", "")


def test_a_vlan_that_is_not_there_is_made_on_the_base() -> None:
    future = after(HOST, "ovirtmgmt", Attachment("eth0", tag=30, mtu=1400), Holder("eth0", "192.0.2.10"))
    assert future.vlans == {"eth0.30": Vlan("eth0.30", "", mtu=1400, base="eth0", tag=30)}
    assert future.bridges["ovirtmgmt"].ports == ("eth0.30",)
    present = Vlan("eth0.30", "vlans.eth0.30", mtu=1500, hwaddr="52:54:00:00:00:01", base="eth0", tag=30)
    future = after(HOST._replace(vlans={"eth0.30": present}), "ovirtmgmt", Attachment("eth0", tag=30), Holder("eth0"))
    assert future.vlans == {"eth0.30": present}
    tagged = after(HOST, "ovirtmgmt", Attachment("eth0", tag=0), Holder("eth0"))
    assert tagged.vlans == {"eth0.0": Vlan("eth0.0", "", mtu=1500, base="eth0", tag=0)}


STATIC4 = IpPlan("static", "192.0.2.10", 24, "192.0.2.1")


def test_a_network_that_is_made_is_on_a_bridge_of_its_own() -> None:
    asked = Attachment("eth0", tag=30, mtu=1400, stp=True, ipv4=STATIC4, default_route=True, switch="ovs")
    future = after(HOST, "ovirtmgmt", asked, Holder("eth0", "192.0.2.10"))
    ip = Ip((Address("192.0.2.10", 4, 24, ""),), "192.0.2.10", "192.0.2.1", default_route4=True)
    bridge = Bridge("ovirtmgmt", "", mtu=1400, ports=("eth0.30",), stp=True, ip=ip)
    assert future.bridges == {"ovirtmgmt": bridge}
    made = Network(
        "ovirtmgmt",
        "",
        device="ovirtmgmt",
        bridged=True,
        ports=("eth0.30",),
        southbound="eth0.30",
        tag=30,
        mtu=1400,
        stp=True,
        switch="ovs",
        ip=ip,
    )
    assert future.networks == {"ovirtmgmt": made}
    bridgeless = after(HOST, "ovirtmgmt", asked._replace(bridged=False), Holder("eth0", "192.0.2.10"))
    assert bridgeless.networks == {"ovirtmgmt": made._replace(device="eth0.30", bridged=False, ports=(), stp=None)}


def test_a_bridge_that_is_there_keeps_its_further_ports_and_its_mac_address() -> None:
    there = Bridge("ovirtmgmt", "bridges.ovirtmgmt", mtu=1500, hwaddr="52:54:00:00:00:01", ports=("vnet0",))
    for ports, then in ((("vnet0",), ("eth0", "vnet0")), (("vnet0", "eth0"), ("vnet0", "eth0"))):
        host = HOST._replace(bridges={"ovirtmgmt": there._replace(ports=ports)})
        bridge = after(host, "ovirtmgmt", Attachment("eth0", mtu=1500), Holder("eth0")).bridges["ovirtmgmt"]
        assert bridge == there._replace(ports=then, stp=False)


def test_of_two_networks_on_one_device_the_management_network_tells_the_addresses_that_it_keeps() -> None:
    first, second = IP.addresses[:2]
    own = Network("ovirtmgmt", "", "eth0", bridged=False, southbound="eth0", ip=Ip((second,), second.text, dhcpv4=True))
    data = own._replace(name="data", ip=Ip((first,), first.text, dhcpv4=True))
    host = HOST._replace(nics={"eth0": Nic("eth0", "nics.eth0")}, networks={"data": data, "ovirtmgmt": own})
    for networks in (host.networks, {"ovirtmgmt": own, "data": data}):
        attachment = Attachment("eth0", ipv4=IpPlan("dhcp"))
        future = after(host._replace(networks=networks), "ovirtmgmt", attachment, Holder("eth0"))
        assert future.networks["ovirtmgmt"].ip.addresses == (second,)


def test_a_bond_keeps_the_order_of_its_members_unless_they_change() -> None:
    bond = Bond("bond0", "bondings.bond0", members=("eth1", "eth0"), mode=1)
    for members, then in ((("eth0", "eth1"), ("eth1", "eth0")), (("eth0",), ("eth0",))):
        attachment = Attachment("bond0", bond=bond._replace(members=members, mode=4, options=(("miimon", "50"),)))
        future = after(HOST._replace(bonds={"bond0": bond}), "ovirtmgmt", attachment, Holder())
        assert future.bonds["bond0"] == bond._replace(members=then, mode=4, options=(("miimon", "50"),))


def test_the_vlan_that_an_owned_network_leaves_does_not_keep_the_base_s_mtu() -> None:
    vlan = Vlan("eth0.30", "", mtu=9000, base="eth0", tag=30)
    own = Network("ovirtmgmt", "", "eth0.30", bridged=False, southbound="eth0.30", mtu=9000)
    host = HOST._replace(nics={"eth0": Nic("eth0", "", mtu=9000)}, vlans={vlan.name: vlan}, networks={own.name: own})
    assert after(host, "ovirtmgmt", Attachment("eth0", tag=40), Holder("eth0.30")).nics["eth0"].mtu == 1500


DEVISED_ALONE = """
rule: alone
since: "1.0"
summary: The network goes to eth0, wherever the host is reached
why: A site has one device for it.
when:
  - nic: {name: eth0}
then:
  set:
    iface: $nic.name
    ipv4.method: dhcp
"""


def test_rules_may_devise_a_network_though_they_look_for_no_management_address(rules: Compiled) -> None:
    rule, problems = parse_rule(DEVISED_ALONE, "alone.yaml", "devise", "devise/alone.yaml")
    assert isinstance(rule, Rule), problems
    host = HOST._replace(nics={"eth0": Nic("eth0", "nics.eth0", mtu=1500)})
    definition = planner.read_definition({"network": "ovirtmgmt"}).definition
    assert definition is not None
    alone = compile_ruleset(rules.ruleset._replace(rules=(rule,)))
    plan = planner.plan(host, definition, alone)
    assert (plan.outcome, plan.management, plan.outcomes) == ("change", None, {"alone": "fired"})
    foreseen = [fact.fields.get("effect") for fact in planner.consider(host, definition, alone)[2].facts]
    assert "lease" not in foreseen  # nobody holds one


def test_the_management_address_is_the_one_that_stays(rules: Compiled) -> None:
    """Of several leases on a device VDSM keeps one: which, the plan tells in its effects and to the guard."""
    host = HOST._replace(nics={"eth0": Nic("eth0", "nics.eth0", mtu=1500, ip=IP._replace(autoconf=False))})
    definition = planner.read_definition({"network": "ovirtmgmt", "ipv4": "dhcp"}).definition
    assert definition is not None
    for address, other in (("192.0.2.10", "192.0.2.9"), ("192.0.2.9", "192.0.2.10")):
        plan = planner.plan(host, definition, rules, [address])
        effects = (effect for step in plan.steps for effect in step.foreseen)
        dropped = [effect.address for effect in effects if effect.effect == "address-dropped"]
        assert (other in dropped, address in dropped) == (True, False)
        seen = planner.consider(host, definition, rules, [address])[2].facts
        told = [fact.fields["address"] for fact in seen if fact.fields.get("effect") == "address-dropped"]
        assert (other in told, address in told) == (True, False)
