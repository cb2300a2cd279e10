"""`ip` in text, as people paste it and sosreports keep it: the host that its JSON tells."""

import pytest
from captured_hosts import PROMPT, ROOT
from hosts_without_vdsm import iproute
from hypothesis import given, settings
from hypothesis import strategies as st
from test_reading_mutated import check

from planner.host.capture import read_capture

TEXT = (ROOT / "tests" / "data" / "ip-text.txt").read_text()


def test_text_and_json_tell_the_same_devices() -> None:
    host, as_json = (read_capture(text).required() for text in (TEXT, iproute("seed-vlan-bond-dhcp")))
    assert (host.bonds, host.vlans, host.lacks) == (as_json.bonds, as_json.vlans, as_json.lacks)
    for name, nic in host.nics.items():
        assert nic == as_json.nics[name]
    assert set(host.nics) == {"eth2", "eth3"}
    assert (host.bridges["br0"].ports, host.bridges["br0"].stp) == (("vnet0",), False)


def test_among_prompts_and_with_the_ends_of_another_system() -> None:
    host = read_capture(TEXT).required()
    for text in (f"{PROMPT}ip -d addr\n{TEXT}{PROMPT}", TEXT.replace("\n", "\r\n"), f"Hello,\n\n{TEXT}\nWhy?\n"):
        assert read_capture(text).required() == host


def test_several_ways_out_and_no_unicast_one() -> None:
    ways = "default proto static metric 100\n\tnexthop via 198.51.100.1 dev bond4.3000 weight 1\n"
    multipath = TEXT.replace(
        "default via 198.51.100.1 dev bond4.3000", f"{ways}\tnexthop via 198.51.100.2 dev bond4.3000"
    )
    ip = read_capture(multipath).required().vlans["bond4.3000"].ip
    assert (ip.gateway4, ip.default_route4) == ("", False)
    table = TEXT.replace("proto dhcp src 198.51.100.177", "table 100")
    ip = read_capture(table).required().vlans["bond4.3000"].ip
    assert (ip.gateway4, ip.default_route4) == ("198.51.100.1", False)


def test_links_alone_have_no_addresses_and_addresses_alone_no_routes() -> None:
    links = "\n".join(line for line in TEXT.splitlines() if not line.lstrip().startswith(("inet", "valid_lft")))
    assert {"ipv4addrs", "ipv6addrs"} <= set(read_capture(links).required().lacks)
    addresses = TEXT[: TEXT.index("default via")]
    assert {"gateway", "ipv6gateway"} <= set(read_capture(addresses).required().lacks)


@pytest.mark.parametrize("wide", ["1: a: <> mtu 1 \n", "    link/ether \n", "default via \n", "1: a: <"])
def test_much_of_it_takes_seconds(wide: str) -> None:
    check(TEXT + wide * 20_000)


@settings(max_examples=300)
@given(st.data())
def test_changed_text(data: st.DataObject) -> None:
    content = TEXT
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        length = data.draw(st.integers(0, 40))
        content = content[:start] + data.draw(st.text(max_size=6)) + content[start + length :]
    check(content)
