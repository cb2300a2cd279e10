"""VDSM of 2012 (4.9 to 4.13): its reading of a setupNetworks call (docs/vdsm.md, The call of 2012).

The machine below is the same as for a VDSM of today, so a call becomes today's canonical form.
"""

import copy
import ipaddress
from collections.abc import Iterator, Mapping
from itertools import chain

from planner.standin.canonical import Call, base_of, port_of, truth
from planner.standin.caps import Age
from planner.standin.devices import KNOWN, SECTIONS, blank_ip
from planner.standin.kernel import (
    BAD_ADDRESS,
    BAD_BONDING,
    BAD_BRIDGE,
    BAD_NIC,
    BAD_PARAMS,
    BAD_VLAN,
    USED_BRIDGE,
    USED_NIC,
    Config,
    Record,
    Refusal,
    crash,
)
from planner.standin.validation import LARGEST_TAG, NUMBERED_BOND, bad_bridge_name

NEW_BOND = "mode=802.3ad miimon=150"
MODULE_BONDS = {f"bond{number}" for number in range(5)}  # VDSM had the kernel's module make these
IN_SYSFS = KNOWN | {"slaves", "active_slave", "queue_id"}


def judge(networks: dict[str, Record], bondings: dict[str, Record], netinfo: Record, running: Config) -> Call | Refusal:
    """The call in today's canonical form, or why VDSM of 2012 refuses it."""
    try:
        objections = chain(_at_once(networks, bondings, netinfo), _on_the_way(networks, bondings, netinfo, running))
        refusal = next(objections, None)
        return refusal or _canonical(networks, bondings, netinfo)
    except (AttributeError, KeyError, TypeError, ValueError) as failure:
        return crash(str(failure))


def _canonical(networks: dict[str, Record], bondings: dict[str, Record], netinfo: Record) -> Call:
    wanted = {name: _network(attributes) for name, attributes in networks.items()}
    bonds = {name: _bond(name, attributes, netinfo) for name, attributes in bondings.items()}
    for network in wanted.values():
        name = network.get("bonding", "")
        if name and name not in bonds:
            bonds[name] = _bond(name, {}, netinfo)
    return Call(wanted, bonds)


def _network(attributes: Record) -> Record:
    if attributes.get("remove"):
        return {"remove": True}
    mtu, bridged = int(attributes.get("mtu") or 1500), truth(attributes.get("bridged", True))
    network: Record = {"bridged": bridged, "mtu": mtu, "switch": "legacy", "dhcpv6": False, "ipv6autoconf": False}
    base = "bonding" if "bonding" in attributes else "nic"
    network |= {key: attributes[key] for key in (base, "ipaddr", "netmask", "gateway") if attributes.get(key)}
    if attributes.get("prefix") is not None:
        network["netmask"] = str(ipaddress.IPv4Network(f"0.0.0.0/{attributes['prefix']}").netmask)
    if attributes.get("vlan"):
        network["vlan"] = int(attributes["vlan"])
    network["bootproto"] = "dhcp" if attributes.get("bootproto") == "dhcp" else "none"
    # There was no defaultRoute: a gateway, stated or leased, was always the host's.
    network["defaultRoute"] = bool(attributes.get("gateway")) or network["bootproto"] == "dhcp"
    if bridged:
        network["stp"] = str(attributes.get("stp", attributes.get("STP", "no"))).lower() in ("yes", "on", "true")
    return {**network, "nameservers": []}


def _bond(name: str, attributes: Record, netinfo: Record) -> Record:
    if attributes.get("remove"):
        return {**attributes, "remove": True}
    present = netinfo["bondings"].get(name)
    nics = attributes.get("nics") or (present["slaves"] if present else [])
    opts = " ".join(f"{key}={value}" for key, value in sorted(present["opts"].items())) if present else NEW_BOND
    return {"nics": sorted(nics), "options": attributes.get("options") or opts, "switch": "legacy"}


