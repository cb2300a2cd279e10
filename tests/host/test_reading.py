"""Captures of every format and age read into the same host."""

import json
import xmlrpc.client
from pathlib import Path
from pprint import pformat

import pytest

from planner.host.model import Host
from planner.host.reading import read_capture

HOSTS = sorted((Path(__file__).parent.parent / "data" / "hosts").glob("*/caps.json"))
PUBLIC = Path(__file__).parents[3] / "shared" / "captures" / "public" / "vdsm"
GOLDEN = Path(__file__).parents[2] / "golden"


def read(content: str | bytes | dict) -> Host:
    reading = read_capture(content)
    assert reading.host is not None, reading.problems
    return reading.host


@pytest.mark.parametrize("path", HOSTS, ids=lambda path: path.parent.name)
def test_a_lab_host_reads_without_a_word(path: Path) -> None:
    reading = read_capture(path.read_bytes(), path.name)
    assert reading.problems == ()
    assert reading.host is not None
    about = json.loads((path.parent / "about.json").read_text())
    holders = {
        device.name
        for table in (reading.host.nics, reading.host.bonds, reading.host.vlans, reading.host.bridges)
        for device in table.values()
        if any(address.text == about["management_address"] for address in device.ip.addresses)
    }
    hidden = {"lo", "macvlan0", "team0"}
    assert about["management_device"] in holders or about["management_device"] in hidden


def spellings(document: dict) -> dict[str, str | bytes]:
    envelope = {"jsonrpc": "2.0", "id": "1", "result": document}
    answer = {"status": {"code": 0, "message": "Done"}, "info": document}
    return {
        "vdsm-json": json.dumps(document, indent=2),
        "vdsm-jsonrpc": json.dumps(envelope).encode(),
        "vdsm-xmlrpc": xmlrpc.client.dumps((answer,), methodresponse=True, allow_none=True),
        "vdsm-repr": repr(document),
        "vdsm-text": "\n".join(f"\t{key} = {pformat(value)}" for key, value in document.items()),
    }


@pytest.mark.parametrize("path", HOSTS[::9], ids=lambda path: path.parent.name)
def test_every_spelling_is_the_same_host(path: Path) -> None:
    document = json.loads(path.read_text())
    plain = read(document)
    for form, text in spellings(document).items():
        host = read(text)
        assert host.format == form
        assert host._replace(format="") == plain._replace(format="")
        assert host.digest == plain.digest


def test_utf_16_and_a_byte_order_mark_do_not_matter() -> None:
    text = HOSTS[0].read_text()
    assert read(text.encode("utf-16")).digest == read(b"\xef\xbb\xbf" + text.encode()).digest == read(text).digest


def test_the_digest_is_of_what_planning_reads() -> None:
    document = json.loads((GOLDEN / "ovirtmgmt-as-defined" / "capture.json").read_text())
    before = read(document).digest
    document["bridges"]["ovirtmgmt"]["opts"]["gc_timer"] = "1"
    document["nics"]["eth0"]["speed"] = 25000
    document["lastClientIface"] = "eth1"
    assert read(document).digest == before
    document["nics"]["eth0"]["mtu"] = "9000"
    assert read(document).digest != before


def test_vdsm_of_2012_tells_by_names_and_ifcfg_files() -> None:
    host = read((GOLDEN / "bond-static-on-4-10" / "capture.json").read_text())
    assert host.version == (4, 10)
    assert list(host.bonds) == ["bond0"], "bond1 to bond4 are the module's"
    bond = host.bonds["bond0"]
    assert (bond.mode, dict(bond.options)) == (4, {"mode": "4", "miimon": "150"})
    assert (bond.ip.gateway4, bond.ip.addresses[0].prefix, bond.ip.dhcpv4) == ("192.0.2.1", 24, False)
    vlan = read((GOLDEN / "vlan-on-4-10" / "capture.json").read_text()).vlans["em1.100"]
    assert (vlan.base, vlan.tag) == ("em1", 100)
    assert read((GOLDEN / "nic-dhcp-on-4-10" / "capture.json").read_text()).nics["em1"].ip.dhcpv4


