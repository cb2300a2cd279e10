"""A host by its own files: what runs, what is configured, how its address was got; and what that leaves open."""

import re

import pytest
from captured_hosts import ROOT
from host_files import (
    CONNECTIONS,
    DEVICES,
    DRIVER,
    IFCFG,
    KEYFILE,
    KEYFILES,
    NMCLI,
    RESOLVER,
    SCRIPTS,
    SEED,
    shown,
    text_of,
)
from hosts_without_vdsm import iproute, planned
from hypothesis import given, settings
from hypothesis import strategies as st
from test_reading_mutated import check

from planner.host.capture import read_capture
from planner.host.model import Host

ALWAYS = ("networks", "lastClientIface", "netConfigDirty", "software_version")
IP = {"sos_commands/networking/ip_-d_address": (ROOT / "tests" / "data" / "ip-text.txt").read_text()}
WHOLE = read_capture(SEED).required()


def read(*groups: dict[str, str]) -> Host:
    reading = read_capture(text_of(*groups), "files")
    assert reading.problems == ()
    return reading.required()


@pytest.mark.parametrize("configured", [IFCFG, KEYFILE, CONNECTIONS])
def test_what_runs_and_what_is_configured_are_the_host(configured: dict[str, str]) -> None:
    host = read(configured, DEVICES, DRIVER, RESOLVER)
    assert host.lacks == ALWAYS
    bond, vlan = host.bonds["bond4"], host.vlans["bond4.3000"]
    assert (bond.members, bond.options) == (WHOLE.bonds["bond4"].members, WHOLE.bonds["bond4"].options)
    same = WHOLE.vlans["bond4.3000"]
    assert (vlan.base, vlan.tag, vlan.mtu, vlan.ip.dhcpv4) == (same.base, same.tag, same.mtu, same.ip.dhcpv4)
    assert [address.text for address in vlan.ip.addresses] == ["198.51.100.177"]
    assert (vlan.ip.gateway4, vlan.ip.default_route4) == (same.ip.gateway4, same.ip.default_route4)
    assert host.nameservers == WHOLE.nameservers
    assert {name: nic.permanent_hwaddr for name, nic in host.nics.items()} == {
        name: WHOLE.nics[name].permanent_hwaddr for name in ("eth2", "eth3")
    }


def test_it_is_attached_as_vdsm_tells_it() -> None:
    was, now = (planned("seed-vlan-bond-dhcp", host) for host in (WHOLE, read(CONNECTIONS, DEVICES, DRIVER)))
    assert now["outcome"] == was["outcome"]
    assert (now["management"], now["attachment"]) == (was["management"], was["attachment"])


def test_profiles_tell_the_method_that_ip_leaves_open() -> None:
    text, dhcp, six = IP, {"dhcpv4"}, {"dhcpv6", "ipv6autoconf"}
    assert dhcp <= set(read(text).lacks)
    host = read(text, IFCFG, RESOLVER)
    assert host.lacks == ALWAYS
    assert host.vlans["bond4.3000"].ip.dhcpv4
    as_json = {"ip -j -d addr": iproute("seed-vlan-bond-dhcp")}
    assert read(as_json, KEYFILE, RESOLVER).lacks == ALWAYS
    assert not six & set(host.lacks)


STATIC = "DEVICE=bond4.3000\nVLAN=yes\nBOOTPROTO=none\nIPADDR={}\nPREFIX=24\n"


