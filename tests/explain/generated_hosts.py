"""Hosts and plans as Hypothesis makes them: names nobody would choose, cycles, bases that are not there."""

from typing import Any

from explained_hosts import bond, bridge, host, nic, plan, refusal, vlan
from hypothesis import strategies as st

from planner.host.model import Address, Host, Ip, Network

NASTY = [
    "<b>&\"'",
    "\x1b[31mred",
    "end\n  subgraph x",
    "]]>",
    "a" * 300,
    "\ud800",
    "中文接口",
    "شبكة",
    "e\u0301",
    "",
    "#35;",
    "`x`",
    "\ufffe",
]
NAMES = (
    st.sampled_from(["eth0", "eth1", "eth2", "bond0", "bond1", "br0", "ovirtmgmt", "team0"])
    | st.sampled_from(NASTY)
    | st.text(max_size=20)
)
MTUS = st.sampled_from([-1, 68, 1500, 9000, 10**30])
ADDRESSES = st.builds(
    lambda text, prefix: Address(text, 6 if ":" in text else 4, prefix, ""),
    st.sampled_from(["192.0.2.10", "192.0.2.11", "2001:db8::1", "fe80::1%eth0", "<&>"]),
    st.integers(-1, 128),
)
IPS = st.builds(
    Ip,
    addresses=st.lists(ADDRESSES, max_size=6, unique_by=lambda address: address.text).map(tuple),
    primary4=st.sampled_from(["", "192.0.2.10"]),
    gateway4=st.sampled_from(["", "192.0.2.1", "\x07"]),
    gateway6=st.sampled_from(["", "::", "fe80::1"]),
    dhcpv4=st.booleans(),
    dhcpv6=st.booleans(),
    autoconf=st.booleans(),
    default_route4=st.none() | st.booleans(),
)
MEMBERS = st.lists(NAMES, max_size=9).map(tuple)
DEVICES = (
    st.builds(nic, NAMES, MTUS, IPS)
    | st.builds(bond, NAMES, MEMBERS, MTUS, st.integers(-1, 9), IPS)
    | st.builds(vlan, NAMES, st.integers(-1, 5000), MTUS, IPS)
    | st.builds(bridge, NAMES, MEMBERS, MTUS, IPS)
)
NETWORKS = st.builds(
    Network, NAMES, NAMES, NAMES, st.booleans(), southbound=NAMES, tag=st.integers(-1, 4094), mtu=MTUS, ip=IPS
)


@st.composite
def hosts(draw: st.DrawFn) -> Host:
    devices = draw(st.lists(DEVICES, max_size=14))
    networks = tuple(draw(st.lists(NETWORKS, max_size=3, unique_by=lambda network: network.name)))
    return host(*devices, networks=networks, client=draw(NAMES))


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    device, iface = draw(NAMES), draw(NAMES)
    if draw(st.booleans()):
        places = draw(
            st.lists(NAMES.map(lambda name: f"nics.{name}.addr") | NAMES.map(lambda name: f"vlans.{name}"), max_size=3)
        )
        return refusal(draw(NAMES), draw(st.text(max_size=200)), *places, device=draw(st.just("") | NAMES), kind="nic")
    static = {
        "method": "static",
        "address": "192.0.2.10",
        "prefix": draw(st.none() | st.integers(0, 32)),
        "gateway": None,
    }
    return plan(
        device,
        "nic",
        iface,
        draw(st.none() | st.integers(0, 4094)),
        mtu=draw(st.integers(68, 9000)),
        bridged=draw(st.booleans()),
        bonding=draw(st.just({}) | st.just({iface: {"nics": ["eth0", "eth1"], "options": {"mode": "4"}}})),
        ipv4=draw(st.sampled_from([static, {"method": "dhcp"}, {"method": "none"}])),
        ipv6={"method": draw(st.sampled_from(["none", "dhcp", "auto", "auto+dhcp"]))},
        foreseen=tuple(
            draw(
                st.lists(
                    st.tuples(st.sampled_from(["address-dropped", "new-effect", "lease"]), NAMES, NAMES, NAMES),
                    max_size=3,
                )
            )
        ),
    )


HOSTS_AND_PLANS = st.tuples(hosts(), plans())