def _at_once(networks: dict[str, Record], bondings: dict[str, Record], netinfo: Record) -> Iterator[Refusal]:
    """What it looks at before it touches anything."""
    for attributes in networks.values():
        if attributes.get("remove") and attributes.keys() - {"remove"}:
            yield Refusal(BAD_PARAMS, "Cannot specify any attribute when removing")
    for name, bond in bondings.items():
        yield from _bond_name(name)
        if "options" in bond:
            yield from _bond_options(name, bond["options"], netinfo)
        if bond.get("remove"):
            if name not in netinfo["bondings"]:
                yield Refusal(BAD_BONDING, f"Cannot remove bonding {name}: it is not there")
        elif not bond.get("nics"):
            yield Refusal(BAD_PARAMS, "Missing required nics for bonding device")
        elif set(bond["nics"]) - netinfo["nics"].keys():
            yield Refusal(BAD_NIC, f"Unknown nics in: {bond['nics']!r}")


def _on_the_way(
    networks: dict[str, Record], bondings: dict[str, Record], netinfo: Record, running: Config
) -> Iterator[Refusal]:
    """What it finds out while it removes every network of the call, and then adds one after the other."""
    for name in networks.keys() & running.networks.keys():
        guests = set(netinfo["bridges"].get(name, {}).get("ports", ())) - {port_of(running.networks[name])}
        if guests:
            yield Refusal(USED_BRIDGE, f"bridge {name} has interfaces {sorted(guests)} connected")
    standing = [network for name, network in running.networks.items() if name not in networks]
    bonds = {name: bond["slaves"] for name, bond in netinfo["bondings"].items()}
    bonds = {name: nics for name, nics in bonds.items() if "remove" not in bondings.get(name, {})}
    bonds |= {name: bond["nics"] for name, bond in bondings.items() if not bond.get("remove")}
    for name, attributes in networks.items():
        if attributes.get("remove") and name in running.networks:
            continue
        if "bonding" not in attributes and "nic" not in attributes:
            yield crash("'nic'")  # also where the network to be removed is not there
        yield from _network_complaints(name, attributes)
        network = _network(attributes)
        options = bondings.get(str(network.get("bonding")), {}).get("options")
        yield from _base_complaints(network, options, netinfo, bonds, standing)
        standing.append(network)


def _network_complaints(name: str, asked: Record) -> Iterator[Refusal]:
    int(asked.get("mtu") or 0)
    int(asked.get("prefix", 0))
    if asked.get("prefix") is not None and asked.get("netmask") is not None:
        yield Refusal(BAD_PARAMS, "Both PREFIX and NETMASK supplied")
    if truth(asked.get("bridged", True)) and bad_bridge_name(name):
        yield Refusal(BAD_BRIDGE, f"Bridge name isn't valid: {name!r}")
    if asked.get("vlan"):
        if not str(asked["vlan"]).strip().lstrip("+-").isdigit():
            yield Refusal(BAD_VLAN, "vlan id must be a number")
        elif not 0 <= int(asked["vlan"]) <= LARGEST_TAG:
            yield Refusal(BAD_VLAN, f"vlan id out of range: {asked['vlan']}, must be 0..{LARGEST_TAG}")
    yield from _address_complaints(asked)


def _address_complaints(asked: Record) -> Iterator[Refusal]:
    masked = asked.get("netmask") or asked.get("prefix") is not None
    if not asked.get("ipaddr"):
        if masked or asked.get("gateway"):
            yield Refusal(BAD_ADDRESS, "Specified netmask or gateway but not ip")
        return
    if not masked:
        yield Refusal(BAD_ADDRESS, "Must specify netmask to configure ip for network")
    for key in ("ipaddr", "netmask", "gateway"):
        if asked.get(key) and not _dotted(asked[key]):
            yield Refusal(BAD_ADDRESS, f"Bad {key}: {asked[key]!r}")


def _dotted(text: str) -> bool:
    """Four numbers up to 255, however they are written, and nothing more: so any such text is a netmask."""
    try:
        numbers = [int(part) for part in text.split(".")]
    except ValueError:
        return False
    return len(numbers) == 4 and all(0 <= number <= 255 for number in numbers)


