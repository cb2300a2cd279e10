"""The stand-in over real sockets: TLS, STOMP, XML-RPC, a host that moves, and each fault."""

import json
import socket
import ssl
import threading
import time

import pytest
from before_hosts import BEFORE
from wire_clients import Stomp, xmlrpc_proxy

from planner.standin import StandIn, Surroundings
from planner.standin.clock import WallClock
from planner.standin.faults import parse_mishap
from planner.standin.server import serve, serve_all

STATIC = BEFORE["ov-bridged-nic-static"]
NETWORK = {"nic": "eth0", "bridged": True, "ipaddr": "192.0.2.10", "netmask": "255.255.255.0", "gateway": "192.0.2.1"}
SETUP = {"networks": {"ovirtmgmt": {**NETWORK, "defaultRoute": True}}, "bondings": {}}
UNCHECKED = {"connectivityCheck": False}
GONE = (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("credentials")


def hosted(folder, *faults, capture=STATIC, **dials):
    mishaps = [parse_mishap(fault) for fault in faults]
    return serve(StandIn(capture, clock=WallClock(speed=20), faults=mishaps, **dials), folder)


def client(host, address="", **dials):
    place = host.address_of(address or host.stand_in.address)
    return Stomp(place, host._site.credentials, **dials)  # noqa: SLF001 the test made the site


def test_a_setup_with_confirms_over_stomp(folder):
    with hosted(folder) as host, client(host) as main, client(host) as side:
        main.ask("Host.setupNetworks", **SETUP, options={"connectivityTimeout": 10, "commitOnSuccess": True})
        for _ in range(200):
            assert side.call("Host.confirmConnectivity")["result"] is True
            if host.stand_in.persistent.networks:
                break
            time.sleep(0.01)
        assert main.answer() == {"jsonrpc": "2.0", "id": 1, "result": {"code": 0, "message": "Done"}}
        caps = main.call("Host.getCapabilities")["result"]
        assert (caps["lastClientIface"], list(caps["networks"])) == ("ovirtmgmt", ["ovirtmgmt"])
        assert list(main.call("Host.getNetworkCapabilities")["result"]["networks"]) == ["ovirtmgmt"]
        assert host.stand_in.log[0][0] == "setupNetworks"


def test_statistics_and_virtual_machines(folder):
    with hosted(folder) as host, client(host) as stomp:
        stats = stomp.call("Host.getStats")["result"]
        assert (stats["network"]["eth0"]["speed"], stats["vmCount"]) == ("10000", 0)
        assert stomp.call("Host.getVMList", onlyUUID=True)["result"] == []


def test_refusals_and_jsonrpc_errors(folder):
    with hosted(folder) as host, client(host) as stomp:
        missing = {"ovirtmgmt": {"nic": "eth9"}}
        assert stomp.call("Host.setupNetworks", networks=missing, bondings={}, options={})["error"] == {
            "code": 23,
            "message": "Nic eth9 does not exist",
        }
        lacking = stomp.call("Host.setupNetworks", networks=missing)["error"]
        assert lacking["code"] == -32603
        assert lacking["message"].endswith("missing argument(s): bondings, options'}")
        assert stomp.call("Host.fly")["error"]["code"] == -32601
        for sent, code in (("{", -32700), ("[]", -32600), ({"id": 1}, -32600), ("7", -32600)):
            stomp.post(sent)
            said = stomp.answer()
            assert (said["error"]["code"], said["id"]) == (code, None)
        stomp.post({"jsonrpc": "2.0", "method": "Host.ping", "params": [1, 2], "id": "x"})
        assert stomp.answer()["error"]["code"] == -32602
        stomp.post({"jsonrpc": "2.0", "method": "Host.setupNetworks", "params": [missing, {}, {}], "id": "y"})
        assert stomp.answer()["error"]["code"] == 23
        stomp.post({"jsonrpc": "2.0", "method": "Host.ping"})  # a notification
        stomp.post(
            [{"jsonrpc": "2.0", "method": "Host.ping", "id": 7}, {"jsonrpc": "2.0", "method": "Host.ping2", "id": 8}]
        )
        assert [said["id"] for said in stomp.answer()] == [7, 8]


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ("CONNECT\naccept-version:1.1\n\n\0", "Version unsupported"),
        ("SUBSCRIBE\ndestination:a\n\n\0", "Missing destination or subscription id header"),
        ("SUBSCRIBE\ndestination:a\nid:1\n\n\0SUBSCRIBE\ndestination:b\nid:1\n\n\0", "Subscription id already exists"),
        ("SEND\ndestination:nowhere\n\nx\0", "Subscription not available"),
        ("DISCONNECT\n\n\0", "Invalid command DISCONNECT"),
        ("SEND\nno colon\n\nx\0", "Malformed frame"),
    ],
)
def test_error_frames(folder, sent, message):
    with hosted(folder) as host, client(host, greet=False) as stomp:
        stomp.text(sent)
        command, headers, body = stomp.frame()
        assert (command, headers["message"], body.decode()) == ("ERROR", message, message)
        with pytest.raises(GONE):
            stomp.frame()


