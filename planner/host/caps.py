"""getVdsCaps of every age, from VDSM 4.9 (2012) to 4.50, to a `Host`."""

from typing import Any

from planner.host.addressing import parse, read_ip
from planner.host.bonding import read_options
from planner.host.digest import digest_of
from planner.host.findings import Findings, quoted
from planner.host.model import Bond, Bridge, Host, Nic, Vlan
from planner.host.networks import read_networks
from planner.host.scalars import flag, hwaddr, names, number, table, text

SECTIONS = ("networks", "bridges", "bondings", "vlans", "nics")
LARGEST_MTU = 2**16 - 1 + 2**16  # loopback devices report 65536; more is no MTU
LARGEST_TAG = 4095


def is_caps(document: Any) -> bool:  # noqa: ANN401  any document
    """Whether ``document`` holds at least one section of getVdsCaps."""
    return isinstance(document, dict) and any(key in document for key in SECTIONS)


def read_caps(document: dict[str, Any], form: str, findings: Findings) -> Host:
    """The host that ``document`` describes; what is wrong with it goes to ``findings``."""
    nics = {name: _nic(name, record, findings) for name, record in _records(document, "nics", findings)}
    vlans = {}
    for name, record in _records(document, "vlans", findings):
        # VDSM 4.10 lists every nic with a dot in its name among the vlans, too.
        if name not in nics or "vlanid" in record:
            vlans[name] = _vlan(name, record, document, findings)
    bridges = {name: _bridge(name, record, findings) for name, record in _records(document, "bridges", findings)}
    bonds = {name: _bond(name, record, findings) for name, record in _records(document, "bondings", findings)}
    used = {vlan.base for vlan in vlans.values()} | {port for bridge in bridges.values() for port in bridge.ports}
    # VDSM up to 4.18 lists bond0 to bond4 of the bonding module, whether or not they are in use.
    bonds = {name: bond for name, bond in bonds.items() if bond.members or bond.ip.addresses or name in used}
    networks, made = read_networks(
        dict(_records(document, "networks", findings)), {**nics, **bonds}, vlans, bridges, findings
    )
    bridges |= made
    nameservers = _nameservers(document, findings)
    return Host(
        format=form,
        digest=digest_of(nics, bonds, vlans, bridges, networks, nameservers, _version(document)),
        nics=nics,
        bonds=bonds,
        vlans=vlans,
        bridges=bridges,
        networks=networks,
        nameservers=nameservers,
        last_client_iface=text(document, "lastClientIface", "", findings),
        version=_version(document),
        dirty=flag(document, "netConfigDirty", "", findings),
    )


def _records(document: dict[str, Any], section: str, findings: Findings) -> list[tuple[str, dict[str, Any]]]:
    """The named records of a section, those that are none left out with a problem."""
    found = []
    for name, record in table(document, section, "", findings).items():
        if not isinstance(name, str) or not name:
            findings.wrong(section, f"{quoted(name)} is not a name")
        elif not isinstance(record, dict):
            findings.wrong(f"{section}.{name}", f"{quoted(record)} is not the description of a device")
        else:
            found.append((name, record))
    return found


def _mtu(record: dict[str, Any], path: str, findings: Findings) -> int:
    return number(record, "mtu", "an MTU", path, findings, LARGEST_MTU)


def _nic(name: str, record: dict[str, Any], findings: Findings) -> Nic:
    path = f"nics.{name}"
    return Nic(
        name,
        path,
        _mtu(record, path, findings),
        hwaddr(record, "hwaddr", path, findings),
        read_ip(record, path, findings),
        hwaddr(record, "permhwaddr", path, findings),
        number(record, "speed", "a speed in Mbit/s", path, findings),
    )


def _bond(name: str, record: dict[str, Any], findings: Findings) -> Bond:
    path = f"bondings.{name}"
    mode, options = read_options(record, path, findings)
    partner = record.get("ad_partner_mac")
    return Bond(
        name,
        path,
        _mtu(record, path, findings),
        hwaddr(record, "hwaddr", path, findings),
        read_ip(record, path, findings),
        names(record, "slaves", path, findings),
        mode,
        options,
        # All zeroes are an answer here: nobody speaks LACP at the other end.
        partner.lower() if isinstance(partner, str) else "",
    )


def _vlan(name: str, record: dict[str, Any], document: dict[str, Any], findings: Findings) -> Vlan:
    path = f"vlans.{name}"
    base = text(record, "iface", path, findings)
    tag = number(record, "vlanid", "a VLAN id", path, findings, LARGEST_TAG)
    if "vlanid" not in record:
        # Before 4.14 only the name told the tag, and `iface` was what stood before the first dot.
        before, _, last = name.rpartition(".")
        if last.isascii() and last.isdigit() and int(last[:5]) <= LARGEST_TAG:
            tag = int(last[:5])
            known = document.get("vlans")
            base = before if not base or (isinstance(known, dict) and before in known) else base
    return Vlan(name, path, _mtu(record, path, findings), "", read_ip(record, path, findings), base, tag)


def _bridge(name: str, record: dict[str, Any], findings: Findings) -> Bridge:
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


def _nameservers(document: dict[str, Any], findings: Findings) -> tuple[str, ...]:
    """`nameservers`, which 4.18.0 called `dnss`; a zone is kept."""
    key = "nameservers" if "nameservers" in document else "dnss"
    kept = []
    for index, written in enumerate(names(document, key, "", findings)):
        parsed = parse(written)
        if parsed is None:
            findings.odd(f"{key}[{index}]", f"{quoted(written)} is not an address", "it is left out")
        else:
            _, percent, zone = written.partition("%")
            kept.append(parsed.text + percent + zone)
    return tuple(kept)


def _version(document: dict[str, Any]) -> tuple[int, ...]:
    """VDSM's major and minor version, from `software_version` or the package list; ``()`` when not told."""
    packages = document.get("packages2")
    vdsm = packages.get("vdsm") if isinstance(packages, dict) else None
    stated = (document.get("software_version"), vdsm.get("version") if isinstance(vdsm, dict) else None)
    for written in stated:
        parts = written.strip().split(".")[:2] if isinstance(written, str) else []
        parts = [part.partition("-")[0] for part in parts]
        if len(parts) == 2 and all(part.isascii() and part.isdigit() and len(part) <= 3 for part in parts):
            return tuple(int(part) for part in parts)
    return ()
