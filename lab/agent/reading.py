"""The network part of getVdsCaps from a real kernel, spelt as VDSM 4.50 spells it (docs/vdsm.md, The shape today)."""

from collections.abc import Iterable
from ipaddress import IPv4Interface

from lab.agent import bonds
from lab.agent.iproute import Record
from lab.agent.looking import Seen, kind_of

MAIN = "main"
SUMMED = ("0", "2", "4", "5", "6")  # bond modes that send through all slaves
SLOWEST = "3"  # broadcast is as fast as its slowest slave


def reading(seen: Seen) -> Record:
    """``nics``, ``bondings``, ``vlans``, ``bridges`` (name to record) and ``nameservers`` of the machine ``seen``."""
    found: dict[str, dict[str, Record]] = {"nic": {}, "bond": {}, "vlan": {}, "bridge": {}}
    makers = {"nic": _nic, "bond": _bond, "vlan": _vlan, "bridge": _bridge}
    for name, row in seen.links.items():
        kind = kind_of(row)
        if kind:
            found[kind][name] = {**makers[kind](row, seen), **_addressing(row, seen), "mtu": str(row["mtu"])}
    return {
        "nics": found["nic"],
        "bondings": found["bond"],
        "vlans": found["vlan"],
        "bridges": found["bridge"],
        "nameservers": list(seen.nameservers),
    }


def _nic(row: Record, seen: Seen) -> Record:
    record = {"hwaddr": row["address"], "speed": seen.speeds.get(row["ifname"], 0)}
    slave = row.get("linkinfo", {}).get("info_slave_data", {})
    if row.get("linkinfo", {}).get("info_slave_kind") == "bond":
        record["permhwaddr"] = slave["perm_hwaddr"]
        if "ad_aggregator_id" in slave:
            record["ad_aggregator_id"] = str(slave["ad_aggregator_id"])
    return record


def _bond(row: Record, seen: Seen) -> Record:
    data = row["linkinfo"]["info_data"]
    options = bonds.reported(data)
    slaves = _members(seen, row["ifname"])
    active = data.get("active_slave", "")
    record = {"hwaddr": row["address"], "slaves": slaves, "active_slave": active, "opts": options, "switch": "legacy"}
    lacp = data.get("ad_info", {})
    if "aggregator" in lacp and "partner_mac" in lacp:
        record |= {"ad_aggregator_id": str(lacp["aggregator"]), "ad_partner_mac": lacp["partner_mac"]}
    speeds = [seen.speeds.get(slave, 0) for slave in slaves]
    if options["mode"] in SUMMED:
        record["speed"] = sum(speeds)
    elif options["mode"] == SLOWEST:
        record["speed"] = min(speeds, default=0)
    else:
        record["speed"] = seen.speeds.get(active, 0)
    return record


def _vlan(row: Record, _seen: Seen) -> Record:
    return {"iface": row.get("link", ""), "vlanid": row["linkinfo"]["info_data"]["id"]}


def _bridge(row: Record, seen: Seen) -> Record:
    data = row["linkinfo"]["info_data"]
    return {
        "ports": _members(seen, row["ifname"]),
        "stp": "on" if data["stp_state"] else "off",
        "opts": seen.bridge_options.get(row["ifname"], {}),
    }


def _members(seen: Seen, master: str) -> list[str]:
    return [name for name, row in seen.links.items() if row.get("master") == master]


def _addressing(row: Record, seen: Seen) -> Record:
    name = row["ifname"]
    ipv4 = list(_addresses(row, "inet"))
    table, gateway = _gateway(seen.routes, name)
    primary = _primary([IPv4Interface(address) for address in ipv4], gateway)
    return {
        "addr": str(primary.ip) if primary else "",
        "netmask": str(primary.netmask) if primary else "",
        "ipv4addrs": ipv4,
        "ipv6addrs": list(_addresses(row, "inet6")),
        "gateway": gateway,
        "ipv6gateway": _gateway(seen.routes6, name)[1] or "::",
        "ipv4defaultroute": bool(gateway) and table == MAIN,
        "ipv6autoconf": any(entry.get("dynamic") for entry in _entries(row, "inet6")),
        "dhcpv4": name in seen.clients,
        "dhcpv6": False,  # there is no DHCPv6 client in the lab
    }


def _entries(row: Record, family: str) -> Iterable[Record]:
    return (entry for entry in row.get("addr_info", ()) if entry.get("family") == family and entry["scope"] != "link")


def _addresses(row: Record, family: str) -> Iterable[str]:
    return (f"{entry['local']}/{entry['prefixlen']}" for entry in _entries(row, family))


def _gateway(routes: list[Record], device: str) -> tuple[str, str]:
    """Table and gateway of the only default route over ``device``; main's before another's; "" if there are several."""
    found = [
        (str(route.get("table", MAIN)), str(route["gateway"]))
        for route in routes
        if route.get("dst") == "default" and route.get("dev") == device and "gateway" in route
    ]
    chosen = [entry for entry in found if entry[0] == MAIN] or found
    return chosen[0] if len({gateway for _, gateway in chosen}) == 1 else (MAIN, "")


def _primary(addresses: list[IPv4Interface], gateway: str) -> IPv4Interface | None:
    """The address that ``addr`` tells: the first one in the gateway's subnet, else the first."""
    if gateway:
        near = [address for address in addresses if IPv4Interface(gateway).ip in address.network]
        addresses = near or addresses
    return addresses[0] if addresses else None
