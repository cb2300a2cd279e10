"""nmstate's desired state: the one that VDSM's own code asks for, and one that nmstate's own code takes."""

import importlib.metadata
import json
import sys
import types
from pathlib import Path
from typing import Any

import pytest
import yaml
from consumers import missing
from planned import once, planned, texts

from planner.dialects.nmstate import CHOSEN
from planner.dialects.wording import made_of
from planner.host import graph
from planner.host.model import MODES, Address, Bond, Bridge, Device, Host, Ip, Nic, Vlan

Record = dict[str, Any]
ANSWERS = {
    entry["golden"]: entry
    for entry in json.loads((Path(__file__).parents[1] / "data" / "golden-answers.json").read_text())
}
TYPES = {"nic": "ethernet", "bond": "bond", "vlan": "vlan", "bridge": "linux-bridge"}


def asked_alike() -> list[str]:
    """The goldens that print a state, and whose request is the one that was put to VDSM."""
    found = []
    for name in sorted(texts("nmstate").keys() & ANSWERS.keys()):
        asked, one = ANSWERS[name]["change"]["request"], made_of(planned()[name].plan, planned()[name].host)
        if {key: one.request[key] for key in ("networks", "bondings")} == {key: asked[key] for key in asked}:
            found.append(name)
    return found


@pytest.mark.parametrize("name", asked_alike())
def test_the_state_is_what_vdsm_asks_nmstate_for(name: str) -> None:
    """But for two things that its module says: the bridge's MAC address is copied, and bystanders are left alone."""
    vdsm, ours = ANSWERS[name]["change"], yaml.safe_load(texts("nmstate")[name])
    listed = {interface["name"]: interface for interface in ours["interfaces"]}
    theirs = {interface["name"]: dict(interface) for interface in vdsm["interfaces"]}
    for interface in listed.values():
        if port := interface.pop("copy-mac-from", ""):
            copied = theirs[interface["name"]].pop("mac-address", None)
            assert copied in (None, made_of(planned()[name].plan, planned()[name].host).hwaddr())
            assert [one["name"] for one in interface["bridge"]["port"]] == [port]
    bystanders = {other for other in theirs if other not in listed}
    assert all(theirs[other].keys() <= {"name", "state", "mtu"} for other in bystanders)
    assert listed == {name: theirs[name] for name in listed}
    routes = ours.get("routes", {}).get("config", [])
    assert [route for route in routes if route["table-id"] == CHOSEN] == vdsm["routes"]  # others were not kept


def test_most_of_vdsms_answers_are_compared() -> None:
    assert len(asked_alike()) >= 70


@pytest.fixture(scope="module")
def net_state() -> Any:
    """nmstate's own model of a state; its package wants a daemon's bindings as soon as it is imported."""
    try:
        found = importlib.metadata.distribution("nmstate")
    except importlib.metadata.PackageNotFoundError:
        missing("no nmstate here: the Makefile fetches it from PyPI")
    package = types.ModuleType("libnmstate")
    package.__path__ = [str(found.locate_file("libnmstate"))]
    sys.modules["libnmstate"] = package
    from libnmstate.net_state import NetState

    return NetState


@pytest.mark.parametrize("name", once(texts("nmstate")))
def test_nmstate_takes_the_state_unless_the_plan_warns(name: str, net_state: Any) -> None:
    """This nmstate is older than 2.2.5, and puts name servers into profiles of devices with a gateway."""
    host, _, plan = planned()[name]
    wanted = yaml.safe_load(texts("nmstate")[name])
    if "nameservers-need-gateway" in {problem.code for problem in plan.problems}:
        with pytest.raises(ValueError, match="Failed to find suitable interface for saving DNS name servers"):
            net_state(wanted, current_state=shown(host))
        return
    taken = net_state(wanted, current_state=shown(host))
    assert {one["name"] for one in wanted["interfaces"]} <= {one.name for one in taken.ifaces.all_ifaces()}


def test_nmstate_refuses_what_is_wrong(net_state: Any) -> None:
    host = planned()["nic-static"].host
    for wrong in ({"mtu": "1500"}, {"type": "vlan", "vlan": {"id": 1}}):
        wanted = yaml.safe_load(texts("nmstate")["nic-static"])
        wanted["interfaces"][0] |= wrong
        with pytest.raises(ValueError, match=r"mtu|base-iface"):
            net_state(wanted, current_state=shown(host))


def shown(host: Host) -> Record:
    """The host as nmstate shows it, with what VDSM hides."""
    listed = {device.name for device in graph.devices(host)}
    hidden = {under for device in graph.devices(host) for under in graph.below(host, device.name)} - listed
    devices = [*graph.devices(host), *(Nic(name, "", mtu=1500) for name in sorted(hidden))]
    routes = [route for device in devices for route in _routes(device.name, graph.ip_of(host, device.name))]
    return {"interfaces": [_shown(device) for device in devices], "routes": {"running": routes, "config": routes}}


def _routes(device: str, ip: Ip) -> list[Record]:
    automatic = ip.dhcpv4, ip.dhcpv6 or ip.autoconf
    found = zip(("0.0.0.0/0", "::/0"), (ip.gateway4, ip.gateway6), automatic, strict=True)
    return [
        {"destination": anywhere, "next-hop-interface": device, "next-hop-address": gateway, "table-id": 254}
        for anywhere, gateway, by_itself in found
        if gateway and not by_itself
    ]


def _shown(device: Device) -> Record:
    record: Record = {"name": device.name, "type": TYPES[device.kind], "state": "up", "mtu": max(device.mtu, 1280)}
    record |= {"mac-address": device.hwaddr or "02:00:00:00:00:01", **_addresses(device.ip.addresses)}
    match device:
        case Bond(members=members, mode=mode):
            return record | {"link-aggregation": {"mode": MODES[mode], "port": list(members)}}
        case Vlan(base=base, tag=tag):
            return record | {"vlan": {"base-iface": base, "id": tag}}
        case Bridge(ports=ports):
            return record | {"bridge": {"port": [{"name": port} for port in ports]}}
    return record


def _addresses(addresses: tuple[Address, ...]) -> Record:
    found: Record = {"ipv4": {"enabled": True, "address": []}, "ipv6": {"enabled": True, "address": []}}
    for one in addresses:
        found[f"ipv{one.family}"]["address"].append({"ip": one.text, "prefix-length": max(one.prefix, 1)})
    return found