def test_heartbeats_escapes_and_goodbye(folder):
    with hosted(folder) as host, client(host, greet=False) as stomp:
        stomp.text("\n\nCONNECT\naccept-version:1.2\nheart-beat:0,10\n\n\0")
        assert stomp.frame()[1]["heart-beat"] == "1000,0"
        stomp.text("SUBSCRIBE\ndestination:a\\cb\nid:1\n\n\0")
        request = '{"jsonrpc": "2.0", "method": "Host.ping", "id": 1}'
        stomp.text(f"SEND\ndestination:jms.topic.vdsm_requests.x\nreply-to:a\\cb\n\n{request}\0")
        assert stomp.frame()[1]["destination"] == "a\\cb"
        assert stomp.socket.recv(1) == b"\n"
        stomp.text("DISCONNECT\nreceipt:77\n\n\0")
        assert stomp.frame()[:2] == ("RECEIPT", {"receipt-id": "77"})


@pytest.mark.parametrize(("pair", "alert"), [("stranger", "UNKNOWN_CA"), ("expired", "CERTIFICATE_EXPIRED")])
def test_a_client_whose_certificate_is_no_good_is_told_why(folder, pair, alert):
    with hosted(folder) as host, pytest.raises(ssl.SSLError, match=alert):
        client(host, pair=pair).call("Host.ping")


@pytest.mark.parametrize("certificate", ["stranger", "expired"])
def test_a_host_whose_certificate_is_no_good(folder, certificate):
    with serve(StandIn(STATIC), folder, certificate=certificate) as host, pytest.raises(ssl.SSLCertVerificationError):
        client(host)


@pytest.mark.parametrize("silent", [False, True])
def test_the_client_follows_the_host_to_its_new_address(folder, silent):
    moved = {"ovirtmgmt": {**NETWORK, "ipaddr": "192.0.2.99", "defaultRoute": True}}
    with hosted(folder, surroundings=Surroundings(silent=silent)) as host, client(host, timeout=1) as old:
        old.ask("Host.setupNetworks", networks=moved, bondings={}, options={"connectivityTimeout": 60})
        new = host.address_of("192.0.2.99")
        assert (new.port, new.address == host.places["192.0.2.10"].address) == (host.port, False)
        deadline = time.monotonic() + 3
        while "192.0.2.99" not in host.stand_in.addresses() and time.monotonic() < deadline:
            time.sleep(0.01)
        with client(host, "192.0.2.99") as stomp:
            stomp.call("Host.confirmConnectivity")
            with pytest.raises(TimeoutError if silent else GONE):
                old.frame()
            assert stomp.call("Host.getCapabilities")["result"]["lastClientIface"] == "ovirtmgmt"
        with pytest.raises(OSError):  # noqa: PT011 in vain: refused, or no answer
            client(host, "192.0.2.10", timeout=0.3)


def test_a_host_that_is_lost_comes_back_by_itself(folder):
    wrong = {"ovirtmgmt": {**NETWORK, "vlan": 300, "defaultRoute": True}}
    capture = BEFORE["ov-wrong-vlan"]
    with hosted(folder, capture=capture, backups=True) as host, client(host) as stomp:
        stomp.call(
            "Host.setupNetworks",
            networks={"ovirtmgmt": {**NETWORK, "vlan": 200, "defaultRoute": True}},
            bondings={},
            options=UNCHECKED,
        )
        stomp.call("Host.setSafeNetworkConfig")
        stomp.ask("Host.setupNetworks", networks=wrong, bondings={}, options={"connectivityTimeout": 10})
        with pytest.raises(GONE):
            stomp.answer()
        deadline = time.monotonic() + 5
        while not host.stand_in.addresses() and time.monotonic() < deadline:
            time.sleep(0.01)
        with client(host) as again:
            assert again.call("Host.getCapabilities")["result"]["networks"]["ovirtmgmt"]["vlanid"] == 200


