"""Hosts and plans made by hand: small, whole, and close to what VDSM reports."""

from typing import Any

from planner.host.model import NO_IP, Address, Bond, Bridge, Host, Ip, Network, Nic, Vlan

OPTIONS = {"mode": "4", "miimon": "100"}


def nic(name: str, mtu: int = 1500, ip: Ip = NO_IP) -> Nic:
    return Nic(name, f"nics.{name}", mtu=mtu, speed=10000, ip=ip)


def bond(name: str, members: tuple[str, ...], mtu: int = 1500, mode: int = 4, ip: Ip = NO_IP) -> Bond:
    options = (("mode", str(mode)), ("miimon", "100"))
    return Bond(name, f"bondings.{name}", mtu=mtu, members=members, mode=mode, options=options, ip=ip)


def vlan(base: str, tag: int, mtu: int = 1500, ip: Ip = NO_IP) -> Vlan:
    name = f"{base}.{tag}"
    return Vlan(name, f"vlans.{name}", mtu=mtu, base=base, tag=tag, ip=ip)


def bridge(name: str, ports: tuple[str, ...], mtu: int = 1500, ip: Ip = NO_IP) -> Bridge:
    return Bridge(name, f"bridges.{name}", mtu=mtu, ports=ports, stp=False, ip=ip)


def ip(*addresses: str, dhcp: bool = False, gateway: str = "192.0.2.1", gateway6: str = "", auto: bool = False) -> Ip:
    """An Ip of ``address/prefix`` texts."""
    made = []
    for text in addresses:
        address, _, prefix = text.partition("/")
        made.append(Address(address, 6 if ":" in address else 4, int(prefix), f"ip.{address}"))
    primary = next((address.text for address in made if address.family == 4), "")
    return Ip(tuple(made), primary, gateway, gateway6, dhcpv4=dhcp, autoconf=auto, default_route4=True)


def host(*devices: Nic | Bond | Vlan | Bridge, networks: tuple[Network, ...] = (), client: str = "") -> Host:
    tables: dict[str, dict[str, Any]] = {"nic": {}, "bond": {}, "vlan": {}, "bridge": {}}
    for device in devices:
        tables[device.kind][device.name] = device
    return Host(
        "caps",
        "sha256:0",
        nics=tables["nic"],
        bonds=tables["bond"],
        vlans=tables["vlan"],
        bridges=tables["bridge"],
        networks={network.name: network for network in networks},
        last_client_iface=client,
        version=(4, 50),
    )


def plan(  # noqa: PLR0913  a plan has that many parts
    device: str,
    kind: str,
    iface: str,
    tag: int | None = None,
    *,
    mtu: int = 1500,
    bridged: bool = True,
    bonding: dict[str, Any] | None = None,
    ipv4: dict[str, Any] | None = None,
    ipv6: dict[str, Any] | None = None,
    foreseen: tuple[tuple[str, str, str, str], ...] = (),
    address: str = "192.0.2.10",
) -> dict[str, Any]:
    """The document of a change."""
    attachment = {
        "iface": iface,
        "vlan": tag,
        "bridged": bridged,
        "mtu": mtu,
        "stp": False,
        "bonding": bonding or {},
        "ipv4": ipv4 or {"method": "dhcp"},
        "ipv6": ipv6 or {"method": "none"},
        "default_route": True,
        "nameservers": [],
        "switch": "legacy",
    }
    return {
        "format": "mgmtnet/plan@2",
        "outcome": "change",
        "network": "ovirtmgmt",
        "management": {"address": address, "device": device, "kind": kind, "found_by": "address"},
        "attachment": attachment,
        "steps": [
            {
                "step": "change",
                "request": {"networks": {"ovirtmgmt": {}}, "bondings": {}, "options": {}},
                "foreseen": [
                    {
                        "effect": effect,
                        "device": name,
                        "address": address if effect.startswith("address-") else None,
                        "from": was or None,
                        "to": now or None,
                        "because": "of a test",
                    }
                    for effect, name, was, now in foreseen
                ],
                "revert": {"networks": {}, "bondings": {}, "options": {}},
            }
        ],
        "problems": [],
        "trace": [],
        "rules": {"ruleset": "ovirtmgmt", "version": "1.0", "digest": "sha256:1", "engine": "plain"},
        "inputs": {"capture": "sha256:0", "definition": "sha256:2"},
    }


