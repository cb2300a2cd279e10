"""The devices of a stand-in machine: records as caps spell them, and what can be done to one."""

import copy
import ipaddress
import zlib
from collections.abc import Iterator
from typing import Any

from planner.simulator import bonding_options, bridge_options
from planner.simulator.kernel import Record

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
        """The devices as `planner.simulator.kernel.Kernel.netinfo` has them."""
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
            return bridge_options.mac_of(bridge.get("opts", {})) or next(
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
            options = bridge_options.options_of(pinned or _own_mac(name), stp=stp)
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
        if not bond.get("opts") or not bonding_options.same(options, bond["opts"]):
            bond["opts"] = bonding_options.reported(options)
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
