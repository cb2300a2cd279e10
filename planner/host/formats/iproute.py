"""`ip -j -d addr`, `link` and `route`: what the kernel tells, which knows neither VDSM's networks nor who set what.

Read: one array, several one after the other (also among the lines of a terminal), or one map of them by any name.
An address with a lifetime counts as a lease, as it does for VDSM where NetworkManager does not manage the device.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from planner.host.caps import UNTOLD
from planner.host.fields import Findings, Record, number, quoted, table, text
from planner.host.formats.machine import (
    DESTINATIONS,
    INCOMPLETE,
    MAIN,
    VDSM_ALONE,
    WANTED,
    Default,
    Method,
    address,
    ip_keys,
    is_hidden,
    methods_untold,
    opts,
)

FORM = "ip"
COMMAND = "(ip -j -d addr; ip -j route; ip -6 -j route) > host.json"
ARRAY = re.compile(r"^[ \t]*\[(?=\s*[{\]])", re.MULTILINE)
ADJOINING = re.compile(r"\s*\[(?=\s*[{\]])")
NICS = ("ether", "infiniband")  # kinds of link that a card has
LEASED_PREFIX = 128  # a DHCPv6 lease is a single address; what a router advertises has another length
# The kernel's attributes of a bond that sysfs, and so VDSM, calls otherwise.
SYSFS = {
    "ad_lacp_rate": "lacp_rate",
    "ad_lacp_active": "lacp_active",
    "peer_notify_delay": "peer_notif_delay",
    "num_peer_notif": "num_grat_arp",
}


class Answers(NamedTuple):
    """What `ip` answered: the links by name, each with its addresses; None where nobody asked for it."""

    links: dict[str, Record]
    addressed: bool
    defaults4: list[Default] | None
    defaults6: list[Default] | None


def arrays(written: str) -> list[Any] | None:
    """The answers of `ip` in a text, among whatever other lines; None if there are none, or one is not whole."""
    found: list[Any] = []
    begins = ARRAY.search(written)
    while begins:
        try:
            array, end = json.JSONDecoder().raw_decode(written, begins.end() - 1)
        except (ValueError, RecursionError):
            return None
        found.append(array)
        begins = ADJOINING.match(written, end) or ARRAY.search(written, end)
    return found if recognises(found) else None


def recognises(document: Any) -> bool:
    """Whether ``document`` is an answer of `ip -j`, or several."""
    return any(_is_link(record) or _is_route(record) for record in _records(document))


def _arrays(document: Any) -> list[list[Any]]:
    inner = list(document.values()) if isinstance(document, dict) else document
    if not isinstance(inner, list):
        return []
    return [array for array in inner if isinstance(array, list)] or ([inner] if isinstance(document, list) else [])


def _records(document: Any) -> Iterator[Record]:
    return (record for array in _arrays(document) for record in array if isinstance(record, dict))


def _is_link(record: Any) -> bool:
    return isinstance(record, dict) and "ifname" in record and ("link_type" in record or "addr_info" in record)


def _is_route(record: Any) -> bool:
    return isinstance(record, dict) and "dst" in record and ("dev" in record or "nexthops" in record)


def caps_of(document: Any, findings: Findings) -> Record:
    """The document of getVdsCaps that the answers of `ip` come to; what is wrong with them goes to ``findings``."""
    answers = _answers(document, findings)
    hint = f"`{COMMAND}`, {WANTED}"
    if not answers.links:
        findings.wrong("", "these are routes; which devices the host has is not among them", hint, INCOMPLETE)
    elif not any("linkinfo" in link or "promiscuity" in link for link in answers.links.values()):
        message = "this is `ip` without -d, which does not tell a bond, a bridge or a VLAN from a nic"
        findings.wrong("", message, hint, INCOMPLETE)
    return {} if findings.failed else _caps(answers, findings)


def _answers(document: Any, findings: Findings) -> Answers:
    links: dict[str, Record] = {}
    addressed = False
    routes: dict[int, list[Default]] = {}
    silent = 0  # answers without a route, of either family
    for array in _arrays(document):
        found = [record for record in array if isinstance(record, dict)]
        named = [record for record in found if _is_link(record)]
        for record in named:
            name = text(record, "ifname", "", findings)
            links[name] = {**links.get(name, {}), **record}
            addressed = addressed or "addr_info" in record
        if not array:
            silent += 1
        elif not named:
            family = 6 if any(_is_ipv6(route) for route in found) else 4
            routes.setdefault(family, []).extend(
                default for route in found if _is_default(route) for default in _defaults(route, family, findings)
            )
    missing = [family for family in (4, 6) if family not in routes]
    routes |= {family: [] for family in missing[:silent]}
    links.pop("", None)
    return Answers(links, addressed, routes.get(4), routes.get(6))


def _is_ipv6(route: Record) -> bool:
    return "pref" in route or any(
        isinstance(told, str) and ":" in told for told in (route.get("dst"), route.get("gateway"))
    )


def _is_default(route: Record) -> bool:
    return route.get("dst") in DESTINATIONS and route.get("type") in (None, "unicast")


def _defaults(route: Record, family: int, findings: Findings) -> Iterator[Default]:
    """The default route, or each of its ways where it has several."""
    ways = route.get("nexthops")
    is_main = route.get("table", "main") in MAIN
    for way in [way for way in ways if isinstance(way, dict)] if isinstance(ways, list) else [route]:
        device = text(way, "dev", "default", findings)
        yield Default(device, family, text(way, "gateway", "default", findings), is_main)


def _caps(answers: Answers, findings: Findings) -> Record:
    sections: dict[str, Record] = {"bondings": {}, "bridges": {}, "nics": {}, "vlans": {}}
    defaults = (answers.defaults4 or []) + (answers.defaults6 or [])
    under: dict[str, list[str]] = {}
    for name, link in answers.links.items():
        under.setdefault(text(link, "master", name, findings), []).append(name)
    for name, link in answers.links.items():
        info = table(link, "linkinfo", name, findings)
        data = table(info, "info_data", f"{name}.linkinfo", findings)
        record = _device(name, link, defaults, findings)
        match info.get("info_kind"):
            case "bond":
                sections["bondings"][name] = record | _bond(name, data, findings) | {"slaves": under.get(name, [])}
            case "bridge":
                stp = number(data, "stp_state", "a state of STP", name, findings)
                ports = {"ports": under.get(name, []), "stp": {0: "off", -1: None}.get(stp, "on")}
                sections["bridges"][name] = record | ports
            case "vlan":
                tag = {"vlanid": data["id"]} if "id" in data else {}
                sections["vlans"][name] = record | tag | {"iface": text(link, "link", name, findings)}
            case None if link.get("link_type") in NICS and not is_hidden(name):
                sections["nics"][name] = record | _permanent(name, link, info, findings)
    return {**sections, UNTOLD: _untold(answers, sections)}


def _device(name: str, link: Record, defaults: list[Default], findings: Findings) -> Record:
    addresses = list(_addresses(name, link, findings))
    leased = [written for written, has_lifetime in addresses if has_lifetime]
    method = Method(
        dhcpv4=any(":" not in one for one in leased),
        dhcpv6=any(":" in one and one.endswith(f"/{LEASED_PREFIX}") for one in leased),
        autoconf=any(":" in one and not one.endswith(f"/{LEASED_PREFIX}") for one in leased),
    )
    keys = ip_keys(name, [written for written, _ in addresses], defaults, method)
    return {**keys, "mtu": link.get("mtu"), "hwaddr": text(link, "address", name, findings)}


def _addresses(name: str, link: Record, findings: Findings) -> Iterator[tuple[str, bool]]:
    """Each address that VDSM would show, and whether it has a lifetime; those of the link alone it does not."""
    told = link.get("addr_info")
    if not isinstance(told, list):
        if told is not None:
            findings.wrong(f"{name}.addr_info", f"{quoted(told)} is not a list")
        return
    for place, record in enumerate(told):
        if not isinstance(record, dict) or record.get("scope") == "link" or "local" not in record:
            continue
        path = f"{name}.addr_info[{place}]"
        local = text(record, "local", path, findings)
        length = number(record, "prefixlen", "a prefix length", path, findings, largest=128)
        written = address(f"{local}/{length}" if length >= 0 else local, path, findings)
        if written:
            yield written, record.get("dynamic") is True


def _bond(name: str, data: Record, findings: Findings) -> Record:
    """The keys of a bond beside those of each device; without a mode it has no options either."""
    mode = text(data, "mode", f"{name}.linkinfo.info_data", findings)
    options = {SYSFS.get(key, key): value for key, value in data.items()}
    options["num_unsol_na"] = options.get("num_grat_arp")
    partner = table(data, "ad_info", name, findings).get("partner_mac")
    told = {"ad_partner_mac": partner} if isinstance(partner, str) else {}
    return {**told, "opts": opts(mode, options)} if mode else told


def _permanent(name: str, link: Record, info: Record, findings: Findings) -> Record:
    """The MAC address that a bond's member has by itself."""
    own = text(table(info, "info_slave_data", name, findings), "perm_hwaddr", name, findings)
    own = own or text(link, "permaddr", name, findings)
    return {"permhwaddr": own} if own else {}


def _untold(answers: Answers, sections: dict[str, Record]) -> list[str]:
    """The keys that nobody can know; a host without a default route may have one in a table that was not asked for."""
    devices = [record for section in sections.values() for record in section.values()]
    has4, has6 = (any(record[key] for record in devices) for key in ("ipv4addrs", "ipv6addrs"))
    return [
        *VDSM_ALONE,
        "nameservers",
        *(methods_untold(devices) if answers.addressed else ["ipv4addrs", "ipv6addrs"]),
        *(["gateway"] if answers.defaults4 is None or (has4 and not answers.defaults4) else []),
        *(["ipv6gateway"] if answers.defaults6 is None or (has6 and not answers.defaults6) else []),
    ]