def refusal(code: str, message: str, *where: str, device: str = "", kind: str = "") -> dict[str, Any]:
    """The document of a refusal."""
    management = {"address": "192.0.2.10", "device": device, "kind": kind, "found_by": "address"} if device else None
    problem = {"code": code, "severity": "error", "message": message, "hint": "do otherwise", "event": "", "rule": code}
    document = plan("eth0", "nic", "eth0")
    document |= {"outcome": "refused", "management": management, "attachment": None, "steps": []}
    document["problems"] = [problem | {"where": list(where)}]
    return document


SEED = host(
    nic("eth0"),
    nic("eth1"),
    nic("eth2"),
    nic("eth3"),
    bond("bond4", ("eth2", "eth3")),
    vlan("bond4", 3000, ip=ip("192.0.2.10/24", dhcp=True)),
    client="bond4.3000",
)
BONDING = {"bond4": {"nics": ["eth2", "eth3"], "options": OPTIONS}}
RAISED = tuple(("mtu", name, "1500", "9000") for name in ("bond4", "eth2", "eth3", "bond4.3000"))


def _seed_plan() -> dict[str, Any]:
    foreseen = (
        *RAISED,
        ("bridge-made", "ovirtmgmt", "", "bond4.3000"),
        ("address-moves", "bond4.3000", "bond4.3000", "ovirtmgmt"),
    )
    document = plan("bond4.3000", "vlan", "bond4", 3000, mtu=9000, bonding=BONDING, foreseen=foreseen)
    document["steps"][0]["request"] = {
        "networks": {
            "ovirtmgmt": {
                "bonding": "bond4", "vlan": 3000, "mtu": 9000, "bridged": True, "stp": False, "bootproto": "dhcp",
                "dhcpv6": False, "ipv6autoconf": False, "defaultRoute": True, "switch": "legacy",
            }
        },
        "bondings": {"bond4": {"nics": ["eth2", "eth3"], "options": "mode=4 miimon=100", "switch": "legacy"}},
        "options": {"connectivityCheck": True, "connectivityTimeout": 120, "commitOnSuccess": False},
    }  # fmt: skip
    rules = "ovirtmgmt/1.0/devise"
    over_bond, facts = f"{rules}/vlan-over-bond.yaml", ["vlans.bond4.3000.addr", "vlans.bond4.3000", "bondings.bond4"]
    document["trace"] = [
        {"field": "iface", "value": "bond4", "rule": "vlan-over-bond", "at": f"{over_bond}:13", "facts": facts},
        {"field": "vlan", "value": 3000, "rule": "vlan-over-bond", "at": f"{over_bond}:14", "facts": facts},
        {
            "field": "bridged",
            "value": True,
            "rule": "vm-network",
            "at": f"{rules}/vm-network.yaml:9",
            "facts": ["definition"],
        },
        {
            "field": "mtu",
            "value": 9000,
            "rule": "mtu-as-defined",
            "at": f"{rules}/mtu-as-defined.yaml:8",
            "facts": ["definition"],
        },
        {"field": "bonding", "value": BONDING, "rule": "vlan-over-bond", "at": f"{over_bond}:15", "facts": facts},
        {
            "field": "ipv4.method",
            "value": "dhcp",
            "rule": "ipv4-inherited",
            "at": f"{rules}/ipv4-inherited.yaml:11",
            "facts": facts[:1],
        },
    ]
    document["problems"] = [
        {
            "code": "lease-may-change", "severity": "warning", "rule": "dhcp", "event": "", "where": [],
            "message": "ovirtmgmt asks for its own DHCP lease, and the address may become another one",
            "hint": "reserve 192.0.2.10 for the MAC address of bond4",
        }
    ]  # fmt: skip
    return document


