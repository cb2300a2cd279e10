"""`nmstatectl show`, and the NodeNetworkState that Kubernetes keeps of a node: YAML or JSON.

VDSM of 4.40 and later learns how addresses were got from nmstate, too, so that nothing is unknown of that.
"""

import re
from collections.abc import Iterator
from typing import Any

from planner.host.caps import UNTOLD
from planner.host.fields import Findings, Record, flag, number, table, text
from planner.host.formats.machine import (
    DESTINATIONS,
    MAIN,
    VDSM_ALONE,
    WANTED,
    Default,
    Method,
    address,
    ip_keys,
    is_hidden,
    opts,
)

FORM = "nmstate"
COMMAND = "nmstatectl show > host.yaml"
YAML = re.compile(
    r"(?:---[^\n]*\n)?(?:#[^\n]*\n|\s*\n)*"
    r"(?:dns-resolver|route-rules|routes|interfaces|hostname|ovs-db|apiVersion|kind|metadata|status|items):"
)
STATES = re.compile(r"^[ \t-]*(?:interfaces|currentState|desiredState):", re.MULTILINE)
# What nmstate, by YAML 1.2, writes bare, and YAML 1.1 takes for a number or a yes: a MAC address without letters, on.
BARE = re.compile(
    r"^([ \t]*(?:-[ \t]+)?[\w-]+:[ \t]+|[ \t]*-[ \t]+)(\d+(?::\d+)+|on|off|yes|no|y|n)[ \t]*$", re.MULTILINE
)
NICS = ("ethernet", "infiniband")
LINK_LOCAL = ("fe8", "fe9", "fea", "feb")  # fe80::/10


def is_yaml(written: str) -> bool:
    """Whether a text begins as nmstate and Kubernetes write a state of a host in YAML."""
    return YAML.match(written) is not None and STATES.search(written) is not None


def requoted(written: str) -> str:
    """The YAML with quotes around what is a text to nmstate alone."""
    return BARE.sub(r'\1"\2"', written)


def recognises(document: Any) -> bool:
    """Whether ``document`` is nmstate's, or an object of kubernetes-nmstate."""
    return bool(_states(document)) or (isinstance(document, dict) and "desiredState" in table_of(document, "spec"))


def table_of(document: Record, key: str) -> Record:
    """The map under ``key``, empty where it is none."""
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def _states(document: Any) -> list[Record]:
    """The states in a document: itself, that of an object of Kubernetes, those of a list of them."""
    if not isinstance(document, dict):
        return []
    items = document.get("items")
    if isinstance(items, list) and "apiVersion" in document:
        return [state for item in items for state in _states(item)]
    state = table_of(table_of(document, "status") or document, "currentState") or document
    interfaces = state.get("interfaces")
    listed = interfaces if isinstance(interfaces, list) else []
    return [state] if any(isinstance(one, dict) and {"name", "type", "state"} <= one.keys() for one in listed) else []


def caps_of(document: Any, findings: Findings) -> Record:
    """The document of getVdsCaps that a state comes to; what is wrong with it goes to ``findings``."""
    states = _states(document)
    if len(states) > 1:
        hint = "keep one of them: `kubectl get nodenetworkstate NODE -o yaml`"
        findings.wrong("items", f"these are {len(states)} hosts: which one is meant?", hint, "capture-twice")
    elif not states or not _is_seen(states[0]):
        message = "this is what nmstate shall make of a host, and not what the host is"
        findings.wrong("", message, f"`{COMMAND}`, {WANTED}", "unknown-format")
    return {} if findings.failed else _caps(states[0], findings)


def _is_seen(state: Record) -> bool:
    """Whether nmstate saw it so: a wish has no routes that run, and hardly ever a MAC address and an MTU."""
    running = any("running" in table_of(state, key) for key in ("routes", "dns-resolver"))
    return running or any({"mac-address", "mtu"} <= interface.keys() for interface in _interfaces(state))


def _interfaces(state: Record) -> list[Record]:
    return [interface for interface in state["interfaces"] if isinstance(interface, dict)]


