"""`ip` as people and sosreports have it, in text, to what `ip -j` would say of the same: links, then routes."""

import re
from collections.abc import Iterator
from typing import Any

from planner.host.fields import Record

LINK = re.compile(r"^\d+: ([^\s@]+?)(?:@([^\s:]+))?: <[^>\n]*>(.*)$", re.MULTILINE)
ROUTE = re.compile(
    r"^(?:(?:unicast|local|broadcast|multicast|anycast|unreachable|blackhole|prohibit) )?"
    r"(default|[0-9a-f.:]+(?:/\d+)?) (?:.* )?(?:dev|via|proto|nexthop|metric) .*(?:\n[ \t]+nexthop .*)*",
    re.MULTILINE,
)
ADDRESS = re.compile(r"(inet6?) ([0-9a-fA-F.:]+)(?: peer [0-9a-fA-F.:]+)?(/\d+)?(.*)")
# Lines under a link that do not tell its kind: what it is in a bond or bridge, its other names, its counters.
BESIDE = ("link/", "inet", "valid_lft", "altname", "bond_slave", "bridge_slave", "RX:", "TX:", "alias", "vf", "master")
KIND = re.compile(r"[a-z][a-z0-9_-]*")

# What `ip` calls otherwise in text than in JSON.
NAMES = {"num_grat_arp": "num_peer_notif", "peer_notif_delay": "peer_notify_delay"}


def answers(written: str) -> list[Any] | None:
    """The answers of `ip` in a text, as `ip -j` has them; None where there are none."""
    written = written.replace("\r\n", "\n")
    heads = list(LINK.finditer(written))
    if not heads:
        return None
    ends = [head.start() for head in heads[1:]] + [len(written)]
    links = [_link(head, written[head.end() : end]) for head, end in zip(heads, ends, strict=True)]
    if not any(link["addr_info"] for link in links):  # `ip link`: with `ip addr` the loopback has one
        for link in links:
            del link["addr_info"]
    routes = [route for found in ROUTE.finditer(written) for route in _routes(found)]
    families = ([route for route in routes if (":" in _told(route)) == is_ipv6] for is_ipv6 in (False, True))
    return [links, *(family for family in families if family)]


def _link(head: re.Match[str], below: str) -> Record:
    name, under, rest = head.groups()
    words = _pairs(rest)
    link: Record = {"ifname": name, "addr_info": []}
    link |= {key: words[key] for key in ("mtu", "master") if key in words}
    if under is not None and under != "NONE":
        link["link"] = under
    info: Record = {}
    for line in _lines(below):
        first, _, rest = line.partition(" ")
        if first.startswith("link/"):
            address, _, further = rest.partition(" ")
            link |= {"link_type": first.removeprefix("link/"), "address": address}
            link |= {key: told for key, told in _pairs(further).items() if key in ("promiscuity", "permaddr")}
        elif first in ("inet", "inet6"):
            link["addr_info"] += _address(line)
        elif first == "bond_slave":
            info["info_slave_data"] = {key: told for key, told in _pairs(rest).items() if key == "perm_hwaddr"}
        elif not line.startswith(BESIDE) and KIND.fullmatch(first) and "info_kind" not in info:
            info |= {"info_kind": first, "info_data": _details(rest)}
    return link | ({"linkinfo": info} if info else {})


def _lines(below: str) -> Iterator[str]:
    """The lines under a link, as far as they are indented."""
    for line in below.split("\n")[1:]:
        if not line.startswith((" ", "\t")):
            return
        yield line.strip()


def _pairs(words: str) -> Record:
    """Words in pairs, each of which may be a key."""
    listed = words.split()
    return {key: listed[place + 1] for place, key in enumerate(listed[:-1])}


def _details(rest: str) -> Record:
    told = {NAMES.get(key, key): value for key, value in _pairs(rest).items()}
    partner = {"ad_info": {"partner_mac": told["ad_partner_mac"]}} if "ad_partner_mac" in told else {}
    return told | partner


def _address(line: str) -> list[Record]:
    found = ADDRESS.match(line)
    if found is None:
        return []
    family, local, length, rest = found.groups()
    told = {"family": family, "local": local, "scope": _pairs(rest).get("scope", "global")}
    prefix = {"prefixlen": length[1:]} if length else {}
    return [told | prefix | ({"dynamic": True} if "dynamic" in rest.split() else {})]


def _routes(found: re.Match[str]) -> Iterator[Record]:
    """The route, or one for each way of several; of another kind than unicast none."""
    first, *ways = found.group().split("\n")
    if first.startswith(("unicast", "default")) or first[:1].isdigit() or ":" in first.split()[0]:
        for words in [_pairs(way) for way in ways] or [_pairs(first)]:
            told = {key: words[name] for key, name in (("gateway", "via"), ("dev", "dev")) if name in words}
            pref = {"pref": words["pref"]} if "pref" in words else {}
            table = _pairs(first).get("table")
            yield {"dst": found.group(1), **told, **pref, **({"table": table} if table else {})}


def _told(route: Record) -> str:
    """What tells the route's family: IPv6 alone has preferences."""
    return f"{route['dst']} {route.get('gateway', '')}{':' if 'pref' in route else ''}"
