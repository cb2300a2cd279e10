"""A plan's values in words: the attachment field by field, problems and foreseen effects as sentences."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from planner.explain.lettering import legible, listing
from planner.explain.parts import mode_words

FOUND_BY = {
    "address": "by the address given",
    "lastClientIface": "as the device over which the host was asked (lastClientIface)",
    "default-route": "by the default route, as neither an address nor lastClientIface tells",
}
IPV6_METHODS = {"auto": "router advertisement", "auto+dhcp": "router advertisement and DHCPv6", "dhcp": "DHCPv6"}


class Row(NamedTuple):
    """A line of the attachment: what it is, its value in words, and the fields of the trace that explain it."""

    label: str
    value: str
    fields: tuple[str, ...]


def rows(attachment: Mapping[str, Any]) -> Iterator[Row]:
    """The attachment as an administrator would read it out."""
    tag = attachment["vlan"]
    yield Row("attached to", legible(attachment["iface"]), ("iface",))
    yield Row("VLAN", "untagged" if tag is None else f"tag {tag}", ("vlan",))
    if attachment["bonding"]:
        yield Row("bond", bonding_words(attachment["bonding"]), ("bonding",))
    yield Row("VM network", "yes, with a bridge" if attachment["bridged"] else "no, without a bridge", ("bridged",))
    yield Row("MTU", str(attachment["mtu"]), ("mtu",))
    if attachment["bridged"]:
        yield Row("STP", "on" if attachment["stp"] else "off", ("stp",))
    for family, label in (("ipv4", "IPv4"), ("ipv6", "IPv6")):
        fields = tuple(f"{family}.{part}" for part in ("method", "address", "prefix", "gateway"))
        yield Row(label, ip_words(family, attachment[family]), fields)
    yield Row("default route", "yes" if attachment["default_route"] else "no", ("default_route",))
    yield Row("name servers", listing(attachment["nameservers"]) or "as the host has them", ("nameservers",))
    yield Row("switch", legible(attachment["switch"]), ("switch",))


def ip_words(family: str, ip: Mapping[str, Any]) -> str:
    """The IP configuration of one family: ``static 192.0.2.10/24, gateway 192.0.2.1``."""
    method = str(ip["method"])
    if method != "static":
        return IPV6_METHODS.get(method, method) if family == "ipv6" else {"dhcp": "DHCP"}.get(method, legible(method))
    prefix = "" if ip.get("prefix") is None else f"/{ip['prefix']}"
    gateway = f", gateway {legible(ip['gateway'])}" if ip.get("gateway") else ", no gateway"
    return f"static {legible(ip['address'])}{prefix}{gateway}"


def bonding_words(bonding: Mapping[str, Any]) -> str:
    """The bonds with members and options: ``bond4 of eth2, eth3: 802.3ad (mode 4), miimon=100``."""
    told = []
    for name, bond in bonding.items():
        options = {str(key): str(value) for key, value in (bond.get("options") or {}).items()}
        mode = options.pop("mode", "")
        words = [mode_words(int(mode)) if mode.isdecimal() else legible(mode)] if mode else []
        words += [legible(f"{key}={value}") for key, value in sorted(options.items())]
        told.append(f"{legible(name)} of {listing(bond['nics'])}" + (f": {', '.join(words)}" if words else ""))
    return "; ".join(told)


def said(value: object) -> str:
    """A single value of a plan in one line, as its document spells it."""
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case Mapping() if value and all(isinstance(bond, Mapping) and "nics" in bond for bond in value.values()):
            return bonding_words(value)
        case Mapping():
            return " ".join(f"{legible(key)}={said(inner)}" for key, inner in value.items()) or "none"
        case list() | tuple():
            return ",".join(map(said, value)) or "none"
        case _:
            stated = legible(value)
            return f'"{stated}"' if " " in stated or not stated else stated


def management_words(document: Mapping[str, Any]) -> str:
    """Where the management address is and how it was found."""
    management = document.get("management")
    if not management:
        return "no device was found to have it"
    address = f"{legible(management['address'])} " if management["address"] else ""
    found_by = FOUND_BY.get(management["found_by"], f"by {legible(management['found_by'])}")
    return f"{address}on {legible(management['kind'])} {legible(management['device'])}, found {found_by}"


def effects(foreseen: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The foreseen effects as sentences; devices to which the same happens for the same reason share one."""
    grouped: dict[tuple[str, ...], list[str]] = {}
    for effect in foreseen:
        key = tuple(str(effect.get(name) or "") for name in ("effect", "address", "from", "to", "because"))
        grouped.setdefault(key, []).append(str(effect["device"]))
    for (name, address, before, after, because), devices in grouped.items():
        sentence = _sentence(name, listing(devices), legible(address), legible(before), legible(after))
        yield f"{sentence}: {legible(because)}" if because else sentence


def _sentence(effect: str, devices: str, address: str, before: str, after: str) -> str:
    on, place = (f" on {after}" if after else ""), (f" in place of {before}" if before else "")
    values = f" from {before}" * bool(before) + f" to {after}" * bool(after)
    sentences = {
        "mtu": f"the MTU of {devices} goes{values}",
        "address-moves": f"{address} moves{values}",
        "address-changes": f"{before} on {devices} becomes {after or 'another address'}",
        "address-may-change": f"{before} on {devices} may become another address",
        "default-route-loses": f"the default route over {devices} ({before}) wins over that of {after}",
        "bridge-made": f"the bridge {devices} is made{on}",
        "bridge-removed": f"the bridge {devices} is removed",
        "address-dropped": f"{devices} loses {address}",
        "mac-kept": f"{devices} gets the MAC address {after}" if after else f"{devices} gets {before}'s MAC address",
        "mac-not-pinned": f"{devices} gets no MAC address pinned",
        "lease": f"{devices} asks for the DHCP lease{place}",
        "bond-redeclared": f"{devices} is declared anew" + (f" with {after}" if after else ""),
    }
    return sentences.get(effect, f"{legible(effect)} on {devices}{values}")
