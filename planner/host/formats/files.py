"""A host's own files and answers, each under its name as `tail -n +1` prints several: what sosreports are read by.

What runs counts: `ip`, else nmcli, the bonding driver and the kernel's list of VLANs, all put as `ip -j` would. What
only profiles tell is how addresses were got, and, where nothing else describes a device, the device itself.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from planner.host.caps import MODES, UNTOLD
from planner.host.fields import Findings, Record
from planner.host.formats import iproute, iptext
from planner.host.formats.machine import INCOMPLETE, WANTED, address
from planner.host.formats.profiles import Profile, of_ifcfg, of_keyfile, of_nmcli

FORM = "files"
HEAD = re.compile(r"^==> ([^\n]+) <==[ \t]*\r?$", re.MULTILINE)
STUB = ("127.", "::1")  # a resolver on the host itself tells no name server
NAMESERVER = re.compile(r"^[ \t]*nameserver[ \t]+([0-9A-Fa-f.:]+)", re.MULTILINE)
DEVICE = re.compile(r"^GENERAL\.DEVICE:", re.MULTILINE)
VLAN = re.compile(r"^(\S+)[ \t]*\|[ \t]*(\d+)[ \t]*\|[ \t]*(\S+)[ \t]*$", re.MULTILINE | re.ASCII)
KINDS = {"bond": "bond", "bridge": "bridge", "vlan": "vlan"}
CARDS = {"ethernet": "ether", "infiniband": "infiniband"}

# How the bonding driver calls a mode, and what of its report is an option.
DRIVER_MODES = {
    "load balancing (round-robin)": 0,
    "fault-tolerance (active-backup)": 1,
    "load balancing (xor)": 2,
    "fault-tolerance (broadcast)": 3,
    "IEEE 802.3ad Dynamic link aggregation": 4,
    "transmit load balancing": 5,
    "adaptive load balancing": 6,
}
DRIVER_OPTIONS = {
    "Transmit Hash Policy": "xmit_hash_policy",
    "MII Polling Interval (ms)": "miimon",
    "Up Delay (ms)": "updelay",
    "Down Delay (ms)": "downdelay",
    "Peer Notification Delay (ms)": "peer_notif_delay",
    "ARP Polling Interval (ms)": "arp_interval",
    "ARP IP target/s (n.n.n.n form)": "arp_ip_target",
    "Primary Slave": "primary",
    "LACP active": "lacp_active",
    "LACP rate": "lacp_rate",
    "Min links": "min_links",
    "Aggregator selection policy (ad_select)": "ad_select",
}


class Files(NamedTuple):
    """Names with what each has."""

    sections: tuple[tuple[str, str], ...]

    def under(self, part: str) -> Iterator[tuple[str, str]]:
        """The files whose path has ``part`` in it: what follows that, and what each has."""
        return ((name.rpartition(part)[2], text) for name, text in self.sections if part in f"/{name}")


class Told(NamedTuple):
    """What the files tell but profiles: `ip`'s answers, or links as `ip -j` has them, routes, name servers."""

    answers: Any
    nameservers: tuple[str, ...]
    untold: tuple[str, ...] = ()


def files_of(written: str) -> Files | None:
    """The files in a text; None where it does not begin with the name of one."""
    heads = list(HEAD.finditer(written))
    if not heads or written[: heads[0].start()].strip():
        return None
    ends = [head.start() for head in heads[1:]] + [len(written)]
    return Files(tuple((head[1], written[head.end() : end]) for head, end in zip(heads, ends, strict=True)))


def recognises(document: Any) -> bool:
    """Whether ``document`` is files."""
    return isinstance(document, Files)


def caps_of(document: Any, findings: Findings) -> Record:
    """The document of getVdsCaps that the files come to; what is wrong with them goes to ``findings``."""
    files: Files = document
    profiles = _profiles(files)
    told = _told(files, profiles)
    if told is None:
        message = "no file among these tells which devices the host has"
        hint = f"`ip -d addr`, `nmcli device show`, ifcfg files, /proc/net/bonding: one of them; {WANTED}"
        findings.wrong("", message, hint, INCOMPLETE)
        return {}
    caps = iproute.caps_of(told.answers, findings)
    if findings.failed:
        return {}
    untold = [*caps[UNTOLD], *told.untold]
    untold = [key for key in _got(caps, profiles, untold) if key != "nameservers" or not told.nameservers]
    nameservers = {"nameservers": list(told.nameservers)} if told.nameservers else {}
    return {**caps, **nameservers, UNTOLD: list(dict.fromkeys(untold))}


def _profiles(files: Files) -> list[Profile]:
    """Every profile; of a device that NetworkManager has up only what is up."""
    found = [
        *(of_ifcfg(name, text) for name, text in files.under("/ifcfg-")),
        *(of_keyfile(text) for _, text in files.under("/system-connections/")),
        *(of_nmcli(text) for name, text in files.sections if "nmcli" in name and "connection." in text),
    ]
    profiles = [profile for profile in found if profile is not None]
    running = {profile.device for profile in profiles if profile.running}
    return [profile for profile in profiles if profile.running or profile.device not in running]


