"""Whoever knows how pseudonyms are made, and not the key, gets nothing of what they stand for but what is told to stay.

All keys are made of a seed: what is counted here is counted alike at every run.
"""

import ipaddress
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.host.model import maker_of
from planner.host.scrub import LETTERS, OTHER_LETTERS, STANDARD, Pseudonyms, scrub

RANDOM = random.Random(10)
KEYS = [Pseudonyms(RANDOM.randbytes(32)) for _ in range(256)]
# Of 256 coins 128 fall on one side, give or take 8; six times as much happens to one bit of five hundred million.
HALF = range(128 - 48, 128 + 49)

ADDRESSES = ("10.0.0.1", "10.0.0.0", "172.20.30.255", "192.168.1.10", "198.51.100.254", "8.8.8.8", "223.255.255.255")
ROUTED = ("2a01:4f8:0:1:1::1", "fd12:3456:789a:1:8000::", "2001:db8:1:2:a1b2:c3d4:e5f6:789", "2400:cb00:2048:1:ffff::1")
MACS = ("52:54:00:12:34:56", "00:1b:21:00:00:01", "fe:ff:ff:ff:ff:ff", "A0:36:9F:AA:BB:CC")
UUID = "4c4c4544-0042-3510-8052-b4c04f4a4d31"


def number(text: str) -> int:
    """An address, or what else is written in hexadecimal, as a number."""
    try:
        return int(ipaddress.ip_address(text))
    except ValueError:
        return int(re.sub("[:-]", "", text), 16)


def seen(pseudonym: Callable[[Pseudonyms], str], bits: Iterable[int]) -> list[int]:
    """Of so many keys, those under which a bit of the pseudonym is 1, bit by bit from the lowest."""
    made = [number(pseudonym(new)) for new in KEYS]
    return [sum(one >> bit & 1 for one in made) for bit in bits]


@pytest.mark.parametrize("old", ADDRESSES)
def test_every_bit_of_an_ipv4_address_is_a_coin(old: str) -> None:
    assert all(count in HALF for count in seen(lambda new: new.address(old), range(24)))
    assert {new.address(old).partition(".")[0] for new in KEYS} == {"10"}


@pytest.mark.parametrize("old", ROUTED)
def test_every_bit_of_an_ipv6_address_is_a_coin(old: str) -> None:
    assert all(count in HALF for count in seen(lambda new: new.address(old), range(96)))
    assert {number(new.address(old)) >> 96 for new in KEYS} == {0x20010DB8}


@pytest.mark.parametrize(
    ("old", "hidden"), [("2a01:4f8:0:1::10", 32), ("2a01:4f8:0:1::", 32), ("fe80::1", 32), ("2a01:4f8::8000:0:1", 47)]
)
def test_of_an_address_made_by_hand_the_zeros_stay(old: str, hidden: int) -> None:
    """Those at the head of its second half, by which planning tells it, and the bit that ends them."""
    assert all(count in HALF for count in seen(lambda new: new.address(old), range(hidden)))
    stays = (1 << 64) - (1 << hidden)
    assert {number(new.address(old)) & stays for new in KEYS} == {number(old) & stays}


@pytest.mark.parametrize("old", MACS)
def test_every_byte_of_a_mac_address_is_hidden(old: str) -> None:
    assert all(count in HALF for count in seen(lambda new: new.mac(old), range(40)))
    assert {new.mac(old)[:3] for new in KEYS} == {"02:"}, "whose make it is, too"
    assert all(new.mac(old) == new.mac(old.lower()) == new.mac(old).lower() for new in KEYS)


@pytest.mark.parametrize("old", MACS)
def test_an_address_that_is_made_of_a_mac_address_hides_it(old: str) -> None:
    first, *rest = bytes.fromhex(old.replace(":", ""))
    made = bytes([first ^ 2, *rest[:2], 0xFF, 0xFE, *rest[2:]]).hex()
    address = "2a01:4f8:0:1:" + ":".join(made[at : at + 4] for at in range(0, 16, 4))
    hidden = [*range(24), *range(40, 56), *range(64, 96)]
    assert all(count in HALF for count in seen(lambda new: new.address(address), hidden))
    assert all(maker_of(new.address(address)) == new.mac(old) for new in KEYS)


def test_every_bit_of_a_uuid_is_a_coin() -> None:
    assert all(count in HALF for count in seen(lambda new: new.uuid(UUID), range(128)))


