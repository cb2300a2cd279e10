"""A host through its engine's REST API."""

import base64
import ssl
from dataclasses import replace

import pytest
from fake_engine import LISTS, PASSWORD, FakeEngine
from scripted import Server, stomp, vdsm

from planner.vdsm.client import Done, Failure, FenceAgent
from planner.vdsm.connect import speaker
from planner.vdsm.credentials import EngineAccount

REQUEST = {
    "networks": {
        "ovirtmgmt": {
            "bonding": "bond4",
            "vlan": 3000,
            "mtu": 9000,
            "bridged": True,
            "stp": False,
            "bootproto": "dhcp",
            "dhcpv6": False,
            "ipv6autoconf": False,
            "defaultRoute": True,
            "nameservers": ["192.0.2.53"],
        }
    },
    "bondings": {"bond4": {"nics": ["eth2", "eth3"], "options": "mode=4 miimon=100", "switch": "legacy"}},
    "options": {"connectivityCheck": True, "connectivityTimeout": 120, "commitOnSuccess": False},
}
AGENT = FenceAgent("192.0.2.200", "ipmilan", "admin", "s3cr3t-bmc")


@pytest.fixture
def engine(pki):
    running = FakeEngine(pki.context(pki.named, mutual=False))
    yield running
    running.close()


@pytest.fixture
def account(engine, pki):
    def make(host="host1", password=PASSWORD, url="", **changes):
        account = EngineAccount(url or engine.url, "admin@internal", password)
        return speaker(host, "engine", replace(pki.credentials(), engine=replace(account, **changes)))

    return make


def test_set_up_is_translated(engine, account) -> None:
    assert account().set_up(REQUEST, timeout=5) == Done("complete")
    ((path, action),) = engine.actions
    assert path == "hosts/h1/setupnetworks"
    assert action == {
        "modified_network_attachments": {
            "network_attachment": [
                {
                    "id": "a1",
                    "network": {"id": "n1"},
                    "host_nic": {"name": "bond4"},
                    "ip_address_assignments": {
                        "ip_address_assignment": [
                            {"assignment_method": "dhcp", "ip": {"version": "v4"}},
                            {"assignment_method": "none", "ip": {"version": "v6"}},
                        ]
                    },
                    "dns_resolver_configuration": {"name_servers": {"name_server": ["192.0.2.53"]}},
                }
            ]
        },
        "modified_bonds": {
            "host_nic": [
                {
                    "name": "bond4",
                    "id": "b4",
                    "bonding": {
                        "slaves": {"host_nic": [{"name": "eth2"}, {"name": "eth3"}]},
                        "options": {"option": [{"name": "mode", "value": "4"}, {"name": "miimon", "value": "100"}]},
                    },
                }
            ]
        },
        "check_connectivity": True,
        "connectivity_timeout": 120,
        "commit_on_success": False,
    }
    assert engine.authorizations == {"Bearer t0k3n"}


def test_static_addresses_and_removal(engine, account) -> None:
    static = {
        "nic": "eth2",
        "bridged": "false",
        "ipaddr": "192.0.2.10",
        "netmask": "255.255.255.0",
        "gateway": "192.0.2.1",
        "ipv6addr": "2001:db8::10/64",
        "ipv6gateway": "2001:db8::1",
    }
    networks = {"on0123456789abc": static, "ovirtmgmt": {"remove": "true"}}
    request = {"networks": networks, "bondings": {"bond4": {"remove": True}}, "options": {}}
    assert account("192.0.2.10").set_up(request, timeout=5) == Done("complete")
    action = engine.actions[0][1]
    (attachment,) = action["modified_network_attachments"]["network_attachment"]
    assert attachment["network"] == {"id": "n2"}
    assert "id" not in attachment
    ipv4, ipv6 = attachment["ip_address_assignments"]["ip_address_assignment"]
    assert ipv4["ip"] == {
        "version": "v4",
        "address": "192.0.2.10",
        "netmask": "255.255.255.0",
        "gateway": "192.0.2.1",
    }
    assert ipv6["ip"] == {"version": "v6", "address": "2001:db8::10", "netmask": "64", "gateway": "2001:db8::1"}
    assert action["removed_network_attachments"] == {"network_attachment": [{"id": "a1"}]}
    assert action["removed_bonds"] == {"host_nic": [{"id": "b4"}]}
    assert action["check_connectivity"] is True