def _told(files: Files, profiles: Sequence[Profile]) -> Told | None:
    resolvers = [
        found for name, text in files.sections if name.endswith("resolv.conf") for found in NAMESERVER.findall(text)
    ]
    nmcli = [block for name, text in files.sections if "nmcli" in name for block in _blocks(text)]
    dns = [value for block in nmcli for key, value in block.items() if ".DNS[" in key]
    local = any(one.startswith(STUB) for one in resolvers)
    nameservers = tuple(dict.fromkeys(dns if local or not resolvers else resolvers))
    said = "\n".join(text for name, text in files.sections if re.search(r"(?:^|/)ip[_ ]", name))
    answers = iproute.arrays(said)
    answers = iptext.answers(said) if answers is None else answers
    if answers is not None:
        return Told(answers, nameservers)
    links = Links()
    for block in nmcli:
        links.of_nmcli(block)
    for name, text in files.under("/proc/net/bonding/"):
        links.of_driver(name, text)
    for found in chain.from_iterable(VLAN.finditer(text) for _, text in files.under("/proc/net/vlan/config")):
        links.vlan(*found.groups())
    seen = frozenset(links.links)
    for profile in profiles:
        links.of_profile(profile, running=bool(nmcli))
    if not links.links:
        return None
    return Told(links.answers(), nameservers, tuple(links.untold(profiles, seen, running=bool(nmcli))))


def _blocks(written: str) -> Iterator[dict[str, str]]:
    """What `nmcli device show` prints of each device."""
    begins = [found.start() for found in DEVICE.finditer(written)]
    for start, end in zip(begins, [*begins[1:], len(written)], strict=False):
        pairs = (line.partition(":") for line in written[start:end].split("\n"))
        yield {key.strip(): value.strip() for key, _, value in pairs if value.strip() not in ("", "--", "(unknown)")}


class Links:
    """Links and routes as `ip -j -d` would tell them, collected from what tells a part of each."""

    def __init__(self) -> None:
        """Begin with none."""
        self.links: dict[str, Record] = {}
        self.routes: list[Record] = []

    def _link(self, name: str, kind: str = "", **told: Any) -> Record:
        link = self.links.setdefault(name, {"ifname": name, "link_type": "ether", "promiscuity": 0})
        link.update({key: value for key, value in told.items() if value})
        if kind:
            link.setdefault("linkinfo", {"info_kind": kind, "info_data": {}})
        return link

    def _data(self, link: Record) -> Record:
        data: Record = link.get("linkinfo", {}).get("info_data", {})
        return data

    def of_nmcli(self, block: Mapping[str, str]) -> None:
        """A device as `nmcli device show` has it."""
        name, kind = block.get("GENERAL.DEVICE", ""), block.get("GENERAL.TYPE", "")
        if not name or kind not in (*KINDS, *CARDS):
            return
        link = self._link(name, KINDS.get(kind, ""), address=block.get("GENERAL.HWADDR", "").lower())
        link |= {"link_type": CARDS.get(kind, "ether"), "mtu": block.get("GENERAL.MTU")}
        link["addr_info"] = [_addressed(value) for key, value in block.items() if re.match(r"IP[46]\.ADDRESS\[", key)]
        for key in ("IP4.GATEWAY", "IP6.GATEWAY"):
            if key in block:
                self.routes.append({"dst": "default", "gateway": block[key], "dev": name})

    def of_driver(self, name: str, written: str) -> None:
        """A bond as /proc/net/bonding has it, and its members."""
        own, *members = re.split(r"^Slave Interface: ", written, flags=re.MULTILINE)
        told = dict(_pairs(own))
        mode = DRIVER_MODES.get(re.sub(r" \(fail_over_mac.*", "", told.get("Bonding Mode", "")), -1)
        data = self._data(self._link(name, "bond"))
        if mode >= 0:
            data["mode"] = MODES[mode]
        for key, option in DRIVER_OPTIONS.items():
            if key in told and told[key] != "None":
                data[option] = told[key].split()[0]
        failing = re.search(r"\(fail_over_mac (\w+)\)", told.get("Bonding Mode", ""))
        data |= {"fail_over_mac": failing[1]} if failing else {}
        data |= {"ad_info": {"partner_mac": told["Partner Mac Address"]}} if "Partner Mac Address" in told else {}
        for member in members:
            port = self._link(member.partition("\n")[0].strip(), master=name)
            permanent = dict(_pairs(member)).get("Permanent HW addr", "")
            port |= {"permaddr": permanent} if permanent else {}

    def vlan(self, name: str, tag: str, base: str) -> None:
        """A VLAN over a device."""
        link = self._link(name, "vlan", link=base)
        self._data(link)["id"] = tag

    def of_profile(self, profile: Profile, *, running: bool) -> None:
        """What a profile adds to a device, or all there is of it; where nmcli tells what is ``running``, no address."""
        known = self.links.values()
        found = (link["ifname"] for link in known if profile.hwaddr and link.get("address") == profile.hwaddr)
        name = profile.device or next(found, "")
        if not name or (running and name not in self.links):
            return
        link = self._link(name, profile.kind)
        for key, value in (
            ("master", profile.master),
            ("link", profile.base),
            ("mtu", profile.mtu),
            ("address", profile.hwaddr),
        ):
            if value and not link.get(key):
                link[key] = value
        data = self._data(link)
        told: Record = dict(profile.options) if profile.kind == "bond" else {}
        told |= {"id": profile.tag} if profile.kind == "vlan" and profile.tag else {}
        told |= {"stp_state": int(profile.stp)} if profile.kind == "bridge" and profile.stp is not None else {}
        for key, value in told.items():
            data.setdefault(key, value)
        if not running and profile.leased is not None:
            listed = link.setdefault("addr_info", [])
            listed += [one for one in map(_addressed, profile.addresses) if one not in listed]
            self.routes += [{"dst": "default", "gateway": gateway, "dev": name} for gateway in profile.gateways]

    def answers(self) -> list[list[Record]]:
        """What `ip` would answer: links, and default routes of each family, none where there are none."""
        four, six = ([route for route in self.routes if (":" in route["gateway"]) == is6] for is6 in (False, True))
        links = [
            link if "addr_info" in link or not self._addressed else link | {"addr_info": []}
            for link in self.links.values()
        ]
        return [links, four, six]

    @property
    def _addressed(self) -> bool:
        return any("addr_info" in link for link in self.links.values())

    def untold(self, profiles: Iterable[Profile], seen: frozenset[str], *, running: bool) -> Iterator[str]:
        """The keys that nobody can know from this; ``seen``: the devices that something but a profile tells of."""
        kinds = {name: link.get("linkinfo", {}).get("info_kind") for name, link in self.links.items()}
        listed = list(profiles)
        if not running:
            yield from ("nics", "ipv6addrs", "ipv6gateway")  # of nics without a profile nothing tells
            if (
                not self._addressed
                or any(profile.leased for profile in listed)
                or seen - {one.device for one in listed}
            ):
                yield from ("ipv4addrs", "gateway")
        if "bond" in kinds.values() and not any(profile.options for profile in listed):
            yield "opts"  # but what the driver reports
        masters = {link.get("master") for link in self.links.values()}
        if any(kind == "bridge" and name not in masters for name, kind in kinds.items()):
            yield "ports"
        if any(kind == "vlan" and "id" not in self._data(self.links[name]) for name, kind in kinds.items()):
            yield "vlanid"
        yield from (
            key
            for key, word in (("mtu", "mtu"), ("hwaddr", "address"))
            if not all(word in one for one in self.links.values())
        )