@pytest.mark.parametrize(
    ("profiles", "is_open"),
    [
        ({f"{SCRIPTS}/ifcfg-a": STATIC.format("198.51.100.177")}, False),
        ({f"{SCRIPTS}/ifcfg-a": STATIC.format("198.51.100.178")}, True),  # not what the device has
        ({f"{SCRIPTS}/ifcfg-a": STATIC.format("198.51.100.177"), **KEYFILE}, True),  # one says so, and one so
        ({f"{SCRIPTS}/ifcfg-a": "DEVICE=eth9\nBOOTPROTO=dhcp\n"}, True),
        ({f"{KEYFILES}/a": "[connection]\ninterface-name=bond4.3000\n"}, True),  # it does not say how
        ({f"{SCRIPTS}/ifcfg-a": STATIC.format("198.51.100.177"), **CONNECTIONS}, False),  # one is up
    ],
)
def test_a_method_that_what_runs_contradicts_stays_open(profiles: dict[str, str], *, is_open: bool) -> None:
    host = read(profiles, DEVICES, DRIVER)
    assert ("dhcpv4" in host.lacks) is is_open


def test_a_lease_that_ip_saw_is_not_made_static() -> None:
    host = read(IP, {f"{SCRIPTS}/ifcfg-a": STATIC.format("198.51.100.177")})
    assert host.vlans["bond4.3000"].ip.dhcpv4
    assert "dhcpv4" in host.lacks


def test_ifcfg_files_alone_name_what_nobody_knows() -> None:
    host = read(IFCFG)
    assert (host.bonds["bond4"].members, host.bonds["bond4"].mode) == (("eth2", "eth3"), 2)
    vlan = host.vlans["bond4.3000"]
    assert (vlan.base, vlan.tag, vlan.ip.dhcpv4, vlan.ip.addresses) == ("bond4", 3000, True, ())
    assert {"nics", "ipv4addrs", "gateway", "ipv6addrs", "hwaddr", "mtu", "nameservers"} <= set(host.lacks)


def test_a_static_host_by_its_ifcfg_files() -> None:
    files = {
        "ifcfg-eth0": "DEVICE=eth0\nBRIDGE=br0\n",
        "ifcfg-br0": "DEVICE=br0\nTYPE=Bridge\nSTP=on\nIPADDR=192.0.2.10\nNETMASK=255.255.255.0\nGATEWAY=192.0.2.1\n"
        'IPADDR1=192.0.2.11\nPREFIX1=25\nIPV6INIT=yes\nIPV6ADDR="2001:db8::10/64"\nIPV6_AUTOCONF=no\n'
        "IPV6_DEFAULTGW=2001:db8::1%br0\nMTU=9000\n",
        "ifcfg-eth0:1": "DEVICE=eth0:1\nIPADDR=192.0.2.98\n",
    }
    host = read({f"{SCRIPTS}/{name}": text for name, text in files.items()})
    bridge = host.bridges["br0"]
    assert (bridge.ports, bridge.stp, bridge.mtu) == (("eth0",), True, 9000)
    assert [f"{address.text}/{address.prefix}" for address in bridge.ip.addresses] == [
        "192.0.2.10/24",
        "192.0.2.11/25",
        "2001:db8::10/64",
    ]
    assert (bridge.ip.gateway4, bridge.ip.gateway6) == ("192.0.2.1", "2001:db8::1")
    assert (bridge.ip.dhcpv4, bridge.ip.dhcpv6, bridge.ip.autoconf) == (False, False, False)
    assert not {"dhcpv4", "dhcpv6", "ipv4addrs", "gateway"} & set(host.lacks)
    assert "ipv6addrs" in host.lacks


def test_a_static_host_by_its_keyfiles() -> None:
    keyfile = (
        "[connection]\nid=a\ntype=ethernet\n[ethernet]\nmac-address=52:54:00:00:00:09\nmtu=1400\n[ipv4]\nmethod=manual\n"
        "address1=192.0.2.10/24,192.0.2.1\naddresses=192.0.2.11/24;\n[ipv6]\nmethod=manual\naddress1=2001:db8::10/64\n"
        "gateway=2001:db8::1\n"
    )
    seen = {
        "proc/net/bonding/bond0": DRIVER["proc/net/bonding/bond4"]
        .replace("eth2", "eth9")
        .replace("0:1c:00:02", "0:00:00:09")
    }
    nic = read({f"{KEYFILES}/a": keyfile}, seen).nics["eth9"]
    assert [address.text for address in nic.ip.addresses] == ["192.0.2.10", "192.0.2.11", "2001:db8::10"]
    assert (nic.mtu, nic.ip.gateway4, nic.ip.gateway6) == (1400, "192.0.2.1", "2001:db8::1")
    never = keyfile.replace("[ipv6]", "never-default=true\n[ipv6]")
    assert read({f"{KEYFILES}/a": never}, seen).nics["eth9"].ip.gateway4 == ""


