"""What the ages of VDSM spell differently, each told by a host as small as it can be."""

import pytest

from planner.host.capture import read_capture
from planner.host.model import NO_IP, Host


def host_of(document: dict[str, object]) -> Host:
    reading = read_capture(document)
    assert reading.host is not None, reading.problems
    assert not reading.problems
    return reading.host


def test_before_4_14_a_vlans_name_tells_base_and_tag() -> None:
    host = host_of(
        {
            "software_version": "4.10",
            "nics": {"eth0": {}, "eth1.5": {}},
            "vlans": {
                "eth0.100": {"iface": "eth0"},
                "eth0.100.200": {"iface": "eth0"},
                "eth1.5": {"iface": "eth1"},
                "eth1.5.7": {"iface": "eth1"},
                "eth9.x": {"iface": "eth9"},
                "eth0.99999": {"iface": "eth0"},
            },
        }
    )
    assert {vlan.name: (vlan.base, vlan.tag) for vlan in host.vlans.values()} == {
        "eth0.100": ("eth0", 100),
        "eth0.100.200": ("eth0.100", 200),
        "eth1.5.7": ("eth1.5", 7),  # over a nic with a dot in its name, which is no vlan
        "eth9.x": ("eth9", -1),
        "eth0.99999": ("eth0", -1),
    }


def test_the_bonding_modules_placeholders_are_left_out() -> None:
    empty = {"slaves": [], "addr": "", "hwaddr": "00:00:00:00:00:00", "cfg": {}}
    bonds = {f"bond{number}": empty for number in range(5)}
    bonds["bond1"] = {**empty, "addr": "192.0.2.1"}
    host = host_of(
        {
            "bondings": bonds,
            "vlans": {"bond2.7": {"iface": "bond2"}},
            "bridges": {"br0": {"ports": ["bond3"]}},
            "networks": {"net": {"interface": "bond4", "bridged": False}},
        }
    )
    assert set(host.bonds) == {"bond1", "bond2", "bond3", "bond4"}
    assert host.bonds["bond2"].hwaddr == ""


@pytest.mark.parametrize(
    ("record", "mode", "options"),
    [
        ({"opts": {"mode": "4", "miimon": "100"}}, 4, "mode=4 miimon=100"),
        ({"opts": {"miimon": "100"}}, 0, "mode=0 miimon=100"),  # 4.16 leaves out a mode of 0
        ({"opts": {"mode": "802.3ad 4"}}, 4, "mode=4"),
        ({"opts": {"mode": ["active-backup", "1"], "miimon": 50}}, 1, "mode=1 miimon=50"),
        ({"cfg": {"BONDING_OPTS": "mode=802.3ad miimon=150"}}, 4, "mode=4 miimon=150"),
        ({"cfg": {"BONDING_OPTS": "'miimon=150'"}}, 0, "mode=0 miimon=150"),
        ({"cfg": {}}, -1, ""),
    ],
)
def test_bond_options(record: dict[str, object], mode: int, options: str) -> None:
    bond = host_of({"bondings": {"bond0": {"slaves": ["eth0", "eth1"], **record}}}).bonds["bond0"]
    assert bond.mode == mode
    assert " ".join(f"{key}={value}" for key, value in bond.options) == options


