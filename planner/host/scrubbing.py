"""A capture without what names its host: addresses, MAC addresses, device and network names, uuid are renamed.

The same input always becomes the same output, so two captures of one host stay comparable. What planning looks at
stays: which addresses share a subnet, which MAC addresses are equal, which addresses are made of
one, how a vlan's name is made of its base's, how long
a name is, whether VDSM takes it for a bond's. What planning does not read is left out.
"""

import hashlib
import ipaddress
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from planner.host.autoconf import eui64, maker_of

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
# Names that the kernel, systemd or a distribution gives, and that so name nobody.
STANDARD = re.compile(
    r"(eth|em|lan|wlan|bond|br|virbr|vnet|dummy|veth|team|vlan|ib)\d+(-nic)?|en[opsx][0-9a-z]+|p\d+p\d+(_\d+)?|lo|;vdsmdummy;|docker0|br-int"
)
NAMED_BY_MAC = re.compile(r"enx([0-9a-f]{12})")
# Of 6 bytes, or of the 20 of InfiniBand
MAC = re.compile(r"(?<![0-9A-Za-z:])[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?::[0-9A-Fa-f]{2}){19})(?![0-9A-Za-z:])")
BRIDGE_ID = re.compile(r"[0-9a-f]{4}\.([0-9a-f]{12})")
WORD = re.compile(r"[0-9A-Fa-f:.]+(?=$|[^0-9A-Za-z:.])")
UUID = re.compile(r"\b[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\b")
ATTEMPTS = 1000
# Zeros at the head of an interface identifier tell that a person wrote the address (planner.host.autoconf).
HANDMADE = range(64, 96)
SAME_MAC = ("00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:80:c2:00:00:00")


def scrub(capture: Mapping[str, Any], keep: Collection[str] = (), beside: Collection[str] = ()) -> dict[str, Any]:
    """``capture``, a getVdsCaps document, renamed; the names in ``keep`` (the management network's) stay.

    ``beside`` are names that go with the capture and need not be in it.
    """
    kept = {key: capture[key] for key in KEPT if key in capture} | _system(capture)
    names = renaming(kept, keep, beside)
    return {key: _scrubbed(value, names, key) for key, value in kept.items()}


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


def renaming(capture: Mapping[str, Any], keep: Collection[str] = (), beside: Collection[str] = ()) -> dict[str, str]:
    """Old names by new ones, no two alike. A vlan's follows its base's."""
    known = {str(name) for table in TABLES if isinstance(capture.get(table), Mapping) for name in capture[table]}
    vlans = capture.get("vlans")
    devices = vlans.values() if isinstance(vlans, Mapping) else ()
    stacked = [device.get("iface") for device in devices if isinstance(device, Mapping)]
    known |= {str(name) for name in [*stacked, capture.get("lastClientIface"), *beside] if name}
    new: dict[str, str] = {}
    taken = set(known)
    for name in sorted(known):  # a base before what is named after it
        base, dot, tag = name.rpartition(".")
        new[name] = f"{new[base]}.{tag}" if dot and tag.isdigit() and base in new else _name(name, keep, taken)
        taken.add(new[name])
    return new


def _name(name: str, keep: Collection[str], taken: Collection[str]) -> str:
    """Another name that nothing has; a name with so few letters that all others are taken stays."""
    if by_mac := NAMED_BY_MAC.fullmatch(name):
        return f"enx{_bare_mac(by_mac.group(1))}"
    if name in keep or STANDARD.fullmatch(name):
        return name
    head = "bond" if name.startswith("bond") else ""
    rest = name[len(head) :]
    for attempt in range(ATTEMPTS):
        noise = hashlib.sha256(f"name {name}{attempt or ''}".encode()).digest()
        new = head + "".join(_letter(letter, noise[index % len(noise)]) for index, letter in enumerate(rest))
        if new not in taken:
            return new
    return name