LACP = """Bonding Mode: {}
Transmit Hash Policy: layer3+4 (1)
MII Polling Interval (ms): 200
Peer Notification Delay (ms): 0
Primary Slave: None

802.3ad info
LACP active: on
LACP rate: fast
Min links: 1
Aggregator selection policy (ad_select): bandwidth
Active Aggregator Info:
\tPartner Mac Address: 02:00:5e:00:53:01
"""
BACKUP = "Bonding Mode: {}\nPrimary Slave: eth0 (primary_reselect always)\nMII Polling Interval (ms): 0\n"


@pytest.mark.parametrize(
    ("report", "mode", "options"),
    [
        (
            LACP.format("IEEE 802.3ad Dynamic link aggregation"),
            4,
            dict.fromkeys(["lacp_rate", "xmit_hash_policy", "min_links", "ad_select"], "1")
            | {"mode": "4", "miimon": "200"},
        ),
        (BACKUP.format("fault-tolerance (active-backup)"), 1, {"mode": "1", "primary": "eth0"}),
        (
            BACKUP.format("fault-tolerance (active-backup) (fail_over_mac active)"),
            1,
            {"mode": "1", "primary": "eth0", "fail_over_mac": "1"},
        ),
        (BACKUP.format("load balancing (round-robin)"), 0, {"mode": "0", "primary": "eth0"}),
        (BACKUP.format("something new"), -1, {}),
    ],
)
def test_the_drivers_report_of_a_bond(report: str, mode: int, options: dict[str, str]) -> None:
    host = read({"proc/net/bonding/bond0": f"{report}\nSlave Interface: eth0\nMII Status: up\n"})
    bond = host.bonds["bond0"]
    assert (bond.mode, dict(bond.options)) == (mode, options)
    assert bond.partner == ("02:00:5e:00:53:01" if mode == 4 else "")
    assert bond.members == ("eth0",)
    assert {"opts", "nics"} <= set(host.lacks)


def test_a_device_that_networkmanager_leaves_alone_has_unknown_addresses() -> None:
    unmanaged = shown("eth0", "ethernet").replace("100 (connected)", "10 (unmanaged)")
    assert {"ipv4addrs", "gateway"} <= set(read({f"{NMCLI}/nmcli_dev_show": unmanaged}).lacks)
    managed = shown("eth0", "infiniband") + "\n" + shown("tun0", "tun") + "\n" + shown("br0", "bridge")
    host = read({"nmcli device show": managed})
    assert (set(host.nics), set(host.bridges)) == ({"eth0"}, {"br0"})
    assert "ipv4addrs" not in host.lacks
    assert "ports" in host.lacks


def test_what_nmcli_prints_needs_no_name() -> None:
    printed = "\n".join(DEVICES.values())
    assert read_capture(printed).required() == read(DEVICES)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (IFCFG[f"{SCRIPTS}/ifcfg-bond4"], "an ifcfg file, and a host is read from all of them"),
        ("# by hand\n[connection]\nid=a\n", "a NetworkManager keyfile, and a host is read from all"),
        ("eth0: connected to eth0\n\tethernet", "`nmcli device show` is read"),
    ],
)
def test_one_file_alone_is_refused_with_what_to_do(written: str, told: str) -> None:
    (problem,) = read_capture(written).problems
    assert problem.code == "unknown-format"
    assert told in problem.message


