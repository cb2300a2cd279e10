"""Why a value is as it is, and the plan as a page of text."""

import pytest
from explained_hosts import ALL, FOREIGN_PLAN, MANAGED_PLAN, SEED_PLAN, plan, refusal
from generated_hosts import plans
from hypothesis import given
from hypothesis import strategies as st

from planner.explain.summary import summary, why, why_all
from planner.problem import Problem


def test_a_field():
    assert (
        why(SEED_PLAN, "vlan")
        == """\
vlan = 3000
  rule     vlan-over-bond
  at       ovirtmgmt/1.0/devise/vlan-over-bond.yaml:14
  facts    vlans.bond4.3000.addr
           vlans.bond4.3000
           bondings.bond4
  sent as  networks.ovirtmgmt.vlan = 3000
"""
    )


@pytest.mark.parametrize(
    "spelling", ["attachment.vlan", "request.networks.ovirtmgmt.vlan", "networks.ovirtmgmt.vlan", " vlan "]
)
def test_other_spellings_of_it(spelling):
    assert why(SEED_PLAN, spelling) == why(SEED_PLAN, "vlan")


def test_a_family():
    assert why(SEED_PLAN, "ipv4").startswith("ipv4.method = dhcp\n  rule     ipv4-inherited\n")


def test_what_no_rule_set():
    assert why(SEED_PLAN, "switch") == "switch = legacy\n  no rule set it: this holds where no rule says otherwise\n"


def test_a_part_that_the_method_leaves_out():
    assert why(SEED_PLAN, "ipv4.address") == "ipv4.address: not part of this plan\n"


def test_an_option_of_the_call():
    assert "no rule: how many seconds" in why(SEED_PLAN, "request.options.connectivityTimeout")


def test_a_bond_of_the_request():
    assert why(SEED_PLAN, "request.bondings.bond4.options") == why(SEED_PLAN, "bonding")


def test_the_management_device():
    assert why(SEED_PLAN, "management") == "management = 192.0.2.10 on vlan bond4.3000, found by the address given\n"


def test_a_field_as_the_text_the_request_or_a_definition_calls_it():
    for called, field in (
        ("VM network", "bridged"),
        ("attached to", "iface"),
        ("name servers", "nameservers"),
        ("bond", "bonding"),
        ("IPv4", "ipv4"),
        ("vm_network", "bridged"),
        ("bootproto", "ipv4.method"),
        ("defaultRoute", "default_route"),
    ):
        assert why(SEED_PLAN, called) == why(SEED_PLAN, field)


@pytest.mark.parametrize(
    ("field", "meant"),
    [
        ("vlna", "vlan"),
        ("ipv4.methods", "ipv4.method"),
        ("request.networks.ovirtmgmt.mtuu", "request.networks.ovirtmgmt.mtu"),
    ],
)
def test_an_unknown_field_is_a_problem(field, meant):
    problem = why(SEED_PLAN, field)
    assert isinstance(problem, Problem)
    assert problem.code == "unknown-field"
    assert problem.hint.startswith(f"did you mean {meant}?")


def test_a_refused_plan_says_why():
    assert (
        why(FOREIGN_PLAN, "vlan")
        == """\
vlan: not part of this plan

refused because:
  address-on-foreign-bridge: 192.0.2.10 is on br0, a bridge that VDSM does not own; its ports: eth0
    hint  do otherwise
    at    bridges.br0.addr
    at    bridges.br0
    at    ovirtmgmt/1.0/guard/address-on-foreign-bridge.yaml:14
"""
    )
    assert "refused because:" in why_all(FOREIGN_PLAN)


def test_there_is_no_request_in_a_refused_plan():
    assert why(FOREIGN_PLAN, "request").startswith("the plan's outcome is refused: there is no request")


