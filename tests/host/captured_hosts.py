"""Captures to test with: the lab's, which travel with the tests, public ones where there are any, generated ones."""

import json
import pprint
import re
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


PROMPT = "[root@host1 ~]# "
LOG = "2019-08-04 22:14:28,852-0400 INFO  (jsonrpc/7) [api.host] "


def wrappings(document: Document) -> dict[str, str]:
    """The document among what a terminal, a log, a mail or Ansible puts around it, by what that is."""
    printed, answer = json.dumps(document, indent=4), {"status": {"message": "Done", "code": 0}, "info": document}
    registered = {"changed": True, "rc": 0, "stdout": printed, "stdout_lines": printed.splitlines(), "stderr": ""}
    return {
        "prompt": f"{PROMPT}vdsm-client Host getCapabilities\n{printed}\n{PROMPT}\n",
        "prompt of vdsClient": f"{PROMPT}vdsClient -s 0 getVdsCaps\n{spelled(document, 'vdsm-text')}{PROMPT}",
        "banner": f"Warning: Permanently added 'host1' (ED25519) to the list of known hosts.\n{printed}\n",
        "fence": f"The host's answer:\n\n```json\n{printed}\n```\nWhat is wrong with it?\n",
        "mail": "On Monday somebody wrote:\n" + "".join(f"> {line}\n" for line in printed.splitlines()),
        "colours": re.sub(r'("[^"]*")(:?)', "\x1b[34;1m\\1\x1b[0m\x1b[1;39m\\2\x1b[0m", f"\x1b[1;39m{printed}\x1b[0m"),
        "header": f"host1 | CHANGED | rc=0 >>\n{printed}\n",
        "HTTP": f"HTTP/1.1 200 OK\nContent-Type: text/xml\n\n{spelled(document, 'vdsm-xmlrpc')}",
        "vdsm.log": f"{LOG}FINISH getStats return={{'a': {{}}}}\n{LOG}FINISH getCapabilities return={answer!r} "
        f"from=::ffff:192.0.2.2,47182, flow_id=4039c3cd (api:54)\n{LOG}START ping()\n",
        "supervdsm.log": "MainProcess|jsonrpc/7::DEBUG::2019-08-04 22:14:28,100::supervdsm_server::106::"
        f"SuperVdsm.ServerCallback::(wrapper) return network_caps with {document!r}\n",
        "registered": json.dumps(registered),
        "lines": json.dumps({"caps": {"stdout_lines": printed.splitlines()}}),
        "debug": f"ok: [host1] => {json.dumps({'caps': registered}, indent=4)}\n",
        "message": json.dumps({"changed": False, "msg": document}),
    }


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