SEED_PLAN = _seed_plan()

PLAIN = host(nic("eth0", ip=ip("192.0.2.10/24")), client="eth0")
PLAIN_PLAN = plan(
    "eth0", "nic", "eth0", ipv4={"method": "static", "address": "192.0.2.10", "prefix": 24, "gateway": "192.0.2.1"}
)

MANAGED_IP = ip("192.0.2.10/24", dhcp=True)
MANAGED = host(
    nic("eth0"),
    nic("eth1"),
    bridge("ovirtmgmt", ("eth0",), ip=MANAGED_IP),
    networks=(
        Network(
            "ovirtmgmt",
            "networks.ovirtmgmt",
            "ovirtmgmt",
            bridged=True,
            ports=("eth0",),
            southbound="eth0",
            mtu=1500,
            stp=False,
            switch="legacy",
            ip=MANAGED_IP,
        ),
    ),
)
MANAGED_PLAN = plan("ovirtmgmt", "bridge", "eth0") | {"outcome": "no-change", "request": None, "revert": None}

FOREIGN = host(nic("eth0"), nic("eth1"), bridge("br0", ("eth0",), ip=ip("192.0.2.10/24")))
FOREIGN_PLAN = refusal(
    "address-on-foreign-bridge",
    "192.0.2.10 is on br0, a bridge that VDSM does not own; its ports: eth0",
    "bridges.br0.addr",
    "bridges.br0",
    "ovirtmgmt/1.0/guard/address-on-foreign-bridge.yaml:14",
    device="br0",
    kind="bridge",
)

MANY_NICS = host(*(nic(f"eth{n}") for n in range(7)), nic("eth7", ip=ip("192.0.2.10/24")), client="eth7")
STATIC = {"method": "static", "address": "192.0.2.10", "prefix": 24, "gateway": "192.0.2.1"}
MANY_NICS_PLAN = plan("eth7", "nic", "eth7", mtu=9000, ipv4=STATIC, foreseen=(("mtu", "eth7", "1500", "9000"),))

FIVE = tuple(f"ens{n}f0" for n in range(1, 6))
FIVE_MEMBERS = host(*(nic(name) for name in FIVE), bond("bond0", FIVE, ip=ip("192.0.2.10/24")), client="bond0")
FIVE_MEMBERS_PLAN = plan(
    "bond0", "bond", "bond0", ipv4=STATIC, bonding={"bond0": {"nics": list(FIVE), "options": OPTIONS}}
)

_VLANS = tuple(vlan("bond4", tag) for tag in range(1000, 2000))
THOUSAND = SEED._replace(vlans={one.name: one for one in _VLANS} | SEED.vlans)
THOUSAND_PLAN = SEED_PLAN

DUAL_IP = ip("192.0.2.10/24", "2001:db8:1:2:3:4:5:6/64", "192.0.2.11/24", gateway6="fe80::1", auto=True)
DUAL = host(nic("eno1"), nic("eno2"), bond("bond0", ("eno1", "eno2"), mode=1, ip=DUAL_IP))
DUAL_PLAN = plan(
    "bond0",
    "bond",
    "bond0",
    bonding={"bond0": {"nics": ["eno1", "eno2"], "options": {"mode": "1", "miimon": "100"}}},
    bridged=False,
    ipv4={"method": "static", "address": "192.0.2.10", "prefix": 24, "gateway": "192.0.2.1"},
    ipv6={"method": "auto+dhcp"},
)

ALL = {
    "seed": (SEED, SEED_PLAN),
    "plain": (PLAIN, PLAIN_PLAN),
    "managed": (MANAGED, MANAGED_PLAN),
    "foreign": (FOREIGN, FOREIGN_PLAN),
    "many-nics": (MANY_NICS, MANY_NICS_PLAN),
    "five-members": (FIVE_MEMBERS, FIVE_MEMBERS_PLAN),
    "thousand": (THOUSAND, THOUSAND_PLAN),
    "dual": (DUAL, DUAL_PLAN),
}