def test_all_reasons():
    assert (
        why_all(SEED_PLAN)
        == """\
management = 192.0.2.10 on vlan bond4.3000, found by the address given

field         value                        set by
iface         bond4                        ovirtmgmt/1.0/devise/vlan-over-bond.yaml:13
vlan          3000                         ovirtmgmt/1.0/devise/vlan-over-bond.yaml:14
bridged       true                         ovirtmgmt/1.0/devise/vm-network.yaml:9
mtu           9000                         ovirtmgmt/1.0/devise/mtu-as-defined.yaml:8
bonding       bond4 of eth2, eth3: 802.…   ovirtmgmt/1.0/devise/vlan-over-bond.yaml:15
ipv4.method   dhcp                         ovirtmgmt/1.0/devise/ipv4-inherited.yaml:11
"""
    )


def test_the_page():
    assert (
        summary(SEED_PLAN)
        == """\
ovirtmgmt: a change is planned

Management address: 192.0.2.10 on vlan bond4.3000, found by the address given

Attachment
  attached to     bond4                                              vlan-over-bond
  VLAN            tag 3000                                           vlan-over-bond
  bond            bond4 of eth2, eth3: 802.3ad (mode 4), miimon=100  vlan-over-bond
  VM network      yes, with a bridge                                 vm-network
  MTU             9000                                               mtu-as-defined
  STP             off
  IPv4            DHCP                                               ipv4-inherited
  IPv6            none
  default route   yes
  name servers    as the host has them
  switch          legacy

warning: lease-may-change: ovirtmgmt asks for its own DHCP lease, and the address may become another
  one
  hint: reserve 192.0.2.10 for the MAC address of bond4

What is wanted, under the connectivity check (setupNetworks)
  networks.ovirtmgmt: bonding=bond4 vlan=3000 mtu=9000 bridged=true stp=false bootproto=dhcp
    dhcpv6=false ipv6autoconf=false defaultRoute=true switch=legacy
  bondings.bond4: nics=eth2,eth3 options="mode=4 miimon=100" switch=legacy
  options: connectivityCheck=true connectivityTimeout=120 commitOnSuccess=false
  - the MTU of bond4, eth2, eth3, bond4.3000 goes from 1500 to 9000: of a test
  - the bridge ovirtmgmt is made on bond4.3000: of a test
  - 192.0.2.10 moves from bond4.3000 to ovirtmgmt: of a test

Decided by the rules ovirtmgmt 1.0, fired by plain.
"""
    )


def test_the_page_of_a_refusal():
    assert (
        summary(FOREIGN_PLAN)
        == """\
ovirtmgmt: refused, the host stays as it is

Management address: 192.0.2.10 on bridge br0, found by the address given

error: address-on-foreign-bridge: 192.0.2.10 is on br0, a bridge that VDSM does not own; its ports:
  eth0
  hint: do otherwise

Decided by the rules ovirtmgmt 1.0, fired by plain.
"""
    )


def test_the_page_of_a_compliant_host():
    assert summary(MANAGED_PLAN).startswith("ovirtmgmt: nothing to change, the host is as defined\n")


def test_colour_only_when_asked_for():
    assert "\x1b" not in summary(SEED_PLAN)
    assert summary(SEED_PLAN, colour=True).startswith("\x1b[1;34m")


def test_an_unknown_effect_is_told_all_the_same():
    document = plan("eth0", "nic", "eth0", foreseen=(("sparks-fly", "eth0", "here", "there"),))
    assert "  - sparks-fly on eth0 from here to there: of a test\n" in summary(document)


def test_names_do_not_steer_the_terminal():
    document = refusal("\x1b[2J", "\x9b31m \u202e x", "nics.\x07", device="\x1b]0;t\x07", kind="nic")
    for text in (summary(document), why(document, "vlan"), why_all(document)):
        assert text.replace("\n", "").isprintable()


@given(plans(), st.sampled_from(["vlan", "management", "request", "ipv6", "attachment"]))
def test_every_page_is_printable_and_keeps_to_100_columns(document, field):
    answer = why(document, field)
    assert isinstance(answer, str)
    for text in (summary(document), answer, why_all(document)):
        assert all(line.isprintable() and len(line) <= 100 for line in text.splitlines())


@given(st.text())
def test_any_field_has_an_answer(field):
    assert why(SEED_PLAN, field)


def test_pages_of_all_hosts_keep_to_100_columns():
    for _, document in ALL.values():
        assert max(map(len, summary(document).splitlines())) <= 100