def _caps(state: Record, findings: Findings) -> Record:
    sections: dict[str, Record] = {"bondings": {}, "bridges": {}, "nics": {}, "vlans": {}}
    defaults = list(_defaults(table(state, "routes", "", findings), findings))
    under: dict[str, list[str]] = {}
    for interface in _interfaces(state):
        name, above = (text(interface, key, "interfaces", findings) for key in ("name", "controller"))
        under.setdefault(above, []).append(name)
    for interface in _interfaces(state):
        name = text(interface, "name", "interfaces", findings)
        kind = interface.get("type")
        record = _device(name, interface, defaults, findings)
        if not name:
            continue
        if kind == "bond":
            sections["bondings"][name] = record | _bond(name, interface, under.get(name, []), findings)
        elif kind == "linux-bridge":
            sections["bridges"][name] = record | _bridge(name, interface, under.get(name, []), findings)
        elif kind == "vlan":
            vlan = table(interface, "vlan", name, findings)
            tag = {"vlanid": vlan["id"]} if "id" in vlan else {}
            sections["vlans"][name] = record | tag | {"iface": text(vlan, "base-iface", f"{name}.vlan", findings)}
        elif kind in NICS and not is_hidden(name):
            permanent = text(interface, "permanent-mac-address", name, findings)
            sections["nics"][name] = record | ({"permhwaddr": permanent} if permanent else {})
    resolver = table(table(state, "dns-resolver", "", findings), "running", "dns-resolver", findings)
    untold = [
        *VDSM_ALONE,
        *([] if "dns-resolver" in state else ["nameservers"]),
        *([] if "running" in table_of(state, "routes") else ["gateway", "ipv6gateway"]),
    ]
    return {**sections, "nameservers": resolver.get("server") or [], UNTOLD: untold}


def _defaults(routes: Record, findings: Findings) -> Iterator[Default]:
    running = routes.get("running")
    for route in running if isinstance(running, list) else []:
        if isinstance(route, dict) and route.get("destination") in DESTINATIONS:
            device, gateway = (
                text(route, f"next-hop-{key}", "routes.running", findings) for key in ("interface", "address")
            )
            family = 6 if ":" in str(route["destination"]) else 4
            yield Default(device, family, gateway, route.get("table-id", "main") in MAIN)


def _device(name: str, interface: Record, defaults: list[Default], findings: Findings) -> Record:
    four, six = (table(interface, key, name, findings) for key in ("ipv4", "ipv6"))
    addresses = [*_addresses(four, f"{name}.ipv4", findings), *_addresses(six, f"{name}.ipv6", findings)]
    method = Method(
        dhcpv4=flag(four, "dhcp", f"{name}.ipv4", findings) is True,
        dhcpv6=flag(six, "dhcp", f"{name}.ipv6", findings) is True,
        autoconf=flag(six, "autoconf", f"{name}.ipv6", findings) is True,
    )
    hwaddr = text(interface, "mac-address", name, findings)
    return {**ip_keys(name, addresses, defaults, method), "mtu": interface.get("mtu"), "hwaddr": hwaddr}


def _addresses(family: Record, path: str, findings: Findings) -> Iterator[str]:
    """Each address of a family, if that is not turned off; those of the link alone VDSM does not show."""
    told = family.get("address")
    if not isinstance(told, list) or flag(family, "enabled", path, findings) is False:
        return
    for place, record in enumerate(one for one in told if isinstance(one, dict)):
        where = f"{path}.address[{place}]"
        length = number(record, "prefix-length", "a prefix length", where, findings, largest=128)
        ip = text(record, "ip", where, findings)
        written = address(f"{ip}/{length}" if length >= 0 else ip, where, findings)
        if written and not written.startswith(LINK_LOCAL):
            yield written


def _bond(name: str, interface: Record, under: list[str], findings: Findings) -> Record:
    bond = table(interface, "link-aggregation", name, findings)
    options = dict(table(bond, "options", f"{name}.link-aggregation", findings))
    options.setdefault("num_unsol_na", options.get("num_grat_arp"))
    mode = text(bond, "mode", f"{name}.link-aggregation", findings)
    members = bond.get("port") or bond.get("slaves") or under  # nmstate 0.x has slaves
    return {"slaves": members, **({"opts": opts(mode, options)} if mode else {})}


def _bridge(name: str, interface: Record, under: list[str], findings: Findings) -> Record:
    bridge = table(interface, "bridge", name, findings)
    listed = bridge.get("port")
    ports = [text(port, "name", f"{name}.bridge.port", findings) for port in _maps(listed)]
    stp = table(table(bridge, "options", name, findings), "stp", name, findings)
    enabled = flag(stp, "enabled", f"{name}.bridge.options.stp", findings)
    return {"ports": list(dict.fromkeys(port for port in (*ports, *under) if port)), "stp": enabled}


def _maps(listed: Any) -> list[Record]:
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
