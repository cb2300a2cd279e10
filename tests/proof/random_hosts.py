"""Captures of hosts as a kernel could have them: any stack of nics, bonds, vlans and bridges, by a seed."""

from random import Random
from typing import Any

IDLE = {"addr": "", "netmask": "", "ipv4addrs": [], "ipv6addrs": [], "gateway": "", "ipv6gateway": "::"}


class Builder:
    """One host in the making; whatever is chosen, a kernel would take it."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.capture: dict[str, Any] = {name: {} for name in ("nics", "bondings", "vlans", "bridges", "networks")}
        self.free: list[str] = []  # devices that nothing has taken whole
        self.numbers = iter(range(10, 250))
        self.held: list[str] = []

    def often(self, share: float = 0.5) -> bool:
        return self.chance.random() < share

    def build(self) -> tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]:
        """The capture, the definition, and the management addresses that are given."""
        for number in range(self.chance.randint(1, 5)):
            name = self.chance.choice((f"eth{number}", f"enp129s0f1np{number}", f"p4p{number}"))
            mac = f"52:54:00:00:00:{number:02x}" if self.often(0.9) else ":".join([f"{number:02x}"] * 20)
            self.capture["nics"][name] = {**self.ip(), "hwaddr": mac, "mtu": self.mtu()}
            self.free.append(name)
        for number in range(self.chance.randint(0, 2)):
            self.bond(self.chance.choice((f"bond{number}", f"team-{number}")))
        for _ in range(self.chance.randint(0, 4)):
            self.vlan()
        for number in range(self.chance.randint(0, 2)):
            self.bridge(f"br{number}")
        if self.often():
            self.network("ovirtmgmt")
        if self.often(0.3):
            self.network("storage")
        self.capture["nameservers"] = ["192.0.2.53", "2001:db8::53"][: self.chance.randint(0, 2)]
        devices = [name for section in self.capture.values() if isinstance(section, dict) for name in section]
        if self.often():
            self.capture["lastClientIface"] = self.chance.choice([*devices, "unlisted0"])
        if self.often(0.9):
            self.capture["software_version"] = self.chance.choice(
                ("4.50.5", "4.40.60", "4.30", "4.19.1", "4.17.2", "4.9")
            )
        wanted = self.chance.sample(self.held, min(len(self.held), self.chance.randint(0, 2)))
        return self.capture, self.definition(), tuple(wanted or (["198.51.100.9"] if self.often(0.1) else []))

    def definition(self) -> dict[str, Any]:
        """What is wanted, now and then what is there."""
        own = self.capture["networks"].get("ovirtmgmt")
        if own is not None and self.often(0.4):
            tag = {"vlan": own["vlanid"]} if "vlanid" in own else {}
            stp = {"stp": own["stp"] == "on"} if own["bridged"] else {}
            return {"network": "ovirtmgmt", "vm_network": own["bridged"], "mtu": int(own["mtu"]), **tag, **stp}
        chosen: dict[str, Any] = {"network": self.chance.choice(("ovirtmgmt", "br0", "a-long-network-name"))}
        chosen["vm_network"] = self.often()
        choices = {
            "vlan": [7, 100, 4094],
            "mtu": [1280, 1500, 9000],
            "stp": [True],
            "default_route": [True, False],
            "nameservers": [["192.0.2.54"]],
            "gateway": ["none", "192.0.2.1", ["192.0.2.1", "2001:db8::1"]],
            "ipv4": ["dhcp", "static"],
        }
        for name, values in choices.items():
            if self.often(0.3):
                chosen[name] = self.chance.choice(values)
        return chosen

    def mtu(self) -> str:
        return self.chance.choice(("1500", "9000", "1400"))

    def ip(self) -> dict[str, Any]:
        """An IP configuration; most devices have none."""
        if self.often(0.6):
            return dict(IDLE)
        v4 = [f"192.0.2.{next(self.numbers)}" for _ in range(self.chance.randint(0, 2))]
        v6 = [f"2001:db8::{next(self.numbers):x}" for _ in range(self.chance.randint(0, 2))]
        self.held += v4 + v6
        return {
            "addr": v4[0] if v4 else "",
            "netmask": "255.255.255.0" if v4 else "",
            "ipv4addrs": [f"{one}/{self.chance.choice((24, 32))}" for one in v4],
            "ipv6addrs": [f"{one}/{self.chance.choice((64, 128))}" for one in v6],
            "gateway": "192.0.2.1" if v4 and self.often() else "",
            "ipv6gateway": "2001:db8::1" if v6 and self.often() else "::",
            "ipv4defaultroute": bool(v4) and self.often(),
            "dhcpv4": bool(v4) and self.often(0.3),
            "dhcpv6": self.often(0.2),
            "ipv6autoconf": self.often(0.3),
        }

    def bond(self, name: str) -> None:
        count = self.chance.randint(0, 3)
        members = [one for one in self.free if one in self.capture["nics"]][:count]
        self.free = [one for one in self.free if one not in members]
        options = {"mode": str(self.chance.randint(0, 6))} if self.often(0.9) else {}
        if options.get("mode") == "1" and self.often():
            options["fail_over_mac"] = self.chance.choice(("0", "1", "2"))
        hwaddr = self.capture["nics"][members[0]]["hwaddr"] if members else ""
        bond = {**self.ip(), "slaves": members, "opts": options, "mtu": self.mtu(), "hwaddr": hwaddr}
        self.capture["bondings"][name] = bond
        self.free.append(name)

    def vlan(self) -> None:
        base = self.chance.choice([*self.capture["nics"], *self.capture["bondings"]])
        tag = self.chance.choice((7, 100, 4094))
        name = f"{base}.{tag}" if self.often(0.8) and len(f"{base}.{tag}") <= 15 else f"vlan{tag}"
        taken = [(vlan["iface"], vlan["vlanid"]) for vlan in self.capture["vlans"].values()]
        if name not in self.capture["vlans"] and (base, tag) not in taken:
            self.capture["vlans"][name] = {**self.ip(), "iface": base, "vlanid": tag, "mtu": self.mtu()}
            self.free.append(name)

    def bridge(self, name: str) -> None:
        count = self.chance.randint(0, 2)
        ports, self.free = self.free[:count], self.free[count:]
        stp = self.chance.choice(("on", "off"))
        ports = [*ports, f"vnet-{name}"] if self.often(0.2) else ports
        self.capture["bridges"][name] = {**self.ip(), "ports": ports, "stp": stp, "mtu": self.mtu()}

    def network(self, name: str) -> None:
        """A network of VDSM's on a device that nothing else has."""
        if not self.free:
            return
        port = self.free.pop(self.chance.randrange(len(self.free)))
        vlan = self.capture["vlans"].get(port)
        section = next(one for one in ("nics", "bondings", "vlans") if port in self.capture[one])
        bridged = self.often()
        network: dict[str, Any] = {"iface": name if bridged else port, "bridged": bridged, "southbound": port}
        if bridged:
            stp = self.chance.choice(("on", "off"))
            self.capture["bridges"][name] = {**self.ip(), "ports": [port], "stp": stp, "mtu": self.mtu()}
            network |= {"ports": [port], "stp": stp}
        holder = self.capture["bridges"][name] if bridged else self.capture[section][port]
        network |= {
            key: value for key, value in holder.items() if key in IDLE or key.startswith(("ipv", "dhcp", "mtu"))
        }
        network |= {"vlanid": vlan["vlanid"]} if vlan else {}
        self.capture["networks"][name] = network | ({"switch": "legacy"} if self.often(0.8) else {})