def _base_complaints(
    network: Record, options: str | None, netinfo: Record, bonds: dict[str, list[str]], standing: list[Record]
) -> Iterator[Refusal]:
    bonding = network.get("bonding")
    nics = bonds.get(bonding, []) if bonding else [network.get("nic", "")]
    if bonding:
        yield from _bond_name(bonding)
        yield from _bond_options(bonding, options or "", netinfo)
        yield from _crowded(network, standing)
    for nic in nics:
        if nic not in netinfo["nics"]:
            yield Refusal(BAD_NIC, f"unknown nic: {nic!r}")
        if any(nic in members for bond, members in bonds.items() if bond != bonding):
            yield Refusal(USED_NIC, f"nic {nic} already enslaved")
        if not bonding:
            yield from _crowded(network, standing)
        elif any(vlan["iface"] == nic for vlan in netinfo["vlans"].values()):
            yield Refusal(USED_NIC, f"nic {nic} already used by vlans")
        elif any(port_of(other) == nic for other in standing):
            yield Refusal(USED_NIC, f"nic {nic} already used by networks")


def _bond_name(name: str) -> Iterator[Refusal]:
    if not NUMBERED_BOND.match(name):
        yield Refusal(BAD_BONDING, f"{name!r} is not a valid bonding device name")


def _bond_options(name: str, text: str, netinfo: Record) -> Iterator[Refusal]:
    """VDSM looks in sysfs for each of them: of a bond that is not there it takes none."""
    pairs = [word.split("=") for word in text.split()]
    there = name in netinfo["bondings"] or name in MODULE_BONDS
    for pair in pairs:
        if len(pair) != 2:
            yield Refusal(BAD_BONDING, f"Error parsing bonding options: {text!r}")
        elif not there or pair[0] not in IN_SYSFS:
            yield Refusal(BAD_BONDING, f"{pair[0]!r} is not a valid bonding option")


def _crowded(network: Record, standing: list[Record]) -> Iterator[Refusal]:
    """A base carries one untagged bridged network, or vlans and at most one untagged bridgeless network."""
    others = [other for other in standing if base_of(other) == base_of(network)]
    untagged = [other["bridged"] for other in others if "vlan" not in other]
    if any(untagged) or ("vlan" not in network and (others if network["bridged"] else untagged)):
        yield Refusal(BAD_PARAMS, f"interface {base_of(network)!r} is already used by another network")


# Caps of VDSM before 4.40: made of today's, and today's made of them (docs/vdsm.md, Through the ages).


BOOTPROTO_IN, DHCP_FLAGS_SINCE = (4, 16), (4, 17)
# The version that first told a key: of the document ("" in this table), of all devices, and where a section differs.
SINCE: dict[str, dict[str, tuple[int, ...]]] = {
    "": {"nameservers": (4, 18), "supportsIPv6": (4, 18)},
    "devices": {
        "ipv6addrs": (4, 12),
        "ipv4addrs": (4, 16),
        "opts": (4, 16),
        "gateway": (4, 17),
        "ipv6gateway": (4, 17),
        "dhcpv4": DHCP_FLAGS_SINCE,
        "dhcpv6": DHCP_FLAGS_SINCE,
        "active_slave": (4, 17),
        "ipv6autoconf": (4, 18),
        "switch": (4, 18),
        "ad_aggregator_id": (4, 18),
        "ad_partner_mac": (4, 18),
        "hostQos": (4, 18),
        "qos": (4, 18),
        "ipv4defaultroute": (4, 19),
        "southbound": (4, 30, 1),
    },
    "bondings": {"speed": (4, 40)},
    "vlans": {"vlanid": (4, 13)},
    "bridges": {"gateway": (4, 12), "ipv6gateway": (4, 12)},
    "networks": {"gateway": (), "ipv6gateway": (4, 12), "vlanid": (4, 30, 1)},
}


