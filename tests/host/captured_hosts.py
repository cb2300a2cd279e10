"""Captures to test with: the lab's, which travel with the tests, public ones where there are any, generated ones."""

import json
import pprint
import xmlrpc.client
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
LAB = {folder.name: folder for folder in sorted((ROOT / "tests" / "data" / "hosts").iterdir())}
PUBLIC = ROOT.parent / "shared" / "captures" / "public"

FORMS = ("vdsm-json", "vdsm-jsonrpc", "vdsm-repr", "vdsm-text", "vdsm-xmlrpc")

Document = dict[str, Any]


def lab(slug: str) -> Document:
    return json.loads((LAB[slug] / "caps.json").read_text())


def about(slug: str) -> Document:
    return json.loads((LAB[slug] / "about.json").read_text())


def public_files(folder: str) -> dict[str, bytes]:
    """The public captures in ``folder`` by file name; none on a machine that does not have them."""
    return {path.name: path.read_bytes() for path in sorted((PUBLIC / folder).glob("*"))}


def spelled(document: Document, form: str) -> str:
    """A getVdsCaps document in one of the formats that are read."""
    match form:
        case "vdsm-json":
            return json.dumps(document, indent=2)
        case "vdsm-jsonrpc":
            return json.dumps({"jsonrpc": "2.0", "id": "5c1e", "result": document})
        case "vdsm-repr":
            return repr(document)
        case "vdsm-text":
            return "".join(f"\t{key} = {pprint.pformat(value)}\n" for key, value in document.items())
        case _:
            answer = {"status": {"code": 0, "message": "Done"}, "info": document}
            return xmlrpc.client.dumps((answer,), methodresponse=True, allow_none=True)


def spellings(document: Document) -> dict[str, str]:
    """The document in every format, by the format's name."""
    return {form: spelled(document, form) for form in FORMS}


LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789._-;'\"\\é<&>#{}[],:=\N{WHITE SMILING FACE}"
NAMES = st.text(LETTERS, min_size=1, max_size=15)
MACS = st.tuples(*[st.integers(0, 255)] * 6).map(lambda octets: ":".join(f"{octet:02X}" for octet in octets))
ADDRESSES4 = st.ip_addresses(v=4).map(str)
ADDRESSES6 = st.ip_addresses(v=6).map(str)
FLAGS = st.booleans()


@st.composite
def configurations(draw: st.DrawFn) -> Document:
    """The IP keys of a device; most have no address."""
    mtu = draw(st.integers(68, 65535))
    if draw(st.integers(0, 3)):
        return {"mtu": str(mtu), "addr": "", "ipv4addrs": [], "gateway": "", "ipv6gateway": "::", "dhcpv4": False}
    v4, v6 = draw(st.lists(ADDRESSES4, max_size=3)), draw(st.lists(ADDRESSES6, max_size=3))
    return {
        "mtu": str(mtu),
        "addr": v4[0] if v4 else "",
        "netmask": "255.255.255.0" if v4 else "",
        "ipv4addrs": [f"{address}/24" for address in v4],
        "ipv6addrs": [f"{address}/64" for address in v6],
        "gateway": draw(st.one_of(st.just(""), ADDRESSES4)),
        "ipv6gateway": draw(st.one_of(st.just("::"), ADDRESSES6)),
        "dhcpv4": draw(FLAGS),
        "dhcpv6": draw(FLAGS),
        "ipv6autoconf": draw(FLAGS),
        "ipv4defaultroute": draw(FLAGS),
    }


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Well-formed answers of hosts that nobody would build: names of any sort, devices that stand on anything."""
    some = st.lists(NAMES, max_size=3, unique=True)
    nics, bonds, vlans, bridges, networks = (draw(some) for _ in range(5))
    below = st.sampled_from([*nics, *bonds, *vlans, *bridges, "unlisted"])
    ports = st.lists(below, max_size=3)
    with_ip = configurations()
    return {
        "nics": {name: {"hwaddr": draw(MACS), "speed": draw(st.integers(0, 100000)), **draw(with_ip)} for name in nics},
        "bondings": {
            name: {
                "slaves": draw(ports),
                "hwaddr": draw(MACS),
                "opts": {"mode": str(draw(st.integers(0, 6))), "miimon": "100"},
                **draw(with_ip),
            }
            for name in bonds
        },
        "vlans": {
            name: {"iface": draw(below), "vlanid": draw(st.integers(0, 4094)), **draw(with_ip)} for name in vlans
        },
        "bridges": {name: {"ports": draw(ports), "stp": draw(st.sampled_from(["on", "off"]))} for name in bridges},
        "networks": {
            name: {
                "iface": name,
                "bridged": draw(FLAGS),
                "ports": draw(ports),
                "southbound": draw(st.one_of(st.none(), below)),
                **draw(with_ip),
            }
            for name in networks
        },
        "nameservers": draw(st.lists(ADDRESSES4, max_size=3)),
        "lastClientIface": draw(below),
        "netConfigDirty": draw(st.sampled_from(["True", "False"])),
        "software_version": draw(st.sampled_from(["4.50", "4.30.17", "4.9"])),
    }
