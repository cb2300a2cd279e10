"""Scrubbed captures: nothing names the host any more, and the plan is the same but for the names."""

import hashlib
import ipaddress
import json
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from captured_hosts import LAB, about, documents, lab
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import planner
from planner.host import scrub as scrubbing
from planner.host.capture import read_capture
from planner.host.model import eui64
from planner.host.scrub import STANDARD, Pseudonyms, pseudonyms, scrub
from planner.plan.plan import Plan
from planner.rules.compiled import Compiled

ROOT = Path(__file__).parents[2]
OUTCOMES: dict[str, dict] = yaml.safe_load((ROOT / "tests" / "data" / "outcomes.yaml").read_text())
TABLES = ("networks", "bridges", "bondings", "nics", "vlans")
MAC = re.compile(r"(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}(?![0-9a-fA-F:])")
NOBODY = {"00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:80:c2:00:00:00"}

KEY, *_ = KEYS = tuple(hashlib.sha256(bytes([number])).digest() for number in range(3))
NEW = Pseudonyms(KEY)

Document = dict[str, Any]


class Case(NamedTuple):
    """A captured host, what is wanted of it, and where its management address is."""

    document: Document
    definition: Any
    addresses: tuple[str, ...]


@cache
def case(name: str) -> Case:
    kind, _, slug = name.partition(":")
    if kind == "lab":
        return Case(lab(slug), OUTCOMES[slug].get("definition") or {}, (about(slug)["management_address"],))
    folder = ROOT / "golden" / slug
    document = read_capture((folder / "capture.json").read_bytes(), slug).document
    assert document is not None
    definition = yaml.safe_load((folder / "definition.yaml").read_text()) or {}
    stated = yaml.safe_load((folder / "about.yaml").read_text()).get("address", [])
    return Case(dict(document), definition, tuple(map(str, stated)))


CASES = [f"lab:{slug}" for slug in LAB] + [
    f"golden:{path.parent.name}" for path in sorted((ROOT / "golden").glob("*/definition.yaml"))
]


def wanted_name(definition: Any) -> str:
    return str(definition.get("network", "ovirtmgmt"))


def planned(one: Case, rules: Compiled) -> Plan:
    host = read_capture(json.dumps(one.document).encode()).host
    definition = planner.read_definition(one.definition).definition
    assert host is not None
    assert definition is not None
    return planner.plan(host, definition, rules, one.addresses)


def kept(one: Case) -> tuple[str, str]:
    return "ovirtmgmt", wanted_name(one.definition)


def scrubbed(one: Case, key: bytes) -> Case:
    """The case as somebody would hand it on: the capture scrubbed, the definition's addresses renamed by hand."""
    new = pseudonyms(one.document, key, kept(one))
    addresses = tuple(map(new.address, one.addresses))
    return Case(scrub(one.document, key, kept(one)), renamed_addresses(one.definition, new), addresses)


def renamed_addresses(value: Any, new: Pseudonyms) -> Any:
    if isinstance(value, dict):
        return {key: renamed_addresses(inner, new) for key, inner in value.items()}
    if isinstance(value, list):
        return [renamed_addresses(inner, new) for inner in value]
    if isinstance(value, str):
        plain, slash, prefix = value.partition("/")
        return new.address(plain) + slash + prefix
    return value


def renaming(one: Case, key: bytes) -> dict[str, str]:
    """Old names by new ones, of the devices and networks."""
    new = scrub(one.document, key, kept(one))
    pairs: dict[str, str] = {}
    for table in TABLES:
        if isinstance(one.document.get(table), dict):
            pairs.update(zip(one.document[table], new[table], strict=True))
    return pairs