FAULTS = {
    "lost-reply": (TimeoutError, True),
    "reset": (GONE, True),
    "half-open": (TimeoutError, False),
    "dies=1": (GONE, True),
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_answers_that_do_not_come(folder, fault):
    error, carried_out = FAULTS[fault]
    with hosted(folder, f"setupNetworks:{fault}") as host, client(host, timeout=1) as stomp:
        stomp.ask("Host.setupNetworks", **SETUP, options=UNCHECKED)
        with pytest.raises(error):
            stomp.answer()
        assert (list(host.stand_in.running.networks) == ["ovirtmgmt"]) == carried_out
        assert [str(mishap) for mishap in host.stand_in.fired] == [f"setupNetworks:{fault}:1"]


@pytest.mark.parametrize(("fault", "code"), [("busy", 40), ("recovering", 99), ("crash", -32603)])
def test_answers_that_are_errors_once(folder, fault, code):
    with hosted(folder, f"getCapabilities:{fault}:2") as host, client(host) as stomp:
        codes = [stomp.call("Host.getCapabilities").get("error", {}).get("code") for _ in range(3)]
        assert codes == [None, code, None]


def test_slow_and_error_frame(folder):
    with hosted(folder, "ping:slow=4", "ping2:error-frame") as host, client(host) as stomp:
        began = time.monotonic()
        assert stomp.call("Host.ping")["result"] is True
        assert time.monotonic() - began >= 0.2, "4 s at twentyfold speed"
        stomp.ask("Host.ping2")
        assert stomp.frame()[0] == "ERROR"


@pytest.mark.parametrize(("fault", "error"), [("refuses-tls", OSError), ("plain-tcp", ssl.SSLError)])
def test_connections_that_fail_once(folder, fault, error):
    with hosted(folder, f"connect:{fault}") as host:
        with pytest.raises(error):
            client(host)
        with client(host) as stomp:
            assert stomp.call("Host.ping")["result"] is True


def test_a_reboot_cuts_everybody_off_and_99_follows(folder):
    with hosted(folder, backups=True, recovery=4, boot_seconds=2) as host:
        time.sleep(0.25)
        with client(host) as stomp:
            stomp.call("Host.setupNetworks", **SETUP, options=UNCHECKED)
            host.stand_in.reboot()
            with pytest.raises(GONE):
                stomp.frame()
        deadline = time.monotonic() + 3
        while not host.stand_in.addresses() and time.monotonic() < deadline:
            time.sleep(0.01)
        with client(host) as stomp:
            assert stomp.call("Host.getCapabilities")["error"]["code"] == 99
            time.sleep(0.3)
            assert stomp.call("Host.getCapabilities")["result"]["networks"] == {}


def test_two_hundred_hosts_in_one_process(folder):
    stand_ins = [StandIn(STATIC) for _ in range(200)]
    with serve_all(stand_ins, folder) as hosts:
        said = []

        def visit(host):
            with client(host) as stomp:
                said.append(stomp.call("Host.setupNetworks", **SETUP, options=UNCHECKED)["result"]["code"])

        threads = [threading.Thread(target=visit, args=(host,)) for host in hosts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert said == [0] * 200
        assert len({host.places["192.0.2.10"] for host in hosts}) == 200
        table = json.loads((folder / "addresses.json").read_text())
        assert table["192.0.2.10"][0].startswith("127.")


def test_noise_does_not_stop_the_host(folder):
    with hosted(folder) as host:
        place = host.address_of("192.0.2.10")
        for noise in (b"", b"\0" * 100, b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00"):
            with socket.create_connection(tuple(place)) as raw:
                raw.sendall(noise)
        with client(host, greet=False) as stomp:
            stomp.text("HELLO, VDSM\n\n\0")
            with pytest.raises(GONE):
                stomp.frame()
        with client(host) as stomp:
            assert stomp.call("Host.ping")["result"] is True


def test_a_modern_host_does_not_speak_xmlrpc(folder):
    with hosted(folder) as host:
        proxy = xmlrpc_proxy(host.address_of("192.0.2.10"), host._site.credentials)  # noqa: SLF001
        with pytest.raises(Exception, match="404"):
            proxy.ping()
