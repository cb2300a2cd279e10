"""The difference that a plan makes, as an administrator reads it."""

from explained_hosts import (
    ALL,
    BONDING,
    DUAL,
    DUAL_PLAN,
    FOREIGN,
    FOREIGN_PLAN,
    MANAGED,
    MANAGED_IP,
    MANAGED_PLAN,
    PLAIN,
    PLAIN_PLAN,
    SEED,
    SEED_PLAN,
    STATIC,
    THOUSAND,
    THOUSAND_PLAN,
    bond,
    host,
    ip,
    nic,
    plan,
)
from generated_hosts import HOSTS_AND_PLANS
from hypothesis import given

from planner.explain.diff import changes, text
from planner.plan.after import future


def diff(host, plan):
    return text(changes(host, plan))


def test_the_seed_host():
    assert (
        diff(SEED, SEED_PLAN)
        == """\
~ nic eth2                              MTU 1500 -> 9000
~ nic eth3                              MTU 1500 -> 9000
~ bond bond4                            MTU 1500 -> 9000
~ vlan bond4.3000                       MTU 1500 -> 9000
+ bridge ovirtmgmt                      MTU 9000, port bond4.3000
+ network ovirtmgmt                     VM network, tag 3000, MTU 9000, default route yes
- address 192.0.2.10/24 on bond4.3000
+ address 192.0.2.10/24 on ovirtmgmt    DHCP, gateway 192.0.2.1
  unchanged: 2 nics (eth0, eth1)
"""
    )


def test_a_plain_nic():
    assert (
        diff(PLAIN, PLAIN_PLAN)
        == """\
+ bridge ovirtmgmt                     MTU 1500, port eth0
+ network ovirtmgmt                    VM network, MTU 1500, default route yes
- address 192.0.2.10/24 on eth0
+ address 192.0.2.10/24 on ovirtmgmt   static, gateway 192.0.2.1
"""
    )


def test_bridgeless_and_dual_stack():
    assert (
        diff(DUAL, DUAL_PLAN)
        == """\
+ network ovirtmgmt                          bridgeless on bond0, MTU 1500, default route yes
~ address 2001:db8:1:2:3:4:5:6/64 on bond0   auto -> auto and DHCPv6
- address 192.0.2.11/24 on bond0
  unchanged: 2 nics (eno1, eno2)
"""
    )


def test_nothing_changes():
    assert diff(MANAGED, MANAGED_PLAN) == "ovirtmgmt is as defined: nothing changes\n"


def test_a_refusal_changes_nothing():
    assert diff(FOREIGN, FOREIGN_PLAN).startswith("refused: nothing changes\n  address-on-foreign-bridge: 192.0.2.10")


def test_thousand_vlans_are_one_line():
    assert len(diff(THOUSAND, THOUSAND_PLAN).splitlines()) < 15


def test_an_existing_network_that_differs():
    document = MANAGED_PLAN | {
        "outcome": "change",
        "attachment": MANAGED_PLAN["attachment"] | {"mtu": 9000, "stp": True},
    }
    assert (
        diff(MANAGED, document)
        == """\
~ nic eth0            MTU 1500 -> 9000
~ bridge ovirtmgmt    MTU 1500 -> 9000, STP off -> on
~ network ovirtmgmt   MTU 1500 -> 9000
  unchanged: 1 nic (eth1)
"""
    )


def test_a_bridge_that_is_taken_away():
    document = MANAGED_PLAN | {"outcome": "change", "attachment": MANAGED_PLAN["attachment"] | {"bridged": False}}
    lines = diff(MANAGED, document)
    assert "- bridge ovirtmgmt" in lines
    assert "+ address 192.0.2.10/24 on eth0" in lines
    assert future(MANAGED, document).nics["eth0"].ip.addresses == MANAGED_IP.addresses


def test_the_base_loses_its_own_address():
    base = bond("bond4", ("eth2", "eth3"), ip=ip("198.51.100.7/24"))
    assert "- address 198.51.100.7/24 on bond4" in diff(SEED._replace(bonds={"bond4": base}), SEED_PLAN)


def test_name_servers():
    document = PLAIN_PLAN | {"attachment": PLAIN_PLAN["attachment"] | {"nameservers": ["192.0.2.53"]}}
    assert "~ nameservers                          none -> 192.0.2.53\n" in diff(PLAIN, document)


def test_devices_that_stay_are_the_very_same():
    coming = future(THOUSAND, THOUSAND_PLAN)
    assert coming.vlans["bond4.1000"] is THOUSAND.vlans["bond4.1000"]
    assert future(MANAGED, MANAGED_PLAN) is MANAGED


def test_a_bond_whose_members_are_told_in_another_order_does_not_change():
    here = host(nic("eth2"), nic("eth3"), bond("bond4", ("eth3", "eth2"), ip=ip("192.0.2.10/24")))
    document = plan("bond4", "bond", "bond4", bonding=BONDING, ipv4=STATIC)
    assert "bond bond4" not in diff(here, document)


@given(HOSTS_AND_PLANS)
def test_every_difference_is_printable(given_both):
    assert all(line.isprintable() and len(line) <= 100 for line in diff(*given_both).splitlines())


def test_all_hosts_differ_as_their_plans_say():
    for here, document in ALL.values():
        assert bool(changes(here, document).changes) == (document["outcome"] == "change")
