"""Automatic IPv6 addresses: how one came about, and EUI-64 there and back."""

import pytest

from planner.host.model import Address, Ip, eui64, maker_of, origin

MAC = "34:56:78:9a:bc:de"  # the example of RFC 4291, appendix A
MADE = "2001:db8::3656:78ff:fe9a:bcde"
HASHED = "2001:db8::81bc:876:83b3:57fd"


def test_eui64_as_in_the_rfc() -> None:
    assert eui64(HASHED, MAC) == MADE
    assert maker_of(MADE) == MAC
    assert maker_of(HASHED) == ""


def test_infiniband_has_an_identifier_of_its_own() -> None:
    guid = "80:00:02:08:fe:80:00:00:00:00:00:00:50:54:00:00:00:5e:53:01"
    assert eui64(HASHED, guid) == "2001:db8::5254:0:5e:5301"


@pytest.mark.parametrize("hwaddr", ["", "52:54:00", "no:ma:ca:dd:re:ss"])
def test_what_is_no_hardware_address_makes_none(hwaddr: str) -> None:
    assert eui64(HASHED, hwaddr) == ""


@pytest.mark.parametrize(
    ("written", "flags", "found"),
    [
        ([f"{MADE}/64"], "auto dhcp", "router"),
        ([f"{HASHED}/64"], "auto", "router"),
        (["2001:db8::10/64"], "auto dhcp", "lease"),
        (["2001:db8::10/64"], "auto", "hand"),
        (["2001:db8::10/64", f"{MADE}/64"], "auto dhcp", "hand"),
        (["2001:db8::10/128", f"{MADE}/64"], "auto dhcp", "lease"),
        ([f"{HASHED}/64"], "dhcp", "lease"),
        ([f"{HASHED}/64", "2001:db8::10/128"], "dhcp", "hand"),
        ([f"{MADE}/64"], "", "hand"),
        ([f"{MADE}/48"], "auto", "hand"),
    ],
)
def test_how_the_first_address_came_about(written: list[str], flags: str, found: str) -> None:
    addresses = [Address(text, 6, int(prefix), "") for text, _, prefix in (one.partition("/") for one in written)]
    ip = Ip(tuple(addresses), autoconf="auto" in flags, dhcpv6="dhcp" in flags)
    assert origin(addresses[0], ip) == found
