"""The caps that VDSM reported before 4.40, translated from today's, and those with ifcfg files back (vdsm.md 4.2)."""

import copy
import ipaddress
from collections.abc import Mapping

from planner.simulator.ages import Age
from planner.simulator.devices import SECTIONS, blank_ip
from planner.simulator.kernel import Record

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
