"""The floor: the same choice and request by hand-written Python, without rules, reasons, checks or ages."""

from typing import Any

from planner.definition import Definition


def decide_by_hand(caps: dict[str, Any], definition: Definition, address: str) -> dict[str, Any] | None:
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
