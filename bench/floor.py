"""The floor: the same choice and request by hand-written Python, without rules, reasons, checks or ages."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any


def decide_by_hand(caps: dict[str, Any], definition: Any, address: str) -> dict[str, Any] | None:
    """The setupNetworks request for a current host, or None where it would be refused."""
    devices = {**caps.get("bridges", {}), **caps.get("vlans", {}), **caps.get("bondings", {}), **caps.get("nics", {})}
    holders = [
        name
        for name, device in devices.items()
        if any(
            text.partition("/")[0] == address for text in (*device.get("ipv4addrs", ()), *device.get("ipv6addrs", ()))
        )
    ]
    if len(holders) != 1 or holders[0] in caps.get("bridges", {}):
        return None
    vlan = caps.get("vlans", {}).get(holders[0])
    if (vlan.get("vlanid") if vlan else None) != definition.vlan:
        return None
    base = vlan["iface"] if vlan else holders[0]
    bond = caps.get("bondings", {}).get(base)
    if bond is not None and len(bond["slaves"]) < 2:
        return None
    device = devices[holders[0]]
    ip = {"bootproto": "dhcp"} if device.get("dhcpv4") else {"ipaddr": address, "netmask": device.get("netmask", "")}
    network = {"bonding" if bond else "nic": base, "mtu": definition.mtu, "bridged": definition.vm_network, **ip}
    if vlan:
        network["vlan"] = vlan["vlanid"]
    options = " ".join(f"{key}={value}" for key, value in bond.get("opts", {}).items()) if bond else ""
    return {
        "networks": {definition.network: network | {"defaultRoute": definition.default_route}},
        "bondings": {base: {"nics": sorted(bond["slaves"]), "options": options}} if bond else {},
        "options": {"connectivityCheck": True, "connectivityTimeout": 120},
    }


if __name__ == "__main__":
    # The captures of a folder, each of a host with a VLAN on a bond, as in golden/seed-vlan-over-bond.
    wanted = SimpleNamespace(network="ovirtmgmt", vlan=3000, mtu=9000, vm_network=True, default_route=True)
    for path in Path(sys.argv[1]).iterdir():
        caps = json.loads(path.read_text())
        held = next(one["ipv4addrs"][0].partition("/")[0] for one in caps["vlans"].values() if one["ipv4addrs"])
        print(json.dumps(decide_by_hand(caps, wanted, held)))
