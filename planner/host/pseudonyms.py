"""What stands for an address, a MAC address, a uuid or a name: made with a key, without which nothing leads back.

IP addresses share the prefixes that they shared, as Crypto-PAn has it: each bit is turned over or not by what stands
before it.
"""

import hmac
import ipaddress
import re
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from planner.host.autoconf import IDENTIFIER, INFINIBAND, eui64, maker_of
from planner.host.networks import NOT_SOUTHBOUND

# The first bits of every new address, and how many they are: a range that no router on the Internet takes.
HEADS = {4: (10, 8), 6: (0x20010DB8, 32)}
LINK_LOCAL = {4: 16, 6: 64}  # so many bits of a link-local address are alike everywhere
# 32 zeros at the head of an interface identifier tell that a person wrote the address (planner.host.autoconf). They can
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
        """Another address; two share a prefix just when they did before. What is none, or nobody's, stays."""
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