@pytest.mark.parametrize(
    ("record", "dhcp", "gateway"),
    [
        ({"dhcpv4": True, "gateway": "192.0.2.1"}, True, "192.0.2.1"),
        ({"dhcpv4": "True", "gateway": "0.0.0.0"}, True, ""),
        ({"bootproto4": "dhcp"}, True, ""),
        ({"bootproto4": "none", "cfg": {"BOOTPROTO": "dhcp"}}, False, ""),
        ({"cfg": {"BOOTPROTO": "DHCP", "GATEWAY": "192.0.2.1"}}, True, ""),
        ({"cfg": {"BOOTPROTO": "none", "GATEWAY": "192.0.2.1"}}, False, "192.0.2.1"),
        ({"cfg": {"GATEWAY": "192.0.2.1"}}, False, "192.0.2.1"),
        ({"gateway": "", "cfg": {"GATEWAY": "192.0.2.1"}}, False, ""),  # since 4.17 the kernel was asked
        ({"dhcpv4": False, "cfg": {"BOOTPROTO": "dhcp"}}, False, ""),
    ],
)
def test_dhcp_and_gateway(record: dict[str, object], gateway: str, *, dhcp: bool) -> None:
    nic = {"addr": "192.0.2.10", "netmask": "255.255.255.0", **record}
    ip = host_of({"nics": {"eth0": nic}}).nics["eth0"].ip
    assert (ip.dhcpv4, ip.gateway4) == (dhcp, gateway)
    assert [(address.text, address.prefix, address.path) for address in ip.addresses] == [
        ("192.0.2.10", 24, "nics.eth0.addr")
    ]


def test_absence_has_many_spellings() -> None:
    for record in (
        {},
        {"addr": "", "netmask": "", "gateway": "", "ipv6gateway": "::", "ipv4addrs": [], "ipv6addrs": []},
        {"addr": None, "gateway": "0.0.0.0", "ipv6gateway": None, "ipv4addrs": None, "hwaddr": None},
        {"addr": "", "cfg": {"BOOTPROTO": "dhcp", "ONBOOT": "no"}, "hwaddr": "00:00:00:00:00:00", "mtu": ""},
        {"ipv4defaultroute": False, "dhcpv4": "False", "ipv6autoconf": False, "mtu": None},
        {"ipv6addrs": ["fe80::1/64"], "addr": "None"},
    ):
        nic = host_of({"nics": {"eth0": record}}).nics["eth0"]
        assert nic.ip is NO_IP
        assert (nic.mtu, nic.hwaddr) == (-1, "")
    assert host_of({"nics": {"eth0": None}, "vlans": None, "bondings": "", "bridges": []}).nics.keys() == {"eth0"}


def test_addresses_are_told_apart_as_addresses() -> None:
    record = {
        "addr": "192.0.2.11",
        "netmask": "255.255.255.0",
        "ipv4addrs": ["192.0.2.10/24", "192.0.2.10/24", "198.51.100.5/255.255.255.128"],
        "ipv6addrs": ["2001:DB8:0::10/64", "fe80::1/64", "::ffff:203.0.113.9/120", "fd00::1%eth0/128"],
        "ipv6gateway": "FE80::1%eth0",
    }
    ip = host_of({"nics": {"eth0": record}}).nics["eth0"].ip
    assert [(address.text, address.family, address.prefix) for address in ip.addresses] == [
        ("192.0.2.10", 4, 24),
        ("198.51.100.5", 4, 25),
        ("192.0.2.11", 4, 24),
        ("2001:db8::10", 6, 64),
        ("203.0.113.9", 4, 24),
        ("fd00::1", 6, 128),
    ]
    assert ip.gateway6 == "fe80::1"
    assert ip.primary4 == "192.0.2.11"


@pytest.mark.parametrize(
    ("document", "version"),
    [
        ({"software_version": "4.50"}, (4, 50)),
        ({"software_version": "4.10.3-0.141.gita11e8f2.fc17"}, (4, 10, 3)),
        ({"software_version": "4.9"}, (4, 9)),
        ({"software_version": "4.9-1"}, (4, 9)),
        ({"software_version": "4.40.60.7"}, (4, 40, 60)),
        ({"software_version": "4.40.git"}, (4, 40)),
        ({"packages2": {"vdsm": {"version": "4.18.999"}}}, (4, 18, 999)),
        ({"software_version": 4.5, "packages2": {"vdsm": {"version": "4.50.7"}}}, (4, 50, 7)),
        ({"software_version": "4.30", "packages2": {"vdsm": {"version": "4.30.0"}}}, (4, 30, 0)),
        ({"software_version": "4.30.1", "packages2": {"vdsm": {"version": "4.30"}}}, (4, 30, 1)),
        ({"software_version": "4.30.1", "packages2": {"vdsm": {"version": "4.30.2"}}}, (4, 30, 1)),
        ({"software_version": "4.10", "packages2": {"vdsm": {"version": "4.17.1"}}}, (4, 10)),
        ({"software_version": "newest", "packages2": []}, ()),
        ({"software_version": "4." + "9" * 5000}, ()),
        ({}, ()),
    ],
)
def test_version(document: dict[str, object], version: tuple[int, ...]) -> None:
    assert host_of({**document, "nics": {}}).version == version


