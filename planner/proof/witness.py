"""From the facts that refute a statement to a capture that shows it, planned by the real planner.

The facts are a solver's: of each device only what the question needs. They are written as a capture as VDSM reports it,
with names and addresses that a person can read, and read again; only what the planner says of that capture counts.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import planner
from planner.definition import Definition, read_definition
from planner.engine.decide import decide
from planner.engine.matcher import Memory, match
from planner.facts.compute import READERS
from planner.facts.vocabulary import Fact, Scalar
from planner.host.capture import read_capture
from planner.host.model import Host
from planner.rules.compiled import Compiled
from planner.rules.model import Pattern, Rule
from planner.rules.steps import steps_of

NAMES = {"nic": "eth{}", "bond": "bond{}", "vlan": "vlan{}", "bridge": "br{}", "network": "net{}"}
LONG = {"nic": "enp129s0f1npx{}", "bond": "bond_of_uplink{}"}  # with a tag they are longer than the kernel's 15
MAC = "52:54:00:00:{:02x}:{:02x}"
# What is told of a family in which a device has nothing.
NOTHING: Mapping[str, Scalar] = {
    "method": "none",
    "address": "",
    "prefix": -1,
    "gateway": "",
    "default_route": 0,
}  # told of a family
INFINIBAND = "80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:00:{:02x}:{:02x}"


class Witness(NamedTuple):
    """A host that shows something: its capture, its definition, and the management addresses that are given."""

    capture: dict[str, Any]
    definition: dict[str, Any]
    addresses: tuple[str, ...]

    def read(self) -> tuple[Host, Definition] | None:
        """The host and its definition, or None if there can be no such capture."""
        host = read_capture(self.capture, "capture.json").host
        definition = read_definition(self.definition, "definition.yaml").definition
        return (host, definition) if host is not None and definition is not None else None


def witness_of(facts: Sequence[Fact]) -> Witness:
    """The capture that has these facts, as far as a capture can have them."""
    return _Writing(facts).witness()


def shows(witness: Witness, rules: Compiled, never: Sequence[Pattern]) -> bool:
    """Whether the planner makes of this host what must never be."""
    read = witness.read()
    if read is None:
        return False
    facts = told(*read, rules, witness.addresses)
    stage = steps_of([Rule("never", "guard", "", when=tuple(never))])
    return bool(match(stage, Memory(facts), range(1)).firings)


def told(host: Host, definition: Definition, rules: Compiled, addresses: Sequence[str]) -> list[Fact]:
    """Every fact of a host, what the rules conclude of it, and what the plan is: all that an invariant speaks of."""
    every = rules._replace(kinds=frozenset(READERS))
    judgements = planner.consider(host, definition, every, addresses)
    decision = decide(judgements)
    facts = [*judgements[-1].facts, *judgements[-1].conclusions, Fact("outcome", {"is": decision.outcome}, "")]
    for problem in decision.problems:
        fields = {"rule": problem.rule, "severity": problem.severity, "code": problem.code, "hint": problem.hint}
        facts.append(Fact("problem", fields, ""))
    return facts


class _Writing:
    """The capture in the making."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        self.facts: dict[str, list[Mapping[str, Scalar]]] = {}
        for fact in facts:
            self.facts.setdefault(fact.kind, []).append(fact.fields)
        self.definition = self.facts["definition"][0]
        self.texts: dict[Scalar, str] = {"": ""}
        self.addresses: dict[tuple[int, Scalar], str] = {}
        self.sections: dict[str, dict[str, Any]] = {
            section: {} for section in ("nics", "bondings", "vlans", "bridges", "networks")
        }

    def of(self, kind: str) -> list[Mapping[str, Scalar]]:
        return self.facts.get(kind, [])

    def witness(self) -> Witness:
        self._name()
        for fact in self.of("nic"):
            self.sections["nics"][self.texts[fact["name"]]] = {
                **self._device(fact),
                "hwaddr": self._mac(str(self._told(fact)["link"])),
            }
        for fact in self.of("bond"):
            self._bond(fact)
        for fact in self.of("vlan"):
            vlan = {**self._device(fact), "iface": self._text(fact["base"])}
            vlan["vlanid"] = fact["tag"] if fact["tag"] != -1 else ""
            self.sections["vlans"][self.texts[fact["name"]]] = vlan
        for fact in self.of("bridge"):
            ports = [self._text(port["device"]) for port in self.of("port") if port["bridge"] == fact["name"]]
            stp = {"stp": "on" if fact["stp"] else "off"} if fact["stp"] != -1 else {}
            bridge = {**self._device(fact), "ports": ports, **stp}
            self.sections["bridges"][self.texts[fact["name"]]] = bridge
        for fact in self.of("network"):
            self._network(fact)
        capture: dict[str, Any] = {**self.sections, **self._software()}
        capture["nameservers"] = self._listed(self.of("host")[0]["nameservers"] if self.of("host") else "")
        for fact in self.of("client"):
            capture["lastClientIface"] = self._text(fact["device"])
        wanted = tuple(self._wanted(fact) for fact in self.of("wanted"))
        return Witness(capture, self._definition(), wanted)

    def _name(self) -> None:
        """A name for each device: what stands on others is called after them, as VDSM and people do it."""
        long = {fact["base"] for fact in self.of("vlan") if int(fact["vdsm_name_length"]) > 15}
        for kind in ("nic", "bond", "bridge", "network"):
            for fact in self.of(kind):
                pattern = LONG.get(kind, NAMES[kind]) if fact["name"] in long else NAMES[kind]
                own = fact["name"] == self.definition["network"]
                self.texts.setdefault(fact["name"], "ovirtmgmt" if own else pattern.format(len(self.texts)))
        self.texts.setdefault(self.definition["network"], "ovirtmgmt")
        for fact in self.of("vlan"):
            base = self._text(fact["base"], "nic" if fact["base"] in long else "bridge")
            named = f"{base}.{fact['tag']}" if fact["conventional"] else f"vlan{len(self.texts)}"
            self.texts.setdefault(fact["name"], named)

    def _text(self, value: Scalar, kind: str = "nic") -> str:
        return self.texts.setdefault(value, NAMES[kind].format(len(self.texts)))

    def _mac(self, link: str) -> str:
        number = len(self.sections["nics"]) + 1
        return (INFINIBAND if link == "infiniband" else MAC).format(number >> 8, number & 255)

    def _device(self, fact: Mapping[str, Scalar]) -> dict[str, Any]:
        mtu = self._told(fact)["mtu"]
        return {**self._ip(fact["name"]), **({"mtu": str(mtu)} if mtu != -1 else {})}

    def _told(self, fact: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
        """What is told of a nic, bond, vlan or bridge as a device."""
        return next(device for device in self.of("device") if device["name"] == fact["name"])

    def _ip(self, device: Scalar) -> dict[str, Any]:
        """The keys of the IP configuration of a device."""
        ips = {fact["family"]: fact for fact in self.of("ip") if fact["device"] == device}
        if not ips:
            return {"addr": "", "netmask": "", "ipv4addrs": [], "ipv6addrs": [], "gateway": "", "ipv6gateway": "::"}
        held: dict[int, list[str]] = {4: [], 6: []}
        for fact in self.of("address"):
            if fact["device"] == device:
                family = 6 if fact["family"] == 6 else 4
                held[family].append(f"{self._address(fact['address'], family)}/{_prefix(family, fact['prefix'])}")
        four, six = ips.get(4, NOTHING), ips.get(6, NOTHING)
        primary = self._address(four["address"], 4)
        return {
            "addr": primary,
            "netmask": _netmask(_prefix(4, four["prefix"])) if primary else "",
            "ipv4addrs": held[4],
            "ipv6addrs": held[6],
            "gateway": self._gateway(four["gateway"], 4),
            "ipv6gateway": self._gateway(six["gateway"], 6) or "::",
            "ipv4defaultroute": four["default_route"] == 1,
            "dhcpv4": four["method"] == "dhcp",
            "dhcpv6": "dhcp" in str(six["method"]),
            "ipv6autoconf": "auto" in str(six["method"]),
        }

    def _address(self, value: Scalar, family: Scalar) -> str:
        """An address for a text; the same for the same text."""
        if not value:
            return ""
        version = 6 if family == 6 else 4
        pattern = "2001:db8::{:x}" if version == 6 else "192.0.2.{}"
        return self.addresses.setdefault((version, value), pattern.format(10 + len(self.addresses)))

    def _wanted(self, fact: Mapping[str, Scalar]) -> str:
        """The address that was given; one of a device is that, whatever is said of it."""
        if fact["loopback"] == 1 and all(one["address"] != fact["address"] for one in self.of("address")):
            return "::1" if fact["family"] == 6 else "127.0.0.1"
        return self._address(fact["address"], fact["family"])

    def _gateway(self, value: Scalar, family: int) -> str:
        if not value or value == "none":
            return str(value)
        return "192.0.2.1" if family == 4 else "2001:db8::1"

    def _listed(self, value: Scalar) -> list[str]:
        return ["192.0.2.53"] if value else []

    def _bond(self, fact: Mapping[str, Scalar]) -> None:
        link = str(self._told(fact)["link"])
        members = [self._text(member["nic"]) for member in self.of("member") if member["bond"] == fact["name"]]
        while len(members) < min(int(fact["members"]), 8):
            members.append(f"eth{100 + len(self.sections['nics']) + len(members)}")
        for member in members:
            listed = [one["listed"] for one in self.of("member") if self.texts.get(one["nic"]) == member]
            if listed != [0]:
                idle = {**self._ip(""), "mtu": "1500", "hwaddr": self._mac(link)}
                self.sections["nics"].setdefault(member, idle)
        options: dict[str, Any] = {}
        if fact["mode"] != -1:
            options = {"opts": {"mode": str(fact["mode"])}}
            if fact["mode"] == 1 and int(fact["fail_over_mac"]) in (1, 2):
                options["opts"]["fail_over_mac"] = str(fact["fail_over_mac"])
        told = {"switch": str(fact["switch"])} if fact["switch"] in ("ovs", "legacy") else {}
        hwaddr = {"hwaddr": self._mac(link)} if link else {}
        bond = {**self._device(fact), **hwaddr, "slaves": members, **options, **told}
        self.sections["bondings"][self.texts[fact["name"]]] = bond

    def _network(self, fact: Mapping[str, Scalar]) -> None:
        device, port = self._text(fact["device"], "bridge"), self._text(fact["port"])
        bridged = fact["bridged"] == 1
        network: dict[str, Any] = {**self._ip(fact["device"]), "iface": device, "bridged": bridged, "southbound": port}
        if bridged:
            network["ports"] = [] if fact["portless"] == 1 else [port]
            network["stp"] = "on" if fact["stp"] == 1 else "off"
        network |= {"mtu": str(fact["mtu"])} if fact["mtu"] != -1 else {}
        network |= {"vlanid": fact["vlan"]} if fact["vlan"] != -1 else {}
        network |= {"switch": str(fact["switch"])} if fact["switch"] in ("ovs", "legacy") else {}
        network["ipv4defaultroute"] = fact["default_route"] == 1
        self.sections["networks"][self.texts[fact["name"]]] = network

    def _software(self) -> dict[str, Any]:
        vdsm = self.facts["vdsm"][0]
        version = int(vdsm["version"])
        told: dict[str, Any] = {}
        if vdsm["known"] == 1:
            patch = f".{vdsm['patch']}" if vdsm["patch"] != -1 else ""
            told["software_version"] = f"{version // 100}.{version % 100}{patch}"
        if int(vdsm["nmstate"]) > 0:
            number = int(vdsm["nmstate"])
            packaged = f"{number // 10000}.{number // 100 % 100}.{number % 100}"
            told["packages2"] = {"nmstate": {"version": packaged, "release": "1"}}
        if vdsm["dirty"] != -1:
            told["netConfigDirty"] = str(vdsm["dirty"] == 1)
        return told

    def _definition(self) -> dict[str, Any]:
        given = self.definition
        found: dict[str, Any] = {
            "network": self.texts[given["network"]],
            "vm_network": given["vm_network"] == 1,
            "mtu": given["mtu"],
            "stp": given["stp"] == 1,
        }
        if given["vlan"] != -1:
            found["vlan"] = given["vlan"]
        if given["default_route_stated"] == 1:
            found["default_route"] = given["default_route"] == 1
        if given["nameservers_stated"] == 1:
            found["nameservers"] = self._listed(given["nameservers"])
        gateways = [self._gateway(fact["gateway"], int(fact["family"])) for fact in self.of("defined")]
        if any(gateways):
            found["gateway"] = "none" if "none" in gateways else list(filter(None, gateways))
        if given["ipv4"]:
            found["ipv4"] = given["ipv4"]
        return found


def _prefix(family: int, prefix: Scalar) -> int:
    longest = 32 if family == 4 else 64
    return min(int(prefix), longest) if int(prefix) > 0 else longest - 8


def _netmask(prefix: int) -> str:
    bits = (0xFFFFFFFF << (32 - prefix)) & 0xFFFFFFFF
    return ".".join(str(bits >> shift & 255) for shift in (24, 16, 8, 0))
