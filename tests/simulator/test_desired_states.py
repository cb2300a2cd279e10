"""The picture becomes what VDSM 4.50.7 would have asked nmstate for."""

import ipaddress
import json
from pathlib import Path

import pytest

from planner.simulator.bonding_options import MODES
from planner.simulator.canonical import canonical_call
from planner.simulator.clock import VirtualClock
from planner.simulator.daemon import Daemon
from planner.simulator.kernel import Config
from planner.simulator.networks import IP_KEYS
from planner.simulator.picture import Picture

VERDICTS = Path(__file__).parent.parent / "data" / "verdicts"
CASES = {path.stem: json.loads(path.read_text()) for path in sorted(VERDICTS.glob("*.json"))}
# What VDSM accepts and is refused below it: by the kernel an MTU below 68 and a second vlan device for a tag on a base,
# by nmstate name servers of a family in which the network has no gateway.
REFUSED_BELOW = {"mtu-10", "arbitrary-vlan-name", "dns-given-static", "ipv6-auto", "ipv6-only-static"}
ACCEPTED = sorted(name for name, case in CASES.items() if case["verdict"] == "accept")


@pytest.mark.parametrize("name", ACCEPTED)
def test_desired_state(name):
    case = CASES[name]
    running = case.get("running", {"networks": {}, "bonds": {}})
    running = {
        "bonds": running["bonds"],
        "networks": {
            known: canonical_call({known: record}, {}, case["netinfo"], Config({}, {})).networks[known]
            for known, record in running["networks"].items()
        },
    }
    picture = Picture(case["netinfo"])
    daemon = Daemon(picture, VirtualClock(), Config(**running))

    refusal = daemon.setup_networks(case["networks"], case["bondings"], {"connectivityCheck": False})

    assert (refusal is not None) == (name in REFUSED_BELOW)
    if refusal is not None:
        return
    after = picture.netinfo()
    for wanted in case["desired_state"]["interfaces"]:
        check_device(after, wanted)
    routes = case["desired_state"].get("routes", {}).get("config", [])
    for route in routes:
        if route.get("table-id") == 0 and route.get("state") != "absent":
            holder = record_of(after, route["next-hop-interface"])
            gateway = holder["ipv6gateway" if ":" in route["destination"] else "gateway"]
            assert gateway == route["next-hop-address"]


def record_of(netinfo, name):
    sections = ("bridges", "vlans", "bondings", "nics")
    return next((netinfo[section][name] for section in sections if name in netinfo[section]), None)


def check_device(after, wanted):
    record = record_of(after, wanted["name"])
    if wanted["state"] == "absent":
        assert record is None
        return
    assert set(IP_KEYS) <= record.keys()
    if "mtu" in wanted:
        assert record["mtu"] == str(wanted["mtu"])
    if "vlan" in wanted:
        assert (record["iface"], record["vlanid"]) == (wanted["vlan"]["base-iface"], wanted["vlan"]["id"])
    if "bridge" in wanted:
        assert record["ports"] == [port["name"] for port in wanted["bridge"]["port"]]
        assert record["stp"] == ("on" if wanted["bridge"]["options"]["stp"]["enabled"] else "off")
        if "mac-address" in wanted and "opts" in record:
            assert record["opts"]["bridge_id"] == "8000." + wanted["mac-address"].replace(":", "")
    if "link-aggregation" in wanted:
        bond = wanted["link-aggregation"]
        assert record["opts"]["mode"] == str(MODES.index(bond["mode"]))
        assert sorted(record["slaves"]) == bond["port"]
        if "mac-address" in wanted:
            assert record["hwaddr"] == wanted["mac-address"]
    for family, key in (("ipv4", "ipv4addrs"), ("ipv6", "ipv6addrs")):
        if family not in wanted:
            continue
        static = [f"{a['ip']}/{a['prefix-length']}" for a in wanted[family].get("address", ())]
        assert record["dhcpv4" if family == "ipv4" else "dhcpv6"] == bool(wanted[family].get("dhcp"))
        if not wanted[family].get("dhcp"):
            assert [ipaddress.ip_interface(a) for a in record[key]] == [ipaddress.ip_interface(a) for a in static]
