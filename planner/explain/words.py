"""A plan's values in words: the attachment field by field, problems and foreseen effects as sentences."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from planner.host.model import MODES, Address, Device, Host, Ip
from planner.printing import legible, listing

# Values of a host in words.


LONGEST = 44  # an IPv6 address with its prefix; kernel names are at most 15 long

MBIT = 1000


def mode_words(mode: int) -> str:
    """A bond's mode as name and number: ``802.3ad (mode 4)``."""
    if 0 <= mode < len(MODES):
        return f"{MODES[mode]} (mode {mode})"
    return f"mode {mode}" if mode >= 0 else ""


def speed_words(speed: int) -> str:
    """A speed, reported in Mbit/s, as one says it; 0 and less: no link, nothing to say."""
    if speed <= 0:
        return ""
    return f"{speed // MBIT} Gbit/s" if speed % MBIT == 0 else f"{speed} Mbit/s"


def address_text(address: Address) -> str:
    """``192.0.2.10/24``."""
    return legible(f"{address.text}/{address.prefix}" if address.prefix >= 0 else address.text, LONGEST)


def method_words(address: Address, ip: Ip) -> str:
    """How an address came to be, as far as a capture tells."""
    if address.family == 4:
        if not ip.dhcpv4:
            return "static"
        alone = sum(other.family == 4 for other in ip.addresses) == 1
        return "DHCP" if alone or address.text == ip.primary4 else "DHCP or static"
    return _method6(ip)


def _method6(ip: Ip) -> str:
    if ip.autoconf:
        return "auto and DHCPv6" if ip.dhcpv6 else "auto"
    return "DHCPv6" if ip.dhcpv6 else "static" if any(address.family == 6 for address in ip.addresses) else ""


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
        "lease-may-change": f"{before} on {devices} may become another address",
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


# Where on the host a refusal is: the device that the refusing rule looked at last.


def refusals(document: Mapping[str, Any]) -> tuple[str, ...]:
    """One sentence for each error of a plan: ``vlan-tag-mismatch: bond4.3000 carries tag …``."""
    return tuple(f"{legible(problem['code'])}: {legible(problem['message'])}" for problem in errors_of(document))


def errors_of(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The problems that stop the plan."""
    return [problem for problem in document.get("problems") or () if problem["severity"] == "error"]


def marked_devices(host: Host, document: Mapping[str, Any]) -> dict[str, str]:
    """Device to the code of the refusal it caused. A rule narrows down as it goes, so its last device is the one."""
    places = {path: name for path, name in _places(host) if path}
    marks: dict[str, str] = {}
    for problem in errors_of(document):
        found = [name for place in problem.get("where") or () if (name := _device_at(str(place), places))]
        if found:
            marks.setdefault(found[-1], str(problem["code"]))
            if not document.get("management"):
                for name in found:
                    marks.setdefault(name, str(problem["code"]))
    return marks


def _places(host: Host) -> Iterator[tuple[str, str]]:
    """Each path of the capture that is a device's, and the device."""
    for network in host.networks.values():
        yield network.path, network.device
    kinds: tuple[Mapping[str, Device], ...] = (host.bridges, host.vlans, host.bonds, host.nics)
    for kind in kinds:
        for device in kind.values():
            yield device.path, device.name


def _device_at(place: str, places: Mapping[str, str]) -> str:
    """The device that ``place`` (``bondings.bond4.slaves``) is in; names may hold dots, so the longest path counts."""
    path = place
    while path:
        if path in places:
            return places[path]
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return ""
