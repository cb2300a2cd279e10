"""Facts about the question and the host as a whole: definition, wanted addresses, VDSM, name servers."""

from collections.abc import Iterator

from planner.facts.addressing import has_default_route4
from planner.facts.candidates import contenders
from planner.facts.view import View
from planner.language import Fact, Scalar

UNKNOWN_VERSION = 9999
LISTED_ADDRESSES = 24  # fewer would hide the likely typo; many more would bury the message on a large host


def definition_facts(view: View) -> Iterator[Fact]:
    """The ``definition`` fact."""
    definition = view.definition
    fields: dict[str, Scalar] = {
        "network": definition.network,
        "vm_network": int(definition.vm_network),
        "vlan": -1 if definition.vlan is None else definition.vlan,
        "mtu": definition.mtu,
        "stp": int(definition.stp),
        "default_route": int(definition.default_route),
        "default_route_stated": int(definition.default_route_stated),
        "nameservers": ",".join(definition.nameservers or ()),
        "nameservers_stated": int(bool(definition.nameservers)),
        "gateway4": definition.gateway4,
        "gateway6": definition.gateway6,
        "ipv4": definition.ipv4,
    }
    yield Fact("definition", fields, "definition")


def wanted_facts(view: View) -> Iterator[Fact]:
    """One ``wanted`` fact for each management address that was given."""
    for address in view.wanted:
        fields: dict[str, Scalar] = {
            "address": address,
            "family": 6 if ":" in address else 4,
            "loopback": int(address.startswith("127.") or address == "::1"),
        }
        yield Fact("wanted", fields, "address")


def vdsm_facts(view: View) -> Iterator[Fact]:
    """The ``vdsm`` fact; an unknown version counts as the newest."""
    version = view.host.version
    fields: dict[str, Scalar] = {
        "version": version[0] * 100 + version[1] if len(version) > 1 else UNKNOWN_VERSION,
        "patch": version[2] if len(version) > 2 else -1,
        "nmstate": _joined(view.host.nmstate),
        "known": int(len(version) > 1),
        "dirty": -1 if view.host.dirty is None else int(view.host.dirty),
    }
    yield Fact("vdsm", fields, "software_version" if version else "")


def _joined(version: tuple[int, ...]) -> int:
    major, minor, patch = (*version, 0, 0, 0)[:3]
    return 10000 * major + 100 * minor + patch if version else -1


def host_facts(view: View) -> Iterator[Fact]:
    """The ``host`` fact: what a message wants to list."""
    addresses = [f"{address.text} on {device}" for device in view.addressed for address in view.addresses_of(device)]
    fields: dict[str, Scalar] = {
        "addresses": _listing(addresses),
        "nameservers": ",".join(view.host.nameservers),
        "gateways": sum(bool(ip.gateway4) + bool(ip.gateway6) for ip in map(view.ip_of, view.addressed)),
        "contenders": _listing([f"{text or 'no address'} on {name}" for name, text in contenders(view)]),
        "enterprise_linux": view.host.enterprise_linux,
        "lacking": ", ".join(view.host.lacks),
        "default_route_devices": ", ".join(name for name in view.addressed if has_default_route4(view.ip_of(name))),
    }
    yield Fact("host", fields, "")


def _listing(things: list[str]) -> str:
    further = len(things) - LISTED_ADDRESSES
    return ", ".join(things[:LISTED_ADDRESSES] + ([f"{further} more"] if further > 0 else []))


def nameserver_facts(view: View) -> Iterator[Fact]:
    """One ``nameserver`` fact for each name server that the host reports."""
    for index, address in enumerate(view.host.nameservers):
        fields: dict[str, Scalar] = {"address": address, "family": 6 if ":" in address else 4, "index": index}
        yield Fact("nameserver", fields, f"nameservers[{index}]")
