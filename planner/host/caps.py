"""getVdsCaps of every age, from VDSM 4.9 (2012) to 4.50, to a `Host`."""

import re
from collections.abc import Iterable
from itertools import takewhile

from planner.host.addressing import parse, read_ip
from planner.host.bonding import read_options
from planner.host.digest import digest_of
from planner.host.envelope import SECTIONS
from planner.host.findings import Findings, quoted
from planner.host.graph import loops
from planner.host.model import Bond, Bridge, Host, Network, Nic, Vlan
from planner.host.networks import Below, read_networks
from planner.host.scalars import (
    LARGEST_TAG,
    LONGEST,
    Record,
    amount,
    flag,
    is_printable,
    listed,
    names,
    number,
    table,
    text,
    unprintable,
    within,
)

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
        lacks=tuple(section for section in SECTIONS if document.get(section) is None),
        enterprise_linux=_enterprise_linux(document),
    )
    for loop in loops(host):
        findings.odd(
            loop[0].path, f"it stands on itself: {_chain([device.name for device in loop])}", code="device-loop"
        )
    return host._replace(digest=digest_of(host))


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
        found = DIST.search(release) if isinstance(release, str) and len(release) <= LONGEST else None
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
