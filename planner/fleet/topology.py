"""What is alike among hosts: how a host is attached, the age of its VDSM, and the shape of its plan."""

import re
from collections.abc import Mapping
from hashlib import sha256
from ipaddress import ip_address
from typing import Any

from planner.host.model import Host
from planner.printing import counted, json_text

Document = Mapping[str, Any]
METHODS = {
    "ipv4": {"static": "a static address", "dhcp": "DHCP"},
    "ipv6": {
        "static": "a static IPv6 address",
        "dhcp": "DHCPv6",
        "auto": "router advertisement",
        "auto+dhcp": "router advertisement and DHCPv6",
    },
}
NOWHERE = "no management address"
# Keys of a plan whose values are devices' names, and those whose values may be.
NAMING = ("iface", "nic", "nics", "bonding", "device", "primary", "active_slave")
MAYBE_NAMING = ("from", "to")
KEYED = ("bonding", "bondings", "networks")  # what has such names as keys
MAC = re.compile(r"(?:[0-9a-f]{2}:){5,19}[0-9a-f]{2}", re.IGNORECASE)  # InfiniBand's has twenty parts


def topology(plan: Document) -> str:
    """Where the management network of a plan's document is, in the field's words: ``vlan on bond of 2 nics by DHCP``.

    A host that is refused before anything is known of it is told by the kind of the device with the address.
    """
    management, attachment = plan["management"], plan["attachment"]
    if attachment is None:
        return str(management["kind"]) if management is not None else NOWHERE
    layers = ["bridge"] if management is not None and management["kind"] == "bridge" else []
    layers += ["vlan"] if attachment["vlan"] is not None else []
    bonds = list(attachment["bonding"].values())
    layers += [f"bond of {counted(len(bond['nics']), 'nic')}" for bond in bonds] or ["nic"]
    methods = (words.get(attachment[family]["method"], "") for family, words in METHODS.items())
    by = " and ".join(filter(None, methods))
    return " on ".join(layers) + (f" by {by}" if by else "")


def age(host: Host) -> str:
    """The age of a host's VDSM, with the system that it runs on where that is told: ``4.50 on EL9``."""
    version = ".".join(map(str, host.version[:2])) or "unknown"
    return f"{version} on EL{host.enterprise_linux}" if host.enterprise_linux >= 0 else version


def shape(plan: Document) -> str:
    """A digest of what a plan's document does, whatever devices, addresses and MAC addresses are called.

    Plans of one shape have the same outcome by the same rules, and steps that do the same; tag, MTU, bonding options
    and the network's name count.
    """
    roles = _Roles(plan)
    attachment = plan["attachment"]
    steps = [
        {
            "step": step["step"],
            "request": roles.of(step["request"]),
            "foreseen": sorted(json_text(roles.of(_effect(effect)), None) for effect in step["foreseen"]),
            "revert": roles.of(step["revert"]),
        }
        for step in plan["steps"]
    ]
    alike = {
        "outcome": plan["outcome"],
        "network": plan["network"],
        "management": None if plan["management"] is None else roles.of(dict(plan["management"])),
        "attachment": None if attachment is None else roles.of(attachment),
        "steps": steps,
        "set": sorted({(str(reason["field"]), str(reason["rule"])) for reason in plan["trace"]}),
        "said": sorted((one["severity"], one["code"], one["rule"]) for one in plan["problems"]),
    }
    return f"sha256:{sha256(json_text(alike, None).encode()).hexdigest()}"


def _effect(effect: Document) -> dict[str, Any]:
    """An effect without its reason, which is told in words and names."""
    return {key: value for key, value in effect.items() if key != "because"}


class _Roles:
    """Names and addresses of one plan, each by what it is there: the first nic of the bond, the second address."""

    def __init__(self, plan: Document) -> None:
        """Name what the attachment is made of; what else there is gets its role as it is met."""
        self.network = str(plan["network"])
        self.devices = {self.network: self.network}
        self.addresses: dict[str, str] = {}
        attachment = plan["attachment"]
        if attachment is not None:
            base, tag = str(attachment["iface"]), attachment["vlan"]
            for bond in attachment["bonding"].values():
                primary = bond["options"].get("primary")
                for number, nic in enumerate(sorted(bond["nics"], key=lambda nic: (nic != primary, nic)), 1):
                    self.devices.setdefault(str(nic), f"nic {number}")
            self.devices[base] = "base"
            self.devices.setdefault(f"{base}.{tag}", "port")
        if plan["management"] is not None:
            self.devices.setdefault(str(plan["management"]["device"]), "holder")

    def of(self, value: Any, key: str = "") -> Any:
        """``value`` with roles for names; ``key`` is what it is called."""
        match value:
            case dict():
                named = key in KEYED
                return {self._device(name) if named else name: self.of(one, str(name)) for name, one in value.items()}
            case list():
                members = sorted(value, key=self._device) if key == "nics" else value
                return [self.of(one, key) for one in members]
            case str() if key in NAMING:
                return self._device(value)
            case str() if key in MAYBE_NAMING and value in self.devices:
                return self.devices[value]
            case str() if key == "options":
                return " ".join(map(self._option, value.split()))
            case str():
                return self._text(value)
            case _:
                return value

    def _device(self, name: object) -> str:
        return self.devices.setdefault(str(name), f"device {len(self.devices)}")

    def _option(self, option: str) -> str:
        name, equals, value = option.partition("=")
        return f"{name}{equals}{self.of(value, name)}"

    def _text(self, value: str) -> str:
        """An address by its role, its prefix stays; anything else as it is."""
        address, slash, prefix = value.partition("/")
        if not _is_address(address):
            return value
        return f"{self.addresses.setdefault(address, f'address {len(self.addresses) + 1}')}{slash}{prefix}"


def _is_address(text: str) -> bool:
    if MAC.fullmatch(text):
        return True
    try:
        ip_address(text)
    except ValueError:
        return False
    return not text.startswith("255.")  # a netmask, which counts