def test_a_resolver_on_the_host_itself_tells_none() -> None:
    stub = {"etc/resolv.conf": "nameserver 127.0.0.53\n"}
    assert read(DEVICES, stub).nameservers == ("192.0.2.53",)  # nmcli's
    assert "nameservers" in read(IFCFG, stub).lacks


@pytest.mark.parametrize(
    "files", [RESOLVER, {"etc/hosts": "127.0.0.1 localhost\n"}, {f"{NMCLI}/nmcli_con": "NAME UUID\n"}]
)
def test_files_that_tell_of_no_device_are_refused(files: dict[str, str]) -> None:
    (problem,) = read_capture(text_of(files)).problems
    assert problem.code == "capture-incomplete"
    assert "ifcfg" in problem.hint


# A real host's: NetworkManager 1.42 has made a bridge over a VLAN over a bond, and two addresses on a nic.
REAL = (ROOT / "tests" / "data" / "host-files.txt").read_text()


def part(*words: str) -> str:
    """Those of the real host's files whose names have one of the words."""
    parts = re.split(r"^(?===> )", REAL, flags=re.MULTILINE)
    return "".join(one for one in parts if any(word in one.partition("\n")[0] for word in words))


SOURCES = {
    "all": REAL,
    "ip": part("ip -"),
    "without ip": part("nmcli", "etc/", "proc/"),
    "nmcli": part("nmcli"),
    "profiles": part("etc/"),
    "files": part("etc/", "proc/"),
}


@pytest.mark.parametrize("source", SOURCES)
def test_each_source_of_a_real_host_tells_the_same_or_what_it_does_not(source: str) -> None:
    whole, host = read_capture(REAL).required(), read_capture(SOURCES[source]).required()
    assert whole.lacks == ALWAYS
    bond, same = host.bonds["bond4"], whole.bonds["bond4"]
    assert (bond.mode, bond.options, bond.mtu) == (same.mode, same.options, same.mtu)
    assert bond.members == same.members or "slaves" in host.lacks
    vlan, bridge = host.vlans["bond4.3000"], host.bridges["br0"]
    assert (vlan.base, vlan.tag, vlan.mtu, bridge.ports, bridge.stp) == ("bond4", 3000, 9000, ("bond4.3000",), False)
    assert bridge.ip.dhcpv4
    if "ipv4addrs" in host.lacks:
        assert (bridge.ip.addresses, "gateway" in host.lacks) == ((), True)
    else:
        assert (bridge.ip.addresses, bridge.ip.gateway4) == (whole.bridges["br0"].ip.addresses, "198.51.100.1")
    assert (host.nameservers == ("192.0.2.53",)) is ("nameservers" not in host.lacks)
    if "ip -j" not in SOURCES[source]:  # which takes a veth, as this host's nics are, for none
        addresses = {f"{address.text}/{address.prefix}" for address in host.nics["eth0"].ip.addresses}
        assert addresses == {"192.0.2.10/24", "192.0.2.11/24", "2001:db8::10/64"}
        ip = host.nics["eth0"].ip
        assert (ip.dhcpv4, ip.dhcpv6, ip.autoconf) == (False, False, False)


ALL = text_of(IFCFG, KEYFILE, DRIVER, RESOLVER, DEVICES, CONNECTIONS)


@pytest.mark.parametrize(
    "wide", ["==> a <==\n", "==> nmcli <==\nGENERAL.DEVICE: a\n", "IPADDR=1\n", "Slave Interface: a\n"]
)
def test_much_of_it_takes_seconds(wide: str) -> None:
    check(ALL + wide * 20_000)


@settings(max_examples=400)
@given(st.sampled_from([ALL, REAL, text_of(IFCFG, DRIVER), text_of(IP, KEYFILE)]), st.data())
def test_changed_files(content: str, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        piece = data.draw(
            st.text(max_size=6) | st.sampled_from(["=", "\n", ": ", "==> x <==\n", "%", "[connection]\n"])
        )
        content = content[:start] + piece + content[start + data.draw(st.integers(0, 40)) :]
    check(content)
