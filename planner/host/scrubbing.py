"""A capture without what names its host: addresses, MAC addresses, device and network names, uuid are renamed.

By a key: who does not have it gets nothing back, who has it renames two captures of one host alike. What planning looks
at stays: which addresses share a subnet, which MAC addresses are equal, which addresses are made of one, how a vlan's
name is made of its base's, how long a name is, whether VDSM takes it for a bond's. What planning does not read is left
out. docs/scrubbing.md tells which is which.
"""

import ipaddress
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from planner.host.autoconf import IDENTIFIER, INFINIBAND, eui64
from planner.host.pseudonyms import Pseudonyms

# What planning reads of a capture, and what tells how old it is.
KEPT = (
    *(
        "networks",
        "bridges",
        "nics",
        "bondings",
        "vlans",
        "nameservers",
        "lastClientIface",
        "management_ip",
        "lastClient",
    ),
    *(
        "netConfigDirty",
        "software_version",
        "software_revision",
        "supportsIPv6",
        "clusterLevels",
        "uuid",
        "ovnConfigured",
    ),
)
TABLES = ("networks", "bridges", "bondings", "nics", "vlans")
# A version may look like an address (4.40.60.7), a netmask too (252.0.0.0): neither tells of anybody.
PLAIN = ("software_version", "software_revision", "version", "release", "clusterLevels", "netmask", "NETMASK")
# Of the operating system and of these packages that much is read.
PACKAGES = ("vdsm", "nmstate")
SYSTEM = {
    "name": re.compile(r"^RHEL$"),  # VDSM's word for CentOS, too
    "version": re.compile(r"^[0-9]{1,3}(?:\.[0-9]{1,3}){0,3}"),
    "release": re.compile(r"\.el[0-9]{1,3}(?![0-9])"),
}
# Of an ifcfg file what it says of the network; DOMAIN, DHCP_HOSTNAME, ESSID and the like name somebody.
IFCFG = re.compile(
    r"DEVICE|TYPE|ONBOOT|HOTPLUG|BOOTPROTO|IPADDR\d*|NETMASK\d*|PREFIX\d*|GATEWAY\d*|DEFROUTE|PEERDNS|PEERROUTES|DNS\d"
    r"|BRIDGE|STP|DELAY|MASTER|SLAVE|BONDING_OPTS|VLAN|VLAN_ID|PHYSDEV|MTU|HWADDR|MACADDR|NM_CONTROLLED|IPV6\w*|DHCPV6C"
)
# Where others are named: in a device's record, and in its ifcfg file.
REFERENCES = {"lastClientIface", "iface", "interface", "southbound", "ports", "slaves", "active_slave", "primary"} | {
    *("DEVICE", "BRIDGE", "MASTER", "PHYSDEV")
}
# A network may be called 100, and so may be a number of milliseconds: elsewhere these are no names.
AMBIGUOUS = re.compile(r"\d+|on|off|yes|no|true|false|none|static|dhcp|legacy|ovs", re.IGNORECASE)
# Of 6 bytes, or of the 20 of InfiniBand
MAC = re.compile(r"(?<![0-9A-Za-z:])[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?::[0-9A-Fa-f]{2}){19})(?![0-9A-Za-z:])")
BRIDGE_ID = re.compile(r"[0-9a-f]{4}\.([0-9a-f]{12})")
WORD = re.compile(r"[0-9A-Fa-f:.]+(?=$|[^0-9A-Za-z:.])")
UUID = re.compile(r"\b[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\b")


def scrub(
    capture: Mapping[str, Any], key: bytes, keep: Collection[str] = (), beside: Collection[str] = ()
) -> dict[str, Any]:
    """``capture``, a getVdsCaps document, renamed by ``key``; the names in ``keep`` (the management network's) stay.

    ``beside`` are names that go with the capture and need not be in it.
    """
    kept = {section: capture[section] for section in KEPT if section in capture} | _system(capture)
    new = pseudonyms(kept, key, keep, beside)
    return {section: _scrubbed(value, new, section) for section, value in kept.items()}


