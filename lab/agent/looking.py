"""Look at the kernel: everything that caps and changes are made from, read once and kept as it was.

`Seen` is what is between the kernel and the rest of the agent, so that a recording can take the kernel's place.
"""

import os
from typing import NamedTuple

from lab.agent import dhcp
from lab.agent.iproute import Record, asked

CLASS = "/sys/class/net"
RESOLVER = "/etc/resolv.conf"


class Seen(NamedTuple):
    """A machine as the kernel described it.

    ``links``: by name, a row of ``ip -d -j addr`` (link and addr_info); ``routes``, ``routes6``, ``rules``: rows of
    ``ip -j route show table all`` and ``ip -j rule``; ``speeds``: Mb/s by nic, 0 for none; ``bridge_options``: by
    bridge, the files of its ``bridge`` folder; ``clients``: by device, the agent's own DHCP clients; ``quiet``: devices
    with IPv6 switched off; ``nameservers``: those of the resolver.
    """

    links: dict[str, Record]
    routes: list[Record]
    routes6: list[Record]
    rules: list[Record]
    speeds: dict[str, int]
    bridge_options: dict[str, dict[str, str]]
    clients: dict[str, dhcp.Client]
    quiet: frozenset[str]
    nameservers: list[str]


def look() -> Seen:
    """The machine as it is now."""
    links = {row["ifname"]: row for row in asked("addr", "show")}
    return Seen(
        links=links,
        routes=asked("-4", "route", "show", "table", "all"),
        routes6=asked("-6", "route", "show", "table", "all"),
        rules=asked("-4", "rule", "show"),
        speeds={name: _speed(name) for name, row in links.items() if kind_of(row) == "nic"},
        bridge_options={name: _bridge_options(name) for name, row in links.items() if kind_of(row) == "bridge"},
        clients=dhcp.clients(),
        quiet=frozenset(name for name in links if _read(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6") == "1"),
        nameservers=_nameservers(),
    )


def kind_of(row: Record) -> str:
    """nic, bond, vlan or bridge; "" for what VDSM does not show (tunnels, macvlans, teams, lo, hidden nics).

    A veth counts as a nic: it is what the lab's hosts have. So does a dummy that is called as VDSM's fake nics are.
    """
    kind = row.get("linkinfo", {}).get("info_kind", "")
    name = row["ifname"]
    if kind in ("bond", "vlan", "bridge"):
        return str(kind)
    fake = kind == "veth" or (kind == "dummy" and name.startswith("dummy_"))
    hidden = name.startswith(("w", "usb"))
    return "nic" if row.get("link_type") == "ether" and (fake or not kind) and not hidden else ""


def _speed(name: str) -> int:
    text = _read(f"{CLASS}/{name}/speed")
    return int(text) if text.isdigit() else 0


def _bridge_options(name: str) -> dict[str, str]:
    folder = f"{CLASS}/{name}/bridge"
    try:
        options = sorted(os.listdir(folder))
    except FileNotFoundError:  # a rollback has taken the bridge away since `ip` told of it
        return {}
    return {option: _read(f"{folder}/{option}") for option in options if option != "flush"}


def _nameservers() -> list[str]:
    lines = [line.split() for line in _read(RESOLVER).splitlines()]
    return [words[1] for words in lines if len(words) > 1 and words[0] == "nameserver"]


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        # A nic without a carrier has no speed to read, an interface may be gone by now.
        return ""
