"""Drawings as text: a few to the letter, all of them within their columns."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from explained_hosts import (
    ALL,
    FOREIGN,
    FOREIGN_PLAN,
    MANAGED,
    MANAGED_PLAN,
    PLAIN,
    PLAIN_PLAN,
    SEED,
    SEED_PLAN,
    bridge,
    host,
    ip,
    nic,
    refusal,
    vlan,
)
from generated_hosts import HOSTS_AND_PLANS
from hypothesis import given

from planner.explain.drawing.scene import Node, Picture, Trait, before, pictures
from planner.explain.drawing.text import render
from planner.host.model import Network

ROOT = Path(__file__).parents[2]


def drawn(host, plan):
    return render(*pictures(host, plan))


def test_the_seed_host():
    assert (
        drawn(SEED, SEED_PLAN)
        == """\
Before                                After

                                            ┌───────────────────────────┐
 ┌───────────────────────────┐              │ ~ 192.0.2.10/24           │
 │ 192.0.2.10/24             │              │ DHCP · gateway 192.0.2.1  │
 │ DHCP · gateway 192.0.2.1  │              │ on bond4.3000 → ovirtmgmt │
 └─────────────┬─────────────┘              └─────────────┬─────────────┘
               │                                          │
               │                               ┏━━━━━━━━━━┷━━━━━━━━━━┓
               │                               ┃ + bridge ovirtmgmt  ┃
               │                               ┃ MTU 9000            ┃
               │                               ┗━━━━━━━━━━┯━━━━━━━━━━┛
               │                                          │
               │                                ┌─────────┴─────────┐
    ┌──────────┴──────────┐                     │ ~ vlan bond4.3000 │
    │ vlan bond4.3000     │      ══▶            │ tag 3000          │
    │ tag 3000 · MTU 1500 │                     │ MTU 1500 → 9000   │
    └──────────┬──────────┘                     └─────────┬─────────┘
               │                                          │
               │                                ┌─────────┴─────────┐
┌──────────────┴──────────────┐                 │ ~ bond bond4      │
│ bond bond4                  │                 │ 802.3ad (mode 4)  │
│ 802.3ad (mode 4) · MTU 1500 │                 │ MTU 1500 → 9000   │
└──────────────┬──────────────┘                 └─────────┬─────────┘
       ┌───────┴──────┐                        ┌──────────┴─────────┐
 ┌─────┴─────┐  ┌─────┴─────┐         ┌────────┴────────┐  ┌────────┴────────┐
 │ nic eth2  │  │ nic eth3  │         │ ~ nic eth2      │  │ ~ nic eth3      │
 │ MTU 1500  │  │ MTU 1500  │         │ MTU 1500 → 9000 │  │ MTU 1500 → 9000 │
 │ 10 Gbit/s │  │ 10 Gbit/s │         │ 10 Gbit/s       │  │ 10 Gbit/s       │
 └───────────┘  └───────────┘         └─────────────────┘  └─────────────────┘

Not drawn: 2 other nics (eth0, eth1)

┏━┓ + new   ~ changed
"""
    )


def test_a_plain_nic():
    assert (
        drawn(PLAIN, PLAIN_PLAN)
        == """\
Before                                After

                                      ┌─────────────────────────────┐
┌─────────────────────────────┐       │ ~ 192.0.2.10/24             │
│ 192.0.2.10/24               │       │ static · gateway 192.0.2.1  │
│ static · gateway 192.0.2.1  │       │ on eth0 → ovirtmgmt         │
└──────────────┬──────────────┘       └──────────────┬──────────────┘
               │                                     │
               │                          ┏━━━━━━━━━━┷━━━━━━━━━━┓
               │                 ══▶      ┃ + bridge ovirtmgmt  ┃
               │                          ┃ MTU 1500            ┃
               │                          ┗━━━━━━━━━━┯━━━━━━━━━━┛
               │                                     │
         ┌─────┴─────┐                         ┌─────┴─────┐
         │ nic eth0  │                         │ nic eth0  │
         │ MTU 1500  │                         │ MTU 1500  │
         │ 10 Gbit/s │                         │ 10 Gbit/s │
         └───────────┘                         └───────────┘

┏━┓ + new   ~ changed
"""
    )


def test_a_refusal_is_marked_where_it_is():
    assert (
        drawn(FOREIGN, FOREIGN_PLAN)
        == """\
As it is: refused

┌─────────────────────────────┐
│ 192.0.2.10/24               │
│ static · gateway 192.0.2.1  │
└──────────────┬──────────────┘
               │
       ╔═══════╧═══════╗
       ║ ✗ bridge br0  ║
       ║ MTU 1500      ║
       ╚═══════╤═══════╝
               │
         ┌─────┴─────┐
         │ nic eth0  │
         │ MTU 1500  │
         │ 10 Gbit/s │
         └───────────┘

