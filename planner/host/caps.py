"""getVdsCaps of every age, from VDSM 4.9 (2012) to 4.50, to a `Host`."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Any, NamedTuple, TypeVar

from planner.host.fields import (
    AGAIN,
    LARGEST_TAG,
    LONGEST_NAME,
    Findings,
    Record,
    amount,
    flag,
    is_printable,
    kept,
    listed,
    names,
    number,
    parse,
    quoted,
    read_ip,
    table,
    text,
    unprintable,
    within,
)
from planner.host.graph import loops
from planner.host.model import MODES, NO_IP, Bond, Bridge, Device, Host, Ip, Network, Nic, Vlan

# VDSM's own networks, as each age describes them.


NOT_SOUTHBOUND = ("vnet", "tap", "veth", ";")  # how the ports of virtual machines and VDSM's dummy bridge are called


class Below(NamedTuple):
    """The devices that networks stand on, by name; ``real`` are nics and bonds."""

    real: Mapping[str, Device]
    vlans: Mapping[str, Vlan]
    bridges: Mapping[str, Bridge]

    def lists(self, name: str) -> bool:
        """Whether ``name`` is a nic, bond or vlan that the capture describes."""
        return name in self.real or name in self.vlans


def read_networks(
    records: Iterable[tuple[str, Record]], below: Below, findings: Findings
) -> tuple[dict[str, Network], dict[str, Bridge]]:
    """The networks, and the bridges that only they tell of, as in a partial capture."""
    networks = {name: _network(name, record, below, findings) for name, record in records}
    made = {
        network.device: Bridge(network.device, network.path, network.mtu, "", network.ip, network.ports, network.stp)
        for network in networks.values()
        if network.bridged and network.device not in below.bridges
    }
    return networks, made


def _network(name: str, record: Record, below: Below, findings: Findings) -> Network:
    path = f"networks.{name}"
    stated = text(record, "iface", path, findings)
    bridged = _is_bridged(name, stated, record, below, findings)
    device = stated or name if bridged else text(record, "interface", path, findings) or stated
    bridge = below.bridges.get(device) if bridged else None
    under = bridge or below.real.get(device) or below.vlans.get(device)
    ports = names(record, "ports", path, findings) or (bridge.ports if bridge is not None else ())
    switch = text(record, "switch", path, findings)
    stood = _southbound(ports, below) if bridged else device
    named = text(record, "southbound", path, findings) or stood
    # VDSM works it out of the ports, or takes the device. Where it is neither, the two were read at different
    # times; every rule has to be told the same. Open vSwitch keeps its ports to itself.
    possible = ports if bridged else (device,)
    contradicted = bool(possible) and switch != "ovs" and named not in possible
    southbound = stood if contradicted else named
    tag = number(record, "vlanid", "a VLAN id", path, findings, LARGEST_TAG)
    vlan = below.vlans.get(southbound)
    stp = flag(record, "stp", path, findings)
    mtu = number(record, "mtu", "an MTU", path, findings)
    return Network(
        name=name,
        path=path,
        device=device,
        bridged=bridged,
        ports=ports,
        southbound=southbound,
        contradicted=named if contradicted else "",
        tag=vlan.tag if tag < 0 and vlan is not None else tag,
        mtu=under.mtu if mtu < 0 and under is not None else mtu,
        stp=None if not bridged else bridge.stp if stp is None and bridge is not None else stp,
        switch=switch,
        ip=_completed(read_ip(record, path, findings), record, under.ip if under is not None else NO_IP),
        qos=kept(record, ("hostQos", "qos"), path, findings),
        custom=kept(record, ("custom",), path, findings),
    )


def _is_bridged(name: str, device: str, record: Record, below: Below, findings: Findings) -> bool:
    """As the network says; else by what only one sort has; else by whether its device is another one than a bridge."""
    stated = flag(record, "bridged", f"networks.{name}", findings)
    if stated is not None:
        return stated
    if "ports" in record or device in below.bridges:
        return True
    return "interface" not in record and not below.lists(device)


def _southbound(ports: tuple[str, ...], below: Below) -> str:
    """The device under the bridge; before 4.30 only the ports tell it, among those of virtual machines."""
    listed = [port for port in ports if below.lists(port)]
    others = [port for port in ports if not port.startswith(NOT_SOUTHBOUND)]
    return min(listed or others, default="")


def _completed(ip: Ip, record: Record, under: Ip) -> Ip:
    """``ip`` with what the network's entry leaves out, from the device that holds its address."""
    if under is NO_IP:
        return ip
    if not ip.addresses:
        return under
    return ip._replace(
        gateway4=ip.gateway4 if "gateway" in record else under.gateway4,
        gateway6=ip.gateway6 if "ipv6gateway" in record else under.gateway6,
        dhcpv4=ip.dhcpv4 if {"dhcpv4", "bootproto4", "cfg"} & record.keys() else under.dhcpv4,
        dhcpv6=ip.dhcpv6 if "dhcpv6" in record else under.dhcpv6,
        autoconf=ip.autoconf if "ipv6autoconf" in record else under.autoconf,
        default_route4=under.default_route4 if ip.default_route4 is None else ip.default_route4,
    )


