"""A capture without what names its host: addresses, MAC addresses, device and network names, uuid are renamed.

By a key: who does not have it gets nothing back, who has it renames two captures of one host alike. What planning looks
at stays: which addresses share a subnet, which MAC addresses are equal, which addresses are made of one, how a vlan's
name is made of its base's, how long a name is, whether VDSM takes it for a bond's. What planning does not read is left
out. docs/scrubbing.md tells which is which.
"""

import hmac
import ipaddress
import re
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from planner.host.caps import NOT_SOUTHBOUND, UNTOLD
from planner.host.model import IDENTIFIER, INFINIBAND, eui64, maker_of

# What stands for an address, a MAC address, a uuid or a name: made with a key, without which nothing leads back.
#
# IP addresses share the prefixes that they shared, as Crypto-PAn has it: each bit is turned over or not by what stands
# before it.


# The first bits of every new address, and how many they are: a range that no router on the Internet takes.
HEADS = {4: (10, 8), 6: (0x20010DB8, 32)}
LINK_LOCAL = {4: 16, 6: 64}  # so many bits of a link-local address are alike everywhere
# 32 zeros at the head of an interface identifier tell that a person wrote the address (planner.host.model). They can
# be kept only together with how many there are, so that is done where there are more than chance makes.
HANDMADE = range(64, 96)
MANY = 16
RESERVED = re.compile(r"[0:]+|[f:]+|01:80:c2:[0-9a-f:]+")  # nobody's; the last are the bridges' own groups (802.1D)
ETHERNET_GROUP, LOCAL = 1, 2  # in the first byte of a MAC address
# Names that the kernel, systemd or a distribution gives, and that so name nobody.
STANDARD = re.compile(
    r"(eth|em|lan|wlan|bond|br|virbr|vnet|dummy|veth|team|vlan|ib)\d+(-nic)?|p\d+p\d+(_\d+)?"
    r"|en(o\d+|s\d+|p\d+s\d+)((f|d|np?|v|u|c|i)\d+)*|lo|;vdsmdummy;|docker0|br-int"
)
# What a name begins with by which VDSM knows a bond, and planning the ports of virtual machines
TELLING = ("bond", *NOT_SOUTHBOUND)
NAMED_BY_MAC = re.compile(r"(?<![0-9A-Za-z])((?:en|ib|sl|wl|ww)x)([0-9a-f]{12})(?![0-9A-Za-z])")
ATTEMPTS = 1000
KEY_LENGTH = 32  # bytes, as many as a pseudonym is made of
LETTERS = "bcdfghjklmnpqrstvwxz"
OTHER_LETTERS = "βγδζθκλμνξπρστφχψ"
NOTHING: Mapping[Any, str] = MappingProxyType({})


