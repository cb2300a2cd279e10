"""The lab's hosts as they were before VDSM set them up, told from the commands that built them.

A host is a few words: which device has an address and how, which bond and vlan there are. Each record has the keys, and
each nic the MAC address, that VDSM reported of it afterwards.
"""

import copy

BOND_MAC = "ea:ed:0b:cb:81:97"
NOTHING = {
    "addr": "",
    "netmask": "",
    "ipv4addrs": [],
    "gateway": "",
    "ipv4defaultroute": False,
    "dhcpv4": False,
    "ipv6addrs": [],
    "ipv6gateway": "::",
    "ipv6autoconf": False,
    "dhcpv6": False,
    "mtu": "1500",
}
STATIC = {
    "addr": "192.0.2.10",
    "netmask": "255.255.255.0",
    "ipv4addrs": ["192.0.2.10/24"],
    "gateway": "192.0.2.1",
    "ipv4defaultroute": True,
}
DUAL = {**STATIC, "ipv6addrs": ["2001:db8:1::10/64"], "ipv6gateway": "2001:db8:1::1"}
LEASED = {**STATIC, "addr": "192.0.2.177", "ipv4addrs": ["192.0.2.177/24"], "dhcpv4": True}
LEASED_TAGGED = {
    "addr": "198.51.100.177",
    "netmask": "255.255.255.0",
    "ipv4addrs": ["198.51.100.177/24"],
    "gateway": "198.51.100.1",
    "ipv4defaultroute": True,
    "dhcpv4": True,
}
ACTIVE_BACKUP = {"mode": "1", "miimon": "100"}
LACP = {"mode": "4", "xmit_hash_policy": "2"}


def host(nics=2, eth0=None, bond=None, bond4=None, vlans=None):
    """A host's caps: `eth0`, `bond4`: what these have of addresses; `bond`: the options of bond4 over eth2 and eth3."""
    names = [f"eth{number}" for number in range(nics)]
    caps = {
        "networks": {},
        "bridges": {},
        "bondings": {},
        "vlans": {},
        "nics": {
            name: {**NOTHING, "hwaddr": f"52:54:00:1c:00:{number:02x}", "speed": 10000}
            for number, name in enumerate(names)
        },
        "nameservers": ["192.0.2.53"],
        "supportsIPv6": True,
        "ovnConfigured": False,
        "netConfigDirty": "False",
        "lastClientIface": "",
    }
    caps["nics"]["eth0"] |= eth0 or {}
    if bond:
        lacp = bond["mode"] == "4"
        for number, name in enumerate(("eth2", "eth3"), start=1):
            nic = caps["nics"][name]
            nic |= {"permhwaddr": nic["hwaddr"], "hwaddr": BOND_MAC}
            nic |= {"ad_aggregator_id": str(number)} if lacp else {}
        caps["bondings"]["bond4"] = {
            **NOTHING,
            "hwaddr": BOND_MAC,
            "slaves": ["eth2", "eth3"],
            "opts": bond,
            "switch": "legacy",
            "active_slave": "" if lacp else "eth2",
            "speed": 20000 if lacp else 10000,
            **(bond4 or {}),
            **({"ad_aggregator_id": "1", "ad_partner_mac": "00:00:00:00:00:00"} if lacp else {}),
        }
    for (base, tag), has in (vlans or {}).items():
        caps["vlans"][f"{base}.{tag}"] = {**NOTHING, "iface": base, "vlanid": tag, **has}
    return copy.deepcopy(caps)


BEFORE = {
    "ov-autoconf-refused": host(eth0=LEASED),
    "ov-bridge-gone": host(eth0=STATIC),
    "ov-bridged-bond-static": host(nics=4, bond=LACP, bond4=STATIC),
    "ov-bridged-dual-stack-static": host(eth0=DUAL),
    "ov-bridged-nic-dhcp": host(eth0=LEASED),
    "ov-bridged-nic-static": host(eth0=STATIC),
    "ov-bridged-slaac-dhcp": host(eth0=LEASED),
    "ov-hostqos": host(eth0=STATIC),
    "ov-other-network-not-mgmt": host(eth0=STATIC),
    "ov-othername": host(eth0=STATIC),
    "ov-plus-vlans-same-bond": host(nics=4, bond=ACTIVE_BACKUP, vlans={("bond4", 3000): LEASED_TAGGED}),
    "ov-plus-vmnet-other-nic": host(eth0=STATIC),
    "ov-port-lost": host(eth0=STATIC),
    "ov-uncommitted": host(eth0=STATIC),
    "ov-wrong-mtu": host(nics=4, bond=ACTIVE_BACKUP, vlans={("bond4", 3000): LEASED_TAGGED}),
    "ov-wrong-vlan": host(vlans={("eth0", 200): STATIC}),
}
