"""A machine as a value: what is to be restored when a change fails, and what is to be reached by one."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from lab.agent import bonds
from lab.agent.dhcp import PROTOCOL as LEASED
from lab.agent.iproute import Record
from lab.agent.looking import Seen, kind_of

OWN_PRIORITY = 3200  # of VDSM's source-routing rules; others are somebody else's
METRICS = {
    "bridge": 425,
    "vlan": 400,
    "bond": 300,
    "nic": 100,
}  # NetworkManager's, of routes over a device of that kind
NOT_OURS = ("kernel", "ra")  # routes that come and go with addresses and advertisements


class Link(NamedTuple):
    """A device. ``kind``: nic, bond, vlan, bridge. ``mac`` of a slave: its own; "" where the kernel shall choose.

    ``base``, ``tag``: a vlan's; ``options``: a bond's as `bonds.configured` has them, a bridge's ``stp`` ("0", "1");
    ``quiet``: IPv6 is switched off; ``addresses``: with prefix, without those that come and go by themselves
    (leases, autoconfigured, link-local); ``client``: the routing table of the device's DHCP client, "" without one;
    ``identity``: what that client calls itself (option 61), "" if after the device's MAC.
    """

    kind: str
    mtu: int
    up: bool = True
    mac: str = ""
    master: str = ""
    base: str = ""
    tag: int = -1
    options: Mapping[str, str] = MappingProxyType({})
    quiet: bool = False
    addresses: tuple[str, ...] = ()
    client: str = ""
    identity: str = ""


class Route(NamedTuple):
    """A route over ``device``, in the kernel's words; ``gateway`` and ``source`` may be "", ``flags`` "onlink"."""

    device: str
    destination: str
    gateway: str
    table: str = "main"
    metric: int = 0
    protocol: str = "static"
    scope: str = "global"
    source: str = ""
    flags: str = ""

    def words(self) -> str:
        """As ``ip route`` takes it."""
        via = f"via {self.gateway} " if self.gateway else ""
        source = f" src {self.source}" if self.source else ""
        metric = f" metric {self.metric}" if self.metric else ""
        scope = "" if ":" in self.destination else f" scope {self.scope}"
        place = f"dev {self.device} table {self.table} proto {self.protocol}"
        return f"{self.destination} {via}{place}{scope}{metric}{source} {self.flags}".rstrip()


class Machine(NamedTuple):
    """Devices by name, routes, rules (as ``ip rule`` takes them), and the resolver's name servers.

    ``resolver``: the device whose lease shall bring the name servers; "" if they are as stated.
    """

    links: dict[str, Link]
    routes: tuple[Route, ...] = ()
    rules: tuple[str, ...] = ()
    nameservers: tuple[str, ...] = ()
    resolver: str = ""


def machine_of(seen: Seen) -> Machine:
    """The machine that was ``seen``, without what comes and goes by itself."""
    links = {name: _link(row, seen) for name, row in seen.links.items() if kind_of(row)}
    rows = [("0.0.0.0/0", row) for row in seen.routes] + [("::/0", row) for row in seen.routes6]
    routes = tuple(_route(row, default) for default, row in rows if _kept(row, links))
    rules = tuple(_rule(row) for row in seen.rules if row.get("priority") == OWN_PRIORITY)
    return Machine(links, routes, rules, tuple(seen.nameservers))


def _link(row: Record, seen: Seen) -> Link:
    name, info = row["ifname"], row.get("linkinfo", {})
    kind, data = kind_of(row), info.get("info_data", {})
    client = seen.clients.get(name)
    options: dict[str, str] = {}
    if kind == "bond":
        options = {key: value for key, value in bonds.reported(data).items() if key not in bonds.SAME}
    elif kind == "bridge":
        options = {"stp": str(int(bool(data["stp_state"])))}
    lease = client.lease.get("address", "") if client else ""
    return Link(
        kind=kind,
        mtu=row["mtu"],
        up="UP" in row["flags"],
        mac=info.get("info_slave_data", {}).get("perm_hwaddr", row["address"]),
        master=row.get("master", ""),
        base=row.get("link", "") if kind == "vlan" else "",
        tag=data["id"] if kind == "vlan" else -1,
        options=options,
        quiet=name in seen.quiet,
        addresses=tuple(address for address in _addresses(row) if address != lease),
        client=client.table if client else "",
        identity=client.identity if client and not client.by_mac else "",
    )


def _addresses(row: Record) -> list[str]:
    entries = [entry for entry in row.get("addr_info", ()) if entry.get("scope") != "link" and "local" in entry]
    return [f"{entry['local']}/{entry['prefixlen']}" for entry in entries if not entry.get("dynamic")]


def _kept(row: Record, links: dict[str, Link]) -> bool:
    """Whether a route is one that somebody stated. Routes of a lease are their client's, as long as there is one."""
    link = links.get(row.get("dev", ""))
    stated = row.get("type", "unicast") == "unicast" and row.get("protocol") not in NOT_OURS
    return link is not None and stated and not (row.get("protocol") == LEASED and link.client)


def _route(row: Record, default: str) -> Route:
    destination = default if row["dst"] == "default" else row["dst"]
    if "/" not in destination:
        destination += "/128" if ":" in destination else "/32"
    return Route(
        device=row["dev"],
        destination=destination,
        gateway=row.get("gateway", ""),
        table=str(row.get("table", "main")),
        metric=row.get("metric", 0),
        protocol=row.get("protocol", "boot"),
        scope=row.get("scope", "global"),
        source=row.get("prefsrc", ""),
        flags="onlink" if "onlink" in row.get("flags", ()) else "",
    )


def _rule(row: Record) -> str:
    def place(side: str) -> str:
        address = row.get(side, "all")
        length = row.get(f"{side}len", 32)
        return address if address == "all" else f"{address}/{length}"

    incoming = f" iif {row['iif']}" if "iif" in row else ""
    to = f" to {place('dst')}" if "dst" in row else ""
    return f"priority {OWN_PRIORITY} from {place('src')}{to}{incoming} lookup {row['table']}"