def test_the_other_calls(engine, account) -> None:
    host = account()
    assert host.ping(timeout=5) == Done("up")
    assert host.commit(timeout=5) == Done("complete")
    assert isinstance(host.confirm(timeout=5), Done)
    assert host.fence(AGENT, "status", timeout=5) == "on"
    assert host.fence(AGENT, "off", timeout=5) == "unknown"
    assert host.at("192.0.2.99") is host
    assert engine.actions == [
        ("hosts/h1/commitnetconfig", {}),
        ("hosts/h1/fence", {"fence_type": "status"}),
        ("hosts/h1/fence", {"fence_type": "stop"}),
    ]


def test_another_machines_agent_is_not_used(engine, account, failing) -> None:
    other = AGENT._replace(address="192.0.2.201")
    failing(lambda timeout: account().fence(other, "off", timeout=timeout), "refused")
    assert engine.actions == []


@pytest.mark.parametrize(
    ("key", "value"), [("vlan", 3001), ("mtu", 1500), ("bridged", False), ("vlan", "odd"), ("vlan", [])]
)
def test_what_the_engine_would_build_otherwise_is_not_sent(engine, account, failing, key, value) -> None:
    network = {**REQUEST["networks"]["ovirtmgmt"], key: value}
    request = {**REQUEST, "networks": {"ovirtmgmt": network}}
    kind = "protocol" if value in ("odd", []) and value else "refused"
    failure = failing(lambda timeout: account().set_up(request, timeout=timeout), kind)
    assert not failure.sent
    assert engine.actions == []


@pytest.mark.parametrize(
    "fault",
    [
        {"reason": "Operation Failed", "detail": "[Cannot setup Networks. VLAN in use.]"},
        {
            "status": "failed",
            "fault": {"reason": "Operation Failed", "detail": "[Cannot setup Networks. VLAN in use.]"},
        },
    ],
)
def test_the_engines_refusal_in_its_words(engine, account, failing, fault) -> None:
    engine.faults["hosts/h1/setupnetworks"] = (409, fault)
    failure = failing(lambda timeout: account().set_up(REQUEST, timeout=timeout), "refused")
    assert "VLAN in use" in failure.message
    assert not failure.sent


@pytest.mark.parametrize(
    ("detail", "kind"),
    [
        ("[Network error during communication with the Host.]", "unreachable"),
        ("[Resource unavailable]", "busy"),
        ("[Recovering from crash or Initializing]", "recovering"),
        ("[Unexpected exception]", "vdsm"),
    ],
)
def test_what_became_of_an_action_that_was_begun(engine, account, failing, detail, kind):
    engine.faults["hosts/h1/setupnetworks"] = (400, {"reason": "Operation Failed", "detail": detail})
    failure = failing(lambda timeout: account().set_up(REQUEST, timeout=timeout), kind)
    assert detail[1:-1] in failure.message
    assert failure.sent


def test_a_network_that_is_otherwise_than_defined_is_mended(engine, account, monkeypatch):
    attachment = {"id": "a1", "network": {"id": "n1"}, "in_sync": "false"}
    monkeypatch.setitem(LISTS, "hosts/h1/networkattachments", {"network_attachment": [attachment]})
    assert account().set_up(REQUEST, timeout=5) == Done("complete")
    action = engine.actions[0][1]
    assert action["synchronized_network_attachments"] == {"network_attachment": [{"id": "a1"}]}
    assert action["modified_network_attachments"]["network_attachment"][0]["id"] == "a1"


def test_the_host_is_read_before_it_is_shown(engine, account, monkeypatch):
    monkeypatch.setitem(LISTS, "hosts/h1", {**engine.hosts[0], "version": {"major": "4", "minor": "50"}})
    monkeypatch.setitem(LISTS, "hosts/h1/networkattachments", {})
    told = account().capabilities(timeout=5)
    assert [action for action, _ in engine.actions] == ["hosts/h1/refresh"]
    assert (set(told["nics"]), told["software_version"]) == ({"bond4", "eth2"}, "4.50")