✗ address-on-foreign-bridge: 192.0.2.10 is on br0, a bridge that VDSM does not own; its ports: eth0
Not drawn: 1 other nic (eth1)

╔═╗ ✗ refused because of this
"""
    )


def test_a_compliant_host_is_drawn_once():
    assert (
        drawn(MANAGED, MANAGED_PLAN)
        == """\
As it is

┌───────────────────────────┐
│ 192.0.2.10/24             │
│ DHCP · gateway 192.0.2.1  │
└─────────────┬─────────────┘
              │
    ┌─────────┴─────────┐
    │ bridge ovirtmgmt  │
    │ MTU 1500          │
    └─────────┬─────────┘
              │
        ┌─────┴─────┐
        │ nic eth0  │
        │ MTU 1500  │
        │ 10 Gbit/s │
        └───────────┘

ovirtmgmt is as defined: nothing changes
Not drawn: 1 other nic (eth1)
"""
    )


def test_many_vlans_are_one_sum():
    lines = drawn(*ALL["thousand"])
    assert lines.count("+ 999 more vlans") == 2
    assert len(lines.splitlines()) < 60


def test_a_dropped_address_is_drawn_as_removed():
    assert "╎ - 192.0.2.11/24 ╎" in drawn(*ALL["dual"])


def test_without_a_plan_the_host_is_seen_from_where_it_was_asked():
    assert render(before(SEED)) == render(before(SEED, "bond4.3000"))


def test_a_host_without_devices():
    assert render(before(host())) == "Before\n\n(the capture lists no device)\n"


@given(HOSTS_AND_PLANS)
def test_every_drawing_is_printable_and_repeats(given_both):
    host, plan = given_both
    text = drawn(host, plan)
    assert text == drawn(host, plan)
    assert all(line.isprintable() and line == line.rstrip() for line in text.splitlines())
    assert text.encode()


def test_drawings_keep_to_100_columns():
    for here, document in ALL.values():
        assert max(map(len, drawn(here, document).splitlines())) <= 100


def test_a_refusal_elsewhere_is_drawn_too():
    here = host(
        nic("eth0", ip=ip("192.0.2.10/24")),
        nic("eth1"),
        nic("eth2"),
        bridge("ovirtmgmt", ("eth1",)),
        networks=(Network("ovirtmgmt", "networks.ovirtmgmt", "ovirtmgmt", bridged=True, southbound="eth1"),),
    )
    text = drawn(
        here,
        refusal(
            "network-elsewhere", "it stands elsewhere", "nics.eth0", "networks.ovirtmgmt", device="eth0", kind="nic"
        ),
    )
    assert "║ ✗ bridge ovirtmgmt  ║" in text
    assert "Not drawn: 1 other nic (eth2)" in text


def test_both_devices_of_an_ambiguous_address_are_marked():
    here = host(nic("eth0", ip=ip("192.0.2.10/24")), nic("eth1", ip=ip("192.0.2.10/24")), nic("eth2"))
    text = drawn(here, refusal("address-ambiguous", "it is on two", "nics.eth0.addr", "nics.eth1.addr"))
    assert text.count("✗ nic") == 2
    assert "Not drawn: 1 other nic (eth2)" in text


def test_what_is_left_out_of_two_pictures_is_told_of_each():
    eth0, rest = Node("eth0", "nic", "eth0"), Node("rest:nics", "nic", "", (Trait("", "eth1"),), beside=True, many=1)
    more = replace(rest, traits=(*rest.traits, Trait("and", "2 bridges")))
    first = Picture("Before", (eth0, rest), ())
    assert "\nNot drawn: 1 other nic (eth1)\n" in render(first, replace(first, title="After"))
    assert ("\nNot drawn (before): 1 other nic (eth1)\nNot drawn (after): 1 other nic (eth1), 2 bridges\n") in render(
        first, Picture("After", (eth0, more), ())
    )


def test_a_refusal_without_a_place_shows_where_the_host_was_asked():
    assert "vlan bond4.3000" in drawn(SEED, refusal("address-not-found", "192.0.2.99 is nowhere"))


def test_devices_in_a_circle_are_drawn_once():
    here = host(vlan("eth0.5", 6, ip=ip("192.0.2.10/24")), vlan("x", 5)._replace(name="eth0.5", base="eth0.5.6"))
    assert render(before(here, "eth0.5.6")).count("vlan") == 2


def test_a_drawing_is_the_same_in_every_process() -> None:
    """An address that several devices of the stack have is drawn in the order of the stack, not in that of a hash."""
    command = [sys.executable, "-m", "planner", "draw", "golden/address-on-bond-and-member/capture.json"]
    drawn = {
        subprocess.run(
            [*command, "--address", "192.0.2.10"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        for seed in range(6)
    }
    assert len(drawn) == 1
    assert "192.0.2.10" in drawn.pop()
