"""What a host is told to be: ifcfg files, NetworkManager's keyfiles, and what `nmcli connection show NAME` prints.

A profile is a wish, and not what runs; it tells how addresses are got, and what stands on what.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from planner.host.fields import netmask_length

ASSIGNMENT = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(\w+)=(?:"([^"\n]*)"|'([^'\n]*)'|([^\s#]*))""", re.MULTILINE | re.ASCII
)
SECTION = re.compile(r"^\[([\w.-]+)\][ \t]*$", re.ASCII)
PROPERTY = re.compile(r"^([\w-]+)\.([\w-]+)(?:\[\d+\])?:[ \t]*(.*?)[ \t]*$", re.MULTILINE | re.ASCII)
TAGGED = re.compile(r"(.+)\.(\d{1,4})", re.ASCII)
KINDS = {"bond": "bond", "bridge": "bridge", "vlan": "vlan"}
CARDS = ("", "ethernet", "802-3-ethernet", "infiniband")  # what a profile of another kind makes VDSM does not show
YES = ("yes", "true", "on", "1")
DYNAMIC = ("dhcp", "bootp", "auto", "ibft")

Words = dict[str, str]
Connection = dict[str, Words]


class Profile(NamedTuple):
    """A configured device, by its name or its MAC address; None and ``""`` are what the profile leaves open.

    ``leased`` is about IPv4, ``router`` and ``leased6`` about IPv6; ``running``: NetworkManager says that it is active.
    """

    device: str
    hwaddr: str = ""
    kind: str = ""
    leased: bool | None = None
    router: bool | None = None
    leased6: bool | None = None
    addresses: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    mtu: str = ""
    master: str = ""
    base: str = ""
    tag: str = ""
    options: tuple[tuple[str, str], ...] = ()
    stp: bool | None = None
    running: bool = False


def of_ifcfg(name: str, written: str) -> Profile | None:
    """The profile in a file ifcfg-``name``; None for the loopback, an alias, a kind that is left out, an old copy."""
    if name == "lo" or ":" in name or name.endswith((".bak", ".orig", ".rpmsave", ".rpmnew", ".old", "~")):
        return None
    told = {found[1].upper(): found[2] or found[3] or found[4] or "" for found in ASSIGNMENT.finditer(written)}
    tagged = TAGGED.fullmatch(told.get("DEVICE") or name)
    stated = told.get("TYPE", "").lower()
    if stated not in (*KINDS, *CARDS):
        return None
    kind = KINDS.get(stated, "")
    if told.get("VLAN") in YES:
        kind = "vlan"
    elif "BONDING_OPTS" in told or told.get("BONDING_MASTER") in YES:
        kind = "bond"
    base, tag = (tagged[1], tagged[2]) if tagged is not None and kind == "vlan" else ("", "")
    base, tag = told.get("PHYSDEV") or base, told.get("VLAN_ID") or tag
    device = told.get("DEVICE") or (
        f"{base}.{tag}" if kind == "vlan" and base and tag else "" if told.get("HWADDR") else name
    )
    gateways = [told[key] for key in ("GATEWAY", "GATEWAY0", "IPV6_DEFAULTGW") if told.get(key)]
    without = told.get("IPV6INIT") == "no"
    router, leased6 = (_truth(told.get(key)) for key in ("IPV6_AUTOCONF", "DHCPV6C"))
    return Profile(
        device,
        told.get("HWADDR", "").lower(),
        kind,
        told.get("BOOTPROTO", "none").lower() in DYNAMIC,
        router=False if without else router,
        leased6=False if without or (router is not None and leased6 is None) else leased6,
        addresses=tuple(_ifcfg_addresses(told)),
        gateways=tuple(gateway.partition("%")[0] for gateway in gateways) if told.get("DEFROUTE") != "no" else (),
        mtu=told.get("MTU", ""),
        master=told.get("MASTER") or told.get("BRIDGE", ""),
        base=base,
        tag=tag,
        options=tuple(_options(told.get("BONDING_OPTS", "").split())),
        stp=_truth(told.get("STP")),
    )


def _truth(word: str | None) -> bool | None:
    return None if not word else word.lower() in YES


