"""Captures to measure with: the goldens, again and again with other names, and hosts of any size."""

import json
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

from planner.definition import Definition, read_definition

ROOT = Path(__file__).parent.parent


def captures(count: int) -> Iterator[tuple[dict[str, Any], Definition, str]]:
    """``count`` captures with definition and address: the goldens, and hosts of 2 to 128 nics, in turn."""
    return built(count, count)


def built(count: int, designs: int) -> Iterator[tuple[dict[str, Any], Definition, str]]:
    """``count`` hosts of so many designs: half of them goldens, and half hosts of 2 to 128 nics, as far as there are.

    Whenever one comes again, it has other addresses and MAC addresses, as the next host of the same design has; with
    more designs than there are, a host gets more nics, which makes it unlike.
    """
    kinds = [one for pair in zip(goldens(), cycle(sized()), strict=False) for one in pair]
    for index in range(count):
        design = index % designs
        round_ = index // designs
        capture, definition, address = kinds[design % len(kinds)]
        text = _renamed(json.dumps(capture), round_)
        unlike = json.loads(text) | {"uuid": f"host-{index}"}
        if design >= len(kinds):
            unlike["nics"] = unlike.get("nics", {}) | {f"x{n}": device() for n in range(design // len(kinds))}
        yield unlike, definition, _renamed(address, round_)


def _renamed(text: str, number: int) -> str:
    """Documentation addresses as those of another site, and MAC addresses of another series."""
    return (
        text.replace("192.0.2.", f"10.{7 + (number >> 8)}.{number & 255}.")
        .replace("2001:db8:", f"fd00:{number:x}:")
        .replace("52:54:00:", f"52:54:{number & 255:02x}:")
    )


def goldens() -> Iterator[tuple[dict[str, Any], Definition, str]]:
    """The goldens: tiny hosts, each odd in its own way."""
    for folder in sorted(path.parent for path in (ROOT / "golden").glob("*/capture.json")):
        plan = json.loads((folder / "plan.json").read_text())
        definition = read_definition((folder / "definition.yaml").read_text()).definition
        address = (plan["management"] or {}).get("address") or "192.0.2.10"
        assert definition is not None
        yield json.loads((folder / "capture.json").read_text()), definition, address


def sized() -> Iterator[tuple[dict[str, Any], Definition, str]]:
    """Hosts as data centres have them: 2 to 128 nics, up to 64 vlans, as many as there are goldens."""
    for index in range(144):
        text, definition, address = large((2, 4, 8, 16, 16, 128)[index % 6], (0, 1, 8, 32, 64)[index % 5])
        yield json.loads(text), definition, address


def large(nics: int, vlans: int) -> tuple[str, Definition, str]:
    """A host with ``nics`` nics, two of them in a bond, and ``vlans`` vlans on the bond; JSON text."""
    names = [f"eth{index}" for index in range(nics)]
    holder = {"addr": "192.0.2.10", "netmask": "255.255.255.0", "ipv4addrs": ["192.0.2.10/24"], "gateway": "192.0.2.1"}
    capture = {
        "software_version": "4.50",
        "networks": {},
        "bridges": {},
        "nics": {
            name: device(hwaddr=f"52:54:00:00:{i >> 8:02x}:{i & 255:02x}", speed=10000) for i, name in enumerate(names)
        },
        "bondings": {
            "bond0": device(slaves=names[:2], opts={"mode": "1", "miimon": "100"}, **({} if vlans else holder))
        },
        "vlans": {
            f"bond0.{tag}": device(iface="bond0", vlanid=tag, **(holder if tag == vlans else {}))
            for tag in range(1, vlans + 1)
        },
        "nameservers": ["192.0.2.53"],
        "lastClientIface": f"bond0.{vlans}" if vlans else "bond0",
    }
    definition = read_definition({"network": "ovirtmgmt", **({"vlan": vlans} if vlans else {})}).definition
    assert definition is not None
    return json.dumps(capture), definition, "192.0.2.10"


def device(**special: object) -> dict[str, object]:
    """What a current VDSM reports of every device."""
    plain: dict[str, object] = {
        "addr": "",
        "ipv4addrs": [],
        "ipv6addrs": [],
        "ipv6autoconf": False,
        "gateway": "",
        "ipv6gateway": "::",
        "mtu": "1500",
        "netmask": "",
        "ipv4defaultroute": False,
        "dhcpv4": False,
        "dhcpv6": False,
    }
    return plain | special