def test_a_host_that_the_engine_cannot_read_is_not_shown(engine, account, failing):
    engine.faults["hosts/h1/refresh"] = (409, {"reason": "Operation Failed", "detail": "[Cannot refresh]"})
    assert not failing(account().capabilities, "refused").sent
    engine.faults["hosts/h1/refresh"] = (200, {})
    engine.faults["hosts/h1"] = (404, {})
    failing(account().capabilities, "protocol")
    engine.faults["hosts/h1"] = (200, {})
    engine.faults["hosts/h1/nics"] = (200, {"host_nic": [{"name": "eth0", "mtu": "many"}]})
    failing(account().capabilities, "protocol")


@pytest.mark.parametrize(
    ("status", "document", "kind"),
    [
        (401, {}, "credentials"),
        (403, {}, "refused"),
        (500, b"<html>", "protocol"),
        (200, b"<html>", "protocol"),
        (200, b"[" * 100000, "protocol"),
        (302, b"", "protocol"),
        (200, {"host": 1}, "refused"),
        (200, {"host": [1, {}, {"name": "host1"}]}, "refused"),
    ],
)
def test_odd_answers(engine, account, failing, status, document, kind) -> None:
    engine.faults["hosts"] = (status, document)
    assert not failing(account().commit, kind).sent


def test_a_list_of_another_shape(engine, account, failing) -> None:
    engine.faults["clusters/c1/networks"] = (200, {"network": [{"name": "ovirtmgmt", "vlan": "x", "usages": 7}]})
    failing(lambda timeout: account().set_up(REQUEST, timeout=timeout), "protocol")


def test_hosts_are_found_by_name_or_address_and_only_one(engine, account, failing) -> None:
    assert "no host" in failing(account("host").ping, "refused").message
    engine.hosts *= 2
    assert "2 hosts" in failing(account().ping, "refused").message


def test_a_host_that_the_engine_has_lost(engine, account, failing) -> None:
    engine.hosts[0]["status"] = "non_responsive"
    assert failing(account().ping, "unreachable").retryable


def test_a_wrong_password_shows_nowhere(account, failing) -> None:
    wrong = "wr0ng-s3cr3t"
    failure = failing(account(password=wrong).ping, "credentials")
    assert "***" in failure.message
    assert wrong not in repr(failure)


def test_what_the_engine_cannot_tell_vdsm_is_not_sent(engine, account) -> None:
    bond = REQUEST["bondings"]["bond4"] | {"hwaddr": ""}
    failure = account().set_up(REQUEST | {"bondings": {"bond4": bond}}, timeout=5)
    assert isinstance(failure, Failure)
    assert (failure.kind, "bond4" in failure.message, engine.actions) == ("refused", True, [])
    routed = {name: {**network, "nameservers": []} for name, network in REQUEST["networks"].items()}
    failure = account().set_up(REQUEST | {"networks": routed}, timeout=5)
    assert isinstance(failure, Failure)
    assert (failure.kind, "router" in failure.message, engine.actions) == ("refused", True, [])


def test_an_engine_without_tokens(engine, account) -> None:
    engine.token = False
    assert account().ping(timeout=5) == Done("up")
    plain = base64.b64encode(f"admin@internal:{PASSWORD}".encode()).decode()
    assert engine.authorizations == {f"Basic {plain}"}


def test_the_engines_certificate_and_name_are_checked(engine, account, failing, pki) -> None:
    assert "CA" in failing(account(ca=str(pki.folder / "other.pem")).ping, "tls").hint
    elsewhere = engine.url.replace("127.0.0.1", "localhost")
    assert "name" in failing(account(url=elsewhere).ping, "tls").message


@pytest.mark.parametrize(
    "url",
    ["http://engine.example.com", "engine", "https://u:s3cr3t@engine", "https://engine:x", "https://[::1", "https://"],
)
def test_odd_urls(account, url) -> None:
    failure = account(url=url)
    assert isinstance(failure, Failure)
    assert "s3cr3t" not in repr(failure)


def test_the_account_hides_its_password(account) -> None:
    assert PASSWORD not in repr(account()) + str(account()) + repr(account().account)


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_demands_a_certificate_and_is_given_none(pki, account, failing, newest) -> None:
    tls = pki.context(pki.named)
    tls.maximum_version = newest
    server = Server(stomp(vdsm), tls)
    failure = failing(account(url=f"https://127.0.0.1:{server.port}").commit, "tls")
    server.close()
    assert "client certificate" in failure.message
    assert not failure.sent