@pytest.mark.parametrize("old", ["acme-prod9", "zzzz-aaaa0", "bcdf-ghjk1"])
def test_every_letter_of_a_name_is_a_die(old: str) -> None:
    made = [new.name(old, (), ()) for new in KEYS]
    for place, letter in enumerate(old):
        sides = "-" if letter == "-" else "0123456789" if letter.isdigit() else LETTERS
        counts = Counter(name[place] for name in made)
        fair = len(KEYS) / len(sides)
        assert set(counts) == set(sides)
        # Chi-square with at most 19 degrees of freedom: 60 is exceeded once in four hundred thousand.
        assert sum((counts[side] - fair) ** 2 / fair for side in sides) < 60


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("10.1.2.3", "10.1.2.200", 24),
        ("172.16.0.1", "172.31.255.254", 12),
        ("198.51.100.8", "198.51.100.9", 31),
        ("2a01:4f8:0:1:8000::", "2a01:4f8:0:1:c000::", 65),
        ("2a01:4f8:0:1:8000::", "2a01:4f8:ffff:1:c000::", 32),
    ],
)
def test_two_addresses_tell_what_they_share_and_nothing_else(one: str, other: str, alike: int) -> None:
    width = ipaddress.ip_address(one).max_prefixlen
    apart = [number(new.address(one)) ^ number(new.address(other)) for new in KEYS]
    assert {width - bits.bit_length() for bits in apart} == {alike}
    below = range(width - alike - 1)
    assert all(sum(bits >> bit & 1 for bits in apart) in HALF for bit in below)


def undone(pseudonym: str, first: str, guessed: Pseudonyms) -> str:
    """The address that becomes ``pseudonym`` by the ``guessed`` key, looked for bit by bit under its ``first`` byte.

    By this, with what then stood in the place of a key, captures were undone that were scrubbed without one.
    """
    wanted, found = number(pseudonym), int(first) << 24
    for bit in reversed(range(24)):
        tried = number(guessed.address(str(ipaddress.IPv4Address(found))))
        found |= (tried ^ wanted) & (1 << bit)
    return str(ipaddress.IPv4Address(found))


@pytest.mark.parametrize("old", ADDRESSES)
def test_only_the_key_undoes_it(old: str) -> None:
    first = old.partition(".")[0]
    assert all(undone(new.address(old), first, new) == old for new in KEYS[:8])
    guesses = [number(undone(new.address(old), first, another)) for new, another in zip(KEYS, KEYS[::-1], strict=True)]
    assert number(old) not in guesses
    right = [sum(not (guess ^ number(old)) >> bit & 1 for guess in guesses) for bit in range(24)]
    assert all(count in HALF for count in right), "a guess is right in every second bit, as if nothing were known"


@pytest.mark.parametrize("guess", [b"", b"\0" * 32, b"mgmtnet"])
def test_what_everybody_would_try_is_no_key(guess: bytes) -> None:
    for old in ADDRESSES:
        assert undone(KEYS[0].address(old), old.partition(".")[0], Pseudonyms(guess)) != old
    for old in MACS:
        assert KEYS[0].mac(old) != Pseudonyms(guess).mac(old)


def test_a_scrubbed_capture_tells_no_bit_of_what_it_was() -> None:
    """Of so many hosts, each under a key of its own, a bit is in half of them what it was."""
    hidden = {"addr": 24, "gateway": 24, "ipv6addr": 96, "hwaddr": 40, "uuid": 128}
    alike = {field: [0] * bits for field, bits in hidden.items()}
    for new in KEYS:
        old = host_at_random()
        pairs = zip(told(old).items(), told(scrub(old, new.key)).values(), strict=True)
        for (field, before), after in pairs:
            for bit in range(hidden[field]):
                alike[field][bit] += not (number(before) ^ number(after)) >> bit & 1
    assert all(count in HALF for counts in alike.values() for count in counts)


def host_at_random() -> dict[str, Any]:
    """As most are: in a network of 256 addresses with the gateway at .1, its MAC address of one of two makers."""
    network = f"{RANDOM.choice(['10.0', '172.16', '192.168', '198.51'])}.{RANDOM.randrange(256)}"
    maker, rest = RANDOM.choice(["52:54:00", "00:1b:21"]), RANDOM.randbytes(3).hex(":")
    uuid = f"4c4c4544-0042-3510-8052-{RANDOM.randbytes(6).hex()}"
    ipv6 = f"2a01:4f8:0:{RANDOM.randrange(1, 9)}:{RANDOM.randrange(1, 1 << 16):x}::{RANDOM.randrange(9):x}/64"
    nic = {"addr": f"{network}.{RANDOM.randrange(2, 255)}", "gateway": f"{network}.1", "hwaddr": f"{maker}:{rest}"}
    return {"nics": {"eth0": nic | {"ipv6addrs": [ipv6]}}, "uuid": uuid}


