"""The devices of a stand-in machine: records as caps spell them, and what can be done to one."""

import copy
import ipaddress
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from planner.host.formats.machine import NUMBERED
from planner.host.model import MODES
from planner.standin.kernel import Record

# The kernel's bonding options: names of values, what is reported when it is the default.


# What stands in sysfs and can be set; a kernel before 5.19 lacks the last of them. VDSM takes each in every mode.
KNOWN = frozenset(
    {
        *NUMBERED,
        *("mode", "miimon", "updelay", "downdelay", "use_carrier", "arp_interval", "arp_ip_target", "primary"),
        *("all_slaves_active", "min_links", "num_grat_arp", "num_unsol_na", "packets_per_slave", "resend_igmp"),
        *("lp_interval", "tlb_dynamic_lb", "ad_actor_sys_prio", "ad_user_port_key"),
        *("peer_notif_delay", "lacp_active", "arp_missed_max"),
    }
)
MIIMON_OF_ITSELF = ("4", "5", "6")  # these modes set miimon to 100 on their own, so that it is no news


def mode_number(text: str) -> str | None:
    """The number of a mode, given that or its name ("4" for "802.3ad"); None if there is no such mode."""
    if text in MODES:
        return str(MODES.index(text))
    return text if text.isdigit() and int(text) < len(MODES) else None


def parsed(text: str) -> dict[str, str] | None:
    """``"mode=4 miimon=100"`` as a table; None where one of its words is not key=value."""
    pairs = [word.partition("=") for word in text.split()]
    if any(not key or not separator for key, separator, _ in pairs):
        return None
    return {key: value for key, _, value in pairs}


def takes_mac(options: Mapping[str, str]) -> bool:
    """Whether nmstate lets a bond of ``options`` have a MAC address stated: not where it is its active member's."""
    follows = mode_number(options.get("mode", "0")) == "1" and options.get("fail_over_mac") in ("1", "active")
    return not follows


def reported(text: str) -> dict[str, str]:
    """The ``opts`` that caps show for the options ``text``: mode always, numbers for names, no defaults."""
    options = dict(parsed(text) or {})
    options.pop("custom", None)
    mode = mode_number(options.get("mode", "0")) or "0"
    shown = {key: _number(key, value) for key, value in options.items()}
    if mode in MIIMON_OF_ITSELF and shown.get("miimon") == "100":
        del shown["miimon"]
    return {**{key: value for key, value in shown.items() if value != "0" or key not in NUMBERED}, "mode": mode}


def same(text: str, opts: dict[str, str]) -> bool:
    """Whether the options ``text`` describe a bond that caps show with ``opts``."""
    return reported(text) == reported(" ".join(f"{key}={value}" for key, value in opts.items()))


def _number(key: str, value: str) -> str:
    names = NUMBERED.get(key, ())
    return str(names.index(value)) if value in names else value


# What VDSM reports of a bridge that has just been made: 44 texts, from the lab (Linux 6.1, VDSM's own netinfo).


FRESH = {
    "ageing_time": "30000",
    "bridge_id": "",
    "default_pvid": "1",
    "forward_delay": "1500",
    "gc_timer": "0",
    "group_addr": "01:80:c2:00:00:00",
    "group_fwd_mask": "0x0",
    "hash_elasticity": "16",
    "hash_max": "4096",
    "hello_time": "200",
    "hello_timer": "0",
    "max_age": "2000",
    "multicast_igmp_version": "2",
    "multicast_last_member_count": "2",
    "multicast_last_member_interval": "100",
    "multicast_membership_interval": "26000",
    "multicast_mld_version": "1",
    "multicast_querier": "0",
    "multicast_querier_interval": "25500",
    "multicast_query_interval": "12500",
    "multicast_query_response_interval": "1000",
    "multicast_query_use_ifaddr": "0",
    "multicast_router": "1",
    "multicast_snooping": "1",
    "multicast_startup_query_count": "2",
    "multicast_startup_query_interval": "3125",
    "multicast_stats_enabled": "0",
    "nf_call_arptables": "0",
    "nf_call_ip6tables": "0",
    "nf_call_iptables": "0",
    "no_linklocal_learn": "0",
    "priority": "32768",
    "root_id": "",
    "root_path_cost": "0",
    "root_port": "0",
    "stp_state": "0",
    "tcn_timer": "0",
    "topology_change": "0",
    "topology_change_detected": "0",
    "topology_change_timer": "0",
    "vlan_filtering": "0",
    "vlan_protocol": "0x8100",
    "vlan_stats_enabled": "0",
    "vlan_stats_per_port": "0",
}