def _letter(letter: str, noise: int) -> str:
    """Another character of the same class: what a name may be depends on these, and on its length."""
    if letter.isascii() and letter.isalpha():
        new = "bcdfghjklmnpqrstvwxz"[noise % 20]
        return new.upper() if letter.isupper() else new
    if letter.isascii() and letter.isdigit():
        return str(noise % 10)
    return letter


def _scrubbed(value: Any, names: Mapping[str, str], key: str) -> Any:
    if key in PLAIN:
        return value
    if isinstance(value, Mapping):
        # Only a table's keys are names of devices: a nic may be called mtu, and stays what it is.
        renamed = names if key in TABLES else {}
        return {
            renamed.get(str(name), name): _scrubbed(inner, names, "" if key in TABLES else str(name))
            for name, inner in value.items()
            if key != "cfg" or IFCFG.fullmatch(str(name))
        }
    if isinstance(value, list):
        return [_scrubbed(item, names, key) for item in value]
    if not isinstance(value, str) or not value:
        return value
    if key == "uuid":
        return uuid(value)
    return names.get(value) or _text(value, names)


def uuid(text: str) -> str:
    """Another uuid."""
    noise = hashlib.sha256(f"uuid {text}".encode()).hexdigest()
    return "-".join((noise[:8], noise[8:12], noise[12:16], noise[16:20], noise[20:32]))


def _text(value: str, names: Mapping[str, str]) -> str:
    """Text that may hold addresses and names among other things: bond options, ifcfg values."""
    if BRIDGE_ID.fullmatch(value):
        return value[:5] + _bare_mac(value[5:])
    value = UUID.sub(lambda found: uuid(found.group()), value)
    value = MAC.sub(lambda found: mac(found.group()), value)
    value = WORD.sub(lambda found: address(found.group()), value)
    parts = re.split(r"([\s,=/]+)", value)
    return "".join(names.get(part, part) for part in parts)


def mac(text: str) -> str:
    """Another MAC address, locally administered, with the letters as large as before."""
    lower = text.lower()
    if lower in SAME_MAC:
        return text
    noise = hashlib.sha256(f"mac {lower}".encode()).digest()
    new = ":".join(f"{byte:02x}" for byte in (2, *noise[: lower.count(":")]))
    return new.upper() if text.upper() == text and text.lower() != text else new


def _bare_mac(digits: str) -> str:
    return mac(":".join(digits[at : at + 2] for at in range(0, 12, 2))).replace(":", "")


def address(text: str) -> str:
    """Another address; two addresses share a prefix just when they did before. What is none stays."""
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return text
    special = parsed.is_loopback or parsed.is_unspecified or parsed.is_link_local or parsed.is_multicast
    if special or text.startswith("255.") or (parsed.version == 4 and int(parsed) >> 24 == 0):
        return text if not (parsed.version == 6 and parsed.is_link_local) else _flipped(parsed, 64, _same)
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        return f"::ffff:{address(str(parsed.ipv4_mapped))}"
    if parsed.version == 4:
        return _flipped(parsed, 8, lambda bits: (bits & 0x00FFFFFF) | 10 << 24)
    moved = _flipped(parsed, 32, lambda bits: (bits & ((1 << 96) - 1)) | 0x20010DB8 << 96)
    maker = maker_of(str(parsed))
    return eui64(moved, mac(maker)) if maker else moved


def _same(bits: int) -> int:
    return bits


def _flipped(parsed: ipaddress.IPv4Address | ipaddress.IPv6Address, first: int, moved: Callable[[int], int]) -> str:
    """Each bit from ``first`` on flipped or not by what stands before it; an IPv4 host's last byte stays."""
    width, bits = parsed.max_prefixlen, int(parsed)
    last = 24 if width == 32 else width
    flipped = bits
    for position in range(first, last):
        before = bits >> (width - position)
        if position in HANDMADE and width == 128 and not before & ((1 << (position - 64)) - 1):
            continue
        if hashlib.sha256(f"{width} {position} {before}".encode()).digest()[0] & 1:
            flipped ^= 1 << (width - 1 - position)
    return str(type(parsed)(moved(flipped)))