def moved(value: Any, names: dict[str, str], new: Pseudonyms) -> Any:
    """A plan's attachment under the new names and addresses."""
    if isinstance(value, dict):
        return {names.get(key, key): moved(inner, names, new) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [moved(inner, names, new) for inner in value]
    return names.get(value) or renamed_addresses(value, new) if isinstance(value, str) else value


@pytest.mark.parametrize("name", CASES)
def test_the_plan_is_the_same_but_for_names(name: str, rules: Compiled) -> None:
    one = case(name)
    before = planned(one, rules)
    for key in KEYS:
        after = planned(scrubbed(one, key), rules)
        assert after.outcome == before.outcome
        assert [problem.code for problem in after.problems] == [problem.code for problem in before.problems]
        new = pseudonyms(one.document, key, kept(one))
        assert after.document()["attachment"] == moved(before.document()["attachment"], renaming(one, key), new)


@given(documents(), st.binary(min_size=16, max_size=80))
@settings(max_examples=60)
def test_any_host_is_the_same_case_as_before(rules: Compiled, document: Document, key: bytes) -> None:
    for bridge in (*document["bridges"].values(), *document["networks"].values()):
        bridge["ports"] = bridge["ports"][:1]  # of several planning may take the first by name
    devices = [device for table in TABLES for device in document[table].values()]
    addresses = [text for one in devices for text in (*one.get("ipv4addrs", ()), *one.get("ipv6addrs", ()))]
    one = Case(document, {"vlan": 100}, tuple(text.partition("/")[0] for text in addresses[:1]))
    before, after = planned(one, rules), planned(scrubbed(one, key), rules)
    assert after.outcome == before.outcome
    assert sorted(problem.code for problem in after.problems) == sorted(problem.code for problem in before.problems)


@pytest.mark.parametrize("name", CASES)
def test_nothing_that_names_the_host_is_left(name: str) -> None:
    one = case(name)
    text = json.dumps(scrub(one.document, KEY, kept(one)))
    told = [key for key in scrubbing.KEPT if key in one.document and key not in scrubbing.PLAIN]
    original = json.dumps({key: one.document[key] for key in told})
    for old in {found.lower() for found in MAC.findall(original)} - NOBODY:
        assert old not in text.lower()
    uuid = one.document.get("uuid")
    assert not uuid or uuid not in text
    left = words(text)
    assert not {old for old in words(original) if is_global(old)} & left
    for old, new in renaming(one, KEY).items():
        if old not in kept(one) and not STANDARD.fullmatch(old.partition(".")[0]):
            assert new != old
            assert f'"{old}"' not in text


def words(text: str) -> set[str]:
    """What may be an address."""
    return set(re.findall(r"[0-9A-Fa-f:.]+", text))


def is_global(text: str) -> bool:
    """Whether this is an address that somebody has: no netmask, no link-local one."""
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return False
    special = parsed.is_loopback or parsed.is_unspecified or parsed.is_link_local or parsed.is_multicast
    return not special and not text.startswith(("255.", "0.", "128.0.0.0"))


@pytest.mark.parametrize("name", CASES)
def test_what_is_scrubbed_is_so_again_and_reads(name: str) -> None:
    document = case(name).document
    before = json.dumps(document)
    first = scrub(document, KEY)
    assert json.dumps(scrub(json.loads(before), KEY)) == json.dumps(first)
    assert json.dumps(document) == before, "the capture itself is left alone"
    assert read_capture(json.dumps(first).encode()).host is not None


def test_another_key_renames_otherwise() -> None:
    document = case("golden:seed-vlan-over-bond").document
    assert len({json.dumps(scrub(document, key)) for key in KEYS}) == len(KEYS)


@pytest.mark.parametrize("name", CASES)
def test_equal_stays_equal_and_different_different(name: str) -> None:
    names = renaming(case(name), KEY)
    assert len(set(names.values())) == len(names)
    for old, new in names.items():
        assert len(old) == len(new)
        assert bool(re.fullmatch(r"bond\w+", old)) == bool(re.fullmatch(r"bond\w+", new)), "what VDSM takes for a bond"
        base, dot, tag = old.rpartition(".")
        if dot and base in names:
            assert new == f"{names[base]}.{tag}"


def host_with(**more: Any) -> Document:
    device = {"addr": "", "netmask": "", "mtu": "1500", "hwaddr": "52:54:00:00:00:01"}
    empty: Document = {table: {} for table in TABLES}
    return {**empty, "nics": {"eth0": device}, "software_version": "4.50", **more}


def test_vlans_on_vlans_follow_their_bases() -> None:
    vlans = {"uplink.100": {"iface": "uplink", "vlanid": 100}, "uplink.100.200": {"iface": "uplink.100", "vlanid": 200}}
    new = scrub(host_with(nics={"uplink": {}}, vlans=vlans), KEY)
    (nic,) = new["nics"]
    assert nic != "uplink"
    assert list(new["vlans"]) == [f"{nic}.100", f"{nic}.100.200"]
    assert [vlan["iface"] for vlan in new["vlans"].values()] == [nic, f"{nic}.100"]


def test_a_version_of_four_numbers_is_no_address() -> None:
    assert scrub(host_with(software_version="4.40.60.7"), KEY)["software_version"] == "4.40.60.7"


@pytest.mark.parametrize("mask", ["0.0.0.0", "128.0.0.0", "240.0.0.0", "252.0.0.0", "255.255.252.0"])
def test_a_netmask_is_no_address(mask: str) -> None:
    nics = {"eth0": {"addr": "9.9.9.9", "netmask": mask, "cfg": {"NETMASK": mask}}}
    device = scrub(host_with(nics=nics), KEY)["nics"]["eth0"]
    assert (device["netmask"], device["cfg"]["NETMASK"]) == (mask, mask)


def test_wherever_a_mac_address_is_told_it_becomes_the_same() -> None:
    mac, told = "52:54:00:11:22:3b", ["2001:db8:5::5054:ff:fe11:223b/64", "fe80::5054:ff:fe11:223b/64"]
    nic = {"hwaddr": mac, "permhwaddr": mac, "ipv6addrs": told, "cfg": {"HWADDR": mac.upper()}}
    bridges = {"br0": {"ports": ["enx52540011223b"], "opts": {"bridge_id": "8000.52540011223b"}}}
    vlans = {"enx52540011223b.7": {"iface": "enx52540011223b", "vlanid": 7}}
    new = scrub(host_with(nics={"enx52540011223b": nic}, vlans=vlans, bridges=bridges, lastClientIface="br0"), KEY)
    digits = NEW.mac(mac).replace(":", "")
    assert new["nics"][f"enx{digits}"]["hwaddr"] == new["nics"][f"enx{digits}"]["permhwaddr"] == NEW.mac(mac)
    assert new["nics"][f"enx{digits}"]["cfg"] == {"HWADDR": NEW.mac(mac)}
    made = [text.partition("/")[0] for text in new["nics"][f"enx{digits}"]["ipv6addrs"]]
    assert made == [eui64(one, NEW.mac(mac)) for one in made]
    assert made[1].startswith("fe80::")
    assert new["bridges"]["br0"] == {"ports": [f"enx{digits}"], "opts": {"bridge_id": f"8000.{digits}"}}
    assert list(new["vlans"]) == [f"enx{digits}.7"]
    assert "11223b" not in json.dumps(new).lower().replace(":", "")


def test_an_address_that_infiniband_makes_follows_its_adapter() -> None:
    mac = "80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:0e:1f:2b"
    nic = {"hwaddr": mac, "ipv6addrs": [f"{eui64('2001:db8:5::', mac)}/64", "2001:db8:5::10/64"]}
    device = scrub(host_with(nics={"ib0": nic}), KEY)["nics"]["ib0"]
    made, chosen = (text.partition("/")[0] for text in device["ipv6addrs"])
    assert device["hwaddr"] == NEW.mac(mac) != mac
    assert made == eui64(chosen, device["hwaddr"])


def test_what_no_table_lists_is_renamed_where_it_is_named() -> None:
    bonds = {"bond0": {"slaves": ["acme-nic"], "active_slave": "acme-nic", "opts": {"primary": "acme-nic"}}}
    bridges = {
        "br0": {
            "ports": ["acme-port", "tap-acme", "vnet3"],
            "cfg": {"BRIDGE": "acme-bridge", "DNS1": "fe80::1%acme-nic"},
        }
    }
    new = scrub(host_with(bondings=bonds, bridges=bridges, lastClientIface="acme-client"), KEY)
    assert "acme" not in json.dumps(new)
    assert new["bridges"]["br0"]["ports"][1].startswith("tap"), "so planning knows a virtual machine's port"
    assert new["bridges"]["br0"]["ports"][2] == "vnet3"


def test_a_number_is_a_name_only_where_one_stands() -> None:
    bonds = {"bond0": {"slaves": ["eth0"], "opts": {"miimon": "100", "primary": "eth0"}}}
    networks = {"100": {"iface": "100", "vlanid": "100", "ports": ["bond0"]}}
    new = scrub(host_with(bondings=bonds, networks=networks, bridges={"100": {"ports": ["bond0"]}}), KEY)
    (name,) = new["networks"]
    assert name != "100"
    assert new["networks"][name] == {"iface": name, "vlanid": "100", "ports": ["bond0"]}
    assert new["bondings"]["bond0"]["opts"]["miimon"] == "100"


def test_a_tag_that_only_a_name_tells_stays() -> None:
    vlans = {"acme.lan.100": {"iface": "acme"}}
    (name,) = scrub(host_with(vlans=vlans, software_version="4.10"), KEY)["vlans"]
    assert name.endswith(".100")
    assert "acme" not in name


def test_names_of_one_letter_stay_different() -> None:
    nics = {letter: {"hwaddr": "52:54:00:00:00:01"} for letter in "0123456789abcdefghijkl"}
    assert len(scrub(host_with(nics=nics), KEY)["nics"]) == len(nics)


def test_a_device_called_as_a_key_is_renamed_and_the_key_is_not() -> None:
    device = {"addr": "", "mtu": "1500", "hwaddr": "52:54:00:00:00:01"}
    new = scrub(host_with(nics={"mtu": device, "addr": device, "nics": device}), KEY)["nics"]
    assert not {"mtu", "addr", "nics"} & new.keys()
    for one in new.values():
        assert one.keys() == device.keys()


def test_ifcfg_files_keep_what_they_say_of_the_network_alone() -> None:
    cfg = {
        "DEVICE": "uplink",
        "MASTER": "bond_prod",
        "IPADDR": "198.51.100.7",
        "NETMASK": "255.255.255.0",
        "HWADDR": "52:54:00:AB:CD:EF",
        "BONDING_OPTS": "mode=1 primary=uplink arp_ip_target=198.51.100.1,198.51.100.2 miimon=100",
        "UUID": "5fb06bd0-0bb0-7ffb-45f1-d6edd65f3e03",
        "DOMAIN": "corp.example.com",
        "DHCP_HOSTNAME": "secret.example.com",
    }
    document = host_with(nics={"uplink": {"cfg": cfg}}, bondings={"bond_prod": {"slaves": ["uplink"]}})
    new = scrub(document, KEY)
    ((nic, device),) = new["nics"].items()
    ((bond, _),) = new["bondings"].items()
    assert device["cfg"] == {
        "DEVICE": nic,
        "MASTER": bond,
        "IPADDR": NEW.address("198.51.100.7"),
        "NETMASK": "255.255.255.0",
        "HWADDR": NEW.mac("52:54:00:AB:CD:EF"),
        "BONDING_OPTS": f"mode=1 primary={nic} "
        f"arp_ip_target={NEW.address('198.51.100.1')},{NEW.address('198.51.100.2')} miimon=100",
    }
    for secret in ("uplink", "prod", "198.51.100", "AB:CD:EF", "5fb06bd0", "example.com"):
        assert secret not in json.dumps(new)


def test_of_the_system_and_the_packages_what_planning_reads_is_left() -> None:
    vdsm = {"name": "secret", "version": "4.50.6.1-secret", "release": "46.secret.el10.secret"}
    system = {"name": "RHEL", "version": "10.0", "release": "6.el10", "pretty_name": "secret"}
    new = scrub(host_with(packages2={"vdsm": vdsm, "nmstate": vdsm, "secret": vdsm}, operatingSystem=system), KEY)
    told = {"version": "4.50.6.1", "release": ".el10"}
    assert new["packages2"] == {"vdsm": told, "nmstate": told}
    assert new["operatingSystem"] == {"name": "RHEL", "version": "10.0", "release": ".el10"}


def test_what_planning_does_not_read_is_left_out() -> None:
    new = scrub(
        host_with(hooks={"host": "secret"}, cpuModel="Opteron", ISCSIInitiatorName="iqn.1994-05.com:secret"), KEY
    )
    assert "secret" not in json.dumps(new)


def test_names_that_are_too_long_stay_so() -> None:
    name = "a-very-long-bridge-name"
    (new,) = scrub(host_with(networks={name: {"iface": name}}), KEY)["networks"]
    assert new != name
    assert len(new) == len(name) > 15


KEYED = st.binary(min_size=16, max_size=80).map(Pseudonyms)
V4 = st.integers(1 << 24, (224 << 24) - 1).map(ipaddress.IPv4Address).filter(lambda one: is_global(str(one)))


@given(V4, V4, st.integers(8, 32), KEYED)
@example(ipaddress.IPv4Address("192.0.2.10"), ipaddress.IPv4Address("192.0.2.1"), 24, NEW)
@example(ipaddress.IPv4Address("10.0.0.1"), ipaddress.IPv4Address("10.0.255.1"), 16, NEW)
def test_ipv4_addresses_share_a_subnet_just_when_they_did(
    one: ipaddress.IPv4Address, other: ipaddress.IPv4Address, prefix: int, keyed: Pseudonyms
) -> None:
    near = ipaddress.IPv4Address(int(one) & ~0xFFFFFF | int(other) & 0xFFFFFF)  # under the same first byte
    new, newer = (ipaddress.IPv4Address(keyed.address(str(each))) for each in (one, near))
    assert same_net(one, near, prefix) == same_net(new, newer, prefix)


V6 = st.integers(0x2000 << 112, (0x4000 << 112) - 1).map(ipaddress.IPv6Address)


@given(V6, V6, st.integers(32, 128), KEYED)
def test_ipv6_addresses_share_a_subnet_just_when_they_did(
    one: ipaddress.IPv6Address, other: ipaddress.IPv6Address, prefix: int, keyed: Pseudonyms
) -> None:
    near = ipaddress.IPv6Address(int(one) >> 96 << 96 | int(other) & ((1 << 96) - 1))
    # What begins its second half with 0000 is apart from what does not.
    assume(not 64 < prefix < 80 or bool(int(one) >> 48 & 0xFFFF) == bool(int(near) >> 48 & 0xFFFF))
    new, newer = (ipaddress.IPv6Address(keyed.address(str(each))) for each in (one, near))
    assert same_net(one, near, prefix) == same_net(new, newer, prefix)


@given(V6, st.integers(0, (1 << 64) - 1) | st.integers(0, (1 << 32) - 1))
def test_an_address_made_by_hand_still_looks_so(network: ipaddress.IPv6Address, identifier: int) -> None:
    old = ipaddress.IPv6Address(int(network) >> 64 << 64 | identifier)
    new = int(ipaddress.IPv6Address(NEW.address(str(old)))) & ((1 << 64) - 1)
    assert (new < 1 << 32) == (identifier < 1 << 32)


def same_net(one: Any, other: Any, prefix: int) -> bool:
    shift = one.max_prefixlen - prefix
    return int(one) >> shift == int(other) >> shift


@given(st.text("abcdefxyz0123.-_", min_size=1, max_size=17), st.sampled_from(["", "bond", "Bond"]))
def test_a_name_becomes_another_of_the_same_kind(rest: str, head: str) -> None:
    old = (head + rest)[:17]
    ((new, device),) = scrub(host_with(nics={old: {"note": old}}), KEY)["nics"].items()
    assert len(new) == len(old)
    assert device["note"] == new or old.isdecimal() or is_global(old)
    assert bool(re.fullmatch(r"bond\w+", new)) == bool(re.fullmatch(r"bond\w+", old))
    assert [letter.isalpha() for letter in new] == [letter.isalpha() for letter in old]


@given(documents())
@settings(max_examples=60)
def test_any_host_keeps_its_shape(document: Document) -> None:
    new = scrub(document, KEY)
    assert scrub(json.loads(json.dumps(document)), KEY) == new
    for table in TABLES:
        assert len(new[table]) == len(document[table])
        for old, renamed in zip(document[table].values(), new[table].values(), strict=True):
            assert old.keys() == renamed.keys()
    assert (read_capture(json.dumps(document).encode()).host is None) == (
        read_capture(json.dumps(new).encode()).host is None
    )