def options_of(mac: str, *, stp: bool) -> dict[str, str]:
    """The options of a bridge with the MAC address ``mac``."""
    identity = "8000." + mac.replace(":", "")
    return {**FRESH, "bridge_id": identity, "root_id": identity, "stp_state": str(int(stp))}


def mac_of(options: dict[str, str]) -> str:
    """The MAC address that ``options`` tell of, ``""`` if they tell none."""
    digits = options.get("bridge_id", "").partition(".")[2]
    return ":".join(digits[place : place + 2] for place in range(0, 12, 2)) if len(digits) == 12 else ""


SECTIONS = ("nics", "bondings", "vlans", "bridges")
DEFAULT_MTU = "1500"
SPREADING = ("0", "2", "4")  # the modes in which a bond is as fast as its slaves together
LACP = "4"
ONE_AT_A_TIME = ("1", "5", "6")


def blank_ip() -> Record:
    """The IP keys of a device without addresses."""
    return {
        "addr": "",
        "netmask": "",
        "ipv4addrs": [],
        "gateway": "",
        "ipv4defaultroute": False,
        "dhcpv4": False,
        "ipv6addrs": [],
        "ipv6gateway": "::",
        "ipv6autoconf": False,
        "dhcpv6": False,
    }


class Devices:
    """A machine's devices, by section and name; changed in place."""

    def __init__(self, netinfo: Record) -> None:
        """From the sections of caps; what an old VDSM left out of a record is filled in."""
        self.sections: dict[str, dict[str, Record]] = {
            section: {name: self._filled(record) for name, record in netinfo.get(section, {}).items()}
            for section in SECTIONS
        }
        self.nameservers: list[str] = list(netinfo.get("nameservers", ()))

    @staticmethod
    def _filled(record: Record) -> Record:
        return {"mtu": DEFAULT_MTU, **blank_ip(), **copy.deepcopy(record)}

    def document(self) -> Record:
        """The devices as `planner.standin.kernel.Kernel.netinfo` has them."""
        return copy.deepcopy({**self.sections, "nameservers": self.nameservers})

    @property
    def nics(self) -> dict[str, Record]:
        """By name."""
        return self.sections["nics"]

    @property
    def bonds(self) -> dict[str, Record]:
        """By name."""
        return self.sections["bondings"]

    @property
    def vlans(self) -> dict[str, Record]:
        """By name."""
        return self.sections["vlans"]

    @property
    def bridges(self) -> dict[str, Record]:
        """By name."""
        return self.sections["bridges"]

    def all(self) -> Iterator[tuple[str, Record]]:
        """Every device with its record, in the order in which an address is looked for."""
        for section in SECTIONS:
            yield from self.sections[section].items()

    def find(self, name: str) -> Record | None:
        """The record of ``name``; a bridge before a nic of the same name."""
        return next(
            (self.sections[section][name] for section in reversed(SECTIONS) if name in self.sections[section]), None
        )

    def mac_of(self, name: str) -> str:
        """The MAC address of a device; ``""`` if unknown."""
        if name in self.bridges:
            bridge = self.bridges[name]
            return mac_of(bridge.get("opts", {})) or next(
                (mac for port in bridge["ports"] if (mac := self.mac_of(port))), ""
            )
        if name in self.vlans:
            return self.mac_of(self.vlans[name]["iface"])
        return str((self.find(name) or {}).get("hwaddr", ""))

    def tag_of(self, name: str) -> int | None:
        """The VLAN that a device's packets leave the host on, 0: untagged; None: they do not leave it."""
        if name in self.bridges:
            outward = (port for port in self.bridges[name]["ports"] if self.find(port) is not None)
            return next((tag for port in outward if (tag := self.tag_of(port)) is not None), None)
        if name in self.vlans:
            base = self.vlans[name]["iface"]
            return None if base in self.bonds and not self.bonds[base]["slaves"] else int(self.vlans[name]["vlanid"])
        if name in self.bonds:
            return 0 if self.bonds[name]["slaves"] else None
        return 0

    def clear(self, name: str) -> None:
        """Take every address from a device."""
        record = self.find(name)
        if record is not None:
            record.update(blank_ip())

    def remove_bridge(self, name: str) -> None:
        """Delete a bridge, if it is there."""
        self.bridges.pop(name, None)

    def remove_vlan(self, name: str) -> None:
        """Delete a vlan, if it is there, also from the bridge that it is a port of."""
        if self.vlans.pop(name, None) is not None:
            self.release(name)

    def release(self, name: str) -> None:
        """Take ``name`` out of whatever bridge it is a port of."""
        for bridge in self.bridges.values():
            bridge["ports"] = [port for port in bridge["ports"] if port != name]

    def add_vlan(self, name: str, base: str, tag: int) -> None:
        """Make a vlan, or let an existing one be."""
        if name not in self.vlans:
            self.vlans[name] = self._filled({"iface": base, "vlanid": tag})

    def add_bridge(self, name: str, port: str, *, stp: bool, pinned: str) -> None:
        """Make a bridge over ``port`` (or none), or change an existing one; ``pinned``: its MAC address or ""."""
        bridge = self.bridges.get(name)
        self.release(port)
        if bridge is None:
            options = options_of(pinned or _own_mac(name), stp=stp)
            bridge = self.bridges[name] = self._filled({"opts": options, "ports": []})
        guests = [other for other in bridge["ports"] if self.find(other) is None]
        bridge.update({"ports": ([port] if port else []) + guests, "stp": "on" if stp else "off"})

    def remove_bond(self, name: str) -> None:
        """Delete a bond with the vlans on it; its slaves are free again."""
        bond = self.bonds.pop(name, None)
        for nic in bond["slaves"] if bond else ():
            self._free(nic)
            self.set_mtu(nic, int(DEFAULT_MTU))
        for vlan in [vlan for vlan, record in self.vlans.items() if record["iface"] == name]:
            self.remove_vlan(vlan)
        self.release(name)

    def declare_bond(self, name: str, wanted: Record) -> None:
        """Make a bond of ``wanted`` (canonical: nics, options, hwaddr), or change an existing one."""
        nics: list[str] = wanted["nics"]
        for other, record in self.bonds.items():
            if other != name:
                record["slaves"] = [nic for nic in record["slaves"] if nic not in nics]
        bond = self.bonds.setdefault(name, self._filled({"slaves": [], "active_slave": "", "switch": "legacy"}))
        own = next((self.nics[nic]["hwaddr"] for nic in nics), _own_mac(name))
        bond["hwaddr"] = wanted.get("hwaddr") or bond.get("hwaddr") or own
        for nic in bond["slaves"]:
            if nic not in nics:
                self._free(nic)
        kept = [nic for nic in bond["slaves"] if nic in nics]
        bond["slaves"] = kept + [nic for nic in nics if nic not in kept]
        options = wanted.get("options") or ""
        if not bond.get("opts") or not same(options, bond["opts"]):
            bond["opts"] = reported(options)
        self._enslave(bond)

    def _enslave(self, bond: Record) -> None:
        mode = bond["opts"].get("mode", "0")
        slaves = [self.nics[nic] for nic in bond["slaves"]]
        for slave in slaves:
            slave.setdefault("permhwaddr", slave["hwaddr"])
            slave.update({"hwaddr": bond["hwaddr"], **blank_ip()})
        for record in (bond, *slaves):
            if mode == LACP:
                record.setdefault("ad_aggregator_id", "1")
            else:
                record.pop("ad_aggregator_id", None)
        if mode == LACP:
            bond.setdefault("ad_partner_mac", "00:00:00:00:00:00")
        else:
            bond.pop("ad_partner_mac", None)
        speeds = [int(slave.get("speed", 0)) for slave in slaves]
        bond["speed"] = sum(speeds) if mode in SPREADING else max(speeds, default=0)
        if mode not in ONE_AT_A_TIME:
            bond["active_slave"] = ""
        elif bond["active_slave"] not in bond["slaves"]:
            bond["active_slave"] = next(iter(bond["slaves"]), "")

    def _free(self, nic: str) -> None:
        record = self.nics.get(nic)
        if record is not None:
            record["hwaddr"] = record.pop("permhwaddr", record["hwaddr"])
            record.pop("ad_aggregator_id", None)

    def set_mtu(self, name: str, mtu: int) -> None:
        """Give a device an MTU; a bond's slaves follow."""
        record: dict[str, Any] = self.find(name) or {}
        record["mtu"] = str(mtu)
        for slave in self.bonds.get(name, {}).get("slaves", ()):
            self.nics[slave]["mtu"] = str(mtu)

    def addresses(self) -> dict[str, list[str]]:
        """Every address without prefix, and the devices that have it."""
        found: dict[str, list[str]] = {}
        for name, record in self.all():
            held = {record["addr"]: None, **dict.fromkeys((*record["ipv4addrs"], *record["ipv6addrs"]))}
            texts = dict.fromkeys(str(ipaddress.ip_interface(address).ip) for address in held if address)
            for text in texts:
                found.setdefault(text, []).append(name)
        return found


def _own_mac(name: str) -> str:
    """The MAC address of a bridge that has none to take over (systemd's MACAddressPolicy): the same each time."""
    return "52:00:" + ":".join(f"{octet:02x}" for octet in zlib.crc32(name.encode()).to_bytes(4, "big"))
