"""Facts that Ansible gathers (`ansible -m setup`, a cache of facts): what a machine is, not how it was configured.

VLANs have no kind of their own in facts. One is known by its name alone, `eth2.100` over `eth2`, as VDSM before 4.14
knew it; of another device that is no card, it is told that it is left out.
"""

from collections.abc import Iterator
from typing import Any

from planner.host.caps import UNTOLD
from planner.host.fields import LARGEST_TAG, Findings, Record, names, netmask_length, number, text
from planner.host.formats.machine import (
    INCOMPLETE,
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

FORM = "ansible-facts"
COMMAND = "ansible HOST -m setup > host.json"
PREFIX = "ansible_"
SIGNS = ("interfaces", "default_ipv4", "all_ipv4_addresses")  # of facts about a network
STUB = ("127.", "::1")  # a resolver on the host itself tells no name server
ENTERPRISE_LINUX = ("RedHat", "CentOS", "Rocky", "AlmaLinux", "OracleLinux")


def recognises(document: Any) -> bool:
    """Whether ``document`` is, or holds, facts."""
    facts = _facts(document)
    return any(sign in facts for sign in SIGNS) and ("all_ipv4_addresses" in facts or "default_ipv4" in facts)


def _facts(document: Any) -> Record:
    """The facts without their prefix, which not every way of storing them keeps."""
    held = document.get("ansible_facts", document) if isinstance(document, dict) else {}
    facts = held if isinstance(held, dict) else {}
    return {str(key).removeprefix(PREFIX): value for key, value in facts.items()}


def caps_of(document: Any, findings: Findings) -> Record:
    """The document of getVdsCaps that facts come to; what is wrong with them goes to ``findings``."""
    facts = _facts(document)
    devices = {
        record["device"]: record
        for key, record in facts.items()
        if isinstance(record, dict) and isinstance(record.get("device"), str) and not key.startswith("default_")
    }
    if not devices:
        hint = f"`{COMMAND}` without gather_subset, {WANTED}"
        findings.wrong("", "these facts are without the host's devices", hint, INCOMPLETE)
        return {}
    return _caps(facts, devices, findings)


def _caps(facts: Record, devices: dict[str, Record], findings: Findings) -> Record:
    sections: dict[str, Record] = {"bondings": {}, "bridges": {}, "nics": {}, "vlans": {}}
    defaults = list(_defaults(facts, findings))
    for name, device in devices.items():
        record = _device(name, device, defaults, findings)
        base, _, tag = name.rpartition(".")
        match device.get("type"):
            case "bonding":
                mode = text(device, "mode", name, findings)
                told = {"opts": opts(mode, device)} if mode else {}
                sections["bondings"][name] = record | told | {"slaves": list(names(device, "slaves", name, findings))}
            case "bridge":
                ports = list(names(device, "interfaces", name, findings))
                sections["bridges"][name] = record | {"ports": ports, "stp": device.get("stp")}
            case "ether" | "infiniband" if "module" in device or "pciid" in device:
                if not is_hidden(name):
                    permanent = text(device, "perm_macaddress", name, findings)
                    sections["nics"][name] = record | ({"permhwaddr": permanent} if permanent else {})
            case "ether" if base in devices and tag.isdigit() and int(tag[:5]) <= LARGEST_TAG:
                sections["vlans"][name] = record | {"iface": base, "vlanid": int(tag)}
            case "ether" if record["addr"]:
                message = "facts do not tell what this device is: no card, and no VLAN by its name"
                findings.odd(name, message, "it is left out; `ip -d link` tells")
    return {**sections, **_nameservers(facts), **_system(facts), UNTOLD: _untold(facts, sections)}


def _defaults(facts: Record, findings: Findings) -> Iterator[Default]:
    for family in (4, 6):
        route = facts.get(f"default_ipv{family}")
        if isinstance(route, dict) and route.get("interface"):
            told = (text(route, key, f"default_ipv{family}", findings) for key in ("interface", "gateway"))
            device, gateway = told
            yield Default(device, family, gateway)


def _device(name: str, device: Record, defaults: list[Default], findings: Findings) -> Record:
    keys = ip_keys(name, _addresses(name, device, findings), defaults, Method())
    return {**keys, "mtu": device.get("mtu"), "hwaddr": text(device, "macaddress", name, findings)}


def _addresses(name: str, device: Record, findings: Findings) -> Iterator[str]:
    """Each address; facts before Ansible 2.0 have a list of IPv4 addresses here and there, and a map elsewhere."""
    for key in ("ipv4", "ipv4_secondaries", "ipv6"):
        told = device.get(key)
        for record in told if isinstance(told, list) else [told]:
            if isinstance(record, dict) and record.get("address") and record.get("scope") != "link":
                written = address(_written(record, f"{name}.{key}", findings), f"{name}.{key}", findings)
                if written:
                    yield written


def _written(record: Record, path: str, findings: Findings) -> str:
    bare = text(record, "address", path, findings)
    length = netmask_length(text(record, "netmask", path, findings)) if "netmask" in record else None
    if length is None:
        length = number(record, "prefix", "a prefix length", path, findings, largest=128)
    return f"{bare}/{length}" if length >= 0 else bare


def _nameservers(facts: Record) -> Record:
    dns = facts.get("dns")
    told = dns.get("nameservers") if isinstance(dns, dict) else None
    listed = [one for one in told if isinstance(one, str)] if isinstance(told, list) else []
    return {"nameservers": listed} if listed and not any(one.startswith(STUB) for one in listed) else {}


def _system(facts: Record) -> Record:
    """The major version of Enterprise Linux, in VDSM's words."""
    major = facts.get("distribution_major_version")
    if facts.get("distribution") not in ENTERPRISE_LINUX or not isinstance(major, str):
        return {}
    return {"operatingSystem": {"name": "RHEL", "version": major}}


def _untold(facts: Record, sections: dict[str, Record]) -> list[str]:
    devices = [record for section in sections.values() for record in section.values()]
    return [
        *VDSM_ALONE,
        *(["opts"] if sections["bondings"] else []),  # but mode, miimon and lacp_rate
        "vlanid",
        "ipv4defaultroute",  # of several devices with one
        *methods_untold(devices),
        *([] if _nameservers(facts) else ["nameservers"]),
    ]
