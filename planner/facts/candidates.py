"""Facts about where the management address may be: by the address itself, lastClientIface, the default route."""

from collections.abc import Iterator

from planner.facts.addressing import carried_address, has_default_route4
from planner.facts.view import View
from planner.host.model import Address
from planner.language import Fact, Scalar


def client_facts(view: View) -> Iterator[Fact]:
    """The ``client`` fact, if the host told over which device it was asked."""
    device = view.host.last_client_iface
    if device:
        listed = device in view.devices or device in view.network_on
        yield Fact("client", {"device": device, "listed": int(listed)}, "lastClientIface")


def candidate_facts(view: View) -> Iterator[Fact]:
    """One ``candidate`` fact for each device and each way by which it was found."""
    for device, address in _by_address(view):
        yield _candidate(view, device, "address", address)
    client = view.host.last_client_iface
    if client in view.devices or client in view.network_on:
        yield _candidate(view, client, "lastClientIface", _management_address(view, client))
    for device in _by_default_route(view):
        yield _candidate(view, device, "default-route", _management_address(view, device))


def contenders(view: View) -> Iterator[tuple[str, str]]:
    """Each device that may be meant, with its address: those that hold what was given, else the default routes'."""
    if view.wanted:
        yield from ((device, address.text) for device, address in _by_address(view))
        return
    for device in _by_default_route(view):
        address = _management_address(view, device)
        yield device, address.text if address is not None else ""


def _apart(view: View, device: str) -> int:
    """How many other devices hold a given address, those left out that ``device`` belongs to or consists of."""
    upper = (view.bond_of.get(device), view.bridge_of.get(device))
    others = [other for other, _ in _by_address(view) if other not in (device, *upper)]
    return sum(device not in (view.bond_of.get(other), view.bridge_of.get(other)) for other in others)


def _by_address(view: View) -> Iterator[tuple[str, Address]]:
    for device in view.addressed if view.wanted else ():
        held = {address.text: address for address in view.addresses_of(device)}
        matching = [held[text] for text in view.wanted if text in held]
        if matching:
            yield device, min(matching, key=lambda address: address.family)


def _by_default_route(view: View) -> list[str]:
    """The devices with a default route, of IPv4 if there is one at all."""
    over4 = [device for device in view.addressed if has_default_route4(view.ip_of(device))]
    return over4 or [device for device in view.addressed if view.ip_of(device).gateway6]


def _management_address(view: View, device: str) -> Address | None:
    return carried_address(view, device, 4) or carried_address(view, device, 6)


def _candidate(view: View, device: str, found_by: str, address: Address | None) -> Fact:
    family = address.family if address is not None else -1
    own = view.own_network
    known = view.devices.get(device)
    fields: dict[str, Scalar] = {
        "device": device,
        "kind": known.kind if known is not None else "bridge",
        "found_by": found_by,
        "address": address.text if address is not None else "",
        "family": family,
        "rivals": max(0, sum(other.family == family for other in view.addresses_of(device)) - 1),
        "apart": _apart(view, device) if found_by == "address" else 0,
        "owned": int(own is not None and own.device == device),
    }
    path = "lastClientIface" if found_by == "lastClientIface" else address.path if address is not None else ""
    return Fact("candidate", fields, path or (known.path if known is not None else ""))
