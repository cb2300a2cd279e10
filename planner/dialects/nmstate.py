"""nmstate's desired state: what VDSM of 4.40 and later asks of it to carry the request out.

docs/vdsm.md, Carrying out

Two things are left to VDSM: the MTU of devices that the network does not stand on, and the MAC address of the bridge,
which nmstate reads from the port itself (`copy-mac-from`).
"""

import zlib
from collections.abc import Iterator
from typing import Any

from planner.dialects.wording import Made, beside_vdsm, lost_past_vdsm
from planner.host.model import MODES
from planner.plan.attachment import IpPlan
from planner.plan.effects import base_mtu, by_nmstate
from planner.yamltext import dump_yaml

Record = dict[str, Any]
MAIN, CHOSEN = 254, 0  # routing tables: the main one, and where nmstate leaves the choice to NetworkManager
RULE_PRIORITY = 3200  # VDSM's
ANYWHERE = {4: "0.0.0.0/0", 6: "::/0"}


def lost(made: Made) -> Iterator[str]:
    """What nmstate has no words for."""
    yield from lost_past_vdsm(made)
    if not by_nmstate(made.host):
        yield f"VDSM {'.'.join(map(str, made.host.version))} is older than nmstate, which such a host does not have"
    if made.attachment.ipv6.method == "auto":
        yield "nmstate takes addresses that routers advertise only together with DHCPv6"


def words(made: Made) -> str:
    """The state as YAML."""
    return dump_yaml(state(made))


def beside(made: Made) -> Iterator[str]:
    """How it is tried, and what VDSM makes of it."""
    yield "  try it: nmstatectl apply --no-commit --timeout 120 FILE; then nmstatectl commit, or it is taken back"
    yield beside_vdsm(made)


def state(made: Made) -> Record:
    """The state that is desired."""
    routes, rules = [*_routes(made), *_source_routes(made)], _source_rules(made)
    found: Record = {"interfaces": sorted(_interfaces(made), key=lambda interface: str(interface["name"]))}
    if routes:
        found["routes"] = {"config": routes}
    if rules:
        found["route-rules"] = {"config": rules}
    if made.attachment.default_route:
        found["dns-resolver"] = {"config": {"server": _servers(made)}}
    return found


def _interfaces(made: Made) -> Iterator[Record]:
    """The devices of the network, those of its port and base that lose their addresses without any."""
    attachment = made.attachment
    configured = {"ipv4": _ipv4(made), "ipv6": _ipv6(made)}
    of_port = _no_ip() if attachment.bridged else configured
    tagged = attachment.tag >= 0
    mtu = base_mtu(made.host, made.network, attachment)
    base: Record = {"name": attachment.iface, "state": "up", "mtu": mtu}
    yield base | _bond(made) | ({} if tagged else of_port)
    if tagged:
        vlan = {"base-iface": attachment.iface, "id": attachment.tag}
        up = {"name": attachment.port, "type": "vlan", "state": "up", "mtu": attachment.mtu}
        yield {**up, "vlan": vlan, **of_port}
    if attachment.bridged:
        options = {"stp": {"enabled": attachment.stp}}
        bridge = {"options": options, "port": [{"name": attachment.port}]}
        up = {"name": made.network, "type": "linux-bridge", "state": "up", "mtu": attachment.mtu}
        yield {**up, "copy-mac-from": attachment.port, "bridge": bridge, **configured}
    members = attachment.bond.members if attachment.bond is not None else ()
    for name in members:
        if name in made.host.nics and made.host.nics[name].mtu != mtu:
            yield {"name": name, "state": "up", "mtu": mtu}


def _bond(made: Made) -> Record:
    """What makes the base a bond, as it is today; one that VDSM has not yet loses its own addresses."""
    bond = made.attachment.bond
    if bond is None:
        return {}
    options = {name: value for name, value in bond.options if name != "mode"}
    over = {bond.name, *(vlan.name for vlan in made.host.vlans.values() if vlan.base == bond.name)}
    owned = any(network.southbound in over for network in made.host.networks.values())
    pinned = {"mac-address": bond.hwaddr} if made.attachment.pin_mac and bond.hwaddr else {}
    return {
        "type": "bond",
        "link-aggregation": {"mode": MODES[bond.mode], "port": sorted(bond.members), "options": options},
        **({} if owned else pinned | _no_ip()),
    }


def _no_ip() -> Record:
    return {"ipv4": _off(), "ipv6": _off()}


def _off() -> Record:
    return {"enabled": False}


def _ipv4(made: Made) -> Record:
    ip = made.attachment.ipv4
    if ip.method == "dhcp":
        return {"enabled": True, "dhcp": True, **_automatic(made)}
    return {**_static(ip), "dhcp": False} if ip.method == "static" else _off()


def _ipv6(made: Made) -> Record:
    ip = made.attachment.ipv6
    if ip.method == "none":
        return _off()
    how = {"dhcp": "dhcp" in ip.method, "autoconf": "auto" in ip.method}
    return {**_static(ip), **how} if ip.method == "static" else {"enabled": True, **how, **_automatic(made)}


def _static(ip: IpPlan) -> Record:
    return {"enabled": True, "address": [{"ip": ip.address, "prefix-length": ip.prefix}]}


def _automatic(made: Made) -> Record:
    """What is taken of a lease or an advertisement; without the default route it serves a table of the device."""
    routed = made.attachment.default_route
    return {
        "auto-dns": routed and not _servers(made),
        "auto-gateway": True,
        "auto-routes": True,
        "auto-route-table-id": MAIN if routed else _table(made),
    }


def _servers(made: Made) -> list[str]:
    """The name servers; where the request names none and no lease does, VDSM takes those of the host."""
    asked = made.request["networks"][made.network].get("nameservers")
    of_host = () if made.attachment.ipv4.method == "dhcp" else made.host.nameservers
    return list(of_host if asked is None else asked)


def _gateways(made: Made) -> dict[int, str]:
    found = {4: made.attachment.ipv4.gateway, 6: made.attachment.ipv6.gateway}
    return {family: gateway for family, gateway in found.items() if gateway}


def _routes(made: Made) -> Iterator[Record]:
    """The default routes; those that the network is not to have are declared absent."""
    for family, gateway in _gateways(made).items():
        route = _route(made, gateway, ANYWHERE[family], CHOSEN)
        yield route if made.attachment.default_route else {**route, "state": "absent"}


def _source_routes(made: Made) -> Iterator[Record]:
    """What comes over the network is answered over it, whoever has the default route: of IPv4 alone."""
    if made.attachment.ipv4.gateway:
        yield _route(made, made.attachment.ipv4.gateway, ANYWHERE[4], _table(made))
        yield _route(made, "0.0.0.0", _subnet(made), _table(made))


def _source_rules(made: Made) -> list[Record]:
    if not made.attachment.ipv4.gateway:
        return []
    rule = {"priority": RULE_PRIORITY, "route-table": _table(made)}
    return [{which: _subnet(made), **rule} for which in ("ip-from", "ip-to")]


def _route(made: Made, gateway: str, destination: str, table: int) -> Record:
    hop = {"next-hop-address": gateway, "next-hop-interface": made.top}
    return {"destination": destination, **hop, "table-id": table}


def _subnet(made: Made) -> str:
    import ipaddress

    ip = made.attachment.ipv4
    return str(ipaddress.ip_interface(f"{ip.address}/{ip.prefix}").network)


def _table(made: Made) -> int:
    """VDSM numbers a device's table by a checksum of its name."""
    return zlib.adler32(made.top.encode())
