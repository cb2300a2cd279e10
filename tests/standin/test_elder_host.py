"""A VDSM of 2012: XML-RPC, texts, its own rules; Python's own XML-RPC client talks to it."""

import contextlib
import http.client
import json
import ssl
import time
import xmlrpc.client
from pathlib import Path
from xml.parsers.expat import ExpatError

import pytest
from wire_clients import Stomp, xmlrpc_proxy

from planner.host.capture import read_capture
from planner.standin import StandIn
from planner.standin.clock import WallClock
from planner.standin.faults import parse_mishap
from planner.standin.server import serve

CAPTURE = json.loads((Path(__file__).parent.parent / "data" / "elder-host.json").read_text())
NETWORK = {
    "bonding": "bond0",
    "vlan": "100",
    "ipaddr": "192.0.2.10",
    "netmask": "255.255.255.0",
    "gateway": "192.0.2.1",
}
UNCHECKED = {"connectivityCheck": False}


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("credentials")


def hosted(folder, *faults):
    stand_in = StandIn(CAPTURE, clock=WallClock(speed=20), faults=[parse_mishap(fault) for fault in faults])
    return serve(stand_in, folder)


def proxied(host):
    return xmlrpc_proxy(host.address_of("192.0.2.10"), host._site.credentials)  # noqa: SLF001 the test made the site


def test_caps_are_as_captured(folder):
    with hosted(folder) as host:
        said = proxied(host).getVdsCapabilities()
    assert said["status"] == {"code": 0, "message": "Done"}
    info = said["info"]
    assert info["software_version"] == "4.10"
    assert "vlanid" not in info["vlans"]["bond0.100"]
    assert info["vlans"]["bond0.100"]["cfg"]["GATEWAY"] == "192.0.2.1"
    assert info["bondings"]["bond0"]["cfg"]["BONDING_OPTS"] == "miimon=100 mode=1"
    assert info["lastClientIface"] == "bond0.100"
    reading = read_capture(info)
    assert reading.host is not None, reading.problems
    before = read_capture(CAPTURE)
    assert reading.host.vlans == before.host.vlans
    assert reading.host.bonds == before.host.bonds


def test_statistics_and_virtual_machines(folder):
    with hosted(folder) as host:
        proxy = proxied(host)
        stats = proxy.getVdsStats()
        assert (stats["status"]["code"], stats["info"]["network"]["eth0"]["name"]) == (0, "eth0")
        assert proxy.list() == {"status": {"code": 0, "message": "Done"}, "vmList": []}


def test_taking_over_and_storing(folder):
    with hosted(folder) as host:
        proxy = proxied(host)
        said = proxy.setupNetworks({"ovirtmgmt": NETWORK}, {}, UNCHECKED)
        assert said == {"status": {"code": 0, "message": "Done"}}
        info = proxy.getVdsCapabilities()["info"]
        network = info["networks"]["ovirtmgmt"]
        assert (network["addr"], network["gateway"], network["ports"]) == ("192.0.2.10", "192.0.2.1", ["bond0.100"])
        assert (info["vlans"]["bond0.100"]["addr"], info["netConfigDirty"]) == ("", "True")
        assert info["lastClientIface"] == "ovirtmgmt"
        assert proxy.setSafeNetworkConfig() == {"status": {"code": 0, "message": "Done"}}
        assert proxy.getVdsCapabilities()["info"]["netConfigDirty"] == "False"
        host.stand_in.reboot()
        time.sleep(0.1)
        assert "ovirtmgmt" in proxied(host).getVdsCapabilities()["info"]["networks"]


def test_without_a_confirm_the_backups_come_back(folder):
    with hosted(folder) as host:
        proxy = proxied(host)
        before = proxy.getVdsCapabilities()["info"]
        assert proxy.setupNetworks({"ovirtmgmt": NETWORK}, {}, {})["status"]["code"] == 10
        after = proxy.getVdsCapabilities()["info"]
        assert after == {**before, "netConfigDirty": "True"}


@pytest.mark.parametrize(
    ("networks", "bondings", "code"),
    [
        ({"ovirtmgmt": {**NETWORK, "ipaddr": "192.0.2.999"}}, {}, 22),
        ({"ovirtmgmt": {**NETWORK, "netmask": ""}}, {}, 22),
        ({"ovirtmgmt": {"nic": "eth2", "gateway": "192.0.2.1"}}, {}, 22),
        ({"ovirtmgmt": {"vlan": "5"}}, {}, 16),
        ({"ovirtmgmt": {"nic": "eth2", "vlan": "4095"}}, {}, 26),
        ({"ovirtmgmt": {"nic": "eth9"}}, {}, 23),
        ({"ovirtmgmt": {"nic": "eth0"}}, {}, 24),
        ({"ovirtmgmt": {"bonding": "bond7"}}, {}, 0),
        ({"ovirtmgmt": {"nic": "eth2"}}, {"bond7": {"nics": ["eth3"], "options": "mode=1"}}, 25),
        ({"ovirtmgmt": {"bonding": "bond0"}}, {"bond0": {"nics": ["eth0", "eth1"], "options": "foo=1"}}, 25),
        ({"ovirtmgmt": {"bonding": "bondX"}}, {"bondX": {"nics": ["eth2"]}}, 25),
        ({"ovirt.mgmt": {"nic": "eth2"}}, {}, 27),
        ({"ovirtmgmt": {"remove": True}}, {}, 16),
        ({"a": {"nic": "eth2"}, "b": {"nic": "eth2", "vlan": "3"}}, {}, 21),
        ({"ovirtmgmt": {"nic": "eth2", "vlan": "abc"}}, {}, 26),
        ({"ovirtmgmt": {"nic": "eth2", "vlan": "5", "mtu": "big"}}, {}, 16),
        ({"a": {"nic": "eth2", "bridged": False}, "b": {"nic": "eth2", "vlan": "3"}}, {}, 0),
        ({"a": {"bonding": "bond7"}}, {"bond7": {"nics": ["eth2"]}}, 0),
    ],
)
def test_verdicts_of_2012(folder, networks, bondings, code):
    with hosted(folder) as host:
        said = proxied(host).setupNetworks(networks, bondings, UNCHECKED)
    assert said["status"]["code"] == code, said


def test_faults_over_xmlrpc(folder):
    with hosted(folder, "ping:error-frame:1", "ping:busy:2", "ping:reset:3") as host:
        with pytest.raises(xmlrpc.client.ProtocolError):
            proxied(host).ping()
        assert proxied(host).ping()["status"]["code"] == 40
        # The third answer breaks off: Python's client asks again by itself, or chokes on half an answer.
        with contextlib.suppress(OSError, http.client.HTTPException, ExpatError):
            proxied(host).ping()
        assert [str(mishap) for mishap in host.stand_in.fired][-1] == "ping:reset:3"
        with pytest.raises(xmlrpc.client.Fault):
            proxied(host).fly()


def test_it_knows_no_stomp(folder):
    with hosted(folder) as host, pytest.raises((OSError, ssl.SSLError)):
        Stomp(host.address_of("192.0.2.10"), host._site.credentials)  # noqa: SLF001 the test made the site
