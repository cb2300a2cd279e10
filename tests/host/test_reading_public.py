"""Hosts that nobody here made: key facts of each public capture of VDSM, and a friendly answer to the others."""

import json
import re

import jsonschema
from captured_hosts import PUBLIC, ROOT, public_files

from planner.fleet.captures import captures_in
from planner.host.capture import read_capture
from planner.host.model import Host

FIELD = ROOT.parent / "shared" / "field" / "cases"
# Per file: version, the nics, and for the device that holds addresses: (name, addresses, dhcpv4, gateway4).
ADDRESSED = {
    "vdsm410-em1-bridge-dhcp-xmlrpc": ((4, 10, 3), "em1 em2", ("ovirtmgmt", ["10.34.63.177/22"], True, "10.34.63.254")),
    "vdsm413-em1-bridge-static-jsonrpc": ((4, 13, 0), "em1", ("ovirtmgmt", ["192.168.1.10/24"], False, "192.168.1.1")),
    "vdsm418-eno1-bridge-dhcp-ipv6-pyrepr": (
        (4, 18, 999),
        "eno1",
        ("ovirtmgmt", ["192.168.1.102/24"], True, "192.168.1.1"),
    ),
    "vdsmfake41-em1-em2-bridge-dhcp-json-wrapped": (
        (4, 10),
        "em1 em2",
        ("ovirtmgmt", ["146.11.117.90/22"], True, "10.34.63.254"),
    ),
    "vdsm410-eth0-bridge-dhcp-vdsclient-partial": ((), "", ("ovirtmgmt", ["10.34.60.86/22"], True, "10.34.63.254")),
    "ost43-eth1-bridgeless-static-jsonrpc-partial": ((), "", ("req-net", ["192.0.3.2/24"], False, "")),
    "vdsm-ovs-unit-eth0-vlan10-synthetic": ((), "", ("test-network10", ["192.168.1.10/24"], False, "")),
    "site-hostqos-goofy-ints-partial": ((), "", ("goofy", [], False, "")),
    "site-hostqos-goofy-strings-partial": ((), "", ("goofy", [], False, "")),
    "site-hostqos-goofy-hfsc-partial": ((), "", ("goofy", [], False, "")),
    "hook-aftergetcaps-public-partial": ((), "", ("public", [], False, "")),
    "hook-provider-public-full-ens17": ((), "ens17", ("public", [], False, "")),
    "hook-provider-public-minimal-emptynic": ((), "ens17", ("public", [], False, "")),
    "vdsm417-sriov-nics-partial": ((), "enp22s0f0 enp22s16 enp22s16f2", None),
    "site-arbitrary-vlan-name-partial": ((), "", None),
}
READ = (
    "ip-d-j",
    "ip-j",
    "ip-d-link",
    "nmstate.yaml",
    "nodenetworkstate",
    "ansible-facts",
)  # what is read besides VDSM's own; tests/host/test_reading_iproute.py and its like
PIECES = ("ost43-", "site-hostqos-", "vdsmfake41-")


def read(folder: str) -> dict[str, Host]:
    hosts = {}
    for name, content in public_files(folder).items():
        reading = read_capture(content, name)
        assert reading.host is not None, (name, reading.problems)
        codes = {problem.code for problem in reading.problems}
        expected = set()
        if name.startswith("vdsm418"):
            expected.add("address-malformed")
        if folder == "vdsm/raw" and name.startswith(PIECES):
            expected.add("capture-excerpt")
        assert codes == expected, name
        hosts[name.partition(".")[0]] = reading.host
    return hosts


def test_the_key_facts_of_each() -> None:
    for slug, host in {**read("vdsm/raw"), **read("vdsm/json")}.items():
        same = slug.replace("-oneline", "-partial").replace("-pretty", "-partial")
        version, nics, addressed = ADDRESSED[same]
        assert host.version == version
        assert " ".join(sorted(host.nics)) == nics
        assert not host.bonds  # bond0 to bond4 are placeholders in all of them
        if addressed is not None:
            name, addresses, dhcp, gateway = addressed
            ip = host.networks[name].ip
            assert [f"{address.text}/{address.prefix}" for address in ip.addresses] == addresses
            assert (ip.dhcpv4, ip.gateway4) == (dhcp, gateway)