# A bond's mode and options, from VDSM's `opts` or from the BONDING_OPTS of an ifcfg file.


Options = tuple[tuple[str, str], ...]


def read_options(record: Record, path: str, findings: Findings) -> tuple[int, Options]:
    """The mode's number (-1: not told), and every option with the mode first."""
    told = record.get("opts") is not None
    if told:
        options = _from_opts(table(record, "opts", path, findings), f"{path}.opts", findings)
    else:
        cfg = table(record, "cfg", path, findings)
        options = dict(_words(text(cfg, "BONDING_OPTS", f"{path}.cfg", findings)))
    # VDSM 4.16 leaves out a mode of 0, and so does who writes an ifcfg file: it is the module's default.
    mode = _mode(options.pop("mode", "0" if told or options else ""), path, findings)
    named = [("mode", str(mode))] if mode >= 0 else []
    return mode, (*named, *sorted(options.items()))


def _from_opts(opts: Record, path: str, findings: Findings) -> dict[str, str]:
    options = {}
    for key, stated in opts.items():
        # VDSM of 4.10 to 4.14 gives name and number of an option as a list.
        value = stated[-1] if isinstance(stated, list | tuple) and stated else stated
        if value.__class__ is str and key.__class__ is str and is_printable(key) and is_printable(value):
            options[key] = value
        elif _is_number(value) and key.__class__ is str and is_printable(key):
            options[key] = str(int(value))
        else:
            findings.wrong(path, f"{quoted(key)} with {quoted(value)} is not an option and its value")
    return options


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and abs(value) < 2**63


def _words(written: str) -> list[tuple[str, str]]:
    pairs = [word.partition("=") for word in written.strip("'\"").split()]
    return [(key, value) for key, equals, value in pairs if key and equals]


def _mode(written: str, path: str, findings: Findings) -> int:
    """The number of a mode given as number, as name, or, as sysfs has it, as both."""
    if not written:
        return -1
    known = written.strip()[:LONGEST_NAME].split()[0] if written.strip() else ""
    if known in MODES:
        return MODES.index(known)
    if known in "0123456" and len(known) == 1:
        return int(known)
    findings.odd(f"{path}.opts.mode", f"{quoted(written)} is not a bonding mode", "the mode counts as unknown")
    return -1


# A name for what a host is: equal digests, equal plans, whatever the capture's format and spelling.


T = TypeVar("T")


def digest_of(host: Host) -> str:
    """``sha256:`` over the content that planning reads; not over what changes by itself, nor over who asked."""
    rows = [
        [_device(nic) for nic in _sorted(host.nics)],
        [[*_device(bond), sorted(bond.members), bond.mode, bond.options, bond.switch] for bond in _sorted(host.bonds)],
        [[*_device(vlan), vlan.base, vlan.tag] for vlan in _sorted(host.vlans)],
        [[*_device(bridge), sorted(bridge.ports), bridge.stp] for bridge in _sorted(host.bridges)],
        [_digested_network(network) for network in _sorted(host.networks)],
        host.nameservers,
        host.version,
        host.nmstate,
        host.enterprise_linux,
        host.lacks,
    ]
    content = json.dumps(rows, separators=(",", ":"), sort_keys=True, default=repr)
    return "sha256:" + hashlib.sha256(content.encode()).hexdigest()


