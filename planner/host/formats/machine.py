"""What a machine tells of itself without VDSM, put as VDSM would: what `ip`, nmstate and Ansible have in common.

A reader of such a format makes a document of getVdsCaps, and names under `UNTOLD` (`planner.host.caps`) the keys of
VDSM's answer that nobody can know from it. They reach the rules (`Host.lacks`), so that none is taken for a "no".
"""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from planner.host.fields import IPV4_BITS, Findings, Record, ipv4_number, parse, quoted

# What only VDSM knows: its networks, who asked, whether what runs is saved, its own version.
VDSM_ALONE = ("networks", "lastClientIface", "netConfigDirty", "software_version")
HIDDEN = ("w*", "usb*")  # VDSM's default for hidden_nics
INCOMPLETE = "capture-incomplete"  # of what tells too little to make a host
WANTED = "or, once VDSM runs, capture the host with `vdsm-client Host getCapabilities > caps.json`"


def is_hidden(name: str) -> bool:
    """Whether VDSM keeps a nic of this name to itself."""
    return any(fnmatchcase(name, pattern) for pattern in HIDDEN)


DESTINATIONS = ("default", "0.0.0.0/0", "::/0")  # of a default route
# How the main routing table is called; nmstate numbers it, and 0 leaves the choice to it.
MAIN = ("main", "254", 254, "0", 0)


class Default(NamedTuple):
    """A default route; ``gateway`` is ``""`` where it leads onto the link."""

    device: str
    family: int
    gateway: str
    main: bool = True


class Method(NamedTuple):
    """How a device gets its addresses."""

    dhcpv4: bool = False
    dhcpv6: bool = False
    autoconf: bool = False


def address(written: str, path: str, findings: Findings) -> str:
    """``192.0.2.10/24``, or without a length where none is told; ``""``, and a finding, for what is no address."""
    parsed = parse(written)
    if parsed is None:
        findings.odd(path, f"{quoted(written)} is not an address", "it is left out", "address-malformed")
        return ""
    return f"{parsed.text}/{parsed.prefix}" if parsed.prefix >= 0 else parsed.text


def ip_keys(name: str, addresses: Iterable[str], defaults: Iterable[Default], method: Method) -> Record:
    """The keys of a device's addresses (``192.0.2.10/24``), as VDSM has them.

    Of two gateways VDSM tells none, and no default route; `addr` is the address in the gateway's subnet.
    """
    listed = list(addresses)
    v4 = [one for one in listed if ":" not in one]
    own = [route for route in defaults if route.device == name]
    gateway4, gateway6 = (_only({route.gateway for route in own if route.family == family}) for family in (4, 6))
    primary = next((one for one in v4 if gateway4 and _holds(one, gateway4)), v4[0] if v4 else "")
    return {
        "addr": primary.partition("/")[0],
        "netmask": _netmask(primary),
        "ipv4addrs": v4,
        "ipv6addrs": [one for one in listed if ":" in one],
        "gateway": gateway4,
        "ipv6gateway": gateway6 or "::",
        "ipv4defaultroute": sum(route.main and route.family == 4 for route in own) == 1,
        "dhcpv4": method.dhcpv4,
        "dhcpv6": method.dhcpv6,
        "ipv6autoconf": method.autoconf,
    }


def _only(gateways: set[str]) -> str:
    return gateways.pop() if len(gateways) == 1 else ""


def _holds(subnet: str, gateway: str) -> bool:
    """Whether the gateway is in the subnet of an address."""
    written, _, length = subnet.partition("/")
    one, other = ipv4_number(written), ipv4_number(gateway)
    away = IPV4_BITS - int(length or IPV4_BITS)
    return one is not None and other is not None and one >> away == other >> away


def _netmask(written: str) -> str:
    length = written.partition("/")[2]
    if not length:
        return ""
    number = 0xFFFFFFFF << IPV4_BITS - int(length) & 0xFFFFFFFF
    return ".".join(str(octet) for octet in number.to_bytes(4, "big"))


def methods_untold(records: Iterable[Record]) -> list[str]:
    """The keys of how addresses were got, of each family of which some device has an address."""
    listed = list(records)
    four = ["dhcpv4"] if any(record["ipv4addrs"] for record in listed) else []
    return four + (["dhcpv6", "ipv6autoconf"] if any(record["ipv6addrs"] for record in listed) else [])


# A bond's options as VDSM reports them: numbers for words, and only what differs from the mode's default.


# How the kernel's words for a value are numbered (sysfs tells both, and VDSM the number).
NUMBERED = {
    "xmit_hash_policy": ("layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"),
    "lacp_rate": ("slow", "fast"),
    "ad_select": ("stable", "bandwidth", "count"),
    "arp_validate": ("none", "active", "backup", "all", "filter", "filter_active", "filter_backup"),
    "arp_all_targets": ("any", "all"),
    "fail_over_mac": ("none", "active", "follow"),
    "primary_reselect": ("always", "better", "failure"),
}
MIIMON_OF_ITSELF = ("802.3ad", "balance-tlb", "balance-alb")  # these modes set miimon to 100 on their own
# What the kernel (Documentation/networking/bonding.rst) sets where nobody says anything; the rest is 0 or empty.
DEFAULTS = {
    "use_carrier": "1",
    "arp_missed_max": "2",
    "resend_igmp": "1",
    "num_grat_arp": "1",
    "num_unsol_na": "1",
    "lp_interval": "1",
    "packets_per_slave": "1",
    "lacp_active": "1",
    "tlb_dynamic_lb": "1",
    "ad_actor_sys_prio": "65535",
    "ad_actor_system": "00:00:00:00:00:00",
}
# What can be set, so that what a format tells beside it (who is active, how a partner is called) stays out.
SETTABLE = frozenset(
    {
        *NUMBERED,
        *DEFAULTS,
        *("miimon", "updelay", "downdelay", "peer_notif_delay", "arp_interval", "arp_ip_target", "primary"),
        *("all_slaves_active", "min_links", "ad_user_port_key"),
    }
)


def opts(mode: str, options: Mapping[str, Any]) -> Record:
    """The `opts` of a bond whose mode and options are told by the kernel's names; ``mode`` is a number or a name."""
    shown = {"mode": mode}
    defaults = DEFAULTS | ({"miimon": "100"} if mode in MIIMON_OF_ITSELF else {})
    for name, value in options.items():
        word = _word(value)
        if name not in SETTABLE or word is None:
            continue
        numbers = NUMBERED.get(name, ())
        number = str(numbers.index(word)) if word in numbers else word
        if number != defaults.get(name, "0") and number:
            shown[name] = number
    return shown


def _word(value: Any) -> str | None:
    """The value of an option as text; None for what is none."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ",".join(value)
    if isinstance(value, str):
        return {"on": "1", "off": "0"}.get(value, value)
    return str(value) if isinstance(value, int) and abs(value) < 2**63 else None
