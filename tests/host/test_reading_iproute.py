"""Hosts as `ip -j -d` describes them: the same host that VDSM tells, and what is not told is said."""

import json
from pathlib import Path

import pytest
from captured_hosts import PROMPT, public_files
from hosts_without_vdsm import DESCRIBED, from_caps, iproute, planned, written
from hypothesis import given, settings
from hypothesis import strategies as st
from test_reading_mutated import check, mutated_in

from planner.cli.main import main
from planner.host.capture import read_capture
from planner.host.model import Host

SEED = "seed-vlan-bond-dhcp"


def read(text: str | bytes, source: str = "host.json") -> Host:
    reading = read_capture(text, source)
    assert reading.problems == ()
    return reading.required()


@pytest.mark.parametrize("slug", DESCRIBED)
def test_it_is_attached_as_vdsm_tells_it_or_what_is_unknown_is_named(slug: str) -> None:
    host = read(iproute(slug), slug)
    was, now = from_caps(slug), planned(slug, host)
    codes = {problem["code"] for problem in now["problems"]}
    assert "capture-incomplete" in codes
    if {"name-taken", "network-elsewhere"} & codes:
        assert "networks" in host.lacks  # whose the bridge is only VDSM knows
        assert now["outcome"] == "refused"
        return
    if was["outcome"] == "refused" and now["outcome"] == "refused":
        return
    assert now["management"] == was["management"]
    differing = {key for key, value in was["attachment"].items() if value != now["attachment"][key]}
    if "nameservers" in differing:
        assert "nameservers" in host.lacks
    if "ipv4" in differing:
        assert "gateway" in host.lacks  # in another table
        assert (now["outcome"], "gateway-unknown" in codes) == ("refused", True)
    assert differing <= {"nameservers", "ipv4"}


def test_the_seed_host() -> None:
    host = read(iproute(SEED))
    vlan, bond = host.vlans["bond4.3000"], host.bonds["bond4"]
    assert (host.format, vlan.base, vlan.tag, vlan.mtu) == ("ip", "bond4", 3000, 1500)
    assert (bond.members, bond.mode, dict(bond.options)) == (
        ("eth2", "eth3"),
        2,
        {"mode": "2", "miimon": "100", "xmit_hash_policy": "2"},
    )
    assert host.nics["eth2"].permanent_hwaddr == "52:54:00:1c:00:02"
    assert (vlan.ip.primary4, vlan.ip.gateway4, vlan.ip.dhcpv4) == ("198.51.100.177", "198.51.100.1", True)
    assert host.lacks == (
        *("networks", "lastClientIface", "netConfigDirty", "software_version"),
        *("nameservers", "dhcpv4"),
    )


def test_whatever_it_stands_among_it_is_the_same_host() -> None:
    text = iproute(SEED)
    addr, route, route6 = text.splitlines()
    link = iproute(SEED, "ip-link.json")
    host = read(text)
    for spelt in (
        f"{PROMPT}ip -j -d addr\n{addr}\n{PROMPT}ip -j route\n{route}\n{PROMPT}ip -6 -j route\n{route6}\n{PROMPT}",
        f'{{"addr": {addr}, "link": {link}, "route": {route}, "route6": {route6}}}',
        f"[{addr}, {route}, {route6}]",
        json.dumps(json.loads(addr), indent=4) + "\n" + route + route6,
        link + text,
        json.dumps({"changed": True, "rc": 0, "stdout": text}),
    ):
        assert read(spelt)._replace(digest="") == host._replace(digest=""), spelt[:80]


def test_what_was_not_asked_is_unknown() -> None:
    assert {"gateway", "ipv6gateway"} <= set(read(iproute(SEED, "ip-addr.json")).lacks)
    assert {"ipv4addrs", "ipv6addrs"} <= set(read(iproute(SEED, "ip-link.json")).lacks)
    assert "ipv6gateway" in read(iproute(SEED, "ip-addr.json", "ip-route.json")).lacks


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (iproute(SEED, "ip-route.json"), "these are routes"),
        ('[{"ifname":"eth0","link_type":"ether","mtu":1500,"addr_info":[]}]', "without -d"),
    ],
)
def test_what_makes_no_host_is_refused_with_the_command_that_does(text: str, said: str) -> None:
    (problem,) = read_capture(text, "host.json").problems
    assert said in problem.message
    assert "ip -j -d addr" in problem.hint


def test_a_static_address_may_be_a_lease_and_the_definition_settles_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capture = written(tmp_path / "host.json", iproute("nic-static"))
    assert main(["plan", capture, "--address", "192.0.2.10"]) == 0
    assert "lease-untold" in capsys.readouterr().out
    for method in ("static", "dhcp"):
        definition = written(tmp_path / "definition.yaml", f"ipv4: {method}\n")
        assert main(["plan", capture, "--network", definition, "--address", "192.0.2.10"]) == 0
        assert "lease-untold" not in capsys.readouterr().out
    assert main(["plan", capture, "--address", "192.0.2.10", "-o", "vdsm"]) == 1
    printed, said = capsys.readouterr()
    assert printed == ""
    assert "error[capture-incomplete]" in said


def test_hosts_that_nobody_here_made() -> None:
    for name, content in {**public_files("real"), **public_files("synthetic")}.items():
        if ".ip-" in name and name.endswith(".json"):
            reading = read_capture(content, name)
            if reading.host is None:
                assert "ip -j -d addr" in reading.problems[0].hint
            else:
                assert set(reading.host.nics) == {"enp0s31f6"}  # wlan0 and wwan0 are hidden by VDSM's default


@settings(max_examples=300)
@given(st.data())
def test_changed_answers(data: st.DataObject) -> None:
    answers = [json.loads(line) for line in iproute(data.draw(st.sampled_from(sorted(DESCRIBED)[:30]))).splitlines()]
    mutated_in(answers, data.draw)
    check("".join(f"{json.dumps(answer)}\n" for answer in answers))
    check(json.dumps(answers))


def test_numbers_without_end_are_told() -> None:
    huge = 10**5000
    route = {"dst": "default", "dev": "eth0", "gateway": huge, "table": huge, "pref": huge}
    address = {"local": huge, "prefixlen": huge, "scope": huge, "dynamic": huge}
    link = {"ifname": "eth0", "link_type": "ether", "linkinfo": {}, "mtu": huge, "addr_info": [address]}
    check({"addr": [link], "route": [route]})
    interface = {"name": "eth0", "type": "ethernet", "state": "up", "mtu": huge, "mac-address": huge}
    check({"interfaces": [interface], "routes": {"running": [{"destination": "::/0", "table-id": huge}]}})
    fact = {"device": "eth0", "type": "ether", "mtu": huge, "ipv6": [{"address": "::1", "prefix": huge}]}
    check({"default_ipv4": {"interface": huge}, "interfaces": huge, "eth0": fact, "dns": {"nameservers": [huge]}})