def modernised(caps: Record) -> Record:
    """Caps of 2012 as today's VDSM would report them: gateway, DHCP and bond options come from ``cfg``."""
    modern = {key: copy.deepcopy(value) for key, value in caps.items()}
    for section in SECTIONS:
        records = {}
        for name, old in caps.get(section, {}).items():
            cfg = {str(key).upper(): str(value).strip("'\"") for key, value in (old.get("cfg") or {}).items()}
            records[name] = {**blank_ip(), **copy.deepcopy(old), **_addresses(old, cfg)}
            _links(section, name, records[name], cfg)
        modern[section] = records
    modern["bondings"] = {name: bond for name, bond in modern["bondings"].items() if bond["slaves"]}
    for name, network in modern.get("networks", {}).items():
        network |= {key: modern["bridges"][name][key] for key in blank_ip() if name in modern["bridges"]}
    return modern


def _addresses(old: Record, cfg: dict[str, str]) -> Record:
    gateway = cfg.get("GATEWAY") or old.get("gateway") or ""
    gateway = "" if gateway == "0.0.0.0" else gateway
    found: Record = {"gateway": gateway, "ipv4defaultroute": bool(gateway)}
    found["dhcpv4"] = cfg.get("BOOTPROTO", "").lower() == "dhcp"
    if old.get("addr"):
        found["ipv4addrs"] = [str(ipaddress.IPv4Interface(f"{old['addr']}/{old.get('netmask') or 32}"))]
    return found


def _links(section: str, name: str, record: Record, cfg: dict[str, str]) -> None:
    if section == "vlans" and "vlanid" not in record:
        base, _, tag = name.rpartition(".")
        record |= {"iface": base or record.get("iface", ""), "vlanid": int(tag) if tag.isdigit() else 0}
    if section == "bondings":
        words = cfg.get("BONDING_OPTS", "").split()
        record.setdefault("opts", {"mode": "0"} | dict(word.split("=", 1) for word in words if "=" in word))
        record.setdefault("active_slave", "")
    if section == "bridges":
        record.setdefault("stp", "off")


def keys_of(caps: Record) -> dict[str, set[str]]:
    """The keys that ``caps`` tell: of the document (`""`), and of any record in each section."""
    sections = {section: caps.get(section, {}).values() for section in (*SECTIONS, "networks")}
    return {"": set(caps), **{section: set().union(*records) for section, records in sections.items()}}


def rendered(caps: Record, age: Age, told: Mapping[str, set[str]]) -> Record:
    """Today's ``caps`` as a VDSM of ``age`` reports them: without what later ones added, and with ``cfg`` till 4.18.

    ``told``: keys that this one is known to tell all the same; releases took some from the next one.
    """
    old = {key: value for key, value in caps.items() if key in told[""] or age.version >= SINCE[""].get(key, ())}
    for section in (*SECTIONS, "networks"):
        old[section] = {name: _aged(section, name, record, age, told) for name, record in caps[section].items()}
    return old


def _aged(section: str, name: str, record: Record, age: Age, known: Mapping[str, set[str]]) -> Record:
    since = {**SINCE["devices"], **SINCE.get(section, {}), **dict.fromkeys(known[section], ())}
    told = {key: copy.deepcopy(value) for key, value in record.items() if age.version >= since.get(key, ())}
    if section == "networks":
        told["gateway"] = told["gateway"] or ("0.0.0.0" if age.elder else "")
        if BOOTPROTO_IN <= age.version < DHCP_FLAGS_SINCE:
            told["bootproto4"] = "dhcp" if record["dhcpv4"] else "none"
    if age.has_cfg:
        told["cfg"] = _ifcfg(section, name, record)
    return told


def _ifcfg(section: str, name: str, record: Record) -> Record:
    """The ifcfg file of a device."""
    cfg = {"DEVICE": name, "ONBOOT": "yes"}
    if record["dhcpv4"]:
        cfg["BOOTPROTO"] = "dhcp"
    elif record["addr"]:
        cfg |= {"IPADDR": record["addr"], "NETMASK": record["netmask"]}
        cfg |= {"GATEWAY": record["gateway"]} if record["gateway"] else {}
    opts = record.get("opts", {})
    if section == "bondings" and opts != {"mode": "0"}:  # what the kernel does when nobody says anything
        cfg["BONDING_OPTS"] = " ".join(f"{key}={value}" for key, value in sorted(opts.items()))
    return cfg