def test_name_servers_by_either_name() -> None:
    assert host_of({"nics": {}, "dnss": ["192.0.2.53"]}).nameservers == ("192.0.2.53",)
    assert host_of({"nics": {}, "nameservers": ["2001:DB8::35", "fe80::1%eth0"]}).nameservers == (
        "2001:db8::35",
        "fe80::1%eth0",
    )


def test_southbound_is_the_port_that_is_no_virtual_machines() -> None:
    host = host_of(
        {
            "nics": {"eth0": {"mtu": "9000"}},
            "vlans": {"eth0.5": {"iface": "eth0", "vlanid": 5}},
            "bridges": {"net": {"ports": ["vnet0", "eth0.5", "vnet1"], "stp": "on", "mtu": 1400}},
            "networks": {"net": {"iface": "net"}, "far": {"iface": "far", "bridged": True, "ports": ["tap1", "em9"]}},
        }
    )
    net, far = host.networks["net"], host.networks["far"]
    assert (net.bridged, net.southbound, net.tag, net.stp, net.mtu) == (True, "eth0.5", 5, True, 1400)
    assert (far.southbound, far.tag) == ("em9", -1)
    assert host.bridges["far"].path == "networks.far"
    assert host.bridges["far"].ports == ("tap1", "em9")


def test_a_network_without_dhcp_flags_has_its_bridges() -> None:
    bridge = {"ports": ["eth0"], "addr": "192.0.2.10", "netmask": "255.255.255.0", "cfg": {"BOOTPROTO": "dhcp"}}
    network = {
        "iface": "net",
        "bridged": True,
        "addr": "192.0.2.10",
        "netmask": "255.255.255.0",
        "gateway": "192.0.2.1",
    }
    ip = host_of({"bridges": {"net": bridge}, "networks": {"net": network}}).networks["net"].ip
    assert (ip.dhcpv4, ip.gateway4) == (True, "192.0.2.1")
    nic = {"addr": "192.0.2.10", "netmask": "255.255.255.0", "dhcpv4": True}
    host = host_of({"nics": {"eth0": nic}, "networks": {"net": {"interface": "eth0", "bridged": False}}})
    assert host.networks["net"].ip.dhcpv4


@pytest.mark.parametrize(
    ("record", "bridged", "device"),
    [
        ({"iface": "net"}, True, "net"),
        ({"iface": "eth0"}, False, "eth0"),
        ({"interface": "eth0"}, False, "eth0"),
        ({"iface": "eth0", "interface": "eth0", "bridged": False}, False, "eth0"),
        ({"iface": "net", "bridged": "true"}, True, "net"),
        ({"bridged": True, "ports": ["eth0"]}, True, "net"),
    ],
)
def test_bridged_or_not(record: dict[str, object], device: str, *, bridged: bool) -> None:
    network = host_of({"nics": {"eth0": {}}, "networks": {"net": record}}).networks["net"]
    assert (network.bridged, network.device) == (bridged, device)


def test_qos_and_custom_properties_are_kept() -> None:
    qos = {"out": {"ls": {"m2": 1000000}}}
    records = {
        "a": {"hostQos": qos, "custom": {"bridge_opts": "x=y"}},
        "b": {"qos": qos, "custom": {}},
        "c": {"qosInbound": "", "qosOutbound": ""},
    }
    networks = host_of({"networks": {name: {"iface": name, **record} for name, record in records.items()}}).networks
    assert [(network.qos, network.custom) for network in networks.values()] == [
        (qos, {"bridge_opts": "x=y"}),
        (qos, None),
        (None, None),
    ]