def _pairs(written: str) -> Iterator[tuple[str, str]]:
    """`Key: value` lines; of a key that stands twice the last counts."""
    for line in written.split("\n"):
        key, separator, value = line.strip().partition(": ")
        if separator:
            yield key, value.strip()


def _addressed(written: str) -> Record:
    """An address as `ip -j` has it."""
    local, _, length = written.partition("/")
    scope = "link" if local.lower().startswith(("fe8", "fe9", "fea", "feb")) else "global"
    return {"local": local, "scope": scope, **({"prefixlen": length} if length else {})}


# How addresses were got: what a profile says, where what runs does not contradict it.


# Each key of a method, the addresses it is about, and where a profile says it.
METHODS: tuple[tuple[str, str, Callable[[Profile], bool | None]], ...] = (
    ("dhcpv4", "ipv4addrs", lambda profile: profile.leased),
    ("dhcpv6", "ipv6addrs", lambda profile: profile.leased6),
    ("ipv6autoconf", "ipv6addrs", lambda profile: profile.router),
)


def _got(caps: Record, profiles: Sequence[Profile], untold: list[str]) -> list[str]:
    """Set the method of each device; ``untold`` with those keys of methods that are open for some device."""
    still_open: set[str] = set()
    devices = [item for section in ("nics", "bondings", "vlans", "bridges") for item in caps[section].items()]
    for name, record in devices:
        mine = [one for one in profiles if one.device == name or (not one.device and one.hwaddr == record["hwaddr"])]
        configured = {_plain(one) for profile in mine for one in profile.addresses}
        for key, addresses, wish in METHODS:
            if not record[addresses]:
                continue
            said = _agreed(mine, wish)
            by_hand = said is False and not record[key] and {_plain(one) for one in record[addresses]} <= configured
            if said or by_hand:
                record[key] = said
            else:
                still_open.add(key)
    return [key for key in untold if key not in (method[0] for method in METHODS)] + sorted(still_open)


def _agreed(profiles: Sequence[Profile], wish: Callable[[Profile], bool | None]) -> bool | None:
    """What all the profiles say; None where one leaves it open, or two differ."""
    said = {wish(profile) for profile in profiles}
    return said.pop() if len(said) == 1 else None


def _plain(written: str) -> str:
    """An address without its length, in one spelling."""
    return address(written, "", Findings()).partition("/")[0]
