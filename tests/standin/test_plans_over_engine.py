"""What the engine tells of a host is planned as what the host tells, but for what REST cannot tell."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from standin_engine.documents import logical
from standin_engine.server import serve_engine

import planner
from planner.definition import Definition, read_definition
from planner.host.capture import read_capture
from planner.rules.shelf import load_rules
from planner.standin.captures import read_document
from planner.standin.host import StandIn
from planner.vdsm.client import Failure
from planner.vdsm.connect import speaker
from planner.vdsm.credentials import Credentials, EngineAccount

ROOT = Path(__file__).parents[2]
# Of these no stand-in can be made (test_simulate_command).
FROM_IP = ("from-iproute", "from-iproute-by-ipv6", "from-iproute-lease", "from-iproute-stated")
NO_STAND_IN = {"excerpt-without-vlans", *FROM_IP, "southbound-elsewhere", "southbound-elsewhere-bridgeless"}
GOLDENS = {
    path.parent.name: path
    for path in sorted((ROOT / "golden").glob("*/capture*"))
    if path.parent.name not in NO_STAND_IN
}
LAB = {path.parent.name: path for path in sorted((ROOT / "tests" / "data" / "hosts").glob("*/caps.json"))}
CASES = {
    **{f"golden/{name}": path for name, path in GOLDENS.items()},
    **{f"lab/{name}": path for name, path in LAB.items()},
}
# Of a plan, what was done and asked for; the inputs' digests differ, and so does what rules said on the way.
COMPARED = ("outcome", "network", "management", "attachment", "steps")


class Loss(NamedTuple):
    """What REST does not tell, and the captures whose plans show it.

    `keys` of the plan and `codes` of problems are what differs for it; without any, the whole plan does.
    """

    reason: str
    names: tuple[str, ...]
    keys: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


def names_of(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Hosts that report no address: no engine reaches them.
UNREACHED = names_of("""
    golden/address-on-ovs-leftover
    golden/address-on-hidden-device golden/default-route-without-address golden/hidden-device-without-address
    golden/ovirtmgmt-portless golden/ovirtmgmt-waiting-for-its-lease
    golden/ovirtmgmt-without-address lab/br0-no-ports
    lab/macvlan-mgmt lab/ov-port-lost lab/team-mgmt golden/own-network-portless-tagged golden/two-networks-portless
