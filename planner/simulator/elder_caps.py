"""The caps that VDSM of 2012 (4.9 to 4.13) reports, translated from today's and back (vdsm.md 4.2)."""

import copy
import ipaddress

from planner.simulator.ages import Age
from planner.simulator.devices import SECTIONS, blank_ip
from planner.simulator.kernel import Record

IPV6_SINCE = (4, 12)


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


def rendered(caps: Record, age: Age) -> Record:
    """Today's ``caps`` as a VDSM of ``age`` reports them: texts, ``cfg``, no gateway but a network's."""
    old = copy.deepcopy(caps)
    old.pop("nameservers", None)
    for section in (*SECTIONS, "networks"):
        for name, record in old[section].items():
            _age_record(section, name, record, age)
    return old


def _age_record(section: str, name: str, record: Record, age: Age) -> None:
    dhcp, gateway, opts = record["dhcpv4"], record["gateway"], record.pop("opts", {})
    for key in ("ipv4addrs", "ipv4defaultroute", "dhcpv4", "dhcpv6", "ipv6autoconf", "southbound", "switch", "vlanid"):
        record.pop(key, None)
    if age.version < IPV6_SINCE:
        record.pop("ipv6addrs", None)
        record.pop("ipv6gateway", None)
    record.pop("gateway", None)
    if section == "networks":
        record["gateway"] = gateway or "0.0.0.0"
    cfg = {"DEVICE": name, "ONBOOT": "yes"}
    if dhcp:
        cfg["BOOTPROTO"] = "dhcp"
    elif record["addr"]:
        cfg |= {"IPADDR": record["addr"], "NETMASK": record["netmask"]}
        cfg |= {"GATEWAY": gateway} if gateway else {}
    if section == "bondings":
        if opts != {"mode": "0"}:  # what the kernel does when nobody says anything
            cfg["BONDING_OPTS"] = " ".join(f"{key}={value}" for key, value in sorted(opts.items()))
        record.pop("active_slave", None)
    record["cfg"] = cfg