def pseudonyms(
    capture: Mapping[str, Any], key: bytes, keep: Collection[str] = (), beside: Collection[str] = ()
) -> Pseudonyms:
    """What ``scrub`` puts in the place of what. No two names become alike, and a vlan's follows its base's."""
    bare = Pseudonyms(key, adapters=_adapters(capture))
    known = {*_named(capture), *beside}
    names: dict[str, str] = {}
    taken = set(known)
    # A base before what is named after it; and that before what only looks so, which can still give way.
    for name in sorted(known, key=lambda name: (name.count("."), name.rpartition(".")[0] not in known, name)):
        base, _, tag = name.rpartition(".")
        names[name] = f"{names[base]}.{tag}" if tag.isdigit() and base in names else bare.name(name, keep, taken)
        taken.add(names[name])
    return bare._replace(names=names)


def _named(capture: Mapping[str, Any]) -> Iterator[str]:
    """The names of devices and networks, wherever one is told, and of what a vlan's name is made of."""
    for table, name, record in _records(capture):
        yield name
        if table == "vlans" and (base := name.rpartition(".")[0]):
            yield base
        ifcfg = record.get("cfg")
        told = [*record.items(), *(ifcfg.items() if isinstance(ifcfg, Mapping) else ())]
        for _, value in (item for item in told if item[0] in REFERENCES):
            yield from (one for one in (value if isinstance(value, list) else [value]) if one and isinstance(one, str))
    asked = capture.get("lastClientIface")
    if asked and isinstance(asked, str):
        yield asked


def _adapters(capture: Mapping[str, Any]) -> dict[int, str]:
    """The hardware addresses of InfiniBand by the interface identifiers that are made of them."""
    told = [record.get(key) for _, _, record in _records(capture) for key in ("hwaddr", "permhwaddr")]
    macs = [mac.lower() for mac in told if isinstance(mac, str) and MAC.fullmatch(mac)]
    long = [mac for mac in macs if len(mac.replace(":", "")) == INFINIBAND]
    return {int(ipaddress.IPv6Address(eui64("::", mac))) & IDENTIFIER: mac for mac in long}


def _records(capture: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Each device and network: its table, its name, its record."""
    for table in TABLES:
        listed = capture.get(table)
        for name, record in listed.items() if isinstance(listed, Mapping) else ():
            yield table, str(name), record if isinstance(record, Mapping) else {}


def _system(capture: Mapping[str, Any]) -> dict[str, Any]:
    """Of the operating system and the packages what planning reads; the rest may name somebody."""
    packages = capture.get("packages2")
    listed = packages if isinstance(packages, Mapping) else {}
    found = {
        "operatingSystem": _versions(capture.get("operatingSystem")),
        "packages2": {name: told for name in PACKAGES if (told := _versions(listed.get(name)))},
    }
    return {key: told for key, told in found.items() if told}


def _versions(record: Any) -> dict[str, str]:
    told = record if isinstance(record, Mapping) else {}
    found = {key: sign.search(told[key]) for key, sign in SYSTEM.items() if isinstance(told.get(key), str)}
    return {key: sign.group() for key, sign in found.items() if sign}


def _scrubbed(value: Any, new: Pseudonyms, key: str) -> Any:
    if key in PLAIN:
        return value
    if isinstance(value, Mapping):
        # Only a table's keys are names of devices: a nic may be called mtu, and stays what it is.
        renamed = new.names if key in TABLES else {}
        return {
            renamed.get(str(name), name): _scrubbed(inner, new, "" if key in TABLES else str(name))
            for name, inner in value.items()
            if key != "cfg" or IFCFG.fullmatch(str(name))
        }
    if isinstance(value, list):
        return [_scrubbed(item, new, key) for item in value]
    if not isinstance(value, str) or not value:
        return value
    if key == "uuid":
        return new.uuid(value)
    return new.names[value] if key in REFERENCES and value in new.names else _text(value, new)


def _text(value: str, new: Pseudonyms) -> str:
    """Text that may hold addresses and names among other things: bond options, ifcfg values."""
    if (whole := _elsewhere(value, new)) != value:
        return whole
    if BRIDGE_ID.fullmatch(value):
        return value[:5] + new.bare_mac(value[5:])
    value = UUID.sub(lambda found: new.uuid(found.group()), value)
    value = MAC.sub(lambda found: new.mac(found.group()), value)
    value = WORD.sub(lambda found: new.address(found.group()), value)
    return "".join(_elsewhere(part, new) for part in re.split(r"""([\s,=/%"']+)""", value))


def _elsewhere(text: str, new: Pseudonyms) -> str:
    """A name where there need be none."""
    return text if AMBIGUOUS.fullmatch(text) else new.names.get(text, text)