class Pseudonyms(NamedTuple):
    """What stands for what under ``key``: the same key makes the same of the same.

    ``names`` are new names by old ones, ``adapters`` InfiniBand's hardware addresses by the interface identifiers
    that are made of them.
    """

    key: bytes
    names: Mapping[str, str] = NOTHING
    adapters: Mapping[int, str] = NOTHING

    def uuid(self, text: str) -> str:
        """Another uuid."""
        noise = self._noise("uuid", text).hex()
        return "-".join((noise[:8], noise[8:12], noise[12:16], noise[16:20], noise[20:32]))

    def mac(self, text: str) -> str:
        """Another MAC address, locally administered, in small letters: large ones would tell that there were any."""
        lower = text.lower()
        if RESERVED.fullmatch(lower):
            return text
        noise = self._noise("mac", lower)
        group = int(lower[:2], 16) & ETHERNET_GROUP if len(lower.replace(":", "")) != INFINIBAND else 0
        return bytes([LOCAL | group, *noise[: lower.count(":")]]).hex(":")

    def bare_mac(self, digits: str) -> str:
        """The same, without colons."""
        return self.mac(bytes.fromhex(digits).hex(":")).replace(":", "")

    def address(self, text: str) -> str:
        """Another address; two share a prefix just when they did before. What is no address, or is nobody's, stays."""
        try:
            parsed = ipaddress.ip_address(text)
        except ValueError:
            return text
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
            return f"::ffff:{self.address(str(parsed.ipv4_mapped))}"
        if parsed.is_loopback or parsed.is_unspecified or parsed.is_multicast or text.startswith(("0.", "255.")):
            return text
        head, length = HEADS[parsed.version]
        if parsed.is_link_local:
            length = LINK_LOCAL[parsed.version]
            head = int(parsed) >> (parsed.max_prefixlen - length)
        new = str(type(parsed)(head << (parsed.max_prefixlen - length) | self._flipped(parsed, length)))
        if parsed.version == 4:
            return new
        maker = self.adapters.get(int(parsed) & IDENTIFIER) or maker_of(str(parsed))
        return eui64(new, self.mac(maker)) if maker else new

    def _flipped(self, parsed: ipaddress.IPv4Address | ipaddress.IPv6Address, first: int) -> int:
        """The bits from ``first`` on, each turned over or not by what stands before it.

        The bytes before a byte make 256 coins, one for every way in which its own bits can begin.
        """
        packed, width, bits = parsed.packed, parsed.max_prefixlen, int(parsed)
        zeros = _zeros(bits) if parsed.version == 6 else range(0)
        for at in range(first // 8, width // 8):
            coins = int.from_bytes(self._noise(f"IPv{parsed.version}", packed[:at].hex()))
            for place in range(8):
                if 8 * at + place not in zeros:
                    begun = 1 << place | packed[at] >> (8 - place)
                    bits ^= (coins >> begun & 1) << (width - 1 - 8 * at - place)
        return bits & ((1 << (width - first)) - 1)

    def name(self, old: str, keep: Collection[str], taken: Collection[str]) -> str:
        """Another name that nothing has; a name with so few letters that all others are taken stays."""
        if old in keep or STANDARD.fullmatch(old):
            return old
        if NAMED_BY_MAC.search(old):
            return NAMED_BY_MAC.sub(lambda found: found.group(1) + self.bare_mac(found.group(2)), old)
        head = next((told for told in TELLING if old.startswith(told)), "")
        rest = old[len(head) :]
        for attempt in range(ATTEMPTS):
            noise = self._noise(f"name {attempt}", old)
            new = head + "".join(_letter(letter, noise[index % len(noise)]) for index, letter in enumerate(rest))
            if new not in taken:
                return new
        return old

    def _noise(self, kind: str, text: str) -> bytes:
        """32 bytes that nobody knows without the key; a JSON text may hold half a surrogate pair."""
        return hmac.digest(self.key, f"{kind}\0{text}".encode("utf-8", "surrogatepass"), "sha256")


def _zeros(bits: int) -> range:
    """Which bits of an IPv6 address stay for its zeros' sake: these, and the one that ends them."""
    count = HANDMADE.start - (bits & IDENTIFIER).bit_length()
    return range(HANDMADE.start, min(HANDMADE.start + count + 1, HANDMADE.stop)) if count >= MANY else range(0)


def _letter(letter: str, noise: int) -> str:
    """Another character of the same class: what a name may be depends on these, and on its length."""
    if letter.isascii() and letter.isalpha():
        new = LETTERS[noise % len(LETTERS)]
        return new.upper() if letter.isupper() else new
    if letter.isascii() and letter.isdigit():
        return str(noise % 10)
    return OTHER_LETTERS[noise % len(OTHER_LETTERS)] if letter.isalnum() and not letter.isascii() else letter


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
        UNTOLD,
    ),
)
TABLES = ("networks", "bridges", "bondings", "nics", "vlans")
# A version may look like an address (4.40.60.7), a netmask too (252.0.0.0): neither tells of anybody.
PLAIN = (
    *("software_version", "software_revision", "version", "release", "clusterLevels", "netmask", "NETMASK"),
    UNTOLD,
)
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