def told(document: dict[str, Any]) -> dict[str, str]:
    nic = dict(document["nics"]["eth0"])
    (ipv6,) = nic.pop("ipv6addrs")
    return nic | {"ipv6addr": ipv6.partition("/")[0], "uuid": document["uuid"]}


def test_a_name_that_is_looked_up_in_a_list_is_not_found() -> None:
    words = ["management", "production", "datacenter", "backbone12", "headoffice"]
    found = [word for word in words if Pseudonyms(b"").name(word, (), ()) in {new.name(word, (), ()) for new in KEYS}]
    assert not found


@pytest.mark.parametrize(
    "text",
    [
        *("0.0.0.0", "127.0.0.1", "224.0.0.18", "255.255.255.0", "255.255.255.255", "::", "::1", "ff02::1"),
        *("no address", "1.2.3", "4.40.60.7.1"),
    ],
)
def test_what_is_nobodys_address_stays(text: str) -> None:
    assert {new.address(text) for new in KEYS} == {text}


@pytest.mark.parametrize("text", ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "FF:FF:FF:FF:FF:FF", "01:80:c2:00:00:0e"])
def test_what_is_nobodys_mac_address_stays(text: str) -> None:
    assert {new.mac(text) for new in KEYS} == {text}


def test_a_group_stays_one_and_a_long_address_long() -> None:
    assert {new.mac("01:00:5e:00:00:12")[:3] for new in KEYS} == {"03:"}
    assert {len(new.mac(":".join(["81"] * 20))) for new in KEYS} == {59}


@pytest.mark.parametrize(("text", "subnet"), [("169.254.3.4", "169.254.0.0/16"), ("fe80::5054:0:0:1", "fe80::/64")])
def test_a_link_local_address_stays_one(text: str, subnet: str) -> None:
    made = {new.address(text) for new in KEYS}
    assert len(made) > 250
    assert all(ipaddress.ip_address(one) in ipaddress.ip_network(subnet) for one in made)


def test_an_ipv4_address_in_ipv6s_spelling_is_renamed_as_itself() -> None:
    assert KEYS[0].address("::ffff:192.0.2.10") == f"::ffff:{KEYS[0].address('192.0.2.10')}"


@pytest.mark.parametrize(
    "name", ["eth0", "eno1", "enp129s0f1np1", "ens1f0", "p2p1", "bond4", "lo", "ib0", "virbr0-nic"]
)
def test_a_name_that_systems_give_stays(name: str) -> None:
    assert {new.name(name, (), ()) for new in KEYS} == {name}


@pytest.mark.parametrize("name", ["enstore", "enosaka1", "enxacme", "bondage", "ethan", "p2p"])
def test_a_name_that_only_begins_like_one_does_not(name: str) -> None:
    assert name not in {new.name(name, (), ()) for new in KEYS}
    assert not STANDARD.fullmatch(name)


def test_letters_of_other_scripts_are_renamed() -> None:
    made = {new.name("網路-å", (), ()) for new in KEYS}
    assert len(made) > 200
    assert {letter for one in made for letter in one} == {*OTHER_LETTERS, "-"}


@pytest.mark.parametrize("name", ["enx525400abcdef", "wlx525400abcdef", "enx525400abcdef-br"])
def test_which_digits_of_a_mac_address_in_a_name_are_letters_is_not_told(name: str) -> None:
    made = KEYS[0].name(name, (), ())
    assert made == name.replace("525400abcdef", KEYS[0].mac("52:54:00:ab:cd:ef").replace(":", ""))


@given(st.binary(min_size=16, max_size=80), st.ip_addresses().map(str), st.text())
def test_the_same_key_makes_the_same(key: bytes, address: str, text: str) -> None:
    one, other = Pseudonyms(key), Pseudonyms(bytes(key))
    assert one.address(address) == other.address(address)
    assert one.name(text, (), ()) == other.name(text, (), ())
    assert one.uuid(text) == other.uuid(text)