""")
LOSSES = (
    Loss(
        "name servers: only a network that the engine has attached already tells of them (dns_configuration)",
        names_of("""
            golden/bystander-member-in-use-on-4-40 golden/bystander-member-in-use-on-4-40-20
            golden/bystander-member-in-use-on-4-40-21 golden/fail-over-mac-on-4-40 golden/infiniband
            golden/infiniband-beside golden/infiniband-bond golden/infiniband-bond-beside
            golden/infiniband-bond-bridgeless golden/infiniband-bridgeless golden/ovs-bond-beside
            golden/tag-of-hosted-engine golden/vlan-odd-name-over-bond
            golden/bond-static golden/dual-stack-static golden/gateway-hidden-and-defined golden/ipv6-mtu-too-small
            golden/ipv6-static golden/name-resolves-to-both golden/network-name-too-long golden/nic-bridgeless
            golden/nic-mtu-9000 golden/nic-name-servers-defined golden/nic-static golden/nic-stp
            golden/static-on-el10-mended golden/static-on-el10-next golden/static-on-el10-untold
            golden/static-on-el10-without-gateway
            golden/nic-stp-without-bridge golden/nic-tag-wanted golden/other-networks-preserved
            golden/static-without-address golden/vlan-over-bond lab/nm-bond-static lab/nm-nic-dual-static
            lab/nm-nic-ipv6-manual lab/nm-nic-static lab/nm-vlan-bond-static lab/ov-other-network-not-mgmt
            golden/nic-no-default-route-role golden/ovirtmgmt-without-default-route golden/ipv6-gateway-without-role
            golden/bystander-mtu-lowered golden/crowded-bystander
            golden/bystander-member-in-use golden/bystander-member-in-use-on-4-30
            golden/crowded-bond golden/crowded-by-ipv6-without-role golden/crowded-nic-dhcp-as-static
            golden/crowded-vlan-over-nic golden/dhcp-without-role
            golden/ipv6-name-servers-defined golden/ipv6-without-role golden/two-networks-stp
            golden/ipv6-static-as-dhcp golden/nic-static-as-dhcp golden/gateway-unknown-to-adopt-by-ipv6
            golden/gateway-unknown-to-adopt-without-role
            golden/default-route-on-link-of-client golden/dual-stack-stable-privacy
            golden/dual-stack-stable-privacy-in-name golden/gateway-none golden/gateway-none-beside-gateway
            golden/gateway-none-beside-lease golden/gateway-none-by-ipv6 golden/gateway-none-on-4-30
            golden/gateway-none-with-nmstate-1-4-2 golden/gateway-none-with-nmstate-2-2-4
            golden/gateway-none-with-nmstate-2-2-5 golden/gateway-on-leased-nic golden/gateways-dropped
            golden/ipv6-gateway-on-leased-nic golden/ipv6-static-gateway-hidden golden/ipv6-static-on-4-18-11
            golden/leased-single-address-without-gateway golden/lone-address-beside-gateways
            golden/lone-address-by-ipv6 golden/lone-address-with-gateway golden/lone-address-with-gateway-by-ipv6
            golden/loopback-and-own-address golden/nic-name-servers-defined-on-4-18
            golden/nic-name-servers-defined-on-4-18-11 golden/nic-name-servers-defined-on-4-18-12
            golden/nic-static-on-4-18-11 golden/nic-static-on-4-40-11 golden/nic-without-role-on-4-18-11
            golden/ovirtmgmt-gateway-none-without-role golden/slaac-vlan-of-own-mac-beside-ipv4
            golden/static-gateway-hidden golden/two-default-routes golden/two-default-routes-of-ipv6
            golden/two-default-routes-on-4-30 golden/two-default-routes-over-bonds
            golden/two-default-routes-without-role golden/dhcpv6-beside-static-as-defined
            golden/dhcpv6-beside-static-as-dhcp golden/ipv6-gateway-without-role-and-ipv6
            golden/ipv6-gateway-without-role-beside-dhcp golden/gateway-none-by-ipv6-beside-ipv4-gateway
            golden/ipv6-without-role-with-ipv4-gateway golden/static-ipv6-on-el10
        """),
        keys=("nameservers",),
        codes=("nameservers-not-carried", "nameservers-need-gateway"),
    ),
    Loss(
        "the default route: only an attached network tells whether it has it; a gateway may serve a table of its own",
        names_of("""
            golden/nic-gateway-in-table lab/nic-gateway-only-in-table lab/vrf-mgmt golden/crowded-nic-without-role
            golden/dhcp-beside-other-gateways
            golden/crowded-bridgeless golden/ovirtmgmt-gateway-none-already
        """),
        keys=("defaultRoute",),
        codes=("gateway-becomes-default", "default-route-dropped", "default-route-loses", "default-route-moves"),
    ),
    Loss(
        "secondary addresses: that they are dropped is not said",
        names_of("""
            golden/dhcp-plus-static-as-dhcp golden/nic-secondary-addresses lab/addr-many-40
            lab/nic-static-mgmt-is-secondary lab/nic-static-secondary golden/dual-stack-by-ipv6-mixed
            golden/two-subnets-on-one-nic
        """),
        codes=("secondary-address-dropped",),
    ),
    Loss(
        "secondary addresses: the management address is one, or the choice between them is not seen to be open",
        names_of("""
            golden/dhcp-plus-static golden/dhcp-plus-static-as-static golden/ipv6-second-address
            golden/several-addresses golden/several-addresses-over-default-route
            golden/ovirtmgmt-several-addresses-beside golden/ipv6-by-hand-beside-dhcp lab/addr-ipv6-deprecated
            golden/own-network-by-default-route
            lab/addr-ipv6-ula-and-global lab/nic-ipv6-two-addresses-mgmt-second lab/nic-static-label
            lab/nic-static-mgmt-true-secondary lab/nm-nic-dhcp-plus-static
            golden/ipv6-by-hand-and-by-router golden/ipv6-management-by-hand golden/static-beside-two-dhcpv6-addresses
            golden/dual-stack-lease-elsewhere golden/floating-address golden/floating-address-beside
            golden/floating-address-by-ipv6 golden/floating-address-of-several golden/floating-address-undecided
            golden/floating-address-without-gateway golden/own-network-floating-address
            golden/own-network-floating-address-by-ipv6
        """),
    ),
    Loss(
        "bridges that are no network of VDSM's: neither they nor their addresses nor their ports are seen",
        names_of("""
            golden/address-on-bridge-and-port golden/address-on-two-devices golden/foreign-bridge
            golden/foreign-bridge-of-two golden/foreign-bridge-over-bad-bond golden/foreign-bridge-over-bond-on-4-40
            golden/foreign-bridge-over-vlan-over-port golden/name-taken-by-failed-deploy golden/name-taken-of-many
            golden/vlan-over-foreign-bridge golden/vlan-over-port-with-taps golden/vlan-over-bond-in-bridge
            golden/foreign-bridge-over-bond golden/name-taken golden/name-taken-beside golden/port-holds-address
            golden/vlan-over-port golden/foreign-bridge-beside-stray golden/ovirtmgmt-over-port
            lab/br0-bond lab/br0-nic lab/br0-nic-stp lab/br0-two-nics lab/br0-vlan-nic
            golden/bridge-holds-address-beside golden/bridgeless-over-port golden/name-taken-dhcp-on-4-30
            golden/port-holds-address-beside lab/bridge-name-like-vlan lab/bridges-same-ip-virbr0
            lab/ovirtmgmt-handmade lab/tap-in-bridge
            golden/address-on-bridge-and-two-ports golden/rival-default-route-of-bridge
        """),
    ),
    Loss(
        "addresses of a port: the engine keeps those of the network on it",
        names_of("""
            golden/base-in-use golden/ovirtmgmt-address-on-port golden/port-of-another-network
            golden/port-of-another-network-on-4-16
        """),
    ),
    Loss(
        "addresses of a port: that the address is there, too, is not said",
        names_of("golden/ovirtmgmt-and-leftover-address"),
        codes=("address-also-elsewhere",),
    ),
    Loss(
        "netConfigDirty",
        names_of("golden/ovirtmgmt-uncommitted lab/ov-autoconf-refused lab/ov-uncommitted"),
        codes=("uncommitted-configuration",),
    ),
    Loss(
        "the operating system, beside the name servers",
        names_of("golden/static-on-el10"),
        keys=("nameservers",),
        codes=("source-routing-on-el10", "nameservers-not-carried"),
    ),
    Loss(
        "lastClientIface",
        names_of("""
            golden/client-elsewhere-leased-by-ipv4 golden/client-elsewhere-leased-by-ipv6
            golden/crowded-own-network-gateway-in-table golden/hidden-client-beside golden/infiniband-vlan
            golden/member-holds-address-beside
            golden/own-network-waiting-address-elsewhere golden/rival-client-device
        """),
        codes=("client-elsewhere", "rival-device"),
    ),
    Loss(
        "name servers and lastClientIface",
        names_of("""
            golden/client-elsewhere-by-ipv4 golden/client-elsewhere-by-ipv6 golden/client-elsewhere-gateway-none
            golden/client-elsewhere-gateway-none-by-ipv4 golden/client-elsewhere-gateways-on-both
            golden/client-elsewhere-with-ipv4-gateway golden/client-elsewhere-without-role
            golden/client-elsewhere-without-role-by-ipv4 golden/crowded-vlan-over-bond golden/lone-address
            golden/name-on-storage-nic golden/name-on-storage-nic-by-ipv6 golden/name-on-storage-nic-client-in-table
            golden/name-on-storage-nic-client-on-third
        """),
        keys=("nameservers",),
        codes=("client-elsewhere", "nameservers-not-carried", "nameservers-need-gateway"),
    ),
    Loss(
        "lastClientIface: there is no other way to find the device",
        names_of("""
            golden/dhcp-beside-static-ipv6-without-gateway
            golden/found-by-last-client-iface golden/no-ip-configuration golden/client-on-own-network
            golden/client-without-address-beside-default-route golden/own-network-of-several-client-elsewhere
            golden/own-network-waiting-beside-client-elsewhere golden/own-network-waiting-client-elsewhere
        """),
    ),
    Loss("host QoS: only a link to it is told", names_of("golden/ovirtmgmt-with-qos"), keys=("hostQos",)),
    Loss(
        "the switch type of a network or a bond (the cluster's is not asked)",
        names_of("golden/ovs-network-beside golden/ovirtmgmt-as-defined-beside-ovs golden/ovs-bond"),
    ),
    Loss(
        "the MTU of an untagged network on a base of a larger one: the engine tells that of the base",
        names_of("golden/iscsi-vlan-beside golden/iscsi-vlan-beside-mtu-9000"),
    ),
    Loss("STP of a bridge", names_of("golden/ovirtmgmt-should-run-no-stp golden/ovirtmgmt-should-run-stp")),
    Loss(
        "a default route on the link, without a gateway",
        names_of("golden/default-route-on-link golden/own-network-beside-route-on-link"),
    ),
    Loss(
        "name servers, and that secondary addresses are dropped",
        names_of("golden/crowded-nic golden/floating-address-beside-by-ipv6 golden/lone-address-beside"),
        keys=("nameservers",),
        codes=("nameservers-not-carried", "secondary-address-dropped"),
    ),
    Loss("further ports of a network's bridge", names_of("golden/further-port-of-network")),
    Loss("slaves that VDSM does not list as nics", names_of("golden/bond-member-hidden golden/bond-member-unlisted")),
    Loss(
        "nothing of REST's: the stand-in host makes up a mode for a bond without any",
        names_of("golden/bond-options-unknown-on-4-10 golden/own-network-bond-options-unknown-on-4-10"),
    ),
)


@pytest.fixture(scope="module")
def rules():
    return load_rules()[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("engine")


def inputs(name: str, path: Path) -> tuple[Definition, tuple[str, ...]]:
    """The definition, and the addresses at which the host is managed."""
    if name.startswith("golden/"):
        about = yaml.safe_load((path.parent / "about.yaml").read_text())
        definition = read_definition((path.parent / "definition.yaml").read_bytes()).definition
        return definition, tuple(about.get("address") or ())
    address = json.loads((path.parent / "about.json").read_text()).get("management_address")
    return Definition(), (address,) if address else ()


def through_the_engine(document, definition, addresses, folder) -> dict[str, Any] | Failure:
    """What the engine tells of a host with those capabilities."""
    host = StandIn(document, address=next(iter(addresses), ""))
    with serve_engine(host, folder, (logical(definition),)) as engine:
        account = EngineAccount(engine.url, engine.user, engine.password)
        return speaker("host1", "engine", Credentials(ca=str(engine.ca), engine=account)).capabilities(timeout=20)


def told_of(plan: dict[str, Any], loss: Loss | None) -> tuple[Any, list[str]]:
    keys, codes = (loss.keys, loss.codes) if loss else ((), ())
    problems = sorted({problem["code"] for problem in plan["problems"]} - set(codes))
    return without({key: plan[key] for key in COMPARED}, (*keys, "foreseen")), problems


def without(document: Any, keys: tuple[str, ...]) -> Any:
    if isinstance(document, dict):
        return {key: without(value, keys) for key, value in document.items() if key not in keys}
    if isinstance(document, list):
        return [without(value, keys) for value in document]
    return document


@pytest.mark.parametrize("name", [name for name in CASES if name not in UNREACHED])
def test_the_plan_is_that_of_the_hosts_own_capture(name, rules, folder):
    content = CASES[name].read_bytes()
    definition, addresses = inputs(name, CASES[name])
    document = read_document(content, name).document
    own = read_capture(content).host
    told = through_the_engine(document, definition, addresses, folder)
    assert not isinstance(told, Failure), told
    reading = read_capture(told)
    assert reading.host is not None, reading.problems
    planned = [planner.plan(host, definition, rules, addresses).document() for host in (own, reading.host)]
    loss = next((loss for loss in LOSSES if name in loss.names), None)
    same = told_of(planned[0], None) == told_of(planned[1], None)
    assert same == (loss is None), f"{loss.reason if loss else 'unexplained'}"
    if loss is not None and (loss.keys or loss.codes):
        assert told_of(planned[0], loss) == told_of(planned[1], loss)


@pytest.mark.parametrize("name", UNREACHED)
def test_a_host_without_an_address_is_not_reached(name, folder):
    definition, addresses = inputs(name, CASES[name])
    document = read_document(CASES[name].read_bytes(), name).document
    assert not StandIn(document).address
    assert through_the_engine(document, definition, addresses, folder).kind == "refused"


def test_every_loss_is_of_a_capture_that_exists_and_of_one_only():
    named = [name for loss in LOSSES for name in loss.names]
    assert set(named) <= set(CASES)
    assert len(named) == len(set(named))