def test_vdsm_of_2012_lists_odd_vlans() -> None:
    device = {"addr": "", "netmask": "", "mtu": "1500", "cfg": {}}
    document = {
        "nics": {"eth0": device, "eth0.5": device},
        "vlans": {
            "eth0.5": device,
            "eth0.100": {**device, "iface": "eth0"},
            "eth0.100.200": {**device, "iface": "eth0"},
        },
    }
    host = read(document)
    assert "eth0.5" not in host.vlans, "a nic with a dot in its name"
    assert (host.vlans["eth0.100.200"].base, host.vlans["eth0.100.200"].tag) == ("eth0.100", 200)


@pytest.mark.parametrize(
    ("spelt", "mtu"), [("1500", 1500), (1500, 1500), ("", -1), (None, -1), ("150", 150), (" 9000 ", 9000)]
)
def test_mtu_in_every_spelling(spelt: object, mtu: int) -> None:
    assert read({"nics": {"eth0": {"mtu": spelt}}}).nics["eth0"].mtu == mtu


def test_absence_is_spelt_in_many_ways() -> None:
    for nothing in ("", "0.0.0.0", None):
        assert read({"nics": {"eth0": {"gateway": nothing, "addr": nothing}}}).nics["eth0"].ip.gateway4 == ""
    assert read({"nics": {"eth0": {"ipv6gateway": "::"}}}).nics["eth0"].ip.gateway6 == ""
    assert read({"nics": {"eth0": {}}}).nics["eth0"].mtu == -1


def test_what_is_odd_is_left_out_with_a_word() -> None:
    reading = read_capture({"nics": {"eth0": {"ipv6addrs": ["2a02:a31a:e13f:7640:baca:3aff/64", "2001:db8::1/64"]}}})
    assert reading.host is not None
    assert [address.text for address in reading.host.nics["eth0"].ip.addresses] == ["2001:db8::1"]
    assert [(problem.severity, problem.where[0].path) for problem in reading.problems] == [
        ("warning", "nics.eth0.ipv6addrs[0]")
    ]


def test_a_network_completes_what_a_partial_capture_lacks() -> None:
    host = read({"networks": {"ovirtmgmt": {"iface": "ovirtmgmt", "bridged": True, "ports": ["eth0", "vnet0"]}}})
    assert host.networks["ovirtmgmt"].southbound == "eth0"
    assert host.bridges["ovirtmgmt"].ports == ("eth0", "vnet0")


def test_public_captures_read() -> None:
    """Captures of hosts out there, where this checkout stands beside them."""
    expected = {
        "vdsm410-em1-bridge-dhcp-xmlrpc.xml": ("em1", "10.34.63.177", True, (4, 10)),
        "vdsm410-eth0-bridge-dhcp-vdsclient-pretty.txt": ("eth0", "10.34.60.86", True, ()),
        "vdsm410-eth0-bridge-dhcp-vdsclient-oneline.txt": ("eth0", "10.34.60.86", True, ()),
        "vdsm413-em1-bridge-static-jsonrpc.wire.json": ("em1", "192.168.1.10", False, (4, 13)),
        "vdsm418-eno1-bridge-dhcp-ipv6-pyrepr.txt": ("eno1", "192.168.1.102", True, (4, 18)),
        "vdsmfake41-em1-em2-bridge-dhcp-json-wrapped.json": ("em1", "146.11.117.90", True, (4, 10)),
    }
    paths = [*PUBLIC.glob("raw/*"), *PUBLIC.glob("json/*")]
    for path in paths:
        reading = read_capture(path.read_bytes(), path.name)
        if path.name in expected:
            port, address, dhcp, version = expected[path.name]
            assert reading.host is not None
            network = reading.host.networks["ovirtmgmt"]
            assert (network.southbound, network.ip.primary4, network.ip.dhcpv4) == (port, address, dhcp)
            assert reading.host.version == version
        elif path.parent.name == "json":
            assert reading.host is not None, (path.name, reading.problems)