def _sorted(table: Mapping[str, T]) -> list[T]:
    return [table[name] for name in sorted(table)]


def _device(device: Device) -> list[Any]:
    return [device.name, device.mtu, device.hwaddr, _ip(device.ip)]


def _digested_network(network: Network) -> list[Any]:
    kept = [network.name, network.device, network.bridged, sorted(network.ports), network.southbound, network.tag]
    kept += [network.contradicted, network.mtu, network.stp, network.switch]
    return [*kept, _ip(network.ip), network.qos, network.custom]


def _ip(ip: Ip) -> list[Any] | None:
    if ip is NO_IP:
        return None
    addresses = [(address.text, address.prefix) for address in ip.addresses]
    gateways = [ip.primary4, ip.gateway4, ip.gateway6, ip.default_route4]
    return [addresses, *gateways, ip.dhcpv4, ip.dhcpv6, ip.autoconf]


# What stands around getVdsCaps in an answer: JSON-RPC's envelope, VDSM's status; and answers that are failures.


SECTIONS = ("networks", "bridges", "bondings", "vlans", "nics")
# Where a document that was made of another format (`planner.host.formats.machine`) says what that cannot tell.
UNTOLD = "untold"
DEEPEST = 4  # envelopes: JSON-RPC's, VDSM's, and as many again of whoever stored the answer
NOT_READY = "99"  # VDSM's code for a daemon that is still starting


class Opened(NamedTuple):
    """The answer without its envelopes; ``keys`` lead to it; ``failure`` and ``hint``: VDSM's own complaint."""

    answer: Any
    keys: tuple[str, ...] = ()
    jsonrpc: bool = False
    failure: str = ""
    hint: str = ""


def is_caps(document: Any) -> bool:
    """Whether ``document`` holds at least one section of getVdsCaps."""
    return isinstance(document, dict) and any(key in document for key in SECTIONS)


def opened(document: Any) -> Opened:
    """``document`` without what stands around it."""
    keys: list[str] = []
    jsonrpc = False
    while isinstance(document, dict) and not is_caps(document) and len(keys) <= DEEPEST:
        jsonrpc = jsonrpc or "jsonrpc" in document
        failure = document.get("error") or _failed_status(document.get("status"))
        if failure:
            return Opened(document, tuple(keys), jsonrpc, *_told(failure))
        key = next((key for key in ("result", "info") if isinstance(document.get(key), dict)), None)
        if key is None:
            break
        document = document[key]
        keys.append(key)
    return Opened(document, tuple(keys), jsonrpc)


def _failed_status(status: Any) -> Any:
    """The status of an answer, if it tells of a failure: VDSM's code 0 is success."""
    return status if isinstance(status, dict) and str(status.get("code") or "0") != "0" else None


def _told(failure: Any) -> tuple[str, str]:
    code = failure.get("code") if isinstance(failure, dict) else None
    said = failure.get("message", failure) if isinstance(failure, dict) else failure
    numbered = f" {code}" if isinstance(code, int | str) and len(str(code)[:8]) < 8 else ""
    hint = (
        "VDSM is still starting: ask again in a minute" if numbered == f" {NOT_READY}" else f"{AGAIN} once VDSM answers"
    )
    return f"VDSM answered with error{numbered}: {quoted(said)}", hint


DIST = re.compile(r"\.el([0-9]{1,3})(?![0-9])")  # of an RPM's release: 1.el9, 427.13.1.el9_4.x86_64