def _ifcfg_addresses(told: Words) -> Iterator[str]:
    for key, bare in told.items():
        if re.fullmatch(r"IPADDR\d*", key) and bare:
            number = key.removeprefix("IPADDR")
            prefix, mask = told.get(f"PREFIX{number}"), told.get(f"NETMASK{number}", "")
            length = prefix or netmask_length(mask)
            yield bare if length is None else f"{bare}/{length}"
    yield from [told["IPV6ADDR"]] if told.get("IPV6ADDR") else []
    yield from told.get("IPV6ADDR_SECONDARIES", "").split()


def _options(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Bonding options, as `name=value`."""
    pairs = (word.partition("=") for word in words)
    return ((name.strip(), value.strip()) for name, equals, value in pairs if equals)


def of_keyfile(written: str) -> Profile | None:
    """The profile in a file of NetworkManager's; None where it has none."""
    told: Connection = {}
    section: Words = {}
    for line in map(str.strip, written.split("\n")):
        begins = SECTION.match(line)
        if begins is not None:
            section = told.setdefault(begins[1], {})
        elif "=" in line and line[0] not in "#;":
            key, _, value = line.partition("=")
            section[key.strip()] = value.strip()
    return _of_connection(told) if "connection" in told else None


def of_nmcli(written: str) -> Profile | None:
    """The profile that `nmcli connection show NAME` prints; None where it prints none."""
    told: Connection = {}
    for found in PROPERTY.finditer(written):
        section, key, value = found.groups()
        if value not in ("", "--"):
            told.setdefault(section, {})[key] = value
    return _of_connection(told) if "connection" in told else None


def _of_connection(told: Connection) -> Profile | None:
    connection, general, vlan = told["connection"], told.get("GENERAL", {}), told.get("vlan", {})
    card = told.get("ethernet") or told.get("802-3-ethernet") or told.get("infiniband") or {}
    device = connection.get("interface-name") or general.get("DEVICES", "")
    stated = connection.get("type", "")
    kind = KINDS.get(stated, "")
    if stated not in (*KINDS, *CARDS):
        return None
    if not device and kind == "vlan" and vlan.get("parent") and vlan.get("id"):
        device = f"{vlan['parent']}.{vlan['id']}"
    if not device and not card.get("mac-address"):
        return None
    four, six = told.get("ipv4", {}), told.get("ipv6", {})
    method4, method6 = four.get("method", ""), six.get("method", "")
    bond = told.get("bond", {})
    options = bond["options"].split(",") if "options" in bond else [f"{key}={value}" for key, value in bond.items()]
    mtu = next((words["mtu"] for words in (card, told.get("bridge", {}), vlan) if "mtu" in words), "")
    master = connection.get("controller") or connection.get("master", "")
    return Profile(
        device,
        card.get("mac-address", "").lower(),
        kind,
        method4 in DYNAMIC if method4 else None,
        router=method6 == "auto" if method6 else None,
        leased6=method6 in ("auto", "dhcp") if method6 else None,
        addresses=tuple(address for family in (four, six) for address in _connection_addresses(family)),
        gateways=tuple(_gateways(four, six)),
        mtu=mtu if mtu.isdigit() and mtu != "0" else "",
        master=master if not _is_uuid(master) else "",
        base=vlan.get("parent", "") if not _is_uuid(vlan.get("parent", "")) else "",
        tag=vlan.get("id", ""),
        options=tuple(_options(options)),
        stp=_truth(told.get("bridge", {}).get("stp")),
        running=general.get("STATE") == "activated",
    )


def _is_uuid(name: str) -> bool:
    """Whether a connection is named by its UUID in place of a device; a device's name has at most 15 characters."""
    return len(name) > 15


def _connection_addresses(family: Words) -> Iterator[str]:
    numbered = [value for key, value in family.items() if re.fullmatch(r"address\d*", key)]
    for written in (*numbered, *re.split(r"[,;]", family.get("addresses", ""))):
        address = written.split(",")[0].strip()
        if address:
            yield address


def _gateways(four: Words, six: Words) -> Iterator[str]:
    for family in (four, six):
        if family.get("never-default") not in YES:
            numbered = [value for key, value in family.items() if re.fullmatch(r"address\d*", key)]
            behind = [parts[1].strip() for value in numbered if len(parts := value.split(",")) > 1]
            yield from [family["gateway"]] if family.get("gateway") else behind[:1]
