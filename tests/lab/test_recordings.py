"""What `reading` makes of a kernel is what VDSM's own code made of the same kernel.

Recordings: hosts with VDSM's caps and the output of `ip` beside each other (Linux 6.1, VDSM of mid 2026).
"""

from pathlib import Path

import pytest

from lab.agent.dhcp import Client
from lab.agent.looking import Seen, kind_of
from lab.agent.machine import machine_of
from lab.agent.reading import reading

SECTIONS = ("nics", "bondings", "vlans", "bridges")
NOT_RECORDED = {  # what the recording does not tell, or NetworkManager's profile told
    ("ov-hostqos", "eth0", "qos"),
    ("nm-nic-slaac-only", "eth0", "dhcpv6"),
    ("vlan-bond-dhcp-one-member", "eth2", "dhcpv6"),
    ("nic-gateway-only-in-table", "eth0", "gateway"),
}
HOSTS = sorted(host.name for host in (Path(__file__).parent / "data").iterdir())


def seen_of(recording):
    caps, links = recording["caps"], {row["ifname"]: row for row in recording["ip-addr"]}
    leased = [name for part in SECTIONS for name, record in caps[part].items() if record["dhcpv4"]]
    return Seen(
        links=links,
        routes=recording["ip-route"],
        routes6=recording["ip6-route"],
        rules=[],
        # the recording's nics are veths: 10 Gb/s while they have a carrier
        speeds={n: 10000 * (row["operstate"] == "UP") for n, row in links.items() if kind_of(row) == "nic"},
        bridge_options={name: bridge["opts"] for name, bridge in caps["bridges"].items()},
        clients={name: Client("main", "", {}) for name in leased},
        quiet=frozenset(),
        nameservers=caps["nameservers"],
    )


@pytest.mark.parametrize("host", HOSTS)
def test_the_reading_is_vdsms(recordings, host):
    found, caps = reading(seen_of(recordings[host])), recordings[host]["caps"]
    for section in SECTIONS:
        assert plain(found[section], host) == plain(caps[section], host)
    assert found["nameservers"] == caps["nameservers"]


@pytest.mark.parametrize("host", HOSTS)
def test_a_machine_is_made_of_it(recordings, host):
    machine = machine_of(seen_of(recordings[host]))
    caps = recordings[host]["caps"]
    assert machine.links.keys() == {name for section in SECTIONS for name in caps[section]}
    assert all(route.device in machine.links for route in machine.routes)


def plain(section, host):
    """A section without what was not recorded; members have no order."""
    return {
        name: {
            key: sorted(value) if key in ("slaves", "ports") else value
            for key, value in record.items()
            if (host, name, key) not in NOT_RECORDED
        }
        for name, record in section.items()
    }
