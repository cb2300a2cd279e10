"""One host, whatever it is written in."""

import json

import pytest
from captured_hosts import FORMS, LAB, Document, documents, lab, public_files, spelled, spellings
from hypothesis import given

from planner.host.capture import read_capture
from planner.host.model import Host

SEED = lab("seed-vlan-bond-dhcp")


def host_of(content: str | bytes | Document) -> Host:
    reading = read_capture(content)
    assert reading.host is not None, reading.problems
    return reading.host


@given(documents())
def test_every_spelling_of_a_generated_host_is_the_same_host(document: Document) -> None:
    whole = host_of(document)
    for form, text in spellings(document).items():
        host = host_of(text)
        assert host.format == form
        assert host._replace(format="vdsm-json") == whole
        assert host.digest == whole.digest


@pytest.mark.parametrize("slug", LAB)
def test_every_spelling_of_a_lab_host_is_the_same_host(slug: str) -> None:
    document = lab(slug)
    whole = host_of(document)
    for form, text in spellings(document).items():
        reading = read_capture(text)
        assert reading.problems == ()
        assert reading.host == whole._replace(format=form)


@pytest.mark.parametrize("form", FORMS)
def test_the_format_is_told(form: str) -> None:
    assert host_of(spelled(SEED, form)).format == form


@pytest.mark.parametrize(
    "content",
    [
        {"result": SEED},
        {"status": {"code": 0, "message": "Done"}, "info": SEED},
        {"status": {"code": "0", "message": "OK"}, "result": SEED},
        {"jsonrpc": "2.0", "id": 1, "error": None, "result": {"status": {"code": 0}, "info": SEED}},
    ],
)
def test_envelopes_are_opened(content: Document) -> None:
    assert host_of(content).digest == host_of(SEED).digest
    assert host_of(json.dumps(content)).digest == host_of(SEED).digest


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("form", FORMS)
def test_every_encoding_reads(form: str, encoding: str) -> None:
    assert host_of(spelled(SEED, form).encode(encoding)).digest == host_of(SEED).digest


@pytest.mark.parametrize(
    "written",
    [
        "{'nics': {'eth0': {'mtu': '1500'}}}",
        "{u'nics': {u'eth0': {u'mtu': u'1500'}}}",
        "{'nics': {'eth0': {'mtu': 1500L, 'x': (1, (), None,), 'y': {0: [True, False]},},},}",
        "\n  {'nics':\n {'e' 'th0': {'mtu': '15'\n '00'}}}",
        r"{'nics': {'\x65th\060': {'mtu': '1500', 'x': '\u20ac \U0001f600 \' \" \\ \a \d'}}}",
        "nics = {'eth0': {'mtu': '1500'}}",
        "\tnics = {'eth0':\n\t\t{'mtu': '1500'}}\n\tlastClientIface = \n\tuuid = 4C4C 46\n\tcpuCores = 4\n\tkvm = True",
        '{"nics": {"eth0": {"mtu": "15\n00"}}}',
    ],
)
def test_python_and_wrapped_lines_read(written: str) -> None:
    host = host_of(written)
    assert {name: nic.mtu for name, nic in host.nics.items()} == {"eth0": 1500}


def test_bare_words_of_vdsclient_are_text() -> None:
    host = host_of("lastClientIface = ovirtmgmt\nnetConfigDirty = False\nsoftware_version = 4.10\nnics = {}\n")
    assert (host.last_client_iface, host.dirty, host.version) == ("ovirtmgmt", False, (4, 10))


def test_the_order_of_keys_and_who_asked_do_not_change_the_digest() -> None:
    def turned(value: object) -> object:
        return {key: turned(value[key]) for key in reversed(value)} if isinstance(value, dict) else value

    for slug in LAB:
        document = lab(slug)
        other = turned({**document, "lastClientIface": "elsewhere"})
        other["nics"] = {name: {**nic, "speed": 1} for name, nic in other["nics"].items()}
        assert host_of(other).digest == host_of(document).digest


def test_what_planning_reads_changes_the_digest() -> None:
    digests = {host_of(SEED).digest}
    for section, name, key, value in (
        ("nics", "eth0", "mtu", "9000"),
        ("bondings", "bond4", "slaves", ["eth2"]),
        ("bondings", "bond4", "opts", {"mode": "4"}),
        ("vlans", "bond4.3000", "vlanid", 3001),
        ("vlans", "bond4.3000", "dhcpv4", False),
        ("vlans", "bond4.3000", "gateway", "198.51.100.2"),
        ("vlans", "bond4.3000", "ipv4addrs", ["198.51.100.178/24"]),
    ):
        document = lab("seed-vlan-bond-dhcp")
        document[section][name][key] = value
        digests.add(host_of(document).digest)
    digests.add(host_of({**SEED, "nameservers": []}).digest)
    digests.add(host_of({**SEED, "software_version": "4.30"}).digest)
    assert len(digests) == 10


def test_public_captures_read_alike_as_found_and_as_json() -> None:
    raw, tidy = public_files("vdsm/raw"), public_files("vdsm/json")
    for name, content in raw.items():
        slug = name.partition(".")[0].replace("-oneline", "-partial").replace("-pretty", "-partial")
        other = host_of(tidy[f"{slug}.json"])
        host = host_of(content)
        assert host._replace(format="", digest="") == other._replace(format="", digest="")