def read_caps(document: Record, form: str, findings: Findings) -> Host:
    """The host that ``document`` describes; what is wrong with it goes to ``findings``."""
    nics = {name: _nic(name, record, findings) for name, record in _records(document, "nics", findings)}
    vlans = _vlans(document, nics, findings)
    bridges = {name: _bridge(name, record, findings) for name, record in _records(document, "bridges", findings)}
    bonds = {name: _bond(name, record, findings) for name, record in _records(document, "bondings", findings)}
    below = Below({**nics, **bonds}, vlans, bridges)
    networks, made = read_networks(_records(document, "networks", findings), below, findings)
    bridges |= made
    bonds = _in_use(bonds, vlans.values(), bridges.values(), networks.values())
    nameservers = _nameservers(document, findings)
    host = Host(
        format=form,
        digest="",
        nics=nics,
        bonds=bonds,
        vlans=vlans,
        bridges=bridges,
        networks=networks,
        nameservers=nameservers,
        last_client_iface=text(document, "lastClientIface", "", findings),
        version=_version(document),
        dirty=flag(document, "netConfigDirty", "", findings),
        nmstate=_packaged(document, "nmstate"),
        lacks=_lacks(document),
        enterprise_linux=_enterprise_linux(document),
    )
    for loop in loops(host):
        findings.odd(
            loop[0].path, f"it stands on itself: {_chain([device.name for device in loop])}", code="device-loop"
        )
    return host._replace(digest=digest_of(host))


def _lacks(document: Record) -> tuple[str, ...]:
    """The sections that are not there, and what a reader of another format says that it cannot tell."""
    missing = [section for section in SECTIONS if document.get(section) is None]
    untold = document.get(UNTOLD)
    named = [key for key in untold if key.__class__ is str and is_printable(key)] if untold.__class__ is list else []
    return tuple(dict.fromkeys(missing + named))


def _records(document: Record, section: str, findings: Findings) -> list[tuple[str, Record]]:
    """The named records of a section, those that are none left out with a problem."""
    found = []
    for name, record in table(document, section, "", findings).items():
        if name.__class__ is not str or not name:
            findings.wrong(section, f"{quoted(name)} is not a name")
        elif not is_printable(name):
            findings.wrong(section, f"the name {quoted(name)} {unprintable(name)}")
        elif record.__class__ is dict:
            found.append((name, record))
        elif record is None:
            found.append((name, {}))
        else:
            findings.wrong(f"{section}.{name}", f"{quoted(record)} is not the description of a device")
    return found


def _mtu(record: Record, path: str, findings: Findings) -> int:
    return number(record, "mtu", "an MTU", path, findings)


def _nic(name: str, record: Record, findings: Findings) -> Nic:
    path = f"nics.{name}"
    return Nic(
        name,
        path,
        _mtu(record, path, findings),
        text(record, "hwaddr", path, findings).lower(),
        read_ip(record, path, findings),
        text(record, "permhwaddr", path, findings).lower(),
        amount(record, "speed"),
    )


def _bond(name: str, record: Record, findings: Findings) -> Bond:
    path = f"bondings.{name}"
    mode, options = read_options(record, path, findings)
    partner = record.get("ad_partner_mac")
    return Bond(
        name,
        path,
        _mtu(record, path, findings),
        text(record, "hwaddr", path, findings).lower(),
        read_ip(record, path, findings),
        names(record, "slaves", path, findings),
        mode,
        options,
        # All zeroes are an answer here: nobody speaks LACP at the other end.
        partner.lower() if isinstance(partner, str) and is_printable(partner) else "",
        text(record, "switch", path, findings),
    )


def _in_use(
    bonds: dict[str, Bond], vlans: Iterable[Vlan], bridges: Iterable[Bridge], networks: Iterable[Network]
) -> dict[str, Bond]:
    """The bonds without the bonding module's bond0 to bond4, which VDSM up to 4.18 lists also when unused."""
    if all(bond.members for bond in bonds.values()):
        return bonds
    used = {vlan.base for vlan in vlans}
    used.update(port for bridge in bridges for port in bridge.ports)
    used.update(name for network in networks for name in (network.device, network.southbound))
    return {name: bond for name, bond in bonds.items() if bond.members or bond.ip.addresses or name in used}