def test_what_is_special_about_some() -> None:
    hosts = read("vdsm/json")
    if not hosts:
        return
    old = hosts["vdsm410-em1-bridge-dhcp-xmlrpc"]
    assert old.networks["ovirtmgmt"].southbound == "em1"
    assert old.last_client_iface == "ovirtmgmt"
    assert old.dirty is False
    assert not old.nics["em1"].ip.dhcpv4  # its ifcfg file says dhcp, and it is a port
    contradicting = hosts["vdsm418-eno1-bridge-dhcp-ipv6-pyrepr"]
    assert contradicting.bridges["ovirtmgmt"].ip.primary4 == "192.168.1.106"
    assert contradicting.networks["ovirtmgmt"].ip.gateway6 == "fe80::f6f2:6dff:fe9c:3967"
    fake = hosts["vdsmfake41-em1-em2-bridge-dhcp-json-wrapped"]
    assert fake.bridges["ovirtmgmt"].ip.gateway4 == "96.127.51.142"
    assert fake.nics["em1"].hwaddr == "53:5f:bd:fb:5f:78"
    ovs = hosts["vdsm-ovs-unit-eth0-vlan10-synthetic"].networks["test-network10"]
    assert (ovs.switch, ovs.tag, ovs.mtu, ovs.stp, ovs.southbound) == ("ovs", 10, 1500, False, "eth0")
    bridgeless = hosts["ost43-eth1-bridgeless-static-jsonrpc-partial"].networks["req-net"]
    assert (bridgeless.bridged, bridgeless.device, bridgeless.southbound) == (False, "eth1", "eth1")
    minimal = hosts["hook-provider-public-minimal-emptynic"]
    assert minimal.networks["public"].bridged
    assert minimal.networks["public"].southbound == "ens17"
    odd = hosts["site-arbitrary-vlan-name-partial"].vlans["myvlan20"]
    assert (odd.base, odd.tag) == ("eth1", 20)


def test_other_formats_get_a_friendly_answer() -> None:
    named = {
        "facter": "Facter",
        "netplan.yaml": "netplan",
    }
    for folder in ("real", "synthetic"):
        for name, content in public_files(folder).items():
            if any(form in name for form in READ):
                continue
            reading = read_capture(content, name)
            assert reading.host is None
            (problem,) = reading.problems
            assert problem.code == "unknown-format", name
            assert "vdsm-client Host getCapabilities > caps.json" in problem.hint
            for part, looks in named.items():
                if part in name.rpartition(".")[0].rpartition(".")[2] or part in name.partition(".")[2]:
                    assert looks in problem.message, name


# What people had and could not use (../shared/field/cases): what comes of a file that is no plain capture.
CASES = {
    "f01-vdsmlog-43.txt": "",
    "f04-prompt.txt": "",
    "f09-gz.json.gz": "",
    "f10-java.txt": "unknown-format",
    "f11-supervdsm-network_caps.txt": "",
    "f23-twice.json": "capture-twice",
    "h1-getStats.json": "unknown-format",
    "z1-cut.json": "capture-truncated",
    "z2-banner-cut.txt": "capture-truncated",
}


def test_every_file_of_the_field_is_read_or_refused_with_a_reason() -> None:
    files = [path for path in FIELD.glob("*/*") if path.name not in ("address", "definition.yaml", "expected.md")]
    assert {path.name for path in files} == ({*CASES, "capture.json"} if FIELD.exists() else set())
    for path in files:
        (captured,) = captures_in([str(path)])
        held = captured.content()
        assert isinstance(held, bytes)
        problems = [problem for problem in read_capture(held, path.name).problems if problem.severity == "error"]
        assert [problem.code for problem in problems] == ([CASES[path.name]] if CASES.get(path.name) else []), path
        assert all(problem.hint for problem in problems)


def test_what_a_real_file_is_instead_is_said_by_its_name() -> None:
    for name, content in public_files("real").items():
        reading = read_capture(content, name)
        for problem in reading.problems if reading.host is None else ():
            assert problem.hint, name
            assert not re.search("it (begins with|holds|is) ", problem.message), (name, problem.message)


def test_the_schema_fits_every_public_capture() -> None:
    schema = json.loads((ROOT / "schemas" / "capture.schema.json").read_text())
    for content in public_files("vdsm/json").values():
        jsonschema.validate(json.loads(content), schema, jsonschema.Draft202012Validator)


def test_the_public_captures_are_where_they_are_looked_for() -> None:
    assert not PUBLIC.exists() or len(public_files("vdsm/json")) == 15
