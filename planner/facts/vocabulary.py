"""Facts, and the words that rules may use: every kind of fact, every field of the attachment, one line of meaning each.

``schemas/facts.schema.json`` is written from these tables (``make schemas``). A field is text (``str``)
or a whole number (``int``); a yes or no is 0 or 1. What is absent is ``""`` or -1, so a fact is total.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Scalar = str | int
Stage = Literal["locate", "devise", "guard"]
STAGES: tuple[Stage, ...] = ("locate", "devise", "guard")  # in which rules fire, one after the other


class Fact(NamedTuple):
    """A flat fact: its kind, every declared field with a str or int, and its place in the input."""

    kind: str
    fields: Mapping[str, Scalar]
    path: str


class Field(NamedTuple):
    """A field: its type, what it means, and the word that stands for its absence in a message.

    ``words`` are all its values, if they are few; ``least`` and ``most`` bound a number. Absence comes on top.
    """

    type: type[str] | type[int]
    meaning: str
    absent: str = "none"
    words: tuple[Scalar, ...] = ()
    least: int = 0
    most: int | None = None


class Kind(NamedTuple):
    """A kind of fact. ``concluded_in`` is the stage whose rules make it; ``""`` when it is read from the inputs."""

    meaning: str
    fields: dict[str, Field]
    concluded_in: Stage | str = ""


def text(meaning: str, absent: str = "none", *, words: tuple[str, ...] = ()) -> Field:
    """A field that holds text."""
    return Field(str, meaning, absent, words)


def number(meaning: str, absent: str = "unknown", *, most: int | None = None) -> Field:
    """A field that holds a whole number."""
    return Field(int, meaning, absent, (), 0, most)


def flag(meaning: str) -> Field:
    """A field that holds 0 or 1."""
    return Field(int, meaning, "unknown", (0, 1))


def family(meaning: str = "4 or 6") -> Field:
    """A field that holds the version of IP."""
    return Field(int, meaning, "unknown", (4, 6))


# The words of some fields, as their meanings list them.
METHODS = ("none", "static", "dhcp", "auto", "auto+dhcp")  # the last two are of IPv6 only
SINGLES = ("floating", "alone")
ORIGINS = ("hand", "router", "lease")
DEVICES = ("nic", "bond", "vlan", "bridge")
BASES = (*DEVICES, "unlisted")
LINKS = ("ethernet", "infiniband")
SEVERITIES = ("error", "warning", "note")
OUTCOMES = ("change", "no-change", "refused")
WAYS = ("address", "lastClientIface", "default-route")
LARGEST_TAG = 4095  # IEEE 802.1Q has 12 bits for it
LONGEST_PREFIX = 128
LAST_MODE = 6  # of the kernel's bonds


KINDS: dict[str, Kind] = {
    # What was asked for
    "definition": Kind(
        "the data centre's definition of the management network",
        {
            "network": text("the logical network's name"),
            "vm_network": flag("1: a VM network, so bridged"),
            "vlan": number("its tag", absent="no tag", most=LARGEST_TAG),
            "mtu": number("its MTU in bytes"),
            "stp": flag("1: the bridge runs STP"),
            "default_route": flag("1: it carries the host's default route"),
            "default_route_stated": flag("1: the definition says so itself, 0: by default"),
            "nameservers": text("its name servers, joined by commas; empty: as the host has them"),
            "nameservers_stated": flag("1: the definition names some; an empty list is as good as none"),
            "ipv4": text("dhcp or static where the definition overrules the capture", words=("dhcp", "static")),
        },
    ),
    "defined": Kind(
        "what the definition says of one family",
        {
            "family": family(),
            "gateway": text("a gateway that overrules the reported one, `none`, or empty"),
        },
    ),
    "wanted": Kind(
        "a management address that was given",
        {
            "address": text("canonical text"),
            "family": family(),
            "loopback": flag("1: it is a loopback address, by which a host reaches itself only"),
        },
    ),
    # What the host is
    "vdsm": Kind(
        "the host's VDSM",
        {
            "version": number("100 x major + minor (4.50: 450); 9999 when unknown, so judged as the newest"),
            "patch": number("the number after the minor one (4.40.28: 28); -1 where the capture tells none"),
            "nmstate": number("nmstate's version: 10000 x major + 100 x minor + patch (2.2.5: 20205)"),
            "known": flag("1: the capture tells the version"),
            "dirty": flag("1: the running configuration is not saved"),
        },
    ),
    "host": Kind(
        "the host as a whole",
        {
            "addresses": text("every address with its device, for messages"),
            "nameservers": text("the reported name servers, joined by commas"),
            "gateways": number("how many gateways it reports; 0 also where VDSM on EL9 hides them"),
            "contenders": text("the devices with a given address, else those with a default route, for messages"),
            "default_route_devices": text("the devices with an IPv4 default route, joined by commas"),
            "enterprise_linux": number("the major version of Enterprise Linux; -1: another system, or not told"),
            "lacking": text(
                "what the capture does not tell of VDSM's answer (sections, keys), joined by commas: it is no whole one"
            ),
        },
    ),
    "device": Kind(
        "a nic, bond, vlan or bridge: what all of them have, and where a network with its address here stands",
        {
            "name": text("its name"),
            "kind": text("nic, bond, vlan or bridge", words=DEVICES),
            "mtu": number("its MTU in bytes"),
            "link": text(
                "ethernet or infiniband, by the length of a nic's hardware address, a bond's or its members'",
                "unknown",
                words=LINKS,
            ),
            "bond": text("the bond it is a member of"),
            "bridge": text("the bridge it is a port of"),
            "vlans": number("how many vlans stand on it"),
            "addresses": number("how many addresses it has"),
            "port": text(
                "what carries its frames: the port of the management network's bridge, else the device itself"
            ),
            "base": text("that port, or the device under it if it is a vlan: where VDSM attaches the network"),
            "tag": number("the tag with which it does", absent="no tag", most=LARGEST_TAG),
        },
    ),
    "nic": Kind(
        "a network interface card",
        {
            "name": text("its name"),
            "hwaddr": text("its MAC address, lower case; that of its bond while it is a member"),
            "permanent_hwaddr": text("the MAC address it was made with; hwaddr where the host reports no other"),
        },
    ),
    "bond": Kind(
        "a bond",
        {
            "name": text("its name"),
            "hwaddr": text("its MAC address, lower case"),
            "mode": number("its mode as the kernel numbers them (4: 802.3ad)", most=LAST_MODE),
            "members": number("how many members it has"),
            "member_names": text("its members, joined by commas"),
            "options": text("its options, as `mode=4 miimon=100`"),
            "fail_over_mac": number("the option of this name, 0 when it is not set"),
            "switch": text("ovs or legacy; before 4.19 not told"),
            "partner": text("the LACP partner's MAC address; all zeroes: nobody answers"),
        },
    ),
    "member": Kind(
        "a device that belongs to a bond",
        {
            "bond": text("the bond"),
            "nic": text("the member"),
            "listed": flag("1: the capture lists it as a nic"),
            "vlans": number("how many vlans stand on it"),
            "addresses": number("how many addresses it has"),
        },
    ),
    "vlan": Kind(
        "a VLAN device",
        {
            "name": text("its name"),
            "base": text("the device under it"),
            "base_kind": text("nic, bond, vlan, bridge, or unlisted", words=BASES),
            "tag": number("its VLAN id", absent="no tag", most=LARGEST_TAG),
            "vdsm_name": text("the name VDSM would give it: base.tag"),
            "vdsm_name_length": number("the length of that name; the kernel takes 15"),
            "conventional": flag("1: it has that name"),
        },
    ),
    "bridge": Kind(
        "a Linux bridge",
        {
            "name": text("its name"),
            "owned": flag("1: it belongs to a network that VDSM made"),
            "stp": flag("1: it runs STP"),
            "ports": number("how many ports it has"),
            "port_names": text("its ports, joined by commas"),
            "heir": text("its only port that is a nic, bond or vlan: what would have its addresses without it"),
        },
    ),
    "port": Kind(
        "a device that is a port of a bridge",
        {
            "bridge": text("the bridge"),
            "device": text("the port"),
            "owned": flag("1: the bridge belongs to a network that VDSM made"),
        },
    ),
    "network": Kind(
        "a network that VDSM made",
        {
            "name": text("its name"),
            "device": text("the device that holds its address: the bridge, or what is under a bridgeless one"),
            "bridged": flag("1: it has a bridge"),
            "port": text("the device under the bridge, or the device itself"),
            "contradicted": text("another device that the capture names as its port (southbound), against its own"),
            "base": text("the nic or bond under it, the vlan stripped"),
            "base_kind": text("nic, bond, vlan, bridge, or unlisted", words=BASES),
            "vlan": number("its tag", absent="no tag", most=LARGEST_TAG),
            "mtu": number("its MTU in bytes"),
            "stp": flag("1: its bridge runs STP"),
            "switch": text("legacy or ovs"),
            "portless": flag("1: its bridge, unless it is one of Open vSwitch, has lost its port"),
            "default_route": flag("1: it carries the default route, of IPv6 where it has no IPv4"),
        },
    ),
    "address": Kind(
        "an address of a device",
        {
            "device": text("the device"),
            "address": text("canonical text"),
            "family": family(),
            "prefix": number("its prefix length", most=LONGEST_PREFIX),
            "carried": flag("1: a static configuration of the device would carry this one"),
            "origin": text("how an IPv6 address came about: hand, router (advertisement) or lease", words=ORIGINS),
            "single": text(
                "of a /32 or /128 set by hand: floating, in the subnet of another one, or alone", words=SINGLES
            ),
        },
    ),
    "ip": Kind(
        "how a device got its addresses of one family, and the one that would be carried",
        {
            "device": text("the device"),
            "family": family(),
            "method": text("none, static or dhcp; of IPv6 auto or auto+dhcp, too", words=METHODS),
            "planned": text(
                "none, static, dhcp, auto or auto+dhcp, as the plan makes it: the definition's, else today's",
                words=METHODS,
            ),
            "address": text("the management address if it is here, else the primary one, of IPv6 the first"),
            "prefix": number("its prefix length", most=LONGEST_PREFIX),
            "gateway": text("the reported gateway"),
            "addresses": number("how many addresses"),
            "default_route": flag("1: the default route leads over it today; over an IPv6 gateway it always does"),
            "address_by_hand": flag("1: that address was set by hand beside others of IPv6 that come by themselves"),
            "by_hand": flag("1: besides router advertisements or DHCPv6 an address was set by hand"),
        },
    ),
    "route": Kind(
        "a gateway that the host reports",
        {
            "device": text("the device it is reported on"),
            "family": family(),
            "gateway": text("the gateway's address"),
            "default": flag("1: it is a default route today; IPv6 gateways always are"),
        },
    ),
    "nameserver": Kind(
        "a name server that the host reports",
        {"address": text("canonical text"), "family": family(), "index": number("its place, from 0")},
    ),
    "client": Kind(
        "lastClientIface: the device over which the host was asked",
        {"device": text("its name"), "listed": flag("1: the capture describes it")},
    ),
    "candidate": Kind(
        "a device that may hold the management address, by one way of finding it",
        {
            "device": text("its name"),
            "kind": text("nic, bond, vlan or bridge", words=DEVICES),
            "found_by": text("address, lastClientIface or default-route", words=WAYS),
            "address": text("the address found there: the one given, or IPv4 before IPv6"),
            "family": family(),
            "rivals": number("how many further addresses of that family it has"),
            "apart": number("how many other devices hold a given address, but for its bond, bridge, members and ports"),
            "owned": flag("1: the management network that VDSM made stands on it"),
        },
    ),
    # What the stages conclude
    "management": Kind(
        "the device that holds the management address",
        {
            "device": text("its name"),
            "kind": text("nic, bond, vlan or bridge"),
            "address": text("the management address"),
            "family": family(),
            "found_by": text("address, lastClientIface or default-route"),
        },
        concluded_in="locate",
    ),
    "difference": Kind(
        "what the management network has otherwise than the definition; without one there is nothing to change",
        {
            "field": text("the attachment's field, or network: it is not made yet"),
            "from": text("as it is"),
            "to": text("as it is defined"),
        },
        concluded_in="devise",
    ),
    "attachment": Kind(
        "what the devise stage decided, with what follows from it",
        {
            "iface": text("the nic or bond the network is attached to"),
            "vlan": number("the tag", absent="no tag", most=LARGEST_TAG),
            "bridged": flag("1: with a bridge"),
            "mtu": number("the MTU in bytes"),
            "stp": flag("1: with STP"),
            "bonding": text("the bond that travels along"),
            "pin_mac": flag("1: VDSM pins to that bond the MAC address of today"),
            "switch": text("legacy or ovs"),
            "default_route": flag("1: with the default route"),
            "nameservers": text("the name servers, joined by commas"),
        },
        concluded_in="devise",
    ),
    "addressing": Kind(
        "what the devise stage decided of one family, with what follows from it",
        {
            "family": family(),
            "method": text("none, static or dhcp; of IPv6 auto or auto+dhcp, too", words=METHODS),
            "address": text("the static address"),
            "prefix": number("its prefix length", most=LONGEST_PREFIX),
            "gateway": text("the gateway"),
            "gateway_inside": flag("1: the gateway is in the address's subnet, or link-local"),
            "nameservers": text("those of the network's name servers that have an address of it"),
        },
        concluded_in="devise",
    ),
    "foreseen": Kind(
        "an effect that the request would have on the host beyond what it asks for",
        {
            "effect": text("mtu, address-moves, address-dropped, ..."),
            "device": text("the device concerned"),
            "address": text("the address concerned"),
            "from": text("as it is"),
            "to": text("as it would be", absent="another one"),
            "from_number": number("`from` as a number, for mtu"),
            "to_number": number("`to` as a number, for mtu"),
        },
        concluded_in="devise",
    ),
    "freed": Kind(
        "a bridge without which the host is judged again: what would be refused then is told, too",
        {"bridge": text("its name")},
        concluded_in="guard",
    ),
    "outcome": Kind(
        "what the plan is; only invariants can speak of it",
        {"is": text("change, no-change or refused", words=OUTCOMES)},
        concluded_in="guard",
    ),
    "problem": Kind(
        "what the plan says besides; only invariants can speak of it",
        {
            "rule": text("the rule that says it; two that contradict each other have none"),
            "severity": text("error (a refusal), warning or note", words=SEVERITIES),
            "code": text("its code"),
            "hint": text("what to do, before its values are filled in"),
        },
        concluded_in="guard",
    ),
    "compliant": Kind(
        "the management network is already as defined: nothing to change, refusals become warnings",
        {"network": text("its name")},
        concluded_in="guard",
    ),
}

# What rules may `set`, with the dots that a nested map under `set` is flattened to.
ATTACHMENT: dict[str, Field] = {
    "iface": text("the nic or bond to attach to"),
    "vlan": number("the tag; null: untagged", most=LARGEST_TAG),
    "bridged": flag("true: a VM network"),
    "mtu": number("the MTU in bytes"),
    "stp": flag("true: STP on the bridge"),
    "bonding": text("the bond that travels along, given whole: `$bond`"),
    "pin_mac": flag("false: VDSM is told to pin no MAC address to that bond; else it pins the one of today"),
    "default_route": flag("true: carry the default route"),
    "nameservers": text("addresses joined by commas"),
    "switch": text("legacy or ovs", words=("legacy", "ovs")),
    "adopt": flag("true: a network that VDSM does not have yet is first made as the host stands, and saved"),
    "ipv4.method": text("none, static or dhcp", words=METHODS[:3]),
    "ipv4.address": text("the static address"),
    "ipv4.prefix": number("its prefix length", most=LONGEST_PREFIX),
    "ipv4.gateway": text("the gateway; null: none"),
    "ipv6.method": text("none, static, dhcp, auto or auto+dhcp", words=METHODS),
    "ipv6.address": text("the static address"),
    "ipv6.prefix": number("its prefix length", most=LONGEST_PREFIX),
    "ipv6.gateway": text("the gateway; null: none"),
}


def absent(field: Field) -> Scalar:
    """The value that means "absent" in a field of this type: `""` or -1."""
    return "" if field.type is str else -1


def known_word(field: Field, value: Scalar) -> bool:
    """Whether ``value`` is one of the field's words, or its absence; every value is one where none are declared."""
    return not field.words or value in field.words or value == absent(field)
