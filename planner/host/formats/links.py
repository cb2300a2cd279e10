"""What nmcli, the bonding driver, the kernel's list of VLANs and profiles tell of devices, put as `ip -j -d` would."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from planner.host.fields import Record
from planner.host.formats.profiles import Profile
from planner.host.model import MODES

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


def blocks(written: str) -> Iterator[dict[str, str]]:
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
        self.driven: set[str] = set()  # the bonds of which the driver tells the members
        self.shown: set[str] = set()  # the devices whose addresses nmcli shows: of those it leaves alone it knows none

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
        if block.get("GENERAL.STATE", "").startswith("10 "):
            return
        self.shown.add(name)
        link["addr_info"] = [_addressed(value) for key, value in block.items() if re.match(r"IP[46]\.ADDRESS\[", key)]
        for key in ("IP4.GATEWAY", "IP6.GATEWAY"):
            if key in block:
                self.routes.append({"dst": "default", "gateway": block[key], "dev": name})

    def of_driver(self, name: str, written: str) -> None:
        """A bond as /proc/net/bonding has it, and its members."""
        own, *members = re.split(r"^Slave Interface: ", written, flags=re.MULTILINE)
        told = dict(_pairs(own))
        mode = DRIVER_MODES.get(re.sub(r" \(fail_over_mac.*", "", told.get("Bonding Mode", "")), -1)
        self.driven.add(name)
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

    def of_profile(self, profile: Profile) -> None:
        """What a profile adds to a device, or all there is of it."""
        name = profile.device
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
        if name not in self.shown and profile.leased is not None:
            listed = link.setdefault("addr_info", [])
            listed += [one for one in map(_addressed, profile.addresses) if one not in listed]
            self.routes += [{"dst": "default", "gateway": gateway, "dev": name} for gateway in profile.gateways]

    def cards(self) -> dict[str, str]:
        """The MAC address that each card has by itself, as far as that is told."""
        links = self.links.items()
        return {name: link.get("permaddr") or link.get("address", "") for name, link in links if "linkinfo" not in link}

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

    def untold(self, profiles: Sequence[Profile]) -> Iterator[str]:
        """The keys that nobody can know from this."""
        if not self.shown:
            yield "nics"  # those without a profile, and outside of bonds
        by_hand = {profile.device for profile in profiles if profile.leased is False}
        unseen = self.links.keys() - self.shown
        yield from ("ipv6addrs", "ipv6gateway") if unseen else ()
        yield from ("ipv4addrs", "gateway") if unseen - by_hand else ()
        if any(self._kind(link) == "bond" for link in self.links.values()) and not any(one.options for one in profiles):
            yield "opts"  # but what the driver reports
        masters = {link.get("master") for link in self.links.values()} | self.driven
        for kind, key in (("bond", "slaves"), ("bridge", "ports")):
            if any(self._kind(link) == kind and name not in masters for name, link in self.links.items()):
                yield key
        if any(self._kind(link) == "vlan" and "id" not in self._data(link) for link in self.links.values()):
            yield "vlanid"
        for key, word in (("mtu", "mtu"), ("hwaddr", "address")):
            if not all(link.get(word) for link in self.links.values()):
                yield key

    @staticmethod
    def _kind(link: Record) -> str:
        return str(link.get("linkinfo", {}).get("info_kind", ""))


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