def _vlans(document: Record, nics: dict[str, Nic], findings: Findings) -> dict[str, Vlan]:
    records = _records(document, "vlans", findings)
    dotted = {name for name, _ in records} | nics.keys()
    return {
        name: _vlan(name, record, dotted, findings)
        for name, record in records
        # VDSM 4.10 lists every nic with a dot in its name among the vlans, too.
        if name not in nics or "vlanid" in record
    }


def _vlan(name: str, record: Record, known: set[str], findings: Findings) -> Vlan:
    path = f"vlans.{name}"
    base = text(record, "iface", path, findings)
    tag = number(record, "vlanid", "a VLAN id", path, findings, LARGEST_TAG)
    if "vlanid" not in record:
        # Before 4.14 only the name told the tag, and `iface` was what stood before the first dot.
        before, _, last = name.rpartition(".")
        if last.isascii() and last.isdigit() and int(last) <= LARGEST_TAG:
            tag = int(last)
            base = before if not base or before in known else base
    return Vlan(name, path, _mtu(record, path, findings), "", read_ip(record, path, findings), base, tag)


def _bridge(name: str, record: Record, findings: Findings) -> Bridge:
    path = f"bridges.{name}"
    return Bridge(
        name,
        path,
        _mtu(record, path, findings),
        "",
        read_ip(record, path, findings),
        names(record, "ports", path, findings),
        flag(record, "stp", path, findings),
    )


def _nameservers(document: Record, findings: Findings) -> tuple[str, ...]:
    """`nameservers`, which 4.18.0 called `dnss`; a zone is kept."""
    key = "nameservers" if "nameservers" in document else "dnss"
    kept = []
    for place, written in listed(document, key, "", findings):
        parsed = parse(written)
        if parsed is None or parsed.prefix >= 0:
            message = f"{quoted(written)} is not an address"
            findings.odd(f"{within('', key)}[{place}]", message, "it is left out", "address-malformed")
        else:
            _, percent, zone = written.partition("%")
            kept.append(parsed.text + percent + zone)
    return tuple(kept)


def _version(document: Record) -> tuple[int, ...]:
    """VDSM's version from `software_version`, which may lack the patch, and the package list; ``()``: not told."""
    stated = _numbers(document.get("software_version"))
    packaged = _packaged(document, "vdsm")
    return packaged if packaged[: len(stated)] == stated else stated


def _packaged(document: Record, name: str) -> tuple[int, ...]:
    """A package's version, from the package list; ``()``: not told."""
    packages = document.get("packages2")
    package = packages.get(name) if isinstance(packages, dict) else None
    return _numbers(package.get("version") if isinstance(package, dict) else None)


def _numbers(written: object) -> tuple[int, ...]:
    """``(4, 40, 60)`` of 4.40.60.7, ``(4, 10, 3)`` of 4.10.3-0.141.fc17; ``()`` for what is no version."""
    parts = written.strip().partition("-")[0].split(".")[:3] if isinstance(written, str) else []
    numbers = tuple(int(part) for part in takewhile(_is_short_number, parts))
    return numbers if len(numbers) > 1 else ()


def _enterprise_linux(document: Record) -> int:
    """The major version of Enterprise Linux, from VDSM's own `.el10` or the system's, or from the system's version."""
    system, packages = document.get("operatingSystem"), document.get("packages2")
    vdsm = packages.get("vdsm") if isinstance(packages, dict) else None
    for release in [record.get("release") for record in (vdsm, system) if isinstance(record, dict)]:
        found = DIST.search(release) if isinstance(release, str) and len(release) <= LONGEST_NAME else None
        if found:
            return int(found.group(1))
    if isinstance(system, dict) and system.get("name") == "RHEL":  # VDSM's word for CentOS, too
        return next(iter(_numbers(f"{system.get('version')}.0")), -1)
    return -1


def _is_short_number(part: str) -> bool:
    return part.isascii() and part.isdigit() and len(part) <= 3


def _chain(names: list[str]) -> str:
    """``a -> b -> a``, the middle of a long one left out."""
    shown = names if len(names) <= 8 else [*names[:4], "...", *names[-3:]]
    return " -> ".join([*shown, names[0]])
